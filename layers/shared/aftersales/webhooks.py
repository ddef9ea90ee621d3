"""Checks of signed webhooks that are not tracking pushes: our own, and those of chat tools.

Facts: alert channels reference, sections 3 and 5. All checks run over the raw bytes, compare in
constant time and, where the sender states a time, refuse what is older than the window or ahead of
our clock. A refusal says why in plain words, for our log and `aftersales webhooks verify`; the
sender is told nothing. `secrets` are all keys that are valid now, so that one can be replaced.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from aftersales.errors import BadInput, WebhookRefused

TOLERANCE_SECONDS = 300
DINGTALK_TOLERANCE_SECONDS = 3600
_DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)
_ENCRYPT_XML = re.compile(rb"<Encrypt>\s*(?:<!\[CDATA\[)?([A-Za-z0-9+/=]+)(?:\]\]>)?\s*</Encrypt>")


def verify_standard(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: datetime,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> None:
    """Standard Webhooks: what our `webhook` channel sends. Secrets with or without `whsec_`."""
    message_id = _header(headers, "webhook-id")
    timestamp = _header(headers, "webhook-timestamp")
    given = _header(headers, "webhook-signature").split()
    signed = b".".join((_bytes(message_id), _bytes(timestamp), body))
    expected = [
        base64.b64encode(hmac.digest(_standard_key(secret), signed, hashlib.sha256)).decode()
        for secret in _named(secrets)
    ]
    candidates = [part.removeprefix("v1,") for part in given if part.startswith("v1,")]
    if not candidates:
        raise WebhookRefused("the header webhook-signature holds no v1 signature")
    _require_signature(candidates, expected)
    _require_recent(timestamp, now, tolerance_seconds)


def verify_slack(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> None:
    """Slack request signature v0. The window is Slack's: 5 minutes."""
    timestamp = _header(headers, "x-slack-request-timestamp")
    given = _header(headers, "x-slack-signature")
    signed = b":".join((b"v0", _bytes(timestamp), body))
    expected = [
        "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        for secret in _named(secrets)
    ]
    _require_signature([given], expected)
    _require_recent(timestamp, now, TOLERANCE_SECONDS)


def verify_feishu_callback(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: datetime,
    *,
    legacy: bool = False,
) -> None:
    """Feishu callback, a plain hash. `legacy` cards: SHA-1, verification token as the secret."""
    timestamp = _header(headers, "x-lark-request-timestamp")
    nonce = _header(headers, "x-lark-request-nonce")
    given = _header(headers, "x-lark-signature")
    algorithm = "sha1" if legacy else "sha256"
    expected = [
        hashlib.new(algorithm, _bytes(timestamp + nonce + secret) + body).hexdigest()
        for secret in _named(secrets)
    ]
    _require_signature([given], expected)
    _require_recent(timestamp, now, TOLERANCE_SECONDS)


def verify_wecom_signature(
    token: str,
    timestamp: str,
    nonce: str,
    encrypted: str,
    signature: str,
    *,
    now: datetime | None = None,
) -> None:
    """WeCom callback: SHA-1 over the sorted parts. The content stays encrypted.

    Without `now` the age is not checked; a caller who acts on the callback passes it.
    """
    _named([token])
    if not signature:
        raise WebhookRefused("the parameter msg_signature is missing")
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    # SHA-1 is the vendor's choice.
    _require_signature([signature], [hashlib.sha1(_bytes(joined)).hexdigest()])  # noqa: S324
    if now is not None:
        _require_recent(timestamp, now, TOLERANCE_SECONDS)


def verify_teams_outgoing(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
    """Teams outgoing webhook. It states no time, so a repeat is known by its activity id only."""
    scheme, _, given = _header(headers, "authorization").partition(" ")
    if scheme.upper() != "HMAC":
        raise WebhookRefused("the header authorization does not begin with HMAC")
    expected = [
        base64.b64encode(hmac.digest(_base64_key(secret), body, hashlib.sha256)).decode()
        for secret in _named(secrets)
    ]
    _require_signature([given.strip()], expected)


def verify_dingtalk(timestamp: str, sign: str, secret: str, now: datetime) -> None:
    """DingTalk app robot: `timestamp` in milliseconds; the window is DingTalk's, one hour."""
    _named([secret])
    if not timestamp or not sign:
        raise WebhookRefused("timestamp or sign is missing")
    signed = _bytes(f"{timestamp}\n{secret}")
    digest = hmac.digest(secret.encode(), signed, hashlib.sha256)
    _require_signature([sign], [base64.b64encode(digest).decode()])
    _require_recent(timestamp, now, DINGTALK_TOLERANCE_SECONDS, per_second=1000)


def verify_webhook(
    source: str, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> None:
    """Check a webhook of one of `WEBHOOK_SOURCES`. Query parameters are given among `headers`.

    Raises `WebhookRefused` with the reason, `BadInput` for an unknown source.
    """
    check = _CHECKS.get(source)
    if check is None:
        raise BadInput(f"unknown source; use one of {', '.join(_CHECKS)}", place=source)
    check(headers, body, secrets, now)


def _feishu_legacy(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> None:
    verify_feishu_callback(headers, body, secrets, now, legacy=True)


def _teams(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
    del now
    verify_teams_outgoing(headers, body, secrets)


def _dingtalk(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> None:
    del body  # DingTalk signs the time only
    timestamp, sign = _header(headers, "timestamp"), _header(headers, "sign")
    _any_secret(secrets, lambda secret: verify_dingtalk(timestamp, sign, secret, now))


def _wecom(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
    timestamp, nonce = _header(headers, "timestamp"), _header(headers, "nonce")
    signature = _header(headers, "msg_signature")
    encrypted = _encrypted_part(headers, body)
    _any_secret(
        secrets,
        lambda token: verify_wecom_signature(
            token, timestamp, nonce, encrypted, signature, now=now
        ),
    )


_CHECKS: dict[str, Callable[[Mapping[str, str], bytes, Sequence[str], datetime], None]] = {
    "webhook": verify_standard,
    "slack": verify_slack,
    "feishu": verify_feishu_callback,
    "feishu_legacy": _feishu_legacy,
    "wecom": _wecom,
    "teams": _teams,
    "dingtalk": _dingtalk,
}
WEBHOOK_SOURCES: tuple[str, ...] = tuple(_CHECKS)


def _any_secret(secrets: Sequence[str], check: Callable[[str], None]) -> None:
    """Pass where one of `secrets` passes; else raise what the last one said."""
    *others, last = _named(secrets)
    for secret in others:
        try:
            check(secret)
        except WebhookRefused:
            continue
        return
    check(last)


def _encrypted_part(headers: Mapping[str, str], body: bytes) -> str:
    """What WeCom encrypted: `echostr` of a URL check, or `Encrypt` in XML or JSON, or bare text."""
    echo = next((value for name, value in headers.items() if name.lower() == "echostr"), "")
    if echo:
        return echo
    found = _ENCRYPT_XML.search(body)
    if found:
        return found[1].decode()
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        wanted = document.get("encrypt", document.get("Encrypt"))
        if isinstance(wanted, str):
            return wanted
    return body.decode("ascii", errors="replace").strip()


def _header(headers: Mapping[str, str], name: str) -> str:
    for key, value in headers.items():
        if key.lower() == name and value.strip():
            return value.strip()
    raise WebhookRefused(f"the header {name} is missing")


def _bytes(text: str) -> bytes:
    """UTF-8; a header with a broken surrogate is a wrong signature, not a crash."""
    return text.encode(errors="replace")


def _named(secrets: Sequence[str]) -> Sequence[str]:
    """The secrets. With none there is nothing to check by: an empty key is known to everybody."""
    usable = [secret for secret in secrets if secret.strip()]
    if not usable:
        raise WebhookRefused("no secret is configured for this webhook")
    return usable


def _standard_key(secret: str) -> bytes:
    return _base64_key(secret.strip().removeprefix("whsec_"))


def _base64_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raise WebhookRefused("the secret on our side is not base64") from None


def _require_signature(given: Iterable[str], expected: Iterable[str]) -> None:
    """Compare every pair, so that the time taken does not tell which secret or how much fits."""
    found = False
    wanted = [value.encode() for value in expected]
    for candidate in given:
        for value in wanted:
            found |= hmac.compare_digest(_bytes(candidate), value)
    if not found:
        raise WebhookRefused(
            "the signature does not fit: wrong secret, or the body is not the raw one"
        )


def _require_recent(
    timestamp: str, now: datetime, tolerance_seconds: int, *, per_second: int = 1
) -> None:
    """The time counts only once the signature has proved it, hence this check comes last."""
    if not _DIGITS.fullmatch(timestamp):
        raise WebhookRefused("the timestamp is not a number of seconds or milliseconds")
    age = now.timestamp() - int(timestamp) / per_second
    if age > tolerance_seconds:
        raise WebhookRefused(
            f"too old: sent {age:.0f} s ago, {tolerance_seconds} s are allowed; a repeat, or our "
            "clock is fast"
        )
    if -age > tolerance_seconds:
        raise WebhookRefused(
            f"from the future: {-age:.0f} s ahead, {tolerance_seconds} s are allowed; our clock is "
            "slow, or the timestamp has the wrong unit"
        )
