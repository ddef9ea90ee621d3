"""What the adapters share in judging a vendor's HTTP answer and its pushes.

Nothing here knows a vendor. An adapter asks its own body first; the HTTP status decides where the
body says nothing usable.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from aftersales.couriers.base import Registration, WatchRequest
from aftersales.errors import Misconfigured, WebhookRefused
from aftersales.http import HttpReply
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

PUSH_LIMIT_BYTES = 1024 * 1024
PUSH_CLOCK_SKEW_SECONDS = 300  # a vendor's clock may run ahead of ours by this much
RETRY_AFTER_LIMIT_SECONDS = 24 * 3600.0
MESSAGE_LIMIT = 300

BY_STATUS = {
    401: ErrorClass.AUTH,
    402: ErrorClass.QUOTA,
    403: ErrorClass.AUTH,
    429: ErrorClass.THROTTLED,
}
"""What an HTTP status means whatever the body says. 5xx and the rest: their fault, ask again."""


def required(secrets: Mapping[str, str], name: str, source: str) -> str:
    """The secret of that name. Raises `Misconfigured` naming it where it is missing or empty."""
    value = secrets.get(name, "")
    if not value:
        raise Misconfigured(
            f"The tracking source {source} has no secret `{name}`.",
            what_to_do=f"Add `{name}` to its `secrets` in the settings file.",
        )
    return value


def push_secrets(secrets: Mapping[str, str], options: Mapping[str, str], source: str) -> list[str]:
    """The secrets that a push may be signed with: the current and, while it changes, the last.

    With the option `push` "off" a source that is only asked needs none.
    """
    if options.get("push") == "off" and not secrets.get("webhook_secret"):
        return []
    current = required(secrets, "webhook_secret", source)
    return [current, *filter(None, [secrets.get("webhook_secret_previous")])]


def http_error(
    reply: HttpReply,
    said: ReplyError | None,
    *,
    source: str,
    by_status: Mapping[int, ErrorClass],
    secrets: Iterable[str],
) -> ReplyError:
    """The error of a reply that is not 2xx, or 2xx without anything usable in it.

    A status that speaks for itself (`BY_STATUS`, overridden by the vendor's `by_status`, and 5xx)
    decides; else what the body `said`. Nothing usable at all is the vendor's fault.
    """
    table = {**BY_STATUS, **by_status}
    by_itself = reply.status in BY_STATUS or reply.status >= 500
    if said is not None and said.code and not by_itself:
        error_class = said.error_class
    else:
        error_class = table.get(reply.status, ErrorClass.THEIR_FAULT_RETRY)
    message = said.message if said is not None and said.message else "no usable answer"
    return ReplyError(
        error_class=error_class,
        code=said.code if said is not None and said.code else str(reply.status),
        message=safe_message(f"{source} (HTTP {reply.status}): {message}", secrets),
        retry_after_seconds=retry_after_seconds(reply.headers),
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, at most a day; None where it is absent or a date."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, RETRY_AFTER_LIMIT_SECONDS) if seconds >= 0 else None


def safe_message(message: str, secrets: Iterable[str]) -> str:
    """A vendor's message fit for a log: our secrets taken out, of bounded length."""
    for secret in secrets:
        if secret:
            message = message.replace(secret, "***")
    return message[:MESSAGE_LIMIT]


def for_each(error: ReplyError, parcels: Sequence[WatchRequest]) -> list[ReplyError]:
    """A whole-call error, once for each parcel that was asked about."""
    return [for_one(error, parcel.waybill_number) for parcel in parcels]


def for_one(error: ReplyError, waybill_number: str) -> ReplyError:
    """The same error, said of one parcel."""
    return ReplyError(
        error_class=error.error_class,
        code=error.code,
        message=error.message,
        waybill_number=waybill_number,
        retry_after_seconds=error.retry_after_seconds,
    )


def as_asked(reply: TrackingReply, parcel: WatchRequest) -> TrackingReply:
    """The reply under the number as we write it, and under our courier where it names none."""
    return replace(
        reply, waybill_number=parcel.waybill_number, courier=reply.courier or parcel.courier
    )


def registered(parcel: WatchRequest, error: ReplyError | None, courier: str = "") -> Registration:
    """The outcome of one registration; "already registered" is a success."""
    if error is None or error.error_class is ErrorClass.ALREADY_REGISTERED:
        return Registration(parcel.waybill_number, None, courier)
    return Registration(parcel.waybill_number, for_one(error, parcel.waybill_number))


def check_push_door(body: bytes, path_secret: str, expected_path_secret: str) -> None:
    """Refuse a push that is too big, or whose address lacks the secret that was set for it."""
    if len(body) > PUSH_LIMIT_BYTES:
        raise WebhookRefused(f"more than {PUSH_LIMIT_BYTES} bytes", status=413)
    if expected_path_secret and not same(path_secret, expected_path_secret):
        raise WebhookRefused("the secret in the path is missing or wrong")


def signature_header(headers: Mapping[str, str], name: str) -> str:
    """The header that carries the signature. Raises `WebhookRefused` where it is missing."""
    value = headers.get(name, "").strip()
    if not value:
        raise WebhookRefused(f"no header {name}")
    return value


def same(given: str, expected: str) -> bool:
    """Equal, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def check_age(sent_at: datetime | None, now: datetime, limit: str) -> None:
    """Refuse a push older than the option `push_max_age_seconds` ("" or 0: any age).

    Off by default: vendors repeat a failed push for hours with its first time in it.
    """
    try:
        seconds = float(limit or 0)
    except ValueError as exc:
        raise Misconfigured(
            "The option push_max_age_seconds of a tracking source is not a number.",
            what_to_do="Write it in seconds, or leave it out to accept pushes of any age.",
        ) from exc
    if seconds <= 0:
        return
    if sent_at is None:
        raise WebhookRefused("the push states no time, and push_max_age_seconds is set")
    age = (now - sent_at).total_seconds()
    if age > seconds:
        raise WebhookRefused(f"the push is {age:.0f} s old")
    if age < -PUSH_CLOCK_SKEW_SECONDS:
        raise WebhookRefused(f"the push is dated {-age:.0f} s ahead of our clock")
