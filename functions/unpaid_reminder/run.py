"""One run over the shards that are due: select, send, settle, count. And the planning of runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice

from msgspec.structs import replace

from aftersales.tables import orders, reminders
from aftersales.tables.orders import Kept
from aftersales.tables.reminders import Counted
from unpaid_reminder import nudging
from unpaid_reminder.desk import Desk
from unpaid_reminder.rules import Outcome, Reread
from unpaid_reminder.selection import Judged, Selection, refreshed, select
from unpaid_reminder.settling import settle

AT_ONCE = 100
"""Orders judged together; between two such chunks a run may end."""
FEW = 200
"""So many due orders are one message of work, and so one message for each route."""
MESSAGES_PER_CALL = 10
RESERVE_SECONDS = 30.0
"""Left for the chunk under way when a run stops taking new ones."""

SendBatch = Callable[[Sequence[str]], None]
"""Puts up to ten message bodies into the queue."""


def plan(desk: Desk, send: SendBatch, now: datetime) -> dict[str, int]:
    """Send work for the shards where an order is due: all of them together while they are few.

    A message that comes twice does no harm.
    """
    reminders.begun([shop.id for shop in desk.settings.shops], now)
    due = {
        shard: count
        for shard in range(orders.UNPAID_SHARDS)
        if (count := orders.due_count(shard, now, FEW))
    }
    together = sum(due.values()) <= FEW
    parts = [list(due)] if together and due else [[shard] for shard in due]
    bodies = [json.dumps({"shards": shards}) for shards in parts]
    for start in range(0, len(bodies), MESSAGES_PER_CALL):
        send(bodies[start : start + MESSAGES_PER_CALL])
    return {"due": sum(due.values()), "messages": len(bodies)}


def remind(desk: Desk, shards: Sequence[int], seconds_left: float) -> dict[str, int]:
    """Handle what is due in these shards; returns counts of what became of the orders.

    Each order handled leaves its place in the index, so a run that breaks off is simply continued
    by the next one.
    """
    start, tally = desk.elapsed(), Counter[str]()
    now = desk.business_now()
    for chunk in _chunks(shards, now):
        if desk.elapsed() - start > seconds_left - RESERVE_SECONDS:
            tally["left_for_next_run"] += len(chunk)
            break
        tally.update(_work(desk, chunk, desk.business_now()))
    return dict(+tally)


def _chunks(shards: Sequence[int], now: datetime) -> Iterator[list[Kept]]:
    rows = chain.from_iterable(orders.due(shard, now) for shard in shards)
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk


def _work(desk: Desk, chunk: Sequence[Kept], now: datetime) -> Counter[str]:
    tally: Counter[str] = Counter()
    found = select(desk, chunk, now)
    tally["left_for_next_run"] += found.left
    ended = [*found.ended, *_cleared_up(desk, found, now)]
    tally["settled"] += settle(desk, ended, now)

    nudges = [j for j in found.judged if j.decision.outcome is Outcome.NUDGE]
    sent, messages = nudging.send(desk, _with_texts(desk, nudges, now), now)
    tally["nudges"] += len(sent)
    tally["messages"] += messages
    tally["left_for_next_run"] += len(nudges) - len(sent)
    tally["texts"] += sum(j.texted is not None and j.texted.state == "sent" for j in sent)

    done = list(sent)
    for judged in found.judged:
        if judged.decision.outcome is Outcome.HOLDOUT:
            held = nudging.hold_out(desk, judged, now)
            tally["held_out" if held else "left_for_next_run"] += 1
            done += [judged] * held
        elif judged.decision.outcome is not Outcome.NUDGE:
            written = nudging.pass_over(desk, judged, now)
            tally[f"{judged.decision.outcome}_{judged.decision.reason}"] += 1
            done += [judged] * written
    _count(desk, done, now)
    return tally


def _with_texts(desk: Desk, nudges: Sequence[Judged], now: datetime) -> Sequence[Judged]:
    """The nudges, after the texts to their buyers where a shop wants some."""
    if not nudges or not any(shop.buyer_sms.enabled for shop in desk.settings.shops):
        return nudges
    from unpaid_reminder.texting import text_buyers

    return text_buyers(desk, nudges, now)


def _cleared_up(desk: Desk, found: Selection, now: datetime) -> list[Kept]:
    """Orders without a moment left: those whose end nobody has told, and those that a changed
    setting has moved. The first are asked about; who is still unpaid then has not paid."""
    ended = []
    for kept in found.unclear:
        again = nudging.next_look(desk, kept, kept.reminding, now)
        if again is not None and again > now:
            orders.keep_reminding(kept, kept.reminding, again)
            continue
        if not kept.reminding.outcome_is_open:
            ended.append(kept)
            continue
        stored, reread, _ = refreshed(desk, kept, now)
        if stored is not None and reread is not Reread.LATER:
            ended.append(stored)
    return ended


def _count(desk: Desk, done: Sequence[Judged], now: datetime) -> None:
    """Add what was done to the week's counts: one write for each shop and outcome.

    A buyer is held out once, at whichever moment comes first.
    """
    sums: Counter[Counted] = Counter()
    for judged in done:
        outcome, reason = judged.decision.outcome, judged.decision.reason
        if outcome is Outcome.HOLDOUT and judged.kept.reminding.group:
            continue
        plain = outcome in (Outcome.NUDGE, Outcome.HOLDOUT)
        what = outcome.value if plain else f"{outcome}_{reason}"
        sums[Counted(judged.kept.order.shop_id, what, "", 1)] += 1
        texted = judged.texted
        if texted is not None and not texted.counted:
            for what, number in texted.counts.items():
                sums[Counted(judged.kept.order.shop_id, what, "", 1)] += number
    for counted, number in sums.items():
        reminders.count(desk.week_of(now), 0, replace(counted, count=number), now)
