"""The page's data: one HTML file, and one JSON document that it asks for every other second."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aftersales.clock import business_now
from local.page.runs import Runs
from local.web import PageReply, PageRequest

if TYPE_CHECKING:
    from aftersales.cases.model import Case
    from local.runner import Runner

FILE = Path(__file__).parent / "page.html"
FRESH_SECONDS = 1.5
"""Several windows share what was read this long ago."""
OPEN_CASES_SHOWN = 60


Chat = Callable[[int], list[dict[str, Any]]]


def headers_for(html: str) -> dict[str, str]:
    """Headers that let the page run its own script and style, and nothing else."""
    script, style = (_hash_of(html, tag) for tag in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }


def _hash_of(html: str, tag: str) -> str:
    content = html.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


class DeskPage:
    """A `Page` for `/`: the HTML there, the data at `/data?after=<id of the last message>`."""

    def __init__(self, runner: Runner, chat: Chat, rooms: Mapping[str, Mapping[str, str]]) -> None:
        self._runner = runner
        self._chat = chat
        self._rooms = rooms
        self._html = FILE.read_text("utf-8")
        self._headers = headers_for(self._html)
        self.runs = Runs(function.logical_id for function in runner.machine.template.functions)
        self._lock = threading.Lock()
        self._read: tuple[float, dict[str, Any]] | None = None

    def __call__(self, request: PageRequest) -> PageReply:
        if request.method not in {"GET", "HEAD"}:
            return PageReply("", status=405, headers=self._headers)
        if request.path == "/":
            return PageReply(self._html, headers=self._headers)
        if request.path != "/data":
            return PageReply("", status=404, headers=self._headers)
        after = request.query.get("after", "0")
        document = {
            "messages": self._chat(int(after) if after.isdigit() else 0),
            "rooms": self._rooms,
            "runs": self.runs.shown(),
            "now": business_now().timestamp(),
            "speed": self._runner.speed,
            **self._desk(),
        }
        text = json.dumps(document, ensure_ascii=False)
        return PageReply(text, content_type="application/json", headers=self._headers)

    def _desk(self) -> dict[str, Any]:
        """Open cases and parcels by status, read at most every `FRESH_SECONDS`."""
        with self._lock:
            if self._read is None or time.monotonic() - self._read[0] > FRESH_SECONDS:
                self._read = (time.monotonic(), self._desk_now())
            return self._read[1]

    def _desk_now(self) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError
        from pynamodb.exceptions import PynamoDBException

        from aftersales.tables import cases, parcels

        assert self._runner.settings is not None  # noqa: S101 - a demonstration has settings
        shards = range(self._runner.settings.tracking.shards)
        try:
            open_cases = list(cases.open_cases())
            watched = [parcel for n in shards for parcel in parcels.open_in_shard(n)]
            ever = self._count("parcels", "attribute_exists(#v)")
            orders = self._count("orders", "")
        except (PynamoDBException, BotoCoreError, ClientError):
            # The engine is just starting again; what was read before is still nearly right.
            return self._read[1] if self._read is not None else {}
        return {
            "open_cases": len(open_cases),
            "cases": [
                {
                    "id": case.case_id,
                    "kind": case.kind,
                    "severity": case.severity,
                    "shop": self._runner.settings.shop(case.shop_id).name if case.shop_id else "",
                    "waybill": _number_of(case),
                    "opened_at": case.opened_at.timestamp(),
                }
                for case in reversed(open_cases[-OPEN_CASES_SHOWN:])
            ],
            "parcels": dict(Counter(str(parcel.status) for parcel in watched).most_common()),
            "watched": len(watched),
            "ended": max(0, ever - len(watched)),
            "orders": orders,
        }

    def _count(self, table: str, condition: str) -> int:
        """How many items a table holds. A scan: the tables of a demonstration are small."""
        name = next(
            t.name for t in self._runner.machine.template.tables if t.name.endswith(f"-{table}")
        )
        query: dict[str, Any] = {"TableName": name, "Select": "COUNT"}
        if condition:
            query |= {
                "FilterExpression": condition,
                "ExpressionAttributeNames": {"#v": "version"},
            }
        total = 0
        for found in self._client().get_paginator("scan").paginate(**query):
            total += int(found["Count"])
        return total

    def _client(self) -> Any:
        if not hasattr(self, "_dynamodb"):
            self._dynamodb = self._runner.machine.client("dynamodb")
        return self._dynamodb


def _number_of(case: Case) -> str:
    """What people look a case up by: its waybill, else its order, else its file."""
    known = ("waybill_number", "order_ids", "file")
    return next((str(case.facts[name]) for name in known if case.facts.get(name)), "")
