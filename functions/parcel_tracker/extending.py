"""Asking a shop's platform to confirm receipt later, once for an order and its receipt time.

Claim, act, record: the question is claimed under the order's number, asked, and its answer written
down; each step stands in the case's history. A run that dies in between has asked: nobody asks
again by itself, for each call adds days. Whatever is not a plain yes leaves the case to an agent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from aftersales.errors import AftersalesError, Conflict, Throttled, TryLater
from aftersales.parcels import Parcel
from aftersales.platforms.base import Capability, Platform, WriteAnswer
from aftersales.tables import extensions
from aftersales.tables.extensions import Asked
from parcel_tracker.desk import Desk

KIND = "receipt_auto_confirm"
UNDER_WAY = timedelta(minutes=5)
"""An answer that is not known after this time will not come: no function runs longer."""
PAUSE = timedelta(minutes=10)
"""A platform that fails is not asked by this process for so long: a sweep must not wait for each of
its orders in turn."""


def extended(desk: Desk, parcel: Parcel, now: datetime) -> Parcel:
    """The parcel with its receipt time moved, where the platform agreed for all its orders.

    Does nothing for shops whose settings do not ask for it. The parcel's case must be open. Raises
    `Conflict` while another run is asking.
    """
    days = desk.settings.shop(parcel.shop_id).extend_receipt_days
    deadline = parcel.auto_confirm_at
    if not days or deadline is None or not parcel.order_ids:
        return parcel

    def note(what: str) -> None:
        desk.casebook.note(f"parcel:{parcel.parcel_id}", KIND, what, now)

    try:
        platform = desk.platform(parcel.shop_id)
    except AftersalesError as exc:
        note(f"receipt time not extended: {exc}")
        return parcel
    if platform is None or Capability.EXTEND_RECEIPT not in platform.capabilities:
        return parcel
    asking = [
        _asked_once(desk, platform, (parcel.shop_id, order_id), days, deadline, note)
        for order_id in parcel.order_ids
    ]
    if not all(asking):
        return parcel
    until = deadline + timedelta(days=days)
    return replace(parcel, auto_confirm_at=until, extended_until=until)


def _asked_once(  # noqa: PLR0917 - one place calls it
    desk: Desk,
    platform: Platform,
    order: tuple[str, str],
    days: int,
    deadline: datetime,
    note: Callable[[str], None],
) -> bool:
    """Did the platform agree, now or when it was asked before?"""
    shop_id, order_id = order
    wall = desk.wall_now()
    if extensions.claim(shop_id, order_id, deadline, wall):
        note(f"order {order_id}: asking the platform for {days} more days")
        answer = _ask(desk, platform, order, days, wall)
        extensions.record(shop_id, order_id, answer)
    else:
        known = extensions.find(shop_id, order_id)
        if known is not None and not known.words and wall - known.asked_at < UNDER_WAY:
            raise Conflict(f"another run is asking about order {order_id}")
        answer = known or Asked(wall)
    note(
        answer.words
        or f"order {order_id}: the platform was asked, its answer is unknown; look at the order "
        "before extending it by hand"
    )
    return answer.accepted


def _ask(
    desk: Desk, platform: Platform, order: tuple[str, str], days: int, wall: datetime
) -> Asked:
    shop_id, order_id = order
    if desk.left_alone.get(shop_id, wall) > wall:
        return Asked(wall, words=f"order {order_id}: not asked, the platform failed just before")
    try:
        answer = platform.extend_receipt(order_id, days)
    except AftersalesError as exc:
        desk.left_alone[shop_id] = wall + PAUSE
        # Told off before anything was done; any other failure may hide that it was.
        ambiguous = isinstance(exc, TryLater) and not isinstance(exc, Throttled)
        if ambiguous:
            what = "no clear answer, it may have been extended; look at it before doing it by hand"
        else:
            what = "not extended"
        return Asked(wall, words=f"order {order_id}: {what} ({exc})")
    if answer.accepted:
        return Asked(wall, True, f"order {order_id}: the platform extended it by {days} days")
    return Asked(wall, words=f"order {order_id}: the platform refused ({_said(answer)})")


def _said(answer: WriteAnswer) -> str:
    return answer.message or answer.code or "no reason given"
