"""Until when something is filed: data of the courier bills reference (section 4), and dates.

Sources differ and contracts override: the shorter time is taken. All of it is a setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

CONFIRM_WORKING_DAYS = 10
FILE_BY_DAY = 7


class ClaimType(StrEnum):
    """What is asked for."""

    BILLING = "billing"
    LOST = "lost"
    DAMAGED = "damaged"
    LATE = "late"


class CountedFrom(StrEnum):
    """The day from which a window runs."""

    BILL = "bill"
    """A monthly bill: until the day on which objections are due (`Countdown.file_by`)."""
    LINE = "line"
    """The date of the line: invoices are later, so that this is on the safe side."""
    SHIPPED = "shipped"
    DELIVERED = "delivered"


class FilingWindow(Struct, frozen=True):
    """How long a claim of a type may be filed with a courier (`*`: any other)."""

    courier: str
    claim: ClaimType
    counted_from: CountedFrom
    days: int = 0
    months: int = 0

    def ends(self, start: date | None) -> date | None:
        """The last day, None where it is not known when the window began."""
        if start is None:
            return None
        return _months_later(start, self.months) + timedelta(days=self.days)


DEFAULTS: tuple[FilingWindow, ...] = (
    FilingWindow("*", ClaimType.BILLING, CountedFrom.BILL),
    FilingWindow("ups", ClaimType.BILLING, CountedFrom.LINE, days=90),
    FilingWindow("fedex", ClaimType.BILLING, CountedFrom.LINE, days=60),
    FilingWindow("*", ClaimType.LOST, CountedFrom.SHIPPED, months=12),
    FilingWindow("ups", ClaimType.LOST, CountedFrom.SHIPPED, months=9),
    FilingWindow("fedex", ClaimType.LOST, CountedFrom.SHIPPED, days=60),
    FilingWindow("usps", ClaimType.LOST, CountedFrom.SHIPPED, days=60),
    FilingWindow("*", ClaimType.DAMAGED, CountedFrom.SHIPPED, months=12),
    FilingWindow("ups", ClaimType.DAMAGED, CountedFrom.DELIVERED, days=60),
    FilingWindow("fedex", ClaimType.DAMAGED, CountedFrom.SHIPPED, days=60),
    FilingWindow("usps", ClaimType.DAMAGED, CountedFrom.SHIPPED, days=60),
    FilingWindow("*", ClaimType.LATE, CountedFrom.DELIVERED, days=15),
)


def window_for(
    courier: str, claim: ClaimType, windows: Sequence[FilingWindow] = DEFAULTS
) -> FilingWindow:
    """The courier's own window for the claim, else that of all others."""
    for name in (courier, "*"):
        for window in windows:
            if (window.courier, window.claim) == (name, claim):
                return window
    return FilingWindow("*", claim, CountedFrom.BILL)


class Countdown(Struct, frozen=True):
    """The dates of a month's bill. None: not known, because no period or no arrival is known.

    `confirms_on` is the day on which the bill counts as accepted, `file_by` the day on which
    objections are to be with the courier: never later than that.
    """

    confirms_on: date | None
    file_by: date | None

    def days_left(self, today: date | None) -> int | None:
        """Days until objections are due; below zero when it is past."""
        return None if self.file_by is None or today is None else (self.file_by - today).days


def countdown(
    period: str,
    received_on: date | None,
    *,
    is_working_day: Callable[[date], bool] = lambda day: day.weekday() < 5,
    confirm_working_days: int = CONFIRM_WORKING_DAYS,
    file_by_day: int = FILE_BY_DAY,
) -> Countdown:
    """The dates of the bill of a period (`2026-10`) that arrived on a day.

    The bill confirms itself after so many working days; claims are filed by that day of the month
    after the period. A bill that arrives after that day is filed before it confirms itself.
    """
    confirms = None
    if received_on is not None:
        confirms, left = received_on, confirm_working_days
        while left > 0:
            confirms += timedelta(days=1)
            left -= is_working_day(confirms)
    due = None
    if period:
        year, month = map(int, period.split("-"))
        due = date(year + month // 12, month % 12 + 1, file_by_day)
    if confirms is not None and (due is None or due > confirms or _is_past(due, received_on)):
        due = confirms
    return Countdown(confirms, due)


def _is_past(due: date, received_on: date | None) -> bool:
    return received_on is not None and due < received_on


def _months_later(day: date, months: int) -> date:
    if not months:
        return day
    total = day.year * 12 + day.month - 1 + months
    first = date(total // 12, total % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
