"""Which parcels of an order are watched, and what the watch knows from the start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from aftersales.parcels import Order, OrderStatus, RefundStatus, Shipment
from aftersales.settings.model import Calendar, Settings, Shop, Source, Tracking
from order_intake.rules import Interest, interest_in, parcels_of, waybills_given_up

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
SETTINGS = Settings(
    shops=(Shop(id="tb1", platform="taobao"), Shop(id="own", auto_confirm_days=7)),
    tracking=Tracking(
        sources={"k": Source(kind="kuaidi100"), "s": Source(kind="sf")},
        default_source="k",
        by_courier={"sf": "s"},
    ),
)


def an_order(*numbers: str, **values: object) -> Order:
    defaults: dict[str, object] = {
        "shop_id": "tb1",
        "order_id": "100001",
        "status": OrderStatus.SHIPPED,
        "shipped_at": NOW - timedelta(days=1),
        "shipments": tuple(Shipment(number) for number in numbers),
    }
    return Order(**{**defaults, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "interest", "reason"),
    [
        ({}, Interest.WATCH, "under_way"),
        ({"status": OrderStatus.UNKNOWN, "shipped_at": None}, Interest.WATCH, "under_way"),
        ({"status": OrderStatus.PARTLY_SHIPPED}, Interest.WATCH, "under_way"),
        ({"status": OrderStatus.CLOSED}, Interest.END, "closed"),
        (
            {"status": OrderStatus.PAID, "shipped_at": None, "refund": RefundStatus.DONE},
            Interest.END,
            "refunded_unshipped",
        ),
        ({"refund": RefundStatus.DONE}, Interest.WATCH, "under_way"),
        ({"refund": RefundStatus.OPEN}, Interest.WATCH, "disputed"),
        ({"status": OrderStatus.FINISHED}, Interest.TELL, "finished"),
        (
            {"status": OrderStatus.FINISHED, "refund": RefundStatus.OPEN},
            Interest.WATCH,
            "disputed",
        ),
        ({"shipped_at": NOW - timedelta(days=181)}, Interest.TELL, "too_old"),
        (
            {"shipped_at": None, "created_at": NOW - timedelta(days=181)},
            Interest.TELL,
            "too_old",
        ),
    ],
)
def test_an_orders_state_decides_whether_its_parcels_are_watched(values, interest, reason):
    order = an_order("YT0000000000001", **values)
    assert interest_in(order, SETTINGS, NOW) == (interest, reason)
    assert bool(parcels_of(order, SETTINGS, NOW)) is (interest is not Interest.END)


def test_every_parcel_of_an_order_is_a_watch_of_its_own():
    order = an_order("YT0000000000001", "SF0000000000001", phone_tail="1234", province="新疆")
    first, second = parcels_of(order, SETTINGS, NOW)
    assert (first.parcel_id, first.courier, first.source) == ("YT0000000000001", "yto", "k")
    assert (second.courier, second.source, second.phone_tail) == ("sf", "s", "1234")
    assert (first.order_ids, first.shop_id, first.province) == (("100001",), "tb1", "新疆")
    assert first.shipped_at == order.shipped_at


def test_the_named_courier_counts_more_than_the_look_of_the_number():
    order = an_order(shipments=(Shipment("123456789012", "zto", "中通快递"),))
    assert parcels_of(order, SETTINGS, NOW)[0].courier == "zto"


def test_a_number_that_fits_several_couriers_names_none():
    assert parcels_of(an_order("123456789012"), SETTINGS, NOW)[0].courier == ""


@pytest.mark.parametrize(
    ("shop_id", "status", "days"),
    [
        ("tb1", OrderStatus.SHIPPED, 10),
        ("own", OrderStatus.SHIPPED, 7),
        ("other", OrderStatus.SHIPPED, None),
        ("tb1", OrderStatus.FINISHED, None),
    ],
)
def test_the_clock_of_receipt_runs_from_shipping(shop_id, status, days):
    order = an_order("YT0000000000001", shop_id=shop_id, status=status)
    (parcel,) = parcels_of(order, SETTINGS, NOW)
    assert order.shipped_at is not None
    expected = None if days is None else order.shipped_at + timedelta(days=days)
    assert parcel.auto_confirm_at == expected


def test_the_platforms_own_deadline_wins_over_the_rule():
    stated = NOW + timedelta(days=3)
    order = an_order("YT0000000000001", auto_confirm_at=stated)
    assert parcels_of(order, SETTINGS, NOW)[0].auto_confirm_at == stated


@pytest.mark.parametrize(
    ("number", "country", "home", "crosses"),
    [
        ("YT0000000000001", "", "CN", False),
        ("YT0000000000000001", "", "CN", True),
        ("1ZA1B2C30100000123", "", "CN", True),
        ("1ZA1B2C30100000123", "US", "US", False),
        ("1ZA1B2C30100000123", "CN", "CN", False),
        ("YT0000000000001", "JP", "CN", True),
        ("1ZA1B2C30100000123", "", "US", False),
        ("RR123456785CN", "", "CN", True),
    ],
)
def test_a_parcel_crosses_the_border_by_country_or_else_by_courier(number, country, home, crosses):
    settings = Settings(calendar=Calendar(country=home))
    (parcel,) = parcels_of(an_order(number, country=country), settings, NOW)
    assert parcel.cross_border is crosses


def test_a_corrected_waybill_number_gives_up_the_old_one():
    before = an_order("YT0000000000001", "YT0000000000002")
    after = replace(before, shipments=(Shipment("YT0000000000002"),))
    assert waybills_given_up(before, after) == ("YT0000000000001",)
    assert waybills_given_up(None, after) == ()
    assert waybills_given_up(before, before) == ()
