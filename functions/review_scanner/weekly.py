"""What a week of reviews was like: shares by day, topics by product, outcomes. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from msgspec import Struct

from aftersales.errors import BadInput
from aftersales.review_records import Outcome, ReviewRecord

DAYS = 7
PRODUCTS_SHOWN = 8
LISTED = 300
"""Bad reviews that a report names; the register of the month has them all."""
OPEN = "open"
"""Of a bad review without an outcome whose case somebody still has to handle."""
NO_CASE = "no_case"
OTHER = "other"
"""A complaint of which no topic is known."""
OUTCOMES = (*(outcome.value for outcome in Outcome), OPEN, NO_CASE)

_WEEK = re.compile(r"(\d{4})-?W(\d{2})")


class Day(Struct, frozen=True):
    """One day of the desk's zone: all reviews written on it, and the bad ones."""

    day: date
    reviews: int = 0
    bad: int = 0

    @property
    def share(self) -> float | None:
        """The share of bad ones, None where nobody wrote."""
        return self.bad / self.reviews if self.reviews else None


class ProductTopics(Struct, frozen=True):
    """What buyers complain about of one product, the most frequent topic first."""

    product: str
    complaints: int
    topics: Mapping[str, int]


class BadReview(Struct, frozen=True):
    """One bad review, without its words. `at` is in the desk's zone, `outcome` is of `OUTCOMES`."""

    at: datetime
    shop_id: str
    product: str
    rating: int | None
    topics: tuple[str, ...]
    outcome: str
    link: str


class Weekly(Struct, frozen=True):
    """A week of all shops. `before` is the share of bad reviews in the week before; `listed` names
    bad reviews, the newest first, at most `LISTED`."""

    week: str
    days: tuple[Day, ...]
    products: tuple[ProductTopics, ...]
    outcomes: Mapping[str, int]
    topics: Mapping[str, int]
    before: float | None = None
    listed: tuple[BadReview, ...] = ()

    @property
    def reviews(self) -> int:
        """All reviews of the week."""
        return sum(day.reviews for day in self.days)

    @property
    def bad(self) -> int:
        """The bad ones."""
        return sum(day.bad for day in self.days)

    @property
    def share(self) -> float | None:
        """The share of bad ones, None where nobody wrote."""
        return self.bad / self.reviews if self.reviews else None


def bounds_of(week: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of a week such as `2026-W45`, and that of the next. Raises `BadInput`."""
    match = _WEEK.fullmatch(week)
    try:
        if match is None:
            raise ValueError
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        after = monday + timedelta(days=DAYS)
    except (ValueError, OverflowError) as exc:
        raise BadInput(f"{week!r} is not a week such as 2026-W45") from exc
    return _midnight(monday, zone), _midnight(after, zone)


def week_of(at: datetime, zone: tzinfo) -> str:
    """The week of a time: `2026-W45`."""
    year, number, _ = at.astimezone(zone).isocalendar()
    return f"{year}-W{number:02d}"


def weekly_of(
    week: str,
    zone: tzinfo,
    records: Iterable[ReviewRecord],
    before: Iterable[ReviewRecord] = (),
) -> Weekly:
    """The report of a week from its reviews, and from those of the week before."""
    start, _ = bounds_of(week, zone)
    first = start.astimezone(zone).date()
    counts: dict[date, list[int]] = {first + timedelta(days=n): [0, 0] for n in range(DAYS)}
    topics: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    products: dict[str, Counter[str]] = defaultdict(Counter)
    complaints: Counter[str] = Counter()
    listed: list[BadReview] = []
    for record in records:
        day = record.written_at.astimezone(zone).date()
        if day not in counts:
            continue
        counts[day][0] += 1
        if not record.bad:
            continue
        counts[day][1] += 1
        outcomes[_outcome(record)] += 1
        listed.append(_listed(record, zone))
        about = record.topics or (OTHER,)
        topics.update(about)
        name = record.product_title or record.product_id
        if name:
            complaints[name] += 1
            products[name].update(about)
    shown = sorted(complaints.items(), key=lambda each: (-each[1], each[0]))[:PRODUCTS_SHOWN]
    return Weekly(
        week=week,
        days=tuple(Day(day, *numbers) for day, numbers in counts.items()),
        products=tuple(
            ProductTopics(name, number, dict(products[name].most_common()))
            for name, number in shown
        ),
        outcomes={name: outcomes[name] for name in OUTCOMES if outcomes[name]},
        topics=dict(topics.most_common()),
        before=_share(before),
        listed=tuple(sorted(listed, key=lambda each: each.at, reverse=True)[:LISTED]),
    )


def _listed(record: ReviewRecord, zone: tzinfo) -> BadReview:
    return BadReview(
        at=record.written_at.astimezone(zone),
        shop_id=record.shop_id,
        product=record.product_title or record.product_id,
        rating=record.rating,
        topics=record.topics,
        outcome=_outcome(record),
        link=record.permalink,
    )


def _outcome(record: ReviewRecord) -> str:
    if record.outcome in OUTCOMES:
        return record.outcome
    return OPEN if record.marks else NO_CASE


def _share(records: Iterable[ReviewRecord]) -> float | None:
    bad = [record.bad for record in records]
    return sum(bad) / len(bad) if bad else None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
