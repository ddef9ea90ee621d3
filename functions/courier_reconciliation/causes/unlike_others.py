"""A row that is too dear because it lacks what the other rows of the bill have."""

from __future__ import annotations

from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.causes.hypotheses import Part
from courier_reconciliation.causes.stated import own_weight_fit
from courier_reconciliation.model import Kind
from courier_reconciliation.rates.card import E4
from courier_reconciliation.rates.price import half_up


def without_usual_discount(case: FreightCase) -> Part | None:
    """The price before the discount that the other rows of the bill have, and this one has not."""
    share, row = case.usual.discount_e4, case.main.row
    if not share or row.discount_minor or own_weight_fit(case) is None:
        return None
    after = half_up(case.billed_minor * (100 * E4 - share), 100 * E4)
    for expected in case.expected:
        # The share is known to a tenth of a percent.
        if abs(after - expected) <= case.tolerances.amount_minor + case.billed_minor // 1000:
            evidence = (("discount_minor", case.billed_minor - expected),)
            return Part(Kind.MISSING_DISCOUNT, expected, case.billed_minor, evidence)
    return None


def with_another_tax(case: FreightCase) -> Part | None:
    """The price with another tax than the other rows of the bill have."""
    share, tax = case.usual.tax_e4, case.main.row.tax_inside_minor
    if not share or not tax or case.main.is_freight or own_weight_fit(case) is None:
        return None
    net = case.billed_minor - tax
    usual = half_up(net * share, 100 * E4)
    for expected in case.expected:
        if abs(net + usual - expected) <= case.tolerances.amount_minor:
            evidence = (("tax_minor", tax), ("usual_tax_minor", usual))
            return Part(Kind.TAX_MISMATCH, expected, case.billed_minor, evidence)
    return None
