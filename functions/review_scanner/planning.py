"""Which shops' reviews are to be read, and how far behind the reading is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftersales.feeds import windows
from aftersales.feeds.lag import BEHIND, tell_of_lag
from aftersales.settings.model import Settings
from aftersales.tables import feeds
from review_scanner import health
from review_scanner.desk import FEED, scanned_shops
from review_scanner.product_alarms import shops_with_alarms

if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook

MESSAGES_PER_CALL = 10

SendBatch = Callable[[Sequence[str]], None]


def plan(settings: Settings, scheduled_time: str, send: SendBatch) -> int:
    """One message per shop; returns how many. A message that comes twice does no harm.

    A shop whose reviews arrive by files or pushes has one while an alarm about a product is open.
    """
    shops = {shop.id: shop for shop in scanned_shops(settings)}
    told = [shop for shop in settings.shops if shop.id not in shops]
    shops |= {shop.id: shop for shop in shops_with_alarms(told)}
    bodies = [json.dumps({"shop": shop_id, "scheduled_time": scheduled_time}) for shop_id in shops]
    for start in range(0, len(bodies), MESSAGES_PER_CALL):
        send(bodies[start : start + MESSAGES_PER_CALL])
    return len(bodies)


def tell_of_lags(settings: Settings, casebook: Casebook, now: datetime) -> timedelta:
    """A case for each feed of reviews that fell behind; returns how far the slowest one is."""
    shops = {feeds.shop_feed(shop.id, FEED): shop for shop in scanned_shops(settings)}
    slowest = timedelta(0)
    for feed, reading in feeds.all_readings(shops).items():
        behind = windows.behind(reading.position, now)
        slowest = max(slowest, behind)
        shop = shops[feed]
        explained = behind >= BEHIND and health.is_known(shop)
        name = f"{shop.name or shop.id} {FEED}"
        tell_of_lag(casebook, feed, name, behind, now, explained=explained)
    return slowest
