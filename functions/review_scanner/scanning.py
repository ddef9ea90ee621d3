"""One shop's reviews: what is new in its feed, and another look at what is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from aftersales.errors import Misconfigured, OutsideFailure, Refused
from aftersales.feeds.coverage import LEASE_SECONDS, FeedResult, FeedRun, Outcome, judged
from aftersales.feeds.windows import Position
from aftersales.platforms.base import Capability, Platform
from aftersales.review_records import ReviewRecord, as_review
from aftersales.reviews import Review
from aftersales.settings.model import Settings, Shop
from aftersales.tables import feeds, reviews
from review_scanner import health
from review_scanner.desk import FEED, Desk
from review_scanner.looking import turns
from review_scanner.product_alarms import close_alarms
from review_scanner.taking import Taking

LOOKS = "review_looks"
LOOK_EVERY = timedelta(hours=1)
LOOKS_AT_ONCE = 20
"""Reviews asked about between two moments at which a run may end."""
LONGEST_STEP = timedelta(hours=6)
"""Looks that were missed for longer are caught up in steps of this length."""
RESERVE_SECONDS = 45.0


def scan_shop(desk: Desk, shop_id: str, seconds_left: float) -> dict[str, Any]:
    """Read what is new among a shop's reviews, then look again at known ones. Returns a summary.

    What goes wrong with the shop becomes a case, or is tried again by the next run. Raises only
    what is wrong with our own tables.
    """
    deadline = desk.wall_now() + timedelta(seconds=seconds_left)
    known = next((shop for shop in desk.settings.shops if shop.id == shop_id), None)
    if known is not None:
        # Before anything is read: what is stored now, the indexes may show only later.
        close_alarms(desk, known, desk.business_now())
    try:
        shop = desk.shop(shop_id)
    except Misconfigured:
        return {"shop": shop_id, "outcome": "not_scanned"}  # taken out of the settings meanwhile
    try:
        platform = desk.platform(shop)
    except (Misconfigured, OutsideFailure) as exc:
        health.failed(desk, shop, exc, desk.business_now())
        return {"shop": shop_id, "outcome": "no_connection", "error": type(exc).__name__}
    if Capability.REVIEWS not in platform.capabilities:
        return {"shop": shop_id, "outcome": "not_offered"}
    tally: Counter[str] = Counter()
    result = _read(desk, shop, platform, deadline, tally)
    health.feed_read(desk, shop, result, desk.business_now())
    looked = 0
    if result.outcome is Outcome.CAUGHT_UP and Capability.REVIEW_BY_ID in platform.capabilities:
        looked = look_again(desk, shop, platform, deadline, tally)
    return {"shop": shop_id, **result.summary(), "looked_again": looked, "became": dict(tally)}


def begin(feed: str, now: datetime) -> datetime:
    """Since when the desk knows the reviews of a shop that it is told of; from now on, if it was
    never told before."""
    reading = feeds.reading(feed)
    if reading.position.began_at is None:
        feeds.save_reading(feed, replace(reading, position=Position(began_at=now)))
    return reading.position.began_at or now


def cases_since(settings: Settings, shop_id: str, began: datetime) -> datetime:
    """Reviews written before this open no case when they are first seen: they are older than the
    desk's acquaintance with the shop, which `began` then, and some days more."""
    return began - timedelta(days=settings.review_rules(shop_id).backlog_days)


def _read(
    desk: Desk, shop: Shop, platform: Platform, deadline: datetime, tally: Counter[str]
) -> FeedResult:
    feed = feeds.shop_feed(shop.id, FEED)
    rules = desk.settings.review_rules(shop.id)
    now = desk.business_now()
    began = feeds.reading(feed).position.began_at or now
    taking = Taking(desk, shop, cases_since(desk.settings, shop.id, began))
    first = max(
        timedelta(days=rules.first_look_back_days), timedelta(hours=shop.first_look_back_hours)
    )
    return FeedRun[Review](
        feed=feed,
        limits=platform.feed_limits(Capability.REVIEWS),
        fetch=platform.reviews,
        store=lambda found: tally.update(taking.take(found)),
        put_aside=lambda rows: health.rows_rejected(desk, shop, feed, rows, desk.business_now()),
        owner=desk.owner,
        business_now=desk.business_now,
        wall_now=desk.wall_now,
        deadline=deadline,
        first=first,
    ).read()


def look_again(
    desk: Desk, shop: Shop, platform: Platform, deadline: datetime, tally: Counter[str]
) -> int:
    """Ask about the known reviews whose turn it is; returns how many were asked about.

    Which they are follows from when they were written; so a review that stays as it is costs no
    write. A run that dies leaves the mark where it was: the same ones are asked about again.
    """
    feed = feeds.shop_feed(shop.id, LOOKS)
    reading, now = feeds.reading(feed), desk.business_now()
    since = reading.position.read_until or now
    if reading.position.read_until is not None and now - since < LOOK_EVERY:
        return 0
    leased = reading.leased_until is not None and desk.wall_now() < reading.leased_until
    if leased and reading.leased_by != desk.owner:
        return 0
    since = max(since, now - timedelta(days=2))  # what was missed for longer has later turns
    asked: set[str] = set()
    while True:
        until = min(since + LONGEST_STEP, now)
        lease = desk.wall_now() + timedelta(seconds=LEASE_SECONDS)
        held = replace(
            reading,
            position=Position(read_until=since),
            leased_by=desk.owner,
            leased_until=lease,
        )
        saved = feeds.save_reading(feed, held)
        if saved is None:
            return len(asked)
        # The first time there is only a mark to be set, and nothing to be looked for.
        due = _due(desk.settings, shop, since, until, asked) if since < until else []
        done = _ask(desk, shop, platform, due, deadline, tally=tally)
        asked |= {record.review_id for record in due}
        position = Position(read_until=until if done else since)
        finished = replace(saved, position=position, leased_by="", leased_until=None)
        after = feeds.save_reading(feed, finished)
        if after is None or not done or until >= now:
            return len(asked)
        reading, since = after, until


def _ask(
    desk: Desk,
    shop: Shop,
    platform: Platform,
    due: Sequence[ReviewRecord],
    deadline: datetime,
    *,
    tally: Counter[str],
) -> bool:
    """Ask about known reviews. True where all of them were asked about."""
    taking = Taking(desk, shop, desk.business_now())
    for start in range(0, len(due), LOOKS_AT_ONCE):
        part = due[start : start + LOOKS_AT_ONCE]
        if desk.wall_now() + timedelta(seconds=RESERVE_SECONDS) > deadline:
            return False
        kept = reviews.get_all(shop.id, [record.review_id for record in part])
        told = []
        try:
            for each in kept.values():
                try:
                    told.append(platform.review(as_review(each.record, each.said)))
                except Refused:
                    tally["cannot_be_asked"] += 1  # too old, or of an order that is gone
        except (OutsideFailure, Misconfigured) as exc:
            outcome, _ = judged(exc)
            tally[f"look_{outcome}"] += 1
            tally.update(taking.take(told))
            return False
        tally.update(taking.take(told))
    return True


def _due(
    settings: Settings, shop: Shop, since: datetime, until: datetime, asked: Set[str]
) -> list[ReviewRecord]:
    """Known reviews that have a turn in [since, until), each once; those of `asked` had theirs."""
    rules = settings.review_rules(shop.id)
    found: dict[str, ReviewRecord] = {}
    for written in turns(rules, since, until):
        for record in reviews.written_between(shop.id, written.start, written.end):
            if record.deleted or record.review_id in asked:
                continue
            if record.marks or not written.only_open:
                found[record.review_id] = record
    return list(found.values())
