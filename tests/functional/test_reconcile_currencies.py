"""What currency a bill is in, where all of its rows, some of them or none say it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from local.cli import aftersales
from tests.functional.test_reconcile_engine import write

BILL = ("业务时间", "运单号", "目的省份", "结算重量", "应收金额", "币种")
NUMBERS = [str(773012345678900 + n) for n in range(3)]


def currencies(folder: Path, said: list[str], cards: list[str], *options: str) -> Counter[str]:
    """The currencies of the rows of a bill, and the kinds of its differences."""
    rows = [
        ("2026-10-05", number, "广东", "1", "5.00", word)
        for number, word in zip(NUMBERS, said, strict=True)
    ]
    bill = write(folder / "bill.csv", [BILL, *rows])
    head = ("waybill_number", "courier", "shipped_at", "province", "weight_g", "outcome")
    sent = [(number, "sto", "2026-10-05", "广东", 900, "delivered") for number in NUMBERS]
    shipments = write(folder / "shipments.csv", [head, *sent])
    card = [("courier", "provinces", "base_price_minor", "base_weight_g", "currency")]
    card += [("sto", "*" if n == 0 else "浙江", "500", "1000", c) for n, c in enumerate(cards)]
    command = ["reconcile", str(bill), "--shipments", str(shipments), "--period", "2026-10"]
    command += ["--rates", str(write(folder / "rates.csv", card)), "--json", *options]
    done = CliRunner().invoke(aftersales, command)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    found = Counter({one["currency"]: one["lines"] for one in answer["couriers"]})
    return found + Counter(one["kind"] for one in answer["discrepancies"])


@pytest.mark.parametrize("said", [["", "", ""], ["USD", "", "美元"], ["$", "积分", "US$"]])
def test_a_row_that_names_no_currency_is_in_that_of_the_contract(said, tmp_path):
    assert currencies(tmp_path, said, ["USD"]) == {"USD": 3}


def test_a_currency_that_is_asked_for_is_that_of_rows_that_name_none(tmp_path):
    found = currencies(tmp_path, ["", "CNY", ""], ["CNY"], "--currency", "EUR")
    assert found == {"EUR": 2, "CNY": 1, "currency_mismatch": 2}


def test_a_contract_in_several_currencies_says_nothing(tmp_path):
    assert currencies(tmp_path, ["", "", "CNY"], ["CNY", "USD"]) == {"CNY": 3}


def test_a_currency_in_words_is_not_taken_for_the_contracts(tmp_path):
    found = currencies(tmp_path, ["欧元", "港币", "人民币"], ["CNY"])
    assert found == {"EUR": 1, "HKD": 1, "CNY": 1, "currency_mismatch": 2}
