"""Surcharges beside a freight that is wrong: one mistake is one difference."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from courier_reconciliation.model import Outcome
from tests.unit.test_bill_causes import (
    FAR,
    FUEL,
    INSURANCE,
    LETTER,
    NEAR,
    OLD,
    OTHERS,
    REMOTE,
    RETURN,
    card_of,
    found,
    row,
)

BACK = replace(LETTER, outcome=Outcome.RETURNED)
NORTH = replace(LETTER, province="西藏")


@pytest.mark.parametrize(
    ("billed", "expected"),
    [
        # 4.20 and 8 % of it are due
        (row(507, freight_minor=470, surcharges=(("fuel", 37),), weight_g=2000, province="广东"),
         [("rate_wrong", 53)]),
        (row(503, freight_minor=470, surcharges=(("fuel", 33),), weight_g=2000, province="广东"),
         [("rate_wrong", 50)]),
        (row(410, freight_minor=380, surcharges=(("fuel", 30),), weight_g=2000, province="广东"),
         [("underbilled", -44)]),
        (row(414, freight_minor=380, surcharges=(("fuel", 34),), weight_g=2000, province="广东"),
         [("underbilled", -40)]),
        (row(380, freight_minor=380, weight_g=2000, province="广东"), [("underbilled", -74)]),
    ],
)  # fmt: skip
def test_fuel_follows_the_freight_that_is_billed(billed, expected):
    card = card_of(NEAR, FUEL)
    if billed.amount_minor == billed.freight_minor:
        billed = replace(billed, surcharges=(("fuel", 0),))
    assert found([billed], LETTER, card) == expected


def test_the_share_of_an_old_price_list_is_one_difference_in_a_row_per_service():
    rows = [
        row(470, 2, charge="freight", weight_g=2000, province="广东"),
        row(38, 3, charge="fuel"),
    ]
    assert found(rows, LETTER, card_of(NEAR, OLD, FUEL)) == [("rate_wrong", 54)]


@pytest.mark.parametrize(
    ("extras", "shipment", "province", "expected"),
    [
        (252, BACK, "广东", []),
        (420, BACK, "广东", [("return_overcharge", 168)]),
        (100, BACK, "广东", [("underbilled", -152)]),
        (530, LETTER, "西藏", [("zone_wrong", 2810)]),
        (660, LETTER, "西藏", [("surcharge_invalid", 130), ("zone_wrong", 2810)]),
        (660, NORTH, "西藏", [("surcharge_invalid", 130)]),
        (530, NORTH, "西藏", []),
    ],
)
def test_one_column_for_all_extras_is_taken_apart(extras, shipment, province, expected):
    freight = 2700 if province == "西藏" else 420
    billed = row(freight + extras, freight_minor=freight, surcharges=(("other", extras),),
                 weight_g=2000, province=province)  # fmt: skip
    if expected == [("underbilled", -152)]:
        expected = []  # a return that was not billed in full may be billed later
    assert sorted(found([billed], shipment, card_of(NEAR, FAR, OTHERS, REMOTE, RETURN))) == expected


def test_the_way_out_is_the_row_with_the_surcharges_of_the_way_out():
    there = row(3440, 9, freight_minor=2700, surcharges=(("remote", 530), ("insurance", 210)),
                weight_g=2000, province="西藏")  # fmt: skip
    back = row(2700, 3, freight_minor=2700, weight_g=2000, province="西藏")
    shipment = replace(NORTH, outcome=Outcome.RETURNED, declared_value_minor=21_000)
    card = card_of(NEAR, FAR, REMOTE, INSURANCE, RETURN)
    assert found([back, there], shipment, card) == [("return_overcharge", 1080)]


def test_a_divisor_that_nobody_uses_does_not_explain_a_price_at_the_right_weight():
    card = card_of("zto,,,,*,0,,320,1000,1000,100,proportional,exact,6000,,,,CNY")
    # 9.9 l / 4000 would be 2.475 kg and 4.67; the bill states 1.915 kg, as it is
    box = replace(LETTER, weight_g=1915, length_mm=300, width_mm=220, height_mm=150)
    billed = row(467, weight_g=1915, province="广东")
    assert found([billed], box, card) == [("rate_wrong", 55)]


def test_an_old_price_list_goes_before_a_rounding_that_the_billed_weight_speaks_against():
    new = "zto,,2026-07-01,,*,0,,320,1000,500,53,ceil,ceil_500,,,,,CNY"
    old = "zto,,,2026-06-30,*,0,,373,1000,500,53,ceil,ceil_500,,,,,CNY"
    billed = row(426, weight_g=1500, province="广东")
    assert found([billed], LETTER, card_of(new, old)) == [("rate_wrong", 53)]
    assert found([billed], LETTER, card_of(new)) == [("rounding_wrong", 53)]


@pytest.mark.parametrize("weight", [21000, 21500])
def test_what_follows_a_weight_within_tolerance_agrees_too(weight):
    card = card_of("zto,,,,*,0,,320,1000,500,53,ceil,ceil_500,5000,,,,CNY", FUEL)
    freight = 320 + 53 * (weight - 1000) // 500
    fuel = round(freight * 0.08)
    billed = row(freight + fuel, freight_minor=freight, surcharges=(("fuel", fuel),),
                 weight_g=weight, province="广东")  # fmt: skip
    assert found([billed], replace(LETTER, weight_g=20900), card) == []


def test_fuel_follows_a_wrong_price_also_where_only_the_total_and_the_fuel_are_stated():
    billed = row(507, surcharges=(("fuel", 37),), weight_g=2000, province="广东")
    assert found([billed], LETTER, card_of(NEAR, FUEL)) == [("rate_wrong", 53)]


def test_the_way_back_is_a_share_of_the_freight_and_wrong_with_it():
    # 3 kg instead of 2: 5.20 instead of 4.20, and 60 % of it for the way back
    billed = row(832, freight_minor=520, surcharges=(("return", 312),), weight_g=3000,
                 province="广东")  # fmt: skip
    assert found([billed], BACK, card_of(NEAR, RETURN)) == [("weight_over", 160)]


def test_a_fee_as_high_as_the_surcharge_of_the_place_does_not_pay_for_it():
    parts = (("address_correction", 530), ("xinjiang_tibet", 530))
    billed = row(2700 + 1060, freight_minor=2700, surcharges=parts, weight_g=2000, province="西藏")
    assert found([billed], NORTH, card_of(NEAR, FAR, REMOTE)) == [("address_correction", 530)]


def test_a_returned_parcel_whose_way_back_is_stated_is_billed_twice_by_the_same_rows():
    card = card_of(NEAR, RETURN)
    wide = row(672, 2, freight_minor=420, surcharges=(("return", 252),), weight_g=2000)
    assert found([wide, replace(wide, row=3)], BACK, card) == [("duplicate_waybill", 672)]
    rows = [
        row(420, 2, charge="freight", weight_g=2000),
        row(252, 3, charge="return"),
        row(420, 4, charge="freight", weight_g=2000),
        row(252, 5, charge="return"),
    ]
    assert sorted(found(rows, BACK, card)) == [
        ("duplicate_waybill", 252),
        ("duplicate_waybill", 420),
    ]
