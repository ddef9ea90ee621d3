"""Feishu (飞书) / Lark custom robot: a POST per message to the robot's address.

Facts: alert channels reference, sections 3 (signature) and 4.3. The signature travels in the body;
its key and its message are the other way round than with DingTalk. Only the body's `code` counts.
Messages are cards of schema 1.0; a wrong user id in a card fails the whole card, and the plain text
that follows then still arrives. The robot cannot look people up: mentions are open or user ids.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import zlib
from datetime import datetime
from typing import Any, ClassVar

from msgspec.structs import replace

from aftersales.channels import answers
from aftersales.channels.answers import Verdict
from aftersales.channels.base import Outcome, OutcomeKind
from aftersales.channels.layout import (
    SHORT_FIELDS,
    SHORT_TEXT_BYTES,
    Markup,
    fit,
    footer,
    heading,
    links,
    paragraphs,
    prepare,
    short,
)
from aftersales.channels.text import disarmed, disarmed_markup, utf8_bytes
from aftersales.findings import Severity
from aftersales.http import HttpReply, Transport
from aftersales.messages.base import Message
from aftersales.settings.model import Target

BODY_LIMIT_BYTES = 20_000  # the whole request body, signature included
SIGNATURE_BYTES = 100  # timestamp and sign, with their names
WAIT_SECONDS = 60.0
TOO_MANY_OR_MALFORMED = 9499
PLATFORM_BUSY = 11232
SIGNATURE_REFUSED = 19021

VERDICTS = {
    11232: Verdict(OutcomeKind.RATE_LIMITED, "the platform's rate limit", WAIT_SECONDS),
    99991400: Verdict(OutcomeKind.RATE_LIMITED, "the robot's rate limit"),
    19021: Verdict(
        OutcomeKind.BAD_CONFIG, "signature or timestamp wrong: check sign_secret and the clock"
    ),
    19022: Verdict(OutcomeKind.BAD_CONFIG, "this IP address is not on the robot's list"),
    19024: Verdict(OutcomeKind.BAD_CONFIG, "the robot's keyword is missing: set it as keyword"),
    19001: Verdict(OutcomeKind.BAD_CONFIG, "the robot's token is not valid"),
    99991201: Verdict(OutcomeKind.BAD_CONFIG, "the robot's address is wrong"),
    19002: Verdict(OutcomeKind.BAD_CONTENT, "the message type is missing"),
    11246: Verdict(OutcomeKind.BAD_CONTENT, "the card was refused, often for a wrong user id"),
    10002: Verdict(OutcomeKind.BAD_CONTENT, "the text is empty"),
    9499: Verdict(OutcomeKind.BAD_CONTENT, "the request is malformed"),
}

_PHONE = re.compile(r"1\d{10}|\+[\d-]{7,20}")
_COLOURS = {
    Severity.NOTICE: "blue",
    Severity.WARN: "orange",
    Severity.ALARM: "red",
    Severity.CRITICAL: "carmine",
}


LARK_MD = Markup(escape=disarmed_markup, strong="**{}**", link="[{label}]({url})")
PLAIN = Markup(escape=disarmed)


def sign(secret: str, timestamp: str) -> str:
    """The `sign` field: timestamp and secret are the key, the message is empty."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.digest(key, b"", hashlib.sha256)).decode()


class Feishu:
    """One robot in one group. `sign_secret` is "" where the robot has another guard."""

    kind: ClassVar[str] = "feishu"

    def __init__(self, target: Target, url: str, sign_secret: str, transport: Transport) -> None:
        self._target = target
        self._url = url
        self._secret = sign_secret
        self._transport = transport

    def send(self, message: Message, now: datetime) -> Outcome:
        """A card; if it is refused, once more as short text."""
        message = prepare(message)
        outcome = answers.rich_then_plain(
            lambda: self._deliver(self.card(message), now),
            lambda: self._deliver(self.text(message), now),
        )
        if outcome.code == str(PLATFORM_BUSY):
            # It happens when everybody sends, at full and half hours: come back spread out.
            spread = 5 + zlib.crc32(message.alert_id.encode()) % 36
            return replace(outcome, wait_seconds=outcome.wait_seconds + spread)
        return outcome

    def card(self, message: Message) -> dict[str, Any]:
        """The card of a prepared message, within the limit."""

        def render(message: Message) -> dict[str, Any]:
            body = "\n\n".join(paragraphs(message, LARK_MD))
            calls = " ".join(f"<at id={person}></at>" for person in _people(message))
            last = "\n".join(part for part in (calls, disarmed_markup(footer(message))) if part)
            elements = [_div(body)] if body else []
            if message.buttons:
                elements.append({"tag": "action", "actions": _buttons(message)})
            elements.append(_div(last))
            title = heading(message, self._target.keyword, disarmed)
            colour = "green" if message.solved else _COLOURS[message.severity]
            return {
                "msg_type": "interactive",
                "card": {
                    "config": {"wide_screen_mode": True},
                    "header": {
                        "template": colour,
                        "title": {"tag": "plain_text", "content": title},
                    },
                    "elements": elements,
                },
            }

        limit = BODY_LIMIT_BYTES - SIGNATURE_BYTES
        return render(fit(message, lambda m: len(answers.encoded(render(m))) - limit))

    def text(self, message: Message) -> dict[str, Any]:
        """The short plain form of a prepared message."""

        def render(message: Message) -> str:
            parts = [heading(message, self._target.keyword, disarmed), *paragraphs(message, PLAIN)]
            parts += links(message, PLAIN)
            parts.append(" ".join(f'<at user_id="{person}"></at>' for person in _people(message)))
            return "\n".join(part for part in (*parts, disarmed(footer(message))) if part)

        fitted = fit(
            short(message), lambda m: utf8_bytes(render(m)) - SHORT_TEXT_BYTES, SHORT_FIELDS
        )
        return {"msg_type": "text", "content": {"text": render(fitted)}}

    def _deliver(self, payload: dict[str, Any], now: datetime) -> Outcome:
        outcome, reply = self._post(payload, now)
        if outcome.code == str(SIGNATURE_REFUSED) and self._secret and reply is not None:
            theirs = answers.their_clock(reply, now)
            if theirs is not None:
                # Our clock is wrong. Alerts must not wait for its repair: sign by theirs, once.
                outcome, _ = self._post(payload, theirs)
        return outcome

    def _post(self, payload: dict[str, Any], now: datetime) -> tuple[Outcome, HttpReply | None]:
        if self._secret:
            timestamp = str(int(now.timestamp()))
            signature = sign(self._secret, timestamp)
            payload = {"timestamp": timestamp, "sign": signature, **payload}
        reply = answers.post_json(self._transport, self._url, payload)
        if isinstance(reply, Outcome):
            return reply, None
        return _judge(reply, now), reply


def _judge(reply: HttpReply, now: datetime) -> Outcome:
    body = answers.json_object(reply)
    # Very old replies had StatusCode only; beside `code` it says nothing.
    code = answers.int_code(body.get("code") if "code" in body else body.get("StatusCode"))
    reset = answers.retry_after_seconds(reply, now, "x-ogw-ratelimit-reset")
    if code == TOO_MANY_OR_MALFORMED and "too many" in str(body.get("msg", "")).lower():
        # The one code with two meanings that only its wording tells apart.
        return Outcome(OutcomeKind.RATE_LIMITED, str(code), "too many requests", reset or 30.0)
    outcome = answers.judge(reply, code, VERDICTS, now, wait_seconds=WAIT_SECONDS)
    if outcome.kind is OutcomeKind.RATE_LIMITED and reset is not None:
        return replace(outcome, wait_seconds=reset)
    if outcome.kind is OutcomeKind.RATE_LIMITED and not outcome.wait_seconds:
        return replace(outcome, wait_seconds=WAIT_SECONDS)
    return outcome


def _people(message: Message) -> list[str]:
    """Ids only: a phone number in a card would make the robot refuse the whole card."""
    return [person for person in message.mentions if not _PHONE.fullmatch(person)]


def _div(content: str) -> dict[str, Any]:
    return {"tag": "div", "text": {"tag": "lark_md", "content": content}}


def _buttons(message: Message) -> list[dict[str, Any]]:
    return [
        {
            "tag": "button",
            "type": "default" if position else "primary",
            "text": {"tag": "plain_text", "content": disarmed(button.label)},
            "url": button.url,
        }
        for position, button in enumerate(message.buttons)
    ]
