"""What the freight of one row should be, and whether another price would explain what is billed."""

from __future__ import annotations

from msgspec import Struct

from courier_reconciliation.causes.bill_parts import RETURN, Main
from courier_reconciliation.causes.tolerances import Tolerances
from courier_reconciliation.causes.usual import UNKNOWN, Usual
from courier_reconciliation.model import TOTAL
from courier_reconciliation.rates.card import E4, FreightRow, NotPriced, Priced, PricingFacts
from courier_reconciliation.rates.price import Weighed, half_up
from courier_reconciliation.rates.quotes import Quotes, as_billed, as_the_card_may_be_read

SCALE_G = 10
"""Bills state kilograms with two decimals."""


class Match(Struct, frozen=True):
    """A price that is what is billed. `expected_minor` is the contract's in its place.

    `off_minor` is what the two still differ by, within the tolerance.
    """

    priced: Priced
    expected_minor: int
    off_minor: int


class FreightCase:
    """One billed row beside its price. `apart` are the surcharges that are billed apart from it.

    `expected` are the amounts that the contract allows in the row's place: the freight, and where
    the row is a total, with the surcharges due, without and with the return fee, which a bill may
    state later.
    """

    __slots__ = ("apart", "base", "billed_minor", "expected", "facts", "main", "own_known",
                 "priced", "quotes", "rows", "tolerances", "usual")  # fmt: skip

    def __init__(
        self,
        quotes: Quotes,
        facts: PricingFacts,
        main: Main,
        *,
        apart: frozenset[str],
        tolerances: Tolerances,
        rows: tuple[FreightRow, ...],
        base: Weighed,
        own_known: bool,
        usual: Usual = UNKNOWN,
    ) -> None:
        """`billed_minor` is what the row asks for, `base` its parcel as `rows` weigh it, `usual`
        what the bill does elsewhere."""
        self.usual = usual
        self.quotes = quotes
        self.facts = facts
        self.main = main
        self.billed_minor = main.base_minor
        self.apart = apart
        self.tolerances = tolerances
        self.rows = rows
        self.base = base
        self.own_known = own_known
        self.priced: Priced = quotes.priced(base, facts, facts.province)
        self.expected: tuple[int, ...] = self._amounts(self.priced)

    def may_be(self, weighed: Weighed) -> bool:
        """Whether the freight of a parcel so weighed leaves a `match` possible: asked of all."""
        above = self.quotes.freight(weighed) - self.billed_minor
        limit = self.tolerances.amount_minor
        return above <= limit and (above >= -limit or self._on_top(weighed.row))

    def reach(self, rows: tuple[FreightRow, ...]) -> tuple[int, int]:
        """Chargeable grams (from, to) outside of which `may_be` is false by these rows."""
        billed, limit = self.billed_minor, self.tolerances.amount_minor
        on_top = len(self.expected) > 1 and any(map(self._on_top, rows))
        return self.quotes.reach(rows, 0 if on_top else billed - limit, billed + limit)

    def _on_top(self, row: FreightRow) -> bool:
        """Whether the price may be more than the freight; what comes on top is not below zero."""
        return len(self.expected) > 1 and self.quotes.has_more_than_freight(row)

    def match(self, weighed: Weighed, province: str) -> Match | None:
        """The price of a parcel so weighed to `province`, where it is what is billed."""
        priced = self.quotes.priced(weighed, self.facts, province)
        if not self.quotes.has_more_than_freight(weighed.row):
            off = self.billed_minor - priced.freight_minor
            is_billed = abs(off) <= self.tolerances.amount_minor
            return Match(priced, self.expected[0], off) if is_billed else None
        for amount, expected in zip(self._amounts(priced), self.expected, strict=False):
            if self._is_billed(amount):
                return Match(priced, expected, self.billed_minor - amount)
        return None

    def agrees(self) -> int | None:
        """The expected amount that is billed, None where none is."""
        billed, limit = self.billed_minor, self.tolerances.amount_minor
        for amount in self.expected:
            if abs(billed - amount) <= limit:
                return amount
        return None

    @property
    def is_all(self) -> bool:
        """Whether the row may hold all that is due: it states no more than freight, or a total."""
        return not self.main.is_freight or (not self.apart and self.main.row.charge == TOTAL)

    def highest(self) -> int:
        """The most that the contract allows here without asking for more than is billed."""
        if not self.is_all:
            return self.expected[0]
        return max([each for each in self.expected if each <= self.billed_minor], default=0)

    def _is_billed(self, amount: int) -> bool:
        return abs(self.billed_minor - amount) <= self.tolerances.amount_minor

    def _amounts(self, priced: Priced) -> tuple[int, ...]:
        freight = priced.freight_minor
        if not self.quotes.has_more_than_freight(self.base.row):
            return (freight,)
        due, returned = 0, 0
        for charge in priced.surcharges:
            if charge.code in self.apart:
                continue
            if charge.code == RETURN:
                returned = charge.amount_minor
            else:
                due += charge.amount_minor
        amounts: tuple[int, ...] = (freight + due, freight + due + returned)
        if self.main.is_freight:
            # a column of freight may be all that the row has, and hold the surcharges too
            amounts = (freight, *amounts) if self.is_all else (freight,)
        elif self.main.extras:
            amounts = (*amounts, freight)
        tax_e4 = self.base.row.tax_e4
        if tax_e4 and not self.main.tax_apart:
            gross = tuple(each + half_up(each * tax_e4, 100 * E4) for each in amounts)
            amounts = (*gross, *amounts)  # a bill may also state net amounts only
        return amounts


def _is_heavier(billed_g: int | None, own: Weighed) -> bool:
    """Whether a bill states more than the parcel's weight, rounded or not."""
    return billed_g is not None and billed_g > max(own.chargeable_g, own.rounded_g) + SCALE_G


def open_case(
    quotes: Quotes,
    facts: PricingFacts,
    rows: tuple[FreightRow, ...],
    main: Main,
    *,
    apart: frozenset[str],
    tolerances: Tolerances,
    usual: Usual = UNKNOWN,
) -> FreightCase | NotPriced:
    """The row beside its price; by the billed weight where one's own is not known."""
    grams, own_known = facts.weight_g, facts.weight_g is not None
    if grams is not None:
        ways = as_the_card_may_be_read(rows, grams, facts.volume_mm3)
        if len(ways) > 1 and _is_heavier(main.weight_g, ways[0]):
            ways = ways[:1]  # another range is the price of another weight
    elif main.weight_g:
        grams, ways = main.weight_g, as_billed(rows, main.weight_g)
    else:
        return NotPriced("neither its own weight nor a billed weight is known")
    first: FreightCase | None = None
    for base in ways:
        case = FreightCase(
            quotes,
            facts,
            main,
            apart=apart,
            tolerances=tolerances,
            rows=rows,
            base=base,
            own_known=own_known,
            usual=usual,
        )
        if len(ways) == 1 or case.agrees() is not None:
            return case
        first = first or case
    return first or NotPriced(f"the card has no price for {grams} g to {facts.province}")
