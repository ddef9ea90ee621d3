"""A total that is too high by a charge that it does not name: a discount left out, an extra."""

from __future__ import annotations

from courier_reconciliation.causes.bill_parts import RETURN
from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.causes.hypotheses import Part
from courier_reconciliation.causes.stated import Evidence, own_weight_fit
from courier_reconciliation.model import Kind, Outcome
from courier_reconciliation.rates.card import Basis, SurchargeRow
from courier_reconciliation.rates.price import is_valid, surcharge_amount
from courier_reconciliation.rates.quotes import as_billed


def without_discount(case: FreightCase) -> Part | None:
    """The list price, where the contract takes a discount off."""
    if not case.base.row.discount_e4:
        return None
    off = case.priced.list_freight_minor - case.priced.freight_minor
    if off <= 0 or (own_weight_fit(case) is None and not _weight_costs_no_more(case)):
        return None
    evidence = (("discount_minor", off), ("list_price_minor", case.priced.list_freight_minor))
    for expected in case.expected:
        if abs(case.billed_minor - expected - off) <= case.tolerances.amount_minor:
            return Part(Kind.MISSING_DISCOUNT, expected, case.billed_minor, evidence)
    return None


def _weight_costs_no_more(case: FreightCase) -> bool:
    """Whether the billed weight, though not the parcel's own, has the same price."""
    own = case.quotes.freight(case.base)
    ways = as_billed(case.rows, case.main.weight_g) if case.main.weight_g else []
    return any(case.quotes.freight(way) == own for way in ways)


def full_way_back(case: FreightCase) -> Part | None:
    """The way back at the full price, inside the amount of a returned parcel."""
    if case.facts.outcome is not Outcome.RETURNED:
        return None
    if not case.is_all or own_weight_fit(case) is None:
        return None
    there_and_back = case.expected[0] + case.priced.freight_minor
    if abs(case.billed_minor - there_and_back) > case.tolerances.amount_minor:
        return None
    evidence: Evidence = (("freight_minor", case.priced.freight_minor),)
    return Part(Kind.RETURN_OVERCHARGE, case.highest(), case.billed_minor, evidence)


def unnamed_extra(case: FreightCase) -> Part | None:
    """A surcharge of the card inside a total. `kind` None where the contract allows it."""
    surcharges = case.quotes.surcharges_of(case.facts.courier)
    if not surcharges or case.main.is_freight or own_weight_fit(case) is None:
        return None
    billed, limit = case.billed_minor, case.tolerances.amount_minor
    for expected in case.expected:
        for charge in case.priced.allowed:
            is_it = abs(billed - expected - charge.amount_minor) <= limit
            if charge.code not in case.apart and charge.amount_minor and is_it:
                return Part(None, expected, billed, ())
    for row in surcharges:
        if not is_valid(row, case.facts.shipped_on):
            continue
        amount = _amount(row, case)
        for expected in case.expected:
            if amount and abs(billed - expected - amount) <= limit:
                kind = Kind.RETURN_OVERCHARGE if _is_way_back(row, case) else Kind.SURCHARGE_INVALID
                evidence = (("surcharge", row.code), ("card_row_of_the_surcharge", row.row))
                return Part(kind, expected, billed, evidence)
    return None


def _amount(row: SurchargeRow, case: FreightCase) -> int:
    """What a surcharge that is not due here would come to, before tax."""
    due = {charge.code: charge.amount_minor for charge in case.priced.surcharges}
    if row.code in due or row.code in case.apart:
        return 0
    if row.basis is Basis.PERCENT_OF_DECLARED and not case.facts.declared_value_minor:
        return row.minimum_minor
    listed, rounded = case.priced.list_freight_minor, case.priced.rounded_g
    return surcharge_amount(row, listed, rounded, case.facts)


def _is_way_back(row: SurchargeRow, case: FreightCase) -> bool:
    return row.code == RETURN and case.facts.outcome is Outcome.RETURNED
