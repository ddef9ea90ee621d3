"""Import and first invocation of each handler in a fresh process, against boto3 with one client.

    python -m benchmarks.cold_start [--runs 15] [--only parcel_tracker.app.push_handler]

The deployed tree (functions and shared layer) is copied; all bytecode is there beforehand, as it is
on Lambda. Each process does what Lambda does at a cold start: import the module, call the handler
once. The engine, the queue, the drop bucket, the tracking source and the robot answer on loopback.
Both sides are measured inside the process, from its first line on, one after the other in turn.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.measuring import Database, a_parcel, database, median, report, result, settings_for

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
GOAL = 1.25
KEY = "made-up-key"

CHILD = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import importlib, json, sys
task = json.load(open(sys.argv[1], encoding="utf-8"))
if task["handler"] == "boto3":
    import boto3
    boto3.client("dynamodb")
    imported, answer = time.perf_counter(), None
else:
    class Context:
        function_name = "measured"
        memory_limit_in_mb = 512
        invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:measured"
        aws_request_id = "00000000-0000-4000-8000-000000000000"
        def get_remaining_time_in_millis(self):
            return 60000
    module, _, name = task["handler"].rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    imported = time.perf_counter()
    answer = handler(task["event"], Context())
end, end_cpu = time.perf_counter(), time.process_time()
measured = {"ms": (end - wall) * 1000, "import_ms": (imported - wall) * 1000,
            "cpu_ms": (end_cpu - cpu) * 1000, "modules": len(sys.modules), "answer": answer}
sys.stdout.write("\\n" + json.dumps(measured, default=str) + "\\n")
"""


@dataclass(frozen=True)
class Handler:
    """A handler, the state it finds, its event, and a sign in its answer that it did its work."""

    name: str
    seed: Callable[[], Any]
    event: Callable[[Any], dict[str, Any]]
    did_its_work: Callable[[Any], bool]


class _Outside(BaseHTTPRequestHandler):
    """SQS, S3, 17TRACK and a DingTalk robot, all in one."""

    protocol_version = "HTTP/1.1"
    files: bytes = b""

    def do_GET(self) -> None:
        self._answer(self.files, "text/csv")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.endswith("/gettrackinfo"):
            said: Any = {"code": 0, "data": {"accepted": [_told(i) for i in json.loads(body)]}}
        elif self.path.startswith("/robot"):
            said = {"errcode": 0, "errmsg": "ok"}
        else:
            entries = json.loads(body).get("Entries", ())
            said = {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in entries]}
        self._answer(json.dumps(said).encode(), "application/json")

    def _answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def _told(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": item["number"],
        "carrier": item.get("carrier", 190157),
        "track_info": {
            "latest_status": {"status": "InTransit", "sub_status": "InTransit_Other"},
            "tracking": {
                "providers": [
                    {
                        "events": [
                            {
                                "time_utc": "2026-11-03T04:00:00Z",
                                "description": "快件已到达【武汉转运中心】",
                                "sub_status": "InTransit_Arrival",
                            },
                            {
                                "time_utc": "2026-11-03T03:00:00Z",
                                "description": "快件已揽收",
                                "sub_status": "InTransit_PickedUp",
                            },
                        ]
                    }
                ]
            },
        },
    }


def _export() -> bytes:
    header = "订单编号,订单状态,订单付款时间,发货时间,快递单号,快递公司"
    rows = [
        f"{2_605_170_000_000_000_000 + n},卖家已发货，等待买家确认,2026-11-02 09:12:00,"
        f"2026-11-03 10:00:00,YT{8_800_000_000_000 + n},圆通速递"
        for n in range(3)
    ]
    return "\n".join([header.replace("订单状态", "交易状态"), *rows]).encode()


def _add_parcel() -> None:
    from aftersales.tables import parcels

    now = datetime.now(UTC)
    parcel = a_parcel(1, added_at=now - timedelta(minutes=5), shipped_at=now - timedelta(hours=5))
    parcels.add(parcel, shards=1)


def _open_case() -> dict[str, Any]:
    """A case with its delivery in the outbox; returns the delivery's image."""
    from aftersales.cases.casebook import Casebook
    from aftersales.findings import Finding, Severity
    from aftersales.tables import outbox, settings
    from aftersales.tables.connection import binding

    facts: dict[str, str | int | None] = {
        "order_ids": "2605170000000000001",
        "courier": "yto",
        "waybill_number": "YT8800000000001",
        "last_event_at": "2026-11-03T04:00:00Z",
        "last_event_text": "快件已到达【武汉转运中心】",
        "since": "2026-11-03T04:00:00Z",
        "hours": 50,
        "threshold_hours": 48,
    }
    finding = Finding("stalled", "parcel:YT8800000000001", Severity.WARN, "tb1", facts)
    Casebook(settings.load().alerts).open(finding, datetime.now(UTC))
    delivery = next(iter(outbox.pending()))
    shared = binding()
    found = shared.connection.client.get_item(
        TableName=f"{shared.prefix}-outbox", Key={"delivery_id": {"S": delivery.delivery_id}}
    )
    return {"image": found["Item"]}


def _queue_record(body: str) -> dict[str, Any]:
    return {
        "Records": [{"messageId": "m-1", "body": body, "attributes": {}, "messageAttributes": {}}]
    }


def _push_body() -> bytes:
    push = {"event": "TRACKING_UPDATED", "data": _told({"number": "YT8800000000001"})}
    return json.dumps(push, ensure_ascii=False).encode()


def _push_event() -> dict[str, Any]:
    from aftersales.couriers.seventeentrack import push_signature

    body = _push_body()
    return {
        "version": "2.0",
        "routeKey": "POST /push/{source}",
        "headers": {"content-type": "application/json", "sign": push_signature(body, KEY)},
        "pathParameters": {"source": "seventeentrack"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _queued_push() -> str:
    from parcel_tracker.push import wrap

    return wrap("seventeentrack", _push_body(), datetime.now(UTC))


def _file_dropped() -> dict[str, Any]:
    return json.loads((ROOT / "events" / "order_intake_files.json").read_text("utf-8"))


def _tick() -> dict[str, Any]:
    return {"scheduled_time": datetime.now(UTC).isoformat()}


def _covered(outcome: str) -> Callable[[Any], bool]:
    return lambda answer: bool(
        not answer["batchItemFailures"] and answer["covered"][0].get(outcome)
    )


HANDLERS = (
    Handler(
        "order_intake.app.files_handler",
        lambda: None,
        lambda _: _file_dropped(),
        lambda answer: bool(answer["imported"][0]["orders"].get("new")),
    ),
    Handler(
        "parcel_tracker.app.plan_handler",
        lambda: None,
        lambda _: _tick(),
        lambda answer: answer["shards"] == 1,
    ),
    Handler(
        "parcel_tracker.app.sweep_handler",
        _add_parcel,
        lambda _: _queue_record('{"shard": 0}'),
        _covered("changed"),
    ),
    Handler(
        "parcel_tracker.app.push_handler",
        lambda: None,
        lambda _: _push_event(),
        lambda answer: answer["statusCode"] == 200,
    ),
    Handler(
        "parcel_tracker.app.apply_handler",
        _add_parcel,
        lambda _: _queue_record(_queued_push()),
        _covered("changed"),
    ),
    Handler(
        "alert_dispatcher.app.stream_handler",
        _open_case,
        lambda found: {
            "Records": [
                {
                    "eventName": "INSERT",
                    "dynamodb": {"SequenceNumber": "1", "NewImage": found["image"]},
                }
            ]
        },
        _covered("sent"),
    ),
    Handler(
        "alert_dispatcher.app.sweep_handler",
        _open_case,
        lambda _: _tick(),
        lambda answer: answer.get("sent") == 1,
    ),
)


def deployed_copy(folder: Path) -> dict[str, str]:
    """Copy what is deployed; the environment that puts it first on the path.

    The bytecode of everything, packages of either side too, is kept in the same folder. The first
    process of each kind writes it and is not counted.
    """
    for room in ("functions", "layers/shared"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, folder / room, ignore=ignore)
    return {
        "PYTHONPATH": f"{folder / 'functions'}{os.pathsep}{folder / 'layers' / 'shared'}",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
    }


def measure(handler: str, event: Any, environment: dict[str, str], folder: Path) -> dict[str, Any]:
    """One fresh process. Raises `RuntimeError` with what it said where it fails."""
    task = folder / "task.json"
    task.write_text(json.dumps({"handler": handler, "event": event}), "utf-8")
    command = [PYTHON, "-c", CHILD, str(task)]
    done = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{handler} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.rsplit("\n", 2)[1])


def prepare(handler: Handler, store: Database, outside: str) -> dict[str, Any]:
    """Fresh tables with settings and the state that the handler finds; returns its event."""
    from aftersales.settings.model import Source
    from aftersales.tables import settings

    store.fresh_tables()
    source = Source("seventeentrack", {"key": "env:TRACKING_KEY"}, base_url=outside, push=False)
    settings.push(settings_for(seventeentrack=source))
    return handler.event(handler.seed())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="fresh processes of each kind")
    parser.add_argument("--only", default="", help="only handlers whose name contains this")
    chosen = parser.parse_args()

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Outside)
    _Outside.files = _export()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    outside = f"http://127.0.0.1:{server.server_address[1]}"
    handlers = [handler for handler in HANDLERS if chosen.only in handler.name]
    ours: dict[str, list[dict[str, Any]]] = {handler.name: [] for handler in handlers}
    peer: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, database() as store:
        folder = Path(name)
        os.environ.update(
            {
                "TRACKING_KEY": KEY,
                "ROBOT_URL": f"{outside}/robot?access_token=made-up",
                "AWS_ENDPOINT_URL_SQS": outside,
                "AWS_ENDPOINT_URL_S3": outside,
                "SWEEP_QUEUE_URL": f"{outside}/000000000000/sweep",
                "PUSH_QUEUE_URL": f"{outside}/000000000000/push",
            }
        )
        path = deployed_copy(folder)
        for run in range(chosen.runs + 1):  # the first one compiles
            for handler in handlers:
                event = prepare(handler, store, outside)
                environment = {**os.environ, **path}
                reference = measure("boto3", None, environment, folder)
                measured = measure(handler.name, event, environment, folder)
                if not handler.did_its_work(measured["answer"]):
                    raise RuntimeError(f"{handler.name} answered {measured['answer']}")
                if run:
                    peer.append(reference)
                    ours[handler.name].append(measured)
    server.shutdown()

    reference_ms = median([run["ms"] for run in peer])
    reference_cpu_ms = median([run["cpu_ms"] for run in peer])
    results = []
    for name, runs in ours.items():
        taken, cpu = median([r["ms"] for r in runs]), median([r["cpu_ms"] for r in runs])
        results.append(
            result(
                name,
                "import and first invocation in a fresh process",
                "ms",
                ours=round(taken, 1),
                peer=round(reference_ms, 1),
                ratio=round(taken / reference_ms, 2),
                cpu_ratio=round(cpu / reference_cpu_ms, 2),
                of_which_import_ms=round(median([r["import_ms"] for r in runs]), 1),
                modules=runs[0]["modules"],
                goal=f"ratio at most {GOAL}, aim 1.0",
                met=taken / reference_ms <= GOAL,
            )
        )
    report(
        "cold_start",
        results,
        peer={
            "what": "import boto3 and make one DynamoDB client, in a fresh process, without a call",
            "ms": round(reference_ms, 1),
            "modules": peer[0]["modules"],
        },
        runs=chosen.runs,
    )


if __name__ == "__main__":
    main()
