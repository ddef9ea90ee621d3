"""Kuaidi100: signatures, states, errors, and every shape of reply and callback."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.couriers.kuaidi100 import Kuaidi100, callback_sign, query_sign
from aftersales.couriers.kuaidi100_reply import NAMES, STATES, read_subscription
from aftersales.errors import BadInput, Misconfigured, WebhookRefused
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
PARAM = (
    '{"status":"polling","message":"","lastResult":'
    '{"state":"0","nu":"YT0000000000001","com":"yuantong","data":[]}}'
)


def parse(kind: str, payload: object) -> list[TrackingReply | ReplyError]:
    return Kuaidi100.parse(kind, json.dumps(payload, ensure_ascii=False).encode())


def reply_of(kind: str, payload: object) -> TrackingReply:
    [entry] = parse(kind, payload)
    assert isinstance(entry, TrackingReply), entry
    return entry


def error_of(kind: str, payload: object) -> ReplyError:
    [entry] = parse(kind, payload)
    assert isinstance(entry, ReplyError), entry
    return entry


def scan(time: str, context: str = "到达中转站", **more: object) -> dict[str, object]:
    return {"time": time, "ftime": time, "context": context, **more}


def result(*scans: dict[str, object], state: object = "0", **more: object) -> dict[str, object]:
    return {
        "message": "ok",
        "nu": "YT0000000000001",
        "ischeck": "0",
        "com": "yuantong",
        "status": "200",
        "state": state,
        "data": list(scans),
        **more,
    }


def never(_request: object) -> Any:
    raise AssertionError("no call expected")


def source(salt: str | None = "salt42", **options: str) -> Kuaidi100:
    secrets = {"key": "testkey123", "customer": "TESTCUSTOMER1"}
    if salt is not None:
        secrets["salt"] = salt
    return Kuaidi100(secrets, never, options=options)


# --- signatures ---


@pytest.mark.parametrize(
    ("param", "sign"),
    [
        (
            '{"com":"yuantong","num":"YT0000000000001","phone":"","resultv2":"4","show":"0",'
            '"order":"desc"}',
            "70E31FF9DF0670C60E75794527F78F00",
        ),
        (
            '{"com":"shunfeng","num":"SF0000000000001","phone":"1234","to":"广东省深圳市"}',
            "DAB503ED31A39C233D0F3A9AA01836A8",
        ),
        (
            '{"com":"shunfeng","num":"SF0000000000001","phone":"1234",'
            '"to":"\\u5e7f\\u4e1c\\u7701\\u6df1\\u5733\\u5e02"}',
            "AC098BFB54DF9356500651C02A1D1A4E",
        ),
    ],
)
def test_a_query_is_signed_over_exactly_what_is_sent(param: str, sign: str) -> None:
    assert query_sign(param, "testkey123", "TESTCUSTOMER1") == sign


@pytest.mark.parametrize(
    ("salt", "sign"),
    [("salt42", "45F0E9CED2F3F74126DCD0D648004731"), ("", "BB9813F2AB8345F78B9DEE03799BEE8D")],
)
def test_a_callback_is_signed_with_the_salt_even_an_empty_one(salt: str, sign: str) -> None:
    assert callback_sign(PARAM, salt) == sign
    for spelling in (sign, sign.lower()):
        body = urlencode({"sign": spelling, "param": PARAM}).encode()
        assert source(salt).verify_push({}, body, "", NOW) == PARAM.encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"sign": "45F0E9CED2F3F74126DCD0D648004730", "param": PARAM},
        {"sign": "45F0E9CED2F3F74126DCD0D648004731", "param": PARAM + " "},
        {"sign": "签" * 16, "param": PARAM},
        {"sign": "", "param": PARAM},
        {"param": PARAM},
        {"sign": "45F0E9CED2F3F74126DCD0D648004731"},
        {},
    ],
)
def test_a_forged_callback_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused) as refused:
        source().verify_push({}, urlencode(fields).encode(), "", NOW)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"sign=a&param=b&param=c",
        b"sign",
        b"&&",
        "sign=a&param=快".encode(),
        b"sign=a&param=%ff",
        b"\xff",
        b"&".join(b"f%d=1" % n for n in range(40)),
    ],
)
def test_a_callback_that_is_not_one_form_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused) as refused:
        source().verify_push({}, body, "", NOW)
    assert refused.value.status == 401


def test_an_oversized_callback_is_refused_with_413() -> None:
    with pytest.raises(WebhookRefused) as refused:
        source().verify_push({}, b"param=" + b"x" * 1024 * 1024, "", NOW)
    assert refused.value.status == 413


def test_without_a_salt_only_the_secret_in_the_path_lets_a_callback_in() -> None:
    body = urlencode({"param": PARAM}).encode()
    guarded = source(None, path_secret_value="p4th")
    assert guarded.verify_push({}, body, "p4th", NOW) == PARAM.encode()
    for path_secret in ("", "p4tH"):
        with pytest.raises(WebhookRefused):
            guarded.verify_push({}, body, path_secret, NOW)
    with pytest.raises(WebhookRefused):
        source(None).verify_push({}, body, "", NOW)


@pytest.mark.parametrize("missing", ["key", "customer"])
def test_a_missing_secret_is_named(missing: str) -> None:
    secrets = {"key": "k", "customer": "c"}
    del secrets[missing]
    with pytest.raises(Misconfigured, match=missing):
        Kuaidi100(secrets, never)


def test_the_answer_to_a_callback_is_the_documented_one() -> None:
    answer = source().push_answer(NOW)
    assert answer.status == 200
    assert json.loads(answer.body) == {"result": True, "returnCode": "200", "message": "ok"}


# --- states ---

ROWS = [
    ("1", "picked_up", None, None),
    ("101", "info_received", None, None),
    ("102", "info_received", None, None),
    ("103", "picked_up", None, None),
    ("0", "in_transit", None, None),
    ("1001", "in_transit", None, None),
    ("1002", "in_transit", None, None),
    ("1003", "in_transit", "forwarded", None),
    ("5", "out_for_delivery", None, None),
    ("501", "available_for_pickup", None, None),
    ("3", "delivered", None, "unknown"),
    ("301", "delivered", None, "person"),
    ("302", "delivered", None, "unknown"),
    ("303", "delivered", None, "agent"),
    ("304", "delivered", None, "locker"),
    ("6", "returning", None, None),
    ("4", "returned", None, None),
    ("401", "cancelled", None, None),
    ("14", "returned", "refused", None),
    ("7", "in_transit", "forwarded", None),
    ("2", "exception", "other", None),
    ("201", "exception", "delivery_overdue", None),
    ("202", "exception", "stalled", None),
    ("203", "delivery_failed", "refused", None),
    ("204", "delivery_failed", "other", None),
    ("205", "available_for_pickup", "pickup_overdue", None),
    ("206", "delivery_failed", "contact_failed", None),
    ("207", "exception", "out_of_area", None),
    ("208", "exception", "held", None),
    ("209", "exception", "damaged", None),
    ("210", "exception", "cancel_requested", None),
    ("8", "customs", None, None),
    ("10", "customs", None, None),
    ("11", "customs", None, None),
    ("12", "in_transit", None, None),
    ("13", "customs", "customs_hold", None),
]


@pytest.mark.parametrize(("code", "status", "reason", "how"), ROWS)
@pytest.mark.parametrize("as_number", [False, True])
def test_each_state_is_read_at_the_top_and_on_a_scan(
    code: str, status: str, reason: str | None, how: str | None, as_number: bool
) -> None:
    given_as: object = int(code) if as_number else code
    said = reply_of("query_reply", result(scan("2026-07-01 09:12:00"), state=given_as))
    assert (said.status, said.reason, said.delivered_how) == (status, reason, how)

    told = reply_of("query_reply", result(scan("2026-07-01 09:12:00", statusCode=given_as)))
    event = told.events[0]
    assert (event.status, event.reason, event.delivered_how) == (status, reason, how)
    assert event.raw_code == code


def test_no_state_is_left_out_of_the_table_test() -> None:
    assert {row[0] for row in ROWS} == set(STATES)
    assert set(NAMES.values()) == set(STATES)


@pytest.mark.parametrize(
    ("state", "newest", "status", "reason"),
    [
        ("5", "501", "available_for_pickup", None),  # same family: the detail refines
        ("3", "304", "delivered", None),
        ("2", "206", "delivery_failed", "contact_failed"),
        ("0", "1003", "in_transit", "forwarded"),
        ("1", "101", "info_received", None),
        ("4", "14", "returned", "refused"),
        ("4", "401", "cancelled", None),
        ("8", "12", "in_transit", None),
        ("8", "13", "customs", "customs_hold"),
        ("3", "5", "delivered", None),  # another family: the state wins
        ("6", "203", "returning", None),
        ("0", "10", "in_transit", None),
        ("304", "301", "delivered", None),  # the state is in detail itself
        ("205", "501", "available_for_pickup", "pickup_overdue"),
        ("3", "999", "delivered", None),
    ],
)
def test_the_newest_scan_refines_a_state_of_its_family_only(
    state: str, newest: str, status: str, reason: str | None
) -> None:
    said = reply_of(
        "query_reply",
        result(
            scan("2026-07-02 09:00:00", statusCode=newest),
            scan("2026-07-01 09:00:00", statusCode="103"),
            state=state,
        ),
    )
    assert (said.status, said.reason) == (status, reason)


def test_an_unknown_code_moves_nothing_and_is_kept() -> None:
    said = reply_of(
        "query_reply",
        result(
            scan("2026-07-02 09:00:00", "已签收", statusCode="777"),
            scan("2026-07-01 09:00:00", statusCode="5"),
            state="99",
        ),
    )
    assert (said.status, said.events[1].status) == ("out_for_delivery", None)
    assert said.events[1].raw_code == "777"


def test_text_decides_only_where_there_is_no_code() -> None:
    coded = reply_of("query_reply", result(scan("2026-07-02 09:00", "快件已签收", statusCode="0")))
    assert coded.status == "in_transit"
    without_state = result(scan("2026-07-02 09:00", "快件已签收"), state=None)
    assert reply_of("query_reply", without_state).status == "delivered"
    by_state = reply_of("query_reply", result(scan("2026-07-02 09:00", "快件已签收"), state="5"))
    assert by_state.status == "out_for_delivery"


def test_the_names_of_states_count_where_the_codes_are_left_out() -> None:
    said = reply_of(
        "query_reply",
        result(
            scan("2026-07-02 09:00:00", status="投柜或驿站"),
            scan("2026-07-01 19:00:00", status="派件"),
            scan("2026-07-01 18:00:00", "快件已揽收", status="某种新名字"),
            state="5",
        ),
    )
    assert said.status == "available_for_pickup"
    assert [event.status for event in said.events] == [
        "picked_up",
        "out_for_delivery",
        "available_for_pickup",
    ]


def test_a_state_is_about_the_newest_scan_unless_it_only_measures_time() -> None:
    told = reply_of("query_reply", result(scan("2026-07-02 09:00", "小哥已接单"), state="1"))
    assert told.events[-1].status == "picked_up"
    late = reply_of("query_reply", result(scan("2026-07-02 09:00", "离开武汉"), state="202"))
    assert (late.reason, late.events[-1].reason) == ("stalled", None)


# --- shapes ---


def test_scans_come_out_oldest_first_in_utc_and_once() -> None:
    said = reply_of(
        "query_reply",
        result(
            scan("2026-07-02 09:00:00", "丁"),
            scan("2026-07-02 09:00:00", "丙"),
            scan("2026/7/1 8:05", "乙"),
            scan("2026/7/1 8:05", "乙"),
            scan("2026-07-01T00:00:00", "甲"),
        ),
    )
    assert [event.text for event in said.events] == ["甲", "乙", "丙", "丁"]
    assert said.events[1].at == datetime(2026, 7, 1, 0, 5, tzinfo=UTC)
    assert said.last_event_at == datetime(2026, 7, 2, 1, tzinfo=UTC)


def test_a_list_in_ascending_order_is_recognised_by_its_times() -> None:
    said = reply_of(
        "query_reply",
        result(
            scan("2026-07-01 09:00:00", "甲"),
            scan("2026-07-02 09:00:00", "乙"),
            scan("2026-07-02 09:00:00", "丙"),
        ),
    )
    assert [event.text for event in said.events] == ["甲", "乙", "丙"]


def test_a_scan_without_a_time_does_not_stop_the_others() -> None:
    said = reply_of("query_reply", result(scan("刚刚", "甲"), scan("2026-07-01 09:00", "乙")))
    assert [event.text for event in said.events] == ["乙"]


def test_bare_line_ends_and_half_an_emoji_in_a_text_do_no_harm() -> None:
    whole = json.dumps(result(scan("2026-07-01 09:12:00", "已到<>\ud83d"), state="0"))
    [said] = Kuaidi100.parse("query_reply", whole.replace("<>", "\n\t").encode())
    assert isinstance(said, TrackingReply)
    assert said.events[0].text == "已到\n\t?"
    assert said.events[0].identity(said.waybill_number)


@pytest.mark.parametrize("as_list", [False, True])
def test_a_reply_may_stand_alone_or_in_a_list(as_list: bool) -> None:
    one = result(scan("2026-07-01 09:12:00"), state=5)
    entries = parse("query_reply", [one, result(state="3")] if as_list else one)
    assert [entry.waybill_number for entry in entries] == ["YT0000000000001"] * (1 + as_list)
    assert isinstance(entries[0], TrackingReply)
    assert entries[0].courier == "yto"


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"7", b'"x"', b"{}", b"[1]", b"[]x", b"\xff\xfe", b"<html>", b"[" * 100_000],
)
def test_what_is_not_theirs_is_bad_input(payload: bytes) -> None:
    with pytest.raises(BadInput):
        Kuaidi100.parse("query_reply", payload)


def test_an_unknown_kind_is_bad_input() -> None:
    with pytest.raises(BadInput):
        Kuaidi100.parse("reply", b"{}")


# --- errors ---


@pytest.mark.parametrize(
    ("code", "message", "error_class"),
    [
        ("400", "找不到对应公司", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("400", "账号未充值", ErrorClass.QUOTA),
        ("400", "余额不足", ErrorClass.QUOTA),
        ("400", "没有可用单量", ErrorClass.QUOTA),
        ("400", "未开通该接口", ErrorClass.QUOTA),
        ("408", "快递公司参数异常：验证码错误", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("500", "查询无结果，请隔段时间再查", ErrorClass.NO_RESULT_YET),
        ("501", "服务器错误", ErrorClass.THEIR_FAULT_RETRY),
        ("502", "服务器繁忙", ErrorClass.THROTTLED),
        ("503", "验证签名失败", ErrorClass.AUTH),
        ("600", "您不是合法的订阅者", ErrorClass.AUTH),
        ("601", "POLL:KEY已过期", ErrorClass.QUOTA),
        ("700", "POLL:订阅数据错误", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("701", "POLL:快递公司拒绝订阅", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("702", "POLL:识别不到该单号对应的快递公司", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("501", "POLL:重复订阅", ErrorClass.ALREADY_REGISTERED),
        ("500", "服务器错误", ErrorClass.THEIR_FAULT_RETRY),
        ("999", "", ErrorClass.THEIR_FAULT_RETRY),
    ],
)
@pytest.mark.parametrize("as_number", [False, True])
def test_each_return_code_has_its_class(
    code: str, message: str, error_class: ErrorClass, as_number: bool
) -> None:
    given_as: object = int(code) if as_number else code
    error = error_of("query_reply", {"result": False, "returnCode": given_as, "message": message})
    assert (error.error_class, error.code, error.message) == (error_class, code, message)


@pytest.mark.parametrize(
    ("status", "message", "error_class"),
    [
        ("400", "参数错误", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("408", "验证码错误", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("500", "查询无结果，请隔段时间再查", ErrorClass.NO_RESULT_YET),
        ("201", "查询无结果，请隔段时间再查", ErrorClass.NO_RESULT_YET),
        ("201", "快递公司参数异常：单号不存在或者已经过期", ErrorClass.BAD_NUMBER_OR_COURIER),
        (0, "物流单暂无结果", ErrorClass.NO_RESULT_YET),
        ("777", "", ErrorClass.THEIR_FAULT_RETRY),
    ],
)
def test_a_failure_told_in_status_is_one(
    status: object, message: str, error_class: ErrorClass
) -> None:
    payload = result(status=status, message=message, nu="YT1", com="")
    error = error_of("query_reply", payload)
    assert (error.error_class, error.code, error.waybill_number) == (
        error_class,
        str(status),
        "YT1",
    )


@pytest.mark.parametrize("data", [[], None])
def test_an_empty_result_is_no_result_yet(data: object) -> None:
    error = error_of("query_reply", result() | {"data": data})
    assert error.error_class is ErrorClass.NO_RESULT_YET
    assert error.waybill_number == "YT0000000000001"


def test_an_accepted_subscription_says_nothing_about_a_parcel() -> None:
    assert parse("query_reply", {"result": True, "returnCode": "200", "message": "提交成功"}) == []


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("500", ErrorClass.THEIR_FAULT_RETRY),
        ("501", ErrorClass.ALREADY_REGISTERED),
        ("600", ErrorClass.AUTH),
        ("601", ErrorClass.QUOTA),
        ("700", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("701", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("702", ErrorClass.BAD_NUMBER_OR_COURIER),
    ],
)
def test_500_and_501_mean_something_else_to_a_subscription(
    code: str, error_class: ErrorClass
) -> None:
    payload = json.dumps({"result": False, "returnCode": code, "message": ""}).encode()
    error = read_subscription("query_reply", payload)
    assert error is not None
    assert error.error_class is error_class


# --- callbacks ---


def callback(status: str, last: object, **more: object) -> dict[str, object]:
    return {"status": status, "billstatus": "x", "message": "", "lastResult": last, **more}


@pytest.mark.parametrize("status", ["polling", "updateall"])
def test_a_callback_brings_the_whole_history(status: str) -> None:
    said = reply_of("push", callback(status, result(scan("2026-07-01 09:12:00"), state="5")))
    assert (said.status, said.stopped, len(said.events)) == ("out_for_delivery", False, 1)
    assert (said.waybill_number, said.courier) == ("YT0000000000001", "yto")


def test_a_callback_without_scans_knows_nothing_yet() -> None:
    [said] = Kuaidi100.parse("push", PARAM.encode())
    assert isinstance(said, TrackingReply)
    assert (said.status, said.events, said.stopped) == ("unknown", (), False)


def test_a_shutdown_ends_a_signed_parcel() -> None:
    said = reply_of("push", callback("shutdown", result(scan("2026-07-01 09:12:00"), state="3")))
    assert (said.status, said.stopped) == ("delivered", True)
    bare = reply_of("push", callback("shutdown", {"nu": "YT1"}))
    assert (bare.status, bare.delivered_how, bare.stopped) == ("delivered", "unknown", True)
    back = reply_of("push", callback("shutdown", result(scan("2026-07-01 09:12:00"), state="4")))
    assert back.status == "returned"


def test_an_abort_stops_with_what_was_known() -> None:
    empty = result(status="201", message="快递公司参数异常：单号不存在或者已经过期")
    said = reply_of("push", callback("abort", empty, message="3天查询无记录"))
    assert (said.status, said.stopped, said.waybill_number) == ("unknown", True, "YT0000000000001")
    known = reply_of("push", callback("abort", result(scan("2026-07-01 09:12"), state="0")))
    assert (known.status, known.stopped) == ("in_transit", True)


@pytest.mark.parametrize("last", [None, "", [], {}])
def test_an_abort_without_a_result_is_still_an_abort(last: object) -> None:
    said = reply_of("push", callback("abort", last))
    assert (said.status, said.stopped, said.waybill_number) == ("unknown", True, "")


def test_an_abort_that_names_the_right_courier_goes_on_under_it() -> None:
    said = reply_of("push", callback("abort", result(), comOld="yuantong", comNew="ems"))
    assert (said.corrected_courier, said.stopped, said.status) == ("ems", False, "unknown")


def test_data_may_come_under_a_corrected_courier() -> None:
    last = result(scan("2026-07-01 09:12"), com="ems")
    said = reply_of(
        "push", callback("polling", last, autoCheck="1", comOld="yuantong", comNew="ems")
    )
    assert (said.courier, said.corrected_courier) == ("ems", "ems")
    same = callback("polling", last, autoCheck="0", comOld="ems", comNew="ems")
    assert reply_of("push", same).corrected_courier == ""


def test_the_leg_abroad_is_merged_and_the_newer_leg_decides() -> None:
    here = result(
        scan("2026-07-03 09:00:00", "离开上海"), scan("2026-07-01 09:00:00", "已揽收"), nu="E1"
    )
    there = result(scan("2026-07-05 09:00:00", "Delivered"), state="3", nu="E1X", com="usps")
    said = reply_of("push", callback("polling", here, destResult=there))
    assert (said.status, said.waybill_number, said.courier) == ("delivered", "E1", "yto")
    assert [event.text for event in said.events] == ["已揽收", "离开上海", "Delivered"]
    waiting = callback("polling", here, destResult=result(nu="E1X", com="usps"))
    assert reply_of("push", waiting).status == "in_transit"


def test_a_result_written_as_text_inside_the_callback_is_read() -> None:
    last = json.dumps(result(scan("2026-07-01 09:12"), state="6"))
    assert reply_of("push", callback("polling", last)).status == "returning"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "status",
                    "state",
                    "nu",
                    "com",
                    "lastResult",
                    "destResult",
                    "ftime",
                    "time",
                    "context",
                    "statusCode",
                    "returnCode",
                    "result",
                    "message",
                    "comNew",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(["query_reply", "push"]), ANYTHING)
def test_whatever_json_comes_is_read_or_named_bad_input(kind: str, payload: object) -> None:
    try:
        entries = parse(kind, payload)
    except BadInput:
        return
    for entry in entries:
        assert isinstance(entry, TrackingReply | ReplyError)
        if isinstance(entry, TrackingReply):
            times = [event.at for event in entry.events]
            assert times == sorted(times)
