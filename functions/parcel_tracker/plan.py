"""Starting the sweeps: one message per shard, and a look at how far behind the last ones are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from aftersales.cases.casebook import Casebook
from aftersales.findings import Finding, Severity
from aftersales.settings.model import Settings
from aftersales.tables import cases, feeds

MESSAGES_PER_CALL = 10
BEHIND = timedelta(hours=3)
"""A sweep this far behind is a case of its own, unless its source is known to be in trouble."""

SendBatch = Callable[[Sequence[str]], None]
"""Puts up to ten message bodies into the sweep queue."""


def plan_sweeps(settings: Settings, scheduled_time: str, send: SendBatch) -> int:
    """One message per shard; returns how many. A message that comes twice does no harm."""
    bodies = [
        json.dumps({"shard": shard, "scheduled_time": scheduled_time})
        for shard in range(settings.tracking.shards)
    ]
    for start in range(0, len(bodies), MESSAGES_PER_CALL):
        send(bodies[start : start + MESSAGES_PER_CALL])
    return len(bodies)


def coverage_lag(settings: Settings, now: datetime) -> dict[str, timedelta]:
    """How far each source's slowest sweep is behind; sources that never ran are missing."""
    lag: dict[str, timedelta] = {}
    for source in settings.tracking.sources:
        names = [feeds.sweep_feed(source, shard) for shard in range(settings.tracking.shards)]
        known = [p.swept_until for p in feeds.all_progress(names).values() if p.swept_until]
        if known:
            lag[source] = now - min(known)
    return lag


def tell_of_lag(casebook: Casebook, lag: dict[str, timedelta], now: datetime) -> None:
    """Open a case for a sweep that fell behind, close it when it has caught up."""
    for source, behind in lag.items():
        subject = f"feed:tracking#{source}"
        if behind < BEHIND:
            casebook.resolve(subject, "feed_behind", "caught_up", now)
        elif not feeds.health(source).cases:
            minutes = int(behind / timedelta(minutes=1))
            facts: dict[str, str | int | None] = {
                "feed": f"tracking {source}",
                "behind_minutes": minutes - minutes % 60,
            }
            casebook.open(Finding("feed_behind", subject, Severity.CRITICAL, "", facts), now)


def tell_of_calendar(casebook: Casebook, years: Sequence[int], now: datetime) -> None:
    """Say once for each year that its public holidays are not known."""
    for year in years:
        subject = f"calendar:{year}"
        if cases.get(subject, "calendar_missing") is None:
            finding = Finding("calendar_missing", subject, Severity.WARN, "", {"year": year})
            casebook.open(finding, now)
