"""Chat robots, simulated: DingTalk, WeCom and Slack. Formats as in the alert channels reference.

What a robot accepts is read back into what an agent sees, and kept in the room's chat.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

PER_MINUTE = 20
CLOCK_SKEW_MS = 3_600_000
BODY_LIMIT_BYTES = 20_000

SEVERITIES = {"🔵": "notice", "🟡": "warn", "🔴": "alarm", "🚨": "critical", "✅": "solved"}

Post = Callable[[str, dict[str, Any]], None]
Answer = tuple[int, str]


class Robots:
    """The rooms of the demonstration. `post` keeps an accepted message of a room.

    `per_minute` is how many messages a DingTalk robot takes; more are refused with 130101.
    """

    def __init__(self, post: Post, secrets: Mapping[str, str], per_minute: int = PER_MINUTE):
        self._post = post
        self._secrets = secrets
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._sent: dict[str, deque[float]] = {}

    def dingtalk(self, query: Mapping[str, str], body: bytes) -> Answer:
        """A custom robot; its token is the room. Guarded by signature and keyword."""
        room = query.get("access_token", "")
        if room not in self._secrets:
            return _said(300005, "token is not exist")
        if len(body) > BODY_LIMIT_BYTES:
            return _said(460101, "message too long, exceed 20000 bytes")
        if not self._is_signed(query, self._secrets[room]):
            return _said(310000, "sign not match, more: [https://ding-doc.dingtalk.com]")
        if self._is_flooded(room):
            return _said(130101, "send too fast, exceed 20 times per minute")
        message = json.loads(body)
        text = message.get("markdown", {}).get("text") or message.get("text", {}).get("content", "")
        if "售后" not in text:
            return _said(310000, "keywords not in content")
        self._post(room, read_message(text))
        return _said(0, "ok")

    def wecom(self, query: Mapping[str, str], body: bytes) -> Answer:
        """A group robot; its key is the room."""
        room = query.get("key", "")
        if room not in self._secrets:
            return _said(93000, "invalid webhook url")
        if self._is_flooded(room):
            return _said(45009, "api freq out of limit")
        message = json.loads(body)
        text = message.get(message.get("msgtype", ""), {}).get("content", "")
        self._post(room, read_message(re.sub(r"</?font[^>]*>", "", text)))
        return _said(0, "ok")

    def slack(self, room: str, body: bytes) -> Answer:
        """An incoming webhook; the end of its path is the room."""
        if room not in self._secrets:
            return 403, "invalid_token"
        message = json.loads(body)
        texts = [block["text"]["text"] for block in message.get("blocks", ())]
        if texts:
            texts[0] = f"### {texts[0]}"
        self._post(room, read_message(html.unescape("\n\n".join(texts) or message["text"])))
        return 200, "ok"

    def _is_signed(self, query: Mapping[str, str], secret: str) -> bool:
        stamp = query.get("timestamp", "")
        if not stamp.isdigit() or abs(time.time() * 1000 - int(stamp)) > CLOCK_SKEW_MS:
            return False
        wanted = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
        given = query.get("sign", "").encode()
        return hmac.compare_digest(base64.b64encode(wanted), given)

    def _is_flooded(self, room: str) -> bool:
        with self._lock:
            sent = self._sent.setdefault(room, deque())
            now = time.monotonic()
            while sent and now - sent[0] >= 60:
                sent.popleft()
            if len(sent) >= self._per_minute:
                return True
            sent.append(now)
            return False


def _said(code: int, text: str) -> Answer:
    return 200, json.dumps({"errcode": code, "errmsg": text})


_STRONG = re.compile(r"^\*{1,2}([^*]+)\*{1,2}\s*[:：]?\s*")
_ID = re.compile(r"^_?ID ([A-Za-z0-9-]+)_?$")
_LINK = re.compile(
    r"\[(?P<label>[^\]]+)\]\((?P<url>https?://[^\s)]+)\)|<(?P<to>https?://[^|>\s]+)\|(?P<name>[^>]+)>"
)
"""A link of Markdown, or of Slack."""
_FACT = re.compile(r"^(?:- |• |> )(.*)$")


def read_message(text: str) -> dict[str, Any]:
    """What an agent sees: title, severity, lead, facts, sections (label, text, quoted), links
    (text, address), id."""
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    message: dict[str, Any] = {
        "title": "",
        "severity": "notice",
        "lead": "",
        "facts": [],
        "sections": [],
        "links": [],
        "alert_id": "",
    }
    for number, paragraph in enumerate(paragraphs):
        lines = []
        for line in map(str.strip, paragraph.split("\n")):
            if linked := _links(line):
                message["links"] += linked
            else:
                lines.append(line)
        if not lines:
            continue
        if number == 0:
            _read_title(message, lines[0].removeprefix("### "))
            lines = lines[1:]
            if not lines:
                continue
        if found := _ID.match(lines[0]):
            message["alert_id"] = found[1]
        elif found := _STRONG.match(lines[0]):
            rest = [lines[0][found.end() :], *lines[1:]]
            quoted = any(line.startswith("> ") for line in rest)
            told = "\n".join(line.removeprefix("> ") for line in rest if line)
            message["sections"].append({"label": found[1], "text": told, "quoted": quoted})
        elif all(_FACT.match(line) for line in lines):
            message["facts"] += [_fact(line) for line in lines]
        elif not all(line.startswith("@") or line.startswith("<") for line in lines):
            message["lead"] = "\n".join(filter(None, [message["lead"], *lines]))
    return message


def _links(line: str) -> list[list[str]]:
    """Text and address of each link in a line of nothing else; in a sentence it stays a text."""
    if _LINK.sub("", line).strip(" |"):
        return []
    return [
        [link["label"] or link["name"], link["url"] or link["to"]] for link in _LINK.finditer(line)
    ]


def _read_title(message: dict[str, Any], title: str) -> None:
    for icon, severity in SEVERITIES.items():
        if icon in title:
            message["severity"] = severity
            title = title.partition(icon)[2]
            break
    message["title"] = title.strip()


def _fact(line: str) -> list[str]:
    found = _FACT.match(line)
    text = found[1] if found else line
    label, colon, value = (
        re.split(r"(：|: )", text, maxsplit=1)
        if re.search("：|: ", text)
        else (
            "",
            "",
            text,
        )
    )
    return [label, value] if colon else ["", text]
