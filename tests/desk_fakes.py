"""A courier and a chat robot for tests: they answer as told and record what they were asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.http import HttpReply, HttpRequest
from aftersales.parcels import Parcel
from aftersales.settings.model import Alerts, Route, Settings, Source, Target, Tracking
from aftersales.tracking import ErrorClass, ReplyError, Status, TrackingEvent, TrackingReply
from parcel_tracker.desk import Desk

START = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
ROBOT_URL = "https://oapi.dingtalk.com/robot/send?access_token=made-up"


@dataclass
class Clock:
    """A hand-moved clock: waiting moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def on(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@dataclass
class ScriptedSource:
    """A tracking source that says what `says` holds; numbers not in it have no result yet."""

    name: ClassVar[str] = "scripted"
    clock: Clock
    limits: SourceLimits = field(
        default_factory=lambda: SourceLimits(
            batch_size=10, requests_per_second=100, concurrency=2, lock_seconds=1800
        )
    )
    says: dict[str, TrackingReply | ReplyError] = field(default_factory=dict)
    fails: ReplyError | Exception | None = None
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def query(self, requests: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        with self._lock:
            self.asked += [(self.clock.now, request.waybill_number) for request in requests]
        if isinstance(self.fails, Exception):
            raise self.fails
        if self.fails is not None:
            return [self.fails] * len(requests)
        return [
            self.says.get(
                request.waybill_number,
                ReplyError(ErrorClass.NO_RESULT_YET, "500", "nothing", request.waybill_number),
            )
            for request in requests
        ]

    def register(self, requests: Sequence[WatchRequest]) -> list[Registration]:
        self.registered += [request.waybill_number for request in requests]
        return [Registration(request.waybill_number) for request in requests]

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        raise AssertionError("not used")

    def verify_push(
        self, headers: Mapping[str, str], body: bytes, path_secret: str, now: datetime
    ) -> bytes:
        return body

    def push_answer(self, now: datetime) -> PushAnswer:
        return PushAnswer(200, "ok")


@dataclass
class Robot:
    """A DingTalk robot at the transport: answers `code`, keeps the messages."""

    code: int = 0
    status: int = 200
    fails: Exception | None = None
    texts: list[str] = field(default_factory=list)

    def __call__(self, request: HttpRequest) -> HttpReply:
        if self.fails is not None:
            raise self.fails
        if self.code == 0:
            self.texts.append(request.body.decode())
        body = json.dumps({"errcode": self.code, "errmsg": "said by the robot"}).encode()
        return HttpReply(self.status, body)


def settings_for(source: str = "scripted", callback_url: str = "", **tracking: object) -> Settings:
    """One source, one robot, all cases to it."""
    return Settings(
        tracking=Tracking(
            sources={source: Source(kind=source, callback_url=callback_url)},
            default_source=source,
            shards=1,
            **tracking,  # type: ignore[arg-type]
        ),
        alerts=Alerts(
            targets={"robot": Target(kind="dingtalk", url=ROBOT_URL)},
            routes=(Route(targets=("robot",)),),
            operators=("robot",),
        ),
    )


def desk_for(
    source: ScriptedSource, clock: Clock, settings: Settings | None = None, **options: object
) -> Desk:
    """A tracker's desk with one scripted source and both clocks in hand."""
    return Desk(
        settings=settings or settings_for(),
        transport=Robot(),
        resolve=lambda reference: reference,
        business_now=clock,
        wall_now=clock,
        wait=clock.wait,
        sources={"scripted": source},
        **options,  # type: ignore[arg-type]
    )


def a_parcel(number: str, **values: object) -> Parcel:
    """A parcel shipped at the start."""
    defaults: dict[str, object] = {
        "parcel_id": number,
        "waybill_number": number,
        "courier": "yto",
        "shop_id": "tb1",
        "order_ids": ("2605170000001",),
        "shipped_at": START,
        "added_at": START,
    }
    return Parcel(**{**defaults, **values})  # type: ignore[arg-type]


def a_scan(hours: float, status: Status, text: str = "", **values: object) -> TrackingEvent:
    """A scan so many hours after the start."""
    at = START + timedelta(hours=hours)
    return TrackingEvent(at=at, text=text or f"{status} {hours}", status=status, **values)  # type: ignore[arg-type]


def told(number: str, *scans: TrackingEvent, **values: object) -> TrackingReply:
    """A reply whose verdict is its newest scan's, where nothing else is given."""
    last = max(scans, key=lambda scan: scan.at, default=None)
    verdict: dict[str, object] = {"status": Status.UNKNOWN}
    if last is not None:
        verdict = {
            "status": last.status,
            "reason": last.reason,
            "delivered_how": last.delivered_how,
        }
    return TrackingReply(number, "yto", events=tuple(scans), **{**verdict, **values})  # type: ignore[arg-type]
