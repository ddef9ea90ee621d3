"""What a shop platform is to the rest of the project.

A connector says with `capabilities` what its platform can do; nothing else is called. So what a
platform lacks is known by day, from one line, and is no exception at night.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from aftersales.parcels import Order


class Capability(StrEnum):
    """One thing a platform offers through its interface."""

    ORDERS_BY_UPDATE = "orders_by_update"
    UNPAID_ORDERS = "unpaid_orders"
    ORDER_BY_ID = "order_by_id"
    REVIEWS = "reviews"
    REPLY_TO_REVIEW = "reply_to_review"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    EXTEND_RECEIPT = "extend_receipt"
    WEBHOOKS = "webhooks"
    TOKEN_EXPIRES = "token_expires"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """How a feed may be read: longest window, how far back, how far behind now its end stays."""

    window_seconds: int
    look_back_seconds: int
    settle_seconds: int = 0
    page_size: int = 50


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not be read: where, why, and the raw text for quarantine."""

    place: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed. `cursor` is "" on the last one; `rejected` rows were put aside.

    `window_full` says that the platform cut the window off: the caller halves it and asks again.
    """

    orders: tuple[Order, ...] = ()
    cursor: str = ""
    rejected: tuple[RejectedRow, ...] = ()
    window_full: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """The outcome of asking for a longer receipt time."""

    accepted: bool
    new_auto_confirm_at: datetime | None = None
    code: str = ""
    message: str = ""


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

    def feed_limits(self, capability: Capability) -> FeedLimits:
        """How the feed behind `capability` may be read."""
        ...

    def orders_by_update(self, start: datetime, end: datetime, cursor: str) -> Page:
        """Orders changed in [start, end), unpaid ones included where the platform shows them."""
        ...

    def order(self, order_id: str) -> Order:
        """One order as it is at this instant."""
        ...

    def extend_receipt(self, order_id: str, days: int) -> Extension:
        """Ask the platform to confirm receipt `days` later."""
        ...

    def verify_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Check a push over its raw bytes. Raises `WebhookRefused`."""
        ...

    def token_expires_at(self) -> datetime | None:
        """When the credentials end, or None where they do not."""
        ...
