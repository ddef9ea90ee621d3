"""The `reminders` table: what the reminder knows besides the orders themselves.

    topic            item                               holds
    begun            <shop>, or "-" for all others      when the reminder first ran for it
    buyer#<hash>     last                               when this buyer was last nudged, about what
    week#2026-W45    <shop>#<what>#<currency>#<part>    how many, how much money, how many minutes

A buyer is a hash; nothing here names a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute
from aftersales.unpaid import Nudged

KEEP_BUYER = timedelta(days=30)
KEEP_WEEK = timedelta(days=800)
OTHERS = "-"
_BEGUN = "begun"
_LAST = "last"


class Counted(Struct, frozen=True):
    """One count of a week. Amounts in minor units of `currency`, minutes in all."""

    shop_id: str
    what: str
    currency: str
    count: int
    amount_minor: int = 0
    minutes: int = 0


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "reminders"
    topic = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    at = InstantAttribute(null=True)
    about = UnicodeAttribute(null=True)
    number = NumberAttribute(null=True)
    amount_minor = NumberAttribute(null=True)
    minutes = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def begun(shop_ids: Iterable[str], now: datetime) -> dict[str, datetime]:
    """When the reminder first ran for each shop; now, for those it has never run for."""
    known = {row.item: row.at for row in _Row.query(_BEGUN, consistent_read=True) if row.at}
    for shop_id in {*shop_ids, OTHERS} - known.keys():
        row = _Row(_BEGUN, shop_id, at=now)
        try:
            row.save(condition=_Row.topic.does_not_exist())
        except PutError as exc:
            # Another run was faster by a moment; its time is as good.
            if exc.cause_response_code != "ConditionalCheckFailedException":
                raise
        known[shop_id] = now
    return known


def nudged(buyer_keys: Iterable[str]) -> dict[str, Nudged]:
    """When these buyers were last nudged; those who never were are missing."""
    keys = [(f"buyer#{key}", _LAST) for key in dict.fromkeys(buyer_keys) if key]
    rows = _Row.batch_get(keys, consistent_read=True) if keys else ()
    return {
        row.topic.removeprefix("buyer#"): Nudged(row.at, row.about or "") for row in rows if row.at
    }


def add_nudge(
    transaction: TransactWrite, buyer_key: str, nudged: Nudged, gap: timedelta, *, again: bool
) -> None:
    """Note in a transaction that a buyer is nudged now; it fails where that was less than `gap`
    ago. `again`: but not where that was about the same order."""
    row = _Row(f"buyer#{buyer_key}", _LAST)
    free = _Row.at.does_not_exist() | (_Row.at <= nudged.at - gap)
    expires = int((nudged.at + max(gap, KEEP_BUYER)).timestamp())
    transaction.update(
        row,
        actions=[
            _Row.at.set(nudged.at),
            _Row.about.set(nudged.about),
            _Row.expires_at.set(expires),
        ],
        condition=free | (_Row.about == nudged.about) if again else free,
    )


def count(week: str, part: int, counted: Counted, now: datetime) -> None:
    """Add to a week's counts. `part` spreads what many runs add to at once."""
    row = _Row(f"week#{week}", _item(counted, part))
    row.update(actions=_sums(counted, now))


def add_count(
    transaction: TransactWrite, week: str, part: int, counted: Counted, now: datetime
) -> None:
    """The same as a part of a transaction."""
    row = _Row(f"week#{week}", _item(counted, part))
    transaction.update(row, actions=_sums(counted, now))


def counts(week: str) -> tuple[Counted, ...]:
    """All counts of a week, in parts."""
    found = []
    for row in _Row.query(f"week#{week}", consistent_read=True):
        shop_id, what, currency, _ = row.item.rsplit("#", 3)
        numbers = (int(value or 0) for value in (row.number, row.amount_minor, row.minutes))
        found.append(Counted(shop_id, what, currency, *numbers))
    return tuple(found)


def _item(counted: Counted, part: int) -> str:
    return f"{counted.shop_id}#{counted.what}#{counted.currency}#{part}"


def _sums(counted: Counted, now: datetime) -> list[Action]:
    return [
        _Row.number.add(counted.count),
        _Row.amount_minor.add(counted.amount_minor),
        _Row.minutes.add(counted.minutes),
        _Row.expires_at.set(int((now + KEEP_WEEK).timestamp())),
    ]
