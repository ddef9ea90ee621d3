"""How a tracking source is doing, and the cases about it. Written only when something changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from aftersales.findings import Finding, Severity
from aftersales.tables import feeds
from aftersales.tables.feeds import SourceHealth
from aftersales.tracking import ErrorClass, ReplyError
from parcel_tracker.desk import Desk

DOWN_AFTER = timedelta(minutes=30)
"""A source that has not answered for this long gets a case; shorter hiccups are only retried."""

REMEMBER_ANSWER_EVERY = timedelta(hours=1)

PAUSE_SECONDS = {
    ErrorClass.THROTTLED: 120.0,
    ErrorClass.THEIR_FAULT_RETRY: 120.0,
    ErrorClass.QUOTA: 3600.0,
    ErrorClass.AUTH: 900.0,
    ErrorClass.BAD_NUMBER_OR_COURIER: 900.0,
}
"""How long a source is left alone after an error about itself, where it does not say."""

KIND_OF_TROUBLE = {
    ErrorClass.QUOTA: ("source_quota", Severity.CRITICAL),
    ErrorClass.AUTH: ("source_misconfigured", Severity.CRITICAL),
    ErrorClass.BAD_NUMBER_OR_COURIER: ("source_misconfigured", Severity.CRITICAL),
}


def pause_seconds(error: ReplyError) -> float:
    """How long to leave a source alone after an error of its own."""
    return error.retry_after_seconds or PAUSE_SECONDS.get(error.error_class, 120.0)


def source_failed(desk: Desk, name: str, error: ReplyError, now: datetime) -> None:
    """A source answered nothing usable: remember since when, and tell the operators in time."""
    health = feeds.health(name)
    since = health.failing_since or now
    cases = health.cases
    trouble = KIND_OF_TROUBLE.get(error.error_class)
    if trouble is None and now - since >= DOWN_AFTER:
        trouble = ("source_down", Severity.CRITICAL)
    if trouble is not None and trouble[0] not in cases:
        desk.casebook.open(_finding(name, trouble, error, since, now), now)
        cases = (*cases, trouble[0])
    changed = replace(health, failing_since=since, cases=cases)
    if changed != health:
        feeds.save_health(name, changed)


def source_answered(desk: Desk, name: str, now: datetime) -> None:
    """A source works: close its cases. Costs one read a sweep, and a write an hour."""
    health = feeds.health(name)
    for kind in health.cases:
        desk.casebook.resolve(f"source:{name}", kind, "answers_again", now)
    stale = health.last_answer_at is None or now - health.last_answer_at > REMEMBER_ANSWER_EVERY
    if health.failing_since or health.cases or stale:
        feeds.save_health(name, SourceHealth(last_answer_at=now, version=health.version))


def _finding(
    name: str, trouble: tuple[str, Severity], error: ReplyError, since: datetime, now: datetime
) -> Finding:
    kind, severity = trouble
    return Finding(
        kind=kind,
        subject=f"source:{name}",
        severity=severity,
        shop_id="",
        facts={
            "source": name,
            "code": error.code or None,
            "message": error.message[:120] or None,
            "since": since.isoformat().replace("+00:00", "Z"),
            "hours": int((now - since) / timedelta(hours=1)),
        },
    )
