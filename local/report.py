"""What the terminal shows: a line per run, or for the runs of a function in the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.invoke import Run

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

FOLD_SECONDS = 2.0
"""Runs of a function within this time share a line: shards of one sweep, ticks of a fast clock."""
LEVELS = ("pending", "shards")
"""Facts that say how much there is, not how much was done: the newest value counts. So do all
whose name ends with `_seconds`. The others are added up."""
SAYS_WHICH = ("shard", "feed", "shop_id")
"""Facts that say what a record was about; without meaning once several are added up."""


@dataclass
class _Pending:
    runs: int = 0
    merged: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)
    cause: str = ""
    seconds: float = 0.0


class Reporter:
    """Prints runs. `every_seconds` 0 prints each by itself. Safe to call from all threads."""

    def __init__(
        self, console: Console, *, every_seconds: float = FOLD_SECONDS, log: Path | None = None
    ) -> None:
        self._console = console
        self.every_seconds = every_seconds
        self._log = log
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}

    def run(self, run: Run) -> None:
        """A run is over."""
        if run.over_time:
            self.warn(f"{run.function} took {run.seconds:.0f} s; on Lambda it would be cut off.")
        if not run.ok:
            self._failed(run)
            return
        facts = facts_of(run.result)
        with self._lock:
            pending = self._pending.setdefault(run.function, _Pending())
            pending.runs += 1
            pending.merged += run.merged
            pending.seconds += run.seconds
            pending.cause = run.cause
            pending.facts = added_up([pending.facts, facts]) if pending.facts else facts
        self.flush()

    def flush(self, *, everything: bool = False) -> None:
        """Print what has waited long enough."""
        now = time.monotonic()
        with self._lock:
            for name, pending in list(self._pending.items()):
                if everything or now - pending.since >= self.every_seconds:
                    self._print(name, self._pending.pop(name))

    def show(self, block: RenderableType) -> None:
        """Something larger than a line, such as a message in a frame."""
        self._console.print(block)

    def say(self, text: str) -> None:
        """A line of the runner itself."""
        self._line(text)

    def warn(self, text: str) -> None:
        """Something to look at."""
        self._line(text, "yellow")

    def _failed(self, run: Run) -> None:
        place = ""
        if run.trace and self._log is not None:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{run.function} {run.request_id}\n{run.trace}")
            place = f" (see {self._log})"
        self._line(f"{run.function} failed, {run.cause}: {run.error}{place}", "red")

    def _print(self, name: str, pending: _Pending) -> None:
        what = pending.cause if pending.runs == 1 else f"{pending.runs} runs"
        if pending.merged:
            ticks = "tick" if pending.merged == 1 else "ticks"
            what += f" ({pending.merged} late {ticks} merged)"
        facts = readable(pending.facts)
        if not any(pending.facts[name] for name in pending.facts if name not in SAYS_WHICH):
            facts = f"{facts}, nothing to do" if facts else "nothing to do"
        self._line(f"{name:<22} {what}: {facts}  {pending.seconds:.2f} s")

    def _line(self, text: str, style: str = "") -> None:
        now = datetime.now().astimezone()
        self._console.print(f"{now:%H:%M:%S} {text}", style=style, markup=False, soft_wrap=True)


def facts_of(result: Any) -> dict[str, Any]:
    """What a handler's result says it covered, flat. Records of a batch are added up."""
    if not isinstance(result, Mapping):
        return {} if result is None else {"result": result}
    facts: dict[str, Any] = {}
    for name, value in result.items():
        if name == "batchItemFailures":
            facts["failed"] = len(value or ())
        elif name == "statusCode":
            facts[f"answered_{value}"] = 1
        elif name in {"headers", "body", "cookies", "isBase64Encoded"}:
            continue
        elif isinstance(value, Mapping):
            facts.update(facts_of(value))
        elif isinstance(value, list):
            records = [facts_of(one) for one in value if isinstance(one, Mapping)]
            if records:
                facts.update(added_up(records) if len(records) > 1 else records[0])
            elif value:
                facts[name] = len(value)
        else:
            facts[name] = value
    return facts


def added_up(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of several records or runs together."""
    total: dict[str, Any] = {}
    for record in records:
        for name, value in record.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if name in SAYS_WHICH:
                continue
            if is_number and name not in LEVELS and not name.endswith("_seconds"):
                total[name] = total.get(name, 0) + value
            else:
                total[name] = value
    return total


def readable(facts: Mapping[str, Any]) -> str:
    """The facts that are not zero or empty, as `12 asked, 3 changed, lag seconds 40`."""
    parts = []
    for name, value in facts.items():
        words = name.replace("_", " ")
        if value in ("", None) or (not value and name not in SAYS_WHICH):
            continue
        if value is True:
            parts.append(words)
        elif isinstance(value, int) and name not in SAYS_WHICH and not name.endswith("_seconds"):
            parts.append(f"{value:,} {words}")
        else:
            parts.append(f"{words} {value:,}" if isinstance(value, int) else f"{words} {value}")
    return ", ".join(parts)
