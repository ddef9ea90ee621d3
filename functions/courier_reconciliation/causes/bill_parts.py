"""The rows of one waybill, sorted: what carries the parcel, what is extra, what is given back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from courier_reconciliation.model import FREIGHT, TOTAL, BilledRow
from courier_reconciliation.rates.card import volume_of
from courier_reconciliation.surcharge_codes import OTHER

COMPENSATION = "compensation"
TAX = "tax"
RETURN = "return"
MAIN = (TOTAL, FREIGHT)


class Main(Struct):
    """A row that pays for carrying the parcel, or the pieces of one taken together.

    `base_minor` is its amount without the `extras` that it states apart; `is_freight` says that it
    is stated to be freight alone. `tax_minor` is not in `base_minor` where `tax_apart`.
    """

    row: BilledRow
    amount_minor: int
    base_minor: int
    extras: list[tuple[str, int]] = field(default_factory=list)
    is_freight: bool = False
    tax_minor: int = 0
    tax_apart: bool = False
    weight_g: int | None = None
    actual_g: int | None = None
    volume_mm3: int | None = None
    province: str = ""
    credit_minor: int = 0


class Extra(Struct, frozen=True):
    """A row of its own for a surcharge."""

    row: BilledRow
    code: str
    amount_minor: int


class Sorted(Struct):
    """All rows of a waybill. `credit_minor` is what is given back, above zero.

    `free_weights` are the weights of rows without money, beside rows that have some: pieces of a
    shipment that one of them pays for.
    """

    mains: list[Main]
    extras: list[Extra]
    credit_minor: int
    free_weights: list[int | None] = []


def sort_rows(rows: Sequence[BilledRow], *, carried: bool = False) -> Sorted:
    """Sort the rows; a credit takes away the charge of the same kind and amount that it cancels.

    `carried`: an earlier bill has the charge for carrying the parcel.
    """
    credit = 0
    for row in rows:
        if row.amount_minor < 0:
            rows, credit = _credited(rows)
            break
    mains: list[Main] = []
    extras: list[Extra] = []
    for row in rows:
        if row.charge in MAIN:
            mains.append(main_of(row))
        elif row.amount_minor:
            extras.append(Extra(row, row.charge, row.amount_minor))
    weights: list[int | None] = []
    if len(mains) > 1 and any(main.amount_minor for main in mains):
        weights = [main.weight_g for main in mains if not main.amount_minor]
        mains = [main for main in mains if main.amount_minor]
    if carried or len(mains) > 1:
        mains = _without_late_extras(mains, extras, carried=carried)
    return Sorted(mains, extras, credit, weights)


def _without_late_extras(
    mains: Sequence[Main], extras: list[Extra], *, carried: bool
) -> list[Main]:
    """The rows that pay for carrying. One with surcharges and no freight is a row of these, where
    another one carries the parcel: couriers bill surcharges late, in rows of their own."""
    kept = [main for main in mains if main.base_minor or not main.extras]
    if not kept and not carried:
        return list(mains)
    for main in mains:
        if main.extras and not main.base_minor:
            extras += [Extra(main.row, code, amount) for code, amount in main.extras]
    return kept


def _credited(rows: Sequence[BilledRow]) -> tuple[list[BilledRow], int]:
    """The charges that no credit cancels, and what is given back besides."""
    charges = [row for row in rows if row.amount_minor >= 0]
    credit = 0
    for row in rows:
        if row.amount_minor >= 0:
            continue
        cancelled = None if row.charge == COMPENSATION else _cancelled(row, charges)
        if cancelled is not None:
            charges.remove(cancelled)
        elif row.charge != COMPENSATION:
            credit -= row.amount_minor
    return charges, credit


def _cancelled(credit: BilledRow, charges: Iterable[BilledRow]) -> BilledRow | None:
    for row in charges:
        if row.amount_minor == -credit.amount_minor and row.charge == credit.charge:
            return row
    return None


def main_of(row: BilledRow) -> Main:
    """The parts of a row. What a total holds beyond its stated parts is an unnamed extra."""
    main = Main(
        row=row,
        amount_minor=row.amount_minor,
        base_minor=row.amount_minor,
        is_freight=row.charge == FREIGHT,
        tax_minor=row.tax_minor or 0,
        weight_g=row.weight_g,
        actual_g=row.actual_g,
        volume_mm3=volume_of(row.length_mm, row.width_mm, row.height_mm),
        province=row.province,
    )
    if not row.surcharges and row.freight_minor is None:
        return main
    for code, amount in row.surcharges:
        if code == COMPENSATION and amount < 0:
            main.amount_minor -= amount  # paid back, and no part of what carrying costs
        elif code == TAX:
            main.tax_minor = amount
        elif code in MAIN or amount < 0:
            continue  # stays in what is left: part of the freight, or a reduction of it
        elif amount:
            main.extras.append((code, amount))
    left = main.amount_minor - sum(amount for _, amount in main.extras)
    if left < 0:
        main.extras = []  # parts that are more than the whole say nothing
        main.base_minor = main.amount_minor
        return main
    if row.freight_minor is not None and not any(code in MAIN for code, _ in row.surcharges):
        _state_freight(main, row.freight_minor, left, abs(row.discount_minor or 0))
    else:
        main.base_minor = left
    return main


def _state_freight(main: Main, freight: int, left: int, discount: int) -> None:
    """Compare the stated freight with what the stated extras leave of the total."""
    beyond = left - freight
    main.is_freight = True
    main.base_minor = freight
    if beyond in (main.tax_minor, main.tax_minor - discount) and main.tax_minor:
        main.tax_apart = True
        main.base_minor = left - main.tax_minor
    elif beyond > 0:
        main.extras.append((OTHER, beyond))
    else:
        main.base_minor = left  # a discount, stated or not, is off the freight


def together(mains: Sequence[Main]) -> Main:
    """The pieces of one shipment as one row."""
    first = mains[0]
    weights = [main.weight_g for main in mains]
    return Main(
        row=first.row,
        amount_minor=sum(main.amount_minor for main in mains),
        base_minor=sum(main.base_minor for main in mains),
        extras=[extra for main in mains for extra in main.extras],
        is_freight=all(main.is_freight for main in mains),
        tax_minor=sum(main.tax_minor for main in mains),
        tax_apart=all(main.tax_apart for main in mains),
        weight_g=None if None in weights else sum(weight or 0 for weight in weights),
        province=first.province,
    )
