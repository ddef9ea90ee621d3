"""Nudges that go out: one case for each order, one message for each route.

An order's case, its place in the index, the note that its buyer was nudged, and the message are
one transaction, on condition that the order is as it was judged. So there is no moment at which an
order is claimed and not told, or told and paid.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from aftersales import unpaid
from aftersales.cases.casebook import was_outrun
from aftersales.cases.routes import targets_for
from aftersales.errors import Conflict
from aftersales.findings import Alert, Finding, Severity
from aftersales.messages.masking import mask_buyer
from aftersales.tables import orders, reminders
from aftersales.tables.connection import connection
from aftersales.tables.fields import iso
from aftersales.tables.orders import Kept
from aftersales.unpaid import Nudged, Reminding, Step
from unpaid_reminder.desk import Desk
from unpaid_reminder.rules import Outcome, Reason, Reread, how_it_ended
from unpaid_reminder.selection import Judged

KIND = "unpaid_order"
ORDERS_PER_MESSAGE = 10
"""What a chat message can hold, and what fits into one transaction with its cases."""
TRIES = 3
STEPS_KEPT = 6
ITEMS_SHOWN = 3
TITLE_LIMIT = 40


def send(desk: Desk, nudges: Sequence[Judged], now: datetime) -> tuple[list[Judged], int]:
    """Send nudges; returns those that went out, and the number of messages.

    What was changed by others meanwhile is left where it is: the next run judges it again.
    """
    sent: list[Judged] = []
    messages = 0
    by_route: dict[tuple[str, ...], list[Judged]] = defaultdict(list)
    for judged in nudges:
        by_route[targets_for(desk.settings.alerts, _finding(desk, judged))].append(judged)
    for group in by_route.values():
        for start in range(0, len(group), ORDERS_PER_MESSAGE):
            out = _send_group(desk, group[start : start + ORDERS_PER_MESSAGE], now)
            sent += out
            messages += bool(out)
    return sent, messages


def hold_out(desk: Desk, judged: Judged, now: datetime) -> bool:
    """Note that an order is left alone on purpose. False where others were faster."""
    try:
        with TransactWrite(connection=connection()) as transaction:
            _note(transaction, desk, judged, "holdout", now)
    except TransactWriteError as exc:
        if was_outrun(exc):
            return False
        raise
    return True


def pass_over(desk: Desk, judged: Judged, now: datetime) -> bool:
    """Skip this moment, or wait with it. False where nothing is written, or others were faster."""
    kept, decision = judged.kept, judged.decision
    if decision.outcome is Outcome.WAIT and decision.until is None:
        return False
    if not unpaid.waits_for_payment(kept.order):
        return (
            False  # storing the news has taken it out of the index, or put it to those that ended
        )
    if decision.outcome is Outcome.WAIT:
        done = replace(kept.reminding, not_before=decision.until)
    else:
        step = Step(now, judged.facts.moment.name, decision.outcome.value, decision.reason.value)
        done = replace(
            kept.reminding,
            handled_until=judged.facts.moment.at,
            not_before=None,
            over=kept.reminding.over or decision.final,
            steps=(*kept.reminding.steps, step)[-STEPS_KEPT:],
        )
    return orders.keep_reminding(kept, done, next_look(desk, kept, done, now))


def next_look(desk: Desk, kept: Kept, done: Reminding, now: datetime) -> datetime | None:
    """When this order is looked at next, None: never."""
    shop = desk.settings.shop(kept.order.shop_id)
    rules = desk.settings.reminder_rules(shop.id)
    return unpaid.attention_at(
        kept.order, done, rules, shop.platform, now, connected=bool(shop.secrets)
    )


def as_one(alerts: Sequence[Alert]) -> Alert:
    """One alert that lists what several would say. It goes where the worst of them would go."""
    worst = max(alerts, key=lambda alert: alert.severity.rank)
    if len(alerts) == 1:
        return worst
    listed = [
        {name: value for name, value in alert.facts.items() if value is not None}
        for alert in alerts
    ]
    total: dict[str, int] = defaultdict(int)
    for alert in alerts:
        total[str(alert.facts.get("currency") or "")] += int(alert.facts.get("amount_minor") or 0)
    facts: dict[str, str | int | None] = {
        "count": len(alerts),
        "order_ids": ",".join(str(alert.facts.get("order_ids")) for alert in alerts),
        "list": json.dumps(listed, ensure_ascii=False, separators=(",", ":")),
        "resolution": worst.facts.get("resolution"),
    }
    if len(total) == 1:
        ((currency, amount),) = total.items()
        facts |= {"currency": currency, "amount_minor": amount}
    ends = [alert.deadline for alert in alerts if alert.deadline is not None]
    return replace(worst, facts=facts, deadline=min(ends, default=None))


def subject_of(kept: Kept) -> str:
    """The subject of an order's case."""
    return f"order:{kept.order.shop_id}/{kept.order.order_id}"


def _send_group(desk: Desk, group: Sequence[Judged], now: datetime) -> list[Judged]:
    """One transaction; where it is outrun, once more with those that nobody has touched."""
    left = list(group)
    for _ in range(TRIES):
        if not left:
            return []

        def beside(transaction: TransactWrite, some: Sequence[Judged] = tuple(left)) -> None:
            for judged in some:
                _note(transaction, desk, judged, "reminded", now)

        try:
            desk.casebook.open_together(
                [_finding(desk, judged) for judged in left],
                now,
                told=as_one,
                beside=beside,
                notes=_notes(left),
            )
        except Conflict:
            left = _untouched(desk, left, now)
        else:
            return left
    return []


def _notes(group: Sequence[Judged]) -> dict[str, str]:
    """What became of the texts to the buyers, for the histories of the cases."""
    return {
        subject_of(judged.kept): f"text to the buyer: {judged.texted.said}"
        for judged in group
        if judged.texted is not None
    }


def _untouched(desk: Desk, group: Sequence[Judged], now: datetime) -> list[Judged]:
    nudged = reminders.nudged(judged.kept.buyer_key for judged in group)
    left = []
    for judged in group:
        order, key = judged.kept.order, judged.kept.buyer_key
        stored = orders.kept(order.shop_id, order.order_id)
        same = stored is not None and stored.version == judged.kept.version
        rules = desk.settings.reminder_rules(order.shop_id)
        last = nudged.get(key)
        free = last is None or not last.holds_back(order, rules)
        if same and (free or (last and now - last.at >= _gap(desk, judged))):
            left.append(judged)
    return left


def _note(
    transaction: TransactWrite, desk: Desk, judged: Judged, group: str, now: datetime
) -> None:
    kept = judged.kept
    step = Step(now, judged.facts.moment.name, judged.decision.outcome.value)
    done = replace(
        kept.reminding,
        handled_until=judged.facts.moment.at,
        not_before=None,
        group=kept.reminding.group or group,
        since=kept.reminding.since or now,
        steps=(*kept.reminding.steps, step)[-STEPS_KEPT:],
    )
    orders.add_reminding(transaction, kept, done, next_look(desk, kept, done, now))
    if kept.buyer_key:
        rules = desk.settings.reminder_rules(kept.order.shop_id)
        nudged = Nudged(now, unpaid.order_key(kept.order))
        reminders.add_nudge(
            transaction, kept.buyer_key, nudged, _gap(desk, judged), again=rules.both_moments
        )


def _gap(desk: Desk, judged: Judged) -> timedelta:
    rules = desk.settings.reminder_rules(judged.kept.order.shop_id)
    return timedelta(hours=rules.buyer_gap_hours)


def _finding(desk: Desk, judged: Judged) -> Finding:
    """The facts of a nudge. The buyer is masked here: cases keep no names."""
    kept, facts = judged.kept, judged.facts
    order, shop = kept.order, desk.settings.shop(kept.order.shop_id)
    paid = sum(1 for other in facts.others if how_it_ended(other) is Reason.PAID)
    by_files = facts.reread is Reread.ONLY_FILES
    return Finding(
        kind=KIND,
        subject=subject_of(kept),
        severity=Severity.WARN if judged.facts.moment.name == "last" else Severity.NOTICE,
        shop_id=order.shop_id,
        facts={
            "order_ids": order.order_id,
            "shop_id": order.shop_id,
            "shop_name": shop.name or None,
            "buyer": mask_buyer(order.buyer_ref) or None,
            "items": _items(judged) or None,
            "amount_minor": order.amount_minor,
            "currency": order.currency or shop.currency,
            "placed_at": iso(order.created_at) if order.created_at else None,
            "pay_by": iso(facts.closes_at) if facts.closes_at else None,
            "buyer_orders": len(facts.others) if kept.buyer_key else None,
            "buyer_paid": paid if kept.buyer_key else None,
            "as_of": iso(kept.known_at) if by_files and kept.known_at else None,
            "order_url": shop.order_url.replace("{order_id}", order.order_id) or None,
            "text": judged.texted.state if judged.texted else None,
            "text_reason": (judged.texted.reason or None) if judged.texted else None,
        },
        deadline=facts.closes_at,
    )


def _items(judged: Judged) -> str:
    lines = judged.kept.order.lines
    shown = [
        (line.title[:TITLE_LIMIT].strip() or line.sku)
        + (f" ×{line.quantity}" if line.quantity != 1 else "")
        for line in lines[:ITEMS_SHOWN]
    ]
    more = len(lines) - ITEMS_SHOWN
    return "; ".join(shown) + (f" +{more}" if more > 0 else "")
