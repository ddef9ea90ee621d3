"""How the connection to a shop is doing, and the cases about it, for the operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftersales.errors import AftersalesError, Misconfigured, OutsideFailure
from aftersales.feeds import calls
from aftersales.feeds.coverage import FeedResult, Outcome, judged
from aftersales.findings import Finding, Severity
from aftersales.platforms.base import Capability, Platform, RejectedRow
from aftersales.settings.model import Shop
from aftersales.tables import cases, feeds, quarantine

if TYPE_CHECKING:
    from order_intake.shop_desk import ShopDesk

TROUBLE = {
    Outcome.MISCONFIGURED: "shop_misconfigured",
    Outcome.REFUSED: "shop_misconfigured",
    Outcome.QUOTA: "shop_quota",
}
WORKS = frozenset({Outcome.CAUGHT_UP, Outcome.OUT_OF_TIME})
LOOK_EVERY = timedelta(hours=1)
"""How often a token's end and the shop's webhooks are looked at."""
TOKEN_WARN = timedelta(days=7)
TOKEN_CRITICAL = timedelta(days=1)
REJECTED_FOR = timedelta(days=1)
"""A case about rows that could not be read closes after so long without another one."""
QUARANTINE_LIMIT_ROWS = 200
EXAMPLES = 3

Facts = dict[str, str | int | None]


def health_of(shop: Shop) -> str:
    """The name under which a shop's health is kept."""
    return f"shop:{shop.id}"


def feeds_read(desk: ShopDesk, shop: Shop, results: Sequence[FeedResult], now: datetime) -> None:
    """Open the cases that these runs give reason for; close them when all feeds work again."""
    health = feeds.health(health_of(shop))
    kept = health.cases
    for result in results:
        kind = TROUBLE.get(result.outcome)
        if kind is not None and result.error is not None and kind not in kept:
            name = result.feed.rpartition("#")[2]
            if result.outcome is Outcome.QUOTA:
                calls.refused(desk.settings, shop, now)
            desk.casebook.open(_trouble(shop, kind, name, result.error), now)
            kept = (*kept, kind)
    if results and all(result.outcome in WORKS for result in results):
        kept = _closed(desk, shop, kept, set(TROUBLE.values()), now)
    if kept != health.cases:
        feeds.save_health(health_of(shop), replace(health, cases=kept))


def shop_failed(desk: ShopDesk, shop: Shop, error: AftersalesError, now: datetime) -> None:
    """The shop gave no usable answer to something else than a feed."""
    outcome, _ = judged(error)
    feeds_read(desk, shop, [FeedResult(feed="", outcome=outcome, error=error)], now)


def look_now_and_then(desk: ShopDesk, shop: Shop, platform: Platform, now: datetime) -> bool:
    """Once an hour: does the token end soon, did the shop switch off its webhooks, were there
    refused rows? True where it was looked."""
    health = feeds.health(health_of(shop))
    if health.last_answer_at is not None and now - health.last_answer_at < LOOK_EVERY:
        return False
    kept = _token(desk, shop, platform, health.cases, now)
    kept = _webhooks(desk, shop, platform, kept, now)
    for feed in ("orders", "refunds", "pushes"):
        _rejected_long_ago(desk, feeds.shop_feed(shop.id, feed), now)
    feeds.save_health(health_of(shop), replace(health, cases=kept, last_answer_at=now))
    return True


def rows_rejected(
    desk: ShopDesk, shop: Shop, name: str, rejected: Sequence[RejectedRow], now: datetime
) -> None:
    """Quarantine for the rows, one case for the feed they came in."""
    feed = feeds.shop_feed(shop.id, name)
    for row in rejected[:QUARANTINE_LIMIT_ROWS]:
        quarantine.put(feed, row.place, row.reason, row.raw, now)
    examples = "; ".join(f"{row.place}: {row.reason}" for row in rejected[:EXAMPLES])
    facts: Facts = {"feed": f"{_called(shop)} {name}", "count": len(rejected), "examples": examples}
    desk.casebook.open(Finding("rows_rejected", f"feed:{feed}", Severity.WARN, "", facts), now)


def _trouble(shop: Shop, kind: str, name: str, error: AftersalesError) -> Finding:
    facts: Facts = {
        **_named(shop),
        "feed": f"{_called(shop)} {name}" if name else None,
        "code": getattr(error, "code", "") or None,
        "message": str(error)[:160],
    }
    family = calls.FAMILY if kind == TROUBLE[Outcome.QUOTA] else ""
    subject = f"shop:{shop.id}"
    return Finding(kind, subject, Severity.CRITICAL, "", facts, family=family, strength=2)


def _token(
    desk: ShopDesk, shop: Shop, platform: Platform, kept: tuple[str, ...], now: datetime
) -> tuple[str, ...]:
    if Capability.TOKEN_EXPIRES not in platform.capabilities:
        return kept
    kind = "shop_token_expiring"
    ends = platform.token_expires_at()
    if ends is None or ends - now > TOKEN_WARN:
        return _closed(desk, shop, kept, {kind}, now)
    severity = Severity.CRITICAL if ends - now <= TOKEN_CRITICAL else Severity.WARN
    facts: Facts = {**_named(shop), "expires_at": ends.isoformat().replace("+00:00", "Z")}
    desk.casebook.open(Finding(kind, f"shop:{shop.id}", severity, "", facts, ends), now)
    return kept if kind in kept else (*kept, kind)


def _webhooks(
    desk: ShopDesk, shop: Shop, platform: Platform, kept: tuple[str, ...], now: datetime
) -> tuple[str, ...]:
    ask: Callable[[], Sequence[str]] | None = getattr(platform, "disabled_webhooks", None)
    if ask is None or Capability.WEBHOOKS not in platform.capabilities:
        return kept
    kind = "webhook_off"
    try:
        off = list(ask())
    except (OutsideFailure, Misconfigured):
        return kept  # not known now; what the feeds say of the shop is enough
    if not off:
        return _closed(desk, shop, kept, {kind}, now)
    facts: Facts = {**_named(shop), "examples": "; ".join(off[:EXAMPLES])}
    desk.casebook.open(Finding(kind, f"shop:{shop.id}", Severity.WARN, "", facts), now)
    return kept if kind in kept else (*kept, kind)


def _rejected_long_ago(desk: ShopDesk, feed: str, now: datetime) -> None:
    case = cases.get(f"feed:{feed}", "rows_rejected")
    if case is not None and case.is_open and now - case.updated_at >= REJECTED_FOR:
        desk.casebook.resolve(case.subject, case.kind, "none_for_a_day", now)


def _closed(
    desk: ShopDesk, shop: Shop, kept: tuple[str, ...], kinds: set[str], now: datetime
) -> tuple[str, ...]:
    for kind in kept:
        if kind in kinds:
            desk.casebook.resolve(f"shop:{shop.id}", kind, "works_again", now)
    return tuple(kind for kind in kept if kind not in kinds)


def _named(shop: Shop) -> Facts:
    return {"shop_id": shop.id, "shop_name": shop.name or None}


def _called(shop: Shop) -> str:
    return shop.name or shop.id
