"""Parcels, cases and deliveries as the JSON that the commands print: a public interface."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from aftersales.cases.model import Case, Delivery
from aftersales.parcels import Parcel
from aftersales.tracking import TrackingEvent
from local.terminal import json_time

HIDDEN = frozenset({"phone_tail", "digest", "version"})
"""Personal, or of no meaning outside."""


def parcel_json(parcel: Parcel) -> dict[str, Any]:
    """A watched parcel, all its fields. `watched`: is it still followed?"""
    shown = [name for name in Parcel.__struct_fields__ if name not in HIDDEN]
    return {**{name: _value(getattr(parcel, name)) for name in shown}, "watched": parcel.watched}


def event_json(event: TrackingEvent, text: str) -> dict[str, Any]:
    """One scan, with its text as it may be shown."""
    return {
        "at": json_time(event.at),
        "status": _value(event.status),
        "reason": _value(event.reason),
        "delivered_how": _value(event.delivered_how),
        "place": event.place,
        "text": text,
        "raw_code": event.raw_code,
    }


def case_json(case: Case) -> dict[str, Any]:
    """One case with its facts, without its history."""
    return {
        "case_id": case.case_id,
        "kind": case.kind,
        "subject": case.subject,
        "state": case.state.value,
        "severity": case.severity.value,
        "shop_id": case.shop_id,
        "owner": case.owner,
        "episode": case.episode,
        "opened_at": json_time(case.opened_at),
        "updated_at": json_time(case.updated_at),
        "deadline": json_time(case.deadline),
        "resolved_at": json_time(case.resolved_at),
        "resolution": case.resolution,
        "facts": dict(case.facts),
    }


def history_json(case: Case) -> list[dict[str, Any]]:
    """What happened to a case, oldest first."""
    return [{"at": json_time(e.at), "what": e.what, "by": e.by} for e in case.history]


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """One alert on its way to one target."""
    alert = delivery.alert
    return {
        "delivery_id": delivery.delivery_id,
        "alert_id": alert.alert_id,
        "case_id": alert.case_id,
        "target": delivery.target,
        "state": delivery.state.value,
        "transition": alert.transition.value,
        "kind": alert.kind,
        "subject": alert.subject,
        "severity": alert.severity.value,
        "shop_id": alert.shop_id,
        "attempts": delivery.attempts,
        "created_at": json_time(delivery.wall_created_at),
        "not_before": json_time(delivery.not_before),
        "sent_at": json_time(delivery.sent_at),
        "outcome": delivery.outcome,
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return json_time(value)
    if isinstance(value, Enum):
        return value.value
    return [_value(part) for part in value] if isinstance(value, tuple) else value
