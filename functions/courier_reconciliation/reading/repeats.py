"""The same rows on two sheets, or in two files: they count once (courier bills reference, 1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from courier_reconciliation.reading import lines
from courier_reconciliation.reading.model import BillFile, SheetRead

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COPIED_PERCENT = 90
"""A sheet of which so many rows stand on another sheet is a copy, an extract or a working list."""
_SAME = "(waybill, charge, amount_minor)"


def once_on_sheets(
    connection: DuckDBPyConnection, file: str, sheets: Sequence[SheetRead]
) -> list[SheetRead]:
    """Take away the lines of sheets that repeat another sheet, the longer of two being kept."""
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
    return list(found.values())


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


def _take_away(connection: DuckDBPyConnection, condition: str, values: list[str]) -> None:
    connection.execute(
        f"DELETE FROM charges WHERE line IN (SELECT line FROM lines WHERE {condition})", values
    )
    lines.take_away(connection, condition, values)
