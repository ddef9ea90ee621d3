"""The answer as JSON: what `aftersales reconcile --json` prints. A public interface."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from courier_reconciliation.model import Discrepancy
from courier_reconciliation.result import Reconciliation


def as_json(result: Reconciliation) -> dict[str, Any]:
    """The whole answer; keys are documented in docs/reconciliation.md."""
    return {
        "period": result.period,
        "currency": result.currency,
        "lines": result.lines,
        "matched": result.matched,
        "unmatched_bill": result.unmatched_bill,
        "unmatched_shipments": result.unmatched_shipments,
        "discrepancies": [discrepancy_json(one) for one in result.discrepancies],
        "total_billed_minor": result.total_billed_minor,
        "total_expected_minor": result.total_expected_minor,
        "claimable_minor": result.claimable_minor,
        "carry_over": result.carry_over,
        "by_kind": {
            kind.value: {"count": count, "difference_minor": money}
            for kind, (count, money) in result.by_kind.items()
        },
        "couriers": [asdict(total) for total in result.totals],
        "not_auditable": [asdict(one) for one in result.not_auditable],
        "rejected": [asdict(one) for one in result.rejected],
        "notes": list(result.notes),
    }


def discrepancy_json(one: Discrepancy) -> dict[str, Any]:
    """One difference. `difference_minor` is billed minus expected."""
    return {
        "waybill_number": one.waybill_number,
        "kind": one.kind.value,
        "courier": one.courier,
        "order_id": one.order_id,
        "charge": one.charge,
        "billed_minor": one.billed_minor,
        "expected_minor": one.expected_minor,
        "difference_minor": one.difference_minor,
        "currency": one.currency,
        "claimable": one.claimable,
        "file": one.file,
        "sheet": one.sheet,
        "row": one.row,
        "evidence": dict(one.evidence),
        "rule": one.rule,
    }
