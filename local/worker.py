"""One function at work: its ticks, its asynchronous calls and its queues, one call at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local import events
from local.invoke import Run, failed_items, failure_record, invoke
from local.queues import Message, Queues
from local.template import Function, Queue, QueueTrigger
from local.ticks import Tick, Ticks

IDLE_SECONDS = 0.5
"""How often a queue is looked at without being called: delayed messages, other processes."""
ASYNC_RETRY_SECONDS = (60.0, 120.0)
"""Lambda's pauses before the first and the second retry of an asynchronous call."""
QUEUE_RETRY_SECONDS = 10.0
"""Before a failed message comes again, times the number of its receivings; the queue's visibility
timeout is the upper limit."""


def calls_of(function: Function) -> str:
    """The name of the queue that keeps a function's asynchronous calls."""
    return f"calls-of-{function.logical_id}"


class Worker:
    """Works for one function in the thread that calls `run`; `work_once` does one call."""

    def __init__(
        self,
        function: Function,
        *,
        queues: Queues,
        ticks: Ticks,
        report: Callable[[Run], None],
        stopping: threading.Event,
        speed: float = 1.0,
        retry_ticks: bool = True,
    ) -> None:
        self.function = function
        self._queues = queues
        self._ticks = ticks
        self._report = report
        self._stopping = stopping
        self._speed = speed
        self._retry_ticks = retry_ticks
        self._lock = threading.Lock()
        self._due: dict[str, Tick] = {}
        self._wake = threading.Event()
        self._calls = calls_of(function)
        queues.add(Queue(self._calls, self._calls, function.timeout_seconds * 6))
        for name in (self._calls, *(trigger.queue for trigger in function.queues)):
            queues.listen(name, self._wake)

    def offer(self, tick: Tick) -> None:
        """A schedule is due. Ticks that find the function busy are folded into the newest."""
        with self._lock:
            waiting = self._due.get(tick.trigger.name)
            count = tick.count + (waiting.count if waiting else 0)
            self._due[tick.trigger.name] = replace(tick, count=count)
        self._wake.set()

    def wake(self) -> None:
        """Look again at once, be it to stop."""
        self._wake.set()

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stopping.is_set():
            self._wake.clear()
            if not self.work_once():
                self._wake.wait(IDLE_SECONDS)

    def work_once(self) -> bool:
        """Do the next call, if there is one, and say whether there was."""
        with self._lock:
            tick = self._due.pop(next(iter(self._due)), None) if self._due else None
        if tick is not None:
            self._run_tick(tick)
            return True
        for message in self._queues.receive(self._calls):
            self._run_call(message)
            return True
        for trigger in self.function.queues:
            messages = self._queues.receive(trigger.queue, trigger.batch_size)
            if messages:
                self._run_batch(trigger, messages)
                return True
        return False

    def _run_tick(self, tick: Tick) -> None:
        event = events.scheduled(tick.trigger, tick.at)
        cause = f"schedule {tick.at:%Y-%m-%d %H:%M} UTC"
        run = invoke(self.function, event, cause=cause, merged=tick.count - 1)
        self._report(run)
        if not run.ok and self._retry_ticks:
            self._after_failure(event, run, attempts=1)
        self._ticks.done(tick)

    def _run_call(self, message: Message) -> None:
        call = json.loads(message.body)
        run = invoke(self.function, call["event"], cause=call["cause"])
        self._report(run)
        if not run.ok:
            self._after_failure(call["event"], run, attempts=call["attempts"] + 1)
        # The retry, if there is one, is a message of its own.
        self._queues.delete(self._calls, message.receipt)

    def _after_failure(self, event: Any, run: Run, *, attempts: int) -> None:
        if attempts <= self.function.retries:
            pause = ASYNC_RETRY_SECONDS[min(attempts, len(ASYNC_RETRY_SECONDS)) - 1]
            # On a fast clock nobody wants to wait a minute; a pause it must remain.
            delay = max(1.0, pause / self._speed)
            self.call(event, cause=f"{run.cause}, again", attempts=attempts, delay_seconds=delay)
        elif self.function.on_failure:
            record = failure_record(self.function, event, run, attempts)
            self._queues.send(self.function.on_failure, record)

    def call(
        self, event: Any, *, cause: str, attempts: int = 0, delay_seconds: float = 0.0
    ) -> None:
        """Store an asynchronous call; it is made even if the runner is killed meanwhile."""
        body = {"event": event, "cause": cause, "attempts": attempts}
        self._queues.send(
            self._calls, json.dumps(body, ensure_ascii=False), delay_seconds=delay_seconds
        )

    def _run_batch(self, trigger: QueueTrigger, messages: list[Message]) -> None:
        event = events.queue_batch(trigger.queue, messages)
        count = len(messages)
        cause = "1 message" if count == 1 else f"{count} messages"
        run = invoke(self.function, event, cause=cause)
        self._report(run)
        ids = [message.message_id for message in messages]
        failed = failed_items(run, ids, partial=trigger.partial_batches)
        longest = self._queues.queue(trigger.queue).visibility_seconds
        for message in messages:
            if message.message_id not in failed:
                self._queues.delete(trigger.queue, message.receipt)
            else:
                pause = min(float(longest), QUEUE_RETRY_SECONDS * message.receives)
                self._queues.hide(trigger.queue, message.receipt, pause)
