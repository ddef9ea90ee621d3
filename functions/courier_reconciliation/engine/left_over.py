"""The rows that do not agree by themselves, taken out of the tables for explaining."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.json import Decoder

from courier_reconciliation.engine import shipments
from courier_reconciliation.engine.missing import SHIPMENT
from courier_reconciliation.model import BilledRow, Shipment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH = 2_000
_LINE = (
    'json_array(l.file, l.sheet, l."row", l.waybill, l.courier, l.amount_minor, l.charge,'
    " l.currency, l.billed_on, l.order_id, l.freight_minor, l.tax_minor, l.discount_minor,"
    " l.weight_g, l.actual_g, l.length_mm, l.width_mm, l.height_mm, l.province, l.is_return,"
    " {inside})::VARCHAR"
)
"""A billed row, whose fields stand in this order. To take over a text and read it is twice as fast
as to take over each value."""


class Group(Struct):
    """The rows about one shipment (None: nobody's), and what earlier bills say of it."""

    shipment: Shipment | None = None
    rows: list[BilledRow] = field(default_factory=list)
    earlier: list[BilledRow] = field(default_factory=list)


def take(connection: DuckDBPyConnection, *, has_earlier: bool) -> None:
    """Make the table `lines_left`: those lines whole, with `shipment` and `ok`.

    With `has_earlier` there is a table `earlier` of lines of the months before: what agrees by
    itself may still have been billed then.
    """
    lines = (
        "SELECT l.*, NULL::BIGINT AS tax_inside, j.shipment, j.ok"
        " FROM judged AS j JOIN lines AS l USING (line)"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE lines_left AS {lines} WHERE NOT j.ok")
    if has_earlier:
        connection.execute(
            f"INSERT INTO lines_left {lines}"
            " WHERE j.ok AND l.waybill IN (SELECT waybill FROM earlier)"
        )


def groups(connection: DuckDBPyConnection, *, has_earlier: bool) -> Iterator[Group]:
    """The rows of `lines_left` by shipment, or by number where nobody shipped it."""
    extras = _extras(connection)
    earlier = _earlier(connection) if has_earlier else {}
    shipments.pick(connection, "of_left_over", "SELECT shipment FROM lines_left")
    billed_row, shipped = Decoder(BilledRow).decode, Decoder(Shipment).decode
    line = _LINE.format(inside="l.tax_inside")
    found = connection.execute(
        f"SELECT l.line, l.shipment, {line}, {SHIPMENT} FROM lines_left AS l"
        ' LEFT JOIN of_left_over AS s ON s."row" = l.shipment'
        " ORDER BY l.shipment, l.waybill, l.line"
    )
    key: object = None
    group = Group()
    while batch := found.fetchmany(BATCH):
        for at, number, text, shipment in batch:
            billed = billed_row(text)
            waybill = billed.waybill_number
            own = waybill if number is None else number
            if own != key:
                if group.rows:
                    yield group
                key = own
                group = Group(None if number is None else shipped(shipment))
            if at in extras:
                billed.surcharges = extras[at]
            if not billed.courier and group.shipment is not None:
                billed.courier = group.shipment.courier
            if earlier and all(waybill != one.waybill_number for one in group.rows):
                group.earlier.extend(earlier.get(waybill, ()))
            group.rows.append(billed)
    if group.rows:
        yield group


def _extras(connection: DuckDBPyConnection) -> dict[int, tuple[tuple[str, int], ...]]:
    found: dict[int, tuple[tuple[str, int], ...]] = {}
    for line, code, amount in connection.execute(
        "SELECT line, code, amount_minor FROM charges"
        " WHERE line IN (SELECT line FROM lines_left) ORDER BY line, code"
    ).fetchall():
        found[line] = (*found.get(line, ()), (code, amount))
    return found


def _earlier(connection: DuckDBPyConnection) -> dict[str, list[BilledRow]]:
    found: dict[str, list[BilledRow]] = defaultdict(list)
    billed_row = Decoder(BilledRow).decode
    for (text,) in connection.execute(
        f"SELECT {_LINE.format(inside='NULL')} FROM earlier AS l"
        " WHERE l.waybill IN (SELECT waybill FROM lines)"
    ).fetchall():
        billed = billed_row(text)
        found[billed.waybill_number].append(billed)
    return found
