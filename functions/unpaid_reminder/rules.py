"""Whether the agents are asked to nudge a buyer, and why not. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.settings.model import Reminder
from aftersales.unpaid import LEAST_LEFT, Moment, in_holdout


class Outcome(StrEnum):
    """What becomes of one moment of one order."""

    NUDGE = "nudge"
    HOLDOUT = "holdout"  # would have been nudged, and is left alone to measure what nudges do
    WAIT = "wait"
    SKIP = "skip"
    EXPIRE = "expire"  # it waited, and there is no time left


class Reason(StrEnum):
    """Why. Every outcome has one; they are counted and shown."""

    DUE = "due"
    HELD_OUT = "held_out"
    PAID = "paid"
    CLOSED = "closed"
    NO_PAYMENT_NEEDED = "no_payment_needed"
    BACKLOG = "backlog"
    DO_NOT_CONTACT = "do_not_contact"
    AMOUNT_OUT_OF_BOUNDS = "amount_out_of_bounds"
    REFUND_OR_DISPUTE_OPEN = "refund_or_dispute_open"
    BOUGHT_AGAIN = "bought_again"
    REMINDED_RECENTLY = "reminded_recently"
    OUTSIDE_WINDOW = "outside_window"
    TOO_LATE = "too_late"
    CANNOT_REREAD = "cannot_reread"


FINAL = frozenset(
    {
        Reason.PAID,
        Reason.CLOSED,
        Reason.NO_PAYMENT_NEEDED,
        Reason.BACKLOG,
        Reason.DO_NOT_CONTACT,
        Reason.AMOUNT_OUT_OF_BOUNDS,
    }
)
"""Reasons that no later moment of the same order will change."""


class Reread(StrEnum):
    """What is known about the order at this instant."""

    NOT_YET = "not_yet"  # the first look, at what is stored
    FRESH = "fresh"  # the platform has just told
    ONLY_FILES = "only_files"  # nobody can be asked: what the last file said must do
    LATER = "later"  # the platform does not answer now
    REFUSED = "refused"  # the platform will not tell


class Facts(Struct, frozen=True):
    """All that a decision needs. Times are aware UTC.

    `told` is the order as the platform has just told it, `order` as it is known with that.
    `due_at` is when the moment could first be used (its own time, or when the window opened after
    it), `opens_at` the first time from now on at which messages may be sent. `others` are the
    buyer's other orders. `begun_at` is the reminder's first run for this shop,
    `buyer_reminded_at` the buyer's last nudge where it counts against this one.
    """

    order: Order
    moment: Moment
    closes_at: datetime | None
    due_at: datetime
    opens_at: datetime
    begun_at: datetime
    buyer_key: str = ""
    buyer_reminded_at: datetime | None = None
    others: tuple[Order, ...] = ()
    min_minor: int = 0
    max_minor: int | None = None
    reread: Reread = Reread.NOT_YET
    told: Order | None = None


class Decision(Struct, frozen=True):
    """What to do at this moment; `until` where it waits. `final`: no later moment counts either."""

    outcome: Outcome
    reason: Reason
    until: datetime | None = None

    @property
    def final(self) -> bool:
        """Is the order out of the reminder's hands?"""
        return self.reason in FINAL


def decide(facts: Facts, rules: Reminder, now: datetime) -> Decision:
    """What becomes of this moment of this order at `now`."""
    decision = (
        _by_its_end(facts, now)
        or _by_the_order(facts, rules)
        or _by_the_buyer(facts, rules, now)
        or _by_the_clock(facts, rules, now)
        or _by_the_platform(facts)
    )
    if decision is not None:
        return decision
    if in_holdout(
        facts.buyer_key or f"{facts.order.shop_id}#{facts.order.order_id}", rules.holdout_percent
    ):
        return Decision(Outcome.HOLDOUT, Reason.HELD_OUT)
    return Decision(Outcome.NUDGE, Reason.DUE)


def _by_its_end(facts: Facts, now: datetime) -> Decision | None:
    # Whatever was said last, by anybody: who has paid is not reminded.
    for seen in (facts.order, facts.told):
        ended = how_it_ended(seen) if seen is not None else None
        if ended is not None:
            return Decision(Outcome.SKIP, ended)
    if facts.closes_at is not None and now >= facts.closes_at:
        return Decision(Outcome.EXPIRE, Reason.CLOSED)
    return None


def _by_the_order(facts: Facts, rules: Reminder) -> Decision | None:
    """What holds for every moment of the order."""
    order = facts.order
    buyer = order.buyer_ref.strip()
    if not order.needs_payment:
        return Decision(Outcome.SKIP, Reason.NO_PAYMENT_NEEDED)
    if order.created_at is None or order.created_at < facts.begun_at:
        return Decision(Outcome.SKIP, Reason.BACKLOG)
    if buyer and buyer in rules.do_not_contact:
        return Decision(Outcome.SKIP, Reason.DO_NOT_CONTACT)
    if not _within_bounds(facts):
        return Decision(Outcome.SKIP, Reason.AMOUNT_OUT_OF_BOUNDS)
    return None


def _by_the_buyer(facts: Facts, rules: Reminder, now: datetime) -> Decision | None:
    """What else this buyer has going on."""
    order = facts.order
    if any(each.refund is RefundStatus.OPEN for each in (order, *facts.others)):
        return Decision(Outcome.SKIP, Reason.REFUND_OR_DISPUTE_OPEN)
    if any(_replaces(other, order) for other in facts.others):
        return Decision(Outcome.SKIP, Reason.BOUGHT_AGAIN)
    gap = timedelta(hours=rules.buyer_gap_hours)
    if facts.buyer_reminded_at is not None and now - facts.buyer_reminded_at < gap:
        return Decision(Outcome.SKIP, Reason.REMINDED_RECENTLY)
    return None


def _by_the_clock(facts: Facts, rules: Reminder, now: datetime) -> Decision | None:
    """First what is in time at all, then what may be sent at this hour."""
    if now - facts.due_at > timedelta(minutes=rules.too_late_minutes):
        return Decision(Outcome.SKIP, Reason.TOO_LATE)
    if facts.closes_at is not None and facts.closes_at - now < LEAST_LEFT:
        return Decision(Outcome.EXPIRE, Reason.TOO_LATE)
    if facts.opens_at <= now:
        return None
    if facts.closes_at is not None and facts.closes_at - facts.opens_at < LEAST_LEFT:
        return Decision(Outcome.EXPIRE, Reason.OUTSIDE_WINDOW)
    return Decision(Outcome.WAIT, Reason.OUTSIDE_WINDOW, facts.opens_at)


def _by_the_platform(facts: Facts) -> Decision | None:
    if facts.reread is Reread.LATER:
        # The order keeps its place; once it is too late for it, the clock ends that.
        return Decision(Outcome.WAIT, Reason.CANNOT_REREAD)
    if facts.reread is Reread.REFUSED or facts.order.status is not OrderStatus.UNPAID:
        return Decision(Outcome.SKIP, Reason.CANNOT_REREAD)
    return None


def how_it_ended(order: Order) -> Reason | None:
    """PAID or CLOSED for an order that no longer waits, else None."""
    if order.paid_at is not None or order.status in _PAID:
        return Reason.PAID
    return Reason.CLOSED if order.status is OrderStatus.CLOSED else None


_PAID = frozenset(
    {OrderStatus.PAID, OrderStatus.PARTLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.FINISHED}
)


def _within_bounds(facts: Facts) -> bool:
    amount = facts.order.amount_minor
    if amount is None:
        return True
    if amount <= 0 or amount < facts.min_minor:
        return False
    return facts.max_minor is None or amount <= facts.max_minor


def _replaces(other: Order, order: Order) -> bool:
    """Was everything in `order` bought again, and paid, in `other` since `order` was placed?"""
    if how_it_ended(other) is not Reason.PAID or not order.lines or order.created_at is None:
        return False
    since = other.paid_at or other.created_at
    if since is None or since < order.created_at:
        return False
    return _items(order) <= _items(other)


def _items(order: Order) -> frozenset[str]:
    return frozenset(line.sku or line.title for line in order.lines)
