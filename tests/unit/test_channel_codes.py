"""Signatures and body codes of each channel, row by row as the vendors document them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from aftersales.channels import dingtalk, feishu, webhook
from aftersales.channels.base import OutcomeKind
from aftersales.errors import Misconfigured
from aftersales.http import HttpReply
from aftersales.settings.model import Target
from tests.channel_samples import NOW, URLS, Wire, http_channel, message

K = OutcomeKind

D1 = (1700000000000, "SECdemo0123456789", "ww0uYz9hgC//la1LzHCxhiH8ja6t5XU0VlJXBRQKVAA=")
D2 = (1546300800000, "this is secret", "YdaRxedPlWEhpeS/EW4d7Fr4r69/2KSnJ9D9v0N++uY=")
D3 = (1700000000123, "SEC售后", "02pLYP5M12oZM1XOLacQmfDRIk81swRuibZM4vRWtSw=")


@pytest.mark.parametrize(("timestamp_ms", "secret", "expected"), [D1, D2, D3])
def test_dingtalk_signs_as_its_vectors_say(timestamp_ms, secret, expected):
    assert dingtalk.sign(secret, timestamp_ms) == expected


@pytest.mark.parametrize(
    ("vector", "in_url"),
    [
        (D1, "ww0uYz9hgC%2F%2Fla1LzHCxhiH8ja6t5XU0VlJXBRQKVAA%3D"),
        (D2, "YdaRxedPlWEhpeS%2FEW4d7Fr4r69%2F2KSnJ9D9v0N%2B%2BuY%3D"),
    ],
)
def test_dingtalk_signature_leaves_the_machine_encoded_exactly_once(vector, in_url):
    timestamp_ms, secret, expected = vector
    wire = Wire(HttpReply(200, b'{"errcode":0}'))
    channel = dingtalk.DingTalk(Target(kind="dingtalk"), URLS["dingtalk"], secret, wire)

    channel.send(message(), datetime.fromtimestamp(timestamp_ms / 1000, UTC))

    prepared = requests.Request("POST", wire.requests[0].url).prepare().url
    assert prepared is not None
    assert prepared.endswith(f"&timestamp={timestamp_ms}&sign={in_url}")
    assert dict(parse_qsl(urlsplit(prepared).query))["sign"] == expected


def test_dingtalk_milliseconds_of_the_third_vector_survive():
    timestamp_ms, secret, expected = D3
    now = datetime.fromtimestamp(1700000000, UTC) + timedelta(milliseconds=123)
    query = urlsplit(dingtalk.signed_url(URLS["dingtalk"], secret, now)).query
    assert dict(parse_qsl(query)) == {
        "access_token": "tok-5e1f00d",
        "timestamp": str(timestamp_ms),
        "sign": expected,
    }


def test_a_signed_dingtalk_address_pasted_into_the_settings_gets_a_new_signature():
    old = URLS["dingtalk"] + "&timestamp=1600000000000&sign=b2xk"
    query = parse_qsl(urlsplit(dingtalk.signed_url(old, "SECdemo0123456789", NOW)).query)
    assert [name for name, _ in query] == ["access_token", "timestamp", "sign"]
    assert dict(query)["timestamp"] == "1700000000000"


def test_a_dingtalk_robot_with_another_guard_is_not_signed():
    assert dingtalk.signed_url(URLS["dingtalk"], "", NOW) == URLS["dingtalk"]


def test_feishu_signs_as_its_vector_says_and_not_as_dingtalk_does():
    right = feishu.sign("demo-feishu-secret", "1700000000")
    assert right == "V3Wp8znUoP+7XezI+6p/Lp2Uyk2BLceZJJbP1KE87hk="
    swapped = dingtalk.sign("demo-feishu-secret", 1700000000)
    assert swapped == "Hc2PaRoCCriyM/4gXD2+2XUC/sLZlf3zr8tqZlqCTMI="
    assert right != swapped


def test_feishu_signature_stands_in_the_body_with_its_timestamp_as_text():
    wire = Wire(HttpReply(200, b'{"code":0}'))
    channel = feishu.Feishu(Target(kind="feishu"), URLS["feishu"], "demo-feishu-secret", wire)
    channel.send(message(), NOW)
    assert wire.bodies[0]["timestamp"] == "1700000000"
    assert wire.bodies[0]["sign"] == "V3Wp8znUoP+7XezI+6p/Lp2Uyk2BLceZJJbP1KE87hk="
    assert wire.requests[0].url == URLS["feishu"]


@pytest.mark.parametrize("prefix", ["", "whsec_"])
def test_the_webhook_signs_as_the_standard_webhooks_vector_says(prefix):
    (key,) = webhook.signing_keys(prefix + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = webhook.signature(
        key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_webhook_key_is_replaced_both_keys_sign_in_their_order():
    old, new = "whsec_" + "b2xk" * 8, "whsec_" + "bmV3" * 8
    wire = Wire(HttpReply(204))
    target = Target(kind="webhook", allow_private_address=True)
    channel = webhook.Webhook(target, URLS["webhook"], f"{old}, {new}", wire)
    channel.send(message(), NOW)
    request = wire.requests[0]
    expected = [
        webhook.signature(key, "7K3M9QW2-1", "1700000000", request.body)
        for key in (b"old" * 8, b"new" * 8)
    ]
    assert request.headers["webhook-signature"].split(" ") == expected
    assert request.headers["webhook-id"] == "7K3M9QW2-1"
    assert request.headers["webhook-timestamp"] == "1700000000"


def test_a_webhook_secret_that_is_no_base64_is_refused_without_being_repeated():
    with pytest.raises(Misconfigured) as caught:
        webhook.signing_keys("whsec_not/base64!!")
    assert "not/base64" not in str(caught.value)


def test_each_attempt_is_signed_anew():
    wire = Wire(HttpReply(200, b'{"errcode":-1}'))
    channel = http_channel("dingtalk", wire)
    channel.send(message(), NOW)
    channel.send(message(), NOW + timedelta(seconds=7))
    assert wire.requests[0].url != wire.requests[1].url


DINGTALK = [
    (-1, K.TRANSIENT, 0),
    (130101, K.RATE_LIMITED, 600),
    (302033, K.RATE_LIMITED, 600),
    (310000, K.BAD_CONFIG, 0),
    (300001, K.BAD_CONFIG, 0),
    (300005, K.BAD_CONFIG, 0),
    (400013, K.BAD_CONFIG, 0),
    (400101, K.BAD_CONFIG, 0),
    (400102, K.BAD_CONFIG, 0),
    (400105, K.BAD_CONTENT, 0),
    (430101, K.BAD_CONTENT, 0),
    (430104, K.BAD_CONTENT, 0),
    (460101, K.BAD_CONTENT, 0),
    (40035, K.BAD_CONTENT, 0),
    (43004, K.BAD_CONTENT, 0),
    (987654, K.TRANSIENT, 0),
]
WECOM = [
    (-1, K.TRANSIENT, 0),
    (45009, K.RATE_LIMITED, 60),
    (45033, K.TRANSIENT, 0),
    (93000, K.BAD_CONFIG, 0),
    (40058, K.BAD_CONTENT, 0),
    (45002, K.BAD_CONTENT, 0),
    (40008, K.BAD_CONTENT, 0),
    (987654, K.TRANSIENT, 0),
]
ERRCODES = [("dingtalk", *row) for row in DINGTALK] + [("wecom", *row) for row in WECOM]


@pytest.mark.parametrize(("kind", "code", "expected", "wait"), ERRCODES)
@pytest.mark.parametrize("as_text", [False, True])
def test_every_errcode_is_sorted_by_its_number(kind, code, expected, wait, as_text):
    body = json.dumps({"errcode": str(code) if as_text else code, "errmsg": "说明"}).encode()
    outcome = http_channel(kind, Wire(HttpReply(200, body))).send(message(), NOW)
    assert (outcome.kind, outcome.code, outcome.wait_seconds) == (expected, str(code), wait)


FEISHU = [
    (400, {"code": 9499, "msg": "Too Many Request"}, K.RATE_LIMITED, 30),
    (400, {"code": 9499, "msg": "Bad Request"}, K.BAD_CONTENT, 0),
    (429, {"code": 99991400, "msg": "limited"}, K.RATE_LIMITED, 60),
    (400, {"code": 99991400, "msg": "limited"}, K.RATE_LIMITED, 60),
    (200, {"code": 19021, "msg": "sign"}, K.BAD_CONFIG, 0),
    (200, {"code": 19022}, K.BAD_CONFIG, 0),
    (200, {"code": 19024}, K.BAD_CONFIG, 0),
    (200, {"code": 19001}, K.BAD_CONFIG, 0),
    (200, {"code": 19002}, K.BAD_CONTENT, 0),
    (200, {"code": 11246}, K.BAD_CONTENT, 0),
    (200, {"code": 10002}, K.BAD_CONTENT, 0),
    (404, {"code": 99991201}, K.BAD_CONFIG, 0),
    (200, {"code": 987654}, K.TRANSIENT, 0),
    (200, {"StatusCode": 0, "StatusMessage": "success"}, K.DELIVERED, 0),
    (200, {"code": 19021, "StatusCode": 0}, K.BAD_CONFIG, 0),
    (200, {"code": None, "StatusCode": 0}, K.AMBIGUOUS, 0),
    (200, {"StatusMessage": "success"}, K.AMBIGUOUS, 0),
]


@pytest.mark.parametrize(("status", "body", "expected", "wait"), FEISHU)
def test_every_feishu_code_is_sorted(status, body, expected, wait):
    wire = Wire(HttpReply(status, json.dumps(body).encode()))
    outcome = http_channel("feishu", wire).send(message(), NOW)
    assert (outcome.kind, outcome.wait_seconds) == (expected, wait)


def test_feishu_platform_limit_brings_alerts_back_spread_out():
    channel = http_channel("feishu", Wire(HttpReply(200, b'{"code":11232}')))
    waits = {channel.send(message(alert_id=f"A{i}"), NOW).wait_seconds for i in range(40)}
    assert all(65 <= wait <= 100 for wait in waits)
    assert len(waits) > 10


@pytest.mark.parametrize("code", [99991400, 11232])
def test_feishu_says_in_a_header_how_long_to_wait(code):
    reply = HttpReply(
        429, json.dumps({"code": code}).encode(), headers={"x-ogw-ratelimit-reset": "47"}
    )
    outcome = http_channel("feishu", Wire(reply)).send(message(), NOW)
    assert outcome.kind is K.RATE_LIMITED
    assert outcome.wait_seconds >= 47
    if code == 99991400:
        assert outcome.wait_seconds == 47


SLACK = [
    (400, "invalid_payload", K.BAD_CONTENT),
    (400, "no_text", K.BAD_CONTENT),
    (400, "too_many_attachments", K.BAD_CONTENT),
    (403, "action_prohibited", K.BAD_CONFIG),
    (403, "invalid_token", K.BAD_CONFIG),
    (403, "posting_to_general_channel_denied", K.BAD_CONFIG),
    (400, "posting_to_general_channel_denied", K.BAD_CONFIG),
    (404, "channel_not_found", K.BAD_CONFIG),
    (404, "no_service", K.BAD_CONFIG),
    (404, "no_service_id", K.BAD_CONFIG),
    (404, "no_active_hooks", K.BAD_CONFIG),
    (404, "no_team", K.BAD_CONFIG),
    (404, "team_disabled", K.BAD_CONFIG),
    (404, "user_not_found", K.BAD_CONFIG),
    (410, "channel_is_archived", K.BAD_CONFIG),
    (200, "no_text", K.BAD_CONTENT),
    (200, "ok\n", K.DELIVERED),
    (200, "<html>ok</html>", K.AMBIGUOUS),
    (202, "ok", K.AMBIGUOUS),
]


@pytest.mark.parametrize(("status", "word", "expected"), SLACK)
def test_every_slack_answer_is_sorted_by_its_word(status, word, expected):
    outcome = http_channel("slack", Wire(HttpReply(status, word.encode()))).send(message(), NOW)
    assert outcome.kind is expected


def test_slack_says_how_long_to_wait_also_in_json():
    reply = HttpReply(
        429,
        b'{"retry_after":1,"ok":false,"error":"rate_limited"}',
        headers={"retry-after": "12"},
    )
    outcome = http_channel("slack", Wire(reply)).send(message(), NOW)
    assert (outcome.kind, outcome.wait_seconds) == (K.RATE_LIMITED, 12)


REFUSALS = [
    ("dingtalk", HttpReply(200, b'{"errcode":460101}'), HttpReply(200, b'{"errcode":0}')),
    ("wecom", HttpReply(200, b'{"errcode":40058}'), HttpReply(200, b'{"errcode":0}')),
    ("feishu", HttpReply(200, b'{"code":11246}'), HttpReply(200, b'{"code":0}')),
    ("slack", HttpReply(400, b"invalid_payload"), HttpReply(200, b"ok")),
    ("webhook", HttpReply(413, b"too large"), HttpReply(204)),
    ("dingtalk", HttpReply(200, b'{"errcode":987654}'), HttpReply(200, b'{"errcode":0}')),
]


@pytest.mark.parametrize(("kind", "refused", "accepted"), REFUSALS)
def test_a_text_that_is_refused_is_sent_once_more_short_and_plain(kind, refused, accepted):
    wire = Wire(refused, accepted)
    outcome = http_channel(kind, wire).send(message(buyer_text="很长的话" * 500), NOW)
    assert outcome.delivered
    rich, plain = wire.bodies
    assert rich != plain
    assert len(wire.requests[1].body) < 2500
    assert "7K3M9QW2-1" in str(plain)
    form = {"dingtalk": "msgtype", "wecom": "msgtype", "feishu": "msg_type"}.get(kind)
    if form:
        assert plain[form] == "text"


@pytest.mark.parametrize(("kind", "refused"), [row[:2] for row in REFUSALS])
def test_a_text_that_stays_refused_is_tried_twice_and_no_more(kind, refused):
    wire = Wire(refused)
    assert not http_channel(kind, wire).send(message(), NOW).delivered
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("kind", "refused", "accepted"),
    [
        ("dingtalk", b'{"errcode":310000}', b'{"errcode":0}'),
        ("feishu", b'{"code":19021}', b'{"code":0}'),
    ],
)
class TestWrongClock:
    """Both robots refuse a signature whose time is more than an hour from theirs."""

    def test_a_machine_with_a_wrong_clock_signs_once_more_by_the_vendors_time(
        self, kind, refused, accepted
    ):
        theirs = NOW + timedelta(hours=9)
        date = {"date": format_datetime(theirs, usegmt=True)}
        wire = Wire(HttpReply(200, refused, headers=date), HttpReply(200, accepted))
        assert http_channel(kind, wire).send(message(), NOW).delivered
        if kind == "feishu":
            stamp = wire.bodies[1]["timestamp"]
        else:
            stamp = dict(parse_qsl(urlsplit(wire.requests[1].url).query))["timestamp"][:-3]
        assert int(stamp) == int(theirs.timestamp())

    @pytest.mark.parametrize("date", ["", "Tue, 14 Nov 2023 22:13:30 GMT", "garbage"])
    def test_a_signature_refused_with_a_right_clock_is_not_tried_again(
        self, kind, refused, accepted, date
    ):
        wire = Wire(HttpReply(200, refused, headers={"date": date}))
        assert http_channel(kind, wire).send(message(), NOW).kind is K.BAD_CONFIG
        assert len(wire.requests) == 1
