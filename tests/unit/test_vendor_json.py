"""Reading vendors' JSON: times in every form seen, and values of the wrong type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.couriers.reading import document, in_order, objects, text, when, whole
from aftersales.errors import BadInput
from aftersales.tracking import TrackingEvent


@pytest.mark.parametrize(
    ("raw", "at", "zone_known"),
    [
        ("2026-07-01T18:20:11+08:00", datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC), True),
        ("2026-07-01T10:20:11Z", datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC), True),
        ("2026-07-01 18:20:11 +0800", datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC), True),
        ("2026-07-01 10:20:11 UTC", datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC), True),
        ("2026-07-01T10:20:11.250Z", datetime(2026, 7, 1, 10, 20, 11, 250000, UTC), True),
        ("2026-07-01T10:20:11", datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC), False),
        ("2026/07/01 10:20", datetime(2026, 7, 1, 10, 20, tzinfo=UTC), False),
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=UTC), False),
        (1782901211, datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC), True),
        ("1782901211000", datetime(2026, 7, 1, 10, 20, 11, tzinfo=UTC), True),
    ],
)
def test_a_time_is_read_with_what_is_known_of_its_zone(
    raw: Any, at: datetime, zone_known: bool
) -> None:
    assert when(raw) == (at, zone_known)


@pytest.mark.parametrize(
    "raw", [None, "", "soon", "2026-13-01", [], {}, True, "0001-01-01T00:00:00+14:00", "９" * 10]
)
def test_what_is_no_time_gives_none(raw: Any) -> None:
    assert when(raw) is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
def test_a_reader_never_raises(value: Any) -> None:
    time = when(value)
    assert time is None or time[0].utcoffset() == timedelta(0)
    assert isinstance(text(value), str)
    assert whole(value) is None or isinstance(whole(value), int)


@given(st.datetimes(min_value=datetime(1990, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_an_iso_time_with_offset_is_that_instant(local: datetime, minutes: int) -> None:
    offset = timedelta(minutes=minutes)
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    if not datetime(1990, 1, 3) < local < datetime(9999, 12, 28):
        return
    raw = f"{local.isoformat()}{sign}{size // 60:02}:{size % 60:02}"
    assert when(raw) == ((local - offset).replace(tzinfo=UTC), True)


def test_a_lone_object_counts_as_a_list_and_null_as_an_empty_one() -> None:
    assert objects({"a": 1}) == [{"a": 1}]
    assert objects(None) == []
    assert objects([{"a": 1}, None, "x"]) == [{"a": 1}]


@pytest.mark.parametrize(
    ("payload", "says"),
    [(b"\xff\xfe", "UTF-8"), (b"{", "line 1"), (b"", "not JSON"), (b"[" * 100_000, "deeply")],
)
def test_a_payload_that_is_not_json_is_refused_with_its_place(payload: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        document("aftership", "push", payload)
    assert caught.value.place == "aftership push"


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="query_reply, push"):
        document("aftership", "webhook", b"{}")


def test_events_of_one_second_keep_the_order_in_which_they_happened() -> None:
    def event(minute: int, words: str) -> TrackingEvent:
        return TrackingEvent(datetime(2026, 7, 1, 8, minute, tzinfo=UTC), words, None)

    newest_first = [event(5, "signed"), event(3, "at the door"), event(3, "left"), event(1, "in")]
    told = [one.text for one in in_order(newest_first, newest_first=False)]
    assert told == ["in", "left", "at the door", "signed"]
    same_minute = [event(3, "second"), event(3, "first")]
    assert [one.text for one in in_order(same_minute, newest_first=True)] == ["first", "second"]
