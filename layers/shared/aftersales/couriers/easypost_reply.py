"""What EasyPost's replies and events say: statuses, status details, errors, trackers.

Facts: couriers reference, sections 2, 7 and 12a.

Precedence between a tracker's own `status` and its newest detail (by time, not by place in the
list): the tracker's status can lag, so the newest detail wins, except where

1. it has no known status, or takes the parcel back to "label made" although the tracker is further:
   then the tracker's status stands;
2. the tracker says delivered or cancelled: these do not lag, and couriers add book-keeping scans
   after them, so only a detail that sends the parcel back (return_to_sender) is news;
3. the tracker says return_to_sender: scans on the way back look like any others, so the parcel is
   returning, until a detail says delivered after one that said return_to_sender (returned);
4. the tracker's `status_detail` is "expired": EasyPost stopped looking. A newest detail that ends
   the journey stands, any other is overtaken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aftersales.couriers.codes import from_source
from aftersales.couriers.reading import in_order, mapping, objects, text, when
from aftersales.tracking import (
    RANK,
    TERMINAL,
    DeliveredHow,
    ErrorClass,
    Mapped,
    Reason,
    ReplyError,
    Status,
    TrackingEvent,
    TrackingReply,
)

SOURCE = "easypost"
DEEPEST = 5  # event, result, shipment, tracker: nothing of theirs nests deeper

# status -> canonical
STATUSES: dict[str, Status] = {
    "unknown": Status.UNKNOWN,
    "pre_transit": Status.INFO_RECEIVED,
    "in_transit": Status.IN_TRANSIT,
    "out_for_delivery": Status.OUT_FOR_DELIVERY,
    "delivered": Status.DELIVERED,
    "available_for_pickup": Status.AVAILABLE_FOR_PICKUP,
    "return_to_sender": Status.RETURNING,
    "failure": Status.DELIVERY_FAILED,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "error": Status.EXCEPTION,
    "expired": Status.EXPIRED,
}

# status_detail -> reason; "expired" is a status of ours (rule 4)
DETAILS: dict[str, Reason] = {
    "damaged": Reason.DAMAGED,
    "lost": Reason.LOST,
    "refused": Reason.REFUSED,
    "held": Reason.HELD,
    "delayed": Reason.DELAYED,
    "missorted": Reason.MISSORTED,
    "weather_delay": Reason.WEATHER,
    "address_correction": Reason.ADDRESS,
    "awaiting_information": Reason.CUSTOMS_DOCUMENTS,
    "delivery_exception": Reason.OTHER,
    "transit_exception": Reason.OTHER,
    "transferred_to_destination_carrier": Reason.FORWARDED,
}

_PROBLEMS = frozenset({Status.DELIVERY_FAILED, Status.EXCEPTION})
_NO_REASON = frozenset(
    {Status.UNKNOWN, Status.INFO_RECEIVED, Status.DELIVERED, Status.RETURNED, Status.EXPIRED}
)

# error.code -> class, by what the code contains; the first that fits counts
ERRORS: tuple[tuple[tuple[str, ...], ErrorClass], ...] = (
    (("RATE_LIMIT", "TOO_MANY", "THROTTL"), ErrorClass.THROTTLED),
    (("PAYMENT", "BILLING", "BALANCE", "FUNDS", "QUOTA"), ErrorClass.QUOTA),
    (("APIKEY", "API_KEY", "AUTH", "FORBIDDEN", "MODE.", "PERMISSION"), ErrorClass.AUTH),
    (("INTERNAL", "UNAVAILABLE", "TIMEOUT", "GATEWAY", "CONFLICT"), ErrorClass.THEIR_FAULT_RETRY),
)


def error_in(read: object) -> ReplyError | None:
    """The error of {"error": {"code", "message"}} or {"error": "..."}; None where there is none."""
    error = mapping(read).get("error")
    if not error:
        return None
    told = mapping(error)
    code = text(told.get("code"))
    message = text(told.get("message")) or _words(told.get("message")) or text(error)
    return ReplyError(_error_class(code), code, message)


def _words(message: object) -> str:
    """A message that came as a list of sentences."""
    return "; ".join(filter(None, map(text, message))) if isinstance(message, list) else ""


def _error_class(code: str) -> ErrorClass:
    """By the code; one that is not known is about the request: its number or its carrier."""
    if not code:
        return ErrorClass.THEIR_FAULT_RETRY
    for parts, error_class in ERRORS:
        if any(part in code.upper() for part in parts):
            return error_class
    return ErrorClass.BAD_NUMBER_OR_COURIER


def trackers_in(read: object, depth: int = DEEPEST) -> list[dict[str, Any]] | None:
    """The tracker objects of a document; None where it is nothing of EasyPost's.

    A tracker, a list, {"trackers"}, an event with its `result`, {"events"}, and things that carry
    their tracker inside (shipment, insurance). An event about something else has no tracker: [].
    """
    if depth == 0:
        return None
    if isinstance(read, list):
        return [item for one in objects(read) for item in trackers_in(one, depth - 1) or []]
    found = mapping(read)
    for name in ("trackers", "events", "result", "tracker"):
        inner = found.get(name)
        if isinstance(inner, dict | list):
            return trackers_in(inner, depth - 1) or []
    if text(found.get("tracking_code")) and text(found.get("object") or "Tracker") == "Tracker":
        return [found]
    # Another of their objects: it says nothing about a parcel.
    return [] if text(found.get("object")) else None


def read_tracker(tracker: Mapping[str, Any]) -> TrackingReply:
    """One tracker, by the rules of precedence above."""
    details = objects(tracker.get("tracking_details"))
    events = in_order(list(_events(details)), newest_first=False)
    status, detail = text(tracker.get("status")).lower(), text(tracker.get("status_detail"))
    state = _state(_mapped(status, detail), events)
    carrier = text(tracker.get("carrier"))
    reported = when(tracker.get("updated_at"))
    return TrackingReply(
        waybill_number=text(tracker.get("tracking_code")),
        courier=from_source(SOURCE, carrier) if carrier else "",
        status=state.status,
        reason=state.reason,
        delivered_how=state.delivered_how,
        events=events,
        stopped=state.status is Status.EXPIRED,
        reported_at=reported[0] if reported else None,
    )


def _mapped(status: str, detail: str) -> Mapped | None:
    """A status with its detail; None where the status is missing or unknown to us."""
    mapped = STATUSES.get(status.lower())
    if mapped is None:
        return None
    if detail.lower() == "expired" and mapped not in TERMINAL:
        return Mapped(Status.EXPIRED)
    how = DeliveredHow.UNKNOWN if mapped is Status.DELIVERED else None
    if mapped in _NO_REASON:
        return Mapped(mapped, None, how)
    reason = DETAILS.get(detail.lower())
    return Mapped(mapped, reason or (Reason.OTHER if mapped in _PROBLEMS else None), how)


def _state(stated: Mapped | None, events: Sequence[TrackingEvent]) -> Mapped:
    """The parcel's state: the numbers are those of the rules at the head of this module."""
    known = [_fact(event) for event in events]
    facts = [fact for fact in known if fact is not None and fact.status is not Status.UNKNOWN]
    if not facts:
        return stated or Mapped(Status.UNKNOWN)
    newest = facts[-1]
    if stated is None:
        return newest
    if stated.status is newest.status:
        return stated if newest.reason in (None, Reason.OTHER) else newest
    return _settled(stated, facts)


def _settled(stated: Mapped, facts: Sequence[Mapped]) -> Mapped:
    """What counts where the tracker and its newest detail disagree."""
    newest = facts[-1]
    if stated.status is Status.EXPIRED:  # 4
        return newest if newest.status in TERMINAL else stated
    if stated.status in TERMINAL:  # 2
        return newest if newest.status is Status.RETURNING else stated
    if stated.status is Status.RETURNING:  # 3
        went_back = any(fact.status is Status.RETURNING for fact in facts[:-1])
        arrived = newest.status is Status.DELIVERED and went_back
        return Mapped(Status.RETURNED) if arrived else stated
    label_made = newest.status is Status.INFO_RECEIVED
    further = RANK[stated.status] > RANK[Status.INFO_RECEIVED]
    # The status "error" tells of EasyPost's reading, not of the parcel: any scan knows better.
    return stated if label_made and further and stated.status is not Status.EXCEPTION else newest


def _fact(event: TrackingEvent) -> Mapped | None:
    if event.status is None:
        return None
    return Mapped(event.status, event.reason, event.delivered_how)


def _events(details: Iterable[Mapping[str, Any]]) -> Iterable[TrackingEvent]:
    for detail in details:
        time = when(detail.get("datetime"))
        if time is None:
            continue  # a scan without any time cannot be placed among the others
        status, status_detail = text(detail.get("status")), text(detail.get("status_detail"))
        mapped = _mapped(status, status_detail)
        place = mapping(detail.get("tracking_location"))
        yield TrackingEvent(
            at=time[0],
            zone_known=time[1],
            text=text(detail.get("message")) or text(detail.get("description")),
            status=mapped.status if mapped else None,
            reason=mapped.reason if mapped else None,
            delivered_how=mapped.delivered_how if mapped else None,
            place=", ".join(
                filter(None, (text(place.get(part)) for part in ("city", "state", "country")))
            ),
            raw_code="/".join(filter(None, (status, status_detail))),
        )
