"""Which window of a feed is read next. Pure.

A feed is read in rounds. A round goes from where it begins to the present, window by window, each
half-open and in whole seconds; `at` is where the next window begins, `read_until` the watermark:
everything before it has been stored. Rows reach a feed late, so a round begins again `settle` and
`overlap` seconds before the one before it began: what was read earlier than that was complete.
Inside a round nothing is read twice, so that even the smallest windows get to its end.

    round 1   |------------------------->|            read at 12:00, until 11:57 (settle 3 min)
    round 2                     |------------->|      from 11:47 (overlap 10 min), until 12:02
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from aftersales.platforms.base import FeedLimits

SMALLEST = timedelta(seconds=1)
"""A window of one second is not halved."""


class Window(Struct, frozen=True, omit_defaults=True):
    """The half-open time [start, end), in whole seconds."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


class Position(Struct, frozen=True, omit_defaults=True):
    """How far a feed was read (business time).

    Everything from `began_at` to `read_until` has been stored. `at` is where the next window
    begins, `round_began` when the round under way began (None: the last one came to its end).
    `width_seconds` is how long a window may be, 0 where nothing but the limits narrows it.
    """

    began_at: datetime | None = None
    read_until: datetime | None = None
    at: datetime | None = None
    round_began: datetime | None = None
    width_seconds: int = 0


def started(position: Position, now: datetime, limits: FeedLimits, first: timedelta) -> Position:
    """`position` in a round: the one under way, or a new one.

    A feed that was never read begins `first` before now. No round begins further back than the
    platform looks.
    """
    oldest = _whole(now - timedelta(seconds=limits.look_back_seconds)) + SMALLEST
    if position.at is None:
        at = max(_whole(now - first), oldest)
        return Position(began_at=_whole(now), read_until=at, at=at, round_began=now)
    if position.round_began is not None and position.at >= oldest:
        return position
    at = max(position.at, oldest)
    return replace(position, at=at, round_began=position.round_began or now)


def next_window(position: Position, now: datetime, limits: FeedLimits) -> Window | None:
    """The next window of the round under way; None where the round has come to its end.

    It is at most `window_seconds` long (or what `as_long_as` made of that) and ends at least
    `settle_seconds` before now.
    """
    if position.at is None:
        return None
    last = _whole(now - timedelta(seconds=limits.settle_seconds))
    end = min(position.at + _width(position, limits), last)
    return Window(position.at, end) if end > position.at else None


def advanced(position: Position, window: Window, limits: FeedLimits) -> Position:
    """`position` after all of `window` was stored. A narrowed window may be twice as long next."""
    wider = 2 * position.width_seconds
    until = position.read_until
    return replace(
        position,
        at=window.end,
        read_until=window.end if until is None else max(until, window.end),
        width_seconds=wider if wider < limits.window_seconds else 0,
    )


def rounded_off(position: Position, limits: FeedLimits) -> Position:
    """`position` at the end of its round: the next one begins where rows may still come late."""
    if position.round_began is None or position.at is None:
        return position
    late = timedelta(seconds=limits.settle_seconds + limits.overlap_seconds)
    again = _whole(position.round_began - late)
    began = position.read_until if position.read_until is not None else position.at
    return replace(position, at=min(again, began), round_began=None)


def halved(window: Window) -> Window | None:
    """The first half of a window that holds too much; None where it cannot be halved."""
    half = timedelta(seconds=int(window.length / SMALLEST) // 2)
    return Window(window.start, window.start + half) if half >= SMALLEST else None


def as_long_as(position: Position, window: Window) -> Position:
    """`position` with windows no longer than `window`, until they may grow again."""
    return replace(position, width_seconds=int(window.length / SMALLEST))


def out_of_reach(before: Position, after: Position) -> timedelta:
    """How much was never read, and now lies further back than the platform looks."""
    if before.read_until is None or after.at is None:
        return timedelta(0)
    return max(after.at - before.read_until, timedelta(0))


def behind(position: Position, now: datetime) -> timedelta:
    """How late a feed is. Its first reading of older rows is no delay, unless it takes long."""
    if position.read_until is None or position.began_at is None:
        return timedelta(0)
    return max(now - max(position.read_until, position.began_at), timedelta(0))


def _width(position: Position, limits: FeedLimits) -> timedelta:
    longest = max(limits.window_seconds, 1)
    return timedelta(seconds=min(position.width_seconds or longest, longest))


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
