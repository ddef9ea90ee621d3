"""What a shop platform is to the rest of the project.

A connector says with `capabilities` what its platform can do; nothing else is called. So what a
platform lacks is known by day, from one line, and is no exception at night.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, Protocol, TypeVar

from msgspec import Struct, field

from aftersales.parcels import Order
from aftersales.refunds import Refund
from aftersales.reviews import Review

T = TypeVar("T")


class Capability(StrEnum):
    """One thing a platform offers through its interface."""

    ORDERS_BY_UPDATE = "orders_by_update"
    UNPAID_ORDERS = "unpaid_orders"  # the order feed shows them
    ORDER_BY_ID = "order_by_id"
    REVIEWS = "reviews"
    REVIEW_BY_ID = "review_by_id"  # edited, deleted or added to: only asking again shows it
    REVIEW_FOLLOW_UPS = "review_follow_ups"  # what buyers add later comes with a review
    REVIEW_REPLIES = "review_replies"  # the seller's answer comes with a review
    REPLY_TO_REVIEW = "reply_to_review"
    REFUNDS = "refunds"
    DISPUTES = "disputes"  # the refund feed says when the platform was called in
    EXTEND_RECEIPT = "extend_receipt"
    WEBHOOKS = "webhooks"
    TOKEN_EXPIRES = "token_expires"  # noqa: S105 - a name, not a secret


FEEDS = (Capability.ORDERS_BY_UPDATE, Capability.REFUNDS, Capability.REVIEWS)
"""The capabilities that are read in windows of time."""

QUOTA_USED_UP = "quota"
"""`OutsideFailure.code` of a `Throttled` that means: the account's quota is used up, tell somebody.
"""


class FeedLimits(Struct, frozen=True):
    """How a feed may be read, in seconds: the longest window, how far back, how far behind now its
    end must stay, and how much of the last window is read again because rows arrive late."""

    window_seconds: int
    look_back_seconds: int
    settle_seconds: int = 0
    overlap_seconds: int = 0
    page_size: int = 50


class RejectedRow(Struct, frozen=True):
    """A row that could not be read: where, why, and the raw text for quarantine."""

    place: str
    reason: str
    raw: str = ""


class Page(Struct, Generic[T], frozen=True):
    """One page of a feed. `cursor` is "" on the last one; `rejected` rows were put aside.

    `window_full` says that the platform cut the window off: the caller halves it and asks again.
    """

    items: tuple[T, ...] = ()
    cursor: str = ""
    rejected: tuple[RejectedRow, ...] = ()
    window_full: bool = False


class WriteAnswer(Struct, frozen=True):
    """What a platform said to a wish of ours (a longer receipt time, a reply to a review)."""

    accepted: bool
    code: str = ""
    message: str = ""


class Webhook(Struct, frozen=True):
    """A verified push: which orders changed, and the orders themselves where the push holds them;
    or reviews as they are now.

    `delivery_id` is the platform's, "" where it has none. A push about nothing of ours (a ping)
    names no order and no review.
    """

    delivery_id: str = ""
    order_ids: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    rejected: tuple[RejectedRow, ...] = field(default=())
    reviews: tuple[Review, ...] = field(default=())


class Platform(Protocol):
    """A seller's account on one platform. One file per platform implements it.

    Every method but `capabilities` may be called only where its capability is stated. Methods raise
    `TryLater` (with `retry_after_seconds` where the platform says so), `Refused` or `Misconfigured`
    (credentials: the shop is paused and the operator told); rows that cannot be read come back in
    `Page.rejected`.
    """

    name: ClassVar[str]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this shop's connection can do."""
        ...

    def feed_limits(self, feed: Capability) -> FeedLimits:
        """How a feed may be read."""
        ...

    def orders(self, start: datetime, end: datetime, cursor: str = "") -> Page[Order]:
        """Orders changed in [start, end), unpaid ones included where the platform shows them."""
        ...

    def order(self, order_id: str) -> Order:
        """One order as it is at this instant."""
        ...

    def refunds(self, start: datetime, end: datetime, cursor: str = "") -> Page[Refund]:
        """Refunds and returns changed in [start, end)."""
        ...

    def reviews(self, start: datetime, end: datetime, cursor: str = "") -> Page[Review]:
        """Reviews written in [start, end)."""
        ...

    def review(self, known: Review) -> Review:
        """A review as it is at this instant; one that is not shown any more comes back `deleted`.

        Raises `Refused` where the platform cannot tell any more, because the review is too old.
        """
        ...

    def refusal_of_reply(self, review: Review, text: str) -> WriteAnswer | None:
        """Why the platform would refuse this answer, None where it would take it, as far as is
        known without asking it."""
        ...

    def reply_to_review(self, review: Review, text: str) -> WriteAnswer:
        """Answer a review in public. `review` must be as new as can be, see `Platform.review`.

        What the platform would refuse is not sent: too long, too late, or after a follow-up.
        """
        ...

    def extend_receipt(self, order_id: str, days: int) -> WriteAnswer:
        """Ask the platform to confirm receipt `days` later."""
        ...

    def read_webhook(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: datetime
    ) -> Webhook:
        """Verify a push over its raw bytes, then read it. Raises `WebhookRefused`."""
        ...

    def token_expires_at(self) -> datetime | None:
        """When the credentials end, or None where they do not or nobody can tell."""
        ...
