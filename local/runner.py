"""The one-machine runner: fires the handlers as AWS would."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aftersales.clock import business_now, wall_now
from aftersales.errors import Misconfigured
from local import environment, expiry, function_log, inbox, shelf, sns_reach
from local.buckets import StoredObject
from local.business_clock import SAVE_SECONDS, BusinessClock
from local.events import object_created
from local.invoke import Run
from local.machine import Machine
from local.report import Reporter
from local.streams import StreamTail
from local.template import DEFAULT_PREFIX, TEMPLATE, Function
from local.ticks import Tick, Ticks
from local.web import Page, Web
from local.worker import Worker

if TYPE_CHECKING:
    from rich.console import Console

    from aftersales.settings.model import Settings

STOP_SECONDS = 1.4
"""How long a stop waits for calls in work; with the engine's own stop this stays below two."""
LONGEST_NAP_SECONDS = 0.25
RESUME_SECONDS = 5.0
"""Before a thread goes on that something unforeseen has interrupted."""


class Part(Protocol):
    """Something that runs beside the functions, such as a simulator.

    `start` is called when tables and local ends answer and before any function runs: the part may
    write tables, mount pages (`runner.mount`) and set `runner.settings`. It starts its own threads.
    """

    def start(self, runner: Runner) -> None: ...

    def stop(self) -> None: ...


class Runner:
    """Runs a template's functions on this machine; a context manager.

    `speed` above 1 runs business time that much faster than real time (`start`: from then on);
    `settings` are put into the settings table; `inbox_dir` is watched for dropped files. Entering
    raises `Misconfigured` where something stands in the way: port, state folder, engine, template.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        console: Console,
        settings: Settings | None = None,
        speed: float = 1.0,
        start: datetime | None = None,
        port: int = 0,
        inbox_dir: Path | None = None,
        pages: Mapping[str, Page] | None = None,
        parts: Sequence[Part] = (),
        template_path: Path = TEMPLATE,
        prefix: str = DEFAULT_PREFIX,
    ) -> None:
        if speed <= 0:
            raise Misconfigured(f"The speed must be above 0, not {speed:g}.")
        self.machine = Machine(state_dir, template_path=template_path, prefix=prefix)
        self.state_dir = state_dir
        self.settings = settings
        self.speed = speed
        self.stopping = threading.Event()
        self.web: Web | None = None
        self.clean = True
        """After leaving: whether every call had ended. If not, threads are still at work."""
        self.watchers: list[Callable[[Run], None]] = []
        """Told of every run that is over."""
        self._console = console
        self._start = start
        self._port = port
        self.inbox_dir = inbox_dir
        self._pages: dict[str, Page] = dict(pages or {})
        self._parts = parts
        self._stack = ExitStack()
        self._threads: list[threading.Thread] = []
        self._workers: dict[str, Worker] = {}
        self._failed = 0

    # Opening: everything answers, nothing runs yet.

    def __enter__(self) -> Runner:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _open(self) -> None:
        machine, on_exit = self.machine, self._stack
        given = {name: os.environ[name] for name in sns_reach.NAMES if name in os.environ}
        on_exit.callback(machine.close)
        state = machine.open_state()
        log = on_exit.enter_context(function_log.captured(self.state_dir))
        self.report = Reporter(self._console, log=log)
        self.clock = BusinessClock(state, self.speed, self._start)
        machine.open(self.clock)
        for part in self._parts:
            on_exit.callback(part.stop)
            part.start(self)
        if self.settings is not None:
            from aftersales.tables import settings

            settings.push(self.settings)
        if not machine.topics.accepts:
            self._lead_to_sns(given)
        self.ticks = Ticks(state, machine.template.functions, business_now(), self.speed)
        machine.buckets.on_created = self._object_created

    def _lead_to_sns(self, given: Mapping[str, str]) -> None:
        from aftersales.tables import settings

        in_force = self.settings
        if in_force is None:
            if not any(table.name.endswith("-settings") for table in self.machine.template.tables):
                return
            in_force = settings.load()
        variables = sns_reach.way_out(in_force, given)
        if variables:
            self.machine.change_environment(variables)

    def mount(self, path: str, page: Page) -> None:
        """Let `page` answer at `path` and below, on this machine only."""
        self._pages[path] = page

    # Running: a thread per function, and those that watch.

    def start(self) -> None:
        """Begin to fire."""
        functions = self.machine.template.functions
        self.web = Web(functions, self._report, pages=self._pages, port=self._port)
        self._stack.callback(self.web.stop)
        self.web.start()
        # A report is opened where its message is read: on this machine.
        self._stack.enter_context(environment.applied({"REPORT_URL": self.web.url}))
        for function in functions:
            self._thread(function.logical_id, self._worker(function).run)
            self._tail_streams(function)
        self._thread("schedules", self._fire)
        self._thread("inbox", self._watch_inbox)
        self._thread("expiry", self._expire)

    def wait(self) -> None:
        """Run until `stopping` is set (by a signal handler, or another thread)."""
        while not self.stopping.wait(1.0):
            pass

    def once(self, name: str) -> bool:
        """One pass of a function, or of all functions of a package; True where every run was good.

        Scheduled functions run with the present time, a function of dropped files takes what lies
        in the inbox, and queues are drained. Raises `Misconfigured` for a name that cannot be run.
        """
        functions = self.machine.template.functions
        chosen = [f for f in functions if name in {f.logical_id, f.package}]
        if not chosen:
            known = ", ".join(sorted({f.package for f in functions}))
            raise Misconfigured(f"There is no function {name}.", what_to_do=f"Known: {known}.")
        workers = [self._worker(f, retry_ticks=False) for f in chosen if _has_passes(f)]
        if not workers:
            raise Misconfigured(
                f"{name} runs when it is called; it has no pass of its own.",
                what_to_do=f"Try {chosen[0].package}, which runs all functions of its folder.",
            )
        now = business_now().replace(second=0, microsecond=0)
        for worker in workers:
            for trigger in worker.function.schedules:
                worker.offer(Tick(worker.function, trigger, now))
            if worker.function.drops and (box := self._inbox()) is not None:
                box.look()
                self.stopping.wait(inbox.LOOK_SECONDS)
                box.look()
            while not self.stopping.is_set() and worker.work_once():
                pass
        self.report.flush(everything=True)
        return self._failed == 0

    def _report(self, run: Run) -> None:
        if not run.ok:
            self._failed += 1
        for watch in self.watchers:
            watch(run)
        self.report.run(run)

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        def guarded() -> None:
            while not self.stopping.is_set():
                try:
                    target()
                    return
                except Exception as exc:  # noqa: BLE001 - a full disk must not end the desk for good
                    self.report.warn(f"{name} was interrupted and goes on: {exc!r}")
                    self.stopping.wait(RESUME_SECONDS)

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _worker(self, function: Function, *, retry_ticks: bool = True) -> Worker:
        worker = Worker(
            function,
            queues=self.machine.queues,
            ticks=self.ticks,
            report=self._report,
            stopping=self.stopping,
            speed=self.speed,
            retry_ticks=retry_ticks,
        )
        self._workers[function.logical_id] = worker
        return worker

    def _tail_streams(self, function: Function) -> None:
        for trigger in function.streams:
            tail = StreamTail(
                function,
                trigger,
                dynamodb=self.machine.client("dynamodb"),
                streams=self.machine.client("dynamodbstreams"),
                report=self._report,
                stopping=self.stopping,
            )
            tail.open()
            self._thread(f"{function.logical_id}-stream", tail.run)

    def _fire(self) -> None:
        saved = 0.0
        while not self.stopping.is_set():
            for tick in self.ticks.due(business_now()):
                self._workers[tick.function.logical_id].offer(tick)
            if time.monotonic() - saved >= SAVE_SECONDS:
                self.clock.save()
                saved = time.monotonic()
            self.report.flush()
            following = self.ticks.next()
            nap = LONGEST_NAP_SECONDS
            if following is not None:
                nap = min(nap, self.clock.real_seconds_until(following))
            # Even at the highest speed some time passes between two looks.
            self.stopping.wait(max(nap, 0.02))

    def _expire(self) -> None:
        client = self.machine.client("dynamodb")
        while not self.stopping.wait(expiry.FIRST_AFTER_SECONDS):
            now = min(wall_now(), business_now())
            expiry.delete_expired(client, self.machine.template.tables, now)
            self.stopping.wait(expiry.EVERY_SECONDS)

    def _inbox(self) -> inbox.Inbox | None:
        functions = self.machine.template.functions
        bucket = next((drop.bucket for f in functions for drop in f.drops), None)
        if self.inbox_dir is None or bucket is None:
            return None
        return inbox.Inbox(
            self.inbox_dir,
            bucket,
            buckets=self.machine.buckets,
            state=self.machine.state,
            refuse=self.report.warn,
        )

    def _watch_inbox(self) -> None:
        box = self._inbox()
        while box is not None and not self.stopping.wait(inbox.LOOK_SECONDS):
            box.look()

    def _object_created(self, stored: StoredObject) -> None:
        shelf.lay_out(self.state_dir, self.machine.buckets, stored)
        at = datetime.fromtimestamp(stored.stored_at, UTC)
        event = object_created(stored.bucket, stored.key, stored.size, stored.etag, at)
        for function in self.machine.template.functions:
            for drop in function.drops:
                fits = stored.key.startswith(drop.prefix) and stored.key.endswith(drop.suffix)
                if drop.bucket == stored.bucket and fits:
                    worker = self._workers.get(function.logical_id) or self._worker(function)
                    worker.call(event, cause=f"file {stored.key}")

    # Stopping.

    def __exit__(self, *_: object) -> None:
        until = time.monotonic() + STOP_SECONDS
        self.stopping.set()
        for worker in self._workers.values():
            worker.wake()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self.clean = not any(thread.is_alive() for thread in self._threads)
        self.machine.keep_state_open = not self.clean
        self.report.flush(everything=True)
        self.clock.save(final=True)
        if not self.clean:
            self.report.warn("Stopped in the middle of a call; it is made again at the next start.")
        self._stack.close()


def _has_passes(function: Function) -> bool:
    return bool(function.schedules or function.queues or function.drops)
