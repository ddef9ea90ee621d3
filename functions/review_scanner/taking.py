"""Reviews that arrived, by whatever way: compared with what is known, told about, stored.

The cases come first and the record last: a run that breaks off in between finds the review as it
was and does everything again, and a case that is open already is not told of twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from aftersales.calendar import zone_named
from aftersales.errors import TryLater
from aftersales.findings import Finding
from aftersales.review_records import Outcome, ReviewRecord, as_review
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from aftersales.tables import cases, reviews
from aftersales.tables.reviews import Kept, Places
from review_scanner import case_facts, product_alarms, records, texts
from review_scanner.desk import Desk
from review_scanner.hints import hints_about
from review_scanner.rules import COMPLAINTS, Change, Decision, change_of, clocks, decide

TRIES = 4
WRITERS = 8
"""Reviews without a case are stored side by side: a large export then takes minutes."""


@dataclass
class Taking:
    """One run over reviews of one shop. `cases_since`: older ones, if new to us, open no case."""

    desk: Desk
    shop: Shop
    cases_since: datetime
    _seen: dict[str, ReviewRecord] = field(default_factory=dict)

    def take(self, found: Sequence[Review]) -> Counter[str]:
        """Take reviews in; returns counts of what became of them. Safe to repeat.

        Raises `TryLater` where others keep changing the same review.
        """
        newest = {review.review_id: review for review in found}
        known = reviews.get_all(self.shop.id, newest)
        tally: Counter[str] = Counter()
        plain = []
        for review_id, review in newest.items():
            work = self._look_at(review, known.get(review_id))
            if work is None:
                tally["unchanged"] += 1
            elif work.decision.kind or work.decision.closes:
                tally[self._settle(review, work)] += 1
            else:
                plain.append((review, work))
        with ThreadPoolExecutor(WRITERS) as pool:
            for reason in pool.map(lambda each: self._settle(*each), plain):
                tally[reason] += 1
        return tally

    def _look_at(self, review: Review, kept: Kept | None) -> _Work | None:
        """What is to be done about a review; None where nothing has changed."""
        now = self.desk.business_now()
        old = kept.record if kept is not None else None
        if records.is_outdated(review, old):
            return None
        review = records.united(as_review(kept.record, kept.said) if kept else None, review)
        if kept is not None and kept.said.cut and kept.record.content_hash == review.content_hash:
            return None
        if kept is not None and old is not None and kept.reply.state == "sent":
            old = replace(old, replied=True)  # our own reply is no news when the platform shows it
        new = records.record_of(review, old, self.shop, self.desk.judge, now)
        if old is not None and change_of(old, new) is Change.NONE:
            return None
        if old is not None and old.marks:
            old = self._with_true_marks(old)
            new = replace(new, marks=old.marks, outcome=old.outcome)
        decision = decide(
            old,
            new,
            self.desk.settings.review_rules(self.shop.id),
            asks=texts.asks(review.text) or texts.asks(review.follow_up),
            backlog=new.written_at < self.cases_since,
        )
        new = replace(new, marks=decision.marks, outcome=decision.outcome)
        return _Work(kept, new, decision, now)

    def _with_true_marks(self, old: ReviewRecord) -> ReviewRecord:
        """A case may have been closed by an agent since."""
        marks, outcome = [], old.outcome
        for mark in old.marks:
            case = cases.get(old.subject, mark.partition(":")[0])
            if case is not None and case.is_open:
                marks.append(mark)
            elif case is not None and case.resolution in list(Outcome):
                outcome = case.resolution
        return replace(old, marks=tuple(marks), outcome=outcome)

    def _settle(self, review: Review, work: _Work) -> str:
        """Cases, then the record. Where others were faster, all is looked at again."""
        for _ in range(TRIES):
            self._tell(review, work)
            if self._store(review, work):
                self._seen[work.record.review_id] = work.record
                return work.decision.reason
            again = self._look_at(review, reviews.get(self.shop.id, review.review_id))
            if again is None:
                return "unchanged"
            work = again
        raise TryLater(f"a review of shop {self.shop.id} is being changed by others all the time")

    def _store(self, review: Review, work: _Work) -> bool:
        record, settings = work.record, self.desk.settings
        kept = work.kept
        whole = records.united(as_review(kept.record, kept.said) if kept else None, review)
        zone = zone_named(settings.time_zone)
        places = Places(
            month=record.written_at.astimezone(zone).strftime("%Y-%m"),
            copy_key=texts.copy_key(whole.text),
        )
        expires = work.now + timedelta(days=settings.review_rules(self.shop.id).keep_days)
        return reviews.write(kept, record, records.said_of(whole), places, expires)

    def _tell(self, review: Review, work: _Work) -> None:
        record, decision, casebook = work.record, work.decision, self.desk.casebook
        for kind in decision.closes:
            casebook.resolve(record.subject, kind, decision.how, work.now)
        if not decision.kind:
            return
        if decision.note:
            casebook.note(record.subject, decision.kind, decision.note, work.now)
        casebook.open(self._finding(review, work), work.now)
        if decision.kind in COMPLAINTS:
            product_alarms.open_alarms(
                self.desk,
                self.shop,
                record,
                self._seen.values(),
                lambda: case_facts.about_product(self.desk.settings, self.shop, record, review),
                now=work.now,
            )

    def _finding(self, review: Review, work: _Work) -> Finding:
        record, decision = work.record, work.decision
        rules = self.desk.settings.review_rules(self.shop.id)
        said_at = records.said_at(record, work.now)
        due, edit_until = clocks(record, self.shop.platform, rules, said_at)
        facts = case_facts.about_review(self.desk.settings, self.shop, record, review)
        facts["edit_until"] = edit_until.isoformat() if edit_until else None
        if decision.kind in COMPLAINTS:
            before = cases.of_subject(record.subject) if work.kept is not None else ()
            facts |= case_facts.about_order(record, before)
            hints = self._hints(review, record)
            facts["hints"] = ";".join(hints) or None
        return case_facts.finding(record, decision.kind, decision.severity, facts, due)

    def _hints(self, review: Review, record: ReviewRecord) -> tuple[str, ...]:
        history = reviews.of_buyer(record.buyer_key) if record.buyer_key else ()
        key = texts.copy_key(review.text)
        copies = reviews.copies_of(key) if key else ()
        words = f"{review.text}\n{review.follow_up}"
        rules = self.desk.settings.review_rules(self.shop.id)
        return hints_about(record, history, copies, rules, presses=texts.presses_for_money(words))


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be done about one review."""

    kept: Kept | None
    record: ReviewRecord
    decision: Decision
    now: datetime
