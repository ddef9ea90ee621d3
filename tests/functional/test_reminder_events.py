"""The reminder's events through its handlers, as AWS would hand them over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aftersales.parcels import Order, OrderLine, OrderStatus
from aftersales.tables import orders, reminders
from aftersales.tables.reminders import Counted
from tests.handler_world import NOW, World, event_named, world_of


@pytest.fixture
def world(tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


def an_unpaid_order(world: World) -> Order:
    """Placed 25 minutes ago in a shop that is known by its files, when the reminder was running."""
    placed = NOW - timedelta(minutes=25)
    reminders.begun(["tb1"], NOW - timedelta(days=3))
    order = Order(
        shop_id="tb1",
        order_id="2611030007",
        status=OrderStatus.UNPAID,
        created_at=placed,
        amount_minor=8800,
        currency="CNY",
        buyer_ref="linlin_88",
        lines=(OrderLine("陶瓷杯"),),
    )
    orders.merge(order, placed, settings=world.settings)
    return order


def queued(world: World, bodies: list[str]) -> dict[str, Any]:
    event = event_named("unpaid_reminder_remind")
    (record,) = event["Records"]
    return {"Records": [{**record, "body": body} for body in bodies]}


def test_a_tick_queues_the_shards_in_which_an_order_is_due(world: World) -> None:
    assert world.call("unpaid_reminder_plan") == {"due": 0, "messages": 0}
    order = an_unpaid_order(world)
    assert world.call("unpaid_reminder_plan") == {"due": 1, "messages": 1}
    (message,) = world.queued("remind")
    shard = orders.unpaid_shard(order.shop_id, order.order_id)
    assert json.loads(message.body) == {"shards": [shard]}


def test_a_queued_shard_sends_its_nudges_and_a_second_time_nothing(world: World) -> None:
    an_unpaid_order(world)
    world.call("unpaid_reminder_plan")
    bodies = [message.body for message in world.queued("remind")]
    result = world.call("unpaid_reminder_remind", queued(world, bodies))
    assert result == {"batchItemFailures": [], "covered": [{"nudges": 1, "messages": 1}]}
    assert world.cases() == {"order:tb1/2611030007": "unpaid_order"}
    again = world.call("unpaid_reminder_remind", queued(world, bodies))
    assert again["covered"] == [{}]
    assert len(world.tables.items("outbox")) == 1


def test_a_message_that_cannot_be_read_fails_alone(world: World) -> None:
    an_unpaid_order(world)
    every = json.dumps({"shards": list(range(orders.UNPAID_SHARDS))})
    event = queued(world, ["not json", every])
    event["Records"][0]["messageId"] = "bad"
    result = world.call("unpaid_reminder_remind", event)
    assert result["batchItemFailures"] == [{"itemIdentifier": "bad"}]
    assert result["covered"][0]["nudges"] == 1


def test_the_weekly_tick_tells_of_the_week_before(world: World) -> None:
    assert world.call("unpaid_reminder_report") == {"week": "2026-W44", "told": "nothing_counted"}
    reminders.count("2026-W44", 0, Counted("tb1", "reminded_paid", "CNY", 3, 26400, 90), NOW)
    assert world.call("unpaid_reminder_report")["told"] == "opened"
    assert world.call("unpaid_reminder_report")["told"] == "unchanged"


def test_the_log_names_no_buyer(world: World) -> None:
    an_unpaid_order(world)
    world.call("unpaid_reminder_remind", queued(world, [json.dumps({"shards": list(range(16))})]))
    assert "linlin" not in world.log.getvalue()
