"""WooCommerce (https://<shop>/wp-json/wc/v3): a shop system that runs at the seller's own address.

Facts: platforms reference, section 8; the vendor's REST documents. Basic authentication over https;
plain http would need OAuth 1.0a and is refused. What the shop says is read in `woocommerce_reply`,
what it pushes is checked in `woocommerce_webhook`.

Paging. A page is an offset into whatever fits the question at this instant. An order that is
changed while its window is read leaves the window, and all rows behind it move up by one: who reads
forwards misses one row. So the last page is read first; what moves up is read again further in
front. Nothing can enter a window that has ended. Orders are sorted by id, the only stable order
that every version documents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from aftersales import clock
from aftersales.couriers.reading import mapping, text, whole
from aftersales.errors import BadInput, Misconfigured, Refused, Unreachable
from aftersales.parcels import Order
from aftersales.platforms.base import Capability, FeedLimits, Page, RejectedRow, Webhook
from aftersales.platforms.lacking import Lacking
from aftersales.platforms.woocommerce_call import WooCommerceCall
from aftersales.platforms.woocommerce_contact import read_contact
from aftersales.platforms.woocommerce_reply import (
    read_order,
    read_refund,
    read_review,
    rejected_row,
    row_id,
    rows_of,
)
from aftersales.platforms.woocommerce_webhook import checked_push
from aftersales.refunds import Refund
from aftersales.reviews import Review

if TYPE_CHECKING:
    from aftersales.http import Transport
    from aftersales.platforms.contact import Contact
    from aftersales.settings.model import Shop

PAGE_SIZE = 100  # the most that the interface gives
REFUND_PAGE_SIZE = 20  # orders: each one that has refunds costs a question of its own
HOLD_STOCK_MINUTES = "60"  # the shop system's default; option `hold_stock_minutes`

GONE = (404, 410)
"""HTTP answers to the question for what was deleted."""

DAY = 24 * 3600
LIMITS = {
    # No window is too long for the interface; these keep a run short. Three minutes and ten
    # minutes: cross-platform notes of the reference.
    Capability.ORDERS_BY_UPDATE: FeedLimits(DAY, 10 * 365 * DAY, 180, 600, PAGE_SIZE),
    Capability.REFUNDS: FeedLimits(DAY, 10 * 365 * DAY, 180, 600, REFUND_PAGE_SIZE),
    # An edit of a review changes no time: the last three days are read again each time.
    Capability.REVIEWS: FeedLimits(30 * DAY, 10 * 365 * DAY, 180, 3 * DAY, PAGE_SIZE),
}
ZONE_MARGIN = timedelta(hours=15)
"""Reviews are compared in the shop's own zone, which nobody tells: so much more is asked for."""
FILTER_MARGIN = timedelta(days=2)
"""A row that changed so long before the window proves that the filter was not understood."""

_CAPABILITIES = frozenset(
    {
        Capability.ORDERS_BY_UPDATE,
        Capability.UNPAID_ORDERS,
        Capability.ORDER_BY_ID,
        Capability.REVIEWS,
        Capability.REVIEW_BY_ID,
        Capability.REFUNDS,
    }
)
"""Of reviews, the interface shows no replies and takes none: those are WordPress comments, for
which a shop's key has no rights. A buyer who has more to say writes another review."""


class WebhookState(NamedTuple):
    """One webhook as the shop has it: active, paused (by a person) or disabled (after failures)."""

    webhook_id: str
    topic: str
    status: str
    ours: bool


class WooCommerce(Lacking):
    """`Platform` for one WooCommerce shop.

    Secrets: `consumer_key`, `consumer_secret` (read access is enough); `webhook_secret`, and
    `webhook_secret_previous` while it is being changed. Option `hold_stock_minutes`: what the shop
    has under Products, Inventory, Hold stock; `off` where it keeps unpaid orders.
    """

    name: ClassVar[str] = "woocommerce"

    def __init__(
        self,
        shop: Shop,
        secrets: Mapping[str, str],
        transport: Transport,
        *,
        options: Mapping[str, str] = {},
        wall_now: Callable[[], datetime] = clock.wall_now,  # noqa: ARG002 - nothing here has an age
    ) -> None:
        self._shop = shop
        self._get = WooCommerceCall(shop, secrets, transport)
        self._webhook_secrets = [
            value
            for name in ("webhook_secret", "webhook_secret_previous")
            if (value := secrets.get(name, ""))
        ]
        self._hold = hold_stock(options.get("hold_stock_minutes", HOLD_STOCK_MINUTES))

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `Platform.capabilities`. Webhooks need their secret."""
        return _CAPABILITIES | ({Capability.WEBHOOKS} if self._webhook_secrets else set())

    def feed_limits(self, feed: Capability) -> FeedLimits:
        """See `Platform.feed_limits`."""
        limits = LIMITS.get(feed)
        return limits if limits is not None else super().feed_limits(feed)

    def orders(self, start: datetime, end: datetime, cursor: str = "") -> Page[Order]:
        """See `Platform.orders`. Trashed orders are not among them: webhooks tell of those."""
        rows, following, full = self._changed_orders(start, end, cursor, PAGE_SIZE, {})
        found: list[Order] = []
        rejected: list[RejectedRow] = []
        for at, row in enumerate(rows):
            try:
                order, put_aside = read_order(row, self._shop, self._hold)
            except BadInput as exc:
                rejected.append(rejected_row(row, f"orders, row {at + 1}", exc.reason))
                continue
            found.append(order)
            rejected.extend(put_aside)
        return Page(tuple(found), following, tuple(rejected), full)

    def order(self, order_id: str) -> Order:
        """See `Platform.order`. An order that was deleted for good is `Refused` with status 404."""
        if not (order_id.isascii() and order_id.isdigit()):
            raise Refused("this is not the id of a WooCommerce order", code="invalid_id")
        row, _ = self._get(f"orders/{order_id}", {})
        try:
            return read_order(row, self._shop, self._hold)[0]
        except BadInput as exc:
            raise Unreachable(f"shop {self._shop.id}: {exc.reason}") from exc

    def contact(self, order_id: str, consent_field: str) -> Contact:
        """See `TellsContact.contact`."""
        row, _ = self._get(f"orders/{order_id}", {})
        try:
            return read_contact(row, self._shop, self._hold, consent_field)
        except BadInput as exc:
            raise Unreachable(f"shop {self._shop.id}: {exc.reason}") from exc

    def refunds(self, start: datetime, end: datetime, cursor: str = "") -> Page[Refund]:
        """See `Platform.refunds`. All refunds of the orders that changed: a refund changes its
        order, and there is no other way to ask for them by time."""
        wanted = {"_fields": "id,status,currency,date_modified_gmt,refunds"}
        rows, following, full = self._changed_orders(start, end, cursor, REFUND_PAGE_SIZE, wanted)
        found: list[Refund] = []
        rejected: list[RejectedRow] = []
        for order in rows:
            if not rows_of(mapping(order).get("refunds")):
                continue
            try:
                order_id = row_id(order, "order")
            except BadInput as exc:
                rejected.append(rejected_row(order, "refunds", exc.reason))
                continue
            for row in self._refunds_of(order_id):
                try:
                    found.append(read_refund(row, order, self._shop))
                except BadInput as exc:
                    place = f"order {order_id}, refunds"
                    rejected.append(rejected_row(row, place, exc.reason))
        return Page(tuple(found), following, tuple(rejected), full)

    def reviews(self, start: datetime, end: datetime, cursor: str = "") -> Page[Review]:
        """See `Platform.reviews`. Approved ones and those that wait for the seller's approval."""
        parameters = {
            "status": "all",
            "after": _without_zone(start - ZONE_MARGIN),
            "before": _without_zone(end + ZONE_MARGIN),
        }
        rows, following, full = self._last_page_first(
            "products/reviews", parameters, cursor, PAGE_SIZE
        )
        found: list[Review] = []
        rejected: list[RejectedRow] = []
        for at, row in enumerate(rows):
            try:
                review = read_review(row, self._shop)
            except BadInput as exc:
                rejected.append(rejected_row(row, f"reviews, row {at + 1}", exc.reason))
                continue
            if review.created_at is None or start <= review.created_at < end:
                found.append(review)
        return Page(tuple(found), following, tuple(rejected), full)

    def review(self, known: Review) -> Review:
        """See `Platform.review`. Spam and what lies in the trash count as deleted."""
        if not (known.review_id.isascii() and known.review_id.isdigit()):
            raise Refused("this is not the id of a WooCommerce review", code="invalid_id")
        try:
            row, _ = self._get(f"products/reviews/{known.review_id}", {})
        except Refused as exc:
            # A host that answers for the shop, with a code of its own, says nothing of a review.
            if exc.status in GONE and exc.code.startswith("woocommerce_rest_"):
                return replace(known, deleted=True)
            raise
        try:
            return read_review(row, self._shop)
        except BadInput as exc:
            raise Unreachable(f"shop {self._shop.id}: {exc.reason}") from exc

    def read_webhook(
        self,
        headers: Mapping[str, str],
        query: Mapping[str, str],  # noqa: ARG002 - nothing of it is signed
        body: bytes,
        now: datetime,  # noqa: ARG002 - the sender states no time
    ) -> Webhook:
        """See `Platform.read_webhook`. The push with which a webhook is created is nothing.

        The topic stands in an unsigned header: it can make us look up an order, never tell us
        something about one. A deleted order is told of by its id alone.
        """
        push = checked_push(headers, body, self._webhook_secrets)
        if push is None:
            return Webhook()
        if not push.topic.startswith("order."):
            return Webhook(push.delivery_id)
        try:
            row = json.loads(body)
            order_id = row_id(row, "order")
        except (ValueError, RecursionError, BadInput) as exc:
            reason = exc.reason if isinstance(exc, BadInput) else "this is not JSON"
            raw = body.decode("utf-8", "replace")
            return Webhook(push.delivery_id, rejected=(rejected_row(raw, "webhook", reason),))
        if "status" not in row or "line_items" not in row:
            return Webhook(push.delivery_id, (order_id,))
        order, rejected = read_order(row, self._shop, self._hold)
        return Webhook(push.delivery_id, (order_id,), (order,), tuple(rejected))

    def webhooks_state(self) -> list[WebhookState]:
        """The shop's webhooks, ours or not. Ours have the shop's id in their delivery address."""
        document, _ = self._get("webhooks", {"per_page": str(PAGE_SIZE)})
        found = []
        for row in rows_of(document) or []:
            address = urlsplit(text(mapping(row).get("delivery_url")))
            found.append(
                WebhookState(
                    text(mapping(row).get("id")),
                    text(mapping(row).get("topic")),
                    text(mapping(row).get("status")),
                    self._shop.id in unquote(address.path).split("/"),
                )
            )
        return found

    def disabled_webhooks(self) -> tuple[str, ...]:
        """Our webhooks that the shop has switched off: after more than five failures in a row it
        does so, silently and for good. As `order.updated (webhook 142)`."""
        return tuple(
            f"{each.topic} (webhook {each.webhook_id})"
            for each in self.webhooks_state()
            if each.ours and each.status == "disabled"
        )

    def _changed_orders(
        self, start: datetime, end: datetime, cursor: str, page_size: int, more: dict[str, str]
    ) -> tuple[list[Any], str, bool]:
        """Orders changed in [start, end): a page of rows, the next cursor, too many to page.

        Both bounds are exclusive there, and whole seconds. They must not name a zone: with
        one, WordPress converts them to the shop's own and compares the result with GMT.
        """
        parameters = {
            "status": "any",
            "modified_after": _without_zone(start.replace(microsecond=0) - timedelta(seconds=1)),
            "modified_before": _without_zone(end + timedelta(microseconds=999_999)),
            "dates_are_gmt": "true",
            **more,
        }
        rows, following, full = self._last_page_first("orders", parameters, cursor, page_size)
        for row in rows:
            changed = text(mapping(row).get("date_modified_gmt"))
            if changed and changed < _without_zone(start - FILTER_MARGIN):
                raise Misconfigured(
                    f"The shop {self._shop.id}, asked for changed orders, gives orders of any age.",
                    what_to_do="Update WooCommerce to 5.8 or newer.",
                )
        return rows, following, full

    def _last_page_first(
        self, path: str, parameters: dict[str, str], cursor: str, page_size: int
    ) -> tuple[list[Any], str, bool]:
        """The page that `cursor` names, counted from the end; "" is the last one."""
        asked = {**parameters, "orderby": "id", "order": "asc", "per_page": str(page_size)}
        page = int(cursor) if cursor else 1
        rows, total = self._page(path, asked, page)
        if not cursor and total is None and len(rows) >= page_size:
            # Something between us and the shop takes its headers away: ask for shorter windows.
            return rows, "", True
        if not cursor and total is not None and total > 1:
            page = total
            rows, _ = self._page(path, asked, page)
        return rows, str(page - 1) if page > 1 else "", False

    def _page(self, path: str, asked: dict[str, str], page: int) -> tuple[list[Any], int | None]:
        document, headers = self._get(path, {**asked, "page": str(page)})
        rows = rows_of(document)
        if rows is None:
            raise Unreachable(f"shop {self._shop.id} answered {path} with no list")
        return rows, whole(headers.get("x-wp-totalpages"))

    def _refunds_of(self, order_id: str) -> list[Any]:
        try:
            document, _ = self._get(f"orders/{order_id}/refunds", {"per_page": str(PAGE_SIZE)})
        except Refused as exc:
            if exc.status in GONE:  # deleted since its page was read
                return []
            raise
        return rows_of(document) or []


def hold_stock(option: str) -> timedelta | None:
    """How long the shop keeps an unpaid order; None for `off`. Raises `Misconfigured`."""
    if option == "off":
        return None
    try:
        minutes = int(option)
    except ValueError:
        minutes = -1
    if not 0 < minutes <= 366 * 24 * 60:
        raise Misconfigured(
            f"The option hold_stock_minutes of a shop is {option[:20]!r}.",
            what_to_do="Write a number of minutes from 1 on, or off.",
        )
    return timedelta(minutes=minutes)


def _without_zone(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()
