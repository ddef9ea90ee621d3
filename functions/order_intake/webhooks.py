"""Pushes of shops: verified over their raw bytes, queued and answered at once, applied after."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from aftersales.errors import BadInput, Misconfigured, Refused, WebhookRefused
from aftersales.platforms.base import Capability, Webhook
from aftersales.platforms.gone import says_gone
from aftersales.review_pushes import PushedReviews
from aftersales.review_pushes import packed as packed_reviews
from aftersales.tables import feeds

if TYPE_CHECKING:
    from aftersales.platforms.base import Platform
    from order_intake.shop_desk import ShopDesk

BODY_LIMIT_BYTES = 1024 * 1024
KEEP_DELIVERY = timedelta(days=3)
"""A delivery is known by its id for as long as senders repeat one."""
ORDERS_PER_MESSAGE = 20
IDS_PER_MESSAGE = 200
RAW_LIMIT_CHARACTERS = 30_000
"""Of a refused row: a queue message holds 256 KB, whatever the row is made of."""


class Pushed(Struct, frozen=True):
    """A push as it arrived: header names in lower case, the body's raw bytes."""

    shop_id: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class Envelope(msgspec.Struct):
    """What lies in the queue: the shop, what it pushed, and when that came."""

    shop: str
    news: Webhook
    received_at: datetime


def accept_webhook(
    desk: ShopDesk,
    pushed: Pushed,
    enqueue: Callable[[str], None],
    now: datetime,
    *,
    enqueue_reviews: Callable[[str], None],
) -> str:
    """Verify a push and queue it; returns what became of it. `now` is real time.

    Reviews are none of the intake's business: they go to the queue of the scanner.

    Raises `WebhookRefused`: the sender is told nothing but the status. What is queued is what the
    desk needs of the push, without the buyer's name and address.
    """
    if len(pushed.body) > BODY_LIMIT_BYTES:
        raise WebhookRefused("larger than any push of a shop", status=413)
    try:
        platform = desk.platform(pushed.shop_id)
    except Misconfigured as exc:
        raise WebhookRefused(f"shop {pushed.shop_id!r}: {exc}") from exc
    if Capability.WEBHOOKS not in platform.capabilities:
        raise WebhookRefused(f"shop {pushed.shop_id!r} has no secret to verify pushes with")
    try:
        news = platform.read_webhook(pushed.headers, pushed.query, pushed.body, now)
    except WebhookRefused:
        raise
    except BadInput as exc:
        raise WebhookRefused(str(exc)) from exc
    if not (news.orders or news.order_ids or news.rejected or news.reviews):
        return "nothing_of_ours"  # a ping
    marks = list(_marks(news, pushed.body))
    if any(feeds.is_known_news(pushed.shop_id, mark, now) for mark in marks):
        return "known_already"
    # Remembered after it is queued: the other way round, a crash in between would lose it. Queued
    # twice does no harm.
    for part in _parts(news):
        enqueue(packed(Envelope(pushed.shop_id, part, now)))
    if news.reviews:
        enqueue_reviews(packed_reviews(PushedReviews(pushed.shop_id, news.reviews, now)))
    for mark in marks:
        feeds.remember_news(pushed.shop_id, mark, KEEP_DELIVERY, now)
    return "queued"


def _marks(news: Webhook, body: bytes) -> Iterator[str]:
    """What this push is known by when it comes again: its delivery id, and its content.

    The same content is the same news only where it says of when it is. A bare
    "this order has changed" may be sent twice and mean two changes.
    """
    if news.delivery_id:
        yield "id-" + hashlib.sha256(news.delivery_id.encode()).hexdigest()[:32]
    ids = {order.order_id for order in news.orders}
    dates = [each.updated_at for each in news.orders] + [each.updated_at for each in news.reviews]
    if dates and ids >= set(news.order_ids) and all(dates):
        yield "body-" + hashlib.sha256(body).hexdigest()[:32]


def _parts(news: Webhook) -> Iterator[Webhook]:
    """A push in pieces that fit into a queue message each; nearly always it is one."""
    held = {order.order_id for order in news.orders}
    ids = tuple(one for one in dict.fromkeys(news.order_ids) if one not in held)
    for start in range(0, len(news.orders), ORDERS_PER_MESSAGE):
        yield Webhook(orders=news.orders[start : start + ORDERS_PER_MESSAGE])
    for start in range(0, len(ids), IDS_PER_MESSAGE):
        yield Webhook(order_ids=ids[start : start + IDS_PER_MESSAGE])
    for row in news.rejected:
        yield Webhook(rejected=(replace(row, raw=row.raw[:RAW_LIMIT_CHARACTERS]),))


def packed(envelope: Envelope) -> str:
    """An envelope as a queue message."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(envelope))).decode()


def unpacked(message: str) -> Envelope:
    """The envelope in a queue message."""
    return msgspec.json.decode(zlib.decompress(base64.b64decode(message)), type=Envelope)


def apply_webhook(desk: ShopDesk, message: str, now: datetime) -> Counter[str]:
    """Apply a queued push. Safe to repeat. `now` is business time. Returns counts of outcomes.

    Raises `TryLater` or `Misconfigured` where an order cannot be read again now: the message comes
    again later.
    """
    # Accepting a push, which the sender waits for, does without these.
    from order_intake import shop_health
    from order_intake.importing import store_order

    envelope = unpacked(message)
    news, tally = envelope.news, Counter[str]()
    try:
        shop = desk.shop(envelope.shop)
    except Misconfigured:
        return Counter(not_connected=1)  # taken out of the settings meanwhile
    for order in news.orders:
        outcome, _ = store_order(order, desk.settings, now)
        tally[outcome] += 1
    if news.rejected:
        shop_health.rows_rejected(desk, shop, "pushes", news.rejected, now)
        tally["rejected"] += len(news.rejected)
    if not news.order_ids:
        return tally
    try:
        platform = desk.platform(envelope.shop)
        for order_id in news.order_ids:
            tally[_read_again(desk, platform, envelope.shop, order_id, now)] += 1
    except Misconfigured as exc:
        shop_health.shop_failed(desk, shop, exc, now)
        raise
    return tally


def _read_again(
    desk: ShopDesk, platform: Platform, shop_id: str, order_id: str, now: datetime
) -> str:
    from order_intake.importing import store_order

    if Capability.ORDER_BY_ID not in platform.capabilities:
        return "cannot_be_read"
    try:
        order = platform.order(order_id)
    except Refused as exc:
        # The next reading of the feed is the net below; asking again would bring the same.
        return _deleted(desk, shop_id, order_id, now) if says_gone(exc) else "cannot_be_read"
    outcome, _ = store_order(order, desk.settings, now)
    return outcome


def _deleted(desk: ShopDesk, shop_id: str, order_id: str, now: datetime) -> str:
    """An order that is no more is closed: nobody waits for its payment or its parcel."""
    from aftersales.parcels import Order, OrderStatus
    from aftersales.tables import orders
    from order_intake.importing import store_order

    seen = orders.see(shop_id, order_id)
    known = seen.order
    if known is None:
        return "deleted_unknown"
    closed = Order(
        shop_id=shop_id,
        order_id=order_id,
        status=OrderStatus.CLOSED,
        raw_status="deleted",
        updated_at=max(now, known.updated_at or now),
        needs_payment=known.needs_payment,
    )
    store_order(closed, desk.settings, now, seen=seen)
    return "deleted"
