"""The push form for any shop system: what is taken, what is refused, and with which words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aftersales.errors import Misconfigured, WebhookRefused
from aftersales.http import HttpReply, HttpRequest
from aftersales.parcels import OrderStatus, RefundStatus
from aftersales.platforms.base import Capability, Webhook
from aftersales.platforms.generic import Generic
from aftersales.settings.model import Shop

KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET = f"whsec_{KEY}"
SHOP = Shop(id="own-shop", platform="generic", currency="CNY")
NOW = datetime(2026, 11, 3, 4, 0, 30, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"


def _nobody(request: HttpRequest) -> HttpReply:
    raise AssertionError(request.method)


def receiver(**secrets: str) -> Generic:
    return Generic(SHOP, {"webhook_secret": SECRET, **secrets}, _nobody)


def signed(body: bytes, key: str = KEY, at: datetime = NOW) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    mac = hmac.new(base64.b64decode(key), b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": "v1," + base64.b64encode(mac.digest()).decode(),
    }


def pushed(document: Any) -> Webhook:
    body = json.dumps(document).encode()
    return receiver().read_webhook(signed(body), {}, body, NOW)


def order(**more: Any) -> dict[str, Any]:
    return {"type": "order.updated", "order": {"id": "A-1", "status": "unpaid", **more}}


def test_the_example_of_the_documentation_is_read_whole():
    example, of_review = re.findall(r"```json\n(.*?)```", DOCS.read_text("utf-8"), flags=re.DOTALL)
    push = pushed(json.loads(example))
    assert push.rejected == ()
    (read,) = push.orders
    assert push.order_ids == (read.order_id,)
    assert read.status is OrderStatus.SHIPPED
    assert read.refund is RefundStatus.PARTIAL
    assert read.amount_minor == sum(line.amount_minor or 0 for line in read.lines)
    assert read.shipments[0].courier == "sf"
    assert read.paid_at
    assert read.pay_by
    assert read.updated_at
    assert read.phone_tail == "0142"
    push = pushed(json.loads(of_review))
    assert (push.orders, push.order_ids, push.rejected) == ((), (), ())
    (review,) = push.reviews
    assert (review.review_id, review.rating, review.product_title) == ("R-20481", 1, "榉木砧板")
    assert review.updated_at == datetime(2026, 11, 3, 1, 40, tzinfo=UTC)


def test_the_sender_of_the_documentation_signs_rightly():
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), flags=re.DOTALL)
    scope: dict[str, Any] = {}
    exec(code, scope)
    body = json.dumps(order()).encode()
    headers = scope["headers"](SECRET, "push-1", body)
    push = receiver().read_webhook(headers, {}, body, datetime.now(UTC))
    assert push.delivery_id == "push-1"
    assert push.orders


def test_every_field_is_documented():
    from aftersales.platforms import generic

    documented = set(re.findall(r"^\| `([\w\[\].]+)` \|", DOCS.read_text("utf-8"), re.MULTILINE))
    expected = {"type"}
    for prefix, kind in [
        ("order.", generic._Order),
        ("order.lines[].", generic._Line),
        ("order.shipments[].", generic._Shipment),
        ("order.refund.", generic._Refund),
        ("review.", generic._Review),
    ]:
        expected |= {f"{prefix}{name}" for name in kind.__struct_fields__}
    expected -= {"order.lines", "order.shipments", "order.refund"}
    assert {name for name in documented if name.startswith(("order", "review", "type"))} == expected


def a_review(**more: Any) -> dict[str, Any]:
    return {"type": "review.created", "review": {"id": "R-1", "rating": 2, **more}}


def test_the_least_that_is_a_review():
    push = pushed(a_review())
    (read,) = push.reviews
    assert (read.shop_id, read.review_id, read.rating, read.text) == ("own-shop", "R-1", 2, "")
    assert (read.updated_at, read.deleted, push.delivery_id) == (NOW, False, "msg_1")
    (gone,) = pushed(a_review(rating=None, deleted=True)).reviews
    assert gone.deleted


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"rating": None, "text": "  "}, "review"),
        ({"rating": 6}, "review.rating"),
        ({"rating": "good"}, "review.rating"),
        ({"id": " "}, "review.id"),
        ({"created_at": "yesterday"}, "review.created_at"),
        ({"created_at": "2026-11-03T09:40:00"}, "review.created_at"),
        ({"url": "javascript:alert(1)"}, "review.url"),
        ({"text": "x" * 20_001}, "review.text"),
    ],
)
def test_a_review_with_a_wrong_field_is_put_aside_with_its_place(changed: Any, place: str):
    push = pushed(a_review(**changed))
    (row,) = push.rejected
    assert (push.reviews, row.place) == ((), place)


def test_a_buyer_named_by_an_e_mail_address_is_not_kept_in_the_clear():
    (read,) = pushed(a_review(buyer="dana@example.com")).reviews
    assert read.buyer_ref
    assert "dana" not in read.buyer_ref


def test_the_least_that_is_an_order():
    (read,) = pushed(order()).orders
    assert (read.order_id, read.status, read.needs_payment) == ("A-1", OrderStatus.UNPAID, True)
    assert (read.currency, read.amount_minor) == ("CNY", None)
    # Without a time of change of its own, the time of sending tells which push is the newer one.
    assert read.updated_at == NOW
    assert read.refund is RefundStatus.UNKNOWN


def test_times_become_utc_and_amounts_minor_units():
    (read,) = pushed(
        order(created_at="2026-11-03T11:00:00+08:00", amount="1200", currency="JPY")
    ).orders
    assert read.created_at == datetime(2026, 11, 3, 3, tzinfo=UTC)
    assert read.created_at.tzinfo is UTC
    assert (read.amount_minor, read.currency) == (1200, "JPY")


def test_unknown_fields_are_no_error_and_other_types_are_nothing_of_ours():
    assert pushed({**order(colour="blue"), "version": 3}).orders
    for document in (
        {"type": "product.updated", "order": 5},
        {"type": "ping"},
        {},
        {"type": "orders"},
    ):
        push = pushed(document)
        assert (push.order_ids, push.orders, push.rejected) == ((), (), ())
        assert push.delivery_id == "msg_1"


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ({"id": None}, "order.id", "str"),
        ({"id": " "}, "order.id", ""),
        ({"id": 17}, "order.id", "str"),
        ({"id": "x" * 65}, "order.id", "64"),
        ({"status": "waiting"}, "order.status", "Invalid enum value"),
        ({"paid_at": "2026-11-03 11:00"}, "order.paid_at", ""),
        ({"paid_at": "2026-11-03T11:00:00"}, "order.paid_at", "timezone"),
        ({"paid_at": 1793674800}, "order.paid_at", ""),
        ({"amount": 12.5}, "order.amount", "str"),
        ({"amount": "12,50"}, "order.amount", ""),
        ({"amount": "-1.00"}, "order.amount", ""),
        ({"amount": "1.001"}, "order.amount", "decimals"),
        ({"currency": "yuan"}, "order.currency", "currency code"),
        ({"needs_payment": "no"}, "order.needs_payment", "bool"),
        ({"phone_tail": "13800138000"}, "order.phone_tail", ""),
        ({"country": "China"}, "order.country", ""),
        ({"lines": {}}, "order.lines", "array"),
        ({"lines": [{"title": "a"}, {"quantity": 1}]}, "order.lines[1]", "title"),
        ({"lines": [{"title": "a", "quantity": 0}]}, "order.lines[0].quantity", ""),
        ({"lines": [{"title": "a", "amount": "1.999"}]}, "order.lines[0].amount", "decimals"),
        ({"shipments": [{}]}, "order.shipments[0]", "waybill_number"),
        (
            {"shipments": [{"waybill_number": "1.23E+12"}]},
            "order.shipments[0].waybill_number",
            "",
        ),
        (
            {"shipments": [{"waybill_number": "SF1234567890123", "declared_value": "1.999"}]},
            "order.shipments[0].declared_value",
            "decimals",
        ),
        (
            {"shipments": [{"waybill_number": "SF1234567890123", "height_mm": 0}]},
            "order.shipments[0].height_mm",
            "",
        ),
        ({"refund": {"status": "maybe"}}, "order.refund.status", ""),
        ({"refund": {"status": "done", "amount": "x"}}, "order.refund.amount", ""),
    ],
)
def test_a_wrong_field_keeps_the_order_out_with_place_and_reason(more, place, words):
    push = pushed(order(**more))
    assert (push.order_ids, push.orders) == ((), ())
    (row,) = push.rejected
    assert re.sub(r"\[\.\.\.\]", "[1]", row.place) in (place, place.replace("[0]", "[1]"))
    assert words in row.reason
    assert row.raw.startswith('{"type"')


def test_a_reason_repeats_no_value():
    (row,) = pushed(order(status="call 13800138000")).rejected
    assert "13800138000" not in row.reason


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"type":"order.updated"}'])
def test_a_signed_body_that_cannot_be_read_is_put_aside(body):
    push = receiver().read_webhook(signed(body), {}, body, NOW)
    assert (push.orders, len(push.rejected)) == ((), 1)


def test_an_e_mail_address_as_buyer_is_kept_as_a_digest():
    (read,) = pushed(order(buyer="mei.chen@example.com")).orders
    assert read.buyer_ref
    assert "@" not in read.buyer_ref
    assert pushed(order(buyer="b-7781")).orders[0].buyer_ref == "b-7781"


def test_a_courier_is_known_by_code_and_by_name():
    told = [
        {"waybill_number": "SF1234567890123", "courier": "sf"},
        {"waybill_number": "JDVA00000000001", "courier": "京东快递"},
        {"waybill_number": "RB123456785GB", "courier": "pigeon post"},
    ]
    (read,) = pushed(order(shipments=told)).orders
    assert [each.courier for each in read.shipments] == ["sf", "jd", ""]
    assert read.shipments[2].courier_text == "pigeon post"


def test_what_the_seller_measured_and_ordered_comes_with_the_parcel():
    told = {
        "waybill_number": "SF1234567890123",
        "courier": "sf",
        "weight_g": 860,
        "length_mm": 300,
        "width_mm": 200,
        "height_mm": 100,
        "service": " 标快 ",
        "declared_value": "500.00",
        "cash_on_delivery": "88.5",
        "parcel_count": 2,
    }
    (read,) = pushed(order(shipments=[told])).orders
    (parcel,) = read.shipments
    assert (parcel.weight_g, parcel.length_mm, parcel.width_mm, parcel.height_mm) == (
        *(860, 300),
        *(200, 100),
    )
    assert (parcel.service, parcel.parcel_count) == ("标快", 2)
    assert (parcel.declared_value_minor, parcel.cod_minor) == (50000, 8850)


def test_the_published_vector_is_accepted():
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    push = receiver().read_webhook(headers, {}, body, at)
    assert push == Webhook(delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek")


def test_forged_old_and_oversized_pushes_are_refused():
    body = json.dumps(order()).encode()
    other = base64.b64encode(b"somebody else's key").decode()
    for headers, given in [
        (signed(body, key=other), body),
        (signed(body), body + b" "),
        (signed(body, at=NOW - timedelta(minutes=6)), body),
        (signed(body, at=NOW + timedelta(minutes=6)), body),
        ({}, body),
    ]:
        with pytest.raises(WebhookRefused) as caught:
            receiver().read_webhook(headers, {}, given, NOW)
        assert caught.value.status == 401
    with pytest.raises(WebhookRefused) as caught:
        receiver().read_webhook({}, {}, b" " * (1024 * 1024 + 1), NOW)
    assert caught.value.status == 413


def test_the_former_secret_counts_while_it_is_being_changed():
    body = json.dumps(order()).encode()
    new = base64.b64encode(b"a key of thirty-two bytes, made up").decode()
    platform = receiver(webhook_secret=f"whsec_{new}", webhook_secret_previous=SECRET)
    assert platform.read_webhook(signed(body), {}, body, NOW).orders


def test_it_offers_webhooks_and_nothing_else():
    assert receiver().capabilities == {Capability.WEBHOOKS}
    with pytest.raises(Misconfigured, match="webhook_secret"):
        Generic(SHOP, {}, _nobody)
