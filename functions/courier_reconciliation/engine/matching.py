"""Which shipment is a billed row about, and does it agree? In bulk, over whole tables.

Afterwards the table `judged` has a row per line: `line`, `shipment` (the `row` of `shipments`, or
NULL), what the contract expects, and `ok`. A row that agrees to the last minor unit never leaves
the database; all others are explained one waybill at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from courier_reconciliation.engine.prices import code_column, priced_sql
from courier_reconciliation.filling import quoted
from courier_reconciliation.model import FREIGHT, TOTAL
from courier_reconciliation.surcharge_codes import OTHER

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOTHING_DUE = ("cancelled", "never_moved", "lost", "damaged")
NEAR_DAYS = 3
BEFORE_DAYS = 31
NEAR_PERCENT = 10


def judge(connection: DuckDBPyConnection, codes: Sequence[str]) -> None:
    """Make `judged` from `lines`, `charges`, `shipments` and the laid out prices.

    A table `orders_elsewhere` (order_id, courier) has orders of billed shipments that are not here.
    """
    owed = "".join(f", p.owed_{n}" for n in range(len(codes)))
    connection.execute(
        "CREATE OR REPLACE TABLE judged AS SELECT l.line, l.charge, l.amount_minor,"
        ' l.currency, l.courier, p.courier AS shipped_by, p."row" AS shipment, p.shipped_on,'
        " p.expected_freight, p.expected_total"
        f"{owed}, {_agrees(codes)} AS ok FROM lines AS l"
        f" LEFT JOIN ({priced_sql('shipments', codes)}) AS p ON p.waybill = l.waybill"
        # A row long before the shipping is of another parcel that had the number before.
        f" AND (l.billed_on IS NULL OR l.billed_on >= p.shipped_on - {BEFORE_DAYS})"
    )
    _one_shipment_each(connection)
    _by_parent(connection)
    _by_order(connection)
    _parts_agree(connection, codes)
    _groups_agree(connection)


def _agrees(codes: Sequence[str]) -> str:
    whens = [
        f"WHEN {quoted(TOTAL)} THEN l.amount_minor = p.expected_total"
        " AND coalesce(l.freight_minor = p.expected_freight, true)",
        f"WHEN {quoted(FREIGHT)} THEN l.amount_minor = p.expected_freight",
        *(f"WHEN {quoted(code)} THEN l.amount_minor = p.owed_{n}" for n, code in enumerate(codes)),
    ]
    outcomes = ", ".join(map(quoted, NOTHING_DUE))
    return (
        f"coalesce(CASE l.charge {' '.join(whens)} ELSE false END AND l.amount_minor >= 0"
        f" AND NOT l.is_return AND l.currency = p.contract_currency"
        f" AND p.outcome NOT IN ({outcomes}), false)"
    )


def _one_shipment_each(connection: DuckDBPyConnection) -> None:
    """A waybill number that was used twice: each row belongs to the shipment nearest in time."""
    counts = connection.execute(
        "SELECT (SELECT count(*) FROM judged), (SELECT count(*) FROM lines)"
    ).fetchone()
    if counts is None or counts[0] == counts[1]:
        return
    connection.execute(
        "CREATE OR REPLACE TABLE judged AS SELECT j.* FROM judged AS j JOIN lines AS l"
        " USING (line) QUALIFY row_number() OVER (PARTITION BY j.line ORDER BY"
        " abs(coalesce(l.billed_on - j.shipped_on, 0)), j.shipped_on DESC, j.shipment) = 1"
    )


def _by_parent(connection: DuckDBPyConnection) -> None:
    """The pieces of a shipment are billed by their own numbers."""
    connection.execute(
        "UPDATE judged SET shipment = found.shipment, shipped_by = found.shipped_by FROM"
        ' (SELECT l.line, min(s.courier) AS shipped_by, min(s."row") AS shipment'
        " FROM judged AS j JOIN lines AS l USING (line) JOIN shipments AS s ON s.waybill = l.parent"
        " WHERE j.shipment IS NULL AND l.parent <> '' GROUP BY l.line) AS found"
        " WHERE judged.line = found.line"
    )


def _by_order(connection: DuckDBPyConnection) -> None:
    """A row with another waybill number, whose order was shipped once and not billed otherwise."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS orders_elsewhere (order_id VARCHAR, courier VARCHAR)"
    )
    connection.execute(
        "UPDATE judged SET shipment = found.shipment, shipped_by = found.shipped_by FROM (SELECT"
        ' min(l.line) AS line, min(s.courier) AS shipped_by, min(s."row") AS shipment'
        " FROM judged AS j JOIN lines AS l USING (line)"
        ' JOIN (SELECT order_id, courier, "row" FROM shipments UNION ALL SELECT order_id, courier,'
        " NULL FROM orders_elsewhere) AS s ON s.order_id = l.order_id AND s.courier = l.courier"
        " WHERE j.shipment IS NULL AND l.order_id <> '' GROUP BY l.order_id"
        ' HAVING count(*) = 1 AND min(s."row") IS NOT NULL AND min(s."row") NOT IN (SELECT shipment'
        " FROM judged WHERE shipment IS NOT NULL)) AS found WHERE judged.line = found.line"
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
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE several AS SELECT shipment FROM judged"
        " WHERE shipment IS NOT NULL GROUP BY shipment HAVING count(*) > 1"
    )
    connection.execute(
        "UPDATE judged SET ok = false WHERE ok AND amount_minor <> expected_total"
        " AND shipment NOT IN (SELECT shipment FROM several)"
    )
    found = connection.execute("SELECT count(*) FROM several").fetchone()
    if found is None or not found[0]:
        return
    connection.execute(
        "UPDATE judged SET ok = false WHERE shipment IN (SELECT shipment FROM judged WHERE shipment"
        " IN (SELECT shipment FROM several) GROUP BY shipment HAVING NOT bool_and(ok)"
        " OR count(*) <> count(DISTINCT charge) OR sum(amount_minor) <> max(expected_total))"
    )


def unbilled(
    connection: DuckDBPyConnection, couriers: Sequence[str], first: object, last: object
) -> None:
    """Make the table `unbilled`: every shipment that no row is about, and why.

    `first` and `last` are the days of the period, None where no period is known.
    """
    known = ", ".join(map(quoted, couriers)) or "''"
    outside = f"shipped_on NOT BETWEEN DATE '{first}' AND DATE '{last}'" if first else "false"
    on_last = f"shipped_on = DATE '{last}'" if last else "false"
    connection.execute(
        'CREATE OR REPLACE TABLE unbilled AS SELECT "row" AS shipment, CASE'
        f" WHEN courier NOT IN ({known}) THEN 'other_courier'"
        f" WHEN outcome IN ('cancelled', 'never_moved', 'lost', 'damaged') THEN 'not_due'"
        f" WHEN {outside} THEN 'outside_period'"
        " WHEN outcome = 'in_transit' THEN 'in_transit'"
        f" WHEN {on_last} THEN 'carry_over'"
        f" ELSE 'missing' END AS reason FROM shipments"
        ' WHERE "row" NOT IN (SELECT shipment FROM judged WHERE shipment IS NOT NULL)'
    )
    connection.execute(
        "UPDATE unbilled SET reason = 'refused_row' WHERE reason = 'missing' AND shipment IN ("
        ' SELECT s."row" FROM shipments AS s JOIN refused AS r USING (waybill)'
        " WHERE r.waybill <> '')"
    )
    # A row whose number was lost may be the one: then nobody can say that it is missing.
    connection.execute(
        "UPDATE unbilled SET reason = 'refused_row' WHERE reason = 'missing' AND shipment IN ("
        " SELECT s.\"row\" FROM shipments AS s JOIN refused AS r ON (r.courier IN (s.courier, ''))"
        f" AND (r.billed_on IS NULL OR abs(r.billed_on - s.shipped_on) <= {NEAR_DAYS})"
        " AND (r.province IN (s.province, ''))"
        " AND (r.weight_g IS NULL OR s.weight_g IS NULL"
        f" OR abs(r.weight_g - s.weight_g) * 100 <= greatest({NEAR_PERCENT} * s.weight_g, 100000))"
        " WHERE r.amount_minor IS NOT NULL AND r.waybill = '')"
    )
