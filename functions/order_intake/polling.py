"""Live shops on schedule: their feeds of orders and refunds, read without gaps."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from aftersales.errors import Misconfigured, OutsideFailure, TryLater
from aftersales.feeds import windows
from aftersales.feeds.coverage import FeedResult, FeedRun, Outcome
from aftersales.feeds.lag import BEHIND, tell_of_lag
from aftersales.platforms.base import Capability, Platform
from aftersales.settings.model import Settings, Shop
from aftersales.tables import feeds, orders
from order_intake import shop_health
from order_intake.importing import store_orders
from order_intake.refund_rules import refund_news
from order_intake.shop_desk import polled_shops

if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook
    from aftersales.parcels import Order
    from aftersales.refunds import Refund
    from order_intake.shop_desk import ShopDesk

MESSAGES_PER_CALL = 10
POLLED = {"orders": Capability.ORDERS_BY_UPDATE, "refunds": Capability.REFUNDS}
"""The feeds of a shop that are read here, in this order: a refund finds its order there."""
STOPS_THE_SHOP = frozenset({Outcome.TRY_LATER, Outcome.QUOTA})
"""After these, the shop's next feed would only hear the same."""

SendBatch = Callable[[Sequence[str]], None]


def plan_polls(settings: Settings, scheduled_time: str, send: SendBatch) -> int:
    """One message per shop; returns how many. A message that comes twice does no harm."""
    bodies = [
        json.dumps({"shop": shop.id, "scheduled_time": scheduled_time})
        for shop in polled_shops(settings)
    ]
    for start in range(0, len(bodies), MESSAGES_PER_CALL):
        send(bodies[start : start + MESSAGES_PER_CALL])
    return len(bodies)


def tell_of_lags(settings: Settings, casebook: Casebook, now: datetime) -> timedelta:
    """A case for each feed that fell behind; returns how far the slowest one is."""
    names = {
        feeds.shop_feed(shop.id, name): (shop, name)
        for shop in polled_shops(settings)
        for name in POLLED
    }
    slowest = timedelta(0)
    for feed, reading in feeds.all_readings(names).items():
        shop, name = names[feed]
        behind = windows.behind(reading.position, now)
        slowest = max(slowest, behind)
        explained = behind >= BEHIND and _is_explained(shop)
        called = f"{shop.name or shop.id} {name}"
        tell_of_lag(casebook, feed, called, behind, now, explained=explained)
    return slowest


def poll_shop(desk: ShopDesk, shop_id: str, seconds_left: float) -> dict[str, Any]:
    """Read what is new in a shop. Returns a summary for the log.

    What goes wrong with the shop becomes a case, or is tried again by the next run. Raises only
    what is wrong with our own tables.
    """
    deadline = desk.wall_now() + timedelta(seconds=seconds_left)
    try:
        shop = desk.shop(shop_id)
    except Misconfigured:
        return {"shop": shop_id, "outcome": "not_connected"}  # taken out of the settings meanwhile
    try:
        platform = desk.platform(shop_id)
    except (Misconfigured, OutsideFailure) as exc:
        shop_health.shop_failed(desk, shop, exc, desk.business_now())
        return {"shop": shop_id, "outcome": "no_connection", "error": type(exc).__name__}
    results: dict[str, FeedResult] = {}
    for name, capability in POLLED.items():
        if capability not in platform.capabilities:
            continue
        results[name] = _read(desk, shop, platform, name, deadline)
        if results[name].outcome in STOPS_THE_SHOP:
            break
    now = desk.business_now()
    shop_health.feeds_read(desk, shop, list(results.values()), now)
    looked = shop_health.look_now_and_then(desk, shop, platform, now)
    summaries = {name: result.summary() for name, result in results.items()}
    return {"shop": shop_id, "looked": looked, **summaries}


def _read(
    desk: ShopDesk, shop: Shop, platform: Platform, name: str, deadline: datetime
) -> FeedResult:
    def run_with(fetch: Any, store: Callable[[Sequence[Any]], None]) -> FeedResult:
        return FeedRun(
            feed=feeds.shop_feed(shop.id, name),
            limits=platform.feed_limits(POLLED[name]),
            fetch=fetch,
            store=store,
            put_aside=lambda rows: shop_health.rows_rejected(
                desk, shop, name, rows, desk.business_now()
            ),
            owner=desk.owner,
            business_now=desk.business_now,
            wall_now=desk.wall_now,
            deadline=deadline,
            first=timedelta(hours=shop.first_look_back_hours),
        ).read()

    if name == "orders":
        return run_with(platform.orders, lambda found: _store(desk, found))
    return run_with(platform.refunds, lambda found: _store_refunds(desk, found))


def _store(desk: ShopDesk, found: Sequence[Order]) -> None:
    stored, _ = store_orders(found, desk.settings, desk.business_now())
    if stored["failed"]:
        raise TryLater(f"{stored['failed']} orders were being changed by others")


def _store_refunds(desk: ShopDesk, found: Sequence[Refund]) -> None:
    """Refunds become a part of their order, and so of its parcels."""

    def key(refund: Refund) -> tuple[str, str]:
        return refund.shop_id, refund.order_id

    news = []
    for (shop_id, order_id), group in groupby(sorted(found, key=key), key):
        order = refund_news(orders.get(shop_id, order_id), list(group))
        if order is not None:
            news.append(order)
    _store(desk, news)


def _is_explained(shop: Shop) -> bool:
    cases = feeds.health(shop_health.health_of(shop)).cases
    return bool(set(cases) & set(shop_health.TROUBLE.values()))
