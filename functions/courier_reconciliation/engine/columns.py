"""Rows out of the database, where a column that says the same in all rows is fetched but once.

Most columns of a bill are such: the file, the currency, whatever the courier leaves empty. To turn
each cell into a value of Python takes longer than all else that is done to find the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH = 5_000
_LOOKED_AT = 8
"""Rows that show which columns may be the same in all."""


class Columns:
    """Some columns of some tables, which a query of these tables is to give."""

    def __init__(self, connection: DuckDBPyConnection, tables: Mapping[str, Sequence[str]]) -> None:
        """`tables` are the columns of each table, named as in the query; the first is the key."""
        same: dict[str, Any] = {}
        for table, (_, *others) in tables.items():
            same |= _in_common(connection, table, others)
        own = [name for names in tables.values() for name in names if name not in same]
        self._connection = connection
        self._own = ", ".join(own)
        self._same = tuple(same.values())
        self._places = {name: place for place, name in enumerate((*own, *same))}

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of `FROM ...`, the first key before all else; `values` knows where what is."""
        found = self._connection.execute(f"SELECT {self._own} {query}")
        while batch := found.fetchmany(BATCH):
            for row in batch:
                yield row + self._same

    def values(self, names: Sequence[str]) -> itemgetter[tuple[Any, ...]]:
        """Takes the values of several columns out of a row."""
        return itemgetter(*(self._places[name] for name in names))


def _in_common(connection: DuckDBPyConnection, table: str, names: Sequence[str]) -> dict[str, Any]:
    """The columns that say the same in all rows of a table, and what they say."""
    first = connection.execute(f"SELECT {', '.join(names)} FROM {table} LIMIT {_LOOKED_AT}")
    columns = zip(names, zip(*first.fetchall(), strict=True), strict=False)
    alike = {name: values[0] for name, values in columns if len(set(values)) == 1}
    if not alike:
        return {}
    tests = ", ".join(f"bool_and({name} IS NOT DISTINCT FROM ?)" for name in alike)
    found = connection.execute(f"SELECT {tests} FROM {table}", list(alike.values())).fetchone()
    is_same = zip(alike.items(), found or (), strict=False)
    return {name: value for (name, value), same in is_same if same}
