"""What every shop platform promises, whoever it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from aftersales.errors import (
    AftersalesError,
    Misconfigured,
    OutsideFailure,
    Throttled,
    TryLater,
    Unreachable,
    WebhookRefused,
)
from aftersales.http import AmbiguousDelivery, HttpReply, HttpRequest, Transport
from aftersales.parcels import OrderStatus
from aftersales.platforms.base import FEEDS, Capability, Page, Platform, Webhook, WriteAnswer
from aftersales.platforms.registry import PLATFORMS, build_platform, platform_class
from aftersales.platforms.taobao_sign import signature
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from tests import top_server, woo_server

# The connectors sign and judge ages by real time: what the servers tell is as new as the test run.
NOW = datetime.now(UTC).replace(microsecond=0)
START, END = NOW - timedelta(minutes=20), NOW - timedelta(minutes=4)
INSIDE = NOW - timedelta(minutes=10)

REVIEW = Review("s1", "77:buyer", "不好", order_id="1", line_id="77", created_at=INSIDE)
WOO_REVIEW = Review("s1", "9", "Torn", created_at=INSIDE)

Pushed = tuple[dict[str, str], dict[str, str], bytes]


@dataclass(frozen=True)
class World:
    """A platform to be tried: its shop and secrets, a server with one of each thing, a push."""

    shop: Shop
    secrets: Mapping[str, str]
    server: Callable[[], Transport]
    order_id: str
    push: Callable[[], Pushed]
    words: Callable[[str], object]
    """How the platform words an error that holds this text."""
    review: Review = REVIEW


def _top(platform: str) -> World:
    row = top_server.trade(1, INSIDE)
    refund = {
        "refund_id": "55",
        "tid": row["tid"],
        "status": "WAIT_SELLER_AGREE",
        "modified": row["modified"],
    }
    remind = {"exist_timeout": True, "timeout": top_server.china(NOW + timedelta(days=1))}
    added = {"append_content": "还是不好", "append_time": top_server.china(NOW)}
    rating = {
        **{"tid": 1, "oid": 77, "role": "buyer", "created": row["created"], "content": "不好"},
        "reply": "抱歉，已为您补发。",
    }

    def server() -> Transport:
        return top_server.TopServer(
            now=NOW,
            trades=[row],
            refunds=[refund],
            details={"55": {**refund, "cs_status": 2, "refund_remind_timeout": remind}},
            ratings=[rating],
            added={"77": added},
        )

    def push() -> Pushed:
        query = {"app_key": top_server.APP_KEY, "timestamp": top_server.china(NOW)}
        body = json.dumps({"tid": row["tid"]}).encode()
        return {}, {**query, "sign": signature(query, secrets["app_secret"], body=body)}, body

    secrets = top_server.SECRETS
    shop = Shop(id="s1", platform=platform)
    return World(
        shop, secrets, server, row["tid_str"], push, lambda said: top_server.error(41, said)
    )


def _woocommerce() -> World:
    secrets = {
        "consumer_key": woo_server.KEY,
        "consumer_secret": woo_server.SECRET,
        "webhook_secret": "woo-hook-51c0ffee",
    }
    at = INSIDE.strftime("%Y-%m-%dT%H:%M:%S")
    paid_back = {"id": 3, "amount": "5.00", "date_created_gmt": at, "reason": ""}
    row = woo_server.order_row(727, at, refunds=[{"id": 3, "total": "-5.00"}])
    review = {"id": 9, "date_created": at, "date_created_gmt": at, "product_id": 1}

    def server() -> Transport:
        told = {**review, "status": "approved", "rating": 1, "review": "<p>Torn</p>"}
        return woo_server.WooShop(orders=[row], refunds={"727": [paid_back]}, reviews=[told])

    def push() -> Pushed:
        body = json.dumps(row).encode()
        digest = hmac.new(secrets["webhook_secret"].encode(), body, hashlib.sha256).digest()
        headers = {
            "x-wc-webhook-signature": base64.b64encode(digest).decode(),
            "x-wc-webhook-topic": "order.updated",
            "x-wc-webhook-delivery-id": "d1",
        }
        return headers, {}, body

    shop = Shop(id="s1", platform="woocommerce", base_url="https://shop.example.com")
    return World(
        shop,
        secrets,
        server,
        "727",
        push,
        lambda said: {"code": "told", "message": said, "data": {"status": 400}},
        WOO_REVIEW,
    )


def _generic() -> World:
    key = base64.b64encode(b"a secret of thirty-two characters").decode()

    def push() -> Pushed:
        body = b'{"type": "order.updated", "order": {"id": "g-1", "status": "unpaid"}}'
        sent_at = str(int(NOW.timestamp()))
        signed = b".".join((b"msg_1", sent_at.encode(), body))
        digest = hmac.new(base64.b64decode(key), signed, hashlib.sha256).digest()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": sent_at,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }
        return headers, {}, body

    def silent(request: HttpRequest) -> HttpReply:
        raise AssertionError("nobody is to be asked")

    shop = Shop(id="s1", platform="generic")
    secrets = {"webhook_secret": f"whsec_{key}"}
    return World(shop, secrets, lambda: silent, "g-1", push, lambda said: {"message": said})


WORLDS = {
    "taobao": _top("taobao"),
    "tmall": _top("tmall"),
    "woocommerce": _woocommerce(),
    "generic": _generic(),
}


def connect(name: str, transport: Transport | None = None) -> Platform:
    world = WORLDS[name]
    return build_platform(world.shop, world.secrets, transport or world.server())


def _pushed(platform: Platform, world: World) -> Webhook:
    return platform.read_webhook(*world.push(), NOW)


CALLS: dict[Capability, Callable[[Platform, World], Any]] = {
    Capability.ORDERS_BY_UPDATE: lambda shop, _: shop.orders(START, END),
    Capability.UNPAID_ORDERS: lambda shop, _: shop.orders(START, END),
    Capability.ORDER_BY_ID: lambda shop, world: shop.order(world.order_id),
    Capability.REVIEWS: lambda shop, _: shop.reviews(START, END),
    Capability.REVIEW_BY_ID: lambda shop, world: shop.review(world.review),
    Capability.REVIEW_FOLLOW_UPS: lambda shop, world: shop.review(world.review),
    Capability.REVIEW_REPLIES: lambda shop, world: shop.review(world.review),
    Capability.REPLY_TO_REVIEW: lambda shop, _: shop.reply_to_review(REVIEW, "抱歉！"),
    Capability.REFUNDS: lambda shop, _: shop.refunds(START, END),
    Capability.DISPUTES: lambda shop, _: shop.refunds(START, END),
    Capability.EXTEND_RECEIPT: lambda shop, world: shop.extend_receipt(world.order_id, 3),
    Capability.WEBHOOKS: _pushed,
    Capability.TOKEN_EXPIRES: lambda shop, _: shop.token_expires_at(),
}
ASKS_NOBODY = {Capability.WEBHOOKS, Capability.TOKEN_EXPIRES}

STATED = [
    pytest.param(name, capability, id=f"{name}-{capability}")
    for name in WORLDS
    for capability in sorted(connect(name).capabilities)
]
every_capability = pytest.mark.parametrize(("name", "capability"), STATED)
every_call = pytest.mark.parametrize(
    ("name", "capability"), [each for each in STATED if each.values[1] not in ASKS_NOBODY]
)
every_feed = pytest.mark.parametrize(
    ("name", "capability"), [each for each in STATED if each.values[1] in FEEDS]
)
every_platform = pytest.mark.parametrize("name", PLATFORMS)


def outcome(name: str, capability: Capability, transport: Transport) -> Any:
    """What a call gives, or the error of ours that it raises; any other fails the test."""
    try:
        return CALLS[capability](connect(name, transport), WORLDS[name])
    except AftersalesError as exc:
        return exc


def always(status: int, body: bytes, **headers: str) -> Transport:
    return lambda _: HttpReply(status, body, headers)


def has_secret(name: str, said: object) -> bool:
    """Is one of the secrets in it, also as it is spelt in a form?"""
    secrets = WORLDS[name].secrets
    hidden = [value for key, value in secrets.items() if not key.endswith(("_at", "app_key"))]
    spelt = {way(value) for value in hidden for way in (str, quote, quote_plus)}
    return any(value in str(said) for value in spelt)


def test_every_platform_of_the_registry_is_tried_here() -> None:
    assert set(WORLDS) == set(PLATFORMS)
    assert set(CALLS) == set(Capability)


@every_platform
def test_the_stated_capabilities_fit_together(name: str) -> None:
    platform = connect(name)
    stated = platform.capabilities
    assert stated
    assert platform_class(name).name in (name, "taobao")
    if Capability.UNPAID_ORDERS in stated:
        # A reminder re-reads the order when it is sent.
        assert {Capability.ORDERS_BY_UPDATE, Capability.ORDER_BY_ID} <= stated
    if Capability.DISPUTES in stated:
        assert Capability.REFUNDS in stated
    for about_reviews in (name for name in Capability if "review_" in name):
        assert about_reviews not in stated or Capability.REVIEWS in stated
    if Capability.REPLY_TO_REVIEW in stated:
        # Nobody may answer a review that the buyer has added to since.
        assert {Capability.REVIEWS, Capability.REVIEW_BY_ID} <= stated
    assert (platform.token_expires_at() is not None) == (Capability.TOKEN_EXPIRES in stated)


@every_capability
def test_a_stated_capability_works(name: str, capability: Capability) -> None:
    world = WORLDS[name]
    got = CALLS[capability](connect(name), world)
    match capability:
        case Capability.ORDERS_BY_UPDATE | Capability.UNPAID_ORDERS:
            [order] = got.items
            assert (order.shop_id, order.order_id) == ("s1", world.order_id)
            assert order.status is OrderStatus.UNPAID
        case Capability.ORDER_BY_ID:
            assert (got.shop_id, got.order_id) == ("s1", world.order_id)
            assert got.needs_payment
        case Capability.REVIEWS | Capability.REFUNDS:
            [item] = got.items
            assert item.shop_id == "s1"
        case Capability.REVIEW_BY_ID:
            assert (got.review_id, got.deleted) == (world.review.review_id, False)
            assert got.created_at == INSIDE
        case Capability.REVIEW_FOLLOW_UPS:
            assert got.follow_up
            assert got.follow_up_at == NOW
        case Capability.REVIEW_REPLIES:
            assert got.has_reply
        case Capability.DISPUTES:
            [refund] = got.items
            assert refund.disputed
        case Capability.REPLY_TO_REVIEW | Capability.EXTEND_RECEIPT:
            assert got == WriteAnswer(True)
        case Capability.WEBHOOKS:
            assert got.order_ids == (world.order_id,)
            assert got.rejected == ()
        case Capability.TOKEN_EXPIRES:
            assert got.tzinfo is UTC


@every_feed
def test_what_a_feed_brings_has_aware_times_in_utc(name: str, capability: Capability) -> None:
    page: Page[Any] = CALLS[capability](connect(name), WORLDS[name])
    times = [
        value
        for item in page.items
        for name in item.__struct_fields__
        if isinstance(value := getattr(item, name), datetime)
    ]
    assert times
    assert {at.tzinfo for at in times} == {UTC}
    assert (page.cursor, page.rejected, page.window_full) == ("", (), False)


@every_feed
def test_the_limits_of_a_feed_are_sane(name: str, capability: Capability) -> None:
    limits = connect(name).feed_limits(capability)
    assert 60 <= limits.window_seconds <= limits.look_back_seconds
    assert 0 <= limits.settle_seconds <= 3600
    assert 0 <= limits.overlap_seconds < limits.look_back_seconds
    assert limits.look_back_seconds >= 24 * 3600
    assert 1 <= limits.page_size <= 200


@every_call
@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"{}"])
def test_a_server_error_is_for_later(
    name: str, capability: Capability, status: int, body: bytes
) -> None:
    assert isinstance(outcome(name, capability, always(status, body)), TryLater)


@every_call
@pytest.mark.parametrize(("header", "seconds"), [("17", 17.0), ("soon", None), ("-1", None)])
def test_too_many_requests_is_throttled_with_the_time_to_wait(
    name: str, capability: Capability, header: str, seconds: float | None
) -> None:
    got = outcome(name, capability, always(429, b"slow down", **{"retry-after": header}))
    assert isinstance(got, Throttled)
    assert got.retry_after_seconds == seconds


@every_call
@pytest.mark.parametrize("status", [300, 301, 302, 307, 400, 401, 403, 404, 405, 410, 418, 451])
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]"])
def test_any_other_status_is_no_success_and_not_tried_again(
    name: str, capability: Capability, status: int, body: bytes
) -> None:
    got = outcome(name, capability, always(status, body))
    if isinstance(got, WriteAnswer):
        assert not got.accepted
        assert got.message
        return
    assert isinstance(got, OutsideFailure | Misconfigured)
    assert not got.retry
    assert str(got)


@every_call
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"0", b'"ok"', b"{}", b"<html>", b"\xff\xfe\x00", b"[1, 2", b"[" * 100_000],
)
def test_a_success_that_says_nothing_usable_is_for_later(
    name: str, capability: Capability, body: bytes
) -> None:
    assert isinstance(outcome(name, capability, always(200, body)), TryLater)


@every_call
@pytest.mark.parametrize("failure", [Unreachable("no connection"), AmbiguousDelivery("no answer")])
def test_no_answer_at_all_is_raised_to_the_caller(
    name: str, capability: Capability, failure: Unreachable
) -> None:
    def silent(request: HttpRequest) -> HttpReply:
        raise failure

    assert outcome(name, capability, silent) is failure


@every_call
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_that_the_platform_repeats_is_not_told_on(
    name: str, capability: Capability, status: int, as_json: bool
) -> None:
    def repeat(request: HttpRequest) -> HttpReply:
        sent = [request.url, *request.headers.values(), request.body.decode()]
        said = " ".join(sent) + " " + unquote_plus(" ".join(sent))
        told = json.dumps(WORLDS[name].words(said)) if as_json else said
        return HttpReply(status, told.encode())

    got = outcome(name, capability, repeat)
    assert isinstance(got, AftersalesError) or not got.accepted
    assert not has_secret(name, got)
    assert not has_secret(name, vars(got) if isinstance(got, AftersalesError) else got)


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_header_with_credentials_that_a_shop_repeats_is_not_told_on(status: int) -> None:
    def repeat(request: HttpRequest) -> HttpReply:
        told = WORLDS["woocommerce"].words(request.headers["authorization"])
        return HttpReply(status, json.dumps(told).encode())

    pair = f"{woo_server.KEY}:{woo_server.SECRET}".encode()
    got = outcome("woocommerce", Capability.ORDER_BY_ID, repeat)
    assert base64.b64encode(pair).decode() not in str(got)


@every_call
def test_a_call_is_bounded_in_time_and_goes_where_the_settings_say(
    name: str, capability: Capability
) -> None:
    sent: list[HttpRequest] = []

    def keep(request: HttpRequest) -> HttpReply:
        sent.append(request)
        return HttpReply(500)

    world = WORLDS[name]
    shop = replace_shop(world.shop, base_url="http://127.0.0.1:9/x")
    with pytest.raises(TryLater):
        CALLS[capability](build_platform(shop, world.secrets, keep), world)
    for request in sent:
        assert request.url.startswith("http://127.0.0.1:9/x")
        assert 0 < request.read_timeout_seconds <= 30
        assert not has_secret(name, request.url)
    assert sent


def replace_shop(shop: Shop, **changed: Any) -> Shop:
    held = {name: getattr(shop, name) for name in shop.__struct_fields__}
    return Shop(**{**held, **changed})


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        (name, secret)
        for name, world in WORLDS.items()
        for secret in world.secrets
        # Without these, a connection can do less.
        if (name, secret) != ("woocommerce", "webhook_secret") and not secret.endswith("_at")
    ],
)
def test_a_missing_secret_is_named_and_no_other_is_shown(name: str, missing: str) -> None:
    world = WORLDS[name]
    kept = {key: value for key, value in world.secrets.items() if key != missing}
    with pytest.raises(Misconfigured, match=missing) as caught:
        build_platform(world.shop, kept, world.server())
    assert not has_secret(name, caught.value)


webhooks = pytest.mark.parametrize(
    "name", [each.values[0] for each in STATED if each.values[1] is Capability.WEBHOOKS]
)


@webhooks
def test_a_push_that_was_changed_on_the_way_is_refused(name: str) -> None:
    platform, world = connect(name), WORLDS[name]
    headers, query, body = world.push()
    forged: list[Pushed] = [
        (headers, query, body + b" "),
        (headers, query, body[:-1]),
        (headers, query, b""),
        ({}, {}, body),
        ({}, {}, b""),
        ({key: "0" for key in headers}, {key: "0" for key in query}, body),
        ({key: "签" for key in headers}, {key: "签" for key in query}, body),
        (headers, query, b"\xff" * 100),
    ]
    for push in forged:
        with pytest.raises(WebhookRefused) as caught:
            platform.read_webhook(*push, NOW)
        assert caught.value.status == 401
        assert not has_secret(name, caught.value)


@webhooks
def test_a_push_for_another_account_is_refused(name: str) -> None:
    world = WORLDS[name]
    other = base64.b64encode(b"another secret altogether, really").decode()
    secrets = {
        **world.secrets,
        **dict.fromkeys(world.secrets.keys() & {"app_secret", "webhook_secret"}, other),
    }
    with pytest.raises(WebhookRefused):
        _pushed(build_platform(world.shop, secrets, world.server()), world)


@webhooks
def test_a_push_that_is_too_big_is_refused_unread(name: str) -> None:
    headers, query, body = WORLDS[name].push()
    with pytest.raises(WebhookRefused) as caught:
        connect(name).read_webhook(headers, query, body + b" " * (1024 * 1024), NOW)
    assert caught.value.status == 413


@webhooks
def test_a_push_asks_nobody_anything(name: str) -> None:
    def silent(request: HttpRequest) -> HttpReply:
        raise AssertionError("the sender waits for the answer")

    assert _pushed(connect(name, silent), WORLDS[name]).order_ids


def test_an_unknown_platform_is_named_together_with_those_there_are() -> None:
    with pytest.raises(Misconfigured, match="woocommerce"):
        build_platform(Shop(id="s1", platform="ebay"), {}, always(200, b""))
