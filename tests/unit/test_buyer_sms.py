"""Texts to buyers without AWS: parts, numbers, words, settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales import phones, sms
from aftersales.platforms.woocommerce_contact import read_contact
from aftersales.settings.load import check_yaml, load_yaml
from aftersales.settings.model import Shop


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # two places each
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 8, 2),
        ("a" * 152 + "€" * 77, 3),  # the first € does not fit behind 152, nor is it cut
        ("付" * 70, 1),
        ("付" * 71, 2),
        ("付" * 134, 2),
        ("付" * 135, 3),
        ("a" * 100 + "付", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_a_text_has_so_many_parts(text: str, parts: int) -> None:
    assert sms.parts(text) == parts


@given(st.text(min_size=1, max_size=400))
def test_a_longer_text_never_has_fewer_parts(text: str) -> None:
    assert 1 <= sms.parts(text) <= sms.parts(text + "付")
    assert sms.parts(text) <= sms.parts(text + text)


@given(st.dictionaries(st.sampled_from(sms.PLACES), st.text(max_size=30)))
def test_a_text_is_whole_or_none(values: dict[str, str | None]) -> None:
    template = "{shop} {order_id} {amount}"
    text = sms.written(template, values)
    assert (text is None) == (not all(values.get(name) for name in ("shop", "order_id", "amount")))
    assert text is None or ("\n" not in text and "{" not in text)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+44 7700 900123", "", "+447700900123"),
        ("+44 (0)7700 900123", "GB", "+447700900123"),
        ("0044 7700 900123", "DE", "+447700900123"),
        ("07700-900-123", "GB", "+447700900123"),
        ("（503）555-0142", "US", "+15035550142"),
        ("1 503 555 0142", "CA", "+15035550142"),
        ("86 138 0000 0000", "CN", "+8613800000000"),
        ("０９１２３４５６７８", "TW", "+886912345678"),
        ("07700 900123", "FR", None),
        ("07700 900123", "", None),
        ("020 7946 0958", "GB", None),
        ("138****0000", "CN", None),
        ("18400000000-1234", "CN", None),
        ("18400000000转1234", "CN", None),
        ("18400000000,1234", "CN", None),
        ("184 0000 0000 ext. 12", "CN", None),
        ("[18400000000]", "CN", None),
        ("12345", "CN", None),
        ("+999 123456789", "", None),
        ("call me", "US", None),
        ("", "US", None),
    ],
)
def test_a_number_is_usable_or_none(text: str, country: str, number: str | None) -> None:
    assert phones.mobile_number(text, country) == number


@given(st.text(max_size=30), st.sampled_from(("", *phones.COUNTRIES, "XX")))
def test_what_is_usable_is_e164_of_a_known_country_and_stays_so(text: str, country: str) -> None:
    number = phones.mobile_number(text, country)
    if number is not None:
        assert number[0] == "+"
        assert number[1:].isascii()
        assert 8 <= len(number) <= 16
        assert phones.country_of(number)
        assert phones.mobile_number(number, country) == number
        assert number[3:-2] not in phones.masked(number)


def test_the_contact_of_a_shop_order_is_read() -> None:
    row = {
        "id": 7,
        "status": "pending",
        "total": "5.00",
        "currency": "GBP",
        "billing": {"phone": "07700 900123", "country": "gb"},
        "meta_data": [
            {"key": "_text_consent", "value": "no"},
            {"key": "_text_consent", "value": True},
            {"key": "other", "value": "x"},
        ],
        "payment_url": "https://shop.example.com/pay/7",
    }
    contact = read_contact(row, Shop(id="uk"), None, "_text_consent")
    assert (contact.phone, contact.country, contact.consent) == ("07700 900123", "GB", "yes")
    assert contact.pay_url.endswith("/pay/7")
    assert read_contact({"id": 7}, Shop(id="uk"), None, "x").consent == ""


GOOD = """
shops:
  - id: uk
    platform: woocommerce
    name: Greenfield
    language: en
    base_url: https://shop.example.com
    secrets: {consumer_key: env:K, consumer_secret: env:S}
    buyer_sms:
      enabled: true
      consent: Box 'Text me about my order' in the checkout, since 2026-10-01
      consent_field: _text_consent
      countries: [GB]
      month_limit_usd: 20
"""


def test_texts_are_off_and_can_be_switched_on() -> None:
    assert not Shop(id="a").buyer_sms.enabled
    assert load_yaml(GOOD, "x").shops[0].buyer_sms.enabled


@pytest.mark.parametrize(
    ("right", "wrong", "place", "said"),
    [
        ("      consent: Box 'Text me about my order' in the checkout, since 2026-10-01\n", "",
         "consent", "how the buyers agreed"),
        ("consent: Box 'Text me about my order' in the checkout, since 2026-10-01", "consent: yes!",
         "consent", "how the buyers agreed"),
        ("consent_field: _text_consent", "sender_id: Greenfield", "consent_field", "consent"),
        ("countries: [GB]", "daily_cap: 1", "countries", "whose numbers"),
        ("countries: [GB]", "countries: [GB, Q1]", "countries", "no country 'Q1'"),
        ("month_limit_usd: 20", "daily_cap: 2", "month_limit_usd", "limit"),
        ("month_limit_usd: 20", "month_limit_usd: 0.01", "month_limit_usd", "below the price"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      send_window: '08:00-20:00'",
         "send_window", "09:00 to 22:00"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      send_window: '20:00-02:00'",
         "send_window", "09:00 to 22:00"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      sender_id: '12345'", "sender_id",
         "one letter"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      origination_number: abc",
         "origination_number", "no number"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      moments: [middle]", "moments",
         "no moment"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      moments: []", "moments", "no moment"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      max_parts: 3", "max_parts", "1 to 2"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      texts: {en: 'Pay {now}, or STOP'}",
         "texts", "{order_id}"),
        ("month_limit_usd: 20", "month_limit_usd: 20\n      texts: {en: 'Please pay {order_id}'}",
         "texts", "Reply STOP"),
        ("month_limit_usd: 20",
         "month_limit_usd: 20\n      max_parts: 1\n"
         "      texts: {en: 'Pay {order_id} at {pay_url} or reply STOP 请付款'}",
         "texts", "parts"),
        ("platform: woocommerce\n    name: Greenfield\n    language: en\n"
         "    base_url: https://shop.example.com\n"
         "    secrets: {consumer_key: env:K, consumer_secret: env:S}\n",
         "platform: taobao\n    name: Greenfield\n    language: en\n", "enabled", "masked or lent"),
        ("    name: Greenfield\n", "", "name", "which is missing"),
        ("month_limit_usd: 20", "month_limit_usd: 0.15\n      texts: {en: '{order_id} 请付款 "
         "or STOP, " + "x" * 70 + "'}", "month_limit_usd", "2 parts"),
    ],
)  # fmt: skip
def test_what_is_missing_or_impossible_is_said(
    right: str, wrong: str, place: str, said: str
) -> None:
    assert right in GOOD
    problems = check_yaml(GOOD.replace(right, wrong), "x")
    (problem,) = problems
    assert place in problem.path
    assert said in f"{problem.message} {problem.what_to_do}"


@pytest.mark.parametrize("language", sms.TEXTS)
def test_the_built_in_texts_fit_and_say_how_to_get_no_more(language: str) -> None:
    template = sms.TEXTS[language]
    assert any(word in template.casefold() for word in sms.STOP_WORDS)
    shop = "Greenfield Home" if language == "en" else "青禾家居旗舰店"
    values: dict[str, str | None] = {
        "shop": shop,
        "order_id": "2611030001",
        "amount": "¥1,299.00",
    }
    assert 1 <= sms.parts(sms.written(template, values) or "") <= 2
