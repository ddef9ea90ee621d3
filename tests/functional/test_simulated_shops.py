"""The real connectors, over HTTP on loopback, against the simulated Tmall and WooCommerce shops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from aftersales.clock import wall_now
from aftersales.errors import Misconfigured, Refused, Throttled, WebhookRefused
from aftersales.http import PooledTransport, Transport
from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.platforms.base import Page, Webhook
from aftersales.platforms.taobao import Taobao
from aftersales.platforms.woocommerce import WooCommerce
from aftersales.refunds import Refund, RefundState
from aftersales.settings.model import Shop
from local.loopback import LoopbackHandler, LoopbackServer
from local.simulators.kuaidi100 import Kuaidi100
from local.simulators.memory import Registered, open_world
from local.simulators.pace import Pace
from local.simulators.robots import Robots
from local.simulators.server import Vendors
from local.simulators.seventeentrack import SeventeenTrack
from local.simulators.shop_life import Sale, ShopLife, Stage, tmall_life, woo_life
from local.simulators.top import Top
from local.simulators.woo import HOLD_STOCK_MINUTES, Woo, WooPusher
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
        self.vendors = Vendors(
            SeventeenTrack(world, Registered(self.state), "key", self.business_now),
            Kuaidi100(world, "key", "customer", self.business_now),
            Robots(lambda *_: None, {}),
            top=Top(self.tmall, TOP_SECRETS, self.business_now, wall_now, self.top_pace),
            woo=Woo(self.store, WOO_SECRETS, self.business_now, lambda: HOOK, self.woo_pace),
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
    Stage.SHIPPED: OrderStatus.SHIPPED,
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
    shipped = sale.parcel is not None and sale.parcel.shipped_at <= now
    assert numbers == ([sale.parcel.waybill_number] if shipped and sale.parcel else [])


@pytest.mark.parametrize("name", ["tmall", "store"])
def test_every_order_of_a_shop_arrives_as_it_is(place: Place, name: str) -> None:
    connector, life = place.shop(name)
    found = read(connector.orders, ORIGIN, place.now)
    sales = {sale.order_id: sale for sale in life.sales(place.now)}
    assert found.keys() == sales.keys()
    assert {sale.stage(place.now) for sale in sales.values()} == STATUSES.keys()
    for order_id, order in found.items():
        assert isinstance(order, Order)
        told_right(order, sales[order_id], place.now)


@pytest.mark.parametrize("name", ["tmall", "store"])
def test_an_unpaid_order_can_be_paid_until_it_is_closed_and_is_read_again_as_it_is(
    place: Place, name: str
) -> None:
    connector, life = place.shop(name)
    sale = next(s for s in life.sales(place.now) if s.paid_at and s.paid_at > s.placed_at + HOURS)
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


def test_neither_has_reviews_and_the_webhook_is_on(place: Place) -> None:
    day = (ORIGIN, ORIGIN + timedelta(days=1))
    assert place.taobao().reviews(*day).items == place.woocommerce().reviews(*day).items == ()
    assert place.woocommerce().disabled_webhooks() == ()
    (hook,) = place.woocommerce().webhooks_state()
    assert (hook.topic, hook.status) == ("order.updated", "active")


def test_pushes_are_signed_as_the_connector_checks_after_one_ping_that_is_not(
    place: Place,
) -> None:
    connector, told = place.woocommerce(), list[Webhook]()

    class Receiver(LoopbackHandler):
        def do_POST(self) -> None:
            body = self.read_body(1_000_000)
            assert body is not None
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.append(connector.read_webhook(headers, {}, body, wall_now()))
            if told[-1].orders:
                with pytest.raises(WebhookRefused):
                    connector.read_webhook(headers, {}, body + b" ", wall_now())
            self.reply(200, b"")

    server = LoopbackServer(0, Receiver)
    server.start()
    try:
        pusher = WooPusher(place.store, "hook", place.business_now, lambda: server.url)
        assert pusher.push_news() == 0
        assert pusher.ping()
        place.now += timedelta(hours=12)
        assert pusher.push_news() == len(told) - 1 > 0
    finally:
        server.stop()
    assert told[0] == Webhook()
    sales = {sale.order_id: sale for sale in place.store.sales(place.now)}
    for news in told[1:]:
        (order,) = news.orders
        told_right(order, sales[order.order_id], place.now)


def test_a_pace_grows_back_in_time() -> None:
    at = time.monotonic()
    clock = [at]
    pace = Pace(2.0, 1.0, lambda: clock[0])
    assert (pace.allows(), pace.allows(), pace.refused) == (True, False, 1)
    clock[0] += 0.6
    assert pace.allows()
