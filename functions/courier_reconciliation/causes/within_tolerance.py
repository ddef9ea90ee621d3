"""Prices of a weight that differs from one's own by no more than the tolerance."""

from __future__ import annotations

from courier_reconciliation.causes.freight_case import FreightCase, Match
from courier_reconciliation.causes.stated import STEP_G, near, volume
from courier_reconciliation.rates.quotes import weigh_by


def scale_within_tolerance(case: FreightCase) -> Match | None:
    """The price of what the courier's scale showed, where that is the parcel's own weight but for
    the tolerance, and what is billed.

    Only where a bill says both, what the scale showed and what is charged.
    """
    own, shown = case.facts.weight_g, case.main.actual_g
    if own is None or not shown or near(shown, own):
        return None  # it is one's own weight as a bill prints it
    if abs(shown - own) > case.tolerances.weight_g(own):
        return None
    weighed = weigh_by(case.rows, shown, volume(case))
    return None if weighed is None else case.match(weighed, case.facts.province)


def lighter_within_tolerance(case: FreightCase) -> Match | None:
    """The price of a billed weight a little below one's own, where it is what is billed.

    A weight that is rounded already says nothing about the scale.
    """
    chargeable, billed = case.base.chargeable_g, case.main.weight_g
    if billed is None or not case.own_known or billed >= chargeable:
        return None
    weighed = weigh_by(case.rows, billed, None)
    if weighed is None or chargeable - billed > case.tolerances.weight_g(chargeable):
        return None
    step = STEP_G[weighed.row.rounding]
    usual = case.usual.weight_step_g
    is_rounded = step > 0 and weighed.rounded_g == billed and (usual is None or usual >= step)
    return None if is_rounded else case.match(weighed, case.facts.province)
