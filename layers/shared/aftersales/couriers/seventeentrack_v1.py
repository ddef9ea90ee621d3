"""What 17TRACK's first API said of a parcel: `track` instead of `track_info`.

Facts: couriers reference, section 5 (old integer states) and public captures. `e` is the state,
`z1` and `z2` are the scans of the two carriers, newest first, `z0` is the newest of all. A scan is
{a: time of the place, without zone; c, d: place; z: words} and has no code, so it is history only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from aftersales.couriers.reading import in_order, objects, text, when, whole
from aftersales.tracking import DeliveredHow, Mapped, Reason, Status, TrackingEvent

# `track.e` -> canonical
STATUSES: dict[int, Mapped] = {
    0: Mapped(Status.UNKNOWN),
    10: Mapped(Status.IN_TRANSIT),
    20: Mapped(Status.EXPIRED),
    30: Mapped(Status.AVAILABLE_FOR_PICKUP),
    35: Mapped(Status.DELIVERY_FAILED, Reason.OTHER),
    40: Mapped(Status.DELIVERED, None, DeliveredHow.UNKNOWN),
    50: Mapped(Status.EXCEPTION, Reason.OTHER),
}


def read_track(
    track: Mapping[str, Any],
) -> tuple[Mapped | None, tuple[TrackingEvent, ...], datetime | None]:
    """State, scans (oldest first) and time of report (never told) of a v1 `track`."""
    scans: list[TrackingEvent] = []
    for field in ("z1", "z2", "z9"):
        known = {scan.identity("") for scan in scans}
        told = in_order(list(_scans(objects(track.get(field)))), newest_first=True)
        scans += [scan for scan in told if scan.identity("") not in known]
    if not scans:
        scans = list(_scans(objects(track.get("z0"))))
    code = whole(track.get("e"))
    state = STATUSES.get(code) if code is not None else None
    return state, tuple(sorted(scans, key=lambda scan: scan.at)), None


def _scans(items: Iterable[Mapping[str, Any]]) -> Iterable[TrackingEvent]:
    for item in items:
        time = when(item.get("a"))
        if time is None:
            continue
        yield TrackingEvent(
            at=time[0],
            zone_known=time[1],
            text=text(item.get("z")),
            status=None,
            place=", ".join(filter(None, (text(item.get("c")), text(item.get("d"))))),
        )
