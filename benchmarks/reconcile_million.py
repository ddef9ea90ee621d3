"""A month of a million bill rows against a million shipments, beside three peers.

    python -m benchmarks.reconcile_million [--lines 1000000] [--rounds 3] [--growth 10000,100000]

Everybody reads the same CSV files, each in a process of its own, in turn; the best of the rounds
counts, since a busy machine only ever adds time, and the first round writes bytecode. Ours is the
whole command with its JSON. `polars` scans, joins and sums and does nothing else; the run `engine`
shows how much of our time the database alone needs for the like of it. `pandas` and `datacompy`
clean, price and compare as ours does, but name no causes. Two rows of a hundred are wrong. Memory
is the peak of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bill_files import Month, write_month
from benchmarks.measuring import report, result

SCAN_GOAL = 3.0
PEER_GOAL = 5.0
MEMORY_GOAL_MB = 1500
GROWTH_GOAL = 1.25
Best = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--growth", default="10000,100000")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        month = write_month(Path(folder) / "whole", chosen.lines)
        best = best_of(month, ("polars", "engine", "ours", "pandas", "datacompy"), chosen.rounds)
        sizes = {}
        for lines in map(int, chosen.growth.split(",")):
            smaller = write_month(Path(folder) / str(lines), lines)
            sizes[lines] = best_of(smaller, ("ours",), chosen.rounds)["ours"]
    sizes[chosen.lines] = best["ours"]
    report("reconcile_million", [*compared(best), memory(best["ours"]), growth(sizes)], runs=best)


def best_of(month: Month, names: tuple[str, ...], rounds: int) -> dict[str, Best]:
    """The fastest run of each, taken in turn."""
    best: dict[str, Best] = {}
    for _ in range(rounds):
        for name in names:
            run = one(name, month)
            if name not in best or run["seconds"] < best[name]["seconds"]:
                best[name] = run
    return best


def one(name: str, month: Month) -> Best:
    """A run in a fresh process, with its time from start to end."""
    files = (str(month.bill), str(month.shipments), str(month.rates))
    command = [sys.executable, "-m", "benchmarks.bill_peers", name, *files]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    answer: Best = json.loads(done.stdout.splitlines()[-1])
    return answer


def compared(best: dict[str, Best]) -> list[dict[str, Any]]:
    """Ours against the bare scan, and against those who do the same work."""
    ours = best["ours"]["seconds"]
    scan = best["polars"]["seconds"]
    entries = [
        result(
            "against_a_bare_scan",
            "end to end, beside polars that scans both files, joins them and sums",
            "s",
            ours=ours,
            peer=scan,
            ratio=round(ours / scan, 2),
            cpu_ratio=round(best["ours"]["cpu_seconds"] / best["polars"]["cpu_seconds"], 2),
            goal=f"at most {SCAN_GOAL:g} times",
            met=ours <= SCAN_GOAL * scan,
        )
    ]
    for name in ("pandas", "datacompy"):
        theirs = best[name]["seconds"]
        entries.append(
            result(
                f"against_{name}",
                f"end to end, beside {name} that prices and compares the same rows",
                "s",
                ours=ours,
                peer=theirs,
                ratio=round(theirs / ours, 2),
                goal=f"at least {PEER_GOAL:g} times as fast",
                met=theirs >= PEER_GOAL * ours,
                same_findings=best[name]["found"] == best["ours"]["found"],
            )
        )
    return entries


def memory(ours: Best) -> dict[str, Any]:
    """The most memory that our process held."""
    return result(
        "peak_memory",
        "resident memory of the process at its highest",
        "MB",
        ours=ours["peak_mb"],
        limit=MEMORY_GOAL_MB,
        goal=f"below {MEMORY_GOAL_MB} MB",
        met=ours["peak_mb"] < MEMORY_GOAL_MB,
    )


def growth(sizes: dict[int, Best]) -> dict[str, Any]:
    """Time per row of the largest size against that of the smallest."""
    per_row = {lines: run["seconds"] / lines * 1e6 for lines, run in sizes.items()}
    smallest, largest = min(sizes), max(sizes)
    ratio = per_row[largest] / per_row[smallest]
    return result(
        "growth",
        f"microseconds per row of {largest} rows, beside {smallest}",
        "us",
        ours=round(per_row[largest], 2),
        peer=round(per_row[smallest], 2),
        ratio=round(ratio, 2),
        by_size={str(lines): round(value, 2) for lines, value in sorted(per_row.items())},
        goal=f"ratio at most {GROWTH_GOAL}: time grows no faster than rows",
        met=ratio <= GROWTH_GOAL,
    )


if __name__ == "__main__":
    main()
