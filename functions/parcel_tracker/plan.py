"""Starting the sweeps: one message per shard, and a look at how far behind the last ones are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from aftersales.cases.casebook import Casebook
from aftersales.feeds.lag import BEHIND
from aftersales.feeds.lag import tell_of_lag as lag_of_feed
from aftersales.findings import Finding, Severity
from aftersales.settings.model import Settings
from aftersales.tables import cases, feeds

MESSAGES_PER_CALL = 10

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
        # Health is asked for only where it matters: most sweeps are never late.
        explained = behind >= BEHIND and bool(feeds.health(source).cases)
        feed, name = f"tracking#{source}", f"tracking {source}"
        lag_of_feed(casebook, feed, name, behind, now, explained=explained)


def tell_of_calendar(casebook: Casebook, years: Sequence[int], now: datetime) -> None:
    """Say once for each year that its public holidays are not known."""
    for year in years:
        subject = f"calendar:{year}"
        if cases.get(subject, "calendar_missing") is None:
            finding = Finding("calendar_missing", subject, Severity.WARN, "", {"year": year})
            casebook.open(finding, now)
