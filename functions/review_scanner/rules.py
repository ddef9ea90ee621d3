"""What a review, or what has become of it, means for its case. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from aftersales.findings import Severity
from aftersales.review_records import Outcome, ReviewRecord
from aftersales.settings.model import Reviews

FAMILY = "review"
STRENGTH = {
    "review_advertising": 10,
    "review_question": 20,
    "hidden_complaint": 30,
    "bad_review": 40,
    "follow_up_turned_bad": 50,
}
"""Of one review the strongest kind is its case."""
COMPLAINTS = frozenset({"hidden_complaint", "bad_review", "follow_up_turned_bad"})

EDIT_WINDOW_DAYS = {"taobao": 30.0, "jd": 30.0}
"""How long a bad rating may be changed or removed (platform rules reference,
`review_modify_window`). Tmall's reviews have no grade to change; of the others nothing is known."""
NEUTRAL = 3
"""The middle rating: no bad one yet."""
_CLEARLY = 1.0
"""A score that moved by less has not moved."""


class Change(StrEnum):
    """What happened to a review since it was last seen."""

    NEW = "new"
    NONE = "none"
    BETTER = "better"
    WORSE = "worse"
    OTHER = "other"
    DELETED = "deleted"
    REPLIED = "replied"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a review.

    `kind` is the case that it gives reason for ("" for none), at `severity`. `closes` are the kinds
    whose case ends, all of them `how`. `note` is a line for the history of the case that stays
    open. `outcome` is what the record says from now on, `reason` names the decision for the log.
    """

    reason: str
    kind: str = ""
    severity: Severity = Severity.WARN
    closes: tuple[str, ...] = ()
    how: str = ""
    note: str = ""
    outcome: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks of a record about which this was decided."""
        return (f"{self.kind}:{self.severity.value}",) if self.kind else ()


def decide(
    old: ReviewRecord | None,
    new: ReviewRecord,
    rules: Reviews,
    *,
    asks: bool = False,
    backlog: bool = False,
) -> Decision:
    """What becomes of the case of a review that is now `new` and was `old` (None: never seen).

    `asks`: its text is a question. `backlog`: it was there long before the desk came, and opens no
    case unless something new happens to it.
    """
    change = change_of(old, new)
    if change is Change.NONE:
        return Decision("unchanged", *_standing(old), outcome=new.outcome)
    if new.deleted:
        return _gone(old, new.outcome)
    kind = kind_of(new, rules, asks=asks) if rules.enabled else ""
    if not kind:
        return _settled(old, new)
    was = kinds_of(old)
    if rules.reply_closes and kind in COMPLAINTS and _is_answered(old, new, change):
        ended = new.outcome or ("" if backlog else Outcome.REPLIED.value)
        return Decision("replied", closes=was, how="replied", outcome=ended)
    waived = _waived(old, new, change, backlog=backlog)
    if waived:
        return Decision(waived, outcome=new.outcome)
    closes = tuple(each for each in was if each != kind and STRENGTH[each] > STRENGTH[kind])
    replied = change is Change.REPLIED and not new.outcome
    return Decision(
        reason=change.value,
        kind=kind,
        severity=_severity(kind, new, change, old),
        closes=closes,
        how="changed" if closes else "",
        note=_note(change, was),
        outcome=Outcome.REPLIED.value if replied else new.outcome,
    )


def _gone(old: ReviewRecord | None, outcome: str) -> Decision:
    was = kinds_of(old)
    had_case = bool(was) or (old is not None and bool(old.outcome))
    ended = Outcome.DELETED.value if had_case else outcome
    return Decision("deleted", closes=was, how="deleted", outcome=ended)


def _settled(old: ReviewRecord | None, new: ReviewRecord) -> Decision:
    """There is no reason for a case, or none any more."""
    was = kinds_of(old)
    how = "replied" if was == ("review_question",) and new.replied else "changed"
    return Decision(
        "nothing_to_do", closes=was, how=how, outcome=_ended(old, was, how, new.outcome)
    )


def _is_answered(old: ReviewRecord | None, new: ReviewRecord, change: Change) -> bool:
    """Has the seller answered the complaint in public since the last look? What the buyer adds or
    changes for the worse is said after a reply, as far as one can tell."""
    if not new.replied or change is Change.WORSE:
        return False
    if old is None:
        return new.follow_verdict is None or not new.follow_verdict.complains
    return not old.replied


def _waived(old: ReviewRecord | None, new: ReviewRecord, change: Change, *, backlog: bool) -> str:
    """Why a review that gives reason for a case gets none all the same; "" where it gets one."""
    if change is Change.NEW:
        return "backlog" if backlog else ""
    if kinds_of(old):
        return ""
    if change is Change.REPLIED:
        return "replied"
    # An agent has closed its case, and the buyer has said nothing worse since.
    return "settled_before" if new.outcome and change is not Change.WORSE else ""


def kind_of(record: ReviewRecord, rules: Reviews, *, asks: bool = False) -> str:
    """The strongest kind of case that a review gives reason for, "" for none."""
    text, added = record.verdict, record.follow_verdict
    low = record.rating is not None and record.rating <= rules.bad_rating
    complaint = text.complains
    wonders = asks and rules.questions and not complaint
    if low and record.rating == NEUTRAL and wonders:
        low = False  # who gives the middle rating and asks something wants an answer
    if added is not None and added.complains:
        # Whoever was unhappy before has only said so again.
        return "bad_review" if low or complaint else "follow_up_turned_bad"
    if low:
        return "bad_review"
    if complaint:
        unrated = record.rating is None and text.negative
        return "bad_review" if unrated else "hidden_complaint"
    if rules.advertising and (text.advertising or (added is not None and added.advertising)):
        return "review_advertising"
    if rules.questions and asks and not record.replied:
        return "review_question"
    return ""


def change_of(old: ReviewRecord | None, new: ReviewRecord) -> Change:
    """What happened between two looks at a review."""
    if old is None:
        return Change.NEW
    if old.content_hash == new.content_hash:
        return Change.REPLIED if new.replied and not old.replied else Change.NONE
    if new.deleted or old.deleted:
        return Change.DELETED if new.deleted else Change.OTHER  # or it is shown again
    stars = (new.rating or 0) - (old.rating or 0) if new.rating and old.rating else 0
    score = new.score - old.score
    if _complains_anew(old, new) or stars < 0 or (stars == 0 and score > _CLEARLY):
        return Change.WORSE
    if stars > 0 or score < -_CLEARLY:
        return Change.BETTER
    return Change.OTHER


def _complains_anew(old: ReviewRecord, new: ReviewRecord) -> bool:
    """Did the buyer add a complaint?"""
    before, added = old.follow_verdict, new.follow_verdict
    return added is not None and added.complains and (before is None or not before.complains)


def kinds_of(record: ReviewRecord | None) -> tuple[str, ...]:
    """The kinds of cases that are open about a review, as far as its record knows."""
    return tuple(mark.partition(":")[0] for mark in record.marks) if record is not None else ()


def clocks(
    record: ReviewRecord, platform: str, rules: Reviews, said_at: datetime
) -> tuple[datetime, datetime | None]:
    """When the case should be settled, and until when the buyer may change the review (None where
    nobody knows).

    The first counts from what was said last, the second from the review itself, and the case is
    due at whichever comes first; a window that is over does not count.
    """
    by = said_at + timedelta(days=rules.resolve_days)
    days = rules.edit_window_days
    if days is None:
        days = EDIT_WINDOW_DAYS.get(platform)
    if days is None or days <= 0:
        return by, None
    ends = record.written_at + timedelta(days=days)
    if ends <= said_at:
        return by, None
    return min(by, ends), ends


def complaints_about(
    found: Iterable[ReviewRecord], product_id: str, topic: str, since: datetime
) -> int:
    """How many buyers have complained of that about a product since then. One angry buyer is one
    complaint, however many lines the order has."""
    about = {
        each.buyer_key or each.review_id
        for each in found
        if each.product_id == product_id
        and topic in each.topics
        and each.bad
        and not each.deleted
        and each.written_at >= since
    }
    return len(about)


def is_alarm(complaints: int, rules: Reviews) -> bool:
    """Are there so many complaints of one topic about one product that the product is the case?"""
    return rules.product_complaints > 0 and complaints >= rules.product_complaints


def _severity(kind: str, new: ReviewRecord, change: Change, old: ReviewRecord | None) -> Severity:
    if kind not in COMPLAINTS:
        return Severity.NOTICE
    latest = new.follow_verdict or new.verdict
    # Somebody waits beside the telephone; or our answer has made it worse.
    if latest.contact or (change is Change.WORSE and kinds_of(old)):
        return Severity.ALARM
    stood = dict(mark.split(":") for mark in old.marks).get(kind) if old is not None else None
    return Severity(stood) if stood else Severity.WARN


def _standing(old: ReviewRecord | None) -> tuple[str, Severity]:
    for mark in old.marks if old is not None else ():
        kind, _, severity = mark.partition(":")
        return kind, Severity(severity)
    return "", Severity.WARN


def _ended(old: ReviewRecord | None, was: tuple[str, ...], how: str, outcome: str) -> str:
    if old is None or not (was or old.outcome):
        return outcome
    if how == "replied":
        return Outcome.REPLIED.value
    complained = bool(COMPLAINTS.intersection(was)) or bool(old.outcome)
    return Outcome.CHANGED.value if complained else outcome


def _note(change: Change, was: tuple[str, ...]) -> str:
    if not was:
        return ""
    return {
        Change.REPLIED: "replied on the platform",
        Change.BETTER: "the buyer changed the review, for the better",
        Change.WORSE: "the buyer changed the review, for the worse",
        Change.OTHER: "the buyer changed the review",
    }.get(change, "")
