"""Orders, refunds and ratings as TOP writes them. Formats as in the platforms reference."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from local.simulators.reviews import BuyersReview
from local.simulators.sales import Line, Sale, Stage
from local.simulators.shop_life import AUTO_CONFIRM_AFTER

CHINA = timezone(timedelta(hours=8))
TIMESTAMP = "%Y-%m-%d %H:%M:%S"

STATES = {
    Stage.UNPAID: "WAIT_BUYER_PAY",
    Stage.PAID: "WAIT_SELLER_SEND_GOODS",
    Stage.PARTLY_SHIPPED: "SELLER_CONSIGNED_PART",
    Stage.SHIPPED: "WAIT_BUYER_CONFIRM_GOODS",
    Stage.FINISHED: "TRADE_FINISHED",
    Stage.ABANDONED: "TRADE_CLOSED_BY_TAOBAO",
    Stage.REFUNDED: "TRADE_CLOSED",
}

Row = dict[str, Any]


def trade_row(sale: Sale, now: datetime, delayed_days: int = 0) -> Row:
    """An order. `delayed_days` were added to its receipt time by the seller."""
    stage, left = sale.stage(now), sale.parcels_left(now)
    row: Row = {
        "tid": int(sale.order_id),
        "tid_str": sale.order_id,
        "status": STATES[stage],
        "type": "fixed",
        "created": china(sale.placed_at),
        "modified": china(sale.changed_at(now)),
        "payment": f"{sale.amount:.2f}",
        "buyer_nick": nick(sale),
        "buyer_open_uid": f"AAH{sale.buyer}",
        "receiver_state": sale.province,
        "receiver_city": sale.city,
        "orders": {"order": [_line(sale, at, now) for at in range(len(sale.lines))]},
    }
    if sale.paid_at is not None and sale.paid_at <= now:
        row["pay_time"] = china(sale.paid_at)
    if left:
        ends = left[-1].shipped_at + AUTO_CONFIRM_AFTER + timedelta(days=delayed_days)
        row |= {
            "consign_time": china(left[0].shipped_at),
            "timeout_action_time": china(ends),
            "receiver_mobile": f"139****{left[0].phone_tail}",
        }
    ends_at = (sale.finished_at, sale.abandoned_at, sale.refunded_at)
    ended_at = next((at for at in ends_at if at is not None and at <= now), None)
    if ended_at is not None:
        row["end_time"] = china(ended_at)
    return row


def _line(sale: Sale, number: int, now: datetime) -> Row:
    line = sale.lines[number]
    title, sku, price = line.goods
    row: Row = {
        "oid": int(line_id(sale, number)),
        "title": title,
        "num": line.quantity,
        "num_iid": _item(line),
        "sku_id": sku,
        "price": price,
        "payment": f"{line.amount:.2f}",
        "refund_status": _refund_state(sale, now) or "NO_REFUND",
        "refund_id": sale.refund_id if refund_changed(sale, now) else None,
        "status": STATES[sale.stage(now)],
    }
    parcel = line.parcel
    if parcel is not None and parcel.shipped_at <= now:
        row |= {
            "invoice_no": parcel.waybill_number,
            "logistics_company": parcel.courier_text,
            "consign_time": china(parcel.shipped_at),
        }
    if sale.stage(now) is Stage.PARTLY_SHIPPED:
        has_left = "invoice_no" in row
        row["status"] = STATES[Stage.SHIPPED if has_left else Stage.PAID]
    return row


def rating_row(review: BuyersReview, now: datetime, reply: str) -> Row:
    """A rating received from a buyer."""
    said = review.now_said(now)
    return {
        "tid": int(review.sale.order_id),
        "oid": int(line_id(review.sale, 0)),
        "role": "buyer",
        "nick": nick(review.sale),
        "ouid": f"AAH{review.sale.buyer}",
        "result": "good" if said.stars > 3 else "neutral" if said.stars == 3 else "bad",
        "created": china(review.written_at),
        "item_title": review.line.goods[0],
        "num_iid": _item(review.line),
        "content": said.text,
        "reply": reply,
        "valid_score": True,
    }


def line_id(sale: Sale, number: int) -> str:
    """An order of one line is that line, as there."""
    return sale.order_id if len(sale.lines) == 1 else str(int(sale.order_id) + number + 1)


def _item(line: Line) -> int:
    return 680000000000 + sum(map(ord, line.goods[1]))


def nick(sale: Sale) -> str:
    """A buyer, masked as TOP does."""
    return f"{sale.buyer[0]}**{sale.buyer[-1]}"


def refund_row(sale: Sale, now: datetime) -> Row:
    """A refund that was asked for."""
    return {
        "refund_id": sale.refund_id,
        "tid": int(sale.order_id),
        "oid": int(sale.order_id),
        "status": _refund_state(sale, now),
        "created": china(sale.refund_asked_at or now),
        "modified": china(refund_changed(sale, now) or now),
        "refund_fee": f"{sale.amount:.2f}",
        "reason": "不想要了",
        "has_good_return": False,
        "dispute_type": "REFUND",
        "cs_status": 1,
        "refund_phase": "onsale",
        "refund_remind_timeout": {
            "exist_timeout": True,
            "timeout": china((sale.refund_asked_at or now) + timedelta(days=2)),
        },
    }


def _refund_state(sale: Sale, now: datetime) -> str:
    if sale.refund_asked_at is None or sale.refund_asked_at > now:
        return ""
    done = sale.refunded_at is not None and sale.refunded_at <= now
    return "SUCCESS" if done else "WAIT_SELLER_AGREE"


def refund_changed(sale: Sale, now: datetime) -> datetime | None:
    """When something last happened to its refund; None: there is none."""
    times = [at for at in (sale.refund_asked_at, sale.refunded_at) if at is not None and at <= now]
    return max(times, default=None)


def china(at: datetime) -> str:
    """A time as TOP writes it."""
    return at.astimezone(CHINA).strftime(TIMESTAMP)
