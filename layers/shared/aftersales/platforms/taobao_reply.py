"""Rows of TOP as orders and refunds.

Facts: platforms reference, sections 1.2 to 1.4 and 9. Amounts are yuan texts, times +08:00 without
saying so. Unknown values stay unknown, with their raw text kept; a row without its id or with an
unreadable amount raises `BadInput`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from aftersales import money
from aftersales.couriers import codes, waybills
from aftersales.couriers.china import china_time
from aftersales.couriers.reading import mapping, objects, text, whole
from aftersales.errors import BadInput
from aftersales.parcels import Order, OrderLine, OrderStatus, RefundStatus, Shipment
from aftersales.platforms import regions, values
from aftersales.refunds import Refund, RefundKind, RefundState

CURRENCY = "CNY"

ORDER_FIELDS = (
    "tid,tid_str,status,type,step_trade_status,created,modified,pay_time,consign_time,end_time,"
    "timeout_action_time,delivery_time,payment,buyer_nick,buyer_open_uid,receiver_state,"
    "receiver_city,receiver_mobile,receiver_phone,orders"
)
REFUND_FIELDS = (
    "refund_id,tid,oid,status,created,modified,refund_fee,reason,has_good_return,dispute_type,sid"
)
REFUND_DETAIL_FIELDS = f"{REFUND_FIELDS},refund_remind_timeout,cs_status,refund_phase"

ORDER_STATES = {
    "TRADE_NO_CREATE_PAY": OrderStatus.UNPAID,
    "WAIT_BUYER_PAY": OrderStatus.UNPAID,
    "PAY_PENDING": OrderStatus.UNPAID,
    "WAIT_PRE_AUTH_CONFIRM": OrderStatus.UNPAID,
    "PAID_FORBID_CONSIGN": OrderStatus.PAID,
    "WAIT_SELLER_SEND_GOODS": OrderStatus.PAID,
    "SELLER_CONSIGNED_PART": OrderStatus.PARTLY_SHIPPED,
    "WAIT_BUYER_CONFIRM_GOODS": OrderStatus.SHIPPED,
    "TRADE_BUYER_SIGNED": OrderStatus.SHIPPED,  # cash on delivery: not settled yet
    "TRADE_FINISHED": OrderStatus.FINISHED,
    "TRADE_CLOSED": OrderStatus.CLOSED,
    "TRADE_CLOSED_BY_TAOBAO": OrderStatus.CLOSED,
}
SHIPPED_STATE = "WAIT_BUYER_CONFIRM_GOODS"
# The buyer has done what he could: a card payment under way, a pre-authorisation without payment.
NOTHING_TO_PAY_STATES = frozenset({"PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM"})
# The second and third are [unverified]; they cost a reminder where they are wrong, no more.
NOTHING_TO_PAY_TYPES = frozenset({"cod", "nopaid", "pre_auth_type"})
DEPOSIT_PAID = "FRONT_PAID_FINAL_NOPAID"
ALL_PAID = "FRONT_PAID_FINAL_PAID"

REFUND_STATES = {
    "WAIT_SELLER_AGREE": RefundState.WAITS_FOR_SELLER,
    "WAIT_BUYER_RETURN_GOODS": RefundState.WAITS_FOR_BUYER,
    "WAIT_SELLER_CONFIRM_GOODS": RefundState.WAITS_FOR_SELLER,
    "WAIT_SELLER_CONSIGN_GOODS": RefundState.WAITS_FOR_SELLER,
    "WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS": RefundState.WAITS_FOR_BUYER,
    "SELLER_REFUSE_BUYER": RefundState.REFUSED,
    "CLOSED": RefundState.CLOSED,
    "SUCCESS": RefundState.DONE,
}
FINAL_REFUND_STATES = frozenset({RefundState.DONE, RefundState.CLOSED})
NO_DISPUTE = frozenset({0, 1, 6, 7})  # cs_status: none, no help asked; finished, withdrawn
REFUND_KINDS = {
    "REFUND": RefundKind.REFUND,
    "REFUND_AND_RETURN": RefundKind.RETURN,
    "TMALL_EXCHANGE": RefundKind.EXCHANGE,
    "TAOBAO_EXCHANGE": RefundKind.EXCHANGE,
}

# The first of these that any line has speaks for the order.
_TELLING = (RefundStatus.OPEN, RefundStatus.UNKNOWN, RefundStatus.DONE)

_PHONE = re.compile(r"[+\d*][\d*\s-]*")
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def rows(content: Mapping[str, Any], plural: str, singular: str) -> list[dict[str, Any]]:
    """The rows at `plural.singular`, also without the inner wrapper, also one standing alone."""
    held = content.get(plural)
    if isinstance(held, dict) and singular in held:
        held = held[singular]
    return objects(held) if held else []


def read_order(row: Mapping[str, Any], shop_id: str, unpaid_close: timedelta) -> Order:
    """A trade as an order. An ordinary unpaid one is closed `unpaid_close` after it was placed:
    TOP states no time for it, `timeout_action_time` means something else before payment."""
    lines = rows(row, "orders", "order")
    status, needs_payment = _payment_state(row)
    created_at = china_time(row.get("created"))
    waits = status is OrderStatus.UNPAID and needs_payment and created_at is not None
    province = regions.province(text(row.get("receiver_state")))
    refund, refund_id = _refund_of_lines(lines)
    return Order(
        shop_id=shop_id,
        order_id=row_id(row, "tid_str", "tid"),
        status=status,
        raw_status=" ".join(filter(None, (_upper(row, "status"), _step(row)))),
        created_at=created_at,
        paid_at=china_time(row.get("pay_time")),
        shipped_at=china_time(row.get("consign_time")),
        finished_at=china_time(row.get("end_time")),
        ship_by=china_time(row.get("delivery_time")),
        auto_confirm_at=_auto_confirm_at(row, status, lines),
        amount_minor=_amount(row, "payment"),
        currency=CURRENCY,
        buyer_ref=text(row.get("buyer_open_uid")) or text(row.get("buyer_nick")),
        phone_tail=_phone_tail(row),
        province=province,
        city=regions.city(text(row.get("receiver_city")), province),
        country=regions.country("", province),
        refund=refund,
        refund_id=refund_id,
        lines=tuple(_line(line) for line in lines),
        shipments=_shipments(row, lines),
        updated_at=china_time(row.get("modified")),
        pay_by=created_at + unpaid_close if waits and created_at else None,
        needs_payment=needs_payment,
    )


def read_refund(row: Mapping[str, Any], shop_id: str) -> Refund:
    """A refund as the list or, with deadline and dispute, the detail call gives it."""
    raw_status = _upper(row, "status")
    remind = mapping(row.get("refund_remind_timeout"))
    has_deadline = str(remind.get("exist_timeout")).lower() != "false"
    return Refund(
        shop_id=shop_id,
        refund_id=row_id(row, "refund_id"),
        order_id=text(row.get("tid")),
        state=REFUND_STATES.get(raw_status, RefundState.UNKNOWN),
        raw_status=raw_status,
        kind=_refund_kind(row),
        line_id=text(row.get("oid")),
        amount_minor=_amount(row, "refund_fee"),
        currency=CURRENCY,
        reason=text(row.get("reason")),
        disputed=(whole(row.get("cs_status")) or 0) not in NO_DISPUTE,
        deadline=china_time(remind.get("timeout")) if has_deadline else None,
        return_waybill=waybills.normalise(text(row.get("sid"))),
        created_at=china_time(row.get("created")),
        updated_at=china_time(row.get("modified")),
    )


def with_detail(row: Mapping[str, Any], detail: Mapping[str, Any]) -> dict[str, Any]:
    """A refund's row with what its detail call adds or knows better."""
    return {**row, **{name: value for name, value in detail.items() if value not in (None, "")}}


def _payment_state(row: Mapping[str, Any]) -> tuple[OrderStatus, bool]:
    """The status, and whether money is awaited from the buyer at some time before shipping."""
    raw = _upper(row, "status")
    status, step = ORDER_STATES.get(raw, OrderStatus.UNKNOWN), _step(row)
    if status is OrderStatus.UNPAID and step == ALL_PAID:
        return OrderStatus.PAID, True
    free = (
        raw in NOTHING_TO_PAY_STATES
        or text(row.get("type")).lower() in NOTHING_TO_PAY_TYPES
        # The rest of a presale falls due when the platform says so, which TOP does not tell.
        or (status is OrderStatus.UNPAID and step == DEPOSIT_PAID)
        or _amount(row, "payment") == 0
    )
    return status, not free


def _step(row: Mapping[str, Any]) -> str:
    return _upper(row, "step_trade_status")


def _auto_confirm_at(
    row: Mapping[str, Any], status: OrderStatus, lines: Iterable[Mapping[str, Any]]
) -> datetime | None:
    """When TOP confirms receipt itself. With a refund asked for, the lines say it instead."""
    if status not in (OrderStatus.SHIPPED, OrderStatus.PARTLY_SHIPPED):
        return None
    stated = china_time(row.get("timeout_action_time")) if status is OrderStatus.SHIPPED else None
    if stated is not None:
        return stated
    shipped = (line for line in lines if _upper(line, "status") == SHIPPED_STATE)
    times = [china_time(line.get("timeout_action_time")) for line in shipped]
    return min((at for at in times if at is not None), default=None)


def _line(row: Mapping[str, Any]) -> OrderLine:
    amount = _amount(row, "divide_order_fee")
    return OrderLine(
        title=text(row.get("title")),
        quantity=whole(row.get("num")) or 1,
        sku=text(row.get("sku_id")) or text(row.get("num_iid")),
        amount_minor=_amount(row, "payment") if amount is None else amount,
        line_id=text(row.get("oid")),
    )


def _shipments(row: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> tuple[Shipment, ...]:
    """One per waybill number, in the order of the lines. What is no number (`无需物流`) is none."""
    found: dict[str, Shipment] = {}
    for line in lines:
        company = text(line.get("logistics_company"))
        shipped_at = china_time(line.get("consign_time")) or china_time(row.get("consign_time"))
        for number, name in _waybill_numbers(line):
            courier_text = company or name
            shipment = Shipment(number, codes.from_text(courier_text), courier_text, shipped_at)
            known = found.setdefault(number, shipment)
            if not known.courier_text and courier_text:
                found[number] = replace(shipment, shipped_at=known.shipped_at or shipped_at)
    return tuple(found.values())


def _waybill_numbers(line: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    try:
        return values.parcels(text(line.get("invoice_no")))
    except BadInput:
        return ()  # the order is worth more than a number that is none


def _refund_of_lines(lines: Iterable[Mapping[str, Any]]) -> tuple[RefundStatus, str]:
    """The after-sales state of the order, and the refund that made it so."""
    told = [(_line_refund(_upper(line, "refund_status")), line) for line in lines]
    states = [state for state, _ in told if state is not None]
    if not states:
        return RefundStatus.UNKNOWN, ""
    telling = next((state for state in _TELLING if state in states), RefundStatus.NONE)
    line = next(line for state, line in told if state is telling)
    if telling is RefundStatus.DONE and any(state is not telling for state, _ in told):
        return RefundStatus.PARTIAL, text(line.get("refund_id"))
    return telling, "" if telling is RefundStatus.NONE else text(line.get("refund_id"))


def _line_refund(raw: str) -> RefundStatus | None:
    if not raw:
        return None
    if raw in ("NO_REFUND", "CLOSED"):
        return RefundStatus.NONE
    if raw == "SUCCESS":
        return RefundStatus.DONE
    return RefundStatus.OPEN if raw in REFUND_STATES else RefundStatus.UNKNOWN


def _refund_kind(row: Mapping[str, Any]) -> RefundKind:
    stated = _upper(row, "dispute_type")
    if stated:
        return REFUND_KINDS.get(stated, RefundKind.OTHER)
    returns = row.get("has_good_return")
    if returns is None or returns == "":
        return RefundKind.OTHER
    return RefundKind.RETURN if str(returns).lower() == "true" else RefundKind.REFUND


def _phone_tail(row: Mapping[str, Any]) -> str:
    """Only out of a text that is a phone number: encrypted ones hold digits that are none."""
    for name in ("receiver_mobile", "receiver_phone"):
        phone = text(row.get(name))
        if _PHONE.fullmatch(phone) and (tail := regions.phone_tail(phone)):
            return tail
    return ""


def _amount(row: Mapping[str, Any], name: str) -> int | None:
    return money.to_minor(text(row.get(name)), CURRENCY)


def _upper(row: Mapping[str, Any], name: str) -> str:
    return text(row.get(name)).upper()


def row_id(row: Mapping[str, Any], *names: str) -> str:
    for name in names:
        found = text(row.get(name))
        if _ID.fullmatch(found):
            return found
    raise BadInput(f"the row has no {names[-1]}")
