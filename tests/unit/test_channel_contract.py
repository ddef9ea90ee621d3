"""What holds for every channel, whatever its vendor."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore import exceptions as aws
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.channels.base import OutcomeKind
from aftersales.channels.registry import CHANNELS
from aftersales.channels.sns import Sns
from aftersales.errors import OutsideFailure, Unreachable
from aftersales.http import AmbiguousDelivery, HttpReply
from aftersales.settings.model import Target
from tests.channel_samples import (
    ACCEPTED,
    NOW,
    SECRETS,
    TOPIC,
    URLS,
    Topic,
    Wire,
    http_channel,
    message,
    published_by,
    sent_by,
    words,
)

K = OutcomeKind
HTTP_CHANNELS = tuple(URLS)
ROBOTS = ("dingtalk", "wecom", "feishu")  # they put their verdict into the body


def outcome_of(kind: str, *answers: HttpReply | Exception):
    return http_channel(kind, Wire(*answers)).send(message(), NOW)


def test_the_contract_covers_every_channel_there_is():
    assert set(CHANNELS) == {*HTTP_CHANNELS, "sns"}


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
def test_an_accepted_message_is_delivered_with_one_bounded_post(kind):
    wire = Wire(HttpReply(200, ACCEPTED[kind]))
    outcome = http_channel(kind, wire).send(message(), NOW)
    assert outcome.delivered
    (request,) = wire.requests
    assert request.method == "POST"
    assert request.read_timeout_seconds == 5
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert "包裹".encode() in request.body  # not escaped: limits are bytes


STATUS = {
    301: K.BAD_CONFIG,
    302: K.BAD_CONFIG,
    307: K.BAD_CONFIG,
    400: K.BAD_CONTENT,
    401: K.BAD_CONFIG,
    403: K.BAD_CONFIG,
    404: K.BAD_CONFIG,
    405: K.BAD_CONFIG,
    408: K.TRANSIENT,
    410: K.BAD_CONFIG,
    413: K.BAD_CONTENT,
    422: K.BAD_CONTENT,
    425: K.TRANSIENT,
    429: K.RATE_LIMITED,
    500: K.TRANSIENT,
    501: K.TRANSIENT,
    502: K.TRANSIENT,
    503: K.TRANSIENT,
    504: K.TRANSIENT,
}


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
@pytest.mark.parametrize(("status", "expected"), STATUS.items())
def test_every_status_says_whether_to_try_again(kind, status, expected):
    outcome = outcome_of(kind, HttpReply(status, b"<html>something</html>"))
    assert outcome.kind is expected
    assert outcome.code == str(status)
    assert outcome.detail


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
@pytest.mark.parametrize("status", range(100, 600, 7))
def test_no_status_makes_a_channel_raise_and_none_but_2xx_is_delivery(kind, status):
    for body in (b"", b"ok", ACCEPTED[kind], b"\xff\xfe", b"[" * 100_000):
        outcome = outcome_of(kind, HttpReply(status, body))
        assert not outcome.delivered or 200 <= status < 300


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_that_says_nothing_may_have_delivered(kind, status):
    assert outcome_of(kind, HttpReply(status)).kind is K.AMBIGUOUS


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}'),
        ("wecom", b'{"errcode":93000,"errmsg":"invalid webhook url"}'),
        ("feishu", b'{"code":19024,"msg":"Key Words Not Found"}'),
        ("slack", b"no_service"),
    ],
)
def test_status_200_with_an_error_in_the_body_is_not_delivered(kind, body):
    assert outcome_of(kind, HttpReply(200, body)).kind is K.BAD_CONFIG


@pytest.mark.parametrize("kind", [*ROBOTS, "slack"])
@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"<html>OK</html>", b"{", b"null", b"[]", b"0", b'"ok?"', b"{}", b"\xff\xfe\x00"],
)
def test_a_body_without_a_verdict_may_have_delivered(kind, body):
    assert outcome_of(kind, HttpReply(200, body)).kind is K.AMBIGUOUS


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("value", ["null", "true", "false", '""', '"x"', "[]", "{}", "0.5", "NaN"])
def test_a_verdict_of_a_wrong_type_is_no_delivery(kind, value):
    name = "code" if kind == "feishu" else "errcode"
    body = f'{{"{name}":{value}}}'.encode()
    assert outcome_of(kind, HttpReply(200, body)).kind is K.AMBIGUOUS


@pytest.mark.parametrize("kind", [*ROBOTS, "slack"])
@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=200), status=st.integers(200, 599))
def test_random_bytes_are_never_taken_for_delivery(kind, body, status):
    if body.strip() != b"ok":
        assert not outcome_of(kind, HttpReply(status, body)).delivered


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AmbiguousDelivery("read timeout"), K.AMBIGUOUS),
        (Unreachable("connect timeout"), K.TRANSIENT),
        (OutsideFailure("reply too large"), K.AMBIGUOUS),
    ],
)
def test_each_way_of_getting_no_answer_has_its_outcome(kind, error, expected):
    assert outcome_of(kind, error).kind is expected


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7),
        ("0", 1),
        ("-3", 1),
        ("2.5", 2.5),
        ("999999999", 3600),
        ("inf", 3600),
        ("Tue, 14 Nov 2023 22:14:05 GMT", 45),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 1),
    ],
)
def test_a_pause_is_read_from_seconds_or_a_date_and_bounded(kind, header, expected):
    assert datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC) == NOW
    for status in (429, 503):
        outcome = outcome_of(kind, HttpReply(status, b"wait", headers={"retry-after": header}))
        assert (outcome.kind, outcome.wait_seconds) == (K.RATE_LIMITED, expected)


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
@pytest.mark.parametrize("header", ["", "soon", "nan", "Tue, 99 Nov 2023 99:99:99 GMT"])
def test_a_429_without_a_readable_pause_still_waits(kind, header):
    default = {"dingtalk": 600, "wecom": 60, "feishu": 60, "slack": 30, "webhook": 60}[kind]
    outcome = outcome_of(kind, HttpReply(429, b"slow down", headers={"retry-after": header}))
    assert (outcome.kind, outcome.wait_seconds) == (K.RATE_LIMITED, default)


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
def test_no_outcome_repeats_a_secret_or_an_address(kind):
    echo = " ".join((URLS[kind], *SECRETS))
    answers: list[HttpReply | Exception] = [
        HttpReply(status, body)
        for status in (200, 302, 400, 403, 404, 429, 500)
        for body in (
            echo.encode(),
            json.dumps({"errcode": 310000, "errmsg": echo, "code": 19021, "msg": echo}).encode(),
            json.dumps({"errcode": 987654, "code": 987654, "error": echo}).encode(),
            json.dumps({"errcode": echo, "code": echo, "error": "no_service"}).encode(),
        )
    ]
    answers += [Unreachable(echo), AmbiguousDelivery(echo), OutsideFailure(echo)]
    for answer in answers:
        outcome = outcome_of(kind, answer)
        said = f"{outcome.code} {outcome.detail}"
        assert not any(secret in said for secret in (*SECRETS, "https://"))


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
def test_a_solved_message_is_delivered_and_looks_different(kind):
    problem = sent_by(kind, message())
    solved = sent_by(kind, message(solved=True))
    assert problem != solved
    if kind == "webhook":
        assert (problem["solved"], solved["solved"]) == (False, True)
        return
    assert "✅" in words(solved)
    assert "🔴" in words(problem)
    assert "🔴" not in words(solved)


@pytest.mark.parametrize("kind", HTTP_CHANNELS)
def test_the_least_message_can_be_sent(kind):
    least = message(
        what="", why="", todo="", until="", fields=(), buyer_text="", buttons=(), labels=None
    )
    body = sent_by(kind, least)
    assert "7K3M9QW2-1" in words(body)
    assert "包裹 2 天没有新物流" in words(body)


# --- SNS, which has no HTTP of ours


def client_error(code: str, status: int = 400) -> aws.ClientError:
    return aws.ClientError(
        {
            "Error": {"Code": code, "Message": f"for {TOPIC} tok-5e1f00d"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "Publish",
    )


SNS = [
    (client_error("Throttling"), K.RATE_LIMITED),
    (client_error("ThrottlingException"), K.RATE_LIMITED),
    (client_error("SomethingNew", 429), K.RATE_LIMITED),
    (client_error("KMSThrottling"), K.TRANSIENT),
    (client_error("InternalError", 500), K.TRANSIENT),
    (client_error("SomethingNew", 503), K.TRANSIENT),
    (client_error("InvalidParameter"), K.BAD_CONTENT),
    (client_error("ParameterValueInvalid"), K.BAD_CONTENT),
    (client_error("ValidationException"), K.BAD_CONTENT),
    (client_error("NotFound", 404), K.BAD_CONFIG),
    (client_error("AuthorizationError", 403), K.BAD_CONFIG),
    (client_error("InvalidClientTokenId", 403), K.BAD_CONFIG),
    (client_error(""), K.BAD_CONFIG),
    (aws.ConnectTimeoutError(endpoint_url="https://tok-5e1f00d"), K.TRANSIENT),
    (aws.EndpointConnectionError(endpoint_url="https://tok-5e1f00d"), K.TRANSIENT),
    (aws.ReadTimeoutError(endpoint_url="https://tok-5e1f00d"), K.AMBIGUOUS),
    (aws.ConnectionClosedError(endpoint_url="https://tok-5e1f00d"), K.AMBIGUOUS),
    (aws.ParamValidationError(report="tok-5e1f00d"), K.BAD_CONTENT),
    (aws.NoCredentialsError(), K.BAD_CONFIG),
    ({}, K.AMBIGUOUS),
    ({"MessageId": ""}, K.AMBIGUOUS),
    (["MessageId"], K.AMBIGUOUS),
    ({"MessageId": "m-1"}, K.DELIVERED),
]


@pytest.mark.parametrize(("answer", "expected"), SNS)
def test_every_sns_answer_is_sorted_and_only_a_message_id_is_delivery(answer, expected):
    topic = Topic(answer)
    outcome = Sns(Target(kind="sns", topic_arn=TOPIC), topic).send(message(), NOW)
    assert outcome.kind is expected
    assert len(topic.published) == (2 if expected is K.BAD_CONTENT else 1)
    assert (outcome.wait_seconds > 0) == (expected is K.RATE_LIMITED)
    assert not any(secret in outcome.detail for secret in (*SECRETS, TOPIC, "https://"))


def test_a_solved_sns_message_looks_different():
    assert "✅" in published_by(message(solved=True))["Message"]
    assert "✅" not in published_by(message())["Message"]
