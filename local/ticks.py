"""Which schedules are due, and what was fired already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.schedule import Rate, latest_fire, next_fire, parse, zone
from local.state import State
from local.template import Function, ScheduleTrigger


@dataclass(frozen=True, slots=True)
class Tick:
    """One firing. `count` ticks were due; this is the newest, the others are folded into it."""

    function: Function
    trigger: ScheduleTrigger
    at: datetime
    count: int = 1


class Ticks:
    """The schedules of all functions.

    A tick is remembered when its run is over, so one that was due while the runner stood still, or
    cut short by a crash, is fired at the next start: once, with the newest scheduled time. A rate
    fires at its first start; a schedule whose expression was changed starts anew.
    """

    def __init__(self, state: State, functions: Iterable[Function], now: datetime) -> None:
        self._state = state
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
        return now - timedelta(seconds=parsed.seconds) if isinstance(parsed, Rate) else now

    def due(self, now: datetime) -> list[Tick]:
        """The schedules that have become due since they were last asked for."""
        found = []
        for function, trigger in self._schedules:
            after = self._fired[trigger.name]
            at, count = latest_fire(trigger.expression, trigger.zone, after, now)
            if at is not None:
                self._fired[trigger.name] = at
                found.append(Tick(function, trigger, at, count))
        return found

    def next(self) -> datetime | None:
        """When the next schedule becomes due; None where none ever does."""
        upcoming = (
            next_fire(trigger.expression, trigger.zone, self._fired[trigger.name])
            for _, trigger in self._schedules
        )
        return min((at for at in upcoming if at is not None), default=None)

    def done(self, tick: Tick) -> None:
        """The run of a tick is over, or its retries are stored."""
        trigger = tick.trigger
        with self._state.transaction() as db:
            db.execute(
                "insert or replace into ticks values (?, ?, ?)",
                (trigger.name, f"{trigger.expression} {trigger.zone}", tick.at.timestamp()),
            )
