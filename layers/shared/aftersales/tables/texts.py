"""Texts to buyers, in the `reminders` table: claimed before they are sent, so never sent twice.

    topic                  item            holds
    text#<shop>#<order>    <moment>        when it was claimed, what became of it
    texted#<buyer hash>    2026-11-03      how many texts the buyer got that day
    texts#2026-11          <shop>          what the month's texts may have cost, in millionths of a
                                           dollar

No number, no name, no words of a text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from aftersales.tables import orders
from aftersales.tables.connection import Table, connection
from aftersales.tables.fields import InstantAttribute
from aftersales.tables.orders import Kept
from aftersales.unpaid import order_key

KEEP = timedelta(days=90)
CLAIMED = "claimed"
TRIES = 8
"""Lost races for the counters that all runs share, before a text is given up."""
MILLIONTHS = 1_000_000


class Limits(Struct, frozen=True):
    """What a claim must keep to: texts a day for a buyer, and dollars (in millionths) a month.

    `price` is the most that this text can cost.
    """

    day: str
    daily_cap: int
    month: str
    price: int
    month_limit: int


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "reminders"
    topic = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    at = InstantAttribute(null=True)
    number = NumberAttribute(null=True)
    state = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def claim(kept: Kept, moment: str, limits: Limits, now: datetime) -> str:
    """Take the right to send the one text of this order and moment. "" where it is ours.

    Else why not: `known` (claimed before), `daily_cap`, `month_limit`, `changed` (the order is not
    as it was judged), or `busy`. One transaction: where anything stands against it, nothing is
    taken.
    """
    expires = int((now + KEEP).timestamp())
    most = limits.month_limit - limits.price
    if most < 0:
        return "month_limit"  # also where the month has no row yet that could say so
    for _ in range(TRIES):
        try:
            with TransactWrite(connection=connection()) as transaction:
                row = _Row(_topic(kept), moment)
                transaction.update(
                    row,
                    actions=[
                        _Row.at.set(now),
                        _Row.state.set(CLAIMED),
                        _Row.expires_at.set(expires),
                    ],
                    condition=_Row.topic.does_not_exist(),
                )
                row = _Row(f"texted#{kept.buyer_key}", limits.day)
                transaction.update(
                    row,
                    actions=[_Row.number.add(1), _Row.expires_at.set(expires)],
                    condition=_Row.number.does_not_exist() | (_Row.number < limits.daily_cap),
                )
                row = _Row(f"texts#{limits.month}", kept.order.shop_id)
                transaction.update(
                    row,
                    actions=[_Row.number.add(limits.price), _Row.expires_at.set(expires)],
                    condition=_Row.number.does_not_exist() | (_Row.number <= most),
                )
                orders.require_unchanged(transaction, kept)
        except TransactWriteError as exc:
            why = _why(exc)
            if why is None:
                raise
            if why == "busy":
                continue
            return why
        return ""
    return "busy"


def record(
    kept: Kept, moment: str, state: str, reason: str, beside: Callable[[TransactWrite], None]
) -> bool:
    """Note what became of a claimed text, and in the same transaction what `beside` adds.

    False where others wrote what `beside` writes, each time: the text stays claimed, so nobody
    sends it again.
    """
    for _ in range(TRIES):
        try:
            with TransactWrite(connection=connection()) as transaction:
                transaction.update(
                    _Row(_topic(kept), moment),
                    actions=[_Row.state.set(state), _Row.reason.set(reason)],
                    condition=_Row.state == CLAIMED,
                )
                beside(transaction)
        except TransactWriteError as exc:
            if _is_busy(exc):
                continue
            raise
        return True
    return False


def outcome(kept: Kept, moment: str) -> tuple[str, str]:
    """(state, reason) of a claimed text; ("", "") where there is none."""
    try:
        row = _Row.get(_topic(kept), moment, consistent_read=True)
    except _Row.DoesNotExist:
        return "", ""
    return row.state or "", row.reason or ""


def _topic(kept: Kept) -> str:
    return f"text#{order_key(kept.order)}"


def _why(exc: TransactWriteError) -> str | None:
    """What stood against a claim, by the place of the write that failed.

    A transaction puts its checks before its updates, whatever the order in which they were added.
    """
    codes = [reason.code if reason is not None else "None" for reason in exc.cancellation_reasons]
    failed = {
        why
        for code, why in zip(codes, ("changed", "known", "daily_cap", "month_limit"), strict=False)
        if code == "ConditionalCheckFailed"
    }
    for why in ("known", "changed", "daily_cap", "month_limit"):
        if why in failed:
            return why
    return "busy" if _is_busy(exc) else None


def _is_busy(exc: TransactWriteError) -> bool:
    """Another transaction was writing the same item at that moment."""
    codes = {reason.code for reason in exc.cancellation_reasons if reason is not None}
    return "TransactionConflict" in codes
