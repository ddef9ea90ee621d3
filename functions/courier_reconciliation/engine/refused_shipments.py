"""Billed rows whose shipment is known by its number only: its row in the list is refused.

That nobody shipped them would be wrong, and what is due for them nobody can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from courier_reconciliation.filling import fill
from courier_reconciliation.model import Discrepancy
from courier_reconciliation.result import NotAuditable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLE = 'refused_shipments ("row" BIGINT, waybill VARCHAR, reason VARCHAR)'


def keep(
    connection: DuckDBPyConnection, refused: Iterable[tuple[int, str, str]], temp: Path
) -> None:
    """Make the table of refused rows of a list of shipments: (row, waybill, reason)."""
    connection.execute(f"CREATE OR REPLACE TABLE {_TABLE}")
    fill(connection, "refused_shipments", refused, temp)


def set_apart(
    connection: DuckDBPyConnection, found: Sequence[Discrepancy]
) -> tuple[list[Discrepancy], list[NotAuditable]]:
    """The findings that are not about such rows, and these rows; from the table `lines_left`."""
    connection.execute(f"CREATE TABLE IF NOT EXISTS {_TABLE}")
    rows = connection.execute(
        "SELECT l.courier, l.waybill, l.amount_minor, l.currency, r.number, r.reason, l.file,"
        ' l.sheet, l."row", l.order_id FROM lines_left AS l JOIN (SELECT waybill, min("row") AS'
        ' number, min_by(reason, "row") AS reason FROM refused_shipments GROUP BY waybill) AS r'
        " USING (waybill) WHERE l.shipment IS NULL ORDER BY l.line"
    ).fetchall()
    if not rows:
        return list(found), []
    apart = [
        NotAuditable(
            courier=courier,
            waybill_number=waybill,
            billed_minor=amount,
            currency=currency,
            reason=f"row {number} of the shipments, which has this waybill, is refused: {reason}",
            file=file,
            sheet=sheet,
            row=row,
            order_id=order,
        )
        for courier, waybill, amount, currency, number, reason, file, sheet, row, order in rows
    ]
    numbers = {one.waybill_number for one in apart}
    return [one for one in found if one.waybill_number not in numbers], apart
