"""What is found about one waybill, and how it adds up."""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from courier_reconciliation.causes import wording
from courier_reconciliation.causes.bill_parts import MAIN, TAX
from courier_reconciliation.causes.stated import Evidence
from courier_reconciliation.model import TOTAL, BilledRow, Discrepancy, Kind, Shipment

_EITHER_WAY = (Kind.TAX_MISMATCH, Kind.CURRENCY_MISMATCH)


class Explained(Struct):
    """All that is wrong with one waybill.

    What the rows bill is what agrees, plus the differences of `discrepancies`, plus
    `not_auditable_minor`, about which nothing can be said for `reason`.
    """

    discrepancies: tuple[Discrepancy, ...] = ()
    not_auditable_minor: int = 0
    reason: str = ""


class Findings(Struct):
    """Collects discrepancies of one waybill."""

    shipment: Shipment | None
    found: list[Discrepancy] = field(default_factory=list)
    not_auditable_minor: int = 0
    reason: str = ""
    whole: BilledRow | None = None
    """The row whose freight is wrong, where its amount is a total of more than freight."""

    def add(
        self,
        kind: Kind,
        row: BilledRow,
        *,
        charge: str,
        billed: int,
        expected: int,
        rule: str,
        evidence: Evidence = (),
    ) -> None:
        """One difference. One below zero is never claimed, whatever caused it."""
        if billed == expected:
            return
        self.found.append(
            Discrepancy(
                kind=kind,
                courier=row.courier,
                waybill_number=row.waybill_number,
                billed_minor=billed,
                expected_minor=expected,
                currency=row.currency,
                charge=charge,
                file=row.file,
                sheet=row.sheet,
                row=row.row,
                order_id=self.shipment.order_id if self.shipment else row.order_id,
                evidence=evidence,
                rule=rule,
                claimable=billed > expected,
            )
        )

    def add_double(
        self, row: BilledRow, *, charge: str, amount: int, evidence: Evidence = ()
    ) -> None:
        """A charge that is billed once more, all of which is too much."""
        self.add(
            Kind.DUPLICATE_WAYBILL,
            row,
            charge=charge,
            billed=amount,
            expected=0,
            rule=wording.RULES[Kind.DUPLICATE_WAYBILL],
            evidence=evidence,
        )

    def follow(self, kind: Kind, row: BilledRow, *, code: str, billed: int, expected: int) -> None:
        """A surcharge that is wrong only because the freight is: one cause, one difference.

        It joins what was found there, also where it has a row of its own.
        """
        for index, each in enumerate(self.found):
            if each.kind is kind and (each.charge in MAIN or code == TAX):
                self.found[index] = replace(
                    each,
                    billed_minor=each.billed_minor + billed,
                    expected_minor=each.expected_minor + expected,
                    charge=TOTAL,
                    evidence=(*each.evidence, (f"of_it_{code}_minor", billed - expected)),
                )
                return
        rule = "the surcharge follows the freight"
        self.add(kind, row, charge=code, billed=billed, expected=expected, rule=rule)

    def leave(self, amount_minor: int, reason: str) -> None:
        """Money about which nothing can be said."""
        self.not_auditable_minor += amount_minor
        self.reason = self.reason or reason

    def settle(self, credit_minor: int, floor_minor: int) -> Explained:
        """All of it, less what was given back already and what is too small to matter."""
        kept = []
        for each in self._shown_whole():
            one, difference = each, each.billed_minor - each.expected_minor
            if credit_minor > 0 and difference > 0:
                back = min(credit_minor, difference)
                credit_minor -= back
                difference -= back
                evidence = (*one.evidence, ("credited_minor", back))
                one = replace(one, billed_minor=one.billed_minor - back, evidence=evidence)
            if difference < 0 and one.kind not in _EITHER_WAY:
                one = replace(one, kind=Kind.UNDERBILLED, claimable=False)
            if difference and abs(difference) >= floor_minor:
                kept.append(one)
        return Explained(tuple(_one_shortfall(kept)), self.not_auditable_minor, self.reason)

    def _shown_whole(self) -> list[Discrepancy]:
        """A wrong freight in a row that states one amount for all is shown by that amount, as the
        bill has it, where nothing else is wrong with the row."""
        row = self.whole
        if row is None:
            return self.found
        of_row = [one for one in self.found if (one.file, one.sheet, one.row) == row.place]
        if len(of_row) != 1 or of_row[0].charge not in MAIN:
            return self.found
        one = of_row[0]
        beside = row.amount_minor - one.billed_minor
        if beside <= 0:
            return self.found
        shown = replace(
            one,
            charge=TOTAL,
            billed_minor=row.amount_minor,
            expected_minor=one.expected_minor + beside,
        )
        return [shown if each is one else each for each in self.found]


def _one_shortfall(found: list[Discrepancy]) -> list[Discrepancy]:
    """What a waybill was asked too little for, once: freight and what follows it are one matter."""
    if len(found) < 2:
        return found
    short = [each for each in found if each.kind is Kind.UNDERBILLED]
    if len(short) < 2:
        return found
    first = short[0]
    charges = ", ".join(each.charge for each in short)
    whole = replace(
        first,
        charge=TOTAL,
        billed_minor=sum(each.billed_minor for each in short),
        expected_minor=sum(each.expected_minor for each in short),
        evidence=(*first.evidence, ("charges", charges)),
    )
    return [
        whole if each is first else each for each in found if each is first or each not in short
    ]
