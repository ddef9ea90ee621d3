"""Local queues with the promises of SQS: at least once, invisible while in work, dead letters."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aftersales.errors import BadInput
from local.state import State
from local.template import Queue

BODY_LIMIT_BYTES = 1024 * 1024
"""SQS: 1 MiB since January 2026."""


@dataclass(frozen=True, slots=True)
class Message:
    """A received message. `receipt` belongs to this receiving only; times are epoch seconds."""

    message_id: str
    body: str
    attributes: Mapping[str, Any]
    receipt: str
    receives: int
    sent_at: float
    first_received_at: float


class UnknownQueue(BadInput):
    """No queue of that name is in the template."""


class Queues:
    """The queues of a template over the runner's state."""

    def __init__(
        self, state: State, queues: Iterable[Queue], *, now: Callable[[], float] = time.time
    ) -> None:
        self._state = state
        self._queues = {queue.name: queue for queue in queues}
        self._now = now
        self._listeners: dict[str, list[threading.Event]] = {}

    def add(self, queue: Queue) -> None:
        """One more queue, such as that of a function's asynchronous calls."""
        self._queues[queue.name] = queue

    def queue(self, name: str) -> Queue:
        """The queue of that name. Raises `UnknownQueue`."""
        if name not in self._queues:
            raise UnknownQueue("no such queue in the template", place=name)
        return self._queues[name]

    def listen(self, name: str, event: threading.Event) -> None:
        """Set `event` whenever a message arrives in that queue by this process."""
        self._listeners.setdefault(name, []).append(event)

    def send(
        self,
        name: str,
        body: str,
        *,
        delay_seconds: float | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> str:
        """Store a message and return its id. Raises `UnknownQueue`, `BadInput` (too long)."""
        queue = self.queue(name)
        if not body or len(body.encode()) > BODY_LIMIT_BYTES:
            raise BadInput(f"a message has 1 to {BODY_LIMIT_BYTES} bytes", place=name)
        now = self._now()
        delay = queue.delay_seconds if delay_seconds is None else delay_seconds
        message_id = str(uuid.uuid4())
        with self._state.transaction() as db:
            db.execute(
                "insert into messages (id, queue, body, attributes, sent_at, visible_at)"
                " values (?, ?, ?, ?, ?, ?)",
                (message_id, name, body, json.dumps(dict(attributes or {})), now, now + delay),
            )
        for listener in self._listeners.get(name, ()):
            listener.set()
        return message_id

    def receive(
        self, name: str, limit: int = 1, *, visibility_seconds: float | None = None
    ) -> list[Message]:
        """Up to `limit` visible messages, oldest first, which become invisible for a while.

        A message received too often goes to the dead-letter queue instead. Raises `UnknownQueue`.
        """
        queue = self.queue(name)
        now = self._now()
        hidden = queue.visibility_seconds if visibility_seconds is None else visibility_seconds
        found: list[Message] = []
        with self._state.transaction() as db:
            if queue.dead_letters and queue.max_receives:
                self._bury(db, queue, now)
            rows = db.execute(
                "select * from messages where queue = ? and visible_at <= ?"
                " order by sent_at, rowid limit ?",
                (name, now, limit),
            ).fetchall()
            for row in rows:
                receipt = f"{row['id']}~{uuid.uuid4().hex}"
                first = row["first_received_at"] or now
                db.execute(
                    "update messages set visible_at = ?, receives = receives + 1, receipt = ?,"
                    " first_received_at = ? where id = ?",
                    (now + hidden, receipt, first, row["id"]),
                )
                found.append(_message(row, receipt, first))
        return found

    def _bury(self, db: sqlite3.Connection, queue: Queue, now: float) -> None:
        db.execute(
            "update messages set queue = ?, receives = 0, first_received_at = null, receipt = null"
            " where queue = ? and visible_at <= ? and receives >= ?",
            (queue.dead_letters, queue.name, now, queue.max_receives),
        )

    def delete(self, name: str, receipt: str) -> None:
        """Forget a message that is done. A receipt of an earlier receiving does nothing."""
        with self._state.transaction() as db:
            db.execute("delete from messages where queue = ? and receipt = ?", (name, receipt))

    def hide(self, name: str, receipt: str, seconds: float) -> None:
        """Make a received message visible again after `seconds` from now; 0 is at once."""
        with self._state.transaction() as db:
            db.execute(
                "update messages set visible_at = ? where queue = ? and receipt = ?",
                (self._now() + seconds, name, receipt),
            )

    def release_all(self) -> None:
        """At a start: nobody works on the messages that an ended runner had received."""
        with self._state.transaction() as db:
            db.execute(
                "update messages set visible_at = ? where receipt is not null and visible_at > ?",
                (self._now(), self._now()),
            )

    def counts(self, name: str) -> tuple[int, int, int]:
        """How many messages of a queue are visible, in work and delayed."""
        now = self._now()
        with self._state.transaction() as db:
            row = db.execute(
                "select coalesce(sum(visible_at <= ?), 0) as visible,"
                " coalesce(sum(visible_at > ? and receipt is not null), 0) as in_work,"
                " coalesce(sum(visible_at > ? and receipt is null), 0) as late"
                " from messages where queue = ?",
                (now, now, now, name),
            ).fetchone()
        return row["visible"], row["in_work"], row["late"]


def _message(row: sqlite3.Row, receipt: str, first_received_at: float) -> Message:
    return Message(
        message_id=row["id"],
        body=row["body"],
        attributes=json.loads(row["attributes"]),
        receipt=receipt,
        receives=row["receives"] + 1,
        sent_at=row["sent_at"],
        first_received_at=first_received_at,
    )
