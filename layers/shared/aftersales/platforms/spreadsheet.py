"""Opening what sellers drop: CSV in any encoding, XLSX and XLS, told apart by content.

Facts: export files reference, section 7 (traps). Files are not trusted: sizes are checked before
anything is unpacked, formulas are never evaluated, a workbook's own statement of its size is not
believed.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aftersales.errors import BadInput

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

    from aftersales.platforms.values import Cell

SIZE_LIMIT_BYTES = 50 * 1024 * 1024
UNPACKED_LIMIT_BYTES = 400 * 1024 * 1024
"""Of all parts of an XLSX together; 100,000 rows of 60 columns take about 300 MB."""
GRID_LIMIT_CELLS = 20_000_000
"""The reader keeps a full grid up to the last filled row and column: 24 bytes a cell."""
QUOTED_LINES_LIMIT = 200
"""A quoted text over more lines than this was never closed."""
HEADER_ROWS = 10
_CHUNK = 1024 * 1024


class Row(Struct, frozen=True):
    """One row: its number as a spreadsheet shows it, its cells, why it is unusable if it is."""

    number: int
    cells: Sequence[Cell]
    broken: str = ""


class Sheet(Struct, frozen=True):
    """One sheet, or the whole of a text file. `rows` can be read once."""

    label: str
    rows: Iterator[Row]
    note: str = ""


def open_sheets(content: bytes, rate: Callable[[Sequence[Cell]], int]) -> Iterator[Sheet]:
    """The sheets of a file. `rate` says how much a row looks like a header (to find the delimiter).

    Raises `BadInput` where the file as a whole cannot be read.
    """
    if len(content) > SIZE_LIMIT_BYTES:
        raise BadInput(f"the file is larger than {SIZE_LIMIT_BYTES // 1024**2} MB; split it")
    if not content.strip():
        raise BadInput("the file is empty")
    if content.startswith(b"PK"):
        _check_archive(content)
        yield from _workbook(content)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        yield from _workbook(content)
    else:
        yield _text(content, rate)


def _text(content: bytes, rate: Callable[[Sequence[Cell]], int]) -> Sheet:
    start = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        raise BadInput(
            "this is a web page saved under another name; open it in a spreadsheet program and save"
            " it as .xlsx"
        )
    encoding, errors = _encoding(content)

    def lines() -> Iterator[str]:
        with io.TextIOWrapper(
            io.BytesIO(content), encoding=encoding, errors=errors, newline=""
        ) as stream:
            yield from (line.replace("\x00", "") for line in stream)

    delimiter = max(",\t;", key=lambda d: max((rate(r) for r in _sample(lines(), d)), default=0))
    note = "" if errors == "strict" else f"some bytes are no {encoding}; those characters are lost"
    return Sheet("", _text_rows(lines(), delimiter), note)


def _sample(lines: Iterator[str], delimiter: str) -> list[list[str]]:
    return list(
        islice(csv.reader(islice(lines, 4 * HEADER_ROWS), delimiter=delimiter), HEADER_ROWS)
    )


def _encoding(content: bytes) -> tuple[str, str]:
    """(encoding, error handling): by mark, then strict UTF-8, then GB18030, which covers GBK."""
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", "strict" if _stray_at(content, "utf-8") is None else "replace"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "strict" if _stray_at(content, "utf-16") is None else "replace"
    head = content[:4096]
    if head.count(0) > len(head) // 10:
        wide = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
        return wide, "strict" if _stray_at(content, wide) is None else "replace"
    stray = _stray_at(content, "utf-8")
    if stray is None:
        return "utf-8", "strict"
    # Chinese text in GB18030 does not pass as UTF-8 for long: a stray byte far behind is damage.
    if sum(byte >= 0x80 for byte in content[: min(stray, 65_536)]) >= 24:
        return "utf-8", "replace"
    return "gb18030", "strict" if _stray_at(content, "gb18030") is None else "replace"


def _stray_at(content: bytes, encoding: str) -> int | None:
    """Where `content` stops being `encoding`, about; None where it never does."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    view = memoryview(content)
    for start in range(0, len(content), _CHUNK):
        chunk = bytes(view[start : start + _CHUNK])
        try:
            decoder.decode(chunk, final=start + _CHUNK >= len(content))
        except UnicodeDecodeError as exc:
            return start + exc.start
    return None


class _Lines:
    """Hands lines to the CSV reader and remembers those of the row that is being read.

    An opening quote that is never closed swallows the rows behind it. With the lines at hand, the
    first one is given up and the others are read again.
    """

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._again: list[str] = []
        self.taken: list[str] = []
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) > QUOTED_LINES_LIMIT:
            raise _UnclosedError
        line = self._again.pop() if self._again else next(self._source, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        return line

    def put_back(self) -> None:
        """Give all lines of the row but the first one again."""
        self._again.extend(reversed(self.taken[1:]))
        self.ended = False


class _UnclosedError(Exception):
    """A quoted text runs on for too long."""


def _text_rows(source: Iterator[str], delimiter: str) -> Iterator[Row]:
    lines = _Lines(source)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        lines.taken = []
        number += 1
        try:
            cells = next(reader, None)
        except (_UnclosedError, csv.Error):
            cells = _one_line(lines, delimiter)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            if cells is None:
                first = [cell.strip(' "\r\n') for cell in lines.taken[0].split(delimiter)]
                yield Row(number, first, "a quotation mark is never closed")
                lines.put_back()
                continue
        if cells is None:
            return
        yield Row(number, cells)


def _one_line(lines: _Lines, delimiter: str) -> list[str] | None:
    """A row with loose quotation marks (`5" cable`) read leniently; None where one is left open."""
    if len(lines.taken) > 1 or lines.ended:
        return None
    try:
        return next(csv.reader(lines.taken, delimiter=delimiter))
    except csv.Error:
        return None


def _check_archive(content: bytes) -> None:
    """Refuse what is no workbook or unpacks to an absurd size, before it is opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if not any(name.startswith(("xl/", "content.xml")) for name in names):
                raise BadInput("this is a ZIP archive, no workbook; unpack it and drop the files")
            if any(entry.flag_bits & 1 for entry in archive.infolist()):
                raise BadInput("the archive asks for a password; unpack it first")
            left = UNPACKED_LIMIT_BYTES
            for entry in archive.infolist():
                left = _measured(archive, entry, left)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as exc:
        raise BadInput("the workbook is damaged; export it again") from exc


def _measured(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    """Unpack one part without keeping it and return what is left of the limit.

    What the archive says about its sizes is not believed. Sheets are also searched for cells that
    would make a huge grid.
    """
    entry.file_size = 1 << 40  # so that the reader goes on to the true end
    is_sheet = entry.filename.startswith("xl/worksheets/")
    grid = _Grid()
    for chunk in _chunks(archive, entry):
        left -= len(chunk)
        if left < 0:
            raise BadInput(
                f"the workbook unpacks to more than {UNPACKED_LIMIT_BYTES // 1024**2} MB; split it"
            )
        if is_sheet:
            grid.look_at(chunk, _Grid.ROWS, _Grid.FAR_CELLS)
    if grid.cells > GRID_LIMIT_CELLS:
        # Rows may be formatted but empty: look again, at filled cells only, which takes longer.
        grid = _Grid()
        for chunk in _chunks(archive, entry):
            grid.look_at(chunk, _Grid.FILLED_ROWS, _Grid.FAR_CELLS)
    if grid.cells > GRID_LIMIT_CELLS:
        raise BadInput(
            f"a sheet reaches to row {grid.last_row} and column {grid.last_column}; delete what"
            " stands far away from the table, or save it as CSV"
        )
    return left


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            yield chunk


class _Grid:
    """The last filled row and column of a sheet, from its XML in pieces."""

    ROWS = rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,7})"'
    FILLED_ROWS = rb'<(?:\w+:)?c\b[^>/]*?\br="[A-Z]{1,3}(\d{1,7})"[^>/]*>'
    FAR_CELLS = rb'<(?:\w+:)?c\b[^>/]*?\br="([A-Z]{2,3})\d{1,7}"[^>/]*>'

    def __init__(self) -> None:
        self.last_row = 1
        self.last_column = 26
        self._rest = b""

    @property
    def cells(self) -> int:
        return self.last_row * self.last_column

    def look_at(self, chunk: bytes, rows: bytes, columns: bytes) -> None:
        piece = self._rest + chunk
        self.last_row = max(self.last_row, max(map(int, re.findall(rows, piece)), default=1))
        for letters in set(re.findall(columns, piece)):
            self.last_column = max(self.last_column, _column_number(letters))
        self._rest = piece[-200:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _workbook(content: bytes) -> Iterator[Sheet]:
    from python_calamine import CalamineWorkbook

    book = _read(lambda: CalamineWorkbook.from_filelike(io.BytesIO(content)))
    for index, name in enumerate(book.sheet_names):
        sheet = _read(partial(book.get_sheet_by_name, name))
        if sheet.start is not None:
            yield Sheet(f"sheet {index + 1}", _sheet_rows(sheet))


def _read(action: Callable[[], Any]) -> Any:
    """Run a call into the workbook reader, whose own errors and panics become `BadInput`."""
    from python_calamine import CalamineError, PasswordError

    try:
        return action()
    except PasswordError as exc:
        raise BadInput("the workbook asks for a password; save it without one") from exc
    except CalamineError as exc:
        raise BadInput("the workbook is damaged or of a kind that cannot be read") from exc
    except BaseException as exc:
        # A panic of the reader is no Exception; anything else that is none goes on its way.
        if type(exc).__name__ != "PanicException":
            raise
        raise BadInput("the workbook is damaged") from None


def _sheet_rows(sheet: CalamineSheet) -> Iterator[Row]:
    """Rows from the first filled column on. Cells merged over several rows are filled down inside
    the merge, and nowhere else."""
    merges: dict[int, list[tuple[int, int]]] = {}
    left = sheet.start[1] if sheet.start else 0
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top and column >= left:
            merges.setdefault(top, []).append((bottom, column - left))
    open_merges: list[tuple[int, int, Cell]] = []
    for index, cells in enumerate(sheet.iter_rows()):
        values: list[Any] = cells
        open_merges = [merge for merge in open_merges if merge[0] >= index]
        for _, column, value in open_merges:
            if column < len(values) and values[column] == "":
                values[column] = value
        for bottom, column in merges.get(index, ()):
            if column < len(values):
                open_merges.append((bottom, column, values[column]))
        yield Row(index + 1, values)
