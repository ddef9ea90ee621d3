"""Whatever the order of columns and rows, the same orders; whatever the bytes, no crash."""

from __future__ import annotations

import contextlib
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.errors import BadInput
from aftersales.parcels import Order
from aftersales.platforms import values
from tests.export_files import csv_file, read, table, xlsx_file

STATES = [
    "等待买家付款",
    "买家已付款，等待卖家发货",
    "卖家已发货，等待买家确认",
    "交易成功",
    "待审核",
    "",
]

rows = st.lists(
    st.fixed_dictionaries(
        {
            "订单编号": st.sampled_from(["100001", "100002", "100003", "1.23E+12"]),
            "子订单编号": st.sampled_from(["", "11", "12"]),
            "订单状态": st.sampled_from(STATES),
            "订单创建时间": st.sampled_from(["", "2026-05-01 10:00:00", "2026-05-02 10:00:00"]),
            "发货时间": st.sampled_from(["", "2026-05-03 10:00:00", "nonsense"]),
            "总金额": st.sampled_from(["", "-", "12.00", "15.00元"]),
            "商品名称": st.sampled_from(["", "袜子", "毛巾"]),
            "商家编码": st.sampled_from(["", "A", "B"]),
            "商品数量": st.sampled_from(["", "1", "2"]),
            "快递公司": st.sampled_from(["", "圆通速递", "顺丰", "其他"]),
            "快递单号": st.sampled_from(
                ["", "YT0000000000001", "SF0000000000001;YT0000000000002", "圆通"]
            ),
            "售后状态": st.sampled_from(["", "退款成功", "待商家处理", "审核中"]),
            "退款金额": st.sampled_from(["", "3.00"]),
            "联系手机": st.sampled_from(["", "138****0001", "138****0002"]),
            "省": st.sampled_from(["", "广东省", "浙江省"]),
        }
    ),
    min_size=1,
    max_size=8,
)


def by_number(orders: tuple[Order, ...]) -> dict[str, Order]:
    return {order.order_id: order for order in orders}


@given(rows, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_shuffled_columns_give_the_same_orders(found, chance: random.Random):
    names = list(found[0])
    chance.shuffle(names)
    shuffled = [{name: row[name] for name in names} for row in found]
    first, second = read(csv_file(table(*found))), read(csv_file(table(*shuffled)))
    assert first.orders == second.orders
    assert [row.place for row in first.rejected] == [row.place for row in second.rejected]


@given(rows, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_shuffled_rows_give_the_same_orders(found, chance: random.Random):
    shuffled = list(found)
    chance.shuffle(shuffled)
    first, second = read(csv_file(table(*found))), read(csv_file(table(*shuffled)))
    assert by_number(first.orders) == by_number(second.orders)
    assert len(first.rejected) == len(second.rejected)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_a_row_that_stands_twice_changes_nothing(found):
    once, twice = read(csv_file(table(*found))), read(csv_file(table(*found, *found)))
    assert by_number(once.orders) == by_number(twice.orders)


@given(rows)
@settings(max_examples=25, deadline=None)
def test_text_and_workbook_say_the_same(found):
    assert read(csv_file(table(*found), "gb18030")).orders == read(xlsx_file(table(*found))).orders


@given(rows)
@settings(max_examples=60, deadline=None)
def test_every_row_is_an_order_or_a_refusal(found):
    reading = read(csv_file(table(*found)))
    assert reading.rows_read == len(found)
    refused = {int(row.place.split("row ")[1].split(",")[0]) for row in reading.rejected}
    kept = {row["订单编号"] for number, row in enumerate(found, 2) if number not in refused}
    assert set(by_number(reading.orders)) == kept


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_whatever_is_dropped_is_read_or_refused(content):
    try:
        reading = read(content)
    except BadInput:
        return
    assert reading.layout


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_waybill_cell_gives_numbers_or_a_refusal(text):
    try:
        found = values.parcels(text)
    except BadInput:
        return
    assert all(number.isascii() and number.isalnum() for number, _ in found)


@given(
    st.one_of(
        st.none(), st.integers(), st.floats(), st.text(max_size=30), st.datetimes(), st.dates()
    )
)
@settings(max_examples=300, deadline=None)
def test_no_cell_breaks_a_reader(cell):
    from zoneinfo import ZoneInfo

    for reader in (
        values.text,
        values.number_text,
        values.parcels,
        values.quantity,
        lambda c: values.amount(c, "CNY"),
        lambda c: values.moment(c, ZoneInfo("Asia/Shanghai")),
        lambda c: values.order_numbers(c, several=True),
    ):
        with contextlib.suppress(BadInput):
            reader(cell)
