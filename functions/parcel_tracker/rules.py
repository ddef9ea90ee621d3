"""What is wrong with a parcel, by the clock and by what its courier said. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from aftersales.findings import Finding, Severity
from aftersales.parcels import Parcel
from aftersales.settings.model import TrackingRules
from aftersales.tracking import TERMINAL, DeliveredHow, Reason, Status, Watch

TRANSIT = "transit"
"""The family of all problems of a parcel's way: the strongest one is told, the others are noise."""
RECEIPT = "receipt"
"""The buyer's confirmation clock: told beside a problem of the way."""

WorkingDays = Callable[[datetime, datetime], float]
"""Working days between two instants in the shop's calendar."""

ON_THE_ROAD = frozenset({Status.PICKED_UP, Status.IN_TRANSIT, Status.EXCEPTION, Status.CUSTOMS})
NOT_YET_SCANNED = frozenset({Status.UNKNOWN, Status.INFO_RECEIVED})

STRENGTH = {
    "no_pickup_scan": 10,
    "tracking_quiet": 15,
    "stalled": 20,
    "held": 25,
    "delivery_overdue": 30,
    "customs_hold": 35,
    "pickup_overdue": 40,
    "delivery_failed": 45,
    "contact_failed": 46,
    "out_of_area": 47,
    "address_problem": 48,
    "number_rejected": 50,
    "intercepted": 55,
    "lost_suspected": 60,
    "delivered_disputed": 65,
    "refused": 70,
    "returning": 72,
    "damaged": 80,
    "returned": 85,
    "lost": 90,
}
"""Within the family `transit`, the higher one says more about what an agent must do."""

SAID_BY_COURIER: dict[Reason, tuple[str, Severity]] = {
    Reason.LOST: ("lost", Severity.ALARM),
    Reason.DESTROYED: ("lost", Severity.ALARM),
    Reason.DAMAGED: ("damaged", Severity.ALARM),
    Reason.REFUSED: ("refused", Severity.ALARM),
    Reason.ADDRESS: ("address_problem", Severity.ALARM),
    Reason.OUT_OF_AREA: ("out_of_area", Severity.ALARM),
    Reason.CONTACT_FAILED: ("contact_failed", Severity.WARN),
    Reason.INTERCEPTED: ("intercepted", Severity.WARN),
    Reason.CANCEL_REQUESTED: ("intercepted", Severity.WARN),
    Reason.PROHIBITED: ("held", Severity.ALARM),
    Reason.SECURITY: ("held", Severity.ALARM),
    Reason.PAYMENT_HOLD: ("held", Severity.ALARM),
    Reason.HELD: ("held", Severity.WARN),
    Reason.CUSTOMS_HOLD: ("customs_hold", Severity.WARN),
    Reason.CUSTOMS_DOCUMENTS: ("customs_hold", Severity.ALARM),
    Reason.DUTY_UNPAID: ("customs_hold", Severity.ALARM),
    Reason.STALLED: ("stalled", Severity.WARN),
    Reason.DELIVERY_OVERDUE: ("delivery_overdue", Severity.WARN),
    Reason.PICKUP_OVERDUE: ("pickup_overdue", Severity.WARN),
    Reason.NO_PICKUP_SCAN: ("no_pickup_scan", Severity.WARN),
}
"""A reason given by the courier is a problem at once, without waiting for our own clock."""


class Surroundings(Struct, frozen=True):
    """What the rules need besides the parcel: thresholds, remote regions, the shop's calendar."""

    rules: TrackingRules
    remote_regions: tuple[str, ...]
    working_days: WorkingDays


def find_problems(parcel: Parcel, around: Surroundings, now: datetime) -> tuple[Finding, ...]:
    """What is wrong with `parcel`: at most one problem of its way, and its receipt clock."""
    if parcel.abandoned:
        return ()
    transit = [finding for finding in _transit(parcel, around, now) if finding is not None]
    strongest = max(transit, key=lambda f: (f.strength, f.severity.rank), default=None)
    receipt = _auto_confirm(parcel, around.rules, now)
    return tuple(finding for finding in (strongest, receipt) if finding is not None)


def mark_of(finding: Finding) -> str:
    """How a parcel remembers that a finding has become a case."""
    return f"{finding.kind}:{finding.severity}"


def kind_of(mark: str) -> str:
    """The case kind in a mark."""
    return mark.partition(":")[0]


def is_remote(parcel: Parcel, regions: tuple[str, ...]) -> bool:
    """Does the parcel go to a region where everything takes longer?"""
    return any(region in parcel.province for region in regions)


def _transit(parcel: Parcel, around: Surroundings, now: datetime) -> list[Finding | None]:
    rules = around.rules
    if parcel.status in TERMINAL:
        return [_ended(parcel, now)]
    return [
        _rejected(parcel, now),
        _source_ended(parcel, rules, now),
        _no_pickup(parcel, rules, now),
        _stalled(parcel, around, now),
        _delivery_overdue(parcel, rules, now),
        _waiting_for_pickup(parcel, rules, now),
        _customs(parcel, rules, now),
        _failed_delivery(parcel, rules, now),
        _going_back(parcel, now),
        _said_by_courier(parcel, now),
        _lost_suspected(parcel, rules, now),
    ]


def _ended(parcel: Parcel, now: datetime) -> Finding | None:
    if parcel.status is Status.RETURNED:
        return _finding(parcel, "returned", Severity.ALARM, parcel.status_at, now)
    # Signed for by somebody else, or by nobody in person, while the buyer asks for the money back.
    in_person = parcel.delivered_how is DeliveredHow.PERSON
    if parcel.status is Status.DELIVERED and parcel.disputed and not in_person:
        return _finding(parcel, "delivered_disputed", Severity.ALARM, parcel.delivered_at, now)
    return None


def _rejected(parcel: Parcel, now: datetime) -> Finding | None:
    if parcel.watch is not Watch.REFUSED:
        return None
    return _finding(parcel, "number_rejected", Severity.ALARM, parcel.checked_at, now)


def _source_ended(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    ended = parcel.watch is Watch.STOPPED or parcel.status is Status.EXPIRED
    if not ended:
        return None
    since = parcel.last_event_at or parcel.shipped_at or parcel.added_at
    # A source that ends on its very first answer has simply not seen the parcel yet.
    if since is None or now - since < timedelta(hours=rules.source_quiet_hours):
        return None
    return _finding(parcel, "tracking_quiet", Severity.WARN, since, now)


def _no_pickup(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    since = parcel.shipped_at or parcel.added_at
    if parcel.status not in NOT_YET_SCANNED or since is None:
        return None
    hours = (now - since) / timedelta(hours=1)
    if hours >= rules.no_pickup_alarm_hours:
        severity, threshold = Severity.ALARM, rules.no_pickup_alarm_hours
    elif hours >= rules.no_pickup_warn_hours:
        severity, threshold = Severity.WARN, rules.no_pickup_warn_hours
    else:
        return None
    return _finding(parcel, "no_pickup_scan", severity, since, now, threshold)


def _stalled(parcel: Parcel, around: Surroundings, now: datetime) -> Finding | None:
    since = parcel.last_event_at
    if parcel.status not in ON_THE_ROAD or parcel.status is Status.CUSTOMS or since is None:
        return None
    rules = around.rules
    if parcel.cross_border:
        # Whole days first: counting working days of a parcel that moved today is work for nothing.
        days = rules.stalled_cross_border_working_days
        if now - since < timedelta(days=days) or around.working_days(since, now) < days:
            return None
        return _finding(parcel, "stalled", Severity.WARN, since, now, days * 24)
    remote = is_remote(parcel, around.remote_regions)
    threshold = rules.stalled_remote_hours if remote else rules.stalled_hours
    if now - since < timedelta(hours=threshold):
        return None
    twice = now - since >= timedelta(hours=2 * threshold)
    severity = Severity.ALARM if twice else Severity.WARN
    return _finding(parcel, "stalled", severity, since, now, threshold)


def _delivery_overdue(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    since = parcel.last_event_at
    if parcel.status is not Status.OUT_FOR_DELIVERY or since is None:
        return None
    if now - since < timedelta(hours=rules.delivery_overdue_hours):
        return None
    threshold = rules.delivery_overdue_hours
    return _finding(parcel, "delivery_overdue", Severity.ALARM, since, now, threshold)


def _waiting_for_pickup(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    since = parcel.status_at
    if parcel.status is not Status.AVAILABLE_FOR_PICKUP or since is None:
        return None
    hours = (now - since) / timedelta(hours=1)
    if hours >= rules.pickup_alarm_hours:
        severity, threshold = Severity.WARN, rules.pickup_alarm_hours
    elif hours >= rules.pickup_notice_hours:
        severity, threshold = Severity.NOTICE, rules.pickup_notice_hours
    else:
        return None
    return _finding(parcel, "pickup_overdue", severity, since, now, threshold)


def _customs(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    since = parcel.status_at
    if parcel.status is not Status.CUSTOMS or since is None:
        return None
    if now - since < timedelta(hours=rules.customs_hours):
        return None
    return _finding(parcel, "customs_hold", Severity.WARN, since, now, rules.customs_hours)


def _failed_delivery(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    if parcel.status is not Status.DELIVERY_FAILED:
        return None
    again = parcel.failed_attempts >= rules.failed_attempts_alarm
    severity = Severity.ALARM if again else Severity.WARN
    kind = {
        Reason.REFUSED: "refused",
        Reason.CONTACT_FAILED: "contact_failed",
        Reason.ADDRESS: "address_problem",
        Reason.OUT_OF_AREA: "out_of_area",
    }.get(parcel.reason or Reason.OTHER, "delivery_failed")
    if kind in ("refused", "address_problem", "out_of_area"):
        severity = Severity.ALARM
    return _finding(parcel, kind, severity, parcel.status_at, now)


def _going_back(parcel: Parcel, now: datetime) -> Finding | None:
    if parcel.status is not Status.RETURNING:
        return None
    kind = "refused" if parcel.reason is Reason.REFUSED else "returning"
    return _finding(parcel, kind, Severity.ALARM, parcel.status_at, now)


def _said_by_courier(parcel: Parcel, now: datetime) -> Finding | None:
    if parcel.reason is None or parcel.reason not in SAID_BY_COURIER:
        return None
    kind, severity = SAID_BY_COURIER[parcel.reason]
    return _finding(parcel, kind, severity, parcel.status_at, now)


def _lost_suspected(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    since = parcel.last_event_at
    if since is None or parcel.picked_up_at is None:
        return None
    if parcel.status in (Status.AVAILABLE_FOR_PICKUP, Status.RETURNING):
        return None
    border = parcel.cross_border
    days = rules.lost_suspected_cross_border_days if border else rules.lost_suspected_days
    if now - since < timedelta(days=days):
        return None
    return _finding(parcel, "lost_suspected", Severity.ALARM, since, now, days * 24)


def _auto_confirm(parcel: Parcel, rules: TrackingRules, now: datetime) -> Finding | None:
    ends = parcel.auto_confirm_at
    if ends is None or parcel.status in TERMINAL or now >= ends:
        return None
    if ends - now > timedelta(hours=rules.auto_confirm_margin_hours):
        return None
    finding = _finding(
        parcel,
        "receipt_auto_confirm",
        Severity.ALARM,
        parcel.shipped_at,
        now,
        rules.auto_confirm_margin_hours,
    )
    return replace(finding, deadline=ends, family=RECEIPT)


def _finding(  # noqa: PLR0917
    parcel: Parcel,
    kind: str,
    severity: Severity,
    since: datetime | None,
    now: datetime,
    threshold_hours: float | None = None,
) -> Finding:
    since = since or parcel.last_event_at or parcel.shipped_at or parcel.added_at
    return Finding(
        kind=kind,
        subject=f"parcel:{parcel.parcel_id}",
        severity=severity,
        shop_id=parcel.shop_id,
        family=TRANSIT,
        strength=STRENGTH.get(kind, 0),
        facts={
            "order_ids": ", ".join(parcel.order_ids) or None,
            "shop_id": parcel.shop_id,
            "courier": parcel.courier or None,
            "waybill_number": parcel.waybill_number,
            "status": parcel.status,
            "reason": parcel.reason or (parcel.watch_reason or None),
            "delivered_how": parcel.delivered_how,
            "last_event_at": _text(parcel.last_event_at),
            "last_event_text": parcel.last_event_text or None,
            "last_event_place": parcel.last_event_place or None,
            "since": _text(since),
            "hours": int((now - since) / timedelta(hours=1)) if since else None,
            "threshold_hours": int(threshold_hours) if threshold_hours is not None else None,
            "auto_confirm_at": _text(parcel.auto_confirm_at),
            "province": parcel.province or None,
            "city": parcel.city or None,
            "failed_attempts": parcel.failed_attempts or None,
            "source": parcel.source or None,
        },
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
