"""Prices under "what if": the card's price with one thing changed, fast enough for every waybill.

A `Quotes` belongs to one card and remembers which rows serve whom; it holds nothing of a bill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from courier_reconciliation.rates.card import (
    ALL_OTHERS,
    FreightRow,
    NotPriced,
    Priced,
    PricingFacts,
    RateCard,
    Rounding,
    SurchargeRow,
)
from courier_reconciliation.rates.price import (
    Weighed,
    fits,
    freight_rows,
    is_valid,
    least_weight,
    list_freight,
    names,
    net_freight,
    one_of_each,
    price,
    rounded,
    surcharges_for,
    total,
    volumetric_g,
)

NO_END_G = 1 << 31
MOST_UP_TO_G, MOST_DOWN_G = 1000, 300
"""No rounding moves a weight further than to the next multiple, or down (`price.rounded`)."""
_REMEMBERED = 200_000
_BY_CARD = -1
"""As a divisor: the one that each row of the card has."""


class Quotes:
    """Prices of one card."""

    def __init__(self, card: RateCard) -> None:
        self.card = card
        self._rows: dict[tuple[str, str, date, str], tuple[FreightRow, ...] | NotPriced] = {}
        self._surcharges: dict[tuple[str, str, date, str], tuple[SurchargeRow, ...]] = {}
        self._freight: dict[tuple[int, int], int] = {}
        self._reach: dict[tuple[int, int, int], tuple[int, int]] = {}
        self._others: dict[tuple[str, str, date, str], tuple[FreightRow, ...]] = {}
        self._places: frozenset[str] | None = None
        self._zones: dict[tuple[str, str, date], tuple[str, ...]] = {}
        self._of_courier: dict[str, list[SurchargeRow]] = {}
        for row in card.surcharges:
            self._of_courier.setdefault(row.courier, []).append(row)

    def rows(self, facts: PricingFacts, province: str) -> tuple[FreightRow, ...] | NotPriced:
        """The rows that may price the parcel if it went to `province`."""
        key = (facts.courier, facts.service, facts.shipped_on, province)
        found = self._rows.get(key)
        if found is None:
            _bound(self._rows)
            found = self._rows[key] = freight_rows(self.card, *key)
        return found

    def surcharges_of(self, courier: str) -> Sequence[SurchargeRow]:
        """All surcharges that the card has for a courier, whatever the parcel."""
        return self._of_courier.get(courier, ())

    def price(self, facts: PricingFacts) -> Priced | NotPriced:
        """As `price.price`, for parcel after parcel."""
        rows, weight_g = self.rows(facts, facts.province), facts.weight_g
        if weight_g is not None and not isinstance(rows, NotPriced):
            found = weigh_by(rows, weight_g, facts.volume_mm3)
            if found is not None:
                return self.priced(found, facts, facts.province)
        return price(self.card, facts)  # says why there is none

    def has_place(self, province: str) -> bool:
        """Whether any row of the card names a place so."""
        if self._places is None:
            self._places = frozenset(name for row in self.card.freight for name in row.provinces)
        return province in self._places

    def zones(self, facts: PricingFacts) -> tuple[str, ...]:
        """One province for each different set of prices; `*` for those that no row names."""
        key = (facts.courier, facts.service, facts.shipped_on)
        if key not in self._zones:
            named = [
                name
                for row in self.card.freight
                if row.courier == facts.courier
                for name in row.provinces
            ]
            seen: dict[tuple[FreightRow, ...], str] = {}
            for name in dict.fromkeys((*named, ALL_OTHERS)):
                rows = self.rows(facts, name)
                if not isinstance(rows, NotPriced):
                    # Rows that differ only in where they stand and whom they name cost the same.
                    prices = tuple(replace(row, row=0, provinces=()) for row in rows)
                    seen.setdefault(prices, name)
            self._zones[key] = tuple(seen.values())
        return self._zones[key]

    def other_terms(self, facts: PricingFacts) -> tuple[FreightRow, ...]:
        """Rows for the province that do not serve this parcel: other dates, other services."""
        key = (facts.courier, facts.service, facts.shipped_on, facts.province)
        found = self._others.get(key)
        if found is None:
            served = self.rows(facts, facts.province)
            used = () if isinstance(served, NotPriced) else served
            _bound(self._others)
            found = self._others[key] = tuple(
                row
                for row in self.card.freight
                if row.courier == facts.courier
                and names(row.provinces, facts.province)
                and row not in used
                and (row.service != facts.service or not is_valid(row, facts.shipped_on))
            )
        return found

    def freight(self, found: Weighed) -> int:
        """The freight of a weighed parcel, after discount and minimum."""
        key = (found.row.row, found.rounded_g)
        freight = self._freight.get(key)
        if freight is None:
            _bound(self._freight)
            listed = list_freight(found.row, found.rounded_g)
            freight = self._freight[key] = net_freight(found.row, listed)
        return freight

    def reach(self, rows: Sequence[FreightRow], least: int, most: int) -> tuple[int, int]:
        """Grams (from, to), before rounding, outside of which no freight is `least` to `most`.

        A first sieve: what lies inside may still have another price.
        """
        low, high = NO_END_G, -NO_END_G
        for row in rows:
            key = (row.row, least, most)
            found = self._reach.get(key)
            if found is None:
                _bound(self._reach)
                found = self._reach[key] = _span(row, least, most)
            start, end = found
            if start < end:
                low, high = min(low, start), max(high, end)
        return (low - 1) // MOST_UP_TO_G * MOST_UP_TO_G + 1, high - 1 + MOST_DOWN_G

    def has_more_than_freight(self, row: FreightRow) -> bool:
        """Whether surcharges or tax may come on top of the freight."""
        return row.tax_e4 > 0 or row.courier in self._of_courier

    def priced(self, found: Weighed, facts: PricingFacts, province: str) -> Priced:
        """The whole price of a weighed parcel as if it went to `province`."""
        if facts.courier not in self._of_courier:
            return total(found, (), facts)
        if province != facts.province:
            facts = replace(facts, province=province)
        service = facts.service or found.row.service
        key = (facts.courier, service, facts.shipped_on, province)
        rows = self._surcharges.get(key)
        if rows is None:
            _bound(self._surcharges)
            rows = self._surcharges[key] = surcharges_for(self._of_courier[facts.courier], *key)
        return total(found, one_of_each(rows, found.chargeable_g), facts)


def _span(row: FreightRow, least: int, most: int) -> tuple[int, int]:
    """The rounded weights (from, up to) for which the row costs `least` to `most`."""
    if row.step_price_minor < 0:
        return 0, NO_END_G
    start, end = least_weight(row, least), least_weight(row, most + 1)
    return NO_END_G if start is None else start, NO_END_G if end is None else end


def weigh_by(
    rows: tuple[FreightRow, ...],
    weight_g: int,
    volume_mm3: int | None,
    *,
    divisor: int | None = _BY_CARD,
    mode: Rounding | None = None,
    by_rounded: bool = False,
) -> Weighed | None:
    """As `price.serving`, with another divisor (None: no volume), another rounding mode.

    With `by_rounded` the row is chosen by the rounded weight, as who rounds first would do.
    """
    second: Weighed | None = None
    for row in rows:
        by = row.volumetric_divisor if divisor == _BY_CARD else divisor
        chargeable = weight_g
        if volume_mm3 and by:
            by_volume = volumetric_g(volume_mm3, by)
            chargeable = by_volume if by_volume > weight_g else weight_g
        after = rounded(mode or row.rounding, chargeable)
        if fits(row, after if by_rounded else chargeable):
            return Weighed(row, chargeable, after)
        if second is None and fits(row, chargeable if by_rounded else after):
            second = Weighed(row, chargeable, after)
    return second


def weigh_as_rounded(rows: tuple[FreightRow, ...], weight_g: int) -> Weighed | None:
    """The row for a weight that is taken as already rounded."""
    for row in rows:
        if fits(row, weight_g):
            return Weighed(row, weight_g, weight_g)
    return None


def as_the_card_may_be_read(
    rows: tuple[FreightRow, ...], weight_g: int, volume_mm3: int | None
) -> list[Weighed]:
    """The row that serves a weight, first; then others that a reader of the card may take.

    Contracts do not say whether a range is of the weight before rounding or after it, nor which of
    two ranges serves the weight at which one ends and the other begins.
    """
    own = weigh_by(rows, weight_g, volume_mm3)
    if own is None:
        return []
    if len(rows) == 1:
        return [own]
    found = [own]
    by_rounded = weigh_by(rows, weight_g, volume_mm3, by_rounded=True)
    if by_rounded is not None and by_rounded.row is not own.row:
        found.append(by_rounded)
    if own.row.max_weight_g == own.chargeable_g:
        above = tuple(row for row in rows if row.min_weight_g == own.chargeable_g)
        found += [other for other in (weigh_by(above, weight_g, volume_mm3),) if other is not None]
    return found


def as_billed(rows: tuple[FreightRow, ...], weight_g: int) -> list[Weighed]:
    """The ways to take a billed weight: to be rounded and, where that differs, as rounded."""
    by_mode = weigh_by(rows, weight_g, None)
    if by_mode is None:
        return []
    as_is = weigh_as_rounded(rows, weight_g) if by_mode.rounded_g != weight_g else None
    return [by_mode] if as_is is None else [by_mode, as_is]


def _bound(memory: dict[object, object] | dict) -> None:  # type: ignore[type-arg]
    """Forget all rather than grow without end."""
    if len(memory) >= _REMEMBERED:
        memory.clear()
