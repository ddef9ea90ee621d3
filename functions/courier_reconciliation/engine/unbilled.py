"""Shipments that no row of a bill is about, and why: the table `unbilled`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct, field

from courier_reconciliation.engine import copied_shipments
from courier_reconciliation.engine.matching import NOTHING_DUE
from courier_reconciliation.filling import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NEAR_DAYS = 3
NEAR_PERCENT = 10
LEFT_OF_NUMBER = r"left(replace(regexp_extract(r.reason, '(\d(\.\d+)?)[Ee]\+\d', 1), '.', ''), -1)"
"""The first digits of a damaged number (`7.74E+12`): the last one shown may be rounded."""


class Elsewhere(Struct, frozen=True):
    """What is known of a bill's lines that are not in the tables: the couriers of them and of their
    parcels, and how many parcels of the period's last day they are about, by courier."""

    couriers: tuple[str, ...] = ()
    on_last_day: dict[str, int] = field(default_factory=dict)


def couriers_matched(connection: DuckDBPyConnection) -> set[str]:
    """The couriers of the shipments that lines are about."""
    return {courier for courier, billed in _billed_shipments(connection).items() if billed}


def _billed_shipments(connection: DuckDBPyConnection, where: str = "true") -> dict[str, int]:
    """courier -> of how many shipments its lines are; `where` is a condition on the shipments."""
    rows = connection.execute(
        f"SELECT courier, sum(count) FROM (SELECT courier::VARCHAR AS courier, count(*) AS count"
        f" FROM shipped WHERE {where} GROUP BY courier UNION ALL SELECT courier, -count(*) FROM"
        f" loose_shipments WHERE {where} GROUP BY courier) GROUP BY courier"
    ).fetchall()
    return {courier: int(billed) for courier, billed in rows if courier}


def make(
    connection: DuckDBPyConnection,
    billed_by: Iterable[str],
    first: date | None,
    last: date | None,
    elsewhere: Elsewhere,
) -> None:
    """Make the table `unbilled`: every shipment that no row is about, and why.

    `billed_by` are couriers of lines. `first` and `last` are the days of the period, None where no
    period is known.
    """
    by = couriers_matched(connection).union(billed_by, elsewhere.couriers)
    known = ", ".join(map(quoted, sorted(filter(None, by)))) or "''"
    outside = f"shipped_on NOT BETWEEN DATE '{first}' AND DATE '{last}'" if first else "false"
    nothing_due = ", ".join(map(quoted, NOTHING_DUE))
    on_last = "false"
    if last:
        late = ", ".join(map(quoted, ["", *_without_last_day(connection, last, elsewhere)]))
        on_last = f"shipped_on = DATE '{last}' AND courier IN ({late})"
    connection.execute(
        'CREATE OR REPLACE TABLE unbilled AS SELECT "row" AS shipment, CASE'
        f" WHEN courier NOT IN ({known}) THEN 'other_courier'"
        f" WHEN outcome IN ({nothing_due}) THEN 'not_due'"
        f" WHEN {outside} THEN 'outside_period'"
        " WHEN outcome = 'in_transit' THEN 'in_transit'"
        f" WHEN {on_last} THEN 'carry_over'"
        f" ELSE 'missing' END AS reason FROM loose_shipments"
    )
    connection.execute(
        "UPDATE unbilled SET reason = 'refused_row' WHERE reason = 'missing' AND shipment IN ("
        ' SELECT s."row" FROM loose_shipments AS s JOIN refused AS r USING (waybill)'
        " WHERE r.waybill <> '')"
    )
    # A row whose number was lost may be the one: then nobody can say that it is missing.
    connection.execute(
        "UPDATE unbilled SET reason = 'refused_row' WHERE reason = 'missing' AND shipment IN ("
        ' SELECT s."row" FROM loose_shipments AS s JOIN refused AS r'
        " ON (r.courier IN (s.courier, ''))"
        f" AND (r.billed_on IS NULL OR abs(r.billed_on - s.shipped_on) <= {NEAR_DAYS})"
        " AND (r.province IN (s.province, ''))"
        f" AND starts_with(s.waybill, {LEFT_OF_NUMBER})"
        " AND (r.weight_g IS NULL OR s.weight_g IS NULL"
        f" OR abs(r.weight_g - s.weight_g) * 100 <= greatest({NEAR_PERCENT} * s.weight_g, 100000))"
        " WHERE r.amount_minor IS NOT NULL AND r.waybill = '')"
    )
    copied_shipments.take_away(connection)


def _without_last_day(
    connection: DuckDBPyConnection, last: date, elsewhere: Elsewhere
) -> list[str]:
    """The couriers whose bill stops before the period's last day: it has no more than half of what
    was handed over then and is due."""
    billed = _billed_shipments(connection, f"shipped_on = DATE '{last}'")
    outcomes = ", ".join(map(quoted, NOTHING_DUE))
    free = connection.execute(
        "SELECT courier, count(*) FROM loose_shipments WHERE shipped_on = ?"
        f" AND outcome NOT IN ({outcomes}) GROUP BY courier",
        [last],
    ).fetchall()
    return [
        courier
        for courier, count in free
        if billed.get(courier, 0) + elsewhere.on_last_day.get(courier, 0) <= count
    ]
