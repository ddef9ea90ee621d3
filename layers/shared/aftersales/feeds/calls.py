"""Calls to a platform with a quota: each is counted, and what is left is told before it is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftersales.clock import wall_now
from aftersales.findings import Finding, Severity
from aftersales.http import HttpReply, HttpRequest, Transport
from aftersales.platforms.quotas import (
    LEARN_FROM,
    LOOK_FROM,
    Quota,
    outlook,
    quota_of,
    quotas_of,
)
from aftersales.settings.model import Settings, Shop
from aftersales.tables import feeds

if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook

KIND = "shop_quota_low"
FAMILY = "quota"
"""Of this kind and of `shop_quota`, which is stronger: used up says it all."""
STEP_MINUTES = 30
"""To which the end of a quota is rounded, so that a case does not change with every look."""


class Counted:
    """`Transport` that counts each call for its account, before the call is made: a call whose
    answer never came has been counted by the platform, too."""

    def __init__(self, quota: Quota, transport: Transport, now: Callable[[], datetime]) -> None:
        self._quota = quota
        self._transport = transport
        self._now = now

    def __call__(self, request: HttpRequest) -> HttpReply:
        feeds.count_call(self._quota.account, self._quota.day(self._now()), wall_now())
        return self._transport(request)


def counted(
    settings: Settings, shop: Shop, transport: Transport, now: Callable[[], datetime]
) -> Transport:
    """The transport for the calls to a shop; `transport` itself where it has no quota."""
    quota = quota_of(settings, shop)
    return transport if quota is None else Counted(quota, transport, now)


def refused(settings: Settings, shop: Shop, now: datetime) -> None:
    """The platform said that the quota is used up: so many calls it was, as far as we count."""
    quota = quota_of(settings, shop)
    if quota is None:
        return
    day = quota.day(now)
    calls = feeds.calls_of({quota.account: day})[quota.account]
    if calls.made >= LEARN_FROM:
        feeds.save_granted(quota.account, calls.made, day)


def tell_of_quotas(settings: Settings, casebook: Casebook, now: datetime) -> None:
    """A case for each account whose calls will not do for today; closed once they do again."""
    quotas = quotas_of(settings)
    known = feeds.calls_of({quota.account: quota.day(now) for quota in quotas})
    for quota in quotas:
        calls = known[quota.account]
        if not quota.calls_per_day and calls.made > calls.granted > 0:
            # It got more than at the last refusal: what was learned then holds no more.
            feeds.save_granted(quota.account, 0, "")
            calls = replace(calls, granted=0)
        _tell(casebook, quota, calls, now)


def _tell(casebook: Casebook, quota: Quota, calls: feeds.Calls, now: datetime) -> None:
    shop = quota.shops[0]
    subject = f"shop:{shop.id}"
    limit = quota.calls_per_day or calls.granted
    seen = outlook(calls.made, limit, now, quota.time_zone) if limit else None
    if seen is None or seen.share < LOOK_FROM:
        casebook.resolve(subject, KIND, "enough_again", now)
        return
    if not seen.warn:
        return  # an open case stays for today: a slow hour gives no call back
    ends_at = _rounded(seen.ends_at) if seen.ends_at else None
    facts: dict[str, str | int | None] = {
        "shop_id": shop.id,
        "shop_name": ", ".join(one.name or one.id for one in quota.shops),
        "quota_percent": int(seen.share * 10) * 10,
        "quota_calls": limit,
        "quota_ends_at": ends_at.isoformat().replace("+00:00", "Z") if ends_at else None,
        "quota_guessed_on": None if quota.calls_per_day else calls.granted_on,
    }
    finding = Finding(KIND, subject, Severity.WARN, "", facts, ends_at, FAMILY, strength=1)
    casebook.open(finding, now)


def _rounded(at: datetime) -> datetime:
    """Down to the half hour: too early a warning does no harm."""
    return at.replace(minute=at.minute - at.minute % STEP_MINUTES, second=0, microsecond=0)
