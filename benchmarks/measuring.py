"""What the measurements share: an engine with our tables, made-up parcels, the result."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.parcels import Parcel
from aftersales.settings.model import Alerts, Route, Settings, Source, Target, Tracking
from aftersales.tracking import (
    ErrorClass,
    ReplyError,
    Status,
    TrackingEvent,
    TrackingReply,
    Watch,
)
from local.engine import Engine
from local.tables import create_tables

START = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
"""Business time at which the made-up parcels were shipped."""

ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
    "LOG_LEVEL": "ERROR",
}
"""What a function finds on Lambda; the keys are good for no account."""


@dataclass
class Clock:
    """A hand-moved clock: waiting moves it, so that nothing here waits in real time."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class ScriptedSource:
    """A tracking source in this process that says what `says` holds."""

    name = "scripted"
    limits: SourceLimits = field(
        default_factory=lambda: SourceLimits(
            batch_size=40, requests_per_second=100, concurrency=3, lock_seconds=1800
        )
    )
    says: dict[str, TrackingReply] = field(default_factory=dict)
    asked: int = 0

    def query(self, requests: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        self.asked += len(requests)
        nothing = ErrorClass.NO_RESULT_YET
        return [
            self.says.get(r.waybill_number) or ReplyError(nothing, "", "", r.waybill_number)
            for r in requests
        ]

    def register(self, requests: Sequence[WatchRequest]) -> list[Registration]:
        return [Registration(request.waybill_number) for request in requests]

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        raise ValueError(f"the scripted source reads no {kind} of {len(payload)} bytes")

    def verify_push(self, *what_came: Any) -> bytes:
        raise ValueError(f"nobody pushes here: {what_came}")

    def push_answer(self, now: datetime) -> PushAnswer:
        return PushAnswer(200, f"at {now}")


def settings_for(**sources: Source) -> Settings:
    """One shard; the first source is everybody's; alarms go to one robot."""
    return Settings(
        tracking=Tracking(sources=sources, default_source=next(iter(sources)), shards=1),
        alerts=Alerts(
            targets={"robot": Target(kind="dingtalk", url="env:ROBOT_URL")},
            routes=(Route(targets=("robot",)),),
            operators=("robot",),
        ),
    )


def a_parcel(number: int, **values: Any) -> Parcel:
    """A parcel with everything filled in that a watched one usually carries."""
    waybill_number = f"YT{8_800_000_000_000 + number}"
    fields: dict[str, Any] = {
        "parcel_id": waybill_number,
        "waybill_number": waybill_number,
        "courier": "yto",
        "shop_id": "tb1",
        "order_ids": (str(2_605_170_000_000_000_000 + number),),
        "shipped_at": START,
        "added_at": START,
        "phone_tail": "0000",
        "province": "浙江省",
        "city": "杭州市",
        "watch": Watch.POLL,
        **values,
    }
    return Parcel(**fields)


def scans(count: int, first: datetime = START) -> tuple[TrackingEvent, ...]:
    """The first `count` scans of a parcel under way, two hours apart."""
    texts = (
        "【杭州市】快件已被揽收，揽投员正在为您配送至转运中心",
        "【杭州转运中心】快件已发出，下一站【武汉转运中心】",
        "【武汉转运中心】快件已到达",
        "【武汉转运中心】快件已发出，下一站【成都转运中心】",
        "【成都转运中心】快件已到达",
        "【成都转运中心】快件已发出，下一站【成都市武侯区营业部】",
    )
    return tuple(
        TrackingEvent(
            at=first + timedelta(hours=1 + 2 * number),
            text=texts[number % len(texts)],
            status=Status.IN_TRANSIT if number else Status.PICKED_UP,
            place="杭州市",
            raw_code="GOT" if not number else "DEPARTURE",
        )
        for number in range(count)
    )


def told(waybill_number: str, events: tuple[TrackingEvent, ...]) -> TrackingReply:
    """A reply whose state is that of its newest scan."""
    status = events[-1].status or Status.UNKNOWN
    return TrackingReply(waybill_number, "yto", status, events=events)


@dataclass(frozen=True)
class Database:
    """A running engine and a client for the parts that are not the project's own."""

    endpoint: str
    client: Any

    def fresh_tables(self) -> str:
        """New tables under a prefix of their own, which the environment now names."""
        from aftersales.tables import connection

        prefix = f"b{uuid.uuid4().hex[:10]}"
        create_tables(self.client, prefix=prefix)
        os.environ["TABLE_PREFIX"] = prefix
        connection.forget()
        return prefix


@contextmanager
def database() -> Iterator[Database]:
    """An engine in memory, with an environment that can reach no real account."""
    import boto3

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AFTERSALES_CLOCK"):
        os.environ.pop(name, None)
    os.environ.update(ENVIRONMENT)
    with Engine(None) as engine:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = engine.endpoint
        client = boto3.client("dynamodb", endpoint_url=engine.endpoint)
        yield Database(engine.endpoint, client)


def result(
    name: str, what: str, unit: str, *, ours: float, goal: str, met: bool, **more: Any
) -> dict[str, Any]:
    """One measurement. `more` holds `peer` or `limit`, `ratio`, and whatever explains them."""
    return {
        "name": name,
        "what": what,
        "unit": unit,
        "ours": ours,
        **more,
        "goal": goal,
        "met": met,
    }


def report(benchmark: str, results: Sequence[dict[str, Any]], **more: Any) -> None:
    """Print everything as one JSON object."""
    machine = {
        "cpus": os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    document = {
        "benchmark": benchmark,
        "met": all(entry["met"] for entry in results),
        "results": list(results),
        **more,
        "machine": machine,
    }
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    print()


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
