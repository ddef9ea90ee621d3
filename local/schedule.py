"""When a schedule fires: the expressions of EventBridge Scheduler and their time zones.

`cron(minute hour day-of-month month day-of-week year)`, `rate(value unit)` and
`at(yyyy-mm-ddThh:mm:ss)`. cron and at are read in the zone, by the service's own rules for daylight
saving: a local time that does not exist is skipped, one that occurs twice fires at its first
occurrence. A rate knows no zone.

Stricter than the service where its documentation is silent: `L`, `W` and `#` stand alone in their
field, ranges do not wrap around. An expression that passes here deploys.
"""

from __future__ import annotations

import calendar
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aftersales.errors import BadInput

FIRST_YEAR, LAST_YEAR = 1970, 2199
MONTHS = {
    name: number
    for number, name in enumerate(
        (
            *("JAN", "FEB", "MAR", "APR", "MAY", "JUN"),
            *("JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
        ),
        1,
    )
}
DAYS = {name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
RATE_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed cron expression. `day_of_month` and `day_of_week` are None where `?` stands.

    A set holds numbers (Sunday is 1); a string is one of the special forms: `L`, `15W`; `L`, `6L`,
    `3#2`.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: frozenset[int] | str | None
    months: frozenset[int]
    day_of_week: frozenset[int] | str | None
    years: frozenset[int]


@dataclass(frozen=True, slots=True)
class Rate:
    """A fixed period. Its ticks are counted from the epoch, whenever the runner was started."""

    seconds: int


@dataclass(frozen=True, slots=True)
class At:
    """One instant, as local time without an offset."""

    local: datetime


@functools.lru_cache(maxsize=256)
def parse(expression: str) -> Cron | Rate | At:
    """The parsed expression. Raises `BadInput` naming the expression and what is wrong with it."""
    match = re.fullmatch(r"(cron|rate|at)\((.*)\)", expression.strip())
    if not match:
        raise BadInput("neither cron(...), rate(...) nor at(...)", place=repr(expression))
    kind, inside = match.groups()
    try:
        return {"cron": _cron, "rate": _rate, "at": _at}[kind](inside)
    except ValueError as exc:
        raise BadInput(str(exc), place=repr(expression)) from exc


def zone(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises `BadInput`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise BadInput("no such time zone", place=repr(name)) from exc


def next_fire(expression: str, zone_name: str, after: datetime) -> datetime | None:
    """The first firing strictly later than `after`, in UTC; None where there is none any more.

    Raises `BadInput` for an expression or zone that the service would refuse.
    """
    if after.tzinfo is None:
        raise ValueError("next_fire needs an aware datetime")
    parsed, where = parse(expression), zone(zone_name)
    if isinstance(parsed, Rate):
        return _next_tick(parsed, after)
    if isinstance(parsed, At):
        fires = _instant(parsed.local, where)
        return fires if fires is not None and fires > after else None
    start = after.astimezone(where).date()
    for day in _days(parsed, start):
        for hour in parsed.hours:
            for minute in parsed.minutes:
                fires = _instant(datetime.combine(day, time(hour, minute)), where)
                if fires is not None and fires > after:
                    return fires
    return None


def latest_fire(
    expression: str, zone_name: str, after: datetime, until: datetime
) -> tuple[datetime | None, int]:
    """The newest firing in `(after, until]`, and how many there were (counted up to 1,000)."""
    first = next_fire(expression, zone_name, after)
    if first is None or first > until:
        return None, 0
    newest, count = first, 1
    while count < 1000:
        following = next_fire(expression, zone_name, newest)
        if following is None or following > until:
            return newest, count
        newest, count = following, count + 1
    # A long pause: look back from its end in growing steps instead of walking through all of it.
    for hours in (1, 24, 24 * 32, 24 * 366, 24 * 366 * 5):
        begin = max(newest, until - timedelta(hours=hours))
        if (found := latest_fire(expression, zone_name, begin, until)[0]) is not None:
            return found, count
    return newest, count


def _next_tick(rate: Rate, after: datetime) -> datetime:
    since = (after - datetime.fromtimestamp(0, UTC)) // timedelta(seconds=rate.seconds)
    return datetime.fromtimestamp((since + 1) * rate.seconds, UTC)


def _instant(local: datetime, where: ZoneInfo) -> datetime | None:
    """The first instant at which clocks there show `local`; None where they skip it."""
    instant = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    return instant if instant.astimezone(where).replace(tzinfo=None) == local else None


def _days(cron: Cron, start: date) -> Iterator[date]:
    for year in range(start.year, LAST_YEAR + 1):
        if year not in cron.years:
            continue
        for month in sorted(cron.months):
            if (year, month) < (start.year, start.month):
                continue
            for day in _days_of_month(cron, year, month):
                if (found := date(year, month, day)) >= start:
                    yield found


def _days_of_month(cron: Cron, year: int, month: int) -> list[int]:
    first_weekday = date(year, month, 1).isoweekday() % 7 + 1
    last = calendar.monthrange(year, month)[1]
    weekdays = {day: (first_weekday + day - 2) % 7 + 1 for day in range(1, last + 1)}
    if isinstance(cron.day_of_month, frozenset):
        return [day for day in weekdays if day in cron.day_of_month]
    if cron.day_of_month == "L":
        return [last]
    if cron.day_of_month is not None:
        return _nearest_weekday(int(cron.day_of_month[:-1]), weekdays, last)
    if isinstance(cron.day_of_week, frozenset):
        return [day for day, weekday in weekdays.items() if weekday in cron.day_of_week]
    if cron.day_of_week == "L":  # the last day of the week: Saturday
        return [day for day, weekday in weekdays.items() if weekday == 7]
    assert cron.day_of_week is not None  # noqa: S101 - the parser allows one `?` only
    weekday, mark, nth = cron.day_of_week[0], cron.day_of_week[1], cron.day_of_week[2:]
    same = [day for day in weekdays if weekdays[day] == int(weekday)]
    return same[-1:] if mark == "L" else same[int(nth) - 1 : int(nth)]


def _nearest_weekday(wanted: int, weekdays: dict[int, int], last: int) -> list[int]:
    """`15W`: the working day nearest to the 15th, without leaving the month."""
    if wanted > last:
        return []
    if weekdays[wanted] == 7:
        return [wanted - 1 if wanted > 1 else wanted + 2]
    if weekdays[wanted] == 1:
        return [wanted + 1 if wanted < last else wanted - 2]
    return [wanted]


def _cron(inside: str) -> Cron:
    fields = inside.split()
    if len(fields) != 6:
        raise ValueError(
            f"cron has six fields (minute hour day-of-month month day-of-week year), "
            f"here are {len(fields)}"
        )
    minute, hour, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be `?`")
    return Cron(
        minutes=tuple(sorted(_numbers("minute", minute, 0, 59))),
        hours=tuple(sorted(_numbers("hour", hour, 0, 23))),
        day_of_month=_day_of_month(day_of_month),
        months=_numbers("month", month, 1, 12, MONTHS),
        day_of_week=_day_of_week(day_of_week),
        years=_numbers("year", year, FIRST_YEAR, LAST_YEAR),
    )


def _day_of_month(text: str) -> frozenset[int] | str | None:
    if text == "?":
        return None
    if text == "L":
        return text
    if match := re.fullmatch(r"(\d{1,2})W", text):
        if not 1 <= int(match[1]) <= 31:
            raise ValueError(f"day-of-month {text}: 1W to 31W")
        return text
    return _numbers("day-of-month", text, 1, 31)


def _day_of_week(text: str) -> frozenset[int] | str | None:
    if text == "?":
        return None
    if text == "L":
        return text
    if match := re.fullmatch(r"([1-7]|[A-Z]{3})(L|#[1-5])", text.upper()):
        day = match[1] if match[1].isdigit() else str(DAYS.get(match[1], ""))
        if day:
            return f"{day}{match[2]}"
    return _numbers("day-of-week", text, 1, 7, DAYS)


def _numbers(
    field: str, text: str, low: int, high: int, names: dict[str, int] | None = None
) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", part)
        if not match:
            raise ValueError(f"{field} {part!r} is not understood")
        whole, first, second, step = match.groups()
        if whole == "*":
            begin, end = low, high
        else:
            begin = _number(field, first, names)
            end = _number(field, second, names) if second else high if step else begin
        if not low <= begin <= end <= high:
            raise ValueError(f"{field} {part!r} is not within {low} to {high}")
        if step == "0":
            raise ValueError(f"{field} {part!r}: a step of 0")
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def _number(field: str, text: str, names: dict[str, int] | None) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    if names and text.upper() in names:
        return names[text.upper()]
    raise ValueError(f"{field} {text!r} is neither a number nor a name")


def _rate(inside: str) -> Rate:
    match = re.fullmatch(r"(\d+) (minute|hour|day)s?", inside)
    if not match or int(match[1]) == 0:
        raise ValueError("a rate is a positive whole number and minutes, hours or days")
    return Rate(int(match[1]) * RATE_UNITS[match[2]])


def _at(inside: str) -> At:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inside):
        raise ValueError("at takes yyyy-mm-ddThh:mm:ss without an offset")
    return At(datetime.fromisoformat(inside))
