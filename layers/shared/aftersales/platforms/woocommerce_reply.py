"""WooCommerce's orders, refunds and reviews in our words.

Facts: platforms reference, section 8; the vendor's REST documents (wc/v3). `_gmt` times carry no
zone and are UTC; amounts are texts; a PHP list with a gap in it arrives as an object whose keys
are numbers; titles and reviews are HTML.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from aftersales.couriers import codes
from aftersales.couriers.reading import mapping, text, when, whole
from aftersales.errors import BadInput
from aftersales.money import decimals_of
from aftersales.parcels import Order, OrderLine, OrderStatus, RefundStatus, Shipment
from aftersales.platforms import regions, values
from aftersales.platforms.base import RejectedRow
from aftersales.platforms.html_text import plain
from aftersales.refunds import Refund, RefundKind, RefundState
from aftersales.reviews import Review

if TYPE_CHECKING:
    from aftersales.settings.model import Shop

RAW_LIMIT = 4000  # characters of a rejected row that go to quarantine
MOST_MINOR = 10**15  # an amount beyond this is a mistake

STATUSES = {
    "pending": OrderStatus.UNPAID,
    "on-hold": OrderStatus.UNPAID,
    "processing": OrderStatus.PAID,
    "completed": OrderStatus.FINISHED,
    "cancelled": OrderStatus.CLOSED,
    "refunded": OrderStatus.CLOSED,
    "failed": OrderStatus.CLOSED,
    "trash": OrderStatus.CLOSED,
    # Not core, but what the widespread shipment plugins add [unverified]:
    "partial-shipped": OrderStatus.PARTLY_SHIPPED,
    "shipped": OrderStatus.SHIPPED,
    "delivered": OrderStatus.FINISHED,
}
"""Status of an order; one that is not here (plugins add their own) is unknown to us."""

MAY_BE_REMINDED = "pending"
"""The only status in which a buyer can pay and has not. `on-hold` waits for the seller to see a
bank transfer or cheque that may be on its way, so nobody is reminded of it."""
PAID_ON_DELIVERY = "cod"
SELF_SERVICE = ("", "checkout", "store-api")
"""`created_via` of orders that the shop cancels itself while they are unpaid."""

SHIPMENT_KEYS = ("_wc_shipment_tracking_items", "_aftership_tracking_items")
"""`meta_data` in which shipment plugins keep tracking numbers."""
COURIER_KEYS = ("tracking_provider", "custom_tracking_provider", "slug")

CHINESE_PROVINCES = (
    "云南", "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏",
    "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆",
    "四川", "贵州", "陕西", "甘肃", "青海", "宁夏", "澳门", "西藏", "新疆",
)  # fmt: skip
"""WooCommerce's own state codes of China, CN1 to CN32."""


def rows_of(document: Any) -> list[Any] | None:
    """The rows of a list reply, None where it is none."""
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        if document and all(key.isdecimal() for key in document):
            return list(document.values())
        if "id" in document:
            return [document]
    return None


def read_order(row: Any, shop: Shop, hold: timedelta | None) -> tuple[Order, list[RejectedRow]]:
    """One order, and tracking numbers in it that are none. Raises `BadInput` without an id.

    `hold` is how long the shop keeps an unpaid order after its last change, None for ever.
    """
    order_id = row_id(row, "order")
    currency = _currency(row, shop)
    total = minor(row.get("total"), currency)
    raw_status = text(row.get("status")).removeprefix("wc-")
    created, changed = _time(row, "date_created_gmt"), _time(row, "date_modified_gmt")
    paid, completed = _time(row, "date_paid_gmt"), _time(row, "date_completed_gmt")
    shipments, rejected = _shipments(row, order_id, completed)
    status = STATUSES.get(raw_status, OrderStatus.UNKNOWN)
    if status is OrderStatus.UNPAID and paid is not None:
        status = OrderStatus.PAID
    # Sellers complete an order when the parcel leaves; only without one is there nothing to follow.
    if shipments and raw_status in ("processing", "completed"):
        status = OrderStatus.SHIPPED
    left = [each.shipped_at for each in shipments if each.shipped_at]
    needs_payment = not (
        text(row.get("payment_method")) == PAID_ON_DELIVERY
        or total == 0
        or status is OrderStatus.UNKNOWN
        or (status is OrderStatus.UNPAID and raw_status != MAY_BE_REMINDED)
        or (raw_status == MAY_BE_REMINDED and row.get("needs_payment") is False)
    )
    can_be_paid = needs_payment and status is OrderStatus.UNPAID
    closes_itself = can_be_paid and text(row.get("created_via")) in SELF_SERVICE
    last_touched = changed or created
    refund, refund_id, refunded = _refunded(row, currency, total, raw_status)
    address, billing = mapping(row.get("shipping")), mapping(row.get("billing"))
    if not text(address.get("country")):
        address = billing
    province = _province(address)
    return Order(
        shop_id=shop.id,
        order_id=order_id,
        status=status,
        raw_status=raw_status,
        created_at=created,
        paid_at=paid,
        shipped_at=(completed or min(left, default=None)) if shipments else None,
        finished_at=completed if status is OrderStatus.FINISHED else None,
        amount_minor=total,
        currency=currency,
        buyer_ref=_buyer(row, billing, shop),
        phone_tail=phone_tail(text(billing.get("phone")) or text(address.get("phone"))),
        province=province,
        city=regions.city(text(address.get("city")), province),
        country=regions.country(text(address.get("country")), province),
        refund=refund,
        refund_id=refund_id,
        refund_amount_minor=refunded,
        lines=tuple(_lines(row, currency)),
        shipments=shipments,
        updated_at=changed,
        pay_by=last_touched + hold if closes_itself and hold and last_touched else None,
        needs_payment=needs_payment,
    ), rejected


def read_refund(row: Any, order: Any, shop: Shop) -> Refund:
    """One refund of an order. The seller writes it down when it is done: there is no request."""
    currency = _currency(order, shop)
    amount = minor(row.get("amount") if isinstance(row, dict) else None, currency)
    refund_id = row_id(row, "refund")
    created = _time(row, "date_created_gmt")
    return Refund(
        shop_id=shop.id,
        refund_id=refund_id,
        order_id=row_id(order, "order"),
        state=RefundState.DONE,
        kind=RefundKind.REFUND,
        amount_minor=None if amount is None else abs(amount),
        currency=currency,
        reason=plain(text(row.get("reason"))),
        created_at=created,
        updated_at=created,
    )


def read_review(row: Any, shop: Shop) -> Review:
    """One product review. It names no order; 0 stars mean none were given."""
    review_id = row_id(row, "review")
    rating = whole(row.get("rating"))
    status = text(row.get("status"))
    return Review(
        shop_id=shop.id,
        review_id=review_id,
        text=plain(text(row.get("review"))),
        rating=rating if rating is not None and 1 <= rating <= 5 else None,
        product_id=_id_or_nothing(row.get("product_id")),
        product_title=plain(text(row.get("product_name"))),
        buyer_ref=buyer_of_email(text(row.get("reviewer_email")), shop),
        created_at=_time(row, "date_created_gmt"),
        deleted=status in ("spam", "trash"),
        permalink=_review_link(row, review_id, shop),
    )


def _review_link(row: dict[str, Any], review_id: str, shop: Shop) -> str:
    """The review on its product's page; every WordPress finds a product by `?p=` and its id."""
    page = text(row.get("product_permalink"))
    product_id = _id_or_nothing(row.get("product_id"))
    if not page.startswith(("https://", "http://")):
        page = f"{shop.base_url.rstrip('/')}/?p={product_id}" if product_id else ""
    return f"{page}#comment-{review_id}" if page else ""


def rejected_row(row: Any, place: str, reason: str) -> RejectedRow:
    """A row to put aside, with what it said."""
    try:
        raw = json.dumps(row, ensure_ascii=False)
    except (TypeError, ValueError):
        raw = repr(row)
    return RejectedRow(place, reason, raw[:RAW_LIMIT])


def row_id(row: Any, what: str) -> str:
    """The id of a row. Raises `BadInput` where it has none, or is no row at all."""
    if not isinstance(row, dict):
        raise BadInput(f"this is no {what}")
    found = text(row.get("id"))
    if not (found.isascii() and found.isdigit() and int(found) > 0):
        raise BadInput(f"this {what} has no id")
    return found


def minor(value: object, currency: str) -> int | None:
    """An amount in minor units, rounded half up: shops may count in finer steps than their
    currency has. None where it is no amount, or no currency is known."""
    if not currency:
        return None
    try:
        amount = Decimal(text(value)).scaleb(decimals_of(currency))
        whole_units = int(amount.to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return whole_units if abs(whole_units) <= MOST_MINOR else None


def phone_tail(phone: str) -> str:
    """The last four digits of a number in whatever form, "" where they are masked or too few."""
    kept = re.sub(r"[^0-9*]", "", phone)
    return kept[-4:] if len(kept) >= 7 and kept[-4:].isdigit() else ""


def buyer_of_email(email: str, shop: Shop) -> str:
    """A stable name for a buyer that is not the e-mail address, "" without one."""
    address = email.strip().casefold()
    if "@" not in address:
        return ""
    return hashlib.sha256(f"{shop.id}\x1f{address}".encode("utf-8", "replace")).hexdigest()[:16]


def _time(row: dict[str, Any], name: str) -> datetime | None:
    found = when(row.get(name))
    return found[0] if found else None


def _currency(row: Any, shop: Shop) -> str:
    """The order's own currency, else the shop's, else ""."""
    for code in (text(mapping(row).get("currency")).upper(), shop.currency):
        try:
            decimals_of(code)
        except BadInput:
            continue
        return code
    return ""


def _id_or_nothing(value: object) -> str:
    found = text(value)
    return "" if found in ("", "0") else found


def _buyer(row: dict[str, Any], billing: dict[str, Any], shop: Shop) -> str:
    """By e-mail first: a guest who signs in to order again is the same person."""
    customer = _id_or_nothing(row.get("customer_id"))
    by_email = buyer_of_email(text(billing.get("email")), shop)
    return by_email or (f"customer-{customer}" if customer else "")


def _province(address: dict[str, Any]) -> str:
    state = text(address.get("state"))
    code = re.fullmatch(r"CN(\d{1,2})", state)
    if code and 1 <= int(code[1]) <= len(CHINESE_PROVINCES):
        return CHINESE_PROVINCES[int(code[1]) - 1]
    return regions.province(state)


def _lines(row: dict[str, Any], currency: str) -> Iterator[OrderLine]:
    for item in rows_of(row.get("line_items")) or []:
        if not isinstance(item, dict):
            continue
        net = minor(item.get("total"), currency)
        tax = minor(item.get("total_tax"), currency) or 0
        yield OrderLine(
            title=plain(text(item.get("name"))),
            quantity=max(1, whole(item.get("quantity")) or 1),
            sku=text(item.get("sku")),
            amount_minor=None if net is None else net + tax,
            line_id=_id_or_nothing(item.get("id")),
        )


def _refunded(
    row: dict[str, Any], currency: str, total: int | None, raw_status: str
) -> tuple[RefundStatus, str, int | None]:
    """State, newest id and sum of an order's refunds (each a negative `total`)."""
    found = [each for each in rows_of(row.get("refunds")) or [] if isinstance(each, dict)]
    if not found:
        return (RefundStatus.DONE if raw_status == "refunded" else RefundStatus.NONE), "", None
    amounts = [minor(each.get("total"), currency) for each in found]
    back = sum(abs(amount) for amount in amounts if amount is not None)
    newest = max((text(each.get("id")) for each in found), key=lambda found: whole(found) or 0)
    whole_order = raw_status == "refunded" or (total is not None and 0 < total <= back)
    status = RefundStatus.DONE if whole_order else RefundStatus.PARTIAL
    return status, newest, None if None in amounts else back


def _shipments(
    row: dict[str, Any], order_id: str, completed: datetime | None
) -> tuple[tuple[Shipment, ...], list[RejectedRow]]:
    """The parcels that shipment plugins noted on an order, one per waybill number."""
    found: dict[str, Shipment] = {}
    rejected: list[RejectedRow] = []
    for meta in rows_of(row.get("meta_data")) or []:
        if not isinstance(meta, dict) or text(meta.get("key")) not in SHIPMENT_KEYS:
            continue
        value = meta.get("value")
        for item in value if isinstance(value, list) else rows_of(value) or [value]:
            if not isinstance(item, dict):
                continue
            named = next((text(item.get(key)) for key in COURIER_KEYS if text(item.get(key))), "")
            shipped_at = _left(_time(item, "date_shipped"), completed)
            try:
                numbers = values.parcels(text(item.get("tracking_number")))
            except BadInput as exc:
                place = f"order {order_id}, tracking number"
                rejected.append(rejected_row(item, place, exc.reason))
                continue
            for number, _ in numbers:
                courier = codes.from_text(named) or codes.from_text(named.replace("-", " "))
                found.setdefault(number, Shipment(number, courier, named[:40], shipped_at))
    return tuple(found.values()), rejected


def _left(day: datetime | None, completed: datetime | None) -> datetime | None:
    """When a parcel left. Plugins note the day only, at its first second; on that day the time of
    completing the order is nearer to the truth."""
    if day and completed and timedelta(0) <= completed - day < timedelta(days=1):
        return completed
    return day
