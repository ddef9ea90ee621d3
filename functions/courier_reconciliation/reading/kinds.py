"""What a file is, by its content, and what is refused before anything of it is opened."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from aftersales.errors import BadInput

TEXT, WORKBOOK, HTML = "text", "workbook", "html"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CHUNK = 256 * 1024
_STEP = 8 * 1024 * 1024
_FAR_CELL = rb'r="(?:[A-Z]{3}\d{1,7}|[A-Z]{2}\d{6,7}|[A-Z]\d{7})"'
_CELL = rb'r="([A-Z]{1,3})(\d{1,7})"'
_OTHER_KINDS = (
    (b"%PDF", "a PDF; ask the courier for the Excel or CSV file"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture; ask the courier for the Excel or CSV file"),
    (b"\xff\xd8\xff", "a picture; ask the courier for the Excel or CSV file"),
    (b"{\\rtf", "a text document; ask the courier for the Excel or CSV file"),
)


def kind_of(path: Path, unpacked_limit_bytes: int, grid_limit_cells: int) -> str:
    """`text`, `workbook` or `html`.

    Raises `BadInput` for a file that is empty, encrypted, damaged, of another kind, or that unpacks
    to more than the limits. What an archive says about its own sizes is not believed.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not head.strip():
        raise BadInput("the file is empty")
    for magic, what in _OTHER_KINDS:
        if head.startswith(magic):
            raise BadInput(f"this is {what}")
    if head.startswith(b"PK"):
        _check_archive(path, unpacked_limit_bytes, grid_limit_cells)
        return WORKBOOK
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if _contains(path, _ENCRYPTED):
            raise BadInput("the workbook is protected by a password; save it without one")
        return WORKBOOK
    return _text_kind(head)


def _text_kind(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1024].lower()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = head.decode("utf-16", errors="ignore").strip().lower().encode()[:1024]
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        raise BadInput(
            "this is an XML spreadsheet of 2003; open it in a spreadsheet program and save it as"
            " .xlsx"
        )
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<body")) or (
        start.startswith((b"<?xml", b"<!--", b"<div", b"<style")) and b"<table" in head.lower()
    ):
        return HTML
    if start.startswith((b"<?xml", b"<!doctype")) and b"<html" in start:
        return HTML
    if start.startswith((b"{", b"[{", b"<?xml")):
        raise BadInput("this is no table (JSON or XML); ask for the Excel or CSV file")
    zeros = head.count(0)
    if zeros and not head.startswith((b"\xff\xfe", b"\xfe\xff")) and not _is_wide(head):
        raise BadInput("this is neither a text file nor a workbook; ask for the Excel or CSV file")
    return TEXT


def _is_wide(head: bytes) -> bool:
    """UTF-16 without its mark: every other byte of plain text is zero."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    letters = sum(byte >= 0x20 for byte in head)
    return max(even, odd) > len(head) // 20 and min(even, odd) == 0 and letters > len(head) // 4


def _contains(path: Path, wanted: bytes) -> bool:
    before = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            if wanted in before + chunk:
                return True
            before = chunk[-len(wanted) :]
    return False


def _check_archive(path: Path, limit: int, grid_limit: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if not any(name.startswith("xl/") or name == "content.xml" for name in names):
                what = "a text document" if "word/document.xml" in names else "a ZIP archive"
                raise BadInput(f"this is {what}, no workbook; unpack it and give the files in it")
            if any(entry.flag_bits & 1 for entry in entries):
                raise BadInput("the workbook is protected by a password; save it without one")
            if sum(entry.file_size for entry in entries) > limit:
                raise _too_large(limit)
            left = limit
            for entry in entries:
                is_sheet = entry.filename.startswith("xl/worksheets/")
                left -= _measured(path, entry, left, limit, grid_limit if is_sheet else 0)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as exc:
        raise BadInput(
            "the workbook is damaged or was not copied whole; export it or send it again"
        ) from exc


def _too_large(limit: int) -> BadInput:
    return BadInput(f"the workbook unpacks to more than {limit // 1024**2} MB; split it")


def _measured(path: Path, entry: zipfile.ZipInfo, left: int, limit: int, grid_limit: int) -> int:
    """The true size of one part. Of a sheet, cells far away are looked for: the reader keeps a full
    grid up to the last filled row and column."""
    from concurrent.futures import ThreadPoolExecutor

    size = 0
    rows = columns = 1
    rest = b""
    # Unpacking lets other threads run: the next piece is unpacked while this one is searched.
    with ThreadPoolExecutor(1) as ahead:
        pieces = parts_of(path, entry)
        coming = ahead.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            size += len(piece)
            if size > left:
                raise _too_large(limit)
            coming = ahead.submit(next, pieces, None)
            if not grid_limit:
                continue
            window = rest + piece
            if re.search(_FAR_CELL, window):
                rows, columns = _reach(window, rows, columns)
                if rows * columns > grid_limit:
                    raise BadInput(
                        f"a sheet reaches to row {rows} and column {columns}; delete what stands"
                        " far away from the table, or save the table as CSV"
                    )
            rest = piece[-40:]
    return size


def _reach(window: bytes, rows: int, columns: int) -> tuple[int, int]:
    for letters, digits in re.findall(_CELL, window):
        rows = max(rows, int(digits))
        number = 0
        for letter in letters:
            number = number * 26 + letter - 64
        columns = max(columns, number)
    return rows, columns


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
            raise NotImplementedError("a way of packing that no spreadsheet program uses")
        unpacker = zlib.decompressobj(-15)
        while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
            left -= len(chunk)
            while chunk:
                yield unpacker.decompress(chunk, _STEP)
                chunk = unpacker.unconsumed_tail
        yield unpacker.flush()
        if left > 0 or not unpacker.eof:
            raise EOFError("the part ends too early")
