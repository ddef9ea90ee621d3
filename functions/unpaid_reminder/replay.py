"""What the reminder would have done with orders of the past, on the same pure rules.

An export says how each order ended, not what was known when. So each order is taken back: until it
was paid (or closed) it counts as unpaid. Moments are then gone through in the order of time, as the
runs would have met them.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from aftersales import unpaid
from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.settings.model import Reminder, Settings
from aftersales.unpaid import Reminding
from unpaid_reminder.rules import Facts, Outcome, Reread, decide
from unpaid_reminder.selection import bounds

EVERY = timedelta(minutes=1)
"""How often the reminder runs."""
Opens = Callable[[str, datetime], datetime]
"""When messages may be sent for a shop, from a time on."""
Runs = Callable[[datetime], datetime]
"""The first run at or after a time."""


class Done(Struct, frozen=True):
    """What would have been done about one moment of one order."""

    order: Order
    at: datetime
    moment: str
    outcome: str
    reason: str

    @property
    def paid_later(self) -> bool:
        """Was the order paid after that?"""
        return self.order.paid_at is not None and self.order.paid_at > self.at


class Replay(Struct, frozen=True):
    """The whole: each decision in the order of time, and orders that could not be judged."""

    done: tuple[Done, ...]
    orders: int
    never_due: Counter[str] = field(default_factory=Counter)

    def count(self) -> Counter[tuple[str, str]]:
        """How often each outcome came for each reason."""
        return Counter((one.outcome, one.reason) for one in self.done)


def run_after(at: datetime) -> datetime:
    """The first run at or after a time where none was missed: the next full minute."""
    rest = timedelta(seconds=at.second, microseconds=at.microsecond)
    return at if not rest else at - rest + EVERY


def replay(
    orders: Sequence[Order], settings: Settings, opens: Opens, runs: Runs = run_after
) -> Replay:
    """Go through the time of these orders run by run; only runs that meet a moment count.

    `runs` says when the reminder ran; every minute, where nothing else is said.
    """
    past = _Past(orders, settings, opens, runs)
    while past.waiting:
        now, number = heapq.heappop(past.waiting)
        past.look(number, now)
    return Replay(tuple(past.done), len(orders), past.never)


class _Past:
    """All orders on their way through the past."""

    def __init__(
        self, orders: Sequence[Order], settings: Settings, opens: Opens, runs: Runs
    ) -> None:
        self.orders, self.settings, self.opens, self.runs = orders, settings, opens, runs
        self.states = [Reminding() for _ in orders]
        self.keys = [unpaid.buyer_key(order, settings.shop(order.shop_id)) for order in orders]
        self.buyers: dict[str, list[int]] = defaultdict(list)
        self.nudged: dict[str, unpaid.Nudged] = {}
        self.never: Counter[str] = Counter()
        self.done: list[Done] = []
        self.waiting: list[tuple[datetime, int]] = []
        for number, order in enumerate(orders):
            if self.keys[number]:
                self.buyers[self.keys[number]].append(number)
            start = order.created_at
            if start is None:
                self.never["placed_at_unknown"] += 1
            elif not self._wait(number, _as_of(order, start), start):
                self.never["no_moment" if order.needs_payment else "no_payment_needed"] += 1

    def look(self, number: int, now: datetime) -> None:
        """A run comes to an order."""
        order, state = self.orders[number], self.states[number]
        seen = _as_of(order, now)
        if not unpaid.waits_for_payment(seen):
            # It left the index when it ended: nothing is looked at.
            if not state.steps:
                ended = "paid" if seen.status is OrderStatus.PAID else "closed"
                self.never[f"{ended}_before_a_moment"] += 1
            return
        rules, platform = self._rules(order)
        moment = unpaid.due_moment(seen, state, rules, platform, now)
        if moment is None:
            return
        decision = decide(self._facts(number, seen, moment, now), rules, now)
        step = unpaid.Step(now, moment.name, decision.outcome, decision.reason)
        state = replace(state, steps=(*state.steps, step))
        if decision.outcome is Outcome.WAIT:
            state = replace(state, not_before=decision.until)
        else:
            state = replace(state, handled_until=moment.at, not_before=None, over=decision.final)
        if decision.outcome in (Outcome.NUDGE, Outcome.HOLDOUT) and self.keys[number]:
            self.nudged[self.keys[number]] = unpaid.Nudged(now, unpaid.order_key(order))
        self.states[number] = state
        outcome, reason = decision.outcome.value, decision.reason.value
        self.done.append(Done(order, now, moment.name, outcome, reason))
        self._wait(number, seen, now)

    def _facts(self, number: int, seen: Order, moment: unpaid.Moment, now: datetime) -> Facts:
        order, key = self.orders[number], self.keys[number]
        rules, platform = self._rules(order)
        smallest, largest = bounds(self.settings, rules, order.shop_id)
        last = self.nudged.get(key)
        return Facts(
            order=seen,
            moment=moment,
            closes_at=unpaid.closes_at(seen, rules, platform),
            due_at=self.opens(order.shop_id, moment.at),
            opens_at=self.opens(order.shop_id, now),
            begun_at=order.created_at or now,
            buyer_key=key,
            buyer_reminded_at=last.at if last and last.holds_back(order, rules) else None,
            others=tuple(
                _as_of(self.orders[other], now)
                for other in self.buyers.get(key, ())
                if other != number and _placed(self.orders[other], now)
            ),
            min_minor=smallest,
            max_minor=largest,
            reread=Reread.FRESH,
            told=seen,
        )

    def _wait(self, number: int, seen: Order, now: datetime) -> bool:
        """Put an order to its next look; False where there is none."""
        rules, platform = self._rules(seen)
        state = self.states[number]
        at = unpaid.attention_at(seen, state, rules, platform, now, connected=True)
        if at is not None:
            heapq.heappush(self.waiting, (self.runs(max(at, now)), number))
        return at is not None

    def _rules(self, order: Order) -> tuple[Reminder, str]:
        shop = self.settings.shop(order.shop_id)
        return self.settings.reminder_rules(shop.id), shop.platform


def _as_of(order: Order, at: datetime) -> Order:
    """The order as it was known then: unpaid until it was paid; one that was never paid stays
    unpaid until its time is over. What is open today is not known to have been open then."""
    if order.paid_at is not None and order.paid_at <= at:
        return replace(order, status=OrderStatus.PAID)
    if order.paid_at is None and order.status is OrderStatus.CLOSED:
        closed = order.finished_at
        if closed is not None and closed <= at:
            return order
    unpaid_then = order.paid_at is not None or order.status in (
        OrderStatus.UNPAID,
        OrderStatus.CLOSED,
    )
    status = OrderStatus.UNPAID if unpaid_then else order.status
    return replace(order, status=status, paid_at=None, refund=RefundStatus.UNKNOWN)


def _placed(order: Order, at: datetime) -> bool:
    return order.created_at is not None and order.created_at <= at
