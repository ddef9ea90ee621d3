"""What a shipment costs by the card: slow and obvious, in integers.

Order: chargeable weight, the row that serves it, rounding, freight, surcharges, discount, minimum,
half a minor unit up for each charge, sum, tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from courier_reconciliation.model import Outcome
from courier_reconciliation.rates.card import (
    ALL_OTHERS,
    E4,
    Basis,
    Charge,
    FreightRow,
    NotPriced,
    Priced,
    PricingFacts,
    RateCard,
    Rounding,
    StepMode,
    SurchargeRow,
)
from courier_reconciliation.surcharge_codes import Due

_STARTED_G = {
    Rounding.EXACT: 1,
    Rounding.CEIL_100: 100,
    Rounding.CEIL_500: 500,
    Rounding.CEIL_1000: 1000,
}
"""Modes that count each started step as a whole one."""


def price(card: RateCard, facts: PricingFacts) -> Priced | NotPriced:
    """The price of a shipment, or the reason why there is none."""
    rows = freight_rows(card, facts.courier, facts.service, facts.shipped_on, facts.province)
    found = served(rows, facts)
    if isinstance(found, NotPriced):
        return found
    return total(found, surcharge_rows(card, facts, found), facts)


class Weighed(Struct, frozen=True):
    """A freight row, and the weights that it charges."""

    row: FreightRow
    chargeable_g: int
    rounded_g: int


def freight_rows(
    card: RateCard, courier: str, service: str, day: date, province: str
) -> tuple[FreightRow, ...] | NotPriced:
    """The rows that may price a parcel, the most specific first.

    A row of the very service stands before one for any service, a named province before `*`, and
    the lower weight range before the higher, so that the first row whose range fits serves.
    """
    of_courier = [row for row in card.freight if row.courier == courier]
    if not of_courier:
        return NotPriced(f"the card has no prices of {courier or 'this courier'}")
    valid = [row for row in of_courier if is_valid(row, day)]
    if not valid:
        return NotPriced(f"no price of the card is valid on {day.isoformat()}")
    services = {row.service for row in valid}
    if not service and "" not in services:
        if len(services) > 1:
            return NotPriced(
                f"which service? the shipment names none of {', '.join(sorted(services))}"
            )
        service = services.pop()
    fitting = [row for row in valid if row.service in ("", service)]
    if not fitting:
        return NotPriced(f"the card has no service {service}")
    rows = [row for row in fitting if names(row.provinces, province)]
    if not rows:
        return NotPriced(f"the card has no price for {province or 'an unnamed province'}")
    rows.sort(key=lambda row: _rank(row, province))
    return tuple(rows)


def is_valid(row: FreightRow | SurchargeRow, day: date) -> bool:
    """Whether the row is in force on the day of shipping."""
    return (row.valid_from is None or row.valid_from <= day) and (
        row.valid_to is None or day <= row.valid_to
    )


def names(provinces: Sequence[str], province: str) -> bool:
    """Whether the row speaks of the province, by name or as one of all others."""
    return province in provinces or ALL_OTHERS in provinces


def _rank(row: FreightRow | SurchargeRow, province: str) -> tuple[bool, bool, int, int]:
    return (row.service == "", province not in row.provinces, row.min_weight_g, row.row)


def served(rows: Sequence[FreightRow] | NotPriced, facts: PricingFacts) -> Weighed | NotPriced:
    """A parcel on the scale of the rows that may price it, or the reason why it has no price."""
    if facts.weight_g is None:
        return NotPriced("its own weight is not known")
    if isinstance(rows, NotPriced):
        return rows
    found = serving(rows, facts.weight_g, facts.volume_mm3)
    if found is None:
        return NotPriced(f"the card has no price for {facts.weight_g} g to {facts.province}")
    return found


def serving(rows: Sequence[FreightRow], weight_g: int, volume_mm3: int | None) -> Weighed | None:
    """The first row whose range holds the chargeable weight, else the rounded one."""
    weighed = [weigh(row, weight_g, volume_mm3) for row in rows]
    for one in weighed:
        if fits(one.row, one.chargeable_g):
            return one
    for one in weighed:
        if fits(one.row, one.rounded_g):
            return one
    return None


def weigh(row: FreightRow, weight_g: int, volume_mm3: int | None) -> Weighed:
    """The larger of weight and volumetric weight, and what the row rounds it to."""
    chargeable = max(weight_g, volumetric_g(volume_mm3, row.volumetric_divisor))
    return Weighed(row, chargeable, rounded(row.rounding, chargeable))


def fits(row: FreightRow | SurchargeRow, weight_g: int) -> bool:
    """Whether the weight lies in the row's range; both ends belong to it."""
    return row.min_weight_g <= weight_g and (
        row.max_weight_g is None or weight_g <= row.max_weight_g
    )


def volumetric_g(volume_mm3: int | None, divisor: int | None) -> int:
    """Grams of volume: cm3 / divisor is kilograms, so mm3 / divisor is grams, rounded up."""
    if not volume_mm3 or not divisor:
        return 0
    return -(-volume_mm3 // divisor)


def rounded(mode: Rounding, weight_g: int) -> int:
    """The weight after rounding. Nothing that weighs something is rounded down to zero."""
    if weight_g <= 0:
        return 0
    step = _STARTED_G.get(mode)
    if step is not None:
        return -(-weight_g // step) * step
    kilograms, rest = divmod(weight_g, 1000)
    if mode is Rounding.DROP_300:
        return max(kilograms + (rest > 300), 1) * 1000
    return max(kilograms * 1000 + (0 if rest < 300 else 500 if rest < 700 else 1000), 500)


def list_freight(row: FreightRow, rounded_g: int) -> int:
    """The freight of a rounded weight before discount and minimum."""
    over = rounded_g - row.base_weight_g
    if over <= 0 or not row.step_price_minor:
        return row.base_price_minor
    if row.step_mode is StepMode.CEIL:
        return row.base_price_minor + -(-over // row.step_weight_g) * row.step_price_minor
    return row.base_price_minor + half_up(over * row.step_price_minor, row.step_weight_g)


def net_freight(row: FreightRow, listed_minor: int) -> int:
    """The freight after discount, not below the minimum."""
    if row.discount_e4:
        listed_minor = half_up(listed_minor * (100 * E4 - row.discount_e4), 100 * E4)
    return row.minimum_minor if listed_minor < row.minimum_minor else listed_minor


def least_weight(row: FreightRow, amount_minor: int) -> int | None:
    """The rounded weight from which on the row's freight is this much; None: it never is.

    `list_freight` and `net_freight` the other way round; step prices are not below zero.
    """
    if amount_minor <= row.minimum_minor:
        return 0
    share = 100 * E4 - row.discount_e4
    if share <= 0:
        return None
    over_minor = _least_factor(amount_minor, share, 100 * E4) - row.base_price_minor
    if over_minor <= 0:
        return 0
    if not row.step_price_minor:
        return None
    if row.step_mode is StepMode.CEIL:
        steps = -(-over_minor // row.step_price_minor)
        return row.base_weight_g + (steps - 1) * row.step_weight_g + 1
    return row.base_weight_g + _least_factor(over_minor, row.step_price_minor, row.step_weight_g)


def _least_factor(result: int, numerator: int, denominator: int) -> int:
    """The least n for which `half_up(n * numerator, denominator)` is the result, or above."""
    return -(-denominator * (2 * result - 1) // (2 * numerator))


def half_up(numerator: int, denominator: int) -> int:
    """A fraction as an integer, half away from zero."""
    if numerator < 0:
        return -half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def surcharge_rows(card: RateCard, facts: PricingFacts, found: Weighed) -> tuple[SurchargeRow, ...]:
    """One row of each code that the card has for such a parcel, the most specific, by code."""
    rows = surcharges_for(
        card.surcharges,
        facts.courier,
        facts.service or found.row.service,
        facts.shipped_on,
        facts.province,
    )
    return one_of_each(rows, found.chargeable_g)


def surcharges_for(
    rows: Iterable[SurchargeRow], courier: str, service: str, day: date, province: str
) -> tuple[SurchargeRow, ...]:
    """The rows that may apply to a parcel of any weight, by code, the most specific first."""
    found = [
        row
        for row in rows
        if row.courier == courier
        and row.service in ("", service)
        and is_valid(row, day)
        and names(row.provinces, province)
    ]
    return tuple(sorted(found, key=lambda row: (row.code, *_rank(row, province))))


def one_of_each(rows: Iterable[SurchargeRow], chargeable_g: int) -> tuple[SurchargeRow, ...]:
    """The first row of each code whose weight range fits."""
    found: dict[str, SurchargeRow] = {}
    for row in rows:
        if row.code not in found and fits(row, chargeable_g):
            found[row.code] = row
    return tuple(found.values())


def total(found: Weighed, extras: Sequence[SurchargeRow], facts: PricingFacts) -> Priced:
    """Freight, surcharges and tax of a parcel whose row is known."""
    row = found.row
    listed = list_freight(row, found.rounded_g)
    freight = net_freight(row, listed)
    due: tuple[Charge, ...] = ()
    allowed: tuple[Charge, ...] = ()
    if extras:
        due, allowed = _charges(extras, listed, found.rounded_g, facts)
    untaxed = freight + sum([charge.amount_minor for charge in due]) if due else freight
    tax = half_up(untaxed * row.tax_e4, 100 * E4) if row.tax_e4 else 0
    return Priced(
        freight,
        due,
        untaxed + tax,
        found.chargeable_g,
        found.rounded_g,
        row.row,
        row.currency,
        listed,
        tax,
        allowed,
    )


def _charges(
    extras: Sequence[SurchargeRow], listed_minor: int, rounded_g: int, facts: PricingFacts
) -> tuple[tuple[Charge, ...], tuple[Charge, ...]]:
    """The surcharges that are due for this parcel, and those that are allowed besides."""
    charges = [
        Charge(
            extra.code,
            surcharge_amount(extra, listed_minor, rounded_g, facts),
            extra.row,
            extra.due,
        )
        for extra in extras
    ]
    due = tuple(charge for charge in charges if is_due(charge.due, facts) and charge.amount_minor)
    return due, tuple(charge for charge in charges if charge.due is Due.ALLOWED)


def is_due(due: Due, facts: PricingFacts) -> bool:
    """Whether a surcharge is to be expected for this parcel."""
    if due is Due.DECLARED:
        return facts.declared_value_minor > 0
    if due is Due.COD:
        return facts.cod_minor > 0
    if due is Due.RETURNED:
        return facts.outcome is Outcome.RETURNED
    return due is Due.ALWAYS


def surcharge_amount(
    extra: SurchargeRow, listed_minor: int, rounded_g: int, facts: PricingFacts
) -> int:
    """What the surcharge comes to for this parcel, within its own minimum and maximum."""
    if extra.basis is Basis.PER_PARCEL:
        amount = half_up(extra.value_e4, E4)
    elif extra.basis is Basis.PER_KG:
        amount = half_up(extra.value_e4 * rounded_g, 1000 * E4)
    elif extra.basis is Basis.PERCENT_OF_FREIGHT:
        amount = half_up(extra.value_e4 * listed_minor, 100 * E4)
    else:
        value = facts.declared_value_minor
        if extra.due is Due.COD and facts.cod_minor > 0:
            value = facts.cod_minor  # what is collected is what a COD fee is counted on
        if value <= 0:
            return 0
        amount = half_up(extra.value_e4 * value, 100 * E4)
    amount = max(amount, extra.minimum_minor)
    return amount if extra.maximum_minor is None else min(amount, extra.maximum_minor)
