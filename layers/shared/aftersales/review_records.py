"""What the desk keeps of a review: how it was judged, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from aftersales.reviews import Review

BAD_RATING = 3
"""A rating up to this is a bad one in every shop's statistics, whatever opens a case there."""
TEXT_LIMIT = 1500
FOLLOW_UP_LIMIT = 800
REPLY_LIMIT = 500
TITLE_LIMIT = 60


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the classifier says of one text.

    `score` is the log-odds of negative: above 0 it is a complaint. `sentiment` is negative, neutral
    (a band around 0) or positive. `hidden_complaint`: negative under a good rating. `contact`: the
    text names a way to reach its writer, who may be a customer or an advertiser. `question`: it is
    nothing but a question for information, whatever its score.
    """

    score: float = 0.0
    sentiment: str = "neutral"
    hidden_complaint: bool = False
    topics: tuple[str, ...] = ()
    advertising: bool = False
    contact: bool = False
    question: bool = False

    @property
    def negative(self) -> bool:
        """Is the text as a whole a complaint, as far as a machine can say?"""
        return self.sentiment == "negative"

    @property
    def complains(self) -> bool:
        """Is there a complaint in it? One with a contact is no advertisement, but a customer who
        wants to be called."""
        advertises = self.advertising and not self.contact
        quiet = advertises or self.question
        return not quiet and (self.negative or self.hidden_complaint)


class Outcome(StrEnum):
    """How a case about a review ended. "" in a record: it has none, or none yet."""

    CHANGED = "changed"  # the buyer changed it for the better
    DELETED = "deleted"
    REPLIED = "replied"
    GIVEN_UP = "given_up"


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reply of ours on its way: claimed before it is sent, so that none is sent twice.

    `state` is claimed, sent or refused; `by` who confirmed it, `answer` the platform's words. Times
    are real time.
    """

    state: str = ""
    text: str = ""
    by: str = ""
    claimed_at: datetime | None = None
    answered_at: datetime | None = None
    answer: str = ""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """The words of a review, cut to what fits beside the record. `reply` is the seller's answer."""

    text: str = ""
    follow_up: str = ""
    reply: str = ""
    cut: bool = False


class ReviewRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A review without its words. Times are aware UTC, unknown is None.

    `buyer` is masked, `buyer_key` a digest that is the same in all shops of a platform ("" where
    the platform names nobody). `verdict` is about the text, `follow_verdict` about what was added
    later. `written_at` is when it was written, else when it was first seen. `told_at` is as of when
    the platform says that this is so, None where it does not say. `was_rating` and
    `was_score` are those before the last change. `marks` are the kinds of cases that are open about
    it, each with its severity (`bad_review:warn`). `content_hash` is `Review.content_hash`,
    `text_hash` is of the text alone, in a form in which copies are alike.
    """

    shop_id: str
    review_id: str
    written_at: datetime
    first_seen_at: datetime
    changed_at: datetime | None = None
    rating: int | None = None
    verdict: Verdict = Verdict()
    follow_verdict: Verdict | None = None
    follow_up_at: datetime | None = None
    order_id: str = ""
    line_id: str = ""
    product_id: str = ""
    product_title: str = ""
    buyer: str = ""
    buyer_key: str = ""
    permalink: str = ""
    replied: bool = False
    deleted: bool = False
    changes: int = 0
    was_rating: int | None = None
    was_score: float | None = None
    marks: tuple[str, ...] = ()
    outcome: str = ""
    content_hash: str = ""
    text_hash: str = ""
    told_at: datetime | None = None

    @property
    def subject(self) -> str:
        """The subject of its cases."""
        return subject_of(self.shop_id, self.review_id)

    @property
    def score(self) -> float:
        """The score of what the buyer said last."""
        return (self.follow_verdict or self.verdict).score

    @property
    def topics(self) -> tuple[str, ...]:
        """What it is about, the text first."""
        added = self.follow_verdict.topics if self.follow_verdict else ()
        return tuple(dict.fromkeys((*self.verdict.topics, *added)))

    @property
    def bad(self) -> bool:
        """A bad rating, or a complaint in words: what the register and the shares count."""
        rated = self.rating is not None and self.rating <= BAD_RATING
        added = self.follow_verdict is not None and self.follow_verdict.complains
        return rated or added or self.verdict.complains


def subject_of(shop_id: str, review_id: str) -> str:
    """The subject of the cases about a review."""
    return f"review:{shop_id}/{review_id}"


def as_review(record: ReviewRecord, said: Said) -> Review:
    """The review as a platform is asked about it again; the buyer's name is not kept."""
    return Review(
        shop_id=record.shop_id,
        review_id=record.review_id,
        text=said.text,
        rating=record.rating,
        order_id=record.order_id,
        line_id=record.line_id,
        product_id=record.product_id,
        product_title=record.product_title,
        created_at=record.written_at,
        follow_up=said.follow_up,
        follow_up_at=record.follow_up_at,
        reply=said.reply,
        deleted=record.deleted,
        permalink=record.permalink,
    )
