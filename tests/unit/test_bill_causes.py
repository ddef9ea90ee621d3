"""Why a bill differs: each cause by its own case, and what must not be named."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from courier_reconciliation.causes.explain import explain
from courier_reconciliation.causes.tolerances import Tolerances
from courier_reconciliation.model import BilledRow, Outcome, Shipment
from courier_reconciliation.rates.load import parse_card

HEADER = (
    "courier,service,valid_from,valid_to,provinces,min_weight_g,max_weight_g,base_price_minor,"
    "base_weight_g,step_weight_g,step_price_minor,step_mode,rounding,volumetric_divisor,"
    "surcharge_code,surcharge_basis,surcharge_value,currency\n"
)


def card_of(*lines):
    card, problems = parse_card((HEADER + "\n".join(lines) + "\n").encode(), "card.csv")
    assert not problems
    return card


NEAR = "zto,,2026-07-01,2026-12-31,广东,0,,320,1000,1000,100,ceil,ceil_1000,8000,,,,CNY"
FAR = "zto,,2026-07-01,2026-12-31,新疆|西藏,0,,1500,1000,1000,1200,ceil,ceil_1000,8000,,,,CNY"
OTHERS = "zto,,2026-07-01,2026-12-31,*,0,,450,1000,1000,210,ceil,ceil_1000,8000,,,,CNY"
OLD = "zto,,2026-01-01,2026-06-30,广东,0,,357,1000,1000,113,ceil,ceil_1000,8000,,,,CNY"
EXACT = card_of("zto,,,,广东,0,,320,1000,1000,100,proportional,exact,,,,,CNY")
TENTHS = card_of("zto,,,,广东,0,,320,1000,1000,100,proportional,ceil_100,,,,,CNY")
DROPPED = card_of("zto,,,,广东,0,,320,1000,500,50,ceil,drop_300,,,,,CNY")
REMOTE = "zto,,,,新疆|西藏,,,,,,,,,,remote,per_parcel,530,CNY"
FUEL = "zto,,,,*,,,,,,,,,,fuel,percent_of_freight,8,CNY"
INSURANCE = "zto,,,,*,,,,,,,,,,insurance,percent_of_declared,1,CNY"
RETURN = "zto,,,,*,,,,,,,,,,return,percent_of_freight,60,CNY"
ADDRESS = "zto,,,,*,,,,,,,,,,address_correction,per_parcel,800,CNY"
LABEL = "zto,,,,*,,,,,,,,,,label,per_parcel,60,CNY"

CARD = card_of(NEAR, FAR, OTHERS, OLD)
FULL = card_of(NEAR, FAR, OTHERS, OLD, REMOTE, FUEL, INSURANCE, RETURN, ADDRESS)

BOX = Shipment(
    "YT0000000000001",
    "zto",
    date(2026, 10, 12),
    "广东",
    order_id="O-1",
    weight_g=1200,
    length_mm=450,
    width_mm=350,
    height_mm=200,
    outcome=Outcome.DELIVERED,
)
LETTER = replace(BOX, length_mm=None, weight_g=1400)


def row(amount, number=2, **more):
    return BilledRow("bill.csv", "", number, "YT0000000000001", "zto", amount, **more)


def found(rows, shipment=BOX, card=CARD, **more):
    explained = explain(rows, shipment, card, **more)
    billed = sum(each.amount_minor for each in rows)
    differences = sum(each.difference_minor for each in explained.discrepancies)
    assert explained.not_auditable_minor + differences <= max(billed, 0) or billed < 0
    return [(str(each.kind), each.difference_minor) for each in explained.discrepancies]


def test_the_worked_case_of_the_reference():
    rows = [
        row(820, 2, weight_g=6000),
        row(100, 3, charge="insurance"),
        row(820, 4, weight_g=6000),
    ]
    explained = explain(rows, BOX, CARD)
    assert [(str(d.kind), d.row, d.difference_minor) for d in explained.discrepancies] == [
        ("duplicate_waybill", 4, 820),
        ("volumetric_wrong", 2, 200),
        ("surcharge_invalid", 3, 100),
    ]
    volumetric = dict(explained.discrepancies[1].evidence)
    assert (volumetric["divisor_used"], volumetric["divisor_agreed"]) == (6000, 8000)
    assert explained.discrepancies[1].expected_minor == 620
    assert "card row 2" in explained.discrepancies[1].rule


@pytest.mark.parametrize(
    ("billed", "shipment", "card"),
    [
        (row(620), BOX, CARD),
        (row(621), BOX, CARD),
        (row(620, weight_g=4000, province="广东"), BOX, CARD),
        (row(620, weight_g=3940, province="广东"), BOX, CARD),
        (row(620, province="江苏"), BOX, CARD),
        (row(420), replace(LETTER, weight_g=1990), CARD),
        (row(520, weight_g=2030), replace(LETTER, weight_g=1990), CARD),
        (row(417, weight_g=1970), replace(LETTER, weight_g=2000), EXACT),
        (row(420, weight_g=1970), replace(LETTER, weight_g=2030), CARD),
        (row(670), BOX, card_of(NEAR, FUEL)),
        (row(670, freight_minor=620, surcharges=(("fuel", 50),)), BOX, card_of(NEAR, FUEL)),
        (row(670, freight_minor=620, surcharges=(("other", 50),)), BOX, card_of(NEAR, FUEL)),
        (row(670, freight_minor=670), BOX, card_of(NEAR, FUEL)),
        (row(1470), BOX, card_of(NEAR, FUEL, ADDRESS)),
        (row(1420, freight_minor=620, surcharges=(("address_correction", 800),)), BOX,
         card_of(NEAR, ADDRESS)),
        (row(620), replace(BOX, outcome=Outcome.RETURNED), card_of(NEAR, RETURN)),
        (row(992), replace(BOX, outcome=Outcome.RETURNED), card_of(NEAR, RETURN)),
        (row(820), replace(BOX, declared_value_minor=20_000), card_of(NEAR, INSURANCE)),
        (row(-200), BOX, CARD),
    ],
)  # fmt: skip
def test_what_agrees_is_not_named(billed, shipment, card):
    assert found([billed], shipment, card) == []


@pytest.mark.parametrize(
    ("billed", "shipment", "card", "expected"),
    [
        # where the bill says it went decides before any weight
        (row(1080, province="江苏", weight_g=4000), BOX, CARD, [("zone_wrong", 460)]),
        (row(1080, province="江苏"), BOX, CARD, [("zone_wrong", 460)]),
        (row(1080, province="江苏", weight_g=3940), BOX, CARD, [("zone_wrong", 460)]),
        (row(660, weight_g=2000), LETTER, CARD, [("zone_wrong", 240)]),
        # so does a price that is another zone's to the cent, whatever province the bill names
        (row(660, weight_g=2000, province="广东"), LETTER, CARD, [("zone_wrong", 240)]),
        (row(661, weight_g=2000, province="广东"), LETTER, CARD, [("zone_wrong", 241)]),
        (row(662, weight_g=2000, province="广东"), LETTER, CARD, [("rate_wrong", 242)]),
        # a rounding left out, of a weight a little above one's own
        (row(370, weight_g=1280), replace(LETTER, weight_g=1260), DROPPED,
         [("rounding_wrong", 50)]),
        (row(420, weight_g=1320), replace(LETTER, weight_g=1290), DROPPED, []),
        (row(820, weight_g=6000), BOX, CARD, [("volumetric_wrong", 200)]),
        (row(820, weight_g=5250), BOX, CARD, [("volumetric_wrong", 200)]),
        (row(820), BOX, CARD, [("volumetric_wrong", 200)]),
        (row(820, weight_g=6000), replace(LETTER, weight_g=3500), CARD, [("weight_over", 200)]),
        (row(820, weight_g=5400), replace(LETTER, weight_g=3500), CARD, [("weight_over", 200)]),
        (row(470, weight_g=2000, province="广东"), LETTER, CARD, [("rate_wrong", 50)]),
        (row(470, weight_g=2000, province="广东"), replace(LETTER, weight_g=1400), CARD,
         [("rate_wrong", 50)]),
        (row(520, weight_g=2000), LETTER, CARD, [("rate_wrong", 100)]),
        (row(390, weight_g=1400), LETTER, CARD, [("underbilled", -30)]),
        (row(0), LETTER, CARD, [("underbilled", -420)]),
        # a weight that is rounded already is another one, and no scale that is a little off
        (row(420, weight_g=2000), replace(LETTER, weight_g=2030), CARD, [("underbilled", -100)]),
        (row(410, weight_g=1900), replace(LETTER, weight_g=2000), EXACT, [("underbilled", -10)]),
        # a weight next to a step is none of the steps
        (row(420, weight_g=2004), replace(LETTER, weight_g=1290), DROPPED, [("weight_over", 100)]),
        # the price of 1.5 kg, and next to it, while the bill says 1.3
        (row(370, weight_g=1300), replace(LETTER, weight_g=1296), TENTHS, [("rounding_wrong", 20)]),
        (row(371, weight_g=1300), replace(LETTER, weight_g=1296), TENTHS, [("rate_wrong", 21)]),
    ],
)  # fmt: skip
def test_freight_is_named_by_what_the_bill_states(billed, shipment, card, expected):
    assert found([billed], shipment, card) == expected


def test_the_old_tariff_is_named_as_evidence():
    (discrepancy,) = explain([row(470, weight_g=2000)], LETTER, CARD).discrepancies
    evidence = dict(discrepancy.evidence)
    assert (evidence["card_row_of_the_price"], evidence["valid_until"]) == (5, "2026-06-30")


HALF = "zto,,,,广东,0,,320,1000,500,70,ceil,ceil_500,,,,,CNY"


@pytest.mark.parametrize("weight", [2000, 1310, None])
def test_a_coarser_rounding_is_named(weight):
    shipment = replace(LETTER, weight_g=1310)
    assert found([row(460, weight_g=weight)], shipment, card_of(HALF)) == [("rounding_wrong", 70)]


@pytest.mark.parametrize("courier", ["ups", "zto"])
def test_a_bill_that_states_the_address_may_still_bill_another_zone(courier):
    near, far = (line.replace("zto", courier) for line in (NEAR, OTHERS))
    billed = replace(row(660, weight_g=2000, province="广东"), courier=courier)
    shipment = replace(LETTER, courier=courier)
    assert found([billed], shipment, card_of(near, far)) == [("zone_wrong", 240)]


def test_the_old_price_list_explains_more_than_another_zone():
    old = "zto,,,2026-06-30,广东,0,,560,1000,1000,100,ceil,ceil_1000,8000,,,,CNY"
    billed = row(660, weight_g=2000, province="广东")
    assert found([billed], LETTER, card_of(NEAR, OTHERS, old)) == [("rate_wrong", 240)]


def test_a_wrong_zone_and_a_wrong_weight_take_their_own_shares():
    billed = row(450 + 4 * 210, province="江苏", weight_g=5000)
    assert found([billed], LETTER) == [("zone_wrong", 240), ("weight_over", 630)]


def test_what_no_price_explains_is_shared_between_the_stated_weight_and_the_rate():
    billed = row(900, province="广东", weight_g=5000)
    assert found([billed], LETTER) == [("weight_over", 300), ("rate_wrong", 180)]


def test_a_discount_left_out_is_named():
    card, _ = parse_card(
        b"courier,base_price_minor,base_weight_g,discount_percent\nzto,1000,1000,15\n",
        "c.csv",
    )
    assert found([row(850)], LETTER, card) == []
    assert found([row(1000)], LETTER, card) == [("missing_discount", 150)]
    of_the_same_price = row(1000, weight_g=2500)
    assert found([of_the_same_price], LETTER, card) == [("missing_discount", 150)]


@pytest.mark.parametrize(
    ("parts", "shipment", "expected"),
    [
        ((("remote", 530),), BOX, [("surcharge_invalid", 530)]),
        ((("insurance", 100),), BOX, [("surcharge_invalid", 100)]),
        ((("cod", 300),), BOX, [("surcharge_invalid", 300)]),
        ((("fuel", 50), ("fuel", 50)), BOX, [("duplicate_waybill", 50)]),
        ((("fuel", 80),), BOX, [("surcharge_invalid", 30)]),
        ((("fuel", 20),), BOX, [("underbilled", -30)]),
        ((("address_correction", 900), ("fuel", 50)), BOX, [("address_correction", 100)]),
        ((("return", 372), ("fuel", 50)), BOX, [("surcharge_invalid", 372)]),
        (
            (("return", 600), ("fuel", 50)),
            replace(BOX, outcome=Outcome.RETURNED),
            [("return_overcharge", 228)],
        ),
        ((("chargeback", 500), ("fuel", 50)), BOX, [("payment_party", 500)]),
    ],
)
def test_a_surcharge_stated_apart_is_checked_by_itself(parts, shipment, expected):
    fuel = () if any(code == "fuel" for code, _ in parts) else (("fuel", 50),)
    everything = (*parts, *fuel)
    amount = 620 + sum(each for _, each in everything)
    wide = row(amount, freight_minor=620, surcharges=everything)
    assert found([wide], shipment, FULL) == expected
    rows = [row(620, 2, charge="freight")]
    rows += [row(each, 3 + at, charge=code) for at, (code, each) in enumerate(everything)]
    assert found(rows, shipment, FULL) == expected


def test_a_surcharge_hidden_in_a_total_is_named_when_it_is_the_cards():
    card = card_of(NEAR, REMOTE)
    billed = row(620 + 530, province="广东", weight_g=4000)
    assert found([billed], BOX, card) == [("surcharge_invalid", 530)]


def test_fuel_on_a_freight_that_is_too_high_belongs_to_the_freight():
    wide = row(886, freight_minor=820, surcharges=(("fuel", 66),), weight_g=6000)
    assert found([wide], BOX, FULL) == [("volumetric_wrong", 216)]
    assert found([row(886, weight_g=6000)], BOX, FULL) == [("volumetric_wrong", 216)]


def test_a_wrong_zone_allows_nothing_that_the_right_one_does_not():
    there = "zto,,,,江苏,,,,,,,,,,address_correction,per_parcel,800,CNY"
    parts = (("address_correction", 800),)
    billed = row(1460, freight_minor=660, province="江苏", surcharges=parts)
    assert found([billed], LETTER, card_of(NEAR, OTHERS, there)) == [("zone_wrong", 1040)]
    here = there.replace("江苏", "广东")
    assert found([billed], LETTER, card_of(NEAR, OTHERS, here)) == [("zone_wrong", 240)]


@pytest.mark.parametrize("word", ["xinjiang_tibet", "山区费"])
def test_a_surcharge_of_the_place_is_the_cards_whatever_the_bill_calls_it(word):
    card = card_of(NEAR, FAR, OTHERS, REMOTE)
    far = replace(LETTER, province="新疆")

    def billed(extra, freight=2700, province="新疆"):
        parts = ((word, extra),)
        return row(freight + extra, freight_minor=freight, province=province, surcharges=parts)

    assert found([billed(530)], far, card) == []
    assert found([billed(780)], far, card) == [("surcharge_invalid", 250)]
    assert found([billed(400)], far, card) == [("underbilled", -130)]
    assert found([billed(530)], LETTER, card) == [("zone_wrong", 2280 + 530)]
    assert found([billed(530, 420, "广东")], LETTER, card) == [("surcharge_invalid", 530)]


def test_a_wrong_zone_brings_its_surcharges_with_it():
    card = card_of(NEAR, FAR, OTHERS, REMOTE)
    billed = row(1500 + 3600 + 530, province="新疆", weight_g=4000)
    assert found([billed], BOX, card) == [("zone_wrong", 5630 - 620)]


def test_a_surcharge_that_is_due_and_missing_is_underbilled():
    rows = [row(620, charge="freight")]
    assert found(rows, BOX, FULL) == [("underbilled", -50)]
    assert found([row(620)], BOX, FULL) == [("underbilled", -50)]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.LOST, "lost_billed"),
        (Outcome.DAMAGED, "damaged_billed"),
        (Outcome.CANCELLED, "not_shipped"),
        (Outcome.NEVER_MOVED, "not_shipped"),
    ],
)
def test_what_was_not_carried_or_not_delivered_whole_is_not_due(outcome, kind):
    shipment = replace(BOX, outcome=outcome)
    assert found([row(620)], shipment) == [(kind, 620)]
    rows = [row(620, 2, charge="freight"), row(50, 3, charge="fuel"), row(620, 4, charge="freight")]
    assert sorted(found(rows, shipment)) == sorted(
        [(kind, 620), (kind, 50), ("duplicate_waybill", 620)]
    )


def test_a_cancelled_parcel_costs_the_label_where_the_card_has_one():
    shipment = replace(BOX, outcome=Outcome.CANCELLED)
    assert found([row(620)], shipment, card_of(NEAR, LABEL)) == [("not_shipped", 560)]
    assert found([row(60)], shipment, card_of(NEAR, LABEL)) == []


def test_a_waybill_that_nobody_shipped_is_unknown_and_its_second_row_a_double():
    assert found([row(620), row(620, 3)], None) == [
        ("unknown_waybill", 620),
        ("duplicate_waybill", 620),
    ]


def test_of_two_rows_the_one_that_agrees_is_kept():
    explained = explain([row(820, 2), row(620, 3)], BOX, CARD)
    assert [(d.row, str(d.kind), d.difference_minor) for d in explained.discrepancies] == [
        (2, "duplicate_waybill", 820)
    ]


def test_a_row_billed_again_after_an_earlier_month_is_a_double():
    before = row(620, 9, billed_on=date(2026, 10, 13))
    assert found([row(620)], BOX, earlier=[before]) == [("duplicate_waybill", 620)]
    assert found([row(620), row(-620, 3)], BOX, earlier=[before]) == []
    another_parcel = replace(before, billed_on=date(2026, 3, 1))
    assert found([row(620)], BOX, earlier=[another_parcel]) == []


def test_a_credit_takes_off_what_it_gives_back():
    assert found([row(820), row(-820, 3), row(620, 4)]) == []
    assert found([row(820, weight_g=6000), row(-200, 3)]) == []
    assert found([row(820, weight_g=6000), row(-120, 3)]) == [("volumetric_wrong", 80)]
    assert found([row(620), row(-300, 3, charge="compensation")]) == []


@pytest.mark.parametrize(
    ("rows", "card", "expected"),
    [
        ([row(620), row(372, 3)], card_of(NEAR, RETURN), []),
        ([row(620), row(620, 3)], card_of(NEAR, RETURN), [("return_overcharge", 248)]),
        ([row(620), row(620, 3)], CARD, [("return_overcharge", 620)]),
        ([row(620), row(620, 3, is_return=True)], CARD, [("return_overcharge", 620)]),
        (
            [row(620), row(372, 3), row(620, 4)],
            card_of(NEAR, RETURN),
            [("duplicate_waybill", 620)],
        ),
        ([row(992), row(992, 3)], card_of(NEAR, RETURN), [("duplicate_waybill", 992)]),
        ([row(1240)], card_of(NEAR, RETURN), [("return_overcharge", 248)]),
        ([row(620), row(500, 3, charge="return")], card_of(NEAR, RETURN),
         [("return_overcharge", 128)]),
    ],
)  # fmt: skip
def test_the_way_back_is_paid_by_the_cards_share(rows, card, expected):
    assert sorted(found(rows, replace(BOX, outcome=Outcome.RETURNED), card)) == expected


def test_pieces_of_one_shipment_are_one_charge():
    shipment = replace(LETTER, weight_g=3900, parcel_count=2)
    child = replace(row(0, 3), waybill_number="YT0000000000002")
    assert found([row(620), child], shipment) == []
    each = [row(420, weight_g=2000), replace(child, amount_minor=420, weight_g=2000)]
    assert found(each, shipment) == []
    twice = [row(620), row(620, 3)]
    assert found(twice, shipment) == [("duplicate_waybill", 620)]


def test_what_has_no_price_is_not_auditable_and_never_a_discrepancy():
    nowhere = replace(LETTER, province="台湾")
    explained = explain([row(620)], nowhere, card_of(NEAR))
    assert explained.discrepancies == ()
    assert (explained.not_auditable_minor, "台湾" in explained.reason) == (620, True)
    explained = explain([row(620)], replace(LETTER, weight_g=None), CARD)
    assert (explained.discrepancies, explained.not_auditable_minor) == ((), 620)


def test_a_second_row_is_a_double_even_where_there_is_no_price():
    explained = explain([row(620), row(620, 3)], LETTER, card_of(FAR))
    assert [str(each.kind) for each in explained.discrepancies] == ["duplicate_waybill"]
    assert explained.not_auditable_minor == 620


def test_without_its_own_weight_the_billed_one_still_proves_zone_and_rate():
    unweighed = replace(LETTER, weight_g=None)
    assert found([row(420, weight_g=2000)], unweighed) == []
    assert found([row(660, weight_g=2000, province="江苏")], unweighed) == [("zone_wrong", 240)]
    assert found([row(470, weight_g=2000, province="广东")], unweighed) == [("rate_wrong", 50)]


def test_another_currency_is_not_compared():
    assert found([row(620, currency="USD")]) == [("currency_mismatch", 620)]


def test_tax_is_compared_like_with_like():
    text = "courier,base_price_minor,base_weight_g,tax_percent\nzto,10000,1000,6\n"
    taxed, _ = parse_card(text.encode(), "c.csv")
    assert found([row(10600)], LETTER, taxed) == []
    assert found([row(10600, tax_minor=600)], LETTER, taxed) == []
    assert found([row(10600, freight_minor=10000, tax_minor=600)], LETTER, taxed) == []
    assert found([row(10900, freight_minor=10000, tax_minor=900)], LETTER, taxed) == [
        ("tax_mismatch", 300)
    ]
    assert found([row(445, freight_minor=420, tax_minor=25)], LETTER) == []


def test_small_differences_of_weight_and_money_are_the_shops_to_define():
    shipment = replace(LETTER, weight_g=2990)
    heavier = row(620, weight_g=3100, province="广东")
    assert found([heavier], shipment) == [("weight_over", 100)]
    assert found([heavier], shipment, tolerances=Tolerances(light_g=150)) == []
    assert found([heavier], shipment, tolerances=Tolerances(floor_minor=101)) == []
