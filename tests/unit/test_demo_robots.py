"""The simulated robots: guarded as the vendors guard theirs, and read back as an agent reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec.structs import replace

from aftersales.channels.base import OutcomeKind
from aftersales.channels.registry import build_channel
from aftersales.clock import wall_now
from aftersales.findings import Severity
from aftersales.http import HttpReply, HttpRequest
from aftersales.messages.base import Button, Field, Labels, Message
from aftersales.settings.model import Target
from local.page.page import FILE, headers_for
from local.simulators.demo_settings import ROOMS
from local.simulators.frames import frame
from local.simulators.memory import ChatLog, open_world
from local.simulators.robots import PER_MINUTE, Robots
from local.simulators.simulation import Simulation
from local.state import State
from local.topics import Topics

ROOM, SECRET = "agents", "SECroom"
MESSAGE = Message(
    alert_id="7K3M9QW2-1",
    title="买家拒收",
    severity=Severity.ALARM,
    what="买家在门口拒收了包裹。",
    why="退回途中容易丢件。",
    todo="联系买家问清原因。",
    until="11月24日 08:45",
    fields=(Field("单号", "YT0000000000001"), Field("最后一次扫描", "11月22日 10:00：拒收")),
    buyer_text="您好，<b>包裹</b>退回中。",
    buttons=(Button("查看订单", "https://shop.example.com/orders/1?a=1&b=2"),),
    labels=Labels("影响", "处理", "期限", "可以这样回复买家", "级别", "还有 {count} 项"),
)


class Rooms:
    """Robots behind a wire, and what they posted."""

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.robots = Robots(
            lambda room, message: self.posted.append((room, message)), {ROOM: SECRET}, per_minute
        )

    def carry(self, request: HttpRequest) -> HttpReply:
        parts = urlsplit(request.url)
        query = dict(parse_qsl(parts.query))
        vendor, _, rest = parts.path.strip("/").partition("/")
        if vendor == "slack":
            status, said = self.robots.slack(rest, request.body)
        else:
            status, said = getattr(self.robots, vendor)(query, request.body)
        return HttpReply(status, said.encode())

    def send(self, kind: str, url: str, message: Message = MESSAGE, **values: Any) -> Any:
        target = Target(kind=kind, url=f"http://127.0.0.1/{url}", **values)
        return build_channel(target, lambda name: name, self.carry).send(message, wall_now())


SENT = {
    "dingtalk": {"url": f"dingtalk/send?access_token={ROOM}", "sign_secret": SECRET},
    "wecom": {"url": f"wecom/send?key={ROOM}"},
    "slack": {"url": f"slack/{ROOM}"},
}


@pytest.mark.parametrize("kind", SENT)
@pytest.mark.parametrize("solved", [False, True])
def test_what_a_channel_sends_is_read_back_as_it_was_meant(kind: str, solved: bool) -> None:
    rooms = Rooms()
    message = replace(MESSAGE, solved=solved)
    assert rooms.send(kind, message=message, **SENT[kind]).delivered
    ((room, seen),) = rooms.posted
    assert room == ROOM
    assert seen["title"] == "买家拒收"
    assert seen["severity"] == ("solved" if solved else "alarm")
    assert seen["lead"] == "买家在门口拒收了包裹。"
    assert seen["facts"] == [
        ["单号", "YT0000000000001"],
        ["最后一次扫描", "11月22日 10:00：拒收"],
    ]
    assert [(part["label"], part["quoted"]) for part in seen["sections"]] == [
        ("影响", False),
        ("处理", False),
        ("期限", False),
        ("可以这样回复买家", True),
    ]
    assert seen["sections"][2]["text"] == "11月24日 08:45"
    assert seen["links"] == [["查看订单", "https://shop.example.com/orders/1?a=1&b=2"]]
    assert seen["alert_id"] == "7K3M9QW2-1"


def test_the_dingtalk_robot_checks_signature_token_and_keyword() -> None:
    rooms = Rooms()
    url = f"dingtalk/send?access_token={ROOM}"
    for values in ({"sign_secret": "SECother"}, {}):
        assert rooms.send("dingtalk", url, **values).code == "310000"
    strange = rooms.send("dingtalk", "dingtalk/send?access_token=other", sign_secret=SECRET)
    assert strange.code == "300001" or strange.code == "300005"
    old = {"access_token": ROOM, "timestamp": "1700000000000", "sign": "x"}
    assert json.loads(rooms.robots.dingtalk(old, b"{}")[1])["errcode"] == 310000
    assert rooms.posted == []


def test_the_dingtalk_robot_takes_twenty_messages_a_minute_and_no_more() -> None:
    rooms = Rooms()
    outcomes = [rooms.send("dingtalk", **SENT["dingtalk"]) for _ in range(PER_MINUTE + 1)]
    assert all(outcome.delivered for outcome in outcomes[:-1])
    assert outcomes[-1].kind is OutcomeKind.RATE_LIMITED
    assert outcomes[-1].code == "130101"
    assert len(rooms.posted) == PER_MINUTE


def test_slack_and_wecom_refuse_addresses_that_nobody_has() -> None:
    rooms = Rooms()
    assert rooms.send("slack", "slack/other").kind is OutcomeKind.BAD_CONFIG
    assert rooms.send("wecom", "wecom/send?key=other").kind is OutcomeKind.BAD_CONFIG


def test_the_chat_is_kept_and_told_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    now = datetime(2026, 3, 9, tzinfo=UTC)
    told = []
    state = State(tmp_path)
    open_world(state, now)
    chat = ChatLog(state, lambda: now)
    chat.listeners.append(told.append)
    chat.post(ROOM, {"title": "one"})
    state.close()
    state = State(tmp_path)
    world = open_world(state, now + timedelta(days=3))
    again = ChatLog(state, lambda: now)
    again.post(ROOM, {"title": "two"})
    assert world.origin == now
    assert [m["title"] for m in again.after(0)] == ["one", "two"]
    assert [m["title"] for m in again.after(told[0]["id"])] == ["two"]
    state.close()


def test_a_text_to_a_buyer_is_shown_in_a_room_of_its_own_and_its_number_is_not(
    tmp_path: Path,
) -> None:
    state = State(tmp_path)
    open_world(state, datetime(2026, 11, 3, tzinfo=UTC))
    simulation, topics = Simulation(), Topics(state)
    simulation.chat = ChatLog(state, wall_now)
    topics.listeners.append(simulation.show_text)
    form = "Action=Publish&PhoneNumber=%2B447700900123&Message=Lumen+Store%3A+your+order+4108"
    assert topics.answer(form.encode())[0] == 200
    topics.publish("arn:aws:sns:us-east-1:000000000000:duty", "an alert", "", {})
    (shown,) = simulation.chat.after(0)
    assert shown["room"] in ROOMS
    assert shown["title"] == "SMS → +44***23"
    assert shown["lead"] == "Lumen Store: your order 4108"
    assert "900123" not in str(frame(shown, ROOMS).renderable) + str(shown)
    state.close()


def test_a_frame_shows_courier_texts_as_they_are_and_never_as_markup() -> None:
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=100)
    message = {
        "room": ROOM, "at": 1.8e9, "title": "[red]标题[/red]", "severity": "alarm",
        "lead": "[bold]x[/bold]", "facts": [["单号", "YT1"]],
        "sections": [{"label": "处理", "text": "[link=x]y", "quoted": False}],
    }  # fmt: skip
    console.print(frame(message, {ROOM: {"name": "群", "app": "DingTalk"}}))
    shown = console.file.getvalue()
    for text in ("[red]标题[/red]", "[bold]x[/bold]", "[link=x]y", "DingTalk"):
        assert text in shown


def test_the_page_needs_nothing_from_outside_and_makes_no_markup_of_texts() -> None:
    html = FILE.read_text("utf-8")
    for forbidden in ("http://", "https://", "innerHTML", "insertAdjacentHTML", "eval(", " style="):
        assert forbidden not in html
    policy = headers_for(html)["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert headers_for(html + "<!-- -->") == headers_for(html)
    assert headers_for(html.replace("</script>", " </script>")) != headers_for(html)
