"""The calls that a platform grants an account for a day, and how long what is left of them will do.

No platform says how much of its quota is left (TOP answers with codes 4 to 6 once nothing is, see
the platforms reference, 1.7). So calls are counted, and held against what the settings say or,
where they say nothing, against the count at which the platform last refused. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from msgspec import Struct

from aftersales.calendar import zone_named
from aftersales.settings.model import Settings, Shop

SHARED_BY = {"taobao": "app_key", "tmall": "app_key"}
"""Platforms with a quota, and the secret that names the account it is counted for."""
LOOK_FROM = 0.5
"""Up to this share of the quota its use is nobody's business, however fast it was."""
WARN_FROM = 0.9
"""From this share on it is told even where the rest will do until midnight."""
LEARN_FROM = 200
"""A refusal after fewer calls says nothing about the quota of a day: others use the account too."""


class Quota(Struct, frozen=True):
    """An account whose calls are counted: its shops, by the settings' order, and the calls that
    the settings say it has (0: they do not)."""

    account: str
    shops: tuple[Shop, ...]
    calls_per_day: int
    time_zone: str

    def day(self, now: datetime) -> str:
        """The day on which a call counts: `2026-11-22`."""
        return f"{now.astimezone(zone_named(self.time_zone)):%Y-%m-%d}"


class Outlook(Struct, frozen=True):
    """How a day's quota is used: worth a warning? `ends_at` is when nothing is left at this pace,
    None where that is after midnight."""

    share: float
    warn: bool
    ends_at: datetime | None


def quotas_of(settings: Settings) -> list[Quota]:
    """The accounts of all connected shops that have a quota."""
    together: dict[str, list[Shop]] = {}
    for shop in settings.shops:
        account = _account(shop)
        if shop.secrets and account:
            together.setdefault(account, []).append(shop)
    return [_quota(settings, account, shops) for account, shops in together.items()]


def quota_of(settings: Settings, shop: Shop) -> Quota | None:
    """The account that this shop's calls are counted for, None where they need no counting."""
    return next((quota for quota in quotas_of(settings) if shop in quota.shops), None)


def outlook(calls: int, limit: int, now: datetime, time_zone: str) -> Outlook:
    """Will `limit` calls do until midnight in `time_zone`, `calls` of them being made already?"""
    local = now.astimezone(zone_named(time_zone))
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    gone = max(local.timestamp() - midnight.timestamp(), 1.0)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    share = calls / limit
    ends_at = None
    if calls:
        left_seconds = max(limit - calls, 0) * gone / calls
        if local.timestamp() + left_seconds < tomorrow.timestamp():
            ends_at = now + timedelta(seconds=left_seconds)
    warn = share >= WARN_FROM or (share >= LOOK_FROM and ends_at is not None)
    return Outlook(share, warn, ends_at)


def _account(shop: Shop) -> str:
    """What shops of one account have in common: the reference to its key, never the key."""
    secret = SHARED_BY.get(shop.platform)
    if secret and secret in shop.secrets:
        return f"{secret}:{shop.secrets[secret]}"
    return f"shop:{shop.id}" if shop.calls_per_day else ""


def _quota(settings: Settings, account: str, shops: Sequence[Shop]) -> Quota:
    said = [shop.calls_per_day for shop in shops if shop.calls_per_day]
    zone = shops[0].time_zone or settings.time_zone
    return Quota(account, tuple(shops), min(said, default=0), zone)
