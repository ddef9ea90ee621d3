"""The demonstration as a newcomer starts it: real engine, real handlers, real HTTP on loopback."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from local.page.page import OPEN_CASES_SHOWN
from local.runner import Runner
from local.simulators.demo_settings import ABROAD_ROOM, HOME_ROOM
from local.simulators.simulation import Simulation

SPEED = 3600.0
"""A second is an hour: the first problems show within a few seconds."""
SHOWN_AT_ONCE = 200
"""So many messages, the newest ones, are shown by the page and remembered by a new start."""
PATIENCE_SECONDS = 120.0
"""A busy machine needs long for what an idle one does in a few seconds; nobody else waits."""


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look again and again until the condition holds; other threads do the work."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, f"in vain: {what}"
        threading.Event().wait(0.05)


def fetch(url: str, host: str = "") -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5.0) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(), dict(refused.headers)


def alerts_written(runner: Runner) -> set[str]:
    """The alerts that the desk has ever put into its outbox."""
    name = next(t.name for t in runner.machine.template.tables if t.name.endswith("-outbox"))
    pages = runner.machine.client("dynamodb").get_paginator("scan").paginate(TableName=name)
    ids = [item["delivery_id"]["S"] for page in pages for item in page["Items"]]
    return {delivery_id.partition(":")[0] for delivery_id in ids}


class Room:
    """What the simulated robots have received, from the moment this was made.

    The simulation's own chat shows the newest messages only: on a slow machine, more come while the
    test waits.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._received = list(simulation.chat.after(0))
        simulation.chat.listeners.append(self._received.append)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self._received)

    @property
    def alert_ids(self) -> set[str]:
        return {message["alert_id"] for message in self.messages}


def test_varied_alerts_reach_the_robots_and_a_killed_engine_loses_none(
    tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    simulation, terminal = Simulation(), io.StringIO()
    runner = Runner(
        tmp_path,
        console=Console(file=terminal, width=100),
        speed=SPEED,
        inbox_dir=tmp_path / "inbox",
        parts=(simulation,),
    )
    with runner:
        room = Room(simulation)
        runner.start()
        wait_until(lambda: len(room.messages) >= 3, "the first alerts")

        os.kill(int((tmp_path / "engine.pid").read_text("ascii")), signal.SIGKILL)
        before = len(room.messages)
        wait_until(lambda: len(room.messages) >= before + 4, "alerts after the engine was killed")
        written = alerts_written(runner)
        wait_until(lambda: written <= room.alert_ids, "every alert of the outbox in the chat")

        def told(what: str) -> set[str]:
            return {message[what] for message in room.messages}

        wait_until(lambda: {HOME_ROOM, ABROAD_ROOM} <= told("room"), "an alert in each room")
        assert len(told("title")) >= 5
        assert simulation.seventeentrack.throttled == 0

        assert runner.web is not None
        status, body, _ = fetch(f"{runner.web.url}/data?after=0")
        shown = json.loads(body)
        assert status == 200
        newest = {message["id"] for message in room.messages[-SHOWN_AT_ONCE // 2 :]}
        assert {message["id"] for message in shown["messages"]} & newest

        def watched() -> int:
            return int(json.loads(fetch(f"{runner.web.url}/data?after=0")[1])["watched"])

        # Reviews bring the first alerts, before many parcels are known.
        wait_until(lambda: watched() > 40, "the shops' parcels")
        assert min(shown["open_cases"], OPEN_CASES_SHOWN) == len(shown["cases"]) > 0
        assert sum(shown["parcels"].values()) == shown["watched"]

        def changed() -> int:
            runs = json.loads(fetch(f"{runner.web.url}/data?after=0")[1])["runs"]
            swept = [run["covered"] for run in runs if run["function"] == "ParcelTrackerSweep"]
            return sum(covered.get("changed", 0) for covered in swept)

        # A sweep for which nothing is due says no more than its shard.
        wait_until(lambda: changed() > 0, "a sweep that changed parcels")

        status, _, headers = fetch(f"{runner.web.url}/")
        assert status == 200
        assert "'unsafe-inline'" not in headers["content-security-policy"]
        assert fetch(f"{runner.web.url}/data", host="shop.example")[0] == 403

    said = terminal.getvalue()
    assert room_titles(terminal_text=said, messages=shown["messages"]) >= 3
    assert_nothing_personal(shown["messages"])

    before = room.messages
    again = Runner(
        tmp_path,
        console=Console(file=io.StringIO(), width=100),
        speed=SPEED,
        inbox_dir=tmp_path / "inbox",
        parts=(second := Simulation(),),
    )
    with again:
        later = Room(second)
        assert second.world.origin == simulation.world.origin
        kept = {message["id"] for message in later.messages}
        assert kept >= {message["id"] for message in before[-SHOWN_AT_ONCE // 2 :]}
        again.start()
        known = before[-1]["id"]
        wait_until(lambda: later.messages[-1]["id"] > known, "the second start to go on")


def room_titles(terminal_text: str, messages: list[dict[str, Any]]) -> int:
    """How many of the messages' titles were printed."""
    return sum(message["title"] in terminal_text for message in messages)


def assert_nothing_personal(messages: list[dict[str, Any]]) -> None:
    text = json.dumps(messages, ensure_ascii=False)
    assert "13800000000" not in text
    assert "13900000000" not in text
