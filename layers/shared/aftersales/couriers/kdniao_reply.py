"""KDNiao's states, errors and payloads, read into canonical replies.

Facts: couriers reference, sections 1, 4 and 12a. `StateEx` is the state in detail, `State` its
first digit, `Action` the StateEx of one scan. Lists come oldest first; a push tells all of it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from aftersales.couriers.china import china_time, newest_known, told_once, unwrapped
from aftersales.couriers.codes import from_source
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

SOURCE = "kdniao"

STATES: dict[str, Mapped] = {
    "0": Mapped(Status.UNKNOWN),
    "1": Mapped(Status.PICKED_UP),
    "10": Mapped(Status.INFO_RECEIVED),
    "2": Mapped(Status.IN_TRANSIT),
    "201": Mapped(Status.IN_TRANSIT),
    "204": Mapped(Status.IN_TRANSIT),
    "205": Mapped(Status.IN_TRANSIT),
    "206": Mapped(Status.IN_TRANSIT),
    "202": Mapped(Status.OUT_FOR_DELIVERY),
    "211": Mapped(Status.AVAILABLE_FOR_PICKUP),
    "3": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN),
    "301": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.PERSON),
    "302": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN),
    "304": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.AGENT),
    "311": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.LOCKER),
    "4": Mapped(Status.EXCEPTION),
    "401": Mapped(Status.UNKNOWN, Reason.NO_PICKUP_SCAN),
    "402": Mapped(Status.EXCEPTION, Reason.DELIVERY_OVERDUE),
    "403": Mapped(Status.EXCEPTION, Reason.STALLED),
    "404": Mapped(Status.DELIVERY_FAILED, Reason.REFUSED),
    "405": Mapped(Status.DELIVERY_FAILED),
    "419": Mapped(Status.DELIVERY_FAILED),
    "418": Mapped(Status.DELIVERY_FAILED),
    "406": Mapped(Status.RETURNED),
    "407": Mapped(Status.RETURNING),
    "412": Mapped(Status.AVAILABLE_FOR_PICKUP, Reason.PICKUP_OVERDUE),
    "413": Mapped(Status.EXCEPTION, Reason.INTERCEPTED),
    "415": Mapped(Status.EXCEPTION, Reason.CANCEL_REQUESTED),
    "414": Mapped(Status.EXCEPTION, Reason.DAMAGED),
    "416": Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),
    "420": Mapped(Status.DELIVERY_FAILED, Reason.ADDRESS),
    "421": Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),
    "423": Mapped(Status.DELIVERY_FAILED, Reason.OUT_OF_AREA),
    "417": Mapped(Status.EXCEPTION, Reason.DELAYED),
    "422": Mapped(Status.EXCEPTION, Reason.MISSORTED),
    "5": Mapped(Status.IN_TRANSIT, Reason.FORWARDED),
    "6": Mapped(Status.CUSTOMS),
    "601": Mapped(Status.CUSTOMS),
    "602": Mapped(Status.CUSTOMS),
    "603": Mapped(Status.IN_TRANSIT),
    "604": Mapped(Status.CUSTOMS, Reason.CUSTOMS_HOLD),
}
"""`State`, `StateEx`, `Action` -> canonical. Kuaidi100 uses these numbers for other things."""

ERRORS = {
    "101": ErrorClass.BAD_NUMBER_OR_COURIER,
    "102": ErrorClass.AUTH,
    "103": ErrorClass.BAD_NUMBER_OR_COURIER,
    "104": ErrorClass.AUTH,
    "105": ErrorClass.THEIR_FAULT_RETRY,
    "401": ErrorClass.BAD_NUMBER_OR_COURIER,
    "402": ErrorClass.BAD_NUMBER_OR_COURIER,
    "403": ErrorClass.BAD_NUMBER_OR_COURIER,
    "404": ErrorClass.BAD_NUMBER_OR_COURIER,
    "405": ErrorClass.THROTTLED,
}
"""The codes of the old SDK. 101, 103 and 401 say that the request itself is unusable."""

# Failure mostly shows in words. The first group with a word in the Reason decides.
_REASONS: tuple[tuple[ErrorClass, tuple[str, ...]], ...] = (
    (ErrorClass.QUOTA, ("套餐", "余额", "充值", "欠费", "未开通", "到期")),
    (ErrorClass.THROTTLED, ("频繁", "超过", "超限", "上限", "次数", "繁忙")),
    # Seen for a wrong DataSign: "非法参数".
    (ErrorClass.AUTH, ("非法参数", "签名", "商户", "电商ID", "用户ID", "权限", "验证失败")),
    (ErrorClass.NO_RESULT_YET, ("暂无", "无轨迹", "没有轨迹", "没有物流", "无物流", "未查到")),
    (
        ErrorClass.BAD_NUMBER_OR_COURIER,
        ("单号", "快递公司", "不支持", "ShipperCode", "LogisticCode", "手机", "尾号", "无效"),
    ),
)  # fmt: skip
_CODE_IN_REASON = re.compile(r"^\D{0,3}(10[1-5]|40[1-5])(?!\d)")

_KNOWN_FIELDS = frozenset({"Success", "Traces", "State", "StateEx", "LogisticCode", "Reason"})


def read_payload(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
    """A reply or push, or a list of them. Raises `BadInput` where it is none."""
    value = unwrapped(document(SOURCE, kind, payload))
    found: list[TrackingReply | ReplyError] = []
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        place = f"{SOURCE} {kind}" + (f" [{index}]" if isinstance(value, list) else "")
        found.extend(_read(mapping(item), place))
    return found


def read_acknowledgement(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
    """The reply to a subscription: [] where it was accepted. Raises `BadInput`."""
    value = mapping(document(SOURCE, kind, payload))
    if "Success" not in value:
        raise BadInput("no Success", place="kdniao subscription")
    return [] if _succeeded(value) else [_failure(value)]


def pushed_at(payload: bytes) -> str:
    """PushTime as it stands in a push, "" where there is none. Raises `BadInput`."""
    return text(mapping(document(SOURCE, "push", payload)).get("PushTime"))


def _read(item: dict[str, Any], place: str) -> list[TrackingReply | ReplyError]:
    if "RequestData" in item:  # the push's form, written down as an object
        return _read(mapping(unwrapped(item["RequestData"])), f"{place} RequestData")
    if "Data" in item:
        sent_at = china_time(item.get("PushTime"))
        return [_entry(entry, sent_at) for entry in objects(unwrapped(item["Data"]))]
    if not _KNOWN_FIELDS & item.keys():
        raise BadInput("neither Traces nor Success nor Data", place=place)
    says_nothing_of_a_parcel = not {"LogisticCode", "Traces", "State"} & item.keys()
    if says_nothing_of_a_parcel and _succeeded(item):
        return []  # a subscription that was accepted
    return [_entry(item, None)]


def _succeeded(item: dict[str, Any]) -> bool:
    value = item.get("Success")
    return value is True or text(value).lower() in ("true", "1")


def _entry(item: dict[str, Any], sent_at: datetime | None) -> TrackingReply | ReplyError:
    number = text(item.get("LogisticCode"))
    scans = [_event(scan) for scan in objects(unwrapped(item.get("Traces")))]
    events = told_once([event for event in scans if event], number, newest_first=False)
    refused = "Success" in item and not _succeeded(item)
    if refused and not events:
        return _failure(item)
    states = [text(item.get("StateEx")), text(item.get("State"))]
    if not events and not any(state not in ("", "0") for state in states):
        said = text(item.get("Reason")) or "no scan yet"
        return ReplyError(ErrorClass.NO_RESULT_YET, states[1], said, number)
    mapped = _mapped(states, events)
    courier = text(item.get("ShipperCode"))
    return TrackingReply(
        waybill_number=number,
        courier=from_source(SOURCE, courier) if courier else "",
        status=mapped.status,
        reason=mapped.reason,
        delivered_how=mapped.delivered_how,
        events=events,
        tag=text(item.get("Callback")) or text(item.get("CallBack")),
        reported_at=sent_at,
    )


def _mapped(states: list[str], events: tuple[TrackingEvent, ...]) -> Mapped:
    """StateEx, else State, else the scans. 0 means that there is no scan, so scans belie it."""
    newest = events[-1].raw_code if events else ""
    for state in states:
        if state in ("", "0") or state not in STATES:
            continue
        # A one-digit state is the family; the newest scan may tell which member of it.
        if len(state) == 1 and newest in STATES and newest.startswith(state):
            return STATES[newest]
        return STATES[state]
    for state in states:
        # An unknown detail of a known family, as 299 is one of 2.
        if len(state) > 1 and state[:1] in STATES and state[:1] != "0":
            return STATES[state[:1]]
    return newest_known(events) or Mapped(Status.UNKNOWN)


def _failure(item: dict[str, Any]) -> ReplyError:
    said = text(item.get("Reason")) or text(item.get("Message"))
    in_reason = _CODE_IN_REASON.match(said)
    code = next(
        (code for name in ("Code", "ResultCode", "ErrorCode") if (code := text(item.get(name)))),
        in_reason.group(1) if in_reason else "",
    )
    error_class = ERRORS.get(code)
    for by_words, words in _REASONS:
        if any(word in said for word in words):
            # "405" with 没有可用套餐 is money, not haste: words say more than the old codes.
            error_class = (
                by_words if error_class is None or by_words is ErrorClass.QUOTA else error_class
            )
            break
    if error_class is None:
        # Documented for a number without scans: Success false, Reason null, Traces [].
        is_silent = not said and "Traces" in item
        error_class = ErrorClass.NO_RESULT_YET if is_silent else ErrorClass.THEIR_FAULT_RETRY
    return ReplyError(error_class, code, said or "no reason given", text(item.get("LogisticCode")))


def _event(scan: dict[str, Any]) -> TrackingEvent | None:
    """One scan; None where it states no time, because it then has no place in the history."""
    at = china_time(scan.get("AcceptTime"))
    if at is None:
        return None
    said, remark = text(scan.get("AcceptStation")), text(scan.get("Remark"))
    code = text(scan.get("Action"))
    mapped = STATES.get(code)
    if mapped is None and not code and (said or remark):
        mapped = read_text(said or remark)
    return TrackingEvent(
        at=at,
        text=said or remark,
        status=mapped.status if mapped else None,
        reason=mapped.reason if mapped else None,
        delivered_how=mapped.delivered_how if mapped else None,
        place=text(scan.get("Location")),
        raw_code=code,
    )
