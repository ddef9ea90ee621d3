"""What may stand in `buyer_sms` of a shop. Nobody is written to by mistake: it is checked whole."""

from __future__ import annotations

import re

from aftersales import phones, sms
from aftersales.calendar import parse_service_hours
from aftersales.errors import BadInput
from aftersales.settings.checks import LANGUAGES, check_language, check_name
from aftersales.settings.document import Path
from aftersales.settings.model import BuyerSms, Shop
from aftersales.settings.shape import Reader

PLATFORMS = ("woocommerce",)
"""Platforms that tell the buyer's own number, and whether he has paid, at the instant of asking."""
MOMENTS = ("first", "last")
CONSENT_SOURCES = ("order", "checkout")
SHORTEST_STATEMENT = 20  # characters; "yes" is no statement
LONGEST_TEXT_PARTS = 2
EARLIEST, LATEST = 9 * 60, 22 * 60  # minutes of the shop's day

_SAMPLE = {
    "shop": "",
    "order_id": "2611030001",
    "amount": "¥1,299.00",
    "pay_by": "11-03 18:45",
    "pay_url": "https://shop.example.com/checkout/order-pay/2611030001/?pay_for_order=true&key=wc_order_"
    "a1B2c3D4e5F6g",
}


def check_buyer_sms(shop: Shop, language: str, path: Path, reader: Reader) -> None:
    """Note what is missing or impossible. Switched off, only what is written is checked."""
    wanted = shop.buyer_sms
    if wanted.enabled:
        _check_needed(shop, path, reader)
    check_name(wanted.consent_source, CONSENT_SOURCES, (*path, "consent_source"), reader, "source")
    for at, moment in reader.numbered((*path, "moments"), wanted.moments):
        check_name(moment, MOMENTS, (*path, "moments", at), reader, "moment")
    for at, country in reader.numbered((*path, "countries"), wanted.countries):
        check_name(country, phones.COUNTRIES, (*path, "countries", at), reader, "country")
    _check_window(wanted, path, reader)
    _check_numbers(wanted, path, reader)
    _check_sender(wanted, path, reader)
    _check_texts(shop, shop.language or language, path, reader)


def _check_needed(shop: Shop, path: Path, reader: Reader) -> None:
    wanted = shop.buyer_sms
    if shop.platform not in PLATFORMS or not reader.names((*path[:-1], "secrets")):
        reader.note(
            (*path, "enabled"),
            "a text goes only to a buyer whose order and number can be read at that instant.",
            f"That needs `secrets` and one of these platforms: {', '.join(PLATFORMS)}. Others show "
            "masked or lent numbers, or cannot be asked.",
        )
    if len(wanted.consent.strip()) < SHORTEST_STATEMENT:
        reader.note(
            (*path, "consent"),
            "say how the buyers agreed to be written to.",
            'Such as: "Box Text me about my order in the checkout, unchecked by default, since '
            '2026-10-01".',
        )
    if wanted.consent_source == "order" and not wanted.consent_field:
        reader.note(
            (*path, "consent_field"),
            "the field of the order in which the buyer's consent stands is missing.",
            "Name it (WooCommerce: the key in meta_data), or set `consent_source: checkout`.",
        )
    if not wanted.countries:
        reader.note(
            (*path, "countries"),
            "say whose numbers may be written to.",
            "List two-letter countries, such as [DE, AT].",
        )
    if wanted.month_limit_usd <= 0:
        reader.note((*path, "month_limit_usd"), "a limit for each month is missing.", "Such as 20.")
    if not wanted.moments:
        reader.note((*path, "moments"), "no moment is left at which a text could go.")


def _check_window(wanted: BuyerSms, path: Path, reader: Reader) -> None:
    try:
        opens, closes = parse_service_hours(wanted.send_window)
    except BadInput as exc:
        reader.note((*path, "send_window"), f"{exc.reason}.", "Put it in quotes.")
        return
    if opens < EARLIEST or closes > LATEST:
        reader.note(
            (*path, "send_window"),
            "texts may be sent from 09:00 to 22:00 only.",
            'Write a time within, such as "10:00-20:00".',
        )


def _check_numbers(wanted: BuyerSms, path: Path, reader: Reader) -> None:
    if not 1 <= wanted.max_parts <= LONGEST_TEXT_PARTS:
        reader.note((*path, "max_parts"), f"it must be from 1 to {LONGEST_TEXT_PARTS}.")
    if wanted.daily_cap < 1:
        reader.note((*path, "daily_cap"), "it must be at least 1.")
    if wanted.max_price_usd <= 0:
        reader.note((*path, "max_price_usd"), "it must be above 0.")
    elif wanted.enabled and 0 < wanted.month_limit_usd < wanted.max_price_usd:
        reader.note(
            (*path, "month_limit_usd"), "it is below the price of one text (`max_price_usd`)."
        )
    elif wanted.month_limit_usd < 0:
        reader.note((*path, "month_limit_usd"), "it must not be below 0.")


def _check_sender(wanted: BuyerSms, path: Path, reader: Reader) -> None:
    sender = wanted.sender_id
    if sender and not re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}", sender):
        reader.note(
            (*path, "sender_id"),
            "this cannot be a sender.",
            "Use 1 to 11 letters and digits, one letter at least.",
        )
    number = wanted.origination_number
    if number and not re.fullmatch(r"\+?[1-9]\d{2,14}", number):
        reader.note(
            (*path, "origination_number"), "this is no number.", "Write it as +14155550100."
        )


def _check_texts(shop: Shop, language: str, path: Path, reader: Reader) -> None:
    wanted = shop.buyer_sms
    for name, template in wanted.texts.items():
        place: Path = (*path, "texts", name)
        check_language(name, place, reader)
        unknown = sms.places_of(template) - set(sms.PLACES)
        if unknown or not template.strip():
            listed = ", ".join(f"{{{known}}}" for known in sms.PLACES)
            reader.note(place, "this cannot be a text.", f"It may name {listed}, and nothing else.")
            continue
        if not any(word in template.casefold() for word in sms.STOP_WORDS):
            reader.note(
                place, "it does not say how to get no more texts.", 'Add "Reply STOP to opt out".'
            )
    template = wanted.texts.get(language) or sms.TEXTS.get(language, "")
    if not wanted.enabled or language not in LANGUAGES:
        return
    place = (*path, "texts", language) if language in wanted.texts else path
    if "shop" in sms.places_of(template) and not shop.name:
        reader.note(
            (*path[:-1], "name"),
            "the text to buyers begins with the shop's name, which is missing.",
            "Add `name`, or write texts without {shop}.",
        )
    parts = sms.parts(sms.written(template, {**_SAMPLE, "shop": shop.name or shop.id}) or "")
    if parts > wanted.max_parts:
        reader.note(
            place,
            f"the text would be sent in {parts} parts; {wanted.max_parts} are allowed.",
            "Shorten it: 70 Chinese characters or 160 plain Latin ones are one part.",
        )
    elif parts > 1 and wanted.max_price_usd <= wanted.month_limit_usd < (
        parts * wanted.max_price_usd
    ):
        reader.note(
            (*path, "month_limit_usd"),
            f"the text has {parts} parts, and it is below their price ({parts} × `max_price_usd`).",
        )
