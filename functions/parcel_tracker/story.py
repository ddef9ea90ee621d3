"""What a parcel's scans add up to. Pure.

A parcel's state is a function of the set of its scans, not of the order in which they arrived: the
whole known history is folded anew whenever a scan is new, so late, repeated and out-of-order
answers end in the same parcel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

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


class Story(Struct, frozen=True):
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
    unique: dict[str, TrackingEvent] = {}
    for scan in scans:
        identity = scan.identity(waybill_number)
        if identity not in unique or _progress(scan) > _progress(unique[identity]):
            unique[identity] = scan
    return tuple(
        scan
        for identity, scan in sorted(
            unique.items(),
            key=lambda item: (item[1].at, _progress(item[1]), item[0]),
        )
    )


def _progress(scan: TrackingEvent) -> int:
    return RANK[scan.status or Status.UNKNOWN]


def may_follow(current: Status, following: Status) -> bool:
    """Can a parcel that is `current` become `following` by a later scan?"""
    if current in (Status.RETURNED, Status.CANCELLED):
        return False
    if current is Status.DELIVERED:
        return following in AFTER_DELIVERED
    # "Tracking ended" tells nothing about the parcel; it must not hide what is known.
    return following not in (Status.EXPIRED, Status.UNKNOWN) or current is Status.UNKNOWN


def fold(scans: Iterable[TrackingEvent]) -> Story:
    """The story that ordered scans tell."""
    story = Story()
    for scan in scans:
        story = replace(story, last=scan, count=story.count + 1)
        if scan.status is not None:
            story = _step(story, scan, scan.status)
    return story


def _step(story: Story, scan: TrackingEvent, status: Status) -> Story:
    if status != story.status and not may_follow(story.status, status):
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
    elif not foreign:
        story = _keeping_verdict(story, parcel, known)

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
            last_event_text=_shown(last, parcel.waybill_number) if last else "",
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


def _shown(scan: TrackingEvent, waybill_number: str) -> str:
    """A scan's words as agents may see them: no phone numbers, not too long."""
    return mask_text(scan.text.strip(), keep=(waybill_number,))[:TEXT_LIMIT]


def _with_verdict(story: Story, reply: TrackingReply) -> Story:
    """The source's own verdict, where it says more than the newest scan does."""
    verdict = (reply.status, reply.reason, reply.delivered_how)
    newest = max(reply.events, key=lambda scan: scan.at, default=None)
    told_by_scan = newest is not None and verdict == (
        newest.status,
        newest.reason,
        newest.delivered_how,
    )
    if told_by_scan or reply.status is Status.UNKNOWN:
        return story
    if reply.status == story.status:
        return replace(
            story,
            reason=reply.reason or story.reason,
            delivered_how=reply.delivered_how or story.delivered_how,
        )
    if not may_follow(story.status, reply.status):
        return story
    at = reply.last_event_at or reply.reported_at
    scanned = RANK[reply.status] >= RANK[Status.PICKED_UP]
    return replace(
        story,
        status=reply.status,
        reason=reply.reason,
        delivered_how=reply.delivered_how,
        status_at=at,
        delivered_at=at if reply.status is Status.DELIVERED else story.delivered_at,
        picked_up_at=story.picked_up_at or (at if scanned else None),
        reopened=story.reopened or story.status in TERMINAL,
    )


def _keeping_verdict(story: Story, parcel: Parcel, known: Iterable[TrackingEvent]) -> Story:
    """An answer older than what is known adds scans; an earlier verdict of the source stands."""
    by_scans = fold(known)
    told_by_scans = (parcel.status, parcel.reason) == (by_scans.status, by_scans.reason)
    if told_by_scans or not may_follow(story.status, parcel.status):
        return story
    return replace(
        story,
        status=parcel.status,
        reason=parcel.reason,
        delivered_how=parcel.delivered_how,
        status_at=parcel.status_at,
    )
