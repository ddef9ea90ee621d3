"""What the Chinese sources share: times without a zone, JSON inside JSON, forms in and out.

Their times mean +08:00 and carry no mark of it (couriers reference, section 2). They are asked by
form posts, and two of them push forms with the JSON in one field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlencode

from msgspec.structs import replace

from aftersales.couriers import calls
from aftersales.couriers.base import WatchRequest
from aftersales.couriers.reading import in_order, text, when
from aftersales.errors import BadInput, WebhookRefused
from aftersales.http import HttpReply, HttpRequest, Transport
from aftersales.tracking import ErrorClass, Mapped, ReplyError, TrackingEvent, TrackingReply

CHINA = timezone(timedelta(hours=8))
FORM = "application/x-www-form-urlencoded; charset=utf-8"
FORM_FIELDS_LIMIT = 32  # the vendors' pushes have two to four

_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时](\d{1,2})分?(?:[:]?(\d{1,2})秒?)?(?:[.,]\d+)?)?"
)

Parse = Callable[[str, bytes], list[TrackingReply | ReplyError]]


def china_time(value: object) -> datetime | None:
    """A time as aware UTC, +08:00 where it states no zone; None where there is no time in it.

    Reads `-`, `/` and 年月日, with or without seconds and leading zeros, besides ISO and epochs.
    """
    raw = text(value)
    match = _TIME.fullmatch(raw)
    if match:
        parts = [int(part or 0) for part in match.groups()]
        try:
            at = datetime(*parts[:3], *parts[3:], tzinfo=CHINA)  # type: ignore[misc, arg-type]
        except ValueError:
            return None
        return at.astimezone(UTC)
    read = when(raw)
    if read is None:
        return None
    at, zone_known = read
    return at if zone_known else at.replace(tzinfo=CHINA).astimezone(UTC)


def compact(value: object) -> str:
    """A value as JSON without blanks, Chinese as it is: what is signed and sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unknown_courier(parcel: WatchRequest, source: str) -> ReplyError:
    """What is said of a courier that the source has no code for."""
    return ReplyError(
        ErrorClass.BAD_NUMBER_OR_COURIER,
        "",
        f"{source} has no code for the courier '{parcel.courier}'",
        parcel.waybill_number,
    )


def unwrapped(value: object) -> Any:
    """The value, or what is in it where it is JSON written into a string."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def told_once(
    events: Sequence[TrackingEvent], waybill_number: str, *, newest_first: bool
) -> tuple[TrackingEvent, ...]:
    """Events oldest first, each once."""
    once: dict[str, TrackingEvent] = {}
    for event in in_order(events, newest_first=newest_first):
        once.setdefault(event.identity(waybill_number), event)
    return tuple(once.values())


def newest_known(events: Sequence[TrackingEvent]) -> Mapped | None:
    """The state of the newest event whose code is known: an unknown one keeps what was before."""
    for event in reversed(events):
        if event.status is not None:
            return Mapped(event.status, event.reason, event.delivered_how)
    return None


def post_form(transport: Transport, url: str, fields: Mapping[str, str]) -> HttpReply:
    """One form post, UTF-8, every value encoded once."""
    body = urlencode(fields).encode("ascii")
    return transport(HttpRequest("POST", url, headers={"content-type": FORM}, body=body))


def judged(
    reply: HttpReply, parse: Parse, *, source: str, secrets: Iterable[str]
) -> list[TrackingReply | ReplyError]:
    """What a vendor's HTTP answer says. Nothing usable in it, or a status not 2xx, is an error."""
    secrets = tuple(secrets)
    said: list[TrackingReply | ReplyError] | None
    try:
        said = parse("query_reply", reply.body)
    except BadInput:
        said = None
    if said is not None and 200 <= reply.status < 300:
        return [_without(secrets, entry) for entry in said]
    first_error = next((entry for entry in said or () if isinstance(entry, ReplyError)), None)
    return [
        calls.http_error(reply, first_error, source=source, by_status={}, secrets=secrets),
    ]


def answer_for(
    parcel: WatchRequest, entries: Sequence[TrackingReply | ReplyError], source: str
) -> TrackingReply | ReplyError:
    """The entry that is about `parcel`, under the number and courier we asked for.

    An entry without a number is about the call, and so about every parcel of it. An answer about
    another number is none: it must not be stored under ours.
    """
    number = parcel.waybill_number
    nameless: TrackingReply | ReplyError | None = None
    for entry in entries:
        named = entry.waybill_number.strip().upper()
        if named == number.strip().upper():
            return _as_asked(entry, parcel)
        if not named:
            nameless = nameless or entry
    if nameless is not None:
        return _as_asked(nameless, parcel)
    told = f"{source} says nothing about this number"
    return ReplyError(ErrorClass.NO_RESULT_YET, "", told, number)


def read_form(body: bytes, *needed: str) -> dict[str, str]:
    """A pushed form, decoded. Raises `WebhookRefused` where it is not one value per name."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FORM_FIELDS_LIMIT,
        )
    except ValueError as exc:
        raise WebhookRefused("the body is not a form") from exc
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise WebhookRefused("a form field stands there twice")
    for name in needed:
        if not fields.get(name):
            raise WebhookRefused(f"the form has no field {name}")
    return fields


def _as_asked(
    entry: TrackingReply | ReplyError, parcel: WatchRequest
) -> TrackingReply | ReplyError:
    if isinstance(entry, ReplyError):
        return calls.for_one(entry, parcel.waybill_number)
    return calls.as_asked(entry, parcel)


def _without(
    secrets: Iterable[str], entry: TrackingReply | ReplyError
) -> TrackingReply | ReplyError:
    if isinstance(entry, ReplyError):
        return replace(entry, message=calls.safe_message(entry.message, secrets))
    return entry
