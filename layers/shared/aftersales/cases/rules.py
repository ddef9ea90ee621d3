"""What becomes of a case when a finding arrives or a problem ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from aftersales.cases.model import Case, CaseState, Entry, case_id_of
from aftersales.findings import Alert, Finding, Severity, Transition

HISTORY_LIMIT = 50
_WORSE = {Severity.NOTICE: Severity.WARN, Severity.WARN: Severity.ALARM}
"""One step up; `alarm` is the worst that a shop's case can be."""


class Change(StrEnum):
    """Named outcome of a decision; it feeds the log and the counts."""

    OPENED = "opened"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"  # a stronger case of the same subject is open
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    FOLLOWED_UP = "followed_up"
    NOT_OPEN = "not_open"


class Decision(Struct, frozen=True):
    """What to write: the case (None: nothing), cases it supersedes, the alert to send (or None)."""

    change: Change
    case: Case | None = None
    superseded: tuple[Case, ...] = ()
    alert: Alert | None = None


def decide_open(known: Sequence[Case], finding: Finding, now: datetime) -> Decision:
    """A finding arrived; `known` are all cases of its subject, open or not."""
    same = next((case for case in known if case.kind == finding.kind), None)
    relatives = [
        case
        for case in known
        if case.is_open
        and case.kind != finding.kind
        and finding.family
        and case.family == finding.family
    ]

    # A stronger open case of the same family says it all: a second one would only be noise.
    if any(case.strength > finding.strength for case in relatives):
        return Decision(Change.SUPPRESSED)

    superseded = tuple(
        _closed(case, f"superseded by {finding.kind}", now)
        for case in relatives
        if case.strength < finding.strength
    )

    if same is None or not same.is_open:
        return _opened(same, finding, superseded, now)

    # Worse than before: people are told again.
    if finding.severity.rank > same.severity.rank:
        case = _noted(
            replace(
                same,
                severity=finding.severity,
                facts=finding.facts,
                deadline=finding.deadline,
                alerts=same.alerts + 1,
                updated_at=now,
            ),
            f"escalated to {finding.severity}",
            now,
        )
        return Decision(Change.ESCALATED, case, superseded, _alert(case, Transition.ESCALATED, now))

    # The same again: newer facts are kept silently.
    updated = replace(same, facts=finding.facts, deadline=finding.deadline)
    if updated == same and not superseded:
        return Decision(Change.UNCHANGED)
    return Decision(Change.UPDATED, replace(updated, updated_at=now), superseded)


def decide_resolve(case: Case | None, how: str, now: datetime, by: str = "desk") -> Decision:
    """A problem ended, `how` in a word (`moved_on`, `delivered`). One solved message goes out."""
    if case is None or not case.is_open:
        return Decision(Change.NOT_OPEN)
    closed = _closed(replace(case, alerts=case.alerts + 1), how, now, by)
    return Decision(Change.RESOLVED, closed, (), _alert(closed, Transition.SOLVED, now))


def decide_announce(known: Sequence[Case], finding: Finding, now: datetime) -> Decision:
    """Something to be said once that nobody has to handle: its case is closed from the start."""
    if any(case.kind == finding.kind for case in known):
        return Decision(Change.UNCHANGED)
    opened = _opened(None, finding, (), now)
    assert opened.case is not None  # noqa: S101 - for the type checker: it was just opened
    return replace(opened, case=_closed(opened.case, "announced", now))


def decide_acknowledge(case: Case | None, who: str, now: datetime) -> Decision:
    """An agent takes a case. The first one keeps it."""
    if case is None or case.state is not CaseState.OPEN:
        return Decision(Change.NOT_OPEN)
    taken = replace(case, state=CaseState.ACKNOWLEDGED, owner=who, updated_at=now)
    return Decision(Change.ACKNOWLEDGED, _noted(taken, "acknowledged", now, who))


def decide_note(case: Case | None, what: str, now: datetime, by: str = "desk") -> Decision:
    """A line for the history of an open case. The same line is written once per episode."""
    if case is None or not case.is_open:
        return Decision(Change.NOT_OPEN)
    if any(entry.what == what and entry.at >= case.opened_at for entry in case.history):
        return Decision(Change.UNCHANGED)
    return Decision(Change.UPDATED, _noted(replace(case, updated_at=now), what, now, by))


def decide_follow_up(
    case: Case | None, what: Transition, now: datetime, owner: str = ""
) -> Decision:
    """People are told again of a case that is still open; `owner` where nobody has taken it.

    A case whose deadline has passed gets worse by one step, and so may go to other people.
    """
    if case is None or not case.is_open:
        return Decision(Change.NOT_OPEN)
    overdue = what is Transition.OVERDUE
    followed = replace(
        case,
        severity=_WORSE.get(case.severity, case.severity) if overdue else case.severity,
        alerts=case.alerts + 1,
        step=case.step + 1,
        followed_until=now,
        updated_at=now,
    )
    raised = f", raised to {followed.severity}" if followed.severity is not case.severity else ""
    followed = _noted(followed, f"followed up: {what}{raised}", now)
    answers = {"owner": case.owner or owner or None}
    return Decision(Change.FOLLOWED_UP, followed, (), _alert(followed, what, now, answers))


def noted_too(decision: Decision, what: str | None, now: datetime) -> Decision:
    """The same decision with one more line in the case's history, where it changes the case."""
    if not what or decision.case is None:
        return decision
    return replace(decision, case=_noted(decision.case, what, now))


def open_kinds(cases: Iterable[Case]) -> frozenset[str]:
    """The kinds of the open ones."""
    return frozenset(case.kind for case in cases if case.is_open)


def _opened(
    before: Case | None, finding: Finding, superseded: tuple[Case, ...], now: datetime
) -> Decision:
    case = Case(
        case_id=before.case_id if before else case_id_of(finding.kind, finding.subject),
        kind=finding.kind,
        subject=finding.subject,
        shop_id=finding.shop_id,
        severity=finding.severity,
        opened_at=now,
        updated_at=now,
        episode=before.episode + 1 if before else 1,
        alerts=before.alerts + 1 if before else 1,
        family=finding.family,
        strength=finding.strength,
        deadline=finding.deadline,
        facts=finding.facts,
        history=before.history if before else (),
        version=before.version if before else 0,
    )
    case = _noted(case, f"opened as {finding.severity}", now)
    change = Change.REOPENED if before else Change.OPENED
    return Decision(change, case, superseded, _alert(case, Transition.OPENED, now))


def _closed(case: Case, how: str, now: datetime, by: str = "desk") -> Case:
    closed = replace(
        case, state=CaseState.RESOLVED, resolved_at=now, resolution=how, updated_at=now
    )
    return _noted(closed, f"resolved: {how}", now, by)


def _noted(case: Case, what: str, now: datetime, by: str = "desk") -> Case:
    return replace(case, history=(*case.history, Entry(now, what, by))[-HISTORY_LIMIT:])


def _alert(
    case: Case,
    transition: Transition,
    now: datetime,
    more: Mapping[str, str | None] | None = None,
) -> Alert:
    facts = {**case.facts, **(more or {})}
    if case.resolution and transition is Transition.SOLVED:
        facts["resolution"] = case.resolution
    return Alert(
        alert_id=f"{case.case_id}-{case.alerts}",
        case_id=case.case_id,
        transition=transition,
        kind=case.kind,
        subject=case.subject,
        severity=case.severity,
        shop_id=case.shop_id,
        facts=facts,
        opened_at=case.opened_at,
        at=now,
        deadline=case.deadline,
    )
