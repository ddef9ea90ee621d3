"""The day of an instant in a time zone, as SQL: works without the database's own zone data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(
    r"(?:[.,]\d+)?\s*(?:(?P<z>[Zz])|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?)?"
)
LOOKED_AT_EVERY = timedelta(days=7)
"""No zone changes its clocks twice within a week."""


def local_day_sql(time: str, offset: int | None, zone: str, first_year: int, last_year: int) -> str:
    """SQL for the day in `zone` of a time that is `offset` minutes east of UTC.

    Where `offset` is None the time is the zone's own.
    """
    if offset is None:
        return f"{time}::DATE"
    return f"({_shifted(time, offset, zone, first_year, last_year)})::DATE"


def offset_minutes(suffix: str) -> int | None:
    """Minutes east of UTC of what stands behind the seconds: `Z`, `+08:00`, `.250-0500`.

    None where it names no offset; raises ValueError where it is something else.
    """
    match = _OFFSET.fullmatch(suffix)
    if match is None:
        raise ValueError(suffix)
    if match["hours"]:
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        return -minutes if match["sign"] == "-" else minutes
    return 0 if match["z"] else None


def _shifted(time: str, offset: int, zone: str, first_year: int, last_year: int) -> str:
    """The time in the zone; a zone without changes costs one addition, others a few comparisons."""

    def sql(stretches: Sequence[tuple[datetime, int]]) -> str:
        if len(stretches) == 1:
            return f"{time} + to_minutes({stretches[0][1] - offset})"
        middle = len(stretches) // 2
        moment = stretches[middle][0] + timedelta(minutes=offset)
        return (
            f"CASE WHEN {time} < TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}' THEN"
            f" {sql(stretches[:middle])} ELSE {sql(stretches[middle:])} END"
        )

    return sql(transitions(zone, first_year, last_year))


@cache
def transitions(zone: str, first_year: int, last_year: int) -> tuple[tuple[datetime, int], ...]:
    """(from when in UTC, minutes east of UTC) for each stretch of one offset in those years."""
    place = ZoneInfo(zone)

    def minutes(moment: datetime) -> int:
        offset = moment.replace(tzinfo=UTC).astimezone(place).utcoffset() or timedelta()
        return int(offset.total_seconds() // 60)

    at = datetime(first_year, 1, 1)  # noqa: DTZ001 - UTC throughout
    end = datetime(last_year + 1, 1, 2)  # noqa: DTZ001
    found = [(at, minutes(at))]
    while at < end:
        following = at + LOOKED_AT_EVERY
        if minutes(following) != found[-1][1]:
            low, high = at, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                middle = middle.replace(second=0, microsecond=0)
                if middle in (low, high):
                    break
                if minutes(middle) == found[-1][1]:
                    low = middle
                else:
                    high = middle
            found.append((high, minutes(high)))
        at = following
    return tuple(found)
