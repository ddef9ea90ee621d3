"""SF's operation codes, errors and payloads, read into canonical replies.

Facts: couriers reference, sections 1, 8 and 12a. A query answers in two layers, the platform's and
in it, as a JSON string, the business's. There is no state of the parcel: the newest scan is it. A
push brings single scans of several parcels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from aftersales.couriers.china import china_time, newest_known, told_once, unwrapped
from aftersales.couriers.reading import document, mapping, objects, text
from aftersales.couriers.text import read_text
from aftersales.errors import BadInput
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

SOURCE = "sf"
COURIER = "sf"


def _each(codes: str, mapped: Mapped) -> dict[str, Mapped]:
    return dict.fromkeys(codes.split(), mapped)


OPERATIONS: dict[str, Mapped] = {
    "647": Mapped(Status.INFO_RECEIVED),
    **_each("50 54 43 607 655", Mapped(Status.PICKED_UP)),
    **_each("30 31 36 10 11 105 106 302 304 305 3036 84", Mapped(Status.IN_TRANSIT)),
    **_each("44 204 123 630 634 880", Mapped(Status.OUT_FOR_DELIVERY)),
    **_each("125 130 218 642 678", Mapped(Status.AVAILABLE_FOR_PICKUP)),
    **_each("80 8000 97 935", Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN)),
    **_each("128 679", Mapped(Status.DELIVERED, delivered_how=DeliveredHow.LOCKER)),
    **_each("70 33 126", Mapped(Status.DELIVERY_FAILED)),
    **_each("72 870", Mapped(Status.EXCEPTION)),
    **_each("34 66 77 833", Mapped(Status.EXCEPTION, Reason.HELD)),
    **_each("99 648 631 626 627 517", Mapped(Status.IN_TRANSIT, Reason.FORWARDED)),
    **_each("14 604 605 606 611 623", Mapped(Status.CUSTOMS)),
    **_each("15 16 17 614 619 620 621", Mapped(Status.CUSTOMS, Reason.CUSTOMS_HOLD)),
    "18": Mapped(Status.CUSTOMS, Reason.PROHIBITED),
    "613": Mapped(Status.CUSTOMS, Reason.DUTY_UNPAID),
}
"""opCode -> canonical, before remark, reason and first status are looked at."""

REASON_PAIRS: dict[tuple[str, str], Mapped] = {
    ("8000", "6"): Mapped(Status.EXCEPTION, Reason.LOST),
    ("8000", "2"): Mapped(Status.EXCEPTION, Reason.DESTROYED),
    ("99", "2"): Mapped(Status.RETURNING),
    ("70", "46"): Mapped(Status.CANCELLED),
    ("70", "83"): Mapped(Status.AVAILABLE_FOR_PICKUP),
    ("70", "85"): Mapped(Status.AVAILABLE_FOR_PICKUP),
    ("33", "83"): Mapped(Status.AVAILABLE_FOR_PICKUP),
    ("33", "85"): Mapped(Status.AVAILABLE_FOR_PICKUP),
}
"""(opCode, reasonCode) -> canonical, of pushes."""

FIRST_STATUS: dict[str, Mapped] = {
    "1": Mapped(Status.PICKED_UP),
    "2": Mapped(Status.IN_TRANSIT),
    "3": Mapped(Status.OUT_FOR_DELIVERY),
    "4": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN),
    "5": Mapped(Status.CANCELLED),
    "11": Mapped(Status.AVAILABLE_FOR_PICKUP),
    "13": Mapped(Status.DELIVERY_FAILED),
}
"""firstStatusCode -> canonical. It beats the opCode; returns and forwards show "-" instead."""

SECOND_STATUS = {"204": Mapped(Status.CUSTOMS), "205": Mapped(Status.IN_TRANSIT)}
"""secondaryStatusCode -> canonical, where it says more than the first (205 is cleared)."""

# The one pair in which the first status means something else than alone.
FIRST_STATUS_PAIRS = {("126", "11"): Mapped(Status.EXCEPTION)}

_BY_REMARK = frozenset({"99", "648", "631", "626", "627", "517"})
_MAYBE_RELEASED = frozenset({"14", "604", "605", "606", "611", "623"})
_GOING_BACK = re.compile(r"退回|退件|退还")
_RELEASED = re.compile(r"放行|清关完成|完成清关|已清关")
_LOCKER = re.compile(r"自助柜|丰巢|智能柜|快递柜")
_OUT_OF_LOCKER = re.compile(r"取出|取走|取件成功|已取(?!消)")

ERRORS = {
    "A1001": ErrorClass.AUTH,  # what we leave out can only be an empty setting
    "A1002": ErrorClass.THEIR_FAULT_RETRY,
    "A1003": ErrorClass.AUTH,
    "A1004": ErrorClass.AUTH,
    "A1005": ErrorClass.THROTTLED,
    "A1006": ErrorClass.AUTH,
    "A1007": ErrorClass.THEIR_FAULT_RETRY,
    "A1099": ErrorClass.THEIR_FAULT_RETRY,
    "8003": ErrorClass.BAD_NUMBER_OR_COURIER,
    "8013": ErrorClass.NO_RESULT_YET,
    "8016": ErrorClass.ALREADY_REGISTERED,
    "8247": ErrorClass.BAD_NUMBER_OR_COURIER,
}
"""apiResultCode of the platform, errorCode of the business."""

PLATFORM_OK = "A1000"
BUSINESS_OK = "S0000"


def read_payload(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
    """A reply or push, or a list of them. Raises `BadInput` where it is none."""
    value = unwrapped(document(SOURCE, kind, payload))
    if isinstance(value, list) and value and all("mailno" in mapping(item) for item in value):
        return _pushed(value)  # the scans of a push without their envelope
    found: list[TrackingReply | ReplyError] = []
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        place = f"{SOURCE} {kind}" + (f" [{index}]" if isinstance(value, list) else "")
        found.extend(_read(mapping(item), place))
    return found


def _read(item: dict[str, Any], place: str) -> list[TrackingReply | ReplyError]:
    body = mapping(unwrapped(item.get("Body") or item.get("body"))) or item
    for name in ("WaybillRoute", "waybillRoute"):
        if name in body:
            return _pushed(objects(unwrapped(body[name])))
    if "Body" in item or "body" in item:
        raise BadInput("no WaybillRoute in Body", place=place)
    code = text(item.get("apiResultCode"))
    if code and code != PLATFORM_OK:
        return [_failure(code, text(item.get("apiErrorMsg")))]
    inner = item
    if "apiResultData" in item:
        place = f"{place} apiResultData"
        inner = mapping(unwrapped(item["apiResultData"]))
    if not {"success", "errorCode", "msgData", "routeResps"} & inner.keys():
        raise BadInput("neither msgData nor errorCode nor WaybillRoute", place=place)
    return _queried(inner)


def _queried(inner: dict[str, Any]) -> list[TrackingReply | ReplyError]:
    """The business layer of a query's reply."""
    code = text(inner.get("errorCode"))
    said = text(inner.get("errorMsg"))
    failed = inner.get("success") is False or text(inner.get("success")).lower() == "false"
    if failed or code not in ("", BUSINESS_OK):
        return [_failure(code, said)]
    data = unwrapped(inner.get("msgData"))
    parcels = objects(unwrapped(mapping(data).get("routeResps") or inner.get("routeResps")))
    if not parcels:
        return [ReplyError(ErrorClass.NO_RESULT_YET, code, said or "no routes yet")]
    return [_parcel(parcel) for parcel in parcels]


def _parcel(parcel: dict[str, Any]) -> TrackingReply | ReplyError:
    number = text(parcel.get("mailNo")) or text(parcel.get("mailno"))
    routes = objects(unwrapped(parcel.get("routes")))
    if not routes:
        code = text(parcel.get("reasonCode")) or BUSINESS_OK
        said = text(parcel.get("reasonRemark")) or text(parcel.get("reasonName")) or "no routes yet"
        return ReplyError(ErrorClass.NO_RESULT_YET, code, said, number)
    return _reply(number, routes, is_push=False)


def _pushed(routes: Sequence[Any]) -> list[TrackingReply | ReplyError]:
    """The scans of a push, by parcel, in the order in which the parcels first appear."""
    by_number: dict[str, list[dict[str, Any]]] = {}
    for route in objects(list(routes)):
        number = text(route.get("mailno")) or text(route.get("mailNo"))
        by_number.setdefault(number, []).append(route)
    return [_reply(number, scans, is_push=True) for number, scans in by_number.items()]


def _reply(number: str, routes: Sequence[dict[str, Any]], *, is_push: bool) -> TrackingReply:
    scans = [_event(route, is_push=is_push) for route in routes]
    events = told_once([event for event in scans if event], number, newest_first=False)
    mapped = newest_known(events) or Mapped(Status.UNKNOWN)
    tags = (text(route.get("orderid")) or text(route.get("orderId")) for route in routes)
    return TrackingReply(
        waybill_number=number,
        courier=COURIER,
        status=mapped.status,
        reason=mapped.reason,
        delivered_how=mapped.delivered_how,
        events=events,
        tag=next(filter(None, tags), ""),
    )


def _event(route: dict[str, Any], *, is_push: bool) -> TrackingEvent | None:
    """One scan; None where it states no time, because it then has no place in the history."""
    at = china_time(route.get("acceptTime"))
    if at is None:
        return None
    mapped = _mapped(route, is_push=is_push)
    return TrackingEvent(
        at=at,
        text=text(route.get("remark")),
        status=mapped.status if mapped else None,
        reason=mapped.reason if mapped else None,
        delivered_how=mapped.delivered_how if mapped else None,
        place=text(route.get("acceptAddress")),
        # The vendor's own key is number, opCode, time and remark, in query and push alike.
        raw_code=text(route.get("opCode")) or text(route.get("firstStatusCode")).strip("-"),
    )


def _mapped(route: dict[str, Any], *, is_push: bool) -> Mapped | None:
    operation, remark = text(route.get("opCode")), text(route.get("remark"))
    first = text(route.get("firstStatusCode"))
    if operation == "80" and not is_push and _LOCKER.search(remark) and first in ("", "-", "4"):
        # In a query, signed (4) is also said of a parcel that was only put into a locker.
        if _OUT_OF_LOCKER.search(remark):
            return Mapped(Status.DELIVERED, delivered_how=DeliveredHow.LOCKER)
        return Mapped(Status.AVAILABLE_FOR_PICKUP)
    by_operation = _by_operation(operation, text(route.get("reasonCode")), remark)
    by_status = (
        FIRST_STATUS_PAIRS.get((operation, first))
        or SECOND_STATUS.get(text(route.get("secondaryStatusCode")))
        or FIRST_STATUS.get(first)
    )
    if by_status is None:
        has_code = bool(operation) or first not in ("", "-")
        return by_operation if has_code or not remark else read_text(remark)
    if by_operation is not None and by_operation.status is by_status.status:
        return by_operation  # the same, and it may know the reason or who has it
    return by_status


def _by_operation(operation: str, reason_code: str, remark: str) -> Mapped | None:
    pair = REASON_PAIRS.get((operation, reason_code))
    if pair is not None:
        return pair
    if operation in _BY_REMARK and _GOING_BACK.search(remark):
        return Mapped(Status.RETURNING)
    if operation in _MAYBE_RELEASED and _RELEASED.search(remark):
        # Which of these codes are holds and which releases is not documented; the words say it.
        return Mapped(Status.IN_TRANSIT)
    return OPERATIONS.get(operation)


def _failure(code: str, said: str) -> ReplyError:
    error_class = ERRORS.get(code, ErrorClass.THEIR_FAULT_RETRY)
    return ReplyError(error_class, code, said or "no reason given")
