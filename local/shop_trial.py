"""Trying a shop's credentials by hand: what its connection offers, and whether it works now.

Everything is read through the real connector and nothing is written: what would change something in
the shop (a longer receipt time, a reply to a review) is named and left alone. What comes back is
counted, never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aftersales.errors import AftersalesError, Misconfigured, Refused, TryLater
from aftersales.platforms.base import QUOTA_USED_UP, Capability, Page

if TYPE_CHECKING:
    from aftersales.http import Transport
    from aftersales.platforms.base import Platform
    from aftersales.reviews import Review
    from aftersales.settings.model import Shop

TRIED_SPAN = timedelta(hours=1)
ENDS_SOON = timedelta(days=7)
"""The desk opens a case when a token has no longer than this to live."""

NAMES: Mapping[Capability, str] = {
    Capability.ORDERS_BY_UPDATE: "changed orders",
    Capability.UNPAID_ORDERS: "unpaid orders",
    Capability.ORDER_BY_ID: "one order by its id",
    Capability.REVIEWS: "reviews",
    Capability.REVIEW_BY_ID: "one review again",
    Capability.REVIEW_FOLLOW_UPS: "additions to reviews",
    Capability.REVIEW_REPLIES: "replies shown",
    Capability.REPLY_TO_REVIEW: "replies to reviews",
    Capability.REFUNDS: "refunds",
    Capability.DISPUTES: "disputes",
    Capability.EXTEND_RECEIPT: "longer receipt times",
    Capability.WEBHOOKS: "pushes",
    Capability.TOKEN_EXPIRES: "end of the token",
}
"""What a capability is called where a person reads it."""
_WRITES = (Capability.REPLY_TO_REVIEW, Capability.EXTEND_RECEIPT)
_PART_OF = {
    Capability.UNPAID_ORDERS: Capability.ORDERS_BY_UPDATE,
    Capability.DISPUTES: Capability.REFUNDS,
    Capability.REVIEW_FOLLOW_UPS: Capability.REVIEWS,
    Capability.REVIEW_REPLIES: Capability.REVIEWS,
}
"""What is no question of its own: it comes with the rows of a feed."""

_HOW_TO_GET: Mapping[tuple[str, Capability], str] = {
    ("taobao", Capability.TOKEN_EXPIRES): "Store session_expires_at to be told in time.",
    ("taobao", Capability.DISPUTES): "The option refund_details is off.",
    ("taobao", Capability.REPLY_TO_REVIEW): "Only Tmall sellers may reply.",
    ("taobao", Capability.REVIEW_FOLLOW_UPS): "Tmall tells them, unless review_follow_ups is off.",
    ("woocommerce", Capability.WEBHOOKS): "Store a webhook_secret to take pushes.",
    ("woocommerce", Capability.REPLY_TO_REVIEW): "Replies are written in the shop's back office.",
}
"""Connector and capability: why it is missing where it could be there."""


@dataclass(frozen=True, slots=True)
class TriedCapability:
    """One capability. `works` is None where it is not offered, or reading cannot tell."""

    name: Capability
    offered: bool
    works: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class ShopTrial:
    """How a trial went. `words` says why nothing could be tried; then `capabilities` is empty."""

    shop: str
    platform: str
    works: bool
    capabilities: tuple[TriedCapability, ...] = ()
    words: str = ""


def is_known_by_files_only(shop: Shop) -> bool:
    """Whether the desk has no connection to this shop to try."""
    return shop.platform == "file" or not shop.secrets


def try_shop(
    shop: Shop, secrets: Mapping[str, str], transport: Transport, now: datetime
) -> ShopTrial:
    """Try each capability of the shop's connection once, reading only.

    `secrets` are values. Whatever goes wrong is said in the answer, nothing is raised.
    """
    from aftersales.platforms.registry import build_platform

    if is_known_by_files_only(shop):
        why = "is a shop of dropped files" if shop.platform == "file" else "has no secrets"
        words = f"The shop {shop.id} {why}: the desk knows it by its export files only."
        return ShopTrial(shop.id, shop.platform, True, words=words)
    try:
        platform = build_platform(shop, secrets, transport)
    except AftersalesError as exc:
        return not_connected(shop, [exc])
    capabilities = _Trial(platform, now).all()
    works = all(each.works is not False for each in capabilities)
    return ShopTrial(shop.id, shop.platform, works, capabilities)


def not_connected(shop: Shop, errors: Sequence[AftersalesError]) -> ShopTrial:
    """The answer where there are no credentials to try."""
    words = " ".join(dict.fromkeys(map(_what_went_wrong, errors)))
    return ShopTrial(shop.id, shop.platform, False, words=words)


class _Trial:
    """One pass over the capabilities, in their order: feeds come before what builds on them."""

    def __init__(self, platform: Platform, now: datetime) -> None:
        self._platform = platform
        self._now = now
        self._done: dict[Capability, TriedCapability] = {}
        self._order_id = ""
        self._review: Review | None = None
        self._troubles: dict[str, Capability] = {}

    def all(self) -> tuple[TriedCapability, ...]:
        offered = self._platform.capabilities
        for name in Capability:
            if name not in offered:
                why = _HOW_TO_GET.get((self._platform.name, name), "")
                words = f"Not offered. {why}".strip()
                self._done[name] = TriedCapability(name, False, None, words)
                continue
            try:
                works, words = self._tried(name)
            except AftersalesError as exc:
                works, words = False, self._failed(name, exc)
            self._done[name] = TriedCapability(name, True, works, words)
        return tuple(self._done.values())

    def _failed(self, name: Capability, exc: AftersalesError) -> str:
        """What went wrong; the same again is not told in full."""
        words = _what_went_wrong(exc)
        same = exc.what_to_do if isinstance(exc, Misconfigured) else words
        first = self._troubles.setdefault(same or words, name)
        return words if first is name else f"The same trouble as with the {NAMES[first]}."

    def _tried(self, name: Capability) -> tuple[bool | None, str]:
        if name in _WRITES:
            return None, "Offered; not tried, because trying it would change something."
        if name in _PART_OF:
            is_untold = name is Capability.REVIEW_FOLLOW_UPS and self._review is None
            if is_untold and self._done[Capability.REVIEWS].works:
                return None, "Not tried: no review of the last hour to ask about."
            return self._as_part_of(_PART_OF[name])
        platform = self._platform
        tries: Mapping[Capability, Callable[[], tuple[bool | None, str]]] = {
            Capability.ORDERS_BY_UPDATE: lambda: self._feed(name, platform.orders, "order"),
            Capability.REFUNDS: lambda: self._feed(name, platform.refunds, "refund"),
            Capability.REVIEWS: lambda: self._feed(name, platform.reviews, "review"),
            Capability.REVIEW_BY_ID: self._review_again,
            Capability.ORDER_BY_ID: self._order,
            Capability.WEBHOOKS: self._webhooks,
            Capability.TOKEN_EXPIRES: self._token,
        }
        return tries[name]() if name in tries else (None, "Offered; it cannot be tried by reading.")

    def _feed(
        self, name: Capability, read: Callable[[datetime, datetime, str], Page[Any]], row: str
    ) -> tuple[bool, str]:
        """The newest window of the last hour that has rows; a platform may allow shorter ones."""
        limits = self._platform.feed_limits(name)
        end = self._now - timedelta(seconds=limits.settle_seconds)
        begin = end - TRIED_SPAN
        page: Page[Any] = Page()
        while end > begin and not _has_rows(page):
            start = max(begin, end - timedelta(seconds=limits.window_seconds))
            page = read(start, end, "")
            if page.cursor and not _has_rows(page):  # the first call only counted
                page = read(start, end, page.cursor)
            end = start
        if name is Capability.ORDERS_BY_UPDATE and page.items:
            self._order_id = page.items[0].order_id
        if name is Capability.REVIEWS and page.items:
            self._review = page.items[0]
        words = f"{_counted(len(page.items), row)} of the last hour on the first page."
        if page.cursor or page.window_full:
            words += " There are more."
        if page.rejected:
            words += f" {_counted(len(page.rejected), 'row')} could not be read in full."
        return bool(page.items) or not page.rejected, words

    def _as_part_of(self, feed: Capability) -> tuple[bool | None, str]:
        tried = self._done[feed]
        if not tried.works:
            return tried.works, f"Comes with the {NAMES[feed]}; see there."
        return True, f"Comes with the {NAMES[feed]}."

    def _order(self) -> tuple[bool | None, str]:
        if not self._order_id:
            return None, "Not tried: no order of the last hour to ask for."
        self._platform.order(self._order_id)
        return True, "An order of the last hour was read again by its id."

    def _review_again(self) -> tuple[bool | None, str]:
        if self._review is None:
            return None, "Not tried: no review of the last hour to ask for."
        self._platform.review(self._review)
        return True, "A review of the last hour was read again."

    def _webhooks(self) -> tuple[bool | None, str]:
        check = "`aftersales webhooks verify` checks one that has come in."
        ask: Callable[[], Sequence[str]] | None = getattr(self._platform, "disabled_webhooks", None)
        if ask is None:
            return None, f"The secret is there; only a push can show that it fits. {check}"
        try:
            off = ask()
            states = getattr(self._platform, "webhooks_state", None)
            ours = None if states is None else [each for each in states() if each.ours]
        except Refused as exc:
            # Pushes may arrive all the same: keys with less rights cannot see the webhooks.
            return (
                None,
                f"Whether the shop still sends them cannot be seen. {_what_went_wrong(exc)}",
            )
        if off:
            return False, (
                f"The shop has switched off: {_shown('; '.join(off))}. Set them to active again "
                "there; docs/webhooks.md says where."
            )
        if ours == []:
            return None, "No webhook of the shop leads to the desk. docs/webhooks.md says how."
        return True, f"The shop has switched none of its webhooks to the desk off. {check}"

    def _token(self) -> tuple[bool | None, str]:
        ends = self._platform.token_expires_at()
        if ends is None:
            return None, "Nobody can tell when the token ends."
        at = ends.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        if ends <= self._now:
            return False, f"The token ended {at}. Authorise the shop again and store the new one."
        left = ends - self._now
        words = f"The token ends {at}; {_counted(left.days, 'day')} left."
        return True, f"{words} Authorise the shop again soon." if left <= ENDS_SOON else words


def _has_rows(page: Page[Any]) -> bool:
    return bool(page.items or page.rejected or page.window_full)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _what_went_wrong(exc: AftersalesError) -> str:
    """The error and what to do about it."""
    said = _shown(str(exc)).rstrip(".") + "."
    if isinstance(exc, Misconfigured):
        return said  # says what to do already
    if isinstance(exc, TryLater):
        if exc.code == QUOTA_USED_UP:
            said += " The account's quota is used up."
        wait = exc.retry_after_seconds
        return f"{said} Try again {f'in {wait:.0f} s' if wait else 'later'}."
    if isinstance(exc, Refused):
        code = f" (code {_shown(exc.code)})" if exc.code else ""
        return (
            f"Refused{code}: {said} The same question will not work later either: see whether the "
            "key or app has this permission."
        )
    return said


def _shown(text: str) -> str:
    """Words of others as one line, without phone numbers and e-mail addresses."""
    from aftersales.messages.masking import mask_text
    from local.terminal import plain

    return mask_text(plain(text))
