"""Signatures of TOP: vectors of its documents and of an independent implementation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import WebhookRefused
from aftersales.platforms.taobao_callback import read_callback, verify_callback
from aftersales.platforms.taobao_sign import SIGN_METHODS, signature

PUBLISHED = {
    "method": "taobao.item.seller.get",
    "app_key": "12345678",
    "session": "test",
    "timestamp": "2016-01-01 12:00:00",
    "format": "json",
    "v": "2.0",
    "fields": "num_iid,title,nick,price,num",
    "num_iid": "11223344",
}


@pytest.mark.parametrize(
    ("sign_method", "expected"),
    [
        ("md5", "66987CB115214E59E6EC978214934FB8"),  # published
        ("hmac", "D56D7858309C31B6251083A874D48273"),
        ("hmac-sha256", "04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8"),
    ],
)
def test_a_call_is_signed_as_the_protocol_page_shows(sign_method: str, expected: str) -> None:
    assert signature({**PUBLISHED, "sign_method": sign_method}, "helloworld", sign_method) == (
        expected
    )


def test_chinese_values_are_signed_as_utf_8() -> None:
    parameters = {
        "method": "taobao.refunds.receive.get",
        "app_key": "12345678",
        "session": "test",
        "timestamp": "2024-01-01 12:00:00",
        "format": "json",
        "v": "2.0",
        "sign_method": "md5",
        "fields": "refund_id,tid,status",
        "page_no": "1",
        "page_size": "40",
        "buyer_nick": "小明",
    }
    assert signature(parameters, "helloworld") == "F78B903C8005CE155BFA25FB40340C43"


CALL = {"app_key": "30110022", "format": "json", "v": "2.0", "sign_method": "md5"}

# Results of the npm package topsdk 1.0.13 (util/sign.js), run on these inputs.
TOPSDK = [
    ("helloworld", {**PUBLISHED, "sign_method": "md5"}, "66987CB115214E59E6EC978214934FB8"),
    (
        "s3cret-0f-the-shop",
        {**CALL, "method": "taobao.time.get", "timestamp": "2026-07-01 08:30:00"},
        "4CAD35B30AA5ACF1F6C794237B181162",
    ),
    (
        "s3cret-0f-the-shop",
        {
            **CALL,
            "method": "taobao.traderate.explain.add",
            "session": "6100b2c4",
            "timestamp": "2026-07-01 08:30:00",
            "oid": "4200000000000000001",
            "reply": "亲，非常抱歉！已为您安排补发 ☺ 10% off & more=yes",
        },
        "E0DDC2C5CA065CECEDC7DA37FDA6F282",
    ),
    (
        "密钥中文",
        {
            **CALL,
            "method": "taobao.trades.sold.increment.get",
            "session": "6100b2c4",
            "timestamp": "2026-07-01 23:59:59",
            "fields": "tid,status",
            "start_modified": "2026-07-01 00:00:00",
            "end_modified": "2026-07-01 00:30:00",
            "page_no": "1",
            "page_size": "50",
            "use_has_next": "false",
        },
        "7E9061EEEFD20A37D18D79665904D7E1",
    ),
    (
        "k",
        {"b": "2", "B": "1", "_": "3", "a1": "4", "a": "5", "A": "+/=?&%"},
        "E42B90F706FB5958BD9B947BFD477D6E",
    ),
    (
        "k",
        {
            "method": "taobao.refunds.receive.get",
            "buyer_nick": "𠮷野家的小店",
            "note": " two  spaces ",
        },
        "A9CB251EC590C44F3F01C8BB46BE50DC",
    ),
    ("k", {"a": "1", "b": "2"}, "A110B80A37AAB1B2B4E9A65E10D13A08"),
]


@pytest.mark.parametrize(("secret", "parameters", "expected"), TOPSDK)
def test_another_implementation_signs_the_same(
    secret: str, parameters: dict[str, str], expected: str
) -> None:
    assert signature(parameters, secret) == expected


def test_an_empty_value_does_not_count_though_topsdk_keeps_its_name() -> None:
    # topsdk 1.0.13 gives D1B0115038D029E9FEB48EA8448A4419 for it; so none is ever sent.
    with_empty = signature({"a": "1", "empty": "", "b": "2"}, "k")
    assert with_empty == "A110B80A37AAB1B2B4E9A65E10D13A08"
    assert with_empty != "D1B0115038D029E9FEB48EA8448A4419"


@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8), min_size=1),
    st.sampled_from(SIGN_METHODS),
)
def test_the_order_of_parameters_does_not_matter_but_each_value_does(
    parameters: dict[str, str], sign_method: str
) -> None:
    signed = signature(parameters, "k", sign_method)
    turned = dict(reversed(parameters.items()))
    assert signature({**turned, "sign": "whatever"}, "k", sign_method) == signed
    if "sign" not in parameters:
        name = next(iter(parameters))
        changed = {**parameters, name: parameters[name] + "!"}
        assert signature(changed, "k", sign_method) != signed


CALLED_AT = datetime(2016, 1, 1, 4, 0, tzinfo=UTC)
QUERY = {"app_key": "12345678", "sign_method": "md5", "timestamp": "2016-01-01 12:00:00"}
SIGN = "66DEDB722D1F0E22932B85D47F4B1C2C"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def test_a_callback_with_a_json_body_is_verified() -> None:
    query = {**QUERY, "sign": SIGN}
    assert verify_callback({}, query, b'{"a":1}', "helloworld", CALLED_AT) == {}
    read = read_callback({}, query, b'{"a":1}', "helloworld", CALLED_AT)
    assert (read.order_ids, read.rejected) == ((), ())


@pytest.mark.parametrize(
    ("query", "body", "secret"),
    [
        (QUERY, b'{"a":1}', "helloworld"),
        ({**QUERY, "sign": ""}, b'{"a":1}', "helloworld"),
        ({**QUERY, "sign": SIGN}, b'{"a": 1}', "helloworld"),
        ({**QUERY, "sign": SIGN}, b'{"a":2}', "helloworld"),
        ({**QUERY, "sign": SIGN}, b"", "helloworld"),
        ({**QUERY, "sign": SIGN}, b'{"a":1}', "helloworld2"),
        ({**QUERY, "sign": SIGN[:-1]}, b'{"a":1}', "helloworld"),
        ({**QUERY, "sign": "签名"}, b'{"a":1}', "helloworld"),
        ({**QUERY, "sign": SIGN, "tid": "1"}, b'{"a":1}', "helloworld"),
        ({**QUERY, "sign": SIGN, "timestamp": "2016-01-01 12:00:01"}, b'{"a":1}', "helloworld"),
    ],
)
def test_a_forged_callback_is_refused(query: dict[str, str], body: bytes, secret: str) -> None:
    with pytest.raises(WebhookRefused) as caught:
        verify_callback({}, query, body, secret, CALLED_AT)
    assert caught.value.status == 401
    assert "helloworld" not in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(0, True), (600, True), (601, False), (-600, True), (-601, False)]
)
def test_a_callback_may_be_ten_minutes_old(seconds: int, accepted: bool) -> None:
    query, now = {**QUERY, "sign": SIGN}, CALLED_AT + timedelta(seconds=seconds)
    if accepted:
        assert verify_callback({}, query, b'{"a":1}', "helloworld", now) == {}
        return
    with pytest.raises(WebhookRefused, match="600 s are allowed"):
        verify_callback({}, query, b'{"a":1}', "helloworld", now)


def test_a_callback_without_a_time_is_refused() -> None:
    query = {"app_key": "1"}
    signed = {**query, "sign": signature(query, "k")}
    with pytest.raises(WebhookRefused, match="timestamp"):
        verify_callback({}, signed, b"", "k", CALLED_AT)


def test_a_callback_that_is_too_big_is_refused_unread() -> None:
    with pytest.raises(WebhookRefused) as caught:
        verify_callback({}, {}, b"x" * (1024 * 1024 + 1), "k", CALLED_AT)
    assert caught.value.status == 413


def test_headers_named_in_the_list_and_form_fields_are_signed_too() -> None:
    headers = {"Content-Type": FORM, "Top-Sign-List": "X-Shop, x-absent", "X-SHOP": "旗舰店"}
    form = {"content": '{"tid": 4200000000000000001, "note": "a b+c"}', "empty": ""}
    body = urlencode(form).encode()
    signed = {**QUERY, **form, "X-Shop": "旗舰店"}
    query = {**QUERY, "sign": signature(signed, "k")}
    assert verify_callback(headers, query, body, "k", CALLED_AT) == form
    assert read_callback(headers, query, body, "k", CALLED_AT).order_ids == ("4200000000000000001",)
    for changed in ({**headers, "X-SHOP": "别家店"}, {**headers, "Top-Sign-List": ""}):
        with pytest.raises(WebhookRefused):
            verify_callback(changed, query, body, "k", CALLED_AT)
    with pytest.raises(WebhookRefused):
        verify_callback(headers, query, body.replace(b"4200", b"4201"), "k", CALLED_AT)


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=\xff", b"a=%ff", b"&".join([b"a=1"] * 500)])
def test_a_form_that_can_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused) as caught:
        verify_callback({"content-type": FORM}, {"sign": "x"}, body, "k", CALLED_AT)
    assert caught.value.status == 401


def _genuine(body: bytes, **query: str) -> tuple[dict[str, str], bytes]:
    asked = {**QUERY, **query}
    return {**asked, "sign": signature(asked, "k", body=body)}, body


@pytest.mark.parametrize(
    ("body", "query", "order_ids", "delivery_id"),
    [
        (b"", {"tid": "4200000000000000001"}, ("4200000000000000001",), ""),
        (b'{"tid":4200000000000000001,"id":"m-1"}', {}, ("4200000000000000001",), ""),
        (
            b'{"id":991,"topic":"taobao_trade_TradeBuyerPay","content":"{\\"tid\\":\\"77\\"}"}',
            {},
            ("77",),
            "991",
        ),
        (b'[{"tid":"5"},{"trade":{"tid_str":"6","tid":5}}]', {}, ("5", "6"), ""),
        (b'{"refund_id":"8","buyer_nick":"t**7"}', {}, (), ""),
        (b'{"tid":"drop table"}', {}, (), ""),
        (b'{"tid":true}', {}, (), ""),
        (b"null", {}, (), ""),
    ],
)
def test_a_callback_is_a_hint_at_orders(
    body: bytes, query: dict[str, str], order_ids: tuple[str, ...], delivery_id: str
) -> None:
    read = read_callback({}, *_genuine(body, **query), "k", CALLED_AT)
    assert (read.order_ids, read.delivery_id) == (order_ids, delivery_id)
    assert (read.orders, read.rejected) == ((), ())


@pytest.mark.parametrize("body", [b"<xml/>", b'{"tid":', b"\xff\xfe", b"[" * 100_000])
def test_a_genuine_callback_that_cannot_be_read_is_kept(body: bytes) -> None:
    read = read_callback({}, *_genuine(body), "k", CALLED_AT)
    assert read.order_ids == ()
    [row] = read.rejected
    assert row.reason
    assert row.raw
