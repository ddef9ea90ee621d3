"""Pushes of WooCommerce: who may send one, and which one it is.

Facts: platforms reference, section 8; the source of the vendor's class for webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aftersales.errors import WebhookRefused

BODY_LIMIT_BYTES = 1024 * 1024

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#039;", "'"), ("&#39;", "'"),
             ("&#x27;", "'"), ("&amp;", "&"))  # fmt: skip


class Push(NamedTuple):
    """A push whose signature fits. `topic` is a claim: it is not signed."""

    delivery_id: str
    topic: str


def checked_push(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Push | None:
    """Check a push over its raw bytes; None for the unsigned one with which a webhook is created.

    WooCommerce makes its delivery id of the webhook and the second, so that two orders which change
    within one second share it: a digest of the body is part of ours. Raises `WebhookRefused`.
    """
    if len(body) > BODY_LIMIT_BYTES:
        raise WebhookRefused(f"more than {BODY_LIMIT_BYTES} bytes", status=413)
    given = {name.lower(): value.strip() for name, value in headers.items()}
    signature = given.get("x-wc-webhook-signature", "")
    if not signature and _PING.fullmatch(body) and _is_form(given.get("content-type", "")):
        return None
    _verify(signature, body, secrets)
    digest = hashlib.sha256(body).hexdigest()[:16]
    delivery_id = f"{given.get('x-wc-webhook-delivery-id', '')}:{digest}"
    return Push(delivery_id, given.get("x-wc-webhook-topic", ""))


def webhook_signature(secret: str, body: bytes) -> str:
    """The header X-WC-Webhook-Signature of a body."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def _verify(signature: str, body: bytes, secrets: Sequence[str]) -> None:
    usable = [secret for secret in secrets if secret.strip()]
    if not usable:
        raise WebhookRefused("no webhook_secret is configured for this shop")
    if not signature:
        raise WebhookRefused("the header x-wc-webhook-signature is missing")
    fits = False
    for secret in usable:
        # The shop reads HTML entities in its secret before it signs with it.
        for key in (secret, _without_entities(secret)):
            expected = webhook_signature(key, body).encode()
            fits |= hmac.compare_digest(signature.encode("utf-8", "replace"), expected)
    if not fits:
        raise WebhookRefused(
            "the signature does not fit: wrong secret, or the body is not the raw one"
        )


def _without_entities(secret: str) -> str:
    for entity, character in _ENTITIES:
        secret = secret.replace(entity, character)
    return secret


def _is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"
