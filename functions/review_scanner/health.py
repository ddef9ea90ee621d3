"""How the reading of a shop's reviews is doing, and the cases about it, for the operators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from aftersales.errors import AftersalesError
from aftersales.feeds import calls
from aftersales.feeds.coverage import FeedResult, Outcome, judged
from aftersales.findings import Finding, Severity
from aftersales.platforms.base import RejectedRow
from aftersales.settings.model import Shop
from aftersales.tables import cases, feeds, quarantine
from review_scanner.desk import Desk

TROUBLE = {
    Outcome.MISCONFIGURED: "shop_misconfigured",
    Outcome.REFUSED: "shop_misconfigured",
    Outcome.QUOTA: "shop_quota",
}
WORKS = frozenset({Outcome.CAUGHT_UP, Outcome.OUT_OF_TIME})
REJECTED_FOR = timedelta(days=1)
"""A case about rows that could not be read closes after so long without another one."""
QUARANTINE_LIMIT_ROWS = 200
EXAMPLES = 3


def is_known(shop: Shop) -> bool:
    """Is a case open that says why the reviews of a shop are not read?"""
    return bool(feeds.health(_health(shop)).cases)


def feed_read(desk: Desk, shop: Shop, result: FeedResult, now: datetime) -> None:
    """Open the case that a run gives reason for; close it when reading works again."""
    health = feeds.health(_health(shop))
    kept = health.cases
    kind = TROUBLE.get(result.outcome)
    if kind is not None and result.error is not None and kind not in kept:
        if result.outcome is Outcome.QUOTA:
            calls.refused(desk.settings, shop, now)
        facts: dict[str, str | int | None] = {
            "shop_id": shop.id,
            "shop_name": shop.name or None,
            "feed": f"{shop.name or shop.id} reviews",
            "code": getattr(result.error, "code", "") or None,
            "message": str(result.error)[:160],
        }
        desk.casebook.open(Finding(kind, _subject(shop), Severity.CRITICAL, "", facts), now)
        kept = (*kept, kind)
    if result.outcome in WORKS:
        for each in kept:
            desk.casebook.resolve(_subject(shop), each, "works_again", now)
        kept = ()
        _rejected_long_ago(desk, feeds.shop_feed(shop.id, "reviews"), now)
    if kept != health.cases:
        feeds.save_health(_health(shop), replace(health, cases=kept))


def failed(desk: Desk, shop: Shop, error: AftersalesError, now: datetime) -> None:
    """The shop could not even be asked."""
    outcome, _ = judged(error)
    feed_read(desk, shop, FeedResult(feed="", outcome=outcome, error=error), now)


def rows_rejected(
    desk: Desk, shop: Shop, feed: str, rejected: Sequence[RejectedRow], now: datetime
) -> None:
    """Quarantine for the rows, one case for the feed they came in."""
    for row in rejected[:QUARANTINE_LIMIT_ROWS]:
        quarantine.put(feed, row.place, row.reason, row.raw, now)
    examples = "; ".join(f"{row.place}: {row.reason}" for row in rejected[:EXAMPLES])
    facts: dict[str, str | int | None] = {
        "feed": f"{shop.name or shop.id} reviews",
        "count": len(rejected),
        "examples": examples,
    }
    desk.casebook.open(Finding("rows_rejected", f"feed:{feed}", Severity.WARN, "", facts), now)


def _rejected_long_ago(desk: Desk, feed: str, now: datetime) -> None:
    case = cases.get(f"feed:{feed}", "rows_rejected")
    if case is not None and case.is_open and now - case.updated_at >= REJECTED_FOR:
        desk.casebook.resolve(case.subject, case.kind, "none_for_a_day", now)


def _health(shop: Shop) -> str:
    return f"reviews:{shop.id}"


def _subject(shop: Shop) -> str:
    # The intake closes cases of `shop:<id>` when orders are read again; reviews may still not be.
    return f"shop:{shop.id}#reviews"
