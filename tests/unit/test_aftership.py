"""AfterShip: tags, replies and pushes of several API versions, calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aftersales.couriers.aftership import AfterShip, push_signature
from aftersales.couriers.base import Registration, WatchRequest
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
SECRETS = {"key": "asat_51c0ffee", "webhook_secret": "whsec_test"}


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


def _source(*answers: HttpReply, **more: Any) -> tuple[AfterShip, Vendor]:
    vendor = Vendor(*answers)
    return AfterShip(SECRETS, vendor, **more), vendor


def _tracking(tag: str | None = "InTransit", subtag: str | None = None, **more: Any) -> Any:
    return {"tracking_number": NUMBER, "slug": "china-post", "tag": tag, "subtag": subtag, **more}


def _checkpoint(time: str, tag: str | None, subtag: str | None = None, **more: Any) -> Any:
    return {"checkpoint_time": time, "tag": tag, "subtag": subtag, "message": "…", **more}


def _parse(value: Any, kind: str = "query_reply") -> list[TrackingReply | ReplyError]:
    return AfterShip.parse(kind, json.dumps(value).encode())


def _one(value: Any, kind: str = "query_reply") -> TrackingReply:
    (entry,) = _parse(value, kind)
    assert isinstance(entry, TrackingReply)
    return entry


def _error(value: Any) -> ReplyError:
    (entry,) = _parse(value)
    assert isinstance(entry, ReplyError)
    return entry


def _envelope(data: Any) -> Any:
    return {"meta": {"code": 200}, "data": data}


@pytest.mark.parametrize(
    ("tag", "subtag", "state"),
    [
        ("Pending", "Pending_002", (Status.UNKNOWN, None, None)),
        ("InfoReceived", "InfoReceived_001", (Status.INFO_RECEIVED, None, None)),
        ("InTransit", "InTransit_001", (Status.IN_TRANSIT, None, None)),
        ("InTransit", "InTransit_002", (Status.PICKED_UP, None, None)),
        ("InTransit", "InTransit_005", (Status.IN_TRANSIT, None, None)),
        ("InTransit", "InTransit_006", (Status.CUSTOMS, None, None)),
        ("InTransit", "InTransit_009", (Status.IN_TRANSIT, Reason.FORWARDED, None)),
        ("OutForDelivery", "OutForDelivery_003", (Status.OUT_FOR_DELIVERY, None, None)),
        ("AttemptFail", "AttemptFail_001", (Status.DELIVERY_FAILED, Reason.OTHER, None)),
        ("AttemptFail", "AttemptFail_002", (Status.DELIVERY_FAILED, Reason.CONTACT_FAILED, None)),
        ("AvailableForPickup", "AvailableForPickup_001", (Status.AVAILABLE_FOR_PICKUP, None, None)),
        ("Delivered", "Delivered_001", (Status.DELIVERED, None, DeliveredHow.UNKNOWN)),
        ("Delivered", "Delivered_002", (Status.DELIVERED, None, DeliveredHow.LOCKER)),
        ("Delivered", "Delivered_003", (Status.DELIVERED, None, DeliveredHow.PERSON)),
        ("Delivered", "Delivered_005", (Status.DELIVERED, None, DeliveredHow.NEIGHBOUR)),
        ("Exception", "Exception_001", (Status.EXCEPTION, Reason.OTHER, None)),
        ("Exception", "Exception_002", (Status.EXCEPTION, Reason.ADDRESS, None)),
        ("Exception", "Exception_003", (Status.EXCEPTION, Reason.REFUSED, None)),
        ("Exception", "Exception_004", (Status.EXCEPTION, Reason.CUSTOMS_HOLD, None)),
        ("Exception", "Exception_008", (Status.EXCEPTION, Reason.PICKUP_OVERDUE, None)),
        ("Exception", "Exception_010", (Status.RETURNING, None, None)),
        ("Exception", "Exception_011", (Status.RETURNED, None, None)),
        ("Exception", "Exception_012", (Status.EXCEPTION, Reason.DAMAGED, None)),
        ("Exception", "Exception_013", (Status.EXCEPTION, Reason.LOST, None)),
        ("Exception", "Exception_017", (Status.EXCEPTION, Reason.WEATHER, None)),
        ("Expired", "Expired_001", (Status.EXPIRED, None, None)),
        # later or invented sub-tags, and none at all: the tag decides
        ("Exception", "Exception_021", (Status.EXCEPTION, Reason.OTHER, None)),
        ("InTransit", "InTransit_013", (Status.IN_TRANSIT, None, None)),
        ("InTransit", "Exception_013", (Status.IN_TRANSIT, None, None)),
        ("delivered", None, (Status.DELIVERED, None, DeliveredHow.UNKNOWN)),
        (None, "Exception_012", (Status.EXCEPTION, Reason.DAMAGED, None)),
        ("Levitating", "Levitating_001", (Status.UNKNOWN, None, None)),
        (None, None, (Status.UNKNOWN, None, None)),
    ],
)
def test_a_tag_and_its_subtag_become_our_words(
    tag: str | None, subtag: str | None, state: tuple[Any, Any, Any]
) -> None:
    reply = _one(_tracking(tag, subtag))
    assert (reply.status, reply.reason, reply.delivered_how) == state


@pytest.mark.parametrize(
    "document",
    [
        _envelope({"tracking": _tracking()}),
        _envelope({"trackings": [_tracking()]}),
        _envelope(_tracking()),
        _envelope([_tracking()]),
        _tracking(),
        [_tracking()],
        {"tracking": _tracking()},
        {"event": "tracking_update", "ts": 1782900000, "msg": _tracking()},
        {"event": "tracking_update", "msg": {"tracking": _tracking()}},
        {"meta": {"code": "201"}, "data": {"tracking": _tracking()}},
        {"data": {"tracking": _tracking()}},
    ],
)
def test_a_tracking_is_found_wherever_its_version_puts_it(document: Any) -> None:
    reply = _one(document)
    assert (reply.waybill_number, reply.courier) == (NUMBER, "china_post")
    assert reply.status is Status.IN_TRANSIT


def test_a_list_gives_one_entry_per_tracking_and_an_empty_one_none() -> None:
    two = [_tracking(), _tracking("Delivered", tracking_number=42)]
    assert [entry.waybill_number for entry in _parse(_envelope({"trackings": two}))] == [
        NUMBER,
        "42",
    ]
    assert _parse(_envelope({"trackings": None, "count": 0})) == []


def test_checkpoints_are_scans_in_time_order() -> None:
    checkpoints = [
        _checkpoint("2026-07-01T18:20:11+08:00", "AttemptFail", "AttemptFail_002", city="深圳"),
        _checkpoint("2026-07-01T08:00:00+08:00", "OutForDelivery", location="Futian"),
        {"message": "no time at all"},
        _checkpoint("", "InTransit", created_at="2026-06-30T00:00:00+00:00"),
    ]
    reply = _one(_tracking("AttemptFail", "AttemptFail_002", checkpoints=checkpoints))
    assert [(scan.status, scan.place, scan.raw_code) for scan in reply.events] == [
        (Status.IN_TRANSIT, "", "InTransit"),
        (Status.OUT_FOR_DELIVERY, "Futian", "OutForDelivery"),
        (Status.DELIVERY_FAILED, "深圳", "AttemptFail_002"),
    ]
    assert reply.last_event_at == datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC)


def test_a_checkpoint_without_offset_has_an_unknown_zone() -> None:
    local = _checkpoint("2026-07-01T18:20:11", "InTransit")
    (scan,) = _one(_tracking(checkpoints=[local])).events
    assert not scan.zone_known


def test_a_last_checkpoint_reply_has_that_one_scan() -> None:
    data = _tracking("Delivered", checkpoint=_checkpoint("2026-07-01T10:00:00Z", "Delivered"))
    assert len(_one(_envelope(data)).events) == 1


@pytest.mark.parametrize(
    ("tag", "subtag", "last", "state"),
    [
        ("Exception", "Exception_013", ("Delivered", "Delivered_003"), Status.DELIVERED),
        ("Exception", "Exception_013", ("InTransit", "InTransit_001"), Status.EXCEPTION),
        ("Expired", "Expired_001", ("Delivered", "Delivered_001"), Status.DELIVERED),
        ("Expired", "Expired_001", ("Exception", "Exception_011"), Status.RETURNED),
        ("Expired", "Expired_001", ("InTransit", "InTransit_001"), Status.EXPIRED),
        ("Exception", "Exception_011", ("InTransit", "InTransit_001"), Status.RETURNED),
        ("Mystery", None, ("OutForDelivery", None), Status.OUT_FOR_DELIVERY),
    ],
)
def test_a_mark_set_by_hand_does_not_hide_that_a_parcel_arrived(
    tag: str, subtag: str | None, last: tuple[str, str | None], state: Status
) -> None:
    checkpoints = [
        _checkpoint("2026-06-30T10:00:00Z", "InTransit"),
        _checkpoint("2026-07-01T10:00:00Z", *last),
    ]
    assert _one(_tracking(tag, subtag, checkpoints=checkpoints)).status is state


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        (4003, ErrorClass.ALREADY_REGISTERED),
        (4004, ErrorClass.NO_RESULT_YET),
        ("4005", ErrorClass.BAD_NUMBER_OR_COURIER),
        (4010, ErrorClass.BAD_NUMBER_OR_COURIER),
        (4011, ErrorClass.BAD_NUMBER_OR_COURIER),
        (4012, ErrorClass.BAD_NUMBER_OR_COURIER),
        (4017, ErrorClass.BAD_NUMBER_OR_COURIER),
        (401, ErrorClass.AUTH),
        (402, ErrorClass.QUOTA),
        (403, ErrorClass.QUOTA),
        (404, ErrorClass.BAD_NUMBER_OR_COURIER),
        (429, ErrorClass.THROTTLED),
        (42901, ErrorClass.THROTTLED),
        (500, ErrorClass.THEIR_FAULT_RETRY),
        (50301, ErrorClass.THEIR_FAULT_RETRY),
    ],
)
def test_an_error_code_says_what_to_do(code: Any, error_class: ErrorClass) -> None:
    error = _error({"meta": {"code": code, "type": "SomeType", "message": "words"}, "data": {}})
    assert error == ReplyError(error_class, str(code), "SomeType: words")


def test_the_third_version_names_its_errors_otherwise() -> None:
    meta = {"code": 4003, "error_type": "BadRequest", "error_message": "exists"}
    error = _error({"meta": meta, "data": {"tracking": _tracking()}})
    assert error.error_class is ErrorClass.ALREADY_REGISTERED
    assert error.message == "BadRequest: exists"
    assert error.waybill_number == NUMBER


@pytest.mark.parametrize("value", [{}, {"meta": {"code": 200}}, "x", 7, {"event": "ping"}])
def test_what_is_not_theirs_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(BadInput, match="aftership query_reply"):
        _parse(value)


def test_our_reference_and_the_end_of_watching_are_read() -> None:
    reply = _one(_tracking(active=False, custom_fields={"tag": "o-1"}))
    assert (reply.tag, reply.stopped) == ("o-1", True)
    assert not _one(_tracking(active=True)).stopped


# --- pushes

BODY = b'{"ts":1751328000,"event":"tracking_update","msg":{"id":"a1","tag":"InTransit"}}'
SENT = datetime.fromtimestamp(1751328000, UTC)
SIGNATURE = "lJWeFS/LE6/gbp1TNwchskJ01SX59vukRsdx29j8uE0="


def test_the_signature_is_the_base64_of_an_hmac_over_the_raw_body() -> None:
    assert push_signature(BODY, "whsec_test") == SIGNATURE
    source, _ = _source()
    assert source.verify_push({"aftership-hmac-sha256": SIGNATURE}, BODY, "", NOW) == BODY


def test_both_secrets_sign_while_a_secret_is_being_changed() -> None:
    source = AfterShip({**SECRETS, "webhook_secret_previous": "before"}, Vendor())
    for secret in ("whsec_test", "before"):
        headers = {"aftership-hmac-sha256": push_signature(BODY, secret)}
        assert source.verify_push(headers, BODY, "", NOW) == BODY


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, BODY, 401),
        ({"aftership-hmac-sha256": SIGNATURE.lower()}, BODY, 401),
        ({"aftership-hmac-sha256": SIGNATURE}, BODY + b"\n", 401),
        ({"aftership-hmac-sha256": SIGNATURE}, b" " * (1024 * 1024 + 1), 413),
    ],
)
def test_a_push_that_is_not_theirs_is_refused(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    source, _ = _source()
    with pytest.raises(WebhookRefused) as caught:
        source.verify_push(headers, body, "", NOW)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("limit", "age_seconds", "accepted"),
    [("", 10**8, True), ("0", 10**8, True), ("600", 599, True), ("600", 601, False),
     ("600", -200, True), ("600", -400, False)],
)  # fmt: skip
def test_an_old_push_is_refused_only_where_an_age_is_set(
    limit: str, age_seconds: int, accepted: bool
) -> None:
    source, _ = _source(options={"push_max_age_seconds": limit})
    now = datetime.fromtimestamp(SENT.timestamp() + age_seconds, UTC)
    headers = {"aftership-hmac-sha256": SIGNATURE}
    if accepted:
        assert source.verify_push(headers, BODY, "", now) == BODY
    else:
        with pytest.raises(WebhookRefused):
            source.verify_push(headers, BODY, "", now)


# --- calls


def test_a_query_asks_for_one_number_with_its_slug() -> None:
    found = _envelope(
        {
            "trackings": [
                _tracking("InTransit"),
                _tracking(
                    "Delivered", checkpoints=[_checkpoint("2026-07-01T10:00:00Z", "Delivered")]
                ),
                _tracking("Exception", tracking_number="RR123456785CNX"),
            ]
        }
    )
    source, vendor = _source(_json(found))
    (reply,) = source.query([WatchRequest(NUMBER.lower(), "yunda")])
    assert isinstance(reply, TrackingReply)
    assert (reply.status, reply.waybill_number) == (Status.DELIVERED, NUMBER.lower())
    (sent,) = vendor.sent
    url = urlsplit(sent.url)
    assert (sent.method, url.hostname, url.path) == (
        "GET",
        "api.aftership.com",
        "/tracking/2025-07/trackings",
    )
    assert parse_qs(url.query) == {"tracking_numbers": [NUMBER.lower()], "slug": ["yundaex"]}
    assert sent.headers["as-api-key"] == "asat_51c0ffee"


def test_a_number_that_is_not_registered_has_no_result_yet() -> None:
    source, _ = _source(_json(_envelope({"trackings": []})))
    (entry,) = source.query([WatchRequest(NUMBER, "jt")])
    assert isinstance(entry, ReplyError)
    assert (entry.error_class, entry.waybill_number) == (ErrorClass.NO_RESULT_YET, NUMBER)


def test_a_registration_sends_our_reference_and_reports_the_detected_courier() -> None:
    created = _envelope(_tracking("Pending", slug="dhl"))
    source, vendor = _source(_json(created, 201), options={"version": "2026-01"})
    (outcome,) = source.register([WatchRequest(NUMBER, "", tag="parcel-1")])
    assert outcome == Registration(NUMBER, None, "dhl")
    assert vendor.sent[0].url == "https://api.aftership.com/tracking/2026-01/trackings"
    assert json.loads(vendor.sent[0].body) == {
        "tracking_number": NUMBER,
        "custom_fields": {"tag": "parcel-1"},
    }


@pytest.mark.parametrize(
    ("answer", "error_class"),
    [
        (_json({"meta": {"code": 4003, "message": "exists"}, "data": {}}, 400), None),
        (
            _json({"meta": {"code": 4005, "message": "bad"}, "data": {}}, 400),
            ErrorClass.BAD_NUMBER_OR_COURIER,
        ),
        (_json({"meta": {"code": 4004, "message": "absent"}}, 404), ErrorClass.NO_RESULT_YET),
        (_json({"meta": {"code": 403, "message": "plan"}}, 403), ErrorClass.QUOTA),
        (HttpReply(401, b"<html>"), ErrorClass.AUTH),
        (HttpReply(200, b"<html>"), ErrorClass.THEIR_FAULT_RETRY),
    ],
)
def test_a_refused_registration_says_why(answer: HttpReply, error_class: Any) -> None:
    source, _ = _source(answer)
    (outcome,) = source.register([WatchRequest(NUMBER, "ups")])
    assert (outcome.error.error_class if outcome.error else None) is error_class


@pytest.mark.parametrize("missing", ["key", "webhook_secret"])
def test_a_missing_secret_is_named(missing: str) -> None:
    with pytest.raises(Misconfigured, match=f"`{missing}`"):
        AfterShip({name: value for name, value in SECRETS.items() if name != missing}, Vendor())


def test_an_account_that_is_only_asked_needs_no_webhook_secret() -> None:
    source = AfterShip({"key": "asat_51c0ffee"}, Vendor(), options={"push": "off"})
    with pytest.raises(WebhookRefused):
        source.verify_push({"aftership-hmac-sha256": SIGNATURE}, BODY, "", NOW)
