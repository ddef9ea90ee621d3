"""Stream batches that fail in part, and the deletion of what has expired."""

from __future__ import annotations

import importlib
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.expiry import delete_expired
from local.invoke import Run
from local.streams import StreamTail
from local.tables import ensure_table
from local.template import Function, StreamTrigger, load

FIXTURES = Path(__file__).parents[1] / "fixtures"


def streams_client(endpoint: str) -> Any:
    return boto3.client(
        "dynamodbstreams", endpoint_url=endpoint, config=Config(parameter_validation=False)
    )


@pytest.mark.parametrize(
    ("failing", "partial", "batches"),
    [
        (set(), True, [["a", "b", "c"]]),
        ({"b"}, True, [["a", "b", "c"], ["b", "c"]]),
        ({"b"}, False, [["a", "b", "c"]]),
    ],
)
def test_a_stream_goes_on_from_the_first_record_that_failed(
    tables: Any,
    aws_environment: pytest.MonkeyPatch,
    failing: set[str],
    partial: bool,
    batches: list[list[str]],
) -> None:
    aws_environment.syspath_prepend(str(FIXTURES))
    fixture = importlib.import_module("desk_fixture")
    fixture.failing_once.clear()
    fixture.failing_once.update(failing)
    runs: list[Run] = []
    tail = StreamTail(
        Function("F", "desk_fixture.flaky", 3, 128, {}),
        StreamTrigger(f"{tables.prefix}-outbox", 10, partial, 2, ({"eventName": ["INSERT"]},)),
        dynamodb=tables.client,
        streams=streams_client(tables.endpoint),
        report=runs.append,
        stopping=threading.Event(),
    )
    tail.open()
    for key in "abc":
        tables.client.put_item(
            TableName=f"{tables.prefix}-outbox", Item={"delivery_id": {"S": key}}
        )
    assert tail.poll() == 3
    assert tail.poll() == 0
    assert [run.result["seen"] for run in runs] == batches


def test_only_what_has_expired_is_deleted(dynamodb: Any) -> None:
    template = load(FIXTURES / "desk.yaml", prefix="expiring")
    for table in template.tables:
        ensure_table(dynamodb, table)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for key, expires in {"past": -1, "now": 0, "future": 1, "never": None}.items():
        item = {"order_key": {"S": key}}
        if expires is not None:
            item["expires_at"] = {"N": str(int(now.timestamp()) + expires)}
        dynamodb.put_item(TableName="expiring-orders", Item=item)
    assert delete_expired(dynamodb, template.tables, now) == 1
    left = dynamodb.scan(TableName="expiring-orders")["Items"]
    assert {item["order_key"]["S"] for item in left} == {"now", "future", "never"}
