"""Time per open parcel of planning: which parcels of a shard are due; and messages per run.

    python -m benchmarks.sweep_planning [--sizes 1000,10000,100000,1000000]

The decision is the deployed one (`_Sweep._due`: moments, the lock and the clock's rules), on
parcels in memory: reading them is the database's part. Time is processor time. A sweep holds one
shard, so the parcels are spread over shards of at most 10,000, taken one after the other.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from benchmarks.measuring import (
    START,
    Clock,
    ScriptedSource,
    a_parcel,
    median,
    report,
    result,
    scans,
    settings_for,
    told,
)

SHARD_SIZE = 10_000
PARCELS_BEHIND = timedelta(minutes=10)
GROWTH_GOAL = 1.25
REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    planner = Planner()
    planner.plan(1000)  # the first run imports and fills caches
    runs = {size: planner.median_of(size) for size in sizes}
    smallest, largest = runs[sizes[0]], runs[sizes[-1]]
    ratio = largest["ns_per_parcel"] / smallest["ns_per_parcel"]
    report(
        "sweep_planning",
        [
            result(
                "time_per_parcel",
                f"planning {sizes[-1]} open parcels, per parcel; beside it the same for {sizes[0]}",
                "ns",
                ours=largest["ns_per_parcel"],
                peer=smallest["ns_per_parcel"],
                ratio=round(ratio, 3),
                goal=f"ratio at most {GROWTH_GOAL}: the time per parcel does not grow with size",
                met=ratio <= GROWTH_GOAL,
                sizes=[{"open_parcels": size, **found} for size, found in runs.items()],
            ),
            messages(),
        ],
        one_shard=memory(planner),
    )


class Planner:
    """The deployed decision, over made-up shards."""

    def __init__(self) -> None:
        from aftersales.settings.model import Source
        from aftersales.tables.feeds import AskedWindow, SweepProgress
        from parcel_tracker.desk import Desk
        from parcel_tracker.story import absorb
        from parcel_tracker.sweep import _Sweep

        clock = Clock(START + timedelta(hours=9))
        source = ScriptedSource()
        desk = Desk(
            settings=settings_for(scripted=Source("scripted")),
            transport=lambda _: None,  # type: ignore[arg-type,return-value]
            resolve=str,
            business_now=clock,
            wall_now=clock,
            sources={"scripted": source},
        )
        self._now = clock.now
        self._sweep = _Sweep(desk, "scripted", source, 0, clock.now, Counter())
        before = clock.now - PARCELS_BEHIND
        window = AskedWindow(before - PARCELS_BEHIND, before, before)
        self._sweep.progress = SweepProgress(swept_until=before, windows=(window,))
        parcel = a_parcel(0)
        reply = told(parcel.waybill_number, scans(4))
        self._stored = absorb(parcel, reply, (), reused_number_days=5)[0]

    def shard(self, first: int, count: int) -> list[Any]:
        """Parcels under way, each with an id of its own."""
        return [
            replace(self._stored, parcel_id=f"YT{8_800_000_000_000 + number}")
            for number in range(first, first + count)
        ]

    def plan(self, open_parcels: int) -> dict[str, Any]:
        """Plan that many open parcels, shard by shard."""
        elapsed, chosen = 0, 0
        for first, count in _cut(open_parcels):
            parcels = self.shard(first, count)
            start = time.process_time_ns()
            chosen += len(self._sweep._due(parcels, self._now))
            elapsed += time.process_time_ns() - start
        return {
            "ns_per_parcel": round(elapsed / open_parcels),
            "shards": len(list(_cut(open_parcels))),
            "due": chosen,
        }

    def median_of(self, open_parcels: int) -> dict[str, Any]:
        """The median of several runs; large sizes are many shards, and so many runs, already."""
        repeats = REPEATS if open_parcels < 1_000_000 else 1
        found = [self.plan(open_parcels) for _ in range(repeats)]
        return {**found[0], "ns_per_parcel": round(median([f["ns_per_parcel"] for f in found]))}


def messages() -> dict[str, Any]:
    """How many queue messages start the sweeps of all shards: one per shard, whatever is in it."""
    import msgspec

    from aftersales.settings.model import Source
    from parcel_tracker.plan import plan_sweeps

    settings = settings_for(scripted=Source("scripted"))
    shards = 1_000_000 // SHARD_SIZE
    tracking = msgspec.structs.replace(settings.tracking, shards=shards)
    settings = msgspec.structs.replace(settings, tracking=tracking)
    calls: list[int] = []
    start = time.perf_counter_ns()
    planned = plan_sweeps(settings, START.isoformat(), lambda bodies: calls.append(len(bodies)))
    micros = (time.perf_counter_ns() - start) / 1000
    return result(
        "messages_per_run",
        f"queue messages of one run for 1,000,000 open parcels in {shards} shards",
        "messages",
        ours=planned,
        limit=shards,
        ratio=planned / shards,
        calls_to_the_queue=len(calls),
        micros_without_the_calls=round(micros),
        goal="one message per shard",
        met=planned == shards,
    )


def memory(planner: Planner) -> dict[str, Any]:
    """What one message needs at most: the parcels of its shard, and what planning adds."""
    import msgspec

    from aftersales.parcels import Parcel

    packed = [msgspec.json.encode(parcel) for parcel in planner.shard(0, SHARD_SIZE)]
    decoder = msgspec.json.Decoder(Parcel)
    tracemalloc.start()
    parcels = [decoder.decode(state) for state in packed]  # as they come out of the table
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    planner._sweep._due(parcels, planner._now)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "parcels": SHARD_SIZE,
        "message": '{"shard": N, "scheduled_time": "..."}',
        "bytes_per_parcel": round(held / SHARD_SIZE),
        "megabytes_of_the_parcels": round(held / 1e6, 1),
        "megabytes_added_by_planning": round((peak - held) / 1e6, 1),
    }


def _cut(open_parcels: int) -> Iterator[tuple[int, int]]:
    for first in range(0, open_parcels, SHARD_SIZE):
        yield first, min(SHARD_SIZE, open_parcels - first)


if __name__ == "__main__":
    main()
