"""The clock that schedules follow: real time, or a fast one that goes on where it stopped."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from local.state import State

SAVE_SECONDS = 1.0


class BusinessClock:
    """Decides what `AFTERSALES_CLOCK` is set to, and remembers business time between two starts.

    A state folder that has seen a fast clock keeps its own time line for ever: its data lie in it.
    `start` is the business time of the very first start (default: now).
    """

    def __init__(self, state: State, speed: float = 1.0, start: datetime | None = None) -> None:
        self._state = state
        self.speed = speed
        with state.transaction() as db:
            known = db.execute("select business from clock where fast = 1").fetchone()
        self.is_real = known is None and speed == 1 and start is None
        self._real_start = time.time()
        if known is not None:
            self._business_start = float(known["business"])
        else:
            self._business_start = start.timestamp() if start else self._real_start
        self.save()

    @property
    def variable(self) -> str:
        """The value of `AFTERSALES_CLOCK`; "" for real time."""
        if self.is_real:
            return ""
        return f"{self._real_start!r},{self._business_start!r},{self.speed!r}"

    def now(self) -> datetime:
        """Business time."""
        return datetime.fromtimestamp(self._now(), UTC)

    def real_seconds_until(self, then: datetime) -> float:
        """How long to wait, in real seconds, until business time is `then`."""
        return max(0.0, (then.timestamp() - self._now()) / self.speed)

    def save(self, *, final: bool = False) -> None:
        """Remember how far it is. Call it every `SAVE_SECONDS`, and with `final` at the end.

        In between, the time of the next saving is written: after a crash the clock must not show a
        time again that was already acted on.
        """
        if self.is_real:
            return
        ahead = 0.0 if final else SAVE_SECONDS * 2 * self.speed
        with self._state.transaction() as db:
            db.execute("insert or replace into clock values (1, ?, 1)", (self._now() + ahead,))

    def _now(self) -> float:
        if self.is_real:
            return time.time()
        return self._business_start + (time.time() - self._real_start) * self.speed
