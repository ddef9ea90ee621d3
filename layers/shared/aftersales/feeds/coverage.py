"""Reading a feed without gaps: windows, a lease, and a watermark that moves after all is stored.

A run holds the lease of its feed and reads window after window while it has time. The watermark is
moved by a conditional write once a window is stored whole, and so is the lease renewed; a run whose
lease went to another stops at its next write. The next run goes on with what one does not finish:
nothing is skipped, and what is stored twice is there once (storing must be safe to repeat).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from aftersales.errors import (
    AftersalesError,
    Conflict,
    Misconfigured,
    OutsideFailure,
    Refused,
    TryLater,
)
from aftersales.feeds import windows
from aftersales.feeds.windows import Position, Window
from aftersales.platforms.base import QUOTA_USED_UP, FeedLimits, Page, RejectedRow
from aftersales.tables import feeds
from aftersales.tables.feeds import FeedReading

T = TypeVar("T")

FIRST_READING = timedelta(days=1)
"""How far back a feed is read the first time."""
LEASE_SECONDS = 150.0
"""Longer than one page takes to be asked for and stored; renewed before half of it is over."""
STOP_BEFORE_SECONDS = 45.0
"""No page is asked for when less time than this is left for the run."""
LATER_SECONDS = 120.0
PAUSE_SECONDS = 900.0
"""How long a shop is left alone where it does not say: after trouble of its own, and after what
somebody must mend."""


class LeaseLost(Conflict):
    """Another run took the feed over after this one's lease had run out: it goes on from there."""


class Outcome(StrEnum):
    """Named outcome of a run; it feeds the log and the counts."""

    CAUGHT_UP = "caught_up"
    OUT_OF_TIME = "out_of_time"  # the next run goes on
    PAUSED = "paused"  # the shop wants to be left alone for now
    LEASED = "leased_by_another"
    LEASE_LOST = "lease_lost"
    TRY_LATER = "try_later"
    QUOTA = "quota"
    MISCONFIGURED = "misconfigured"
    REFUSED = "refused"


class FeedResult(Struct, frozen=True):
    """What became of one run over one feed.

    `error` is what stopped it. `lost` is how much lay further back than the platform looks.
    """

    feed: str
    outcome: Outcome
    windows: int = 0
    items: int = 0
    rejected: tuple[RejectedRow, ...] = ()
    read_until: datetime | None = None
    lost: timedelta = timedelta(0)
    error: AftersalesError | None = None

    def summary(self) -> dict[str, object]:
        """For a log: counts and names only."""
        return {
            "outcome": self.outcome.value,
            "windows": self.windows,
            "items": self.items,
            "rejected": len(self.rejected),
            "lost_seconds": int(self.lost / timedelta(seconds=1)),
            "read_until": self.read_until.isoformat() if self.read_until else None,
            "error": type(self.error).__name__ if self.error else None,
        }


def judged(error: AftersalesError) -> tuple[Outcome, float]:
    """What an error of a shop's platform means, and for how many seconds to leave it alone."""
    if isinstance(error, TryLater):
        quota = error.code == QUOTA_USED_UP
        seconds = error.retry_after_seconds or (PAUSE_SECONDS if quota else LATER_SECONDS)
        return (Outcome.QUOTA if quota else Outcome.TRY_LATER), seconds
    if isinstance(error, Misconfigured):
        return Outcome.MISCONFIGURED, PAUSE_SECONDS
    quota = isinstance(error, Refused) and error.code == QUOTA_USED_UP
    return (Outcome.QUOTA if quota else Outcome.REFUSED), PAUSE_SECONDS


@dataclass
class FeedRun(Generic[T]):
    """One run over one feed.

    `fetch(start, end, cursor)` asks for a page, `store` keeps its items (safe to repeat),
    `put_aside` its refused rows. `owner` names this run. `deadline` is real time, `first` how far
    back a feed is read that was never read.
    """

    feed: str
    limits: FeedLimits
    fetch: Callable[[datetime, datetime, str], Page[T]]
    store: Callable[[Sequence[T]], object]
    put_aside: Callable[[Sequence[RejectedRow]], None]
    owner: str
    business_now: Callable[[], datetime]
    wall_now: Callable[[], datetime]
    deadline: datetime
    first: timedelta = FIRST_READING

    _reading: FeedReading = field(init=False, default_factory=FeedReading)
    _windows: int = field(init=False, default=0)
    _items: int = field(init=False, default=0)
    _rejected: list[RejectedRow] = field(init=False, default_factory=list)
    _lost: timedelta = field(init=False, default=timedelta(0))
    _under_way: Window | None = field(init=False, default=None)

    def read(self) -> FeedResult:
        """Read on while there is something new and time is left. Raises what `store` raises."""
        self._reading = feeds.reading(self.feed)
        now = self.business_now()
        if self._reading.not_before is not None and now < self._reading.not_before:
            return self._result(Outcome.PAUSED)
        leased = self._reading.leased_until
        is_ours = self._reading.leased_by == self.owner
        if leased is not None and self.wall_now() < leased and not is_ours:
            return self._result(Outcome.LEASED)
        try:
            return self._result(*self._round(now))
        except LeaseLost as exc:
            return self._result(Outcome.LEASE_LOST, exc)

    def _round(self, now: datetime) -> tuple[Outcome, AftersalesError | None]:
        """Read the windows up to `now`: what comes in meanwhile is for the next run."""
        before = self._reading.position
        position = windows.started(before, now, self.limits, self.first)
        self._lost = windows.out_of_reach(before, position)
        self._save(replace(self._reading, position=position, not_before=None), held=True)
        window = windows.next_window(position, now, self.limits)
        while window is not None:
            try:
                stored = self._window(window)
            except (OutsideFailure, Misconfigured) as exc:
                return self._pause(exc), exc
            if stored is None:
                self._stop_for_time()
                return Outcome.OUT_OF_TIME, None
            self._windows += 1
            position = windows.advanced(self._reading.position, stored, self.limits)
            window = windows.next_window(position, now, self.limits)
            if window is not None:
                self._save(replace(self._reading, position=position), held=True)
        done = windows.rounded_off(position, self.limits)
        self._save(replace(self._reading, position=done), held=False)
        return Outcome.CAUGHT_UP, None

    def _window(self, window: Window) -> Window | None:
        """Store a window, or the first part of it that the platform shows whole; returns what was
        stored, None where time ran out."""
        cursor, seen = "", {""}
        self._under_way = None
        while True:
            if self.wall_now() + timedelta(seconds=STOP_BEFORE_SECONDS) > self.deadline:
                return None
            self._renew()
            page = self.fetch(window.start, window.end, cursor)
            half = windows.halved(window) if page.window_full else None
            if half is not None:
                window, cursor, seen = half, "", {""}
                narrow = windows.as_long_as(self._reading.position, half)
                self._reading = replace(self._reading, position=narrow)
                continue
            self._under_way = window
            self._keep(page, window)
            cursor = page.cursor
            if not cursor:
                return window
            if cursor in seen:
                raise Refused("the pages of this feed go round in circles", code="paging")
            seen.add(cursor)

    def _keep(self, page: Page[T], window: Window) -> None:
        rejected = list(page.rejected)
        if page.window_full:
            place = f"{self.feed}, {window.start:%Y-%m-%dT%H:%M:%SZ}"
            rejected.append(RejectedRow(place, "more rows in one second than the platform shows"))
        if page.items:
            self.store(page.items)
        self._items += len(page.items)
        if rejected:
            self.put_aside(rejected)
            self._rejected += rejected

    def _pause(self, error: AftersalesError) -> Outcome:
        """The shop gave no usable answer: it is left alone for a while, the watermark stays."""
        outcome, seconds = judged(error)
        pause = self.business_now() + timedelta(seconds=seconds)
        position = self._reading.position
        if outcome in (Outcome.TRY_LATER, Outcome.QUOTA):
            position = self._narrowed()
        self._save(replace(self._reading, position=position, not_before=pause), held=False)
        return outcome

    def _stop_for_time(self) -> None:
        self._save(replace(self._reading, position=self._narrowed()), held=False)

    def _narrowed(self) -> Position:
        """A window that a whole run was not enough for is tried in halves: each gets somewhere."""
        position = self._reading.position
        half = windows.halved(self._under_way) if self._under_way is not None else None
        return position if self._windows or half is None else windows.as_long_as(position, half)

    def _renew(self) -> None:
        """Keep the lease while pages are read."""
        until = self._reading.leased_until
        half = timedelta(seconds=LEASE_SECONDS / 2)
        if until is None or until - self.wall_now() < half:
            self._save(self._reading, held=True)

    def _save(self, reading: FeedReading, *, held: bool) -> None:
        until = self.wall_now() + timedelta(seconds=LEASE_SECONDS) if held else None
        owner = self.owner if held else ""
        saved = feeds.save_reading(self.feed, replace(reading, leased_by=owner, leased_until=until))
        if saved is None:
            raise LeaseLost(f"the feed {self.feed} was taken over by another run")
        self._reading = saved

    def _result(self, outcome: Outcome, error: AftersalesError | None = None) -> FeedResult:
        return FeedResult(
            feed=self.feed,
            outcome=outcome,
            windows=self._windows,
            items=self._items,
            rejected=tuple(self._rejected),
            read_until=self._reading.position.read_until,
            lost=self._lost,
            error=error,
        )
