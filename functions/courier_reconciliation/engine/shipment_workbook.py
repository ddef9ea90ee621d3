"""A list of shipments kept as a workbook -> the same as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aftersales.errors import BadInput
from courier_reconciliation.engine.shipment_row import REQUIRED
from courier_reconciliation.reading.archives import Unpacked, is_archive, unpacked
from courier_reconciliation.reading.model import ReadingOptions
from courier_reconciliation.reading.workbooks import cell_text, open_sheets

SEARCHED_ROWS = 20
_LIMITS = ReadingOptions()


def sheet_as_csv(path: Path, temp: Path) -> Path:
    """Write the first sheet that has the required columns as CSV in UTF-8, its header in front.

    A row keeps its number: rows above the header stand empty behind it. Raises `BadInput` where
    the workbook cannot be read, or no sheet has the columns.
    """
    limits = _LIMITS.unpacked_limit_bytes, _LIMITS.grid_limit_cells
    plain = temp / "shipments.unpacked.zip"
    book = unpacked(path, plain, *limits) if is_archive(path) else Unpacked(path)
    seen: Sequence[str] = ()
    for sheet in open_sheets(book, lambda: book.path):
        for index, row in enumerate(sheet.head[:SEARCHED_ROWS]):
            names = [(cell or "").strip().casefold() for cell in row]
            if set(REQUIRED) <= set(names):
                copy = temp / "shipments.sheet.csv"
                with copy.open("w", encoding="utf-8", newline="") as stream:
                    writer = csv.writer(stream, lineterminator="\n")
                    writer.writerow(row)
                    writer.writerows([[""] * len(row)] * index)
                    writer.writerows(map(_cells, sheet.rows(index + 1)))
                return copy
            if sum(map(bool, names)) > sum(map(bool, seen)):
                seen = names
    raise BadInput(
        f"{path.name} has no sheet with the columns {', '.join(REQUIRED)}; seen:"
        f" {', '.join(filter(None, seen[:20])) or 'nothing'}"
    )


def _cells(row: Sequence[Any]) -> list[str | None]:
    return [_cell(cell) for cell in row]


def _cell(cell: object) -> str | None:
    """A cell as text. Whole numbers have no point, as far as a spreadsheet keeps their digits: a
    longer waybill number keeps the point, by which its row is refused later."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell_text(cell)
