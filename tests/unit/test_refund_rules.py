"""What a buyer's refunds make of their order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.refunds import Refund, RefundKind, RefundState
from order_intake.refund_rules import refund_news

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
ORDER = Order("s", "1", OrderStatus.SHIPPED, amount_minor=8800, currency="CNY")


def refund(state: RefundState, refund_id: str = "R1", **values: Any) -> Refund:
    given = {"amount_minor": 8800, "updated_at": NOON, **values}
    return Refund(shop_id="s", refund_id=refund_id, order_id="1", state=state, **given)


def news(known: Order | None, *refunds: Refund) -> tuple[RefundStatus, str, int | None] | None:
    told = refund_news(known, refunds)
    return None if told is None else (told.refund, told.refund_id, told.refund_amount_minor)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (RefundState.WAITS_FOR_SELLER, (RefundStatus.OPEN, "R1", 8800)),
        (RefundState.WAITS_FOR_BUYER, (RefundStatus.OPEN, "R1", 8800)),
        (RefundState.REFUSED, (RefundStatus.OPEN, "R1", 8800)),
        (RefundState.DONE, (RefundStatus.DONE, "R1", 8800)),
        (RefundState.CLOSED, (RefundStatus.NONE, "R1", None)),
        (RefundState.UNKNOWN, None),
    ],
)
def test_a_refunds_state_becomes_that_of_its_order(state: RefundState, expected: Any) -> None:
    assert news(ORDER, refund(state)) == expected


def test_a_state_that_is_not_known_is_open_where_the_platform_was_called_in() -> None:
    found = news(ORDER, refund(RefundState.UNKNOWN, disputed=True))
    assert found == (RefundStatus.OPEN, "R1", 8800)


@pytest.mark.parametrize(
    ("order", "amount", "line", "expected"),
    [
        (ORDER, 8800, "", RefundStatus.DONE),
        (ORDER, 900, "", RefundStatus.PARTIAL),
        (None, 900, "", RefundStatus.DONE),
        (None, 900, "L1", RefundStatus.PARTIAL),
        (ORDER, None, "L1", RefundStatus.PARTIAL),
    ],
)
def test_a_part_of_the_money_is_a_partial_refund(
    order: Order | None, amount: int | None, line: str, expected: RefundStatus
) -> None:
    found = refund_news(order, [refund(RefundState.DONE, amount_minor=amount, line_id=line)])
    assert found is not None
    assert found.refund is expected


def test_parts_that_make_up_the_whole_are_a_whole_refund() -> None:
    parts = [
        refund(RefundState.DONE, "R1", amount_minor=8000),
        refund(RefundState.DONE, "R2", amount_minor=800, updated_at=NOON + timedelta(hours=1)),
    ]
    assert news(ORDER, *parts) == (RefundStatus.DONE, "R2", 8800)


def test_an_exchange_gives_no_money_back() -> None:
    found = news(ORDER, refund(RefundState.DONE, kind=RefundKind.EXCHANGE))
    assert found == (RefundStatus.NONE, "R1", None)


def test_an_order_is_open_as_long_as_one_of_its_refunds_is() -> None:
    known = replace(ORDER, refund=RefundStatus.OPEN, refund_id="R1")
    second = refund_news(known, [refund(RefundState.WAITS_FOR_SELLER, "R2")])
    assert second is not None
    assert (second.refund, second.refund_id) == (RefundStatus.OPEN, "R1,R2")
    known = replace(known, refund_id="R1,R2")
    assert news(known, refund(RefundState.DONE, "R2")) == (RefundStatus.OPEN, "R1", None)
    known = replace(known, refund_id="R1")
    assert news(known, refund(RefundState.CLOSED, "R1")) == (RefundStatus.NONE, "R1", None)


def test_money_that_was_paid_back_stays_so_when_another_request_is_withdrawn() -> None:
    known = replace(ORDER, refund=RefundStatus.PARTIAL, refund_id="R1", refund_amount_minor=900)
    assert news(known, refund(RefundState.CLOSED, "R2")) is None


def test_the_newest_picture_of_a_refund_counts() -> None:
    older = refund(RefundState.WAITS_FOR_SELLER, updated_at=NOON - timedelta(hours=1))
    assert news(ORDER, refund(RefundState.DONE), older) == (RefundStatus.DONE, "R1", 8800)


def test_news_of_a_refund_say_nothing_else_about_the_order() -> None:
    free = replace(ORDER, needs_payment=False)
    told = refund_news(free, [refund(RefundState.DONE)])
    assert told is not None
    assert (told.status, told.updated_at, told.amount_minor) == (OrderStatus.UNKNOWN, None, None)
    assert told.needs_payment is False
