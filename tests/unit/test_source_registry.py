"""The tracking sources by name, and their replies in public form."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from aftersales.couriers.present import as_json, parse_document
from aftersales.couriers.registry import SOURCES, build_source, source_class
from aftersales.errors import BadInput, Misconfigured
from aftersales.http import HttpReply, HttpRequest
from aftersales.settings.model import Source
from aftersales.tracking import (
    DeliveredHow,
    ErrorClass,
    Reason,
    ReplyError,
    Status,
    TrackingEvent,
    TrackingReply,
)


def _nobody(request: HttpRequest) -> HttpReply:
    return HttpReply(500)


def test_every_source_of_the_settings_is_there() -> None:
    assert set(SOURCES) == {"kuaidi100", "kdniao", "seventeentrack", "aftership", "easypost", "sf"}
    for name in SOURCES:
        assert source_class(name).name == name


def test_an_unknown_source_names_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match="seventeentrack"):
        source_class("pigeon")


def test_a_source_is_built_with_its_own_limits() -> None:
    settings = Source(kind="seventeentrack", requests_per_second=0.5, concurrency=1)
    secrets = {"key": "k"}
    slowed = build_source(settings, secrets, _nobody)
    usual = build_source(Source(kind="seventeentrack"), secrets, _nobody)
    assert (slowed.limits.requests_per_second, slowed.limits.concurrency) == (0.5, 1)
    assert slowed.limits.batch_size == usual.limits.batch_size == 40
    assert usual.limits.requests_per_second == 3


def test_a_source_that_does_not_push_needs_no_webhook_secret() -> None:
    address = "https://desk.example/push/aftership"
    build_source(Source(kind="aftership"), {"key": "k"}, _nobody)
    build_source(Source(kind="aftership", callback_url=address, push=False), {"key": "k"}, _nobody)
    with pytest.raises(Misconfigured, match="webhook_secret"):
        build_source(Source(kind="aftership", callback_url=address), {"key": "k"}, _nobody)


def test_a_path_secret_reaches_the_door() -> None:
    source = build_source(Source(kind="seventeentrack"), {"key": "k"}, _nobody, "door")
    with pytest.raises(BadInput, match="path"):
        source.verify_push({"sign": "x"}, b"{}", "", datetime(2026, 7, 1, tzinfo=UTC))


def test_a_reply_has_exactly_the_public_keys() -> None:
    china = timezone(timedelta(hours=8))
    event = TrackingEvent(
        at=datetime(2022, 5, 3, 2, 34, 0, 999, china),
        text="已签收",
        status=Status.DELIVERED,
        delivered_how=DeliveredHow.LOCKER,
        place="深圳",
        raw_code="304",
    )
    reply = TrackingReply(
        "YT0000000000001", "yto", Status.DELIVERED, None, DeliveredHow.LOCKER, (event,)
    )
    assert as_json(reply) == {
        "waybill_number": "YT0000000000001",
        "courier": "yto",
        "status": "delivered",
        "reason": None,
        "delivered_how": "locker",
        "event_count": 1,
        "last_event_at": "2022-05-02T18:34:00Z",
        "events": [
            {
                "at": "2022-05-02T18:34:00Z",
                "status": "delivered",
                "reason": None,
                "delivered_how": "locker",
                "place": "深圳",
                "text": "已签收",
                "raw_code": "304",
            }
        ],
    }


def test_a_reply_without_scans_has_no_last_time() -> None:
    public = as_json(TrackingReply("1", "", Status.EXCEPTION, Reason.LOST))
    assert (public["last_event_at"], public["events"], public["reason"]) == (None, [], "lost")


def test_an_error_names_its_parcel_only_where_it_has_one() -> None:
    error = {"class": "no_result_yet", "code": "-18019909", "message": "m"}
    of_parcel = ReplyError(ErrorClass.NO_RESULT_YET, "-18019909", "m", "X1")
    of_call = ReplyError(ErrorClass.NO_RESULT_YET, "-18019909", "m")
    assert as_json(of_parcel) == {"waybill_number": "X1", "error": error}
    assert as_json(of_call) == {"error": error}


def test_a_document_is_read_by_source_and_kind_into_plain_json() -> None:
    payload = json.dumps({"tracking_number": 77, "slug": "ups", "tag": "OutForDelivery"}).encode()
    (entry,) = parse_document("aftership", "query_reply", payload)
    assert json.loads(json.dumps(entry)) == entry
    assert (entry["waybill_number"], entry["courier"]) == ("77", "ups")
    assert entry["status"] == "out_for_delivery"
