"""What the simulators remember between two starts, in tables of their own in the runner's state."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local.simulators.world import World
from local.state import State

SEED = "guanju-1"
TABLES = (
    "create table if not exists simulation "
    "(id integer primary key check (id = 1), seed text not null, origin real not null)",
    "create table if not exists registered "
    "(number text primary key, carrier text not null, tag text not null, told integer not null)",
    "create table if not exists chat (id integer primary key autoincrement, room text not null, "
    "at real not null, message text not null)",
)
KEPT_MESSAGES = 2000

Listener = Callable[[dict[str, Any]], None]


def open_world(state: State, now: datetime) -> World:
    """The world of this state folder; at the first start it begins `now`."""
    with state.transaction() as db:
        for table in TABLES:
            db.execute(table)
        db.execute(
            "insert or ignore into simulation values (1, ?, ?)",
            (SEED, now.replace(microsecond=0).timestamp()),
        )
        row = db.execute("select seed, origin from simulation").fetchone()
    return World(row["seed"], datetime.fromtimestamp(row["origin"], UTC))


class Registered:
    """The numbers that 17TRACK follows, and how many scans it has pushed of each."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, number: str, carrier: str, tag: str) -> bool:
        """Follow a number. False where it is followed already."""
        with self._state.transaction() as db:
            done = db.execute(
                "insert or ignore into registered values (?, ?, ?, 0)", (number, carrier, tag)
            )
            return done.rowcount == 1

    def all(self) -> list[tuple[str, str, str, int]]:
        """(number, carrier, tag, scans told) of each."""
        with self._state.transaction() as db:
            rows = db.execute("select number, carrier, tag, told from registered").fetchall()
        return [tuple(row) for row in rows]

    def told(self, number: str, scans: int) -> None:
        """So many scans of a number were pushed and accepted."""
        with self._state.transaction() as db:
            db.execute("update registered set told = ? where number = ?", (scans, number))


class ChatLog:
    """The messages that robots have posted, each in the room of its robot."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        self._state = state
        self._now = now
        self.listeners: list[Listener] = []

    def post(self, room: str, message: dict[str, Any]) -> None:
        """Keep a message and tell those who listen. `at` is business time."""
        at = self._now().timestamp()
        with self._state.transaction() as db:
            added = db.execute(
                "insert into chat (room, at, message) values (?, ?, ?)",
                (room, at, json.dumps(message, ensure_ascii=False)),
            )
            number = added.lastrowid or 0
            db.execute("delete from chat where id <= ?", (number - KEPT_MESSAGES,))
        for tell in self.listeners:
            tell({"id": number, "room": room, "at": at, **message})

    def after(self, number: int, limit: int = 200) -> list[dict[str, Any]]:
        """The newest `limit` messages with an id above `number`, oldest first."""
        with self._state.transaction() as db:
            rows = db.execute(
                "select * from chat where id > ? order by id desc limit ?", (number, limit)
            ).fetchall()
        return [
            {"id": r["id"], "room": r["room"], "at": r["at"], **json.loads(r["message"])}
            for r in reversed(rows)
        ]
