"""The facts of cases about reviews: what an agent needs to see why, and to answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from aftersales.cases.model import Case
from aftersales.findings import Finding, Severity
from aftersales.messages.review_replies import suggested_reply
from aftersales.parcels import Order, OrderStatus, Parcel, RefundStatus
from aftersales.platforms.gone import RAW_STATUS
from aftersales.review_records import ReviewRecord
from aftersales.reviews import Review
from aftersales.settings.model import Settings, Shop
from aftersales.tables import orders, parcels
from aftersales.tracking import TERMINAL, Status
from review_scanner.rules import COMPLAINTS, FAMILY, STRENGTH
from review_scanner.texts import language_of, shown

SHOWN_CHARACTERS = 300
PARCELS_LOOKED_AT = 3

Facts = dict[str, str | int | None]

ORDER_FACTS = (
    "ordered_at",
    "refund",
    "refund_id",
    "amount_minor",
    "currency",
    "waybill_number",
    "courier",
    "status",
    "reason",
    "delivered_how",
    "last_event_at",
    "last_event_text",
    "last_event_place",
)
"""What a case knows of an order and its parcel."""


def finding(
    record: ReviewRecord, kind: str, severity: Severity, facts: Facts, due: datetime
) -> Finding:
    """A review as a finding. Questions and advertisements have no deadline."""
    return Finding(
        kind=kind,
        subject=record.subject,
        severity=severity,
        shop_id=record.shop_id,
        facts=facts,
        deadline=due if kind in COMPLAINTS else None,
        family=FAMILY,
        strength=STRENGTH[kind],
    )


def about_review(settings: Settings, shop: Shop, record: ReviewRecord, review: Review) -> Facts:
    """What the review says, and a suggested reply. Numbers in its words are masked."""
    last = review.follow_up or review.text
    language = language_of(last, shop.language or settings.language)
    templates = settings.review_rules(shop.id).templates
    return {
        "shop_id": shop.id,
        "shop_name": shop.name or None,
        "review_id": record.review_id,
        "rating": record.rating,
        "was_rating": record.was_rating if record.was_rating != record.rating else None,
        "review_text": shown(review.text, SHOWN_CHARACTERS) or None,
        "follow_up": shown(review.follow_up, SHOWN_CHARACTERS) or None,
        "topics": ",".join(record.topics) or None,
        "product": record.product_title or record.product_id or None,
        "buyer": record.buyer or None,
        "order_ids": record.order_id or None,
        "written_at": record.written_at.isoformat(),
        "review_url": record.permalink or None,
        "replied": 1 if record.replied else None,
        "contact": 1 if (record.follow_verdict or record.verdict).contact else None,
        "suggested_reply": suggested_reply(record.topics, language, templates),
    }


def about_product(settings: Settings, shop: Shop, record: ReviewRecord, review: Review) -> Facts:
    """The product that several buyers complain about, and the words of the last of them."""
    facts = about_review(settings, shop, record, review)
    kept = ("shop_id", "shop_name", "review_text", "follow_up", "product", "review_url")
    return {**{name: facts[name] for name in kept}, "product_id": record.product_id}


def about_order(record: ReviewRecord, before: Iterable[Case] = ()) -> Facts:
    """How the order of a review stands: its parcel, and whether money is asked back.

    `order_state` says why there is less than usual: the platform has deleted the order, the desk
    has never known it, or knows it no more. Then what the cases `before` about the review said of
    it is still shown.
    """
    if not record.order_id:
        return {}
    order = orders.get(record.shop_id, record.order_id)
    if order is None:
        return _remembered(before)
    gone = order.status is OrderStatus.CLOSED and order.raw_status == RAW_STATUS
    facts: Facts = {
        "ordered_at": order.created_at.isoformat() if order.created_at else None,
        "order_state": "deleted" if gone else None,
    }
    if order.refund in (RefundStatus.OPEN, RefundStatus.DONE, RefundStatus.PARTIAL):
        facts |= {
            "refund": order.refund.value,
            "refund_id": order.refund_id or None,
            "amount_minor": order.refund_amount_minor,
            "currency": order.currency or None,
        }
    return facts | _about_parcel(_parcel_of(order))


def _remembered(before: Iterable[Case]) -> Facts:
    """What was said of an order that the desk does not have; the newest case knows best."""
    for case in sorted(before, key=lambda each: each.updated_at, reverse=True):
        said = {name: case.facts.get(name) for name in ORDER_FACTS}
        if any(value is not None for value in said.values()):
            deleted = case.facts.get("order_state") == "deleted"
            return said | {"order_state": "deleted" if deleted else "forgotten"}
    return {"order_state": "unknown"}


def _parcel_of(order: Order) -> Parcel | None:
    """The parcel that matters most: one with a problem, else one on its way, else the last."""
    numbers = [shipment.waybill_number for shipment in order.shipments[:PARCELS_LOOKED_AT]]
    found = [parcel for number in numbers if (parcel := parcels.current(number)) is not None]
    if not found:
        return None
    return min(found, key=lambda parcel: (not parcel.marks, parcel.status in TERMINAL))


def _about_parcel(parcel: Parcel | None) -> Facts:
    if parcel is None:
        return {}
    return {
        "waybill_number": parcel.waybill_number,
        "courier": parcel.courier or None,
        "status": None if parcel.status is Status.UNKNOWN else parcel.status.value,
        "reason": parcel.reason.value if parcel.reason else None,
        "delivered_how": parcel.delivered_how.value if parcel.delivered_how else None,
        "last_event_at": parcel.last_event_at.isoformat() if parcel.last_event_at else None,
        "last_event_text": parcel.last_event_text or None,
        "last_event_place": parcel.last_event_place or None,
    }
