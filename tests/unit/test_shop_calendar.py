"""The shop's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.calendar import ShopCalendar, parse_days, parse_service_hours
from aftersales.errors import BadInput, Misconfigured
from aftersales.settings.model import Calendar, Settings, Shop

CN = ShopCalendar("Asia/Shanghai")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 1, 1), False),  # New Year
        (date(2026, 1, 4), True),  # a Sunday that is worked for it
        (date(2026, 1, 5), True),
        (date(2026, 2, 17), False),  # Spring Festival, a Tuesday
        (date(2026, 5, 9), True),  # make-up Saturday
        (date(2026, 10, 1), False),
        (date(2026, 6, 6), False),  # a Saturday
    ],
)
def test_chinese_holidays_and_make_up_days(day, worked):
    assert CN.is_working_day(day) is worked


def test_a_year_without_a_published_calendar_is_taken_as_plain_weeks_and_named():
    calendar = ShopCalendar("Asia/Shanghai")
    assert calendar.is_working_day(date(2026, 7, 1))
    assert calendar.years_without_calendar == ()
    assert calendar.is_working_day(date(2099, 1, 1))  # a Thursday
    assert not calendar.is_working_day(date(2099, 1, 3))
    assert calendar.years_without_calendar == (2099,)


def test_a_year_whose_holidays_the_settings_name_is_not_missing():
    calendar = ShopCalendar("Asia/Shanghai", holidays=("2099-01-01..2099-01-02",))
    assert not calendar.is_working_day(date(2099, 1, 1))
    assert calendar.is_working_day(date(2099, 1, 5))
    assert calendar.years_without_calendar == ()


def test_the_settings_are_stronger_than_the_published_calendar():
    calendar = ShopCalendar(
        "Asia/Shanghai", holidays=("2026-06-18",), working_days=("2026-10-01", "2026-10-02")
    )
    assert not calendar.is_working_day(date(2026, 6, 18))
    assert calendar.is_working_day(date(2026, 10, 1))
    assert not calendar.is_working_day(date(2026, 10, 3))


def test_another_country_has_weekends_and_what_the_settings_name():
    calendar = ShopCalendar("America/New_York", country="US", holidays=("2026-07-03",))
    assert calendar.is_working_day(date(2026, 10, 1))
    assert not calendar.is_working_day(date(2026, 7, 3))
    assert not calendar.is_working_day(date(2026, 7, 4))
    assert calendar.years_without_calendar == ()


def test_working_time_skips_the_weekend():
    # Friday 18:00 to Monday 09:00 in Shanghai: six hours and nine hours.
    spent = CN.working_time_between(utc(2026, 6, 5, 10), utc(2026, 6, 8, 1))
    assert spent == timedelta(hours=15)
    assert CN.working_days_between(utc(2026, 6, 5, 10), utc(2026, 6, 8, 1)) == 15 / 24


def test_the_day_is_the_shops_day():
    # 16:30 UTC on Friday is half past midnight on Saturday in Shanghai.
    assert CN.working_time_between(utc(2026, 6, 5, 16, 30), utc(2026, 6, 5, 18)) == timedelta(0)


def test_the_first_of_january_falls_in_the_new_year_of_the_shop():
    start, end = utc(2025, 12, 31, 15), utc(2025, 12, 31, 17)  # an hour each side of midnight
    assert CN.working_time_between(start, end) == timedelta(hours=1)
    # 31 December 2098 is a Wednesday; the shop's new year begins at 16:00 UTC.
    calendar = ShopCalendar("Asia/Shanghai")
    assert calendar.working_time_between(utc(2098, 12, 31, 16), utc(2098, 12, 31, 17)) == timedelta(
        hours=1
    )
    assert calendar.years_without_calendar == (2099,)


def test_a_day_of_23_or_25_hours_is_one_working_day():
    # Cairo changes its clocks on Thursday/Friday nights, so that days of odd length are weekdays.
    cairo = ShopCalendar("Africa/Cairo", country="EG")
    for first, hours in ((date(2026, 4, 24), 23), (date(2026, 10, 29), 25)):
        start = datetime(first.year, first.month, first.day, tzinfo=cairo.zone)
        after = first + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=cairo.zone)
        assert cairo.working_time_between(start, end) == timedelta(hours=hours)
        assert cairo.working_days_between(start, end) == 1.0


def test_five_working_days_over_a_holiday():
    # From Tuesday 29 September 2026 over the National Day week (1 to 7 October).
    start = utc(2026, 9, 29, 1)
    assert CN.working_days_between(start, utc(2026, 10, 8, 1)) == pytest.approx(2.0, abs=1e-9)


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 9, 1), timezones=st.just(UTC)),
    first=st.integers(0, 20 * 86400),
    second=st.integers(0, 20 * 86400),
)
def test_working_time_adds_up_and_never_exceeds_the_clock(start, first, second):
    middle = start + timedelta(seconds=first)
    end = middle + timedelta(seconds=second)
    whole = CN.working_time_between(start, end)
    assert whole == CN.working_time_between(start, middle) + CN.working_time_between(middle, end)
    assert timedelta(0) <= whole <= end - start
    assert CN.working_time_between(end, start) == timedelta(0)


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (utc(2026, 6, 5, 4), utc(2026, 6, 5, 4)),  # noon: now
        (utc(2026, 6, 5, 0, 59), utc(2026, 6, 5, 1)),  # before nine
        (utc(2026, 6, 5, 14), utc(2026, 6, 6, 1)),  # at ten in the evening: Saturday at nine
        (utc(2025, 12, 31, 20), utc(2026, 1, 1, 1)),  # New Year's night
    ],
)
def test_the_next_moment_of_service(now, moment):
    assert CN.next_service_moment(now) == moment


def test_service_on_working_days_only_waits_for_monday():
    calendar = ShopCalendar("Asia/Shanghai", service_on_days_off=False)
    assert calendar.next_service_moment(utc(2026, 6, 5, 14)) == utc(2026, 6, 8, 1)


def test_service_over_midnight_and_around_the_clock():
    night = ShopCalendar("Asia/Shanghai", service_hours="20:00-02:00")
    assert night.next_service_moment(utc(2026, 6, 5, 17)) == utc(2026, 6, 5, 17)  # 01:00
    assert night.next_service_moment(utc(2026, 6, 5, 18)) == utc(2026, 6, 5, 12) + timedelta(days=1)
    always = ShopCalendar("Asia/Shanghai", service_hours="00:00-24:00")
    assert always.next_service_moment(utc(2026, 6, 5, 18)) == utc(2026, 6, 5, 18)


def test_service_hours_follow_the_change_of_clocks():
    calendar = ShopCalendar("America/New_York", country="US", service_hours="09:00-17:00")
    assert calendar.next_service_moment(utc(2026, 3, 7, 23)) == utc(2026, 3, 8, 13)  # summer time
    assert calendar.next_service_moment(utc(2026, 10, 31, 23)) == utc(2026, 11, 1, 14)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20), timezones=st.just(UTC)))
def test_the_next_service_moment_is_never_earlier_and_is_itself_in_service(now):
    calendar = ShopCalendar("America/New_York", country="US", service_on_days_off=False)
    moment = calendar.next_service_moment(now)
    assert moment >= now
    assert calendar.next_service_moment(moment) == moment


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        CN.next_service_moment(datetime(2026, 6, 5))
    with pytest.raises(ValueError, match="without a zone"):
        CN.working_time_between(datetime(2026, 6, 5), utc(2026, 6, 6))


@pytest.mark.parametrize(
    "wrong", ["2026-13-01", "1 May", "2026-10-07..2026-10-01", "2026-01-01..2028-01-01", ""]
)
def test_days_that_cannot_be_read_are_refused(wrong):
    with pytest.raises(BadInput):
        parse_days(wrong)
    with pytest.raises(Misconfigured):
        ShopCalendar("Asia/Shanghai", holidays=(wrong,))


@pytest.mark.parametrize(
    "wrong", ["", "9-18", "09:00", "25:00-26:00", "09:00-09:00", "09:60-10:00"]
)
def test_service_hours_that_cannot_be_read_are_refused(wrong):
    with pytest.raises(BadInput):
        parse_service_hours(wrong)


@pytest.mark.parametrize("wrong", ["", "Asia/Nowhere", "../etc/passwd", "+08:00"])
def test_an_unknown_time_zone_is_a_misconfiguration(wrong):
    with pytest.raises(Misconfigured):
        ShopCalendar(wrong)


def test_a_shop_may_have_its_own_zone():
    settings = Settings(
        time_zone="Asia/Shanghai",
        calendar=Calendar(country="US", service_hours="10:00-11:00"),
        shops=(Shop(id="ny-1", time_zone="America/New_York"),),
    )
    assert ShopCalendar.of(settings, "ny-1").zone.key == "America/New_York"
    assert ShopCalendar.of(settings, "other").zone.key == "Asia/Shanghai"
    assert ShopCalendar.of(settings).next_service_moment(utc(2026, 6, 5)) == utc(2026, 6, 5, 2)
