"""WeCom (企业微信) message push, formerly group robot: a POST per message to the robot's address.

Facts: alert channels reference, section 4.2. The key in the address is the only secret. The robot
answers HTTP 200 on failure, so only `errcode` counts. Limits are bytes of the decoded content.
Markdown can mention user ids only; phone numbers and `all` need the text form, so a message that
mentions one goes as text. Markdown (v1) has colours and quotes but no lists.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from msgspec.structs import replace

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
from aftersales.findings import Severity
from aftersales.http import Transport
from aftersales.messages.base import Message
from aftersales.settings.model import Target

MARKDOWN_LIMIT_BYTES = 4096
TEXT_LIMIT_BYTES = 2048
WAIT_SECONDS = 60.0  # after more than 20 messages in a minute

VERDICTS = {
    -1: Verdict(OutcomeKind.TRANSIENT, "the robot is busy"),
    45009: Verdict(OutcomeKind.RATE_LIMITED, "more than 20 messages a minute", WAIT_SECONDS),
    45033: Verdict(OutcomeKind.TRANSIENT, "too many calls at once"),
    93000: Verdict(OutcomeKind.BAD_CONFIG, "the robot's address or key is not valid"),
    40058: Verdict(OutcomeKind.BAD_CONTENT, "a parameter is not accepted, or the text is too long"),
    45002: Verdict(OutcomeKind.BAD_CONTENT, "the text is too long"),
    40008: Verdict(OutcomeKind.BAD_CONTENT, "this message type is not accepted"),
}

_PHONE = re.compile(r"(?:\+?86-?)?1\d{10}")


MARKDOWN = Markup(
    escape=disarmed_markup,
    strong="**{}**",
    fact="> {}",
    quote="> {}",
    link="[{label}]({url})",
)
PLAIN = Markup(escape=disarmed)


class WeCom:
    """One robot in one group. There is no signature: `sign_secret` is not used."""

    kind: ClassVar[str] = "wecom"

    def __init__(self, target: Target, url: str, sign_secret: str, transport: Transport) -> None:
        del sign_secret
        self._target = target
        self._url = url
        self._transport = transport

    def send(self, message: Message, now: datetime) -> Outcome:
        """Markdown, or text where the mentions need it; if refused, once more as short text."""
        message = prepare(message)
        needs_text = any(_PHONE.fullmatch(p) or p == EVERYBODY for p in message.mentions)
        rich = self.text if needs_text else self.markdown
        return answers.rich_then_plain(
            lambda: self._post(rich(message), now),
            lambda: self._post(self.text(short(message), SHORT_TEXT_BYTES, SHORT_FIELDS), now),
        )

    def markdown(self, message: Message) -> dict[str, Any]:
        """The marked-up form of a prepared message, within the limit."""

        def render(message: Message) -> str:
            markup = replace(MARKDOWN, lead=_lead(message))
            parts = [f"### {heading(message, self._target.keyword, disarmed_markup)}"]
            parts += [
                *paragraphs(message, markup),
                " | ".join(links(message, markup)),
                " ".join(f"<@{person}>" for person in message.mentions),
                f'<font color="comment">{disarmed_markup(footer(message))}</font>',
            ]
            return "\n\n".join(part for part in parts if part)

        fitted = fit(message, lambda m: utf8_bytes(render(m)) - MARKDOWN_LIMIT_BYTES)
        return {"msgtype": "markdown", "markdown": {"content": render(fitted)}}

    def text(
        self,
        message: Message,
        limit_bytes: int = TEXT_LIMIT_BYTES,
        most_fields: int | None = None,
    ) -> dict[str, Any]:
        """The plain form of a prepared message."""

        def render(message: Message) -> str:
            parts = [heading(message, self._target.keyword, disarmed), *paragraphs(message, PLAIN)]
            parts += [*links(message, PLAIN), disarmed(footer(message))]
            return "\n".join(part for part in parts if part)

        fitted = fit(message, lambda m: utf8_bytes(render(m)) - limit_bytes, most_fields)
        people = [f"@{p}" if p == EVERYBODY else p for p in message.mentions]
        return {
            "msgtype": "text",
            "text": {
                "content": render(fitted),
                "mentioned_list": [p for p in people if not _PHONE.fullmatch(p)],
                "mentioned_mobile_list": [p for p in people if _PHONE.fullmatch(p)],
            },
        }

    def _post(self, payload: dict[str, Any], now: datetime) -> Outcome:
        reply = answers.post_json(self._transport, self._url, payload)
        if isinstance(reply, Outcome):
            return reply
        code = answers.int_code(answers.json_object(reply).get("errcode"))
        return answers.judge(reply, code, VERDICTS, now, wait_seconds=WAIT_SECONDS)


def _lead(message: Message) -> str:
    """Green (`info`) for good news, orange (`warning`) for what cannot wait."""
    if message.solved:
        return '<font color="info">{}</font>'
    if message.severity is Severity.NOTICE:
        return "{}"
    return '<font color="warning">{}</font>'
