"""Time per due order of a run's selection, while the number of open unpaid orders grows.

    python -m benchmarks.reminder_selection [--sizes 1000,10000,100000] [--due 500]

The deployed code on the embedded engine: `run.plan` looks which shards are due, then the due orders
are read and judged as a run does it (`run._chunks`, `selection.select`), a hundred at a time, each
that would be nudged asked about once more. Nothing is written by it, so it is repeated, and the
best run counts: other work on the machine only adds. The shop answers at once and in this process;
sending is left to `reminder_units`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from benchmarks.measuring import START, Clock, Database, database, report, result
from benchmarks.reminding import SETTINGS, SHOP, Shopfront, a_desk, an_order, fill

GROWTH_GOAL = 1.25
REPEATS = 4
PLANS = 10
STEP = timedelta(minutes=5)
NOW = START + timedelta(hours=3)
"""When nothing is due yet."""


class Backlog:
    """So many open orders; one after the other of `dues` of them become due, five minutes apart."""

    def __init__(self, store: Database, open_orders: int, dues: Sequence[int]) -> None:
        from aftersales.tables import reminders

        store.fresh_tables()
        self.clock, shop = Clock(NOW), Shopfront()
        self.desk = a_desk(self.clock, shop)
        reminders.begun([SHOP], START - timedelta(days=30))
        first = timedelta(minutes=SETTINGS.reminder.first_minutes)
        last = timedelta(hours=24) - timedelta(minutes=SETTINGS.reminder.last_minutes)
        self.due_at = {count: NOW + STEP * step for step, count in enumerate(sorted(dues), 1)}
        known = []
        for number in range(open_orders):
            at = next((at for count, at in self.due_at.items() if number < count), None)
            # Those that are not yet due were placed earlier: their first moment is over.
            placed = at - first if at else NOW - timedelta(minutes=90 + number % 600)
            order = an_order(number, placed)
            known.append((order, at or placed + last))
            shop.orders[order.order_id] = order
        fill(store, known)

    def plan(self) -> list[int]:
        """Plan a run; returns the shards of its messages."""
        from unpaid_reminder.run import plan

        bodies: list[str] = []
        plan(self.desk, bodies.extend, self.clock.now)
        return [shard for body in bodies for shard in json.loads(body)["shards"]]

    def judge(self, shards: Sequence[int]) -> int:
        """Select as a run over these shards does; returns how many orders would be nudged."""
        from unpaid_reminder.rules import Outcome
        from unpaid_reminder.run import _chunks
        from unpaid_reminder.selection import select

        nudges = 0
        for chunk in _chunks(shards, self.clock.now):
            judged = select(self.desk, chunk, self.clock.now).judged
            nudges += sum(one.decision.outcome is Outcome.NUDGE for one in judged)
        return nudges

    def quiet(self) -> dict[str, float]:
        """Planning a run in which nothing is due."""
        self.clock.now = NOW
        shards, millis = self._planned()
        if shards:
            raise RuntimeError(f"nothing is due, shards {shards} were planned")
        return {"plan_ms": millis}

    def measured(self, due: int) -> dict[str, float]:
        """The best of several runs with so many due: planning, judging, both for each due order."""
        self.clock.now = self.due_at[due]
        shards, plan_ms = self._planned()
        runs, processor = [], []
        for _ in range(REPEATS):
            start, start_cpu = time.perf_counter(), time.process_time()
            nudges = self.judge(shards)
            runs.append(time.perf_counter() - start)
            processor.append(time.process_time() - start_cpu)
            if nudges != due:
                raise RuntimeError(f"{due} orders are due, {nudges} were chosen")
        return {
            "due": due,
            "plan_ms": plan_ms,
            "micros_per_due_order": round((plan_ms / 1e3 + min(runs)) / due * 1e6),
            "of_it_processor_here": round(min(processor) / due * 1e6),
        }

    def _planned(self) -> tuple[list[int], float]:
        times, shards = [], []
        for _ in range(PLANS):
            start = time.perf_counter()
            shards = self.plan()
            times.append(time.perf_counter() - start)
        return shards, round(min(times) * 1e3, 1)


def growth(
    name: str, what: str, unit: str, key: str, sizes: list[dict[str, Any]]
) -> dict[str, Any]:
    """The last entry against the first."""
    ours, peer = sizes[-1][key], sizes[0][key]
    ratio = ours / peer
    return result(
        name,
        what,
        unit,
        ours=ours,
        peer=peer,
        ratio=round(ratio, 3),
        goal=f"ratio at most {GROWTH_GOAL}: it does not grow",
        met=ratio <= GROWTH_GOAL,
        sizes=sizes,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="1000,10000,100000", help="open unpaid orders")
    parser.add_argument("--due", type=int, default=500, help="of them due in the run")
    given = parser.parse_args()
    sizes = sorted(int(size) for size in given.sizes.split(","))
    due = min(given.due, sizes[0], sizes[-1] // 2)
    few, many = max(due // 4, 1), 2 * due
    found, fuller, nothing = [], [], []
    with database() as store:
        Backlog(store, 200, [200]).measured(200)  # the first run imports and fills caches
        for size in sizes:
            largest = size == sizes[-1]
            backlog = Backlog(store, size, [few, due, many] if largest else [due])
            nothing.append({"open_orders": size, **backlog.quiet()})
            if largest:
                fuller.append({"open_orders": size, **backlog.measured(few)})
            found.append({"open_orders": size, **backlog.measured(due)})
            if largest:
                fuller.append({"open_orders": size, **backlog.measured(many)})
    report(
        "reminder_selection",
        [
            growth(
                "time_per_due_order",
                f"planning and deciding a run, per due order: {due} due among {sizes[-1]} open "
                f"ones; beside it among {sizes[0]}",
                "µs",
                "micros_per_due_order",
                found,
            ),
            growth(
                "time_per_order_of_a_larger_run",
                f"the same among {sizes[-1]} open ones, {many} due against {few}",
                "µs",
                "micros_per_due_order",
                fuller,
            ),
            growth(
                "run_without_due_orders",
                f"a run that finds nothing due, over {sizes[-1]} open orders and over {sizes[0]}",
                "ms",
                "plan_ms",
                nothing,
            ),
        ],
    )


if __name__ == "__main__":
    main()
