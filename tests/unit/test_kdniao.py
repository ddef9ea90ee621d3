"""KDNiao: signature, states, errors, and every shape of reply and push."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from aftersales.couriers.kdniao import KDNiao, data_sign
from aftersales.couriers.kdniao_reply import STATES
from aftersales.errors import BadInput, Misconfigured, WebhookRefused
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)  # 10:00 in China
SECRETS = {"business_id": "1000001", "app_key": "TESTAPPKEY-1"}


def parse(kind: str, payload: object) -> list[TrackingReply | ReplyError]:
    return KDNiao.parse(kind, json.dumps(payload, ensure_ascii=False).encode())


def reply_of(kind: str, payload: object) -> TrackingReply:
    [entry] = parse(kind, payload)
    assert isinstance(entry, TrackingReply), entry
    return entry


def error_of(kind: str, payload: object) -> ReplyError:
    [entry] = parse(kind, payload)
    assert isinstance(entry, ReplyError), entry
    return entry


def trace(time: str, station: str = "到达中转站", **more: object) -> dict[str, object]:
    return {"AcceptTime": time, "AcceptStation": station, "Remark": None, **more}


def result(*traces: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "EBusinessID": "1000001",
        "OrderCode": "",
        "ShipperCode": "YTO",
        "LogisticCode": "YT0000000000001",
        "Success": True,
        "Traces": list(traces),
        **more,
    }


def never(_request: object) -> Any:
    raise AssertionError("no call expected")


def source(**options: str) -> KDNiao:
    return KDNiao(SECRETS, never, options=options)


def pushed(data: str, sign: str | None = None, **more: str) -> bytes:
    sign = data_sign(data, SECRETS["app_key"]) if sign is None else sign
    return urlencode({"RequestData": data, "DataSign": sign, "RequestType": "101", **more}).encode()


def test_data_sign_is_the_base64_of_the_hex_text() -> None:
    data = '{"OrderCode":"","ShipperCode":"YTO","LogisticCode":"YT0000000000001"}'
    sign = data_sign(data, "TESTAPPKEY-1")
    assert sign == "ZDk2N2NiMTA4ODMxMGNjMzE5YjM0MGFlNTMxMGFlNTU="
    assert urlencode({"DataSign": sign}).endswith("TU%3D")


def test_a_signed_push_is_let_in_and_its_json_handed_on() -> None:
    data = json.dumps({"PushTime": "2026-07-01 10:00:00", "Data": []}, ensure_ascii=False)
    assert source().verify_push({}, pushed(data), "", NOW) == data.encode()


@pytest.mark.parametrize(
    "body",
    [
        pushed('{"Data":[]}', "ZDk2N2NiMTA4ODMxMGNjMzE5YjM0MGFlNTMxMGFlNTU="),
        pushed('{"Data":[]}', ""),
        pushed('{"Data":[]}', "签名"),
        pushed('{"Data":[]}').replace(b"Data%22", b"data%22"),
        pushed('{"Data":[]}') + b"&RequestData=%7B%7D",
        pushed('{"Data":[]}')[:-40],
        b"",
        b"RequestData=%7B%7D",
        "RequestData=快".encode(),
    ],
)
def test_a_forged_or_broken_push_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused) as refused:
        source().verify_push({}, body, "", NOW)
    assert refused.value.status == 401


def test_an_oversized_push_is_refused_with_413() -> None:
    with pytest.raises(WebhookRefused) as refused:
        source().verify_push({}, b"x" * (1024 * 1024 + 1), "", NOW)
    assert refused.value.status == 413


def test_a_path_secret_that_is_set_must_be_there_too() -> None:
    guarded = source(path_secret_value="p4th")
    body = pushed('{"Data":[]}')
    assert guarded.verify_push({}, body, "p4th", NOW)
    with pytest.raises(WebhookRefused):
        guarded.verify_push({}, body, "", NOW)


@pytest.mark.parametrize("push_time", ["2026-07-01 10:00:00", "2026/7/1 10:0:0", "2026-7-1 10:00"])
def test_a_push_older_than_the_limit_is_a_replay_where_a_limit_is_set(push_time: str) -> None:
    body = pushed(json.dumps({"PushTime": push_time, "Data": []}))
    limited = source(push_max_age_seconds="3600")
    assert limited.verify_push({}, body, "", NOW)
    assert source().verify_push({}, body, "", NOW + timedelta(days=9))
    for at in (NOW + timedelta(seconds=3601), NOW - timedelta(hours=1)):
        with pytest.raises(WebhookRefused):
            limited.verify_push({}, body, "", at)
    with pytest.raises(WebhookRefused):
        limited.verify_push({}, pushed('{"Data":[]}'), "", NOW)


def test_the_answer_to_a_push_is_the_documented_one() -> None:
    assert json.loads(source().push_answer(NOW).body) == {
        "EBusinessID": "1000001",
        "UpdateTime": "2026-07-01 10:00:00",
        "Success": True,
        "Reason": "",
    }


@pytest.mark.parametrize("missing", ["business_id", "app_key"])
def test_a_missing_secret_is_named(missing: str) -> None:
    with pytest.raises(Misconfigured, match=missing):
        KDNiao({name: value for name, value in SECRETS.items() if name != missing}, never)


def test_an_unknown_tier_is_named() -> None:
    with pytest.raises(Misconfigured, match="gold"):
        source(tier="gold")


ROWS = [
    ("1", "picked_up", None, None),
    ("10", "info_received", None, None),
    ("2", "in_transit", None, None),
    ("201", "in_transit", None, None),
    ("204", "in_transit", None, None),
    ("205", "in_transit", None, None),
    ("206", "in_transit", None, None),
    ("202", "out_for_delivery", None, None),
    ("211", "available_for_pickup", None, None),
    ("3", "delivered", None, "unknown"),
    ("301", "delivered", None, "person"),
    ("302", "delivered", None, "unknown"),
    ("304", "delivered", None, "agent"),
    ("311", "delivered", None, "locker"),
    ("4", "exception", None, None),
    ("401", "unknown", "no_pickup_scan", None),
    ("402", "exception", "delivery_overdue", None),
    ("403", "exception", "stalled", None),
    ("404", "delivery_failed", "refused", None),
    ("405", "delivery_failed", None, None),
    ("419", "delivery_failed", None, None),
    ("418", "delivery_failed", None, None),
    ("406", "returned", None, None),
    ("407", "returning", None, None),
    ("412", "available_for_pickup", "pickup_overdue", None),
    ("413", "exception", "intercepted", None),
    ("415", "exception", "cancel_requested", None),
    ("414", "exception", "damaged", None),
    ("416", "delivery_failed", "contact_failed", None),
    ("420", "delivery_failed", "address", None),
    ("421", "delivery_failed", "contact_failed", None),
    ("423", "delivery_failed", "out_of_area", None),
    ("417", "exception", "delayed", None),
    ("422", "exception", "missorted", None),
    ("5", "in_transit", "forwarded", None),
    ("6", "customs", None, None),
    ("601", "customs", None, None),
    ("602", "customs", None, None),
    ("603", "in_transit", None, None),
    ("604", "customs", "customs_hold", None),
]


@pytest.mark.parametrize(("code", "status", "reason", "how"), ROWS)
@pytest.mark.parametrize("as_number", [False, True])
def test_each_state_is_read_at_the_top_and_on_a_scan(
    code: str, status: str, reason: str | None, how: str | None, as_number: bool
) -> None:
    given_as: object = int(code) if as_number else code
    said = reply_of(
        "query_reply", result(trace("2026-07-01 09:12:00"), State=code[0], StateEx=given_as)
    )
    assert (said.status, said.reason, said.delivered_how) == (status, reason, how)

    told = reply_of("query_reply", result(trace("2026-07-01 09:12:00", Action=given_as), State="2"))
    event = told.events[0]
    assert (event.status, event.reason, event.delivered_how) == (status, reason, how)


def test_no_state_is_left_out_of_the_table_test() -> None:
    assert {row[0] for row in ROWS} | {"0"} == set(STATES)


@pytest.mark.parametrize(
    ("states", "newest", "status", "reason"),
    [
        ({"State": "4", "StateEx": "416"}, None, "delivery_failed", "contact_failed"),
        ({"State": "2", "StateEx": "3"}, None, "delivered", None),  # StateEx beats State
        ({"State": "2"}, "202", "out_for_delivery", None),  # same family: the scan refines
        ({"State": 4}, 416, "delivery_failed", "contact_failed"),
        ({"State": "3"}, "202", "delivered", None),  # another family: the state wins
        ({"State": "4", "StateEx": "402"}, "405", "exception", "delivery_overdue"),
        ({"State": "2", "StateEx": "299"}, None, "in_transit", None),  # unknown detail
        ({"State": "3", "StateEx": ""}, None, "delivered", None),
        ({"State": "3", "StateEx": "0"}, None, "delivered", None),
        ({"State": "0"}, "202", "out_for_delivery", None),  # "no scan" is belied by scans
        ({}, "301", "delivered", None),
        ({"StateEx": "499"}, None, "exception", None),
        ({"State": "9"}, "204", "in_transit", None),
    ],
)
def test_state_ex_beats_state_and_scans_only_refine(
    states: dict[str, object], newest: object, status: str, reason: str | None
) -> None:
    said = reply_of(
        "query_reply",
        result(trace("2026-07-01 09:00"), trace("2026-07-02 09:00", Action=newest), **states),
    )
    assert (said.status, said.reason) == (status, reason)


def test_text_decides_only_where_there_is_no_code() -> None:
    plain = reply_of("query_reply", result(trace("2026-07-01 09:00", "快件已签收")))
    assert plain.status == "delivered"
    coded = reply_of("query_reply", result(trace("2026-07-01 09:00", "快件已签收", Action="777")))
    assert (coded.status, coded.events[0].status) == ("unknown", None)
    at_the_top = result(trace("2026-07-01 09:00", "快件已签收"), State="2")
    assert reply_of("query_reply", at_the_top).status == "in_transit"


def test_scans_come_out_oldest_first_in_utc_and_once() -> None:
    said = reply_of(
        "query_reply",
        result(
            trace("2026/7/1 8:05:07", "甲", Location="深圳市", Action="1"),
            trace("2026/7/1 8:05:07", "甲", Location="深圳市", Action="1"),
            trace("2026-07-02 09:00", "乙"),
            trace("2026-07-02 09:00", "丙"),
            State="2",
        ),
    )
    assert [event.text for event in said.events] == ["甲", "乙", "丙"]
    assert said.events[0].at == datetime(2026, 7, 1, 0, 5, 7, tzinfo=UTC)
    assert (said.events[0].place, said.events[0].raw_code, said.courier) == ("深圳市", "1", "yto")


def test_a_descending_list_is_recognised_by_its_times() -> None:
    said = reply_of(
        "query_reply",
        result(trace("2026-07-02 09:00", "乙"), trace("2026-07-01 09:00", "甲"), State="2"),
    )
    assert [event.text for event in said.events] == ["甲", "乙"]


@pytest.mark.parametrize("traces", [[], None])
@pytest.mark.parametrize("state", ["0", 0, None])
def test_success_without_scans_is_no_result_yet(traces: object, state: object) -> None:
    error = error_of("query_reply", result(State=state, Reason="暂无轨迹信息") | {"Traces": traces})
    assert error.error_class is ErrorClass.NO_RESULT_YET
    assert error.waybill_number == "YT0000000000001"


def test_a_parcel_without_shipping_record_is_told_as_such() -> None:
    said = reply_of("query_reply", result(State="4", StateEx="401"))
    assert (said.status, said.reason) == ("unknown", "no_pickup_scan")


@pytest.mark.parametrize(
    ("more", "error_class"),
    [
        ({"Code": "101"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Code": "102"}, ErrorClass.AUTH),
        ({"Code": "103"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Code": 104}, ErrorClass.AUTH),
        ({"ResultCode": "105"}, ErrorClass.THEIR_FAULT_RETRY),
        ({"Code": "401"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Code": "402"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Code": "403"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Reason": "404 单号长度错误"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Reason": "[405]请求次数超限"}, ErrorClass.THROTTLED),
        ({"Reason": "业务错误[没有可用套餐]"}, ErrorClass.QUOTA),
        ({"Code": "405", "Reason": "没有可用套餐"}, ErrorClass.QUOTA),
        ({"Reason": "非法参数[请核实ID和key]"}, ErrorClass.AUTH),
        ({"Reason": "暂无轨迹信息"}, ErrorClass.NO_RESULT_YET),
        ({"Reason": "3天无轨迹"}, ErrorClass.NO_RESULT_YET),
        ({"Reason": "快递单号错误"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Reason": "手机尾号不能为空"}, ErrorClass.BAD_NUMBER_OR_COURIER),
        ({"Reason": None}, ErrorClass.NO_RESULT_YET),
        ({"Reason": "系统异常"}, ErrorClass.THEIR_FAULT_RETRY),
    ],
)
@pytest.mark.parametrize("success", [False, "false"])
def test_each_failure_has_its_class(
    more: dict[str, object], error_class: ErrorClass, success: object
) -> None:
    error = error_of("query_reply", result(**more) | {"Success": success})
    assert (error.error_class, error.waybill_number) == (error_class, "YT0000000000001")


def test_an_accepted_subscription_says_nothing_about_a_parcel() -> None:
    accepted = {"EBusinessID": "1000001", "UpdateTime": "2026-07-01 10:00:00", "Success": True}
    assert parse("query_reply", accepted) == []


def test_a_push_gives_one_entry_per_parcel() -> None:
    ok = result(trace("2026-07-01 09:00"), State="3", CallBack="o-1")
    bad = result(Reason="暂无轨迹信息", LogisticCode="YT2", State="0") | {"Success": False}
    envelope = {
        "EBusinessID": "1000001",
        "PushTime": "2026/7/1 9:5:0",
        "Count": "2",
        "Data": [ok, bad],
    }
    first, second = parse("push", envelope)
    assert isinstance(first, TrackingReply)
    assert (first.status, first.tag) == ("delivered", "o-1")
    assert first.reported_at == datetime(2026, 7, 1, 1, 5, tzinfo=UTC)
    assert isinstance(second, ReplyError)
    assert (second.error_class, second.waybill_number) == (ErrorClass.NO_RESULT_YET, "YT2")


@pytest.mark.parametrize("data", [None, []])
def test_an_empty_push_is_no_parcel(data: object) -> None:
    assert parse("push", {"EBusinessID": "1", "Count": 0, "Data": data}) == []


def test_replies_may_stand_in_a_list() -> None:
    entries = parse("query_reply", [result(trace("2026-07-01 09:00"), State="3"), result()])
    assert [type(entry) for entry in entries] == [TrackingReply, ReplyError]


@pytest.mark.parametrize("payload", [b"", b"null", b"{}", b"[3]", b'{"code":1}', b"\xff", b"<p>"])
def test_what_is_not_theirs_is_bad_input(payload: bytes) -> None:
    with pytest.raises(BadInput):
        KDNiao.parse("push", payload)
