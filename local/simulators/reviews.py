"""The reviews of a simulated live shop: a steady trickle, of each kind that there is to notice.

They follow from the seed, the origin and the business clock alone, as the orders do. The orders
that they are about were received shortly before; nobody sees these anywhere else.
"""

from __future__ import annotations

import html
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.simulators.review_texts import ABROAD, AT_HOME, Kind, Script
from local.simulators.sales import Line, Sale

EVERY_HOURS = 2.0
"""A second of the demonstration is a quarter of an hour: one in eight seconds for each shop."""
BEFORE_ORIGIN = 12
"""So many are there when the demonstration begins."""
ROUND = (
    Kind.BAD, Kind.GOOD, Kind.HIDDEN_COMPLAINT, Kind.GOOD, Kind.TURNED_BAD, Kind.QUESTION,
    Kind.EDITED, Kind.GOOD, Kind.ADVERTISING, Kind.NEUTRAL, Kind.DELETED, Kind.SILENT,
)  # fmt: skip
"""A day's reviews, in an order that is drawn anew each day. Trouble is commoner here than in life.
"""
TRASHED_FOR = timedelta(hours=24)
"""How long a deleted review lies in the trash, where a shop has one."""

TEXTS = {"zh": AT_HOME, "en": ABROAD}

Received = Callable[[random.Random, int, datetime], Sale]
"""Makes the order that is the so-many-th of its shop and was received then."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a buyer said at a time: stars from 1 to 5, and words."""

    at: datetime
    stars: int
    text: str


@dataclass(frozen=True, slots=True)
class BuyersReview:
    """A review with all that will ever happen to it. `added` and `deleted_at` may never come."""

    number: int
    kind: Kind
    sale: Sale
    said: tuple[Said, ...]
    added: Said | None = None
    deleted_at: datetime | None = None

    @property
    def line(self) -> Line:
        """The goods it is about."""
        return self.sale.lines[0]

    @property
    def written_at(self) -> datetime:
        """When it was written first."""
        return self.said[0].at

    def now_said(self, now: datetime) -> Said:
        """Its text as of `now`, after edits."""
        return [said for said in self.said if said.at <= now][-1]

    def added_by(self, now: datetime) -> Said | None:
        """What was added by `now`."""
        return self.added if self.added is not None and self.added.at <= now else None

    def is_deleted(self, now: datetime) -> bool:
        """Has the buyer taken it back by `now`?"""
        return self.deleted_at is not None and self.deleted_at <= now


class ReviewLife:
    """The reviews of one shop. Safe for several threads; grows as business time goes on."""

    def __init__(
        self, shop_id: str, seed: str, origin: datetime, language: str, received: Received
    ) -> None:
        self._seed, self._received = f"{seed}/{shop_id}/reviews", received
        self._texts = TEXTS[language]
        self._lock = threading.Lock()
        self._found: list[BuyersReview] = []
        self._sales: dict[str, BuyersReview] = {}
        self._first = origin - timedelta(hours=EVERY_HOURS * BEFORE_ORIGIN)
        self._round: list[Kind] = []
        self._rng = random.Random(self._seed)

    def written(self, now: datetime) -> list[BuyersReview]:
        """All that were written by `now`, deleted ones as well, oldest first."""
        with self._lock:
            self._grow(now)
            return [review for review in self._found if review.written_at <= now]

    def about(self, order_id: str, now: datetime) -> BuyersReview | None:
        """The review of an order, once it was written."""
        with self._lock:
            self._grow(now)
            found = self._sales.get(order_id)
        return found if found is not None and found.written_at <= now else None

    def sale(self, order_id: str, now: datetime) -> Sale | None:
        """An order that was reviewed."""
        found = self.about(order_id, now)
        return found.sale if found is not None else None

    def _grow(self, now: datetime) -> None:
        while (at := self._first + timedelta(hours=EVERY_HOURS * len(self._found))) <= now:
            if not self._round:
                self._round = self._rng.sample(ROUND, len(ROUND))
            late = timedelta(seconds=self._rng.randrange(0, 5400))
            written_at = (at + late).replace(microsecond=0)
            review = self._told(len(self._found) + 1, self._round.pop(), written_at)
            self._found.append(review)
            self._sales[review.sale.order_id] = review

    def _told(self, number: int, kind: Kind, at: datetime) -> BuyersReview:
        rng = self._rng
        received_at = at - timedelta(minutes=rng.randrange(30, 3000))
        sale = self._received(rng, number, received_at)
        script = self._drawn(kind)
        goods = html.unescape(sale.lines[0].goods[0])

        def said(stars: int, text: str, when: datetime) -> Said:
            return Said(when, stars, text.format(goods=goods))

        def later(least: float, most: float) -> datetime:
            return at + timedelta(seconds=round(rng.uniform(least, most) * 3600))

        told = [said(script.stars, script.text, at)]
        if script.after is not None:
            told.append(said(*script.after, later(6, 20)))
        added = said(script.stars, script.added, later(8, 30)) if script.added else None
        deleted_at = later(4, 12) if kind is Kind.DELETED else None
        return BuyersReview(number, kind, sale, tuple(told), added, deleted_at)

    def _drawn(self, kind: Kind) -> Script:
        scripts: Sequence[Script] = self._texts[kind]
        return self._rng.choice(scripts)
