"""Bills as text: CSV in any encoding, with any delimiter."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from aftersales.errors import BadInput
from courier_reconciliation.reading import headers
from courier_reconciliation.reading.layouts import PEEKED_ROWS

DELIMITERS = (",", "\t", ";", "|")
_CHUNK = 4 * 1024 * 1024
_DECIMAL_COMMA = r"-?\d{1,3}(?:\.?\d{3})*,\d{1,2}"
_DECIMAL_POINT = r"-?\d+\.\d{1,2}"
_LINE_LIMIT = 4 * 1024 * 1024


class Text(Struct, frozen=True):
    """A text file in UTF-8: where it lies, its delimiter, its first rows as they stand.

    `even`: a row is a line and every line is a row, as far as is known without reading all of it.
    """

    path: Path
    delimiter: str
    rows: tuple[tuple[str, ...], ...]
    even: bool

    @property
    def comma(self) -> bool:
        """Whether decimals stand behind a comma, as in files with semicolons from Europe."""
        if self.delimiter == ",":
            return False
        cells = [cell for row in self.rows for cell in row]
        commas = sum(1 for cell in cells if re.fullmatch(_DECIMAL_COMMA, cell.strip()))
        points = sum(1 for cell in cells if re.fullmatch(_DECIMAL_POINT, cell.strip()))
        return commas > points


def line_count(path: Path) -> int:
    """The lines of a text; the last one may lack its end."""
    count, last = 0, b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def has_blank_lines(path: Path) -> bool:
    """Whether nothing stands between two ends of lines, which the database would not count."""
    before = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            seam = before[-3:] + chunk[:4]
            for pattern in (b"\n\n", b"\n\r\n", b"\r\r"):
                if pattern in chunk or pattern in seam:
                    return True
            before = chunk
    return False


def open_text(path: Path, temp: Path) -> Text:
    """Look into a text file; one in another encoding is copied to `temp` in UTF-8.

    Raises `BadInput` where it is in no known encoding.
    """
    with path.open("rb") as stream:
        head = stream.read(256 * 1024)
    encoding = encoding_of(head)
    if encoding != "utf-8" or _ends_in_a_character(path):
        path = transcoded(path, temp, encoding)
        with path.open("rb") as stream:
            head = stream.read(256 * 1024)
    whole = path.stat().st_size == len(head)
    sample = head.decode("utf-8-sig", errors="strict" if whole else "ignore")
    if not whole:
        sample = sample[: sample.rfind("\n") + 1] or sample
    delimiter = _delimiter(sample)
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    rows: list[tuple[str, ...]] = []
    even = True
    try:
        for row in islice(reader, PEEKED_ROWS):
            rows.append(tuple(row))
            even = even and reader.line_num == len(rows) and bool(row)
    except csv.Error:
        even = False
    return Text(path, delimiter, tuple(rows), even)


def torn_end(text: Text, width: int, waybill_at: int) -> int:
    """The number of the last row where it is a parcel's, and the file ends within it, else 0."""
    size = text.path.stat().st_size
    with text.path.open("rb") as stream:
        stream.seek(max(0, size - _LINE_LIMIT // 64))
        tail = stream.read()
        if tail.endswith((b"\n", b"\r")) or b'"' in tail.rpartition(b"\n")[2]:
            return 0
        cells = tail.rpartition(b"\n")[2].decode("utf-8", "ignore").split(text.delimiter)
        if not waybill_at + 1 < len(cells) < width or not re.search(r"\d{6}", cells[waybill_at]):
            return 0
        stream.seek(0)
        return 1 + sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b""))


def _ends_in_a_character(path: Path) -> bool:
    """Whether the last character of a UTF-8 file is not all there."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 3))
        tail = stream.read()
    for count, byte in enumerate(reversed(tail), 1):
        if byte >= 0xC0:
            return count < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
        if byte < 0x80:
            return False
    return False


def encoding_of(head: bytes) -> str:
    """By mark, then strict UTF-8, then GB18030. Only the first part of a file is looked at."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = head[:4096]
    if start.count(0) > len(start) // 10:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def transcoded(path: Path, temp: Path, encoding: str) -> Path:
    """A copy in UTF-8. Raises `BadInput` where the bytes are not what they look like."""
    copy = temp / "transcoded.csv"
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            while chunk := source.read(_CHUNK):
                target.write(decoder.decode(chunk).encode("utf-8"))
            # What is left of a character at the end is of a file that was not copied whole.
    except (UnicodeDecodeError, UnicodeEncodeError) as exc:
        raise BadInput(
            "the text is neither UTF-8 nor GB18030 (GBK) nor UTF-16; save it as CSV UTF-8"
        ) from exc
    return copy


def _delimiter(sample: str) -> str:
    """The delimiter with which a line of the file looks most like a header."""
    lines = sample.splitlines()[: headers.SEARCHED_ROWS]
    best, most = ",", -1
    for delimiter in DELIMITERS:
        if delimiter not in sample:
            continue
        try:
            found = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        known = max((len(headers.read(row).columns) for row in found), default=0)
        width = max((len(row) for row in found), default=0)
        score = known * 1000 + min(width, 999)
        if score > most:
            best, most = delimiter, score
    return best


def rewritten(text: Text, temp: Path) -> tuple[Path, int]:
    """The rows as even CSV, one record each, and the number of columns: for uneven files.

    A quotation mark that is never closed costs the row in which it stands, not those behind it.
    """
    copy = temp / "rewritten.csv"
    width = 2
    try:
        with text.path.open("r", encoding="utf-8-sig", newline="") as source:
            for row in _rows(source, text.delimiter):
                width = max(width, len(row))
    except UnicodeDecodeError as exc:
        raise BadInput(
            "the text is UTF-8 at its start and something else further on; save it as CSV UTF-8"
        ) from exc
    with (
        text.path.open("r", encoding="utf-8-sig", newline="") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        writer = csv.writer(target, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        for row in _rows(source, text.delimiter):
            writer.writerow([cell.replace("\r", " ") for cell in row] + [""] * (width - len(row)))
    return copy, width


def _rows(source: Iterator[str], delimiter: str) -> Iterator[Sequence[str]]:
    lines = (line.replace("\x00", "") for line in source)
    for line in lines:
        if len(line) > _LINE_LIMIT:
            raise BadInput("a line is longer than 4 MB: this is no table of parcels")
        if line.count('"') % 2:
            taken = [line]
            for more in islice(lines, 200):
                taken.append(more)
                if sum(one.count('"') for one in taken) % 2 == 0:
                    break
            joined = list(csv.reader(taken, delimiter=delimiter))
            if len(joined) == 1 and sum(one.count('"') for one in taken) % 2 == 0:
                yield joined[0]
                continue
            # Never closed: every line is a row of its own.
            for one in taken:
                yield [cell.strip(' "\r\n') for cell in one.split(delimiter)]
            continue
        yield next(csv.reader([line], delimiter=delimiter), [])
