"""Calls that TOP makes to us over HTTP: verified over the raw bytes, then read for order ids.

Facts: platforms reference, section 1.6. The signature runs over names and values with nothing
between them, so it proves who sent a call, not which word was a name: the content is a hint, and
orders are read again by id. The names in the content are [unverified].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from aftersales.couriers.calls import PUSH_LIMIT_BYTES, same
from aftersales.couriers.china import china_time, unwrapped
from aftersales.couriers.reading import document, mapping, text
from aftersales.errors import BadInput, WebhookRefused
from aftersales.platforms.base import RejectedRow, Webhook
from aftersales.platforms.taobao_sign import signature

CALLBACK_AGE_SECONDS = 600  # TOP's own tolerance for timestamps
FORM_FIELDS_LIMIT = 200
FORM_TYPE = "application/x-www-form-urlencoded"
DEEPEST = 6  # levels of JSON, and of JSON written into its texts
ORDER_ID_NAMES = ("tid", "tid_str")
ID_LIMIT_DIGITS = 32


def read_callback(
    headers: Mapping[str, str], query: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> Webhook:
    """The orders that a genuine call names. Raises `WebhookRefused` as `verify_callback` does.

    A genuine call whose content cannot be read comes back as a rejected row.
    """
    form = verify_callback(headers, query, body, secret, now)
    told: list[object] = [dict(query), form]
    rejected: tuple[RejectedRow, ...] = ()
    if body.strip() and not form:
        try:
            told.append(document("taobao", "push", body))
        except BadInput as exc:
            raw = body.decode(errors="replace")
            rejected = (RejectedRow("taobao callback", exc.reason, raw),)
    found = dict.fromkeys(each for part in told for each in _order_ids(part, DEEPEST))
    return Webhook(
        delivery_id=next(filter(None, map(_delivery_id, told)), ""),
        order_ids=tuple(found),
        rejected=rejected,
    )


def verify_callback(
    headers: Mapping[str, str], query: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> dict[str, str]:
    """Check a call that TOP made to us. Returns its form fields, {} where the body is no form.

    Signed are the headers named in `top-sign-list`, the query, the form or else the raw body.
    Raises `WebhookRefused`: too big (413), no or a wrong signature, older than ten minutes.
    """
    if len(body) > PUSH_LIMIT_BYTES:
        raise WebhookRefused(f"more than {PUSH_LIMIT_BYTES} bytes", status=413)
    given = query.get("sign", "")
    if not given:
        raise WebhookRefused("the query has no sign")
    lower = {name.lower(): value for name, value in headers.items()}
    is_form = lower.get("content-type", "").lower().startswith(FORM_TYPE)
    form = _form(body) if is_form else {}
    signed = {**_signed_headers(lower), **query, **form}
    expected = signature(signed, secret, body=b"" if is_form else body)
    if not same(given.strip().upper(), expected):
        raise WebhookRefused(
            "the signature does not fit: wrong app_secret, or the body is not the raw one"
        )
    # The time counts only once the signature has proved it.
    _check_age(signed.get("timestamp", ""), now)
    return form


def _order_ids(part: object, depth: int) -> Iterator[str]:
    """Order ids anywhere in the content; JSON stands inside texts, too (`content`)."""
    part = unwrapped(part)
    if depth == 0:
        return
    if isinstance(part, list):
        for each in part:
            yield from _order_ids(each, depth - 1)
    for name, value in mapping(part).items():
        found = text(value)
        if name in ORDER_ID_NAMES and found.isascii() and found.isdigit():
            if len(found) <= ID_LIMIT_DIGITS:
                yield found
        elif isinstance(value, dict | list | str):
            yield from _order_ids(value, depth - 1)


def _delivery_id(part: object) -> str:
    """The id of a message in the form that TOP's message service has; other ids may be anything,
    and what looks like a delivery that is known already would be dropped."""
    stated = mapping(part)
    return text(stated.get("id")) if "topic" in stated else ""


def _signed_headers(lower: Mapping[str, str]) -> dict[str, str]:
    names = [name.strip() for name in lower.get("top-sign-list", "").split(",")]
    return {name: lower[name.lower()] for name in names if name.lower() in lower}


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FORM_FIELDS_LIMIT,
        )
    except ValueError as exc:
        raise WebhookRefused("the body is not a form") from exc
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise WebhookRefused("a form field stands there twice")
    return fields


def _check_age(timestamp: str, now: datetime) -> None:
    sent_at = china_time(timestamp)
    if sent_at is None:
        raise WebhookRefused("the timestamp is missing or no time")
    age = (now - sent_at).total_seconds()
    if abs(age) > CALLBACK_AGE_SECONDS:
        side = "old" if age > 0 else "ahead of our clock"
        raise WebhookRefused(
            f"{abs(age):.0f} s {side}, {CALLBACK_AGE_SECONDS} s are allowed; a repeat, or a clock"
            " is wrong"
        )
