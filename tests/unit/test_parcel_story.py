"""A parcel's state is a function of the set of its scans."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.parcels import Parcel
from aftersales.tracking import DeliveredHow, Reason, Status, TrackingEvent, Watch
from parcel_tracker.story import absorb, fold, ordered
from tests.desk_fakes import START, a_parcel, a_scan, told

N = "YT0000000000001"

statuses = st.sampled_from([s for s in Status if s is not Status.EXPIRED])
scans = st.builds(
    # The same words at the same second are the same scan, and so mean the same.
    lambda minutes, status, text: a_scan(minutes / 60, status, f"{text} {status}"),
    st.integers(0, 3000),
    statuses,
    st.sampled_from(["到达【深圳中心】", "已签收", "派件中", "问题件", "揽收"]),
)


def absorb_all(parcel: Parcel, replies: list[tuple[TrackingEvent, ...]]) -> Parcel:
    history: list[TrackingEvent] = []
    for events in replies:
        parcel, new = absorb(parcel, told(N, *ordered(events, N)), history, reused_number_days=5)
        history += new
    return parcel


def facts(parcel: Parcel) -> tuple[object, ...]:
    return (
        parcel.status,
        parcel.reason,
        parcel.delivered_how,
        parcel.picked_up_at,
        parcel.delivered_at,
        parcel.last_event_at,
        parcel.event_count,
        parcel.failed_attempts,
        parcel.reopened,
        parcel.last_event_text,
    )


@given(st.lists(scans, min_size=1, max_size=9), st.randoms())
def test_any_order_and_repetition_of_scans_ends_in_the_same_parcel(events, random):
    once = absorb_all(a_parcel(N), [(event,) for event in sorted(events, key=lambda e: e.at)])
    shuffled = [*events, *events]
    random.shuffle(shuffled)
    again = absorb_all(a_parcel(N), [(event,) for event in shuffled])
    assert facts(again) == facts(once)


@given(st.lists(scans, min_size=1, max_size=9), st.randoms())
def test_whole_histories_told_again_and_out_of_order_end_in_the_same_parcel(events, random):
    by_time = list(ordered(events, N))
    histories = [tuple(by_time[: n + 1]) for n in range(len(by_time))]
    once = absorb_all(a_parcel(N), histories)
    shuffled = [*histories, *histories[::2]]
    random.shuffle(shuffled)
    assert facts(absorb_all(a_parcel(N), shuffled)) == facts(once)


@given(st.lists(scans, min_size=1, max_size=9), st.randoms())
def test_the_fold_does_not_depend_on_the_order_of_arrival(events, random):
    shuffled = list(events)
    random.shuffle(shuffled)
    assert fold(ordered(shuffled, N)) == fold(ordered(events, N))


def test_an_older_answer_does_not_reopen_a_delivered_parcel():
    done = absorb_all(a_parcel(N), [(a_scan(1, Status.PICKED_UP), a_scan(40, Status.DELIVERED))])
    late, new = absorb(
        done,
        told(N, a_scan(20, Status.OUT_FOR_DELIVERY)),
        (a_scan(1, Status.PICKED_UP), a_scan(40, Status.DELIVERED)),
        reused_number_days=5,
    )
    assert late.status is Status.DELIVERED
    assert len(new) == 1
    assert late.event_count == 3


def test_talk_after_a_delivery_changes_nothing_but_going_back_does():
    delivered = (a_scan(1, Status.PICKED_UP), a_scan(40, Status.DELIVERED))
    thanks = absorb_all(a_parcel(N), [(*delivered, a_scan(41, Status.IN_TRANSIT, "欢迎评价"))])
    assert thanks.status is Status.DELIVERED
    assert not thanks.reopened
    back = absorb_all(
        a_parcel(N), [(*delivered, a_scan(60, Status.RETURNING, reason=Reason.REFUSED))]
    )
    assert back.status is Status.RETURNING
    assert back.reopened


def test_scans_of_an_earlier_parcel_with_the_same_number_are_ignored():
    old = [
        a_scan(-24 * 90, Status.PICKED_UP),
        a_scan(-24 * 85, Status.DELIVERED, delivered_how=DeliveredHow.PERSON),
    ]
    parcel, new = absorb(a_parcel(N), told(N, *old), (), reused_number_days=5)
    assert parcel.status is Status.UNKNOWN
    assert new == ()
    both, new = absorb(parcel, told(N, *old, a_scan(3, Status.PICKED_UP)), (), reused_number_days=5)
    assert both.status is Status.PICKED_UP
    assert len(new) == 1


def test_the_time_of_waiting_counts_from_the_first_scan_that_said_so():
    parcel = absorb_all(
        a_parcel(N),
        [
            (
                a_scan(1, Status.PICKED_UP),
                a_scan(20, Status.AVAILABLE_FOR_PICKUP, "已到驿站"),
                a_scan(30, Status.AVAILABLE_FOR_PICKUP, "请及时取件"),
            )
        ],
    )
    assert parcel.status_at == START + timedelta(hours=20)
    assert parcel.last_event_at == START + timedelta(hours=30)


def test_failed_attempts_are_counted_once_per_attempt():
    failed = Status.DELIVERY_FAILED
    parcel = absorb_all(
        a_parcel(N),
        [
            (
                a_scan(10, Status.OUT_FOR_DELIVERY),
                a_scan(12, failed, "电话无人接听", reason=Reason.CONTACT_FAILED),
                a_scan(12.1, failed, "客户不在", reason=Reason.CONTACT_FAILED),
                a_scan(30, Status.OUT_FOR_DELIVERY),
                a_scan(33, failed, "电话无人接听", reason=Reason.CONTACT_FAILED),
            )
        ],
    )
    assert parcel.failed_attempts == 2


def test_the_end_of_tracking_hides_nothing_that_is_known():
    moving = (a_scan(1, Status.PICKED_UP), a_scan(5, Status.IN_TRANSIT))
    parcel, _ = absorb(
        a_parcel(N),
        told(N, *moving, status=Status.EXPIRED, stopped=True),
        (),
        reused_number_days=5,
    )
    assert parcel.status is Status.IN_TRANSIT
    assert parcel.watch is Watch.STOPPED
    awake, _ = absorb(
        parcel, told(N, *moving, a_scan(400, Status.IN_TRANSIT)), moving, reused_number_days=5
    )
    assert awake.watch is Watch.POLL


def test_a_verdict_without_scans_is_taken():
    parcel, new = absorb(a_parcel(N), told(N, status=Status.DELIVERED), (), reused_number_days=5)
    assert parcel.status is Status.DELIVERED
    assert new == ()


def test_an_unknown_code_moves_nothing_but_is_kept():
    parcel, new = absorb(
        a_parcel(N),
        told(
            N,
            a_scan(1, Status.PICKED_UP),
            TrackingEvent(START + timedelta(hours=2), "???", None, raw_code="9999"),
            status=Status.PICKED_UP,
        ),
        (),
        reused_number_days=5,
    )
    assert parcel.status is Status.PICKED_UP
    assert [event.raw_code for event in new] == ["", "9999"]


@pytest.mark.parametrize("text", ["快递员 13800000001 正在派件", "联系电话：138-0000-0001"])
def test_the_last_scan_on_the_parcel_shows_no_phone_number(text):
    parcel, _ = absorb(
        a_parcel(N), told(N, a_scan(1, Status.OUT_FOR_DELIVERY, text)), (), reused_number_days=5
    )
    assert "0000" not in parcel.last_event_text.replace("-", "")
