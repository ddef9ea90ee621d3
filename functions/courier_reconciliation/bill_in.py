"""A bill and those of months before it, from the bucket into the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from aftersales.courier_bills import Bill
from aftersales.errors import BadInput
from courier_reconciliation import claiming
from courier_reconciliation.bucket import Drop, fetch
from courier_reconciliation.look import Look
from courier_reconciliation.own_terms import layouts_of
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.lines import take_away
from courier_reconciliation.reading.model import BillFile, BillsRead, ReadingOptions
from courier_reconciliation.reading.repeats import content_hash

EARLIER_BILLS = 2
"""So many bills of months before are looked into for parcels that are billed a second time."""

TOLD = 3
"""So many reasons are told of a file of which nothing can be used."""


class Read(NamedTuple):
    """A bill in the tables, beside bills of months before.

    `rows.content_hash` is that of its lines: a bill that was only saved again keeps it.
    """

    all: BillsRead
    own: BillFile
    rows: claiming.Rows
    period: str
    days: claiming.Days
    couriers: tuple[str, ...]


def read_in(look: Look, path: Path, known: Sequence[Bill], now: datetime) -> Read:
    """Read a bill into the tables. Raises `BadInput` where that cannot be done.

    `known` are the account's bills so far.
    """
    expected = claiming.expected_period(look.drop.name, look.desk.day(now))
    earlier = _earlier(look, known, expected)
    options = ReadingOptions(
        period=expected,
        courier=look.account.courier,
        currency=look.desk.currency(look.account),
        leaves_unsaid=True,
        layouts=layouts_of(look.own),
        temp_directory=str(look.folder),
    )
    copies = [path, *earlier]
    read = read_bills(look.db, copies, options)
    for copy in copies:
        copy.unlink()  # the disk is needed for the tables
    own = next((file for file in read.files if file.path == str(path)), None)
    if own is None or not own.lines:
        raise BadInput(_unusable(read, own, path.name))
    period = own.period or expected
    read = _only_before(look, read, own, period)
    first, last = look.db.execute(
        "SELECT min(billed_on), max(billed_on) FROM lines WHERE file = ?"
        " AND strftime(billed_on, '%Y-%m') = ?",
        [own.name, period],
    ).fetchone() or (None, None)
    whole = claiming.days_of(period)
    days = claiming.Days(first, last) if first and last else whole
    couriers = look.db.execute(
        "SELECT DISTINCT courier FROM lines WHERE file = ? AND courier <> '' ORDER BY courier",
        [own.name],
    ).fetchall()
    named = tuple(courier for (courier,) in couriers)
    if not named and look.account.courier:
        named = (look.account.courier,)
    dearest = look.db.execute(
        "SELECT max(amount_minor) FROM lines WHERE file = ?", [own.name]
    ).fetchone()
    gives_back = dearest is not None and dearest[0] is not None and dearest[0] < 0
    rows = claiming.Rows(content_hash(look.db, own.name), own.lines, gives_back)
    return Read(read, own, rows, period, days, named)


def _unusable(read: BillsRead, own: BillFile | None, name: str) -> str:
    """Why not one line of a bill can be used: all reasons would be no message any more."""
    found = [one for one in read.rejected if one.file == name]
    if own is None or not own.refused:
        reasons = [one.reason for one in found]
        return "; ".join(reasons[:TOLD]) or "the file has no line with a waybill number"
    rows = [f"row {one.row}: {one.reason}" for one in found if one.row is not None]
    return "; ".join([f"none of its {own.refused} rows can be used", *rows[:TOLD]])


def _earlier(look: Look, known: Sequence[Bill], expected: str) -> list[Path]:
    """Copies of the account's bills of months before, where they are still in the bucket."""
    found = []
    before = [one for one in known if one.period < expected and not one.is_credit_note]
    for bill in before[-EARLIER_BILLS:]:
        path = look.folder / "earlier" / bill.name / bill.key.rpartition("/")[2]
        path.parent.mkdir(parents=True)
        try:
            if fetch(look.desk.s3, Drop(bill.bucket, bill.key), path) == bill.sha256:
                found.append(path)
        except BadInput:
            continue  # taken away in the meantime: it cannot be looked into
    return found


def _only_before(look: Look, read: BillsRead, own: BillFile, period: str) -> BillsRead:
    """Without bills that turn out not to be of earlier months."""
    kept = [one for one in read.files if one is own or (one.period and one.period < period)]
    for file in read.files:
        if file not in kept:
            take_away(look.db, "file = ?", [file.name])
            look.db.execute("DELETE FROM refused WHERE file = ?", [file.name])
    return BillsRead(
        tuple(kept),
        tuple(one for one in read.rejected if one.file == own.name),
        tuple(one for one in read.declared_totals if one.file == own.name),
    )
