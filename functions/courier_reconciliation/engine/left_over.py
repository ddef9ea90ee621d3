"""The rows that do not agree by themselves, taken out of the tables for explaining."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from courier_reconciliation.engine import shipments
from courier_reconciliation.engine.missing import SHIPMENT, shipped
from courier_reconciliation.model import BilledRow, Shipment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH = 5_000
_LINE = (
    'l.line, l.file, l.sheet, l."row", l.waybill, l.courier, l.amount_minor, l.charge, l.currency,'
    " l.billed_on, l.parent, l.order_id, l.service, l.freight_minor, l.tax_minor,"
    " l.discount_minor, l.weight_g, l.actual_g, l.length_mm, l.width_mm, l.height_mm, l.province,"
    " l.city, l.pieces, l.is_return, l.remark"
)
_OF_LINE = _LINE.count(",") + 1


class Group(NamedTuple):
    """The rows about one shipment (None: nobody's), and what earlier bills say of it."""

    rows: list[BilledRow]
    shipment: Shipment | None
    earlier: list[BilledRow]


def take(connection: DuckDBPyConnection, *, has_earlier: bool) -> None:
    """Make the tables `left_over` (line, shipment, ok) and `lines_left`, those lines whole.

    With `has_earlier` there is a table `earlier` of lines of the months before: what agrees by
    itself may still have been billed then.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE left_over AS SELECT line, shipment, ok FROM judged"
        " WHERE NOT ok"
    )
    if has_earlier:
        connection.execute(
            "INSERT INTO left_over SELECT j.line, j.shipment, j.ok FROM judged AS j JOIN lines AS l"
            " USING (line) WHERE j.ok AND l.waybill IN (SELECT waybill FROM earlier)"
        )
    # The few that matter first: else the database would carry all columns of all rows along.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE lines_left AS SELECT * FROM lines"
        " WHERE line IN (SELECT line FROM left_over)"
    )


def groups(connection: DuckDBPyConnection, *, has_earlier: bool) -> Iterator[Group]:
    """The rows of `left_over` by shipment, or by number where nobody shipped it."""
    extras = _extras(connection)
    earlier = _earlier(connection) if has_earlier else {}
    shipments.pick(connection, "of_left_over", "SELECT shipment FROM left_over")
    found = connection.execute(
        f"SELECT {_LINE}, {SHIPMENT} FROM left_over AS j JOIN lines_left AS l USING (line)"
        ' LEFT JOIN of_left_over AS s ON s."row" = j.shipment'
        " ORDER BY j.shipment, l.waybill, l.line"
    )
    key: object = None
    group = Group([], None, [])
    while batch := found.fetchmany(BATCH):
        for row in batch:
            billed = _billed(row, extras.get(row[0], ()))
            number = row[_OF_LINE]
            own = billed.waybill_number if number is None else number
            if own != key:
                if group.rows:
                    yield group
                key = own
                group = Group([], None if number is None else shipped(row[_OF_LINE:]), [])
            if not billed.courier and group.shipment is not None:
                billed = replace(billed, courier=group.shipment.courier)
            if earlier and all(billed.waybill_number != one.waybill_number for one in group.rows):
                group.earlier.extend(earlier.get(billed.waybill_number, ()))
            group.rows.append(billed)
    if group.rows:
        yield group


def _extras(connection: DuckDBPyConnection) -> dict[int, tuple[tuple[str, int], ...]]:
    found: dict[int, tuple[tuple[str, int], ...]] = {}
    for line, code, amount in connection.execute(
        "SELECT line, code, amount_minor FROM charges"
        " WHERE line IN (SELECT line FROM left_over) ORDER BY line, code"
    ).fetchall():
        found[line] = (*found.get(line, ()), (code, amount))
    return found


def _earlier(connection: DuckDBPyConnection) -> dict[str, list[BilledRow]]:
    found: dict[str, list[BilledRow]] = defaultdict(list)
    for row in connection.execute(
        f"SELECT {_LINE} FROM earlier AS l WHERE l.waybill IN (SELECT waybill FROM lines)"
    ).fetchall():
        billed = _billed(row, ())
        found[billed.waybill_number].append(billed)
    return found


def _billed(row: Sequence[Any], extras: tuple[tuple[str, int], ...]) -> BilledRow:
    """A row of `_LINE`, whose columns stand in the order of the fields."""
    values = (*row[1:14], extras, *row[14:_OF_LINE])
    return BilledRow(*values)
