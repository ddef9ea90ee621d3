"""The worth of reminders: rates, their difference, and its interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.tables.reminders import Counted
from unpaid_reminder.report import Rate, lift, report_of, said, said_lift


@pytest.mark.parametrize(
    ("first", "second", "value", "low", "high"),
    [
        # The examples of Newcombe's paper (1998), table II, method 10.
        ((56, 70), (48, 80), 0.2000, 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.6000, 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.5714, 0.0582, 0.8062),
        ((5, 56), (0, 29), 0.0893, -0.0381, 0.1926),
        ((0, 10), (0, 20), 0.0000, -0.1611, 0.2775),
        ((10, 10), (0, 10), 1.0000, 0.6075, 1.0000),
    ],
)
def test_the_interval_is_that_of_the_published_examples(
    first: tuple[int, int], second: tuple[int, int], value: float, low: float, high: float
) -> None:
    found = lift(Rate(*first), Rate(*second))
    assert found is not None
    assert found.value == pytest.approx(value, abs=5e-5)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


rates = st.integers(1, 3000).flatmap(lambda of: st.integers(0, of).map(lambda hits: Rate(hits, of)))


@given(rates, rates)
def test_an_interval_holds_its_difference_and_nothing_impossible(one: Rate, other: Rate) -> None:
    found, turned = lift(one, other), lift(other, one)
    assert found is not None
    assert turned is not None
    assert -1 - 1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 1 + 1e-9
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_without_a_holdout_nothing_is_claimed() -> None:
    assert lift(Rate(5, 10), Rate(0, 0)) is None
    assert Rate(0, 0).value is None
    assert Rate(0, 0).limits() == (0.0, 1.0)


def test_a_difference_is_certain_only_where_its_whole_interval_is_on_one_side() -> None:
    certain, doubtful = lift(Rate(56, 70), Rate(48, 80)), lift(Rate(5, 56), Rate(0, 29))
    assert certain is not None
    assert certain.is_certain
    assert doubtful is not None
    assert not doubtful.is_certain


def test_the_parts_of_a_week_are_added_up() -> None:
    counts = [
        Counted("tb1", "nudge", "", 3),
        Counted("tb1", "reminded_paid", "CNY", 1, 1000, 30),
        Counted("tb1", "reminded_paid", "CNY", 2, 2500, 60),
        Counted("us", "reminded_paid", "USD", 1, 900, 6),
        Counted("tb1", "reminded_unpaid", "CNY", 4),
        Counted("tb1", "skip_closed", "", 2),
        Counted("tb1", "expire_closed", "", 3),
    ]
    whole = report_of("2026-W45", counts)
    assert whole.reminded == Rate(4, 8)
    assert whole.recovered == {"CNY": 3500, "USD": 900}
    assert whole.minutes == 24
    assert whole.skipped == {"closed": 5}
    assert report_of("2026-W45", counts, "us").reminded == Rate(1, 1)


def test_figures_are_said_the_same_in_every_language() -> None:
    assert said(Rate(31, 50)) == "31/50 (62%)"
    assert said(Rate(0, 0)) is None
    found = lift(Rate(56, 70), Rate(48, 80))
    assert found is not None
    assert said_lift(found) == "+20.0 pp (95 %: +5.2 … +33.4)"
