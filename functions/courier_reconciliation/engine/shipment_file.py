"""A shipments file (CSV, or a sheet of a workbook) -> the table of shipments.

Columns as documented in docs/reconciliation.md: `waybill_number, courier, shipped_at` and
`province` are required. A row that cannot be used is named with its reason, the rest goes on.
"""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftersales.errors import BadInput
from courier_reconciliation.engine import refused_shipments, shipments
from courier_reconciliation.engine.shipment_row import REQUIRED, shipment_row, waybill_of
from courier_reconciliation.engine.shipment_sql import COLUMNS, Form, as_text, by_kinds, source
from courier_reconciliation.engine.shipment_words import Spoken, listen, overhear
from courier_reconciliation.filling import fill
from courier_reconciliation.model import Rejected
from courier_reconciliation.reading.sheet_sql import CELL_END
from courier_reconciliation.reading.texts import (
    Text,
    encoding_of,
    has_blank_lines,
    line_count,
    rewritten,
    transcoded,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REJECTED_LIMIT = 1000
MOST_WORDS = 5_000
"""A column with more different words than that is read as text."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and XLS files begin."""
_UNEVEN = "CSV Error"
"""What the database says of line breaks in cells, too many cells, quotation marks left open."""


@dataclass(frozen=True, slots=True)
class ShipmentsRead:
    """What reading gave, beside the table."""

    count: int
    rejected: tuple[Rejected, ...] = ()


def read_shipments(
    connection: DuckDBPyConnection, path: Path, zone: str, temp: Path
) -> ShipmentsRead:
    """Read a file of shipments; raises `BadInput` where it has not the documented columns."""
    form = _open(path, zone, temp)
    missing = [name for name in REQUIRED if name not in form.header]
    if missing:
        raise BadInput(
            f"{path.name} has no column {', '.join(missing)}. A shipments file has at least"
            f" {', '.join(REQUIRED)}; seen: {', '.join(form.header[:20]) or 'nothing'}"
        )
    return _Reading(connection, path.name, form, temp).run()


def _open(path: Path, zone: str, temp: Path) -> Form:
    text = as_utf8(path, temp)
    with text.open(encoding="utf-8-sig", newline="") as stream:
        first = stream.readline()
    if not first.strip():
        raise BadInput(f"{path.name} is empty")
    delimiter = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    names = [name.strip().casefold() for name in header]
    twice = {name for name in names if name and names.count(name) > 1}
    if twice & set(COLUMNS):
        raise BadInput(f"{path.name} has the column {', '.join(sorted(twice))} twice")
    return Form(text, delimiter, tuple(names), zone)


def _with_rows_for_blank_lines(path: Path, filling: str, temp: Path) -> Path:
    """A copy in which blank lines are empty rows, which the database counts."""
    copy = temp / "shipments.even.csv"
    with (
        path.open("r", encoding="utf-8", newline="\n") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        target.writelines(line if line.strip() else f"{filling}\n" for line in source)
    return copy


def as_utf8(path: Path, temp: Path) -> Path:
    """The file itself where it is CSV in UTF-8, else a copy that is; raises `BadInput`."""
    with path.open("rb") as stream:
        head = stream.read(256 * 1024)
    if head.startswith(_WORKBOOKS):
        from courier_reconciliation.engine.shipment_workbook import sheet_as_csv

        return sheet_as_csv(path, temp)
    encoding = encoding_of(head)
    return path if encoding == "utf-8" else transcoded(path, temp, encoding)


class _Reading:
    def __init__(self, connection: DuckDBPyConnection, name: str, form: Form, temp: Path) -> None:
        self._db = connection
        self._name = name
        self._form = form
        self._temp = temp

    def run(self) -> ShipmentsRead:
        from courier_reconciliation.native import Error

        try:
            self._read()
        except Error as exc:
            if _UNEVEN not in str(exc):
                raise
            self._even_out()
            self._read()
        shipments.show(self._db, self._form.times)
        rejected = self._closer_look()
        return ShipmentsRead(self._count(), tuple(rejected))

    def _even_out(self) -> None:
        """Rows get the same number of cells, so that they may have line breaks in them."""
        form = self._form
        path, width = rewritten(Text(form.path, form.delimiter, (), even=False), self._temp)
        header = (*form.header, *[""] * (width - len(form.header)))
        self._form = Form(path, ",", header, form.zone, padded=False)

    def _read(self) -> None:
        form = self._form
        with ThreadPoolExecutor(1) as beside:
            lines = beside.submit(line_count, form.path)
            count = self._fill()
        if count < lines.result() - 1 and has_blank_lines(form.path):
            filling = form.delimiter * (len(form.header) - 1)
            even = _with_rows_for_blank_lines(form.path, filling, self._temp)
            self._form = replace(form, path=even)
            self._fill()

    def _fill(self) -> int:
        """Read the file into the table; returns how many rows it has.

        Where columns are not what some rows show them to be, all words are learnt, and at last
        everything is read as text.
        """
        form = self._form
        spoken = overhear(form.path, form.delimiter, len(form.header), form.at)
        if not self._filled_by_kinds(spoken):
            known, spoken = spoken, listen(self._db, source(form, {}), form.at)
            if spoken == known or not self._filled_by_kinds(spoken):
                self._keep_words(spoken)
                self._create(as_text(form, spoken))
        return self._count()

    def _keep_words(self, spoken: Spoken) -> None:
        words = [
            (name, said, means)
            for name, known in spoken.words.items()
            for said, means in known.items()
            if means is not None
        ]
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE ship_words (field VARCHAR, said VARCHAR, means VARCHAR)"
        )
        fill(self._db, "ship_words", words, self._temp)

    def _filled_by_kinds(self, spoken: Spoken) -> bool:
        from courier_reconciliation.native import ConversionException

        if max(map(len, spoken.words.values())) > MOST_WORDS:
            return False
        try:
            self._create(by_kinds(self._form, spoken))
        except ConversionException:
            return False
        return True

    def _create(self, sql: str) -> None:
        self._db.execute(f"CREATE OR REPLACE TABLE shipped AS {sql}")

    def _count(self) -> int:
        found = self._db.execute("SELECT count(*) FROM shipped").fetchone()
        return found[0] if found else 0

    def _closer_look(self) -> list[Rejected]:
        """Rows in which something is unusual, one by one."""
        odd = self._db.execute(
            'SELECT "row", raw FROM shipments WHERE raw IS NOT NULL ORDER BY "row"'
        ).fetchall()
        if not odd:
            return []
        at, times = self._form.at, self._form.times
        rejected: list[Rejected] = []
        refused: list[tuple[int, str, str]] = []
        good = []
        for number, raw in odd:
            cells = raw.split(chr(CELL_END))
            if not any(cells):
                continue  # a blank line
            try:
                good.append(shipment_row(cells, at, self._form.zone, times))
            except BadInput as exc:
                refused.append((number, waybill_of(cells, at), str(exc)))
                if len(rejected) < REJECTED_LIMIT:
                    rejected.append(Rejected(self._name, str(exc), "", number))
        refused_shipments.keep(self._db, refused, self._temp)
        self._db.execute("DELETE FROM shipped WHERE raw IS NOT NULL")
        shipments.add(self._db, good, times, self._temp)
        return rejected
