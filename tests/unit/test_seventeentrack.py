"""17TRACK: codes, replies of several API versions, pushes, calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from aftersales.couriers.base import Registration, WatchRequest
from aftersales.couriers.seventeentrack import SeventeenTrack, push_signature
from aftersales.couriers.seventeentrack_reply import ERRORS, SUB_STATUSES
from aftersales.errors import BadInput, Misconfigured, WebhookRefused
from aftersales.http import HttpReply, HttpRequest
from aftersales.tracking import (
    DeliveredHow,
    ErrorClass,
    Reason,
    ReplyError,
    Status,
    TrackingReply,
)

NOW = datetime(2026, 7, 2, 12, tzinfo=UTC)
NUMBER = "RR123456785CN"


class Vendor:
    """A transport that answers what it was given, and keeps what was sent."""

    def __init__(self, *answers: HttpReply) -> None:
        self.answers = list(answers)
        self.sent: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> HttpReply:
        self.sent.append(request)
        return self.answers.pop(0)


def _json(value: Any, status: int = 200) -> HttpReply:
    return HttpReply(status, json.dumps(value).encode())


def _source(*answers: HttpReply, **more: Any) -> tuple[SeventeenTrack, Vendor]:
    vendor = Vendor(*answers)
    return SeventeenTrack({"key": "key-7f3a9c"}, vendor, **more), vendor


def _lists(accepted: Any = (), rejected: Any = ()) -> dict[str, Any]:
    return {"code": 0, "data": {"accepted": list(accepted), "rejected": list(rejected)}}


def _item(info: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = {"number": NUMBER, "carrier": 3011, "tag": "o-1", **more}
    return item if info is None else {**item, "track_info": info}


def _scan(time: str, words: str, sub_status: str | None = "InTransit_Other") -> dict[str, Any]:
    return {"time_utc": time, "description": words, "location": "深圳", "sub_status": sub_status}


def _parse(value: Any, kind: str = "query_reply") -> list[TrackingReply | ReplyError]:
    return SeventeenTrack.parse(kind, json.dumps(value).encode())


def _one(value: Any, kind: str = "query_reply") -> TrackingReply:
    (entry,) = _parse(value, kind)
    assert isinstance(entry, TrackingReply)
    return entry


@pytest.mark.parametrize(
    ("status", "sub_status", "state"),
    [
        ("NotFound", "NotFound_Other", (Status.UNKNOWN, None)),
        ("NotFound", "NotFound_InvalidCode", (Status.UNKNOWN, Reason.BAD_NUMBER)),
        ("InfoReceived", "InfoReceived", (Status.INFO_RECEIVED, None)),
        ("InTransit", "InTransit_PickedUp", (Status.PICKED_UP, None)),
        ("InTransit", "InTransit_Arrival", (Status.IN_TRANSIT, None)),
        ("InTransit", "InTransit_CustomsProcessing", (Status.CUSTOMS, None)),
        ("InTransit", "InTransit_CustomsReleased", (Status.IN_TRANSIT, None)),
        (
            "InTransit",
            "InTransit_CustomsRequiringInformation",
            (Status.CUSTOMS, Reason.CUSTOMS_DOCUMENTS),
        ),
        ("Expired", "Expired_Other", (Status.EXPIRED, None)),
        ("AvailableForPickup", "AvailableForPickup_Other", (Status.AVAILABLE_FOR_PICKUP, None)),
        ("OutForDelivery", "OutForDelivery_Other", (Status.OUT_FOR_DELIVERY, None)),
        (
            "DeliveryFailure",
            "DeliveryFailure_NoBody",
            (Status.DELIVERY_FAILED, Reason.CONTACT_FAILED),
        ),
        ("DeliveryFailure", "DeliveryFailure_Rejected", (Status.DELIVERY_FAILED, Reason.REFUSED)),
        (
            "DeliveryFailure",
            "DeliveryFailure_InvalidAddress",
            (Status.DELIVERY_FAILED, Reason.ADDRESS),
        ),
        ("Delivered", "Delivered_Other", (Status.DELIVERED, None)),
        ("Exception", "Exception_Returning", (Status.RETURNING, None)),
        ("Exception", "Exception_Returned", (Status.RETURNED, None)),
        ("Exception", "Exception_Cancel", (Status.CANCELLED, None)),
        ("Exception", "Exception_Lost", (Status.EXCEPTION, Reason.LOST)),
        ("Exception", "Exception_Damage", (Status.EXCEPTION, Reason.DAMAGED)),
        ("Exception", "Exception_Delayed", (Status.EXCEPTION, Reason.DELAYED)),
        # what is not in the table is decided by the main status
        ("DeliveryFailure", "DeliveryFailure_Moon", (Status.DELIVERY_FAILED, Reason.OTHER)),
        ("Delivered", None, (Status.DELIVERED, None)),
        ("delivered", "InTransit_Other", (Status.DELIVERED, None)),
        (None, "Exception_Lost", (Status.EXCEPTION, Reason.LOST)),
        ("Teleported", "Teleported_Other", (Status.UNKNOWN, None)),
    ],
)
def test_a_status_and_its_sub_status_become_our_words(
    status: str | None, sub_status: str | None, state: tuple[Status, Reason | None]
) -> None:
    latest = {"status": status, "sub_status": sub_status}
    reply = _one(_lists([_item({"latest_status": latest})]))
    assert (reply.status, reply.reason) == state


def test_every_documented_sub_status_of_the_reference_is_in_the_table() -> None:
    assert len(SUB_STATUSES) == 30


def test_several_carriers_scans_are_merged_by_time_and_told_once() -> None:
    handover = _scan("2026-07-01T04:00:00Z", "Handed to destination post")
    info = {
        "latest_status": {"status": "InTransit", "sub_status": "InTransit_Arrival"},
        "tracking": {
            "providers": [
                {
                    "latest_sync_time": "2026-07-02T01:00:00Z",
                    "events": [handover, _scan("2026-06-28T10:00:00Z", "Accepted")],
                },
                {"events": [_scan("2026-07-02T00:30:00Z", "Arrived"), handover]},
                {"events": None},
            ]
        },
    }
    reply = _one(_lists([_item(info)]))
    assert [scan.text for scan in reply.events] == [
        "Accepted",
        "Handed to destination post",
        "Arrived",
    ]
    assert reply.last_event_at == datetime(2026, 7, 2, 0, 30, tzinfo=UTC)
    assert reply.reported_at == datetime(2026, 7, 2, 1, tzinfo=UTC)
    assert (reply.courier, reply.tag) == ("china_post", "o-1")


@pytest.mark.parametrize(
    ("times", "at", "zone_known"),
    [
        ({"time_utc": None, "time_iso": "2026-07-01T14:00:00+08:00"}, (6, 0), True),
        ({"time_iso": "2026-07-01T14:00:00"}, (14, 0), False),
        ({"time_raw": "2026-07-01 14:00"}, (14, 0), False),
        (
            {"time_raw": {"date": "2026-07-01", "time": "14:00:00", "timezone": "+08:00"}},
            (6, 0),
            True,
        ),
        ({"time_raw": {"date": "2026-07-01", "time": None, "timezone": None}}, (0, 0), False),
    ],
)
def test_a_scan_without_utc_time_is_placed_by_what_it_has(
    times: dict[str, Any], at: tuple[int, int], zone_known: bool
) -> None:
    scan = {"description": "Arrived", "sub_status": "InTransit_Arrival", **times}
    info = {"tracking": {"providers": [{"events": [scan]}]}}
    (event,) = _one(_lists([_item(info)])).events
    assert event.at == datetime(2026, 7, 1, *at, tzinfo=UTC)
    assert event.zone_known is zone_known


def test_a_scan_without_any_time_is_left_out_and_the_others_stay() -> None:
    events = [{"description": "?"}, _scan("2026-07-01T00:00:00Z", "Arrived")]
    info = {"tracking": {"providers": [{"events": events}]}}
    assert [scan.text for scan in _one(_lists([_item(info)])).events] == ["Arrived"]


@pytest.mark.parametrize(
    ("stage", "sub_status", "status"),
    [
        ("PickedUp", "InTransit_Other", Status.PICKED_UP),
        ("Returning", "Exception_Other", Status.RETURNING),
        ("Departure", None, Status.IN_TRANSIT),
        (None, "Delivered_Other", Status.DELIVERED),
        ("Arrival", "Exception_Damage", Status.EXCEPTION),
        (None, None, None),
        ("Wormhole", "Wormhole_Other", None),
    ],
)
def test_a_scan_is_read_by_stage_and_sub_status(
    stage: str | None, sub_status: str | None, status: Status | None
) -> None:
    scan = {**_scan("2026-07-01T00:00:00Z", "…", sub_status), "stage": stage}
    info = {"tracking": {"providers": [{"events": [scan]}]}}
    assert _one(_lists([_item(info)])).events[0].status is status


def test_the_newest_known_scan_decides_where_no_latest_status_is_told() -> None:
    events = [
        _scan("2026-07-02T00:00:00Z", "?", None),
        _scan("2026-07-01T00:00:00Z", "Refused", "DeliveryFailure_Rejected"),
    ]
    reply = _one(_lists([_item({"tracking": {"providers": [{"events": events}]}})]))
    assert (reply.status, reply.reason) == (Status.DELIVERY_FAILED, Reason.REFUSED)


def test_a_push_with_only_the_newest_scan_still_tells_when_it_was() -> None:
    info = {
        "latest_status": {"status": "Exception", "sub_status": "Exception_Returning"},
        "latest_event": {"time_utc": "2026-07-02T03:10:00Z", "stage": "Returning"},
        "tracking": {"providers": [{"events": []}]},
    }
    reply = _one({"event": "TRACKING_UPDATED", "data": _item(info)}, "push")
    assert reply.status is Status.RETURNING
    assert reply.last_event_at == datetime(2026, 7, 2, 3, 10, tzinfo=UTC)
    assert not reply.stopped


def test_a_stop_says_that_nothing_more_will_come() -> None:
    reply = _one({"event": "TRACKING_STOPPED", "data": _item()}, "push")
    assert reply.stopped
    assert reply.status is Status.EXPIRED
    assert reply.events == ()


def test_a_registration_is_a_parcel_without_news() -> None:
    accepted, rejected = _parse(
        _lists(
            [{"origin": 1, "number": NUMBER, "carrier": "3011"}],
            [{"number": "X1", "error": {"code": -18019903, "message": "Carrier unknown."}}],
        )
    )
    assert isinstance(accepted, TrackingReply)
    assert (accepted.status, accepted.events) == (Status.UNKNOWN, ())
    assert rejected == ReplyError(
        ErrorClass.BAD_NUMBER_OR_COURIER, "-18019903", "Carrier unknown.", "X1"
    )


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        (-18010001, ErrorClass.AUTH),
        (-18010002, ErrorClass.AUTH),
        (-18010003, ErrorClass.THEIR_FAULT_RETRY),
        (-18010004, ErrorClass.AUTH),
        (-18010005, ErrorClass.AUTH),
        (-18010013, ErrorClass.BAD_NUMBER_OR_COURIER),
        (-18010020, ErrorClass.BAD_NUMBER_OR_COURIER),
        (-18019901, ErrorClass.ALREADY_REGISTERED),
        (-18019902, ErrorClass.NO_RESULT_YET),
        (-18019903, ErrorClass.BAD_NUMBER_OR_COURIER),
        (-18019907, ErrorClass.THROTTLED),
        (-18019908, ErrorClass.QUOTA),
        ("-18019909", ErrorClass.NO_RESULT_YET),
        (-18019910, ErrorClass.BAD_NUMBER_OR_COURIER),
        (-18019911, ErrorClass.BAD_NUMBER_OR_COURIER),
        (-18019816, ErrorClass.THEIR_FAULT_RETRY),
        (-18019818, ErrorClass.AUTH),
        (-18099999, ErrorClass.THEIR_FAULT_RETRY),
        (None, ErrorClass.THEIR_FAULT_RETRY),
    ],
)
def test_an_error_code_says_what_to_do_for_a_parcel_and_for_a_call(
    code: Any, error_class: ErrorClass
) -> None:
    error = {"code": code, "message": "m"}
    (of_parcel,) = _parse(_lists([], [{"number": NUMBER, "error": error}]))
    (of_call,) = _parse({"code": code, "data": {"errors": [error]}})
    assert isinstance(of_parcel, ReplyError)
    assert isinstance(of_call, ReplyError)
    assert (of_parcel.error_class, of_parcel.waybill_number) == (error_class, NUMBER)
    assert (of_call.error_class, of_call.waybill_number) == (error_class, "")


def test_every_error_code_has_a_class() -> None:
    assert {*ERRORS} >= {10001, 10014, 19901, 19902, 19909, 19912, 19815, 19817, 19818}


def test_an_error_told_only_by_its_top_level_code_is_an_error() -> None:
    (entry,) = _parse({"code": -18010002, "data": {}})
    assert isinstance(entry, ReplyError)
    assert entry.error_class is ErrorClass.AUTH


@pytest.mark.parametrize(
    ("state", "status"),
    [(0, Status.UNKNOWN), ("10", Status.IN_TRANSIT), (20, Status.EXPIRED),
     (30, Status.AVAILABLE_FOR_PICKUP), (35, Status.DELIVERY_FAILED), (40, Status.DELIVERED),
     (50, Status.EXCEPTION), (77, Status.UNKNOWN)],
)  # fmt: skip
def test_the_first_api_is_read_too(state: Any, status: Status) -> None:
    track = {
        "e": state,
        "z0": {"a": "2020-03-02 09:15", "c": "", "d": "LEIPZIG", "z": "Delivered"},
        "z1": [{"a": "2020-03-01 18:00", "c": "Shenzhen", "d": None, "z": "Departed"}],
        "z2": [{"a": "2020-03-02 09:15", "c": "", "d": "LEIPZIG", "z": "Delivered"}],
    }
    reply = _one({"event": "TRACKING_UPDATED", "data": _item(track=track)}, "push")
    assert reply.status is status
    assert [scan.text for scan in reply.events] == ["Departed", "Delivered"]
    assert [scan.place for scan in reply.events] == ["Shenzhen", "LEIPZIG"]
    assert not any(scan.zone_known for scan in reply.events)


def test_a_line_of_the_tracking_list_tells_status_and_stop() -> None:
    line = _item(package_status="Delivered", tracking_status="Stopped")
    reply = _one({**_lists([line]), "page": {"page_no": 1}})
    assert (reply.status, reply.delivered_how) == (Status.DELIVERED, DeliveredHow.UNKNOWN)
    assert reply.stopped


@pytest.mark.parametrize("value", [{}, [], {"code": 0}, {"event": "TRACKING_UPDATED"}, "x", None])
def test_what_is_not_theirs_is_refused_with_its_place(value: Any) -> None:
    if value == []:
        assert _parse(value) == []
        return
    with pytest.raises(BadInput, match="seventeentrack query_reply"):
        _parse(value)


# --- pushes


def test_the_signature_is_the_plain_hash_of_body_slash_and_key() -> None:
    body = (
        b'{"event":"TRACKING_UPDATED","data":{"number":"RR000000005CN","carrier":3011,"tag":"o-1"}}'
    )
    signature = "a71efb82b7cad070219c7367ccc60f2f145dc12cf7ae6ab0cfd94dd8714ba092"
    assert push_signature(body, "TESTTOKEN0001") == signature
    source = SeventeenTrack({"key": "TESTTOKEN0001"}, Vendor())
    assert source.verify_push({"sign": signature}, body, "", NOW) == body
    assert source.verify_push({"sign": signature.upper()}, body, "", NOW) == body


def test_both_keys_sign_while_a_key_is_being_changed() -> None:
    source = SeventeenTrack({"key": "new", "key_previous": "old"}, Vendor())
    for key in ("new", "old"):
        assert source.verify_push({"sign": push_signature(b"{}", key)}, b"{}", "", NOW) == b"{}"
    with pytest.raises(WebhookRefused):
        source.verify_push({"sign": push_signature(b"{}", "older")}, b"{}", "", NOW)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 401),
        ({"sign": ""}, b"{}", 401),
        ({"sign": "0" * 64}, b"{}", 401),
        ({"sign": push_signature(b"{}", "key-7f3a9c")}, b"{ }", 401),
        ({"sign": push_signature(b"{}", "key-7f3a9c")}, b"{}" + b" " * 1024 * 1024, 413),
        ({"sign": "é" * 64}, b"{}", 401),
    ],
)
def test_a_push_that_is_not_theirs_is_refused(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    source, _ = _source()
    with pytest.raises(WebhookRefused) as caught:
        source.verify_push(headers, body, "", NOW)
    assert caught.value.status == status
    assert "key-7f3a9c" not in str(caught.value)


def test_a_path_secret_that_is_set_is_asked_for() -> None:
    source, _ = _source(options={"path_secret_value": "door"})
    headers = {"sign": push_signature(b"{}", "key-7f3a9c")}
    assert source.verify_push(headers, b"{}", "door", NOW) == b"{}"
    with pytest.raises(WebhookRefused):
        source.verify_push(headers, b"{}", "", NOW)


# --- calls


def _asked(*numbers: str, courier: str = "china_post") -> list[WatchRequest]:
    return [WatchRequest(number, courier, tag=f"tag-{number}") for number in numbers]


def test_a_query_asks_for_all_at_once_and_answers_in_the_order_asked() -> None:
    reply = _lists(
        [_item({"latest_status": {"status": "Delivered"}}, number="B2"), _item(number="a1")],
        [{"number": "C3", "error": {"code": -18019902, "message": "not registered"}}],
    )
    source, vendor = _source(_json(reply))
    a, b, c, d = source.query(_asked("A1", "B2", "C3", "D4"))

    (sent,) = vendor.sent
    assert sent.url == "https://api.17track.net/track/v2.2/gettrackinfo"
    assert sent.headers["17token"] == "key-7f3a9c"
    assert json.loads(sent.body) == [
        {"number": n, "carrier": 3011} for n in ("A1", "B2", "C3", "D4")
    ]
    assert [entry.waybill_number for entry in (a, b, c, d)] == ["A1", "B2", "C3", "D4"]
    assert isinstance(b, TrackingReply)
    assert b.status is Status.DELIVERED
    assert isinstance(c, ReplyError)
    assert c.error_class is ErrorClass.NO_RESULT_YET
    assert isinstance(d, ReplyError)
    assert d.error_class is ErrorClass.NO_RESULT_YET


def test_of_a_number_registered_twice_our_courier_is_answered() -> None:
    reply = _lists([_item(carrier=100003), _item(carrier=100001)])
    source, _ = _source(_json(reply))
    (entry,) = source.query(_asked(NUMBER, courier="dhl"))
    assert isinstance(entry, TrackingReply)
    assert entry.courier == "dhl"


def test_a_registration_sends_carrier_tag_and_phone_and_reports_corrections() -> None:
    reply = _lists(
        [
            {"origin": 1, "number": "A1", "carrier": 100001},
            {"origin": 2, "number": "B2", "carrier": 100012},
        ],
        [
            {"number": "C3", "error": {"code": -18019901, "message": "registered"}},
            {"number": "D4", "error": {"code": -18019908, "message": "no quota"}},
        ],
    )
    source, vendor = _source(_json(reply))
    outcome = source.register(
        [
            WatchRequest("A1", ""),
            WatchRequest("B2", "sf", phone_tail="1234", tag="t"),
            WatchRequest("C3", "usps", phone_tail="1234"),
            WatchRequest("D4", "usps"),
            WatchRequest("E5", "usps"),
        ]
    )
    assert json.loads(vendor.sent[0].body) == [
        {"number": "A1", "auto_detection": True},
        {"number": "B2", "carrier": 100012, "tag": "t", "param": "1234"},
        {"number": "C3", "carrier": 21051},
        {"number": "D4", "carrier": 21051},
        {"number": "E5", "carrier": 21051},
    ]
    assert outcome[:3] == [
        Registration("A1", None, "dhl"),
        Registration("B2", None, ""),
        Registration("C3", None, ""),
    ]
    assert [one.error.error_class for one in outcome[3:] if one.error] == [
        ErrorClass.QUOTA,
        ErrorClass.THEIR_FAULT_RETRY,
    ]


def test_a_call_that_is_refused_as_a_whole_stands_for_every_parcel() -> None:
    refusal = {
        "code": -18010002,
        "data": {"errors": [{"code": -18010002, "message": "key-7f3a9c"}]},
    }
    calls: list[Callable[[SeventeenTrack], Any]] = [
        lambda source: source.query(_asked("A1", "B2")),
        lambda source: [one.error for one in source.register(_asked("A1", "B2"))],
    ]
    for call in calls:
        source, _ = _source(_json(refusal))
        errors = call(source)
        assert [error.waybill_number for error in errors] == ["A1", "B2"]
        assert {error.error_class for error in errors} == {ErrorClass.AUTH}
        assert "key-7f3a9c" not in str(errors)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(Misconfigured, match="`key`"):
        SeventeenTrack({"key": ""}, Vendor())
