"""Rows of TOP become orders, refunds and reviews; what is unknown stays unknown."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from aftersales.parcels import Order, OrderLine, OrderStatus, RefundStatus, Shipment
from aftersales.platforms.taobao_reply import (
    read_order,
    read_refund,
    rows,
    with_detail,
)
from aftersales.platforms.taobao_reviews import read_review
from aftersales.refunds import RefundKind, RefundState
from aftersales.settings.model import Shop

CLOSE = timedelta(hours=24)
TMALL = Shop(id="s1", platform="tmall")
CREATED = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)


def order(**row: Any) -> Order:
    given_row = {"tid": 42, "status": "WAIT_BUYER_PAY", "created": "2026-07-01 10:30:00", **row}
    return read_order(given_row, "s1", CLOSE)


SHIPPED = {
    "tid": 4200000000000000001,
    "tid_str": "4200000000000000001",
    "status": "WAIT_BUYER_CONFIRM_GOODS",
    "type": "fixed",
    "created": "2026-07-01 10:30:00",
    "pay_time": "2026-07-01 10:31:05",
    "consign_time": "2026-07-01 18:00:00",
    "modified": "2026-07-01 18:00:01",
    "timeout_action_time": "2026-07-11 18:00:00",
    "delivery_time": "2026-07-03 10:31:05",
    "payment": "188.50",
    "buyer_nick": "小**",
    "buyer_open_uid": "AAHk5d-EAAeGwJedwSHpg8bT",
    "receiver_state": "浙江省",
    "receiver_city": "杭州市",
    "receiver_mobile": "*******5678",
    "orders": {
        "order": [
            {
                "oid": "4200000000000000002",
                "title": "帆布包 米色",
                "num": "2",
                "num_iid": 650000000001,
                "sku_id": "5100000000001",
                "payment": "120.00",
                "divide_order_fee": "118.50",
                "refund_status": "NO_REFUND",
                "invoice_no": "YT 8812345678901",
                "logistics_company": "圆通速递",
                "consign_time": "2026-07-01 17:59:00",
            },
            {
                "oid": "4200000000000000003",
                "title": "钥匙扣",
                "num": 1,
                "num_iid": 650000000002,
                "payment": "70.00",
                "refund_status": "NO_REFUND",
                "invoice_no": "SF1234567890123",
                "logistics_company": "顺丰速运",
            },
        ]
    },
}


def test_a_shipped_trade_is_read_whole() -> None:
    assert read_order(SHIPPED, "s1", CLOSE) == Order(
        shop_id="s1",
        order_id="4200000000000000001",
        status=OrderStatus.SHIPPED,
        raw_status="WAIT_BUYER_CONFIRM_GOODS",
        created_at=CREATED,
        paid_at=datetime(2026, 7, 1, 2, 31, 5, tzinfo=UTC),
        shipped_at=datetime(2026, 7, 1, 10, tzinfo=UTC),
        ship_by=datetime(2026, 7, 3, 2, 31, 5, tzinfo=UTC),
        auto_confirm_at=datetime(2026, 7, 11, 10, tzinfo=UTC),
        amount_minor=18850,
        currency="CNY",
        buyer_ref="AAHk5d-EAAeGwJedwSHpg8bT",
        phone_tail="5678",
        province="浙江",
        city="杭州市",
        country="CN",
        refund=RefundStatus.NONE,
        lines=(
            OrderLine("帆布包 米色", 2, "5100000000001", 11850, "4200000000000000002"),
            OrderLine("钥匙扣", 1, "650000000002", 7000, "4200000000000000003"),
        ),
        shipments=(
            Shipment("YT8812345678901", "yto", "圆通速递", datetime(2026, 7, 1, 9, 59, tzinfo=UTC)),
            Shipment("SF1234567890123", "sf", "顺丰速运", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ),
        updated_at=datetime(2026, 7, 1, 10, 0, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("raw", "status", "needs_payment"),
    [
        ("TRADE_NO_CREATE_PAY", OrderStatus.UNPAID, True),
        ("WAIT_BUYER_PAY", OrderStatus.UNPAID, True),
        ("PAY_PENDING", OrderStatus.UNPAID, False),
        ("WAIT_PRE_AUTH_CONFIRM", OrderStatus.UNPAID, False),
        ("PAID_FORBID_CONSIGN", OrderStatus.PAID, True),
        ("WAIT_SELLER_SEND_GOODS", OrderStatus.PAID, True),
        ("SELLER_CONSIGNED_PART", OrderStatus.PARTLY_SHIPPED, True),
        ("WAIT_BUYER_CONFIRM_GOODS", OrderStatus.SHIPPED, True),
        ("TRADE_BUYER_SIGNED", OrderStatus.SHIPPED, True),
        ("TRADE_FINISHED", OrderStatus.FINISHED, True),
        ("TRADE_CLOSED", OrderStatus.CLOSED, True),
        ("TRADE_CLOSED_BY_TAOBAO", OrderStatus.CLOSED, True),
        ("WAIT_FOR_THE_MOON", OrderStatus.UNKNOWN, True),
        ("", OrderStatus.UNKNOWN, True),
    ],
)
def test_each_trade_status_is_known(raw: str, status: OrderStatus, needs_payment: bool) -> None:
    read = order(status=raw)
    assert (read.status, read.raw_status, read.needs_payment) == (status, raw, needs_payment)
    expects_payment = status is OrderStatus.UNPAID and needs_payment
    assert read.pay_by == (CREATED + CLOSE if expects_payment else None)


@pytest.mark.parametrize(
    ("row", "status", "needs_payment"),
    [
        ({"type": "cod"}, OrderStatus.UNPAID, False),
        ({"type": "COD", "status": "WAIT_SELLER_SEND_GOODS"}, OrderStatus.PAID, False),
        ({"type": "nopaid"}, OrderStatus.UNPAID, False),
        ({"type": "step"}, OrderStatus.UNPAID, True),
        ({"step_trade_status": "FRONT_NOPAID_FINAL_NOPAID"}, OrderStatus.UNPAID, True),
        ({"step_trade_status": "FRONT_PAID_FINAL_NOPAID"}, OrderStatus.UNPAID, False),
        ({"step_trade_status": "FRONT_PAID_FINAL_PAID"}, OrderStatus.PAID, True),
        (
            {"step_trade_status": "FRONT_PAID_FINAL_PAID", "status": "TRADE_FINISHED"},
            OrderStatus.FINISHED,
            True,
        ),
        ({"payment": "0.00"}, OrderStatus.UNPAID, False),
        ({"payment": ""}, OrderStatus.UNPAID, True),
    ],
)
def test_kinds_without_a_payment_to_wait_for_are_told_apart(
    row: dict[str, str], status: OrderStatus, needs_payment: bool
) -> None:
    read = order(**row)
    assert (read.status, read.needs_payment) == (status, needs_payment)
    assert (read.pay_by is not None) == (status is OrderStatus.UNPAID and needs_payment)


def test_the_step_of_a_presale_stays_readable() -> None:
    read = order(step_trade_status="FRONT_PAID_FINAL_NOPAID")
    assert read.raw_status == "WAIT_BUYER_PAY FRONT_PAID_FINAL_NOPAID"


def test_before_payment_the_timeout_field_means_nothing() -> None:
    read = order(timeout_action_time="2026-07-01 10:45:00")
    assert (read.pay_by, read.auto_confirm_at) == (CREATED + CLOSE, None)


def test_with_a_refund_the_lines_say_when_receipt_is_confirmed() -> None:
    lines = [
        {"status": "WAIT_BUYER_CONFIRM_GOODS", "timeout_action_time": "2026-07-12 00:00:00"},
        {"status": "WAIT_BUYER_CONFIRM_GOODS", "timeout_action_time": "2026-07-11 08:00:00"},
        {"status": "WAIT_SELLER_SEND_GOODS", "timeout_action_time": "2026-07-02 08:00:00"},
    ]
    for status in ("WAIT_BUYER_CONFIRM_GOODS", "SELLER_CONSIGNED_PART"):
        read = order(status=status, orders={"order": lines})
        assert read.auto_confirm_at == datetime(2026, 7, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line_states", "expected"),
    [
        (["NO_REFUND", "NO_REFUND"], RefundStatus.NONE),
        (["CLOSED", "NO_REFUND"], RefundStatus.NONE),
        (["WAIT_SELLER_AGREE", "NO_REFUND"], RefundStatus.OPEN),
        (["SUCCESS", "WAIT_BUYER_RETURN_GOODS"], RefundStatus.OPEN),
        (["SELLER_REFUSE_BUYER"], RefundStatus.OPEN),
        (["SUCCESS", "NO_REFUND"], RefundStatus.PARTIAL),
        (["SUCCESS", "SUCCESS"], RefundStatus.DONE),
        (["SOMETHING_NEW", "NO_REFUND"], RefundStatus.UNKNOWN),
        (["", ""], RefundStatus.UNKNOWN),
        ([], RefundStatus.UNKNOWN),
    ],
)
def test_the_refunds_of_the_lines_are_one_state_of_the_order(
    line_states: list[str], expected: RefundStatus
) -> None:
    lines = [
        {"oid": n, "refund_status": state, "refund_id": f"r{n}"}
        for n, state in enumerate(line_states)
    ]
    read = order(orders={"order": lines})
    assert read.refund is expected
    names_one = expected in (RefundStatus.OPEN, RefundStatus.DONE, RefundStatus.PARTIAL)
    assert bool(read.refund_id) == (names_one or "SOMETHING_NEW" in line_states)


@pytest.mark.parametrize(
    ("mobile", "tail"),
    [
        ("13812345678", "5678"),
        ("138****5678", "5678"),
        ("*******5678", "5678"),
        ("138********", ""),
        ("~aB3k13812345678xyz==~Yl~3~~", ""),
        ("$138$aGVsbG8gd29ybGQ=$", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_phone_tail_is_kept_only_where_digits_can_be_seen(mobile: str | None, tail: str) -> None:
    assert order(receiver_mobile=mobile).phone_tail == tail


@pytest.mark.parametrize(
    ("invoice_no", "numbers"),
    [
        ("SF1234567890123", ["SF1234567890123"]),
        ("SF1234567890123,YT8812345678901", ["SF1234567890123", "YT8812345678901"]),
        ("SF1234567890123；SF1234567890123", ["SF1234567890123"]),
        ("无需物流", []),
        ("", []),
    ],
)
def test_waybill_numbers_come_out_of_the_lines(invoice_no: str, numbers: list[str]) -> None:
    read = order(orders={"order": {"oid": 1, "invoice_no": invoice_no}})
    assert [shipment.waybill_number for shipment in read.shipments] == numbers


def test_one_parcel_with_two_lines_is_one_shipment_with_the_courier_that_either_names() -> None:
    lines = [
        {"invoice_no": "773000000000001"},
        {"invoice_no": "773000000000001", "logistics_company": "申通快递"},
    ]
    [shipment] = order(orders={"order": lines}).shipments
    assert (shipment.courier, shipment.courier_text) == ("sto", "申通快递")


@pytest.mark.parametrize(
    "orders",
    [
        {"order": [{"oid": 7, "num": "3"}]},
        {"order": {"oid": 7, "num": "3"}},
        [{"oid": "7", "num": 3}],
        {"oid": "7", "num": 3.0},
    ],
)
def test_wrappers_and_lists_may_be_missing(orders: object) -> None:
    [line] = order(orders=orders).lines
    assert (line.line_id, line.quantity) == ("7", 3)


@pytest.mark.parametrize(
    "row", [{"tid": None}, {"tid": ""}, {"tid": "a b"}, {"payment": "many"}, {"payment": "1.234"}]
)
def test_a_row_without_id_or_with_an_unreadable_amount_is_bad_input(row: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        order(**row)


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ("WAIT_SELLER_AGREE", RefundState.WAITS_FOR_SELLER),
        ("WAIT_BUYER_RETURN_GOODS", RefundState.WAITS_FOR_BUYER),
        ("WAIT_SELLER_CONFIRM_GOODS", RefundState.WAITS_FOR_SELLER),
        ("WAIT_SELLER_CONSIGN_GOODS", RefundState.WAITS_FOR_SELLER),
        ("WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS", RefundState.WAITS_FOR_BUYER),
        ("SELLER_REFUSE_BUYER", RefundState.REFUSED),
        ("CLOSED", RefundState.CLOSED),
        ("SUCCESS", RefundState.DONE),
        ("EXCHANGE_TRANSFORM_TO_REFUND", RefundState.UNKNOWN),
        ("NEW_STATE", RefundState.UNKNOWN),
    ],
)
def test_each_refund_status_is_known(raw: str, state: RefundState) -> None:
    read = read_refund({"refund_id": 9, "status": raw}, "s1")
    assert (read.state, read.raw_status) == (state, raw)


@pytest.mark.parametrize(
    ("cs_status", "disputed"),
    [
        *((status, False) for status in (None, "", 0, 1, "6", 7)),
        *((status, True) for status in (2, "3", 4, 5, 8, 9, 10, 11, 12)),
    ],
)
def test_a_dispute_is_what_the_platform_was_called_into(cs_status: object, disputed: bool) -> None:
    assert read_refund({"refund_id": "9", "cs_status": cs_status}, "s1").disputed is disputed


@pytest.mark.parametrize(
    ("exists", "has_deadline"),
    [(True, True), ("true", True), (None, True), (False, False), ("false", False)],
)
def test_a_refund_has_the_platforms_own_deadline(exists: object, has_deadline: bool) -> None:
    remind = {"exist_timeout": exists, "remind_type": 1, "timeout": "2026-07-03 10:00:00"}
    read = read_refund({"refund_id": "9", "refund_remind_timeout": remind}, "s1")
    assert read.deadline == (datetime(2026, 7, 3, 2, tzinfo=UTC) if has_deadline else None)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"dispute_type": "REFUND"}, RefundKind.REFUND),
        ({"dispute_type": "REFUND_AND_RETURN"}, RefundKind.RETURN),
        ({"dispute_type": "TMALL_EXCHANGE"}, RefundKind.EXCHANGE),
        ({"dispute_type": "TAOBAO_EXCHANGE"}, RefundKind.EXCHANGE),
        ({"dispute_type": "REPAIR"}, RefundKind.OTHER),
        ({"has_good_return": True}, RefundKind.RETURN),
        ({"has_good_return": "false"}, RefundKind.REFUND),
        ({}, RefundKind.OTHER),
    ],
)
def test_what_the_buyer_wants_is_told_apart(row: dict[str, Any], kind: RefundKind) -> None:
    assert read_refund({"refund_id": "9", **row}, "s1").kind is kind


def test_what_a_detail_leaves_empty_keeps_what_the_list_said() -> None:
    row = {"refund_id": "9", "tid": 42, "refund_fee": "12.30", "sid": "YT 881"}
    read = read_refund(with_detail(row, {"tid": None, "sid": "", "refund_fee": "10.00"}), "s1")
    assert (read.order_id, read.return_waybill, read.amount_minor) == ("42", "YT881", 1000)


@pytest.mark.parametrize(
    ("result", "rating"), [("good", 5), ("neutral", 3), ("BAD", 1), ("", None), ("superb", None)]
)
def test_a_review_gets_its_id_from_what_stays(result: str, rating: int | None) -> None:
    row = {
        "tid": 41,
        "oid": 4200000000000000002,
        "role": "buyer",
        "nick": "t**7",
        "result": result,
        "created": "2026-07-01 10:30:00",
        "item_title": "帆布包",
        "content": "背带断了。",
        "num_iid": "65",
    }
    read = read_review(row, TMALL)
    assert read.review_id == read_review({**row, "content": "已解决"}, TMALL).review_id
    assert read.review_id != read_review({**row, "role": "seller"}, TMALL).review_id
    assert (read.rating, read.created_at, read.text) == (rating, CREATED, "背带断了。")
    assert (read.order_id, read.line_id, read.buyer_ref) == ("41", "4200000000000000002", "t**7")
    assert read.permalink == "https://detail.tmall.com/item.htm?id=65"
    assert "item.taobao.com" in read_review(row, Shop(id="s1", platform="taobao")).permalink
    assert read_review({**row, "num_iid": "x/../y"}, TMALL).permalink == ""


@given(
    st.dictionaries(
        st.sampled_from([*SHIPPED, "refund_id", "oid", "cs_status", "refund_remind_timeout"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["order", "oid", "num", "timeout"]), inner)
            ),
            max_leaves=6,
        ),
    )
)
def test_whatever_stands_in_a_row_it_is_read_or_named_bad_input(row: dict[str, Any]) -> None:
    for read in (read_refund, lambda row, shop_id: read_order(row, shop_id, CLOSE)):
        with suppress(BadInput):
            assert read(row, "s1").shop_id == "s1"


def test_rows_are_found_with_and_without_wrappers() -> None:
    row = {"tid": 1}
    for content in (
        {"trades": {"trade": [row]}},
        {"trades": {"trade": row}},
        {"trades": [row]},
        {"trades": row},
    ):
        assert rows(content, "trades", "trade") == [row]
    for nothing in ({}, {"trades": None}, {"trades": {}}, {"trades": {"trade": None}}):
        assert rows(nothing, "trades", "trade") == []
