"""One window of a list that moves while it is read.

Facts: platforms reference, section 1.2. A row that changes leaves the window, and those behind it
move to the front: read forwards, some would be passed over; read from the last page to the first,
some are seen twice, which does no harm. Should rows be put in front instead (the count grows), the
window is read again.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from aftersales.couriers.reading import whole
from aftersales.errors import BadInput, Unreachable
from aftersales.platforms.base import Page, RejectedRow
from aftersales.platforms.taobao_call import TopCaller
from aftersales.platforms.taobao_reply import rows

T = TypeVar("T")

RECOUNTS = 3  # begun again so often; then the window is to be halved


class ListMethod(Struct, frozen=True):
    """A list method: where its rows stand, and how many it shows."""

    method: str
    plural: str
    singular: str
    page_size: int
    rows_limit: int = 0


class _Cursor(Struct, frozen=True):
    """Where the reading of a window stands: next page, rows counted last, how often begun again."""

    page: int = 1
    total: int = 0
    recounts: int = 0

    @staticmethod
    def read(cursor: str) -> _Cursor:
        found = re.fullmatch(r"(\d{1,6})\.(\d{1,9})\.(\d{1,3})", cursor, re.ASCII)
        return _Cursor(*map(int, found.groups())) if found else _Cursor()

    def __str__(self) -> str:
        return f"{self.page}.{self.total}.{self.recounts}"


def read_page(
    caller: TopCaller,
    feed: ListMethod,
    asked: Mapping[str, str],
    cursor: str,
    read: Callable[[Mapping[str, Any]], T],
) -> Page[T]:
    """One page of a window. The first call of several counts and brings no rows.

    `Page.window_full` where TOP shows no more than a part of the window, or gives it no count, or
    where rows keep coming. Raises what `TopCaller.call` raises.
    """
    at = _Cursor.read(cursor)
    paging = {"page_no": str(at.page), "page_size": str(feed.page_size), "use_has_next": "false"}
    told = caller.call(feed.method, {**asked, **paging})
    found = rows(told, feed.plural, feed.singular)
    total = whole(told.get("total_results"))
    if not found and total is None and "request_id" not in told:
        raise Unreachable(f"{feed.method}: no usable answer")
    counted = total or 0
    is_uncounted = total is None and len(found) >= feed.page_size
    is_cut_off = feed.rows_limit > 0 and counted >= feed.rows_limit
    has_grown = cursor != "" and counted > at.total
    if is_uncounted or is_cut_off or (has_grown and at.recounts >= RECOUNTS):
        return Page(window_full=True)
    last_page = math.ceil(counted / feed.page_size)
    if has_grown or (cursor == "" and last_page > 1):
        recounts = at.recounts + 1 if has_grown else 0
        return Page(cursor=str(_Cursor(last_page, counted, recounts)))
    items, rejected = _read_each(found, read, f"{feed.method} page {at.page}")
    before = _Cursor(at.page - 1, counted, at.recounts)
    return Page(items, str(before) if before.page else "", rejected)


def _read_each(
    found: list[dict[str, Any]], read: Callable[[Mapping[str, Any]], T], place: str
) -> tuple[tuple[T, ...], tuple[RejectedRow, ...]]:
    items, rejected = [], []
    for number, row in enumerate(found, start=1):
        try:
            items.append(read(row))
        except BadInput as exc:
            raw = json.dumps(row, ensure_ascii=False)
            rejected.append(RejectedRow(f"{place} row {number}", exc.reason, raw))
    return tuple(items), tuple(rejected)
