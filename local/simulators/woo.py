"""A WooCommerce shop, simulated: its REST interface. What it pushes is in `shop_push`.

Formats as in the platforms reference. Lists are offsets into what fits the question at this
instant: an order that changes leaves the window, and those behind it move up.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.simulators.pace import Pace
from local.simulators.shop_life import UNPAID_CLOSES, ShopLife
from local.simulators.shop_push import WEBHOOK_ID, Webhook
from local.simulators.woo_rows import is_listed, order_row, refund_rows, review_rows

ROWS_LIMIT = 100
CALLS_PER_SECOND, BURST = 60.0, 60.0
RETRY_AFTER_SECONDS = 1
HOLD_STOCK_MINUTES = int(UNPAID_CLOSES.total_seconds() // 60)

Row = dict[str, Any]
Answer = tuple[int, bytes, dict[str, str]]


class Woo:
    """The interface below /wp-json/wc/v3. `answer` takes a GET and returns status, body, headers.

    It has one webhook once that leads somewhere.
    """

    def __init__(
        self,
        life: ShopLife,
        secrets: Mapping[str, str],
        now: Callable[[], datetime],
        webhook: Webhook,
        pace: Pace | None = None,
    ) -> None:
        self._life, self._secrets, self._now = life, secrets, now
        self._webhook = webhook
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
            case ["webhooks"] | ["products", "reviews"]:
                listed = [row for row in self._reviews(now) if is_listed(row, query)]
                return _paged(listed if len(path) > 1 else self._webhooks(now), query)
            case ["products", "reviews", review_id]:
                found = [row for row in self._reviews(now) if str(row["id"]) == review_id]
                return _one(found, "woocommerce_rest_review_invalid_id", "Invalid review ID.")
            case ["orders", order_id, *rest] if rest in ([], ["refunds"]):
                sale = self._life.sale(order_id, now)
                if rest and sale is not None:
                    return _paged(refund_rows(sale, now), query)
                return _one(
                    [order_row(sale, now)] if sale is not None else [],
                    "woocommerce_rest_shop_order_invalid_id",
                    "Invalid ID.",
                )
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

    def _reviews(self, now: datetime) -> list[Row]:
        written = self._life.reviews.written(now)
        return [row for review in written for row in review_rows(review, now)]

    def _webhooks(self, now: datetime) -> list[Row]:
        url = self._webhook.url()
        if not url:
            return []
        hook = {"id": WEBHOOK_ID, "status": self._webhook.status(now), "topic": "order.updated"}
        return [{**hook, "name": "After-sales desk", "delivery_url": url}]


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


def _one(found: list[Row], code: str, message: str) -> Answer:
    return (200, _json(found[0]), {}) if found else _refused(404, code, message)


def _refused(status: int, code: str, message: str) -> Answer:
    return status, _json({"code": code, "message": message, "data": {"status": status}}), {}


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
