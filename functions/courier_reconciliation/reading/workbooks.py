"""Bills as workbooks (XLSX, XLS, XLSB, ODS): sheets become CSV on the way to the tables.

Cells come as they are stored: of a formula the value that the spreadsheet program last computed.
Links to other files are not followed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from msgspec import Struct

from aftersales.errors import BadInput
from courier_reconciliation.reading.archives import Unpacked, parts_of
from courier_reconciliation.reading.cells import DAYS_1904
from courier_reconciliation.reading.layouts import PEEKED_ROWS

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

T = TypeVar("T")
_ROWS_AT_ONCE = 5000
_NO_VALUE = (
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)


class Sheet(Struct, frozen=True):
    """One sheet: its first rows as text, and all of its rows for `write`."""

    name: str
    head: tuple[tuple[str | None, ...], ...]
    width: int
    visible: bool
    _grid: _Grid
    _first: Sequence[Sequence[Any]]
    _rest: Iterator[list[Any]]

    def rows(self, start: int) -> Iterator[list[Any]]:
        """The rows from index `start` on, one of the first; to be had once."""
        return chain(map(list, self._first[start:]), self._rest)

    def write(self, path: Path, start: int, fill_down: frozenset[int]) -> None:
        """Write the rows from index `start` on as CSV (quotes escaped by a backslash).

        Cells merged over several rows are filled down in the columns `fill_down`, inside the merge.
        """
        rows = self.rows(start)
        merges = _merges(self._grid, start, fill_down)
        if merges:
            rows = _filled(rows, start, merges)
        with path.open("wb") as stream:
            _write(stream, rows)


class _Grid(Struct, frozen=True):
    """The cells of a sheet between its columns `left` and `right`: one reader has them, or two, of
    which the second has the later rows."""

    left: int
    right: int
    halves: tuple[CalamineSheet, ...]

    def rows(self) -> Iterator[list[Any]]:
        """All rows from the top of the sheet, empty ones too."""
        above = 0
        for half in self.halves:
            if half.start is None or half.end is None:
                continue
            before: list[Any] = [""] * (half.start[1] - self.left)
            behind: list[Any] = [""] * (self.right - half.end[1])
            rows = islice(half.iter_rows(), above, None)
            yield from (before + row + behind for row in rows) if before or behind else rows
            above = half.end[0] + 1


class _OutOfOrderError(Exception):
    """The rows of a sheet are not in their order, so its halves do not follow each other."""


def open_sheets(book: Unpacked, whole: Callable[[], Path]) -> Iterator[Sheet]:
    """The sheets of a workbook, those that are shown first. Raises `BadInput`.

    `whole` gives the workbook with nothing cut in two, for sheets whose halves do not fit.
    """
    from python_calamine import SheetVisibleEnum

    with ThreadPoolExecutor(1) as beside:
        later = beside.submit(_opened, book.second) if book.second else None
        first = _opened(book.path)
        second = later.result() if later else None
    described = sorted(
        first.sheets_metadata, key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible
    )
    for one in described:
        try:
            grid = _grid(first, second, one.name)
        except (BadInput, _OutOfOrderError):
            if second is None:
                raise
            grid = _grid(_opened(whole()), None, one.name)
        if grid is not None:
            yield _sheet(grid, one.name, visible=one.visible == SheetVisibleEnum.Visible)


def _opened(path: Path) -> CalamineWorkbook:
    from python_calamine import CalamineWorkbook

    book: CalamineWorkbook = _read(lambda: CalamineWorkbook.from_path(str(path)))
    return book


def _grid(first: CalamineWorkbook, second: CalamineWorkbook | None, name: str) -> _Grid | None:
    """The cells of a sheet, or None of an empty one; two readers work side by side where there are
    two workbooks. Raises `BadInput` and `_OutOfOrderError`."""

    def cells(book: CalamineWorkbook) -> CalamineSheet:
        return _read(lambda: book.get_sheet_by_name(name))

    if second is None:
        halves = [cells(first)]
    else:
        with ThreadPoolExecutor(1) as beside:
            later = beside.submit(cells, second)
            halves = [cells(first), later.result()]
    spans = [(half.start, half.end) for half in halves if half.start and half.end]
    if not spans:
        return None
    if len(spans) > 1 and spans[1][0][0] <= spans[0][1][0]:
        raise _OutOfOrderError
    left, right = min(start[1] for start, _ in spans), max(end[1] for _, end in spans)
    return _Grid(left, right, tuple(halves))


def _sheet(grid: _Grid, name: str, *, visible: bool) -> Sheet:
    rows = grid.rows()
    first = list(islice(rows, PEEKED_ROWS))
    head = tuple(tuple(map(cell_text, row)) for row in first)
    return Sheet(name, head, max(map(len, first), default=1), visible, grid, first, rows)


def _read(action: Callable[[], T]) -> T:
    """Run a call into the workbook reader, whose own errors and panics become `BadInput`."""
    from python_calamine import CalamineError, PasswordError

    try:
        return action()
    except PasswordError as exc:
        raise BadInput("the workbook is protected by a password; save it without one") from exc
    except CalamineError as exc:
        raise BadInput("the workbook is damaged, or of a kind that cannot be read") from exc
    except BaseException as exc:
        # A panic of the reader is no Exception; anything else that is none goes on its way.
        if type(exc).__name__ != "PanicException":
            raise
        raise BadInput("the workbook is damaged") from None


def cell_text(cell: object) -> str | None:
    """A cell as text, the same as in the CSV that is written."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def _write(stream: BinaryIO, rows: Iterator[list[Any]]) -> None:
    from msgspec.json import Encoder

    encoder = Encoder()
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        # A JSON array without its brackets is a line of CSV, at a fraction of csv.writer's cost.
        text = encoder.encode_lines(chunk)[1:-2].replace(b"]\n[", b"\n")
        if b"\\" in text:
            text = _escaped(chunk)
        stream.write(text + b"\n")


def _escaped(rows: list[list[Any]]) -> bytes:
    """Rows in which quotes, backslashes or line breaks occur: JSON's escapes are not CSV's."""
    lines = []
    for row in rows:
        cells = []
        for cell in row:
            text = cell_text(cell)
            quoted = "" if text is None else text.replace("\\", "\\\\").replace('"', '\\"')
            cells.append(f'"{quoted}"' if quoted else "")
        lines.append(",".join(cells))
    return "\n".join(lines).encode()


def _merges(grid: _Grid, start: int, columns: frozenset[int]) -> dict[int, list[tuple[int, int]]]:
    """first row -> (last row, column index) of the merges that are filled down."""
    merges: dict[int, list[tuple[int, int]]] = {}
    merged = chain.from_iterable(half.merged_cell_ranges or () for half in grid.halves)
    for (top, column), (bottom, _) in merged:
        if bottom > top >= start and column - grid.left in columns:
            merges.setdefault(top, []).append((bottom, column - grid.left))
    return merges


def _filled(
    rows: Iterator[list[Any]], start: int, merges: dict[int, list[tuple[int, int]]]
) -> Iterator[list[Any]]:
    running: list[tuple[int, int, Any]] = []
    for index, row in enumerate(rows, start):
        running = [merge for merge in running if merge[0] >= index]
        for _, column, value in running:
            if column < len(row) and row[column] == "":
                row[column] = value
        for bottom, column in merges.get(index, ()):
            if column < len(row):
                running.append((bottom, column, row[column]))
        yield row


def days_later(path: Path) -> int:
    """What serial day numbers of this workbook are off by: nothing, or `DAYS_1904`."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("xl/workbook.xml")[:65536]
    except (zipfile.BadZipFile, KeyError, OSError):
        return 0
    return DAYS_1904 if re.search(rb'date1904="(?:1|true)"', text) else 0


def formulas_without_value(book: Unpacked, sheet: str) -> frozenset[tuple[int, int]]:
    """(row from 1, column from 0) of the formulas of a sheet that have no stored result.

    A program wrote them that does not compute. Looked for only where cells are missing.
    """
    found = set()
    for path in filter(None, (book.path, book.second)):
        try:
            with zipfile.ZipFile(path) as archive:
                entry = archive.getinfo(_part_of(archive, sheet))
        except (zipfile.BadZipFile, KeyError, OSError):
            continue
        found |= _without_value(parts_of(path, entry))
    return frozenset(found)


def _without_value(pieces: Iterator[bytes]) -> set[tuple[int, int]]:
    found = set()
    rest = b""
    for piece in pieces:
        window = rest + piece
        for letters, digits in re.findall(_NO_VALUE, window):
            number = 0
            for letter in letters:
                number = number * 26 + letter - 64
            found.add((int(digits), number - 1))
        cut = window.rfind(b"<c ")
        rest = window[cut:][-4096:] if cut >= 0 else b""
    return found


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    from html import unescape

    book = archive.read("xl/workbook.xml").decode("utf-8", errors="replace")
    targets = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", errors="replace")
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        name, link = re.search(r'\bname="([^"]*)"', tag), re.search(r'r:id="([^"]*)"', tag)
        if name and link and unescape(name[1]) == sheet:
            for relation in re.findall(r"<Relationship\b[^>]*>", targets):
                target = re.search(r'Target="([^"]*)"', relation)
                if f'Id="{link[1]}"' in relation and target:
                    inside = target[1].lstrip("/")
                    return inside if inside.startswith("xl/") else f"xl/{inside}"
    raise KeyError(sheet)
