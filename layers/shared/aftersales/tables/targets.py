"""Robots that want to be left alone: items `target#<name>` in the `feeds` table.

In a module of its own, so that the dispatcher starts without everything about feeds.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import UpdateError

from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "feeds"
    feed = UnicodeAttribute(hash_key=True)
    blocked_until = InstantAttribute(null=True)


def blocked_until(target: str) -> datetime | None:
    """Until when a target wants no message, or None."""
    try:
        return _Row.get(f"target#{target}", consistent_read=True).blocked_until
    except _Row.DoesNotExist:
        return None


def block(target: str, until: datetime) -> None:
    """A target asked to be left alone. A longer block that is known already stays."""
    longer_is_known = _Row.blocked_until >= until
    try:
        _Row(f"target#{target}").update(
            actions=[_Row.blocked_until.set(until)], condition=~longer_is_known
        )
    except UpdateError as exc:
        if exc.cause_response_code != "ConditionalCheckFailedException":
            raise
