"""How the orders ended that were nudged, or left alone on purpose: case closed, result counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from aftersales.cases.casebook import Ending, was_outrun
from aftersales.cases.routes import targets_for
from aftersales.errors import Conflict
from aftersales.findings import Finding, Severity
from aftersales.tables import orders, reminders
from aftersales.tables.connection import connection
from aftersales.tables.orders import Kept
from aftersales.tables.reminders import Counted
from unpaid_reminder.desk import Desk
from unpaid_reminder.nudging import KIND, ORDERS_PER_MESSAGE, as_one, subject_of
from unpaid_reminder.rules import Reason, how_it_ended


def settle(desk: Desk, ended: Sequence[Kept], now: datetime) -> int:
    """Close the cases of orders that ended and count them; returns how many were settled.

    Buyers who paid are told of in one message for each route; that an order was closed is silent.
    What others changed meanwhile stays in the index and is settled by the next run.
    """
    settled = 0
    groups: dict[tuple[str, tuple[str, ...]], list[Kept]] = defaultdict(list)
    for kept in ended:
        if not kept.reminding.outcome_is_open:
            settled += orders.keep_reminding(kept, replace(kept.reminding, over=True), None)
        elif kept.reminding.group == "reminded":
            probe = Finding(KIND, subject_of(kept), Severity.NOTICE, kept.order.shop_id)
            groups[_outcome(kept), targets_for(desk.settings.alerts, probe)].append(kept)
        else:
            groups["held_out", (kept.order.shop_id, kept.order.order_id)].append(kept)
    for (outcome, _), group in groups.items():
        for start in range(0, len(group), ORDERS_PER_MESSAGE):
            some = group[start : start + ORDERS_PER_MESSAGE]
            if _settle_group(desk, outcome, some, now):
                settled += len(some)
            elif len(some) > 1:
                # One of them has changed: each by itself, so that it holds up no other.
                settled += sum(_settle_group(desk, outcome, [kept], now) for kept in some)
    return settled


def counted(kept: Kept, now: datetime) -> Counted:
    """What an ended order adds to its week."""
    order, since = kept.order, kept.reminding.since or now
    paid = _outcome(kept) == "paid"
    took = max((order.paid_at or now) - since, timedelta(0))
    return Counted(
        shop_id=order.shop_id,
        what=f"{kept.reminding.group}_{'paid' if paid else 'unpaid'}",
        currency=order.currency,
        count=1,
        amount_minor=(order.amount_minor or 0) if paid else 0,
        minutes=int(took / timedelta(minutes=1)) if paid else 0,
    )


def _settle_group(desk: Desk, outcome: str, group: Sequence[Kept], now: datetime) -> bool:
    def beside(transaction: TransactWrite) -> None:
        for kept in group:
            done = replace(kept.reminding, settled=_outcome(kept), over=True)
            orders.add_reminding(transaction, kept, done, None)
        part = orders.unpaid_shard(group[0].order.shop_id, group[0].order.order_id)
        for sum_ in _sums([counted(kept, now) for kept in group]):
            reminders.add_count(transaction, desk.week_of(now), part, sum_, now)

    try:
        if outcome == "held_out":
            with TransactWrite(connection=connection()) as transaction:
                beside(transaction)
        else:
            told = as_one if outcome == "paid" else None
            ends = [Ending(subject_of(kept), KIND, outcome) for kept in group]
            desk.casebook.resolve_together(ends, now, told=told, beside=beside)
    except Conflict:
        return False
    except TransactWriteError as exc:
        if was_outrun(exc):
            return False
        raise
    return True


def _sums(parts: Sequence[Counted]) -> list[Counted]:
    """One for each shop, outcome and currency: a transaction writes an item once."""
    sums: dict[tuple[str, str, str], Counted] = {}
    for one in parts:
        key = (one.shop_id, one.what, one.currency)
        before = sums.get(key, replace(one, count=0, amount_minor=0, minutes=0))
        sums[key] = replace(
            one,
            count=before.count + one.count,
            amount_minor=before.amount_minor + one.amount_minor,
            minutes=before.minutes + one.minutes,
        )
    return list(sums.values())


def _outcome(kept: Kept) -> str:
    return "paid" if how_it_ended(kept.order) is Reason.PAID else "closed"
