"""Tax that a bill states apart."""

from __future__ import annotations

from courier_reconciliation.causes.bill_parts import TAX, Main
from courier_reconciliation.causes.findings import Findings
from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.causes.tolerances import Tolerances
from courier_reconciliation.model import Kind
from courier_reconciliation.rates.card import E4
from courier_reconciliation.rates.price import half_up


def tax(main: Main, case: FreightCase, findings: Findings, tolerances: Tolerances) -> None:
    """The tax stated apart: its rate, and the tax on what is billed too much.

    The rate is the card's. Where that has none, it is what most rows of the bill have, and what is
    billed too much is named without its tax, as all amounts of such a contract are.
    """
    agreed = case.base.row.tax_e4
    rate = agreed or case.usual.tax_e4
    if not rate or not main.tax_apart:
        return
    net = main.base_minor + sum(amount for _, amount in main.extras)
    of_row = [each for each in findings.found if each.row == main.row.row
              and each.file == main.row.file]  # fmt: skip
    over = sum(each.difference_minor for each in of_row)
    on_billed = half_up(net * rate, 100 * E4)
    due = half_up((net - over) * rate, 100 * E4)
    limit = tolerances.amount_minor + (0 if agreed else net // 1000)
    if abs(main.tax_minor - due) <= limit:
        return
    rule = f"tax {rate / E4:g} %"
    if over and agreed:
        findings.follow(of_row[0].kind, main.row, code=TAX, billed=on_billed, expected=due)
    if abs(main.tax_minor - on_billed) > limit:
        kind, stated = Kind.TAX_MISMATCH, main.tax_minor
        findings.add(kind, main.row, charge=TAX, billed=stated, expected=on_billed, rule=rule)
