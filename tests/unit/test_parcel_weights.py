"""What a seller weighed, measured and ordered, from an export or a push, reaches the parcel."""

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


@pytest.mark.parametrize(
    ("cell", "header", "expected"),
    [
        ("30*20*10", "包裹尺寸", (300, 200, 100)),
        ("30 x 20 x 10.5 cm", "Parcel Size", (300, 200, 105)),
        ("300×200×100", "包裹尺寸(mm)", (300, 200, 100)),
        ("0.3*0.2*0.1", "外箱尺寸（米）", (300, 200, 100)),
        ("30cm*20cm*10cm", "包裹尺寸(mm)", (300, 200, 100)),
        ("0*0*0", "包裹尺寸", None),
        ("", "包裹尺寸", None),
    ],
)
def test_a_size_is_read_in_the_unit_that_cell_or_header_name(cell, header, expected):
    assert values.sides(cell, header) == expected


@pytest.mark.parametrize("cell", ["30*20", "large", "30*20*10*5", "-3*2*1", "3000*20*10"])
def test_what_is_no_parcels_size_is_left_unknown(cell):
    with pytest.raises(BadInput):
        values.sides(cell, "包裹尺寸")


MEASURED_HEAD = (
    "订单编号,订单状态,物流单号,物流公司,发货时间,实际重量(kg),包裹长(mm),包裹宽(mm),包裹高(mm),"
    "快递产品,保价金额,代收货款"
)


def _measured(*rows: str) -> tuple[Shipment, ...]:
    content = "\n".join((MEASURED_HEAD, *rows)).encode()
    shop = Shop(id="tb1")
    (order,) = read_file(content, "a.csv", shop=shop, default_zone="Asia/Shanghai").orders
    return order.shipments


def test_sides_service_and_values_of_an_export_reach_the_parcel():
    start = "260517001,卖家已发货,YT0000000000001,圆通速递,2026-10-03 10:00:00"
    (shipment,) = _measured(f"{start},0.86,300,200,100,标快,500.00,88.50")
    order = Order("tb1", "260517001", OrderStatus.SHIPPED, shipments=(shipment,))
    (parcel,) = parcels_of(order, Settings(), NOW)
    assert (parcel.length_mm, parcel.width_mm, parcel.height_mm) == (300, 200, 100)
    assert (parcel.service, parcel.declared_value_minor, parcel.cod_minor) == ("标快", 50000, 8850)


def test_what_rows_of_one_parcel_say_alike_is_kept_and_the_rest_unknown():
    start = "260517001,卖家已发货,YT0000000000001,圆通速递,2026-10-03 10:00:00"
    (shipment,) = _measured(
        f"{start},0.86,300,200,100,标快,500.00,", f"{start},0.86,300,200,90,标快,500.00,"
    )
    assert (shipment.weight_g, shipment.length_mm, shipment.height_mm) == (860, 300, None)
    assert (shipment.service, shipment.declared_value_minor) == ("标快", 50000)
    assert shipment.courier == "yto"
