"""A part of a large bill: checked like a bill, but for what has no partner in it.

Lines that are about no parcel of this part, and parcels that no line is about, are left over for
the last step, which sees those of all parts together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from courier_reconciliation.bill_out import claim
from courier_reconciliation.bucket import store
from courier_reconciliation.engine import matching, prices, unbilled
from courier_reconciliation.engine.answer import counted
from courier_reconciliation.engine.run import days_of
from courier_reconciliation.engine.unbilled import Elsewhere
from courier_reconciliation.filling import quoted
from courier_reconciliation.in_parts import shards
from courier_reconciliation.in_parts.part_files import (
    LINE_COLUMNS,
    SHIPMENT_COLUMNS,
    Found,
    Manifest,
    Place,
    get_rows,
    get_value,
    put_rows,
    put_value,
    refill,
    refill_shipments,
)
from courier_reconciliation.in_parts.sharing import PartShare, note_left_numbers
from courier_reconciliation.judging import card_of, compare, given_back_in, said, wanted_for
from courier_reconciliation.output.gather import Tables
from courier_reconciliation.parcels_of_bill import lay_out
from courier_reconciliation.reports import folder_of

if TYPE_CHECKING:
    from courier_reconciliation.look import Look
    from courier_reconciliation.rates.card import RateCard
    from courier_reconciliation.result import Reconciliation

KEYS_AT_ONCE = 10_000
_LEFT_LINES = f"SELECT {LINE_COLUMNS} FROM lines WHERE line IN (SELECT line FROM leaving)"
_KEPT_LINES = f"SELECT {LINE_COLUMNS} FROM lines WHERE line NOT IN (SELECT line FROM leaving)"
_LEFT_SHIPMENTS = (
    f'SELECT {SHIPMENT_COLUMNS} FROM shipments WHERE "row" NOT IN (SELECT shipment FROM staying)'
    ' ORDER BY "row"'
)
_KEPT_SHIPMENTS = (
    f'SELECT {SHIPMENT_COLUMNS} FROM shipments WHERE "row" IN (SELECT shipment FROM staying)'
    ' ORDER BY "row"'
)


def check_part(look: Look, place: Place, part: int, now: datetime) -> None:
    """Check a part, and store what it has found and what it leaves over. Safe to repeat.

    Raises `BadInput` where its files are gone, `Conflict`, `OutsideFailure`.
    """
    manifest = get_value(look, f"{place.folder}manifest.json", Manifest)
    read, db = manifest.read, look.db
    keys = _fetch(look, place, part, read.own.name)
    known = lay_out(db, wanted_for(look, read), look.folder, _ids(look, keys))
    told = said(look)
    card = card_of(look, read.couriers)
    lines = _match(look, card, read.period)
    _leave_over(look, place, part)
    given_back = given_back_in(look, read)
    of_part = replace(read.all, rejected=(), declared_totals=())
    result = compare(look, read, of_part, card, given_back)
    share = PartShare(db, part, manifest.parts)
    claim(look, read, manifest.draft, result, given_back, now, share)
    _report(look, place, part, folder_of(manifest.draft), result)
    found = Found(result, told, lines, known.trouble)
    put_value(look, f"{place.of(part)}result.json", found)


def _fetch(look: Look, place: Place, part: int, own: str) -> str:
    """Fill the tables of the bill; returns the keys of the part's parcels, as SQL."""
    rows = {
        name: get_rows(look, [f"{place.of(part)}{name}.parquet"], name)
        for name in ("lines", "charges", "refused", "families", "keys")
    }
    look.db.execute(f"CREATE TEMP TABLE families AS SELECT number, family FROM {rows['families']}")
    look.db.execute(
        f"CREATE TEMP TABLE earlier_rows AS SELECT {LINE_COLUMNS} FROM {rows['lines']}"
        f" WHERE file <> {quoted(own)}"
    )
    refill(
        look.db,
        lines_sql=f"SELECT {LINE_COLUMNS} FROM {rows['lines']} WHERE file = {quoted(own)}",
        charges_sql=f"SELECT line, code, amount_minor FROM {rows['charges']}",
        refused_sql=f"SELECT {LINE_COLUMNS}, reason FROM {rows['refused']}",
    )
    return rows["keys"]


def _ids(look: Look, keys: str) -> Iterator[str]:
    cursor = look.db.cursor()
    found = cursor.execute(f"SELECT parcel_id FROM {keys}")
    while batch := found.fetchmany(KEYS_AT_ONCE):
        yield from (parcel_id for (parcel_id,) in batch)
    cursor.close()


def _match(look: Look, card: RateCard, period: str) -> Elsewhere:
    """Find out which lines have a partner here; returns what others need to know of them."""
    # Which order was shipped once, and is not billed otherwise, nobody knows before the last step.
    look.db.execute(
        "CREATE OR REPLACE TABLE orders_elsewhere AS SELECT DISTINCT order_id, courier FROM lines"
        " WHERE order_id <> ''"
    )
    matching.judge(look.db, prices.lay_out(look.db, card, look.folder))
    shards.set_leaving(look.db)
    couriers = {courier for courier, _ in counted(look.db)} | unbilled.couriers_matched(look.db)
    # What has a partner and leaves all the same is counted where it goes.
    billed = look.db.execute(
        "SELECT courier, count(*) FROM shipments WHERE shipped_on = ?"
        ' AND "row" IN (SELECT shipment FROM staying) GROUP BY courier',
        [days_of(period)[1]],
    ).fetchall()
    return Elsewhere(tuple(sorted(filter(None, couriers))), dict(billed))


def _leave_over(look: Look, place: Place, part: int) -> None:
    """Put what has no partner into files, and take it out of the tables."""
    note_left_numbers(look.db, _LEFT_LINES, _LEFT_SHIPMENTS)
    left = {
        "lines": f"{_LEFT_LINES} UNION ALL {_earlier_of(_LEFT_LINES)}",
        "charges": "SELECT line, code, amount_minor FROM charges WHERE line IN"
        " (SELECT line FROM leaving)",
        "refused": f"SELECT {LINE_COLUMNS}, reason FROM refused",
        "shipments": _LEFT_SHIPMENTS,
        "orders": f"SELECT DISTINCT order_id, courier FROM ({_KEPT_SHIPMENTS})"
        " WHERE order_id <> ''",
    }
    for name, sql in left.items():
        put_rows(look, f"{place.of(part)}left-{name}.parquet", sql)
    refill(
        look.db,
        lines_sql=f"{_KEPT_LINES} UNION ALL {_earlier_of(_KEPT_LINES)}",
        charges_sql="SELECT line, code, amount_minor FROM charges WHERE line NOT IN"
        " (SELECT line FROM leaving)",
        refused_sql=f"SELECT {LINE_COLUMNS}, reason FROM refused LIMIT 0",
    )
    refill_shipments(look.db, _KEPT_SHIPMENTS, look.folder)


def _earlier_of(lines: str) -> str:
    return (
        f"SELECT {LINE_COLUMNS} FROM earlier_rows WHERE waybill IN (SELECT waybill FROM ({lines}))"
    )


def _report(look: Look, place: Place, part: int, folder: str, result: Reconciliation) -> None:
    """The list of the part's lines; and for the report of all, those that do not simply agree."""
    tables = Tables(look.db, result, look.folder)
    tables.prepare()
    path = look.folder / "lines.csv"
    tables.copy_lines(path)
    store(look.desk.s3, look.drop.bucket, f"{folder}part-{part + 1}/lines.csv", path)
    look.db.execute(
        "CREATE OR REPLACE TEMP TABLE told AS SELECT line, shipment, expected_minor, verdict"
        " FROM verdicts WHERE verdict <> 'agreed' OR line IN (SELECT line FROM report_over)"
        " OR line IN (SELECT line FROM report_unclear)"
    )
    told = {
        "lines": f"SELECT {LINE_COLUMNS} FROM lines WHERE line IN (SELECT line FROM told)",
        "verdicts": "SELECT line, shipment, expected_minor, verdict FROM told",
        "shipments": f'SELECT "row" AS place, {SHIPMENT_COLUMNS} FROM shipments WHERE "row" IN'
        " (SELECT shipment FROM told)",
    }
    for name, sql in told.items():
        put_rows(look, f"{place.of(part)}told-{name}.parquet", sql)
