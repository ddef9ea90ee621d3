"""The words of alerts about reviews: what was said, about what, and how the order stands."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from aftersales.cases.kinds import REVIEW_KINDS
from aftersales.errors import BadInput
from aftersales.findings import Transition
from aftersales.messages.base import Button
from aftersales.messages.facts import Facts
from aftersales.money import to_text

REVIEW_CHARACTERS = 300
TOPICS_SHOWN = 4
NEUTRAL_RATING = 3
REPORT = "review_report"


class Vocabulary(Protocol):
    """What the module `<language>_reviews` of a language holds beside the wordings."""

    STARS: str
    NEUTRAL: str
    BAD: str
    TOPICS: Mapping[str, str]
    REFUNDS: Mapping[str, str]
    ORDER_STATES: Mapping[str, str]
    HINTS: Mapping[str, str]
    OUTCOMES: Mapping[str, str]
    HINT_NOTE: str
    OPEN_REVIEW: str
    OPEN_REPORT: str
    AT_THE_LINK: str
    CONTACT: str


def vocabulary(facts: Facts) -> Vocabulary:
    """The words of the reader's language."""
    name = facts.catalogue.language.replace("-", "_").lower()
    return cast("Vocabulary", import_module(f"aftersales.messages.{name}_reviews"))


def review_words(facts: Facts) -> dict[str, str | None]:
    """What the places of sentences about reviews hold; see `catalogue.PLACES`."""
    if facts.alert.kind == REPORT:
        return _report_words(facts, vocabulary(facts))
    if facts.alert.kind not in REVIEW_KINDS:
        return {}
    said = vocabulary(facts)
    until = facts.time("edit_until")
    left = until - facts.clock.now if until else None
    return {
        "rating": _stars(said, facts.number("rating")),
        "was_rating": _stars(said, facts.number("was_rating")),
        "grade": said.NEUTRAL if facts.number("rating") == NEUTRAL_RATING else said.BAD,
        "topics": _topics(facts, said),
        "product": facts.masked("product"),
        "complaints": facts.text("count"),
        "days": facts.text("days"),
        "edit_left": (facts.clock.length(left, parts=1) or None) if left else None,
        "contact": said.CONTACT if facts.number("contact") else None,
        "reply": facts.text("suggested_reply"),
    }


def review_values(facts: Facts, words: Mapping[str, str | None]) -> dict[str, str | None]:
    """The fields of an alert about a review, by the name of their label."""
    if facts.alert.kind == REPORT:
        return {"file": None}  # its sentences name it
    if facts.alert.kind not in REVIEW_KINDS:
        return {}
    said = vocabulary(facts)
    return {
        "orders": _order(facts, said, words["orders"]),
        "rating": words["rating"],
        "review": facts.masked("review_text", REVIEW_CHARACTERS),
        "follow_up": facts.masked("follow_up", REVIEW_CHARACTERS),
        "topics": words["topics"],
        "product": words["product"],
        "buyer": facts.text("buyer"),
        "refund": _refund(facts, said),
        "edit_until": facts.moment("edit_until"),
        "hints": _hints(facts, said),
    }


def review_buttons(facts: Facts) -> tuple[Button, ...]:
    """The link to where the review, or the report, is shown."""
    if facts.alert.kind == REPORT:
        url = _address(facts, "report_url")
        return (Button(vocabulary(facts).OPEN_REPORT, url),) if url else ()
    url = _address(facts, "review_url") if facts.alert.kind in REVIEW_KINDS else None
    return (Button(vocabulary(facts).OPEN_REVIEW, url),) if url else ()


def _address(facts: Facts, name: str) -> str | None:
    url = facts.text(name) or ""
    return url if url.startswith(("https://", "http://")) else None


def _report_words(facts: Facts, said: Vocabulary) -> dict[str, str | None]:
    pairs = [entry.partition(":") for entry in (facts.text("outcomes") or "").split(",")]
    outcomes = [f"{said.OUTCOMES[name]} {n}" for name, _, n in pairs if name in said.OUTCOMES]
    names = ("reviews", "bad", "share", "before", "week")
    return {
        **{name: facts.text(name) for name in names},
        "report_at": facts.text("file")
        or (said.AT_THE_LINK if _address(facts, "report_url") else None),
        "topics": _topics(facts, said),
        "product": facts.masked("product"),
        "outcomes": facts.catalogue.list_separator.join(outcomes) or None,
    }


def _stars(said: Vocabulary, rating: int | None) -> str | None:
    return said.STARS.format(n=rating) if rating is not None and 0 <= rating <= 5 else None


def _topics(facts: Facts, said: Vocabulary) -> str | None:
    names = (facts.text("topics") or "").split(",")
    known = [said.TOPICS[name] for name in names if name in said.TOPICS][:TOPICS_SHOWN]
    return facts.catalogue.list_separator.join(known) or None


def _order(facts: Facts, said: Vocabulary, numbers: str | None) -> str | None:
    """The number of the order, and why little or nothing is said of it."""
    state = facts.word("order_state", said.ORDER_STATES)
    if not numbers or not state or facts.alert.transition is Transition.SOLVED:
        return numbers
    return facts.catalogue.in_brackets.format(text=numbers, note=state)


def _refund(facts: Facts, said: Vocabulary) -> str | None:
    word = facts.word("refund", said.REFUNDS)
    amount, currency = facts.number("amount_minor"), facts.text("currency")
    if word is None or amount is None or currency is None:
        return word
    try:
        return facts.catalogue.in_brackets.format(text=word, note=to_text(amount, currency))
    except BadInput:
        return word


def _hints(facts: Facts, said: Vocabulary) -> str | None:
    """What is known of the writer, with the note that it proves nothing."""
    told = []
    for hint in (facts.text("hints") or "").split(";"):
        name, _, numbers = hint.partition(":")
        n, _, of = numbers.partition("/")
        if name in said.HINTS:
            told.append(said.HINTS[name].format(n=n, of=of))
    if not told:
        return None
    listed = facts.catalogue.parts_separator.join(told)
    return facts.catalogue.in_brackets.format(text=listed, note=said.HINT_NOTE)
