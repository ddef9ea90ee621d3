"""Prices for parcel after parcel: what is remembered of one never changes the price of another."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from courier_reconciliation.model import Outcome
from courier_reconciliation.rates.card import (
    Basis,
    FreightRow,
    PricingFacts,
    RateCard,
    Rounding,
    SurchargeRow,
)
from courier_reconciliation.rates.price import price
from courier_reconciliation.rates.quotes import Quotes
from courier_reconciliation.surcharge_codes import Due

DAY = date(2026, 10, 12)
SPRING = {"valid_from": date(2026, 3, 1), "valid_to": DAY - timedelta(days=1)}


def _row(number, courier, base, **more):
    steps = {"base_weight_g": 1000, "step_price_minor": 90, "rounding": Rounding.CEIL_1000}
    return FreightRow(number, courier, base, **(steps | more))


CARD = RateCard(
    (
        _row(2, "sto", 320, provinces=("广东",), volumetric_divisor=8000),
        _row(3, "sto", 300, provinces=("广东",), **SPRING),
        _row(4, "sto", 500, max_weight_g=3000, discount_e4=100_000),
        _row(5, "sto", 900, min_weight_g=3001, max_weight_g=9000, rounding=Rounding.DROP_300),
        _row(6, "zto", 400, service="fast", tax_e4=60_000),
        _row(7, "zto", 250, service="slow", minimum_minor=700),
    ),
    (
        SurchargeRow(8, "zto", "remote", Basis.PER_PARCEL, 5_300_000, provinces=("西藏",)),
        SurchargeRow(9, "zto", "fuel", Basis.PERCENT_OF_FREIGHT, 80_000, min_weight_g=2000),
        SurchargeRow(10, "zto", "insurance", Basis.PERCENT_OF_DECLARED, 10_000, Due.DECLARED),
        SurchargeRow(11, "zto", "return", Basis.PERCENT_OF_FREIGHT, 600_000, Due.RETURNED),
        SurchargeRow(12, "zto", "oversize", Basis.PER_KG, 500_000, Due.ALLOWED),
    ),
)

parcels = st.builds(
    PricingFacts,
    courier=st.sampled_from(["sto", "zto", "yto"]),
    shipped_on=st.sampled_from([DAY, DAY - timedelta(days=30)]),
    province=st.sampled_from(["广东", "西藏", ""]),
    weight_g=st.none() | st.integers(0, 12_000),
    volume_mm3=st.none() | st.integers(1, 60_000_000),
    service=st.sampled_from(["", "fast", "slow"]),
    declared_value_minor=st.sampled_from([0, 50_000]),
    outcome=st.sampled_from([Outcome.DELIVERED, Outcome.RETURNED]),
)


@given(st.lists(parcels, min_size=1, max_size=30))
def test_each_parcel_costs_what_it_costs_alone(many):
    quotes = Quotes(CARD)
    assert [quotes.price(one) for one in many] == [price(CARD, one) for one in many]


def test_a_parcel_without_a_price_says_why_each_time():
    quotes = Quotes(CARD)
    facts = PricingFacts("sto", DAY, "西藏", 20_000)
    assert quotes.price(facts).reason == "the card has no price for 20000 g to 西藏"
    assert quotes.price(facts) == price(CARD, facts)
    facts.weight_g = None
    assert quotes.price(facts).reason == "its own weight is not known"
