"""Which shipment is a billed row about, and does it agree? In bulk, over whole tables.

Afterwards the table `judged` has a row per line: `line`, `shipment` (the `row` of `shipments`, or
NULL), what the contract expects, and `ok`; the table `loose_shipments` has the shipments that no
line is about. A row that agrees to the last minor unit never leaves the database; all others are
explained one waybill at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from courier_reconciliation.engine.prices import Terms, code_column, priced_sql
from courier_reconciliation.engine.shipments import STORED, pick
from courier_reconciliation.filling import quoted
from courier_reconciliation.model import FREIGHT, TOTAL
from courier_reconciliation.surcharge_codes import OTHER

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOTHING_DUE = ("cancelled", "never_moved", "lost", "damaged")
BEFORE_DAYS = 31
_NEVER = "DATE '9999-12-31'"


def judge(connection: DuckDBPyConnection, terms: Terms) -> None:
    """Make `judged` and `loose_shipments` from `lines`, `charges`, `shipped` and laid out prices.

    A table `orders_elsewhere` (order_id, courier) has orders of billed shipments that are not here.
    """
    owed = "".join(f", owed_{n}" for n in range(len(terms.codes)))
    outcomes = ", ".join(map(quoted, NOTHING_DUE))
    connection.execute(
        "CREATE OR REPLACE TABLE judged AS SELECT l.line, p.shipment, l.amount_minor,"
        f" p.expected_total{owed}, coalesce({_agrees(terms)}, false) AS ok"
        " FROM lines AS l FULL JOIN ("
        # A row long before the shipping is of another parcel that had the number before.
        f' SELECT waybill, "row" AS shipment, shipped_on - {BEFORE_DAYS} AS since,'
        f" expected_freight, expected_total{owed},"
        f" CASE WHEN outcome NOT IN ({outcomes}) THEN contract END AS contract"
        f" FROM ({priced_sql(STORED, terms)})) AS p"
        f" ON p.waybill = l.waybill AND coalesce(l.billed_on, {_NEVER}) >= p.since"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE loose AS SELECT shipment FROM judged WHERE line IS NULL"
    )
    connection.execute("DELETE FROM judged WHERE line IS NULL")
    _one_shipment_each(connection)
    _adopt_strays(connection)
    pick(connection, "loose_shipments", "SELECT shipment FROM loose")
    _parts_agree(connection, terms.codes)
    _groups_agree(connection)


def _agrees(terms: Terms) -> str:
    whens = [
        f"WHEN {quoted(TOTAL)} THEN l.amount_minor = p.expected_total"
        " AND coalesce(l.freight_minor = p.expected_freight, true)",
        f"WHEN {quoted(FREIGHT)} THEN l.amount_minor = p.expected_freight",
        *(
            f"WHEN {quoted(code)} THEN l.amount_minor = p.owed_{n}"
            for n, code in enumerate(terms.codes)
        ),
    ]
    numbers = " ".join(f"WHEN {quoted(name)} THEN {n}" for n, name in enumerate(terms.currencies))
    currency = f"(CASE l.currency {numbers} END)::UTINYINT" if numbers else "NULL"
    return (
        f"CASE l.charge {' '.join(whens)} ELSE false END AND l.amount_minor >= 0"
        f" AND NOT l.is_return AND p.contract = {currency}"
    )


def _count(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {sql}").fetchone()
    return row[0] if row else 0


def _one_shipment_each(connection: DuckDBPyConnection) -> None:
    """A waybill number that was used twice: each row belongs to the shipment nearest in time."""
    if _count(connection, "judged") == _count(connection, "lines"):
        return
    connection.execute(
        "CREATE OR REPLACE TABLE judged AS SELECT j.* FROM judged AS j JOIN lines AS l USING (line)"
        ' LEFT JOIN shipments AS s ON s."row" = j.shipment'
        " QUALIFY row_number() OVER (PARTITION BY j.line ORDER BY"
        " abs(coalesce(l.billed_on - s.shipped_on, 0)), s.shipped_on DESC, j.shipment) = 1"
    )
    connection.execute(
        'CREATE OR REPLACE TEMP TABLE loose AS SELECT "row" AS shipment FROM shipments'
        ' WHERE "row" NOT IN (SELECT shipment FROM judged WHERE shipment IS NOT NULL)'
    )


def _adopt_strays(connection: DuckDBPyConnection) -> None:
    """Rows whose waybill number nobody knows may belong to a shipment all the same."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE strays AS SELECT line, parent, order_id, courier FROM lines"
        " WHERE (parent <> '' OR order_id <> '')"
        " AND line IN (SELECT line FROM judged WHERE shipment IS NULL)"
    )
    if _count(connection, "strays"):
        _adopt(connection, _by_parent())
        _adopt(connection, _by_order(connection))


def _adopt(connection: DuckDBPyConnection, found: str) -> None:
    """Give strays the shipments that a query finds for them (line, shipment)."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE adopted AS {found}")
    connection.execute(
        "UPDATE judged SET shipment = adopted.shipment FROM adopted"
        " WHERE judged.line = adopted.line"
    )
    connection.execute("DELETE FROM strays WHERE line IN (SELECT line FROM adopted)")
    connection.execute("DELETE FROM loose WHERE shipment IN (SELECT shipment FROM adopted)")


def _by_parent() -> str:
    """The pieces of a shipment are billed by their own numbers."""
    return (
        'SELECT line, min(s."row") AS shipment FROM strays JOIN shipments AS s ON s.waybill ='
        " strays.parent WHERE strays.parent <> '' GROUP BY line"
    )


def _by_order(connection: DuckDBPyConnection) -> str:
    """A row with another waybill number, whose order was shipped once and not billed otherwise."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS orders_elsewhere (order_id VARCHAR, courier VARCHAR)"
    )
    return (
        'SELECT min(line) AS line, min(s."row") AS shipment FROM strays AS l'
        ' JOIN (SELECT order_id, courier, "row" FROM shipments UNION ALL SELECT order_id, courier,'
        " NULL FROM orders_elsewhere) AS s ON s.order_id = l.order_id AND s.courier = l.courier"
        " WHERE l.order_id <> '' GROUP BY l.order_id HAVING count(*) = 1"
        ' AND min(s."row") IN (SELECT shipment FROM loose)'
    )


def _parts_agree(connection: DuckDBPyConnection, codes: Sequence[str]) -> None:
    """Each surcharge that a row states must be what is owed for it; then all of them are there.

    One amount for all extras is right where freight and total are.
    """
    there = connection.execute("SELECT code FROM charges GROUP BY code").fetchall()
    if not there:
        return
    whens = " ".join(f"WHEN {quoted(code)} THEN j.{code_column(code, codes)}" for code in codes)
    owed = f"CASE c.code {whens} ELSE 0 END" if codes else "0"
    connection.execute(
        "UPDATE judged SET ok = false WHERE ok AND line IN (SELECT c.line FROM charges AS c"
        f" JOIN judged AS j USING (line) WHERE c.code <> {quoted(OTHER)}"
        f" AND c.amount_minor <> {owed})"
    )


def _groups_agree(connection: DuckDBPyConnection) -> None:
    """Several rows of one shipment agree only together; one row only if it pays for everything."""
    alone = "UPDATE judged SET ok = false WHERE ok AND amount_minor <> expected_total"
    matched = _count(connection, "judged WHERE shipment IS NOT NULL")
    if matched == _count(connection, "shipped") - _count(connection, "loose"):
        connection.execute(alone)
        return
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE several AS SELECT shipment FROM judged"
        " WHERE shipment IS NOT NULL GROUP BY shipment HAVING count(*) > 1"
    )
    connection.execute(f"{alone} AND shipment NOT IN (SELECT shipment FROM several)")
    connection.execute(
        "UPDATE judged SET ok = false WHERE shipment IN (SELECT j.shipment FROM judged AS j"
        " JOIN lines AS l USING (line) WHERE j.shipment IN (SELECT shipment FROM several)"
        " GROUP BY j.shipment HAVING NOT bool_and(j.ok) OR count(*) <> count(DISTINCT l.charge)"
        " OR sum(j.amount_minor) <> max(j.expected_total))"
    )


def keep_tax_inside(connection: DuckDBPyConnection) -> None:
    """Forget the tax of bills of `lines_left` that agree with a card without tax as they stand.

    Else a row that is too dear by just the tax would pass for one without it. Where more amounts of
    a bill agree without their tax, it stays: they are compared so.
    """
    if _count(connection, "(FROM lines_left WHERE tax_minor <> 0 LIMIT 1)"):
        connection.execute(
            "UPDATE lines_left SET tax_inside = tax_minor, tax_minor = NULL"
            " WHERE file IN (SELECT l.file FROM lines AS l JOIN judged AS j USING (line)"
            " WHERE l.tax_minor <> 0 GROUP BY l.file HAVING"
            " count(*) FILTER (j.ok)"
            " >= count(*) FILTER (l.amount_minor - l.tax_minor = j.expected_total))"
        )
