"""The words of alerts about couriers' bills: what is wrong, what it comes to, what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from aftersales.cases.kinds import BILL_KINDS
from aftersales.messages.facts import Facts

UNREAD_CHARACTERS = 400


class Vocabulary(Protocol):
    """What the module `<language>_bills` of a language holds beside the wordings."""

    CAUSES: Mapping[str, str]
    CAUSE: str
    CHANGES: Mapping[str, str]


def vocabulary(facts: Facts) -> Vocabulary:
    """The words of the reader's language."""
    name = facts.catalogue.language.replace("-", "_").lower()
    return cast("Vocabulary", import_module(f"aftersales.messages.{name}_bills"))


def bill_words(facts: Facts) -> dict[str, str | None]:
    """What the places of sentences about bills hold; see `catalogue.PLACES`."""
    if facts.alert.kind not in BILL_KINDS:
        return {}
    said = vocabulary(facts)
    confirms = facts.time("confirms_at")
    left = confirms - facts.clock.now if confirms else None
    return {
        "account": facts.text("account"),
        "period": facts.text("period"),
        "claims": facts.text("claims"),
        "filed": facts.text("filed"),
        "claimable": facts.text("claimable"),
        "credited": facts.text("credited"),
        "left": facts.text("left"),
        "billed": facts.text("billed"),
        "causes": _causes(facts, said),
        "changes": _changes(facts, said),
        "unclear": facts.text("not_auditable"),
        "not_known": facts.text("not_known"),
        "confirms_at": facts.moment("confirms_at"),
        "confirms_left": (facts.clock.length(left, parts=1) or None) if left else None,
        "report": facts.text("report"),
        "unread": facts.masked("reason_text", UNREAD_CHARACTERS),
    }


def bill_values(facts: Facts, words: Mapping[str, str | None]) -> dict[str, str | None]:
    """The fields of an alert about a bill, by the name of their label."""
    if facts.alert.kind not in BILL_KINDS:
        return {}
    names = (
        *("account", "period", "claims", "claimable", "credited", "left"),
        *("causes", "changes", "report"),
    )
    confirms = words["confirms_at"]
    if confirms and words["confirms_left"]:
        confirms = facts.catalogue.time_left.format(at=confirms, left=words["confirms_left"])
    return {
        **{name: words[name] for name in names},
        "underbilled": facts.text("underbilled"),
        "not_auditable": words["unclear"],
        "confirms_at": confirms,
    }


def _causes(facts: Facts, said: Vocabulary) -> str | None:
    """`billed twice 3 (¥24.60)`; a kind that is new to us bears its own name."""
    told = []
    for entry in (facts.text("causes") or "").split(","):
        kind, _, rest = entry.partition(":")
        count, _, money = rest.partition(":")
        if kind and count:
            word = said.CAUSES.get(kind, kind)
            told.append(said.CAUSE.format(cause=word, n=count, money=money))
    return facts.catalogue.list_separator.join(told) or None


def _changes(facts: Facts, said: Vocabulary) -> str | None:
    told = []
    for entry in (facts.text("changes") or "").split(";"):
        name, _, rest = entry.partition(":")
        old, _, new = rest.partition(">")
        if name in said.CHANGES and old != new:
            told.append(said.CHANGES[name].format(old=old, new=new))
    return facts.catalogue.parts_separator.join(told) or None
