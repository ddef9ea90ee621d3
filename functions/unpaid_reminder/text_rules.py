"""Whether a buyer gets a text, and what stands in it. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from aftersales import phones, sms
from aftersales.platforms.contact import Contact
from aftersales.settings.model import BuyerSms


class TextReason(StrEnum):
    """Why no text went. Counted and shown."""

    OUTSIDE_WINDOW = "outside_window"
    BUYER_UNKNOWN = "buyer_unknown"
    CANNOT_REREAD = "cannot_reread"
    NO_CONSENT = "no_consent"
    NO_NUMBER = "no_number"
    NUMBER_NOT_USABLE = "number_not_usable"
    COUNTRY_NOT_NAMED = "country_not_named"
    DO_NOT_CONTACT = "do_not_contact"
    TEXT_INCOMPLETE = "text_incomplete"
    TEXT_TOO_LONG = "text_too_long"
    DAILY_CAP = "daily_cap"
    MONTH_LIMIT = "month_limit"
    CHANGED = "changed"
    BUSY = "busy"
    NOT_ALLOWED = "not_allowed"
    OPTED_OUT = "opted_out"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


SENT, UNKNOWN, REFUSED = "sent", "unknown", "refused"


class Texted(Struct, frozen=True):
    """What became of the text of one order and moment: `sent`, `refused` for a reason, or `unknown`
    (begun, and nobody knows whether it went: it is not tried again).

    `counted` says that the week knows of it already.
    """

    state: str
    reason: str = ""
    parts: int = 0
    counted: bool = False

    @property
    def said(self) -> str:
        """For people: `sent (2 parts)`, `refused: no consent`."""
        if self.reason:
            return f"{self.state}: {self.reason.replace('_', ' ')}"
        return f"{self.state} ({self.parts} parts)" if self.parts else self.state

    @property
    def counts(self) -> dict[str, int]:
        """What it adds to the counts of its week."""
        if self.state == REFUSED:
            return {f"text_{REFUSED}_{self.reason}": 1}
        found = {f"text_{self.state}": 1}
        return found | {"text_parts": self.parts} if self.parts else found


class ToSend(Struct, frozen=True):
    """A text that may go, as soon as it is claimed."""

    number: str
    body: str
    parts: int = 1

    def __repr__(self) -> str:
        return f"ToSend({phones.masked(self.number)}, {self.parts})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("number", phones.masked(self.number)), ("parts", self.parts)]


YES = frozenset({"1", "yes", "true", "on", "y", "granted", "subscribed", "ja", "oui", "是", "同意"})


def may_begin(buyer_key: str, opens_at: datetime, now: datetime) -> TextReason | None:
    """What speaks against a text before its buyer's number is asked for. `opens_at` is the first
    time from now on at which texts may be sent."""
    if opens_at > now:
        return TextReason.OUTSIDE_WINDOW
    # Without a name for the buyer nobody could keep to the daily cap.
    return None if buyer_key else TextReason.BUYER_UNKNOWN


def decide_text(
    wanted: BuyerSms,
    contact: Contact,
    template: str,
    values: dict[str, str | None],
    do_not_contact: tuple[str, ...],
) -> ToSend | TextReason:
    """The text of an order that still waits for payment, or why it does not go."""
    if wanted.consent_source == "order" and contact.consent.strip().casefold() not in YES:
        return TextReason.NO_CONSENT
    number = _number(wanted, contact, do_not_contact)
    if isinstance(number, TextReason):  # a text as well: asked for first
        return number
    body = sms.written(template, values)
    if body is None:
        return TextReason.TEXT_INCOMPLETE
    parts = sms.parts(body)
    return TextReason.TEXT_TOO_LONG if parts > wanted.max_parts else ToSend(number, body, parts)


def _number(
    wanted: BuyerSms, contact: Contact, do_not_contact: tuple[str, ...]
) -> str | TextReason:
    if not contact.phone.strip():
        return TextReason.NO_NUMBER
    number = phones.mobile_number(contact.phone, contact.country)
    if number is None:
        return TextReason.NUMBER_NOT_USABLE
    if not set(phones.country_of(number)) & set(wanted.countries):
        return TextReason.COUNTRY_NOT_NAMED
    if any(phones.mobile_number(entry, contact.country) == number for entry in do_not_contact):
        return TextReason.DO_NOT_CONTACT
    return number
