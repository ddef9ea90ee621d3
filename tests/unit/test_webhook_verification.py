"""Signed webhooks: vectors, and each reason to refuse one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales import webhooks
from aftersales.errors import BadInput, WebhookRefused
from aftersales.http import HttpReply
from tests.channel_samples import NOW, WEBHOOK_SECRET, Wire, http_channel, message

G1 = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
S1_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
W1_ECHO = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
W1 = {
    "timestamp": "1409659589",
    "nonce": "263014780",
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
}


def lark(signature: str) -> dict[str, str]:
    return {
        "X-Lark-Request-Timestamp": "1700000000",
        "X-Lark-Request-Nonce": "n0nce",
        "X-Lark-Signature": signature,
    }


# source, headers, body, secret, time of sending
VECTORS = {
    "G1": ("webhook", G1, b'{"test": 2432232314}', WEBHOOK_SECRET, 1614265330),
    "S1": (
        "slack",
        {
            "X-Slack-Request-Timestamp": "1531420618",
            "X-Slack-Signature": (
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
            ),
        },
        S1_BODY,
        "8f742231b10e8888abcd99yyyzzz85a5",
        1531420618,
    ),
    "S2": (
        "slack",
        {
            "X-Slack-Request-Timestamp": "1700000000",
            "X-Slack-Signature": (
                "v0=51b0c021cfcb344fb3c70fe636dd5fbc7e1b766a971c28de78a169411a754b42"
            ),
        },
        b"payload=%7B%22type%22%3A%22block_actions%22%7D",
        "demo-signing-secret",
        1700000000,
    ),
    "F2": (
        "feishu",
        lark("63edd678921cd2c5527f1bcdca6e4b763549e42282de60ce795ff90ba4a57ff0"),
        b'{"encrypt":"abc"}',
        "demo-encrypt-key",
        1700000000,
    ),
    "F3": (
        "feishu_legacy",
        lark("ee2a779d2657f7de1048e40ea7dbe1175ead9ce7"),
        b'{"open_id":"ou_1"}',
        "demo-token",
        1700000000,
    ),
    "W1": ("wecom", W1, W1_ECHO.encode(), "QDG6eK", 1409659589),
    "T1": (
        "teams",
        {"Authorization": "HMAC EAMzTjzA2hYrClWFTesnrQ0HFBQ7dhV0ZrccKgI+W4Y="},
        b'{"type":"message","text":"ack"}',
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        1700000000,
    ),
    "D1": (
        "dingtalk",
        {"timestamp": "1700000000000", "sign": "ww0uYz9hgC//la1LzHCxhiH8ja6t5XU0VlJXBRQKVAA="},
        b"{}",
        "SECdemo0123456789",
        1700000000,
    ),
}
WINDOW = {"dingtalk": 3600}
every_vector = pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())


def check(vector, *, headers=None, body=None, secrets=None, late=0):
    source, known_headers, known_body, secret, sent = vector
    webhooks.verify_webhook(
        source,
        known_headers if headers is None else headers,
        known_body if body is None else body,
        [secret] if secrets is None else secrets,
        datetime.fromtimestamp(sent, UTC) + timedelta(seconds=late),
    )


def refusal(*args, **changes) -> str:
    with pytest.raises(WebhookRefused) as caught:
        check(*args, **changes)
    assert caught.value.status == 401
    return caught.value.reason


def test_every_source_has_a_vector():
    assert {vector[0] for vector in VECTORS.values()} == set(webhooks.WEBHOOK_SOURCES)


@every_vector
def test_the_vectors_are_valid(vector):
    check(vector)


@every_vector
def test_header_names_may_be_written_in_any_case(vector):
    check(vector, headers={name.upper(): value for name, value in vector[1].items()})
    check(vector, headers={name.lower(): value for name, value in vector[1].items()})


@every_vector
def test_any_of_several_secrets_will_do_while_one_is_replaced(vector):
    other = "b3RoZXI="
    check(vector, secrets=[other, vector[3]])
    check(vector, secrets=[vector[3], other])


@every_vector
def test_a_wrong_secret_is_refused(vector):
    assert "signature" in refusal(vector, secrets=["b3RoZXI="])


@every_vector
@pytest.mark.parametrize("secrets", [[], [""], [" "]])
def test_without_a_secret_nothing_is_valid(vector, secrets):
    assert "no secret" in refusal(vector, secrets=secrets)


@every_vector
def test_a_changed_body_is_refused(vector):
    if vector[0] != "dingtalk":  # which signs no body
        assert "signature" in refusal(vector, body=vector[2] + b"x")


@every_vector
def test_each_missing_header_is_named(vector):
    for name in vector[1]:
        for headers in (
            {other: value for other, value in vector[1].items() if other != name},
            {**vector[1], name: " "},
        ):
            assert name.lower() in refusal(vector, headers=headers)


@every_vector
def test_what_is_too_old_or_from_the_future_is_refused_with_the_age(vector):
    if vector[0] == "teams":
        check(vector, late=10**6)  # states no time
        return
    window = WINDOW.get(vector[0], 300)
    check(vector, late=window)
    check(vector, late=-window)
    assert f"sent {window + 1} s ago" in refusal(vector, late=window + 1)
    assert f"{window + 1} s ahead" in refusal(vector, late=-window - 1)


@every_vector
@given(noise=st.text(max_size=40))
def test_no_header_value_makes_a_check_crash(vector, noise):
    for name in vector[1]:
        if noise.strip() != vector[1][name]:
            refusal(vector, headers={**vector[1], name: noise})


@every_vector
@pytest.mark.parametrize(
    "value", ["１７０００００００００", "1700000000.5", "-1", "1e9", "\ud800", "9" * 20]
)
def test_a_time_that_is_no_plain_number_is_refused(vector, value):
    for name in vector[1]:
        if "timestamp" in name.lower():
            assert refusal(vector, headers={**vector[1], name: value})


def test_an_unknown_source_is_answered_with_the_known_ones():
    with pytest.raises(BadInput, match="slack"):
        webhooks.verify_webhook("pager", {}, b"", ["x"], NOW)


def test_one_fitting_signature_of_several_is_enough():
    sent = {**G1, "webhook-signature": f"v1,AAAA v2,{'A' * 8} {G1['webhook-signature']}"}
    check(VECTORS["G1"], headers=sent)
    only_other = {**G1, "webhook-signature": "v1a,AAAA v2,BBBB"}
    assert "no v1" in refusal(VECTORS["G1"], headers=only_other)


def test_a_signature_of_another_version_is_not_taken_for_v1():
    bare = G1["webhook-signature"].removeprefix("v1,")
    assert refusal(VECTORS["G1"], headers={**G1, "webhook-signature": f"v2,{bare}"})


def test_a_secret_of_ours_that_is_no_base64_is_said_to_be_so():
    assert "not base64" in refusal(VECTORS["G1"], secrets=["whsec_!!"])
    assert "not base64" in refusal(VECTORS["T1"], secrets=["!!"])


@pytest.mark.parametrize(
    "body",
    [
        f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{W1_ECHO}]]></Encrypt></xml>",
        f'{{"encrypt":"{W1_ECHO}"}}',
        W1_ECHO + "\n",
    ],
)
def test_wecom_signs_what_is_encrypted_wherever_it_stands(body):
    check(VECTORS["W1"], body=body.encode())


def test_wecom_url_check_signs_the_echo_of_its_address():
    check(VECTORS["W1"], headers={**W1, "echostr": W1_ECHO}, body=b"")


def test_wecom_without_a_clock_checks_the_signature_only():
    verify = partial(webhooks.verify_wecom_signature, "QDG6eK", "1409659589", "263014780")
    verify(W1_ECHO, W1["msg_signature"])
    with pytest.raises(WebhookRefused, match="too old"):
        verify(W1_ECHO, W1["msg_signature"], now=NOW)
    with pytest.raises(WebhookRefused, match="msg_signature"):
        verify(W1_ECHO, "")


def test_the_feishu_hashes_are_not_taken_for_each_other():
    source, *rest = VECTORS["F3"]
    assert source == "feishu_legacy"
    assert refusal(("feishu", *rest))


def test_what_our_webhook_channel_sends_passes_our_own_check():
    wire = Wire(HttpReply(204))
    http_channel("webhook", wire).send(message(), NOW)
    request = wire.requests[0]
    webhooks.verify_standard(request.headers, request.body, [WEBHOOK_SECRET], NOW)
    later = NOW + timedelta(seconds=11)
    with pytest.raises(WebhookRefused, match="too old"):
        webhooks.verify_standard(
            request.headers, request.body, [WEBHOOK_SECRET], later, tolerance_seconds=10
        )
