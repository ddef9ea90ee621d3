"""What every tracking source promises, whoever the vendor is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.couriers.base import PushAnswer, Registration, TrackingSource, WatchRequest
from aftersales.couriers.codes import to_source
from aftersales.couriers.registry import SOURCES, build_source, source_class
from aftersales.errors import BadInput, Misconfigured, Unreachable, WebhookRefused
from aftersales.http import AmbiguousDelivery, HttpReply, HttpRequest
from aftersales.settings.model import Source
from aftersales.tracking import ErrorClass, ReplyError, TrackingEvent, TrackingReply

NOW = datetime(2026, 7, 2, 12, tzinfo=UTC)

SECRETS = {
    "kuaidi100": {"key": "k100-key-51c0ffee", "customer": "k100-cust-0ddba11", "salt": "salt-b0a7"},
    "kdniao": {"business_id": "1000001", "app_key": "kdn-key-51c0ffee"},
    "seventeentrack": {"key": "17t-key-51c0ffee"},
    "aftership": {"key": "as-key-51c0ffee", "webhook_secret": "as-hook-0ddba11"},
    "easypost": {"key": "ez-key-51c0ffee", "webhook_secret": "ez-hook-0ddba11"},
    "sf": {"partner_id": "SFPARTNER", "checkword": "sf-word-51c0ffee"},
}
ACCOUNT_NAMES = ("customer", "business_id", "partner_id")  # they name the account, no more
PATH_SECRET = "door-5e5a3e"
COURIERS = {"easypost": "usps", "sf": "sf", "aftership": "ups"}

Answer = Callable[[HttpRequest], HttpReply]


def _source(name: str, answer: Answer) -> TrackingSource:
    account = Source(kind=name, callback_url="https://desk.example/push/" + name)
    return build_source(account, SECRETS[name], answer, PATH_SECRET)


def _parcels(name: str, source: TrackingSource, count: int | None = None) -> list[WatchRequest]:
    courier = COURIERS.get(name, "yto")
    count = min(source.limits.batch_size, 3) if count is None else count
    return [
        WatchRequest(f"SF000000000000{number}", courier, phone_tail="1234", tag=f"t{number}")
        for number in range(count)
    ]


def _always(status: int, body: bytes, **headers: str) -> Answer:
    return lambda _: HttpReply(status, body, headers)


def _secret_in(name: str, value: object) -> bool:
    hidden = [secret for key, secret in SECRETS[name].items() if key not in ACCOUNT_NAMES]
    return any(secret in str(value) for secret in [*hidden, PATH_SECRET])


def _errors_of(name: str, answer: Answer) -> list[ReplyError | None]:
    """The errors of a query, and of a registration where the source has one."""
    source = _source(name, answer)
    parcels = _parcels(name, source)
    results = source.query(parcels)
    assert [entry.waybill_number for entry in results] == [p.waybill_number for p in parcels]
    errors = [entry if isinstance(entry, ReplyError) else None for entry in results]
    if source.limits.registers:
        asked = parcels[: source.limits.register_batch_size]
        outcome = source.register(asked)
        assert all(isinstance(one, Registration) for one in outcome)
        assert [one.waybill_number for one in outcome] == [p.waybill_number for p in asked]
        errors += [one.error for one in outcome]
    return errors


every_source = pytest.mark.parametrize("name", SOURCES)


@every_source
def test_the_limits_are_sane(name: str) -> None:
    limits = _source(name, _always(500, b"")).limits
    assert 1 <= limits.batch_size <= 40
    assert 1 <= limits.register_batch_size <= 40
    assert 0 < limits.requests_per_second <= 100
    assert 1 <= limits.concurrency <= 100
    assert 0 <= limits.lock_seconds <= 24 * 3600
    assert limits.pushes or not limits.registers


@every_source
def test_a_courier_of_this_contract_is_one_the_source_knows(name: str) -> None:
    assert to_source(COURIERS.get(name, "yto"), name)


@every_source
@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"{}"])
def test_a_server_error_is_their_fault(name: str, status: int, body: bytes) -> None:
    for error in _errors_of(name, _always(status, body)):
        assert error is not None
        assert error.error_class is ErrorClass.THEIR_FAULT_RETRY


@every_source
@pytest.mark.parametrize(("header", "seconds"), [("17", 17.0), ("soon", None), ("-1", None)])
def test_too_many_requests_is_throttled_with_the_time_to_wait(
    name: str, header: str, seconds: float | None
) -> None:
    answer = _always(429, b"slow down", **{"retry-after": header})
    for error in _errors_of(name, answer):
        assert error is not None
        assert error.error_class is ErrorClass.THROTTLED
        assert error.retry_after_seconds == seconds


@every_source
def test_an_unauthorised_call_is_about_the_key_not_the_parcels(name: str) -> None:
    for error in _errors_of(name, _always(401, b"")):
        assert error is not None
        assert error.error_class is ErrorClass.AUTH


@every_source
def test_an_unpaid_call_is_about_the_account_not_the_parcels(name: str) -> None:
    for error in _errors_of(name, _always(402, b"")):
        assert error is not None
        assert error.error_class is ErrorClass.QUOTA


@every_source
def test_a_forbidden_call_is_about_the_account_not_the_parcels(name: str) -> None:
    for error in _errors_of(name, _always(403, b"")):
        assert error is not None
        assert error.error_class in (ErrorClass.AUTH, ErrorClass.QUOTA)


@every_source
@pytest.mark.parametrize("status", [*range(200, 210), 301, 302, 307, 400, 404, 405, 409, 418, 422])
def test_any_other_status_without_a_usable_body_gives_an_error_per_parcel(
    name: str, status: int
) -> None:
    for error in _errors_of(name, _always(status, b"<html>moved</html>")):
        assert error is not None


@every_source
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"<html>", b'"ok"', b"[1, 2", b"[" * 100_000, b"0"]
)
def test_an_unreadable_body_is_their_fault(name: str, body: bytes) -> None:
    for error in _errors_of(name, _always(200, body)):
        assert error is not None
        assert error.error_class is ErrorClass.THEIR_FAULT_RETRY


@every_source
@pytest.mark.parametrize("failure", [Unreachable("no connection"), AmbiguousDelivery("no answer")])
def test_no_answer_at_all_is_raised_to_the_caller(name: str, failure: Unreachable) -> None:
    def silent(request: HttpRequest) -> HttpReply:
        raise failure

    source = _source(name, silent)
    with pytest.raises(Unreachable) as caught:
        source.query(_parcels(name, source))
    assert caught.value is failure
    if source.limits.registers:
        with pytest.raises(Unreachable):
            source.register(_parcels(name, source, 1))


@every_source
def test_a_call_is_bounded_in_time_and_goes_where_the_settings_say(name: str) -> None:
    sent: list[HttpRequest] = []

    def keep(request: HttpRequest) -> HttpReply:
        sent.append(request)
        return HttpReply(500)

    account = Source(kind=name, base_url="http://127.0.0.1:9/x/", callback_url="https://d.example")
    source = build_source(account, SECRETS[name], keep, PATH_SECRET)
    source.query(_parcels(name, source))
    assert sent
    for request in sent:
        assert request.url.startswith("http://127.0.0.1:9/x")
        assert "//" not in request.url.removeprefix("http://")
        assert 0 < request.read_timeout_seconds <= 30


@every_source
@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_that_the_vendor_repeats_is_not_in_the_error(
    name: str, status: int, as_json: bool
) -> None:
    def repeat(request: HttpRequest) -> HttpReply:
        sent = [request.url, *request.headers.values(), request.body.decode()]
        words = unquote_plus(" ".join(sent))
        if not as_json:
            return HttpReply(status, words.encode())
        told = {
            **dict.fromkeys(["message", "Reason", "reason", "apiErrorMsg"], words),
            "code": -18010002,
            "returnCode": "503",
            "result": False,
            "Success": False,
            "apiResultCode": "A1006",
            "data": {"errors": [{"code": -18010002, "message": words}]},
            "meta": {"code": 401, "type": "Unauthorized", "message": words},
            "error": {"code": "APIKEY.INACTIVE", "message": words},
        }
        return HttpReply(status, json.dumps(told).encode())

    for error in _errors_of(name, repeat):
        assert error is not None
        assert not _secret_in(name, error)


@pytest.mark.parametrize(
    ("name", "missing"),
    [(name, key) for name, secrets in SECRETS.items() for key in secrets if key != "salt"],
)
def test_a_missing_secret_is_named_and_no_other_is_shown(name: str, missing: str) -> None:
    kept = {key: value for key, value in SECRETS[name].items() if key != missing}
    with pytest.raises(Misconfigured, match=missing) as caught:
        build_source(Source(kind=name, callback_url="https://d.example"), kept, _always(500, b""))
    assert not _secret_in(name, caught.value)


@every_source
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({}, b"{}"),
        ({"sign": "0", "x-hmac-signature": "0", "aftership-hmac-sha256": "0"}, b"param=%7B%7D"),
        ({"content-type": "application/x-www-form-urlencoded"}, b"param=%7B%7D&sign=x&salt="),
        ({}, b"\xff" * 100),
    ],
)
def test_a_forged_push_is_refused_without_a_secret_in_the_reason(
    name: str, headers: dict[str, str], body: bytes
) -> None:
    source = _source(name, _always(500, b""))
    for path_secret in ("", "guess"):
        with pytest.raises(WebhookRefused) as caught:
            source.verify_push(headers, body, path_secret, NOW)
        assert caught.value.status == 401
        assert not _secret_in(name, caught.value)


@every_source
def test_an_oversized_push_is_refused_before_anything_else(name: str) -> None:
    source = _source(name, _always(500, b""))
    with pytest.raises(WebhookRefused) as caught:
        source.verify_push({}, b"x" * (1024 * 1024 + 1), PATH_SECRET, NOW)
    assert caught.value.status == 413


@every_source
def test_an_accepted_push_is_answered_with_200(name: str) -> None:
    answer = _source(name, _always(500, b"")).push_answer(NOW)
    assert isinstance(answer, PushAnswer)
    assert answer.status == 200
    json.loads(answer.body)


# The vendors' own words, so that made-up documents reach the readers' inner parts.
VENDORS_WORDS = """
    code data accepted rejected errors error number carrier track_info track tracking providers
    events event latest_status latest_event status sub_status stage time_utc time_iso time_raw
    meta trackings msg tracking_number slug tag subtag checkpoints checkpoint_time message
    trackers tracker result tracking_code tracking_details datetime status_detail object
    lastResult destResult nu com state returnCode context ftime statusCode comOld comNew
    Success Reason State StateEx Traces AcceptTime AcceptStation Action LogisticCode Data Count
    apiResultCode apiResultData msgData routeResps mailNo routes opCode Body WaybillRoute
    acceptTime remark firstStatusCode reasonCode success errorCode
"""
WORDS = st.sampled_from(VENDORS_WORDS.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(
        ["Delivered", "delivered", "3", "201", "A1000", "S0000", "2026-07-01 10:00:00", "{}", "[]"]
    ),
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, min_size=1, max_size=5)
    ),
    max_leaves=25,
)


def _assert_read_or_refused(name: str, kind: str, payload: bytes) -> None:
    refused_at = ""
    try:
        _assert_well_formed(source_class(name).parse(kind, payload))
    except BadInput as refused:
        refused_at = refused.place or "nowhere"
    assert refused_at == "" or name in refused_at.lower()


def _assert_well_formed(entries: list[TrackingReply | ReplyError]) -> None:
    for entry in entries:
        if isinstance(entry, ReplyError):
            assert isinstance(entry.error_class, ErrorClass)
            continue
        assert isinstance(entry, TrackingReply)
        times = [event.at for event in entry.events]
        assert times == sorted(times)
        assert all(isinstance(event, TrackingEvent) for event in entry.events)
        assert all(time.tzinfo is UTC for time in times)


@every_source
@pytest.mark.parametrize("kind", ["query_reply", "push"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=DOCUMENTS)
def test_whatever_arrives_is_read_or_refused(name: str, kind: str, document: Any) -> None:
    payload = json.dumps(document, ensure_ascii=False).encode()
    _assert_read_or_refused(name, kind, payload)


@every_source
@given(body=st.binary(max_size=80))
@settings(max_examples=40, deadline=None)
def test_bytes_that_are_no_document_are_refused_with_their_place(name: str, body: bytes) -> None:
    _assert_read_or_refused(name, "query_reply", body)


@every_source
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=DOCUMENTS, status=st.sampled_from([200, 400, 404]))
def test_whatever_a_call_is_answered_every_parcel_has_one_result(
    name: str, document: Any, status: int
) -> None:
    answer = _always(status, json.dumps(document).encode())
    _errors_of(name, answer)


@every_source
def test_the_kind_must_be_one_of_the_two(name: str) -> None:
    with pytest.raises(BadInput, match="query_reply"):
        source_class(name).parse("letter", b"{}")
