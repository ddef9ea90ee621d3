"""Orders, refunds and reviews as WooCommerce writes them. Formats as in the platforms reference."""

from __future__ import annotations

import html
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.simulators.reviews import TRASHED_FOR, BuyersReview, Said
from local.simulators.sales import Line, Sale, Stage

STATES = {
    Stage.UNPAID: "pending",
    Stage.PAID: "processing",
    Stage.PARTLY_SHIPPED: "partial-shipped",  # as the widespread shipment plugins add it
    Stage.SHIPPED: "completed",
    Stage.FINISHED: "completed",
    Stage.ABANDONED: "cancelled",
    Stage.REFUNDED: "refunded",
}

CONSENT_FIELD = "_text_consent"
"""Where a plugin of the shop notes whether the buyer has ticked the box for texts."""
PHONES = {
    "GB": "07700 900{:03}",
    "US": "+1 503-555-01{:02}",
    "CA": "(613) 555-01{:02}",
    "DE": "+49 171 39200{:02}",
    "FR": "06 39 98 {:02} 42",
}
"""Numbers that are kept for stories, in the forms in which buyers type them. Nobody has them."""
AGREED, REFUSED = 6, 9
"""Of ten buyers, so many have ticked the box; from the second number on they never saw it."""

Row = dict[str, Any]


def phone_of(buyer: str, country: str) -> str:
    """The telephone number of a buyer; "" for one who has left none."""
    number = zlib.crc32(buyer.encode())
    form = PHONES.get(country, "")
    return "" if number % 11 == 0 else form.format(number % 100)


def agrees_to_texts(buyer: str) -> bool | None:
    """Whether a buyer has ticked the box for texts; None: the order does not say."""
    place = zlib.crc32(f"{buyer}/texts".encode()) % 10
    return None if place >= REFUSED else place < AGREED


def order_row(sale: Sale, now: datetime) -> Row:
    """An order as the shop writes it."""
    stage, left = sale.stage(now), sale.parcels_left(now)
    paid = sale.paid_at is not None and sale.paid_at <= now
    items = [
        {
            "tracking_provider": parcel.courier_text,
            "tracking_number": parcel.waybill_number,
            "date_shipped": int(parcel.shipped_at.timestamp()),
        }
        for parcel in left
    ]
    meta = [{"id": 1, "key": "_wc_shipment_tracking_items", "value": items}] if items else []
    phone, agreed = phone_of(sale.buyer, sale.country), agrees_to_texts(sale.buyer)
    if agreed is not None:
        meta.append({"id": 2, "key": CONSENT_FIELD, "value": "yes" if agreed else "no"})
    completed_at = left[-1].shipped_at if STATES[stage] == "completed" and left else None
    return {
        "id": int(sale.order_id),
        "number": sale.order_id,
        "status": STATES[stage],
        "currency": "USD",
        "date_created_gmt": _gmt(sale.placed_at),
        "date_modified_gmt": _gmt(sale.changed_at(now)),
        "date_paid_gmt": _gmt(sale.paid_at) if paid and sale.paid_at else None,
        "date_completed_gmt": _gmt(completed_at) if completed_at else None,
        "total": f"{sale.amount:.2f}",
        "customer_id": 0,
        "created_via": "checkout",
        "payment_method": "stripe",
        "needs_payment": stage is Stage.UNPAID,
        "billing": {
            "email": f"{sale.buyer}@example.com",
            "phone": phone,
            "country": sale.country,
        },
        "shipping": {"city": sale.city, "state": "", "country": sale.country},
        "line_items": [_line(sale, at) for at in range(len(sale.lines))],
        "refunds": [
            {"id": row["id"], "reason": row["reason"], "total": f"-{row['amount']}"}
            for row in refund_rows(sale, now)
        ],
        "meta_data": meta,
    }


def _line(sale: Sale, number: int) -> Row:
    line = sale.lines[number]
    name, sku, _ = line.goods
    return {
        "id": int(sale.order_id) * 10 + number,
        "product_id": _product(line),
        "name": name,
        "quantity": line.quantity,
        "sku": sku,
        "total": f"{line.amount:.2f}",
        "total_tax": "0.00",
    }


def _product(line: Line) -> int:
    return 500 + sum(map(ord, line.goods[1])) % 400


def refund_rows(sale: Sale, now: datetime) -> list[Row]:
    """What was paid back; there is no asking for it."""
    if sale.refunded_at is None or sale.refunded_at > now:
        return []
    return [
        {
            "id": int(sale.refund_id),
            "date_created_gmt": _gmt(sale.refunded_at),
            "amount": f"{sale.amount:.2f}",
            "reason": "Changed their mind",
        }
    ]


def review_rows(review: BuyersReview, now: datetime) -> list[Row]:
    """A review, and as a second one what its buyer adds later: there are no additions here.

    One that was taken back lies in the trash for a while; then it is gone.
    """
    if review.deleted_at is not None and review.deleted_at + TRASHED_FOR <= now:
        return []
    status = "trash" if review.is_deleted(now) else "approved"
    rows = [_review(review, review.now_said(now), 0, status)]
    added = review.added_by(now)
    if added is not None:
        rows.append(_review(review, added, 1, "approved"))
    return rows


def is_listed(row: Row, query: Mapping[str, str]) -> bool:
    """Is a review among those that were asked for? `all` leaves out trash and spam; times are the
    shop's own, which here are GMT, and both bounds are exclusive."""
    wanted = query.get("status", "approved")
    fits = row["status"] == wanted or (wanted == "all" and row["status"] in ("approved", "hold"))
    at = row["date_created"]
    return bool(fits and query.get("after", "") < at < query.get("before", "9"))


def _review(review: BuyersReview, said: Said, number: int, status: str) -> Row:
    name, sku, _ = review.line.goods
    at = _gmt(said.at if number else review.written_at)
    buyer = review.sale.buyer
    text = html.escape(said.text, quote=False)
    return {
        "id": review.number * 10 + number,
        "date_created": at,
        "date_created_gmt": at,
        "product_id": _product(review.line),
        "product_name": name,
        "product_permalink": f"https://lumen-store.example/product/{sku.lower()}/",
        "status": status,
        "reviewer": f"{buyer[:1].upper()}. {buyer[-1]}",
        "reviewer_email": f"{buyer}@example.com",
        "review": f"<p>{text}</p>\n" if text else "",
        "rating": said.stars,
        "verified": True,
    }


def _gmt(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
