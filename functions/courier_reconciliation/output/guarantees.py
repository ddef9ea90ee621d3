"""Late parcels of services that are guaranteed: a list for refunds, apart from the claims. Pure.

Which services still carry a guarantee is data of the courier bills reference (section 4), and a
setting: many contracts waive it, and weather, customs and peak days are excluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from courier_reconciliation.output.windows import ClaimType, FilingWindow, window_for
from courier_reconciliation.rates.card import folded_service

GUARANTEED: Mapping[str, tuple[str, ...]] = {
    "fedex": (
        *("First Overnight", "FedEx First Overnight", "Priority Overnight"),
        *("FedEx Priority Overnight", "Standard Overnight", "FedEx Standard Overnight"),
        *("2Day AM", "2Day A.M.", "FedEx 2Day AM", "FedEx 2Day A.M."),
    ),
    "ups": (
        *("Next Day Air", "UPS Next Day Air", "Next Day Air Early", "UPS Next Day Air Early"),
        *("Next Day Air Saver", "UPS Next Day Air Saver"),
        *("2nd Day Air A.M.", "2nd Day Air AM", "UPS 2nd Day Air A.M.", "UPS 2nd Day Air AM"),
    ),
}


class Delivered(Struct, frozen=True):
    """A shipment with its times as ISO texts, and what was billed for it and is not claimed yet."""

    courier: str
    waybill_number: str
    order_id: str
    service: str
    promised_at: str
    delivered_at: str
    left_minor: int
    currency: str


class Late(Struct, frozen=True):
    """A guaranteed parcel that came late; a minute is enough."""

    shipment: Delivered
    late_minutes: int
    file_by: date | None


def late_deliveries(
    shipments: Iterable[Delivered],
    *,
    guaranteed: Mapping[str, tuple[str, ...]] = GUARANTEED,
    windows: tuple[FilingWindow, ...] = (),
) -> tuple[Late, ...]:
    """The late ones with money left to be refunded, in the order given.

    A time that cannot be read, or of which only one has a time zone, proves nothing.
    """
    services = {
        courier: {folded_service(name) for name in names} for courier, names in guaranteed.items()
    }
    found = []
    for one in shipments:
        if one.left_minor <= 0:
            continue
        if folded_service(one.service) not in services.get(one.courier, ()):
            continue
        delivered, promised = _time(one.delivered_at), _time(one.promised_at)
        if delivered is None or promised is None or _is_aware(delivered) != _is_aware(promised):
            continue
        late = delivered - promised
        if late < timedelta(minutes=1):
            continue
        window = window_for(one.courier, ClaimType.LATE, *([windows] if windows else []))
        found.append(Late(one, int(late.total_seconds() // 60), window.ends(delivered.date())))
    return tuple(found)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _is_aware(time: datetime) -> bool:
    return time.tzinfo is not None
