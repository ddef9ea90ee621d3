"""`parcels add`: what a person says about parcels, checked before any table is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from aftersales.errors import BadInput
from aftersales.parcels import Order, OrderStatus, Parcel, Shipment

if TYPE_CHECKING:
    from aftersales.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What was said; "" where nothing was. `shipped_at` is ISO text, None for now."""

    courier: str = ""
    shop: str = ""
    order: str = ""
    shipped_at: str | None = None
    phone_tail: str = ""
    province: str = ""
    city: str = ""


def check_wish(numbers: Sequence[str], wish: Wish) -> list[str]:
    """The numbers as they are stored, each once. Raises `BadInput` saying which word is wrong."""
    from aftersales.couriers.waybills import identify

    if wish.courier and not _courier(wish.courier):
        raise BadInput(f"{wish.courier!r} is no courier that we know", place="--courier")
    if wish.phone_tail and not (wish.phone_tail.isdecimal() and len(wish.phone_tail) == 4):
        raise BadInput("give the last four digits only", place="--phone-tail")
    _read_time(wish.shipped_at, "UTC")
    wanted = []
    for number in numbers:
        found = identify(number)
        if not found.valid:
            raise BadInput(
                "not a waybill number: its form or its check digit is wrong; copy it again",
                place=number,
            )
        wanted.append(found.normalised)
    return list(dict.fromkeys(wanted))


def watch_by_hand(numbers: Sequence[str], wish: Wish) -> list[tuple[Parcel, str]]:
    """Watch them; each with what became of the wish (`aftersales.watching.WatchOutcome`).

    A parcel is made as it is of an order in a file, so that courier, source, border and the
    platform's clock of automatic receipt are found in the same way.
    """
    from aftersales import watching
    from aftersales.clock import business_now
    from aftersales.tables import parcels, settings

    current, now = settings.load(), business_now()
    done = []
    for parcel in _parcels(numbers, wish, current, now):
        outcome = watching.watch(parcel, shards=current.tracking.shards, now=now)
        done.append((parcels.current(parcel.waybill_number) or parcel, outcome.value))
    return done


def _parcels(
    numbers: Sequence[str], wish: Wish, settings: Settings, now: datetime
) -> tuple[Parcel, ...]:
    from order_intake.rules import parcels_of

    zone = settings.shop(wish.shop).time_zone or settings.time_zone
    shipped_at = _read_time(wish.shipped_at, zone)
    courier = _courier(wish.courier)
    order = Order(
        shop_id=wish.shop,
        order_id=wish.order,
        status=OrderStatus.SHIPPED,
        shipped_at=shipped_at or now,
        phone_tail=wish.phone_tail,
        province=wish.province,
        city=wish.city,
        shipments=tuple(Shipment(number, courier) for number in numbers),
    )
    made = parcels_of(order, settings, now)
    return made if wish.order else tuple(replace(parcel, order_ids=()) for parcel in made)


def _courier(text: str) -> str:
    from aftersales.couriers.codes import from_text

    return from_text(text)


def _read_time(text: str | None, zone: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise BadInput(
            f"{text!r} is no time; write 2026-11-03 or '2026-11-03 10:20'", place="--shipped-at"
        ) from exc
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
