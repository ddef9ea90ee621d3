"""Write and read units per check of a parcel, counted by the engine.

    python -m benchmarks.tracking_writes [--parcels 2000]

A shard of parcels is swept by the deployed code (`parcel_tracker.sweep`); every answer of the
engine carries its ConsumedCapacity, transactions too, and all of them are added up: scans, states,
indexes, claims, request slots, watermarks, health. The peer is the usual design, on the same
engine and in the same run: each check rewrites the item with the time of its next check, which is
the key of an index.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Any

from benchmarks.measuring import (
    START,
    Clock,
    Database,
    ScriptedSource,
    a_parcel,
    database,
    report,
    result,
    scans,
    settings_for,
    told,
)

UNCHANGED_GOAL = 0.05
CHANGED_GOAL = 2.0
SWEEP_EVERY = timedelta(minutes=10)
PACE = timedelta(hours=4)
"""How often a parcel under way is asked about: `due.INTERVALS`."""
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


class Units(Counter[str]):
    """Capacity units by what they were spent on: `write feeds`, `read parcels`, `write history`."""

    def all(self, kind: str) -> float:
        """All units of one kind, `write` or `read`."""
        return sum(units for name, units in self.items() if name.startswith(f"{kind} "))

    def per(self, checks: int) -> dict[str, float]:
        """Each entry per check."""
        return {name: round(units / checks, 4) for name, units in sorted(self.items())}


@contextmanager
def counted(client: Any) -> Iterator[Units]:
    """Add up what every call over `client` consumes, asking the engine for it each time."""
    units, lock = Units(), Lock()
    events = client.meta.events

    def ask(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"
        scan_item = str(params.get("Item", {}).get("item", {}).get("S", "")).startswith("scans#")
        context["is_history"] = model.name == "PutItem" and scan_item

    def note(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        kind = "write" if model.name in WRITES else "read"
        used = parsed.get("ConsumedCapacity", ())
        with lock:
            for entry in used if isinstance(used, list | tuple) else [used]:
                table = "history" if context.get("is_history") else entry["TableName"]
                units[f"{kind} {table.partition('-')[2] or table}"] += entry["CapacityUnits"]

    events.register("before-parameter-build.dynamodb", ask)
    events.register("after-call.dynamodb", note)
    try:
        yield units
    finally:
        events.unregister("before-parameter-build.dynamodb", ask)
        events.unregister("after-call.dynamodb", note)


class Shard:
    """A shard of parcels that have been swept once, and the desk that sweeps it."""

    def __init__(self, store: Database, count: int) -> None:
        from aftersales.settings.model import Source
        from aftersales.tables import parcels
        from aftersales.tables.connection import binding
        from parcel_tracker.desk import Desk

        store.fresh_tables()
        self.client = binding().connection.client
        self.clock = Clock(START)
        self.source = ScriptedSource()
        self.numbers = []
        for number in range(count):
            parcel = a_parcel(number)
            parcels.add(parcel, shards=1)
            self.numbers.append(parcel.waybill_number)
            self.source.says[parcel.waybill_number] = told(parcel.waybill_number, scans(4))
        self.desk = Desk(
            settings=settings_for(scripted=Source("scripted")),
            transport=_nowhere,
            resolve=str,
            business_now=self.clock,
            wall_now=self.clock,
            wait=self.clock.wait,
            sources={"scripted": self.source},
        )
        self.clock.now = START + timedelta(hours=9)
        self.sweep()

    def sweep(self) -> Counter[str]:
        from parcel_tracker.sweep import sweep_shard

        return sweep_shard(self.desk, 0, 600)

    def sweeps_of(self, span: timedelta) -> tuple[Units, Counter[str]]:
        """Sweep every ten minutes for `span`; what it consumed, and the named outcomes."""
        tally: Counter[str] = Counter()
        until = self.clock.now + span
        with counted(self.client) as units:
            while self.clock.now < until:
                self.clock.now += SWEEP_EVERY
                tally += self.sweep()
        return units, tally


def _nowhere(request: object) -> Any:
    raise AssertionError(f"nothing is to be sent: {request}")


def unchanged(store: Database, count: int) -> dict[str, Any]:
    """Four hours of ten-minute sweeps: each parcel is asked about once, and has nothing new."""
    shard = Shard(store, count)
    asked = shard.source.asked
    units, tally = shard.sweeps_of(PACE)
    checks = shard.source.asked - asked
    if checks != tally["unchanged"]:
        raise RuntimeError(f"{checks} checks, outcomes {dict(tally)}")
    ours, peer = units.all("write") / checks, rewriting_peer(store, count)
    return result(
        "unchanged_check",
        f"write units per check that brings nothing new; {count} parcels in a shard, swept every "
        "10 minutes until each was asked about once, all writes included",
        "write units",
        ours=round(ours, 4),
        peer=peer,
        ratio=round(ours / peer, 4),
        checks=checks,
        sweeps=int(PACE / SWEEP_EVERY),
        units_per_check=units.per(checks),
        read_units_per_check=round(units.all("read") / checks, 4),
        read_units_per_parcel_and_sweep=round(
            units.all("read") / count / int(PACE / SWEEP_EVERY), 4
        ),
        goal=f"at most {UNCHANGED_GOAL}",
        met=ours <= UNCHANGED_GOAL,
    )


def in_small_shards(store: Database) -> list[dict[str, float]]:
    """How the fixed writes of a sweep weigh where a shard holds few parcels."""
    found = []
    for count in (50, 200, 1000):
        units, tally = Shard(store, count).sweeps_of(PACE)
        checks = tally["unchanged"]
        found.append(
            {
                "parcels_in_shard": count,
                "write_units_per_check": round(units.all("write") / checks, 4),
                "write_units_per_sweep": round(units.all("write") / (PACE / SWEEP_EVERY), 2),
            }
        )
    return found


def changed(store: Database, count: int) -> dict[str, Any]:
    """The same, but every parcel has one new scan when it is asked about."""
    shard = Shard(store, count)
    for number in shard.numbers:
        shard.source.says[number] = told(number, scans(5))
    units, tally = shard.sweeps_of(PACE)
    checks = tally["changed"]
    history, feeds = units["write history"] / checks, units["write feeds"] / checks
    ours = units.all("write") / checks - history - feeds
    peer = rewriting_peer(store, count)
    return result(
        "changed_check",
        "write units that a check with a new scan adds, without its history item; the writes of "
        "the sweep itself, which unchanged checks pay too, and the sum of all stand beside it",
        "write units",
        ours=round(ours, 4),
        peer=peer,
        ratio=round(ours / peer, 4),
        history_item=round(history, 4),
        share_of_the_sweeps_own_writes=round(feeds, 4),
        all_writes=round(units.all("write") / checks, 4),
        checks=checks,
        units_per_check=units.per(checks),
        read_units_per_check=round(units.all("read") / checks, 4),
        goal=f"at most {CHANGED_GOAL}, and the history item",
        met=ours <= CHANGED_GOAL,
    )


def opening(store: Database, count: int) -> dict[str, Any]:
    """One sweep two days later: every parcel has stalled, and becomes a case with its alert."""
    shard = Shard(store, count)
    shard.clock.now += timedelta(hours=49)
    with counted(shard.client) as units:
        tally = shard.sweep()
    checks = tally["changed"]
    ours = units.all("write") / checks
    return result(
        "check_that_opens_a_case",
        "write units per check after which a case and its alert are written in one transaction "
        "(which DynamoDB counts double); for knowledge",
        "write units",
        ours=round(ours, 4),
        checks=checks,
        units_per_check=units.per(checks),
        read_units_per_check=round(units.all("read") / checks, 4),
        goal="none",
        met=True,
    )


def rewriting_peer(store: Database, count: int) -> float:
    """Write units per check of the usual design: the item and its due key are written each time."""
    import msgspec

    from aftersales.tables.fields import iso

    table = f"peer-{store.fresh_tables()}"
    client = store.client
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "parcel_id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "parcel_id", "AttributeType": "S"},
            {"AttributeName": "shard", "AttributeType": "N"},
            {"AttributeName": "next_check_at", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "shard", "KeyType": "HASH"},
                    {"AttributeName": "next_check_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    packed = [msgspec.json.encode(told_parcel(number)).decode() for number in range(count)]
    for number, state in enumerate(packed):
        item = {"parcel_id": {"S": str(number)}, "shard": {"N": "0"}, "state": {"S": state}}
        client.put_item(TableName=table, Item={**item, "next_check_at": {"S": iso(START)}})
    with counted(client) as units:
        for number, state in enumerate(packed):
            client.update_item(
                TableName=table,
                Key={"parcel_id": {"S": str(number)}},
                UpdateExpression="SET #state = :state, next_check_at = :next",
                ConditionExpression="next_check_at = :last",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":state": {"S": state},
                    ":next": {"S": iso(START + PACE)},
                    ":last": {"S": iso(START)},
                },
            )
    return round(units.all("write") / count, 4)


def told_parcel(number: int) -> Any:
    """A parcel as it is stored after its fourth scan."""
    from parcel_tracker.story import absorb

    parcel = a_parcel(number)
    reply = told(parcel.waybill_number, scans(4))
    return absorb(parcel, reply, (), reused_number_days=5)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parcels", type=int, default=2000, help="open parcels in the shard")
    count = parser.parse_args().parcels
    with database() as store:
        results = [unchanged(store, count), changed(store, count), opening(store, count)]
        small = in_small_shards(store)
    report(
        "tracking_writes",
        results,
        peer="the item is rewritten at each check, with its next check as the key of an index",
        unchanged_checks_in_smaller_shards=small,
    )


if __name__ == "__main__":
    main()
