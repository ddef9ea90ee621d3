"""A WooCommerce shop, simulated: its REST interface and its webhooks.

Formats as in the platforms reference. Lists are offsets into what fits the question at this
instant: an order that changes leaves the window, and those behind it move up.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import math
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aftersales.platforms.woocommerce_webhook import webhook_signature
from local.simulators.pace import Pace
from local.simulators.shop_life import UNPAID_CLOSES, Sale, ShopLife, Stage

ROWS_LIMIT = 100
CALLS_PER_SECOND, BURST = 60.0, 60.0
RETRY_AFTER_SECONDS = 1
HOLD_STOCK_MINUTES = int(UNPAID_CLOSES.total_seconds() // 60)
WEBHOOK_ID = 12
PUSH_LOOK_SECONDS = 0.5

STATES = {
    Stage.UNPAID: "pending",
    Stage.PAID: "processing",
    Stage.SHIPPED: "completed",
    Stage.FINISHED: "completed",
    Stage.ABANDONED: "cancelled",
    Stage.REFUNDED: "refunded",
}

Row = dict[str, Any]
Answer = tuple[int, bytes, dict[str, str]]


class Woo:
    """The interface below /wp-json/wc/v3. `answer` takes a GET and returns status, body, headers.

    `delivery_url` is where its webhook leads, "" while it has none.
    """

    def __init__(
        self,
        life: ShopLife,
        secrets: Mapping[str, str],
        now: Callable[[], datetime],
        delivery_url: Callable[[], str],
        pace: Pace | None = None,
    ) -> None:
        self._life, self._secrets, self._now = life, secrets, now
        self._delivery_url = delivery_url
        self.pace = pace or Pace(CALLS_PER_SECOND, BURST)

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """One question; `path` begins behind `wc/v3/`, header names are in lower case."""
        if not self._may_read(headers.get("authorization", "")):
            words = "Sorry, you cannot list resources."
            return _refused(401, "woocommerce_rest_cannot_view", words)
        if not self.pace.allows():
            status, body, _ = _refused(429, "too_many_requests", "Too many requests.")
            return status, body, {"retry-after": str(RETRY_AFTER_SECONDS)}
        now = self._now()
        try:
            return self._asked(path.strip("/").split("/"), query, now)
        except (KeyError, ValueError):
            return _refused(400, "rest_invalid_param", "Invalid parameter(s).")

    def _asked(self, path: list[str], query: Mapping[str, str], now: datetime) -> Answer:
        match path:
            case ["orders"]:
                rows = [order_row(sale, now) for sale in self._life.sales(now)]
                return _paged([row for row in rows if _is_inside(row, query)], query)
            case ["orders", order_id, *rest] if rest in ([], ["refunds"]):
                sale = self._life.sale(order_id, now)
                if sale is None:
                    return _refused(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
                if rest:
                    return _paged(_refunds(sale, now), query)
                return 200, _json(order_row(sale, now)), {}
            case ["products", "reviews"] | ["webhooks"]:
                return _paged(self._webhooks() if path == ["webhooks"] else [], query)
        words = "No route was found matching the URL and request method."
        return _refused(404, "rest_no_route", words)

    def _may_read(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        wanted = f"{self._secrets['consumer_key']}:{self._secrets['consumer_secret']}"
        try:
            pair = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            return False
        return scheme == "Basic" and hmac.compare_digest(pair, wanted.encode())

    def _webhooks(self) -> list[Row]:
        if not self._delivery_url():
            return []
        hook = {"id": WEBHOOK_ID, "status": "active", "topic": "order.updated"}
        return [{**hook, "name": "After-sales desk", "delivery_url": self._delivery_url()}]


class WooPusher:
    """The shop's webhook: a ping when it is made, then each order that changes, in a thread.

    Changes from its start on are pushed. What is not accepted is pushed again at the next look.
    """

    def __init__(
        self, life: ShopLife, secret: str, now: Callable[[], datetime], url: Callable[[], str]
    ) -> None:
        self._life, self._secret, self._now, self._url = life, secret, now, url
        self._seen_until = now()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="woo-pushes", daemon=True)
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def start(self) -> None:
        """Begin to push."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        pinged = False
        while not self._stopping.wait(PUSH_LOOK_SECONDS):
            if not self._url():
                continue
            pinged = pinged or self.ping()
            self.push_news()

    def ping(self) -> bool:
        """What a shop sends unsigned when a webhook is made. False where nobody accepts it."""
        form = "application/x-www-form-urlencoded"
        return self._post(f"webhook_id={WEBHOOK_ID}".encode(), {"content-type": form})

    def push_news(self) -> int:
        """Push what has changed since the last look; returns how many were accepted."""
        now = self._now()
        changed = [s for s in self._life.sales(now) if self._seen_until < s.changed_at(now) <= now]
        for pushed, sale in enumerate(changed):
            if self._stopping.is_set() or not self._push(order_row(sale, now), now):
                return pushed
        self._seen_until = now
        return len(changed)

    def _push(self, row: Row, now: datetime) -> bool:
        body = _json(row)
        return self._post(
            body,
            {
                "content-type": "application/json",
                "x-wc-webhook-topic": "order.updated",
                "x-wc-webhook-resource": "order",
                "x-wc-webhook-event": "updated",
                "x-wc-webhook-id": str(WEBHOOK_ID),
                "x-wc-webhook-delivery-id": f"{WEBHOOK_ID}-{now:%Y%m%d%H%M%S}",
                "x-wc-webhook-signature": webhook_signature(self._secret, body),
            },
        )

    def _post(self, body: bytes, headers: Mapping[str, str]) -> bool:
        request = urllib.request.Request(  # noqa: S310 - our own address on loopback
            self._url(), body, dict(headers)
        )
        try:
            with self._open(request, timeout=10.0) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def order_row(sale: Sale, now: datetime) -> Row:
    """An order as the shop writes it."""
    stage, parcel = sale.stage(now), sale.parcel
    name, sku, _ = sale.goods
    total = f"{sale.amount:.2f}"
    paid = sale.paid_at is not None and sale.paid_at <= now
    meta = []
    shipped_at = None
    if parcel is not None and parcel.shipped_at <= now:
        shipped_at = parcel.shipped_at
        item = {
            "tracking_provider": parcel.courier_text,
            "tracking_number": parcel.waybill_number,
            "date_shipped": int(shipped_at.timestamp()),
        }
        meta = [{"id": 1, "key": "_wc_shipment_tracking_items", "value": [item]}]
    return {
        "id": int(sale.order_id),
        "number": sale.order_id,
        "status": STATES[stage],
        "currency": "USD",
        "date_created_gmt": _gmt(sale.placed_at),
        "date_modified_gmt": _gmt(sale.changed_at(now)),
        "date_paid_gmt": _gmt(sale.paid_at) if paid and sale.paid_at else None,
        "date_completed_gmt": _gmt(shipped_at) if shipped_at else None,
        "total": total,
        "customer_id": 0,
        "created_via": "checkout",
        "payment_method": "stripe",
        "needs_payment": stage is Stage.UNPAID,
        "billing": {"email": f"{sale.buyer}@example.com", "country": sale.country},
        "shipping": {"city": sale.city, "state": "", "country": sale.country},
        "line_items": [
            {
                "id": int(sale.order_id) * 2,
                "name": name,
                "quantity": sale.quantity,
                "sku": sku,
                "total": total,
                "total_tax": "0.00",
            }
        ],
        "refunds": [
            {"id": row["id"], "reason": row["reason"], "total": f"-{row['amount']}"}
            for row in _refunds(sale, now)
        ],
        "meta_data": meta,
    }


def _refunds(sale: Sale, now: datetime) -> list[Row]:
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


def _is_inside(row: Row, query: Mapping[str, str]) -> bool:
    """Both bounds are exclusive."""
    changed = row["date_modified_gmt"]
    return query.get("modified_after", "") < changed < query.get("modified_before", "9")


def _paged(rows: list[Row], query: Mapping[str, str]) -> Answer:
    page, size = int(query.get("page", "1")), int(query.get("per_page", "10"))
    if page < 1 or not 1 <= size <= ROWS_LIMIT:
        return _refused(400, "rest_invalid_param", "Invalid parameter(s): per_page")
    rows = sorted(rows, key=lambda row: int(row["id"]), reverse=query.get("order") != "asc")
    shown = rows[(page - 1) * size : page * size]
    if "_fields" in query:
        wanted = query["_fields"].split(",")
        shown = [{name: row[name] for name in wanted if name in row} for row in shown]
    totals = {"x-wp-total": str(len(rows)), "x-wp-totalpages": str(math.ceil(len(rows) / size))}
    return 200, _json(shown), totals


def _refused(status: int, code: str, message: str) -> Answer:
    return status, _json({"code": code, "message": message, "data": {"status": status}}), {}


def _gmt(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
