"""Parcels checked per second through the deployed sweep, as a share of what the latency allows.

    python -m benchmarks.tracking_throughput [--sweeps 5] [--only kuaidi100]

A simulated source answers on loopback, from a process of its own, 50 ms after each request, over
HTTP with kept connections; its replies are made beforehand. The adapters, the transport, the sweep
and the tables are the deployed ones. After one sweep that stores everything, each further one asks
about every parcel and hears nothing new. The limit is batch size x concurrency / latency: what a
client would reach that needs no time of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any, ClassVar

from benchmarks.measuring import (
    START,
    Clock,
    Database,
    a_parcel,
    database,
    median,
    report,
    result,
    scans,
    settings_for,
)

LATENCY_SECONDS = 0.05
GOAL = 0.8
SCANS = 5
NO_RATE_LIMIT = 100_000.0
NUMBER = re.compile(rb"YT\d{13}")


@dataclass(frozen=True)
class Load:
    """One source: what is asked of it at once, and how a reply is put together."""

    source: str
    batch_size: int
    concurrency: int
    parcels: int
    secrets: dict[str, str]


LOADS = (
    Load("seventeentrack", 40, 3, 4800, {"key": "k"}),
    Load("kuaidi100", 1, 16, 1600, {"key": "k", "customer": "c"}),
)


def reply_about(source: str, number: str) -> str:
    """What the source says about one number: five scans, in its own JSON."""
    events = [
        (scan.at, scan.text, "PickedUp" if not n else "Departure", "1" if not n else "0")
        for n, scan in enumerate(scans(SCANS))
    ]
    if source == "seventeentrack":
        said: dict[str, Any] = {
            "number": number,
            "carrier": 190157,
            "param": None,
            "tag": "",
            "track_info": {
                "latest_status": {"status": "InTransit", "sub_status": "InTransit_Departure"},
                "tracking": {
                    "providers_hash": 12345,
                    "providers": [
                        {
                            "provider": {"key": 190157, "name": "YTO Express"},
                            "latest_sync_time": "2026-11-03T11:00:00Z",
                            "events": [
                                {
                                    "time_iso": at.astimezone().isoformat(),
                                    "time_utc": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                                    "description": text,
                                    "location": "杭州市",
                                    "stage": None,
                                    "sub_status": f"InTransit_{code}",
                                    "address": {"country": "CN", "city": None},
                                }
                                for at, text, code, _ in reversed(events)
                            ],
                        }
                    ],
                },
            },
        }
    else:
        china = timedelta(hours=8)
        said = {
            "message": "ok",
            "nu": number,
            "ischeck": "0",
            "com": "yuantong",
            "status": "200",
            "state": "0",
            "data": [
                {
                    "time": (at + china).strftime("%Y-%m-%d %H:%M:%S"),
                    "ftime": (at + china).strftime("%Y-%m-%d %H:%M:%S"),
                    "context": text,
                    "areaName": "浙江,杭州市",
                    "status": "揽收" if code == "1" else "在途",
                    "statusCode": code,
                }
                for at, text, _, code in reversed(events)
            ],
        }
    return json.dumps(said, ensure_ascii=False)


class _Source(asyncio.Protocol):
    """Answers every request `LATENCY_SECONDS` after its last byte came, in order."""

    replies: ClassVar[dict[bytes, bytes]]
    in_lists = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, gap, body = self._received.partition(b"\r\n\r\n")
        if not gap:
            return
        length = int(re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
        if len(body) < length:
            return
        self._received = body[length:]
        loop = asyncio.get_running_loop()
        loop.call_later(LATENCY_SECONDS, self._answer, NUMBER.findall(body[:length]))

    def _answer(self, numbers: list[bytes]) -> None:
        body = b",".join(self.replies[number] for number in numbers)
        if self.in_lists:
            body = b'{"code":0,"data":{"accepted":[' + body + b'],"rejected":[]}}'
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        self._transport.write(head.encode() + b"\r\n\r\n" + body)  # type: ignore[attr-defined]


def serve(load: Load, ready: Connection) -> None:
    """The simulated source's process; ends when it is terminated."""

    numbers = [a_parcel(number).waybill_number for number in range(load.parcels)]

    class Source(_Source):
        replies: ClassVar = {n.encode(): reply_about(load.source, n).encode() for n in numbers}
        in_lists = load.source == "seventeentrack"

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Source, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def measure(load: Load, store: Database, sweeps: int) -> dict[str, Any]:
    """Sweep a shard again and again against a source in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(load, there), daemon=True)
    process.start()
    try:
        return _measured(load, store, sweeps, here.recv())
    finally:
        process.terminate()
        process.join()


def _measured(load: Load, store: Database, sweeps: int, port: int) -> dict[str, Any]:
    from aftersales.http import PooledTransport
    from aftersales.settings.model import Source
    from aftersales.tables import parcels
    from parcel_tracker.desk import Desk
    from parcel_tracker.sweep import sweep_shard

    store.fresh_tables()
    account = Source(
        load.source,
        load.secrets,
        base_url=f"http://127.0.0.1:{port}",
        push=False,
        requests_per_second=NO_RATE_LIMIT,
        concurrency=load.concurrency,
    )
    clock = Clock(START + timedelta(hours=10))
    desk = Desk(
        settings=settings_for(**{load.source: account}),
        transport=PooledTransport(),
        resolve=str,
        business_now=clock,
        wall_now=lambda: datetime.now(UTC),
    )
    for number in range(load.parcels):
        parcels.add(a_parcel(number), shards=1)
    stored = sweep_shard(desk, 0, 900)
    if stored["changed"] != load.parcels:
        raise RuntimeError(f"the first sweep ended with {dict(stored)}")

    taken, reading, cpu = [], [], []
    for _ in range(sweeps):
        clock.now += timedelta(hours=5)
        begun, begun_cpu = time.perf_counter(), time.process_time()
        tally = sweep_shard(desk, 0, 900)
        taken.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - begun_cpu)
        if tally["unchanged"] != load.parcels:
            raise RuntimeError(f"a sweep ended with {dict(tally)}")
        begun = time.perf_counter()
        found = sum(1 for _ in parcels.open_in_shard(0))
        reading.append(time.perf_counter() - begun)
        if found != load.parcels:
            raise RuntimeError(f"{found} parcels are open")
    limit = load.batch_size * load.concurrency / LATENCY_SECONDS
    bare = bare_client(load, port)
    ours = load.parcels / median(taken)
    return result(
        load.source,
        f"unchanged parcels checked per second, {load.batch_size} per request, "
        f"{load.concurrency} requests under way, {SCANS} scans each, {LATENCY_SECONDS} s latency",
        "parcels per second",
        ours=round(ours, 1),
        limit=round(limit, 1),
        ratio=round(ours / limit, 3),
        bare_client_ratio=round(bare / limit, 3),
        best_ratio=round(load.parcels / min(taken) / limit, 3),
        parcels=load.parcels,
        sweeps=sweeps,
        microseconds_per_parcel={
            "allowed_by_the_limit": round(1e6 / limit),
            "taken": round(1e6 * median(taken) / load.parcels),
            "cpu_of_ours": round(1e6 * median(cpu) / load.parcels),
            "reading_open_parcels": round(1e6 * median(reading) / load.parcels),
        },
        goal=f"at least {GOAL} of the limit",
        met=ours / limit >= GOAL,
    )


def bare_client(load: Load, port: int) -> float:
    """What the same source gives a client that only sends and receives: parcels per second."""
    from concurrent.futures import ThreadPoolExecutor

    from aftersales.http import HttpRequest, PooledTransport

    transport = PooledTransport()
    numbers = [a_parcel(number).waybill_number for number in range(load.parcels)]
    bodies = [
        ",".join(numbers[start : start + load.batch_size]).encode()
        for start in range(0, load.parcels, load.batch_size)
    ]

    def ask(body: bytes) -> None:
        transport(HttpRequest("POST", f"http://127.0.0.1:{port}/", {}, body))

    with ThreadPoolExecutor(load.concurrency) as pool:
        list(pool.map(ask, bodies[: 2 * load.concurrency]))  # opens the connections
        begun = time.perf_counter()
        list(pool.map(ask, bodies))
        taken = time.perf_counter() - begun
    transport.close()
    return load.parcels / taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sweeps", type=int, default=5)
    parser.add_argument("--only", default="", help="only this source")
    chosen = parser.parse_args()
    os.environ.setdefault("NO_PROXY", "*")
    with database() as store:
        results = [
            measure(load, store, chosen.sweeps)
            for load in LOADS
            if chosen.only in ("", load.source)
        ]
    report(
        "tracking_throughput",
        results,
        limit="batch size x concurrency / latency",
    )


if __name__ == "__main__":
    main()
