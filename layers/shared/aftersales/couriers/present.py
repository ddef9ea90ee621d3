"""Tracking replies as the JSON that `aftersales tracking parse` prints: a public interface."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aftersales.couriers.registry import source_class
from aftersales.tracking import ReplyError, TrackingEvent, TrackingReply


def parse_document(source: str, kind: str, payload: bytes) -> list[dict[str, Any]]:
    """A raw reply or push in public form, one entry per parcel.

    Raises `Misconfigured` for an unknown source, `BadInput` for a payload that is not the vendor's.
    """
    return [as_json(entry) for entry in source_class(source).parse(kind, payload)]


def as_json(entry: TrackingReply | ReplyError) -> dict[str, Any]:
    """One entry. Times are UTC in ISO 8601 with whole seconds; what is not known is null."""
    if isinstance(entry, ReplyError):
        error: dict[str, Any] = {
            "class": str(entry.error_class),
            "code": entry.code,
            "message": entry.message,
        }
        about = {"waybill_number": entry.waybill_number} if entry.waybill_number else {}
        return {**about, "error": error}
    return {
        "waybill_number": entry.waybill_number,
        "courier": entry.courier,
        "status": str(entry.status),
        "reason": _or_null(entry.reason),
        "delivered_how": _or_null(entry.delivered_how),
        "event_count": len(entry.events),
        "last_event_at": _time(entry.last_event_at),
        "events": [_event(event) for event in entry.events],
    }


def _event(event: TrackingEvent) -> dict[str, Any]:
    return {
        "at": _time(event.at),
        "status": _or_null(event.status),
        "reason": _or_null(event.reason),
        "delivered_how": _or_null(event.delivered_how),
        "place": event.place,
        "text": event.text,
        "raw_code": event.raw_code,
    }


def _or_null(value: object) -> str | None:
    return None if value is None else str(value)


def _time(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
