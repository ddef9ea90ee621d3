"""Whose receipt time a platform was asked to extend: items of their own in the `cases` table.

    subject                kind      holds
    receipt#<shop>#<order> extended  the receipt time that was to be moved, and what became of it

The key is the order's and not the parcel's: an order in two parcels has two cases and one receipt
time. No index of the table shows these items.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from aftersales.tables import cases
from aftersales.tables.fields import InstantAttribute

KEEP = timedelta(days=180)
_KIND = "extended"


class Asked(Struct, frozen=True):
    """One question to a platform (real time). `words` are "" until its answer is known."""

    asked_at: datetime
    accepted: bool = False
    words: str = ""


class _Row(cases._Row):
    # A kind of the table's own model: there may be no second one with other indexes.
    class Meta:
        table_name = ""

    name: ClassVar[str] = "cases"
    deadline = NumberAttribute(null=True)
    asked_at = InstantAttribute(null=True)
    accepted = BooleanAttribute(null=True)
    words = UnicodeAttribute(null=True)


def claim(shop_id: str, order_id: str, deadline: datetime, wall_now: datetime) -> bool:
    """Take the question about the receipt time `deadline` of an order. True once for each.

    False also for an earlier receipt time than one that was asked about: it is out of date.
    """
    row = _Row(_subject(shop_id, order_id), _KIND)
    moment = deadline.timestamp()
    actions: list[Action] = [
        _Row.deadline.set(moment),
        _Row.asked_at.set(wall_now),
        _Row.accepted.remove(),
        _Row.words.remove(),
        _Row.expires_at.set(int((wall_now + KEEP).timestamp())),
    ]
    never_or_before = _Row.subject.does_not_exist() | (_Row.deadline < moment)
    return _update(row, actions, never_or_before)


def record(shop_id: str, order_id: str, asked: Asked) -> None:
    """Write down what became of a question that was claimed."""
    row = _Row(_subject(shop_id, order_id), _KIND)
    # A later question that has begun meanwhile is not given this answer.
    same = _Row.asked_at == asked.asked_at
    _update(row, [_Row.accepted.set(asked.accepted), _Row.words.set(asked.words)], same)


def find(shop_id: str, order_id: str) -> Asked | None:
    """The newest question about an order's receipt time, or None. Strongly consistent."""
    try:
        row = _Row.get(_subject(shop_id, order_id), _KIND, consistent_read=True)
    except _Row.DoesNotExist:
        return None
    return Asked(row.asked_at, bool(row.accepted), row.words or "")


def _update(row: _Row, actions: list[Action], condition: Condition) -> bool:
    try:
        row.update(actions=actions, condition=condition)
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _subject(shop_id: str, order_id: str) -> str:
    return f"receipt#{shop_id}#{order_id}"
