"""Whom three reminders would have reminded in the same month, and whom they lose in an outage.

    python -m benchmarks.reminder_rules [--orders 30000] [--seed 20261101]

The month is made up, from a fixed seed: three shops (Taobao: unpaid orders close after 24 hours;
Douyin: after 30 minutes; a WooCommerce shop that closes none), buyers who pay at once, later or
never, and buyers who leave an order and buy the same again. Ours is `unpaid_reminder.replay` with
the deployed rules; the hours around the outage also go through the deployed runs on the embedded
engine, where the desk's own knowledge is that of a feed read every five minutes. The others are
rules found in open-source peers, written here:

- `look_back`: every 15 minutes, remind those who became idle for 60 minutes since the last run;
  whether the order itself is unpaid is looked up then.
- `never_rereads`: a reminder is put down when the order is placed, and is sent 20 minutes later,
  or by the first run after that. `never_rereads_by_feed` is a kinder one: paid orders that the feed
  (read every five minutes) has brought are left out.

A buyer had already paid who had paid that order, or, since placing it, another one with the same
items. Missed in an outage is who is reminded where the schedule stands for no time, is not reminded
at all where it stands for 30 minutes, and could have been when it was back: the order was still
open, for two minutes at least, and the buyer had not paid.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from aftersales.parcels import Order, OrderLine, OrderStatus
from aftersales.platforms.base import Capability
from aftersales.settings.model import Alerts, Route, Settings, Shop, Target
from benchmarks.measuring import Clock, Database, database, report, result

MONTH = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
"""The first of November in Shanghai."""
DAYS = 30
AROUND = timedelta(hours=4)
"""Of the day with the outage, so much before it begins and after goes through the deployed runs."""
MINUTE = timedelta(minutes=1)
OUTAGE = timedelta(minutes=30)
EVENING = timedelta(hours=20)
"""The outage begins at eight in the evening, when most orders are placed."""
SETTINGS = Settings(
    shops=(
        Shop(id="tb1", platform="taobao", secrets={"session": "env:X"}),
        Shop(id="dy1", platform="douyin", secrets={"session": "env:X"}),
        Shop(id="woo1", platform="woocommerce", secrets={"key": "env:X"}),
    )
)
CLOSE_AFTER = {"tb1": timedelta(hours=24), "dy1": timedelta(minutes=30), "woo1": None}
BY_HOUR = (4, 2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 8, 8, 8, 8, 8, 9, 11, 14, 15, 13, 8)
"""How many orders an hour of the day has, against the others."""

Runs = Callable[[datetime], datetime]
"""The first run of the schedule at or after a time."""


@dataclass(frozen=True)
class Reminded:
    """A reminder: about which order of the month, and when it is sent."""

    number: int
    at: datetime


@dataclass(frozen=True)
class Month:
    """All orders, oldest first; for each, when its buyer had paid it or the same items again."""

    orders: tuple[Order, ...]
    paid_by_then: tuple[datetime | None, ...]

    def had_paid(self, one: Reminded) -> bool:
        paid = self.paid_by_then[one.number]
        return paid is not None and paid <= one.at

    def could_be_reminded(self, number: int, at: datetime) -> bool:
        """Had the buyer not paid, and was there time to?"""
        order, paid = self.orders[number], self.paid_by_then[number]
        open_then = order.pay_by is None or order.pay_by - at >= 2 * MINUTE
        return open_then and (paid is None or paid > at)


def a_month(count: int, seed: int) -> Month:
    """About `count` orders. Each buyer's later order of the same items is one of them."""
    random_ = random.Random(seed)
    buyers = max(count // 3, 1)
    found: list[tuple[Order, datetime | None]] = []
    for number in range(count):
        day = MONTH + timedelta(days=random_.randrange(DAYS))
        hour = random_.choices(range(24), BY_HOUR)[0]
        placed = day + timedelta(hours=hour, seconds=random_.randrange(3600))
        shop = random_.choices(("tb1", "dy1", "woo1"), (5, 3, 2))[0]
        order = an_order(number, shop, placed, buyer=random_.randrange(buyers), pick=random_)
        paid = order.paid_at
        if paid is None and random_.random() < 0.3:
            # The buyer comes back and buys the same again, from the same shop, and pays that.
            later = placed + timedelta(minutes=random_.lognormvariate(3.4, 1.1))
            again = an_order(count + number, shop, later, buyer=0, pick=random_, pays=True)
            again = _like(again, order)
            found.append((again, again.paid_at))
            paid = again.paid_at
        found.append((order, paid))
    found.sort(key=lambda one: str(one[0].created_at))
    return Month(tuple(one for one, _ in found), tuple(paid for _, paid in found))


def an_order(
    number: int, shop: str, placed: datetime, *, buyer: int, pick: random.Random, pays: bool = False
) -> Order:
    """An order as it ended. Two thirds are paid, half of them within some three minutes."""
    closes = CLOSE_AFTER[shop]
    took = timedelta(minutes=pick.lognormvariate(1.2, 1.6))
    paid = placed + took if pays or pick.random() < 0.75 else None
    if paid and closes and took >= closes:
        paid = placed + min(took, closes * 0.9) if pays else None
    ended = OrderStatus.PAID if paid else OrderStatus.CLOSED if closes else OrderStatus.UNPAID
    item = pick.randrange(200)
    return Order(
        shop_id=shop,
        order_id=str(2_605_170_000_000_000_000 + number),
        status=ended,
        created_at=placed,
        paid_at=paid,
        finished_at=None if paid or not closes else placed + closes,
        pay_by=placed + closes if closes else None,
        amount_minor=pick.randrange(1_900, 60_000),
        currency="CNY",
        buyer_ref=f"buyer{buyer}",
        lines=(OrderLine(f"陶瓷杯 {item}", sku=f"CUP-{item}"),),
    )


def _like(again: Order, order: Order) -> Order:
    return replace(
        again, buyer_ref=order.buyer_ref, lines=order.lines, amount_minor=order.amount_minor
    )


def schedule(every: timedelta, outages: Sequence[datetime]) -> Runs:
    """A schedule on full intervals that stands still from each outage's begin for its length."""

    def first(at: datetime) -> datetime:
        run = MONTH + -(-(at - MONTH) // every) * every
        while any(begin <= run < begin + OUTAGE for begin in outages):
            run += every
        return run

    return first


def ours(month: Month, outages: Sequence[datetime]) -> list[Reminded]:
    """The deployed rules, replayed over the month."""
    from unpaid_reminder.desk import Desk
    from unpaid_reminder.replay import replay

    desk = Desk(settings=SETTINGS, transport=_nowhere, resolve=str)
    runs = schedule(MINUTE, outages)
    numbers = {order.order_id: number for number, order in enumerate(month.orders)}
    done = replay(month.orders, SETTINGS, desk.window_opens, runs).done
    return [Reminded(numbers[one.order.order_id], one.at) for one in done if one.outcome == "nudge"]


def look_back(month: Month, outages: Sequence[datetime]) -> list[Reminded]:
    """Each run looks at what became idle within the fifteen minutes before it, and only at that."""
    every, idle = timedelta(minutes=15), timedelta(minutes=60)
    runs = schedule(every, outages)
    found = []
    for number, order in enumerate(month.orders):
        if order.created_at is None:
            continue
        idle_since = order.created_at + idle
        run = runs(idle_since)
        if run - idle_since < every and _is_open(order, run):
            found.append(Reminded(number, run))
    return found


def never_rereads(month: Month, outages: Sequence[datetime]) -> list[Reminded]:
    """What was put down when the order was placed is sent at its time."""
    runs = schedule(MINUTE, outages)
    return [
        Reminded(number, runs(order.created_at + 20 * MINUTE))
        for number, order in enumerate(month.orders)
        if order.created_at is not None
    ]


def never_rereads_by_feed(month: Month, outages: Sequence[datetime]) -> list[Reminded]:
    """The same, without the orders that were paid before the last reading of the feed."""
    feed = 5 * MINUTE

    def known_paid(one: Reminded) -> bool:
        paid = month.orders[one.number].paid_at
        read = MONTH + (one.at - MONTH) // feed * feed
        return paid is not None and paid <= read

    return [one for one in never_rereads(month, outages) if not known_paid(one)]


def _is_open(order: Order, at: datetime) -> bool:
    unpaid = order.paid_at is None or order.paid_at > at
    return unpaid and (order.pay_by is None or order.pay_by > at)


RULES = {
    "ours": ours,
    "look_back": look_back,
    "never_rereads": never_rereads,
    "never_rereads_by_feed": never_rereads_by_feed,
}


def missed(
    month: Month, usual: Sequence[Reminded], found: Sequence[Reminded], outages: Sequence[datetime]
) -> tuple[int, int]:
    """How many reminders fell into the outages and could have been made up; how many were not."""
    reminded = {one.number for one in found}
    affected, lost = 0, 0
    for one in usual:
        ends = [begin + OUTAGE for begin in outages if begin <= one.at < begin + OUTAGE]
        if ends and month.could_be_reminded(one.number, ends[0]):
            affected += 1
            lost += one.number not in reminded
    return affected, lost


def counted(month: Month, rule: Callable[..., list[Reminded]]) -> dict[str, Any]:
    """Everything about one rule: a month without outage, with one, with one each evening."""
    evenings = [MONTH + timedelta(days=day) + EVENING for day in range(DAYS)]
    usual = rule(month, ())
    found: dict[str, Any] = {
        "reminders": len(usual),
        "to_buyers_who_had_paid": sum(map(month.had_paid, usual)),
    }
    for name, outages in (("one_outage", evenings[10:11]), ("an_outage_each_evening", evenings)):
        late = rule(month, outages)
        affected, lost = missed(month, usual, late, outages)
        found[name] = {
            "reminders": len(late),
            "to_buyers_who_had_paid": sum(map(month.had_paid, late)),
            "in_the_outage": affected,
            "missed": lost,
        }
    return found


class DeployedRuns:
    """The hours around the one outage through the deployed runs, on the engine.

    The desk knows what its feed brought at the last full five minutes; the shops know what is. Both
    the feed and the runs stand still in the outage. A reminder is a case opened by a run.
    """

    capabilities = frozenset({Capability.ORDER_BY_ID})

    def __init__(self, store: Database, month: Month, begin: datetime) -> None:
        from aftersales.tables import reminders
        from unpaid_reminder.desk import Desk

        store.fresh_tables()
        self.month, self.begin, self.clock = month, begin, Clock(begin - AROUND)
        alerts = Alerts(
            targets={"robot": Target(kind="dingtalk", url="env:ROBOT_URL")},
            routes=(Route(targets=("robot",)),),
        )
        self.settings = msgspec.structs.replace(SETTINGS, alerts=alerts)
        self.desk = Desk(
            settings=self.settings,
            transport=_nowhere,
            resolve=str,
            business_now=self.clock,
            platforms={shop.id: self for shop in SETTINGS.shops},  # type: ignore[misc]
        )
        reminders.begun([shop.id for shop in SETTINGS.shops], MONTH)
        self.numbers = {order.order_id: at for at, order in enumerate(month.orders)}
        self.changes = sorted(self._changes(), key=lambda change: change[0])
        self.found: list[Reminded] = []

    def order(self, order_id: str) -> Order:
        """The platform's word on an order at this instant."""
        return self._as_it_is(self.month.orders[self.numbers[order_id]])

    def go(self, *, with_outage: bool) -> list[Reminded]:
        """All runs, each minute; returns the reminders in their order."""
        end = self.clock.now + 2 * AROUND
        while self.clock.now < end:
            back = self.begin + OUTAGE
            if not (with_outage and self.begin <= self.clock.now < back):
                if (self.clock.now - MONTH) % (5 * MINUTE) == timedelta(0):
                    self._read_feed()
                self._run()
            self.clock.now += MINUTE
        return self.found

    def _changes(self) -> Iterator[tuple[datetime, Order]]:
        """When something happened to the orders of these hours."""
        start = self.clock.now
        for order in self.month.orders:
            if order.created_at and start <= order.created_at < start + 2 * AROUND:
                times = (order.created_at, order.paid_at, order.finished_at)
                yield from ((at, order) for at in times if at is not None)

    def _read_feed(self) -> None:
        from aftersales.tables import orders

        while self.changes and self.changes[0][0] <= self.clock.now:
            _, order = self.changes.pop(0)
            orders.merge(self._as_it_is(order), self.clock.now, settings=self.settings)

    def _run(self) -> None:
        from unpaid_reminder.run import plan, remind

        bodies: list[str] = []
        plan(self.desk, bodies.extend, self.clock.now)
        if not bodies:
            return
        before = self._cases()
        for body in bodies:
            remind(self.desk, json.loads(body)["shards"], 900)
        self.found += [Reminded(number, self.clock.now) for number in self._cases() - before]

    def _cases(self) -> set[int]:
        """The orders of which a case was ever opened or still is: seen so far, or open."""
        from aftersales.tables import cases

        open_now = {self.numbers[case.subject.rpartition("/")[2]] for case in cases.open_cases()}
        return {one.number for one in self.found} | open_now

    def _as_it_is(self, order: Order) -> Order:
        """The order at this instant, with the platform's time of its last change."""
        now = self.clock.now
        times = (order.created_at, order.paid_at, order.finished_at)
        changed = max(at for at in times if at is not None and at <= now)
        if order.paid_at is None and order.finished_at and order.finished_at <= now:
            return replace(order, updated_at=changed)
        if order.paid_at is not None and order.paid_at <= now:
            return replace(order, updated_at=changed)
        return replace(
            order, status=OrderStatus.UNPAID, paid_at=None, finished_at=None, updated_at=changed
        )


def deployed_runs(month: Month) -> dict[str, Any]:
    """The same counts for the deployed runs, without and with the outage."""
    begin = MONTH + timedelta(days=10) + EVENING
    with database() as store:
        usual = DeployedRuns(store, month, begin).go(with_outage=False)
        late = DeployedRuns(store, month, begin).go(with_outage=True)
    affected, lost = missed(month, usual, late, [begin])
    return {
        "reminders": len(usual),
        "reminders_with_the_outage": len(late),
        "to_buyers_who_had_paid": sum(map(month.had_paid, [*usual, *late])),
        "in_the_outage": affected,
        "missed": lost,
    }


def _worst(found: dict[str, Any], key: str) -> int:
    return max(part[key] for part in _parts(found) if key in part)


def _parts(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (found, found["one_outage"], found["an_outage_each_evening"])


def _nowhere(request: object) -> Any:
    raise AssertionError(f"nothing is to be sent: {request}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=30_000, help="orders in the month")
    parser.add_argument("--seed", type=int, default=20_261_101)
    given = parser.parse_args()
    month = a_month(given.orders, given.seed)
    rules = {name: counted(month, rule) for name, rule in RULES.items()}
    runs = deployed_runs(month)
    peers = {name: found for name, found in rules.items() if name != "ours"}
    measures = (
        ("to_buyers_who_had_paid", "reminders of a month to buyers who had already paid"),
        ("missed", "reminders missed for good after a scheduler that stood for 30 minutes"),
    )
    report(
        "reminder_rules",
        [
            result(
                name,
                f"{what}; {len(month.orders)} orders, the worst of a month without outage, with "
                "one, and with one each evening; ours and the deployed runs added",
                "reminders",
                ours=_worst(rules["ours"], name) + runs[name],
                peer={peer: _worst(found, name) for peer, found in peers.items()},
                goal="0",
                met=_worst(rules["ours"], name) + runs[name] == 0,
            )
            for name, what in measures
        ],
        rules=rules,
        ours_by_the_deployed_runs=runs,
    )


if __name__ == "__main__":
    main()
