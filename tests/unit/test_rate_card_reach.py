"""The sieve of weights before prices are tried: it may let too much pass, but never too little."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from courier_reconciliation.rates.card import FreightRow, RateCard, Rounding, StepMode
from courier_reconciliation.rates.price import least_weight, list_freight, net_freight, rounded
from courier_reconciliation.rates.quotes import Quotes, weigh_as_rounded

rows = st.builds(
    FreightRow,
    row=st.just(2),
    courier=st.just("sto"),
    base_price_minor=st.integers(0, 2000),
    base_weight_g=st.sampled_from([0, 500, 1000, 3000]),
    step_weight_g=st.sampled_from([100, 500, 1000]),
    step_price_minor=st.integers(-50, 600),
    step_mode=st.sampled_from(StepMode),
    discount_e4=st.sampled_from([0, 80_000, 1_000_000]),
    minimum_minor=st.sampled_from([0, 450]),
)


@given(
    first=rows,
    second=rows,
    grams=st.integers(1, 90_000),
    mode=st.sampled_from(Rounding),
    off=st.integers(0, 30),
)
def test_a_weight_with_the_price_asked_for_is_always_in_reach(
    first: FreightRow, second: FreightRow, grams: int, mode: Rounding, off: int
) -> None:
    second = replace(second, row=3)
    quotes = Quotes(RateCard((first, second)))
    weighed = weigh_as_rounded((first,), rounded(mode, grams))
    assert weighed is not None
    price = quotes.freight(weighed)
    low, high = quotes.reach((first, second), price - off, price + off)
    assert low <= grams <= high


@given(row=rows.filter(lambda row: row.step_price_minor >= 0), amount=st.integers(-5, 90_000))
def test_the_least_weight_for_an_amount_is_where_the_freight_reaches_it(
    row: FreightRow, amount: int
) -> None:
    def freight(grams: int) -> int:
        return net_freight(row, list_freight(row, grams))

    grams = least_weight(row, amount)
    if grams is None:
        assert freight(10**9) < amount
    else:
        assert freight(grams) >= amount
        assert grams == 0 or freight(grams - 1) < amount


def test_an_amount_between_two_steps_is_out_of_reach_of_every_weight() -> None:
    row = FreightRow(2, "sto", 300, base_weight_g=1000, step_weight_g=1000, step_price_minor=100)
    low, high = Quotes(RateCard((row,))).reach((row,), 436, 438)
    assert low > high


def test_only_what_some_rounding_can_move_there_is_in_reach() -> None:
    row = FreightRow(2, "sto", 300, base_weight_g=1000, step_weight_g=1000, step_price_minor=100)
    # 700 is the price of 4001 to 5000 g: 3999 g are 4000 at most, 5300 are 5000 where 300 go
    assert Quotes(RateCard((row,))).reach((row,), 699, 701) == (4001, 5300)
