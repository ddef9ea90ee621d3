"""The first call of each handler: the state it finds, its event, and what answers outside."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.measuring import Database, a_parcel, settings_for

ROOT = Path(__file__).resolve().parents[1]
KEY = "made-up-key"
SHOP = "us-store"
ORDER_ID = "88126"
LAST_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Handler:
    """A handler, the state it finds, its event, and a sign in its answer that it did its work."""

    name: str
    seed: Callable[[], Any]
    event: Callable[[Any], dict[str, Any]]
    did_its_work: Callable[[Any], bool]


class Outside(BaseHTTPRequestHandler):
    """SQS, S3, 17TRACK, a WooCommerce shop and a DingTalk robot, all in one."""

    protocol_version = "HTTP/1.1"
    # Head and body leave in one piece: a delayed acknowledgement would add 40 ms to each answer.
    wbufsize = -1
    files: bytes = b""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not path.startswith("/woo/"):
            self._answer(self.files, "text/csv")
            return
        rows = [_shop_order()] if "/orders" in path else []
        rows = [_shop_review()] if "/reviews" in path else rows
        said: Any = rows[0] if path.endswith(f"/{ORDER_ID}") else rows
        self._answer(json.dumps(said).encode(), "application/json", len(rows))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("/gettrackinfo"):
            said: Any = {"code": 0, "data": {"accepted": [_told(i) for i in json.loads(body)]}}
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


def _told(item: dict[str, Any]) -> dict[str, Any]:
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


def _shop_order() -> dict[str, Any]:
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


def export() -> bytes:
    header = "订单编号,订单状态,订单付款时间,发货时间,快递单号,快递公司"
    rows = [
        f"{2_605_170_000_000_000_000 + n},卖家已发货，等待买家确认,2026-11-02 09:12:00,"
        f"2026-11-03 10:00:00,YT{8_800_000_000_000 + n},圆通速递"
        for n in range(3)
    ]
    return "\n".join([header.replace("订单状态", "交易状态"), *rows]).encode()


def _add_parcel() -> None:
    from aftersales.tables import parcels

    now = datetime.now(UTC)
    parcel = a_parcel(1, added_at=now - timedelta(minutes=5), shipped_at=now - timedelta(hours=5))
    parcels.add(parcel, shards=1)


def _open_case() -> dict[str, Any]:
    """A case with its delivery in the outbox; returns the delivery's image."""
    from aftersales.cases.casebook import Casebook
    from aftersales.findings import Finding, Severity
    from aftersales.tables import outbox, settings
    from aftersales.tables.connection import binding

    facts: dict[str, str | int | None] = {
        "order_ids": "2605170000000000001",
        "courier": "yto",
        "waybill_number": "YT8800000000001",
        "last_event_at": "2026-11-03T04:00:00Z",
        "last_event_text": "快件已到达【武汉转运中心】",
        "since": "2026-11-03T04:00:00Z",
        "hours": 50,
        "threshold_hours": 48,
    }
    finding = Finding("stalled", "parcel:YT8800000000001", Severity.WARN, "tb1", facts)
    Casebook(settings.load().alerts).open(finding, datetime.now(UTC))
    delivery = next(iter(outbox.pending()))
    shared = binding()
    found = shared.connection.client.get_item(
        TableName=f"{shared.prefix}-outbox", Key={"delivery_id": {"S": delivery.delivery_id}}
    )
    return {"image": found["Item"]}


def _unpaid_order() -> str:
    """An order whose first reminder is due; returns the message that names its shard."""
    from aftersales.parcels import Order, OrderLine, OrderStatus
    from aftersales.tables import orders, reminders, settings

    now = datetime.now(UTC)
    placed = now - timedelta(minutes=25)
    reminders.begun([SHOP], now - timedelta(days=3))
    order = Order(
        shop_id=SHOP,
        order_id=ORDER_ID,
        status=OrderStatus.UNPAID,
        created_at=placed,
        updated_at=placed,
        amount_minor=4590,
        currency="USD",
        buyer_ref="dana",
        lines=(OrderLine("Linen tea towel", 2),),
    )
    orders.merge(order, placed, settings=settings.load())
    return json.dumps({"shards": [orders.unpaid_shard(SHOP, ORDER_ID)]})


def _counted_week() -> None:
    from aftersales.tables import reminders
    from aftersales.tables.reminders import Counted

    now = datetime.now(UTC)
    year, week, _ = (now - LAST_WEEK).isocalendar()
    one = Counted(SHOP, "reminded_paid", "USD", 3, 26_400, 90)
    reminders.count(f"{year}-W{week:02d}", 0, one, now)


def _shop_push() -> dict[str, Any]:
    from aftersales.platforms.woocommerce_webhook import webhook_signature

    event = json.loads((ROOT / "events" / "order_intake_webhook.json").read_text("utf-8"))
    event["headers"]["x-wc-webhook-signature"] = webhook_signature(KEY, event["body"].encode())
    return event


def _queued_shop_push() -> str:
    from aftersales.parcels import Order, OrderStatus
    from aftersales.platforms.base import Webhook
    from order_intake.webhooks import Envelope, packed

    now = datetime.now(UTC)
    order = Order(SHOP, ORDER_ID, OrderStatus.PAID, created_at=now, paid_at=now, updated_at=now)
    return packed(Envelope(SHOP, Webhook(orders=(order,)), now))


def _queue_record(body: str) -> dict[str, Any]:
    return {
        "Records": [{"messageId": "m-1", "body": body, "attributes": {}, "messageAttributes": {}}]
    }


def _push_body() -> bytes:
    push = {"event": "TRACKING_UPDATED", "data": _told({"number": "YT8800000000001"})}
    return json.dumps(push, ensure_ascii=False).encode()


def _push_event() -> dict[str, Any]:
    from aftersales.couriers.seventeentrack import push_signature

    body = _push_body()
    return {
        "version": "2.0",
        "routeKey": "POST /push/{source}",
        "headers": {"content-type": "application/json", "sign": push_signature(body, KEY)},
        "pathParameters": {"source": "seventeentrack"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _queued_push() -> str:
    from parcel_tracker.push import wrap

    return wrap("seventeentrack", _push_body(), datetime.now(UTC))


def _shop_review() -> dict[str, Any]:
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


def _queued_review() -> str:
    from aftersales.review_pushes import PushedReviews, packed
    from aftersales.reviews import Review

    now = datetime.now(UTC)
    review = Review(SHOP, "r-1", "杯盖漏水，太差了", 1, product_id="77", updated_at=now)
    return packed(PushedReviews(SHOP, (review,), now))


def _file_dropped() -> dict[str, Any]:
    return json.loads((ROOT / "events" / "order_intake_files.json").read_text("utf-8"))


def _tick() -> dict[str, Any]:
    return {"scheduled_time": datetime.now(UTC).isoformat()}


def _covered(outcome: str) -> Callable[[Any], bool]:
    return lambda answer: bool(
        not answer["batchItemFailures"] and answer["covered"][0].get(outcome)
    )


HANDLERS = (
    Handler(
        "order_intake.app.files_handler",
        lambda: None,
        lambda _: _file_dropped(),
        lambda answer: bool(answer["imported"][0]["orders"].get("new")),
    ),
    Handler(
        "order_intake.app.poll_plan_handler",
        lambda: None,
        lambda _: _tick(),
        lambda answer: answer["shops"] == 1,
    ),
    Handler(
        "order_intake.app.poll_handler",
        lambda: None,
        lambda _: _queue_record(json.dumps({"shop": SHOP})),
        lambda answer: answer["covered"][0]["orders"]["items"] == 1,
    ),
    Handler(
        "order_intake.app.webhook_handler",
        lambda: None,
        lambda _: _shop_push(),
        lambda answer: answer["statusCode"] == 200,
    ),
    Handler(
        "order_intake.app.webhook_apply_handler",
        lambda: None,
        lambda _: _queue_record(_queued_shop_push()),
        _covered("new"),
    ),
    Handler(
        "parcel_tracker.app.plan_handler",
        lambda: None,
        lambda _: _tick(),
        lambda answer: answer["shards"] == 1,
    ),
    Handler(
        "parcel_tracker.app.sweep_handler",
        _add_parcel,
        lambda _: _queue_record('{"shard": 0}'),
        _covered("changed"),
    ),
    Handler(
        "parcel_tracker.app.push_handler",
        lambda: None,
        lambda _: _push_event(),
        lambda answer: answer["statusCode"] == 200,
    ),
    Handler(
        "parcel_tracker.app.apply_handler",
        _add_parcel,
        lambda _: _queue_record(_queued_push()),
        _covered("changed"),
    ),
    Handler(
        "alert_dispatcher.app.stream_handler",
        _open_case,
        lambda found: {
            "Records": [
                {
                    "eventName": "INSERT",
                    "dynamodb": {"SequenceNumber": "1", "NewImage": found["image"]},
                }
            ]
        },
        _covered("sent"),
    ),
    Handler(
        "alert_dispatcher.app.sweep_handler",
        _open_case,
        lambda _: _tick(),
        lambda answer: answer.get("sent") == 1,
    ),
    Handler(
        "unpaid_reminder.app.plan_handler",
        _unpaid_order,
        lambda _: _tick(),
        lambda answer: answer == {"due": 1, "messages": 1},
    ),
    Handler(
        "unpaid_reminder.app.remind_handler",
        _unpaid_order,
        _queue_record,
        _covered("nudges"),
    ),
    Handler(
        "unpaid_reminder.app.report_handler",
        _counted_week,
        lambda _: _tick(),
        lambda answer: answer["told"] == "opened",
    ),
    Handler(
        "review_scanner.app.plan_handler",
        lambda: None,
        lambda _: _tick(),
        lambda answer: answer["shops"] == 1,
    ),
    Handler(
        "review_scanner.app.scan_handler",
        lambda: None,
        lambda _: _queue_record(json.dumps({"shop": SHOP})),
        lambda answer: answer["covered"][0]["became"] == {"new": 1},
    ),
    Handler(
        "review_scanner.app.apply_handler",
        lambda: None,
        lambda _: _queue_record(_queued_review()),
        _covered("new"),
    ),
    Handler(
        "case_followup.app.sweep_handler",
        lambda: None,
        lambda _: _tick(),
        lambda answer: answer["due"] == 0,
    ),
)


def prepare(handler: Handler, store: Database, outside: str) -> dict[str, Any]:
    """Fresh tables with settings and the state that the handler finds; returns its event."""
    from aftersales.settings.model import Reminder, Shop, Source
    from aftersales.tables import settings

    store.fresh_tables()
    source = Source("seventeentrack", {"key": "env:TRACKING_KEY"}, base_url=outside, push=False)
    secrets = dict.fromkeys(("consumer_key", "consumer_secret", "webhook_secret"), "env:SHOP_KEY")
    shop = Shop(SHOP, "woocommerce", currency="USD", base_url=f"{outside}/woo", secrets=secrets)
    current = replace(
        settings_for(seventeentrack=source),
        shops=(Shop("tb1", "taobao"), shop),
        reminder=Reminder(send_window="00:00-24:00"),
    )
    settings.push(current)
    return handler.event(handler.seed())
