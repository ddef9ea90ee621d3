"""Which row is the header, and which column is which."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field

from courier_reconciliation import surcharge_codes
from courier_reconciliation.model import FREIGHT, TOTAL
from courier_reconciliation.reading.words import (
    FIELDS,
    ONLY_WHOLE,
    POSTAGE,
    REQUIRED_WORDS,
    UNREAD_ENDINGS,
    UNREAD_SUFFIXES,
)

SEARCHED_ROWS = 40
"""Title rows, addresses and notes stand above a table; more than this were never seen."""

_UNIT = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_MINOR = re.compile(
    r"[(\[{](?:单位:?)?(?:分|fen|cents?|minor(?: ?units?)?)[)\]}]$|minor(?:units?)?$"
)
_MAJOR = re.compile(r"[(\[{](?:单位:?)?(?:元|yuan)[)\]}]$")
_FEE = re.compile(r"(?:费|费用|附加|加收|加价|surcharge|fee|charge)s?$")
_WEIGHTS = ("weight", "actual", "volumetric")
_LENGTHS = ("length", "width", "height", "dimensions")
_UNITS = {
    "g": "g", "克": "g", "gram": "g", "kg": "kg", "公斤": "kg", "千克": "kg", "kgs": "kg",
    "t": "t", "吨": "t", "lb": "lb", "lbs": "lb", "磅": "lb", "斤": "jin",
    "cm": "cm", "厘米": "cm", "mm": "mm", "毫米": "mm", "m": "m", "米": "m", "in": "in",
}  # fmt: skip


class Header(Struct, frozen=True):
    """A recognised header. `columns`: field -> column index; `surcharges`: (index, code).

    `unsure` are columns that look like fees but have no known name, as (index, code). `units`:
    field -> unit that the header states. `rows` is 2 where a group row stands above the names.
    """

    names: tuple[str, ...]
    columns: Mapping[str, int]
    surcharges: tuple[tuple[int, str], ...] = ()
    unsure: tuple[tuple[int, str], ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    index: int = 0
    rows: int = 1
    twice: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether a waybill number and some amount of money were found."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """The required fields that no column has."""
        money = {"amount", "freight", "first_weight_price"} & self.columns.keys()
        known = {"waybill" if "waybill" in self.columns else "", "amount" if money else ""}
        return tuple(name for name in REQUIRED_WORDS if name not in known)


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """A header as it is compared: NFKC, no spaces, lower case, `("*` and units off."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(c for c in plain if unicodedata.category(c) not in {"Cf", "Cc", "Zs"})
    return plain.casefold().strip("*:'\"=#.-_").replace("_", "").replace("-", "")


@lru_cache(maxsize=8192)
def _bare(text: str) -> str:
    """Without what stands in brackets, and without a unit tacked on (`结算重量kg`)."""
    plain = _UNIT.sub("", text)
    plain = re.sub(r"(?<=[a-z])minor(?:units?)?$", "", plain)
    unit = re.search(r"(?:kg|g|cm|元)$", plain)
    if unit and "一" <= plain[unit.start() - 1 : unit.start()] <= "鿿":
        plain = plain[: unit.start()]
    return plain.strip("*:")


def counts_minor_units(text: str) -> bool | None:
    """Whether a column of money is in minor units (`amount_minor`, `金额(分)`).

    False where it says that it is not, None where it says nothing.
    """
    name = folded(text)
    return True if _MINOR.search(name) else False if _MAJOR.search(name) else None


@lru_cache(maxsize=1)
def _words() -> tuple[Mapping[str, tuple[str, int]], tuple[str, ...]]:
    """word -> (field, rank), and all words, the longest first."""
    found: dict[str, tuple[str, int]] = {}
    for name, words in FIELDS.items():
        for rank, word in enumerate(words):
            found.setdefault(word, (name, rank))
    return found, tuple(sorted(found, key=len, reverse=True))


@lru_cache(maxsize=8192)
def meaning(text: str) -> tuple[str, int] | None:
    """(field, rank) of a header; a smaller rank is a better word. None where it is not known.

    An exact word is better than one with a note behind it: the latter's rank starts at 1000.
    """
    name = folded(text)
    if not name:
        return None
    words, longest_first = _words()
    bare = _bare(name)
    for form in (name, bare):
        if form in words:
            return words[form]
    if surcharge(text):
        return None
    for word in longest_first:
        if len(word) > 1 and bare.startswith(word) and word not in ONLY_WHOLE:
            found, rank = words[word]
            if _is_another_thing(found, bare[len(word) :]):
                return None
            return found, 1000 + rank
    return None


def _is_another_thing(name: str, rest: str) -> bool:
    """Whether a header means something else than the field whose word it begins with."""
    endings = (*UNREAD_ENDINGS[""], *UNREAD_ENDINGS.get(name, ()))
    # `Tax ID` is no tax, `Amount Paid` is an amount.
    return rest == "id" or rest.startswith(UNREAD_SUFFIXES) or rest.endswith(endings)


@lru_cache(maxsize=8192)
def surcharge(text: str) -> str:
    """The charge code of a column of surcharges, "" where the header names none that is known."""
    name = folded(text)
    for form in (name, _bare(name)):
        if form in _words()[0]:
            return ""
    # As it is written first: `Fuel Amt` is known with its space.
    written = _UNIT.sub("", text).strip()
    codes = (surcharge_codes.word_of(written), surcharge_codes.word_of(_bare(name)))
    code = next((one for one in codes if surcharge_codes.is_known(one)), "")
    if code in ("", FREIGHT, TOTAL, "discount", "tax"):
        return ""
    return code


def read(cells: Sequence[object]) -> Header:
    """One row, read as a header."""
    names = tuple(_text(cell) for cell in cells)
    claims: dict[str, list[tuple[int, int]]] = {}
    surcharges, unsure = [], []
    units: dict[int, str] = {}
    for index, name in enumerate(names):
        if not name or len(name) > 120:
            continue
        units[index] = unit_of(name)
        found = meaning(name)
        if found is not None:
            claims.setdefault(found[0], []).append((found[1], index))
        elif code := surcharge(name):
            surcharges.append((index, code))
        elif _FEE.search(_bare(folded(name))):
            unsure.append((index, surcharge_codes.code_of(_bare(folded(name)))))
    _apart_from_sums(claims)
    block = _block(names, claims)
    columns: dict[str, int] = {}
    twice = []
    for field_name, found_at in claims.items():
        inside = [one for one in found_at if one[1] in block] or found_at
        best = min(inside)
        columns[field_name] = best[1]
        same = tuple(index for rank, index in inside if rank == best[0])
        if len(same) > 1:
            twice.append((field_name, same))
    if "waybill" not in columns:
        # 母单号 beside 子单号: the piece is the parcel, and a row without one is its parent's own.
        for other in ("parent", "child"):
            if other in columns:
                columns["waybill"] = columns.pop(other)
                break
    return Header(
        names=names,
        columns=columns,
        surcharges=tuple((i, code) for i, code in surcharges if i in block),
        unsure=tuple((i, code) for i, code in unsure if i in block),
        units={name: units[i] for name, i in columns.items() if units.get(i)},
        twice=tuple(twice),
    )


def _apart_from_sums(claims: dict[str, list[tuple[int, int]]]) -> None:
    """A postage (优惠后资费) beside a column that sums it up with the rest is the freight."""
    amounts = claims.get("amount", [])
    words = FIELDS["amount"]
    postage = [one for one in amounts if words[one[0] % 1000] in POSTAGE]
    if postage and len(postage) < len(amounts) and "freight" not in claims:
        claims["amount"] = [one for one in amounts if one not in postage]
        claims["freight"] = postage


def _block(names: Sequence[str], claims: Mapping[str, list[tuple[int, int]]]) -> range:
    """The columns of the table that holds the waybill number: a pivot table may stand beside it."""
    waybills = claims.get("waybill") or claims.get("child") or claims.get("parent")
    if not waybills:
        return range(len(names))
    at = min(waybills)[1]
    start = end = at
    while start > 0 and names[start - 1]:
        start -= 1
    while end + 1 < len(names) and names[end + 1]:
        end += 1
    has_money = any(
        start <= index <= end
        for name in ("amount", "freight", "first_weight_price")
        for _, index in claims.get(name, ())
    )
    return range(start, end + 1) if has_money else range(len(names))


def find(rows: Sequence[Sequence[object]]) -> Header | None:
    """The header among the first rows of a sheet; the best incomplete one, or None.

    Two-line headers are tried at every place: a group above (`重量`), the field below (`计费`).
    """
    best: Header | None = None
    for index, cells in enumerate(rows[:SEARCHED_ROWS]):
        header = read(cells)
        below = rows[index + 1] if index + 1 < len(rows) else ()
        if _is_text(below) and sum(1 for cell in cells if _text(cell)) > 1:
            joined = _joined(cells, below)
            if len(joined.columns) + len(joined.surcharges) > len(header.columns) + len(
                header.surcharges
            ) and len(joined.columns) > len(read(below).columns):
                header = joined
            elif _is_better(read(below), header):
                continue  # a row of groups, whose words (`运单信息`) begin like names of columns
        placed = Header(
            header.names, header.columns, header.surcharges, header.unsure, header.units, index,
            header.rows, header.twice,
        )  # fmt: skip
        if placed.complete:
            return placed
        if best is None or len(placed.columns) > len(best.columns):
            best = placed
    return best if best is not None and best.columns else None


def _is_better(below: Header, header: Header) -> bool:
    """Whether the row below is a header by itself, and names more."""
    named = len(below.columns) + len(below.surcharges)
    return below.complete and named > len(header.columns) + len(header.surcharges)


def _joined(groups: Sequence[object], fields: Sequence[object]) -> Header:
    names = []
    group = ""
    for index in range(max(len(groups), len(fields))):
        above = _text(groups[index]) if index < len(groups) else ""
        below = _text(fields[index]) if index < len(fields) else ""
        # A merged group has its text in its first column only.
        group = above or (group if below else "")
        names.append(_joined_name(group, below))
    header = read(names)
    return Header(
        header.names, header.columns, header.surcharges, header.unsure, header.units, 0, 2,
        header.twice,
    )  # fmt: skip


def _joined_name(group: str, below: str) -> str:
    if not below or not group or group == below:
        return below or group
    for name in (group + below, below + group):
        exact = meaning(name)
        if exact is not None and exact[1] < 1000:
            return name
    return below


def _is_text(cells: Sequence[object]) -> bool:
    """Whether a row may be the second line of a header: words, and no data."""
    texts = [_text(cell) for cell in cells]
    filled = [text for text in texts if text]
    return bool(filled) and not any(
        isinstance(cell, int | float) or re.search(r"\d{5}|^-?\d+(?:\.\d+)?$", text)
        for cell, text in zip(cells, texts, strict=True)
        if text
    )


def _text(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).replace("\ufeff", "").split())


def unit_of(name: str) -> str:
    """The unit that a header states (`重量(g)`), or ""."""
    plain = folded(name)
    for note in _UNIT.findall(plain):
        unit = note.rpartition(":")[2].strip()
        if unit in _UNITS:
            return _UNITS[unit]
    tail = re.search(r"(kg|g|cm|mm|克|千克|公斤|吨|lb|lbs)$", plain)
    if tail and re.search(r"[一-鿿]", plain):
        return _UNITS[tail[1]]
    return ""


def refusal(header: Header | None, rows: Sequence[Sequence[object]]) -> str:
    """Why no table was found: the columns seen and those missing, in words for a person."""
    if header is None:
        seen = next((r for r in rows if sum(1 for c in r if _text(c)) > 1), ())
        names: Iterable[str] = (_text(cell) for cell in seen)
        missing = tuple(REQUIRED_WORDS)
    else:
        names, missing = header.names, header.missing
    shown = [_shown(name) for name in names if name][:40]
    wanted = " and ".join(REQUIRED_WORDS[name] for name in missing)
    return (
        f"no table of parcels was found: there is no column with {wanted}. Columns seen: "
        f"{', '.join(shown) or 'none'}. Rename the column, or describe the layout in the settings"
    )


def _shown(name: str) -> str:
    """A header for a message; what looks like data (digits) may be somebody's and is left out."""
    return "..." if re.search(r"\d{6}", name) else name[:24]
