"""What a bill states of a parcel, weight and province, beside what is true of it."""

from __future__ import annotations

from enum import IntEnum

from aftersales.platforms.regions import PROVINCES
from courier_reconciliation.causes.freight_case import SCALE_G, FreightCase
from courier_reconciliation.rates.card import FreightRow, Rounding, StepMode
from courier_reconciliation.rates.price import Weighed
from courier_reconciliation.rates.quotes import weigh_as_rounded, weigh_by
from courier_reconciliation.reading.places import OUTSIDE

Evidence = tuple[tuple[str, str | int], ...]

POUND_SLACK = 500
"""A bill in pounds and steps of 454 g differ by less than one in so many."""
STEP_G = {
    Rounding.CEIL_1000: 1000,
    Rounding.DROP_300: 1000,
    Rounding.CEIL_500: 500,
    Rounding.THREE_SEVEN: 500,
    Rounding.CEIL_100: 100,
    Rounding.EXACT: 0,
}


ZONE_OF_THE_PRICE = "province_of_the_price"
"""The evidence of a wrong zone that the bill does not state."""


class Fit(IntEnum):
    """How well a mistake agrees with the weight that the bill states; the lower the better."""

    EXACT = 0
    """The very weight that this mistake gives, before rounding."""
    ROUNDED = 1
    UNSAID = 2
    """The bill states no weight, or the one on the scale."""
    AGAINST = 3
    """The bill states the contract's weight, and yet another price."""


def own_g(case: FreightCase) -> int:
    """One's own weight on the scale; the billed one where there is none."""
    return case.base.chargeable_g if case.facts.weight_g is None else case.facts.weight_g


def volume(case: FreightCase) -> int | None:
    """One's own volume, where the weight beside it is one's own too."""
    return case.facts.volume_mm3 if case.own_known else None


def weigh_own(case: FreightCase, rows: tuple[FreightRow, ...]) -> Weighed | None:
    """The parcel as other rows of the card would weigh it."""
    if rows is case.rows:
        return case.base
    if not case.own_known and case.base.rounded_g == case.main.weight_g:
        return weigh_as_rounded(rows, case.base.rounded_g)
    return weigh_by(rows, own_g(case), volume(case))


def own_weight_fit(case: FreightCase, rounded_g: int | None = None) -> Fit | None:
    """Whether the billed weight is the parcel's own, in any of its forms; None: it is another."""
    billed = case.main.weight_g
    if billed is None:
        return Fit.UNSAID
    if near(billed, case.base.chargeable_g):
        return Fit.EXACT
    if is_rounded(billed, case.base) or near(billed, rounded_g):
        return Fit.ROUNDED
    limit = case.base.chargeable_g + case.tolerances.weight_g(case.base.chargeable_g)
    return Fit.UNSAID if billed <= limit else None


def near(billed_g: int, grams: int | None) -> bool:
    """Whether a bill may print `grams` so: to the gram, or with fewer decimals."""
    if grams is None:
        return False
    return abs(billed_g - grams) <= (SCALE_G - 1 if billed_g % SCALE_G == 0 else 1)


def is_rounded(billed_g: int, weighed: Weighed) -> bool:
    """Whether a bill states the weight that `weighed` was rounded to, or by whose steps it costs.

    It prints such a weight as it is; pounds are given to the gram here, and steps of one are 454.
    """
    if abs(billed_g - weighed.rounded_g) <= 1:
        return True
    row = weighed.row
    if row.step_mode is not StepMode.CEIL or not row.step_price_minor:
        return False
    over = max(weighed.rounded_g - row.base_weight_g, 0)
    stepped = row.base_weight_g - (-over // row.step_weight_g) * row.step_weight_g
    # Steps of 454 g are pounds, which a bill states more exactly.
    slack = stepped // POUND_SLACK if row.step_weight_g % 10 else 1
    return abs(billed_g - stepped) <= slack


def stated_elsewhere(case: FreightCase) -> str:
    """Another province than the parcel's that the bill states; "" where it states none.

    A name of the courier's own for an area (华南大区) is no province, unless the card has it.
    """
    own, stated = case.facts.province, case.main.province
    if not stated or stated == own:
        return ""
    at_home = (*PROVINCES, *OUTSIDE)
    if own in at_home and stated not in at_home and not case.quotes.has_place(stated):
        return ""
    return stated


def zone_evidence(case: FreightCase, province: str) -> Evidence:
    """Where it went, and where the bill says it went."""
    name = "billed_province" if case.main.province == province else ZONE_OF_THE_PRICE
    return (("province", case.facts.province), (name, province))


def weight_evidence(case: FreightCase) -> Evidence:
    """Own, chargeable and billed weight."""
    own, billed = case.facts.weight_g, case.main.weight_g
    chargeable = ("chargeable_weight_g", case.base.chargeable_g)
    evidence = (chargeable,) if own is None else (("own_weight_g", own), chargeable)
    return evidence if billed is None else (*evidence, ("billed_weight_g", billed))
