"""A large sheet is cut in two while it is unpacked, so that two readers read it side by side.

The reader of workbooks uses one processor, and most of the time that a bill takes is its.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path
from typing import IO

_OPENS = b"<sheetData>"
_END = b"</sheetData></worksheet>"
_EMPTY = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/>'
    b"</worksheet>"
)
_ROW = re.compile(rb'<row\s(?:[^<>]*\s)?r="\d+"')
"""A row that says its number: rows behind it are counted from there in the second half too."""


class Halves:
    """Takes the text of one part of a workbook piece by piece. What comes before a row in the
    middle goes to `first`, the rest to a part of the same name in a workbook at `second`, which is
    made. Parts that are no sheets, or of `size` 0, go to `first` as they are."""

    def __init__(self, first: IO[bytes], second: Path, part: str, size: int) -> None:
        self._first = first
        self._second = second
        self._part = part
        self._middle = size // 2
        self._written = 0
        self._head = b""
        self._archive: zipfile.ZipFile | None = None
        self._rest: IO[bytes] | None = None

    def __enter__(self) -> Halves:
        return self

    def __exit__(self, *_: object) -> None:
        if self._rest is not None and self._archive is not None:
            self._rest.close()
            self._archive.close()

    def write(self, piece: bytes) -> None:
        """Keep the next piece."""
        if self._rest is not None:
            self._rest.write(piece)
            return
        row = self._cut_at(piece)
        if row is None:
            self._first.write(piece)
            self._written += len(piece)
            return
        self._first.write(piece[:row] + _END)
        self._archive = zipfile.ZipFile(self._second, "a", zipfile.ZIP_STORED)
        self._rest = self._archive.open(zipfile.ZipInfo(self._part), "w", force_zip64=True)
        self._rest.write(self._head + piece[row:])

    def _cut_at(self, piece: bytes) -> int | None:
        """Where in this piece the second half begins."""
        if not self._middle:
            return None
        if not self._written:
            opens = piece.find(_OPENS)
            self._head = piece[: opens + len(_OPENS)] if opens >= 0 else b""
        if not self._head or self._written + len(piece) <= self._middle:
            return None
        row = _ROW.search(piece, max(0, self._middle - self._written))
        return row.start() if row else None


def complete(first: Path, second: Path) -> None:
    """Give the workbook of second halves what it needs besides: texts, formats, names of sheets.

    Sheets that were not cut are empty there.
    """
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(second, "a") as target:
        halved = set(target.namelist())
        for name in source.namelist():
            if name in halved or name.startswith("xl/media/"):
                continue
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                target.writestr(name, _EMPTY)
                continue
            with source.open(name) as part, target.open(name, "w", force_zip64=True) as copy:
                shutil.copyfileobj(part, copy, 1024 * 1024)
