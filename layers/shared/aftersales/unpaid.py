"""When an unpaid order wants attention, and who its buyer is to the desk. Pure.

An order that waits for payment has up to two moments: some time after it was placed, and some time
before the platform closes it. `attention_at` is the one that is kept in the sparse index of orders;
an order about which the reminder has nothing to do is not in it.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from aftersales.parcels import Order, OrderStatus
from aftersales.settings.model import Reminder, Shop

CLOSES_AFTER = {
    "taobao": timedelta(hours=24),
    "tmall": timedelta(hours=24),
    "jd": timedelta(hours=24),
    "douyin": timedelta(minutes=30),
}
"""Until the platform closes an unpaid order (platform rules reference, `unpaid_close`). Used only
where neither the order nor the settings say."""

LEAST_LEFT = timedelta(minutes=2)
"""A nudge with less time than this before the order closes helps nobody."""
APART = timedelta(minutes=5)
"""Two moments closer than this are one."""
SETTLING = timedelta(minutes=30)
"""After an order must have closed, it is looked at once more to learn how it ended."""
SETTLING_BY_FILES = timedelta(days=3)
"""The same where only dropped files tell about the shop."""
SETTLING_UNKNOWN = timedelta(days=7)
"""The same, from the nudge on, where nobody knows when the order closes."""

_ONE_ACCOUNT_SPACE = {"tmall": "taobao"}
_PLATFORM_WIDE = frozenset({"taobao", "tmall", "jd", "pdd", "douyin", "dhgate"})


class Moment(Struct, frozen=True):
    """A time at which the buyer may be nudged: `first` or `last`."""

    name: str
    at: datetime


class Step(Struct, frozen=True, omit_defaults=True):
    """One line of what the reminder did about an order: when, at which moment, what and why."""

    at: datetime
    moment: str
    what: str
    reason: str = ""


class Reminding(Struct, frozen=True, omit_defaults=True):
    """What the reminder has done about one order; kept beside the order.

    Moments up to `handled_until` are done with. `group` is "reminded" or "holdout" once the order
    counts in the comparison, since `since`; `settled` then says how it ended (`paid`, `closed`).
    `over` ends the watching for good.
    """

    handled_until: datetime | None = None
    not_before: datetime | None = None
    group: str = ""
    since: datetime | None = None
    settled: str = ""
    over: bool = False
    steps: tuple[Step, ...] = ()

    @property
    def outcome_is_open(self) -> bool:
        """Is it still to be told how this order ended?"""
        return bool(self.group) and not self.settled


class Nudged(Struct, frozen=True):
    """When a buyer was last nudged, and about which order (its `order_key`)."""

    at: datetime
    about: str = ""

    def holds_back(self, order: Order, rules: Reminder) -> bool:
        """Does it count against a nudge about `order`? The last moment of the very order that the
        buyer was nudged about is its own; any other order waits for the gap."""
        return not rules.both_moments or self.about != order_key(order)


def order_key(order: Order) -> str:
    """The name of an order among those of all shops."""
    return f"{order.shop_id}#{order.order_id}"


def waits_for_payment(order: Order) -> bool:
    """Could the buyer still be nudged to pay, by all that the order itself says?"""
    return order.status is OrderStatus.UNPAID and order.paid_at is None and order.needs_payment


def closes_at(order: Order, rules: Reminder, platform: str) -> datetime | None:
    """When the platform closes the order: its own word, then the settings, then the usual time.

    An order of a promotion closes by the promotion's time where that is earlier: platforms do not
    say it with the order, and connectors then state the ordinary time.
    """
    ordinary = _ordinary_end(order, rules, platform)
    if order.created_at is None or not rules.promotions:
        return ordinary
    terms = [
        timedelta(minutes=each.pay_within_minutes)
        for each in rules.promotions
        if (not each.shops or order.shop_id in each.shops)
        and instant(each.start) <= order.created_at < instant(each.end)
    ]
    ends = [order.created_at + term for term in terms]
    return min([*ends, ordinary] if ordinary else ends, default=None)


@lru_cache(maxsize=256)
def instant(text: str) -> datetime:
    """A time of the settings, such as `2026-11-11T00:00+08:00`. Raises `ValueError`."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _ordinary_end(order: Order, rules: Reminder, platform: str) -> datetime | None:
    if order.pay_by is not None:
        return order.pay_by
    if order.created_at is None:
        return None
    if rules.pay_within_minutes is not None:
        return order.created_at + timedelta(minutes=rules.pay_within_minutes)
    term = CLOSES_AFTER.get(platform)
    return None if term is None else order.created_at + term


def moments(order: Order, rules: Reminder, platform: str) -> tuple[Moment, ...]:
    """The moments of an order in their order, all inside its life. () where nothing is known.

    They lie on full intervals of `gather_minutes` (in a flash sale, on full minutes), so that
    nudges of the same few minutes are found by the same run and arrive as one message.
    """
    end = closes_at(order, rules, platform)
    start = order.created_at
    term = end - start if end and start else None
    flash = term is not None and term <= timedelta(minutes=rules.flash_term_minutes)
    grain = timedelta(minutes=1 if flash else max(rules.gather_minutes, 1))
    found: list[Moment] = []
    if start is not None:
        after = rules.flash_first_minutes if flash else rules.first_minutes
        first = _up(start + timedelta(minutes=after), grain)
        if end is None or first <= end - LEAST_LEFT:
            found.append(Moment("first", first))
    if end is not None:
        before = rules.flash_last_minutes if flash else rules.last_minutes
        last = _down(end - max(timedelta(minutes=before), LEAST_LEFT), grain)
        late_enough = start is None or last >= start
        if late_enough and (not found or last >= found[0].at + APART):
            found.append(Moment("last", last))
    return tuple(found)


def due_moment(
    order: Order, done: Reminding, rules: Reminder, platform: str, now: datetime
) -> Moment | None:
    """The newest moment that has come and is not done with. An older one beside it is stale."""
    come = [m for m in _left(order, done, rules, platform) if m.at <= now]
    return come[-1] if come else None


def attention_at(
    order: Order, done: Reminding, rules: Reminder, platform: str, now: datetime, *, connected: bool
) -> datetime | None:
    """When the reminder has to look at the order next; None: never again.

    A nudged order is looked at once more when it was paid or closed, and where nobody tells,
    some time after it must have closed.
    """
    if not waits_for_payment(order):
        return now if done.outcome_is_open else None
    end = closes_at(order, rules, platform)
    if rules.enabled and not done.over:
        # What closed long ago, and was never seen before, is an old export and no missed run.
        useful = [
            m
            for m in _left(order, done, rules, platform)
            if now < (end or m.at + timedelta(days=1))
        ]
        if useful:
            return max(useful[0].at, done.not_before or useful[0].at)
    if not done.outcome_is_open:
        return None
    if end is None:
        return (done.since or now) + SETTLING_UNKNOWN
    return end + (SETTLING if connected else SETTLING_BY_FILES)


def buyer_key(order: Order, shop: Shop) -> str:
    """A hash that stands for the buyer in all shops of one platform; "" for an unknown buyer.

    Buyers of marketplaces are known platform-wide (Taobao and Tmall share theirs), those of other
    shop systems inside one shop.
    """
    name = order.buyer_ref.strip()
    if not name:
        return ""
    space = _ONE_ACCOUNT_SPACE.get(shop.platform, shop.platform)
    if shop.platform not in _PLATFORM_WIDE:
        space = f"shop:{order.shop_id}"
    return hashlib.sha256(f"{space}\x1f{name}".encode()).hexdigest()[:24]


def in_holdout(key: str, percent: float) -> bool:
    """Does a stable hash put this buyer (or order) among those who are not reminded?"""
    if percent <= 0:
        return False
    number = int.from_bytes(hashlib.sha256(f"holdout\x1f{key}".encode()).digest()[:4])
    return number % 10_000 < percent * 100


def _left(order: Order, done: Reminding, rules: Reminder, platform: str) -> list[Moment]:
    until = done.handled_until
    return [m for m in moments(order, rules, platform) if until is None or m.at > until]


def _down(at: datetime, grain: timedelta) -> datetime:
    origin = datetime(2020, 1, 1, tzinfo=UTC)
    return origin + (at - origin) // grain * grain


def _up(at: datetime, grain: timedelta) -> datetime:
    lower = _down(at, grain)
    return lower if lower == at else lower + grain
