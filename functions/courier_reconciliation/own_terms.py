"""What the settings say about checking bills, as the parts that check them take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from courier_reconciliation.causes.tolerances import Tolerances
from courier_reconciliation.reading.model import OwnLayout
from courier_reconciliation.surcharge_codes import code_of

if TYPE_CHECKING:
    from aftersales.settings.model import Reconciliation


def tolerances_of(own: Reconciliation) -> Tolerances:
    """What is too small to be a difference."""
    return Tolerances(
        amount_minor=own.amount_minor,
        light_g=own.weight_light_g,
        heavy_g=own.weight_heavy_g,
        light_below_g=own.weight_light_below_g,
        percent=own.weight_percent,
        floor_minor=own.smallest_minor,
        floor_g=own.smallest_g,
    )


def layouts_of(own: Reconciliation) -> tuple[OwnLayout, ...]:
    """Bills of one's own shape."""
    return tuple(
        OwnLayout(
            name=one.name,
            columns=one.columns,
            surcharges={where: code_of(code) for where, code in one.surcharges.items()},
            file_contains=one.file_contains,
            weight_unit=one.weight_unit,
            day_first=one.day_first,
            month_first=one.month_first,
        )
        for one in own.layouts
    )
