"""What 17TRACK's replies and pushes say: its codes, and the reading of `data` and `track_info`.

Facts: couriers reference, section 5. Precedence: the parcel's state is `latest_status`, which is
computed from all carriers' scans. Where it is missing or unknown to us, the newest scan with a
known code decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from aftersales.couriers import calls, seventeentrack_v1
from aftersales.couriers.codes import from_source
from aftersales.couriers.reading import in_order, mapping, objects, text, when, whole
from aftersales.tracking import (
    DeliveredHow,
    ErrorClass,
    Mapped,
    Reason,
    ReplyError,
    Status,
    TrackingEvent,
    TrackingReply,
)

SOURCE = "seventeentrack"

_DELIVERED = Mapped(Status.DELIVERED, None, DeliveredHow.UNKNOWN)

# sub_status -> canonical (section 5)
SUB_STATUSES: dict[str, Mapped] = {
    "notfound_other": Mapped(Status.UNKNOWN),
    "notfound_invalidcode": Mapped(Status.UNKNOWN, Reason.BAD_NUMBER),
    "inforeceived": Mapped(Status.INFO_RECEIVED),
    "intransit_pickedup": Mapped(Status.PICKED_UP),
    "intransit_other": Mapped(Status.IN_TRANSIT),
    "intransit_departure": Mapped(Status.IN_TRANSIT),
    "intransit_arrival": Mapped(Status.IN_TRANSIT),
    "intransit_customsprocessing": Mapped(Status.CUSTOMS),
    "intransit_customsreleased": Mapped(Status.IN_TRANSIT),
    "intransit_customsrequiringinformation": Mapped(Status.CUSTOMS, Reason.CUSTOMS_DOCUMENTS),
    "expired_other": Mapped(Status.EXPIRED),
    "availableforpickup_other": Mapped(Status.AVAILABLE_FOR_PICKUP),
    "outfordelivery_other": Mapped(Status.OUT_FOR_DELIVERY),
    "delivered_other": _DELIVERED,
    "deliveryfailure_other": Mapped(Status.DELIVERY_FAILED, Reason.OTHER),
    "deliveryfailure_nobody": Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),
    "deliveryfailure_security": Mapped(Status.DELIVERY_FAILED, Reason.SECURITY),
    "deliveryfailure_rejected": Mapped(Status.DELIVERY_FAILED, Reason.REFUSED),
    "deliveryfailure_invalidaddress": Mapped(Status.DELIVERY_FAILED, Reason.ADDRESS),
    "exception_other": Mapped(Status.EXCEPTION, Reason.OTHER),
    "exception_returning": Mapped(Status.RETURNING),
    "exception_returned": Mapped(Status.RETURNED),
    "exception_cancel": Mapped(Status.CANCELLED),
    "exception_nobody": Mapped(Status.EXCEPTION, Reason.CONTACT_FAILED),
    "exception_security": Mapped(Status.EXCEPTION, Reason.SECURITY),
    "exception_damage": Mapped(Status.EXCEPTION, Reason.DAMAGED),
    "exception_rejected": Mapped(Status.EXCEPTION, Reason.REFUSED),
    "exception_delayed": Mapped(Status.EXCEPTION, Reason.DELAYED),
    "exception_lost": Mapped(Status.EXCEPTION, Reason.LOST),
    "exception_destroyed": Mapped(Status.EXCEPTION, Reason.DESTROYED),
}

# main status -> canonical, where the sub_status is missing or not in the table above
STATUSES: dict[str, Mapped] = {
    "notfound": Mapped(Status.UNKNOWN),
    "inforeceived": Mapped(Status.INFO_RECEIVED),
    "intransit": Mapped(Status.IN_TRANSIT),
    "expired": Mapped(Status.EXPIRED),
    "availableforpickup": Mapped(Status.AVAILABLE_FOR_PICKUP),
    "outfordelivery": Mapped(Status.OUT_FOR_DELIVERY),
    "deliveryfailure": Mapped(Status.DELIVERY_FAILED, Reason.OTHER),
    "delivered": _DELIVERED,
    "exception": Mapped(Status.EXCEPTION, Reason.OTHER),
}

# milestone keys, as in the `stage` of an event
STAGES: dict[str, Mapped] = {
    "inforeceived": Mapped(Status.INFO_RECEIVED),
    "pickedup": Mapped(Status.PICKED_UP),
    "departure": Mapped(Status.IN_TRANSIT),
    "arrival": Mapped(Status.IN_TRANSIT),
    "availableforpickup": Mapped(Status.AVAILABLE_FOR_PICKUP),
    "outfordelivery": Mapped(Status.OUT_FOR_DELIVERY),
    "delivered": _DELIVERED,
    "returning": Mapped(Status.RETURNING),
    "returned": Mapped(Status.RETURNED),
}
_REFINING_STAGES = frozenset({"pickedup", "returning", "returned"})

# error codes without their prefix -180 (sections 1 and 5)
ERRORS: dict[int, ErrorClass] = {
    **dict.fromkeys((10001, 10002, 10004, 10005), ErrorClass.AUTH),
    10003: ErrorClass.THEIR_FAULT_RETRY,
    **dict.fromkeys(range(10010, 10021), ErrorClass.BAD_NUMBER_OR_COURIER),
    19901: ErrorClass.ALREADY_REGISTERED,
    19902: ErrorClass.NO_RESULT_YET,  # not registered: nothing is wrong with the number
    19903: ErrorClass.BAD_NUMBER_OR_COURIER,
    19904: ErrorClass.ALREADY_REGISTERED,  # cannot be re-tracked, as it is being tracked
    19905: ErrorClass.BAD_NUMBER_OR_COURIER,
    19907: ErrorClass.THROTTLED,
    19908: ErrorClass.QUOTA,
    19909: ErrorClass.NO_RESULT_YET,
    19910: ErrorClass.BAD_NUMBER_OR_COURIER,
    19911: ErrorClass.BAD_NUMBER_OR_COURIER,
    19912: ErrorClass.AUTH,
    **dict.fromkeys(range(19801, 19815), ErrorClass.BAD_NUMBER_OR_COURIER),
    **dict.fromkeys((19815, 19816, 19817), ErrorClass.THEIR_FAULT_RETRY),
    19818: ErrorClass.AUTH,
}
_ERROR_PREFIX = 18_000_000


def enveloped(read: object) -> dict[str, Any]:
    """The document in its usual envelope, also where only `data` or single items were kept."""
    if isinstance(read, list):
        return {"data": {"accepted": read}}
    found = mapping(read)
    if "accepted" in found or "rejected" in found:
        return {"data": found}
    if "number" in found and "data" not in found:
        return {"data": {"accepted": [found]}}
    if isinstance(found.get("data"), list) and "event" not in found:
        return {**found, "data": {"accepted": found["data"]}}
    return found


def has_lists(read: Mapping[str, Any]) -> bool:
    """Does the document list numbers, accepted or rejected?"""
    data = mapping(read.get("data"))
    return "accepted" in data or "rejected" in data


def data_with_code(read: Mapping[str, Any]) -> dict[str, Any]:
    """`data`, where an error told only by the top-level `code` is put among its `errors`."""
    data = mapping(read.get("data"))
    code = whole(read.get("code"))
    if code and not objects(data.get("errors")) and not has_lists(read):
        message = text(read.get("message")) or text(read.get("msg"))
        return {**data, "errors": [{"code": code, "message": message}]}
    return data


def read_entries(data: Mapping[str, Any]) -> list[TrackingReply | ReplyError]:
    """Accepted, then rejected, then the whole call's first error."""
    entries: list[TrackingReply | ReplyError] = [
        read_parcel(item) for item in objects(data.get("accepted")) if item.get("number")
    ]
    for item in objects(data.get("rejected")):
        entries.append(_error(mapping(item.get("error")), text(item.get("number"))))
    errors = [_error(item, "") for item in objects(data.get("errors"))]
    return entries + errors[:1]


def _error(error: Mapping[str, Any], waybill_number: str) -> ReplyError:
    raw = text(error.get("code"))
    return ReplyError(_error_class(whole(raw)), raw, text(error.get("message")), waybill_number)


def _error_class(code: int | None) -> ErrorClass:
    if code is None:
        return ErrorClass.THEIR_FAULT_RETRY
    short = abs(code) - _ERROR_PREFIX if abs(code) > _ERROR_PREFIX else abs(code)
    if short in calls.BY_STATUS:
        return calls.BY_STATUS[short]
    # A code that is not in the table is asked again: it must not make a number look dead.
    return ERRORS.get(short, ErrorClass.THEIR_FAULT_RETRY)


def read_parcel(item: Mapping[str, Any], *, stopped: bool = False) -> TrackingReply:
    """One item of `accepted`, or the `data` of a push; `stopped` for TRACKING_STOPPED."""
    info = mapping(item.get("track_info"))
    if info:
        state, events, reported_at = _current(info)
    elif mapping(item.get("track")):
        state, events, reported_at = seventeentrack_v1.read_track(mapping(item.get("track")))
    else:
        # A registration, a stop, or a line of gettracklist: at most a main status.
        state, events, reported_at = _by_code(item.get("package_status"), None), (), None
        if state is None and stopped:
            state = Mapped(Status.EXPIRED)
    stopped = stopped or text(item.get("tracking_status")).lower() == "stopped"
    state = state or _newest_known(events) or Mapped(Status.UNKNOWN)
    carrier = text(item.get("carrier"))
    return TrackingReply(
        waybill_number=text(item.get("number")),
        courier=from_source(SOURCE, carrier) if carrier not in ("", "0") else "",
        status=state.status,
        reason=state.reason,
        delivered_how=state.delivered_how,
        events=events,
        stopped=stopped,
        tag=text(item.get("tag")),
        reported_at=reported_at,
    )


_State = tuple[Mapped | None, tuple[TrackingEvent, ...], datetime | None]


def _current(info: Mapping[str, Any]) -> _State:
    """State, events and time of report of a v2 `track_info`."""
    latest = mapping(info.get("latest_status"))
    providers = objects(mapping(info.get("tracking")).get("providers"))
    merged: list[TrackingEvent] = []
    for provider in providers:
        told = in_order(list(_events(objects(provider.get("events")))), newest_first=True)
        if merged:
            # A parcel that changes hands is told by several carriers, partly in the same scans.
            known = {event.identity("") for event in merged}
            told = tuple(event for event in told if event.identity("") not in known)
        merged += told
    if not merged:
        # Seen in short pushes: the newest scan is told although the list of scans is empty.
        merged = list(_events(objects(info.get("latest_event"))))
    synced = [when(provider.get("latest_sync_time")) for provider in providers]
    return (
        _by_code(latest.get("status"), latest.get("sub_status")),
        tuple(sorted(merged, key=lambda event: event.at)),
        max((at for at, _ in filter(None, synced)), default=None),
    )


def _events(items: Iterable[Mapping[str, Any]]) -> Iterable[TrackingEvent]:
    for item in items:
        time = when(item.get("time_utc")) or when(item.get("time_iso"))
        time = time or _raw_time(item.get("time_raw"))
        if time is None:
            continue  # a scan without any time cannot be placed among the others
        stage, sub_status = text(item.get("stage")), text(item.get("sub_status"))
        mapped = _event_state(stage, sub_status)
        yield TrackingEvent(
            at=time[0],
            zone_known=time[1],
            text=text(item.get("description")),
            status=mapped.status if mapped else None,
            reason=mapped.reason if mapped else None,
            delivered_how=mapped.delivered_how if mapped else None,
            place=text(item.get("location")) or _address(mapping(item.get("address"))),
            raw_code=sub_status or stage,
        )


def _raw_time(raw: object) -> tuple[datetime, bool] | None:
    """`time_raw`: a text in some versions, {date, time, timezone} in others."""
    if not isinstance(raw, dict):
        return when(raw)
    clock = f"{text(raw.get('date'))} {text(raw.get('time'))}".strip()
    return when(f"{clock} {text(raw.get('timezone'))}".strip()) or when(clock)


def _address(address: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (text(address.get(k)) for k in ("city", "state", "country"))))


@lru_cache(maxsize=256)  # a handful of codes, read in every scan
def _event_state(stage: str, sub_status: str) -> Mapped | None:
    """Stage and sub_status of one scan. A stage says more than a sub_status that ends in _Other."""
    by_stage = STAGES.get(stage.lower()) or STATUSES.get(stage.lower())
    by_sub_status = _by_code(None, sub_status)
    vague = by_sub_status is None or sub_status.lower().endswith("_other")
    if by_stage and (by_sub_status is None or (vague and stage.lower() in _REFINING_STAGES)):
        return by_stage
    return by_sub_status


def _by_code(status: object, sub_status: object) -> Mapped | None:
    """Sub-status first; one that is unknown or of another family is decided by the main status."""
    sub = text(sub_status).lower()
    main = text(status).lower()
    family = sub.partition("_")[0]
    if main in STATUSES and family != main:
        return STATUSES[main]
    return SUB_STATUSES.get(sub) or STATUSES.get(family)


def _newest_known(events: Sequence[TrackingEvent]) -> Mapped | None:
    for event in reversed(events):
        if event.status is not None:
            return Mapped(event.status, event.reason, event.delivered_how)
    return None
