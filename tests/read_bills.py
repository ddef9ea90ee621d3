"""A bill as it is read: for tests of its layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import BillsRead, ReadingOptions
from tests.export_files import csv_file


class Bill:
    def __init__(self, path: Path, **options: Any) -> None:
        self.tables = duckdb.connect()
        self.read: BillsRead = read_bills(self.tables, [path], ReadingOptions(**options))

    def lines(self, columns: str) -> list[tuple[Any, ...]]:
        return self.tables.execute(f"SELECT {columns} FROM lines ORDER BY line").fetchall()

    @property
    def charges(self) -> list[tuple[Any, ...]]:
        found = "SELECT waybill, code, charges.amount_minor FROM charges JOIN lines USING (line)"
        return self.tables.execute(f"{found} ORDER BY ALL").fetchall()

    @property
    def reasons(self) -> list[str]:
        return [one.reason for one in self.read.rejected]


def bill_reader(folder: Path) -> Callable[..., Bill]:
    """Reads rows as a file in `folder`; nothing of it may be refused but for `reasons`."""

    def read(*rows: Any, name: str = "bill.csv", delimiter: str = ",", **options: Any) -> Bill:
        path = folder / name
        path.write_bytes(csv_file(rows, delimiter=delimiter))
        found = Bill(path, **options)
        assert found.reasons == options.get("reasons", [])
        return found

    return read
