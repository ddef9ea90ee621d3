"""A shop whose buyers write reviews, for tests: they are added, changed, deleted, answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from msgspec.structs import replace

from aftersales.platforms.base import Capability, FeedLimits, Page, RejectedRow
from aftersales.platforms.lacking import Lacking
from aftersales.review_records import Verdict
from aftersales.reviews import Review
from aftersales.settings.model import Alerts, Reviews, Route, Settings, Shop, Target
from review_scanner.desk import Desk
from tests.desk_fakes import Clock

START = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
LIMITS = FeedLimits(
    window_seconds=86400,
    look_back_seconds=179 * 86400,
    settle_seconds=60,
    overlap_seconds=3 * 86400,  # what was changed is seen by reading it again
    page_size=3,
)
SHOP = Shop(id="tm1", platform="taobao", name="青禾家居旗舰店", secrets={"app_key": "env:LIVE_KEY"})
ANGRY = ("漏水", "太差", "坏了", "骗人", "broken", "awful")
TOPIC_WORDS = {"漏水": "quality", "坏了": "quality", "broken": "quality", "快递": "logistics"}


def a_review(number: int, text: str, at: datetime = START, **changed: object) -> Review:
    """A review written at `at`, of five stars where nothing else is said."""
    review = Review(
        shop_id=SHOP.id,
        review_id=f"{number}:buyer",
        text=text,
        rating=5,
        order_id=f"26051700{number:05}",
        line_id=str(number),
        product_id="p1",
        product_title="青禾 保温杯 500ml",
        buyer_ref=f"buyer-{number}",
        created_at=at,
    )
    return replace(review, **changed)  # type: ignore[arg-type]


def plain_judge(text: str, rating: int | None) -> Verdict:
    """A judge whose mind can be read: some words are bad, all others good."""
    bad = any(word in text for word in ANGRY)
    return Verdict(
        score=4.0 if bad else -4.0,
        sentiment="negative" if bad else "positive",
        hidden_complaint=bad and rating is not None and rating > 3,
        topics=tuple(dict.fromkeys(t for word, t in TOPIC_WORDS.items() if word in text)),
        advertising="加V" in text and not bad,
        contact="加V" in text and bad,
    )


@dataclass
class ReviewShop(Lacking):
    """Rows by the time of their writing, the newest first, read from the last page on.

    `temper` is called before each page and each single review, and may raise, or change rows.
    """

    name: ClassVar[str] = "reviews"
    rows: dict[str, Review] = field(default_factory=dict)
    bad_rows: list[RejectedRow] = field(default_factory=list)
    limits: FeedLimits = LIMITS
    capabilities: frozenset[Capability] = frozenset({Capability.REVIEWS, Capability.REVIEW_BY_ID})
    temper: Callable[[str], None] = lambda _: None
    asked: list[str] = field(default_factory=list)

    def put(self, *written: Review) -> None:
        self.rows |= {review.review_id: review for review in written}

    def feed_limits(self, feed: Capability) -> FeedLimits:
        return self.limits

    def reviews(self, start: datetime, end: datetime, cursor: str = "") -> Page[Review]:
        self.temper("page")
        found = [r for r in self.rows.values() if r.created_at and start <= r.created_at < end]
        found.sort(key=lambda review: (review.created_at, review.review_id), reverse=True)
        size = self.limits.page_size
        page = int(cursor) if cursor else max(-(-len(found) // size), 1)
        rejected = tuple(self.bad_rows) if not cursor else ()
        self.bad_rows = []
        shown = found[(page - 1) * size : page * size]
        return Page(tuple(shown), str(page - 1) if page > 1 else "", rejected)

    def review(self, known: Review) -> Review:
        self.temper("review")
        self.asked.append(known.review_id)
        return self.rows.get(known.review_id) or replace(known, deleted=True)


def settings_of(shop: Shop = SHOP, **rules: object) -> Settings:
    """A shop, and one robot that hears everything."""
    return Settings(
        shops=(shop,),
        reviews=Reviews(**rules),  # type: ignore[arg-type]
        alerts=Alerts(
            targets={"group": Target(kind="dingtalk", url="env:ROBOT_URL")},
            routes=(Route(targets=("group",)),),
            operators=("group",),
        ),
    )


def a_desk(shop: ReviewShop, clock: Clock, settings: Settings | None = None) -> Desk:
    """A scanner's desk with that shop, both of its clocks being `clock`."""

    def no_secrets(reference: str) -> str:
        raise AssertionError(f"{reference} is not needed")

    def no_network(request: object) -> object:
        raise AssertionError("the shop is at hand")

    return Desk(
        settings=settings or settings_of(),
        transport=no_network,  # type: ignore[arg-type]
        resolve=no_secrets,
        judge=plain_judge,
        business_now=clock,
        wall_now=clock,
        platforms={SHOP.id: shop},  # type: ignore[dict-item]
    )


def days(count: float) -> timedelta:
    return timedelta(days=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
