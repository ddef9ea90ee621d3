"""The embedded DynamoDB-compatible engine, as a child process on loopback.

One static binary whose SQLite file survives `kill -9`. `AFTERSALES_DYNAMODB_ENDPOINT` names another
endpoint to use instead (any machine, any DynamoDB-compatible server).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from aftersales.errors import Misconfigured
from local.engine_install import engine_binary

ENDPOINT_VARIABLE = "AFTERSALES_DYNAMODB_ENDPOINT"
START_SECONDS = 10.0
"""How long an engine may take until it answers; measured: 0.2 s."""
STOP_SECONDS = 1.0
RESTART_AFTER_SECONDS = 0.5
DATABASE = "aftersales.db"
PID_FILE = "engine.pid"
ENDPOINT_FILE = "engine.url"
"""Where commands find the engine of a running desk."""


class Engine:
    """One engine process. Use it as a context manager, or call `start` and `stop`.

    `state_dir` is the folder of its database file; None keeps everything in memory. `port` 0 takes
    a free one. Raises `Misconfigured` where no engine exists for this machine or none starts.
    """

    def __init__(
        self, state_dir: Path | None, *, port: int = 0, binary: Path | None = None
    ) -> None:
        self._state_dir = state_dir
        self._port = port
        self._binary = binary
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self.restarts = 0

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        """Where it answers, such as `http://127.0.0.1:40123`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The process id, None while it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self._binary = self._binary or engine_binary()
        if self._state_dir is not None:
            self._state_dir.mkdir(parents=True, exist_ok=True)
            _end_orphan(self._state_dir / PID_FILE, self._binary)
        wanted = self._port
        for attempt in range(3):
            self._port = _free_port(wanted)
            self._launch()
            try:
                self._wait_until_it_answers()
            except Misconfigured:
                # With a port of our own choosing, another process may have taken it meanwhile.
                if wanted or attempt == 2:
                    raise
            else:
                break
        if self._state_dir is not None:
            (self._state_dir / ENDPOINT_FILE).write_text(self.endpoint, "ascii")
        self._watcher = threading.Thread(target=self._watch, name="engine-watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End the process. What was acknowledged is on disk already."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._watcher is not None:
            self._watcher.join(STOP_SECONDS)
        if self._state_dir is not None:
            (self._state_dir / PID_FILE).unlink(missing_ok=True)
            (self._state_dir / ENDPOINT_FILE).unlink(missing_ok=True)

    def _launch(self) -> None:
        command = [str(self._binary), "serve", "--host", "127.0.0.1", "--port", str(self._port)]
        log: IO[bytes] | int = subprocess.DEVNULL
        with contextlib.ExitStack() as stack:
            if self._state_dir is not None:
                command += ["--db-path", str(self._state_dir / DATABASE)]
                log = stack.enter_context((self._state_dir / "engine.log").open("wb"))
            # A session of its own: Ctrl-C in the terminal is for the runner, which ends the engine
            # after the last write.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if self._state_dir is not None:
            (self._state_dir / PID_FILE).write_text(str(self._process.pid), "ascii")

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None  # noqa: S101 - launched just before
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            if _answers(self.endpoint):
                return
            self._stopping.wait(0.02)
        self._process.kill()
        self._process.wait()
        log = "" if self._state_dir is None else f" Its log: {self._state_dir / 'engine.log'}."
        raise Misconfigured(
            f"The embedded database engine did not start on port {self._port}.{log}",
            what_to_do="Is the port taken, the disk full or the state folder read-only?",
        )

    def _watch(self) -> None:
        while not self._stopping.is_set():
            assert self._process is not None  # noqa: S101 - launched before the watch begins
            self._process.wait()
            if self._stopping.wait(RESTART_AFTER_SECONDS):
                return
            self.restarts += 1
            self._launch()
            # Where it does not come up, its process has ended and the loop tries again.
            with contextlib.suppress(Misconfigured):
                self._wait_until_it_answers()


def _answers(endpoint: str) -> bool:
    """Whether anything speaks HTTP there. A bare GET costs the engine nothing."""
    try:
        # Without proxies: a proxy of the environment must not carry loopback calls.
        with build_opener(ProxyHandler({})).open(endpoint, timeout=1.0):
            return True
    except HTTPError:
        return True
    except OSError:
        return False


def _free_port(wanted: int) -> int:
    """The wanted port, or any for 0. Raises `Misconfigured` where another process listens on it."""
    with socket.socket() as probe:
        # As servers do: a connection that is still closing does not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as exc:
            raise Misconfigured(
                f"The port {wanted} for the embedded database engine cannot be used: "
                f"{exc.strerror}.",
                what_to_do="Choose another one.",
            ) from exc
        return int(probe.getsockname()[1])


def _end_orphan(pid_file: Path, binary: Path) -> None:
    """End the engine that a killed runner left behind: it still holds the database file."""
    try:
        pid = int(pid_file.read_text("ascii"))
        # The id may belong to another program by now: end it only where it is this very binary.
        if not Path(f"/proc/{pid}/exe").samefile(binary):
            return
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError):
        return
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until and Path(f"/proc/{pid}/exe").exists():
        threading.Event().wait(0.02)
