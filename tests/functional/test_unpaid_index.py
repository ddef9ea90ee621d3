"""The sparse index of orders that wait for payment, and the finding of a buyer's orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales.parcels import Order, OrderLine, OrderStatus
from aftersales.settings.model import Reminder, Settings, Shop
from aftersales.tables import orders
from aftersales.unpaid import Reminding, buyer_key

NOW = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)
SETTINGS = Settings(
    shops=(Shop(id="tb1", platform="taobao"), Shop(id="tm1", platform="tmall")),
)


def an_order(number: str = "2611030001", **values: Any) -> Order:
    defaults: dict[str, Any] = {
        "shop_id": "tb1",
        "order_id": number,
        "status": OrderStatus.UNPAID,
        "created_at": NOW,
        "buyer_ref": "linlin_88",
        "lines": (OrderLine("陶瓷杯", 2),),
    }
    return Order(**{**defaults, **values})


def due(now: datetime) -> list[str]:
    found = [kept for shard in range(orders.UNPAID_SHARDS) for kept in orders.due(shard, now, 100)]
    return sorted(kept.order.order_id for kept in found)


def indexed(tables: Any) -> list[str]:
    return sorted(item["order_key"] for item in tables.items("orders") if "unpaid_shard" in item)


def test_an_unpaid_order_comes_up_at_its_moment_and_a_paid_one_never(tables: Any) -> None:
    orders.merge(an_order(), NOW, settings=SETTINGS)
    orders.merge(an_order("2", status=OrderStatus.PAID), NOW, settings=SETTINGS)
    orders.merge(an_order("3", needs_payment=False), NOW, settings=SETTINGS)
    orders.merge(an_order("4", created_at=NOW - timedelta(days=9)), NOW, settings=SETTINGS)
    assert indexed(tables) == ["tb1#2611030001"]
    assert due(NOW + timedelta(minutes=19)) == []
    assert due(NOW + timedelta(minutes=20)) == ["2611030001"]


@pytest.mark.parametrize("status", [OrderStatus.PAID, OrderStatus.CLOSED, OrderStatus.SHIPPED])
def test_an_order_that_waits_no_longer_leaves_the_index(tables: Any, status: OrderStatus) -> None:
    orders.merge(an_order(), NOW, settings=SETTINGS)
    orders.merge(an_order(status=status), NOW + timedelta(minutes=3), settings=SETTINGS)
    assert indexed(tables) == []


def test_an_unchanged_order_costs_no_write(tables: Any) -> None:
    orders.merge(an_order(), NOW, settings=SETTINGS)
    before = tables.items("orders")
    orders.merge(an_order(), NOW + timedelta(minutes=1), settings=SETTINGS)
    assert tables.items("orders") == before


def test_a_moment_that_was_handled_does_not_come_back_with_news(tables: Any) -> None:
    orders.merge(an_order(), NOW, settings=SETTINGS)
    seen = orders.kept("tb1", "2611030001")
    assert seen is not None
    done = Reminding(handled_until=NOW + timedelta(minutes=20))
    assert orders.keep_reminding(seen, done, NOW + timedelta(hours=23))
    orders.merge(an_order(city="杭州市"), NOW + timedelta(minutes=30), settings=SETTINGS)
    after = orders.kept("tb1", "2611030001")
    assert after is not None
    assert after.reminding == done
    assert after.next_moment == NOW + timedelta(hours=23)


def test_what_the_reminder_writes_meets_the_version_it_has_seen(tables: Any) -> None:
    orders.merge(an_order(), NOW, settings=SETTINGS)
    seen = orders.kept("tb1", "2611030001")
    assert seen is not None
    orders.merge(an_order(status=OrderStatus.PAID), NOW, settings=SETTINGS)
    assert not orders.keep_reminding(seen, Reminding(over=True), None)
    assert orders.kept("tb1", "2611030001").reminding == Reminding()  # type: ignore[union-attr]


def test_a_nudged_order_comes_up_once_more_when_it_is_paid(tables: Any) -> None:
    orders.merge(an_order(), NOW, settings=SETTINGS)
    seen = orders.kept("tb1", "2611030001")
    assert seen is not None
    nudged = Reminding(handled_until=NOW + timedelta(minutes=20), group="reminded", since=NOW)
    orders.keep_reminding(seen, nudged, NOW + timedelta(hours=23))
    paid_at = NOW + timedelta(minutes=31)
    orders.merge(an_order(status=OrderStatus.PAID, paid_at=paid_at), paid_at, settings=SETTINGS)
    assert due(paid_at) == ["2611030001"]


def test_a_buyers_orders_are_found_across_the_shops_of_a_platform(tables: Any) -> None:
    for number, shop_id in (("1", "tb1"), ("2", "tm1"), ("3", "tb1")):
        placed = NOW + timedelta(minutes=int(number))
        order = an_order(number, shop_id=shop_id, created_at=placed)
        orders.merge(order, NOW, settings=SETTINGS)
    orders.merge(an_order("4", buyer_ref="somebody"), NOW, settings=SETTINGS)
    key = buyer_key(an_order(), SETTINGS.shop("tb1"))
    assert sorted(order.order_id for order in orders.of_buyer(key)) == ["1", "2", "3"]
    assert orders.of_buyer("nobody") == ()
    assert "linlin" not in str([item["buyer_key"] for item in tables.items("orders")])


def test_the_index_of_buyers_is_written_once_for_an_order(tables: Any) -> None:
    orders.merge(an_order(), NOW, settings=SETTINGS)
    first = tables.items("orders")[0]
    orders.merge(an_order(status=OrderStatus.PAID), NOW + timedelta(hours=1), settings=SETTINGS)
    after = tables.items("orders")[0]
    assert (first["buyer_key"], first["placed_at"]) == (after["buyer_key"], after["placed_at"])


def test_a_desk_without_reminder_indexes_nothing(tables: Any) -> None:
    off = Settings(reminder=Reminder(enabled=False))
    orders.merge(an_order(), NOW, settings=off)
    (item,) = tables.items("orders")
    assert not {"unpaid_shard", "next_moment", "buyer_key"} & item.keys()


def test_dates_of_an_order_survive_its_way_through_the_indexes(tables: Any) -> None:
    order = replace(an_order(), pay_by=NOW + timedelta(hours=24))
    orders.merge(order, NOW, settings=SETTINGS)
    seen = orders.kept("tb1", order.order_id)
    assert seen is not None
    assert seen.order == order
    assert seen.known_at == NOW
