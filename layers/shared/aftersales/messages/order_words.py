"""The words of alerts about orders: money, items, time left, and lists of several orders."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from aftersales.errors import BadInput
from aftersales.findings import Alert
from aftersales.messages import reminder_words
from aftersales.messages.base import Field
from aftersales.messages.catalogue import Catalogue
from aftersales.messages.facts import Facts
from aftersales.money import to_text

LISTED = "list"
"""Of an alert about several orders: the facts of each, as a JSON list."""
KINDS = ("unpaid_order", "reminder_report")


def order_words(facts: Facts) -> dict[str, str | None]:
    """What the places of sentences about orders hold; see `catalogue.PLACES`."""
    if facts.alert.kind not in KINDS:
        return {}
    number = facts.number("count") or 0
    pay_by = facts.time("pay_by") or facts.alert.deadline
    left = pay_by - facts.clock.now if pay_by else None
    return {
        "count": str(number) if number > 1 else None,
        "buyer": facts.text("buyer"),
        "items": facts.masked("items"),
        "amount": _money(facts),
        "pay_by": facts.moment("pay_by"),
        "pay_left": (facts.clock.length(left) or None) if left else None,
        "as_of": facts.moment("as_of"),
        "history": _history(facts),
        "week": facts.text("week"),
        "nudges": facts.counted("nudges", "nudges"),
        "reminded": facts.text("reminded"),
        "alone": facts.text("alone"),
        "lift": facts.text("lift"),
        "recovered": facts.text("recovered"),
    }


def order_values(facts: Facts, words: Mapping[str, str | None]) -> dict[str, str | None]:
    """The fields of an alert about one order, or of the report, by the name of their label."""
    if facts.alert.kind not in KINDS:
        return {}
    names = ("buyer", "items", "amount", "history", "as_of", "reminded", "alone", "lift")
    minutes = facts.number("minutes")
    took = facts.catalogue.times.duration(minutes) if minutes else None
    return {
        **{name: words[name] for name in names},
        "recovered": words["recovered"],
        "took": took,
        "skipped": _counted(facts, "skipped", reminder_words.skipped),
        "text": _texted(facts),
        "waited": str(facts.number("waited") or "") or None,
        "texts": _counted(facts, "texts", reminder_words.texts),
    }


def listed_fields(facts: Facts, shop: str, *, solved: bool) -> tuple[Field, ...]:
    """One field for each order of an alert about several, with its number as the label."""
    if facts.alert.kind not in KINDS:
        return ()
    try:
        entries = json.loads(facts.alert.facts.get(LISTED) or "[]")  # type: ignore[arg-type]
    except ValueError:
        return ()
    found = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("order_ids"):
            one = Facts.of(_alone(facts.alert, entry), facts.catalogue, facts.clock)
            found.append(Field(str(entry["order_ids"]), _line(one, shop, solved=solved)))
    return tuple(found)


def _line(facts: Facts, shop: str, *, solved: bool) -> str:
    words = order_words(facts)
    name = facts.text("shop_name") or facts.text("shop_id")
    left = words["pay_left"]
    parts = [
        name if name != shop else None,
        words["buyer"],
        words["items"],
        words["amount"],
        None if solved or not left else facts.catalogue.left_only.format(left=left),
        None if solved else words["history"],
        None if solved else _texted(facts),
        None if solved else facts.text("order_url"),
    ]
    return facts.catalogue.parts_separator.join(part for part in parts if part)


def _alone(alert: Alert, entry: Mapping[str, Any]) -> Alert:
    from msgspec.structs import replace

    known = {
        str(name): value for name, value in entry.items() if isinstance(value, str | int | None)
    }
    return replace(alert, facts=known, deadline=None)


def _texted(facts: Facts) -> str | None:
    state, language = facts.text("text"), facts.catalogue.language
    if state is None:
        return None
    return reminder_words.texted(language, state, facts.text("text_reason") or "")


def _counted(facts: Facts, name: str, in_words: Callable[[str, str, str], str]) -> str | None:
    counted = facts.alert.facts.get(name)  # our own words, however many reasons there are
    if not isinstance(counted, str):
        return None
    return in_words(facts.catalogue.language, counted, facts.catalogue.parts_separator)


def _money(facts: Facts) -> str | None:
    amount, currency = facts.number("amount_minor"), facts.text("currency")
    if amount is None or currency is None:
        return None
    try:
        return to_text(amount, currency)
    except BadInput:
        return None


def _history(facts: Facts) -> str | None:
    catalogue: Catalogue = facts.catalogue
    if facts.number("buyer_orders") == 0:
        return catalogue.first_order
    orders = facts.counted("buyer_orders", "buyer_orders")
    paid = facts.counted("buyer_paid", "buyer_paid")
    return catalogue.parts_separator.join(part for part in (orders, paid) if part) or None
