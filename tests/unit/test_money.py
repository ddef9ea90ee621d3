"""Reading and writing money."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from aftersales.money import to_minor, to_text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.00", "CNY", 1200),
        ("12", "CNY", 1200),
        ("12.5", "CNY", 1250),
        ("¥12.00", "CNY", 1200),
        ("￥ 1,234.56", "CNY", 123456),
        ("1,234,567.80元", "CNY", 123456780),
        ("１２．３０", "CNY", 1230),
        ("0元", "CNY", 0),
        ("0.00", "CNY", 0),
        (".5", "CNY", 50),
        ("12.", "CNY", 1200),
        ("499.00（系统计算中，该值仅供参考）", "CNY", 49900),
        ("12.000", "CNY", 1200),
        ("-3.10", "CNY", -310),
        ("−3.10", "CNY", -310),
        ("¥-3.10", "CNY", -310),
        ("-¥3.10", "CNY", -310),
        ("+3", "CNY", 300),
        ('="12.00"', "CNY", 1200),
        ("CNY 12", "CNY", 1200),
        ("12 RMB", "CNY", 1200),
        ("$25.00", "USD", 2500),
        ("US$25.00", "USD", 2500),
        ("NT$1,200", "TWD", 120000),
        ("1,200円", "JPY", 1200),
        ("1200.00", "JPY", 1200),
        ("12000", "KRW", 12000),
        ("250,000₫", "VND", 250000),
        ("1.234", "KWD", 1234),
        ("12,34,567.50", "INR", 123456750),
    ],
)
def test_amounts_are_read_as_exports_write_them(text, currency, minor):
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize("text", ["", "   ", "-", "--", "—", "－", "¥", "（系统计算中）"])
def test_what_is_left_blank_is_unknown_and_not_zero(text):
    assert to_minor(text, "CNY") is None


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("12.345", "CNY"),
        ("1200.5", "JPY"),
        ("1.2345", "KWD"),
        ("12,50", "CNY"),
        ("1.234,50", "EUR"),
        ("1,2345", "CNY"),
        ("1.2万", "CNY"),
        ("无退款申请", "CNY"),
        ("12.00 USD", "CNY"),
        ("12 34 56-", "CNY"),
        ("(12.00)", "CNY"),
        ("1E+5", "CNY"),
        ("1.2.3", "CNY"),
        ("9" * 40, "CNY"),
        (".", "CNY"),
        ("12", "yuan"),
        ("12", ""),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(text, currency):
    with pytest.raises(BadInput):
        to_minor(text, currency)


def test_the_error_shows_the_text_and_the_currency():
    with pytest.raises(BadInput, match=r"'12\.345' has more than 2 decimals of CNY"):
        to_minor("12.345", "CNY")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "CNY", "¥1,234.50"),
        (-310, "CNY", "-¥3.10"),
        (0, "CNY", "¥0.00"),
        (5, "USD", "USD 0.05"),
        (1200, "JPY", "JPY 1,200"),
        (1234, "KWD", "KWD 1.234"),
    ],
)
def test_amounts_are_written_for_people(minor, currency, text):
    assert to_text(minor, currency) == text


@given(
    minor=st.integers(-(10**15), 10**15),
    currency=st.sampled_from(["CNY", "USD", "JPY", "TWD", "VND", "KWD", "EUR"]),
)
def test_what_is_written_is_read_back_unchanged(minor, currency):
    assert to_minor(to_text(minor, currency), currency) == minor


@given(st.text(max_size=40))
def test_any_text_is_an_amount_unknown_or_refused(text):
    try:
        minor = to_minor(text, "CNY")
    except BadInput:
        return
    assert minor is None or abs(minor) <= 10**15
