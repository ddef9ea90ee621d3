"""What earlier bills charged for the same parcel already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from courier_reconciliation.causes.bill_parts import MAIN
from courier_reconciliation.model import BilledRow, Shipment

EARLIER_DAYS = 3
"""A row dated this long before the parcel was shipped is another parcel's of the same number."""


def billed_before(earlier: Sequence[BilledRow], shipment: Shipment) -> list[BilledRow]:
    """Rows of earlier bills that are of this parcel: couriers use numbers again within a year."""
    return [
        row
        for row in earlier
        if row.billed_on is None or (shipment.shipped_on - row.billed_on).days <= EARLIER_DAYS
    ]


def without_reversals(
    rows: Sequence[BilledRow], before: Sequence[BilledRow]
) -> tuple[list[BilledRow], list[BilledRow]]:
    """A negative row that takes back the charge of an earlier bill clears the way for a new one.

    Returns the rows that are left, and the charges for carrying that still stand.
    """
    before = [row for row in before if row.charge in MAIN]
    left, earlier = list(rows), [row for row in before if row.amount_minor > 0]
    for credit in [row for row in before if row.amount_minor < 0]:
        earlier = _less(earlier, -credit.amount_minor)
    for row in rows:
        if row.amount_minor < 0 and earlier:
            kept = _less(earlier, -row.amount_minor)
            if len(kept) < len(earlier):
                earlier = kept
                left.remove(row)
    return left, earlier


def extras_before(before: Sequence[BilledRow]) -> Counter[tuple[str, int]]:
    """(code, amount) of the surcharges in rows of their own that earlier bills had."""
    rows = [row for row in before if row.charge not in MAIN]
    return Counter((row.charge, row.amount_minor) for row in rows)


def _less(rows: list[BilledRow], amount: int) -> list[BilledRow]:
    for index, row in enumerate(rows):
        if row.amount_minor == amount:
            return rows[:index] + rows[index + 1 :]
    return rows
