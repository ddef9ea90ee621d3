"""Real replies and pushes of the sources, read as `aftersales tracking parse` reads them.

The samples are not part of the repository: they lie beside it, in `shared/data` (or where the
environment variable AFTERSALES_SHARED says). Without them the test is skipped.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from aftersales.couriers.present import parse_document

BESIDE = Path(__file__).resolve().parents[2].parent / "shared"
SAMPLES = Path(os.environ.get("AFTERSALES_SHARED", BESIDE)) / "data" / "tracking_samples.jsonl"


def _samples() -> list[Any]:
    if not SAMPLES.is_file():
        reason = f"no real samples at {SAMPLES.name} in the shared data"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="no samples")]
    rows = map(json.loads, SAMPLES.read_text("utf-8").splitlines())
    return [pytest.param(row, id=row["id"]) for row in rows]


@pytest.mark.parametrize("sample", _samples())
def test_a_real_payload_gives_the_expected_parcels(sample: dict[str, Any]) -> None:
    expected = sample["expect"]
    expected = expected if isinstance(expected, list) else [expected]

    entries = parse_document(sample["source"], sample["kind"], sample["payload"].encode())

    assert len(entries) == len(expected)
    for entry, wanted in zip(entries, expected, strict=True):
        assert {key: _at(entry, key) for key in wanted} == wanted


def _at(entry: dict[str, Any], key: str) -> Any:
    """The entry's value; of an error only the keys that are determined."""
    if key == "error" and isinstance(entry.get("error"), dict):
        return {"class": entry["error"]["class"]}
    return entry.get(key)
