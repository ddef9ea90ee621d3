"""The casebook: every transition of a case, in one transaction with its outbox record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from aftersales.cases.ladders import Ladders
from aftersales.cases.model import Case, Delivery, case_id_of
from aftersales.cases.routes import owner_for, targets_for
from aftersales.cases.rules import (
    Change,
    Decision,
    decide_acknowledge,
    decide_announce,
    decide_follow_up,
    decide_note,
    decide_open,
    decide_resolve,
    noted_too,
)
from aftersales.clock import wall_now
from aftersales.errors import Conflict
from aftersales.findings import Alert, Finding, Transition
from aftersales.settings.model import Alerts, Settings
from aftersales.tables import cases, outbox
from aftersales.tables.connection import connection

TRIES = 4

Beside = Callable[[TransactWrite], None]
"""Adds writes of the caller's own to the transaction in which cases change."""
Telling = Callable[[Sequence[Alert]], Alert]
"""Makes one alert out of those that several cases would cause."""


class Ending(Struct, frozen=True):
    """A problem that ended: whose case, and how, in a word."""

    subject: str
    kind: str
    how: str


_ASKING = (Transition.OPENED, Transition.ESCALATED)


class Casebook:
    """All that may happen to a case.

    Every method is safe to repeat: the same finding twice opens one case and sends one alert. Each
    raises `Conflict` where several writers keep winning.
    """

    def __init__(self, alerts: Alerts, ladders: Ladders | None = None) -> None:
        self._alerts = alerts
        self._ladders = ladders

    @classmethod
    def of(cls, settings: Settings) -> Casebook:
        """The casebook by the settings: whom to tell, and when to follow up."""
        return cls(settings.alerts, Ladders(settings))

    def open(self, finding: Finding, now: datetime) -> Change:
        """A problem was found: open, escalate, update or ignore, as the rules say."""
        return self._write(lambda: decide_open(cases.of_subject(finding.subject), finding, now))

    def resolve(self, subject: str, kind: str, how: str, now: datetime, by: str = "desk") -> Change:
        """A problem ended: close its case, if it is open, with one solved message."""
        return self._write(lambda: decide_resolve(cases.get(subject, kind), how, now, by))

    def open_together(
        self,
        findings: Sequence[Finding],
        now: datetime,
        *,
        told: Telling,
        beside: Beside,
        notes: Mapping[str, str] = {},
    ) -> tuple[Change, ...]:
        """Several problems were found at once: a case for each, one alert for all.

        `notes` are further lines for the histories, by subject.
        All of it is one transaction, with what `beside` adds; a transaction holds 100 writes. It is
        tried once: raises `Conflict` where anything was changed by others. Nothing is written then,
        and what the findings were made from must be looked at again.
        """
        found = [
            noted_too(decide_open(cases.of_subject(f.subject), f, now), notes.get(f.subject), now)
            for f in findings
        ]
        return self._write_together(found, told, beside)

    def resolve_together(
        self, ends: Sequence[Ending], now: datetime, *, told: Telling | None, beside: Beside
    ) -> tuple[Change, ...]:
        """Several problems ended: like `open_together`. Without `told` nobody hears of it."""
        found = [decide_resolve(cases.get(e.subject, e.kind), e.how, now) for e in ends]
        return self._write_together(found, told, beside)

    def follow_up_together(
        self, due: Sequence[Case], what: Transition, now: datetime, *, told: Telling | None
    ) -> tuple[Change, ...]:
        """Tell people again of several open cases, as they were just read: like `open_together`.

        Without `told` the cases count as told of in somebody else's message.
        """
        found = []
        for case in due:
            # Overdue, it may be somebody else's.
            after = decide_follow_up(case, what, now).case or case
            found.append(decide_follow_up(case, what, now, self.owner_of(after)))
        return self._write_together(found, told, None)

    def owner_of(self, case: Case) -> str:
        """Who answers for a case: who took it, else the owner of its route; "" for nobody."""
        return case.owner or owner_for(self._alerts, case)

    def announce(self, finding: Finding, now: datetime) -> Change:
        """Say something once for a subject. The case begins and ends with it."""
        return self._write(lambda: decide_announce(cases.of_subject(finding.subject), finding, now))

    def acknowledge(self, subject: str, kind: str, who: str, now: datetime) -> Change:
        """An agent takes the case."""
        return self._write(lambda: decide_acknowledge(cases.get(subject, kind), who, now))

    def note(self, subject: str, kind: str, what: str, now: datetime, by: str = "desk") -> bool:
        """Add a line to an open case's history. False where this episode has it already."""
        change = self._write(lambda: decide_note(cases.get(subject, kind), what, now, by))
        return change is Change.UPDATED

    def _write(self, decide: Callable[[], Decision]) -> Change:
        for _ in range(TRIES):
            decision = decide()
            if decision.case is None:
                return decision.change
            decision = self._with_owner(self._with_own_id(decision))
            try:
                self._commit([decision], decision.alert)
            except TransactWriteError as exc:
                if was_outrun(exc):
                    continue
                raise
            return decision.change
        raise Conflict("the same case is being changed by others all the time")

    def _write_together(
        self, found: Sequence[Decision], told: Telling | None, beside: Beside | None
    ) -> tuple[Change, ...]:
        decisions = [self._with_owner(self._with_own_id(decision)) for decision in found]
        alerts = [decision.alert for decision in decisions if decision.alert is not None]
        alert = told(alerts) if alerts and told is not None else None
        try:
            self._commit(decisions, alert, beside)
        except TransactWriteError as exc:
            if was_outrun(exc):
                raise Conflict("some of this was changed by others") from exc
            raise
        return tuple(decision.change for decision in decisions)

    def _commit(
        self, decisions: Sequence[Decision], alert: Alert | None, beside: Beside | None = None
    ) -> None:
        with TransactWrite(connection=connection()) as transaction:
            for decision in decisions:
                for case in (decision.case, *decision.superseded):
                    if case is not None:
                        cases.write(transaction, self._scheduled(case))
            if alert is not None:
                for delivery in self._deliveries(alert):
                    outbox.put(transaction, delivery)
            if beside is not None:
                beside(transaction)

    def _scheduled(self, case: Case) -> Case:
        """Whatever happened to a case: when it is followed up next is worked out anew."""
        coming = self._ladders.next_at(case) if self._ladders is not None else None
        return replace(case, next_at=coming)

    def _deliveries(self, alert: Alert) -> list[Delivery]:
        return [
            Delivery(
                delivery_id=f"{alert.alert_id}:{target}",
                target=target,
                alert=alert,
                created_at=alert.at,
                wall_created_at=wall_now(),
            )
            for target in dict.fromkeys(targets_for(self._alerts, alert))
        ]

    def _with_owner(self, decision: Decision) -> Decision:
        """News that asks for something names who answers for it."""
        alert, case = decision.alert, decision.case
        if alert is None or case is None or alert.transition not in _ASKING:
            return decision
        owner = self.owner_of(case)
        if not owner:
            return decision
        return replace(decision, alert=replace(alert, facts={**alert.facts, "owner": owner}))

    def _with_own_id(self, decision: Decision) -> Decision:
        """Two of a million cases may get the same eight letters; the later one takes others."""
        case = decision.case
        if case is None or case.version or decision.alert is None:
            return decision
        attempt = 0
        case_id = case.case_id
        while (holder := cases.by_id(case_id)) is not None and not _same(holder, case):
            attempt += 1
            case_id = case_id_of(case.kind, case.subject, attempt)
        if case_id == case.case_id:
            return decision
        alert = replace(decision.alert, case_id=case_id, alert_id=f"{case_id}-{case.alerts}")
        return replace(decision, case=replace(case, case_id=case_id), alert=alert)


def was_outrun(exc: TransactWriteError) -> bool:
    """Did a transaction fail only because somebody else was faster?"""
    reasons = {reason.code for reason in exc.cancellation_reasons if reason is not None}
    return bool(reasons) and reasons <= {"ConditionalCheckFailed", "TransactionConflict", "None"}


def _same(one: Case, other: Case) -> bool:
    return (one.kind, one.subject) == (other.kind, other.subject)
