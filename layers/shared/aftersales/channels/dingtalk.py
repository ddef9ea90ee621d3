"""DingTalk (钉钉) custom robot: a POST per message to the robot's address.

Facts: alert channels reference, sections 3 (signature) and 4.1. The robot answers HTTP 200 on
failure, so only `errcode` counts. A robot that is sent more than 20 messages a minute is silenced
for 10 minutes. A mention works only where the number stands both in `at` and in the text. Markdown
with links is sent rather than an action card, because cards do not mention reliably.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

from aftersales.channels import answers
from aftersales.channels.answers import Verdict
from aftersales.channels.base import Outcome, OutcomeKind
from aftersales.channels.layout import (
    EVERYBODY,
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
from aftersales.http import HttpReply, Transport
from aftersales.messages.base import Message
from aftersales.settings.model import Target

BODY_LIMIT_BYTES = 20_000  # the whole request body
SILENCE_SECONDS = 600.0  # after more than 20 messages in a minute
SIGNATURE_REFUSED = 310000

VERDICTS = {
    -1: Verdict(OutcomeKind.TRANSIENT, "the robot is busy"),
    130101: Verdict(OutcomeKind.RATE_LIMITED, "more than 20 messages a minute", SILENCE_SECONDS),
    302033: Verdict(OutcomeKind.RATE_LIMITED, "too many messages", SILENCE_SECONDS),
    310000: Verdict(
        OutcomeKind.BAD_CONFIG,
        "the robot's guard refused: check keyword, sign_secret, this machine's clock, IP list",
    ),
    300001: Verdict(OutcomeKind.BAD_CONFIG, "the robot's token is unknown"),
    300005: Verdict(OutcomeKind.BAD_CONFIG, "the robot's token is unknown"),
    400013: Verdict(OutcomeKind.BAD_CONFIG, "the group is gone"),
    400101: Verdict(OutcomeKind.BAD_CONFIG, "the address holds no access_token"),
    400102: Verdict(OutcomeKind.BAD_CONFIG, "the robot is stopped"),
    400105: Verdict(OutcomeKind.BAD_CONTENT, "this message type is not supported"),
    460101: Verdict(OutcomeKind.BAD_CONTENT, "the message is over 20 000 bytes"),
    40035: Verdict(OutcomeKind.BAD_CONTENT, "a parameter is not accepted"),
    43004: Verdict(OutcomeKind.BAD_CONTENT, "the content type is not accepted"),
    # 4301xx is the content filter.
    **{
        code: Verdict(OutcomeKind.BAD_CONTENT, "the content filter refused the text")
        for code in range(430100, 430200)
    },
}

_PHONE = re.compile(r"1\d{10}|\+[\d-]{7,20}")


MARKDOWN = Markup(
    escape=disarmed_markup,
    strong="**{}**",
    fact="- {}",
    quote="> {}",
    line="  \n",  # a bare line break is not shown
    link="[{label}]({url})",
)
PLAIN = Markup(escape=disarmed)


def sign(secret: str, timestamp_ms: int) -> str:
    """The `sign` parameter before URL encoding: secret is the key, and part of the message."""
    text = f"{timestamp_ms}\n{secret}".encode()
    return base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha256)).decode()


def signed_url(url: str, secret: str, now: datetime) -> str:
    """`url` with timestamp and signature, percent-encoded exactly once. Without a secret: `url`."""
    if not secret:
        return url
    parts = urlsplit(url)
    # A signed address copied from a trial call carries old values, which must not come first.
    kept = [
        pair
        for pair in parts.query.split("&")
        if pair and dict(parse_qsl(pair, keep_blank_values=True)).keys().isdisjoint(_SIGNED)
    ]
    timestamp_ms = int(now.timestamp() * 1000)
    kept += [f"timestamp={timestamp_ms}", f"sign={quote(sign(secret, timestamp_ms), safe='')}"]
    return parts._replace(query="&".join(kept)).geturl()


_SIGNED = {"timestamp", "sign"}


class DingTalk:
    """One robot in one group. `sign_secret` is the `SEC...` secret, "" with another guard."""

    kind: ClassVar[str] = "dingtalk"

    def __init__(self, target: Target, url: str, sign_secret: str, transport: Transport) -> None:
        self._target = target
        self._url = url
        self._secret = sign_secret
        self._transport = transport

    def send(self, message: Message, now: datetime) -> Outcome:
        """Markdown; if the text is refused, once more as short text."""
        message = prepare(message)
        return answers.rich_then_plain(
            lambda: self._deliver(self.markdown(message), now),
            lambda: self._deliver(self.text(message), now),
        )

    def markdown(self, message: Message) -> dict[str, Any]:
        """The marked-up form of a prepared message, within the limit."""

        def render(message: Message) -> dict[str, Any]:
            title = heading(message, self._target.keyword, disarmed_markup)
            parts = [f"### {title}", *paragraphs(message, MARKDOWN)]
            parts += [
                " | ".join(links(message, MARKDOWN)),
                _calls(message),
                disarmed_markup(footer(message)),
            ]
            text = "\n\n".join(part for part in parts if part)
            return {
                "msgtype": "markdown",
                "markdown": {"title": title, "text": text},
                "at": _at(message),
            }

        return render(fit(message, lambda m: len(answers.encoded(render(m))) - BODY_LIMIT_BYTES))

    def text(self, message: Message) -> dict[str, Any]:
        """The short plain form of a prepared message."""

        def render(message: Message) -> str:
            parts = [heading(message, self._target.keyword, disarmed), *paragraphs(message, PLAIN)]
            parts += [*links(message, PLAIN), _calls(message), disarmed(footer(message))]
            return "\n".join(part for part in parts if part)

        fitted = fit(
            short(message), lambda m: utf8_bytes(render(m)) - SHORT_TEXT_BYTES, SHORT_FIELDS
        )
        return {"msgtype": "text", "text": {"content": render(fitted)}, "at": _at(fitted)}

    def _deliver(self, payload: dict[str, Any], now: datetime) -> Outcome:
        outcome, reply = self._post(payload, now)
        if outcome.code == str(SIGNATURE_REFUSED) and self._secret and reply is not None:
            theirs = answers.their_clock(reply, now)
            if theirs is not None:
                # Our clock is wrong. Alerts must not wait for its repair: sign by theirs, once.
                outcome, _ = self._post(payload, theirs)
        return outcome

    def _post(self, payload: dict[str, Any], now: datetime) -> tuple[Outcome, HttpReply | None]:
        url = signed_url(self._url, self._secret, now)
        reply = answers.post_json(self._transport, url, payload)
        if isinstance(reply, Outcome):
            return reply, None
        code = answers.int_code(answers.json_object(reply).get("errcode"))
        outcome = answers.judge(reply, code, VERDICTS, now, wait_seconds=SILENCE_SECONDS)
        return outcome, reply


def _calls(message: Message) -> str:
    return " ".join(f"@{person}" for person in message.mentions)


def _at(message: Message) -> dict[str, Any]:
    people = [person for person in message.mentions if person != EVERYBODY]
    return {
        "atMobiles": [person for person in people if _PHONE.fullmatch(person)],
        "atUserIds": [person for person in people if not _PHONE.fullmatch(person)],
        "isAtAll": EVERYBODY in message.mentions,
    }
