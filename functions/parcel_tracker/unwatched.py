"""Couriers whose parcels nobody watches, because no tracking source is set for them.

Each is one case, until the settings name a source. Which ones are known stands with the health of
the sources, so that a case which somebody closed by hand stays closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from aftersales.findings import Finding, Severity
from aftersales.parcels import Parcel
from aftersales.tables import feeds
from parcel_tracker.desk import Desk

KIND = "source_missing"
_NOBODY = "(none)"
"""Stands for their source among the sources' health."""


def tell_of_unwatched(desk: Desk, parcels: Iterable[Parcel], now: datetime) -> None:
    """Open a case for each courier of these parcels, none of which has a source."""
    health = feeds.health(_NOBODY)
    couriers = sorted({parcel.courier for parcel in parcels} - {*health.cases})
    for courier in couriers:
        finding = Finding(
            KIND, _subject(courier), Severity.CRITICAL, "", {"courier": courier or None}
        )
        desk.casebook.open(finding, now)
    if couriers:
        feeds.save_health(_NOBODY, replace(health, cases=(*health.cases, *couriers)))


def close_watched(desk: Desk, now: datetime) -> None:
    """Close the cases of the couriers that have a source by now."""
    health = feeds.health(_NOBODY)
    watched = [courier for courier in health.cases if desk.settings.source_for(courier)]
    for courier in watched:
        desk.casebook.resolve(_subject(courier), KIND, "source_set", now)
    if watched:
        left = tuple(courier for courier in health.cases if courier not in watched)
        feeds.save_health(_NOBODY, replace(health, cases=left))


def _subject(courier: str) -> str:
    return f"courier:{courier or 'unknown'}"
