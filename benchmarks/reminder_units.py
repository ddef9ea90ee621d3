"""Read and write units per reminded and per skipped order, counted by the engine.

    python -m benchmarks.reminder_units [--orders 200]

Orders are stored by the code that stores them (`orders.merge`), then handled by a run of the
deployed code (`run.remind`; planning stands by itself). Every answer of the engine carries its
ConsumedCapacity, transactions too, and all of them are added up: orders, indexes, cases, alerts,
buyers, counts. The shop tells at once what it is asked. The peer reads all open orders in each run,
as a reminder without an index over the times does.
"""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from aftersales.parcels import Order, OrderStatus
from aftersales.settings.model import Settings
from benchmarks.measuring import START, Clock, Database, database, report, result
from benchmarks.reminding import SETTINGS, SHOP, Shopfront, a_desk, an_order
from benchmarks.tracking_writes import Units, counted

FIRST = timedelta(minutes=20)
NIGHT = START.replace(hour=15)
"""Eleven at night in Shanghai, outside the window."""
WAITING = 20_000
"""Open orders about which nothing is due, for the peer."""


class Day:
    """Orders that were all placed at one moment, and the desk that looks at them."""

    def __init__(
        self,
        store: Database,
        count: int,
        *,
        settings: Settings = SETTINGS,
        placed: datetime = START,
    ) -> None:
        from aftersales.tables import reminders
        from aftersales.tables.connection import binding

        store.fresh_tables()
        self.client = binding().connection.client
        self.clock, self.shop, self.settings = Clock(placed), Shopfront(), settings
        self.desk = a_desk(self.clock, self.shop, settings)
        reminders.begun([SHOP], placed - timedelta(days=30))
        with counted(self.client) as self.storing:
            for number in range(count):
                self.stored(an_order(number, placed))
        self.clock.now += FIRST

    def stored(self, order: Order) -> None:
        """The desk hears of an order, and the shop knows it as it is."""
        from aftersales.tables import orders

        self.shop.orders[order.order_id] = order
        orders.merge(order, self.clock.now, settings=self.settings)

    def pay(self, *, heard: bool) -> None:
        """All buyers pay now; `heard`: and the desk hears of it from the feed."""
        for order in list(self.shop.orders.values()):
            now = self.clock.now
            paid = replace(order, status=OrderStatus.PAID, paid_at=now, updated_at=now)
            self.shop.orders[order.order_id] = paid
            if heard:
                self.stored(paid)

    def run(self) -> tuple[Units, dict[str, int]]:
        """A run over all shards: what it consumed, and the named outcomes."""
        from aftersales.tables import orders
        from unpaid_reminder.run import remind

        with counted(self.client) as units:
            tally = remind(self.desk, range(orders.UNPAID_SHARDS), 900)
        return units, tally


def entry(
    name: str, what: str, units: Units, handled: int, tally: dict[str, int], key: str
) -> dict[str, Any]:
    """What one order of this kind costs; `key` names the outcome that all must have had."""
    if tally.get(key) != handled:
        raise RuntimeError(f"{handled} orders, outcomes {tally}")
    return result(
        name,
        what,
        "write units",
        ours=round(units.all("write") / handled, 3),
        read_units=round(units.all("read") / handled, 3),
        orders=handled,
        units_per_order=units.per(handled),
        goal="none",
        met=True,
    )


def reminded(store: Database, count: int) -> list[dict[str, Any]]:
    """Ten in a message, one in a message, and what the payment afterwards costs."""
    day = Day(store, count)
    together = entry(
        "reminded", "an order that is nudged, ten in one message", *_by(day, count), "nudges"
    )
    day.clock.now += timedelta(minutes=10)
    day.pay(heard=True)
    settled = entry(
        "settled",
        "an order that was nudged and then paid: case closed, told, counted; ten in one message",
        *_by(day, count),
        "settled",
    )
    single = Day(store, 0)
    units, tally = Units(), 0
    for number in range(min(count, 50)):
        single.stored(an_order(number, single.clock.now - FIRST))
        some, found = single.run()
        units.update(some)
        tally += found.get("nudges", 0)
    alone = entry(
        "reminded_alone",
        "an order that is nudged in a run and a message of its own; the run's reads are all its",
        units,
        min(count, 50),
        {"nudges": tally},
        "nudges",
    )
    return [together, alone, settled]


def skipped(store: Database, count: int) -> list[dict[str, Any]]:
    """Orders about which nobody is told, by what the reason is found in."""
    by_order = Day(
        store,
        count,
        settings=msgspec.structs.replace(
            SETTINGS, reminder=msgspec.structs.replace(SETTINGS.reminder, min_amount=200)
        ),
    )
    found = [_skip(by_order, count, "amount_out_of_bounds", "by its amount; over for good")]

    by_platform = Day(store, count)
    by_platform.pay(heard=False)
    found.append(_skip(by_platform, count, "paid", "for a payment that asking again has brought"))

    by_feed = Day(store, count)
    by_feed.pay(heard=True)
    units, tally = by_feed.run()
    if tally:
        raise RuntimeError(f"who has paid is not looked at, outcomes {tally}")
    found.append(
        result(
            "paid_in_time",
            "an order whose payment the feed brought before its moment: a run does not meet it",
            "write units",
            ours=round(units.all("write") / count, 3),
            read_units=round(units.all("read") / count, 3),
            read_units_of_the_run=units.all("read"),
            orders=count,
            goal="0 write units",
            met=units.all("write") == 0,
        )
    )
    at_night = Day(store, count, placed=NIGHT)
    what = "an order that waits for the window to open, once a night"
    found.append(
        entry("waits", what, *_by(at_night, count), key="wait_outside_window"),
    )
    return found


def _skip(day: Day, count: int, reason: str, what: str) -> dict[str, Any]:
    return entry(
        f"skipped_{reason}", f"an order that is skipped {what}", *_by(day, count), f"skip_{reason}"
    )


def _by(day: Day, count: int) -> tuple[Units, int, dict[str, int]]:
    units, tally = day.run()
    return units, count, tally


def quiet_run(store: Database) -> dict[str, Any]:
    """What a run costs that finds nothing due, against one that reads all open orders."""
    from aftersales.tables import orders
    from benchmarks.reminding import fill
    from unpaid_reminder.run import plan

    day = Day(store, 0)
    placed = day.clock.now - timedelta(hours=2)
    fill(
        store,
        ((an_order(number, placed), placed + timedelta(hours=23)) for number in range(WAITING)),
    )
    with counted(day.client) as units:
        planned = plan(day.desk, lambda _: None, day.clock.now)
    with counted(day.client) as peer:
        open_orders = sum(
            1
            for shard in range(orders.UNPAID_SHARDS)
            for _ in orders.due(shard, placed + timedelta(days=2))
        )
    if planned["due"] or open_orders != WAITING:
        raise RuntimeError(f"{planned}, {open_orders} open orders")
    ours, theirs = units.all("read"), peer.all("read")
    return result(
        "run_without_due_orders",
        f"read units of a run that finds nothing due among {WAITING} open orders; the peer reads "
        "them all",
        "read units",
        ours=ours,
        peer=theirs,
        ratio=round(ours / theirs, 5),
        write_units=units.all("write"),
        goal="no write; half a unit for each shard, and one",
        met=not units.all("write") and ours <= orders.UNPAID_SHARDS / 2 + 1,
    )


def storing(store: Database, count: int) -> dict[str, Any]:
    """What its places in the two indexes add to storing a new order."""
    off = msgspec.structs.replace(
        SETTINGS, reminder=msgspec.structs.replace(SETTINGS.reminder, enabled=False)
    )
    with_it, without = (
        Day(store, count, settings=settings).storing.all("write") / count
        for settings in (SETTINGS, off)
    )
    return result(
        "stored",
        "a new unpaid order with its places in both indexes; the peer has the reminder disabled",
        "write units",
        ours=round(with_it, 3),
        peer=round(without, 3),
        ratio=round(with_it / without, 3),
        goal="none",
        met=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=200, help="orders of each kind")
    count = parser.parse_args().orders
    with database() as store:
        results = [
            *reminded(store, count),
            *skipped(store, count),
            quiet_run(store),
            storing(store, count),
        ]
    report("reminder_units", results, peer="all open orders are read in each run")


if __name__ == "__main__":
    main()
