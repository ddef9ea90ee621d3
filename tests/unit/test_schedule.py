"""Hand-worked firing dates of the three kinds of schedule expressions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from local.schedule import latest_fire, next_fire, parse, zone


def local(text: str, zone_name: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone_name), fold=fold)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        # 2026-03-01 is a Sunday; 2024 and 2028 are leap years.
        ("cron(0 9 * * ? *)", "2026-03-01T08:59:59", "2026-03-01T09:00:00"),
        ("cron(0 9 * * ? *)", "2026-03-01T09:00:00", "2026-03-02T09:00:00"),
        ("cron(*/15 * * * ? *)", "2026-03-01T23:50:00", "2026-03-02T00:00:00"),
        ("cron(5/20 8-9 * * ? *)", "2026-03-01T08:45:00", "2026-03-01T09:05:00"),
        ("cron(0 8,20 ? * MON-FRI *)", "2026-02-27T20:00:00", "2026-03-02T08:00:00"),
        ("cron(0 8 ? * SUN *)", "2026-03-01T08:00:00", "2026-03-08T08:00:00"),
        ("cron(0 8 ? * 1 *)", "2026-03-02T00:00:00", "2026-03-08T08:00:00"),
        ("cron(0 8 ? * 7 *)", "2026-03-02T00:00:00", "2026-03-07T08:00:00"),
        ("cron(30 23 L * ? *)", "2026-02-01T00:00:00", "2026-02-28T23:30:00"),
        ("cron(30 23 L * ? *)", "2028-02-28T23:30:00", "2028-02-29T23:30:00"),
        ("cron(30 23 L * ? *)", "2026-04-30T23:30:00", "2026-05-31T23:30:00"),
        ("cron(0 0 31 * ? *)", "2026-03-31T00:00:00", "2026-05-31T00:00:00"),
        ("cron(0 0 29 FEB ? *)", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 29 2 ? *)", "2096-03-01T00:00:00", "2104-02-29T00:00:00"),
        ("cron(0 12 15W * ? *)", "2026-03-01T00:00:00", "2026-03-16T12:00:00"),  # 15th: Sunday
        ("cron(0 12 14W * ? *)", "2026-03-01T00:00:00", "2026-03-13T12:00:00"),  # 14th: Saturday
        ("cron(0 12 1W * ? *)", "2026-03-01T00:00:00", "2026-03-02T12:00:00"),  # 1st: Sunday
        ("cron(0 12 1W * ? *)", "2026-07-31T13:00:00", "2026-08-03T12:00:00"),  # 1st: Saturday
        ("cron(0 12 31W * ? *)", "2026-05-01T00:00:00", "2026-05-29T12:00:00"),  # 31st: Sunday
        ("cron(0 12 31W * ? *)", "2026-06-01T00:00:00", "2026-07-31T12:00:00"),
        ("cron(0 9 ? * 3#2 *)", "2026-03-01T00:00:00", "2026-03-10T09:00:00"),  # 2nd Tuesday
        ("cron(0 9 ? * SUN#5 *)", "2026-03-30T00:00:00", "2026-05-31T09:00:00"),
        ("cron(15 10 ? * 6L *)", "2026-03-01T00:00:00", "2026-03-27T10:15:00"),  # last Friday
        ("cron(15 10 ? * FRIL *)", "2026-03-27T10:15:00", "2026-04-24T10:15:00"),
        ("cron(0 9 ? * L *)", "2026-03-01T00:00:00", "2026-03-07T09:00:00"),  # Saturday
        ("cron(0 0 1 JAN,JUL ? *)", "2026-01-01T00:00:00", "2026-07-01T00:00:00"),
        ("cron(0 0 1 1 ? 2028-2030)", "2026-01-01T00:00:00", "2028-01-01T00:00:00"),
        ("cron(0 0 1 1 ? 2025)", "2026-01-01T00:00:00", None),
        ("cron(0 0 30 2 ? *)", "2026-01-01T00:00:00", None),
        ("rate(1 minute)", "2026-03-01T00:00:30", "2026-03-01T00:01:00"),
        ("rate(10 minutes)", "2026-03-01T00:10:00", "2026-03-01T00:20:00"),
        ("rate(1 day)", "2026-03-01T00:00:01", "2026-03-02T00:00:00"),
        ("at(2026-03-01T12:00:00)", "2026-03-01T11:59:59", "2026-03-01T12:00:00"),
        ("at(2026-03-01T12:00:00)", "2026-03-01T12:00:00", None),
    ],
)
def test_a_schedule_fires_at_the_hand_worked_time(
    expression: str, after: str, expected: str | None
) -> None:
    fires = next_fire(expression, "UTC", local(after))
    assert fires == (None if expected is None else local(expected))


@pytest.mark.parametrize(
    ("expression", "zone_name", "after", "expected"),
    [
        ("cron(0 9 * * ? *)", "Asia/Shanghai", "2026-03-01T00:59:00", "2026-03-01T01:00:00"),
        ("cron(0 2 L * ? *)", "Asia/Shanghai", "2026-02-27T18:00:00", "2026-03-30T18:00:00"),
        # New York: on 2026-03-08 02:30 does not exist and is skipped.
        ("cron(30 2 * * ? *)", "America/New_York", "2026-03-07T07:30:00", "2026-03-09T06:30:00"),
        # On 2026-11-01 01:30 occurs twice: it fires at the first (05:30 UTC), then the next day.
        ("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T00:00:00", "2026-11-01T05:30:00"),
        ("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T05:30:00", "2026-11-02T06:30:00"),
        ("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T06:10:00", "2026-11-02T06:30:00"),
        ("at(2026-03-08T02:30:00)", "America/New_York", "2026-01-01T00:00:00", None),
        ("at(2026-11-01T01:30:00)", "America/New_York", "2026-01-01T00:00:00", "2026-11-01T05:30"),
        # London: 2026-03-29 01:00 to 02:00 does not exist.
        ("cron(0/30 1 29 3 ? *)", "Europe/London", "2026-01-01T00:00:00", "2027-03-29T00:00:00"),
        ("rate(1 day)", "America/New_York", "2026-03-08T00:00:00", "2026-03-09T00:00:00"),
    ],
)
def test_a_zone_is_followed_through_gap_and_overlap(
    expression: str, zone_name: str, after: str, expected: str | None
) -> None:
    fires = next_fire(expression, zone_name, local(after))
    assert fires == (None if expected is None else local(expected))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("cron(0 9 * * ?)", "six fields"),
        ("cron(0 9 * * * *)", "exactly one"),
        ("cron(0 9 ? * ? *)", "exactly one"),
        ("cron(0 9 1 * MON *)", "exactly one"),
        ("cron(60 9 * * ? *)", "not within 0 to 59"),
        ("cron(0 24 * * ? *)", "not within 0 to 23"),
        ("cron(0 9 0 * ? *)", "not within 1 to 31"),
        ("cron(0 9 32W * ? *)", "1W to 31W"),
        ("cron(0 9 ? * 0 *)", "not within 1 to 7"),
        ("cron(0 9 ? * 3#6 *)", "not understood"),
        ("cron(0 9 ? * 3#1,6#3 *)", "not understood"),
        ("cron(0 9 1,L * ? *)", "neither a number nor a name"),
        ("cron(0 9 ? * FRI-MON *)", "not within"),
        ("cron(0 9 ? JNA MON *)", "neither a number nor a name"),
        ("cron(*/0 9 * * ? *)", "step of 0"),
        ("cron(0 9 1 1 ? 1969)", "not within 1970 to 2199"),
        ("rate(0 minutes)", "positive"),
        ("rate(1.5 hours)", "positive"),
        ("rate(1 week)", "positive"),
        ("at(2026-03-01T12:00:00Z)", "without an offset"),
        ("at(2026-02-30T12:00:00)", "day"),
        ("0 9 * * ? *", "neither cron"),
    ],
)
def test_a_wrong_expression_is_refused_with_its_reason(expression: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        parse(expression)
    assert expression in str(caught.value)


@pytest.mark.parametrize("name", ["Asia/Peking", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no such time zone"):
        zone(name)


def test_several_late_ticks_become_the_newest_one_with_their_count() -> None:
    found = latest_fire(
        "rate(1 minute)", "UTC", local("2026-03-01T00:00:00"), local("2026-03-01T00:05:30")
    )
    assert found == (local("2026-03-01T00:05:00"), 5)


def test_no_tick_yet_is_none() -> None:
    after = local("2026-03-01T00:00:00")
    assert latest_fire("rate(1 hour)", "UTC", after, after + timedelta(minutes=59)) == (None, 0)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2027-03-01T12:34:00"),
        ("cron(* * * * ? *)", "2027-03-01T12:34:00"),
        ("cron(0 * * * ? *)", "2027-03-01T12:00:00"),
        ("cron(* 3 * * ? *)", "2027-03-01T03:59:00"),
    ],
)
def test_the_newest_tick_is_found_after_a_year_of_standing_still(
    expression: str, expected: str
) -> None:
    found, count = latest_fire(
        expression, "UTC", local("2026-03-01T00:00:00"), local("2027-03-01T12:34:30")
    )
    assert (found, count) == (local(expected), 1000)


EXPRESSIONS = (
    *("cron(7 * * * ? *)", "cron(0/20 1-3 * * ? *)", "cron(30 2 L * ? *)", "cron(0 1 ? * 1#1 *)"),
    *("cron(15 2 15W * ? *)", "rate(7 minutes)", "rate(1 day)"),
)
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_firings_go_forward_and_none_lies_between(
    expression: str, zone_name: str, after: datetime
) -> None:
    first = next_fire(expression, zone_name, after)
    assert first is not None
    assert first > after
    between = after + (first - after) / 2
    assert next_fire(expression, zone_name, between) == first
