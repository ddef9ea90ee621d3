"""Checking one webhook by hand, exactly as the desk checks it when it arrives.

A push of a tracking source goes through that source's own adapter, with the settings' defaults; the
one secret takes the role that it has in the signature, the others are placeholders that nothing is
signed with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from aftersales.errors import BadInput, WebhookRefused
from aftersales.http import HttpReply, HttpRequest

PLACEHOLDER = "not-needed-to-check-a-push"
SIGNING_SECRETS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "seventeentrack": ("key", ()),
    "aftership": ("webhook_secret", ("key",)),
    "easypost": ("webhook_secret", ("key",)),
    "kuaidi100": ("salt", ("key", "customer")),
    "kdniao": ("app_key", ("business_id",)),
    "sf": ("", ("partner_id", "checkword")),
}
"""Tracking source -> the secret that pushes are signed with, and the others that it wants. SF signs
nothing: its secret is the last part of the path."""
OTHERS = ("webhook", "slack", "feishu", "feishu_legacy", "wecom", "teams", "dingtalk")
"""Our own webhook, and those of chat tools (`aftersales.webhooks`)."""
SHOPS = ("woocommerce", "taobao")
"""Shop platforms with signatures of their own; a `generic` shop signs like our own webhook."""
ALIASES: Mapping[str, str] = {
    "tmall": "taobao",
    "17track": "seventeentrack",
    "standard": "webhook",
    "generic": "webhook",
    "lark": "feishu",
}
NAMES = (*SIGNING_SECRETS, *SHOPS, *OTHERS)
MAY_BE_EMPTY = ("kuaidi100",)
"""An empty salt is a salt, too: the callback is signed with it."""
FEISHU_ROBOT_TOLERANCE_SECONDS = 3600
"""Feishu refuses a robot's message whose time is further off than an hour."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict, and why in plain words."""

    valid: bool
    reason: str


def check_webhook(
    source: str,
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    *,
    now: datetime,
    path: str = "",
) -> Checked:
    """Check one webhook over its raw bytes. `path` is where it was sent to, if its source needs it.

    Raises `BadInput` for an unknown source.
    """
    source = ALIASES.get(source, source)
    headers = {name.lower(): value for name, value in headers.items()}
    try:
        if source in SIGNING_SECRETS:
            return _check_push(source, headers, body, secret, now=now, path=path)
        if source == "woocommerce":
            return _check_woocommerce(headers, body, secret)
        if source == "taobao":
            return _check_taobao(headers, body, secret, now=now, path=path)
        if source == "feishu" and _is_robot_message(headers, body):
            return _check_feishu_robot(body, secret, now)
        return _check_other(source, headers, body, secret, now)
    except WebhookRefused as refused:
        return Checked(False, refused.reason)


def read_headers(text: bytes, place: str) -> dict[str, str]:
    """Headers from a JSON object, names in lower case. A list of values becomes one, joined with
    commas as an HTTP API does. Raises `BadInput`."""
    try:
        document = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise BadInput("not JSON; write the headers as one JSON object", place=place) from exc
    if not isinstance(document, dict):
        raise BadInput("not a JSON object of header names and values", place=place)
    headers: dict[str, str] = {}
    for name, value in document.items():
        values = value if isinstance(value, list) else [value]
        parts = [str(part) for part in values if isinstance(part, str | int | float)]
        if len(parts) != len([part for part in values if part is not None]):
            raise BadInput("a header is text, or a list of texts", place=f"{place}, {name}")
        lower = name.strip().lower()
        headers[lower] = ",".join(filter(None, (headers.get(lower, ""), *parts)))
    return headers


def _check_push(
    source: str,
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    *,
    now: datetime,
    path: str,
) -> Checked:
    from aftersales.couriers.registry import build_source
    from aftersales.settings.model import Source

    role, others = SIGNING_SECRETS[source]
    secrets = dict.fromkeys(others, PLACEHOLDER)
    if role:
        secrets[role] = secret
    adapter = build_source(
        Source(kind=source), secrets, _no_transport, path_secret="" if role else secret
    )
    path_secret = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    adapter.verify_push(headers, body, unquote(path_secret), now)
    return Checked(True, "the signature fits" if role else "the secret in the path fits")


def _check_woocommerce(headers: Mapping[str, str], body: bytes, secret: str) -> Checked:
    from aftersales.platforms.woocommerce_webhook import checked_push

    if checked_push(headers, body, [secret]) is None:
        return Checked(True, "the unsigned push that tries out a new webhook; it is ignored")
    return Checked(True, "the signature fits")


def _check_taobao(
    headers: Mapping[str, str], body: bytes, secret: str, *, now: datetime, path: str
) -> Checked:
    """TOP signs the query, too: it stands in `path`."""
    from aftersales.platforms.taobao_callback import verify_callback

    query = dict(parse_qsl(path.partition("?")[2], keep_blank_values=True))
    verify_callback(headers, query, body, secret, now)
    return Checked(True, "the signature fits")


def _check_other(
    source: str, headers: Mapping[str, str], body: bytes, secret: str, now: datetime
) -> Checked:
    from aftersales.webhooks import verify_webhook

    if source == "dingtalk" and "%" in headers.get("sign", ""):
        # Copied out of an address, where base64 is percent-encoded.
        headers = {**headers, "sign": unquote(headers["sign"])}
    verify_webhook(source, headers, body, [secret], now)
    return Checked(True, "the signature fits")


def _is_robot_message(headers: Mapping[str, str], body: bytes) -> bool:
    """A message to a Feishu robot carries its signature in the body, a callback in its headers."""
    return "x-lark-signature" not in headers and "sign" in _object(body)


def _check_feishu_robot(body: bytes, secret: str, now: datetime) -> Checked:
    """Alert channels reference, section 3: the signed text is the key, the message is empty."""
    message = _object(body)
    timestamp, given = str(message.get("timestamp", "")), str(message["sign"])
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        return Checked(False, "the field timestamp is missing or not a number of seconds")
    digest = hmac.digest(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256)
    expected = base64.b64encode(digest)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected):
        return Checked(False, "the signature in the field sign does not fit the timestamp")
    off = abs(now.timestamp() - int(timestamp))
    if off > FEISHU_ROBOT_TOLERANCE_SECONDS:
        limit = FEISHU_ROBOT_TOLERANCE_SECONDS
        return Checked(False, f"the time is {off:.0f} s off; Feishu allows {limit} s")
    return Checked(True, "the signature fits")


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _no_transport(request: HttpRequest) -> HttpReply:
    raise AssertionError(f"checking a push asks nobody ({request.method})")
