"""One's own weight of a parcel, from an export or a push, reaches the watched parcel."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aftersales.errors import BadInput
from aftersales.parcels import Order, OrderStatus, Parcel, Shipment
from aftersales.platforms import values
from aftersales.platforms.file import read_file
from aftersales.settings.model import Settings, Shop
from aftersales.watching import informed
from order_intake.rules import parcels_of

NOW = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "header", "grams"),
    [
        ("1.2", "重量", 1200),
        ("850", "重量(g)", 850),
        ("850", "实际重量（克）", 850),
        ("0.35", "实际重量(KG)", 350),
        ("350g", "重量", 350),
        (1.1, "重量", 1100),
        ("0", "重量", None),
        ("", "重量", None),
    ],
)
def test_a_weight_is_read_in_the_unit_that_cell_or_header_name(cell, header, grams):
    assert values.grams(cell, header) == grams


@pytest.mark.parametrize("cell", ["850", "heavy", "-1"])
def test_what_is_no_parcels_weight_is_left_unknown(cell):
    with pytest.raises(BadInput):
        values.grams(cell, "重量")


def _read(*rows: str) -> tuple[Shipment, ...]:
    head = "订单编号,订单状态,物流单号,物流公司,发货时间,实际重量(kg)"
    content = "\n".join((head, *rows)).encode()
    shop = Shop(id="tb1")
    (order,) = read_file(content, "a.csv", shop=shop, default_zone="Asia/Shanghai").orders
    return order.shipments


def test_an_export_with_a_column_of_weights_gives_the_parcel_its_own():
    row = "260517001,卖家已发货,YT0000000000001,圆通速递,2026-10-03 10:00:00,0.86"
    (shipment,) = _read(row)
    assert shipment.weight_g == 860
    order = Order("tb1", "260517001", OrderStatus.SHIPPED, shipments=(shipment,))
    (parcel,) = parcels_of(order, Settings(), NOW)
    assert parcel.weight_g == 860


def test_rows_of_one_parcel_that_differ_tell_the_weights_of_goods():
    row = "260517001,卖家已发货,YT0000000000001,圆通速递,2026-10-03 10:00:00,"
    (shipment,) = _read(f"{row}0.86", f"{row}0.2")
    assert shipment.weight_g is None


def test_a_weight_that_is_known_stays_where_an_order_says_nothing_of_it():
    known = Parcel("P", "P", "yto", "tb1", weight_g=860, declared_value_minor=0)
    after = informed(known, Parcel("P", "P", "yto", "tb1"))
    assert (after.weight_g, after.declared_value_minor) == (860, 0)
