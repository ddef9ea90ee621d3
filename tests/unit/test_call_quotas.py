"""How long a day's calls to a platform will do, and which shops share them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.platforms.quotas import outlook, quota_of, quotas_of
from aftersales.settings.model import Settings, Shop

SHANGHAI = "Asia/Shanghai"
NOON = datetime(2026, 11, 11, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai: half of the day is gone."""


def a_tmall(name: str, key: str = "env:TOP_KEY", calls: int = 0) -> Shop:
    secrets = {"app_key": key, "app_secret": "env:S", "session": f"env:{name}"}
    return Shop(id=name, platform="tmall", secrets=secrets, calls_per_day=calls)


def test_calls_that_will_be_used_up_before_midnight_are_told_with_the_time() -> None:
    seen = outlook(6_000, 10_000, NOON, SHANGHAI)
    assert seen.warn
    # 500 an hour, 4,000 left: eight hours.
    assert seen.ends_at == NOON + timedelta(hours=8)


@pytest.mark.parametrize(
    ("calls", "hour", "warn"),
    [
        (5_000, 23, False),  # half at night: enough
        (8_900, 23.9, False),  # the rest will do
        (9_000, 23.9, True),  # and still it is worth a word
        (4_900, 1, False),  # one morning's catching up is no trend yet
        (5_100, 1, True),
        (0, 12, False),
        (12_000, 12, True),
    ],
)
def test_a_warning_comes_for_a_pace_that_is_too_fast_or_a_rest_that_is_small(
    calls: int, hour: float, warn: bool
) -> None:
    now = datetime(2026, 11, 10, 16, 0, tzinfo=UTC) + timedelta(hours=hour)
    assert outlook(calls, 10_000, now, SHANGHAI).warn is warn


def test_the_first_instant_of_a_day_is_no_division_by_zero() -> None:
    midnight = datetime(2026, 11, 10, 16, 0, tzinfo=UTC)
    assert outlook(1, 10_000, midnight, SHANGHAI).warn is False


@given(
    calls=st.integers(0, 200_000),
    limit=st.integers(1, 100_000),
    minute=st.integers(0, 1439),
)
def test_an_end_lies_ahead_and_on_the_same_day(calls: int, limit: int, minute: int) -> None:
    now = datetime(2026, 11, 10, 16, 0, tzinfo=UTC) + timedelta(minutes=minute)
    seen = outlook(calls, limit, now, SHANGHAI)
    if seen.ends_at is not None:
        assert now <= seen.ends_at < datetime(2026, 11, 11, 16, 0, tzinfo=UTC)
    if calls >= limit:
        assert seen.warn


def test_a_day_with_a_changed_clock_has_its_own_length() -> None:
    # 2026-03-08 in New York has 23 hours: at 12:00 only eleven of them are gone.
    noon = datetime(2026, 3, 8, 16, 0, tzinfo=UTC)
    seen = outlook(5_500, 10_000, noon, "America/New_York")
    assert seen.ends_at == noon + timedelta(hours=9)


def test_shops_of_one_app_share_its_calls_and_the_smallest_number_counts() -> None:
    settings = Settings(
        shops=(
            a_tmall("a", calls=10_000),
            a_tmall("b", calls=8_000),
            a_tmall("other", key="env:ANOTHER_KEY"),
            Shop(id="by-files", platform="tmall"),
            Shop(id="woo", platform="woocommerce", secrets={"consumer_key": "env:K"}),
            Shop(
                id="hosted",
                platform="woocommerce",
                secrets={"consumer_key": "env:L"},
                calls_per_day=500,
            ),
        )
    )
    found = {tuple(shop.id for shop in quota.shops): quota for quota in quotas_of(settings)}
    assert {shops: quota.calls_per_day for shops, quota in found.items()} == {
        ("a", "b"): 8_000,
        ("other",): 0,
        ("hosted",): 500,
    }
    assert quota_of(settings, settings.shops[1]) == found["a", "b"]
    assert quota_of(settings, settings.shops[4]) is None


def test_a_call_counts_for_the_day_in_the_zone_of_the_shop() -> None:
    settings = Settings(shops=(a_tmall("a"),), time_zone=SHANGHAI)
    (quota,) = quotas_of(settings)
    assert quota.day(datetime(2026, 11, 11, 15, 59, tzinfo=UTC)) == "2026-11-11"
    assert quota.day(datetime(2026, 11, 11, 16, 0, tzinfo=UTC)) == "2026-11-12"
