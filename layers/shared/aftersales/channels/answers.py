"""From a vendor's answer to an `Outcome`, as far as it is the same for all HTTP channels.

Decisions rest on numbers (HTTP status, body code), as vendors change and translate their wording.
No outcome carries a vendor's own sentence: some of them repeat the address or the message.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from aftersales.channels.base import Outcome, OutcomeKind
from aftersales.errors import OutsideFailure, Unreachable
from aftersales.http import AmbiguousDelivery, HttpReply, HttpRequest, Transport

READ_TIMEOUT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 3600.0
CLOCK_DIFFERENCE = timedelta(minutes=10)
UNDOCUMENTED = "answered with a code that is not documented"

_TRANSIENT_STATUS = (408, 425)
_CONTENT_STATUS = (400, 413, 414, 415, 422)


class Verdict(Struct, frozen=True):
    """What one body code means."""

    kind: OutcomeKind
    meaning: str
    wait_seconds: float = 0.0


def post(transport: Transport, request: HttpRequest) -> HttpReply | Outcome:
    """The reply, or the outcome where none came. Errors' texts stay out: they may hold the URL."""
    try:
        return transport(request)
    except AmbiguousDelivery:
        return Outcome(OutcomeKind.AMBIGUOUS, "timeout", "the connection broke after sending")
    except Unreachable:
        return Outcome(OutcomeKind.TRANSIENT, "unreachable", "no connection could be made")
    except OutsideFailure:
        return Outcome(OutcomeKind.AMBIGUOUS, "no_reply", "no usable answer came")


def post_json(transport: Transport, url: str, payload: Mapping[str, Any]) -> HttpReply | Outcome:
    """`post` of a JSON document, as every chat robot takes it."""
    headers = {"content-type": "application/json; charset=utf-8"}
    request = HttpRequest("POST", url, headers, encoded(payload), READ_TIMEOUT_SECONDS)
    return post(transport, request)


def encoded(payload: Mapping[str, Any]) -> bytes:
    """A body as JSON, Chinese as it is: limits count its bytes."""
    return json.dumps(payload, ensure_ascii=False).encode()


def json_object(reply: HttpReply) -> dict[str, Any]:
    """The body as a JSON object, {} where it is none."""
    try:
        body = reply.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def int_code(value: object) -> int | None:
    """A body code as a number; vendors send 0, "0" and, through gateways, 0.0."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    return value


def judge(
    reply: HttpReply,
    code: int | None,
    verdicts: Mapping[int, Verdict],
    now: datetime,
    *,
    wait_seconds: float,
) -> Outcome:
    """The outcome of a robot that puts its verdict into the body: delivered only with code 0.

    `wait_seconds` is the pause after a 429 that names none.
    """
    if code and (verdict := verdicts.get(code)):
        wait = verdict.wait_seconds
        if verdict.kind is OutcomeKind.RATE_LIMITED:
            wait = max(wait, retry_after_seconds(reply, now) or 0.0)
        return Outcome(verdict.kind, str(code), verdict.meaning, wait)
    if not 200 <= reply.status < 300:
        return by_status(reply, now, wait_seconds=wait_seconds)
    if code is None:
        return unreadable(reply)
    if code == 0:
        return Outcome(OutcomeKind.DELIVERED, "0")
    return Outcome(OutcomeKind.TRANSIENT, str(code), UNDOCUMENTED)


def unreadable(reply: HttpReply) -> Outcome:
    """A 2xx without a verdict: the message may be there or not."""
    return Outcome(OutcomeKind.AMBIGUOUS, str(reply.status), "the answer could not be read")


def by_status(reply: HttpReply, now: datetime, *, wait_seconds: float) -> Outcome:
    """The outcome of a status outside 2xx."""
    status, code = reply.status, str(reply.status)
    pause = retry_after_seconds(reply, now)
    if status == 429 or (status == 503 and pause is not None):
        wait = wait_seconds if pause is None else pause
        return Outcome(OutcomeKind.RATE_LIMITED, code, "asked to wait", wait)
    if status >= 500 and not reply.body.strip():
        # A gateway that lost the answer says nothing; the robot behind it may have posted.
        return Outcome(OutcomeKind.AMBIGUOUS, code, "server error without an answer")
    kind, meaning = OutcomeKind.BAD_CONFIG, "refused; check the address and key of the target"
    if status >= 500 or status in _TRANSIENT_STATUS:
        kind, meaning = OutcomeKind.TRANSIENT, "the server is in trouble or busy"
    elif status in _CONTENT_STATUS:
        kind, meaning = OutcomeKind.BAD_CONTENT, "the message was not accepted"
    elif status < 400:
        meaning = "the address has moved; set the new address of the target"
    return Outcome(kind, code, meaning)


def retry_after_seconds(
    reply: HttpReply, now: datetime, header: str = "retry-after"
) -> float | None:
    """The pause a header asks for (seconds or an HTTP date), 1 s to an hour; None: none given."""
    value = reply.headers.get(header, "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = _http_date(value)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 1.0), LONGEST_WAIT_SECONDS)


def their_clock(reply: HttpReply, now: datetime) -> datetime | None:
    """The vendor's time, where it says one that differs from ours so much that signatures fail."""
    moment = _http_date(reply.headers.get("date", ""))
    if moment is None or abs(moment - now) < CLOCK_DIFFERENCE:
        return None
    return moment


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def rich_then_plain(rich: Callable[[], Outcome], plain: Callable[[], Outcome]) -> Outcome:
    """Send the marked-up message; where its text is what was refused, once more short and plain.

    A code nobody documents may be about the text too, so it gets that second try as well.
    """
    outcome = rich()
    if outcome.kind is OutcomeKind.BAD_CONTENT or outcome.detail == UNDOCUMENTED:
        return plain()
    return outcome
