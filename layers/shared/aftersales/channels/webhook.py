"""Generic HTTPS webhook: a signed POST of a documented JSON object to a program of the shop's own.

Facts: alert channels reference, sections 3 (vector G1) and 4.8; the signature follows the Standard
Webhooks convention, so that receivers can use any of its libraries. The body is documented in
docs/channels.md and is a public interface.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Any, ClassVar

from aftersales.channels import answers
from aftersales.channels.addresses import Resolver, require_public_https, resolve_host
from aftersales.channels.base import Outcome, OutcomeKind
from aftersales.channels.layout import fit, prepare, short
from aftersales.errors import Misconfigured, Unreachable
from aftersales.http import HttpReply, HttpRequest, Transport
from aftersales.messages.base import Message
from aftersales.settings.model import Target

BODY_LIMIT_BYTES = 65_536
WAIT_SECONDS = 60.0  # after a 429 that names no time
GONE = 410
SECRET_PREFIX = "whsec_"  # noqa: S105 - how users are shown a key, not a key


def signing_keys(secrets: str) -> tuple[bytes, ...]:
    """The keys in a comma-separated list of base64 secrets, each with or without `whsec_`.

    Several keys are live while one is replaced. Raises `Misconfigured` where one is not base64.
    """
    try:
        return tuple(
            base64.b64decode(secret.strip().removeprefix(SECRET_PREFIX), validate=True)
            for secret in secrets.split(",")
            if secret.strip()
        )
    except (binascii.Error, ValueError):
        raise Misconfigured(
            "A webhook signing secret is not base64.",
            what_to_do="Use `whsec_` followed by the base64 of 24 to 64 random bytes.",
        ) from None


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """One `v1,<base64>` signature over `id.timestamp.body`."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class Webhook:
    """One receiver. Raises `Misconfigured` when it is built with a secret that is not base64."""

    kind: ClassVar[str] = "webhook"

    def __init__(
        self,
        target: Target,
        url: str,
        sign_secret: str,
        transport: Transport,
        resolve: Resolver = resolve_host,
    ) -> None:
        self._target = target
        self._url = url
        self._keys = signing_keys(sign_secret)
        self._transport = transport
        self._resolve = resolve

    def send(self, message: Message, now: datetime) -> Outcome:
        """The whole message; if it is refused, once more without its long texts."""
        try:
            if not self._target.allow_private_address:
                require_public_https(self._url, self._resolve)
        except Misconfigured as exc:
            return Outcome(OutcomeKind.BAD_CONFIG, "address", str(exc))
        except Unreachable:
            return Outcome(OutcomeKind.TRANSIENT, "dns", "the host name could not be resolved")
        message = prepare(message)
        return answers.rich_then_plain(
            lambda: self._post(message, now), lambda: self._post(short(message), now)
        )

    def body(self, message: Message) -> bytes:
        """The documented JSON of a prepared message, within the limit."""
        fitted = fit(message, lambda m: len(_encode(m)) - BODY_LIMIT_BYTES)
        return _encode(fitted)

    def _post(self, message: Message, now: datetime) -> Outcome:
        body = self.body(message)
        message_id = re.sub(r"[^A-Za-z0-9_-]", "_", message.alert_id)
        timestamp = str(int(now.timestamp()))
        headers = {
            "content-type": "application/json; charset=utf-8",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
        }
        if self._keys:
            headers["webhook-signature"] = " ".join(
                signature(key, message_id, timestamp, body) for key in self._keys
            )
        reply = answers.post(
            self._transport,
            HttpRequest("POST", self._url, headers, body, answers.READ_TIMEOUT_SECONDS),
        )
        return reply if isinstance(reply, Outcome) else _judge(reply, now)


def _judge(reply: HttpReply, now: datetime) -> Outcome:
    if 200 <= reply.status < 300:
        return Outcome(OutcomeKind.DELIVERED, str(reply.status))
    if reply.status == GONE:
        return Outcome(
            OutcomeKind.BAD_CONFIG, str(GONE), "the receiver is gone for good; remove the target"
        )
    return answers.by_status(reply, now, wait_seconds=WAIT_SECONDS)


def _encode(message: Message) -> bytes:
    fields: dict[str, str] = {}
    for field in message.fields:
        known = fields.get(field.label)
        fields[field.label] = field.value if known is None else f"{known}, {field.value}"
    document: dict[str, Any] = {
        "alert_id": message.alert_id,
        "title": message.title,
        "severity": message.severity.value,
        "solved": message.solved,
        "what": message.what,
        "why": message.why,
        "todo": message.todo,
        "until": message.until,
        "fields": fields,
        "buyer_text": message.buyer_text,
        "buttons": [{"label": button.label, "url": button.url} for button in message.buttons],
        "language": message.language,
    }
    return json.dumps(document, ensure_ascii=False).encode()
