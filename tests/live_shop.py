"""A shop for tests: a feed whose rows change while it is read, with a temper of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from msgspec.structs import replace

from aftersales.errors import Refused, WebhookRefused
from aftersales.parcels import Order, OrderStatus, Shipment
from aftersales.platforms.base import Capability, FeedLimits, Page, RejectedRow, Webhook
from aftersales.platforms.lacking import Lacking
from aftersales.refunds import Refund
from aftersales.settings.model import Alerts, Route, Settings, Shop, Target, Tracking
from order_intake.shop_desk import ShopDesk
from tests.desk_fakes import Clock

START = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
LIMITS = FeedLimits(
    window_seconds=1800,
    look_back_seconds=90 * 86400,
    settle_seconds=180,
    overlap_seconds=600,
    page_size=3,
)
CAPABLE = frozenset(
    {
        Capability.ORDERS_BY_UPDATE,
        Capability.REFUNDS,
        Capability.ORDER_BY_ID,
        Capability.WEBHOOKS,
        Capability.TOKEN_EXPIRES,
    }
)


def an_order(number: int, at: datetime, **changed: object) -> Order:
    """An unpaid order that changed at `at`."""
    order = Order(
        shop_id="live",
        order_id=str(number),
        status=OrderStatus.UNPAID,
        created_at=at,
        updated_at=at,
        amount_minor=8800,
        currency="CNY",
        buyer_ref=f"b{number}",
    )
    return replace(order, **changed)  # type: ignore[arg-type]


def shipped(order: Order, at: datetime, waybill: str) -> Order:
    """The same order, sent at `at`."""
    parcel = Shipment(waybill, courier="yto", shipped_at=at)
    return replace(
        order, status=OrderStatus.SHIPPED, shipped_at=at, updated_at=at, shipments=(parcel,)
    )


@dataclass
class LiveShop(Lacking):
    """Rows sorted by change, the newest first, read from the last page on.

    `temper` is called before each page with its number and may raise, or change rows; `most` is
    how many rows of a window are shown at all (0: all).
    """

    name: ClassVar[str] = "live"
    rows: dict[str, Order] = field(default_factory=dict)
    requests: dict[str, Refund] = field(default_factory=dict)
    bad_rows: list[tuple[datetime, RejectedRow]] = field(default_factory=list)
    limits: FeedLimits = LIMITS
    capabilities: frozenset[Capability] = CAPABLE
    most: int = 0
    temper: Callable[[int], None] = lambda _: None
    refund_temper: Callable[[], None] = lambda: None
    pages: int = 0
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    read_again: list[str] = field(default_factory=list)
    token_ends: datetime | None = None
    webhooks_off: tuple[str, ...] = ()
    push: Webhook | Exception = field(default_factory=Webhook)

    def put(self, *orders: Order) -> None:
        self.rows |= {order.order_id: order for order in orders}

    def feed_limits(self, feed: Capability) -> FeedLimits:
        return self.limits

    def orders(self, start: datetime, end: datetime, cursor: str = "") -> Page[Order]:
        self.pages += 1
        self.temper(self.pages)
        if not cursor:
            self.asked.append((start, end))
        fitting = [o for o in self.rows.values() if o.updated_at and start <= o.updated_at < end]
        fitting.sort(key=lambda order: (order.updated_at, order.order_id), reverse=True)
        if self.most and len(fitting) > self.most:
            return Page(tuple(fitting[: self.limits.page_size]), window_full=True)
        size = self.limits.page_size
        # The last page first: a row that leaves the window moves others to where it was.
        page = int(cursor) if cursor else max(-(-len(fitting) // size), 1)
        shown = fitting[(page - 1) * size : page * size]
        rejected = tuple(row for at, row in self.bad_rows if start <= at < end and not cursor)
        return Page(tuple(shown), str(page - 1) if page > 1 else "", rejected)

    def refunds(self, start: datetime, end: datetime, cursor: str = "") -> Page[Refund]:
        self.refund_temper()
        found = [r for r in self.requests.values() if r.updated_at and start <= r.updated_at < end]
        return Page(tuple(found))

    def order(self, order_id: str) -> Order:
        self.read_again.append(order_id)
        self.temper(0)
        if order_id not in self.rows:
            raise Refused("no such order", code="invalid_id", status=404)
        return self.rows[order_id]

    def read_webhook(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: datetime
    ) -> Webhook:
        if headers.get("signature") != "fits":
            raise WebhookRefused("the signature does not fit")
        if isinstance(self.push, Exception):
            raise self.push
        return self.push

    def token_expires_at(self) -> datetime | None:
        return self.token_ends

    def disabled_webhooks(self) -> tuple[str, ...]:
        return self.webhooks_off


LIVE = Shop(id="live", platform="taobao", name="青禾家居", secrets={"app_key": "env:LIVE_KEY"})


def settings_of(*shops: Shop) -> Settings:
    """A live shop, and one robot that hears everything."""
    return Settings(
        shops=shops or (LIVE,),
        tracking=Tracking(default_source="scripted", shards=1),
        alerts=Alerts(
            targets={"group": Target(kind="dingtalk", url="env:ROBOT_URL")},
            routes=(Route(targets=("group",)),),
            operators=("group",),
        ),
    )


def a_desk(shop: LiveShop, clock: Clock, owner: str = "run-1") -> ShopDesk:
    """A desk with that shop, both of its clocks being `clock`."""

    def no_secrets(reference: str) -> str:
        raise AssertionError(f"{reference} is not needed")

    def no_network(request: object) -> object:
        raise AssertionError("the shop is at hand")

    return ShopDesk(
        settings=settings_of(),
        transport=no_network,  # type: ignore[arg-type]
        resolve=no_secrets,
        business_now=clock,
        wall_now=clock,
        owner=owner,
        platforms={"live": shop},  # type: ignore[dict-item]
    )


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
