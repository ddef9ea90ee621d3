"""What every platform answers where it does not offer something.

A connector inherits from `Lacking` and implements what its platform has. The other methods are
there for the sake of the protocol; nobody who asks `capabilities` first ever reaches them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from aftersales.errors import Refused, WebhookRefused
from aftersales.parcels import Order
from aftersales.platforms.base import Capability, FeedLimits, Page, Webhook, WriteAnswer
from aftersales.refunds import Refund
from aftersales.reviews import Review


class Lacking:
    """A platform that offers nothing. Its methods raise `Refused` with the code `not_offered`."""

    name: ClassVar[str] = ""

    def feed_limits(self, feed: Capability) -> FeedLimits:
        """See `Platform.feed_limits`."""
        raise self._not_offered(feed)

    def orders(self, start: datetime, end: datetime, cursor: str = "") -> Page[Order]:  # noqa: ARG002
        """See `Platform.orders`."""
        raise self._not_offered(Capability.ORDERS_BY_UPDATE)

    def order(self, order_id: str) -> Order:  # noqa: ARG002
        """See `Platform.order`."""
        raise self._not_offered(Capability.ORDER_BY_ID)

    def refunds(self, start: datetime, end: datetime, cursor: str = "") -> Page[Refund]:  # noqa: ARG002
        """See `Platform.refunds`."""
        raise self._not_offered(Capability.REFUNDS)

    def reviews(self, start: datetime, end: datetime, cursor: str = "") -> Page[Review]:  # noqa: ARG002
        """See `Platform.reviews`."""
        raise self._not_offered(Capability.REVIEWS)

    def review(self, known: Review) -> Review:  # noqa: ARG002
        """See `Platform.review`."""
        raise self._not_offered(Capability.REVIEW_BY_ID)

    def refusal_of_reply(self, review: Review, text: str) -> WriteAnswer | None:  # noqa: ARG002
        """See `Platform.refusal_of_reply`."""
        return WriteAnswer(False, "not_offered", f"{self.name} does not offer it")

    def reply_to_review(self, review: Review, text: str) -> WriteAnswer:  # noqa: ARG002
        """See `Platform.reply_to_review`."""
        raise self._not_offered(Capability.REPLY_TO_REVIEW)

    def extend_receipt(self, order_id: str, days: int) -> WriteAnswer:  # noqa: ARG002
        """See `Platform.extend_receipt`."""
        raise self._not_offered(Capability.EXTEND_RECEIPT)

    def read_webhook(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        query: Mapping[str, str],  # noqa: ARG002
        body: bytes,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Webhook:
        """See `Platform.read_webhook`."""
        raise WebhookRefused(f"{self.name} sends no webhooks")

    def token_expires_at(self) -> datetime | None:
        """See `Platform.token_expires_at`: never, or nobody can tell."""
        return None

    def _not_offered(self, what: Capability) -> Refused:
        return Refused(f"{self.name} does not offer {what}", code="not_offered")
