"""A chat message in the terminal: a frame in the colour of its severity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.panel import Panel

COLOURS = {
    "notice": "blue",
    "warn": "yellow",
    "alarm": "red",
    "critical": "bold red",
    "solved": "green",
}
WIDTH = 100


def frame(message: Mapping[str, Any], rooms: Mapping[str, Mapping[str, str]]) -> Panel:
    """What an agent sees of a message. Texts are data: nothing in them is markup."""
    from rich.panel import Panel
    from rich.text import Text

    colour = COLOURS.get(message["severity"], "white")
    body = Text(overflow="fold")
    if message["lead"]:
        body.append(message["lead"])
    facts = [f"{label} {value}".strip() for label, value in message["facts"]]
    if facts:
        body.append("\n" if body.plain else "").append(" · ".join(facts), style="dim")
    for section in message["sections"]:
        body.append("\n" if body.plain else "").append(f"{section['label']} ", style="bold")
        body.append(section["text"], style="italic" if section["quoted"] else "")
    for label, address in message.get("links", ()):
        body.append("\n" if body.plain else "").append(f"{label}: {address}", style="underline")
    room = rooms.get(message["room"], {})
    at = datetime.fromtimestamp(message["at"], UTC)
    where = f"{room.get('app', '')} · {room.get('name', message['room'])} · {at:%m-%d %H:%M} UTC"
    return Panel(
        body,
        title=Text(message["title"], style=f"bold {colour}"),
        title_align="left",
        subtitle=Text(where, style="dim"),
        subtitle_align="right",
        border_style=colour,
        width=WIDTH,
    )
