"""Several tables below each other in one sheet, each with columns of its own."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from msgspec.structs import replace

from courier_reconciliation.reading import headers, layouts
from courier_reconciliation.reading.model import ReadingOptions
from courier_reconciliation.reading.plan import Plan
from courier_reconciliation.reading.tables import Table

_FEWEST_COLUMNS = 3
_DATA = re.compile(r"\d{4}|-?[\d.,]+")


def begins(cells: Sequence[str | None], plan: Plan) -> bool:
    """Whether a row is the header of another table: its columns are others than those of `plan`.

    A row with a number in it is none, whatever its remarks say.
    """
    filled = [cell for cell in cells if cell]
    if not plan.names or any(_DATA.match(cell) for cell in filled):
        return False
    header = headers.read(cells)
    named = len(header.columns) + len(header.surcharges)
    if not header.complete or named < _FEWEST_COLUMNS or named * 2 < len(filled):
        return False
    own = headers.read(plan.names)
    return (header.columns, header.surcharges) != (own.columns, own.surcharges)


def table_from(
    table: Table, row: int, options: ReadingOptions, temp: Path
) -> tuple[Table, layouts.Layout] | None:
    """The table whose header is a row of the sheet; None where it cannot be understood.

    Its rows are written anew: in `temp`, where the sheet itself may lie.
    """
    plan = table.plan
    with table.path.open(encoding="utf-8-sig", newline="") as stream:
        rows = islice(_rows(stream, table), table.skip + row - table.first_row, None)
        head = list(islice(rows, layouts.PEEKED_ROWS))
        layout = layouts.recognise(
            head,
            options,
            names=(table.sheet, table.file),
            comma=plan.comma,
            days_later=plan.days_later,
        )
        if isinstance(layout, layouts.Unknown):
            return None
        path = temp / f"below-{row}.csv"
        with path.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            for cells in chain(head[layout.data_at :], rows):
                even = cells[: table.width]
                writer.writerow([*even, *[""] * (table.width - len(even))])
    below = replace(
        table,
        path=path,
        plan=layout.plan,
        first_row=row + layout.data_at,
        skip=0,
        delimiter=",",
        escape='"',
        even_width=True,
        may_have_blank_lines=False,
        above=(),
    )
    return below, layout


def _rows(stream: Iterator[str], table: Table) -> Iterator[list[str]]:
    if table.escape == '"':
        return csv.reader(stream, delimiter=table.delimiter)
    return csv.reader(stream, delimiter=table.delimiter, doublequote=False, escapechar=table.escape)
