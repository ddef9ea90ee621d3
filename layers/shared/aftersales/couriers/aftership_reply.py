"""What AfterShip's replies and pushes say: tags, sub-tags, error codes, checkpoints.

Facts: couriers reference, sections 2, 6 and 12a; the vendor's list of request errors.

Precedence: the parcel's state is the tracking's own tag and sub-tag, with two exceptions where the
newest checkpoint knows better: a tracking marked by hand as lost (`Exception_013`) or expired for
want of news, whose last checkpoint says delivered or returned, is delivered or returned. A missing
or unknown tag is decided by the newest checkpoint with a known one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aftersales.couriers import calls
from aftersales.couriers.codes import from_source
from aftersales.couriers.reading import in_order, mapping, objects, text, when, whole
from aftersales.tracking import (
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

SOURCE = "aftership"
DEEPEST = 5  # data, list, msg, tracking: no version nests deeper

# tag -> canonical, where the sub-tag is missing or not in the table below
TAGS: dict[str, Mapped] = {
    "pending": Mapped(Status.UNKNOWN),
    "inforeceived": Mapped(Status.INFO_RECEIVED),
    "intransit": Mapped(Status.IN_TRANSIT),
    "outfordelivery": Mapped(Status.OUT_FOR_DELIVERY),
    "attemptfail": Mapped(Status.DELIVERY_FAILED, Reason.OTHER),
    "availableforpickup": Mapped(Status.AVAILABLE_FOR_PICKUP),
    "delivered": Mapped(Status.DELIVERED, None, DeliveredHow.UNKNOWN),
    "exception": Mapped(Status.EXCEPTION, Reason.OTHER),
    "expired": Mapped(Status.EXPIRED),
}

# sub-tag -> canonical, where it says more than its tag (others: the tag)
SUBTAGS: dict[str, Mapped] = {
    "intransit_002": Mapped(Status.PICKED_UP),
    "intransit_006": Mapped(Status.CUSTOMS),
    "intransit_009": Mapped(Status.IN_TRANSIT, Reason.FORWARDED),
    "attemptfail_002": Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),
    "attemptfail_003": Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),  # premises closed
    "delivered_002": Mapped(Status.DELIVERED, None, DeliveredHow.LOCKER),  # collected
    "delivered_003": Mapped(Status.DELIVERED, None, DeliveredHow.PERSON),
    "delivered_004": Mapped(Status.DELIVERED, None, DeliveredHow.PERSON),
    "delivered_005": Mapped(Status.DELIVERED, None, DeliveredHow.NEIGHBOUR),
    "exception_002": Mapped(Status.EXCEPTION, Reason.ADDRESS),
    "exception_003": Mapped(Status.EXCEPTION, Reason.REFUSED),
    "exception_004": Mapped(Status.EXCEPTION, Reason.CUSTOMS_HOLD),
    "exception_005": Mapped(Status.EXCEPTION, Reason.DELAYED),
    "exception_006": Mapped(Status.EXCEPTION, Reason.PAYMENT_HOLD),
    "exception_007": Mapped(Status.EXCEPTION, Reason.ADDRESS),
    "exception_008": Mapped(Status.EXCEPTION, Reason.PICKUP_OVERDUE),
    "exception_010": Mapped(Status.RETURNING),
    "exception_011": Mapped(Status.RETURNED),
    "exception_012": Mapped(Status.EXCEPTION, Reason.DAMAGED),
    "exception_013": Mapped(Status.EXCEPTION, Reason.LOST),
    "exception_016": Mapped(Status.EXCEPTION, Reason.DELAYED),
    "exception_017": Mapped(Status.EXCEPTION, Reason.WEATHER),
    "exception_018": Mapped(Status.EXCEPTION, Reason.CUSTOMS_DOCUMENTS),
}
_MARKED_LOST = "exception_013"

# meta.code -> class (sections 1 and 6)
ERRORS: dict[int, ErrorClass] = {
    4003: ErrorClass.ALREADY_REGISTERED,
    4004: ErrorClass.NO_RESULT_YET,  # not registered: nothing is wrong with the number
    4013: ErrorClass.ALREADY_REGISTERED,  # cannot be re-tracked, as it is being tracked
    402: ErrorClass.QUOTA,
    403: ErrorClass.QUOTA,
    408: ErrorClass.THEIR_FAULT_RETRY,
    409: ErrorClass.THEIR_FAULT_RETRY,  # two calls about one tracking at the same time
}


def error_in(read: object) -> ReplyError | None:
    """The error of a reply's `meta`, None where it states none.

    An "already exists" brings the tracking with it: the error then names its number.
    """
    found = mapping(read)
    meta = mapping(found.get("meta"))
    code = whole(meta.get("code"))
    if code is None or 200 <= code < 300:
        return None
    words = [
        text(meta.get("type")) or text(meta.get("error_type")),
        text(meta.get("message")) or text(meta.get("error_message")),
    ]
    about = [text(item.get("tracking_number")) for item in trackings_in(read) or []]
    return ReplyError(
        error_class=_error_class(code),
        code=str(code),
        message=": ".join(filter(None, words)),
        waybill_number=about[0] if len(about) == 1 else "",
    )


def _error_class(code: int) -> ErrorClass:
    if code in ERRORS:
        return ERRORS[code]
    # 4001-4017 and 40001 are finer codes of 400, 40101 of 401, and so on.
    status = code
    while status >= 1000:
        status //= 10
    if 4001 <= code <= 4099:
        return ErrorClass.BAD_NUMBER_OR_COURIER
    if status in (402, 403):
        return ErrorClass.QUOTA
    if status in calls.BY_STATUS:
        return calls.BY_STATUS[status]
    if status in (400, 404, 422):
        return ErrorClass.BAD_NUMBER_OR_COURIER
    return ErrorClass.THEIR_FAULT_RETRY


def trackings_in(read: object, depth: int = DEEPEST) -> list[dict[str, Any]] | None:
    """The tracking objects of a document, wherever its version puts them; None: not a document.

    meta/data, data.tracking, data.trackings, data itself, msg, msg.tracking, tracking, trackings,
    a list, a bare tracking.
    """
    if depth == 0:
        return None
    if isinstance(read, list):
        return [item for one in objects(read) for item in trackings_in(one, depth - 1) or []]
    found = mapping(read)
    for name in ("data", "msg", "tracking"):
        inner = found.get(name)
        if inner and isinstance(inner, dict | list):
            return trackings_in(inner, depth - 1)
    if "trackings" in found:
        return objects(found.get("trackings"))
    return [found] if text(found.get("tracking_number")) else None


def read_tracking(tracking: Mapping[str, Any]) -> TrackingReply:
    """One tracking object. Without any checkpoint its tag alone speaks."""
    checkpoints = objects(tracking.get("checkpoints")) or objects(tracking.get("checkpoint"))
    events = in_order(list(_events(checkpoints)), newest_first=False)
    tag, subtag = text(tracking.get("tag")), text(tracking.get("subtag"))
    state = _state(tag, subtag, events)
    slug = text(tracking.get("slug"))
    reported = when(tracking.get("updated_at")) or when(tracking.get("last_updated_at"))
    return TrackingReply(
        waybill_number=text(tracking.get("tracking_number")),
        courier=from_source(SOURCE, slug) if slug else "",
        status=state.status,
        reason=state.reason,
        delivered_how=state.delivered_how,
        events=events,
        stopped=tracking.get("active") is False or tag.lower() == "expired",
        tag=text(mapping(tracking.get("custom_fields")).get("tag")),
        reported_at=reported[0] if reported else None,
    )


def _state(tag: str, subtag: str, events: Sequence[TrackingEvent]) -> Mapped:
    newest = next((event for event in reversed(events) if event.status is not None), None)
    fact = Mapped(newest.status, newest.reason, newest.delivered_how) if newest else None  # type: ignore[arg-type]
    stated = _mapped(tag, subtag)
    if stated is None:
        return fact or Mapped(Status.UNKNOWN)
    administrative = subtag.lower() == _MARKED_LOST or stated.status is Status.EXPIRED
    if administrative and fact is not None and fact.status in TERMINAL:
        return fact
    return stated


def _mapped(tag: str, subtag: str) -> Mapped | None:
    """Sub-tag first; one that is unknown or of another family is decided by the tag."""
    sub, main = subtag.lower(), tag.lower()
    family = sub.partition("_")[0]
    if main in TAGS and family != main:
        return TAGS[main]
    return SUBTAGS.get(sub) or TAGS.get(family)


def _events(checkpoints: Iterable[Mapping[str, Any]]) -> Iterable[TrackingEvent]:
    for checkpoint in checkpoints:
        # `created_at` is when AfterShip noticed: better than losing a scan without a time.
        time = when(checkpoint.get("checkpoint_time")) or when(checkpoint.get("created_at"))
        if time is None:
            continue
        tag, subtag = text(checkpoint.get("tag")), text(checkpoint.get("subtag"))
        mapped = _mapped(tag, subtag)
        yield TrackingEvent(
            at=time[0],
            zone_known=time[1],
            text=text(checkpoint.get("message")) or text(checkpoint.get("subtag_message")),
            status=mapped.status if mapped else None,
            reason=mapped.reason if mapped else None,
            delivered_how=mapped.delivered_how if mapped else None,
            place=_place(checkpoint),
            raw_code=subtag or tag,
        )


def _place(checkpoint: Mapping[str, Any]) -> str:
    parts = ("city", "state", "country_name")
    return text(checkpoint.get("location")) or ", ".join(
        filter(None, (text(checkpoint.get(part)) for part in parts))
    )
