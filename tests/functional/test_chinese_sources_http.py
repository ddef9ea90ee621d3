"""Kuaidi100, KDNiao and SF over a fake transport: what goes out, and what each answer becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest

from aftersales.couriers.base import Registration, TrackingSource, WatchRequest
from aftersales.couriers.kdniao import KDNiao, data_sign
from aftersales.couriers.kuaidi100 import Kuaidi100, query_sign
from aftersales.couriers.sf import SF, msg_digest
from aftersales.errors import Misconfigured, Unreachable
from aftersales.http import AmbiguousDelivery, HttpReply, HttpRequest
from aftersales.tracking import ErrorClass, ReplyError, Status, TrackingReply

SECRETS = {
    "kuaidi100": {"key": "kd-key-77", "customer": "CUSTOMER9", "salt": "kd-salt-77"},
    "kdniao": {"business_id": "1000001", "app_key": "bird-key-77"},
    "sf": {"partner_id": "PARTNER1", "checkword": "sf-word-77"},
}
CLASSES: dict[str, Any] = {"kuaidi100": Kuaidi100, "kdniao": KDNiao, "sf": SF}
ALL = tuple(CLASSES)
REGISTERING = ("kuaidi100", "kdniao")

YTO = WatchRequest("YT0000000000001", "yto", phone_tail="1234", province="广东省", city="深圳市")
SHUNFENG = WatchRequest("SF0000000000001", "sf", phone_tail="1234", tag="o-1")
OF = {"kuaidi100": YTO, "kdniao": YTO, "sf": SHUNFENG}


class Vendor:
    """A transport that answers with one reply and keeps what it was asked."""

    def __init__(self, answer: HttpReply | Exception | Callable[[HttpRequest], HttpReply]) -> None:
        self.answer = answer
        self.requests: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpReply:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(request) if callable(self.answer) else self.answer

    @property
    def form(self) -> dict[str, str]:
        [request] = self.requests
        assert request.method == "POST"
        assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")
        return dict(parse_qsl(request.body.decode("ascii"), strict_parsing=True))


def answer(payload: object, status: int = 200, **headers: str) -> HttpReply:
    return HttpReply(status, json.dumps(payload, ensure_ascii=False).encode(), headers)


def build(name: str, vendor: Vendor, **more: Any) -> TrackingSource:
    more.setdefault("callback_url", "https://desk.example.com/push/x")
    source: TrackingSource = CLASSES[name](SECRETS[name], vendor, **more)
    return source


def moving(name: str, number: str) -> object:
    """A reply in the vendor's shape about a parcel that is out for delivery."""
    at = "2026-07-01 09:12:00"
    if name == "kuaidi100":
        scan = {"time": at, "ftime": at, "context": "派件中", "statusCode": "5"}
        return {"message": "ok", "nu": number, "com": "", "status": "200", "state": "5"} | {
            "data": [scan]
        }
    if name == "kdniao":
        scan = {"AcceptTime": at, "AcceptStation": "派件中", "Action": "202"}
        return {"LogisticCode": number, "Success": True, "State": "2", "Traces": [scan]}
    scan = {"acceptTime": at, "remark": "派件中", "opCode": "44"}
    inner = {
        "success": True,
        "errorCode": "S0000",
        "msgData": {"routeResps": [{"mailNo": number, "routes": [scan]}]},
    }
    return {"apiResultCode": "A1000", "apiResultData": json.dumps(inner)}


# --- every source alike ---


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("spelling", [str, str.lower])
def test_a_parcel_is_asked_about_in_one_call_and_answered_under_our_number(
    name: str, spelling: Callable[[str], str]
) -> None:
    parcel = OF[name]
    vendor = Vendor(answer(moving(name, spelling(parcel.waybill_number))))
    [said] = build(name, vendor).query([parcel])
    assert isinstance(said, TrackingReply)
    assert (said.waybill_number, said.courier) == (parcel.waybill_number, parcel.courier)
    assert (said.status, len(said.events)) == (Status.OUT_FOR_DELIVERY, 1)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (401, ErrorClass.AUTH),
        (403, ErrorClass.AUTH),
        (429, ErrorClass.THROTTLED),
        (404, ErrorClass.THEIR_FAULT_RETRY),
        (301, ErrorClass.THEIR_FAULT_RETRY),
        (500, ErrorClass.THEIR_FAULT_RETRY),
        (502, ErrorClass.THEIR_FAULT_RETRY),
        (503, ErrorClass.THEIR_FAULT_RETRY),
        (504, ErrorClass.THEIR_FAULT_RETRY),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"{}", b"null", b"[]"])
def test_each_http_status_has_its_class(
    name: str, status: int, error_class: ErrorClass, body: bytes
) -> None:
    reply = HttpReply(status, body, {"retry-after": "60"})
    parcel = OF[name]
    [said] = build(name, Vendor(reply)).query([parcel])
    assert isinstance(said, ReplyError)
    assert (said.error_class, said.waybill_number) == (error_class, parcel.waybill_number)
    assert said.retry_after_seconds == 60
    if name in REGISTERING:
        [registration] = build(name, Vendor(reply)).register([parcel])
        assert registration.error is not None
        assert registration.error.error_class is error_class


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{", b"null", b"{}", b'"ok"', b"\xff\xfe", b"[" * 50_000]
)
def test_200_with_garbage_is_their_fault(name: str, body: bytes) -> None:
    [said] = build(name, Vendor(HttpReply(200, body))).query([OF[name]])
    assert isinstance(said, ReplyError)
    assert said.error_class is ErrorClass.THEIR_FAULT_RETRY
    if name in REGISTERING:
        [registration] = build(name, Vendor(HttpReply(200, body))).register([OF[name]])
        assert registration.error is not None
        assert registration.error.error_class is ErrorClass.THEIR_FAULT_RETRY


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("failure", [Unreachable("x"), AmbiguousDelivery("y")])
def test_what_keeps_a_reply_from_coming_is_raised(name: str, failure: Exception) -> None:
    with pytest.raises(type(failure)):
        build(name, Vendor(failure)).query([OF[name]])
    if name in REGISTERING:
        with pytest.raises(type(failure)):
            build(name, Vendor(failure)).register([OF[name]])


@pytest.mark.parametrize("name", ALL)
def test_an_answer_about_another_number_is_not_stored_under_ours(name: str) -> None:
    [said] = build(name, Vendor(answer(moving(name, "ZZ9999999999999")))).query([OF[name]])
    assert isinstance(said, ReplyError)
    assert said.waybill_number == OF[name].waybill_number


@pytest.mark.parametrize("name", ALL)
def test_a_secret_that_the_vendor_echoes_stays_out_of_the_error(name: str) -> None:
    told = " ".join(SECRETS[name].values())
    shapes = {
        "kuaidi100": {"result": False, "returnCode": "503", "message": told},
        "kdniao": {"Success": False, "Reason": told},
        "sf": {"apiResultCode": "A1006", "apiErrorMsg": told},
    }
    secret = {"kuaidi100": "kd-key-77", "kdniao": "bird-key-77", "sf": "sf-word-77"}[name]
    for status in (200, 400, 500):
        [said] = build(name, Vendor(answer(shapes[name], status))).query([OF[name]])
        assert isinstance(said, ReplyError)
        assert secret not in said.message


@pytest.mark.parametrize("name", ALL)
def test_a_courier_without_a_code_there_costs_no_call(name: str) -> None:
    parcel = WatchRequest("RR123456785CN", "royal_mail")
    vendor = Vendor(answer({}))
    [said] = build(name, vendor).query([parcel])
    assert isinstance(said, ReplyError)
    assert said.error_class is ErrorClass.BAD_NUMBER_OR_COURIER
    assert (said.waybill_number, vendor.requests) == ("RR123456785CN", [])
    if name in REGISTERING:
        [registration] = build(name, vendor).register([parcel])
        assert registration.error is not None
        assert vendor.requests == []


@pytest.mark.parametrize("name", ALL)
def test_another_address_can_be_set(name: str) -> None:
    vendor = Vendor(answer(moving(name, OF[name].waybill_number)))
    build(name, vendor, base_url="https://sandbox.example.com/std").query([OF[name]])
    assert vendor.requests[0].url.startswith("https://sandbox.example.com/std")


# --- Kuaidi100 ---


def test_kuaidi100_signs_the_very_text_it_sends() -> None:
    vendor = Vendor(answer(moving("kuaidi100", YTO.waybill_number)))
    build("kuaidi100", vendor).query([YTO])
    form = vendor.form
    assert vendor.requests[0].url == "https://poll.kuaidi100.com/poll/query.do"
    assert form["sign"] == query_sign(form["param"], "kd-key-77", "CUSTOMER9")
    assert json.loads(form["param"]) == {
        "com": "yuantong",
        "num": "YT0000000000001",
        "phone": "",
        "resultv2": "4",
        "show": "0",
        "order": "desc",
    }


@pytest.mark.parametrize(
    ("courier", "phone"),
    [("sf", "1234"), ("sf_freight", "1234"), ("zto", "1234"), ("yto", ""), ("sto", "")],
)
def test_kuaidi100_is_told_the_phone_only_where_it_must_be(courier: str, phone: str) -> None:
    parcel = WatchRequest("X000000000001", courier, phone_tail="1234")
    asked = Vendor(answer(moving("kuaidi100", "X000000000001")))
    build("kuaidi100", asked).query([parcel])
    assert json.loads(asked.form["param"]).get("phone", "") == phone
    subscribed = Vendor(answer({"result": True, "returnCode": "200", "message": "ok"}))
    build("kuaidi100", subscribed).register([parcel])
    parameters = json.loads(subscribed.form["param"])["parameters"]
    assert parameters.get("phone", "") == phone


def test_kuaidi100_subscribes_with_key_salt_and_our_secret_address() -> None:
    vendor = Vendor(answer({"result": True, "returnCode": "200", "message": "提交成功"}))
    source = build("kuaidi100", vendor, options={"path_secret_value": "p4th"})
    assert source.register([YTO]) == [Registration("YT0000000000001")]
    assert vendor.requests[0].url == "https://poll.kuaidi100.com/poll"
    assert vendor.form["schema"] == "json"
    param = json.loads(vendor.form["param"])
    assert (param["company"], param["number"], param["key"]) == (
        "yuantong",
        "YT0000000000001",
        "kd-key-77",
    )
    assert param["to"] == "广东省深圳市"
    assert param["parameters"]["callbackurl"] == "https://desk.example.com/push/x/p4th"
    assert param["parameters"]["salt"] == "kd-salt-77"
    assert param["parameters"]["resultv2"] == "4"


def test_kuaidi100_without_a_salt_sends_none() -> None:
    vendor = Vendor(answer({"result": True, "returnCode": "200", "message": ""}))
    source = Kuaidi100({"key": "k", "customer": "c"}, vendor, callback_url="https://d.example.com")
    source.register([YTO])
    assert "salt" not in json.loads(vendor.form["param"])["parameters"]


@pytest.mark.parametrize(
    ("code", "message", "error_class"),
    [
        ("501", "POLL:重复订阅", None),
        ("500", "POLL:服务器错误", ErrorClass.THEIR_FAULT_RETRY),
        ("600", "", ErrorClass.AUTH),
        ("601", "", ErrorClass.QUOTA),
        ("700", "", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("701", "", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("702", "", ErrorClass.BAD_NUMBER_OR_COURIER),
    ],
)
def test_kuaidi100_subscription_codes(
    code: str, message: str, error_class: ErrorClass | None
) -> None:
    reply = answer({"result": False, "returnCode": code, "message": message})
    [registration] = build("kuaidi100", Vendor(reply)).register([YTO])
    assert registration.waybill_number == "YT0000000000001"
    found = registration.error and registration.error.error_class
    assert found is error_class


def test_kuaidi100_cannot_subscribe_without_an_address() -> None:
    with pytest.raises(Misconfigured, match="callback_url"):
        build("kuaidi100", Vendor(answer({})), callback_url="").register([YTO])


# --- KDNiao ---


@pytest.mark.parametrize(
    ("options", "query_type", "subscribe_type"),
    [({}, "1002", "1008"), ({"tier": "monitoring"}, "8001", "8008")],
)
def test_kdniao_signs_the_very_text_it_sends(
    options: dict[str, str], query_type: str, subscribe_type: str
) -> None:
    asked = Vendor(answer(moving("kdniao", YTO.waybill_number)))
    build("kdniao", asked, options=options).query([YTO])
    told = Vendor(answer({"EBusinessID": "1000001", "Success": True, "Reason": ""}))
    assert build("kdniao", told, options=options).register([YTO]) == [
        Registration("YT0000000000001")
    ]
    for vendor, request_type in ((asked, query_type), (told, subscribe_type)):
        form = vendor.form
        assert form["DataSign"] == data_sign(form["RequestData"], "bird-key-77")
        assert (form["EBusinessID"], form["DataType"]) == ("1000001", "2")
        assert form["RequestType"] == request_type
        data = json.loads(form["RequestData"])
        assert (data["ShipperCode"], data["LogisticCode"]) == ("YTO", "YT0000000000001")
        assert "CustomerName" not in data
    assert asked.requests[0].url.endswith("/Ebusiness/EbusinessOrderHandle.aspx")
    assert told.requests[0].url.endswith("/api/dist")


def test_kdniao_is_told_phone_and_merchant_code_where_it_must_be() -> None:
    vendor = Vendor(answer({"Success": True}))
    build("kdniao", vendor).register([SHUNFENG])
    data = json.loads(vendor.form["RequestData"])
    assert (data["CustomerName"], data["Callback"]) == ("1234", "o-1")
    vendor = Vendor(answer({"Success": True}))
    jd = WatchRequest("JD0000000000001", "jd", phone_tail="1234")
    build("kdniao", vendor, options={"jd_merchant_code": "010K1"}).register([jd])
    assert json.loads(vendor.form["RequestData"])["CustomerName"] == "010K1"


def test_kdniao_refusals_are_sorted() -> None:
    reply = answer({"EBusinessID": "1", "Success": False, "Reason": "没有可用套餐"})
    [registration] = build("kdniao", Vendor(reply)).register([YTO])
    assert registration.error is not None
    assert registration.error.error_class is ErrorClass.QUOTA


# --- SF ---


@pytest.mark.parametrize("encoder", ["url", "none"])
def test_sf_signs_the_very_text_it_sends(encoder: str) -> None:
    vendor = Vendor(answer(moving("sf", SHUNFENG.waybill_number)))
    build("sf", vendor, options={"encoder": encoder}).query([SHUNFENG])
    form = vendor.form
    assert vendor.requests[0].url == "https://bspgw.sf-express.com/std/service"
    assert form["msgDigest"] == msg_digest(
        form["msgData"], form["timestamp"], "sf-word-77", encoder
    )
    assert (form["partnerID"], form["serviceCode"]) == ("PARTNER1", "EXP_RECE_SEARCH_ROUTES")
    assert 0 < len(form["requestID"]) <= 40
    assert len(form["timestamp"]) == 13
    assert json.loads(form["msgData"]) == {
        "language": "zh-CN",
        "trackingType": "1",
        "trackingNumber": ["SF0000000000001"],
        "methodType": "1",
        "checkPhoneNo": "1234",
    }


def test_sf_asks_for_a_batch_at_once_and_answers_in_our_order() -> None:
    first, second = WatchRequest("SF1", "sf", phone_tail="1111"), WatchRequest("SF2", "sf")
    third, alien = WatchRequest("SF3", "sf", phone_tail="3333"), WatchRequest("YT1", "yto")
    scan = {"acceptTime": "2026-07-01 09:12:00", "remark": "", "opCode": "80"}
    parcels = [{"mailNo": "SF3", "routes": [scan]}, {"mailNo": "SF1", "routes": []}]
    inner = {"success": True, "errorCode": "S0000", "msgData": {"routeResps": parcels}}
    vendor = Vendor(answer({"apiResultCode": "A1000", "apiResultData": json.dumps(inner)}))

    said = build("sf", vendor).query([first, alien, second, third])

    data = json.loads(vendor.form["msgData"])
    assert data["trackingNumber"] == ["SF1", "SF2", "SF3"]
    assert data["checkPhoneNo"] == "1111,,3333"
    assert [entry.waybill_number for entry in said] == ["SF1", "YT1", "SF2", "SF3"]
    classes = [entry.error_class if isinstance(entry, ReplyError) else None for entry in said]
    assert classes == [
        ErrorClass.NO_RESULT_YET,
        ErrorClass.BAD_NUMBER_OR_COURIER,
        ErrorClass.NO_RESULT_YET,
        None,
    ]


def test_sf_an_error_of_the_call_stands_for_every_parcel() -> None:
    parcels = [WatchRequest("SF1", "sf"), WatchRequest("SF2", "sf")]
    vendor = Vendor(answer({"apiResultCode": "A1005", "apiErrorMsg": "流量受控"}))
    said = build("sf", vendor).query(parcels)
    assert "checkPhoneNo" not in json.loads(vendor.form["msgData"])
    assert [entry.waybill_number for entry in said] == ["SF1", "SF2"]
    assert {entry.error_class for entry in said if isinstance(entry, ReplyError)} == {
        ErrorClass.THROTTLED
    }


def test_sf_asks_nothing_for_no_parcels() -> None:
    vendor = Vendor(answer({}))
    assert build("sf", vendor).query([]) == []
    assert vendor.requests == []
