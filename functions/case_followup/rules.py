"""Which due cases go into one message, and what that message holds. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from aftersales.cases.model import Case
from aftersales.findings import Alert, Transition

LISTED = 10
"""Cases that one message names; of the others it says how many there are."""
FACT_LIMIT = 80
"""Characters of a fact that a list keeps: it needs what titles are made of, not whole texts."""

Route = tuple[str, ...]
"""The names of the targets of a message."""


class Due(Struct, frozen=True):
    """An open case about which something is to be said, and where that goes."""

    case: Case
    what: Transition
    route: Route


class Group(Struct, frozen=True):
    """Cases that are told of in one message, the most pressing first."""

    route: Route
    what: Transition
    cases: tuple[Case, ...]


def grouped(due: Iterable[Due]) -> list[Group]:
    """One group for each route and each thing to be said; what is overdue comes first."""
    found: dict[tuple[Route, Transition], list[Case]] = defaultdict(list)
    for each in due:
        found[each.route, each.what].append(each.case)
    groups = [
        Group(route, what, tuple(sorted(cases, key=pressing)))
        for (route, what), cases in found.items()
    ]
    order = (Transition.OVERDUE, Transition.DUE_SOON, Transition.REMINDED)
    return sorted(groups, key=lambda group: (order.index(group.what), group.route))


def pressing(case: Case) -> tuple[int, bool, float, str]:
    """Sorts the most pressing case first: severity, deadline, age."""
    end = case.deadline or case.opened_at
    return -case.severity.rank, case.deadline is None, end.timestamp(), case.case_id


def as_one(alerts: Sequence[Alert], total: int, name_of: Callable[[str], str]) -> Alert:
    """One alert about `total` cases, of which `alerts` are the most pressing ones.

    It is the first one's alert, with a list of them all; alone, it is just that alert. `name_of`
    gives a shop's name.
    """
    first = alerts[0]
    if total == 1:
        return first
    entries = [_entry(alert, name_of) for alert in alerts[:LISTED]]
    facts: dict[str, str | int | None] = {
        "count": total,
        "cases": json.dumps(entries, ensure_ascii=False, separators=(",", ":")),
    }
    ends = [alert.deadline for alert in alerts if alert.deadline is not None]
    return replace(first, facts=facts, deadline=min(ends, default=None))


def _entry(alert: Alert, name_of: Callable[[str], str]) -> dict[str, object]:
    facts = {
        name: value
        for name, value in alert.facts.items()
        if value is not None and len(str(value)) <= FACT_LIMIT
    }
    return {
        "case_id": alert.case_id,
        "kind": alert.kind,
        "subject": alert.subject,
        "shop_id": alert.shop_id,
        "shop_name": name_of(alert.shop_id),
        "opened_at": _iso(alert.opened_at),
        "deadline": _iso(alert.deadline) if alert.deadline is not None else None,
        "facts": facts,
    }


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
