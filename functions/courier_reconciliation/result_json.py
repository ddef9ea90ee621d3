"""The answer as JSON: what `aftersales reconcile --json` prints. A public interface."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from courier_reconciliation.model import Discrepancy, Kind
from courier_reconciliation.result import Reconciliation


class Told(Struct):
    """One difference, as it is told. `difference_minor` is billed minus expected."""

    waybill_number: str
    kind: Kind
    courier: str
    order_id: str
    charge: str
    billed_minor: int
    expected_minor: int
    difference_minor: int
    currency: str
    claimable: bool
    file: str
    sheet: str
    row: int | None
    evidence: dict[str, str | int]
    rule: str


def as_json(result: Reconciliation) -> dict[str, Any]:
    """The whole answer, for msgspec to encode; keys are documented in docs/reconciliation.md."""
    return {
        "period": result.period,
        "currency": result.currency,
        "lines": result.lines,
        "matched": result.matched,
        "unmatched_bill": result.unmatched_bill,
        "unmatched_shipments": result.unmatched_shipments,
        "discrepancies": [_told(one) for one in result.discrepancies],
        "total_billed_minor": result.total_billed_minor,
        "total_expected_minor": result.total_expected_minor,
        "claimable_minor": result.claimable_minor,
        "carry_over": result.carry_over,
        "by_kind": {
            kind.value: {"count": count, "difference_minor": money}
            for kind, (count, money) in result.by_kind.items()
        },
        "couriers": result.totals,
        "not_auditable": result.not_auditable,
        "rejected": result.rejected,
        "notes": result.notes,
    }


def _told(one: Discrepancy) -> Told:
    return Told(
        waybill_number=one.waybill_number,
        kind=one.kind,
        courier=one.courier,
        order_id=one.order_id,
        charge=one.charge,
        billed_minor=one.billed_minor,
        expected_minor=one.expected_minor,
        difference_minor=one.billed_minor - one.expected_minor,
        currency=one.currency,
        claimable=one.claimable,
        file=one.file,
        sheet=one.sheet,
        row=one.row,
        evidence=dict(one.evidence),
        rule=one.rule,
    )
