"""Answering a review in public, once an agent has confirmed it.

Claim, send, record: the reply is claimed in the reviews table, sent, and the platform's answer is
written down; then the cases about the review are told. A reply of which it is not known whether it
arrived keeps its claim for some minutes, so that nobody sends it a second time at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from aftersales.cases.casebook import Casebook
from aftersales.cases.kinds import REVIEW_KINDS
from aftersales.cases.rules import Change
from aftersales.errors import (
    BadInput,
    Conflict,
    Misconfigured,
    OutsideFailure,
    Refused,
    Throttled,
    TryLater,
)
from aftersales.platforms.base import Capability, Platform, WriteAnswer
from aftersales.review_records import Outcome, as_review
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from aftersales.tables import cases, reviews
from aftersales.tables.reviews import Kept

TRIES = 4
SHOWN_IN_HISTORY = 120


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that waits for a word of confirmation: the review as it is now, and the text.

    `refusal` is why the platform would not take it, "" where nothing is known against it.
    """

    kept: Kept
    review: Review
    text: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a confirmed reply, and of the cases about the review."""

    accepted: bool
    answer: str
    resolved: tuple[str, ...] = ()


def draft(platform: Platform, shop: Shop, review_id: str, text: str) -> Draft:
    """Look at the review once more, and at what the platform would say to the text.

    Raises `BadInput` where the desk knows no such review, `Misconfigured` where the platform takes
    no replies, `OutsideFailure` where it cannot be asked.
    """
    kept = reviews.get(shop.id, review_id)
    if kept is None:
        raise BadInput(f"the desk knows no review {review_id} of the shop {shop.id}")
    if Capability.REPLY_TO_REVIEW not in platform.capabilities:
        link = f" Its page: {kept.record.permalink}" if kept.record.permalink else ""
        raise Misconfigured(
            f"{shop.platform} takes no replies to reviews from the desk.",
            what_to_do=f"Answer it in the back office, then close its case.{link}",
        )
    review = _as_it_is_now(platform, kept)
    refusal = platform.refusal_of_reply(review, text)
    if kept.reply.state == "sent" or kept.record.replied:
        refusal = WriteAnswer(False, "already_replied", "the review has a reply already")
    return Draft(kept, review, text.strip(), refusal.message or refusal.code if refusal else "")


def send(  # noqa: PLR0917 - one place calls it
    platform: Platform,
    casebook: Casebook,
    confirmed: Draft,
    by: str,
    now: datetime,
    wall_now: Callable[[], datetime],
    *,
    keep_open: bool = False,
) -> Sent:
    """Send a confirmed reply, and record it. Nothing is sent that was drafted for another version
    of the review, or that somebody else is sending.

    Raises `Conflict` for those, and `OutsideFailure` where it is not known whether it arrived.
    """
    if confirmed.refusal:
        return Sent(False, confirmed.refusal)
    claimed = reviews.claim_reply(confirmed.kept, confirmed.text, by, wall_now())
    if claimed is None:
        raise Conflict("somebody else is answering this review, or it has just changed")
    try:
        answer = platform.reply_to_review(confirmed.review, confirmed.text)
    except (Refused, Throttled, Misconfigured) as exc:
        # Told off before anything was done. After any other failure it may stand there: the claim
        # is kept for its time.
        answer = WriteAnswer(False, getattr(exc, "code", ""), str(exc))
    except TryLater as exc:
        raise OutsideFailure(
            f"It is not known whether the reply arrived ({exc}). Look at the review before you try "
            "again; that is possible in five minutes.",
            code=exc.code,
        ) from exc
    words = answer.message or answer.code or ("accepted" if answer.accepted else "refused")
    _record(claimed, words, wall_now(), accepted=answer.accepted)
    if not answer.accepted:
        return Sent(False, words)
    return Sent(True, words, settle(casebook, confirmed, by, now, keep_open=keep_open))


def settle(
    casebook: Casebook, done: Draft, by: str, now: datetime, *, keep_open: bool
) -> tuple[str, ...]:
    """Tell the open cases about a review that it was answered; returns the kinds that are closed.

    Safe to repeat: after a crash it does what is left.
    """
    record = done.kept.record
    shown = " ".join(done.text.split())[:SHOWN_IN_HISTORY]
    closed = []
    for case in cases.of_subject(record.subject):
        if not case.is_open or case.kind not in REVIEW_KINDS:
            continue
        casebook.note(case.subject, case.kind, f"replied in public: {shown}", now, by)
        if not keep_open:
            change = casebook.resolve(case.subject, case.kind, Outcome.REPLIED, now, by)
            closed += [case.kind] * (change is Change.RESOLVED)
    _note_outcome(record.shop_id, record.review_id, closed)
    return tuple(closed)


def _as_it_is_now(platform: Platform, kept: Kept) -> Review:
    known = as_review(kept.record, kept.said)
    if kept.record.deleted or Capability.REVIEW_BY_ID not in platform.capabilities:
        return known
    found = platform.review(known)
    # A reply that the desk knows of counts, whatever the platform shows.
    return replace(found, reply=found.reply or known.reply)


def _record(claimed: Kept, words: str, wall_now: datetime, *, accepted: bool) -> None:
    held: Kept | None = claimed
    for _ in range(TRIES):
        if held is None:
            break
        if reviews.record_reply(held, accepted=accepted, answer=words, wall_now=wall_now):
            return
        # A scan has written the review meanwhile; the claim in it is still ours.
        stored = reviews.get(claimed.record.shop_id, claimed.record.review_id)
        held = replace(stored, reply=claimed.reply) if stored is not None else None
    raise Conflict("the review is being changed by others all the time")


def _note_outcome(shop_id: str, review_id: str, closed: Sequence[str]) -> None:
    for _ in range(TRIES):
        kept = reviews.get(shop_id, review_id)
        if kept is None:
            return
        marks = tuple(m for m in kept.record.marks if m.partition(":")[0] not in closed)
        if reviews.set_outcome(kept, Outcome.REPLIED, marks=marks):
            return
    raise Conflict("the review is being changed by others all the time")
