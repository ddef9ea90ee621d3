"""Taobao and Tmall shops over TOP, their open platform: one interface for both.

Facts: platforms reference, sections 1 and 9, and platform rules, Taobao / Tmall. Calls and errors
are in `taobao_call`, windows in `taobao_paging`, rows in `taobao_reply`, reviews in
`taobao_reviews`, signatures in `taobao_sign`, calls from TOP to us in `taobao_callback`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from aftersales import clock
from aftersales.couriers.china import CHINA, china_time
from aftersales.errors import BadInput, Misconfigured, Refused, Unreachable
from aftersales.http import Transport
from aftersales.parcels import Order
from aftersales.platforms.base import (
    Capability,
    FeedLimits,
    Page,
    Webhook,
    WriteAnswer,
)
from aftersales.platforms.taobao_call import TIMESTAMP_FORMAT, TopCaller
from aftersales.platforms.taobao_callback import read_callback
from aftersales.platforms.taobao_paging import ListMethod, read_page
from aftersales.platforms.taobao_reply import (
    FINAL_REFUND_STATES,
    ORDER_FIELDS,
    REFUND_DETAIL_FIELDS,
    REFUND_FIELDS,
    read_order,
    read_refund,
    rows,
    with_detail,
)
from aftersales.platforms.taobao_reviews import (
    REVIEW_LOOK_BACK_DAYS,
    REVIEW_PAGE_SIZE,
    TopReviews,
)
from aftersales.platforms.taobao_sign import SIGN_METHODS
from aftersales.refunds import Refund
from aftersales.reviews import Review
from aftersales.settings.model import Shop

DAY_SECONDS = 24 * 3600

ORDER_WINDOW_MINUTES = 30  # advised; a day at most
ORDER_PAGE_SIZE = 50  # 40 to 50 advised, 100 at most
REFUND_PAGE_SIZE = 20  # 100 at most; each open one costs a further call
LOOK_BACK_DAYS = 89  # three months for orders; refunds state none
SETTLE_SECONDS = 180
OVERLAP_SECONDS = 600

UNPAID_CLOSE_HOURS = 24.0  # [second-hand]
EXTENSION_DAYS = (3, 5, 7, 10)

ORDER_METHOD = "taobao.trades.sold.increment.get"
_ORDER_METHOD = re.compile(r"taobao\.trades\.(?:[a-z]+\.)*incrementv?\.get")
_REFUND_METHOD = "taobao.refunds.receive.get"

LIMITS = {
    Capability.ORDERS_BY_UPDATE: FeedLimits(
        window_seconds=ORDER_WINDOW_MINUTES * 60,
        look_back_seconds=LOOK_BACK_DAYS * DAY_SECONDS,
        settle_seconds=SETTLE_SECONDS,
        overlap_seconds=OVERLAP_SECONDS,
        page_size=ORDER_PAGE_SIZE,
    ),
    Capability.REFUNDS: FeedLimits(
        window_seconds=DAY_SECONDS,
        look_back_seconds=LOOK_BACK_DAYS * DAY_SECONDS,
        settle_seconds=SETTLE_SECONDS,
        overlap_seconds=OVERLAP_SECONDS,
        page_size=REFUND_PAGE_SIZE,
    ),
    Capability.REVIEWS: FeedLimits(
        window_seconds=DAY_SECONDS,
        look_back_seconds=REVIEW_LOOK_BACK_DAYS * DAY_SECONDS,
        settle_seconds=SETTLE_SECONDS,
        overlap_seconds=OVERLAP_SECONDS,
        page_size=REVIEW_PAGE_SIZE,
    ),
}


class Taobao:
    """`Platform` for one Taobao or Tmall shop.

    Secrets: `app_key`, `app_secret`, `session` (the access token) and, where known,
    `session_expires_at` (ISO 8601; +08:00 where it states no zone). Options: `order_method` (the
    order feed, for apps that are only granted the simple one), `sign_method` md5 (default), hmac or
    hmac-sha256, `unpaid_close_hours` (24), `refund_details` on (default) or off: a further call per
    open refund, for its deadline and dispute; `review_follow_ups` on (default) or off: of Tmall's,
    a further call per review, for what the buyer added later. Raises `Misconfigured`.
    """

    name: ClassVar[str] = "taobao"

    def __init__(
        self,
        shop: Shop,
        secrets: Mapping[str, str],
        transport: Transport,
        *,
        options: Mapping[str, str] = {},
        wall_now: Callable[[], datetime] = clock.wall_now,
    ) -> None:
        self._shop = shop
        self._wall_now = wall_now
        self._app_secret = _required(secrets, "app_secret", shop.id)
        self._caller = TopCaller(
            transport,
            app_key=_required(secrets, "app_key", shop.id),
            app_secret=self._app_secret,
            session=_required(secrets, "session", shop.id),
            base_url=shop.base_url,
            sign_method=_one_of(options, "sign_method", SIGN_METHODS, shop.id),
            wall_now=wall_now,
        )
        self._token_expires_at = _expiry(secrets.get("session_expires_at", ""), shop.id)
        self._order_method = options.get("order_method") or ORDER_METHOD
        if not _ORDER_METHOD.fullmatch(self._order_method):
            raise _wrong_option(
                "order_method", shop.id, f"the name of a method like {ORDER_METHOD}"
            )
        self._unpaid_close = timedelta(hours=_hours(options, shop.id))
        self._refund_details = _one_of(options, "refund_details", ("on", "off"), shop.id) == "on"
        follow_ups = _one_of(options, "review_follow_ups", ("on", "off"), shop.id) == "on"
        self._reviews = TopReviews(
            self._caller, shop, wall_now, follow_ups=follow_ups and shop.platform == "tmall"
        )

    @property
    def capabilities(self) -> frozenset[Capability]:
        """See `Platform.capabilities`. Only Tmall sellers may answer reviews, and only Tmall tells
        what buyers add to theirs."""
        left_out = set()
        if self._shop.platform != "tmall":
            left_out.add(Capability.REPLY_TO_REVIEW)
        if not self._reviews.follow_ups:
            left_out.add(Capability.REVIEW_FOLLOW_UPS)
        if not self._refund_details:
            left_out.add(Capability.DISPUTES)
        if self._token_expires_at is None:
            left_out.add(Capability.TOKEN_EXPIRES)
        return frozenset(Capability) - left_out

    def feed_limits(self, feed: Capability) -> FeedLimits:
        """See `Platform.feed_limits`."""
        return LIMITS[feed]

    def orders(self, start: datetime, end: datetime, cursor: str = "") -> Page[Order]:
        """See `Platform.orders`."""
        by_arrival = self._order_method.endswith("incrementv.get")
        names = ("start_create", "end_create") if by_arrival else ("start_modified", "end_modified")
        asked = {"fields": ORDER_FIELDS, names[0]: _time(start), names[1]: _time(end)}
        return read_page(
            self._caller,
            ListMethod(self._order_method, "trades", "trade", ORDER_PAGE_SIZE),
            asked,
            cursor,
            lambda row: read_order(row, self._shop.id, self._unpaid_close),
        )

    def order(self, order_id: str) -> Order:
        """See `Platform.order`."""
        method = "taobao.trade.fullinfo.get"
        told = self._caller.call(method, {"tid": order_id, "fields": ORDER_FIELDS})
        trade = _single(told, "trade", method)
        try:
            order = read_order(trade, self._shop.id, self._unpaid_close)
        except BadInput as exc:
            raise Refused(f"{method}: {exc}", code="unreadable") from exc
        if order.order_id != order_id:
            raise Unreachable(f"{method}: the answer is about another order")
        return order

    def refunds(self, start: datetime, end: datetime, cursor: str = "") -> Page[Refund]:
        """See `Platform.refunds`."""
        asked = {
            "fields": REFUND_FIELDS,
            "start_modified": _time(start),
            "end_modified": _time(end),
        }
        feed = ListMethod(_REFUND_METHOD, "refunds", "refund", REFUND_PAGE_SIZE)
        return read_page(self._caller, feed, asked, cursor, self._refund)

    def reviews(self, start: datetime, end: datetime, cursor: str = "") -> Page[Review]:
        """See `Platform.reviews`. TOP shows at most 1500 of a window."""
        return self._reviews.page(start, end, cursor)

    def review(self, known: Review) -> Review:
        """See `Platform.review`. TOP shows reviews of the last 180 days."""
        return self._reviews.again(known)

    def refusal_of_reply(self, review: Review, text: str) -> WriteAnswer | None:
        """See `Platform.refusal_of_reply`: 500 characters, 30 days, before a follow-up."""
        return self._reviews.refusal_of_reply(review, text.strip())

    def reply_to_review(self, review: Review, text: str) -> WriteAnswer:
        """See `Platform.reply_to_review`. What TOP would refuse is not sent."""
        refusal = self.refusal_of_reply(review, text)
        if refusal is not None:
            return refusal
        asked = {"oid": review.line_id, "reply": text.strip()}
        return self._write("taobao.traderate.explain.add", asked)

    def extend_receipt(self, order_id: str, days: int) -> WriteAnswer:
        """See `Platform.extend_receipt`. TOP offers 3, 5, 7 and 10 days.

        Each call adds days: after `AmbiguousDelivery` look at the order before asking again.
        """
        if days not in EXTENSION_DAYS:
            offered = ", ".join(map(str, EXTENSION_DAYS))
            return WriteAnswer(False, "days_not_offered", f"{days} days; offered are {offered}")
        return self._write("taobao.trade.receivetime.delay", {"tid": order_id, "days": str(days)})

    def read_webhook(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: datetime
    ) -> Webhook:
        """See `Platform.read_webhook`. TOP names orders only; they are to be read again."""
        return read_callback(headers, query, body, self._app_secret, now)

    def token_expires_at(self) -> datetime | None:
        """See `Platform.token_expires_at`: what the secret `session_expires_at` says."""
        return self._token_expires_at

    def _refund(self, row: Mapping[str, Any]) -> Refund:
        refund = read_refund(row, self._shop.id)
        if refund.state in FINAL_REFUND_STATES or not self._refund_details:
            return refund
        method = "taobao.refund.get"
        asked = {"refund_id": refund.refund_id, "fields": REFUND_DETAIL_FIELDS}
        detail = _single(self._caller.call(method, asked), "refund", method)
        return read_refund(with_detail(row, detail), self._shop.id)

    def _write(self, method: str, asked: Mapping[str, str]) -> WriteAnswer:
        try:
            self._caller.call(method, asked)
        except Refused as exc:
            return WriteAnswer(False, exc.code, str(exc))
        return WriteAnswer(True)


def _single(told: Mapping[str, Any], name: str, method: str) -> dict[str, Any]:
    found = rows(told, name, name)
    if not found:
        raise Unreachable(f"{method}: no usable answer")
    return found[0]


def _time(at: datetime) -> str:
    return at.astimezone(CHINA).strftime(TIMESTAMP_FORMAT)


def _required(secrets: Mapping[str, str], name: str, shop_id: str) -> str:
    value = secrets.get(name, "")
    if not value:
        raise Misconfigured(
            f"The shop {shop_id} has no secret `{name}`.",
            what_to_do=f"Add `{name}` to its `secrets` in the settings file.",
        )
    return value


def _one_of(options: Mapping[str, str], name: str, known: tuple[str, ...], shop_id: str) -> str:
    value = options.get(name) or known[0]
    if value not in known:
        raise _wrong_option(name, shop_id, f"one of {', '.join(known)}")
    return value


def _hours(options: Mapping[str, str], shop_id: str) -> float:
    try:
        hours = float(options.get("unpaid_close_hours") or UNPAID_CLOSE_HOURS)
    except ValueError:
        hours = math.nan
    if not 0 < hours <= 24 * 365:
        raise _wrong_option("unpaid_close_hours", shop_id, "a number of hours")
    return hours


def _expiry(value: str, shop_id: str) -> datetime | None:
    if not value.strip():
        return None
    at = china_time(value)
    if at is None:
        raise Misconfigured(
            f"The secret `session_expires_at` of the shop {shop_id} is no time.",
            what_to_do="Write it as 2026-12-31T23:59:59+08:00.",
        )
    return at


def _wrong_option(name: str, shop_id: str, wanted: str) -> Misconfigured:
    return Misconfigured(
        f"The option `{name}` of the shop {shop_id} cannot be used.",
        what_to_do=f"Write {wanted}.",
    )
