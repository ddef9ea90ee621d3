"""Which parcels are to be asked about now. Pure, and nothing about it is stored with a parcel.

Every parcel has moments of its own, `offset + k * interval`, spread over time by a stable hash of
its id; the interval depends on what the parcel is doing and on how old it is. A sweep asks about
the parcels that have a moment between its watermark and now: however late a run is, every parcel
is asked about once, and none is forgotten.

All intervals are BASE times a power of two and share one offset, so the moments of a longer
interval are among those of a shorter one: when a parcel changes pace, two moments still lie at
least the shorter interval apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from aftersales.parcels import Parcel
from aftersales.tables.feeds import AskedWindow
from aftersales.tracking import TERMINAL, Status, Watch

BASE = timedelta(hours=1)
LONGEST = 16 * BASE

INTERVALS = {
    Status.OUT_FOR_DELIVERY: BASE,
    Status.DELIVERY_FAILED: 2 * BASE,
    Status.AVAILABLE_FOR_PICKUP: 4 * BASE,
    Status.EXCEPTION: 4 * BASE,
    Status.IN_TRANSIT: 4 * BASE,
    Status.PICKED_UP: 4 * BASE,
    Status.UNKNOWN: 4 * BASE,
    Status.INFO_RECEIVED: 4 * BASE,
    Status.CUSTOMS: 8 * BASE,
    Status.RETURNING: 8 * BASE,
    Status.EXPIRED: LONGEST,
}
"""How often a parcel is asked about (the couriers reference suggests 2-6 h under way, 1 h out for
delivery). The source may charge for each question."""

OLD = timedelta(days=12)
"""From this age on a parcel is asked about half as often: it has its case by then."""

NET = LONGEST
"""How often a parcel is asked about that the source pushes to us: the net under lost pushes."""

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def interval_of(parcel: Parcel, now: datetime) -> timedelta:
    """How often to ask about a parcel."""
    if parcel.watch is Watch.PUSH:
        return NET
    interval = INTERVALS.get(parcel.status, LONGEST)
    started = parcel.shipped_at or parcel.added_at
    if started is not None and now - started > OLD:
        interval = min(interval * 2, LONGEST)
    return interval


def offset_of(parcel_id: str) -> timedelta:
    """A parcel's own place in the longest interval."""
    number = int.from_bytes(hashlib.md5(parcel_id.encode(), usedforsecurity=False).digest()[:4])
    return timedelta(seconds=number % int(LONGEST.total_seconds()))


def has_moment(parcel: Parcel, start: datetime, end: datetime) -> bool:
    """Does one of the parcel's moments lie in (start, end]?"""
    interval = interval_of(parcel, end)
    zero = EPOCH + offset_of(parcel.parcel_id)
    return (end - zero) // interval > (start - zero) // interval


def was_asked(
    parcel: Parcel, windows: Iterable[AskedWindow], now: datetime, lock: timedelta
) -> bool:
    """Was the parcel asked about less than `lock` ago, by what the recent sweeps covered?"""
    if parcel.checked_at is not None and now - parcel.checked_at < lock:
        return True
    return any(
        now - window.asked_at < lock and is_in(parcel, window.start, window.end)
        for window in windows
    )


def is_in(parcel: Parcel, start: datetime, end: datetime) -> bool:
    """Does a sweep over (start, end] take this parcel? New ones once, then at their moments."""
    if parcel.added_at is not None and start < parcel.added_at <= end:
        return True
    return has_moment(parcel, start, end)


def may_be_asked(parcel: Parcel) -> bool:
    """Is there any point in asking? Not about ended parcels, nor numbers the source refuses."""
    return (
        parcel.status not in TERMINAL and not parcel.abandoned and parcel.watch is not Watch.REFUSED
    )
