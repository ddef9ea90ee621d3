"""The last step of a large bill: what its parts left over, and the sum of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftersales.tables import bills
from courier_reconciliation.bill_out import claim, conclude, written_up
from courier_reconciliation.claiming import without_guesses, without_strangers
from courier_reconciliation.engine.unbilled import Elsewhere
from courier_reconciliation.in_parts.adding_up import added_up
from courier_reconciliation.in_parts.part_files import (
    LINE_COLUMNS,
    SHIPMENT_COLUMNS,
    Found,
    Manifest,
    Place,
    get_rows,
    get_value,
    refill,
    refill_shipments,
)
from courier_reconciliation.in_parts.sharing import SAID_OF_SOME, RestShare, note_left_numbers
from courier_reconciliation.judging import card_of, compare, given_back_in
from courier_reconciliation.reports import send_report

if TYPE_CHECKING:
    from aftersales.courier_bills import Bill
    from courier_reconciliation.look import Look

IN_PARTS = "lines.csv, part-*/lines.csv"
"""Where the lines of such a bill are."""


def check_rest(look: Look, place: Place, now: datetime) -> tuple[Bill, str] | None:
    """(the bill, what came of it); None where the bill was changed by another run meanwhile.

    Raises `BadInput` where files of parts are gone, `Conflict`, `OutsideFailure`.
    """
    manifest = get_value(look, f"{place.folder}manifest.json", Manifest)
    read, draft = manifest.read, manifest.draft
    before = bills.get(draft.account, draft.name)
    mine = before is not None and before.sha256 == look.sha256
    if not mine and (before.version if before else 0) != draft.version:
        return None
    keys = [place.of(part) for part in range(manifest.parts)]
    found = [get_value(look, f"{key}result.json", Found) for key in keys]
    _fill(look, keys)
    card = card_of(look, read.couriers)
    given_back = given_back_in(look, read)
    elsewhere = _together([one.lines for one in found])
    of_rest = replace(read.all, declared_totals=())
    rest = compare(look, read, of_rest, card, given_back, elsewhere)
    result = added_up([one.result for one in found], rest, manifest.mismatches)
    never = [due for due in SAID_OF_SOME if not any(one.said.get(due) for one in found)]
    result = without_strangers(without_guesses(result, never))
    bill = written_up(look, draft, result, before)
    _fill_told(look, keys)
    trouble = {number: text for one in found for number, text in one.trouble.items()}
    report = send_report(look.desk, bill, result, trouble, look.db, look.folder, lines_in=IN_PARTS)
    bill = replace(bill, report=report)
    claim(look, read, draft, result, given_back, now, RestShare(look.db))
    return conclude(look, bill, before, now)


def _together(parts: Sequence[Elsewhere]) -> Elsewhere:
    on_last_day: Counter[str] = Counter()
    for one in parts:
        on_last_day.update(one.on_last_day)
    couriers = {courier for one in parts for courier in one.couriers}
    return Elsewhere(tuple(sorted(couriers)), dict(on_last_day))


def _fill(look: Look, keys: list[str]) -> None:
    """The tables, as the parts left them."""
    rows = {
        name: get_rows(look, [f"{key}left-{name}.parquet" for key in keys], f"left-{name}")
        for name in ("lines", "charges", "refused", "shipments")
    }
    refill(
        look.db,
        lines_sql=f"SELECT {LINE_COLUMNS} FROM {rows['lines']}",
        charges_sql=f"SELECT line, code, amount_minor FROM {rows['charges']}",
        refused_sql=f"SELECT {LINE_COLUMNS}, reason FROM {rows['refused']}",
    )
    refill_shipments(look.db, f"SELECT {SHIPMENT_COLUMNS} FROM {rows['shipments']}", look.folder)
    note_left_numbers(look.db, "SELECT waybill FROM lines", "SELECT waybill FROM shipments")
    if look.db.execute("SELECT 1 FROM lines WHERE order_id <> '' LIMIT 1").fetchone():
        orders = get_rows(look, [f"{key}left-orders.parquet" for key in keys], "left-orders")
        look.db.execute(
            "CREATE OR REPLACE TABLE orders_elsewhere AS SELECT order_id, courier FROM"
            f" {orders} WHERE order_id IN (SELECT order_id FROM lines)"
        )


def _fill_told(look: Look, keys: list[str]) -> None:
    """Put those lines of the parts beside the others that the report tells of."""
    db = look.db
    lines = get_rows(look, [f"{key}told-lines.parquet" for key in keys], "told-lines")
    numbered = [f'SELECT -1 AS part, "row" AS place, {SHIPMENT_COLUMNS} FROM shipments']
    judged = ["SELECT -1 AS part, line, shipment, expected_minor, verdict FROM verdicts"]
    for part, key in enumerate(keys):
        shipments = get_rows(look, [f"{key}told-shipments.parquet"], f"told-shipments-{part}")
        verdicts = get_rows(look, [f"{key}told-verdicts.parquet"], f"told-verdicts-{part}")
        numbered.append(f"SELECT {part}, place, {SHIPMENT_COLUMNS} FROM {shipments}")
        judged.append(f"SELECT {part}, line, shipment, expected_minor, verdict FROM {verdicts}")
    # Shipments are numbered from 2, as the rows of a file below its header.
    db.execute(
        "CREATE TEMP TABLE numbered AS SELECT *, row_number() OVER (ORDER BY part, place) + 1 AS"
        f" number FROM ({' UNION ALL '.join(numbered)})"
    )
    db.execute(
        "CREATE TEMP TABLE all_verdicts AS SELECT line, number AS shipment, expected_minor, verdict"
        f" FROM ({' UNION ALL '.join(judged)}) AS j LEFT JOIN numbered AS n ON n.part = j.part"
        " AND n.place = j.shipment"
    )
    db.execute("DROP VIEW verdicts")
    db.execute("CREATE TABLE verdicts AS SELECT * FROM all_verdicts")
    db.execute(
        "CREATE TEMP TABLE all_unbilled AS SELECT number AS shipment, reason FROM unbilled"
        " JOIN numbered ON part = -1 AND place = shipment"
    )
    db.execute("CREATE OR REPLACE TABLE unbilled AS SELECT * FROM all_unbilled")
    refill_shipments(db, f"SELECT {SHIPMENT_COLUMNS} FROM numbered ORDER BY number", look.folder)
    refill(
        db,
        lines_sql=f"SELECT {LINE_COLUMNS} FROM lines UNION ALL SELECT {LINE_COLUMNS} FROM {lines}",
        charges_sql="SELECT line, code, amount_minor FROM charges",
        refused_sql=f"SELECT {LINE_COLUMNS}, reason FROM refused",
    )
