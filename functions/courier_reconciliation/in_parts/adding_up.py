"""The answers about the parts of a bill, added up to one about all of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec.structs import replace

from courier_reconciliation.claiming import is_claim
from courier_reconciliation.engine.answer import in_order
from courier_reconciliation.model import Discrepancy, Kind, Rejected
from courier_reconciliation.result import CourierTotal, NotAuditable, Reconciliation

REJECTED_LIMIT = 1000
"""As many rows of strange dates are named as in a bill that was checked at once."""


def added_up(
    parts: Sequence[Reconciliation], rest: Reconciliation, further: Iterable[Discrepancy]
) -> Reconciliation:
    """One answer. `further` discrepancies are of no part: printed totals."""
    every = (*parts, rest)
    further = tuple(further)
    found = sorted(chain(further, *(one.discrepancies for one in every)), key=in_order)
    by_kind: dict[Kind, tuple[int, int]] = {}
    for one in found:
        count, money = by_kind.get(one.kind, (0, 0))
        by_kind[one.kind] = (count + 1, money + one.difference_minor)
    totals = _totals([total for one in every for total in one.totals], found)
    strange = sorted((row for one in parts for row in one.rejected), key=_place)
    return replace(
        rest,
        lines=sum(one.lines for one in every),
        matched=sum(one.matched for one in every),
        unmatched_bill=sum(one.unmatched_bill for one in every),
        unmatched_shipments=sum(one.unmatched_shipments for one in every),
        discrepancies=tuple(found),
        not_auditable=tuple(
            sorted(chain(*(one.not_auditable for one in every)), key=_place_and_number)
        ),
        rejected=(*rest.rejected, *strange[:REJECTED_LIMIT]),
        totals=totals,
        total_billed_minor=sum(one.total_billed_minor for one in every),
        total_expected_minor=sum(one.total_expected_minor for one in every),
        claimable_minor=sum(one.difference_minor for one in found if is_claim(one)),
        currency=_usual_currency(totals) or rest.currency,
        carry_over=sum(one.carry_over for one in every),
        notes=_notes(chain(rest.notes, *(one.notes for one in parts))),
        by_kind=dict(sorted(by_kind.items(), key=lambda item: -abs(item[1][1]))),
    )


def _totals(
    totals: Iterable[CourierTotal], found: Iterable[Discrepancy]
) -> tuple[CourierTotal, ...]:
    sums: dict[tuple[str, str], CourierTotal] = {}
    for one in totals:
        key = (one.courier, one.currency)
        sums[key] = _sum(sums[key], one) if key in sums else one
    # What is missing may be a courier's that has lines in other parts only.
    missing: Counter[tuple[str, str]] = Counter()
    for each in found:
        if each.kind is Kind.MISSING_FROM_BILL:
            missing[each.courier, each.currency] -= each.difference_minor
    return tuple(replace(sums[key], missing_minor=missing[key]) for key in sorted(sums))


def _sum(one: CourierTotal, other: CourierTotal) -> CourierTotal:
    return CourierTotal(
        courier=one.courier,
        currency=one.currency,
        lines=one.lines + other.lines,
        billed_minor=one.billed_minor + other.billed_minor,
        agreed_minor=one.agreed_minor + other.agreed_minor,
        disputed_expected_minor=one.disputed_expected_minor + other.disputed_expected_minor,
        over_minor=one.over_minor + other.over_minor,
        under_minor=one.under_minor + other.under_minor,
        unmatched_minor=one.unmatched_minor + other.unmatched_minor,
        duplicate_minor=one.duplicate_minor + other.duplicate_minor,
        not_auditable_minor=one.not_auditable_minor + other.not_auditable_minor,
    )


def _usual_currency(totals: Iterable[CourierTotal]) -> str:
    lines: Counter[str] = Counter()
    for one in totals:
        lines[one.currency] += one.lines
    return max(sorted(lines), key=lambda currency: lines[currency], default="")


def _notes(notes: Iterable[str]) -> tuple[str, ...]:
    """Each once; those that begin with a count are added up."""
    counts: Counter[str] = Counter()
    for note in notes:
        count, _, text = note.partition(" ")
        if count.isdigit():
            counts[text] += int(count)
        else:
            counts[note] += 0
    return tuple(f"{count} {text}" if count else text for text, count in counts.items())


def _place(one: Rejected | NotAuditable) -> tuple[object, ...]:
    return (one.file, one.sheet, one.row or 0)


def _place_and_number(one: NotAuditable) -> tuple[object, ...]:
    return (*_place(one), one.waybill_number)
