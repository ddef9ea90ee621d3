"""Import and first invocation of each handler in a fresh process, against boto3 with one client.

    python -m benchmarks.cold_start [--runs 15] [--only parcel_tracker.app.push_handler]

The deployed tree (functions and shared layer) is copied; all bytecode is there beforehand, as it is
on Lambda. Each process does what Lambda does at a cold start: import the module, call the handler
once (`first_calls.py` holds the events). Everything outside answers on loopback. Both sides are
measured inside the process, from its first line on, one after the other in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.first_calls import HANDLERS, KEY, ROOT, prepare
from benchmarks.measuring import database, median, report, result
from benchmarks.outside_world import BUCKET, Outside

PYTHON = sys.executable
GOAL = 1.25
QUEUES = ("SWEEP", "PUSH", "POLL", "WEBHOOK", "REMIND", "REVIEW", "REVIEW_PUSH", "BILL")

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="fresh processes of each kind")
    parser.add_argument("--only", default="", help="only handlers whose name contains this")
    chosen = parser.parse_args()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
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
                "SHOP_KEY": KEY,
                "ROBOT_URL": f"{outside}/robot?access_token=made-up",
                "AWS_ENDPOINT_URL_SQS": outside,
                "AWS_ENDPOINT_URL_S3": outside,
                "REPORT_BUCKET": BUCKET,
                "REPORT_PLACE": "",
                "REPORT_URL": "https://reports.example.com",
                **{
                    f"{queue}_QUEUE_URL": f"{outside}/000000000000/{queue.lower()}"
                    for queue in QUEUES
                },
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
