"""A message as channels take it. Standard library and msgspec only.

Text is plain: no markup, nothing escaped. Each channel escapes and marks up in its own way.
"""

from __future__ import annotations

from msgspec import Struct

from aftersales.findings import Severity

LANGUAGES = {"zh-CN": "zh_cn", "zh-TW": "zh_tw", "en": "en"}
"""Language -> its module. A function mostly speaks one: the others are not even loaded."""


class Field(Struct, frozen=True):
    """A named fact: `Waybill: YT0000000000001`."""

    label: str
    value: str


class Button(Struct, frozen=True):
    """A link with a label."""

    label: str
    url: str


class Labels(Struct, frozen=True):
    """The few fixed words around a message, in its language."""

    why: str
    todo: str
    until: str
    buyer_text: str
    severity: str
    more: str  # "… +{count} more", used where a text had to be cut


class Message(Struct, frozen=True):
    """What an agent reads: what happened, why it matters, what to do, until when.

    `alert_id` is short and printed, so that a repeat can be recognised. `solved` marks the good
    news that closes a case. `what`, `why`, `todo` are sentences; `until` is a time in words in the
    shop's zone, or "". `buyer_text` is ready to paste into the platform's chat.
    """

    alert_id: str
    title: str
    severity: Severity
    what: str
    why: str = ""
    todo: str = ""
    until: str = ""
    fields: tuple[Field, ...] = ()
    buyer_text: str = ""
    buttons: tuple[Button, ...] = ()
    mentions: tuple[str, ...] = ()
    solved: bool = False
    language: str = "zh-CN"
    labels: Labels | None = None
