"""Workbooks that are ZIP archives, unpacked before anything reads them.

An archive is measured by unpacking it: what it says about its own sizes is not believed. What was
measured is kept, in an archive that packs nothing, and that is what is read: the reader sees the
very bytes that were found harmless, and need not unpack them once more.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from aftersales.errors import BadInput
from courier_reconciliation.reading.halves import Halves, complete

_CHUNK = 256 * 1024
_STEP = 8 * 1024 * 1024
_SEAM = 512
"""More bytes than the name of a cell has with blanks around it, which may lie in several pieces."""
_CELL = rb"""r\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["'][^<>]*(?<!/)>"""
"""A cell with something in it; an empty one that only has a format is closed at once."""
_WIDE = rb"""r\s*=\s*["'][A-Za-z]{2,3}\d"""
"""A cell beyond column Z. Up to there a sheet is small enough, whatever rows it has."""


def is_archive(path: Path) -> bool:
    """Whether the file begins as a ZIP archive does."""
    with path.open("rb") as stream:
        return stream.read(2) == b"PK"


class Unpacked(Struct, frozen=True):
    """A workbook with nothing packed at `path`; of a large sheet it may have the first rows, and
    the workbook `second` the others. Sheets that are whole are empty in `second`."""

    path: Path
    second: Path | None = None


def unpacked(path: Path, copy: Path, limit: int, grid_limit: int, halve_from: int = 0) -> Unpacked:
    """Write the workbook at `path` to `copy`, with nothing packed.

    Sheets that say to be of `halve_from` bytes or more (0: none) are cut in two. Raises `BadInput`
    for an archive that is no workbook, encrypted or damaged, that unpacks to more than `limit`
    bytes, or a sheet of which has more than `grid_limit` cells up to its last one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Of two parts with one name the later is the one that counts.
            entries = {entry.filename: entry for entry in archive.infolist()}
        if not any(name.startswith("xl/") or name == "content.xml" for name in entries):
            what = "a text document" if "word/document.xml" in entries else "a ZIP archive"
            raise BadInput(f"this is {what}, no workbook; unpack it and give the files in it")
        if any(entry.flag_bits & 1 for entry in entries.values()):
            raise BadInput("the workbook is protected by a password; save it without one")
        if sum(entry.file_size for entry in entries.values()) > limit:
            raise _too_large(limit)
        left = limit
        second = copy.with_suffix(".second")
        second.unlink(missing_ok=True)
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as plain:
            for name, entry in entries.items():
                is_sheet = name.startswith("xl/worksheets/")
                is_large = is_sheet and 0 < halve_from <= entry.file_size
                with (
                    plain.open(zipfile.ZipInfo(name), "w", force_zip64=True) as target,
                    Halves(target, second, name, entry.file_size if is_large else 0) as halves,
                ):
                    left -= _kept(path, entry, left, limit, grid_limit, halves)
        if not second.exists():
            return Unpacked(copy)
        complete(copy, second)
        return Unpacked(copy, second)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as exc:
        raise BadInput(
            "the workbook is damaged or was not copied whole; export it or send it again"
        ) from exc


def _too_large(limit: int) -> BadInput:
    return BadInput(f"the workbook unpacks to more than {limit // 1024**2} MB; split it")


def _kept(  # noqa: PLR0917 - what is unpacked, and how far
    path: Path,
    entry: zipfile.ZipInfo,
    left: int,
    limit: int,
    grid_limit: int,
    target: Halves,
) -> int:
    """Keep one part; returns its true size. Any part may be a sheet, of which the reader keeps a
    full grid up to the last filled row and column."""
    from concurrent.futures import ThreadPoolExecutor

    size = 0
    is_wide = False
    end = b""
    # Unpacking lets other threads run, and so does writing, but not searching: the next piece is
    # unpacked while this one is written and searched.
    with ThreadPoolExecutor(1) as ahead:
        pieces = parts_of(path, entry)
        coming = ahead.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            size += len(piece)
            if size > left:
                raise _too_large(limit)
            coming = ahead.submit(next, pieces, None)
            target.write(piece)
            is_wide = is_wide or any(
                re.search(_WIDE, window) for window in (end + piece[:_SEAM], piece)
            )
            end = (end + piece[-_SEAM:])[-_SEAM:]
    if is_wide:
        _check_reach(parts_of(path, entry), grid_limit)
    return size


def _check_reach(pieces: Iterator[bytes], grid_limit: int) -> None:
    """Raise `BadInput` for a sheet with too many cells up to its last row and column."""
    rows = columns = 1
    end = b""
    for piece in pieces:
        for window in (end + piece[:_SEAM], piece):
            cells = re.findall(_CELL, window)
            rows = max(rows, max((int(digits) for _, digits in cells), default=1))
            names = {letters for letters, _ in cells}
            columns = max(columns, max(map(_number, names), default=1))
        if rows * columns > grid_limit:
            raise BadInput(
                f"a sheet reaches to row {rows} and column {columns}; delete what stands far away"
                " from the table, or save the table as CSV"
            )
        end = (end + piece[-_SEAM:])[-_SEAM:]


def _number(letters: bytes) -> int:
    """The number of a column, `A` is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def parts_of(path: Path, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """One part of an archive, unpacked piece by piece up to its true end."""
    with path.open("rb") as stream:
        stream.seek(entry.header_offset)
        header = stream.read(30)
        if header[:4] != b"PK\x03\x04":
            raise zipfile.BadZipFile("no local header")
        name, extra = (
            int.from_bytes(header[26:28], "little"),
            int.from_bytes(header[28:30], "little"),
        )
        stream.seek(name + extra, 1)
        left = entry.compress_size
        if entry.compress_type == zipfile.ZIP_STORED:
            while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk
            return
        if entry.compress_type != zipfile.ZIP_DEFLATED:
            raise zipfile.BadZipFile("a way of packing that no spreadsheet program uses")
        unpacker = zlib.decompressobj(-15)
        while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
            left -= len(chunk)
            while chunk:
                yield unpacker.decompress(chunk, _STEP)
                chunk = unpacker.unconsumed_tail
        yield unpacker.flush()
        if left > 0 or not unpacker.eof:
            raise EOFError("the part ends too early")
