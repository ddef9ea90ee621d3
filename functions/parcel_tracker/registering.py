"""Registering parcels at a source. Safe to repeat: sources know the numbers they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from aftersales.couriers.base import Registration, TrackingSource
from aftersales.errors import Conflict, Misconfigured, OutsideFailure
from aftersales.parcels import Parcel
from aftersales.tables import feeds, parcels
from aftersales.tracking import ErrorClass, ReplyError, Watch
from parcel_tracker.answers import is_answer, request_for, take_answer
from parcel_tracker.desk import Desk

SECONDS_PER_RUN = 60.0
"""So long a run may register before it goes on to asking; the rest is for the next run."""
LONGEST_WAIT_SECONDS = 20.0


def register_new(
    desk: Desk, name: str, source: TrackingSource, new: Sequence[Parcel], tally: Counter[str]
) -> ReplyError | None:
    """Register parcels for a bounded time; returns the error that stopped it, if one did."""
    size = source.limits.register_batch_size
    enough = desk.wall_now() + timedelta(seconds=SECONDS_PER_RUN)
    for start in range(0, len(new), size):
        batch = new[start : start + size]
        wall = desk.wall_now()
        if wall >= enough:
            return None
        slot = feeds.reserve_slots(name, 1, source.limits.requests_per_second, wall)
        if slot - wall > timedelta(seconds=LONGEST_WAIT_SECONDS):
            return None
        desk.wait(max(0.0, (slot - wall).total_seconds()))
        try:
            outcomes = source.register([request_for(parcel) for parcel in batch])
        except Misconfigured as exc:
            return ReplyError(ErrorClass.AUTH, "settings", str(exc))
        except OutsideFailure as exc:
            return ReplyError(ErrorClass.THEIR_FAULT_RETRY, exc.code, str(exc))
        for parcel, outcome in zip(batch, outcomes, strict=True):
            if outcome.error is not None and not is_answer(outcome.error):
                return outcome.error
            try:
                _record(desk, name, parcel, outcome)
            except Conflict:
                tally["conflict"] += 1
                continue
            tally["registered" if outcome.error is None else "rejected"] += 1
    return None


def _record(desk: Desk, name: str, parcel: Parcel, outcome: Registration) -> None:
    now = desk.business_now()
    error = outcome.error
    if error is not None and error.error_class is ErrorClass.BAD_NUMBER_OR_COURIER:
        take_answer(desk, parcel, error, now)
        return
    registered = replace(
        parcel,
        watch=Watch.PUSH if desk.pushes(name) else Watch.POLL,
        courier=outcome.courier or parcel.courier,
        # Registering counts as asking: no question follows within the source's lock.
        checked_at=now,
    )
    parcels.change(parcel, registered, shards=desk.settings.tracking.shards, now=now)
