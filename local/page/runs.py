"""What each function did last, for the page."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any

from aftersales.clock import business_now
from local.invoke import Run
from local.report import added_up, facts_of

SUMMED_SECONDS = 20.0
"""What is shown of a function: its runs of so long."""


class Runs:
    """Remembers the latest runs of each function. Safe for several threads."""

    def __init__(self, functions: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._recent: dict[str, deque[tuple[float, dict[str, Any]]]] = {
            name: deque(maxlen=500) for name in functions
        }
        self._last: dict[str, tuple[float, str, float]] = {}
        self._count: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()

    def add(self, run: Run) -> None:
        """A run is over."""
        with self._lock:
            self._count[run.function] += 1
            self._failed[run.function] += 0 if run.ok else 1
            self._last[run.function] = (business_now().timestamp(), run.cause, run.seconds)
            facts = facts_of(run.result) if run.ok else {"failed": 1}
            self._recent.setdefault(run.function, deque(maxlen=500)).append(
                (time.monotonic(), facts)
            )

    def shown(self) -> list[dict[str, Any]]:
        """One entry per function, in the template's order; `covered`: its newest runs together."""
        since = time.monotonic() - SUMMED_SECONDS
        with self._lock:
            return [
                {
                    "function": name,
                    "runs": self._count[name],
                    "failed": self._failed[name],
                    "last_at": self._last[name][0] if name in self._last else None,
                    "seconds": round(self._last[name][2], 3) if name in self._last else None,
                    "covered": added_up(facts for at, facts in recent if at >= since),
                }
                for name, recent in self._recent.items()
            ]
