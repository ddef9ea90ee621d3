"""Rows from Python into a table, through a CSV file.

A statement for each row would take a thousand times as long.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def quoted(text: object) -> str:
    """A text as a SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def enum(words: Iterable[str]) -> str:
    """The type of a column that says nothing but these words; it is stored as their numbers."""
    return f"ENUM({', '.join(map(quoted, words))})"


def fill(
    connection: DuckDBPyConnection, table: str, rows: Iterable[Sequence[Any]], temp: Path
) -> int:
    """Append rows in the order of the table's columns; None is NULL, but "" in columns of text."""
    path = temp / f"{table}.rows.csv"
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        for row in rows:
            out.writerow(row)
            count += 1
    if count:
        types = connection.execute(f"DESCRIBE {table}").fetchall()
        texts = {name for name, kind, *_ in types if kind == "VARCHAR" or kind.startswith("ENUM")}
        columns = ", ".join(
            f"{quoted(name)}: {quoted('VARCHAR' if name in texts else kind)}"
            for name, kind, *_ in types
        )
        values = ", ".join(
            f"coalesce(\"{name}\", '')" if name in texts else f'"{name}"' for name, *_ in types
        )
        connection.execute(
            f"INSERT INTO {table} SELECT {values} FROM read_csv({quoted(path)},"
            f" columns = {{{columns}}}, auto_detect = false, header = false, delim = ',',"
            " quote = '\"', escape = '\"', max_line_size = 4194304, parallel = false)"
        )
    path.unlink()
    return count
