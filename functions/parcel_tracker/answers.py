"""Taking an answer about a parcel: from a question or a push, to its scans, cases and new state.

Order of effects, each safe to repeat: the new scans are kept, then cases are opened and resolved,
then a platform is asked to confirm receipt later, where the shop wants it (`extending`), then the
parcel is written over the version that was read. A run that dies in between finds the parcel as it
was and does the same again.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from aftersales.couriers.base import WatchRequest
from aftersales.findings import Finding
from aftersales.parcels import Parcel
from aftersales.tables import parcels
from aftersales.tracking import TERMINAL, ErrorClass, ReplyError, TrackingReply, Watch
from parcel_tracker.desk import Desk
from parcel_tracker.rules import find_problems, kind_of, mark_of
from parcel_tracker.story import absorb, digest_of

ANSWERS = frozenset({ErrorClass.NO_RESULT_YET, ErrorClass.ALREADY_REGISTERED})
"""Errors that are answers: the source works and has nothing to tell."""
RECEIPT_CASE = "receipt_auto_confirm"


def take_answer(
    desk: Desk, parcel: Parcel, result: TrackingReply | ReplyError, now: datetime
) -> str:
    """Take one answer about one parcel; returns a named outcome.

    "unchanged" (nothing written), "changed", "no_result_yet" (nothing to tell; the clock's rules
    were judged), "rejected" (the source refuses the number). Raises `Conflict` where the parcel was
    changed meanwhile.
    """
    if isinstance(result, ReplyError):
        if result.error_class is ErrorClass.BAD_NUMBER_OR_COURIER:
            refused = replace(
                parcel,
                watch=Watch.REFUSED,
                watch_reason=result.message[:80] or result.code,
                checked_at=now,
            )
            settle(desk, parcel, refused, now)
            return "rejected"
        return "changed" if settle(desk, parcel, parcel, now) else "no_result_yet"

    if digest_of(result) == parcel.digest:
        return "changed" if settle(desk, parcel, parcel, now) else "unchanged"

    rules = desk.settings.tracking_rules(parcel.shop_id, parcel.courier)
    history = parcels.history(parcel.parcel_id) if parcel.event_count else ()
    updated, new = absorb(parcel, result, history, reused_number_days=rules.reused_number_days)
    parcels.record_scans(parcel.parcel_id, parcel.waybill_number, new, now)
    return "changed" if settle(desk, parcel, updated, now) else "unchanged"


def settle(desk: Desk, before: Parcel, after: Parcel, now: datetime) -> bool:
    """Bring the casebook in line with `after` and write it. False where nothing had to be done."""
    findings = find_problems(after, desk.surroundings(after), now)
    marks = tuple(mark_of(finding) for finding in findings)
    if marks == before.marks and after == before:
        return False
    running_out = _receipt_running_out(desk, before, after, findings)
    if running_out is None:
        update_cases(desk, before, after, findings, now)
        settled = after
    else:
        settled = _with_receipt_extended(desk, before, after, findings, running_out, now)
    written = parcels.change(
        before,
        replace(settled, marks=marks, checked_at=now),
        shards=desk.settings.tracking.shards,
        now=now,
    )
    if settled != after:
        # Only once the parcel knows its new receipt time may the case close: a run that dies in
        # between must not find the old time again and open the next episode.
        settle(desk, written, written, now)
    return True


def _receipt_running_out(
    desk: Desk, before: Parcel, after: Parcel, findings: tuple[Finding, ...]
) -> Finding | None:
    """The new finding that a shop wants its platform to be asked about, if there is one."""
    if not desk.settings.shop(after.shop_id).extend_receipt_days:
        return None
    new = (f for f in findings if f.kind == RECEIPT_CASE and mark_of(f) not in before.marks)
    return next(new, None)


def _with_receipt_extended(  # noqa: PLR0917 - one place calls it
    desk: Desk,
    before: Parcel,
    after: Parcel,
    findings: tuple[Finding, ...],
    running_out: Finding,
    now: datetime,
) -> Parcel:
    """Bring the casebook in line; `after`, its receipt time moved where the platform agreed.

    While the platform is being asked, agents are told so and have nothing to do about it: the case
    opens as a warning. Where it was asked in vain, the case escalates to what it is.
    """
    # Few shops want it, and a sweep starts sooner without the platforms.
    from parcel_tracker.extending import being_asked, extended, in_vain

    told = being_asked(desk, after, running_out)
    cases = tuple(told if finding is running_out else finding for finding in findings)
    update_cases(desk, before, after, cases, now)
    settled, answer = extended(desk, after, now)
    if settled == after and told is not running_out:
        desk.casebook.open(in_vain(running_out, answer), now)
    return settled


def update_cases(
    desk: Desk, before: Parcel, after: Parcel, findings: tuple[Finding, ...], now: datetime
) -> None:
    """Open what is new or worse, resolve what has ended; the stronger supersedes the weaker."""
    for finding in findings:
        if mark_of(finding) not in before.marks:
            desk.casebook.open(finding, now)
    still_there = {finding.kind for finding in findings}
    # The casebook closes a case that a stronger one of its family supersedes, without a message.
    superseded = {f.family for f in findings if mark_of(f) not in before.marks}
    for mark in before.marks:
        kind = kind_of(mark)
        family = "receipt" if kind == RECEIPT_CASE else "transit"
        if kind not in still_there and family not in superseded:
            how = how_it_ended(before, after, kind, now)
            desk.casebook.resolve(f"parcel:{after.parcel_id}", kind, how, now)


def how_it_ended(before: Parcel, after: Parcel, kind: str, now: datetime) -> str:
    """Why a problem is over, in a word of the vocabulary."""
    if after.abandoned:
        return "number_replaced"
    if after.status in TERMINAL:
        return after.status.value
    if kind == RECEIPT_CASE and after.auto_confirm_at and after.auto_confirm_at > now:
        return "extended"
    if after.event_count > before.event_count or after.status != before.status:
        return "moved_on"
    return "no_longer_applies"


def is_answer(result: TrackingReply | ReplyError) -> bool:
    """Did the source tell something about this parcel, rather than about itself?"""
    if isinstance(result, TrackingReply):
        return True
    return result.error_class in ANSWERS or (
        result.error_class is ErrorClass.BAD_NUMBER_OR_COURIER and bool(result.waybill_number)
    )


def request_for(parcel: Parcel) -> WatchRequest:
    """What a source is told about a parcel."""
    return WatchRequest(
        waybill_number=parcel.waybill_number,
        courier=parcel.courier,
        phone_tail=parcel.phone_tail,
        province=parcel.province,
        city=parcel.city,
        tag=parcel.parcel_id,
    )
