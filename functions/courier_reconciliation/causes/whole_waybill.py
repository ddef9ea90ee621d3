"""One finding for a waybill for which nothing is due, however many rows it has."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from courier_reconciliation.model import TOTAL, Discrepancy, Kind

WHOLE = frozenset(
    {
        Kind.UNKNOWN_WAYBILL,
        Kind.NOT_SHIPPED,
        Kind.LOST_BILLED,
        Kind.DAMAGED_BILLED,
        Kind.DUPLICATE_WAYBILL,
        Kind.PAYMENT_PARTY,
    }
)
"""Where a courier writes a row per service, all rows of the waybill are wrong for one reason."""


def as_one(found: Sequence[Discrepancy]) -> list[Discrepancy]:
    """The same money, with the rows of different charges of one waybill taken together.

    Rows of the same charge (a parcel billed three times) stay apart: each is claimed by itself.
    """
    if len(found) <= 1:
        return list(found)
    taken: dict[tuple[Kind, str, str], list[list[Discrepancy]]] = {}
    for one in found:
        if one.kind in WHOLE:
            sets = taken.setdefault((one.kind, one.courier, one.waybill_number), [])
            free = next((each for each in sets if _joins(one, each)), None)
            if free is None:
                sets.append([one])
            else:
                free.append(one)
    merged = {id(each[0]): _together(each) for sets in taken.values() for each in sets}
    return [merged.get(id(one), one) for one in found if one.kind not in WHOLE or id(one) in merged]


def _joins(one: Discrepancy, others: Sequence[Discrepancy]) -> bool:
    """Whether a row is one of the others' set: that the receiver pays, each row says for itself."""
    return one.kind is Kind.PAYMENT_PARTY or one.charge not in {each.charge for each in others}


def _together(found: Sequence[Discrepancy]) -> Discrepancy:
    first = found[0]
    if len(found) == 1:
        return first
    rows = ", ".join(str(one.row) for one in found)
    charges = ", ".join(one.charge for one in found)
    return replace(
        first,
        charge=TOTAL,
        billed_minor=sum(one.billed_minor for one in found),
        expected_minor=sum(one.expected_minor for one in found),
        evidence=(*first.evidence, ("rows", rows), ("charges", charges)),
    )
