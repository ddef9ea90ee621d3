"""Events in AWS's shapes, batch answers, filter patterns, and what the terminal makes of a run."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from aftersales.errors import Misconfigured
from local import events
from local.invoke import Run, failed_items, invoke, load_handler
from local.patterns import matches
from local.queues import Message
from local.report import Reporter, facts_of, readable
from local.template import Function, RouteTrigger, ScheduleTrigger
from local.web import Routes

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def function(handler: str, **fields: Any) -> Function:
    return Function("F", handler, timeout_seconds=3, memory_mb=128, environment={}, **fields)


def ran(result: Any = None, error: str = "", **fields: Any) -> Run:
    return Run("F", "2 messages", "id", 0.25, result=result, error=error, **fields)


def test_the_scheduled_time_stands_in_the_input_as_the_service_writes_it() -> None:
    trigger = ScheduleTrigger(
        "N", "rate(1 minute)", "UTC", '{"t":"<aws.scheduler.scheduled-time>"}'
    )
    assert events.scheduled(trigger, AT) == {"t": "2026-03-01T08:30:00Z"}


def test_a_queue_record_has_the_fields_of_sqs() -> None:
    message = Message("m1", "{}", {"a": {"DataType": "String", "StringValue": "v"}}, "r", 2, 10, 11)
    record = events.queue_batch("q", [message])["Records"][0]
    assert record["messageId"] == "m1"
    assert record["receiptHandle"] == "r"
    assert record["attributes"]["ApproximateReceiveCount"] == "2"
    assert record["attributes"]["SentTimestamp"] == "10000"
    assert record["messageAttributes"]["a"]["stringValue"] == "v"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:000000000000:q"


def test_a_stream_record_survives_json() -> None:
    record = events.stream_record(
        {
            "eventID": "1",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "dynamodb": {
                "ApproximateCreationDateTime": AT,
                "Keys": {"k": {"S": "x"}},
                "NewImage": {"k": {"S": "x"}, "b": {"B": b"\x00\x01"}, "s": {"BS": [b"\x02"]}},
                "SequenceNumber": "7",
            },
        },
        "outbox",
    )
    assert json.loads(json.dumps(record))["dynamodb"] == {
        "ApproximateCreationDateTime": AT.timestamp(),
        "Keys": {"k": {"S": "x"}},
        "NewImage": {"k": {"S": "x"}, "b": {"B": "AAE="}, "s": {"BS": ["Ag=="]}},
        "SequenceNumber": "7",
    }


def test_an_object_key_is_encoded_as_s3_does() -> None:
    event = events.object_created("drop", "inbox/lan/订单 7+8.csv", 3, "e", AT)
    found = event["Records"][0]["s3"]
    assert found["object"]["key"] == "inbox/lan/%E8%AE%A2%E5%8D%95+7%2B8.csv"
    assert found["bucket"]["name"] == "drop"


def http(body: bytes, content_type: str) -> dict[str, Any]:
    return events.http_request(
        method="POST",
        path="/push/kuaidi100",
        query="a=1&a=2&b=",
        headers=[
            ("Content-Type", content_type),
            ("X-Sign", "AbC"),
            ("x-sign", "d"),
            ("Cookie", "p=1; q=2"),
        ],
        body=body,
        route="POST /push/{source}",
        path_parameters={"source": "kuaidi100"},
        source_ip="127.0.0.1",
        at=AT,
    )


def test_an_http_request_has_payload_format_2() -> None:
    event = http(b'{"x":1}', "application/json; charset=utf-8")
    assert event["headers"]["x-sign"] == "AbC,d"
    assert event["cookies"] == ["p=1", "q=2"]
    assert "cookie" not in event["headers"]
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["pathParameters"] == {"source": "kuaidi100"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"x":1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["time"] == "01/Mar/2026:08:30:00 +0000"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"param=%7B%7D&sign=AB", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/json"),
        (b"x", ""),
    ],
)
def test_bodies_that_are_not_text_travel_as_base64(body: bytes, content_type: str) -> None:
    event = http(body, content_type)
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


@pytest.mark.parametrize(
    ("run", "partial", "failed"),
    [
        (ran(None), True, set()),
        (ran({"batchItemFailures": []}), True, set()),
        (ran({"batchItemFailures": [{"itemIdentifier": "b"}]}), True, {"b"}),
        (ran({"batchItemFailures": [{"itemIdentifier": "b"}]}), False, set()),
        (ran({"batchItemFailures": [{"itemIdentifier": "z"}]}), True, {"a", "b"}),
        (ran({"batchItemFailures": [{"itemIdentifier": ""}]}), True, {"a", "b"}),
        (ran({"batchItemFailures": [{}]}), True, {"a", "b"}),
        (ran("done"), True, {"a", "b"}),
        (ran(error="ValueError: x"), True, {"a", "b"}),
        (ran(error="ValueError: x"), False, {"a", "b"}),
    ],
)
def test_what_of_a_batch_comes_again(run: Run, partial: bool, failed: set[str]) -> None:
    assert failed_items(run, ["a", "b"], partial=partial) == failed


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["MODIFY", "REMOVE"]}, False),
        ({"dynamodb": {"NewImage": {"status": {"S": ["pending"]}}}}, True),
        ({"dynamodb": {"NewImage": {"status": {"S": ["sent"]}}}}, False),
        ({"dynamodb": {"NewImage": {"claim": [{"exists": False}]}}}, True),
        ({"dynamodb": {"NewImage": {"status": [{"exists": False}]}}}, False),
        ({"dynamodb": {"NewImage": {"status": {"S": [{"prefix": "pen"}]}}}}, True),
        ({"eventName": [{"anything-but": ["REMOVE"]}]}, True),
        ({"eventName": [{"anything-but": "INSERT"}]}, False),
        ({"nothing": {"at": ["all"]}}, False),
    ],
)
def test_filter_patterns(pattern: dict[str, Any], fits: bool) -> None:
    event = {"eventName": "INSERT", "dynamodb": {"NewImage": {"status": {"S": "pending"}}}}
    assert matches(pattern, event) is fits


def test_an_unknown_filter_operator_is_refused() -> None:
    with pytest.raises(Misconfigured, match="numeric"):
        matches({"n": [{"numeric": [">", 1]}]}, {"n": 2})


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ("no_such_package.app.handler", "no module no_such_package.app"),
        ("local.events.nothing", "local.events has no nothing"),
        ("local.events.TEXT_TYPES", "is not a function"),
    ],
)
def test_a_handler_that_is_not_there_is_said_plainly(handler: str, reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason):
        load_handler(function(handler))


def test_an_exception_becomes_the_runs_error() -> None:
    run = invoke(function("json.loads"), "{", cause="test")
    assert not run.ok
    assert run.error.startswith("TypeError")
    assert "Traceback" in run.trace


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("POST", "/push/sf", "POST /push/{source}"),
        ("POST", "/push/sf/s%2Fcret", "POST /push/{source}/{secret}"),
        ("POST", "/push/health", "POST /push/health"),
        ("GET", "/push/sf", "$default"),
        ("GET", "/files/a/b", "ANY /files/{path+}"),
        ("POST", "/push//", "$default"),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, key: str) -> None:
    routes = (
        *(RouteTrigger("ANY", "$default"), RouteTrigger("ANY", "/files/{path+}")),
        *(RouteTrigger("POST", "/push/{source}"), RouteTrigger("POST", "/push/{source}/{secret}")),
        RouteTrigger("POST", "/push/health"),
    )
    match = Routes((function("x.y", routes=routes),)).match(method, path)
    assert match is not None
    assert match.route_key == key


def test_path_parameters_are_decoded() -> None:
    routes = Routes((function("x.y", routes=(RouteTrigger("POST", "/push/{source}/{secret}"),)),))
    match = routes.match("POST", "/push/sf/s%2Fcret")
    assert match is not None
    assert match.parameters == {"source": "sf", "secret": "s/cret"}
    assert routes.match("POST", "/push/sf") is None


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, ""),
        ({"shards": 16, "coverage_lag_seconds": 1200}, "16 shards, coverage lag seconds 1,200"),
        ({"pending": 0, "delivered": 0}, ""),
        (
            {"batchItemFailures": [{"itemIdentifier": "x"}], "covered": [{"asked": 3}]},
            "1 failed, 3 asked",
        ),
        (
            {"batchItemFailures": [], "covered": [{"shard": 1, "asked": 3}, {"shard": 2}]},
            "3 asked",
        ),
        ({"covered": [{"shard": 4, "changed": {"parcels": 2}}]}, "shard 4, 2 parcels"),
        ({"statusCode": 401, "body": "", "headers": {}}, "1 answered 401"),
    ],
)
def test_a_summary_is_readable(result: Any, text: str) -> None:
    assert readable(facts_of(result)) == text


def reported(every: float, runs: list[Run]) -> list[str]:
    out = io.StringIO()
    reporter = Reporter(Console(file=out, width=200), every_seconds=every)
    for run in runs:
        reporter.run(run)
    reporter.flush(everything=True)
    return [line[9:] for line in out.getvalue().splitlines()]


def test_each_run_has_its_line() -> None:
    lines = reported(0, [ran({"asked": 1}), ran({"asked": 0}), ran({"covered": [{"shard": 0}]})])
    assert [" ".join(line.split()) for line in lines] == [
        "F 2 messages: 1 asked 0.25 s",
        "F 2 messages: nothing to do 0.25 s",
        "F 2 messages: shard 0, nothing to do 0.25 s",
    ]


def test_runs_of_one_moment_share_a_line_and_merged_ticks_are_counted() -> None:
    lines = reported(
        60, [ran({"asked": 2, "pending": 9}), ran({"asked": 3, "pending": 4}, merged=7)]
    )
    assert [" ".join(line.split()) for line in lines] == [
        "F 2 runs (7 late ticks merged): 5 asked, 4 pending 0.50 s"
    ]


def test_a_failure_is_shown_at_once_and_with_brackets_as_they_are() -> None:
    assert reported(60, [ran(error="Refused: [quota] used up")]) == [
        "F failed, 2 messages: Refused: [quota] used up"
    ]
