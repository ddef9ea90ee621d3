"""The embedded database of one reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
THREADS = 2


class Workshop(NamedTuple):
    """A connection, and a folder for copies of files; both are gone afterwards."""

    connection: DuckDBPyConnection
    folder: Path


@contextmanager
def workshop(
    parent: str | Path | None = None, *, memory: str = MEMORY, threads: int = THREADS
) -> Iterator[Workshop]:
    """An empty database in memory that spills to disk above `memory`.

    Nothing is fetched and no extension is loaded: a bill cannot make it read other files.
    """
    from courier_reconciliation.native import connect

    with TemporaryDirectory(prefix="reconcile-", dir=parent) as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": memory,
            "temp_directory": folder,
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = connect(":memory:", config=config)
        try:
            yield Workshop(connection, Path(folder))
        finally:
            connection.close()
