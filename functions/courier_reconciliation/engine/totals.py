"""Totals that a bill prints, against the sum of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from courier_reconciliation.causes.tolerances import Tolerances
from courier_reconciliation.model import DeclaredTotal, Discrepancy, Kind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def mismatches(
    connection: DuckDBPyConnection, declared: Iterable[DeclaredTotal], tolerances: Tolerances
) -> list[Discrepancy]:
    """The sums that are printed and not those of the rows in the tables `lines` and `refused`."""
    found = (
        _compared(connection, total, total.amount_minor, tolerances.amount_minor)
        for total in declared
        if total.is_sum and total.amount_minor is not None
    )
    return [one for one in found if one is not None]


def _compared(
    connection: DuckDBPyConnection, total: DeclaredTotal, declared: int, tolerance: int
) -> Discrepancy | None:
    found = _summed(connection, total)
    if found is None:
        return None
    summed, unread, currency, courier = found
    if abs(declared - summed) > tolerance and total.sheet != "*" and total.first_row is None:
        # the last of several sheets may print the sum of all
        whole = _summed(connection, replace(total, sheet="*"))
        if whole is not None and abs(declared - whole[0]) < abs(declared - summed):
            summed, unread, currency, courier = whole
    if unread or abs(declared - summed) <= tolerance:
        return None
    return Discrepancy(
        kind=Kind.TOTAL_MISMATCH,
        courier=courier or "",
        waybill_number="",
        billed_minor=declared,
        expected_minor=summed,
        currency=currency or "",
        file=total.file,
        sheet=total.sheet,
        row=total.row,
        evidence=(("label", total.label),),
        rule="the printed total is not the sum of the rows",
        claimable=declared > summed,
    )


def _summed(
    connection: DuckDBPyConnection, total: DeclaredTotal
) -> tuple[int, int, str | None, str | None] | None:
    """What the rows that a total is of come to, and how many of them could not be read."""
    where = ["file = ?"]
    values: list[object] = [total.file]
    if total.sheet != "*":
        where.append("sheet = ?")
        values.append(total.sheet)
    if total.first_row is not None:
        where.append(f'"row" BETWEEN {total.first_row} AND {total.row}')
    condition = " AND ".join(where)
    found = connection.execute(
        "SELECT coalesce(sum(amount_minor), 0), count(*), min(currency), min(courier),"
        " (SELECT count(*) FROM refused WHERE amount_minor IS NULL AND"
        f' {condition}) FROM (SELECT file, sheet, "row", amount_minor, currency, courier FROM'
        ' lines UNION ALL SELECT file, sheet, "row", amount_minor, currency, courier FROM'
        f" refused) WHERE {condition}",
        [*values, *values],
    ).fetchone()
    if found is None or not found[1]:
        return None
    summed, _, currency, courier, unread = found
    return summed, unread, currency, courier
