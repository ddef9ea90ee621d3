"""Tax that a bill states apart."""

from __future__ import annotations

from courier_reconciliation.causes.bill_parts import Main
from courier_reconciliation.causes.findings import Findings
from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.causes.tolerances import Tolerances
from courier_reconciliation.model import Kind
from courier_reconciliation.rates.card import E4
from courier_reconciliation.rates.price import half_up


def tax(main: Main, case: FreightCase, findings: Findings, tolerances: Tolerances) -> None:
    """The tax stated apart: its rate, and the tax on what is billed too much."""
    rate = case.base.row.tax_e4
    if not rate or not main.tax_apart:
        return
    net = main.base_minor + sum(amount for _, amount in main.extras)
    on_billed = half_up(net * rate, 100 * E4)
    rule = f"tax {rate / E4:g} %"
    if abs(main.tax_minor - on_billed) > tolerances.amount_minor:
        findings.add(
            Kind.TAX_MISMATCH,
            main.row,
            charge="tax",
            billed=main.tax_minor,
            expected=on_billed,
            rule=rule,
        )
    over = sum(each.difference_minor for each in findings.found if each.row == main.row.row
               and each.file == main.row.file and each.charge != "tax")  # fmt: skip
    on_expected = half_up((net - over) * rate, 100 * E4)
    if over and on_billed != on_expected:
        kind = next(each.kind for each in findings.found if each.charge != "tax")
        findings.add(
            kind, main.row, charge="tax", billed=on_billed, expected=on_expected, rule=rule
        )
