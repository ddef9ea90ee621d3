"""Pricing by a rate card: rounding, which row serves, freight, surcharges, what has no price."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from courier_reconciliation.model import Outcome, Shipment
from courier_reconciliation.rates.card import (
    Basis,
    FreightRow,
    NotPriced,
    PricingFacts,
    RateCard,
    Rounding,
    StepMode,
    SurchargeRow,
    facts_of,
    folded_service,
)
from courier_reconciliation.rates.price import half_up, price, rounded, volumetric_g
from courier_reconciliation.surcharge_codes import Due, code_of, due_of

DAY = date(2026, 10, 12)
GUANGDONG = FreightRow(
    row=2,
    courier="zto",
    provinces=("广东",),
    base_price_minor=320,
    base_weight_g=1000,
    step_weight_g=1000,
    step_price_minor=100,
    rounding=Rounding.CEIL_1000,
    volumetric_divisor=8000,
)
OTHERS = replace(GUANGDONG, row=3, provinces=("*",), base_price_minor=500, step_price_minor=200)
FACTS = PricingFacts("zto", DAY, "广东", 1200, 450 * 350 * 200)


def _price(facts, *rows, surcharges=()):
    return price(RateCard(rows or (GUANGDONG, OTHERS), surcharges), facts)


def test_the_worked_case_of_the_reference_costs_six_twenty():
    found = _price(FACTS)
    assert (found.chargeable_g, found.rounded_g) == (3938, 4000)
    assert (found.freight_minor, found.total_minor, found.row) == (620, 620, 2)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("ceil_1000", (1, 2, 2, 2, 2, 2, 3, 4)),
        ("ceil_500", (1, 1.5, 1.5, 1.5, 1.5, 2, 2.5, 3.5)),
        ("ceil_100", (0.8, 1.2, 1.3, 1.4, 1.5, 1.7, 2.1, 3.1)),
        ("exact", (0.8, 1.2, 1.3, 1.31, 1.5, 1.7, 2.04, 3.001)),
        ("drop_300", (1, 1, 1, 2, 2, 2, 2, 3)),
        ("three_seven", (1, 1, 1.5, 1.5, 1.5, 2, 2, 3)),
    ],
)
def test_rounding_follows_the_table_of_the_reference(mode, expected):
    weights = (800, 1200, 1300, 1310, 1500, 1700, 2040, 3001)
    found = tuple(Fraction(rounded(Rounding(mode), weight), 1000) for weight in weights)
    assert found == tuple(Fraction(str(kilograms)) for kilograms in expected)


@given(st.sampled_from(Rounding), st.integers(1, 100_000))
def test_rounding_never_moves_a_weight_by_a_kilogram_and_is_stable(mode, weight):
    once = rounded(mode, weight)
    assert once > 0
    assert abs(once - weight) < 1000
    assert rounded(mode, once) == once


@given(st.sampled_from(Rounding), st.integers(0, 50_000), st.integers(0, 3000))
def test_a_heavier_parcel_is_never_rounded_below_a_lighter_one(mode, weight, more):
    assert rounded(mode, weight + more) >= rounded(mode, weight)


def test_volumetric_weight_is_cubic_centimetres_over_the_divisor():
    box = 600 * 400 * 300
    assert [volumetric_g(box, d) for d in (5000, 6000, 8000, 12000)] == [14400, 12000, 9000, 6000]
    assert volumetric_g(450 * 350 * 200, 8000) == 3938, "3937.5 g, a started gram counts"
    assert volumetric_g(box, None) == volumetric_g(None, 8000) == 0


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_half_up_is_what_decimal_calls_so(numerator, denominator):
    exact = Fraction(numerator, denominator)
    if (exact * 2).denominator == 1:
        shown = Decimal(int(exact * 2)) / 2
    else:
        shown = Decimal(numerator) / Decimal(denominator)
    assert half_up(numerator, denominator) == int(shown.quantize(Decimal(1), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("weight", "minor"),
    [(1, 320), (1000, 320), (1001, 420), (2000, 420), (2300, 520), (30_000, 3220)],
)
def test_first_weight_and_started_steps(weight, minor):
    assert _price(replace(FACTS, weight_g=weight, volume_mm3=None)).freight_minor == minor


def test_half_kilogram_steps_of_the_reference():
    row = replace(GUANGDONG, base_price_minor=800, step_weight_g=500, step_price_minor=130)
    row = replace(row, rounding=Rounding.CEIL_500)
    assert _price(replace(FACTS, weight_g=2300, volume_mm3=None), row).freight_minor == 1190


def test_a_proportional_step_is_rounded_half_up_once():
    row = replace(GUANGDONG, step_mode=StepMode.PROPORTIONAL, rounding=Rounding.EXACT)
    row = replace(row, step_price_minor=105, volumetric_divisor=None)
    assert _price(replace(FACTS, weight_g=1100), row).freight_minor == 331, "320 + 10.5"


BANDS = (
    replace(GUANGDONG, row=2, max_weight_g=500, base_price_minor=200, step_price_minor=0),
    replace(
        GUANGDONG,
        row=3,
        min_weight_g=500,
        max_weight_g=3000,
        base_price_minor=300,
        step_price_minor=0,
    ),
)


@pytest.mark.parametrize(("weight", "row"), [(1, 2), (500, 2), (501, 3), (3000, 3)])
def test_both_ends_belong_to_a_range_and_the_lower_row_serves_the_boundary(weight, row):
    assert _price(replace(FACTS, weight_g=weight, volume_mm3=None), *BANDS).row == row


def test_a_weight_in_a_gap_is_served_by_the_row_of_its_rounded_weight():
    upper = replace(GUANGDONG, row=4, min_weight_g=4000, base_price_minor=700)
    found = _price(replace(FACTS, weight_g=3200, volume_mm3=None), *BANDS, upper)
    assert (found.row, found.rounded_g) == (4, 4000)


def test_a_weight_beyond_the_card_has_no_price():
    found = _price(replace(FACTS, weight_g=3200, volume_mm3=None), *BANDS)
    assert isinstance(found, NotPriced)
    assert "3200 g" in found.reason


def test_a_named_province_stands_before_all_others():
    assert _price(FACTS).row == 2
    assert _price(replace(FACTS, province="新疆")).row == 3
    assert isinstance(_price(replace(FACTS, province="新疆"), GUANGDONG), NotPriced)


@pytest.mark.parametrize(("day", "row"), [(11, 2), (12, 2), (13, 3), (31, 3)])
def test_the_day_of_shipping_chooses_the_validity_period(day, row):
    old = replace(GUANGDONG, row=2, valid_to=date(2026, 10, 12))
    new = replace(GUANGDONG, row=3, valid_from=date(2026, 10, 13))
    assert _price(replace(FACTS, shipped_on=date(2026, 10, day)), old, new).row == row


STANDARD = replace(GUANGDONG, row=2, service="standard")
EXPRESS = replace(GUANGDONG, row=3, service=folded_service("特快 Ｅ"))


@pytest.mark.parametrize(
    ("service", "rows", "expected"),
    [
        ("standard", (STANDARD, EXPRESS), 2),
        (folded_service(" 特快E "), (STANDARD, EXPRESS), 3),
        ("", (STANDARD,), 2),
        ("", (STANDARD, replace(GUANGDONG, row=9)), 9),
        ("same-day", (STANDARD, replace(GUANGDONG, row=9)), 9),
        ("standard", (replace(GUANGDONG, row=9), STANDARD), 2),
        ("", (STANDARD, EXPRESS), "which service?"),
        ("same-day", (STANDARD, EXPRESS), "no service same-day"),
    ],
)
def test_the_service_chooses_the_row(service, rows, expected):
    found = _price(replace(FACTS, service=service), *rows)
    if isinstance(expected, int):
        assert found.row == expected
    else:
        assert expected in found.reason


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(FACTS, weight_g=None), "own weight is not known"),
        (replace(FACTS, courier="sf"), "no prices of sf"),
    ],
)
def test_what_has_no_price_says_why(facts, said):
    assert said in _price(facts).reason


def _surcharge(code, basis, value, **more):
    return SurchargeRow(
        9, "zto", code, basis, value * 10_000, more.pop("due", due_of(code)), **more
    )


@pytest.mark.parametrize(
    ("row", "facts", "amount"),
    [
        (_surcharge("remote", Basis.PER_PARCEL, 500), FACTS, 500),
        (_surcharge("remote", Basis.PER_PARCEL, 500, provinces=("新疆",)), FACTS, None),
        (_surcharge("fuel", Basis.PERCENT_OF_FREIGHT, 8), FACTS, 50),
        (_surcharge("peak", Basis.PER_KG, 30), FACTS, 120),
        (_surcharge("peak", Basis.PER_KG, 30, max_weight_g=3000), FACTS, None),
        (_surcharge("insurance", Basis.PERCENT_OF_DECLARED, 1), FACTS, None),
        (
            _surcharge("insurance", Basis.PERCENT_OF_DECLARED, 1),
            replace(FACTS, declared_value_minor=20_050),
            201,
        ),
        (
            _surcharge("insurance", Basis.PERCENT_OF_DECLARED, 1, minimum_minor=300),
            replace(FACTS, declared_value_minor=20_050),
            300,
        ),
        (_surcharge("cod", Basis.PER_PARCEL, 200), FACTS, None),
        (_surcharge("cod", Basis.PER_PARCEL, 200), replace(FACTS, cod_minor=1), 200),
        (
            _surcharge("cod", Basis.PERCENT_OF_DECLARED, 1, due=Due.COD),
            replace(FACTS, cod_minor=9_900, declared_value_minor=100),
            99,
        ),
        (_surcharge("return", Basis.PERCENT_OF_FREIGHT, 60), FACTS, None),
        (
            _surcharge("return", Basis.PERCENT_OF_FREIGHT, 60),
            replace(FACTS, outcome=Outcome.RETURNED),
            372,
        ),
    ],
)
def test_a_surcharge_is_due_where_its_reason_is(row, facts, amount):
    found = _price(facts, surcharges=(row,))
    assert [charge.amount_minor for charge in found.surcharges] == ([amount] if amount else [])
    assert found.total_minor == 620 + (amount or 0)


def test_what_is_only_allowed_is_not_expected():
    row = _surcharge("address_correction", Basis.PER_PARCEL, 800)
    found = _price(FACTS, surcharges=(row,))
    assert (found.total_minor, [charge.amount_minor for charge in found.allowed]) == (620, [800])


def test_the_surcharge_of_a_named_province_replaces_the_general_one():
    rows = (
        _surcharge("remote", Basis.PER_PARCEL, 100),
        _surcharge("remote", Basis.PER_PARCEL, 500, provinces=("广东",)),
    )
    assert _price(FACTS, surcharges=rows).total_minor == 1120


def test_discount_minimum_and_tax_come_in_this_order():
    row = replace(GUANGDONG, discount_e4=150_000, tax_e4=60_000)
    fuel = _surcharge("fuel", Basis.PERCENT_OF_FREIGHT, 10)
    found = _price(FACTS, row, surcharges=(fuel,))
    assert (found.list_freight_minor, found.freight_minor) == (620, 527)
    assert found.surcharges[0].amount_minor == 62, "of the freight before the discount"
    assert (found.tax_minor, found.total_minor) == (35, 624)
    assert _price(FACTS, replace(row, minimum_minor=600)).freight_minor == 600


def test_the_facts_of_a_shipment_are_taken_over():
    shipment = Shipment(
        "YT0000000000001",
        "zto",
        DAY,
        "广东",
        weight_g=1200,
        length_mm=450,
        width_mm=350,
        height_mm=200,
        service="*",
    )
    assert facts_of(shipment) == FACTS
    assert facts_of(replace(shipment, height_mm=None)).volume_mm3 is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("保价费（元）", "insurance"),
        ("Fuel Surcharge", "fuel"),
        ("COD手续费", "cod"),
        ("运费(元)", "freight"),
        ("合计金额", "total"),
        ("附加费", "other"),
        ("超区", "remote"),
        ("签回单", "signed_receipt"),
        ("Residential Delivery", "residential"),
        ("DAS Extended", "remote"),
        ("面单费", "label"),
        ("快递赔付", "compensation"),
        ("拍照 费", "拍照_费"),
        ("  ", ""),
    ],
)
def test_a_charge_has_one_code_whatever_a_bill_calls_it(text, code):
    assert code_of(text) == code
    assert code_of(code) == code
