"""An order of a file or a push is read once, and that read never hides what others have written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from aftersales.parcels import Order, OrderLine, OrderStatus, Shipment
from aftersales.platforms.base import Webhook
from aftersales.settings.model import Settings, Shop
from aftersales.tables import orders, parcels
from aftersales.tables.connection import binding
from order_intake.importing import store_order, store_orders
from order_intake.webhooks import Envelope, apply_webhook, packed
from tests.conftest import Tables
from tests.desk_fakes import Clock
from tests.live_shop import START, LiveShop, a_desk, an_order

NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
SETTINGS = Settings(shops=(Shop(id="tb1", platform="taobao"),))


def order(number: str = "1", **values: Any) -> Order:
    fields = {"status": OrderStatus.UNPAID, "created_at": NOW, "buyer_ref": "anna", **values}
    return Order(shop_id="tb1", order_id=number, **fields)


@contextmanager
def orders_read(tables: Tables) -> Iterator[list[str]]:
    """The keys of the orders that are read meanwhile, one by one or many at once."""
    read: list[str] = []
    table = f"{tables.prefix}-orders"

    def note(params: dict[str, Any], **_: Any) -> None:
        asked = params["body"]
        asked = msgspec.json.decode(asked) if isinstance(asked, str | bytes) else asked
        if asked.get("TableName") == table:
            read.append(asked["Key"]["order_key"]["S"])

    events = binding().connection.client.meta.events
    events.register("before-call.dynamodb.GetItem", note)
    try:
        yield read
    finally:
        events.unregister("before-call.dynamodb.GetItem", note)


def test_each_order_of_a_file_is_read_once_whether_it_is_new_changed_or_the_same(
    tables: Tables,
) -> None:
    store_orders([order("changed"), order("same")], SETTINGS, NOW)
    news = [order("new"), order("changed", status=OrderStatus.PAID), order("same")]
    with orders_read(tables) as read:
        stored, _ = store_orders(news, SETTINGS, NOW + timedelta(minutes=5))
    assert stored == {"new": 1, "changed": 1, "unchanged": 1}
    assert sorted(read) == ["tb1#changed", "tb1#new", "tb1#same"]


@pytest.mark.parametrize("told", ["orders", "ids"])
def test_a_pushed_order_is_read_once(tables: Tables, told: str) -> None:
    shop = LiveShop()
    desk = a_desk(shop, Clock(START))
    shop.rows["1"] = pushed = an_order(1, START)
    news = Webhook(orders=(pushed,)) if told == "orders" else Webhook(order_ids=("1",))
    with orders_read(tables) as read:
        assert apply_webhook(desk, packed(Envelope("live", news, START)), START) == {"new": 1}
    assert len(read) == 1


def test_what_others_wrote_after_the_read_is_kept(tables: Tables) -> None:
    orders.merge(order(lines=(OrderLine("Mug", 1),)), NOW)
    seen = orders.see("tb1", "1")
    orders.merge(order(status=OrderStatus.PAID, paid_at=NOW), NOW)
    before, after = orders.merge(order(city="Leeds"), NOW, seen=seen)
    assert before is not None
    assert before.status is OrderStatus.PAID, "it was read again"
    assert (after.status, after.city, after.lines) == (
        OrderStatus.PAID, "Leeds", (OrderLine("Mug", 1),),
    )  # fmt: skip
    assert orders.get("tb1", "1") == after


def test_an_order_that_others_stored_after_nothing_was_found_is_not_overwritten(
    tables: Tables,
) -> None:
    seen = orders.see("tb1", "1")
    assert seen.order is None
    orders.merge(order(status=OrderStatus.PAID, paid_at=NOW), NOW)
    before, after = orders.merge(order(city="Leeds"), NOW, seen=seen)
    assert before is not None
    assert (after.status, after.city) == (OrderStatus.PAID, "Leeds")


def test_a_payment_that_arrives_while_the_parcels_are_watched_is_kept(tables: Tables) -> None:
    """The file's row is stored over the order as it was read before its parcels."""
    orders.merge(order(), NOW, settings=SETTINGS)
    seen = orders.see("tb1", "1")
    orders.merge(order(status=OrderStatus.PAID, paid_at=NOW), NOW, settings=SETTINGS)
    shipment = Shipment("YT8812600410055", "yto")
    outcome, _ = store_order(order(shipments=(shipment,)), SETTINGS, NOW, seen=seen)
    assert outcome == "changed"
    stored = orders.get("tb1", "1")
    assert stored is not None
    assert (stored.status, stored.shipments) == (OrderStatus.PAID, (shipment,))
    assert parcels.get("YT8812600410055") is not None
