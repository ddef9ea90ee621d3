"""Waybill numbers that lost their leading zeros in a spreadsheet, on either side.

Only numbers of digits can lose them (courier bills reference, 1.4): old numbers of SF and ZTO, and
some of YTO, FedEx, DHL and USPS. A bill has `89328792175` where its shipment has `089328792175`, or
the other way round. The longer number is the right one: the courier knows no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales.couriers.waybills import lengths_from_zero
from courier_reconciliation.filling import quoted
from courier_reconciliation.reading import lines

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


FEWEST_DIGITS = 7
"""What is left of a number must be long enough to be one."""
MOST_LOST = 2
"""A country or city code has no more zeros in front."""

_BOTH = "SELECT waybill AS number FROM lines UNION ALL SELECT waybill FROM shipments"
_ALL = (
    f"{_BOTH} UNION ALL SELECT parent FROM lines UNION ALL SELECT waybill FROM refused"
    " UNION ALL SELECT parent FROM refused"
)


def with_zeros_sql(numbers: str) -> str:
    """The numbers that those of a query (courier, number) may have been; "" as courier: anybody's.

    Only numbers that are too short for their courier are asked about.
    """
    asked = [
        f"SELECT lpad(number, {length}, '0') AS number FROM ({numbers})"
        f" WHERE courier IN ({quoted(courier)}, '')"
        f" AND regexp_full_match(number, '[0-9]{{{FEWEST_DIGITS},}}')"
        f" AND length(number) BETWEEN {length - MOST_LOST} AND {length - 1}"
        f" AND length(number) NOT IN ({', '.join(map(str, lengths))})"
        for courier, lengths in lengths_from_zero().items()
        for length in lengths
    ]
    return " UNION ".join(asked)


def restore(connection: DuckDBPyConnection) -> tuple[str, ...]:
    """Give such numbers their zeros back, in `lines`, `refused` and `shipped`; returns notes.

    A number is changed only where one of its two forms was shipped, and not both: two shipments
    stay two. Couriers are not compared: whose an unnamed bill is was told by the damaged numbers.
    Where no number lacks its zeros, this costs next to nothing.
    """
    if not _find_whole(connection):
        return ()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE lost_zeros AS SELECT w.short, min(w.whole) AS whole FROM"
        " (SELECT *, whole AS number FROM whole_numbers UNION ALL SELECT *, short FROM"
        " whole_numbers) AS w JOIN shipments AS s ON s.waybill = w.number GROUP BY w.short"
        " HAVING count(DISTINCT s.waybill) = 1 AND count(DISTINCT w.whole) = 1"
    )
    found = {
        "bills": _in_lines(connection, "waybill") + _in_lines(connection, "parent"),
        "shipments": _changed(connection, "shipped", "waybill"),
    }
    _changed(connection, "refused", "waybill")
    _changed(connection, "refused", "parent")
    return tuple(
        f"{count} waybill numbers of the {where} had lost their leading zeros; they are shown with"
        " them"
        for where, count in found.items()
        if count
    )


def _find_whole(connection: DuckDBPyConnection) -> bool:
    """Make the table of numbers that begin with a zero and that something has without it, too."""
    # These comparisons look at the first character only, and most rows are done with then.
    zero, digit = "number >= '0' AND number < '1'", "number >= '1' AND number < ':'"
    longest = connection.execute(
        f"SELECT max(strlen(number)) FROM ({_BOTH}) WHERE {zero}"
    ).fetchone()
    if longest is None or longest[0] is None:
        return False
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE short_numbers AS SELECT DISTINCT number FROM ({_ALL})"
        f" WHERE {digit} AND strlen(number) < {longest[0]}"
        f" AND regexp_full_match(number, '[0-9]{{{FEWEST_DIGITS},}}')"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE whole_numbers AS SELECT DISTINCT number AS whole,"
        f" ltrim(number, '0') AS short FROM ({_BOTH}) WHERE {zero}"
        " AND ltrim(number, '0') IN (SELECT number FROM short_numbers)"
    )
    return connection.execute("SELECT 1 FROM whole_numbers LIMIT 1").fetchone() is not None


def _in_lines(connection: DuckDBPyConnection, column: str) -> int:
    found = connection.execute(
        f"SELECT 1 FROM lines JOIN lost_zeros AS z ON lines.{column} = z.short LIMIT 1"
    ).fetchone()
    if found is None:
        return 0
    lines.whole(connection)
    return _changed(connection, "billed", column)


def _changed(connection: DuckDBPyConnection, table: str, column: str) -> int:
    """Change a column of a table; returns how many rows that were."""
    found = connection.execute(
        f"UPDATE {table} SET {column} = z.whole FROM lost_zeros AS z"
        f" WHERE {table}.{column} = z.short"
    ).fetchone()
    return int(found[0]) if found else 0
