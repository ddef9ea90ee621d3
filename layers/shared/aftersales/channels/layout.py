"""The order in which an agent reads, shared by all channels: title, what happened, facts, why,
what to do, until when, text for the buyer. Standard library and msgspec only.

Texts are cut while they are still plain, before a channel escapes and marks them up: so no cut can
fall inside a link or a mention, and what is cut is always the least needed text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from aftersales.channels.text import clean, cut_bytes, cut_characters, one_line, safe_link
from aftersales.findings import Severity
from aftersales.messages.base import Button, Field, Message

ICONS = {
    Severity.NOTICE: "🔵",
    Severity.WARN: "🟡",
    Severity.ALARM: "🔴",
    Severity.CRITICAL: "🚨",
}
SOLVED_ICON = "✅"
EVERYBODY = "all"

TITLE_LIMIT = 100
ALERT_ID_LIMIT = 40
LABEL_LIMIT = 40
VALUE_LIMIT = 400
TEXT_LIMIT = 20_000
BUTTONS_LIMIT = 5
MENTIONS_LIMIT = 20
SHORT_TEXT_BYTES = 1500
SHORT_FIELDS = 8

_PREFIXES = {"zh-TW": "[售後]", "zh-HK": "[售後]", "zh-Hant": "[售後]"}
_MENTION = re.compile(r"[A-Za-z0-9_.$:+=/-]{1,64}")
_SHORTEN_FIRST = ("buyer_text", "why", "fields", "todo", "until", "what")


class Markup(Struct, frozen=True):
    """How one channel writes. `escape` disarms a text; the rest are `str.format` patterns."""

    escape: Callable[[str], str]
    strong: str = "{}"
    lead: str = "{}"  # the sentence that says what happened
    fact: str = "{}"
    quote: str = "{}"  # one line of the text for the buyer
    line: str = "\n"
    link: str = "{label}: {url}"
    escape_url: Callable[[str], str] = str


def prefix(language: str, keyword: str = "") -> str:
    """What every message begins with, also solved and plain ones: robots drop those without it."""
    default = _PREFIXES.get(language, "[售后]" if language.startswith("zh") else "[After-sales]")
    keyword = one_line(keyword)
    return default if keyword in default else f"{keyword} {default}"


def icon(message: Message) -> str:
    """A green mark for good news, else one by severity."""
    return SOLVED_ICON if message.solved else ICONS[message.severity]


def heading(message: Message, keyword: str, escape: Callable[[str], str]) -> str:
    """Prefix, icon and title. The keyword is the operator's own and stands as it was set."""
    start = prefix(message.language, keyword)
    title = message.title.removeprefix(prefix(message.language)).strip()
    return f"{start} {icon(message)} {escape(title)}".rstrip()


def paragraphs(message: Message, markup: Markup) -> list[str]:
    """The body in reading order, without heading, links, mentions and alert id."""
    labels = message.labels
    colon = "：" if message.language.startswith("zh") else ": "

    def labelled(label: str, text: str) -> str:
        label = label.rstrip("：: ")
        if not label:
            return text
        gap = colon.rstrip() if text.startswith(markup.line) else colon
        return f"{markup.strong.format(markup.escape(label))}{gap}{text}"

    def lines(text: str, pattern: str = "{}") -> str:
        return markup.line.join(pattern.format(markup.escape(line)) for line in text.split("\n"))

    facts = markup.line.join(
        markup.fact.format(
            f"{markup.escape(field.label.rstrip('：: '))}{colon}{markup.escape(field.value)}"
            if field.label
            else markup.escape(field.value)
        )
        for field in message.fields
    )
    result = [lines(message.what, markup.lead) if message.what else "", facts]
    for label, text in (
        (labels.why if labels else "", message.why),
        (labels.todo if labels else "", message.todo),
        (labels.until if labels else "⏰", message.until),
    ):
        result.append(labelled(label, lines(text)) if text else "")
    if message.buyer_text:
        quoted = lines(message.buyer_text, markup.quote)
        label = labels.buyer_text if labels else ""
        result.append(labelled(label, markup.line + quoted) if label else quoted)
    return [text for text in result if text]


def links(message: Message, markup: Markup) -> list[str]:
    """The buttons as links."""
    return [
        markup.link.format(label=markup.escape(button.label), url=markup.escape_url(button.url))
        for button in message.buttons
    ]


def footer(message: Message) -> str:
    """The alert id, by which a repeated message is recognised."""
    return f"ID {message.alert_id}"


def prepare(message: Message) -> Message:
    """`message` with clean texts of sane length, links that can be clicked, mentions that are ids.

    Who is mentioned is decided by whoever made the message, not by the channel.
    """
    stripped = (one_line(person).removeprefix("@") for person in message.mentions)
    named = dict.fromkeys(person for person in stripped if _MENTION.fullmatch(person))
    buttons = (
        Button(cut_characters(one_line(button.label), LABEL_LIMIT) or "→", safe_link(button.url))
        for button in message.buttons
    )
    return replace(
        message,
        alert_id=cut_characters(one_line(message.alert_id), ALERT_ID_LIMIT, ""),
        title=cut_characters(one_line(message.title), TITLE_LIMIT),
        what=cut_characters(clean(message.what), TEXT_LIMIT),
        why=cut_characters(clean(message.why), TEXT_LIMIT),
        todo=cut_characters(clean(message.todo), TEXT_LIMIT),
        until=cut_characters(one_line(message.until), VALUE_LIMIT),
        buyer_text=cut_characters(clean(message.buyer_text), TEXT_LIMIT),
        fields=tuple(
            Field(
                cut_characters(one_line(field.label), LABEL_LIMIT),
                cut_characters(one_line(field.value), VALUE_LIMIT),
            )
            for field in message.fields
            if field.value.strip()
        ),
        buttons=tuple(button for button in buttons if button.url)[:BUTTONS_LIMIT],
        mentions=tuple(named)[:MENTIONS_LIMIT],
    )


def short(message: Message) -> Message:
    """What is left for the one plain try after a vendor refused the full text."""
    return replace(message, buyer_text="", why="")


def fit(
    message: Message, excess: Callable[[Message], int], most_fields: int | None = None
) -> Message:
    """`message` cut until `excess` (units above the limit once rendered) is not above zero.

    The text for the buyer goes first, then the reason, facts from the last one on (their number is
    said), what to do, until when, what happened, links, mentions. Title and alert id stay, as every
    channel's limit has room for them.
    """
    all_fields = message.fields
    shown = len(all_fields) if most_fields is None else min(most_fields, len(all_fields))
    message = _with_fields(message, all_fields, shown)
    while (over := excess(message)) > 0:
        name = next((name for name in _SHORTEN_FIRST if getattr(message, name)), "")
        if name == "fields":
            shown = _fields_within(all_fields, shown, over)
            if shown < 0:
                message = replace(message, fields=())
            else:
                message = _with_fields(message, all_fields, shown)
        elif name:
            text: str = getattr(message, name)
            room = len(text.encode()) - over - len("…".encode())
            message = _with_text(message, name, cut_bytes(text, room) if room > 0 else "")
        elif message.buttons:
            message = replace(message, buttons=message.buttons[:-1])
        elif message.mentions:
            message = replace(message, mentions=message.mentions[:-1])
        else:
            return message
    return message


def _with_text(message: Message, name: str, text: str) -> Message:
    return replace(message, **{name: text})


def _fields_within(fields: tuple[Field, ...], shown: int, over: int) -> int:
    """How many fields to show when `over` units must go; -1: not even the note of how many."""
    if shown == 0:
        return -1
    freed = 0
    while shown > 0 and freed < over:
        shown -= 1
        freed += len((fields[shown].label + fields[shown].value).encode())
    return shown


def _with_fields(message: Message, fields: tuple[Field, ...], shown: int) -> Message:
    """`message` with the first `shown` of `fields` and a note of how many more there are."""
    hidden = len(fields) - shown
    if hidden <= 0:
        return message
    pattern = message.labels.more if message.labels and message.labels.more else "… +{count}"
    note = Field("", pattern.replace("{count}", str(hidden)))
    return replace(message, fields=(*fields[:shown], note))
