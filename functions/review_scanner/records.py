"""From a review as a platform tells it to the record that the desk keeps. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from aftersales.messages.masking import mask_buyer
from aftersales.parcels import Order, OrderStatus
from aftersales.review_records import (
    FOLLOW_UP_LIMIT,
    REPLY_LIMIT,
    TEXT_LIMIT,
    TITLE_LIMIT,
    ReviewRecord,
    Said,
    Verdict,
)
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from aftersales.unpaid import buyer_key
from review_scanner.texts import has_words, text_hash

_NOBODY = ("匿名", "anonymous", "*")
"""Parts of names under which platforms hide a buyer: they are shared by many."""


def united(old: Review | None, new: Review) -> Review:
    """`new`, with what only an earlier look knew: not every way of reading shows everything.

    A rating, order or product once known stays known; nobody takes back what was added later.
    """
    if old is None:
        return new
    kept = {
        name: getattr(old, name)
        for name in ("order_id", "line_id", "product_id", "product_title", "permalink", "reply")
        if getattr(old, name) and not getattr(new, name)
    }
    if new.rating is None and old.rating is not None:
        kept["rating"] = old.rating
    if old.follow_up and not new.follow_up:
        kept |= {"follow_up": old.follow_up, "follow_up_at": old.follow_up_at}
    if new.deleted and not new.text:
        kept["text"] = old.text  # who tells that it is gone seldom says what it was
    if new.created_at is None:
        kept["created_at"] = old.created_at
    return replace(new, **kept)


def is_outdated(review: Review, old: ReviewRecord | None) -> bool:
    """Is this an older picture of the review than the one that is known? Pushes may come late."""
    if old is None or old.told_at is None or review.updated_at is None:
        return False
    return review.updated_at < old.told_at


def record_of(
    review: Review,
    old: ReviewRecord | None,
    shop: Shop,
    judge: Callable[[str, int | None], Verdict],
    now: datetime,
) -> ReviewRecord:
    """The record of a review as it is now. A text that is still the same is not judged again."""
    digest = text_hash(review.text)
    same_text = old is not None and (digest, review.rating) == (old.text_hash, old.rating)
    verdict = old.verdict if old is not None and same_text else _judged(review, judge)
    content = review.content_hash
    changed = old is not None and content != old.content_hash
    return ReviewRecord(
        shop_id=review.shop_id,
        review_id=review.review_id,
        written_at=old.written_at if old is not None else _written_at(review, now),
        first_seen_at=old.first_seen_at if old is not None else now,
        changed_at=now if changed else (old.changed_at if old is not None else None),
        rating=review.rating,
        verdict=verdict,
        follow_verdict=_added(review, judge),
        follow_up_at=review.follow_up_at,
        order_id=review.order_id,
        line_id=review.line_id,
        product_id=review.product_id,
        product_title=review.product_title[:TITLE_LIMIT],
        buyer=mask_buyer(review.buyer_ref) or (old.buyer if old is not None else ""),
        buyer_key=_buyer_key(review, shop) or (old.buyer_key if old is not None else ""),
        permalink=review.permalink,
        replied=review.has_reply or (old is not None and old.replied),
        deleted=review.deleted,
        changes=(old.changes if old is not None else 0) + changed,
        was_rating=_before(old, "was_rating", "rating", changed),
        was_score=_before(old, "was_score", "score", changed),
        marks=old.marks if old is not None else (),
        outcome=old.outcome if old is not None else "",
        content_hash=content,
        text_hash=digest,
        told_at=review.updated_at or (old.told_at if old is not None else None),
    )


def said_of(review: Review) -> Said:
    """The words of a review, cut to what is kept."""
    return Said(
        text=review.text[:TEXT_LIMIT],
        follow_up=review.follow_up[:FOLLOW_UP_LIMIT],
        reply=review.reply[:REPLY_LIMIT],
        cut=len(review.text) > TEXT_LIMIT or len(review.follow_up) > FOLLOW_UP_LIMIT,
    )


def said_at(record: ReviewRecord, now: datetime) -> datetime:
    """When the buyer said the last thing that is known, not after now."""
    last = max(filter(None, (record.written_at, record.follow_up_at, record.changed_at)))
    return min(last, now)


def _judged(review: Review, judge: Callable[[str, int | None], Verdict]) -> Verdict:
    # What the platform fills in for those who write nothing says nothing.
    return judge(review.text, review.rating) if has_words(review.text) else Verdict()


def _added(review: Review, judge: Callable[[str, int | None], Verdict]) -> Verdict | None:
    return judge(review.follow_up, review.rating) if has_words(review.follow_up) else None


def _written_at(review: Review, now: datetime) -> datetime:
    return min(review.created_at, now) if review.created_at is not None else now


def _buyer_key(review: Review, shop: Shop) -> str:
    name = review.buyer_ref.strip()
    if not name or any(part in name.lower() for part in _NOBODY):
        return ""
    order = Order(review.shop_id, review.order_id, OrderStatus.UNKNOWN, buyer_ref=name)
    return buyer_key(order, shop)


def _before(old: ReviewRecord | None, kept: str, current: str, changed: bool) -> int | None:
    if old is None:
        return None
    found: int | None = getattr(old, current if changed else kept)
    return found
