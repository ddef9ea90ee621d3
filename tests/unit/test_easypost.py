"""EasyPost: statuses, trackers and events, which of two disagreeing statements counts, calls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aftersales.couriers.base import Registration, WatchRequest
from aftersales.couriers.easypost import EasyPost, push_signature
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
NUMBER = "9400100000000123456780"
SECRETS = {"key": "EZAK51c0ffee", "webhook_secret": "sécret"}


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


def _source(*answers: HttpReply, **more: Any) -> tuple[EasyPost, Vendor]:
    vendor = Vendor(*answers)
    return EasyPost(SECRETS, vendor, **more), vendor


def _tracker(status: str | None, detail: str | None = None, *details: Any, **more: Any) -> Any:
    return {
        "object": "Tracker",
        "tracking_code": NUMBER,
        "status": status,
        "status_detail": detail,
        "carrier": "USPS",
        "tracking_details": list(details),
        **more,
    }


def _scan(day: int, status: str | None, detail: str | None = None) -> dict[str, Any]:
    return {
        "object": "TrackingDetail",
        "datetime": f"2026-06-{day:02}T10:00:00Z",
        "status": status,
        "status_detail": detail,
        "message": f"{status} on day {day}",
        "tracking_location": {"city": "HOUSTON", "state": "TX", "country": None},
    }


def _parse(value: Any, kind: str = "query_reply") -> list[TrackingReply | ReplyError]:
    return EasyPost.parse(kind, json.dumps(value).encode())


def _one(value: Any, kind: str = "query_reply") -> TrackingReply:
    (entry,) = _parse(value, kind)
    assert isinstance(entry, TrackingReply)
    return entry


@pytest.mark.parametrize(
    ("status", "detail", "state"),
    [
        ("unknown", "unknown", (Status.UNKNOWN, None)),
        ("pre_transit", "status_update", (Status.INFO_RECEIVED, None)),
        ("in_transit", "arrived_at_facility", (Status.IN_TRANSIT, None)),
        ("in_transit", "delayed", (Status.IN_TRANSIT, Reason.DELAYED)),
        ("in_transit", "weather_delay", (Status.IN_TRANSIT, Reason.WEATHER)),
        ("in_transit", "missorted", (Status.IN_TRANSIT, Reason.MISSORTED)),
        ("in_transit", "held", (Status.IN_TRANSIT, Reason.HELD)),
        ("in_transit", "awaiting_information", (Status.IN_TRANSIT, Reason.CUSTOMS_DOCUMENTS)),
        (
            "in_transit",
            "transferred_to_destination_carrier",
            (Status.IN_TRANSIT, Reason.FORWARDED),
        ),
        ("out_for_delivery", "out_for_delivery", (Status.OUT_FOR_DELIVERY, None)),
        ("available_for_pickup", None, (Status.AVAILABLE_FOR_PICKUP, None)),
        ("delivered", "arrived_at_destination", (Status.DELIVERED, None)),
        ("return_to_sender", "return", (Status.RETURNING, None)),
        ("return_to_sender", "refused", (Status.RETURNING, Reason.REFUSED)),
        ("failure", "refused", (Status.DELIVERY_FAILED, Reason.REFUSED)),
        ("failure", "address_correction", (Status.DELIVERY_FAILED, Reason.ADDRESS)),
        ("failure", "damaged", (Status.DELIVERY_FAILED, Reason.DAMAGED)),
        ("failure", "lost", (Status.DELIVERY_FAILED, Reason.LOST)),
        ("failure", None, (Status.DELIVERY_FAILED, Reason.OTHER)),
        ("cancelled", None, (Status.CANCELLED, None)),
        ("canceled", None, (Status.CANCELLED, None)),
        ("error", "unknown", (Status.EXCEPTION, Reason.OTHER)),
        ("unknown", "expired", (Status.EXPIRED, None)),
        ("in_transit", "expired", (Status.EXPIRED, None)),
        ("delivered", "expired", (Status.DELIVERED, None)),
        ("sublimated", None, (Status.UNKNOWN, None)),
        (None, None, (Status.UNKNOWN, None)),
    ],
)
def test_a_status_and_its_detail_become_our_words(
    status: str | None, detail: str | None, state: tuple[Status, Reason | None]
) -> None:
    reply = _one(_tracker(status, detail))
    assert (reply.status, reply.reason) == state
    assert (reply.delivered_how is DeliveredHow.UNKNOWN) == (reply.status is Status.DELIVERED)


@pytest.mark.parametrize(
    ("tracker", "state"),
    [
        # the tracker lags behind its newest detail
        (("in_transit", None, _scan(1, "in_transit"), _scan(2, "delivered")), "delivered"),
        (("pre_transit", None, _scan(1, "pre_transit"), _scan(2, "in_transit")), "in_transit"),
        (("out_for_delivery", None, _scan(1, "out_for_delivery"), _scan(2, "failure")),
         "delivery_failed"),
        (("failure", None, _scan(1, "failure"), _scan(2, "out_for_delivery")), "out_for_delivery"),
        (("unknown", None, _scan(1, "pre_transit")), "info_received"),
        (("error", None, _scan(1, "in_transit")), "in_transit"),
        # a detail without a known status says nothing
        (("delivered", None, _scan(1, "delivered"), _scan(2, "unknown")), "delivered"),
        (("in_transit", None, _scan(1, "in_transit"), _scan(2, None)), "in_transit"),
        (("sublimated", None, _scan(1, "failure"), _scan(2, None)), "delivery_failed"),
        # a label scan cannot take back what the tracker knows
        (("in_transit", None, _scan(1, "in_transit"), _scan(2, "pre_transit")), "in_transit"),
        # delivered does not lag; only a parcel that is sent back is news
        (("delivered", None, _scan(1, "in_transit")), "delivered"),
        (("delivered", None, _scan(1, "delivered"), _scan(2, "in_transit")), "delivered"),
        (("delivered", None, _scan(1, "delivered"), _scan(2, "return_to_sender")), "returning"),
        (("cancelled", None, _scan(1, "pre_transit")), "cancelled"),
        # going back
        (("return_to_sender", None, _scan(1, "return_to_sender"), _scan(2, "in_transit")),
         "returning"),
        (("return_to_sender", None, _scan(1, "return_to_sender"), _scan(2, "delivered")),
         "returned"),
        (("return_to_sender", None, _scan(1, "delivered")), "returning"),
        (("in_transit", None, _scan(1, "in_transit"), _scan(2, "return_to_sender")), "returning"),
        # EasyPost stopped looking
        (("in_transit", "expired", _scan(1, "in_transit")), "expired"),
        (("unknown", "expired", _scan(1, "delivered")), "delivered"),
        (("in_transit", None, _scan(1, "in_transit", "expired")), "expired"),
    ],
)  # fmt: skip
def test_where_tracker_and_newest_detail_disagree_the_rules_decide(
    tracker: tuple[Any, ...], state: str
) -> None:
    status, detail, *details = tracker
    for order in permutations(details):
        assert _one(_tracker(status, detail, *order)).status == state


def test_the_reason_is_that_of_the_statement_that_counts() -> None:
    lagging = _tracker("in_transit", "held", _scan(1, "in_transit"), _scan(2, "failure", "refused"))
    assert _one(lagging).reason is Reason.REFUSED
    vague_detail = _tracker("failure", "address_correction", _scan(1, "failure"))
    assert _one(vague_detail).reason is Reason.ADDRESS
    vague_tracker = _tracker("failure", None, _scan(1, "failure", "damaged"))
    assert _one(vague_tracker).reason is Reason.DAMAGED


def test_details_are_scans_in_time_order_whatever_their_place_in_the_list() -> None:
    details = [_scan(3, "delivered"), _scan(2, "in_transit"), _scan(1, "pre_transit")]
    reply = _one(_tracker("delivered", None, *details, {"status": "in_transit"}))
    assert [scan.status for scan in reply.events] == ["info_received", "in_transit", "delivered"]
    assert reply.events[0].place == "HOUSTON, TX"
    assert reply.events[2].raw_code == "delivered"
    assert reply.last_event_at == datetime(2026, 6, 3, 10, tzinfo=UTC)
    assert reply.courier == "usps"


@pytest.mark.parametrize(
    "document",
    [
        _tracker("in_transit"),
        [_tracker("in_transit")],
        {"trackers": [_tracker("in_transit")], "has_more": False},
        {"object": "Event", "description": "tracker.updated", "result": _tracker("in_transit")},
        {"description": "tracker.created", "result": _tracker("in_transit")},
        {"events": [{"object": "Event", "result": _tracker("in_transit")}]},
        {"object": "Shipment", "tracking_code": NUMBER, "tracker": _tracker("in_transit")},
        {"object": "Event", "result": {"object": "Insurance", "tracker": _tracker("in_transit")}},
        {"tracking_code": NUMBER, "status": "in_transit", "tracking_details": None},
    ],
)
def test_a_tracker_is_found_wherever_it_is_carried(document: Any) -> None:
    reply = _one(document)
    assert (reply.waybill_number, reply.status) == (NUMBER, Status.IN_TRANSIT)


@pytest.mark.parametrize(
    "document",
    [
        {"trackers": []},
        {"object": "Event", "description": "batch.updated", "result": {"object": "Batch"}},
        {"object": "Event", "description": "payment.created", "result": {"object": "Payment"}},
    ],
)
def test_a_document_about_no_parcel_gives_no_entry(document: Any) -> None:
    assert _parse(document, "push") == []


@pytest.mark.parametrize("value", [{}, "x", 7, {"status": "in_transit"}])
def test_what_is_not_theirs_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(BadInput, match="easypost query_reply"):
        _parse(value)


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        ("TRACKER.CREATE.ERROR", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("NOT_FOUND", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("UNPROCESSABLE_ENTITY", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("PARAMETER.REQUIRED", ErrorClass.BAD_NUMBER_OR_COURIER),
        ("RATE_LIMITED", ErrorClass.THROTTLED),
        ("PAYMENT_REQUIRED", ErrorClass.QUOTA),
        ("INSUFFICIENT_FUNDS", ErrorClass.QUOTA),
        ("APIKEY.INACTIVE", ErrorClass.AUTH),
        ("MODE.UNAUTHORIZED", ErrorClass.AUTH),
        ("FORBIDDEN", ErrorClass.AUTH),
        ("INTERNAL_SERVER_ERROR", ErrorClass.THEIR_FAULT_RETRY),
        ("GATEWAY_TIMEOUT", ErrorClass.THEIR_FAULT_RETRY),
        ("", ErrorClass.THEIR_FAULT_RETRY),
    ],
)
def test_an_error_code_says_what_to_do(code: str, error_class: ErrorClass) -> None:
    (entry,) = _parse({"error": {"code": code, "message": "words", "errors": []}})
    assert entry == ReplyError(error_class, code, "words")


def test_an_error_may_be_words_only_or_a_list_of_them() -> None:
    (plain,) = _parse({"error": "Something broke"})
    (listed,) = _parse({"error": {"code": "BAD_REQUEST", "message": ["one", "two"]}})
    assert isinstance(plain, ReplyError)
    assert isinstance(listed, ReplyError)
    assert (plain.message, listed.message) == ("Something broke", "one; two")


# --- pushes

BODY = b'{"id":"evt_T1","description":"tracker.updated"}'
DIGEST = "1a936f04014cd36a4679f4b2b360e3862ab3580645f289a9e0a9461e3d800ef0"


def test_the_secret_is_nfkd_normalised_before_it_signs() -> None:
    header = f"hmac-sha256-hex={DIGEST}"
    composed, decomposed = "s\u00e9cret", "se\u0301cret"
    assert push_signature(BODY, composed) == push_signature(BODY, decomposed) == header
    source, _ = _source()
    assert source.verify_push({"x-hmac-signature": header}, BODY, "", NOW) == BODY


def test_a_signature_with_the_composed_secret_is_refused() -> None:
    wrong = hmac.new("s\u00e9cret".encode(), BODY, hashlib.sha256).hexdigest()
    assert wrong.startswith("37ccd98c")
    source, _ = _source()
    with pytest.raises(WebhookRefused):
        source.verify_push({"x-hmac-signature": f"hmac-sha256-hex={wrong}"}, BODY, "", NOW)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, BODY, 401),
        ({"x-hmac-signature": DIGEST}, BODY, 401),
        ({"x-hmac-signature": f"hmac-sha256-hex={DIGEST}"}, BODY + b"\n", 401),
        ({"x-hmac-signature": f"hmac-sha256-hex={DIGEST}"}, b" " * (1024 * 1024 + 1), 413),
    ],
)
def test_a_push_that_is_not_theirs_is_refused(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    source, _ = _source()
    with pytest.raises(WebhookRefused) as caught:
        source.verify_push(headers, body, "", NOW)
    assert caught.value.status == status


@pytest.mark.parametrize(("minute", "accepted"), [(5, True), (30, False), (None, False)])
def test_an_old_push_is_refused_where_an_age_is_set(minute: int | None, accepted: bool) -> None:
    event = {"result": _tracker("in_transit")}
    if minute is not None:
        event["created_at"] = f"2026-07-02T11:{60 - minute:02}:00Z"
    body = json.dumps(event).encode()
    source, _ = _source(options={"push_max_age_seconds": "900"})
    headers = {"x-hmac-signature": push_signature(body, "sécret")}
    if accepted:
        assert source.verify_push(headers, body, "", NOW) == body
    else:
        with pytest.raises(WebhookRefused):
            source.verify_push(headers, body, "", NOW)


def test_an_age_that_is_no_number_is_the_operators_to_mend() -> None:
    source, _ = _source(options={"push_max_age_seconds": "an hour"})
    headers = {"x-hmac-signature": push_signature(BODY, "sécret")}
    with pytest.raises(Misconfigured, match="push_max_age_seconds"):
        source.verify_push(headers, BODY, "", NOW)


# --- calls


def test_a_query_asks_for_one_number_and_takes_the_tracker_told_last() -> None:
    found = {
        "trackers": [
            _tracker("delivered", updated_at="2025-01-01T00:00:00Z"),
            _tracker("in_transit", updated_at="2026-07-01T00:00:00Z"),
        ]
    }
    source, vendor = _source(_json(found))
    (reply,) = source.query([WatchRequest(NUMBER, "usps")])
    assert isinstance(reply, TrackingReply)
    assert reply.status is Status.IN_TRANSIT
    (sent,) = vendor.sent
    url = urlsplit(sent.url)
    assert (sent.method, url.hostname, url.path) == ("GET", "api.easypost.com", "/v2/trackers")
    assert parse_qs(url.query) == {"tracking_code": [NUMBER], "carrier": ["USPS"]}
    user = base64.b64decode(sent.headers["authorization"].removeprefix("Basic ")).decode()
    assert user == "EZAK51c0ffee:"


def test_a_number_without_a_tracker_has_no_result_yet() -> None:
    source, _ = _source(_json({"trackers": []}))
    (entry,) = source.query([WatchRequest(NUMBER, "usps")])
    assert isinstance(entry, ReplyError)
    assert (entry.error_class, entry.waybill_number) == (ErrorClass.NO_RESULT_YET, NUMBER)


def test_a_registration_makes_a_tracker_and_reports_the_detected_courier() -> None:
    source, vendor = _source(_json(_tracker("unknown", carrier="FedEx"), 201))
    assert source.register([WatchRequest(NUMBER, "")]) == [Registration(NUMBER, None, "fedex")]
    assert json.loads(vendor.sent[0].body) == {"tracker": {"tracking_code": NUMBER}}
    source, vendor = _source(_json(_tracker("unknown")))
    assert source.register([WatchRequest(NUMBER, "usps")]) == [Registration(NUMBER, None, "")]


@pytest.mark.parametrize(
    ("answer", "error_class"),
    [
        (
            _json({"error": {"code": "TRACKER.CREATE.ERROR", "message": "m"}}, 422),
            ErrorClass.BAD_NUMBER_OR_COURIER,
        ),
        (_json({"error": {"message": "m"}}, 422), ErrorClass.BAD_NUMBER_OR_COURIER),
        (_json({"error": {"code": "NOT_FOUND", "message": "m"}}, 404),
         ErrorClass.BAD_NUMBER_OR_COURIER),
        (_json({"error": {"code": "PAYMENT_REQUIRED", "message": "m"}}, 402), ErrorClass.QUOTA),
        (_json({"error": {"code": "FORBIDDEN", "message": "m"}}, 403), ErrorClass.AUTH),
        (_json({"error": {"code": "RATE_LIMITED", "message": "m"}}, 429), ErrorClass.THROTTLED),
        (_json({"error": {"code": "NOT_FOUND", "message": "m"}}, 503),
         ErrorClass.THEIR_FAULT_RETRY),
        (HttpReply(200, b"<html>"), ErrorClass.THEIR_FAULT_RETRY),
        (_json({"object": "User"}, 302), ErrorClass.THEIR_FAULT_RETRY),
    ],
)  # fmt: skip
def test_a_refused_registration_says_why(answer: HttpReply, error_class: ErrorClass) -> None:
    source, _ = _source(answer)
    (outcome,) = source.register([WatchRequest(NUMBER, "usps")])
    assert outcome.error is not None
    assert outcome.error.error_class is error_class
    assert outcome.error.waybill_number == NUMBER


@pytest.mark.parametrize("missing", ["key", "webhook_secret"])
def test_a_missing_secret_is_named(missing: str) -> None:
    with pytest.raises(Misconfigured, match=f"`{missing}`"):
        EasyPost({name: value for name, value in SECRETS.items() if name != missing}, Vendor())
