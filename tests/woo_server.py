"""A small WooCommerce shop behind a `Transport`: key check, filters, paging, its own errors."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aftersales.http import HttpReply, HttpRequest

KEY, SECRET = "ck_5f1d0b7c2a", "cs_90ab12cd34"


def order_row(order_id: int, changed: str, **more: Any) -> dict[str, Any]:
    """An order as the shop writes it, pending and of a guest."""
    return {
        "id": order_id,
        "number": f"A-{order_id}",
        "status": "pending",
        "currency": "USD",
        "date_created": "2026-11-03T03:00:00",
        "date_created_gmt": "2026-11-03T08:00:00",
        "date_modified_gmt": changed,
        "date_paid_gmt": None,
        "date_completed_gmt": None,
        "total": "45.90",
        "customer_id": 0,
        "created_via": "checkout",
        "payment_method": "stripe",
        "billing": {
            "first_name": "Dana",
            "last_name": "Whitfield",
            "email": "Dana.Whitfield@example.com",
            "phone": "(503) 555-0142",
            "city": "Portland",
            "state": "OR",
            "country": "US",
        },
        "shipping": {"city": "Salem", "state": "OR", "country": "US"},
        "line_items": [
            {
                "id": 31,
                "name": "Linen tea towel &#8211; sage",
                "quantity": 2,
                "sku": "LT-SAGE",
                "total": "40.00",
                "total_tax": "0.00",
            }
        ],
        "refunds": [],
        "meta_data": [],
        **more,
    }


@dataclass
class WooShop:
    """Answers like a shop. `troubles` are replies given first; `after_page` runs after a page."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    refunds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[HttpReply] = field(default_factory=list)
    requests: list[HttpRequest] = field(default_factory=list)
    after_page: Callable[[], None] = lambda: None
    ignores_filter: bool = False
    tells_totals: bool = True

    def __call__(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        if self.troubles:
            return self.troubles.pop(0)
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != expected:
            return refusal(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        parts = urlsplit(request.url)
        path = parts.path.partition("/wp-json/wc/v3/")[2]
        asked = {name: found[-1] for name, found in parse_qs(parts.query).items()}
        return self._answer(path.split("/"), asked)

    def _answer(self, path: list[str], asked: dict[str, str]) -> HttpReply:
        match path:
            case ["orders"]:
                return self._paged([row for row in self.orders if self._fits(row, asked)], asked)
            case ["orders", order_id]:
                found = [row for row in self.orders if str(row["id"]) == order_id]
                if not found:
                    return refusal(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
                return HttpReply(200, json.dumps(found[0]).encode())
            case ["orders", order_id, "refunds"]:
                if order_id not in self.refunds:
                    return refusal(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
                return self._paged(self.refunds[order_id], asked)
            case ["products", "reviews"]:
                return self._paged([row for row in self.reviews if _written(row, asked)], asked)
            case ["products", "reviews", review_id]:
                found = [row for row in self.reviews if str(row["id"]) == review_id]
                if not found:
                    return refusal(404, "woocommerce_rest_review_invalid_id", "Invalid review ID.")
                return HttpReply(200, json.dumps(found[0]).encode())
            case ["webhooks"]:
                return self._paged(self.webhooks, asked)
        return refusal(404, "rest_no_route", "No route was found matching the URL.")

    def _fits(self, row: dict[str, Any], asked: dict[str, str]) -> bool:
        if self.ignores_filter or "modified_after" not in asked:
            return True
        assert asked["dates_are_gmt"] == "true"
        for bound in ("modified_after", "modified_before"):
            assert len(asked[bound]) == 19, "a zone would be converted to the shop's"
        return asked["modified_after"] < row["date_modified_gmt"] < asked["modified_before"]

    def _paged(self, rows: list[dict[str, Any]], asked: dict[str, str]) -> HttpReply:
        page, size = int(asked.get("page", 1)), int(asked.get("per_page", 10))
        assert size <= 100
        rows = sorted(rows, key=lambda row: row.get("id", 0), reverse=asked.get("order") != "asc")
        shown = rows[(page - 1) * size : page * size]
        totals = {
            "x-wp-total": str(len(rows)),
            "x-wp-totalpages": str(math.ceil(len(rows) / size)),
        }
        reply = HttpReply(200, json.dumps(shown).encode(), totals if self.tells_totals else {})
        self.after_page()
        return reply


def _written(row: dict[str, Any], asked: dict[str, str]) -> bool:
    return asked["after"] < row["date_created"] < asked["before"]


def refusal(status: int, code: str, message: str) -> HttpReply:
    """An error as the shop words it."""
    body = {"code": code, "message": message, "data": {"status": status}}
    return HttpReply(status, json.dumps(body).encode(), {"content-type": "application/json"})
