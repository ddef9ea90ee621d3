"""Whose export is this? Columns are recognised by their names, never by file name or position.

A header is compared in folded form (NFKC, no spaces, no byte order mark, lower case). What the
columns of each export mean stands in `export_layouts.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from msgspec import Struct

from aftersales.platforms.export_layouts import (
    FIRST_FILLED,
    LAYOUTS,
    PLAIN,
    SYNONYMS,
    UNREAD,
    Layout,
)

_WORD = {
    "order_id": "an order number (订单编号)",
    "waybill_number": "a waybill number (快递单号)",
    "status": "an order status (订单状态)",
}


class Header(Struct, frozen=True):
    """A recognised header row. `columns`: field -> column indexes, in the order they are tried.

    `parcels`: pairs of columns (waybill number, courier or None), one per numbered parcel.
    `names`: the headers as they stand in the file.
    """

    layout: Layout
    names: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]
    parcels: tuple[tuple[int, int | None], ...]
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> int | None:
        """The first column of a field, or None."""
        found = self.columns.get(name)
        return found[0] if found else None


class NotRecognised(Struct, frozen=True):
    """Why a row is no usable header: how many of its names are known, and what is missing."""

    known: int
    reason: str


def folded(header: object) -> str:
    """A header in the form in which headers are compared; "" for a cell that is no text."""
    if not isinstance(header, str):
        return ""
    text = unicodedata.normalize("NFKC", header)
    return re.sub(r"[\s\ufeff\u200b-\u200d\u2060]+", "", text).strip("*:'\"=").casefold()


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    return {name: tuple(folded(h) for h in headers) for name, headers in SYNONYMS.items()}


@cache
def _known() -> frozenset[str]:
    tell_tales = {folded(header) for layout in LAYOUTS for header in layout.tell_tale}
    return frozenset({h for headers in _synonyms().values() for h in headers} | tell_tales)


def known_count(cells: Iterable[object]) -> int:
    """How many different known headers stand in a row."""
    return len({name for cell in cells if (name := folded(cell)) in _known()})


def recognise(cells: Sequence[object]) -> Header | NotRecognised:
    """Read a row as a header row."""
    names = tuple(str(cell).strip().strip("\ufeff") if cell is not None else "" for cell in cells)
    at = _positions(cells)
    known = sum(1 for header in at if header in _known())
    layout = next((one for one in LAYOUTS if all(folded(t) in at for t in one.tell_tale)), PLAIN)
    columns = _columns(layout, at)
    parcels = _parcel_columns(at)
    useful = parcels or "status" in columns or layout.all_unshipped
    if "order_id" in columns and (useful or layout.after_sales or "refund_status" in columns):
        return Header(layout, names, columns, parcels, _near_misses(columns, at, cells))
    missing = [] if "order_id" in columns else [_WORD["order_id"]]
    if not useful:
        missing.append(f"{_WORD['waybill_number']} or {_WORD['status']}")
    return NotRecognised(known, _refusal(layout, missing, at, names, columns))


def _positions(cells: Sequence[object]) -> dict[str, int]:
    at: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = folded(cell)
        if name:
            at.setdefault(name, index)
    # `快递单号(如为西北订单,仅展示一段)`: a note in brackets behind a known name
    for name, index in list(at.items()):
        bare = re.sub(r"\(.*\)$", "", name)
        if name not in _known() and bare:
            at.setdefault(bare, index)
    return at


def _columns(layout: Layout, at: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    columns = {}
    own = {name: tuple(map(folded, headers)) for name, headers in layout.columns.items()}
    for name, headers in {**_synonyms(), **own}.items():
        hits = tuple(dict.fromkeys(at[header] for header in headers if header in at))
        if hits and name not in UNREAD:
            columns[name] = hits if name in FIRST_FILLED else hits[:1]
    return columns


def _parcel_columns(at: Mapping[str, int]) -> tuple[tuple[int, int | None], ...]:
    """Where parcels stand: 物流单号 alone, or 物流方式1, 物流单号1 ... as some ERPs write."""
    pairs = []
    synonyms = _synonyms()
    for number in ("", *map(str, range(1, 10))):
        waybill, courier = (
            next((at[header + number] for header in synonyms[name] if header + number in at), None)
            for name in ("waybill_number", "courier_name")
        )
        if waybill is not None:
            pairs.append((waybill, courier))
    return tuple(pairs)


def _near_misses(
    columns: Mapping[str, tuple[int, ...]], at: Mapping[str, int], cells: Sequence[object]
) -> tuple[str, ...]:
    """Missing fields of which a column has nearly the name: one wrong character hides it."""
    notes = []
    strangers = [name for name in at if name not in _known()]
    for name in ("waybill_number", "courier_name", "status", "refund_status", "shipped_at"):
        if name in columns:
            continue
        for stranger in strangers:
            close = _nearest(stranger, _synonyms()[name], 0.75)
            if close:
                seen = str(cells[at[stranger]]).strip()
                notes.append(f"column {seen} is not known and was not read; is it {close[0]}?")
    return tuple(notes)


def _refusal(
    layout: Layout,
    missing: Sequence[str],
    at: Mapping[str, int],
    names: Sequence[str],
    columns: Mapping[str, tuple[int, ...]],
) -> str:
    if "order_id" in columns and at.keys() & {"评价内容", "评论内容", "评价类型"}:
        return "this is an export of reviews, it holds no orders and no parcels"
    if any(re.search(r"\d{6}|\*\*", name) for name in names):
        # Not a header but somebody's order: its cells are not repeated in an error.
        return (
            "no row with column names was found, the first rows look like data; keep the line that"
            " names order number (订单编号) and waybill number (快递单号) or status (订单状态)"
        )
    kind = "" if layout is PLAIN else f"looks like {layout.name}, but "
    text = f"{kind}the column for {' and for '.join(missing)} is missing"
    fields = [name for name in ("order_id", "waybill_number", "status") if name not in columns]
    candidates = [header for name in fields for header in SYNONYMS[name]]
    for stranger in (name for name in names if folded(name) not in _known() and name):
        close = _nearest(stranger, candidates, 0.6)
        if close:
            text += f"; is {stranger[:20]} meant to be {close[0]}?"
            break
    seen = ", ".join(name[:20] for name in names if name)
    return f"{text}. Columns seen: {seen[:400] or 'none'}"


def _nearest(name: str, candidates: Iterable[str], alike: float) -> list[str]:
    """The candidate that is most like a name, if one is so much alike (0 to 1)."""
    from difflib import get_close_matches

    return get_close_matches(name, candidates, n=1, cutoff=alike)
