"""What the runner itself remembers between two starts: one SQLite file beside the engine's.

Queues, objects, published messages, ticks of schedules, files of the inbox, the fast clock. Every
change is a transaction of a WAL database, so `kill -9` loses nothing that was acknowledged.
"""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from aftersales.errors import Misconfigured

FILE = "runner.db"
LOCK = "runner.lock"
WAIT_SECONDS = 5.0
SCHEMA = """
create table if not exists messages (
    id text primary key, queue text not null, body text not null, attributes text not null,
    sent_at real not null, visible_at real not null, receives integer not null default 0,
    first_received_at real, receipt text
);
create index if not exists messages_due on messages (queue, visible_at);
create table if not exists objects (
    bucket text not null, key text not null, size integer not null, etag text not null,
    headers text not null, stored_at real not null, primary key (bucket, key)
);
create table if not exists published (
    id text primary key, topic text not null, subject text not null, message text not null,
    attributes text not null, at real not null
);
create table if not exists ticks (schedule text primary key, expression text, at real not null);
create table if not exists taken_files (
    shop_id text not null, sha256 text not null, key text not null, at real not null,
    primary key (shop_id, sha256)
);
create table if not exists clock (
    id integer primary key check (id = 1), business real not null, fast integer not null
);
"""


class State:
    """The open database. Threads share one connection, one transaction at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = threading.RLock()
        self._depth = 0
        try:
            self._connection = sqlite3.connect(
                folder / FILE, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = normal")
            self._connection.executescript(SCHEMA)
        except sqlite3.Error as exc:
            raise Misconfigured(f"{folder / FILE} cannot be used: {exc}.") from exc

    def close(self) -> None:
        """Close the file. The caller's threads have ended."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; a nested one joins the outer."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("begin immediate")
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("rollback")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("commit")


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the state folder for this process. Raises `Misconfigured` where another one does.

    The lock ends with the process, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise Misconfigured(
                f"Another runner is using the state folder {folder}.",
                what_to_do="Stop it first, or name another folder with --state.",
            ) from exc
        yield
