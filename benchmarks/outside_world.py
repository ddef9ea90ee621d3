"""What is outside of a function that starts: S3, SQS, a tracking source, a shop and a robot."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "aftersales-drop"
ORDER_ID = "88126"


class Outside(BaseHTTPRequestHandler):
    """SQS, S3, 17TRACK, a WooCommerce shop and a DingTalk robot, all in one.

    `objects` is what the bucket holds, by key.
    """

    protocol_version = "HTTP/1.1"
    # Head and body leave in one piece: a delayed acknowledgement would add 40 ms to each answer.
    wbufsize = -1
    objects: dict[str, bytes] = {}  # noqa: RUF012 - one bucket for all requests

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not path.startswith("/woo/"):
            self._from_bucket()
            return
        rows = [shop_order()] if "/orders" in path else []
        rows = [shop_review()] if "/reviews" in path else rows
        said: Any = rows[0] if path.endswith(f"/{ORDER_ID}") else rows
        self._answer(json.dumps(said).encode(), "application/json", len(rows))

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._answer(b"", "application/xml")

    def handle_expect_100(self) -> bool:
        """S3 is asked before it is sent a file; nobody waits for the answer to fill a buffer."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _from_bucket(self) -> None:
        asked = urlsplit(self.path)
        key = unquote(asked.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        if key:
            self._answer(self.objects[key], "application/octet-stream")
            return
        prefix = parse_qs(asked.query).get("prefix", [""])[0]
        listed = "".join(
            f"<Contents><Key>{name}</Key></Contents>"
            for name in self.objects
            if name.startswith(prefix)
        )
        said = f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"
        self._answer(said.encode(), "application/xml")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("/gettrackinfo"):
            said: Any = {"code": 0, "data": {"accepted": [told(i) for i in json.loads(body)]}}
        elif self.path.startswith("/robot"):
            said = {"errcode": 0, "errmsg": "ok"}
        else:
            entries = json.loads(body).get("Entries", ())
            said = {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in entries]}
        self._answer(json.dumps(said).encode(), "application/json")

    def _answer(self, body: bytes, content_type: str, rows: int = 0) -> None:
        self.send_response(200)
        self.send_header("x-wp-total", str(rows))
        self.send_header("x-wp-totalpages", "1")
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def told(item: dict[str, Any]) -> dict[str, Any]:
    """A parcel under way, as 17TRACK tells it."""
    return {
        "number": item["number"],
        "carrier": item.get("carrier", 190157),
        "track_info": {
            "latest_status": {"status": "InTransit", "sub_status": "InTransit_Other"},
            "tracking": {
                "providers": [
                    {
                        "events": [
                            {
                                "time_utc": "2026-11-03T04:00:00Z",
                                "description": "快件已到达【武汉转运中心】",
                                "sub_status": "InTransit_Arrival",
                            },
                            {
                                "time_utc": "2026-11-03T03:00:00Z",
                                "description": "快件已揽收",
                                "sub_status": "InTransit_PickedUp",
                            },
                        ]
                    }
                ]
            },
        },
    }


def shop_order() -> dict[str, Any]:
    """An order that was placed 25 minutes ago and is not paid, as the shop tells it."""
    placed = f"{datetime.now(UTC) - timedelta(minutes=25):%Y-%m-%dT%H:%M:%S}"
    return {
        "id": int(ORDER_ID),
        "number": ORDER_ID,
        "status": "pending",
        "currency": "USD",
        "date_created": placed,
        "date_created_gmt": placed,
        "date_modified_gmt": placed,
        "date_paid_gmt": None,
        "date_completed_gmt": None,
        "total": "45.90",
        "customer_id": 0,
        "created_via": "checkout",
        "payment_method": "stripe",
        "billing": {"first_name": "Dana", "email": "dana@example.com", "country": "US"},
        "shipping": {"city": "Salem", "state": "OR", "country": "US"},
        "line_items": [{"id": 31, "name": "Linen tea towel", "quantity": 2, "total": "40.00"}],
        "refunds": [],
        "meta_data": [],
    }


def shop_review() -> dict[str, Any]:
    """A bad review of ten minutes ago, as the shop tells it."""
    written = f"{datetime.now(UTC) - timedelta(minutes=10):%Y-%m-%dT%H:%M:%S}"
    return {
        "id": 501,
        "date_created": written,
        "date_created_gmt": written,
        "product_id": 77,
        "product_name": "Stoneware Mug",
        "status": "approved",
        "reviewer": "Dana",
        "review": "<p>The mug broke on the first day, awful quality.</p>",
        "rating": 1,
    }
