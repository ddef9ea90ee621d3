"""The first call of each handler: the state it finds, its event, and a sign of its work."""

from __future__ import annotations

import base64
import csv
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from msgspec.structs import replace

from benchmarks.bill_files import write_month
from benchmarks.measuring import Database, a_parcel, settings_for
from benchmarks.outside_world import ORDER_ID, Outside, told

ROOT = Path(__file__).resolve().parents[1]
KEY = "made-up-key"
SHOP = "us-store"
LAST_WEEK = timedelta(days=7)
BILL_LINES = 100


@dataclass(frozen=True)
class Handler:
    """A handler, the state it finds, its event, and a sign in its answer that it did its work."""

    name: str
    seed: Callable[[], Any]
    event: Callable[[Any], dict[str, Any]]
    did_its_work: Callable[[Any], bool]


def _orders_file() -> bytes:
    header = "订单编号,交易状态,订单付款时间,发货时间,快递单号,快递公司"
    rows = [
        f"{2_605_170_000_000_000_000 + n},卖家已发货，等待买家确认,2026-11-02 09:12:00,"
        f"2026-11-03 10:00:00,YT{8_800_000_000_000 + n},圆通速递"
        for n in range(3)
    ]
    return "\n".join([header, *rows]).encode()


def _reviews_file() -> bytes:
    written = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d %H:%M:%S}"
    rows = (
        "订单编号,买家昵称,商品编号,商品名称,评价类型,评价内容,评价时间",
        f"2605170000001,青**,p9,保温杯,差评,杯盖漏水，太差了,{written}",
        f"2605170000002,李**,p9,保温杯,好评,很好，还会再来,{written}",
    )
    return "\r\n".join(rows).encode()


def _drop(name: str, content: bytes) -> dict[str, Any]:
    """Put a file where an event of `events/` says that it was dropped; returns the event."""
    event = _event(name)
    key = unquote_plus(event["Records"][0]["s3"]["object"]["key"])
    Outside.objects[key] = content
    return event


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
    from aftersales.calendar import zone_named
    from aftersales.tables import reminders, settings
    from aftersales.tables.reminders import Counted

    now = datetime.now(UTC)
    zone = zone_named(settings.load().time_zone)
    year, week, _ = (now - LAST_WEEK).astimezone(zone).isocalendar()
    one = Counted(SHOP, "reminded_paid", "USD", 3, 26_400, 90)
    reminders.count(f"{year}-W{week:02d}", 0, one, now)


def _written_week() -> None:
    from aftersales.review_records import ReviewRecord, Said
    from aftersales.tables import reviews
    from aftersales.tables.reviews import Places

    at = datetime.now(UTC) - LAST_WEEK
    for number, rating in enumerate((5, 4, 1)):
        record = ReviewRecord(SHOP, f"r{number}", at, at, rating=rating, product_title="Mug")
        reviews.write(None, record, Said(text="It is a mug."), Places(), at + timedelta(days=400))


def _stored_page() -> None:
    where = _event("review_scanner_page")["pathParameters"]
    Outside.objects[f"reports/reviews/{where['folder']}/{where['name']}"] = b"<p>A week.</p>"


def _shipped_month() -> None:
    """A month's parcels in the tables; its bill and its rate card in the bucket."""
    from aftersales.parcels import Parcel
    from aftersales.tables import parcels
    from aftersales.tracking import Status

    with tempfile.TemporaryDirectory() as folder:
        month = write_month(Path(folder), BILL_LINES)
        _drop("courier_reconciliation_files", month.bill.read_bytes())
        Outside.objects["rates/2026.csv"] = month.rates.read_bytes()
        with month.shipments.open(encoding="utf-8", newline="") as stream:
            shipped = list(csv.DictReader(stream))
    for row in shipped:
        number, at = row["waybill_number"], datetime.fromisoformat(row["shipped_at"])
        parcel = Parcel(
            parcel_id=number,
            waybill_number=number,
            courier=row["courier"],
            shop_id="tb1",
            order_ids=(row["order_id"],),
            shipped_at=at,
            added_at=at,
            province=row["province"],
            weight_g=int(row["weight_g"]),
            length_mm=int(row["length_mm"]),
            width_mm=int(row["width_mm"]),
            height_mm=int(row["height_mm"]),
            status=Status.DELIVERED,
        )
        parcels.add(parcel, shards=1)


def _checked_month() -> None:
    """A month whose bill was checked when it was dropped."""
    from courier_reconciliation.bucket import Drop
    from courier_reconciliation.checking import check_drop
    from courier_reconciliation.desk import desk_from_environment

    _shipped_month()
    asked = json.loads(_event("courier_reconciliation_bill")["Records"][0]["body"])
    covered = check_drop(desk_from_environment("drop"), Drop(asked["bucket"], asked["key"]), 60)
    assert covered["claims"], covered


def _shop_push() -> dict[str, Any]:
    from aftersales.platforms.woocommerce_webhook import webhook_signature

    event = _event("order_intake_webhook")
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
    push = {"event": "TRACKING_UPDATED", "data": told({"number": "YT8800000000001"})}
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


def _queued_review() -> str:
    from aftersales.review_pushes import PushedReviews, packed
    from aftersales.reviews import Review

    now = datetime.now(UTC)
    review = Review(SHOP, "r-1", "杯盖漏水，太差了", 1, product_id="77", updated_at=now)
    return packed(PushedReviews(SHOP, (review,), now))


def _event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text("utf-8"))
    return event


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
        lambda _: _drop("order_intake_files", _orders_file()),
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
        "review_scanner.app.files_handler",
        lambda: None,
        lambda _: _drop("review_scanner_files", _reviews_file()),
        lambda answer: answer["imported"][0]["became"].get("new") == 1,
    ),
    Handler(
        "review_scanner.app.report_handler",
        _written_week,
        lambda _: _tick(),
        lambda answer: answer["told"] == "opened",
    ),
    Handler(
        "review_scanner.app.page_handler",
        _stored_page,
        lambda _: _event("review_scanner_page"),
        lambda answer: answer["statusCode"] == 200,
    ),
    Handler(
        "courier_reconciliation.app.files_handler",
        _shipped_month,
        lambda _: _event("courier_reconciliation_files"),
        lambda answer: answer["checked"][0]["claims"] > 0,
    ),
    Handler(
        "courier_reconciliation.app.month_end_handler",
        _checked_month,
        lambda _: _event("courier_reconciliation_month_end"),
        lambda answer: answer["again"] == 1,
    ),
    Handler(
        "courier_reconciliation.app.bill_handler",
        _checked_month,
        lambda _: _event("courier_reconciliation_bill"),
        lambda answer: answer["covered"][0]["outcome"].startswith("again"),
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
