"""Reports of the drop bucket, laid out as files that people can open: `<state>/reports/...`."""

from __future__ import annotations

import os
from pathlib import Path

from local.buckets import Buckets, StoredObject

FOLDER = "reports/"


def lay_out(state_dir: Path, buckets: Buckets, stored: StoredObject) -> Path | None:
    """Write a report beside its object, under its own name; returns the file.

    None for what is no report, or whose key leads elsewhere.
    """
    if not stored.key.startswith(FOLDER):
        return None
    root, path = (state_dir / FOLDER).resolve(), (state_dir / stored.key).resolve()
    if not path.is_relative_to(root) or path == root:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(buckets.content(stored.bucket, stored.key))
    unfinished.replace(path)
    return path
