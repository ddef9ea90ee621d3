"""Several rows that pay for one waybill: the charge, its pieces, a way back, doubles.

Pieces are rows of several waybill numbers of one shipment (child waybills), or rows of one number
that only together are what the shipment costs or weighs. A returned parcel may have a second row,
for the way back. All others are duplicates: of them the row that agrees is kept, else the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from courier_reconciliation.causes.bill_parts import RETURN, Main, Sorted, together
from courier_reconciliation.causes.freight_case import FreightCase, open_case
from courier_reconciliation.causes.tolerances import Tolerances
from courier_reconciliation.causes.usual import UNKNOWN, Usual
from courier_reconciliation.model import Outcome, Shipment
from courier_reconciliation.rates.card import FreightRow, NotPriced, PricingFacts
from courier_reconciliation.rates.quotes import Quotes, as_billed

_NONE: frozenset[str] = frozenset()


class Choice(Struct):
    """The rows that pay for the parcel, told apart. `kept` may be several pieces together.

    `in_total` are surcharges of rows of their own that the kept total holds already.
    """

    kept: Main | None = None
    case: FreightCase | NotPriced | None = None
    duplicates: list[Main] = field(default_factory=list)
    ways_back: list[Main] = field(default_factory=list)
    pieces: tuple[Main, ...] = ()
    in_total: frozenset[str] = frozenset()


class Chooser(Struct):
    """Tells the rows of one shipment apart. `codes` are surcharges that have rows of their own.

    `served` are the rows of the card that price the shipment.
    """

    quotes: Quotes
    facts: PricingFacts
    served: tuple[FreightRow, ...] | NotPriced
    shipment: Shipment
    tolerances: Tolerances
    codes: frozenset[str]
    usual: Mapping[str, Usual] = {}

    def choose(self, parts: Sorted, *, billed_before: bool) -> Choice:
        """Sort the rows. With `billed_before`, an earlier bill had the charge already."""
        mains = parts.mains
        if not mains:
            return Choice()
        if parts.free_weights:
            self._weigh_all_pieces(mains, parts.free_weights)
        if len(mains) == 1 and not billed_before:
            return self._keep(mains[0])
        returned = self.shipment.outcome is Outcome.RETURNED
        if billed_before:
            back = [main for main in mains if returned or main.row.is_return][:1]
            return Choice(duplicates=[m for m in mains if m not in back], ways_back=back)
        back = [main for main in mains if main.row.is_return]
        if len(back) == len(mains):
            back = back[1:]
        rest = [main for main in mains if not any(main is each for each in back)]
        duplicates: list[Main] = []
        by_number = self._by_number(rest, duplicates)
        choice = self._pieces(by_number) if len(by_number) > 1 else self._one_number(rest)
        choice.duplicates[:0] = duplicates
        choice.ways_back = back[:1]
        choice.duplicates += back[1:]
        if returned and not back and choice.duplicates and not self._holds_way_back(choice):
            choice.ways_back = [choice.duplicates.pop(0)]
        return choice

    def _weigh_all_pieces(self, mains: Sequence[Main], others: Sequence[int | None]) -> None:
        """Where one row pays for all pieces of a shipment, they weigh what all rows say."""
        weights = [mains[0].weight_g, *others]
        if len(mains) == 1 and len(weights) == self.shipment.parcel_count and all(weights):
            mains[0].weight_g = sum(weight or 0 for weight in weights)

    def _by_number(self, rest: Sequence[Main], duplicates: list[Main]) -> list[Main]:
        """One row of each waybill number, where there are several numbers."""
        numbers: dict[str, list[Main]] = {}
        for main in rest:
            numbers.setdefault(main.row.waybill_number, []).append(main)
        if len(numbers) == 1:
            return [rest[0]]
        for same in numbers.values():
            duplicates += same[1:]
        return [same[0] for same in numbers.values()]

    def _pieces(self, pieces: Sequence[Main]) -> Choice:
        whole = together(pieces)
        if any(piece.row.waybill_number != whole.row.waybill_number for piece in pieces):
            # What several pieces cost together is the shipment's matter.
            whole.row = replace(whole.row, waybill_number=self.shipment.waybill_number)
        choice = self._keep(whole)
        choice.pieces = tuple(pieces)
        return choice

    def _one_number(self, rest: Sequence[Main]) -> Choice:
        if len(rest) == 1:
            return self._keep(rest[0])
        choices = [self._keep(main) for main in rest]
        agreeing = [choice for choice in choices if agrees(choice)]
        if agreeing:
            choice = min(agreeing, key=_beside_the_price)
            choice.duplicates = [main for main in rest if main is not choice.kept]
            return choice
        whole = self._pieces(rest)
        if agrees(whole) or self._are_pieces(rest):
            return whole
        choices[0].duplicates = list(rest[1:])
        return choices[0]

    def _are_pieces(self, rest: Sequence[Main]) -> bool:
        """Rows of one number whose weights only together are the shipment's."""
        own = self.shipment.weight_g
        weights = [main.weight_g or 0 for main in rest]
        if not 1 < len(rest) <= self.shipment.parcel_count or own is None or not all(weights):
            return False
        # each piece is rounded up by itself
        low, high = own - self.tolerances.weight_g(own), own + 1000 * len(rest)
        return max(weights) < low <= sum(weights) <= high

    def _keep(self, main: Main) -> Choice:
        inside = frozenset([code for code, _ in main.extras]) if main.extras else _NONE
        case = self._case(main, self.codes | inside)
        choice = Choice(kept=main, case=case)
        if self.codes and not main.is_freight and not agrees(choice):
            whole = self._case(main, inside)
            if isinstance(whole, FreightCase) and whole.agrees() is not None:
                choice.case, choice.in_total = whole, self.codes
        return choice

    def _case(self, main: Main, apart: frozenset[str]) -> FreightCase | NotPriced:
        if isinstance(self.served, NotPriced):
            return self.served
        case = self._open(self.served, main, apart)
        if not main.tax_minor or main.tax_apart or isinstance(case, NotPriced):
            return case
        # like with like: prices without tax are compared with amounts without tax
        if case.base.row.tax_e4 or case.agrees() is None:
            main.base_minor -= main.tax_minor
            main.tax_apart = True
            net = self._open(self.served, main, apart)
            if case.base.row.tax_e4 or isinstance(net, FreightCase):
                return net
            main.base_minor += main.tax_minor
            main.tax_apart = False
        return case

    def _open(
        self, served: tuple[FreightRow, ...], main: Main, apart: frozenset[str]
    ) -> FreightCase | NotPriced:
        limits = self.tolerances
        usual = self.usual.get(main.row.file, UNKNOWN)
        return open_case(
            self.quotes, self.facts, served, main, apart=apart, tolerances=limits, usual=usual
        )

    def _holds_way_back(self, choice: Choice) -> bool:
        """Whether the way back is paid for already, so that a second row is a double."""
        inside = choice.kept.extras if choice.kept else ()
        if RETURN in self.codes or any(code == RETURN for code, _ in inside):
            return True
        if not isinstance(choice.case, FreightCase):
            return False
        agreed = choice.case.agrees()
        return agreed is not None and agreed == max(choice.case.expected) > choice.case.expected[0]


def _beside_the_price(choice: Choice) -> int:
    """How far all of the kept row is from all that is due, or allowed and billed: its freight alone
    may agree."""
    if choice.kept is None or not isinstance(choice.case, FreightCase):
        return 0
    codes = {code for code, _ in choice.kept.extras}
    priced = choice.case.priced
    may = {each.code: each.amount_minor for each in priced.allowed}
    granted = sum([min(amount, may.get(code, 0)) for code, amount in choice.kept.extras])
    due = sum(each.amount_minor for each in priced.surcharges
              if each.code != RETURN or each.code in codes)  # fmt: skip
    return abs(choice.kept.amount_minor - priced.freight_minor - due - granted)


def agrees(choice: Choice) -> bool:
    """Whether the kept row is what the contract asks for."""
    return isinstance(choice.case, FreightCase) and choice.case.agrees() is not None


def pieces_agree(choice: Choice, tolerances: Tolerances) -> bool:
    """Whether each piece costs what its own billed weight costs, and together they weigh right."""
    case = choice.case
    weights = [piece.weight_g for piece in choice.pieces]
    if not isinstance(case, FreightCase) or not case.own_known or not all(weights):
        return False
    for piece in choice.pieces:
        weight = piece.weight_g or 0
        prices = [case.quotes.freight(way) for way in as_billed(case.rows, weight)]
        if all(abs(piece.base_minor - price) > tolerances.amount_minor for price in prices):
            return False
    limit = case.base.chargeable_g + tolerances.weight_g(case.base.chargeable_g)
    # pieces are rounded one by one: what rounding adds to each is no excess
    return sum(weight or 0 for weight in weights) < limit + 1000 * len(weights)
