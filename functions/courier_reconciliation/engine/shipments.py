"""The table of shipments: `shipped` stores them, the view `shipments` shows them.

What is stored may be narrower than what is shown: a file's words become numbers of enums.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from courier_reconciliation.filling import fill

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = (
    "waybill VARCHAR, courier VARCHAR, shipped_on DATE, order_id VARCHAR,"
    " weight_g BIGINT, length_mm BIGINT, width_mm BIGINT, height_mm BIGINT,"
    " province VARCHAR, city VARCHAR, service VARCHAR, declared_minor BIGINT, cod_minor BIGINT,"
    " parcel_count BIGINT, outcome VARCHAR, raw VARCHAR"
)
_SHOWN = 'rowid + 2 AS "row", ' + ", ".join(
    f"{name}::{kind} AS {name}" for name, kind in (part.split() for part in TABLE.split(", "))
)
"""The row in the file is counted from 1 with the header. The database knows which row is which; to
number them while reading would take one core only."""

STORED = '(SELECT rowid + 2 AS "row", * FROM shipped)'
"""The same as they are stored."""


def put_shipments(connection: DuckDBPyConnection, rows: Iterable[Sequence[Any]], temp: Path) -> int:
    """Fill the table with rows that are ready, in the order of `TABLE`."""
    connection.execute(f"CREATE OR REPLACE TABLE shipped ({TABLE})")
    show(connection)
    return fill(connection, "shipped", rows, temp)


def show(connection: DuckDBPyConnection, more: Sequence[str] = ()) -> None:
    """Make the view anew; `more` are columns of `shipped` beside those of `TABLE`."""
    shown = ", ".join((_SHOWN, *more))
    connection.execute(f"CREATE OR REPLACE VIEW shipments AS SELECT {shown} FROM shipped")


def add(
    connection: DuckDBPyConnection, rows: Sequence[Sequence[Any]], more: Sequence[str], temp: Path
) -> None:
    """Append rows to a table that was read from a file, whatever they say."""
    from courier_reconciliation.native import ConversionException

    try:
        fill(connection, "shipped", rows, temp)
    except ConversionException:
        # A word or a number that the types of the file's other rows do not know.
        connection.execute(
            'CREATE TABLE shipped_plainly AS SELECT * EXCLUDE ("row") FROM shipments'
        )
        connection.execute("DROP TABLE shipped")
        connection.execute("ALTER TABLE shipped_plainly RENAME TO shipped")
        show(connection, more)
        fill(connection, "shipped", rows, temp)


def pick(connection: DuckDBPyConnection, table: str, rows: str) -> None:
    """Make a table of those shipments whose `row` a query gives.

    Asked for by their places, the others are passed over without being looked at.
    """
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT {_SHOWN} FROM shipped WHERE"
        f" rowid IN (SELECT picked.number - 2 FROM ({rows}) AS picked (number))"
    )
