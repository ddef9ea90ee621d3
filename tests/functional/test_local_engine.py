"""The embedded engine: it comes back, keeps what it acknowledged, and its tables are checked."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from aftersales.errors import Misconfigured
from local import engine_install
from local.engine import Engine
from local.tables import create_tables

DESK = Path(__file__).parents[1] / "fixtures" / "desk.yaml"


def client(engine: Engine) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=engine.endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"mode": "standard", "total_max_attempts": 8}),
    )


def test_a_write_survives_kill_9_and_the_engine_comes_back(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine:
        dynamodb = client(engine)
        create_tables(dynamodb, DESK, "kept")
        dynamodb.put_item(TableName="kept-orders", Item={"order_key": {"S": "lan#1"}})
        first = engine.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        found = dynamodb.get_item(TableName="kept-orders", Key={"order_key": {"S": "lan#1"}})
        assert found["Item"] == {"order_key": {"S": "lan#1"}}
        assert engine.restarts == 1
        assert engine.pid not in {None, first}


def test_a_second_engine_takes_the_file_over_from_the_one_that_a_killed_runner_left(
    tmp_path: Path,
) -> None:
    left_behind = Engine(tmp_path)
    left_behind.start()
    left_behind._stopping.set()  # nobody watches it any more
    create_tables(client(left_behind), DESK, "kept")
    with Engine(tmp_path) as engine:
        assert left_behind.pid is None
        assert "kept-outbox" in client(engine).list_tables()["TableNames"]


def test_stopping_ends_the_process_and_leaves_no_process_id(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.start()
    pid = engine.pid
    engine.stop()
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()
    assert not (tmp_path / "engine.pid").exists()


def test_a_taken_port_is_said_plainly(engine: Engine, tmp_path: Path) -> None:
    port = int(engine.endpoint.rpartition(":")[2])
    with pytest.raises(Misconfigured, match=f"port {port} for the embedded database engine"):
        Engine(tmp_path, port=port).start()


def test_making_the_tables_twice_changes_nothing(dynamodb: Any) -> None:
    create_tables(dynamodb, DESK, "twice")
    before = dynamodb.describe_table(TableName="twice-outbox")["Table"]["LatestStreamArn"]
    create_tables(dynamodb, DESK, "twice")
    assert dynamodb.describe_table(TableName="twice-outbox")["Table"]["LatestStreamArn"] == before
    ttl = dynamodb.describe_time_to_live(TableName="twice-orders")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def outbox_with(client: Any, name: str, key: str) -> None:
    """An outbox as an earlier version might have made it: without index and stream."""
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_a_table_of_an_earlier_version_gets_what_it_lacks_and_keeps_its_items(
    dynamodb: Any,
) -> None:
    outbox_with(dynamodb, "older-outbox", "delivery_id")
    for n in range(3):
        pending = {"pending_shard": {"N": "0"}, "pending_order": {"S": f"2026-11-0{n + 1}"}}
        dynamodb.put_item(TableName="older-outbox", Item={"delivery_id": {"S": str(n)}, **pending})
    create_tables(dynamodb, DESK, "older")
    found = dynamodb.query(
        TableName="older-outbox",
        IndexName="pending",
        KeyConditionExpression="pending_shard = :shard",
        ExpressionAttributeValues={":shard": {"N": "0"}},
    )["Items"]
    assert [item["delivery_id"]["S"] for item in found] == ["0", "1", "2"]
    table = dynamodb.describe_table(TableName="older-outbox")["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    create_tables(dynamodb, DESK, "older")
    assert dynamodb.describe_table(TableName="older-outbox")["Table"] == table


def test_a_table_with_other_keys_is_refused_with_what_differs(dynamodb: Any) -> None:
    outbox_with(dynamodb, "other-outbox", "number")
    with pytest.raises(Misconfigured, match=r"other-outbox has other keys: another version"):
        create_tables(dynamodb, DESK, "other")


def test_a_changed_binary_is_not_run(tmp_path: Path) -> None:
    package, _ = engine_install.BUILDS["Linux", "x86_64"]
    binary = tmp_path / "engine" / "node_modules" / package / "dynoxide"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(b"#!/bin/sh\n")
    with pytest.raises(Misconfigured, match=r"not the known build 1\.2\.1"):
        engine_install.engine_binary(tmp_path)


def test_a_machine_without_a_build_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(Misconfigured, match=r"Linux riscv64.*AFTERSALES_DYNAMODB_ENDPOINT"):
        engine_install.engine_binary(tmp_path)
