"""`rates check` proves a card, and the examples of its page load."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from aftersales.platforms.regions import PROVINCES
from courier_reconciliation.output.words_reasons import translate
from courier_reconciliation.rates.card import FreightRow, PricingFacts, RateCard
from courier_reconciliation.rates.check import check_card, sample_prices
from courier_reconciliation.rates.columns import COLUMNS, OPTIONAL
from courier_reconciliation.rates.load import parse_card
from courier_reconciliation.rates.overlaps import NOTED, notes
from courier_reconciliation.rates.price import price
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


WHOLE = "zto,*,2026-01-01,2026-06-30,0,,300,1000,1000,100,,,,"


@pytest.mark.parametrize(
    ("lines", "is_error"),
    [
        (["zto,*,,,0,1000,300,,,,,,,", "zto,*,,,2000,,500,,,,,,,"], True),
        (["zto,*,,,500,,300,,,,,,,"], False),
        (["zto,*,,,0,50000,300,,,,,,,"], False),
        (["zto,广东,,,,,300,,,,,,,"], False),
        ([WHOLE, WHOLE.replace("01-01,2026-06-30", "08-01,")], True),
        (["zto,*,,,,3000,1500,,,,,,,", "zto,*,,,3000,,600,,,,,,,"], True),
        (["zto,*,,,,,300,,,,,,,", "zto,*,,,,,310,,,,,,,"], True),
    ],
)
def test_what_leaves_parcels_without_a_clear_price_is_an_error_and_what_may_be_meant_is_none(
    lines, is_error
):
    card, _ = parse_card((HEADER + "\n".join(lines) + "\n").encode(), "card.csv")
    problems = check_card(card)
    assert problems
    assert any(problem.is_error for problem in problems) is is_error


def test_a_freight_service_that_is_cheaper_from_30_kg_on_is_only_a_warning():
    header = "courier,service,min_weight_g,max_weight_g,base_price_minor,base_weight_g,"
    header += "step_weight_g,step_price_minor\n"
    lines = ["zto,,0,30000,300,1000,1000,200", "zto,freight,30001,,3000,30000,1000,80"]
    card, problems = parse_card((header + "\n".join(lines) + "\n").encode(), "card.csv")
    (fall,) = check_card(card)[-1:]
    assert problems == []
    assert ("less than 30000 g" in fall.message, fall.is_error) == (True, False)


def test_a_weight_that_is_rounded_into_the_next_range_is_no_gap():
    header = "courier,min_weight_g,max_weight_g,base_price_minor,rounding\n"
    lines = "zto,0,1000,300,ceil_1000\nzto,2000,2000,400,ceil_1000\nzto,4000,,600,ceil_1000\n"
    card, _ = parse_card((header + lines).encode(), "card.csv")
    assert [str(problem) for problem in check_card(card)] == [
        "row 4, min_weight_g: no price from 2001 to 3000 g, zto to all other provinces"
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([WHOLE, WHOLE.replace("*", "北京|新疆").replace("01-01,2026-06", "09-01,2026-12"),
          WHOLE.replace("01-01,2026-06-30", "07-01,2026-08-31").replace("*", "新疆")],
         ["row 3, valid_from: no price from 2026-07-01 to 2026-08-31, zto to 北京"]),
        ([WHOLE, WHOLE.replace("*", "北京").replace("01-01,2026-06-30", "07-01,2026-12-31")], []),
    ],
)  # fmt: skip
def test_a_pause_is_named_with_the_provinces_that_have_it(lines, said):
    assert [problem for problem in _problems(*lines) if "no price from" in problem] == said


def test_rows_that_overlap_are_told_to_whoever_compares_a_bill():
    lines = ["zto,广东|江苏,,,0,,300,,,,,,,", "zto,江苏|广东|浙江,2026-09-01,,500,,310,,,,,,,"]
    card, _ = parse_card((HEADER + "\n".join(lines) + "\n").encode(), "card.csv")
    (note,) = notes(card)
    assert note == (
        "rows 2 and 3 of the rate card both price 500 g, zto to 广东|江苏 from 2026-09-01;"
        " row 2 is taken"
    )
    facts = PricingFacts("zto", date(2026, 10, 1), "广东", 900)
    assert price(card, facts).row == 2
    assert translate(note, "zh-CN") == (
        "价目表第 2 行和第 3 行都有 500 g 的价格（zto，到广东|江苏，2026-09-01 起）；按第 2 行计"
    )


def test_reconcile_says_that_two_rows_of_the_card_price_the_same(tmp_path):
    (tmp_path / "rates.csv").write_text("courier,base_price_minor\nzto,320\nzto,620\n", "utf-8")
    (tmp_path / "bill.csv").write_text(
        "扫描时间,运单号,目的地,结算重量,金额\n2026-10-18,73893287921743,湖北,1.00,3.20\n", "utf-8"
    )
    (tmp_path / "shipments.csv").write_text(
        "waybill_number,courier,shipped_at,province,weight_g\n"
        "73893287921743,zto,2026-10-18,湖北,900\n",
        "utf-8",
    )
    done = aftersales(
        *("reconcile", tmp_path / "bill.csv", "--json", "--shipments", tmp_path / "shipments.csv"),
        *("--rates", tmp_path / "rates.csv"),
    )
    assert (done.code, done.json["discrepancies"]) == (0, [])
    assert done.json["notes"] == [
        "rows 2 and 3 of the rate card both price 0 g, zto to all other provinces; row 2 is taken"
    ]


def test_a_card_that_was_pasted_twice_is_told_of_in_a_few_notes_and_at_once():
    rows = [
        FreightRow(
            number, "zto", 300, "", date(2026, number % 12 + 1, 1), date(2026, number % 12 + 1, 28),
            (PROVINCES[number // 12 % 31],), number // 372 % 10 * 1000,
            number // 372 % 10 * 1000 + 1000,
        )
        for number in range(2 * 3720)
    ]  # fmt: skip
    found = notes(RateCard(tuple(rows)))
    assert len(found) == NOTED + 1
    assert found[-1] == f"and {3720 - NOTED} more rows of the rate card price what others do"
    assert notes(RateCard(tuple(rows[:3720]))) == ()


def test_a_volumetric_divisor_of_zero_is_none():
    card, problems = parse_card(
        b"courier,base_price_minor,volumetric_divisor\nzto,300,0\n", "card.csv"
    )
    assert not problems
    assert card.freight[0].volumetric_divisor is None


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
