"""How far a sheet reaches: its reader keeps a full grid up to the last filled row and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aftersales.errors import BadInput

ROWS_LIMIT = 1_048_576
"""The rows of a sheet in every spreadsheet program."""
_SEAM = 512
_TAG = 64 * 1024
_FAR = rb'(?s:c(?<!/c)%s(?! r="[A-Z]%s")[^o](?<=[<:]c.))'
"""A cell that is not in columns A to Z and in rows of so many digits, or does not say so first; not
the tags `cols` and `col`. It is written for speed: most sheets are only searched by this."""
_DIGITS = (rb"\d{1,6}", rb"(?:\d{1,6}|10[0-4]\d{4})")
"""Up to row 999,999, and up to 1,049,999, which takes longer."""
_CELL = rb"""r\s*=\s*["']([A-Za-z]{1,3})(\d{1,10})["'][^<>]*(?<!/)>"""
"""A cell with something in it; an empty one that only has a format is closed at once."""
_MARK = rb"""<(?:[^\s<>:/]+:)?(r(?=ow[\s/>])|c(?=[\s/>])(?![^<>]*\sr\s*=))"""
"""A row, or a cell that has no name."""
_ROW = rb"""<(?:[^\s<>:/]+:)?row(?=[\s/>])(?:[^<>]*?\sr\s*=\s*["'](\d{1,10}))?"""


class Glance:
    """Whether all cells of a part are named and near. Costs little: most sheets have no others."""

    def __init__(self) -> None:
        self.is_near = True
        self._far: list[re.Pattern[bytes]] | None = None
        self._end = b""

    def look(self, piece: bytes) -> None:
        """Look at the next piece."""
        if self._far is None:
            prefix = _prefix(piece)
            ends = b"(?<!</" + prefix + b"c)" if prefix else b""
            self._far = [re.compile(_FAR % (ends, digits)) for digits in _DIGITS]
        # A tag that is cut in two by the end of a piece is looked at with the next one.
        first, cut = max(piece.find(b"<"), 0), max(piece.rfind(b"<"), 0)
        seam = self._end + piece[:_SEAM]
        whole = seam.rfind(b"<")
        seam = seam[:whole] if whole > 0 else seam
        while self._far and (self._far[0].search(piece, first, cut) or self._far[0].search(seam)):
            del self._far[0]
        self.is_near = bool(self._far)
        self._end = piece[cut:][:_SEAM]


def _prefix(piece: bytes) -> bytes:
    """Some programs write `x:c` for `c`, in all of a sheet: `x:`, or nothing."""
    said = re.search(rb"<(\w+:)worksheet\b", piece)
    return said[1] if said else b""


class _Tags:
    """The tags of a part, counted without a look at each where they are written as usual."""

    def __init__(self, piece: bytes) -> None:
        self._prefix = _prefix(piece)
        self._cell = b"<" + self._prefix + b"c"

    def has_nameless(self, text: bytes) -> bool:
        """Whether there may be cells without a name."""
        cells = text.count(self._cell)
        if cells != text.count(self._cell + b" r=") + text.count(self._cell + b"o"):
            return True
        others = text.count(b":c")
        if self._prefix:
            others -= cells + text.count(b"</" + self._prefix + b"c")
            return bool(others) or b"<c" in text
        return bool(others)

    def numbers(self, text: bytes) -> list[bytes]:
        """The numbers of rows, empty where a row has none; of rows that all have one, the last."""
        row = b"<" + self._prefix + b"row r="
        ends = text.count(b"</" + self._prefix + b"row>")
        if text.count(b"row") - ends == text.count(row) > 0 and not self.has_nameless(text):
            text = text[text.rfind(row) :]
        return re.findall(_ROW, text)


def check_reach(pieces: Iterable[bytes], grid_limit: int) -> None:
    """Raise `BadInput` for a part with too many rows, or too many cells up to the last ones.

    A cell without a name is the next one of its row, and a row without a number the next row.
    """
    named_row = named_column = number = unnumbered = run = longest = 0
    tags: _Tags | None = None
    for text in _whole_tags(pieces):
        tags = tags or _Tags(text)
        cells = re.findall(_CELL, text)
        named_row = max(named_row, max((int(digits) for _, digits in cells), default=0))
        letters = {name for name, _ in cells}
        named_column = max(named_column, max(map(_number, letters), default=0))
        numbers = tags.numbers(text)
        number = max(number, max(map(int, filter(None, numbers)), default=0))
        unnumbered += numbers.count(b"")
        if tags.has_nameless(text):
            marks = b"".join(re.findall(_MARK, text))
            runs = [len(cells_of_row) for cells_of_row in marks.split(b"r")]
            runs[0] += run
            run = runs[-1]
            longest = max(longest, *runs)
        elif numbers:
            run = 0
        last_row = max(named_row, number + unnumbered if longest else 1)
        last_column = named_column + longest
        if last_row > ROWS_LIMIT or last_row * last_column > grid_limit:
            raise BadInput(
                f"a sheet reaches to row {last_row} and column {last_column}; delete what stands"
                " far away from the table, or save the table as CSV"
            )


def _whole_tags(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in pieces that end between two tags."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        cut = text.rfind(b"<")
        if cut < len(text) - _TAG:
            cut = len(text)
        yield text[:cut]
        rest = text[cut:]
    yield rest


def _number(letters: bytes) -> int:
    """The number of a column, `A` is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
