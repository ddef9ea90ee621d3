"""WooCommerce's orders and pushes in our words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput, WebhookRefused
from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.platforms.html_text import plain
from aftersales.platforms.woocommerce import WooCommerce
from aftersales.platforms.woocommerce_reply import minor, phone_tail, read_order
from aftersales.platforms.woocommerce_webhook import webhook_signature
from aftersales.settings.model import Shop
from tests.woo_server import KEY, SECRET, WooShop, order_row

SHOP = Shop(
    id="us-store", platform="woocommerce", currency="USD", base_url="https://shop.example.com"
)
CHANGED = "2026-11-03T11:00:00"
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
PAID = "2026-11-03T10:30:00"


def read(**more: object) -> Order:
    return read_order(order_row(727, CHANGED, **more), SHOP, HOUR)[0]


def test_an_unpaid_order():
    order = read()
    assert (order.order_id, order.shop_id) == ("727", "us-store")
    assert order.status is OrderStatus.UNPAID
    assert order.needs_payment
    assert order.created_at == datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 3, 11, tzinfo=UTC)
    assert order.pay_by == datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert (order.amount_minor, order.currency) == (4590, "USD")
    assert (order.phone_tail, order.city, order.province) == ("0142", "Salem", "OR")
    assert order.country == "US"
    assert order.refund is RefundStatus.NONE
    (line,) = order.lines
    assert (line.title, line.quantity, line.sku) == ("Linen tea towel – sage", 2, "LT-SAGE")
    assert (line.amount_minor, line.line_id) == (4000, "31")


def test_no_name_and_no_address_of_a_person_is_kept():
    told = repr(read())
    for secret in ("Dana", "Whitfield", "@", "555"):
        assert secret not in told


@pytest.mark.parametrize(
    ("told", "status", "needs_payment"),
    [
        ({"status": "pending"}, OrderStatus.UNPAID, True),
        ({"status": "wc-pending"}, OrderStatus.UNPAID, True),
        ({"status": "pending", "date_paid_gmt": PAID}, OrderStatus.PAID, True),
        ({"status": "pending", "payment_method": "cod"}, OrderStatus.UNPAID, False),
        ({"status": "pending", "total": "0.00"}, OrderStatus.UNPAID, False),
        ({"status": "pending", "needs_payment": False}, OrderStatus.UNPAID, False),
        # A transfer may be on its way: the seller confirms it, nobody is reminded.
        ({"status": "on-hold", "payment_method": "bacs"}, OrderStatus.UNPAID, False),
        ({"status": "on-hold", "date_paid_gmt": PAID}, OrderStatus.PAID, True),
        ({"status": "processing", "needs_payment": False}, OrderStatus.PAID, True),
        ({"status": "processing", "payment_method": "cod"}, OrderStatus.PAID, False),
        ({"status": "completed"}, OrderStatus.FINISHED, True),
        ({"status": "cancelled"}, OrderStatus.CLOSED, True),
        ({"status": "failed"}, OrderStatus.CLOSED, True),
        ({"status": "trash"}, OrderStatus.CLOSED, True),
        ({"status": "refunded"}, OrderStatus.CLOSED, True),
        ({"status": "checkout-draft"}, OrderStatus.UNKNOWN, False),
        ({"status": "awaiting-moonrise"}, OrderStatus.UNKNOWN, False),
        ({"status": None}, OrderStatus.UNKNOWN, False),
    ],
)
def test_each_status_has_its_meaning(told, status, needs_payment):
    order = read(**told)
    assert (order.status, order.needs_payment) == (status, needs_payment)
    if status is not OrderStatus.UNPAID or not needs_payment:
        assert order.pay_by is None


@pytest.mark.parametrize(
    ("created_via", "closes"),
    [("checkout", True), ("store-api", True), ("", True), ("admin", False), ("rest-api", False)],
)
def test_only_orders_of_the_checkout_are_closed_by_the_shop(created_via, closes):
    assert (read(created_via=created_via).pay_by is not None) is closes


def test_a_shop_that_holds_no_stock_closes_nothing():
    order, _ = read_order(order_row(1, CHANGED), SHOP, None)
    assert order.pay_by is None


@pytest.mark.parametrize(
    ("total", "currency", "amount"),
    [
        ("45.90", "USD", 4590),
        ("1200", "JPY", 1200),
        ("1200.00", "JPY", 1200),
        ("1200.50", "JPY", 1201),
        ("10.005", "USD", 1001),
        ("1.2345", "KWD", 1235),
        (12.5, "USD", 1250),
        (7, "CNY", 700),
        ("", "USD", None),
        (None, "USD", None),
        ("free", "USD", None),
        ("NaN", "USD", None),
        ("Infinity", "USD", None),
        ("1e400", "USD", None),
        ("9" * 40, "USD", None),
        ("5.00", "", None),
    ],
)
def test_amounts_become_minor_units(total, currency, amount):
    assert minor(total, currency) == amount


def test_the_order_s_currency_wins_and_the_shop_s_stands_in():
    assert read(currency="jpy", total="1500").amount_minor == 1500
    assert read(currency="").currency == "USD"
    assert read(currency="???").currency == "USD"


@pytest.mark.parametrize(
    ("phone", "tail"),
    [
        ("(503) 555-0142", "0142"),
        ("+86 138 0013 8000", "8000"),
        ("138****8000", "8000"),
        ("1380013****", ""),
        ("911", ""),
        ("", ""),
    ],
)
def test_of_a_phone_only_the_tail_is_kept(phone, tail):
    assert phone_tail(phone) == tail


@pytest.mark.parametrize(
    ("state", "province"),
    [("CN31", "西藏"), ("CN32", "新疆"), ("CN1", "云南"), ("广东省", "广东"), ("CN99", "CN99")],
)
def test_chinese_states_have_their_names(state, province):
    address = {"city": "x", "state": state, "country": "CN"}
    assert read(shipping=address).province == province


def test_without_a_shipping_address_the_billing_one_counts():
    order = read(shipping={"city": "", "state": "", "country": ""})
    assert (order.city, order.country) == ("Portland", "US")


def test_a_buyer_is_the_same_signed_in_or_as_a_guest():
    assert read(customer_id=44).buyer_ref == read(customer_id=0).buyer_ref
    assert read(customer_id=44, billing={}).buyer_ref == "customer-44"
    assert read(customer_id=0, billing={}).buyer_ref == ""
    other = read_order(order_row(1, CHANGED), Shop(id="other"), None)[0]
    assert other.buyer_ref != read().buyer_ref


@pytest.mark.parametrize(
    ("status", "totals", "refund", "amount"),
    [
        ("processing", ["-10.00"], RefundStatus.PARTIAL, 1000),
        ("processing", ["-10.00", "-5.90"], RefundStatus.PARTIAL, 1590),
        ("completed", ["-40.00", "-5.90"], RefundStatus.DONE, 4590),
        ("refunded", ["-45.90"], RefundStatus.DONE, 4590),
        ("refunded", [], RefundStatus.DONE, None),
        ("processing", ["?"], RefundStatus.PARTIAL, None),
        ("processing", [], RefundStatus.NONE, None),
    ],
)
def test_refunds_are_summed(status, totals, refund, amount):
    told = [{"id": 90 + at, "total": total} for at, total in enumerate(totals)]
    order = read(status=status, refunds=told)
    assert (order.refund, order.refund_amount_minor) == (refund, amount)
    assert order.refund_id == (str(89 + len(totals)) if totals else "")


def tracking(*items: object, key: str = "_wc_shipment_tracking_items") -> list[dict[str, object]]:
    return [{"id": 1, "key": "_other", "value": "x"}, {"id": 2, "key": key, "value": list(items)}]


def test_a_completed_order_with_a_parcel_is_under_way():
    items = tracking(
        {
            "tracking_provider": "usps",
            "tracking_number": "9400 1000 0000 0000 0000 00",
            "date_shipped": "1793664000",
        },
        {"custom_tracking_provider": "Royal Mail", "tracking_number": "RB123456785GB"},
        {"tracking_number": "9400100000000000000000"},
    )
    order = read(status="completed", meta_data=items, date_completed_gmt="2026-11-03T10:00:00")
    assert order.status is OrderStatus.SHIPPED
    assert order.finished_at is None
    assert [(each.waybill_number, each.courier) for each in order.shipments] == [
        ("9400100000000000000000", "usps"),
        ("RB123456785GB", "royal_mail"),
    ]
    completed = datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert order.shipped_at == completed
    # The plugin knew the day only: a parcel that left at ten is not late since midnight.
    assert order.shipments[0].shipped_at == completed


def test_a_completed_order_without_a_parcel_is_finished():
    order = read(status="completed", date_completed_gmt="2026-11-03T10:00:00")
    assert order.status is OrderStatus.FINISHED
    assert order.finished_at == datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert order.shipped_at is None


def test_other_plugins_and_shapes_of_tracking_numbers():
    items = tracking(
        {"slug": "sf-express", "tracking_number": "SF1234567890123"},
        key="_aftership_tracking_items",
    )
    (shipment,) = read(status="processing", meta_data=items).shipments
    assert (shipment.courier, shipment.waybill_number) == ("sf", "SF1234567890123")
    one = {"tracking_provider": "dhl", "tracking_number": "1234567890"}
    lone = [{"key": "_wc_shipment_tracking_items", "value": one}]
    assert len(read(meta_data=lone).shipments) == 1
    assert read(meta_data=[{"key": "_wc_shipment_tracking_items", "value": ""}]).shipments == ()


def test_a_tracking_number_that_is_none_is_put_aside_and_the_order_kept():
    row = order_row(9, CHANGED, meta_data=tracking({"tracking_number": "1.23E+12"}))
    order, rejected = read_order(row, SHOP, HOUR)
    assert order.shipments == ()
    assert [each.place for each in rejected] == ["order 9, tracking number"]


@pytest.mark.parametrize("row", [None, [], "x", {}, {"id": ""}, {"id": "abc"}, {"id": 0}])
def test_a_row_without_an_id_is_no_order(row):
    with pytest.raises(BadInput):
        read_order(row, SHOP, HOUR)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = sorted(order_row(1, CHANGED).keys() - {"id"})


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_an_order_with_an_id_is_read_whatever_else_it_says(told):
    order, _ = read_order({**order_row(5, CHANGED), **told}, SHOP, HOUR)
    assert order.order_id == "5"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("no tags", "no tags"),
        ("a &amp; b &#8211; c &lt;3", "a & b – c <3"),
        ("<p>one</p><p>two<br/>three</p>", "one\ntwo\nthree"),
        ("x<script>alert(1)</script>y<style>p{}</style>z", "xyz"),
        ("<a href='https://example.com'>link</a> text", "link text"),
        ("5 < 6", "5 < 6"),
        ("", ""),
    ],
)
def test_html_becomes_text(html, expected):
    assert plain(html) == expected


# Pushes


def receiver(**secrets: str) -> WooCommerce:
    given = {"consumer_key": KEY, "consumer_secret": SECRET, "webhook_secret": "woo-secret"}
    return WooCommerce(SHOP, {**given, **secrets}, WooShop())


def signed(body: bytes, topic: str = "order.updated", secret: str = "woo-secret") -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-delivery-id": "5f2c9a",
        "x-wc-webhook-signature": webhook_signature(secret, body),
    }


def test_the_signature_is_the_one_of_the_reference():
    body = b'{"id":727,"status":"pending"}'
    expected = "7n9O+7Nw+Nsce2ttvsZowzdE70He0dkrJB0rIrw7sTQ="
    assert webhook_signature("woo-secret", body) == expected
    headers = {"X-WC-Webhook-Signature": expected, "X-WC-Webhook-Topic": "order.updated"}
    push = receiver().read_webhook(headers, {}, body, NOW)
    # It names no lines, so it is not taken for the order itself.
    assert (push.order_ids, push.orders) == (("727",), ())


def test_a_push_holds_the_order():
    body = json.dumps(order_row(727, CHANGED)).encode()
    push = receiver().read_webhook(signed(body), {}, body, NOW)
    assert push.order_ids == ("727",)
    assert push.orders == (read(),)


def test_two_orders_within_one_second_are_two_deliveries():
    # The shop makes its delivery id of the webhook and the second.
    bodies = [json.dumps(order_row(number, CHANGED)).encode() for number in (1, 2)]
    ids = {receiver().read_webhook(signed(body), {}, body, NOW).delivery_id for body in bodies}
    assert len(ids) == 2
    again = receiver().read_webhook(signed(bodies[0]), {}, bodies[0], NOW).delivery_id
    assert again in ids


def test_a_deleted_order_is_told_of_by_its_id():
    body = b'{"id":727}'
    push = receiver().read_webhook(signed(body, "order.deleted"), {}, body, NOW)
    assert (push.order_ids, push.orders) == (("727",), ())


@pytest.mark.parametrize(
    "topic", ["product.updated", "customer.created", "action.woocommerce_add_to_cart", ""]
)
def test_other_topics_are_nothing_of_ours(topic):
    body = b'{"id":22,"status":"publish"}'
    push = receiver().read_webhook(signed(body, topic), {}, body, NOW)
    assert (push.order_ids, push.orders, push.rejected) == ((), (), ())


def test_the_ping_of_a_new_webhook_is_accepted_as_nothing():
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    push = receiver().read_webhook(headers, {}, b"webhook_id=142", NOW)
    assert push == type(push)()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"webhook_id=142", "application/json"),
        (b"webhook_id=142", ""),
        (b"webhook_id=142&order=7", "application/x-www-form-urlencoded"),
        (b"webhook_id=", "application/x-www-form-urlencoded"),
        (b"webhook_id=1\n", "application/x-www-form-urlencoded"),
        (b"webhook_id=" + b"1" * 21, "application/x-www-form-urlencoded"),
        (b'{"id":727}', "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
    ],
)
def test_what_only_looks_like_the_ping_is_refused(body, content_type):
    with pytest.raises(WebhookRefused) as caught:
        receiver().read_webhook({"content-type": content_type}, {}, body, NOW)
    assert caught.value.status == 401


def test_a_ping_with_a_wrong_signature_is_refused():
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-wc-webhook-signature": "AAAA",
    }
    with pytest.raises(WebhookRefused):
        receiver().read_webhook(headers, {}, b"webhook_id=142", NOW)


def test_a_changed_body_a_wrong_secret_and_a_missing_one_are_refused():
    body = json.dumps(order_row(727, CHANGED)).encode()
    headers = signed(body)
    for changed, platform in [
        (body + b" ", receiver()),
        (body[:-1], receiver()),
        (body, receiver(webhook_secret="other")),
        (body, receiver(webhook_secret="")),
        (body, receiver(webhook_secret=" ")),
    ]:
        with pytest.raises(WebhookRefused):
            platform.read_webhook(headers, {}, changed, NOW)
    with pytest.raises(WebhookRefused):
        receiver().read_webhook({**headers, "x-wc-webhook-signature": "ÿ☃\udc80"}, {}, body, NOW)


def test_the_former_secret_counts_while_it_is_being_changed():
    body = b'{"id":727}'
    platform = receiver(webhook_secret="new", webhook_secret_previous="woo-secret")
    assert platform.read_webhook(signed(body), {}, body, NOW).order_ids == ("727",)
    assert platform.read_webhook(signed(body, secret="new"), {}, body, NOW).order_ids == ("727",)


def test_a_secret_with_html_in_it_counts_as_the_shop_reads_it():
    body = b'{"id":727}'
    platform = receiver(webhook_secret="a&amp;b&#039;c")
    assert platform.read_webhook(signed(body, secret="a&b'c"), {}, body, NOW).order_ids
    assert platform.read_webhook(signed(body, secret="a&amp;b&#039;c"), {}, body, NOW).order_ids


def test_a_push_of_more_than_a_megabyte_is_refused_unread():
    with pytest.raises(WebhookRefused) as caught:
        receiver().read_webhook({}, {}, b"x" * (1024 * 1024 + 1), NOW)
    assert caught.value.status == 413


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"id":"x"}', b"\xff", b"[" * 20000, b""])
def test_a_signed_push_that_cannot_be_read_is_put_aside(body):
    push = receiver().read_webhook(signed(body), {}, body, NOW)
    assert (push.order_ids, [row.place for row in push.rejected]) == ((), ["webhook"])
