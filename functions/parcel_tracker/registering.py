"""Registering parcels at a source that pushes. Safe to repeat: sources know a number they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from aftersales.couriers.base import TrackingSource
from aftersales.errors import Conflict, Misconfigured, OutsideFailure
from aftersales.parcels import Parcel
from aftersales.tables import feeds, parcels
from aftersales.tracking import ErrorClass, ReplyError, Watch
from parcel_tracker.answers import is_answer, request_for, take_answer
from parcel_tracker.desk import Desk

PARCELS_PER_RUN = 400
LONGEST_WAIT_SECONDS = 20.0


def register_new(
    desk: Desk, name: str, source: TrackingSource, new: Sequence[Parcel], tally: Counter[str]
) -> ReplyError | None:
    """Register parcels, a bounded number per run; returns the error that stopped it, if one did."""
    size = source.limits.register_batch_size
    for start in range(0, min(len(new), PARCELS_PER_RUN), size):
        batch = new[start : start + size]
        wall = desk.wall_now()
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
                _record(desk, parcel, outcome.error, outcome.courier)
            except Conflict:
                tally["conflict"] += 1
                continue
            tally["registered" if outcome.error is None else "rejected"] += 1
    return None


def _record(desk: Desk, parcel: Parcel, error: ReplyError | None, courier: str) -> None:
    now = desk.business_now()
    if error is not None and error.error_class is ErrorClass.BAD_NUMBER_OR_COURIER:
        take_answer(desk, parcel, error, now)
        return
    # Registering counts as asking: no question follows within the source's lock.
    watched = replace(parcel, watch=Watch.PUSH, courier=courier or parcel.courier, checked_at=now)
    parcels.change(parcel, watched, shards=desk.settings.tracking.shards, now=now)
