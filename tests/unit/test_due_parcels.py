"""Which parcels are asked about when."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.tables.feeds import AskedWindow
from aftersales.tracking import Status, Watch
from parcel_tracker import due
from tests.desk_fakes import START, a_parcel

MINUTE = timedelta(minutes=1)
numbers = st.integers(0, 10**9).map(lambda n: f"YT{n:013d}")
phases = st.sampled_from(list(due.INTERVALS))


@given(numbers, phases, st.lists(st.integers(1, 400), min_size=1, max_size=40))
def test_however_late_the_runs_a_parcel_is_taken_once_for_each_moment_or_group_of_them(
    number, status, gaps
):
    parcel = a_parcel(number, status=status, added_at=None, shipped_at=None)
    start, taken = START, 0
    for gap in gaps:
        end = start + gap * MINUTE
        taken += due.has_moment(parcel, start, end)
        start = end
    interval = due.interval_of(parcel, START)
    moments = (start - START) // interval
    assert taken <= moments + 1
    if max(gaps) * MINUTE <= interval:
        assert taken >= moments


@given(numbers, st.lists(phases, min_size=1, max_size=60))
def test_two_moments_are_never_closer_than_the_base_interval_whatever_the_phase_does(
    number, changes
):
    asked, start = [], START
    for status in changes:
        end = start + 10 * MINUTE
        if due.has_moment(a_parcel(number, status=status), start, end):
            asked.append(end)
        start = end
    gaps = [b - a for a, b in pairwise(asked)]
    # A run sees a moment up to one gap of runs late, so two may look ten minutes closer.
    assert all(gap >= due.BASE - 10 * MINUTE for gap in gaps)


def test_moments_are_spread_evenly_over_an_interval():
    hours: Counter[int] = Counter()
    for n in range(4000):
        parcel = a_parcel(f"YT{n:013d}", status=Status.IN_TRANSIT)
        for hour in range(4):
            start = START + timedelta(hours=hour)
            hours[hour] += due.has_moment(parcel, start, start + timedelta(hours=1))
    assert sum(hours.values()) == 4000
    assert all(900 < count < 1100 for count in hours.values())


def test_a_new_parcel_is_taken_at_once():
    parcel = a_parcel("YT0000000000001", added_at=START + 3 * MINUTE)
    assert due.is_in(parcel, START, START + 10 * MINUTE)


def test_a_pushed_parcel_is_asked_about_only_as_a_net():
    parcel = a_parcel("YT0000000000001", status=Status.OUT_FOR_DELIVERY, watch=Watch.PUSH)
    assert due.interval_of(parcel, START) == due.NET


def test_old_parcels_are_asked_about_less_often():
    parcel = a_parcel("YT0000000000001", status=Status.IN_TRANSIT)
    later = START + timedelta(days=13)
    assert due.interval_of(parcel, later) == 2 * due.interval_of(parcel, START)


@given(numbers, phases, st.integers(1, 600), st.integers(0, 60))
def test_a_parcel_of_a_recent_sweep_counts_as_asked_within_the_lock(number, status, width, ago):
    parcel = a_parcel(number, status=status, added_at=None)
    now = START + timedelta(days=1)
    window = AskedWindow(now - width * MINUTE, now - ago * MINUTE, now - ago * MINUTE)
    lock = timedelta(minutes=30)
    asked = due.was_asked(parcel, [window], now, lock)
    assert (
        asked
        == (ago < 30 and window.start < window.end and due.is_in(parcel, window.start, window.end))
        or window.start >= window.end
    )


def test_a_parcel_changed_a_moment_ago_counts_as_asked():
    parcel = replace(a_parcel("YT0000000000001"), checked_at=START)
    lock = timedelta(minutes=30)
    assert due.was_asked(parcel, [], START + 29 * MINUTE, lock)
    assert not due.was_asked(parcel, [], START + 31 * MINUTE, lock)


def test_ended_abandoned_and_refused_parcels_are_not_asked_about():
    parcel = a_parcel("YT0000000000001")
    assert due.may_be_asked(parcel)
    assert not due.may_be_asked(replace(parcel, status=Status.DELIVERED))
    assert not due.may_be_asked(replace(parcel, abandoned=True))
    assert not due.may_be_asked(replace(parcel, watch=Watch.REFUSED))
    assert due.may_be_asked(replace(parcel, watch=Watch.STOPPED))
