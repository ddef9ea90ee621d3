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
from aftersales.findings import Finding, Severity
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

UNKNOWN = (
    "the platform was asked, its answer is unknown; look at the order before extending it by hand"
)


def being_asked(desk: Desk, parcel: Parcel, finding: Finding) -> Finding:
    """`finding` as agents are told of it while the platform is asked; as it is where it is not."""
    days = desk.settings.shop(parcel.shop_id).extend_receipt_days
    try:
        platform = desk.platform(parcel.shop_id)
    except AftersalesError:
        return finding  # `extended` says why
    can = platform is not None and Capability.EXTEND_RECEIPT in platform.capabilities
    if not (can and days and parcel.order_ids):
        return finding
    facts = {**finding.facts, "extend_days": days}
    return replace(finding, severity=Severity.WARN, facts=facts)


def in_vain(finding: Finding, answer: str) -> Finding:
    """`finding` where the platform was asked and did not plainly agree; `answer` says what came."""
    # Of a sentence for the history, a message has room for the platform's own words.
    _, said, words = answer.partition("(")
    told = words.removesuffix(")") if said else answer
    return replace(finding, facts={**finding.facts, "message": told})


def extended(desk: Desk, parcel: Parcel, now: datetime) -> tuple[Parcel, str]:
    """The parcel with its receipt time moved, where the platform agreed for all its orders; else
    the parcel as it is, and what the platform answered.

    Does nothing for shops whose settings do not ask for it. The parcel's case must be open. Raises
    `Conflict` while another run is asking.
    """
    days = desk.settings.shop(parcel.shop_id).extend_receipt_days
    deadline = parcel.auto_confirm_at
    if not days or deadline is None or not parcel.order_ids:
        return parcel, ""

    def note(what: str) -> None:
        desk.casebook.note(f"parcel:{parcel.parcel_id}", KIND, what, now)

    try:
        platform = desk.platform(parcel.shop_id)
    except AftersalesError as exc:
        note(f"receipt time not extended: {exc}")
        return parcel, ""
    if platform is None or Capability.EXTEND_RECEIPT not in platform.capabilities:
        return parcel, ""
    asking = [
        _asked_once(desk, platform, (parcel.shop_id, order_id), days, deadline, note)
        for order_id in parcel.order_ids
    ]
    refusals = [answer for answer in asking if not answer.accepted]
    if refusals:
        return parcel, "; ".join(_words(answer) for answer in refusals)
    until = deadline + timedelta(days=days)
    return replace(parcel, auto_confirm_at=until, extended_until=until), ""


def _asked_once(  # noqa: PLR0917 - one place calls it
    desk: Desk,
    platform: Platform,
    order: tuple[str, str],
    days: int,
    deadline: datetime,
    note: Callable[[str], None],
) -> Asked:
    """What the platform answered, now or when it was asked before."""
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
    note(_words(answer) if answer.words else f"order {order_id}: {UNKNOWN}")
    return answer


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


def _words(answer: Asked) -> str:
    return answer.words or UNKNOWN


def _said(answer: WriteAnswer) -> str:
    return answer.message or answer.code or "no reason given"
