"""What was shipped, from watched parcels: how each ended, and its row among the shipments. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from aftersales.parcels import Parcel
from aftersales.tracking import Reason, Status
from courier_reconciliation.model import Outcome
from courier_reconciliation.rates.card import folded_service
from courier_reconciliation.reading.places import place

NOT_MOVED = frozenset({Status.UNKNOWN, Status.INFO_RECEIVED})
GONE = frozenset({Reason.LOST, Reason.DESTROYED})
_PLAIN = {
    Status.DELIVERED: Outcome.DELIVERED,
    Status.RETURNED: Outcome.RETURNED,
    Status.CANCELLED: Outcome.CANCELLED,
    Status.EXPIRED: Outcome.UNKNOWN,
}


def outcome_of(parcel: Parcel, never_moved_days: float) -> Outcome:
    """How a parcel ended, by its tracking.

    Without a scan it never moved only where a tracking source was asked so many days after shipping
    and knew of none: a parcel that nobody could ask about may have gone its way.
    """
    damaged = parcel.reason is Reason.DAMAGED
    plain = _PLAIN.get(parcel.status)
    if plain is not None:
        return Outcome.DAMAGED if damaged and plain is Outcome.DELIVERED else plain
    if parcel.reason in GONE or damaged:
        return Outcome.DAMAGED if damaged else Outcome.LOST
    if parcel.status in NOT_MOVED and parcel.picked_up_at is None:
        return _unmoved(parcel, timedelta(days=never_moved_days))
    return Outcome.IN_TRANSIT


def _unmoved(parcel: Parcel, wait: timedelta) -> Outcome:
    if parcel.shipped_at is None or parcel.checked_at is None or not parcel.source:
        return Outcome.UNKNOWN
    if parcel.checked_at - parcel.shipped_at < wait:
        return Outcome.UNKNOWN
    return Outcome.CANCELLED if parcel.abandoned else Outcome.NEVER_MOVED


def day_of(parcel: Parcel, zone: tzinfo) -> date | None:
    """The day on which a parcel was handed over, in a zone; None where nobody said it."""
    at: datetime | None = parcel.shipped_at or parcel.picked_up_at or parcel.added_at
    return at.astimezone(zone).date() if at is not None else None


def rows_of(
    parcels: Iterable[Parcel], zone: tzinfo, never_moved_days: float
) -> Iterator[tuple[Any, ...]]:
    """Rows for the table of shipments (`engine.shipments.TABLE`)."""
    for parcel in parcels:
        day = day_of(parcel, zone)
        if day is None:
            continue
        sides = (parcel.length_mm or None, parcel.width_mm or None, parcel.height_mm or None)
        yield (
            *(parcel.waybill_number, parcel.courier, day, ",".join(parcel.order_ids)),
            *(parcel.weight_g or None, *sides),
            *(place(parcel.province)[0], parcel.city, folded_service(parcel.service)),
            *(parcel.declared_value_minor, parcel.cod_minor, max(parcel.parcel_count, 1)),
            *(outcome_of(parcel, never_moved_days).value, None),
        )


def months_around(first: date, last: date) -> list[str]:
    """The months of UTC in which parcels of a bill may have been shipped: handed over two weeks
    before its first day, and to some days after its last."""
    day, end = first - timedelta(days=16), last + timedelta(days=6)
    found = []
    while day <= end:
        found.append(f"{day:%Y-%m}")
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return found
