"""Local buckets: objects as files below the state folder, their names in the runner's database."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.state import State


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object without its content. `headers` are those worth giving back, lower case."""

    bucket: str
    key: str
    size: int
    etag: str
    stored_at: float
    headers: Mapping[str, str] = field(default_factory=dict)


class Buckets:
    """The buckets of a template. `on_created` is told of every object that is put."""

    def __init__(self, state: State, names: Iterable[str]) -> None:
        self._state = state
        self._names = set(names)
        self._folder = state.folder / "objects"
        self._folder.mkdir(exist_ok=True)
        self.on_created: Callable[[StoredObject], None] = lambda _: None

    def add(self, bucket: str) -> None:
        """One more bucket."""
        self._names.add(bucket)

    def __contains__(self, bucket: str) -> bool:
        return bucket in self._names

    def put(
        self, bucket: str, key: str, content: bytes, headers: Mapping[str, str] | None = None
    ) -> StoredObject:
        """Store an object and tell of it. Raises KeyError for a bucket that is not there."""
        if bucket not in self._names:
            raise KeyError(bucket)
        stored = StoredObject(
            bucket=bucket,
            key=key,
            size=len(content),
            etag=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            stored_at=time.time(),
            headers=dict(headers or {}),
        )
        path = self._path(bucket, key)
        unfinished = path.with_suffix(f".{os.getpid()}-{time.monotonic_ns()}")
        unfinished.write_bytes(content)
        unfinished.replace(path)
        with self._state.transaction() as db:
            db.execute(
                "insert or replace into objects values (?, ?, ?, ?, ?, ?)",
                (
                    *(bucket, key, stored.size, stored.etag),
                    *(json.dumps(stored.headers), stored.stored_at),
                ),
            )
            self.on_created(stored)
        return stored

    def head(self, bucket: str, key: str) -> StoredObject:
        """What is known of an object. Raises KeyError where it is not there."""
        with self._state.transaction() as db:
            row = db.execute(
                "select * from objects where bucket = ? and key = ?", (bucket, key)
            ).fetchone()
        if row is None:
            raise KeyError(key)
        return StoredObject(
            bucket=bucket,
            key=key,
            size=row["size"],
            etag=row["etag"],
            stored_at=row["stored_at"],
            headers=json.loads(row["headers"]),
        )

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """The keys that begin so, in the order in which S3 lists them."""
        with self._state.transaction() as db:
            rows = db.execute("select key from objects where bucket = ?", (bucket,)).fetchall()
        return sorted((row["key"] for row in rows if row["key"].startswith(prefix)), key=str.encode)

    def content(self, bucket: str, key: str) -> bytes:
        """The bytes of an object that `head` has found."""
        return self._path(bucket, key).read_bytes()

    def _path(self, bucket: str, key: str) -> Path:
        # Keys are foreign text: hashed, they can neither leave the folder nor be too long.
        return self._folder / hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()
