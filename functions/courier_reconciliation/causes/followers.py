"""What surcharges come to by the freight or the weight that is billed, rather than the true one."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.model import Kind
from courier_reconciliation.rates.card import E4, Basis, Priced
from courier_reconciliation.rates.price import half_up, is_valid, surcharge_amount
from courier_reconciliation.rates.quotes import weigh_by


class Cause(Struct, frozen=True):
    """The mistake found in the freight, whose price the surcharges follow.

    `kind` None: a weight within tolerance, so that what follows it agrees, too.
    """

    kind: Kind | None
    priced: Priced


def at_billed_freight(case: FreightCase, kind: Kind | None) -> Cause | None:
    """What is a share of the freight (fuel), counted on the freight that is billed."""
    off = case.base.row.discount_e4
    kinds = [Kind.RATE_WRONG, Kind.UNDERBILLED, Kind.ZONE_WRONG, Kind.WEIGHT_OVER]
    if not off:
        kinds.append(Kind.MISSING_DISCOUNT)  # else shares are counted on the list price anyway
    if not _is_freight_alone(case) or kind not in kinds:
        return None
    listed = half_up(case.billed_minor * 100 * E4, 100 * E4 - off) if off < 100 * E4 else 0
    shares = {}
    for row in case.quotes.surcharges_of(case.facts.courier):
        is_share = row.basis is Basis.PERCENT_OF_FREIGHT
        if is_share and is_valid(row, case.facts.shipped_on):
            shares[row.row] = surcharge_amount(row, listed, case.priced.rounded_g, case.facts)
    if not shares:
        return None
    followed = tuple(
        replace(charge, amount_minor=shares[charge.row]) if charge.row in shares else charge
        for charge in case.priced.surcharges
    )
    return Cause(kind, replace(case.priced, surcharges=followed))


def at_billed_weight(case: FreightCase) -> Cause | None:
    """What follows a billed weight within the tolerance, where the freight is the same by it."""
    own, billed = case.base.chargeable_g, case.main.weight_g
    if billed is None or billed == own or not case.own_known:
        return None
    weighed = weigh_by(case.rows, billed, None)
    if weighed is None or abs(billed - own) > case.tolerances.weight_g(own):
        return None
    return Cause(None, case.quotes.priced(weighed, case.facts, case.facts.province))


def _is_freight_alone(case: FreightCase) -> bool:
    """Whether what is billed is freight: stated so, or what a total is without all surcharges."""
    if case.main.is_freight or not case.main.extras:
        return case.main.is_freight
    return all(charge.code in case.apart for charge in case.priced.surcharges)
