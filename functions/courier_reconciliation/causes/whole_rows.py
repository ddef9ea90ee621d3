"""Rows that are wrong as a whole: of nobody's parcel, of one not carried, doubles, ways back."""

from __future__ import annotations

from collections.abc import Sequence

from courier_reconciliation.causes import wording
from courier_reconciliation.causes.bill_parts import RETURN, Extra, Main, Sorted, sort_rows
from courier_reconciliation.causes.choice import Choice
from courier_reconciliation.causes.earlier_bills import extras_before
from courier_reconciliation.causes.findings import Findings
from courier_reconciliation.causes.surcharges import return_rule
from courier_reconciliation.model import BilledRow, Kind, Outcome
from courier_reconciliation.rates.card import E4, FreightRow, PricingFacts, RateCard
from courier_reconciliation.rates.price import half_up, is_valid

NOT_DUE = {
    Outcome.CANCELLED: Kind.NOT_SHIPPED,
    Outcome.NEVER_MOVED: Kind.NOT_SHIPPED,
    Outcome.LOST: Kind.LOST_BILLED,
    Outcome.DAMAGED: Kind.DAMAGED_BILLED,
}
_MAY_HAVE_RETURNED = (Outcome.RETURNED, Outcome.UNKNOWN, Outcome.IN_TRANSIT)


def nobodys(rows: Sequence[BilledRow], findings: Findings) -> None:
    """Rows of a waybill that nobody shipped; a second row of the same charge is a double."""
    parts = sort_rows(rows)
    seen: dict[tuple[str, str], BilledRow] = {}
    charges: list[Main | Extra] = [*parts.mains, *parts.extras]
    for row in [charge.row for charge in charges]:
        key = (row.waybill_number, row.charge)
        first = seen.setdefault(key, row)
        if first is row:
            whole(findings, Kind.UNKNOWN_WAYBILL, row, wording.RULES[Kind.UNKNOWN_WAYBILL])
        else:
            rule = wording.RULES[Kind.DUPLICATE_WAYBILL]
            whole(findings, Kind.DUPLICATE_WAYBILL, row, rule, (("first_row", first.row),))


def not_due(
    parts: Sorted,
    facts: PricingFacts,
    card: RateCard,
    findings: Findings,
    *,
    billed_before: bool,
) -> None:
    """Nothing is due for what was never carried, lost or damaged, but perhaps a label."""
    kind = NOT_DUE[facts.outcome]
    label = _label(card, facts) if kind is Kind.NOT_SHIPPED else None
    rule = wording.RULES.get(kind, "")
    if kind is Kind.NOT_SHIPPED:
        rule = "nothing is due for a parcel that was not carried"
        if label is not None:
            rule = f"card row {label.row}: label fee only"
    left = 0 if label is None else label.base_price_minor
    evidence = (("outcome", facts.outcome.value),)
    for index, main in enumerate(parts.mains):
        if index or billed_before:
            duplicate(findings, main, parts.mains[0] if index else None)
            continue
        due = min(left, main.amount_minor)
        left -= due
        amount, charge = main.amount_minor, main.row.charge
        findings.add(
            kind,
            main.row,
            charge=charge,
            billed=amount,
            expected=due,
            rule=rule,
            evidence=evidence,
        )
    seen: set[tuple[str, int]] = set()
    for extra in parts.extras:
        named = extra.code, extra.amount_minor
        if len(parts.mains) > 1 and named in seen:
            findings.add_double(extra.row, charge=extra.code, amount=extra.amount_minor)
            continue
        seen.add(named)
        due = min(left, extra.amount_minor)
        left -= due
        findings.add(
            kind,
            extra.row,
            charge=extra.code,
            billed=extra.amount_minor,
            expected=due,
            rule=rule,
            evidence=evidence,
        )


def _label(card: RateCard, facts: PricingFacts) -> FreightRow | None:
    """The label fee as a price, where the card has one."""
    for row in card.surcharges:
        if row.code == "label" and row.courier == facts.courier and is_valid(row, facts.shipped_on):
            return FreightRow(row.row, row.courier, half_up(row.value_e4, E4))
    return None


def duplicate(findings: Findings, main: Main, kept: Main | None) -> None:
    evidence: tuple[tuple[str, str | int], ...] = (("billed_before", "yes"),)
    if kept is not None:
        evidence = (("first_row", kept.row.row), ("first_file", kept.row.file))
    findings.add_double(
        main.row, charge=main.row.charge, amount=main.amount_minor, evidence=evidence
    )


def extras_again(parts: Sorted, before: Sequence[BilledRow], findings: Findings) -> None:
    """Surcharges in rows of their own that an earlier bill had, to the cent, are billed twice."""
    had = extras_before(before)
    left = []
    for extra in parts.extras:
        named = extra.code, extra.amount_minor
        if had[named]:
            had[named] -= 1
            evidence = (("billed_before", "yes"),)
            findings.add_double(
                extra.row, charge=extra.code, amount=extra.amount_minor, evidence=evidence
            )
        else:
            left.append(extra)
    parts.extras = left


def ways_back(
    choice: Choice,
    facts: PricingFacts,
    findings: Findings,
    *,
    way_back: int | None,
    paid: int,
    tolerance: int,
) -> None:
    """A second row of a returned parcel, against the share that the card has for it."""
    may = facts.outcome in _MAY_HAVE_RETURNED
    left = max((way_back or 0) - paid, 0) if may else 0
    for main in choice.ways_back:
        over = main.amount_minor - left
        if abs(over) > tolerance:
            findings.add(
                Kind.RETURN_OVERCHARGE if over > 0 else Kind.UNDERBILLED,
                main.row,
                charge=RETURN,
                billed=main.amount_minor,
                expected=left,
                rule=return_rule(way_back),
                evidence=(("outcome", facts.outcome.value or "unknown"),),
            )
        left = 0


def whole(
    findings: Findings,
    kind: Kind,
    row: BilledRow,
    rule: str,
    evidence: tuple[tuple[str, str | int], ...] = (),
) -> None:
    """All of a row is too much."""
    findings.add(
        kind,
        row,
        charge=row.charge,
        billed=row.amount_minor,
        expected=0,
        rule=rule,
        evidence=evidence,
    )
