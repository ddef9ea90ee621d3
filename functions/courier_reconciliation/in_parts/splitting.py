"""A bill that is too large for one function becomes parts, which the queue hands out.

Whatever dies on the way is done again and ends the same: the files have the same keys, and only
then does the file's record say that it is shared out, and the messages go.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aftersales.errors import Conflict
from aftersales.tables import bills
from courier_reconciliation.bill_in import Read
from courier_reconciliation.engine import totals, unsaid
from courier_reconciliation.filling import fill
from courier_reconciliation.in_parts import shards
from courier_reconciliation.in_parts.part_files import (
    LINE_COLUMNS,
    REST,
    Manifest,
    Place,
    put_rows,
    put_value,
    run_of,
)
from courier_reconciliation.judging import wanted_for
from courier_reconciliation.look import Look
from courier_reconciliation.own_terms import tolerances_of
from courier_reconciliation.parcels_of_bill import ids_of

if TYPE_CHECKING:
    from aftersales.courier_bills import Bill
    from aftersales.tables.bills import Work
    from courier_reconciliation.bucket import Drop
    from courier_reconciliation.desk import Desk
    from courier_reconciliation.rates.card import RateCard

HOLD = timedelta(hours=8)
"""So long the file stays taken after the last step forward: the queue tries for seven and a half
hours. Afterwards it may be dropped again."""
AT_ONCE = 10
"""Messages of one call: the most that a queue takes."""


def parts_for(look: Look, read: Read) -> int:
    """How many parts a bill needs."""
    return -(-read.own.lines // look.own.part_lines)


def split(look: Look, read: Read, draft: Bill, card: RateCard) -> dict[str, Any]:
    """Share out the bill in the tables, and have its parts checked. Returns a summary.

    Raises `Conflict` where the file was taken by another run meanwhile, `OutsideFailure`.
    """
    parts, db = parts_for(look, read), look.db
    place = Place(look.drop.account, look.sha256, run_of(look.desk.owner))
    unsaid.take_currency_of_contract(db, read.all.files, card)
    mismatches = totals.mismatches(db, read.all.declared_totals, tolerances_of(look.own))
    shards.gather_families(db, read.own.name)
    shards.share_lines(db, read.own.name, parts)
    db.execute("CREATE OR REPLACE TEMP TABLE keys (parcel_id VARCHAR)")
    fill(db, "keys", ((key,) for key in ids_of(wanted_for(look, read))), look.folder)
    for part in range(parts):
        _put_part(look, place, part, parts)
    manifest = Manifest(parts, draft, read, tuple(mismatches))
    put_value(look, f"{place.folder}manifest.json", manifest)
    now, owner = look.desk.wall_now(), look.desk.owner
    if not bills.share_out(look.drop.account, look.sha256, owner, parts, now, now + HOLD):
        raise Conflict(f"{look.drop.key} was taken by another run")
    return hand_out(look.desk, look.drop, look.sha256, bills.Work(owner, parts=parts))


def _put_part(look: Look, place: Place, part: int, parts: int) -> None:
    # A parcel whose number was used again has its day behind the number.
    number_of_key = "split_part(parcel_id, '~', 1)"
    own = {
        "lines": f"SELECT {LINE_COLUMNS} FROM lines JOIN line_parts USING (line)"
        f" WHERE part = {part} ORDER BY line",
        "charges": "SELECT line, code, amount_minor FROM charges JOIN line_parts USING (line)"
        f" WHERE part = {part}",
        "refused": shards.numbers_of_part_sql("refused", "waybill", part, parts),
        "families": shards.families_of_part_sql(part, parts),
        "keys": shards.numbers_of_part_sql("keys", number_of_key, part, parts),
    }
    for name, sql in own.items():
        put_rows(look, f"{place.of(part)}{name}.parquet", sql)


def hand_out(desk: Desk, drop: Drop, sha256: str, work: Work) -> dict[str, Any]:
    """Ask for the parts that are not done yet; when all are, for the rest. Safe to repeat."""
    waiting = [part for part in range(work.parts) if part not in work.done] or [REST]
    about = {"bucket": drop.bucket, "key": drop.key, "sha256": sha256, "run": run_of(work.owner)}
    bodies = [json.dumps({**about, "part": part}) for part in waiting]
    for start in range(0, len(bodies), AT_ONCE):
        desk.send(bodies[start : start + AT_ONCE])
    return {
        "account": drop.account,
        "file": drop.name,
        "outcome": "in parts",
        "parts": work.parts,
        "waiting": len(waiting),
    }
