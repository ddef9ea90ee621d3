"""What the handlers meet in a test: vendors and a robot on loopback, queues, a bucket, and a log.

Handlers build everything themselves, from the environment and the settings table; so the test sets
those, and replaces nothing.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import alert_dispatcher.app
import case_followup.app
import courier_reconciliation.app
import order_intake.app
import parcel_tracker.app
import review_scanner.app
import unpaid_reminder.app
from aftersales.http import HttpRequest
from aftersales.settings.model import Alerts, Route, Settings, Shop, Source, Target, Tracking
from aftersales.tables import settings as settings_table
from local.buckets import Buckets
from local.cloud import Cloud
from local.invoke import Run, invoke
from local.loopback import LoopbackHandler, LoopbackServer
from local.queues import Message, Queues
from local.state import State
from local.template import Function, Queue, load
from local.topics import Topics
from tests import woo_server
from tests.conftest import Tables
from tests.woo_server import WooShop

EVENTS = Path(__file__).resolve().parents[1] / "events"
NOW = datetime(2026, 11, 3, 2, 10, tzinfo=UTC)
"""The business time of the events; it goes on from there at its own pace."""

SECRETS = {
    "SEVENTEENTRACK_KEY": "made-up-17track-key",
    "AFTERSHIP_KEY": "made-up-aftership-key",
    "AFTERSHIP_WEBHOOK_SECRET": "made-up-aftership-webhook-secret",
    "EASYPOST_KEY": "made-up-easypost-key",
    "EASYPOST_WEBHOOK_SECRET": "made-up-easypost-webhook-secret",
    "KUAIDI100_KEY": "made-up-kuaidi100-key",
    "KUAIDI100_CUSTOMER": "made-up-kuaidi100-customer",
    "KUAIDI100_SALT": "made-up-kuaidi100-salt",
    "KDNIAO_BUSINESS_ID": "1881260",
    "KDNIAO_APP_KEY": "made-up-kdniao-app-key",
    "SF_PARTNER_ID": "made-up-sf-partner",
    "SF_CHECKWORD": "made-up-sf-checkword",
    "SF_PATH_SECRET": "made-up-path-secret",
    "ROBOT_SECRET": "made-up-robot-secret",
    "WOO_CONSUMER_KEY": woo_server.KEY,
    "WOO_CONSUMER_SECRET": woo_server.SECRET,
    "WOO_WEBHOOK_SECRET": "made-up-woo-webhook-secret",
}
ROBOT_TOKEN = "made-up-robot-token"
QUEUES = ("sweep", "push", "poll", "webhook", "remind", "review", "review_push", "bill")
NEVER_LOGGED = {value for name, value in SECRETS.items() if name != "KDNIAO_BUSINESS_ID"} | {
    ROBOT_TOKEN,
    *("13900139417", "13900138026", "13900137750", "13900136608"),
    *("(503) 555-0142", "Whitfield", "Dana.Whitfield@example.com"),
}
"""Secrets, the phone numbers that couriers wrote into the scans of the events, and a buyer."""


@dataclass
class Outside:
    """Everything beyond our own tables: what it was sent, and what it is to say."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)
    parcels: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: int = 200
    woo: WooShop = field(default_factory=WooShop)

    @property
    def messages(self) -> list[str]:
        """What the chat robot has shown."""
        return [body.decode() for path, body in self.sent if path.startswith("/robot")]

    def asked(self, call: str) -> list[list[str]]:
        """The numbers of each call to the simulated 17TRACK."""
        return [
            [item["number"] for item in json.loads(body)]
            for path, body in self.sent
            if path == f"/17track/{call}"
        ]

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        self.sent.append((path, body))
        if path.startswith("/robot"):
            return 200, {"errcode": 0, "errmsg": "ok"}
        items = json.loads(body)
        if path == "/17track/register":
            accepted = [{"number": item["number"], "carrier": 190157} for item in items]
            return self.status, {"code": 0, "data": {"accepted": accepted, "rejected": []}}
        accepted = [
            self.parcels[item["number"]] for item in items if item["number"] in self.parcels
        ]
        return self.status, {"code": 0, "data": {"accepted": accepted, "rejected": []}}


@contextmanager
def served(outside: Outside) -> Iterator[str]:
    """`outside` as a web server on loopback."""

    class Handler(LoopbackHandler):
        def do_POST(self) -> None:
            status, reply = outside.answer(self.path, self.read_body(1024 * 1024) or b"")
            self.reply(status, json.dumps(reply).encode())

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = outside.woo(HttpRequest("GET", self.path, headers))
            self.reply(reply.status, reply.body, reply.headers)

    server = LoopbackServer(0, Handler)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def settings_at(url: str) -> Settings:
    """All six sources, a shop of files and a live one, and one robot that hears everything."""

    def secrets(kind: str, *names: str) -> dict[str, str]:
        return {name: "env:" + f"{kind}_{name}".upper() for name in names}

    return Settings(
        shops=(
            Shop(id="tb1", platform="taobao", name="青禾家居"),
            Shop(
                id="us-store",
                platform="woocommerce",
                name="Spruce Home",
                currency="USD",
                base_url=f"{url}/woo",
                secrets=secrets("woo", "consumer_key", "consumer_secret", "webhook_secret"),
            ),
        ),
        tracking=Tracking(
            sources={
                "seventeentrack": Source(
                    kind="seventeentrack",
                    secrets=secrets("seventeentrack", "key"),
                    base_url=f"{url}/17track",
                    callback_url="https://desk.example.com/push/seventeentrack",
                    requests_per_second=1000,
                ),
                "aftership": Source("aftership", secrets("aftership", "key", "webhook_secret")),
                "easypost": Source("easypost", secrets("easypost", "key", "webhook_secret")),
                "kuaidi100": Source("kuaidi100", secrets("kuaidi100", "key", "customer", "salt")),
                "kdniao": Source("kdniao", secrets("kdniao", "business_id", "app_key")),
                "sf": Source(
                    kind="sf",
                    secrets=secrets("sf", "partner_id", "checkword"),
                    path_secret="env:SF_PATH_SECRET",
                ),
            },
            default_source="seventeentrack",
            shards=1,
        ),
        alerts=Alerts(
            targets={
                "robot": Target(
                    kind="dingtalk", url="env:ROBOT_URL", sign_secret="env:ROBOT_SECRET"
                )
            },
            routes=(Route(targets=("robot",)),),
            operators=("robot",),
        ),
    )


def event_named(name: str) -> Any:
    """The event in `events/<name>.json`."""
    return json.loads((EVENTS / f"{name}.json").read_text("utf-8"))


def function_for(name: str) -> Function:
    """The deployed function that an event file is for."""
    start = name.replace("_", "")
    fitting = [f for f in load().functions if start.startswith(f.logical_id.lower())]
    return max(fitting, key=lambda function: len(function.logical_id))


@dataclass
class World:
    """The tables, the queues, the vendors, and the calls of handlers in between."""

    tables: Tables
    queues: Queues
    buckets: Buckets
    outside: Outside
    settings: Settings
    log: io.StringIO

    def call(self, name: str, event: Any = None) -> Any:
        """Hand an event (by default that of the file) to the function of event file `name`."""
        run: Run = invoke(function_for(name), event or event_named(name), cause="test")
        assert run.ok, run.trace or run.error
        return run.result

    def push_settings(self, **tracking: Any) -> None:
        changed = msgspec.structs.replace(self.settings.tracking, **tracking)
        settings_table.push(msgspec.structs.replace(self.settings, tracking=changed))

    def queued(self, name: str) -> list[Message]:
        return self.queues.receive(name, 100, visibility_seconds=0)

    def stored(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """What the named tables hold, in an order of its own."""
        return {name: sorted(map(_ordered, self.tables.items(name)), key=str) for name in names}

    def cases(self) -> dict[str, str]:
        """The kind of each open case, by subject."""
        items = self.tables.items("cases")
        return {item["subject"]: item["kind"] for item in items if "open_bucket" in item}


def _ordered(item: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(item.items()))


@contextmanager
def world_of(tables: Tables, folder: Path, environment: pytest.MonkeyPatch) -> Iterator[World]:
    """A world, and at its end a look into everything that was logged."""
    state = State(folder)
    queues = Queues(state, tuple(Queue(name.title(), name) for name in QUEUES))
    buckets = Buckets(state, ["aftersales-drop"])
    cloud = Cloud(queues, buckets, Topics(state))
    outside, log = Outside(), io.StringIO()
    apps = (
        alert_dispatcher.app,
        case_followup.app,
        courier_reconciliation.app,
        order_intake.app,
        parcel_tracker.app,
        review_scanner.app,
        unpaid_reminder.app,
    )
    loggers = [app.logger for app in apps]
    before = [(logger.registered_handler.stream, logger.log_level) for logger in loggers]
    cloud.start()
    with served(outside) as url:
        for service in ("SQS", "S3", "SNS"):
            environment.setenv(f"AWS_ENDPOINT_URL_{service}", cloud.url)
        for queue in QUEUES:
            address = f"{cloud.url}/000000000000/{queue}"
            environment.setenv(f"{queue.upper()}_QUEUE_URL", address)
        for name, value in SECRETS.items():
            environment.setenv(name, value)
        environment.setenv("REPORT_BUCKET", "aftersales-drop")
        environment.setenv("REPORT_PLACE", "")
        environment.setenv("REPORT_URL", "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com")
        environment.setenv("ROBOT_URL", f"{url}/robot/send?access_token={ROBOT_TOKEN}")
        environment.setenv("AFTERSALES_CLOCK", f"{time.time()},{NOW.timestamp()},1")
        settings = settings_at(url)
        settings_table.push(settings)
        for logger in loggers:
            logger.registered_handler.stream = log
            logger.setLevel("DEBUG")
        try:
            yield World(tables, queues, buckets, outside, settings, log)
        finally:
            for logger, (stream, level) in zip(loggers, before, strict=True):
                logger.registered_handler.stream = stream
                logger.setLevel(level)
            cloud.stop()
            state.close()
