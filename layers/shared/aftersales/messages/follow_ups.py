"""What is said of a case that is still open: one by one, or as a list of many.

The words are loaded when they are needed: most messages are about news.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from msgspec import Struct

from aftersales.findings import Alert, Transition
from aftersales.messages.base import Field
from aftersales.messages.catalogue import Wording
from aftersales.messages.facts import Facts
from aftersales.messages.phrasing import fill

LISTED = "cases"
"""Of an alert about several cases: what is known of each, as a JSON list."""
PLACES = frozenset({"count", "shown", "open_for", "due_left", "due_past"})
"""What these sentences may use; `count` and `shown` are known of lists only."""

Titled = Callable[[Alert, str], str]
"""The title of one alert of a list, of a shop of that name."""


class Words(Struct, frozen=True):
    """The words of one language. The mappings go by what is said: `reminded`, `due_soon`,
    `overdue`. `prefixes` stand before a kind's title, `leads` before its `what`."""

    prefixes: Mapping[str, str]
    leads: Mapping[str, str]
    list_titles: Mapping[str, str]
    list_leads: Mapping[str, str]
    list_todo: str


class Said(Struct, frozen=True):
    """The sentences of a message and the fields that stand before or instead of the usual ones."""

    title: str
    what: str
    todo: str
    fields: tuple[Field, ...]
    is_list: bool = False


def words_for(language_module: str) -> Words:
    """The words that go with the catalogue module of that name (`zh_cn`)."""
    found: Words = import_module(f"aftersales.messages.{language_module}_follow_ups").WORDS
    return found


def follow_up(
    facts: Facts, wording: Wording, words: Mapping[str, str | None], own: Words, titled: Titled
) -> Said:
    """The message of a follow-up: about one case, or the list that its alert carries."""
    what = facts.alert.transition.value
    listed = list(_listed(facts, titled))
    known = {**words, **_words(facts, len(listed))}
    if listed:
        title, lead = fill(own.list_titles[what], known), fill(own.list_leads[what], known)
        return Said(title, lead, own.list_todo, tuple(listed), is_list=True)
    return Said(
        own.prefixes[what] + fill(wording.title, words),
        fill(own.leads[what], known) + fill(wording.what, words),
        fill(wording.escalated_todo or wording.todo, words),
        (),
    )


def _words(facts: Facts, shown: int) -> dict[str, str | None]:
    left = facts.alert.deadline - facts.clock.now if facts.alert.deadline else timedelta(0)
    return {
        "count": facts.text("count"),
        "shown": str(shown) if shown < (facts.number("count") or 0) else None,
        "due_left": facts.clock.length(left, parts=1) if left > timedelta(0) else None,
        "due_past": facts.clock.length(-left, parts=1) if left < timedelta(0) else None,
    }


def _listed(facts: Facts, titled: Titled) -> Iterator[Field]:
    """One field for each case of the list, with its id as the label."""
    try:
        entries = json.loads(str(facts.alert.facts.get(LISTED) or "[]"))
    except ValueError:
        return
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("case_id") and entry.get("kind"):
            alert = _alone(facts.alert, entry)
            one = Facts.of(alert, facts.catalogue, facts.clock)
            shop = str(entry.get("shop_name") or alert.shop_id)
            parts = (titled(alert, shop), shop, _left(one), one.text("owner"))
            separator = facts.catalogue.parts_separator
            yield Field(alert.case_id, separator.join(part for part in parts if part))


def _left(facts: Facts) -> str | None:
    deadline = facts.alert.deadline
    if deadline is None or deadline <= facts.clock.now:
        return None
    length = facts.clock.length(deadline - facts.clock.now, parts=1)
    return facts.catalogue.left_only.format(left=length) if length else None


def _alone(alert: Alert, entry: Mapping[str, Any]) -> Alert:
    own = entry.get("facts")
    known = {
        str(name): value
        for name, value in (own.items() if isinstance(own, dict) else ())
        if isinstance(value, str | int | None)
    }
    return Alert(
        alert_id=alert.alert_id,
        case_id=str(entry["case_id"]),
        transition=Transition.OPENED,
        kind=str(entry["kind"]),
        subject=str(entry.get("subject") or ""),
        severity=alert.severity,
        shop_id=str(entry.get("shop_id") or ""),
        facts=known,
        opened_at=_time(entry.get("opened_at")) or alert.opened_at,
        at=alert.at,
        deadline=_time(entry.get("deadline")),
    )


def _time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
