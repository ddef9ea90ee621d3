"""The shop's clock: its time zone, days off, make-up working days and service hours.

China's public holidays and make-up days come from the `chinese_calendar` package, which knows the
years that the State Council has published. For a year that it does not know, and for other
countries, Saturdays and Sundays are off. What the settings name is always stronger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aftersales.errors import BadInput, Misconfigured

if TYPE_CHECKING:
    from aftersales.settings.model import Settings

_RANGE_LIMIT_DAYS = 366
_LOOK_AHEAD_DAYS = 400
_MINUTES_PER_DAY = 24 * 60


def parse_days(entry: str) -> tuple[date, ...]:
    """The days of one settings entry: `2026-10-01`, or a range `2026-10-01..2026-10-07`.

    Raises `BadInput`.
    """
    first_text, dots, last_text = entry.strip().partition("..")
    try:
        first = date.fromisoformat(first_text.strip())
        last = date.fromisoformat(last_text.strip()) if dots else first
    except ValueError as exc:
        raise BadInput(
            f"{entry!r} is not a day such as 2026-10-01 or a range such as 2026-10-01..2026-10-07"
        ) from exc
    if not timedelta(0) <= last - first <= timedelta(days=_RANGE_LIMIT_DAYS):
        raise BadInput(f"the range {entry!r} ends before it begins, or is longer than a year")
    return tuple(first + timedelta(days=at) for at in range((last - first).days + 1))


def parse_service_hours(text: str) -> tuple[int, int]:
    """`09:00-22:00` as minutes of the day (540, 1320).

    The end may be 24:00, and may lie on the next day: `20:00-02:00` is (1200, 1560).
    Raises `BadInput`.
    """
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)", text.strip())
    if match is not None:
        opens = int(match[1]) * 60 + int(match[2])
        closes = int(match[3]) * 60 + int(match[4])
        if opens < _MINUTES_PER_DAY and closes <= _MINUTES_PER_DAY and opens != closes:
            return opens, closes if closes > opens else closes + _MINUTES_PER_DAY
    raise BadInput(f"{text!r} is not a time of service such as 09:00-22:00")


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises `BadInput` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadInput(f"{name!r} is not a time zone name such as Asia/Shanghai") from exc


class ShopCalendar:
    """Working days and service hours of one shop. Takes and gives aware datetimes only.

    `service_on_days_off` False keeps service hours to working days.
    """

    def __init__(
        self,
        time_zone: str,
        country: str = "CN",
        holidays: Iterable[str] = (),
        working_days: Iterable[str] = (),
        service_hours: str = "09:00-22:00",
        *,
        service_on_days_off: bool = True,
    ) -> None:
        try:
            self.zone = zone_named(time_zone)
            self._opens, self._closes = parse_service_hours(service_hours)
            self._holidays = frozenset(day for entry in holidays for day in parse_days(entry))
            self._working_days = frozenset(
                day for entry in working_days for day in parse_days(entry)
            )
        except BadInput as exc:
            raise Misconfigured(f"The calendar cannot be used: {exc.reason}.") from exc
        self._country = country.upper()
        self._service_on_days_off = service_on_days_off
        self._known: dict[date, bool] = {}
        self._missing_years: set[int] = set()

    @classmethod
    def of(cls, settings: Settings, shop_id: str = "") -> ShopCalendar:
        """The calendar of one shop by the settings; its own time zone where it has one."""
        own = settings.calendar
        return cls(
            settings.shop(shop_id).time_zone or settings.time_zone,
            own.country,
            own.holidays,
            own.working_days,
            own.service_hours,
            service_on_days_off=own.service_on_days_off,
        )

    @property
    def years_without_calendar(self) -> tuple[int, ...]:
        """Years asked for so far that have no published calendar and were taken as plain weeks.

        A year for which the settings name holidays does not count as missing.
        """
        return tuple(sorted(self._missing_years))

    def is_working_day(self, day: date) -> bool:
        """Is this day (in the shop's zone) worked on? Named as both off and worked, it is."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._look_up(day)
        return known

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How much of [start, end) lies on working days. Zero where end is not later."""
        return sum(
            (upper - lower for lower, upper, _ in self._working_parts(start, end)), timedelta(0)
        )

    def working_days_between(self, start: datetime, end: datetime) -> float:
        """[start, end) in working days; one of 23 or 25 hours (change of clocks) counts 1 too."""
        return sum(
            (upper - lower) / length for lower, upper, length in self._working_parts(start, end)
        )

    def next_service_moment(self, now: datetime) -> datetime:
        """`now` where it lies in service hours, else when they next begin (UTC).

        Where no day of the coming year has service, `now`: better an odd hour than never.
        """
        now = _utc(now)
        today = now.astimezone(self.zone).date()
        for ahead in range(-1, _LOOK_AHEAD_DAYS):  # yesterday's hours may reach into today
            day = today + timedelta(days=ahead)
            if not (self._service_on_days_off or self.is_working_day(day)):
                continue
            if now < self._moment(day, self._closes):
                return max(now, self._moment(day, self._opens))
        return now

    def _look_up(self, day: date) -> bool:
        if day in self._working_days:
            return True
        if day in self._holidays:
            return False
        if self._country == "CN":
            import chinese_calendar

            try:
                return bool(chinese_calendar.is_workday(day))  # type: ignore[no-untyped-call]
            except NotImplementedError:  # the package's way to say: not published, or before 2004
                if day.year not in {named.year for named in self._holidays}:
                    self._missing_years.add(day.year)
        return day.isoweekday() <= 5

    def _working_parts(
        self, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, timedelta]]:
        """The pieces of [start, end) on working days, each with the length of its whole day.

        In UTC, because the difference of two local times ignores a change of clocks between them.
        """
        start, end = _utc(start), _utc(end)
        day = start.astimezone(self.zone).date()
        while (day_start := self._moment(day, 0)) < end:
            day_end = self._moment(day, _MINUTES_PER_DAY)
            lower, upper = max(start, day_start), min(end, day_end)
            if lower < upper and self.is_working_day(day):
                yield lower, upper, day_end - day_start
            day += timedelta(days=1)

    def _moment(self, day: date, minutes: int) -> datetime:
        """The instant of a wall-clock time of `day`; from 1440 minutes on, of the next day."""
        days, minutes = divmod(minutes, _MINUTES_PER_DAY)
        clock = time(*divmod(minutes, 60))
        return datetime.combine(day + timedelta(days=days), clock, self.zone).astimezone(UTC)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone was given to the shop calendar")
    return moment.astimezone(UTC)
