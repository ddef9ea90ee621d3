"""From the orders of a shard that are due to what is to be done about each of them.

An order is judged twice: by what is stored, and, where that would send a nudge, once more by what
the platform says at that instant. So the platform is asked about those orders only.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from aftersales import unpaid
from aftersales.errors import Conflict
from aftersales.money import decimals_of
from aftersales.parcels import Order
from aftersales.settings.model import Reminder, Settings
from aftersales.tables import orders, reminders
from aftersales.tables.orders import Kept
from unpaid_reminder.desk import Desk
from unpaid_reminder.rules import Decision, Facts, Outcome, Reread, decide
from unpaid_reminder.text_rules import Texted

READERS = 8
"""Platforms asked at once."""


class Judged(Struct, frozen=True):
    """An order, what is known about it, and what is to be done."""

    kept: Kept
    facts: Facts
    decision: Decision
    texted: Texted | None = None
    """What became of the text to the buyer, None where none was wanted."""


@dataclass
class Selection:
    """What one look at some due orders came to."""

    judged: list[Judged] = field(default_factory=list)
    ended: list[Kept] = field(default_factory=list)
    unclear: list[Kept] = field(default_factory=list)
    left: int = 0


def select(desk: Desk, due: Sequence[Kept], now: datetime) -> Selection:
    """Judge due orders; nothing is written but what the platform tells anew about an order."""
    found = Selection()
    begun = reminders.begun([shop.id for shop in desk.settings.shops], now)
    candidates: list[tuple[Kept, unpaid.Moment]] = []
    for kept in due:
        order = kept.order
        rules, platform = desk.settings.reminder_rules(order.shop_id), _platform(desk, order)
        moment = unpaid.due_moment(order, kept.reminding, rules, platform, now)
        if not unpaid.waits_for_payment(order):
            found.ended.append(kept)
        elif moment is None or kept.reminding.over or not rules.enabled:
            found.unclear.append(kept)
        else:
            candidates.append((kept, moment))
    nudged = reminders.nudged(kept.buyer_key for kept, _ in candidates)
    hopeful: list[Judged] = []
    for kept, moment in candidates:
        judged = _judge(
            desk, kept, _facts(desk, kept, moment, begun=begun, nudged=nudged, now=now), now
        )
        (hopeful if _goes_on(judged.decision) else found.judged).append(judged)
    chosen, found.left = _one_of_each_buyer(hopeful)
    found.judged += _asked_again(desk, chosen, now)
    return found


def refreshed(desk: Desk, kept: Kept, now: datetime) -> tuple[Kept | None, Reread, Order | None]:
    """Ask the platform about an order and store what is new.

    Returns the order as it is stored then (None where another run has just changed it), how well
    it is known, and what the platform said.
    """
    seen = desk.reread(kept.order)
    if seen.order is None:
        return kept, seen.reread, None
    try:
        before, after = orders.merge(seen.order, now, settings=desk.settings)
    except Conflict:
        return None, Reread.LATER, seen.order
    if before == after == kept.order:
        return kept, seen.reread, seen.order
    return orders.kept(kept.order.shop_id, kept.order.order_id), seen.reread, seen.order


def _asked_again(desk: Desk, hopeful: Sequence[Judged], now: datetime) -> list[Judged]:
    if not hopeful:
        return []
    with ThreadPoolExecutor(min(READERS, len(hopeful))) as pool:
        return list(pool.map(partial(_ask_again, desk, now=now), hopeful))


def _ask_again(desk: Desk, judged: Judged, *, now: datetime) -> Judged:
    kept, reread, told = refreshed(desk, judged.kept, now)
    if kept is None:
        kept, reread = judged.kept, Reread.LATER
    rules, platform = desk.settings.reminder_rules(kept.order.shop_id), _platform(desk, kept.order)
    facts = replace(
        judged.facts,
        order=kept.order,
        closes_at=unpaid.closes_at(kept.order, rules, platform),
        reread=reread,
        told=told,
    )
    return _judge(desk, kept, facts, now)


def _judge(desk: Desk, kept: Kept, facts: Facts, now: datetime) -> Judged:
    rules = desk.settings.reminder_rules(kept.order.shop_id)
    return Judged(kept, facts, decide(facts, rules, now))


def _facts(
    desk: Desk,
    kept: Kept,
    moment: unpaid.Moment,
    *,
    begun: dict[str, datetime],
    nudged: dict[str, unpaid.Nudged],
    now: datetime,
) -> Facts:
    order, settings = kept.order, desk.settings
    rules = settings.reminder_rules(order.shop_id)
    others = orders.of_buyer(kept.buyer_key) if kept.buyer_key else ()
    smallest, largest = bounds(settings, rules, order.shop_id)
    last = nudged.get(kept.buyer_key)
    return Facts(
        order=order,
        moment=moment,
        closes_at=unpaid.closes_at(order, rules, _platform(desk, order)),
        due_at=desk.window_opens(order.shop_id, moment.at),
        opens_at=desk.window_opens(order.shop_id, now),
        begun_at=begun.get(order.shop_id, begun[reminders.OTHERS]),
        buyer_key=kept.buyer_key,
        buyer_reminded_at=last.at if last and last.holds_back(order, rules) else None,
        others=tuple(o for o in others if _name(o) != _name(order)),
        min_minor=smallest,
        max_minor=largest,
    )


def bounds(settings: Settings, rules: Reminder, shop_id: str) -> tuple[int, int | None]:
    """The smallest and the largest amount to be nudged about, in minor units."""
    unit = 10 ** decimals_of(settings.shop(shop_id).currency)
    largest = None if rules.max_amount is None else round(rules.max_amount * unit)
    return round(rules.min_amount * unit), largest


def _one_of_each_buyer(hopeful: Sequence[Judged]) -> tuple[list[Judged], int]:
    """The first order of each buyer. The others keep their place: if that nudge goes out, the next
    run knows it; if not, it is theirs."""
    chosen: dict[str, Judged] = {}
    for judged in hopeful:
        order = judged.kept.order
        chosen.setdefault(judged.kept.buyer_key or f"{order.shop_id}#{order.order_id}", judged)
    return list(chosen.values()), len(hopeful) - len(chosen)


def _goes_on(decision: Decision) -> bool:
    return decision.outcome in (Outcome.NUDGE, Outcome.HOLDOUT)


def _platform(desk: Desk, order: Order) -> str:
    return desk.settings.shop(order.shop_id).platform


def _name(order: Order) -> tuple[str, str]:
    return order.shop_id, order.order_id
