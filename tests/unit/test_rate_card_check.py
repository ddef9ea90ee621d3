"""`rates check` proves a card, and the examples of its page load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from courier_reconciliation.rates.check import check_card, sample_prices
from courier_reconciliation.rates.columns import COLUMNS, OPTIONAL
from courier_reconciliation.rates.load import parse_card
from courier_reconciliation.surcharge_codes import Due, due_of, is_known
from tests.command_line import aftersales

PAGE = (Path(__file__).parents[2] / "docs" / "rate-cards.md").read_text("utf-8")
HEADER = "courier,provinces,valid_from,valid_to,min_weight_g,max_weight_g,base_price_minor,"
HEADER += "base_weight_g,step_weight_g,step_price_minor,surcharge_code,surcharge_basis,"
HEADER += "surcharge_value,currency\n"


def _example(kind):
    found = re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1].encode()


def _problems(*lines):
    card, problems = parse_card((HEADER + "\n".join(lines) + "\n").encode(), "card.csv")
    assert not problems
    return [str(problem) for problem in check_card(card)]


@pytest.mark.parametrize("kind", ["csv", "yaml"])
def test_the_examples_of_the_page_are_cards_without_a_problem(kind):
    card, problems = parse_card(_example(kind), f"card.{kind}")
    assert problems == []
    assert check_card(card) == []


def test_the_page_explains_every_column():
    assert [name for name in (*COLUMNS, *OPTIONAL) if f"`{name}`" not in PAGE] == []


def test_the_page_says_when_each_surcharge_is_expected():
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", PAGE.partition("## Surcharges")[2], re.MULTILINE)
    expected = {"always": Due.ALWAYS, "never": Due.ALLOWED}
    for codes, when in rows:
        for code in re.findall(r"`(\w+)`", codes):
            assert is_known(code)
            if when.split(";")[0] in expected:
                assert due_of(code) is expected[when.split(";")[0]], code


def test_the_sample_prices_of_the_page_are_right():
    card, _ = parse_card(_example("csv"), "card.csv")
    near = next(sample for sample in sample_prices(card) if sample.zone == ("广东",))
    assert dict(near.prices)[5000] == 320 + 4 * 100
    others = next(sample for sample in sample_prices(card) if sample.zone == ("*",))
    assert dict(others.prices)[500] == 450


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ["zto,*,,,0,1000,300,,,,,,,", "zto,*,,,500,,500,,,,,,,"],
            "row 3, min_weight_g: rows 2 and 3 both price 500 g",
        ),
        (["zto,*,,,0,,300,,,,,,,", "zto,*,,,0,,310,,,,,,,"], "rows 2 and 3 both price 0 g"),
        (
            ["zto,*,,,0,1000,300,,,,,,,", "zto,*,,,2000,,500,,,,,,,"],
            "no price from 1001 to 1999 g",
        ),
        (["zto,*,,,0,3000,300,,,,,,,"], "no price above 3000 g"),
        (
            ["zto,*,,,0,1000,300,,,,,,,", "zto,*,,,1000,,250,,,,,,,"],
            "costs 250, less than 1000 g (300)",
        ),
        (
            [
                "zto,*,2026-01-01,2026-06-30,,,300,,,,,,,",
                "zto,*,2026-08-01,2026-12-31,,,300,,,,,,,",
            ],
            "no price from 2026-07-01 to 2026-07-31",
        ),
        (["zto,广东,,,,,300,,,,,,,"], "no price for 北京"),
        (["zto,*,,,,,300,,,,,,,", "zto,广束,,,,,310,,,,,,,"], "广束 is no province"),
        (["zto,*,,,,,300,,,,,,,", "zto,广东,,,,,310,,,,,,,USD"], "keep one currency"),
        (
            ["zto,*,,,,,300,,,,,,,", "zto,*,,,,,,,,,remote,per_parcel,5,"],
            "5 is an amount in fen or cent",
        ),
        (["zto,*,,,,,300,,,,,,,", "yto,*,,,,,,,,,remote,per_parcel,500,"], "and no price"),
        (["zto,*,,,,,300,,,,,,,", "zto,*,,,,,,,,,拍照费,per_parcel,500,"], "no usual surcharge"),
    ],
)
def test_what_is_doubtful_is_named_with_its_place(lines, said):
    assert any(said in problem for problem in _problems(*lines))


def test_ranges_that_touch_and_periods_that_follow_each_other_are_in_order():
    lines = [
        "zto,*,2026-01-01,2026-06-30,0,1000,300,,,,,,,",
        "zto,*,2026-01-01,2026-06-30,1000,,300,1000,1000,100,,,,",
        "zto,*,2026-07-01,,0,,310,1000,1000,100,,,,",
    ]
    assert _problems(*lines) == []


def test_the_command_proves_a_card(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_bytes(_example("csv"))
    done = aftersales("rates", "check", path, "--json")
    assert (done.code, done.json["valid"], done.json["couriers"]) == (0, True, ["zto"])
    assert (done.json["prices"], done.json["surcharges"], done.json["problems"]) == (3, 2, [])
    sample = done.json["samples"][0]
    assert (sample["provinces"], sample["valid_from"]) == (["广东"], "2026-07-01")
    assert sample["prices"][0] == {"weight_g": 500, "freight_minor": 320}
    shown = aftersales("rates", "check", path)
    assert "rates.csv is valid: 3 prices, 2 surcharges." in shown.out
    assert "¥3.20" in shown.out


def test_the_command_says_no_to_a_card_with_errors(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("courier,base_price_minor\nzto,3.20\nzto,300\nzto,310\n", "utf-8")
    done = aftersales("rates", "check", path, "--json")
    assert (done.code, done.json["valid"]) == (1, False)
    assert [(p["severity"], p["row"]) for p in done.json["problems"]] == [
        ("error", 2),
        ("error", 4),
    ]
    shown = aftersales("rates", "check", path)
    assert (shown.code, "error: row 2, base_price_minor" in shown.out) == (1, True)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n"])
def test_what_is_no_card_is_refused(tmp_path, content):
    path = tmp_path / "rates.csv"
    path.write_bytes(content)
    done = aftersales("rates", "check", path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("aftersales: rates.csv: ")
