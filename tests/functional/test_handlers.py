"""Every event of `events/` through its handler: what it did, and that twice adds nothing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aftersales.cases.casebook import Casebook
from aftersales.cases.model import DeliveryState
from aftersales.findings import Finding, Severity
from aftersales.tables import outbox, parcels
from aftersales.tracking import Reason, Status, Watch
from local.events import stream_record
from tests.desk_fakes import a_parcel
from tests.export_files import csv_of
from tests.handler_world import EVENTS, NEVER_LOGGED, NOW, World, event_named, world_of

ALL_EVENTS = sorted(path.stem for path in EVENTS.glob("*.json"))
NUMBER = "YT8812600410055"


@pytest.fixture
def world(
    tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made
        written = made.log.getvalue() + "".join(capsys.readouterr())
    assert not [text for text in NEVER_LOGGED if text in written]


def watched(number: str = NUMBER, **values: Any) -> None:
    """A parcel that left 30 hours ago, registered at its source."""
    shipped = NOW - timedelta(hours=30)
    started = {"shipped_at": shipped, "added_at": shipped, "watch": Watch.PUSH}
    assert parcels.add(a_parcel(number, **{**started, **values}), shards=1)


def told_by_17track(number: str = NUMBER) -> dict[str, Any]:
    """A parcel that its courier has damaged."""
    scan = {
        "time_utc": "2026-11-02T22:15:00Z",
        "description": "外包装破损,联系电话 13900139417",
        "location": "郑州市",
        "stage": "",
        "sub_status": "Exception_Damage",
    }
    return {
        "number": number,
        "carrier": 190157,
        "track_info": {
            "latest_status": {"status": "Exception", "sub_status": "Exception_Damage"},
            "tracking": {"providers": [{"events": [scan]}]},
        },
    }


@pytest.mark.parametrize("name", ALL_EVENTS)
def test_every_event_is_taken_by_its_function(world: World, name: str) -> None:
    world.buckets.put(
        "aftersales-drop",
        "inbox/tb1/发货 2026-11-03.csv",
        csv_of({"订单号": "1", "快递单号": NUMBER, "快递公司": "圆通速递"}),
    )
    page = event_named("review_scanner_page")["rawPath"].lstrip("/")
    world.buckets.put("aftersales-drop", page, b"<!doctype html>")
    result = world.call(name)
    assert not result.get("batchItemFailures")
    assert result.get("statusCode", 200) == 200
    assert '"level":"ERROR"' not in world.log.getvalue()


@pytest.mark.parametrize("name", [name for name in ALL_EVENTS if "tracker" not in name])
def test_a_log_line_names_its_request(world: World, name: str) -> None:
    world.call(name)
    lines = [json.loads(line) for line in world.log.getvalue().splitlines()]
    assert all(line["function_request_id"] and line["service"] for line in lines)


def test_planning_queues_one_message_for_each_shard(world: World) -> None:
    world.push_settings(shards=12)
    before = world.stored("parcels", "cases", "outbox", "feeds")
    assert world.call("parcel_tracker_plan") == {"shards": 12, "coverage_lag_seconds": 0}
    queued = [json.loads(message.body) for message in world.queued("sweep")]
    assert sorted(message["shard"] for message in queued) == list(range(12))
    assert {message["scheduled_time"] for message in queued} == {"2026-11-03T02:00:00Z"}
    world.call("parcel_tracker_plan")
    assert world.stored("parcels", "cases", "outbox", "feeds") == before


def test_planning_measures_how_far_the_slowest_sweep_is_behind(world: World) -> None:
    world.call("parcel_tracker_sweep")
    behind = NOW + timedelta(hours=5)
    with pytest.MonkeyPatch.context() as later:
        from time import time

        later.setenv("AFTERSALES_CLOCK", f"{time()},{behind.timestamp()},1")
        lag = world.call("parcel_tracker_plan")["coverage_lag_seconds"]
    assert 5 * 3600 - 60 <= lag <= 5 * 3600 + 60
    assert world.cases()["feed:tracking#seventeentrack"] == "feed_behind"


def test_a_sweep_asks_about_the_shard_and_opens_a_case(world: World) -> None:
    watched()
    world.outside.parcels[NUMBER] = told_by_17track()
    (covered,) = world.call("parcel_tracker_sweep")["covered"]
    assert (covered["shard"], covered["open"], covered["changed"]) == (0, 1, 1)
    parcel = parcels.get(NUMBER)
    assert parcel is not None
    assert (parcel.status, parcel.reason) == (Status.EXCEPTION, Reason.DAMAGED)
    assert world.cases() == {f"parcel:{NUMBER}": "damaged"}
    assert len(list(outbox.pending())) == 1

    before = world.stored("parcels", "cases", "outbox")
    (covered,) = world.call("parcel_tracker_sweep")["covered"]
    assert "changed" not in covered
    assert world.outside.asked("gettrackinfo") == [[NUMBER]]
    assert world.stored("parcels", "cases", "outbox") == before


def test_a_sweep_registers_new_parcels_where_the_source_pushes(world: World) -> None:
    watched(watch=Watch.NEW)
    world.call("parcel_tracker_sweep")
    world.call("parcel_tracker_sweep")
    parcel = parcels.get(NUMBER)
    assert parcel is not None
    assert parcel.watch is Watch.PUSH
    assert world.outside.asked("register") == [[NUMBER]]


def test_a_source_that_fails_is_no_problem_of_its_parcels(world: World) -> None:
    watched(shipped_at=NOW - timedelta(hours=90))
    world.outside.status = 503
    (covered,) = world.call("parcel_tracker_sweep")["covered"]
    assert covered["stopped_their_fault_retry"] == 1
    assert world.cases() == {}


def test_a_shard_that_cannot_be_read_comes_again_alone(world: World) -> None:
    event = event_named("parcel_tracker_sweep")
    bad = copy.deepcopy(event["Records"][0]) | {"messageId": "bad", "body": "no shard"}
    result = world.call("parcel_tracker_sweep", {"Records": [bad, *event["Records"]]})
    assert result["batchItemFailures"] == [{"itemIdentifier": "bad"}]
    assert len(result["covered"]) == 1


def image_into_outbox(world: World, event: dict[str, Any]) -> str:
    """Store what the stream tells of, as the casebook would have; returns its id."""
    image = event["Records"][0]["dynamodb"]["NewImage"]
    world.tables.client.put_item(TableName=f"{world.tables.prefix}-outbox", Item=image)
    return str(image["delivery_id"]["S"])


def test_an_alert_from_the_stream_reaches_the_robot_once(world: World) -> None:
    delivery_id = image_into_outbox(world, event_named("alert_dispatcher_stream"))
    assert world.call("alert_dispatcher_stream")["covered"] == [{"sent": 1}]
    (message,) = world.outside.messages
    assert "YT8812600410027" in message
    assert "2611020881260041" in message
    delivery = outbox.get(delivery_id)
    assert delivery is not None
    assert delivery.state is DeliveryState.SENT

    before = world.stored("outbox", "cases")
    assert world.call("alert_dispatcher_stream")["covered"] == [{"taken": 1}]
    world.call("alert_dispatcher_sweep")
    assert len(world.outside.messages) == 1
    assert world.stored("outbox", "cases") == before


def test_records_of_changes_are_ignored(world: World) -> None:
    event = event_named("alert_dispatcher_stream")
    image_into_outbox(world, event)
    for kind in ("MODIFY", "REMOVE"):
        event["Records"][0]["eventName"] = kind
        assert world.call("alert_dispatcher_stream", event)["covered"] == [{"ignored": 1}]
    assert world.outside.messages == []


def test_a_stream_record_that_cannot_be_read_fails_alone(world: World) -> None:
    event = event_named("alert_dispatcher_stream")
    image_into_outbox(world, event)
    bad = copy.deepcopy(event["Records"][0])
    bad["dynamodb"]["NewImage"]["document"] = {"S": "{"}
    bad["dynamodb"]["SequenceNumber"] = "100000000000000000001"
    result = world.call("alert_dispatcher_stream", {"Records": [bad, *event["Records"]]})
    assert result["batchItemFailures"] == [{"itemIdentifier": "100000000000000000001"}]
    assert len(world.outside.messages) == 1


def test_the_dispatchers_sweep_delivers_what_the_stream_did_not(world: World) -> None:
    finding = Finding(
        kind="refused",
        subject=f"parcel:{NUMBER}",
        severity=Severity.ALARM,
        shop_id="tb1",
        facts={"waybill_number": NUMBER, "courier": "yto", "order_ids": "2611020881260055"},
    )
    Casebook(world.settings.alerts).open(finding, NOW)
    summary = world.call("alert_dispatcher_sweep")
    assert (summary["pending"], summary["sent"]) == (1, 1)
    assert NUMBER in world.outside.messages[0]
    assert world.call("alert_dispatcher_sweep") == {"pending": 0, "oldest_seconds": 0}
    assert len(world.outside.messages) == 1


def test_a_damaged_parcel_is_told_from_the_sweep_to_the_robot(world: World) -> None:
    """All the way: the sweep's transaction, its stream record as the engine tells it, the robot."""
    watched()
    world.outside.parcels[NUMBER] = told_by_17track()
    world.call("parcel_tracker_sweep")
    (item,) = world.tables.client.scan(TableName=f"{world.tables.prefix}-outbox")["Items"]
    record = {
        "eventID": "1",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "dynamodb": {"NewImage": item, "SequenceNumber": "1"},
    }
    event = {"Records": [stream_record(record, f"{world.tables.prefix}-outbox")]}
    assert world.call("alert_dispatcher_stream", event)["covered"] == [{"sent": 1}]
    (message,) = world.outside.messages
    assert NUMBER in message
    assert "13900139417" not in message
