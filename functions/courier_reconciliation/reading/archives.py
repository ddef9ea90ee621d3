"""Workbooks that are ZIP archives, unpacked before anything reads them.

An archive is measured by unpacking it: what it says about its own sizes is not believed. What was
measured is kept, in an archive that packs nothing, and that is what is read: the reader sees the
very bytes that were found harmless, and need not unpack them once more.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from aftersales.errors import BadInput
from courier_reconciliation.reading.halves import Halves, complete
from courier_reconciliation.reading.reach import Glance, check_reach

_CHUNK = 256 * 1024
_STEP = 8 * 1024 * 1024
_PARTS_CHECKED_FROM = 64 * 1024**2
_PACKED_AT_MOST = 100
"""Spreadsheet programs pack sheets to a tenth of their size, with the same text in all cells to a
fortieth; a program can only make much larger ones of nothing."""
_TEXTS_LIMIT = 512 * 1024**2
"""A million rows with three texts each that stand nowhere else have half of it."""
_SHEETS = ("xl/worksheets/", "content.xml")


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
    bytes or to far more than its own size, or a sheet of which has more rows than a sheet can have
    or more than `grid_limit` cells up to its last one.
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
        for entry in entries.values():
            _check_size(entry)
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
                    _keep(path, entry, grid_limit, halves)
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


def _check_size(entry: zipfile.ZipInfo) -> None:
    """Raise `BadInput` for a part that is too large for what it can be, by what it says of itself.
    That it is not larger than it says is seen while it is unpacked."""
    if entry.file_size < _PARTS_CHECKED_FROM:
        return
    if entry.file_size > _PACKED_AT_MOST * entry.compress_size:
        times = entry.file_size // max(entry.compress_size, 1)
        raise BadInput(
            f"the workbook unpacks to {times} times its size, which no table of parcels does; save"
            " the table as CSV"
        )
    if entry.file_size > _TEXTS_LIMIT and not entry.filename.startswith(_SHEETS):
        raise BadInput(
            f"the workbook has more than {_TEXTS_LIMIT // 1024**2} MB of texts; split it, or save"
            " the table as CSV"
        )


def _keep(path: Path, entry: zipfile.ZipInfo, grid_limit: int, target: Halves) -> None:
    """Keep one part. Any part may be a sheet."""
    from concurrent.futures import ThreadPoolExecutor

    size = 0
    glance = Glance()
    # Unpacking lets other threads run, and so does writing, but not searching: the next piece is
    # unpacked while this one is written and searched.
    with ThreadPoolExecutor(1) as ahead:
        pieces = parts_of(path, entry)
        coming = ahead.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            size += len(piece)
            if size > entry.file_size:
                raise BadInput("the workbook unpacks to more than it says; export it again")
            coming = ahead.submit(next, pieces, None)
            target.write(piece)
            glance.look(piece)
    if not glance.is_near:
        check_reach(parts_of(path, entry), grid_limit)


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
