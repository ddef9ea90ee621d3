"""How many calls a simulated platform takes, in real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """So many calls a second on average, `burst` of them at once. Safe for several threads."""

    def __init__(
        self, per_second: float, burst: float, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second, self._burst, self._seconds = per_second, burst, seconds
        self._left, self._at = burst, seconds()
        self._lock = threading.Lock()
        self.refused = 0

    def allows(self) -> bool:
        """May another call come now? Those that may not are counted in `refused`."""
        with self._lock:
            now = self._seconds()
            grown = self._left + (now - self._at) * self._per_second
            self._left, self._at = min(self._burst, grown), now
            if self._left < 1:
                self.refused += 1
                return False
            self._left -= 1
            return True
