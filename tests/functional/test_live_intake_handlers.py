"""The handlers of live shops, with their events, against a WooCommerce shop on loopback."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aftersales.parcels import OrderStatus
from aftersales.tables import orders
from order_intake.webhooks import unpacked
from tests.handler_world import NEVER_LOGGED, NOW, World, event_named, world_of
from tests.woo_server import order_row

SHOP = "us-store"


@pytest.fixture
def world(
    tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made
        written = made.log.getvalue() + "".join(capsys.readouterr())
    assert not [text for text in NEVER_LOGGED if text in written]


def written(minutes_ago: int) -> str:
    return (NOW - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%S")


def test_planning_queues_one_message_for_each_connected_shop(world: World) -> None:
    assert world.call("order_intake_poll_plan") == {"shops": 1, "coverage_lag_seconds": 0}
    (message,) = world.queued("poll")
    assert json.loads(message.body) == {
        "shop": SHOP,
        "scheduled_time": "2026-11-03T02:05:00Z",
    }


def test_a_poll_stores_the_orders_that_changed(world: World) -> None:
    world.outside.woo.orders = [order_row(1, written(60)), order_row(2, written(40))]
    (covered,) = world.call("order_intake_poll")["covered"]
    assert (covered["orders"]["outcome"], covered["orders"]["items"]) == ("caught_up", 2)
    order = orders.get(SHOP, "1")
    assert order is not None
    assert (order.status, order.amount_minor, order.currency) == (OrderStatus.UNPAID, 4590, "USD")
    before = world.stored("orders", "parcels", "cases", "outbox")
    world.call("order_intake_poll")
    assert world.stored("orders", "parcels", "cases", "outbox") == before


def test_planning_measures_how_far_the_slowest_feed_is_behind(world: World) -> None:
    world.call("order_intake_poll")
    with pytest.MonkeyPatch.context() as later:
        from time import time

        later.setenv("AFTERSALES_CLOCK", f"{time()},{(NOW + timedelta(hours=5)).timestamp()},1")
        lag = world.call("order_intake_poll_plan")["coverage_lag_seconds"]
    assert 5 * 3600 <= lag <= 5 * 3600 + 300
    assert world.cases()[f"feed:shop#{SHOP}#orders"] == "feed_behind"


def test_webhooks_that_the_shop_switched_off_are_noticed(world: World) -> None:
    world.outside.woo.webhooks = [
        {
            "id": 14,
            "topic": "order.updated",
            "status": "disabled",
            "delivery_url": f"https://desk.example.com/shops/{SHOP}",
        }
    ]
    world.call("order_intake_poll")
    assert world.cases() == {f"shop:{SHOP}": "webhook_off"}


def test_a_push_is_queued_and_then_applied(world: World) -> None:
    answer = world.call("order_intake_webhook")
    assert (answer["statusCode"], answer["body"]) == (200, '{"success":true}')
    (message,) = world.queued("webhook")
    assert [order.order_id for order in unpacked(message.body).news.orders] == ["88126"]
    event = event_named("order_intake_webhook_apply")
    event["Records"] = [event["Records"][0] | {"body": message.body}]
    assert world.call("order_intake_webhook_apply", event)["covered"] == [{"new": 1}]
    order = orders.get(SHOP, "88126")
    assert order is not None
    assert order.status is OrderStatus.PAID

    assert world.call("order_intake_webhook")["statusCode"] == 200
    assert len(world.queued("webhook")) == 1, "the same delivery again is known"


def test_a_named_order_is_read_again(world: World) -> None:
    world.outside.woo.orders = [order_row(88127, written(3))]
    result = world.call("order_intake_webhook_apply")
    assert result["covered"] == [{"new": 1}, {"new": 1}]
    assert orders.get(SHOP, "88127") is not None


def test_a_body_that_travels_as_base64_is_verified_over_its_bytes(world: World) -> None:
    event = event_named("order_intake_webhook")
    event["body"] = base64.b64encode(event["body"].encode()).decode()
    event["isBase64Encoded"] = True
    assert world.call("order_intake_webhook", event)["statusCode"] == 200
    assert len(world.queued("webhook")) == 1


def changed(**parts: Any) -> dict[str, Any]:
    event = copy.deepcopy(event_named("order_intake_webhook"))
    event["headers"].update(parts.pop("headers", {}))
    return {**event, **parts}


FORGERIES = {
    "another signature": (changed(headers={"x-wc-webhook-signature": "Zm9yZ2Vk"}), 401),
    "no signature": (changed(headers={"x-wc-webhook-signature": ""}), 401),
    "another body": (changed(body='{"id":88126,"status":"completed"}'), 401),
    "re-encoded": (changed(body=json.dumps(json.loads(changed()["body"]), indent=1)), 401),
    "a shop without pushes": (changed(pathParameters={"shop": "tb1"}), 401),
    "no such shop": (changed(pathParameters={"shop": "nobody"}), 401),
    "no body": (changed(body=None), 401),
    "too large": (changed(body="x" * (1024 * 1024 + 1)), 413),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_without_a_word(world: World, name: str) -> None:
    event, status = FORGERIES[name]
    assert world.call("order_intake_webhook", event) == {"statusCode": status, "body": ""}
    assert world.queued("webhook") == []


def test_the_unsigned_ping_of_a_new_webhook_is_answered(world: World) -> None:
    ping = changed(
        body="webhook_id=14",
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-wc-webhook-signature": "",
        },
    )
    assert world.call("order_intake_webhook", ping)["statusCode"] == 200
    assert world.queued("webhook") == []


def test_a_message_that_cannot_be_read_comes_again_alone(world: World) -> None:
    for name in ("order_intake_poll", "order_intake_webhook_apply"):
        event = event_named(name)
        bad = copy.deepcopy(event["Records"][0]) | {"messageId": "bad", "body": "no message"}
        result = world.call(name, {"Records": [bad, *event["Records"]]})
        assert result["batchItemFailures"] == [{"itemIdentifier": "bad"}]
        assert len(result["covered"]) == len(event["Records"])
