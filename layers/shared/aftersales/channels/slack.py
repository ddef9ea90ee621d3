"""Slack incoming webhook: a POST per message to a secret address.

Facts: alert channels reference, section 4.4. The answer is the bare text `ok`; errors are a word.
Links stand in the text, as a button of an app without a request address shows a warning when
it is clicked. `text` is what notifications show and is always set.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from aftersales.channels import answers
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
from aftersales.channels.text import (
    cut_characters,
    utf8_bytes,
    utf16_units,
    without_markup,
    without_tags,
)
from aftersales.http import HttpReply, Transport
from aftersales.messages.base import Message
from aftersales.settings.model import Target

SECTION_LIMIT = 3000  # characters
HEADER_LIMIT = 150  # characters
WAIT_SECONDS = 30.0  # after a 429 that names no time

CONTENT_ERRORS = (
    "invalid_payload",
    "no_text",
    "too_many_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
)
CONFIG_ERRORS = (
    "action_prohibited",
    "invalid_token",
    "posting_to_general_channel_denied",
    "channel_not_found",
    "no_service",
    "no_service_id",
    "no_active_hooks",
    "no_team",
    "team_disabled",
    "user_not_found",
    "channel_is_archived",
)

_GROUP = re.compile(r"S[A-Z0-9]{5,20}")
_USER = re.compile(r"[UW][A-Z0-9]{5,20}")


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape(text: str) -> str:
    return _entities(without_markup(text))


MRKDWN = Markup(
    escape=_escape,
    strong="*{}*",
    fact="• {}",
    quote="> {}",
    link="<{url}|{label}>",
    escape_url=_entities,
)
PLAIN = Markup(escape=_escape, escape_url=_entities)


class Slack:
    """One incoming webhook, which belongs to one conversation. `sign_secret` is not used."""

    kind: ClassVar[str] = "slack"

    def __init__(self, target: Target, url: str, sign_secret: str, transport: Transport) -> None:
        del sign_secret
        self._target = target
        self._url = url
        self._transport = transport

    def send(self, message: Message, now: datetime) -> Outcome:
        """Blocks; if they are refused, once more as short text."""
        message = prepare(message)
        return answers.rich_then_plain(
            lambda: self._post(self.blocks(message), now),
            lambda: self._post(self.text(message), now),
        )

    def blocks(self, message: Message) -> dict[str, Any]:
        """The marked-up form of a prepared message, within the limits."""

        def render(message: Message) -> str:
            parts = [*paragraphs(message, MRKDWN), " | ".join(links(message, MRKDWN))]
            parts += [_calls(message), f"_{_escape(footer(message))}_"]
            return "\n\n".join(part for part in parts if part)

        section = render(fit(message, lambda m: utf16_units(render(m)) - SECTION_LIMIT))
        title = without_tags(heading(message, self._target.keyword, str))
        header = cut_characters(title, HEADER_LIMIT)
        return {
            "text": self.text(message)["text"],
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": header}},
                {"type": "section", "text": {"type": "mrkdwn", "text": section}},
            ],
        }

    def text(self, message: Message) -> dict[str, Any]:
        """The short plain form of a prepared message."""

        def render(message: Message) -> str:
            parts = [_entities(heading(message, self._target.keyword, without_markup))]
            parts += [*paragraphs(message, PLAIN), *links(message, PLAIN)]
            parts += [_calls(message), _entities(footer(message))]
            return "\n".join(part for part in parts if part)

        fitted = fit(
            short(message), lambda m: utf8_bytes(render(m)) - SHORT_TEXT_BYTES, SHORT_FIELDS
        )
        return {"text": render(fitted)}

    def _post(self, payload: dict[str, Any], now: datetime) -> Outcome:
        reply = answers.post_json(self._transport, self._url, payload)
        return reply if isinstance(reply, Outcome) else _judge(reply, now)


def _judge(reply: HttpReply, now: datetime) -> Outcome:
    word = reply.body[:200].decode(errors="replace").strip()
    body = answers.json_object(reply)
    if isinstance(body.get("error"), str):
        word = body["error"]
    if word in ("rate_limited", "ratelimited"):
        wait = answers.retry_after_seconds(reply, now) or WAIT_SECONDS
        return Outcome(OutcomeKind.RATE_LIMITED, word, "asked to wait", wait)
    if word in CONTENT_ERRORS:
        return Outcome(OutcomeKind.BAD_CONTENT, word, "the message was not accepted")
    if word in CONFIG_ERRORS:
        return Outcome(OutcomeKind.BAD_CONFIG, word, "check the webhook and its conversation")
    if not 200 <= reply.status < 300:
        return answers.by_status(reply, now, wait_seconds=WAIT_SECONDS)
    if reply.status == 200 and word == "ok":
        return Outcome(OutcomeKind.DELIVERED, "ok")
    return answers.unreadable(reply)


def _calls(message: Message) -> str:
    return " ".join(call for person in message.mentions if (call := _call(person)))


def _call(person: str) -> str:
    """The mention of one id; "" for what is no Slack id, such as a phone number."""
    if person == EVERYBODY:
        return "<!channel>"
    if person == "here":
        return "<!here>"
    if _GROUP.fullmatch(person):
        return f"<!subteam^{person}>"
    return f"<@{person}>" if _USER.fullmatch(person) else ""
