"""Surcharges that a bill states apart, against those that the contract allows."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from courier_reconciliation.causes import wording
from courier_reconciliation.causes.bill_parts import RETURN, Extra, Main
from courier_reconciliation.causes.findings import Findings
from courier_reconciliation.causes.followers import Cause
from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.model import Kind, Outcome
from courier_reconciliation.rates.card import Basis
from courier_reconciliation.rates.price import surcharge_amount
from courier_reconciliation.surcharge_codes import OTHER, is_known

_CHARGEBACK = "chargeback"
_MAY_HAVE_RETURNED = (Outcome.RETURNED, Outcome.UNKNOWN, Outcome.IN_TRANSIT)
_SPECIAL = {
    "address_correction": Kind.ADDRESS_CORRECTION,
    _CHARGEBACK: Kind.PAYMENT_PARTY,
    "collect": Kind.PAYMENT_PARTY,
}


PASSED_ON = frozenset({"customs", "tax"})
"""Duty and tax that a courier advances are no price of its own (courier bills reference, 3.3)."""
_OF_PLACES = {"remote", "xinjiang_tibet", "five_provinces", "shanghai", "beijing"}


def _is_of_place(code: str) -> bool:
    """Whether a surcharge depends on where a parcel goes, or nobody knows what it is."""
    return code in _OF_PLACES or not is_known(code)


class Allowed(Struct, frozen=True):
    """What the contract has for a code: by the true price, and by the price that was billed."""

    expected_minor: int
    billed_price_minor: int
    row: int | None
    is_due: bool


def of_main_and_rows(main: Main | None, rows: Sequence[Extra]) -> list[Extra]:
    """All surcharges that are billed apart, those of the main row first."""
    inside = [] if main is None else [Extra(main.row, code, each) for code, each in main.extras]
    return [*inside, *rows]


class SurchargeCheck:
    """Checks the surcharges of one waybill; every amount is looked at once."""

    def __init__(
        self,
        case: FreightCase,
        findings: Findings,
        *,
        cause: Cause | None,
        uncovered: bool,
        return_minor: int | None,
    ) -> None:
        """`uncovered`: the main row holds freight only, so that each due surcharge is to be seen.

        `return_minor` is what the card asks for the way back, None where it says nothing.
        """
        self._case = case
        self._findings = findings
        self._cause = cause
        self._return = return_minor
        self._tolerance = case.tolerances.amount_minor
        true = {charge.code: charge for charge in case.priced.surcharges}
        price = case.priced if cause is None else cause.priced
        own = {charge.code: charge for charge in case.priced.allowed}
        there = {charge.code: charge for charge in price.allowed}
        self._allowed = {
            code: Allowed(
                own[code].amount_minor if code in own else 0,
                there[code].amount_minor if code in there else 0,
                charge.row,
                False,
            )
            for code, charge in (there | own).items()
        }
        for charge in price.surcharges:
            expected = true[charge.code].amount_minor if charge.code in true else 0
            self._allowed[charge.code] = Allowed(expected, charge.amount_minor, charge.row, True)
        self._missing = {
            charge.code: charge.amount_minor
            for charge in case.priced.surcharges
            if uncovered and charge.code not in case.apart and charge.code != RETURN
        }

    def check(self, extras: Sequence[Extra], already_in_total: frozenset[str]) -> None:
        """Name what is too much, too little, twice or not allowed, and what is missing."""
        named: dict[str, list[Extra]] = {}
        for extra in extras:
            named.setdefault(extra.code, []).append(extra)
        meant = {code: self._other_word_for(code, named) for code in named}
        for code, same in sorted(
            named.items(), key=lambda item: (meant[item[0]] is None, not is_known(item[0]))
        ):
            if (other := meant[code]) is not None:
                self._missing.pop(other, None)
                self._named(same, self._allowed[other])
            elif code in already_in_total:
                for extra in same:
                    self._invalid(extra, 0, None, "the total of the parcel holds it already")
            elif code == OTHER or (code not in self._allowed and self._missing):
                self._unnamed(same)
            elif code == RETURN:
                self._way_back(same)
            elif code in PASSED_ON and code not in self._allowed:
                continue
            else:
                self._named(same, self._allowed.get(code) or self._any_extra(code))
        self._name_missing()

    def _any_extra(self, code: str) -> Allowed | None:
        """What the card allows for extras without a name, where it does not know this one."""
        case = self._case
        if any(row.code == code for row in case.quotes.surcharges_of(case.facts.courier)):
            return None
        return self._allowed.get(OTHER) if _is_of_place(code) else None

    def _other_word_for(self, code: str, named: Collection[str]) -> str | None:
        """The surcharge of the place that the card has, where the bill has another word for it.

        It must be the only one that is due and not stated; the card must not know the bill's word.
        """
        case = self._case
        if not (case.main.is_freight and _is_of_place(code)):
            return None
        if any(row.code == code for row in case.quotes.surcharges_of(case.facts.courier)):
            return None
        left = [
            each
            for each, allowed in self._allowed.items()
            if allowed.is_due and each not in named and _is_of_place(each)
        ]
        return left[0] if len(left) == 1 else None

    def _named(self, same: Sequence[Extra], allowed: Allowed | None) -> None:
        limit = 0
        if allowed is not None:
            limit = max(allowed.expected_minor, allowed.billed_price_minor)
        row = None if allowed is None else allowed.row
        if len(same) > 1 and abs(sum(each.amount_minor for each in same) - limit) > self._tolerance:
            best = min(same, key=lambda each: abs(each.amount_minor - limit))
            for extra in same:
                if extra is not best:
                    self._twice(extra, best)
            same = [best]
        billed = sum(each.amount_minor for each in same)
        first = same[0]
        if allowed is not None and self._is_of_plain_weight(billed, allowed):
            return
        if billed > limit + self._tolerance:
            self._invalid(first, limit, row)
            billed = limit
        elif allowed is not None and allowed.is_due and billed < limit - self._tolerance:
            if self._is_within_tolerance(billed, allowed):
                return
            rule = wording.of_surcharge(first.code, row)
            if abs(billed - allowed.expected_minor) > self._tolerance:
                self._under(first, billed, allowed.expected_minor, rule)
            return
        if allowed is None or self._cause is None:
            return
        if allowed.is_due or billed > allowed.expected_minor:
            self._follows(first, billed, allowed.expected_minor)

    def _is_of_plain_weight(self, billed: int, allowed: Allowed) -> bool:
        """Whether it is counted on the weight before rounding: a price by weight may mean either,
        and a row of the card does not say which."""
        case = self._case
        rows = case.quotes.surcharges_of(case.facts.courier)
        row = next((row for row in rows if row.row == allowed.row), None)
        if row is None or row.basis is not Basis.PER_KG:
            return False
        own, stated = case.base.chargeable_g, case.main.weight_g
        weights = {own}
        if stated is not None and abs(stated - own) <= case.tolerances.weight_g(own):
            weights.add(stated)
        amounts = (surcharge_amount(row, 0, grams, case.facts) for grams in weights)
        return any(abs(billed - amount) <= self._tolerance for amount in amounts)

    def _is_within_tolerance(self, billed: int, allowed: Allowed) -> bool:
        """Whether it is what a weight within the tolerance comes to."""
        if self._cause is None or self._cause.kind is not None:
            return False
        return billed >= min(allowed.expected_minor, allowed.billed_price_minor) - self._tolerance

    def _follows(self, extra: Extra, billed: int, expected: int) -> None:
        """The share of a surcharge that is wrong only because the freight is."""
        if self._cause is not None and self._cause.kind is not None and billed != expected:
            self._findings.follow(
                self._cause.kind, extra.row, code=extra.code, billed=billed, expected=expected
            )

    def _unnamed(self, same: Sequence[Extra]) -> None:
        """A column of extras: it may pay for what is due and stated nowhere else."""
        for extra in same:
            amount = extra.amount_minor
            single = next((c for c in self._missing if self._pays_for(amount, c)), None)
            if single is not None:
                del self._missing[single]
                continue
            if extra.code == OTHER:
                self._lump(extra)
            else:
                self._invalid(extra, 0, None)

    def _pays_for(self, amount: int, code: str) -> bool:
        """Whether an amount is what is due for a surcharge that is stated nowhere else."""
        if abs(self._missing[code] - amount) <= self._tolerance:
            return True
        return code in self._allowed and self._is_of_plain_weight(amount, self._allowed[code])

    def _lump(self, extra: Extra) -> None:
        """One amount for all extras: what is due, what follows a wrong freight, the way back."""
        billed, due = extra.amount_minor, sum(self._missing.values())
        follows = sum(
            each.billed_price_minor
            for code, each in self._allowed.items()
            if each.is_due and code not in self._case.apart and code != RETURN
        )
        self._missing.clear()
        if billed < due - self._tolerance and billed < follows - self._tolerance:
            self._under(extra, billed, due, "the surcharges due")
            return
        wrong = abs(billed - due) > self._tolerance
        if wrong and self._cause is not None and billed >= follows - self._tolerance:
            self._follows(extra, follows, due)
            billed -= follows - due
        back = self._case.facts.outcome is Outcome.RETURNED
        agreed = self._allowed.get(OTHER)
        due += agreed.expected_minor if agreed is not None and not agreed.is_due else 0
        limit = due + (self._return or 0) if back else due
        if billed <= limit + self._tolerance or self._is_allowed(billed - limit):
            return
        if back:
            self._findings.add(
                Kind.RETURN_OVERCHARGE,
                extra.row,
                charge=RETURN,
                billed=billed,
                expected=limit,
                rule=return_rule(self._return),
                evidence=(("outcome", Outcome.RETURNED.value),),
            )
        else:
            self._invalid(replace(extra, amount_minor=billed), due, None)

    def _is_allowed(self, amount: int) -> bool:
        """Whether the contract allows this very amount for what is not known beforehand."""
        return any(
            abs(amount - each.billed_price_minor) <= self._tolerance
            for each in self._allowed.values()
            if not each.is_due
        )

    def _way_back(self, same: Sequence[Extra]) -> None:
        outcome = self._case.facts.outcome
        may = self._return if outcome in _MAY_HAVE_RETURNED else None
        limit = may or 0
        first = same[0]
        billed = sum(each.amount_minor for each in same)
        if billed > limit + self._tolerance:
            for extra in same[1:]:
                if extra.amount_minor == first.amount_minor:
                    self._twice(extra, first)
                    billed -= extra.amount_minor
        there = self._allowed.get(RETURN)
        follows = self._cause is not None and there is not None and outcome is Outcome.RETURNED
        if follows and there and abs(billed - there.billed_price_minor) <= self._tolerance:
            # the share of a wrong freight is no mistake of its own
            self._follows(first, billed, limit)
            return
        if billed > limit + self._tolerance:
            known = outcome is Outcome.RETURNED
            self._findings.add(
                Kind.RETURN_OVERCHARGE if known else Kind.SURCHARGE_INVALID,
                first.row,
                charge=RETURN,
                billed=billed,
                expected=limit,
                rule=return_rule(may),
                evidence=(("outcome", outcome.value or "unknown"),),
            )
        elif outcome is Outcome.RETURNED and billed < limit - self._tolerance:
            self._under(first, billed, limit, return_rule(may))

    def _twice(self, extra: Extra, kept: Extra) -> None:
        if extra.amount_minor == kept.amount_minor:
            evidence = (("row", kept.row.row), ("first_billed_minor", kept.amount_minor))
            self._findings.add_double(
                extra.row, charge=extra.code, amount=extra.amount_minor, evidence=evidence
            )
        else:
            self._invalid(extra, 0, None)

    def _invalid(self, extra: Extra, limit: int, row: int | None, rule: str = "") -> None:
        if extra.amount_minor - limit <= self._tolerance and limit:
            return
        facts = self._case.facts
        self._findings.add(
            _SPECIAL.get(extra.code, Kind.SURCHARGE_INVALID),
            extra.row,
            charge=extra.code,
            billed=extra.amount_minor,
            expected=limit,
            rule=rule or wording.of_surcharge(extra.code, row),
            evidence=(
                ("province", facts.province),
                ("declared_value_minor", facts.declared_value_minor),
                ("cod_minor", facts.cod_minor),
            ),
        )

    def _under(self, extra: Extra, billed: int, expected: int, rule: str) -> None:
        self._findings.add(
            Kind.UNDERBILLED, extra.row, charge=extra.code,
            billed=billed, expected=expected, rule=rule,
        )  # fmt: skip

    def _name_missing(self) -> None:
        for code, due in self._missing.items():
            extra = Extra(self._case.main.row, code, 0)
            if self._cause is not None and code not in self._allowed:
                self._follows(extra, 0, due)  # not due by the price that was billed
            elif due > self._tolerance:
                row = self._allowed[code].row if code in self._allowed else None
                self._under(extra, 0, due, wording.of_surcharge(code, row))


def return_rule(minor: int | None) -> str:
    """What the contract says of the way back."""
    return "the card has no charge for the way back" if minor is None else "card: return"
