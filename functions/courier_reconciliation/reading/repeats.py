"""The same rows on two sheets, or in two files: they count once (courier bills reference, 1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from courier_reconciliation.model import DeclaredTotal
from courier_reconciliation.reading import lines
from courier_reconciliation.reading.model import BillFile, SheetRead

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COPIED_PERCENT = 90
"""A sheet of which so many rows stand on another sheet is a copy, an extract or a working list."""
_SAME = "(waybill, charge, amount_minor)"
_ALIKE = "waybill, charge, amount_minor, billed_on, weight_g"
_AMOUNT = 2
"""Where the amount stands among these."""


def once_on_sheets(
    connection: DuckDBPyConnection,
    file: str,
    sheets: Sequence[SheetRead],
    totals: Sequence[DeclaredTotal] = (),
) -> list[SheetRead]:
    """Take away the lines of sheets that repeat another sheet, the longer of two being kept, and
    rows in which one sheet overlaps the next. `totals` are what the sheets print."""
    if len([sheet for sheet in sheets if sheet.lines]) < 2:
        return list(sheets)
    found = {sheet.name: sheet for sheet in sheets}
    kept: list[str] = []
    for sheet in sorted(sheets, key=lambda one: -one.lines):
        if not sheet.lines:
            continue
        others = kept.copy()
        kept.append(sheet.name)
        if not others:
            continue
        marks = ", ".join("?" * len(others))
        counts = connection.execute(
            f"SELECT count(*) FROM lines WHERE file = ? AND sheet = ? AND {_SAME} IN (SELECT"
            f" {_SAME} FROM lines WHERE file = ? AND sheet IN ({marks}))",
            [file, sheet.name, file, *others],
        ).fetchone()
        if counts is None or counts[0] * 100 < COPIED_PERCENT * sheet.lines:
            continue
        kept.remove(sheet.name)
        _take_away(connection, "file = ? AND sheet = ?", [file, sheet.name])
        note = f"not counted: its rows stand on sheet {', '.join(others)} already"
        found[sheet.name] = replace(sheet, lines=0, notes=(*sheet.notes, note))
    if len(kept) > 1:
        in_order = [sheet.name for sheet in sheets if sheet.name in kept]
        for name, count, elsewhere in _rows_again(connection, file, in_order, totals):
            note = f"{count} of its rows are not counted: they stand on sheet {elsewhere} already"
            sheet = found[name]
            found[name] = replace(sheet, lines=sheet.lines - count, notes=(*sheet.notes, note))
    return list(found.values())


def _rows_again(
    connection: DuckDBPyConnection,
    file: str,
    sheets: Sequence[str],
    totals: Sequence[DeclaredTotal],
) -> list[tuple[str, int, str]]:
    """Take away the rows with which a sheet begins, where another one ends with just these: the
    halves of a month overlap. Returns (sheet, how many, the other). A row that stands twice
    elsewhere was billed twice.
    """
    taken = []
    for sheet in sheets:
        for other in sheets:
            if other == sheet:
                continue
            count, last, amount = _seam(connection, file, other, sheet)
            if count and not _is_asked_for(connection, file, sheet, amount, totals):
                of_seam = "file = ? AND sheet = ? AND line <= ?"
                _take_away(connection, of_seam, [file, sheet, last])
                taken.append((sheet, count, other))
                break
    return taken


def _seam(
    connection: DuckDBPyConnection, file: str, before: str, sheet: str
) -> tuple[int, int, int]:
    """(how many, the last line, the amount) of the rows that end one sheet and begin the next."""

    def rows(of: str, more: str, value: int) -> list[tuple[Any, ...]]:
        return connection.execute(
            f"SELECT {_ALIKE}, line FROM lines WHERE file = ? AND sheet = ? {more}",
            [file, of, value],
        ).fetchall()

    head = rows(sheet, "ORDER BY line LIMIT ?", 1)
    if not head:
        return 0, 0, 0
    alike = connection.execute(
        "SELECT line FROM lines WHERE file = ? AND sheet = ? AND waybill = ? ORDER BY line",
        [file, before, head[0][0]],
    ).fetchall()
    for (start,) in alike:
        end = rows(before, "AND line >= ? ORDER BY line", start)
        begin = rows(sheet, "ORDER BY line LIMIT ?", len(end))
        if [row[:-1] for row in end] == [row[:-1] for row in begin]:
            return len(begin), begin[-1][-1], sum(row[_AMOUNT] for row in begin)
    return 0, 0, 0


def _is_asked_for(
    connection: DuckDBPyConnection,
    file: str,
    sheet: str,
    amount: int,
    totals: Sequence[DeclaredTotal],
) -> bool:
    """Whether the sum that a sheet prints, its own or that of all, has the rows in it once more:
    then they are billed twice."""
    printed = max(
        (
            total.amount_minor
            for total in totals
            if (total.file, total.sheet) == (file, sheet)
            and total.is_sum
            and total.amount_minor is not None
        ),
        default=None,
    )
    if printed is None:
        return False
    sums = connection.execute(
        "SELECT sum(amount_minor)::BIGINT, (sum(amount_minor) FILTER (sheet = ?))::BIGINT"
        " FROM lines WHERE file = ?",
        [sheet, file],
    ).fetchone() or (0, 0)
    off = min(abs(printed - int(each)) for each in sums)
    off_without = min(abs(printed - int(each) + amount) for each in sums)
    return off < off_without


def same_as(
    connection: DuckDBPyConnection, file: BillFile, before: Sequence[BillFile]
) -> BillFile | None:
    """The file that has the same lines, whatever it is called and however it was saved."""
    alike = [
        one
        for one in before
        if one.lines and (one.lines, one.amount_minor) == (file.lines, file.amount_minor)
    ]
    if not alike:
        return None
    content = content_hash(connection, file.name)
    return next((one for one in alike if content_hash(connection, one.name) == content), None)


def content_hash(connection: DuckDBPyConnection, file: str) -> str:
    """A hash of a file's lines in any order: a bill that was only saved again keeps it."""
    found = connection.execute(
        "SELECT printf('%032x', coalesce(sum(hash(waybill, charge, amount_minor, billed_on,"
        " weight_g, province, currency)), 0)) FROM lines WHERE file = ?",
        [file],
    ).fetchone()
    return str(found[0]) if found else ""


def take_away(connection: DuckDBPyConnection, file: str) -> None:
    """Take a file's rows out of all tables."""
    _take_away(connection, "file = ?", [file])
    connection.execute("DELETE FROM refused WHERE file = ?", [file])


def _take_away(connection: DuckDBPyConnection, condition: str, values: list[Any]) -> None:
    connection.execute(
        f"DELETE FROM charges WHERE line IN (SELECT line FROM lines WHERE {condition})", values
    )
    lines.take_away(connection, condition, values)
