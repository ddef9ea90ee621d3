"""Pushes of the six sources, from the web address to the parcel; and those that are not let in."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest

from aftersales.couriers import aftership, easypost, kdniao, kuaidi100, seventeentrack
from aftersales.tables import parcels
from aftersales.tracking import DeliveredHow, Reason, Status, Watch
from local.events import queue_batch
from tests.desk_fakes import a_parcel
from tests.handler_world import NEVER_LOGGED, SECRETS, World, event_named, world_of

PARCELS = {
    "parcel_tracker_push_seventeentrack": ("UJ881260045YP", "yanwen"),
    "parcel_tracker_push_aftership": ("8812600411", "dhl"),
    "parcel_tracker_push_easypost": ("1Z88126X0300410025", "ups"),
    "parcel_tracker_push_kuaidi100": ("YT8812600410027", "yto"),
    "parcel_tracker_push_kdniao": ("78812600410031", "zto"),
    "parcel_tracker_push_sf": ("SF1881260041009", "sf"),
}
ENDS = {
    "parcel_tracker_push_seventeentrack": (Status.RETURNING, None, None, "returning"),
    "parcel_tracker_push_aftership": (
        *(Status.DELIVERY_FAILED, Reason.CONTACT_FAILED, None, "contact_failed"),
    ),
    "parcel_tracker_push_easypost": (Status.DELIVERED, None, DeliveredHow.UNKNOWN, None),
    "parcel_tracker_push_kuaidi100": (Status.EXCEPTION, Reason.DAMAGED, None, "damaged"),
    "parcel_tracker_push_kdniao": (Status.DELIVERY_FAILED, Reason.REFUSED, None, "refused"),
    "parcel_tracker_push_sf": (Status.DELIVERED, None, DeliveredHow.UNKNOWN, None),
}
"""What each push makes of its parcel: status, reason, how delivered, and the case it opens."""
ANSWERS: dict[str, dict[str, Any]] = {
    "parcel_tracker_push_seventeentrack": {"code": 0},
    "parcel_tracker_push_aftership": {},
    "parcel_tracker_push_easypost": {},
    "parcel_tracker_push_kuaidi100": {"result": True, "returnCode": "200", "message": "ok"},
    "parcel_tracker_push_kdniao": {"EBusinessID": "1881260", "Success": True, "Reason": ""},
    "parcel_tracker_push_sf": {"return_code": "0000", "return_msg": "成功"},
}
PUSHES = sorted(PARCELS)
SIGNED = [name for name in PUSHES if not name.endswith("_sf")]
IN_BODY = [name for name in SIGNED if not name.endswith(("_kuaidi100", "_kdniao"))]
FORMS = [name for name in SIGNED if name not in IN_BODY]
SHIPPED = datetime(2026, 10, 24, tzinfo=UTC)


@pytest.fixture
def world(
    tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        for number, courier in PARCELS.values():
            started = {"shipped_at": SHIPPED, "added_at": SHIPPED, "watch": Watch.PUSH}
            parcels.add(a_parcel(number, courier=courier, **started), shards=1)
        yield made
        written = made.log.getvalue() + "".join(capsys.readouterr())
    assert not [text for text in NEVER_LOGGED if text in written]


def body_of(event: dict[str, Any]) -> bytes:
    text = event["body"]
    return base64.b64decode(text) if event["isBase64Encoded"] else text.encode()


def with_body(event: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The event with another body, in base64."""
    changed = copy.deepcopy(event)
    changed |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return changed


def apply_queued(world: World) -> dict[str, Any]:
    """Hand all that is queued to the function that applies it."""
    result: dict[str, Any] = world.call(
        "parcel_tracker_apply", queue_batch("push", world.queued("push"))
    )
    return result


def refused(world: World, event: dict[str, Any], status: int = 401) -> None:
    """The sender is told nothing, and nothing is kept."""
    result = world.call("parcel_tracker_push", event)
    assert result == {"statusCode": status, "body": ""}
    assert world.queued("push") == []
    assert world.stored("quarantine") == {"quarantine": []}


@pytest.mark.parametrize("name", PUSHES)
def test_a_push_is_queued_and_answered_as_its_vendor_wants(world: World, name: str) -> None:
    answer = world.call(name)
    assert answer["statusCode"] == 200
    assert answer["headers"] == {"content-type": "application/json"}
    told = json.loads(answer["body"])
    told.pop("UpdateTime", None)
    assert told == ANSWERS[name]
    assert len(world.queued("push")) == 1
    number, _ = PARCELS[name]
    parcel = parcels.get(number)
    assert parcel is not None
    assert parcel.event_count == 0


@pytest.mark.parametrize("name", PUSHES)
def test_a_push_changes_its_parcel_once(world: World, name: str) -> None:
    world.call(name)
    assert apply_queued(world)["covered"] == [{"changed": 1}]
    number, _ = PARCELS[name]
    parcel = parcels.get(number)
    assert parcel is not None
    status, reason, how, case = ENDS[name]
    assert (parcel.status, parcel.reason, parcel.delivered_how) == (status, reason, how)
    assert world.cases() == ({f"parcel:{number}": case} if case else {})

    # The vendor repeats its push, and the queue repeats its message.
    before = world.stored("parcels", "cases", "outbox", "feeds")
    world.call(name)
    assert apply_queued(world)["covered"] == [{"unchanged": 1}, {"unchanged": 1}]
    assert world.stored("parcels", "cases", "outbox", "feeds") == before


def test_a_batch_of_pushes_is_applied_and_told_without_phone_numbers(world: World) -> None:
    result = world.call("parcel_tracker_apply")
    assert result["covered"] == [{"changed": 1}] * 3
    assert set(world.cases().values()) == {"damaged", "refused"}
    world.call("alert_dispatcher_sweep")
    messages = "".join(world.outside.messages)
    assert "YT8812600410027" in messages
    assert "78812600410031" in messages
    assert not [text for text in NEVER_LOGGED if text in messages]


def test_a_message_that_cannot_be_read_fails_alone(world: World) -> None:
    event = event_named("parcel_tracker_apply")
    event["Records"][1]["body"] = "not what we queue"
    result = world.call("parcel_tracker_apply", event)
    assert result["batchItemFailures"] == [
        {"itemIdentifier": event["Records"][1]["messageId"]},
    ]
    assert result["covered"] == [{"changed": 1}] * 2


def test_a_push_about_a_number_that_nobody_watches_is_done_with(world: World) -> None:
    world.tables.client.delete_item(
        TableName=f"{world.tables.prefix}-parcels",
        Key={"parcel_id": {"S": "SF1881260041009"}, "item": {"S": "state"}},
    )
    world.call("parcel_tracker_push_sf")
    assert apply_queued(world)["covered"] == [{"unknown_number": 1}]


@pytest.mark.parametrize("name", IN_BODY)
def test_the_signature_covers_the_bytes_behind_base64(world: World, name: str) -> None:
    event = event_named(name)
    encoded = with_body(event, body_of(event))
    assert world.call(name, encoded)["statusCode"] == 200
    assert len(world.queued("push")) == 1


@pytest.mark.parametrize("name", PUSHES)
def test_base64_that_is_not_declared_is_refused_or_useless(world: World, name: str) -> None:
    event = event_named(name)
    encoded = with_body(event, body_of(event)) | {"isBase64Encoded": False}
    if name.endswith("_sf"):  # nothing is signed: the secret in the path is all there is to check
        world.call(name, encoded)
        assert apply_queued(world)["covered"] == [{"quarantined": 1}]
    else:
        refused(world, encoded)


def forged(body: bytes) -> bytes:
    """A scan of another month."""
    return body.replace(b"2026-11-0", b"2026-10-0")


def truncated(body: bytes) -> bytes:
    return body[:-12]


def empty(_body: bytes) -> bytes:
    return b""


def with_a_byte_more(body: bytes) -> bytes:
    return body + b"\n"


def re_encoded(body: bytes) -> bytes:
    """The same JSON, written with blanks behind its commas."""
    if body.startswith(b"{"):
        return json.dumps(json.loads(body)).encode()
    fields = dict(parse_qsl(body.decode()))
    name = next(name for name in ("param", "RequestData") if name in fields)
    fields[name] = json.dumps(json.loads(fields[name]))
    return urlencode(fields).encode()


@pytest.mark.parametrize("name", SIGNED)
def test_a_body_that_was_touched_is_refused(world: World, name: str) -> None:
    event = event_named(name)
    # What stands around the signed field of a form is not signed.
    more = [with_a_byte_more] if name in IN_BODY else []
    for change in (forged, truncated, empty, re_encoded, *more):
        changed = change(body_of(event))
        assert changed != body_of(event)
        refused(world, with_body(event, changed))


@pytest.mark.parametrize("name", IN_BODY)
def test_a_push_without_its_signature_is_refused(world: World, name: str) -> None:
    event = event_named(name)
    for header in ("sign", "aftership-hmac-sha256", "x-hmac-signature"):
        event["headers"].pop(header, None)
    refused(world, event)


def test_a_push_that_nothing_signs_needs_the_secret_in_its_path(world: World) -> None:
    event = event_named("parcel_tracker_push_sf")
    for secret in ("", "made-up-path-secre", "made-up-path-secret2", "圆通"):
        event["pathParameters"]["secret"] = secret
        refused(world, event)
    del event["pathParameters"]["secret"]
    refused(world, event)


@pytest.mark.parametrize("name", PUSHES)
def test_a_push_larger_than_any_is_refused_unread(world: World, name: str) -> None:
    refused(world, with_body(event_named(name), b"x" * (1024 * 1024 + 1)), status=413)


def test_a_push_of_an_unknown_source_is_refused(world: World) -> None:
    event = event_named("parcel_tracker_push_seventeentrack")
    for source in ("", "nobody", "../kuaidi100", "KUAIDI100", "圆通"):
        event["pathParameters"]["source"] = source
        refused(world, event)


def test_a_push_signed_for_one_source_opens_no_other(world: World) -> None:
    event = event_named("parcel_tracker_push_aftership")
    event["pathParameters"]["source"] = "easypost"
    refused(world, event)


def test_a_push_without_a_body_is_refused(world: World) -> None:
    event = event_named("parcel_tracker_push_easypost")
    del event["body"]
    refused(world, event)


def signed(name: str, payload: str) -> dict[str, Any]:
    """Any payload, as the vendor would send it."""
    event = event_named(name)
    match name.removeprefix("parcel_tracker_push_"):
        case "seventeentrack":
            key = SECRETS["SEVENTEENTRACK_KEY"]
            event["headers"]["sign"] = seventeentrack.push_signature(payload.encode(), key)
        case "aftership":
            key = SECRETS["AFTERSHIP_WEBHOOK_SECRET"]
            signature = aftership.push_signature(payload.encode(), key)
            event["headers"]["aftership-hmac-sha256"] = signature
        case "easypost":
            key = SECRETS["EASYPOST_WEBHOOK_SECRET"]
            event["headers"]["x-hmac-signature"] = easypost.push_signature(payload.encode(), key)
        case "kuaidi100":
            sign = kuaidi100.callback_sign(payload, SECRETS["KUAIDI100_SALT"])
            payload = urlencode({"param": payload, "sign": sign})
        case "kdniao":
            sign = kdniao.data_sign(payload, SECRETS["KDNIAO_APP_KEY"])
            payload = urlencode({"RequestData": payload, "DataSign": sign})
    return with_body(event, payload.encode())


UNREADABLE = ("{", "[]]", '"13900139417"', '{"surprise": "13900139417"}')


@pytest.mark.parametrize("name", PUSHES)
def test_a_genuine_push_that_cannot_be_read_is_kept_for_replay(world: World, name: str) -> None:
    before = world.stored("parcels", "cases", "outbox")
    for payload in UNREADABLE:
        assert world.call(name, signed(name, payload))["statusCode"] == 200
    taken = {"batchItemFailures": [], "covered": [{"quarantined": 1}] * len(UNREADABLE)}
    assert apply_queued(world) == taken
    kept = world.tables.items("quarantine")
    assert {item["raw"] for item in kept} == set(UNREADABLE)
    assert {item["source"] for item in kept} == {
        f"push of {name.removeprefix('parcel_tracker_push_')}"
    }
    assert all(item["reason"] for item in kept)
    assert world.stored("parcels", "cases", "outbox") == before


@pytest.mark.parametrize("name", ["aftership", "easypost", "kdniao"])
def test_where_age_counts_a_push_is_refused_when_old_or_without_a_readable_time(
    world: World, name: str
) -> None:
    sources = dict(world.settings.tracking.sources)
    options = {"push_max_age_seconds": "3600"}
    sources[name] = msgspec.structs.replace(sources[name], options=options)
    world.push_settings(sources=sources)
    event = f"parcel_tracker_push_{name}"
    refused(world, event_named(event))  # it was true, on the day that it states
    for payload in UNREADABLE:
        refused(world, signed(event, payload))
