"""What a parcel's scans add up to. Pure.

A parcel's state is a function of the set of its scans, not of the order in which they arrived: the
whole known history is folded anew whenever a scan is new, so late, repeated and out-of-order
answers end in the same parcel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aftersales.messages.masking import mask_text
from aftersales.parcels import Parcel
from aftersales.tracking import (
    RANK,
    TERMINAL,
    DeliveredHow,
    Reason,
    Status,
    TrackingEvent,
    TrackingReply,
    Watch,
)

TEXT_LIMIT = 60
"""Characters of the last scan's text kept on the parcel itself; the scan keeps all of it."""

AFTER_DELIVERED = frozenset(
    {
        Status.RETURNING,
        Status.RETURNED,
        Status.DELIVERY_FAILED,
        Status.EXCEPTION,
        Status.AVAILABLE_FOR_PICKUP,
    }
)
"""What may really follow a delivery: taken out of the locker again, refused on opening, sent back.
Other scans after it ("thank you for using us") are talk."""


@dataclass(frozen=True, slots=True)
class Story:
    """The fold of a history."""

    status: Status = Status.UNKNOWN
    reason: Reason | None = None
    delivered_how: DeliveredHow | None = None
    status_at: datetime | None = None
    picked_up_at: datetime | None = None
    delivered_at: datetime | None = None
    last: TrackingEvent | None = None
    failed_attempts: int = 0
    reopened: bool = False
    count: int = 0


def ordered(scans: Iterable[TrackingEvent], waybill_number: str) -> tuple[TrackingEvent, ...]:
    """Each scan once, oldest first; within one second by progress, then by identity."""
    unique = {scan.identity(waybill_number): scan for scan in scans}
    return tuple(
        scan
        for identity, scan in sorted(
            unique.items(),
            key=lambda item: (item[1].at, RANK[item[1].status or Status.UNKNOWN], item[0]),
        )
    )


def fold(scans: Iterable[TrackingEvent]) -> Story:
    """The story that ordered scans tell."""
    story = Story()
    for scan in scans:
        story = replace(story, last=scan, count=story.count + 1)
        if scan.status is not None:
            story = _step(story, scan, scan.status)
    return story


def _step(story: Story, scan: TrackingEvent, status: Status) -> Story:
    if story.status in TERMINAL and status not in AFTER_DELIVERED and status != story.status:
        return story
    if story.status is Status.RETURNED and status is not Status.RETURNED:
        return story
    # "Tracking ended" tells nothing about the parcel; it must not hide what is known.
    if status in (Status.EXPIRED, Status.UNKNOWN) and story.status is not Status.UNKNOWN:
        return story
    moved_on = RANK[status] >= RANK[Status.PICKED_UP]
    repeated = status == story.status and scan.reason == story.reason
    failed = status is Status.DELIVERY_FAILED and not (
        repeated and story.status_at is not None and scan.at - story.status_at < timedelta(hours=4)
    )
    return replace(
        story,
        status=status,
        reason=scan.reason,
        delivered_how=scan.delivered_how if status is Status.DELIVERED else None,
        # How long a parcel has been waiting counts from the first scan that said so.
        status_at=story.status_at if repeated else scan.at,
        picked_up_at=story.picked_up_at or (scan.at if moved_on else None),
        delivered_at=scan.at if status is Status.DELIVERED else story.delivered_at,
        failed_attempts=story.failed_attempts + (1 if failed else 0),
        reopened=story.reopened or (story.status in TERMINAL and status not in TERMINAL),
    )


def digest_of(reply: TrackingReply) -> str:
    """12 hex digits that change when anything in an answer that concerns the parcel changes."""
    parts: list[str] = [reply.status, reply.reason or "", reply.delivered_how or ""]
    parts += [str(reply.stopped), reply.corrected_courier]
    for scan in reply.events:
        parts += [scan.at.isoformat(), scan.raw_code, scan.text]
    return hashlib.md5("\x1f".join(parts).encode(), usedforsecurity=False).hexdigest()[:12]


def own_scans(
    parcel: Parcel, reply: TrackingReply, reused_number_days: float
) -> tuple[TrackingEvent, ...]:
    """The scans of this parcel: those long before its ship date belong to an earlier one."""
    if parcel.shipped_at is None:
        return reply.events
    earliest = parcel.shipped_at - timedelta(days=reused_number_days)
    return tuple(scan for scan in reply.events if scan.at >= earliest)


def absorb(
    parcel: Parcel,
    reply: TrackingReply,
    history: Iterable[TrackingEvent],
    *,
    reused_number_days: float,
) -> tuple[Parcel, tuple[TrackingEvent, ...]]:
    """The parcel after an answer, and the scans that are new. `history` is all that is known.

    The source's own verdict (`reply.status`) counts when the answer is as new as anything known; an
    older answer only adds to the history.
    """
    mine = own_scans(parcel, reply, reused_number_days)
    known = ordered(history, parcel.waybill_number)
    known_ids = {scan.identity(parcel.waybill_number) for scan in known}
    new = tuple(
        scan
        for scan in ordered(mine, parcel.waybill_number)
        if scan.identity(parcel.waybill_number) not in known_ids
    )
    story = fold(ordered((*known, *new), parcel.waybill_number))

    foreign = bool(reply.events) and not mine
    newest_known = known[-1].at if known else None
    newest_told = max((scan.at for scan in mine), default=None)
    current = newest_known is None or (newest_told is not None and newest_told >= newest_known)
    if not foreign and (current or not reply.events):
        story = _with_verdict(story, reply)
    elif not foreign and story.status not in TERMINAL and parcel.event_count:
        story = replace(
            story,
            status=parcel.status,
            reason=parcel.reason,
            delivered_how=parcel.delivered_how,
            status_at=parcel.status_at,
        )

    watch, watch_reason = parcel.watch, parcel.watch_reason
    if reply.stopped and story.status not in TERMINAL:
        watch, watch_reason = Watch.STOPPED, "the source ended its watching"
    elif watch is Watch.STOPPED and new:
        watch, watch_reason = Watch.POLL, ""
    last = story.last
    return (
        replace(
            parcel,
            courier=reply.corrected_courier or parcel.courier or reply.courier,
            status=story.status,
            reason=story.reason,
            delivered_how=story.delivered_how,
            status_at=story.status_at,
            picked_up_at=story.picked_up_at,
            delivered_at=story.delivered_at,
            last_event_at=last.at if last else None,
            last_event_text=mask_text(last.text.strip())[:TEXT_LIMIT] if last else "",
            last_event_place=last.place if last else "",
            event_count=story.count,
            failed_attempts=story.failed_attempts,
            reopened=story.reopened,
            digest=digest_of(reply),
            watch=watch,
            watch_reason=watch_reason,
        ),
        new,
    )


def _with_verdict(story: Story, reply: TrackingReply) -> Story:
    verdict = reply.status
    if verdict is Status.UNKNOWN or (verdict, reply.reason) == (story.status, story.reason):
        return replace(story, delivered_how=story.delivered_how or reply.delivered_how)
    if story.status in TERMINAL and verdict not in AFTER_DELIVERED:
        # Both may say "delivered" with different words for who has it: the source's verdict wins.
        if verdict == story.status:
            how = reply.delivered_how or story.delivered_how
            return replace(story, delivered_how=how, reason=reply.reason or story.reason)
        return story
    if verdict is Status.EXPIRED and story.status is not Status.UNKNOWN:
        return story
    at = reply.last_event_at or reply.reported_at
    same = verdict == story.status
    return replace(
        story,
        status=verdict,
        reason=reply.reason,
        delivered_how=reply.delivered_how,
        status_at=story.status_at if same and story.status_at else at,
        delivered_at=(story.delivered_at or at) if verdict is Status.DELIVERED else None,
        picked_up_at=story.picked_up_at
        or (at if RANK[verdict] >= RANK[Status.PICKED_UP] else None),
        reopened=story.reopened or (story.status in TERMINAL and verdict not in TERMINAL),
    )
