"""From a case to the robot: claimed, sent, recorded."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from aftersales.cases.casebook import Casebook
from aftersales.cases.model import DeliveryState
from aftersales.cases.rules import Change
from aftersales.findings import Finding, Severity
from aftersales.http import AmbiguousDelivery
from aftersales.tables import cases, outbox
from alert_dispatcher.dispatch import CLAIM_SECONDS, Dispatcher, oldest_age
from tests.desk_fakes import ROBOT_URL, START, Clock, Robot, settings_for


@pytest.fixture
def clock(tables):
    return Clock()


@pytest.fixture
def robot():
    return Robot()


def dispatcher(clock, robot, settings=None):
    return Dispatcher(
        settings=settings or settings_for(),
        transport=robot,
        resolve=lambda reference: reference,
        wall_now=clock,
        business_now=clock,
        jitter=lambda: 1.0,
    )


def a_finding(number=1, severity=Severity.ALARM, kind="stalled"):
    return Finding(
        kind=kind,
        subject=f"parcel:YT{number:013d}",
        severity=severity,
        shop_id="tb1",
        facts={"waybill_number": f"YT{number:013d}", "courier": "yto", "order_ids": "O1"},
    )


@pytest.fixture
def book(tables):
    return Casebook(settings_for().alerts)


def run(clock, robot, **kwargs):
    return dict(
        dispatcher(clock, robot, **kwargs).deliver_all(
            list(outbox.pending()), clock.now + timedelta(minutes=1)
        )
    )


@pytest.fixture
def started(clock):
    """The clock shows the real time, by which the outbox stamps its items."""
    from aftersales.clock import wall_now

    clock.now = wall_now()
    return clock


def test_an_alert_is_sent_once(started, robot, book):
    assert book.open(a_finding(), START) is Change.OPENED
    assert book.open(a_finding(), START) is Change.UNCHANGED
    assert run(started, robot) == {"sent": 1}
    assert run(started, robot) == {}
    assert len(robot.texts) == 1
    assert "YT0000000000001" in robot.texts[0]


def test_a_robot_that_answers_200_with_an_error_has_not_got_the_message(started, robot, book):
    book.open(a_finding(), START)
    robot.code = 310000
    assert run(started, robot) == {"retry": 1}
    (waiting,) = [d for d in outbox.pending() if d.alert.kind == "stalled"]
    assert waiting.state is DeliveryState.PENDING
    assert "310000" in waiting.outcome
    assert ROBOT_URL not in waiting.outcome
    assert outbox.claim(waiting, "eager", started.now, CLAIM_SECONDS) is None

    # The operators are told that the robot fails, by the same robot when it works again.
    assert cases.get("target:robot", "target_failing").is_open
    robot.code = 0
    started.on(minutes=20)
    assert run(started, robot)["sent"] == 2
    assert not cases.get("target:robot", "target_failing").is_open


def test_a_robot_that_asks_for_rest_is_left_alone_with_all_its_alerts(started, robot, book):
    for number in range(5):
        book.open(a_finding(number), START)
    robot.code = 130101
    assert run(started, robot) == {"retry": 1, "blocked": 4}
    robot.code = 0
    started.on(seconds=500)
    assert set(run(started, robot)) <= {"blocked", "waiting"}
    started.on(seconds=200)
    assert run(started, robot) == {"sent": 5}


def test_an_ambiguous_attempt_is_repeated(started, robot, book):
    book.open(a_finding(), START)
    robot.fails = AmbiguousDelivery("no answer in time")
    assert run(started, robot) == {"retry": 1}
    robot.fails = None
    started.on(minutes=1)
    assert run(started, robot) == {"sent": 1}


def test_the_worst_and_oldest_alert_comes_first_within_a_shard(started, book):
    for number in range(40):
        book.open(a_finding(number, Severity.WARN if number % 2 else Severity.ALARM), START)
    order = [(d.alert.severity, d.delivery_id) for d in outbox.pending()]
    assert len(order) == 40
    shards: list[list[Severity]] = [[]]
    for severity, _ in order:
        if shards[-1] and severity.rank > shards[-1][-1].rank:
            shards.append([])
        shards[-1].append(severity)
    assert len(shards) <= outbox.SHARDS


def test_two_dispatchers_do_not_send_the_same_alert(started, robot, book):
    book.open(a_finding(), START)
    (delivery,) = outbox.pending()
    assert outbox.claim(delivery, "one", started.now, CLAIM_SECONDS) is not None
    assert outbox.claim(delivery, "two", started.now, CLAIM_SECONDS) is None
    # The first one died: its claim runs out.
    started.on(seconds=CLAIM_SECONDS + 1)
    assert outbox.claim(delivery, "two", started.now, CLAIM_SECONDS) is not None


def test_a_target_that_was_taken_out_of_the_settings_is_replaced_by_todays_route(
    started, robot, book
):
    book.open(a_finding(), START)
    settings = settings_for()
    alerts = msgspec.structs.replace(
        settings.alerts,
        targets={"new": settings.alerts.targets["robot"]},
        routes=(),
        operators=("new",),
    )
    changed = msgspec.structs.replace(settings, alerts=alerts)
    assert run(started, robot, settings=changed) == {"sent": 1}


def test_an_alert_without_any_target_stays_and_ages(started, robot, book):
    book.open(a_finding(), START)
    settings = settings_for()
    nobody = msgspec.structs.replace(
        settings, alerts=msgspec.structs.replace(settings.alerts, targets={})
    )
    assert run(started, robot, settings=nobody) == {"no_target": 1}
    started.on(hours=1)
    assert oldest_age(outbox.pending(), started.now) >= timedelta(minutes=59)


def test_after_a_day_of_trying_an_alert_is_given_up_and_kept(started, robot, book):
    book.open(a_finding(), START)
    (delivery,) = outbox.pending()
    robot.code = 300001
    started.on(hours=25)
    assert run(started, robot) == {"give_up": 1}
    assert outbox.get(delivery.delivery_id).state is DeliveryState.FAILED
    assert cases.get("target:robot", "target_failing").is_open


def test_the_stream_image_of_a_delivery_is_the_delivery(tables, book):
    book.open(a_finding(), START)
    (delivery,) = outbox.pending()
    image = tables.client.get_item(
        TableName=f"{tables.prefix}-outbox", Key={"delivery_id": {"S": delivery.delivery_id}}
    )["Item"]
    assert outbox.from_image(json.loads(json.dumps(image))) == delivery
