"""The same parcel twice in a list of shipments: it is counted once.

Looked for among the shipments that are on no bill only, where a copy ends up: to compare all with
all would take a tenth of the time of a large bill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COPY_DAYS = 3
"""A number that is used again is used much later."""
SHOWN = 5


def take_away(connection: DuckDBPyConnection) -> None:
    """Take copies out of `unbilled`, and make the table `copied_shipments` (row) of them."""
    connection.execute(
        'CREATE OR REPLACE TABLE copied_shipments AS SELECT DISTINCT c."row" FROM loose_shipments'
        " AS c JOIN shipments AS s ON s.waybill = c.waybill AND s.courier = c.courier"
        f' AND abs(s.shipped_on - c.shipped_on) <= {COPY_DAYS} AND s."row" <> c."row"'
        # Of two that are on no bill, the first one counts.
        ' WHERE s."row" < c."row" OR s."row" NOT IN (SELECT "row" FROM loose_shipments)'
    )
    connection.execute(
        'DELETE FROM unbilled WHERE shipment IN (SELECT "row" FROM copied_shipments)'
    )


def notes(connection: DuckDBPyConnection) -> tuple[str, ...]:
    """What there is to say of copies, or nothing."""
    found = connection.execute('SELECT "row" FROM copied_shipments ORDER BY "row"').fetchall()
    if not found:
        return ()
    said = ", ".join(str(row) for (row,) in found[:SHOWN])
    more = ", ..." if len(found) > SHOWN else ""
    return (
        f"{len(found)} rows of the shipments repeat another one ({said}{more}); each parcel counts"
        " once",
    )
