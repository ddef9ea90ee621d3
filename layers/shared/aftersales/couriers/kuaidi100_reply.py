"""Kuaidi100's states, errors and payloads, read into canonical replies.

Facts: couriers reference, sections 1, 3 and 12a. `state` is the parcel's, `statusCode` a scan's
(only with resultv2 4); a state may be a three-digit advanced one. Lists come newest first.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

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

SOURCE = "kuaidi100"

STATES: dict[str, Mapped] = {
    "1": Mapped(Status.PICKED_UP),
    "101": Mapped(Status.INFO_RECEIVED),
    "102": Mapped(Status.INFO_RECEIVED),
    "103": Mapped(Status.PICKED_UP),
    "0": Mapped(Status.IN_TRANSIT),
    "1001": Mapped(Status.IN_TRANSIT),
    "1002": Mapped(Status.IN_TRANSIT),
    "1003": Mapped(Status.IN_TRANSIT, Reason.FORWARDED),
    "5": Mapped(Status.OUT_FOR_DELIVERY),
    "501": Mapped(Status.AVAILABLE_FOR_PICKUP),
    "3": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN),
    "301": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.PERSON),
    "302": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN),
    "303": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.AGENT),
    "304": Mapped(Status.DELIVERED, delivered_how=DeliveredHow.LOCKER),
    "6": Mapped(Status.RETURNING),
    "4": Mapped(Status.RETURNED),
    "401": Mapped(Status.CANCELLED),
    "14": Mapped(Status.RETURNED, Reason.REFUSED),
    "7": Mapped(Status.IN_TRANSIT, Reason.FORWARDED),
    "2": Mapped(Status.EXCEPTION, Reason.OTHER),
    "201": Mapped(Status.EXCEPTION, Reason.DELIVERY_OVERDUE),
    "202": Mapped(Status.EXCEPTION, Reason.STALLED),
    "203": Mapped(Status.DELIVERY_FAILED, Reason.REFUSED),
    "204": Mapped(Status.DELIVERY_FAILED, Reason.OTHER),
    "205": Mapped(Status.AVAILABLE_FOR_PICKUP, Reason.PICKUP_OVERDUE),
    "206": Mapped(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),
    "207": Mapped(Status.EXCEPTION, Reason.OUT_OF_AREA),
    "208": Mapped(Status.EXCEPTION, Reason.HELD),
    "209": Mapped(Status.EXCEPTION, Reason.DAMAGED),
    "210": Mapped(Status.EXCEPTION, Reason.CANCEL_REQUESTED),
    "8": Mapped(Status.CUSTOMS),
    "10": Mapped(Status.CUSTOMS),
    "11": Mapped(Status.CUSTOMS),
    "12": Mapped(Status.IN_TRANSIT),
    "13": Mapped(Status.CUSTOMS, Reason.CUSTOMS_HOLD),
}
"""`state` and `statusCode` -> canonical. KDNiao uses the same numbers for other things."""

NAMES = {
    "揽收": "1",
    "已下单": "101",
    "待揽收": "102",
    "已揽收": "103",
    "在途": "0",
    "到达派件城市": "1001",
    "干线": "1002",
    "转递": "1003",
    "派件": "5",
    "投柜或驿站": "501",
    "签收": "3",
    "本人签收": "301",
    "派件异常后签收": "302",
    "代签": "303",
    "投柜或站签收": "304",
    "投柜或驿站签收": "304",
    "退回": "6",
    "退签": "4",
    "已销单": "401",
    "拒签": "14",
    "转投": "7",
    "转单": "7",
    "疑难": "2",
    "超时未签收": "201",
    "超时未更新": "202",
    "拒收": "203",
    "派件异常": "204",
    "柜或驿站超时未取": "205",
    "无法联系": "206",
    "超区": "207",
    "滞留": "208",
    "破损": "209",
    "销单": "210",
    "清关": "8",
    "待清关": "10",
    "清关中": "11",
    "已清关": "12",
    "清关异常": "13",
}
"""The names of the states, which stand in `data[].status` when resultv2 1 leaves out statusCode."""

# Which plain state an advanced one belongs to, where that is not its first digit.
_FAMILY = {"14": "4"} | dict.fromkeys(("10", "11", "12", "13"), "8")
_FAMILY |= dict.fromkeys(("1001", "1002", "1003"), "0")

# States that say how long nothing happened; they are not what the newest scan says.
_BY_THE_CLOCK = frozenset({Reason.DELIVERY_OVERDUE, Reason.STALLED, Reason.PICKUP_OVERDUE})

ERRORS = {
    "400": ErrorClass.BAD_NUMBER_OR_COURIER,  # or unfunded: see `_UNFUNDED`
    "408": ErrorClass.BAD_NUMBER_OR_COURIER,
    "500": ErrorClass.NO_RESULT_YET,
    "501": ErrorClass.THEIR_FAULT_RETRY,
    "502": ErrorClass.THROTTLED,
    "503": ErrorClass.AUTH,
    "600": ErrorClass.AUTH,
    "601": ErrorClass.QUOTA,
    "700": ErrorClass.BAD_NUMBER_OR_COURIER,
    "701": ErrorClass.BAD_NUMBER_OR_COURIER,
    "702": ErrorClass.BAD_NUMBER_OR_COURIER,
}
"""returnCode of a query."""

SUBSCRIPTION_ERRORS = ERRORS | {
    "500": ErrorClass.THEIR_FAULT_RETRY,
    "501": ErrorClass.ALREADY_REGISTERED,
}
"""returnCode of a subscription: 500 and 501 mean something else there."""

_UNFUNDED = ("余额", "充值", "单量", "不足", "未开通", "欠费")
_NOTHING_FOUND = ("无结果", "隔段时间", "暂无", "没有查到", "无记录")
_WRONG_NUMBER = ("参数异常", "不存在", "过期", "验证码", "手机", "找不到对应公司", "不支持")
_OF_SUBSCRIPTIONS = ("POLL:", "订阅", "监控")

PUSH_STATUSES = frozenset({"polling", "shutdown", "abort", "updateall"})

_KNOWN_FIELDS = frozenset({"data", "state", "nu", "com", "status", "returnCode", "result"})


def read_payload(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
    """A reply or callback, or a list of them. Raises `BadInput` where it is none."""
    value = unwrapped(document(SOURCE, kind, payload))
    found: list[TrackingReply | ReplyError] = []
    for index, item in enumerate(value if isinstance(value, list) else [value]):
        place = f"{SOURCE} {kind}" + (f" [{index}]" if isinstance(value, list) else "")
        found.extend(_read(mapping(item), place))
    return found


def read_subscription(kind: str, payload: bytes) -> ReplyError | None:
    """The reply to a subscription; None where it was accepted. Raises `BadInput`."""
    value = mapping(document(SOURCE, kind, payload))
    code = text(value.get("returnCode"))
    if not code:
        raise BadInput("no returnCode", place="kuaidi100 subscription")
    if code == "200":
        return None
    message = text(value.get("message"))
    if code == "501" and "服务器" in message:
        return ReplyError(ErrorClass.THEIR_FAULT_RETRY, code, message)
    return _error(code, message, SUBSCRIPTION_ERRORS)


def _read(item: dict[str, Any], place: str) -> list[TrackingReply | ReplyError]:
    if "lastResult" in item or text(item.get("status")).lower() in PUSH_STATUSES:
        return [_callback(item)]
    if "param" in item:  # the callback's form, written down as an object
        return _read(mapping(unwrapped(item["param"])), f"{place} param")
    if not _KNOWN_FIELDS & item.keys():
        raise BadInput("neither data nor returnCode nor lastResult", place=place)
    code = text(item.get("returnCode"))
    if code and (code != "200" or item.get("result") is False):
        return [_failure(item, code)]
    if code and not {"data", "state", "nu"} & item.keys():
        return []  # a subscription that was accepted; it says nothing about a parcel
    return [_result(item)]


def _failure(item: dict[str, Any], code: str) -> ReplyError:
    message = text(item.get("message"))
    of_subscription = any(word in message for word in _OF_SUBSCRIPTIONS)
    if code == "500" and "服务器" in message:
        of_subscription = True
    error = _error(code, message, SUBSCRIPTION_ERRORS if of_subscription else ERRORS)
    return ReplyError(error.error_class, code, message, text(item.get("nu")))


def _error(code: str, message: str, table: dict[str, ErrorClass]) -> ReplyError:
    error_class = table.get(code)
    if code == "400" and any(word in message for word in _UNFUNDED):
        error_class = ErrorClass.QUOTA
    if error_class is None:
        # Codes of older interfaces, or told in `status` ("201", "0"): their words decide.
        if any(word in message for word in _NOTHING_FOUND):
            error_class = ErrorClass.NO_RESULT_YET
        elif any(word in message for word in _WRONG_NUMBER):
            error_class = ErrorClass.BAD_NUMBER_OR_COURIER
        else:
            error_class = ErrorClass.THEIR_FAULT_RETRY
    return ReplyError(error_class, code, message)


def _result(item: dict[str, Any]) -> TrackingReply | ReplyError:
    """A query's reply. The same shape with a `status` other than 200 and no data is a failure."""
    leg = _Leg(item)
    if leg.is_empty:
        code = text(item.get("status"))
        if code not in ("", "200"):
            return _failure(item, code)
        message = text(item.get("message"))
        said = message if message.lower() != "ok" else "no scan yet"
        return ReplyError(ErrorClass.NO_RESULT_YET, code, said, leg.number)
    mapped = leg.mapped or Mapped(Status.UNKNOWN)
    return TrackingReply(
        waybill_number=leg.number,
        courier=leg.courier,
        status=mapped.status,
        reason=mapped.reason,
        delivered_how=mapped.delivered_how,
        events=leg.events,
    )


def _callback(item: dict[str, Any]) -> TrackingReply:
    """A callback. `destResult` is the leg in the country of destination."""
    monitor = text(item.get("status")).lower()
    here = _Leg(mapping(unwrapped(item.get("lastResult"))))
    there = _Leg(mapping(unwrapped(item.get("destResult"))))
    newer = there if _is_newer(there, here) else here
    number = here.number or there.number
    by_time = sorted(here.events + there.events, key=lambda event: event.at)
    both = told_once(by_time, number, newest_first=False)
    mapped = newer.mapped
    if newer.is_empty or (monitor == "abort" and not both):
        mapped = None  # "state":"0" with an empty list is only the form of the field
    if mapped is None and monitor == "shutdown":
        mapped = Mapped(Status.DELIVERED, delivered_how=DeliveredHow.UNKNOWN)
    mapped = mapped or Mapped(Status.UNKNOWN)

    before, after = text(item.get("comOld")), text(item.get("comNew"))
    corrected = from_source(SOURCE, after) if after and after.lower() != before.lower() else ""
    return TrackingReply(
        waybill_number=number,
        courier=here.courier or there.courier or from_source(SOURCE, after or before),
        status=mapped.status,
        reason=mapped.reason,
        delivered_how=mapped.delivered_how,
        events=both,
        # An abort that names the right courier goes on under that one.
        stopped=monitor == "shutdown" or (monitor == "abort" and not corrected),
        corrected_courier=corrected,
    )


class _Leg:
    """One result object: the whole way, or the part that one courier tells."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.number = text(item.get("nu"))
        courier = text(item.get("com"))
        self.courier = from_source(SOURCE, courier) if courier else ""
        self._state = text(item.get("state"))
        scans = [_event(scan) for scan in objects(unwrapped(item.get("data")))]
        self.events = self._state_on_newest(
            told_once([event for event in scans if event], self.number, newest_first=True)
        )

    @property
    def is_empty(self) -> bool:
        """Nothing is told: state 0 (under way) is also what an empty reply carries."""
        return not self.events and self._state in ("", "0")

    @property
    def mapped(self) -> Mapped | None:
        """The state; refined by the newest scan where that is the same thing in more detail."""
        state = STATES.get(self._state)
        if state is None:
            return newest_known(self.events)
        newest = _code_of(self.events[-1]) if self.events else ""
        if self._is_coarse and newest in STATES and _family(newest) == _family(self._state):
            return STATES[newest]
        return state

    @property
    def _is_coarse(self) -> bool:
        return len(self._state) == 1

    def _state_on_newest(self, events: tuple[TrackingEvent, ...]) -> tuple[TrackingEvent, ...]:
        """The state is about the newest scan; where that has no code, it beats the text."""
        state = STATES.get(self._state)
        if not events or state is None or events[-1].raw_code or state.reason in _BY_THE_CLOCK:
            return events
        newest = replace(
            events[-1],
            status=state.status,
            reason=state.reason,
            delivered_how=state.delivered_how,
        )
        return (*events[:-1], newest)


def _is_newer(leg: _Leg, other: _Leg) -> bool:
    """Has this leg the newer scan? At the same second the later leg counts, which is `leg`."""
    if not leg.events:
        return other.is_empty and not leg.is_empty
    return not other.events or leg.events[-1].at >= other.events[-1].at


def _event(scan: dict[str, Any]) -> TrackingEvent | None:
    """One scan; None where it states no time, because it then has no place in the history."""
    at = china_time(scan.get("ftime")) or china_time(scan.get("time"))
    if at is None:
        return None
    said = text(scan.get("context"))
    code, name = text(scan.get("statusCode")), text(scan.get("status"))
    mapped = STATES.get(code or NAMES.get(name, ""))
    if mapped is None and not code and said:
        mapped = read_text(said)
    return TrackingEvent(
        at=at,
        text=said,
        status=mapped.status if mapped else None,
        reason=mapped.reason if mapped else None,
        delivered_how=mapped.delivered_how if mapped else None,
        place=text(scan.get("areaName")) or text(scan.get("location")),
        raw_code=code or name,
    )


def _code_of(event: TrackingEvent) -> str:
    return NAMES.get(event.raw_code, event.raw_code)


def _family(code: str) -> str:
    return _FAMILY.get(code, code[:1])
