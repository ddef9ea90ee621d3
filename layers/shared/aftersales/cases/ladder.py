"""When an open case is followed up. Pure.

A case has moments: some days after it was opened, some time before its deadline, the deadline
itself, and then one moment after each interval until it is closed. Of several moments that were
missed the most pressing one counts, and the others are done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from aftersales.cases.model import Case
from aftersales.findings import Transition
from aftersales.settings.model import Ladder

Opens = Callable[[datetime], datetime]
"""The time given, or when agents are next there after it."""

WARNED = timedelta(hours=12)
"""A reminder so soon after a word about the deadline says nothing new. A review is mostly found
within the hour: its sixth day begins shortly after the last day before its deadline."""

_URGENCY = (Transition.REMINDED, Transition.DUE_SOON, Transition.OVERDUE)


class Moment(NamedTuple):
    """When to follow up, by the ladder alone, and what is said then."""

    at: datetime
    what: Transition


def next_at(case: Case, ladder: Ladder, opens: Opens) -> datetime | None:
    """When the case is to be looked at next, in service hours; None: never.

    A warning that the deadline is near does not wait for service hours that begin after it.
    """
    after = case.followed_until or case.opened_at
    found = []
    for moment in _moments(case, ladder, after):
        if moment.at > after:
            at = opens(moment.at)
            found.append(moment.at if _too_late(case, moment.what, at) else at)
    return min(found, default=None)


def due_moment(case: Case, ladder: Ladder, opens: Opens, now: datetime) -> Moment | None:
    """What is to be said about the case now; None where nothing is, or agents are not there."""
    after = case.followed_until or case.opened_at
    missed = [moment for moment in _moments(case, ladder, now) if after < moment.at <= now]
    if not missed:
        return None
    chosen = max(missed, key=lambda moment: (_URGENCY.index(moment.what), moment.at))
    opens_at = opens(now)
    return chosen if opens_at <= now or _too_late(case, chosen.what, opens_at) else None


def _moments(case: Case, ladder: Ladder, around: datetime) -> Iterator[Moment]:
    """All moments after the opening but the repeats, of which those next to `around`."""
    found = []
    if case.deadline is not None:
        before = case.deadline - timedelta(hours=ladder.due_soon_hours)
        if before < case.deadline:
            found.append(Moment(before, Transition.DUE_SOON))
        found.append(Moment(case.deadline, Transition.OVERDUE))
    found = [moment for moment in found if moment.at > case.opened_at]
    warned = [moment.at for moment in found]
    for days in ladder.days:
        at = case.opened_at + timedelta(days=days)
        if at > case.opened_at and not any(timedelta(0) <= at - word < WARNED for word in warned):
            found.append(Moment(at, Transition.REMINDED))
    yield from found
    if ladder.repeat_days <= 0:
        return
    last = max((moment.at for moment in found), default=case.opened_at)
    passed = max(int((around - last) / timedelta(days=ladder.repeat_days)), 0)
    for number in (passed, passed + 1):
        if number:
            yield Moment(last + timedelta(days=number * ladder.repeat_days), Transition.REMINDED)


def _too_late(case: Case, what: Transition, at: datetime) -> bool:
    if what is not Transition.DUE_SOON or case.deadline is None:
        return False
    return at >= case.deadline
