"""The currency of a row: a code, a word, a sign, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from courier_reconciliation.reading.currencies import currency_named
from tests.unit.test_bill_layouts import bill

__all__ = ["bill"]
HEAD = ["业务时间", "运单号", "结算重量", "应收金额", "币种"]
SEVERAL = 300
"""So many rows of a new word are read in bulk, not one by one."""


def row(number: int, currency: str, amount: str = "5.00", waybill: str = "") -> list[str]:
    return ["2026-10-05", waybill or str(773000000000000 + number), "1", amount, currency]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("CNY", "CNY"),
        ("rmb", "CNY"),
        ("人民币", "CNY"),
        ("人民币（元）", "CNY"),
        ("￥", "CNY"),
        ("¥", "CNY"),
        ("USD", "USD"),
        ("$", "USD"),
        ("US$", "USD"),
        ("美元", "USD"),
        ("美金", "USD"),
        ("US Dollar", "USD"),
        ("U.S. Dollars", "USD"),
        ("USD ($)", "USD"),
        ("欧元", "EUR"),
        ("€", "EUR"),
        ("EUR €", "EUR"),
        ("港币", "HKD"),
        ("港元", "HKD"),
        ("HK$", "HKD"),
        ("日元", "JPY"),
        ("英镑", "GBP"),
        ("£", "GBP"),
        ("AUD$", "AUD"),
        ("SEK", "SEK"),
        ("积分", ""),
        ("美元/欧元", ""),
        ("2026-10-04", ""),
        ("1.00", ""),
        ("", ""),
    ],
)
def test_a_currency_is_known_by_its_code_its_word_and_its_sign(said: str, code: str) -> None:
    assert currency_named(said) == code


@pytest.mark.parametrize("said", ["美元", "US$", " usd ", "US Dollar"])
def test_every_row_has_the_currency_that_it_names_wherever_it_stands(bill: Any, said: str) -> None:
    odd = "'773000000000999"  # an apostrophe: this row is read by itself
    many = [row(n, "CNY") for n in range(SEVERAL)]
    late = [row(SEVERAL + n, said) for n in range(SEVERAL)]
    last = [row(0, said, waybill=odd), row(0, said, "5.00元", "7730000009")]
    found = bill(HEAD, *many, *late, *last)
    named = found.lines("currency")
    assert named == [("CNY",)] * SEVERAL + [("USD",)] * (SEVERAL + 2)


@pytest.mark.parametrize("said", ["", "积分"])
def test_a_row_that_names_no_currency_is_in_that_of_bills_that_name_none(
    bill: Any, said: str
) -> None:
    found = bill(HEAD, row(1, said), row(2, "EUR"), row(3, said, "5.00元"), currency="USD")
    assert found.lines("currency") == [("USD",), ("EUR",), ("USD",)]


@pytest.mark.parametrize("said", ["", "积分"])
def test_what_a_row_does_not_say_is_left_for_the_contract(bill: Any, said: str) -> None:
    found = bill(HEAD, row(1, said), row(2, "EUR"), row(3, said, "5.00元"), leaves_unsaid=True)
    assert found.lines("currency") == [("",), ("EUR",), ("",)]
    (sheet,) = found.read.files[0].sheets
    assert (sheet.currency, sheet.states_currency) == ("CNY", True)


def test_yen_have_no_decimals(bill: Any) -> None:
    assert bill(HEAD, row(1, "日元", "520")).lines("amount_minor, currency") == [(520, "JPY")]
