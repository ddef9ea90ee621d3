"""Files as seller back offices export them, made up: CSV text, XLSX, and the old XLS."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Iterable, Sequence

from aftersales.platforms.file import FileReading, read_file
from aftersales.settings.model import Shop

SHOP = Shop(id="tb1")
Cell = object


def read(content: bytes, name: str = "orders.csv", shop: Shop = SHOP) -> FileReading:
    """Read a file as the shop `tb1` in Shanghai."""
    return read_file(content, name, shop=shop, default_zone="Asia/Shanghai")


def table(*rows: dict[str, Cell]) -> list[list[Cell]]:
    """A header row and data rows from dicts; the headers are all keys in order of appearance."""
    headers = list(dict.fromkeys(name for row in rows for name in row))
    return [list(headers), *([row.get(name, "") for name in headers] for row in rows)]


def csv_file(
    rows: Iterable[Sequence[Cell]], encoding: str = "utf-8", delimiter: str = ","
) -> bytes:
    """Rows as CSV text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def csv_of(*rows: dict[str, Cell], encoding: str = "utf-8") -> bytes:
    """A CSV file from dicts."""
    return csv_file(table(*rows), encoding)


def xlsx_file(
    rows: Iterable[Sequence[Cell]], merges: Sequence[str] = (), sheet: str = "export"
) -> bytes:
    """Rows as an XLSX workbook with one sheet; `merges` like `A2:A4`."""
    return xlsx_sheets({sheet: rows}, merges)


def xlsx_sheets(sheets: dict[str, Iterable[Sequence[Cell]]], merges: Sequence[str] = ()) -> bytes:
    """An XLSX workbook; `merges` are made in every sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for merge in merges:
            sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(workbook: bytes, name: str, change: bytes | tuple[bytes, bytes]) -> bytes:
    """A workbook with one of its parts replaced, or a text in it."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            content = old.read(entry)
            if entry == name:
                content = content.replace(*change) if isinstance(change, tuple) else change
            new.writestr(entry, content)
    return out.getvalue()


def xls_file(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Rows as a BIFF8 workbook in a compound file: what `.xls` is inside, as little as will do."""

    def record(kind: int, body: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def cell(row: int, column: int, value: str | float) -> bytes:
        at = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
            return record(0x0204, at + text)
        return record(0x0203, at + struct.pack("<d", value))

    name = struct.pack("<BB", 5, 0) + b"Sheet"
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    globals_length = len(start) + 4 + 6 + len(name) + 4
    workbook = start + record(0x0085, struct.pack("<IBB", globals_length, 0, 0) + name)
    workbook += record(0x000A)
    workbook += record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    width = max(map(len, rows))
    workbook += record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            workbook += cell(number, column, value)
    workbook += record(0x000A)
    return _compound_file(b"Workbook", workbook)


def _compound_file(stream_name: bytes, stream: bytes) -> bytes:
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(stream) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
        0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    header += struct.pack("<I", 0) + b"\xff" * 432

    def entry(name: bytes, kind: int, child: int, first: int, size: int) -> bytes:
        text = name.decode().encode("utf-16-le") + b"\0\0" if name else b""
        fields = struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return text.ljust(64, b"\0") + fields + b"\0" * 36 + struct.pack("<IQ", first, size)

    directory = entry(b"Root Entry", 5, 1, 0xFFFFFFFE, 0)
    directory += entry(stream_name, 2, 0xFFFFFFFF, 2, len(stream))
    directory += 2 * entry(b"", 0, 0xFFFFFFFF, 0, 0)
    return header[:512] + fat + directory + stream
