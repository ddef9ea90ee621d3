"""One sweep: the due parcels of one shard are asked about, and their answers taken.

A sweep covers the window between its watermark and now. Before a chunk of parcels is asked about,
that is written down (`claimed_through`), and so is the lease that keeps a second run away; so a run
that dies has its last chunk counted as asked. When the source fails, the window stays open at the
last answered parcel and goes on there after a pause: nothing was asked, so nothing is judged.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

from msgspec.structs import replace

from aftersales.couriers.base import SourceLimits, TrackingSource
from aftersales.errors import Conflict, Misconfigured, OutsideFailure
from aftersales.parcels import Parcel
from aftersales.tables import feeds, parcels
from aftersales.tables.feeds import AskedWindow, SweepProgress
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply, Watch
from parcel_tracker import due
from parcel_tracker.answers import is_answer, request_for, settle, take_answer
from parcel_tracker.desk import Desk
from parcel_tracker.health import pause_seconds, source_answered, source_failed
from parcel_tracker.registering import register_new
from parcel_tracker.rules import find_problems, mark_of
from parcel_tracker.unwatched import tell_of_unwatched

Result = TrackingReply | ReplyError

CHUNK_PARCELS = 240
"""Parcels claimed by one write. More would cost a crash more skipped questions."""
CHUNK_SECONDS = 60.0
"""A chunk takes no more request slots than fit into this time, so that slow sources' chunks end
well within the lease and the function's own time."""
LEASE_SECONDS = 150.0
"""Longer than one chunk may take; shorter than the queue's visibility time."""
WATERMARK_EVERY = timedelta(minutes=30)
"""An idle shard's watermark is moved on this often, so that its lag stays meaningful."""
READERS = 2
"""Threads beyond the requests that may be under way (`http.AtMost`): while they read a reply, the
next request is on its way already."""
TURN_SECONDS = 0.0005
LONGEST_WAIT_SECONDS = 20.0
"""A worker waits this long for its request slots; when they are further away it ends its run."""
STOP_BEFORE_SECONDS = 30.0
"""A run starts no new chunk when less time than this would be left after it."""


class SourceStoppedError(Exception):
    """The source answered nothing usable; the sweep of its parcels ends for now."""

    def __init__(self, error: ReplyError) -> None:
        super().__init__(error.message)
        self.error = error


def sweep_shard(desk: Desk, shard: int, seconds_left: float) -> Counter[str]:
    """Sweep all sources' parcels of one shard. Returns counts of named outcomes."""
    tally: Counter[str] = Counter()
    deadline = desk.wall_now() + timedelta(seconds=seconds_left)
    by_source: dict[str, list[Parcel]] = {}
    for parcel in parcels.open_in_shard(shard):
        tally["open"] += 1
        by_source.setdefault(desk.source_of(parcel), []).append(parcel)
    for name in desk.settings.tracking.sources:
        # Without parcels here only the watermark is moved on, so that its lag stays meaningful.
        by_source.setdefault(name, [])
    for name, group in sorted(by_source.items()):
        _settle_unasked(desk, group, tally)
        if not name:
            tally["without_source"] += len(group)
            tell_of_unwatched(desk, group, desk.business_now())
            continue
        try:
            source = desk.source(name)
        except Misconfigured as exc:
            error = ReplyError(ErrorClass.AUTH, "settings", str(exc))
            source_failed(desk, name, error, desk.business_now())
            tally["unanswered"] += len(group)
            continue
        _Sweep(desk, name, source, shard, deadline, tally).run(group)
    return tally


def _settle_unasked(desk: Desk, group: Iterable[Parcel], tally: Counter[str]) -> None:
    """Parcels that are judged without a question: disputed after delivery, abandoned, refused."""
    now = desk.business_now()
    for parcel in group:
        if not due.may_be_asked(parcel):
            try:
                if settle(desk, parcel, parcel, now):
                    tally["changed"] += 1
            except Conflict:
                tally["conflict"] += 1


class _Sweep:
    """The sweep of one shard's parcels at one source."""

    def __init__(  # noqa: PLR0917 - one place builds it
        self,
        desk: Desk,
        name: str,
        source: TrackingSource,
        shard: int,
        deadline: datetime,
        tally: Counter[str],
    ) -> None:
        self.desk = desk
        self.name = name
        self.source = source
        self.feed = feeds.sweep_feed(name, shard)
        self.deadline = deadline
        self.tally = tally
        self.lock = timedelta(seconds=source.limits.lock_seconds)
        self.progress = SweepProgress()
        self.now = desk.business_now()

    def run(self, group: Sequence[Parcel]) -> None:
        """Register new parcels, then ask about the due ones, chunk by chunk."""
        self.progress = feeds.progress(self.feed)
        wall = self.desk.wall_now()
        if self.progress.not_before is not None and self.now < self.progress.not_before:
            self.tally["paused"] += 1
            return
        leased = self.progress.leased_until is not None and wall < self.progress.leased_until
        if leased and self.progress.leased_by != self.desk.owner:
            self.tally["leased_by_another"] += 1
            return
        try:
            group = self._registered(group)
            resuming = self.progress.window_end is not None
            self._window(group)
            if resuming and self.progress.window_end is None:
                self._window(group)
        except SourceStoppedError as stopped:
            self._pause(stopped.error)
        except Conflict:
            # Another run took this feed over after our lease had run out: it goes on from here.
            self.tally["lease_lost"] += 1

    def _registered(self, group: Sequence[Parcel]) -> list[Parcel]:
        if not self.desk.registers(self.name):
            return list(group)
        new = [p for p in group if p.watch is Watch.NEW and due.may_be_asked(p)]
        if new:
            self._save(
                replace(
                    self.progress,
                    leased_by=self.desk.owner,
                    leased_until=self._lease_end(),
                )
            )
            error = register_new(self.desk, self.name, self.source, new, self.tally)
            if error is not None:
                raise SourceStoppedError(error)
        return [p for p in group if p.watch is not Watch.NEW]

    def _window(self, group: Sequence[Parcel]) -> None:
        """Ask about what is due in the current window, and close it when all of it is done."""
        self.now = self.desk.business_now()
        end = self.progress.window_end or self.now
        waiting = self._due(group, end)
        if not waiting:
            self._close_idle(end)
            return
        answered = 0
        workers = self.source.limits.concurrency + READERS
        with _quick_turns(), ThreadPoolExecutor(max_workers=workers) as pool:
            answered = self._ask_all(pool, waiting, end)
        if answered:
            source_answered(self.desk, self.name, self.now)
        if answered < len(waiting):
            self.tally["left_for_next_run"] += len(waiting) - answered
            self._save(replace(self.progress, leased_by="", leased_until=None))
            return
        self._close(end)

    def _due(self, group: Sequence[Parcel], end: datetime) -> list[Parcel]:
        """The parcels to ask about, by id; those of an unfinished window from where it stands."""
        start = self.progress.swept_until
        chosen = []
        for parcel in group:
            if parcel.parcel_id <= self.progress.claimed_through or not due.may_be_asked(parcel):
                continue
            in_window = start is None or due.is_in(parcel, start, end)
            if not in_window and not self._would_become_a_case(parcel, end):
                continue
            if self.lock and due.was_asked(parcel, self.progress.windows, end, self.lock):
                self.tally["asked_recently"] += 1
                continue
            chosen.append(parcel)
        return sorted(chosen, key=lambda p: p.parcel_id)

    def _would_become_a_case(self, parcel: Parcel, now: datetime) -> bool:
        """The clock alone says that something is wrong: ask before anybody is alarmed."""
        findings = find_problems(parcel, self.desk.surroundings(parcel), now)
        return any(mark_of(finding) not in parcel.marks for finding in findings)

    def _ask_all(self, pool: ThreadPoolExecutor, waiting: Sequence[Parcel], end: datetime) -> int:
        """Ask in chunks, several requests under way at once; returns how many parcels are done."""
        limits = self.source.limits
        under_way: deque[tuple[Sequence[Parcel], Future[list[Result]]]] = deque()
        done = 0
        try:
            for chunk in _cut(waiting, _chunk_size(limits)):
                first_slot = self._claim(chunk, end)
                if first_slot is None:
                    break
                for number, batch in enumerate(_cut(chunk, limits.batch_size)):
                    slot = first_slot + timedelta(seconds=number / limits.requests_per_second)
                    under_way.append((batch, pool.submit(self._ask, batch, slot)))
                    while len(under_way) > 2 * limits.concurrency:
                        done += self._take(*under_way.popleft())
            while under_way:
                done += self._take(*under_way.popleft())
        finally:
            for _, future in under_way:
                future.cancel()
        return done

    def _claim(self, chunk: Sequence[Parcel], end: datetime) -> datetime | None:
        """Write down that `chunk` is being asked about. None where this run should end instead."""
        wall = self.desk.wall_now()
        limits = self.source.limits
        requests = math.ceil(len(chunk) / limits.batch_size)
        seconds = STOP_BEFORE_SECONDS + requests / limits.requests_per_second
        if wall > self.deadline - timedelta(seconds=seconds):
            return None
        first_slot = feeds.reserve_slots(self.name, requests, limits.requests_per_second, wall)
        if first_slot - wall > timedelta(seconds=LONGEST_WAIT_SECONDS):
            self.tally["no_slot"] += 1
            return None
        self._save(
            replace(
                self.progress,
                window_end=end,
                claimed_through=chunk[-1].parcel_id,
                leased_by=self.desk.owner,
                leased_until=self._lease_end(),
                not_before=None,
            )
        )
        return first_slot

    def _ask(self, batch: Sequence[Parcel], slot: datetime) -> list[Result]:
        """One request, in a thread of the pool, not before its slot."""
        wait = (slot - self.desk.wall_now()).total_seconds()
        if wait > 0:
            self.desk.wait(wait)
        try:
            results = self.source.query([request_for(parcel) for parcel in batch])
        except Misconfigured as exc:
            failure = ReplyError(ErrorClass.AUTH, "settings", str(exc))
            return [failure] * len(batch)
        except OutsideFailure as exc:
            failure = ReplyError(ErrorClass.THEIR_FAULT_RETRY, exc.code, str(exc))
            return [failure] * len(batch)
        return self._about_one(batch, results)

    def _about_one(self, batch: Sequence[Parcel], results: list[Result]) -> list[Result]:
        """A "bad number" for a whole call says which one only when it is asked about alone."""
        first = results[0]
        whole = (
            isinstance(first, ReplyError)
            and first.error_class is ErrorClass.BAD_NUMBER_OR_COURIER
            and not first.waybill_number
        )
        if not whole:
            return results
        if len(batch) == 1 and isinstance(first, ReplyError):
            return [replace(first, waybill_number=batch[0].waybill_number)]
        return [self._ask([parcel], self.desk.wall_now())[0] for parcel in batch]

    def _take(self, batch: Sequence[Parcel], future: Future[list[Result]]) -> int:
        """Take the answers of one request. Raises `SourceStoppedError` where it brought none."""
        results = future.result()
        stopped = next((r for r in results if isinstance(r, ReplyError) and not is_answer(r)), None)
        for parcel, result in zip(batch, results, strict=True):
            if not is_answer(result):
                self.tally["unanswered"] += 1
                continue
            try:
                self.tally[take_answer(self.desk, parcel, result, self.now)] += 1
            except Conflict:
                self.tally["conflict"] += 1
        if stopped is not None:
            raise SourceStoppedError(stopped)
        self.progress = replace(self.progress, done_through=batch[-1].parcel_id)
        return len(batch)

    def _pause(self, error: ReplyError) -> None:
        """The source failed: remember how far answers came, and leave it alone for a while.

        The pause is at least the source's lock: the numbers of the failed request count as asked.
        """
        seconds = max(pause_seconds(error), self.source.limits.lock_seconds)
        self._save(
            replace(
                self.progress,
                claimed_through=self.progress.done_through,
                not_before=self.now + timedelta(seconds=seconds),
                leased_by="",
                leased_until=None,
            )
        )
        self.tally[f"stopped_{error.error_class}"] += 1
        source_failed(self.desk, self.name, error, self.now)

    def _close(self, end: datetime) -> None:
        """All of the window is answered: the watermark moves to its end."""
        start = self.progress.swept_until
        recent = tuple(w for w in self.progress.windows if self.now - w.asked_at < self.lock)
        if self.lock:
            recent = (*recent, AskedWindow(start or due.EPOCH, end, self.now))
        self._save(
            replace(
                self.progress,
                swept_until=end,
                window_end=None,
                claimed_through="",
                done_through="",
                windows=recent,
                not_before=None,
                leased_by="",
                leased_until=None,
            )
        )

    def _close_idle(self, end: datetime) -> None:
        """Nothing was due: the watermark is moved only now and then, for nothing is lost by it."""
        until = self.progress.swept_until
        if self.progress.window_end or until is None or end - until >= WATERMARK_EVERY:
            self._close(end)

    def _save(self, progress: SweepProgress) -> None:
        saved = feeds.save_progress(self.feed, progress)
        if saved is None:
            raise Conflict(f"the sweep {self.feed} was taken over by another run")
        self.progress = saved

    def _lease_end(self) -> datetime:
        return self.desk.wall_now() + timedelta(seconds=LEASE_SECONDS)


@contextmanager
def _quick_turns() -> Iterator[None]:
    """A thread whose reply has come waits half a millisecond for the interpreter, not Python's 5.

    While one thread reads a reply, the others' next requests would otherwise start late.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _chunk_size(limits: SourceLimits) -> int:
    """Whole requests only: enough to keep all connections busy, no more than the rate allows."""
    wanted = max(CHUNK_PARCELS // limits.batch_size, limits.concurrency)
    allowed = int(CHUNK_SECONDS * limits.requests_per_second)
    return max(min(wanted, allowed), 1) * limits.batch_size


def _cut(items: Sequence[Parcel], size: int) -> Iterator[Sequence[Parcel]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
