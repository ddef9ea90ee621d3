"""The tracker and the dispatcher are killed at every outside call in turn; no alert is lost.

Outside calls are those to DynamoDB (counted at botocore), to the courier and to the robot (counted
at the transport). A kill is a BaseException, which no error handling of ours can swallow; it falls
before the call (nothing happened outside) or after it (it happened, and nobody knows).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from aftersales.clock import wall_now
from aftersales.couriers.base import SourceLimits
from aftersales.http import HttpReply, HttpRequest
from aftersales.tables import outbox, parcels
from aftersales.tables.connection import binding
from aftersales.tracking import Reason, Status
from alert_dispatcher.dispatch import Dispatcher
from parcel_tracker.sweep import sweep_shard
from tests.desk_fakes import (
    START,
    Clock,
    Robot,
    ScriptedSource,
    a_parcel,
    a_scan,
    desk_for,
    settings_for,
    told,
)

STALLED, DAMAGED, MOVED_ON = (f"YT{n:013d}" for n in range(3))
WANTED = {
    (STALLED, "stalled", "opened"),
    (STALLED, "stalled", "escalated"),
    (DAMAGED, "damaged", "opened"),
    (MOVED_ON, "stalled", "opened"),
    (MOVED_ON, "stalled", "solved"),
}


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Reaper:
    """Kills at outside call number `at`, before or after it is carried out."""

    at: int = -1
    after: bool = False
    calls: int = 0
    log: list[str] = field(default_factory=list)

    def before_call(self, what: str) -> None:
        self.log.append(what)
        if self.calls == self.at and not self.after:
            self.calls += 1
            raise Killed

    def after_call(self) -> None:
        number, self.calls = self.calls, self.calls + 1
        if number == self.at and self.after:
            raise Killed


@contextmanager
def watched_database(reaper: Reaper) -> Iterator[None]:
    events = binding().connection.client.meta.events

    def before(model, **_):
        reaper.before_call(model.name)

    def after(**_):
        reaper.after_call()

    events.register("before-call.dynamodb", before)
    events.register("after-call.dynamodb", after)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", before)
        events.unregister("after-call.dynamodb", after)


@dataclass
class ReapedRobot(Robot):
    reaper: Reaper = field(default_factory=Reaper)

    def __call__(self, request: HttpRequest) -> HttpReply:
        self.reaper.before_call("robot")
        reply = super().__call__(request)
        self.reaper.after_call()
        return reply


def reaped(source: ScriptedSource, reaper: Reaper) -> ScriptedSource:
    def query(requests):
        reaper.before_call("courier")
        answers = ScriptedSource.query(source, requests)
        reaper.after_call()
        return answers

    source.query = query
    return source


ROUNDS = (2, 20, 21, 52, 53, 54, 64, 65, 66, 100)
"""Hours at which the desk runs: picked up, damaged, stalled, moved on, stalled for twice as long.
After a run that died the same numbers are asked again only when the courier's lock is over, so each
turn of the story lasts for three runs."""
AFTERWARDS = (104, 113, 130)


def story(clock: Clock, robot: ReapedRobot, reaper: Reaper | None) -> bool:
    """Four days of three parcels; True when the reaper struck."""
    limits = SourceLimits(batch_size=10, requests_per_second=1000, concurrency=1, lock_seconds=1800)
    source = ScriptedSource(clock, limits=limits)
    quiet = Reaper()
    struck = False
    for number in (STALLED, DAMAGED, MOVED_ON):
        parcels.add(a_parcel(number), shards=1)
    picked_up = a_scan(1, Status.PICKED_UP)
    source.says = {number: told(number, picked_up) for number in (STALLED, DAMAGED, MOVED_ON)}

    for hour in ROUNDS:
        clock.now = START + timedelta(hours=hour)
        if hour == 20:
            damaged = a_scan(19, Status.EXCEPTION, "破损", reason=Reason.DAMAGED)
            source.says[DAMAGED] = told(DAMAGED, picked_up, damaged)
        if hour == 64:
            source.says[MOVED_ON] = told(MOVED_ON, picked_up, a_scan(59, Status.IN_TRANSIT))
        current = reaper if reaper is not None and not struck else quiet
        robot.reaper = current
        try:
            with watched_database(current):
                sweep_shard(desk_for(reaped(source, current), clock), 0, 300)
                dispatch(robot, hour)
        except Killed:
            struck = True
    # The desk is left running for a while after the last scan.
    robot.reaper = quiet
    for hour in AFTERWARDS:
        clock.now = START + timedelta(hours=hour)
        sweep_shard(desk_for(reaped(source, quiet), clock), 0, 300)
        dispatch(robot, hour)
    return struck


def dispatch(robot: Robot, hour: int) -> None:
    """The dispatcher's clock runs with the story: dead claims have run out by the next round."""
    now = wall_now() + timedelta(hours=hour)
    Dispatcher(
        settings=settings_for(),
        transport=robot,
        resolve=lambda reference: reference,
        wall_now=lambda: now,
        business_now=lambda: START,
        jitter=lambda: 1.0,
    ).deliver_all(list(outbox.pending()), now + timedelta(minutes=1))


def outcome(tables, robot: Robot) -> tuple[set[tuple[str, str, str]], dict[str, int]]:
    """What arrived: (waybill, kind, transition), and how often each alert did."""
    seen: set[tuple[str, str, str]] = set()
    counts: dict[str, int] = {}
    for item in tables.items("outbox"):
        alert = json.loads(item["document"])["alert"]
        count = sum(alert["alert_id"] in text for text in robot.texts)
        counts[alert["alert_id"]] = count
        if count:
            seen.add((alert["facts"]["waybill_number"], alert["kind"], alert["transition"]))
    return seen, counts


def fresh(tables) -> None:
    """Empty all tables of this test."""
    for name, keys in {
        "parcels": ("parcel_id", "item"),
        "cases": ("subject", "kind"),
        "outbox": ("delivery_id",),
        "feeds": ("feed",),
    }.items():
        for item in tables.items(name):
            key = {k: {"S": item[k]} for k in keys}
            tables.client.delete_item(TableName=f"{tables.prefix}-{name}", Key=key)


def test_without_a_kill_every_alert_arrives_exactly_once(tables):
    robot = ReapedRobot()
    assert not story(Clock(), robot, None)
    seen, counts = outcome(tables, robot)
    assert seen == WANTED
    assert set(counts.values()) == {1}


SLICES = 4
"""The calls are shared out over so many tests, so that they run side by side."""


@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("after", [False, True], ids=["before-the-call", "after-the-call"])
def test_killed_at_any_outside_call_every_alert_still_arrives(tables, after, part):
    # A dry run counts the outside calls up to the last alert.
    counting = Reaper()
    story(Clock(), ReapedRobot(reaper=counting), counting)
    fresh(tables)
    points = range(part, len(counting.log), SLICES)
    assert len(counting.log) > 60
    assert {"TransactWriteItems", "robot", "courier", "UpdateItem"} <= set(counting.log)

    lost: list[tuple[int, str]] = []
    for at in points:
        fresh(tables)
        robot = ReapedRobot()
        assert story(Clock(), robot, Reaper(at=at, after=after))
        seen, counts = outcome(tables, robot)
        if seen != WANTED:
            lost.append((at, counting.log[at]))
        extra = sum(count - 1 for count in counts.values() if count > 1)
        # One message may come twice, and only where the kill fell between send and record.
        assert extra <= 1, (at, counting.log[at])
    assert lost == []
