"""Whatever happens between runs, the windows of a feed cover every instant, and come to an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.feeds import windows
from aftersales.feeds.windows import Position, Window
from aftersales.platforms.base import FeedLimits

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIMITS = FeedLimits(window_seconds=1800, look_back_seconds=30 * 86400, settle_seconds=180,
                    overlap_seconds=600)  # fmt: skip


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return NOON.replace(hour=hour, minute=minute, second=second)


def test_a_feed_that_was_never_read_begins_a_day_ago() -> None:
    position = windows.started(Position(), NOON, LIMITS, DAY)
    assert windows.next_window(position, NOON, LIMITS) == Window(
        NOON - DAY, NOON - DAY + timedelta(minutes=30)
    )


def test_the_first_reading_goes_no_further_back_than_the_platform() -> None:
    limits = FeedLimits(window_seconds=1800, look_back_seconds=3600)
    position = windows.started(Position(), NOON, limits, DAY)
    assert position.at == at(11, 0, 1)


def test_a_window_ends_before_the_time_in_which_rows_still_come() -> None:
    position = Position(read_until=at(11, 50), at=at(11, 50), round_began=NOON)
    assert windows.next_window(position, NOON, LIMITS) == Window(at(11, 50), at(11, 57))


def test_a_round_that_has_come_to_the_present_has_no_further_window() -> None:
    position = Position(read_until=at(11, 57), at=at(11, 57), round_began=NOON)
    assert windows.next_window(position, NOON, LIMITS) is None


def test_the_next_round_reads_again_what_may_have_come_late() -> None:
    position = Position(read_until=at(11, 57), at=at(11, 57), round_began=NOON)
    done = windows.rounded_off(position, LIMITS)
    assert (done.at, done.read_until, done.round_began) == (at(11, 47), at(11, 57), None)


def test_a_long_catching_up_is_followed_by_a_look_at_what_came_meanwhile() -> None:
    """Its first windows were read hours before its last: rows of then may have come since."""
    position = Position(read_until=at(11, 57), at=at(11, 57), round_began=at(9))
    assert windows.rounded_off(position, LIMITS).at == at(8, 47)


def test_what_lies_out_of_the_platforms_reach_is_skipped_and_told() -> None:
    limits = FeedLimits(window_seconds=1800, look_back_seconds=3600)
    before = Position(read_until=at(9), at=at(8, 50))
    position = windows.started(before, NOON, limits, DAY)
    assert position.at == at(11, 0, 1)
    assert windows.out_of_reach(before, position) == timedelta(hours=2, seconds=1)


@pytest.mark.parametrize(("seconds", "half"), [(1800, 900), (3, 1), (2, 1), (1, None)], ids=str)
def test_windows_are_halved_down_to_a_second(seconds: int, half: int | None) -> None:
    found = windows.halved(Window(NOON, NOON + timedelta(seconds=seconds)))
    expected = None if half is None else Window(NOON, NOON + timedelta(seconds=half))
    assert found == expected


def test_a_narrowed_window_grows_again_with_each_that_is_stored() -> None:
    position = windows.as_long_as(
        Position(read_until=at(9), at=at(9), round_began=NOON), Window(at(9), at(9, 10))
    )
    lengths = []
    for _ in range(4):
        window = windows.next_window(position, NOON, LIMITS)
        assert window is not None
        lengths.append(window.length / timedelta(minutes=1))
        position = windows.advanced(position, window, LIMITS)
    assert lengths == [10, 20, 30, 30]


def test_a_feed_is_late_by_what_was_not_read_but_not_by_the_past_it_begins_with() -> None:
    fresh = windows.started(Position(), NOON, LIMITS, DAY)
    assert windows.behind(fresh, NOON) == timedelta(0)
    assert windows.behind(fresh, NOON + timedelta(hours=4)) == timedelta(hours=4)
    read = Position(began_at=at(1), read_until=at(10), at=at(10))
    assert windows.behind(read, NOON) == timedelta(hours=2)
    assert windows.behind(Position(), NOON) == timedelta(0)


@dataclass
class Shop:
    """Rows (their time, and the time from which they are seen), and who reads them."""

    rows: list[tuple[datetime, datetime]]
    limits: FeedLimits
    most: int
    stored: set[int] = field(default_factory=set)
    covered: list[Window] = field(default_factory=list)

    def ask(self, window: Window, now: datetime) -> list[int] | None:
        """The rows of a window that are seen now; None where there are too many to show."""
        seen = [
            number
            for number, (changed, shown) in enumerate(self.rows)
            if window.start <= changed < window.end and shown <= now
        ]
        return None if len(seen) > self.most else seen

    def run(self, position: Position, now: datetime, asks: int) -> tuple[Position, int]:
        """One run that may ask so many times; returns the position it leaves, and the asks."""
        position = windows.started(position, now, self.limits, DAY)
        window, used = windows.next_window(position, now, self.limits), 0
        while window is not None:
            if used == asks:
                return position, used
            used += 1
            found = self.ask(window, now)
            if found is None and (half := windows.halved(window)):
                position, window = windows.as_long_as(position, half), half
                continue
            self.stored.update(found or ())
            self.covered.append(window)
            position = windows.advanced(position, window, self.limits)
            window = windows.next_window(position, now, self.limits)
        return windows.rounded_off(position, self.limits), used


runs = st.lists(st.tuples(st.integers(1, 6 * 3600), st.integers(0, 40)), min_size=1, max_size=12)
limits = st.builds(
    FeedLimits,
    window_seconds=st.integers(1, 7200).map(lambda seconds: seconds + 599),
    look_back_seconds=st.just(90 * 86400),
    settle_seconds=st.integers(0, 300),
    overlap_seconds=st.integers(0, 900),
)
rows = st.lists(st.tuples(st.integers(-86400, 72 * 3600), st.floats(0, 1)), max_size=60)


@settings(max_examples=150, deadline=None)
@given(runs=runs, limits=limits, rows=rows, most=st.integers(1, 5))
def test_every_row_is_stored_whatever_breaks_off(
    runs: list[tuple[int, int]], limits: FeedLimits, rows: list[tuple[int, float]], most: int
) -> None:
    """Rows come late by up to settle and overlap; runs come at any time and break off anywhere."""
    late = limits.settle_seconds + limits.overlap_seconds
    # Each second holds one row, so that a window of a second is never too full.
    changed = {NOON + timedelta(seconds=seconds): share for seconds, share in rows}
    shop = Shop(
        [(when, when + timedelta(seconds=share * late)) for when, share in changed.items()],
        limits,
        most,
    )
    position, now = Position(), NOON
    for pause, asks in runs:
        position, _ = shop.run(position, now, asks)
        now += timedelta(seconds=pause)
    # The last runs have time enough. Two: the second reads again what came late to the first.
    longest = 10 * (86400 + 80 * 3600) // 600 + 40 * len(shop.rows)
    for _ in range(2):
        position, used = shop.run(position, now, longest)
        assert used < longest, "no end in sight"
        now += timedelta(seconds=late + 1)
    first = shop.covered[0].start
    complete = now - timedelta(seconds=2 * (late + 1) + limits.settle_seconds)
    missed = [
        changed
        for number, (changed, _) in enumerate(shop.rows)
        if first <= changed < complete and number not in shop.stored
    ]
    assert not missed


@settings(max_examples=100, deadline=None)
@given(runs=runs, limits=limits)
def test_windows_join_without_a_gap(runs: list[tuple[int, int]], limits: FeedLimits) -> None:
    shop = Shop([], limits, 1)
    position, now = Position(), NOON
    reached = None
    for pause, asks in runs:
        position, _ = shop.run(position, now, asks)
        for window in shop.covered:
            assert window.length <= timedelta(seconds=limits.window_seconds)
            assert window.end <= now - timedelta(seconds=limits.settle_seconds)
            assert reached is None or window.start <= reached
            reached = window.end if reached is None else max(reached, window.end)
        shop.covered.clear()
        assert position.read_until is not None
        assert reached is None or position.read_until == reached
        now += timedelta(seconds=pause)
