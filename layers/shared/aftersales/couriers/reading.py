"""Reading vendors' JSON without trusting its types.

Vendors send null for lists, numbers as strings, one object where a list is documented, times with
and without an offset. These readers give the plain shape or an empty one; they never raise, except
`document`, which is where a payload is refused as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aftersales.errors import BadInput
from aftersales.tracking import TrackingEvent

KINDS = ("query_reply", "push")
MILLISECONDS_FROM = 100_000_000_000  # an epoch above this is in milliseconds (year 5138 otherwise)


def document(source: str, kind: str, payload: bytes) -> Any:
    """The payload as JSON. Raises `BadInput` with the place where it is not."""
    place = f"{source} {kind}"
    if kind not in KINDS:
        raise BadInput(f"unknown kind; known are {', '.join(KINDS)}", place=place)
    try:
        # Not strict: some vendors leave tabs and line ends bare inside their texts.
        return json.loads(payload.decode("utf-8-sig"), strict=False)
    except UnicodeDecodeError as exc:
        raise BadInput(f"not UTF-8 at byte {exc.start}", place=place) from exc
    except json.JSONDecodeError as exc:
        raise BadInput(
            f"not JSON at line {exc.lineno} column {exc.colno} ({exc.msg})", place=place
        ) from exc
    except (RecursionError, ValueError) as exc:
        raise BadInput("nested too deeply, or a number too long", place=place) from exc


def mapping(value: object) -> dict[str, Any]:
    """An object, or {}."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; a lone object counts as a list of one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A string without surrounding space; numbers as digits; everything else is ""."""
    if isinstance(value, str):
        if value.isascii():
            return value.strip()
        # Texts cut in the middle of an emoji end in half of it, which cannot be stored or hashed.
        return value.encode("utf-8", "replace").decode().strip()
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value) if isinstance(value, int) else ""


def whole(value: object) -> int | None:
    """An integer, also one written as a string or as 0.0; else None."""
    try:
        return int(text(value))
    except ValueError:
        return None


def when(value: object) -> tuple[datetime, bool] | None:
    """A time as aware UTC, and whether its zone was stated; None where there is no time in it.

    Reads ISO 8601 with `T` or a space, `Z`, `+08:00`, `+0800`, ` UTC`, slashes, a bare date, and
    epochs in seconds or milliseconds. A time without zone is taken as UTC (zone unknown).
    """
    raw = text(value)
    if not raw:
        return None
    try:
        if raw[10:11] == "T" and raw[-1] == "Z":  # what most vendors send, read in one step
            return datetime.fromisoformat(raw).astimezone(UTC), True
        if raw.isascii() and raw.isdigit() and len(raw) in (10, 13):
            epoch = int(raw)
            seconds = epoch / 1000 if epoch > MILLISECONDS_FROM else epoch
            return datetime.fromtimestamp(seconds, UTC), True
        zone_named = raw.endswith((" UTC", " GMT"))
        date, gap, clock = (raw[:-4] if zone_named else raw).replace("/", "-").partition(" ")
        # "2021-01-14 00:52:00 +0800": the blank before the offset is not ISO.
        at = datetime.fromisoformat(date + ("T" if gap else "") + clock.replace(" ", ""))
        if at.tzinfo is None:
            return at.replace(tzinfo=UTC), zone_named
        return at.astimezone(UTC), True
    except (ValueError, OverflowError, OSError):
        return None


def in_order(events: Sequence[TrackingEvent], *, newest_first: bool) -> tuple[TrackingEvent, ...]:
    """Events by time, oldest first; equal times in the order in which they happened.

    `newest_first` is the vendor's documented order; where the times themselves show another, they
    are believed.
    """
    if events and events[0].at != events[-1].at:
        newest_first = events[0].at > events[-1].at
    given = reversed(events) if newest_first else iter(events)
    return tuple(sorted(given, key=lambda event: event.at))
