"""SF: signature with its encoder trap, operation codes, errors, replies in two layers, pushes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest

from aftersales.couriers.base import WatchRequest
from aftersales.couriers.sf import SF, java_url_encoded, msg_digest
from aftersales.couriers.sf_reply import FIRST_STATUS, OPERATIONS, REASON_PAIRS
from aftersales.errors import BadInput, Misconfigured, WebhookRefused
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
SECRETS = {"partner_id": "PARTNER1", "checkword": "TESTCHECKWORD0001"}
NUMBER = "SF0000000000001"


def parse(kind: str, payload: object) -> list[TrackingReply | ReplyError]:
    return SF.parse(kind, json.dumps(payload, ensure_ascii=False).encode())


def reply_of(kind: str, payload: object) -> TrackingReply:
    [entry] = parse(kind, payload)
    assert isinstance(entry, TrackingReply), entry
    return entry


def error_of(payload: object) -> ReplyError:
    [entry] = parse("query_reply", payload)
    assert isinstance(entry, ReplyError), entry
    return entry


def route(op: object, time: str = "2026-07-01 18:20:11", **more: object) -> dict[str, object]:
    return {"acceptTime": time, "acceptAddress": "深圳市", "opCode": op, "remark": "", **more}


def business(*parcels: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "success": True,
        "errorCode": "S0000",
        "errorMsg": None,
        "msgData": {"routeResps": list(parcels)},
        **more,
    }


def platform(data: object, code: str = "A1000", *, as_text: bool = True) -> dict[str, object]:
    inner = json.dumps(data, ensure_ascii=False) if as_text else data
    return {"apiResultCode": code, "apiErrorMsg": "", "apiResultData": inner}


def queried(*routes: dict[str, object]) -> TrackingReply:
    return reply_of("query_reply", platform(business({"mailNo": NUMBER, "routes": list(routes)})))


def pushed(*routes: dict[str, object]) -> TrackingReply:
    scans = [{"mailno": NUMBER, "orderid": "o-1", **one} for one in routes]
    return reply_of("push", {"Body": {"WaybillRoute": scans}})


def never(_request: object) -> Any:
    raise AssertionError("no call expected")


@pytest.mark.parametrize(
    ("msg_data", "timestamp", "checkword", "digest"),
    [
        (
            '{"language":"zh-CN","orderId":"QIAO-20200618-004"}',
            "12312334453453",
            "fjcg5PGKaNpPSHFAZ4QsCOkV71R3zVci",
            "IIKJtuLVzoFTu4kHI8M8vA==",
        ),
        (
            '{"language":"0","trackingType":"1","trackingNumber":["SF0000000000001"],'
            '"methodType":"1","checkPhoneNo":"1234"}',
            "1751328000000",
            "TESTCHECKWORD0001",
            "7DU3vZVANWm6H+RCIHwqSg==",
        ),
        (
            '{"remark":"a b~c*(d)\'e! 深圳"}',
            "1751328000000",
            "TESTCHECKWORD0001",
            "GkjC10CSjxwKvqq5PLzauw==",
        ),
    ],
)
def test_the_digest_is_signed_over_the_text_as_java_encodes_it(
    msg_data: str, timestamp: str, checkword: str, digest: str
) -> None:
    assert msg_digest(msg_data, timestamp, checkword) == digest


def test_the_encoder_differs_from_pythons_and_can_be_switched_off() -> None:
    trap = "a b~c*(d)'e! 深圳"
    assert java_url_encoded(trap) == "a+b%7Ec*%28d%29%27e%21+%E6%B7%B1%E5%9C%B3"
    assert java_url_encoded(trap) != quote_plus(trap)
    assert msg_digest(trap, "1", "w", "none") != msg_digest(trap, "1", "w")
    with pytest.raises(Misconfigured, match="base64"):
        SF(SECRETS, never, options={"encoder": "base64"})


@pytest.mark.parametrize("missing", ["partner_id", "checkword"])
def test_a_missing_secret_is_named(missing: str) -> None:
    with pytest.raises(Misconfigured, match=missing):
        SF({name: value for name, value in SECRETS.items() if name != missing}, never)


def test_only_the_secret_in_the_path_lets_a_push_in() -> None:
    body = b'{"Body":{"WaybillRoute":[]}}'
    guarded = SF(SECRETS, never, options={"path_secret_value": "p4th"})
    assert guarded.verify_push({}, body, "p4th", NOW) == body
    for path_secret in ("", "p4tH", "密"):
        with pytest.raises(WebhookRefused) as refused:
            guarded.verify_push({}, body, path_secret, NOW)
        assert refused.value.status == 401
    with pytest.raises(WebhookRefused):
        SF(SECRETS, never).verify_push({}, body, "", NOW)
    with pytest.raises(WebhookRefused) as too_big:
        guarded.verify_push({}, b"x" * (1024 * 1024 + 1), "p4th", NOW)
    assert too_big.value.status == 413


def test_a_push_is_answered_with_their_success_code() -> None:
    assert json.loads(SF(SECRETS, never).push_answer(NOW).body)["return_code"] == "0000"


def test_numbers_cannot_be_registered() -> None:
    assert SF.limits.registers is False
    with pytest.raises(Misconfigured):
        SF(SECRETS, never).register([WatchRequest(NUMBER, "sf")])


ROWS = [
    ("647", "info_received", None, None),
    *((op, "picked_up", None, None) for op in ("50", "54", "43", "607", "655")),
    *(
        (op, "in_transit", None, None)
        for op in ("30", "31", "36", "10", "11", "105", "106", "302", "304", "305", "3036", "84")
    ),
    *((op, "out_for_delivery", None, None) for op in ("44", "204", "123", "630", "634", "880")),
    *((op, "available_for_pickup", None, None) for op in ("125", "130", "218", "642", "678")),
    *((op, "delivered", None, "unknown") for op in ("80", "8000", "97", "935")),
    *((op, "delivered", None, "locker") for op in ("128", "679")),
    *((op, "delivery_failed", None, None) for op in ("70", "33", "126")),
    *((op, "exception", None, None) for op in ("72", "870")),
    *((op, "exception", "held", None) for op in ("34", "66", "77", "833")),
    *((op, "in_transit", "forwarded", None) for op in ("99", "648", "631", "626", "627", "517")),
    *((op, "customs", None, None) for op in ("14", "604", "605", "606", "611", "623")),
    *(
        (op, "customs", "customs_hold", None)
        for op in ("15", "16", "17", "614", "619", "620", "621")
    ),
    ("18", "customs", "prohibited", None),
    ("613", "customs", "duty_unpaid", None),
]


@pytest.mark.parametrize(("op", "status", "reason", "how"), ROWS)
@pytest.mark.parametrize("as_number", [False, True])
def test_each_operation_is_read_in_query_and_push(
    op: str, status: str, reason: str | None, how: str | None, as_number: bool
) -> None:
    given_as: object = int(op) if as_number else op
    for said in (queried(route(given_as)), pushed(route(given_as))):
        assert (said.status, said.reason, said.delivered_how) == (status, reason, how)
        assert said.events[0].raw_code == op


def test_no_operation_is_left_out_of_the_table_test() -> None:
    assert {row[0] for row in ROWS} == set(OPERATIONS)


PAIRS = [
    ("8000", "6", "exception", "lost"),
    ("8000", "2", "exception", "destroyed"),
    ("99", "2", "returning", None),
    ("70", "46", "cancelled", None),
    ("70", "83", "available_for_pickup", None),
    ("70", "85", "available_for_pickup", None),
    ("33", "83", "available_for_pickup", None),
    ("33", "85", "available_for_pickup", None),
]


@pytest.mark.parametrize(("op", "code", "status", "reason"), PAIRS)
def test_a_reason_code_changes_the_operation(
    op: str, code: str, status: str, reason: str | None
) -> None:
    said = pushed(route(op, reasonCode=code))
    assert (said.status, said.reason) == (status, reason)
    assert pushed(route(op, reasonCode="999")).status == OPERATIONS[op].status


def test_no_reason_pair_is_left_out_of_the_table_test() -> None:
    assert {pair[:2] for pair in PAIRS} == set(REASON_PAIRS)


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ("1", "picked_up"),
        ("2", "in_transit"),
        ("3", "out_for_delivery"),
        ("4", "delivered"),
        ("5", "cancelled"),
        ("11", "available_for_pickup"),
        ("13", "delivery_failed"),
    ],
)
def test_the_first_status_beats_the_operation(first: str, status: str) -> None:
    assert first in FIRST_STATUS
    # 44 is out for delivery, 30 in transit: each contradicts most of the rows.
    assert queried(route("44", firstStatusCode=first)).status == status
    assert queried(route("30", firstStatusCode=int(first))).status == status
    assert queried(route("", firstStatusCode=first)).status == status


@pytest.mark.parametrize(
    ("op", "more", "status", "reason"),
    [
        ("44", {"firstStatusCode": "2"}, "in_transit", None),
        ("33", {"firstStatusCode": "5"}, "cancelled", None),
        ("70", {"firstStatusCode": "13"}, "delivery_failed", None),
        ("126", {"firstStatusCode": "11"}, "exception", None),
        ("34", {"firstStatusCode": "2"}, "in_transit", None),
        ("128", {"firstStatusCode": "4"}, "delivered", None),
        ("31", {"firstStatusCode": "2", "secondaryStatusCode": "204"}, "customs", None),
        ("31", {"firstStatusCode": "2", "secondaryStatusCode": "205"}, "in_transit", None),
        ("15", {"firstStatusCode": "2", "secondaryStatusCode": 204}, "customs", "customs_hold"),
        ("648", {"firstStatusCode": "-", "remark": "快件已退回"}, "returning", None),
        ("99", {"remark": "应客户要求，快件正在转寄中"}, "in_transit", "forwarded"),
        ("99", {"remark": "应客户要求，快件正在退回中"}, "returning", None),
        ("606", {"remark": "清关完成"}, "in_transit", None),
        ("605", {"remark": "快件到达口岸"}, "customs", None),
    ],
)
def test_status_codes_reasons_and_words_refine_an_operation(
    op: str, more: dict[str, object], status: str, reason: str | None
) -> None:
    said = queried(route(op, **more))
    assert (said.status, said.reason) == (status, reason)


@pytest.mark.parametrize("first", [None, "-", "4"])
def test_80_with_a_locker_is_a_drop_in_a_query_and_final_in_a_push(first: object) -> None:
    scan = route("80", remark="快件已放入丰巢自助柜", firstStatusCode=first)
    assert queried(scan).status == "available_for_pickup"
    assert pushed(route("80", remark="快件已放入丰巢自助柜")).status == "delivered"
    taken = queried(route("80", remark="快件已从丰巢取出", firstStatusCode=first))
    assert (taken.status, taken.delivered_how) == ("delivered", "locker")


def test_an_unknown_operation_keeps_the_status_before_it() -> None:
    said = queried(route("50", "2026-07-01 09:00:00"), route("9999", "2026-07-02 09:00:00"))
    assert (said.status, said.events[1].status, said.events[1].raw_code) == (
        "picked_up",
        None,
        "9999",
    )


def test_text_decides_only_where_there_is_no_code() -> None:
    assert queried(route(None, remark="快件已签收")).status == "delivered"
    assert queried(route("", remark="派送中", firstStatusCode="-")).status == "out_for_delivery"
    assert queried(route("9999", remark="快件已签收")).status == "unknown"


def test_scans_come_out_oldest_first_in_utc_and_once() -> None:
    said = queried(
        route("80", "2026-07-02 09:00:00"),
        route("44", "2026/7/2 8:00"),
        route("50", "2026-07-01 18:20:11"),
        route("50", "2026-07-01 18:20:11"),
    )
    assert [event.raw_code for event in said.events] == ["50", "44", "80"]
    assert said.last_event_at == datetime(2026, 7, 2, 1, tzinfo=UTC)
    assert (said.status, said.courier, said.events[0].place) == ("delivered", "sf", "深圳市")


@pytest.mark.parametrize("as_text", [True, False])
def test_the_inner_layer_may_be_text_or_an_object(as_text: bool) -> None:
    data = business({"mailNo": NUMBER, "routes": [route("44")]})
    said = reply_of("query_reply", platform(data, as_text=as_text))
    assert (said.waybill_number, said.status) == (NUMBER, "out_for_delivery")
    assert reply_of("query_reply", data).status == "out_for_delivery"


@pytest.mark.parametrize("routes", [[], None])
def test_a_parcel_without_routes_has_no_result_yet(routes: object) -> None:
    entries = parse(
        "query_reply",
        platform(
            business(
                {"mailNo": NUMBER, "routes": [route("50")]},
                {"mailNo": "SF2", "routes": routes},
                {"mailNo": "SF3", "routes": routes, "reasonCode": "20028", "reasonRemark": "月结"},
            )
        ),
    )
    assert isinstance(entries[0], TrackingReply)
    told = [entry for entry in entries if isinstance(entry, ReplyError)]
    assert [(one.waybill_number, one.code) for one in told] == [("SF2", "S0000"), ("SF3", "20028")]
    assert {one.error_class for one in told} == {ErrorClass.NO_RESULT_YET}


@pytest.mark.parametrize("parcels", [None, []])
def test_no_parcels_at_all_is_no_result_yet(parcels: object) -> None:
    error = error_of(platform(business() | {"msgData": {"routeResps": parcels}}))
    assert error.error_class is ErrorClass.NO_RESULT_YET


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("A1001", ErrorClass.AUTH),
        ("A1002", ErrorClass.THEIR_FAULT_RETRY),
        ("A1003", ErrorClass.AUTH),
        ("A1004", ErrorClass.AUTH),
        ("A1005", ErrorClass.THROTTLED),
        ("A1006", ErrorClass.AUTH),
        ("A1007", ErrorClass.THEIR_FAULT_RETRY),
        ("A1099", ErrorClass.THEIR_FAULT_RETRY),
        ("A9999", ErrorClass.THEIR_FAULT_RETRY),
    ],
)
@pytest.mark.parametrize("data", [None, "", "{}"])
def test_each_platform_code_has_its_class(code: str, error_class: ErrorClass, data: object) -> None:
    error = error_of({"apiResultCode": code, "apiErrorMsg": "m", "apiResultData": data})
    assert (error.error_class, error.code, error.message) == (error_class, code, "m")


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("8003", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("8013", ErrorClass.NO_RESULT_YET),
        ("8016", ErrorClass.ALREADY_REGISTERED),
        ("8247", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("S0003", ErrorClass.THEIR_FAULT_RETRY),
    ],
)
@pytest.mark.parametrize("as_number", [False, True])
def test_each_business_code_has_its_class(
    code: str, error_class: ErrorClass, as_number: bool
) -> None:
    given_as: object = int(code) if as_number and code.isdigit() else code
    failed = {"success": False, "errorCode": given_as, "errorMsg": "m", "msgData": None}
    error = error_of(platform(failed))
    assert (error.error_class, error.code, error.message) == (error_class, code, "m")


@pytest.mark.parametrize("envelope", ["Body", "body"])
def test_a_push_is_sorted_by_parcel(envelope: str) -> None:
    scans = [
        route("50", "2026-07-01 09:00:00") | {"mailno": "SF1", "id": 1, "orderid": "o-1"},
        route("80", "2026-07-02 09:00:00") | {"mailno": "SF2", "id": 2, "orderid": "o-2"},
        route("44", "2026-07-02 08:00:00") | {"mailno": "SF1", "id": 3, "orderid": "o-1"},
    ]
    replies = parse("push", {envelope: {"WaybillRoute": scans}})
    told = [
        (one.waybill_number, one.status, len(one.events), one.tag)
        for one in replies
        if isinstance(one, TrackingReply)
    ]
    assert told == [("SF1", "out_for_delivery", 2, "o-1"), ("SF2", "delivered", 1, "o-2")]


def test_the_same_scan_has_one_identity_in_query_and_push() -> None:
    asked = queried(route("44", firstStatusCode="3", remark="派送"))
    told = pushed(route("44", remark="派送"))
    assert asked.events[0].identity(NUMBER) == told.events[0].identity(NUMBER)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"{}",
        b"[1]",
        b'{"Body":{}}',
        b'{"apiResultCode":"A1000","apiResultData":"{"}',
        b'{"apiResultCode":"A1000","apiResultData":null}',
        b"\xff",
        b"<Response/>",
    ],
)
def test_what_is_not_theirs_is_bad_input(payload: bytes) -> None:
    with pytest.raises(BadInput):
        SF.parse("query_reply", payload)
