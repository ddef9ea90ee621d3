"""The `feeds` table: how far each stream of facts was read, and how its source is doing.

    feed                    holds
    tracking#<source>#<n>   the sweep of one shard at one source: watermark, lease, progress
    source#<source>         the source's request slots and health, shared by all shards
    target#<target>         until when a robot wants to be left alone
    shop#<shop>#<feed>      how far a shop's feed was read: position, lease, pause
    news#<shop>#<what>      a push that was taken already, kept for a few days
    calls#<account>#<day>   how many calls to a platform were made on a day, kept for a few days
    calls#<account>         how many the platform granted on the day on which it last refused

Progress inside a sweep is written before a chunk of parcels is asked about (`claimed_through`) and
never after: a run that dies has its last chunk counted as asked, so that no number is asked twice
within the source's lock interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct, field
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition

from aftersales.feeds.windows import Position
from aftersales.tables.connection import Table
from aftersales.tables.fields import PackedAttribute

RESERVE_TRIES = 6
KEEP_CALLS = timedelta(days=3)
"""How long (real time) the counted calls of a day are kept."""


class AskedWindow(Struct, frozen=True, omit_defaults=True):
    """A past sweep window (start, end] and when its parcels were asked about (business time)."""

    start: datetime
    end: datetime
    asked_at: datetime


class SweepProgress(Struct, frozen=True, omit_defaults=True):
    """Where the sweep of one shard at one source stands.

    Everything due up to `swept_until` has been asked. While `window_end` is set a window is under
    way: parcels up to `claimed_through` (by id) are counted as asked, those up to `done_through`
    were answered. `not_before` is the business time before which the source is left alone.
    """

    swept_until: datetime | None = None
    window_end: datetime | None = None
    claimed_through: str = ""
    done_through: str = ""
    windows: tuple[AskedWindow, ...] = ()
    not_before: datetime | None = None
    leased_by: str = ""
    leased_until: datetime | None = None
    version: int = 0


class FeedReading(Struct, frozen=True, omit_defaults=True):
    """Where the reading of one shop's feed stands.

    `not_before` is the business time before which the shop is left alone. The lease (real time)
    keeps a second run away.
    """

    position: Position = field(default_factory=Position)
    not_before: datetime | None = None
    leased_by: str = ""
    leased_until: datetime | None = None
    version: int = 0


class SourceHealth(Struct, frozen=True, omit_defaults=True):
    """How a source is doing (business time). `cases` are the kinds of open cases about it."""

    failing_since: datetime | None = None
    last_answer_at: datetime | None = None
    cases: tuple[str, ...] = field(default=())
    version: int = 0


class Calls(Struct, frozen=True):
    """Calls to a platform: made on a day, and granted on the day (`granted_on`) on which it refused
    more of them (0: it never did)."""

    made: int = 0
    granted: int = 0
    granted_on: str = ""


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "feeds"
    feed = UnicodeAttribute(hash_key=True)
    progress = PackedAttribute(SweepProgress, null=True)
    health = PackedAttribute(SourceHealth, null=True)
    reading = PackedAttribute(FeedReading, null=True)
    version = NumberAttribute(null=True)
    next_slot = NumberAttribute(null=True)
    calls = NumberAttribute(null=True)
    day = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def sweep_feed(source: str, shard: int) -> str:
    """The name of a sweep's feed."""
    return f"tracking#{source}#{shard}"


def progress(feed: str) -> SweepProgress:
    """Where a sweep stands; an empty progress where it never ran."""
    row = _find(feed)
    if row is None or row.progress is None:
        return SweepProgress()
    return replace(row.progress, version=int(row.version or 0))


def save_progress(feed: str, value: SweepProgress) -> SweepProgress | None:
    """Write progress over the version it was made from. None where another run was faster."""
    row = _Row(feed)
    actions = [
        _Row.progress.set(replace(value, version=0)),
        _Row.version.set(value.version + 1),
    ]
    if not _update(row, actions, _at_version(value.version)):
        return None
    return replace(value, version=value.version + 1)


def all_progress(feeds: Iterable[str]) -> dict[str, SweepProgress]:
    """The progress of several sweeps; those that never ran are missing. Eventually consistent."""
    return {
        row.feed: row.progress for row in _Row.batch_get(list(feeds)) if row.progress is not None
    }


def shop_feed(shop_id: str, feed: str) -> str:
    """The name of a shop's feed, such as `shop#tb1#refunds`."""
    return f"shop#{shop_id}#{feed}"


def reading(feed: str) -> FeedReading:
    """Where the reading of a shop's feed stands; an empty one where it was never read."""
    row = _find(feed)
    if row is None or row.reading is None:
        return FeedReading()
    return replace(row.reading, version=int(row.version or 0))


def save_reading(feed: str, value: FeedReading) -> FeedReading | None:
    """Write a reading over the version it was made from. None where another run was faster."""
    actions = [_Row.reading.set(replace(value, version=0)), _Row.version.set(value.version + 1)]
    if not _update(_Row(feed), actions, _at_version(value.version)):
        return None
    return replace(value, version=value.version + 1)


def all_readings(feeds: Iterable[str]) -> dict[str, FeedReading]:
    """The readings of several feeds; those never read are missing. Eventually consistent."""
    return {row.feed: row.reading for row in _Row.batch_get(list(feeds)) if row.reading is not None}


def is_known_news(shop_id: str, what: str, wall_now: datetime) -> bool:
    """Was this push (by its delivery id, or the hash of its content) taken before?"""
    row = _find(f"news#{shop_id}#{what}")
    # Expired items are deleted some time later, not at once.
    return row is not None and int(row.expires_at or 0) > wall_now.timestamp()


def remember_news(shop_id: str, what: str, keep: timedelta, wall_now: datetime) -> bool:
    """Remember a push for so long (real time). False where it is known already."""
    forgotten = _Row.feed.does_not_exist() | (_Row.expires_at <= int(wall_now.timestamp()))
    until = int((wall_now + keep).timestamp())
    return _update(_Row(f"news#{shop_id}#{what}"), [_Row.expires_at.set(until)], forgotten)


def health(source: str) -> SourceHealth:
    """How a source is doing; healthy where nothing is known."""
    row = _find(f"source#{source}")
    if row is None or row.health is None:
        return SourceHealth()
    return replace(row.health, version=int(row.version or 0))


def all_health(sources: Iterable[str]) -> dict[str, SourceHealth]:
    """The health of several sources; those of which nothing is known are missing. Eventually
    consistent."""
    keys = [f"source#{source}" for source in sources]
    return {
        row.feed.removeprefix("source#"): row.health
        for row in _Row.batch_get(keys)
        if row.health is not None
    }


def save_health(source: str, value: SourceHealth) -> bool:
    """Write a source's health over the version it was made from. False where another was faster."""
    actions = [_Row.health.set(replace(value, version=0)), _Row.version.set(value.version + 1)]
    return _update(_Row(f"source#{source}"), actions, _at_version(value.version))


def reserve_slots(source: str, count: int, per_second: float, wall_now: datetime) -> datetime:
    """Reserve `count` request slots at a rate that all workers together must keep.

    Returns the real time of the first slot; the next ones follow `1 / per_second` apart. One write
    for any number of slots. Under contention the slots after the latest known end are taken without
    a condition: at worst two workers share a second once.
    """
    row = _Row(f"source#{source}")
    now = wall_now.timestamp()
    duration = count / per_second
    for _ in range(RESERVE_TRIES):
        found = _find(row.feed)
        end = float(found.next_slot) if found is not None and found.next_slot else 0.0
        start = max(now, end)
        # Whole milliseconds: DynamoDB numbers are decimal, and equality must hold on return.
        condition = (
            _Row.next_slot == found.next_slot
            if found is not None and found.next_slot
            else _Row.next_slot.does_not_exist()
        )
        if _update(row, [_Row.next_slot.set(round(start + duration, 3))], condition):
            return wall_now + timedelta(seconds=start - now)
    return wall_now + timedelta(seconds=duration)


def count_call(account: str, day: str, wall_now: datetime) -> None:
    """One more call of an account on a day."""
    until = int((wall_now + KEEP_CALLS).timestamp())
    row = _Row(f"calls#{account}#{day}")
    row.update(actions=[_Row.calls.add(1), _Row.expires_at.set(until)])


def save_granted(account: str, calls: int, day: str) -> None:
    """The platform refused after so many calls on that day; 0: what was known holds no more."""
    _Row(f"calls#{account}").update(actions=[_Row.calls.set(calls), _Row.day.set(day)])


def calls_of(days: Mapping[str, str]) -> dict[str, Calls]:
    """Account -> its calls, for each account and its day. Eventually consistent."""
    keys = [key for account, day in days.items() for key in _calls_keys(account, day)]
    rows = {row.feed: row for row in _Row.batch_get(keys)}
    found = {}
    for account, day in days.items():
        made, granted = (rows.get(key) for key in _calls_keys(account, day))
        found[account] = Calls(
            made=int(made.calls or 0) if made else 0,
            granted=int(granted.calls or 0) if granted else 0,
            granted_on=(granted.day or "") if granted else "",
        )
    return found


def _calls_keys(account: str, day: str) -> tuple[str, str]:
    return f"calls#{account}#{day}", f"calls#{account}"


def _find(feed: str) -> _Row | None:
    try:
        return _Row.get(feed, consistent_read=True)
    except _Row.DoesNotExist:
        return None


def _at_version(version: int) -> Condition:
    return _Row.version == version if version else _Row.version.does_not_exist()


def _update(row: _Row, actions: list, condition: Condition) -> bool:  # type: ignore[type-arg]
    try:
        row.update(actions=actions, condition=condition)
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True
