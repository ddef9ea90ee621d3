"""Which schedules are due, and what was fired already.

On a fast clock a rate would fire many times in a real second, which is load and no more: between
two of its firings some real time passes, and the ticks in between are folded into the newest, with
its scheduled time. A rate asks for no more than to be fired often enough; a cron expression names
moments, and each of them is fired.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.schedule import Rate, latest_fire, next_fire, parse, zone
from local.state import State
from local.template import Function, ScheduleTrigger

REST_SECONDS = 0.5
"""Real time between two firings of a rate."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One firing. `count` ticks were due; this is the newest, the others are folded into it.

    Those that a fast clock folds always are not counted.
    """

    function: Function
    trigger: ScheduleTrigger
    at: datetime
    count: int = 1


class Ticks:
    """The schedules of all functions.

    A tick is remembered when its run is over, so one that was due while the runner stood still, or
    cut short by a crash, is fired at the next start: once, with the newest scheduled time. A rate
    fires at its first start; a schedule whose expression was changed starts anew. `speed` is how
    many times faster than real time `now` moves.
    """

    def __init__(
        self, state: State, functions: Iterable[Function], now: datetime, speed: float = 1.0
    ) -> None:
        self._state = state
        self._rest = timedelta(seconds=REST_SECONDS * speed)
        self._schedules: list[tuple[Function, ScheduleTrigger]] = []
        self._fired: dict[str, datetime] = {}
        for function in functions:
            for trigger in function.schedules:
                zone(trigger.zone)
                self._schedules.append((function, trigger))
                self._fired[trigger.name] = self._last(trigger, now)

    def _last(self, trigger: ScheduleTrigger, now: datetime) -> datetime:
        parsed = parse(trigger.expression)
        with self._state.transaction() as db:
            row = db.execute(
                "select at from ticks where schedule = ? and expression = ?",
                (trigger.name, f"{trigger.expression} {trigger.zone}"),
            ).fetchone()
        if row is not None:
            return datetime.fromtimestamp(row["at"], UTC)
        if isinstance(parsed, Rate):
            return now - max(timedelta(seconds=parsed.seconds), self._rest)
        return now

    def due(self, now: datetime) -> list[Tick]:
        """The schedules that have become due since they were last asked for."""
        found = []
        for function, trigger in self._schedules:
            after = self._fired[trigger.name]
            folded = self._folded(trigger)
            if folded and now < after + self._rest:
                continue
            at, count = latest_fire(trigger.expression, trigger.zone, after, now)
            if at is not None:
                self._fired[trigger.name] = at
                found.append(Tick(function, trigger, at, max(1, count - folded)))
        return found

    def next(self) -> datetime | None:
        """When the next schedule becomes due; None where none ever does."""
        upcoming = []
        for _, trigger in self._schedules:
            after = self._fired[trigger.name]
            at = next_fire(trigger.expression, trigger.zone, after)
            if at is not None:
                upcoming.append(max(at, after + self._rest) if self._folded(trigger) else at)
        return min(upcoming, default=None)

    def _folded(self, trigger: ScheduleTrigger) -> int:
        """How many ticks of a schedule a fast clock leaves out between two firings."""
        parsed = parse(trigger.expression)
        if not isinstance(parsed, Rate):
            return 0
        return max(0, math.ceil(self._rest.total_seconds() / parsed.seconds) - 1)

    def done(self, tick: Tick) -> None:
        """The run of a tick is over, or its retries are stored."""
        trigger = tick.trigger
        with self._state.transaction() as db:
            db.execute(
                "insert or replace into ticks values (?, ?, ?)",
                (trigger.name, f"{trigger.expression} {trigger.zone}", tick.at.timestamp()),
            )
