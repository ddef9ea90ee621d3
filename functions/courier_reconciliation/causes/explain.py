"""Why the rows of one waybill differ from what the contract says.

Nothing is claimed twice: a row is a duplicate or a way back or what carries the parcel, and the
share of a difference that one cause explains is not part of another's. Rules only: no clock, no
files, no network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from courier_reconciliation.causes import wording
from courier_reconciliation.causes.beyond import full_way_back, unnamed_extra, without_discount
from courier_reconciliation.causes.bill_parts import RETURN, Extra, Main, Sorted, sort_rows
from courier_reconciliation.causes.choice import Choice, Chooser, pieces_agree
from courier_reconciliation.causes.earlier_bills import billed_before, without_reversals
from courier_reconciliation.causes.findings import Explained, Findings
from courier_reconciliation.causes.followers import Cause, at_billed_freight, at_billed_weight
from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.causes.hypotheses import Part, Rank, explained_by_one
from courier_reconciliation.causes.stated import Fit
from courier_reconciliation.causes.surcharges import SurchargeCheck, of_main_and_rows
from courier_reconciliation.causes.taxes import tax
from courier_reconciliation.causes.tolerances import DEFAULT, Tolerances
from courier_reconciliation.causes.two_mistakes import (
    explained_by_two,
    is_of_other_terms,
    unexplained,
)
from courier_reconciliation.causes.unlike_others import (
    with_another_tax,
    without_usual_discount,
)
from courier_reconciliation.causes.usual import Usual
from courier_reconciliation.causes.whole_rows import (
    NOT_DUE,
    duplicate,
    extras_again,
    nobodys,
    not_due,
    ways_back,
    whole,
)
from courier_reconciliation.causes.within_tolerance import (
    lighter_within_tolerance,
    scale_within_tolerance,
)
from courier_reconciliation.model import (
    FREIGHT,
    TOTAL,
    BilledRow,
    Kind,
    Outcome,
    Shipment,
)
from courier_reconciliation.rates.card import (
    FreightRow,
    NotPriced,
    Priced,
    PricingFacts,
    RateCard,
    facts_of,
)
from courier_reconciliation.rates.quotes import Quotes, weigh_by
from courier_reconciliation.surcharge_codes import OTHER

_VAGUE = (Rank.ZONE_UNSTATED, Rank.VOLUMETRIC_RARE, Rank.WEIGHT_UNSTATED)


def explain(  # noqa: PLR0917 - one waybill, and what it is judged by
    rows: Sequence[BilledRow],
    shipment: Shipment | None,
    card: RateCard,
    tolerances: Tolerances = DEFAULT,
    earlier: Sequence[BilledRow] = (),
    usual: Mapping[str, Usual] = {},
) -> Explained:
    """What is wrong with the rows of one waybill. For many waybills make one `Explainer`."""
    return Explainer(card, tolerances, usual).explain(rows, shipment, earlier)


class Explainer:
    """Explains waybill after waybill by one card; remembers nothing but prices.

    `usual`: file -> what its rows usually do.
    """

    def __init__(
        self, card: RateCard, tolerances: Tolerances = DEFAULT, usual: Mapping[str, Usual] = {}
    ) -> None:
        self._quotes = Quotes(card)
        self._tolerances = tolerances
        self._usual = usual

    def explain(
        self,
        rows: Sequence[BilledRow],
        shipment: Shipment | None,
        earlier: Sequence[BilledRow] = (),
    ) -> Explained:
        """What is wrong with the rows of one waybill (and its child waybills).

        `shipment` None: nobody shipped it. `earlier` are its rows in bills of months before.
        """
        findings = Findings(shipment)
        if shipment is None:
            nobodys(rows, findings)
            return findings.settle(0, self._tolerances.floor_minor)
        facts = facts_of(shipment)
        served = self._quotes.rows(facts, facts.province)
        left = rows if isinstance(served, NotPriced) else _same_currency(rows, served, findings)
        again = False
        before: Sequence[BilledRow] = ()
        if earlier:
            before = billed_before(earlier, shipment)
            left, still_billed = without_reversals(left, before)
            again = bool(still_billed)
        parts = sort_rows(left, carried=again)
        if again:
            extras_again(parts, before, findings)
        if shipment.outcome in NOT_DUE:
            not_due(parts, facts, self._quotes.card, findings, billed_before=again)
        else:
            codes = frozenset([extra.code for extra in parts.extras])
            limits, usual = self._tolerances, self._usual
            chooser = Chooser(self._quotes, facts, served, shipment, limits, codes, usual)
            choice = chooser.choose(parts, billed_before=again)
            self._judge(choice, parts, facts, findings)
        return findings.settle(parts.credit_minor, self._tolerances.floor_minor)

    def _judge(
        self, choice: Choice, parts: Sorted, facts: PricingFacts, findings: Findings
    ) -> None:
        """The kept row, what is billed beside it, and what is too much altogether."""
        for main in choice.duplicates:
            duplicate(findings, main, choice.kept)
        case = choice.case
        if case is None and (parts.extras or choice.ways_back):
            case = self._without_main(facts, parts, choice)
        if not isinstance(case, FreightCase):
            reason = "nothing else is billed" if case is None else case.reason
            money = sum(extra.amount_minor for extra in parts.extras)
            money += sum(main.amount_minor for main in choice.ways_back)
            money += choice.kept.amount_minor if choice.kept else 0
            if money:
                findings.leave(money, reason)
            return
        cause, uncovered = None, False
        if choice.kept is not None:
            cause, uncovered = self._freight(choice, case, findings)
        extras = of_main_and_rows(choice.kept, parts.extras)
        if extras or uncovered or choice.ways_back:
            self._beside(choice, case, extras, findings, cause=cause, uncovered=uncovered)
        if choice.kept is not None:
            tax(choice.kept, case, findings, self._tolerances)

    def _beside(
        self,
        choice: Choice,
        case: FreightCase,
        extras: Sequence[Extra],
        findings: Findings,
        *,
        cause: Cause | None,
        uncovered: bool,
    ) -> None:
        """What is billed, or should be, beside the kept row: surcharges and a way back."""
        named = {extra.code for extra in extras}
        in_lump = case.facts.outcome is Outcome.RETURNED and OTHER in named
        goes_back = choice.ways_back or RETURN in named or in_lump
        way_back = self._way_back(case) if goes_back else None
        check = SurchargeCheck(
            case, findings, cause=cause, uncovered=uncovered, return_minor=way_back
        )
        check.check(extras, choice.in_total)
        paid = sum(extra.amount_minor for extra in extras if extra.code == RETURN)
        limit = self._tolerances.amount_minor
        ways_back(choice, case.facts, findings, way_back=way_back, paid=paid, tolerance=limit)

    def _without_main(
        self, facts: PricingFacts, parts: Sorted, choice: Choice
    ) -> FreightCase | NotPriced:
        """Surcharges alone, or a way back alone: the price they belong to."""
        row = choice.ways_back[0].row if choice.ways_back else parts.extras[0].row
        rows = self._quotes.rows(facts, facts.province)
        if isinstance(rows, NotPriced):
            return rows
        weight = facts.weight_g if facts.weight_g is not None else row.weight_g
        base = None if weight is None else weigh_by(rows, weight, facts.volume_mm3)
        if base is None:
            return NotPriced("neither its own weight nor a billed weight is known")
        main = Main(row=row, amount_minor=0, base_minor=0)
        codes = frozenset(extra.code for extra in parts.extras)
        return FreightCase(
            self._quotes,
            facts,
            main,
            apart=codes,
            tolerances=self._tolerances,
            rows=rows,
            base=base,
            own_known=True,
        )

    def _freight(
        self, choice: Choice, case: FreightCase, findings: Findings
    ) -> tuple[Cause | None, bool]:
        """Name what is wrong with the freight or total of the kept row.

        Also says whether the row holds freight only, so that surcharges due are to be seen apart.
        """
        agreed = case.agrees()
        if agreed is not None:
            has_extras = bool(case.main.extras or case.apart)
            return at_billed_weight(case) if has_extras else None, _is_bare(case, agreed)
        if choice.pieces and pieces_agree(choice, self._tolerances):
            return None, False
        if (shown := scale_within_tolerance(case)) is not None:
            return Cause(None, shown.priced), _is_bare(case, shown.expected_minor)
        if case.billed_minor < case.expected[0]:
            if (lighter := lighter_within_tolerance(case)) is not None:
                is_bare = _is_bare(case, lighter.expected_minor)
                return Cause(None, lighter.priced), is_bare
            part = Part(Kind.UNDERBILLED, case.expected[0], case.billed_minor, ())
            _name(findings, case, part)
            return at_billed_freight(case, Kind.UNDERBILLED), _is_bare(case, case.expected[0])
        parts, priced = _explained(case)
        for each in parts:
            if each.kind is not None:
                _name(findings, case, each)
        if priced is not None:
            cause: Cause | None = Cause(parts[0].kind, priced)
        else:
            cause = at_billed_freight(case, parts[-1].kind)
        return cause, _is_bare(case, parts[0].expected_minor)

    def _way_back(self, case: FreightCase) -> int | None:
        """What the card asks for a return, whether it came back or not; None: it says nothing."""
        facts = replace(case.facts, outcome=Outcome.RETURNED)
        priced = self._quotes.priced(case.base, facts, facts.province)
        for charge in priced.surcharges:
            if charge.code == RETURN:
                return charge.amount_minor
        named = any(row.code == RETURN for row in self._quotes.surcharges_of(facts.courier))
        return 0 if named else None


def _same_currency(
    rows: Sequence[BilledRow], served: tuple[FreightRow, ...], findings: Findings
) -> Sequence[BilledRow]:
    """The rows in the contract's currency; the others are not compared with its amounts."""
    currency = served[0].currency
    foreign = [row for row in rows if row.currency != currency and row.currency]
    if not foreign:
        return rows
    for row in foreign:
        rule = f"the contract is in {currency}"
        whole(findings, Kind.CURRENCY_MISMATCH, row, rule, (("currency", row.currency),))
    return [row for row in rows if not row.currency or row.currency == currency]


def _explained(case: FreightCase) -> tuple[tuple[Part, ...], Priced | None]:
    """The causes of a freight that is too high, and the price that was billed in truth."""
    for habit in (without_discount, without_usual_discount, with_another_tax):
        if (found := habit(case)) is not None:
            return (found,), None
    best = explained_by_one(case)
    if best is None:
        best = explained_by_two(case)
    if best is None or best.fit is Fit.AGAINST or best.rank in _VAGUE:
        extra = full_way_back(case) or unnamed_extra(case)
        if extra is not None:
            return (extra,), None
    if best is not None and best.fit is Fit.AGAINST and is_of_other_terms(case):
        best = None  # the bill states the agreed weight, and an old price list explains its price
    if best is not None:
        return best.parts, best.priced
    parts = unexplained(case)
    if case.facts.outcome is Outcome.RETURNED and not case.main.is_freight:
        return (replace(parts[0], kind=Kind.RETURN_OVERCHARGE), *parts[1:]), None
    return parts, None


def _is_bare(case: FreightCase, expected: int) -> bool:
    """Whether the amount expected in the row's place is the freight alone."""
    if expected != case.priced.freight_minor or not case.priced.surcharges:
        return False
    return any(charge.code not in case.apart for charge in case.priced.surcharges)


def _name(findings: Findings, case: FreightCase, part: Part) -> None:
    """A share of the difference of the kept row; a total is shown whole."""
    if part.kind is None:
        return
    row = case.main.row
    is_total = not case.main.is_freight and not case.main.extras
    if row.charge == TOTAL:
        findings.whole = row
    findings.add(
        part.kind,
        row,
        charge=TOTAL if is_total else FREIGHT,
        billed=part.billed_minor,
        expected=part.expected_minor,
        rule=wording.of_row(case.base.row),
        evidence=part.evidence,
    )
