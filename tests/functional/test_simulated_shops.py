"""The real connectors, over HTTP on loopback, against the simulated Tmall and WooCommerce shops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from aftersales import phones
from aftersales.clock import wall_now
from aftersales.errors import Misconfigured, Refused, Throttled, WebhookRefused
from aftersales.http import PooledTransport, Transport
from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.platforms.base import Page, Webhook
from aftersales.platforms.taobao import Taobao
from aftersales.platforms.woocommerce import WooCommerce
from aftersales.refunds import Refund, RefundState
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from local.loopback import LoopbackHandler, LoopbackServer
from local.simulators.kuaidi100 import Kuaidi100
from local.simulators.memory import Registered, open_world
from local.simulators.pace import Pace
from local.simulators.review_texts import Kind
from local.simulators.robots import Robots
from local.simulators.sales import Sale, Stage
from local.simulators.server import Vendors
from local.simulators.seventeentrack import SeventeenTrack
from local.simulators.shop_life import ShopLife, tmall_life, woo_life
from local.simulators.shop_push import Outage, Pusher, TopPusher, WooPusher
from local.simulators.shop_push import Webhook as ShopWebhook
from local.simulators.top import Top
from local.simulators.woo import HOLD_STOCK_MINUTES, Woo
from local.simulators.woo_rows import CONSENT_FIELD
from local.state import State

ORIGIN = datetime(2026, 3, 9, 2, 17, tzinfo=UTC)
TOP_SECRETS = {"app_key": "31000001", "app_secret": "top-secret", "session": "6100demo"}
WOO_SECRETS = {"consumer_key": "ck_1", "consumer_secret": "cs_1", "webhook_secret": "hook"}
HOOK = "https://desk.example/shops/store"

Connector = Taobao | WooCommerce
Feed = Callable[[datetime, datetime, str], Page[Order] | Page[Refund]]


@dataclass
class Place:
    """Both shops and their server. `now` is business time, `paces` what limits the calls."""

    state: State
    now: datetime = ORIGIN + timedelta(days=4)
    top_pace: Pace = field(default_factory=lambda: Pace(1e6, 1e6))
    woo_pace: Pace = field(default_factory=lambda: Pace(1e6, 1e6))
    transport: PooledTransport = field(default_factory=PooledTransport)
    crowd: int = 1

    def __post_init__(self) -> None:
        self.tmall = tmall_life("tests", ORIGIN, self.crowd)
        self.store = woo_life("tests", ORIGIN)
        world = open_world(self.state, ORIGIN)
        self.webhook = ShopWebhook(lambda: HOOK, Outage.of(ORIGIN))
        self.vendors = Vendors(
            SeventeenTrack(world, Registered(self.state), "key", self.business_now),
            Kuaidi100(world, "key", "customer", self.business_now),
            Robots(lambda *_: None, {}),
            top=Top(self.tmall, TOP_SECRETS, self.business_now, wall_now, self.top_pace),
            woo=Woo(self.store, WOO_SECRETS, self.business_now, self.webhook, self.woo_pace),
        )
        self.vendors.start()

    def close(self) -> None:
        self.vendors.stop()
        self.transport.close()
        self.state.close()

    def business_now(self) -> datetime:
        return self.now

    def taobao(
        self,
        transport: Transport | None = None,
        wall: Callable[[], datetime] = wall_now,
        **secrets: str,
    ) -> Taobao:
        shop = Shop(id="tmall", platform="tmall", base_url=f"{self.vendors.url}/top/router/rest")
        return Taobao(shop, {**TOP_SECRETS, **secrets}, transport or self.transport, wall_now=wall)

    def woocommerce(self, **secrets: str) -> WooCommerce:
        shop = Shop(
            id="store", platform="woocommerce", currency="USD", base_url=f"{self.vendors.url}/woo"
        )
        options = {"hold_stock_minutes": str(HOLD_STOCK_MINUTES)}
        return WooCommerce(shop, {**WOO_SECRETS, **secrets}, self.transport, options=options)

    def shop(self, name: str) -> tuple[Connector, ShopLife]:
        if name == "tmall":
            return self.taobao(), self.tmall
        return self.woocommerce(), self.store


@pytest.fixture
def place(tmp_path: object) -> Iterator[Place]:
    state = State(tmp_path)
    found = Place(state)
    yield found
    found.close()


def read(feed: Feed, start: datetime, end: datetime) -> dict[str, Order | Refund]:
    """All of a window by id, a day at a time."""
    found: dict[str, Order | Refund] = {}
    while start < end:
        stop, cursor = min(end, start + timedelta(days=1)), ""
        while True:
            page = feed(start, stop, cursor)
            assert not page.rejected
            for item in page.items:
                found[item.order_id] = item
            cursor = page.cursor
            if not cursor:
                break
        start = stop
    return found


STATUSES = {
    Stage.UNPAID: OrderStatus.UNPAID,
    Stage.PAID: OrderStatus.PAID,
    Stage.PARTLY_SHIPPED: OrderStatus.PARTLY_SHIPPED,
    Stage.SHIPPED: OrderStatus.SHIPPED,
    Stage.FINISHED: OrderStatus.FINISHED,
    Stage.ABANDONED: OrderStatus.CLOSED,
    Stage.REFUNDED: OrderStatus.CLOSED,
}


def told_right(order: Order, sale: Sale, now: datetime) -> None:
    assert order.status is STATUSES[sale.stage(now)]
    assert order.created_at == sale.placed_at
    assert order.paid_at == (sale.paid_at if sale.paid_at and sale.paid_at <= now else None)
    assert order.amount_minor == sale.amount * 100
    assert order.updated_at == sale.changed_at(now)
    numbers = [shipment.waybill_number for shipment in order.shipments]
    assert sorted(numbers) == sorted(p.waybill_number for p in sale.parcels_left(now))
    assert [line.amount_minor for line in order.lines] == [each.amount * 100 for each in sale.lines]


@pytest.mark.parametrize("name", ["tmall", "store"])
def test_every_order_of_a_shop_arrives_as_it_is(place: Place, name: str) -> None:
    connector, life = place.shop(name)
    found = read(connector.orders, ORIGIN, place.now)
    sales = {sale.order_id: sale for sale in life.sales(place.now)}
    assert found.keys() == sales.keys()
    stages = {sale.stage(place.now) for sale in sales.values()}
    often = STATUSES.keys() - {Stage.PARTLY_SHIPPED, Stage.FINISHED}
    assert often <= stages <= STATUSES.keys()
    for order_id, order in found.items():
        assert isinstance(order, Order)
        told_right(order, sales[order_id], place.now)


@pytest.mark.parametrize("name", ["tmall", "store"])
def test_an_unpaid_order_can_be_paid_until_it_is_closed_and_is_read_again_as_it_is(
    place: Place, name: str
) -> None:
    connector, life = place.shop(name)
    sales = [sale for sale in life.sales(place.now) if sale.placed_at > ORIGIN]
    sale = next(s for s in sales if s.paid_at and s.paid_at > s.placed_at + HOURS)
    assert sale.paid_at is not None
    place.now = sale.paid_at - timedelta(seconds=1)
    before = connector.order(sale.order_id)
    assert (before.status, before.needs_payment) == (OrderStatus.UNPAID, True)
    assert before.pay_by == sale.placed_at + timedelta(hours=24)
    place.now = sale.paid_at
    after = connector.order(sale.order_id)
    assert (after.status, after.paid_at) == (OrderStatus.PAID, sale.paid_at)


HOURS = timedelta(hours=4)


@pytest.mark.parametrize("name", ["tmall", "store"])
def test_refunds_arrive_with_their_orders(place: Place, name: str) -> None:
    connector, life = place.shop(name)
    found = read(connector.refunds, ORIGIN, place.now)
    sales = life.sales(place.now)
    done = {s.order_id for s in sales if s.refunded_at and s.refunded_at <= place.now}
    asked = {s.order_id for s in sales if s.refund_asked_at and s.refund_asked_at <= place.now}
    assert done
    assert found.keys() == (asked if name == "tmall" else done)
    for order_id, refund in found.items():
        assert isinstance(refund, Refund)
        assert (refund.state is RefundState.DONE) is (order_id in done)
        order = connector.order(order_id)
        assert order.refund is (RefundStatus.DONE if order_id in done else RefundStatus.OPEN)
        assert refund.amount_minor == order.amount_minor


def test_orders_that_move_while_top_is_paged_through_are_not_lost(tmp_path: object) -> None:
    state = State(tmp_path)
    place = Place(state, now=ORIGIN + timedelta(days=1), crowd=12)
    end = place.now
    connector = place.taobao()
    expected = {s.order_id for s in place.tmall.sales(end)}
    found: set[str] = set()
    cursor, pages = "", 0
    try:
        while True:
            page = connector.orders(ORIGIN, end, cursor)
            found |= {order.order_id for order in page.items}
            place.now += timedelta(hours=2)  # some are paid or shipped, and leave the window
            pages, cursor = pages + 1, page.cursor
            if not cursor:
                break
    finally:
        place.close()
    moved = {s.order_id for s in place.tmall.sales(end) if s.changed_at(place.now) >= end}
    assert pages > 4
    assert found & moved
    assert expected - moved <= found


@pytest.mark.parametrize(
    "wrong", [{"app_secret": "another"}, {"app_key": "1"}, {"session": "another"}]
)
def test_top_refuses_a_wrong_signature_key_or_session(place: Place, wrong: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        place.taobao(**wrong).orders(ORIGIN, ORIGIN + timedelta(minutes=30))


def test_a_clock_that_is_wrong_is_corrected_by_the_time_of_top(place: Place) -> None:
    late = place.taobao(wall=lambda: wall_now() - timedelta(hours=2))
    sale = place.tmall.sales(place.now)[0]
    assert late.order(sale.order_id).order_id == sale.order_id


def test_an_order_that_never_was_is_refused_by_both(place: Place) -> None:
    with pytest.raises(Refused, match="trade-not-exist"):
        place.taobao().order("4399999999999999999")
    with pytest.raises(Refused) as refused:
        place.woocommerce().order("999999")
    assert refused.value.status == 404


def test_woocommerce_tells_made_up_numbers_and_whether_a_buyer_agreed_to_texts(
    place: Place,
) -> None:
    connector, place.now = place.woocommerce(), ORIGIN + timedelta(days=20)
    told = [connector.contact(s.order_id, CONSENT_FIELD) for s in place.store.sales(place.now)]
    assert {one.consent for one in told} == {"yes", "no", ""}
    numbers = {phones.mobile_number(one.phone, one.country) for one in told if one.phone}
    assert None not in numbers
    fictional = ("+447700900", "+150355501", "+161355501", "+4917139200", "+3363998")
    assert {number[:9] for number in numbers if number} >= {"+44770090", "+15035550"}
    assert all(number.startswith(fictional) for number in numbers if number)
    assert any(not one.phone for one in told)


def test_woocommerce_refuses_a_wrong_key(place: Place) -> None:
    with pytest.raises(Misconfigured):
        place.woocommerce(consumer_secret="cs_2").orders(ORIGIN, place.now)


def test_both_throttle_and_say_for_how_long(tmp_path: object) -> None:
    state = State(tmp_path)
    place = Place(state, top_pace=Pace(0.001, 1), woo_pace=Pace(0.001, 1))
    try:
        for connector in (place.taobao(), place.woocommerce()):
            connector.orders(ORIGIN, ORIGIN + timedelta(minutes=30))
            with pytest.raises(Throttled) as throttled:
                connector.orders(ORIGIN, ORIGIN + timedelta(minutes=30))
            assert throttled.value.retry_after_seconds == 1
    finally:
        place.close()


def read_reviews(
    connector: Connector, start: datetime, end: datetime
) -> dict[tuple[str, str], Review]:
    """The reviews of a window by line (or, where there is none, by id)."""
    found: dict[tuple[str, str], Review] = {}
    while start < end:
        stop, cursor = min(end, start + timedelta(days=1)), ""
        while True:
            page = connector.reviews(start, stop, cursor)
            assert not page.rejected
            found |= {(each.line_id, each.review_id): each for each in page.items}
            cursor = page.cursor
            if not cursor:
                break
        start = stop
    return found


def test_reviews_of_tmall_arrive_with_what_was_added_and_without_what_was_deleted(
    place: Place,
) -> None:
    found = {
        line: each for (line, _), each in read_reviews(place.taobao(), ORIGIN, place.now).items()
    }
    written = [r for r in place.tmall.reviews.written(place.now) if r.written_at >= ORIGIN]
    shown = {r.sale.order_id: r for r in written if not r.is_deleted(place.now)}
    assert found.keys() == shown.keys()
    assert len(shown) < len(written)
    assert {review.kind for review in written} == set(Kind)
    for line, review in found.items():
        said, added = shown[line].now_said(place.now), shown[line].added_by(place.now)
        assert (review.text, review.created_at) == (said.text, shown[line].written_at)
        assert review.rating == (5 if said.stars > 3 else 3 if said.stars == 3 else 1)
        assert (review.follow_up, review.follow_up_at) == (
            (added.text, added.at) if added else ("", None)
        )
        assert review.product_title == shown[line].line.goods[0]


def test_reviews_of_woocommerce_arrive_as_they_are_and_an_addition_is_another_one(
    place: Place,
) -> None:
    found = {
        key: each for (_, key), each in read_reviews(place.woocommerce(), ORIGIN, place.now).items()
    }
    written = place.store.reviews.written(place.now)
    shown = {str(r.number * 10): r for r in written if not r.is_deleted(place.now)}
    added = {str(r.number * 10 + 1): a for r in written if (a := r.added_by(place.now))}
    inside = {key for key, review in shown.items() if review.written_at >= ORIGIN}
    assert found.keys() == inside | {key for key, said in added.items() if said.at >= ORIGIN}
    assert added
    for key in inside:
        said = shown[key].now_said(place.now)
        assert (found[key].text, found[key].rating) == (said.text, said.stars)
        assert not found[key].deleted
        assert found[key].permalink.endswith(f"#comment-{key}")


@pytest.mark.parametrize("name", ["tmall", "store"])
def test_a_review_that_is_edited_added_to_or_deleted_is_seen_when_it_is_read_again(
    place: Place, name: str
) -> None:
    connector, life = place.shop(name)
    # TOP shows those of half a year by real time, which is the connector's clock.
    later, changed = wall_now(), list[str]()
    written = [r for r in life.reviews.written(later) if r.written_at >= later - timedelta(days=5)]
    for kind in (Kind.EDITED, Kind.DELETED, Kind.TURNED_BAD, Kind.BAD):
        review = next(r for r in written if r.kind is kind)
        place.now = review.written_at + timedelta(minutes=1)
        start = review.written_at
        (before,) = read_reviews(connector, start, start + timedelta(seconds=1)).values()
        assert connector.review(before) == before
        place.now = review.written_at + timedelta(hours=31)
        after = connector.review(before)
        assert after.deleted is (kind is Kind.DELETED)
        if after.content_hash != before.content_hash:
            changed.append(kind)
    followed = [Kind.TURNED_BAD] if name == "tmall" else []
    assert changed == [Kind.EDITED, Kind.DELETED, *followed]


def test_a_reply_to_a_review_is_taken_once_and_not_after_the_buyer_has_added_to_it(
    place: Place,
) -> None:
    # The connector knows the real time alone, and asks for a reply within thirty days of it.
    place.now = wall_now()
    connector = place.taobao()
    written = place.tmall.reviews.written(place.now)
    plain = next(r for r in reversed(written) if r.kind is Kind.BAD)
    turned = next(r for r in reversed(written) if r.added_by(place.now))
    known = {
        r.kind: connector.review(
            Review("tmall", "", "", order_id=r.sale.order_id, line_id=r.sale.order_id)
        )
        for r in (plain, turned)
    }
    assert connector.reply_to_review(known[Kind.BAD], "很抱歉，已为您补发，请留意查收。").accepted
    again = connector.review(known[Kind.BAD])
    assert again.reply == "很抱歉，已为您补发，请留意查收。"
    assert connector.reply_to_review(again, "再补一句").code == "already_replied"
    late = connector.reply_to_review(known[Kind.BAD], "再补一句")
    assert (late.accepted, late.code) == (False, "15 isv.explain-not-allowed")
    assert connector.reply_to_review(known[Kind.TURNED_BAD], "抱歉").code == "buyer_followed_up"
    unseen = Review("tmall", "1:buyer", "", line_id=turned.sale.order_id)
    assert connector.reply_to_review(unseen, "抱歉").code == "15 isv.explain-not-allowed"


def test_the_receipt_time_of_a_slow_parcel_is_moved_once_the_buyer_has_not_done_so(
    place: Place,
) -> None:
    place.now = ORIGIN + timedelta(hours=30)
    connector = place.taobao()
    slow = [s for s in place.tmall.sales(place.now) if s.placed_at < ORIGIN]
    free, taken = sorted(slow, key=lambda sale: sale.extended_by_buyer)
    before = connector.order(free.order_id).auto_confirm_at
    assert before is not None
    assert connector.extend_receipt(free.order_id, 3).accepted
    assert connector.order(free.order_id).auto_confirm_at == before + timedelta(days=3)
    answer = connector.extend_receipt(taken.order_id, 3)
    assert not answer.accepted
    assert "买家已延长" in answer.message


class Desk:
    """Takes pushes with the connector's own check, and says what it was told."""

    def __init__(self, connector: Connector) -> None:
        self.told: list[Webhook] = []
        told = self.told

        class Receiver(LoopbackHandler):
            def do_POST(self) -> None:
                body = self.read_body(1_000_000)
                assert body is not None
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(urlsplit(self.path).query))
                told.append(connector.read_webhook(headers, query, body, wall_now()))
                if told[-1].order_ids:
                    with pytest.raises(WebhookRefused):
                        connector.read_webhook(headers, query, body + b" ", wall_now())
                self.reply(200, b"")

        self.server = LoopbackServer(0, Receiver)

    def __enter__(self) -> Desk:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def changed_since(life: ShopLife, start: datetime, end: datetime) -> set[str]:
    return {s.order_id for s in life.sales(end) if start < s.changed_at(end) <= end}


def test_orders_are_pushed_whole_and_signed_after_one_ping_that_is_not(place: Place) -> None:
    start = place.now
    with Desk(place.woocommerce()) as desk:
        webhook = ShopWebhook(lambda: desk.server.url)
        pusher = WooPusher(place.store, "hook", place.business_now, webhook)
        assert pusher.push_news() == 0
        place.now += timedelta(hours=12)
        assert pusher.push_news() == len(desk.told) - 1 > 0
    assert desk.told[0] == Webhook()
    sales = {sale.order_id: sale for sale in place.store.sales(place.now)}
    for news in desk.told[1:]:
        (order,) = news.orders
        told_right(order, sales[order.order_id], place.now)
    pushed = {order_id for news in desk.told for order_id in news.order_ids}
    assert pushed == changed_since(place.store, start, place.now)


def test_callbacks_of_top_name_the_orders_as_a_form_and_as_json(place: Place) -> None:
    start = place.now
    with Desk(place.taobao()) as desk:
        url = desk.server.url
        pusher = TopPusher(place.tmall, TOP_SECRETS, place.business_now, wall_now, lambda: url)
        place.now += timedelta(hours=12)
        assert pusher.push_news() == len(desk.told) > 2
    assert not any(news.orders or news.rejected for news in desk.told)
    pushed = {order_id for news in desk.told for order_id in news.order_ids}
    assert pushed == changed_since(place.tmall, start, place.now)


def test_a_webhook_switches_itself_off_in_an_outage_until_somebody_mends_it(place: Place) -> None:
    connector, outage = place.woocommerce(), Outage.of(ORIGIN)
    with Desk(connector) as desk:
        place.webhook.url = lambda: desk.server.url + "/shops/store"
        place.now = outage.begins - timedelta(hours=3)
        pusher: Pusher = WooPusher(place.store, "hook", place.business_now, place.webhook)
        assert (connector.disabled_webhooks(), pusher.push_news()) == ((), 0)
        place.now = outage.ends - timedelta(seconds=1)
        assert pusher.push_news() == 0
        assert connector.disabled_webhooks() == ("order.updated (webhook 12)",)
        place.now = outage.ends + timedelta(hours=4)
        assert pusher.push_news() == 0
        heard = len(desk.told)
        place.now = outage.mended
        assert connector.disabled_webhooks() == ()
        pusher.push_news()
        place.now += timedelta(hours=8)
        assert pusher.push_news() > 0
    assert heard == 1  # the ping
    assert len(desk.told) > heard


def test_a_pace_grows_back_in_time() -> None:
    at = time.monotonic()
    clock = [at]
    pace = Pace(2.0, 1.0, lambda: clock[0])
    assert (pace.allows(), pace.allows(), pace.refused) == (True, False, 1)
    clock[0] += 0.6
    assert pace.allows()
