"""The rate card as a value. Money in minor units, weight in grams, all integers.

Percentages and amounts per kilogram may have decimals: they are kept in ten-thousandths (`_e4`), so
that 8.25 % is 82500. Dates are inclusive; None is open. `("*",)` stands for all other provinces.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from msgspec import Struct

from courier_reconciliation.model import Outcome, Shipment
from courier_reconciliation.surcharge_codes import Due

E4 = 10_000
ALL_OTHERS = "*"


class Rounding(StrEnum):
    """How a chargeable weight is rounded (进位), as the courier bills reference lists it."""

    CEIL_1000 = "ceil_1000"
    """Up to the next whole kilogram."""
    CEIL_500 = "ceil_500"
    CEIL_100 = "ceil_100"
    EXACT = "exact"
    DROP_300 = "drop_300"
    """Up to 300 g above a whole kilogram are dropped, more counts as the next kilogram."""
    THREE_SEVEN = "three_seven"
    """Below 300 g dropped, below 700 g half a kilogram, from there the next kilogram."""


class StepMode(StrEnum):
    """How the weight above the base weight is counted."""

    CEIL = "ceil"
    """Each started step costs a whole one."""
    PROPORTIONAL = "proportional"


class Basis(StrEnum):
    """What a surcharge is counted on."""

    PER_PARCEL = "per_parcel"
    PER_KG = "per_kg"
    """Of the rounded chargeable weight, in proportion."""
    PERCENT_OF_FREIGHT = "percent_of_freight"
    """Of the freight before a discount."""
    PERCENT_OF_DECLARED = "percent_of_declared"


class FreightRow(Struct, frozen=True, cache_hash=True):
    """A line of the card that prices a range of chargeable weight for some provinces.

    It serves `min_weight_g` to `max_weight_g`, both inclusive. The price is `base_price_minor` up
    to `base_weight_g` and a step price above. `row` is its line in the file. `service` is folded,
    "" serves any. `discount_e4` and `tax_e4` are percentages times 10,000; tax comes on top.
    """

    row: int
    courier: str
    base_price_minor: int
    service: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    provinces: tuple[str, ...] = (ALL_OTHERS,)
    min_weight_g: int = 0
    max_weight_g: int | None = None
    base_weight_g: int = 0
    step_weight_g: int = 1000
    step_price_minor: int = 0
    step_mode: StepMode = StepMode.CEIL
    rounding: Rounding = Rounding.EXACT
    volumetric_divisor: int | None = None
    currency: str = "CNY"
    minimum_minor: int = 0
    discount_e4: int = 0
    tax_e4: int = 0


class SurchargeRow(Struct, frozen=True):
    """A surcharge that the contract allows.

    `value_e4` is the amount in minor units (per parcel, per kilogram) or the percentage, times
    10,000. `maximum_minor` None is no upper limit. Ranges are of chargeable weight, inclusive.
    """

    row: int
    courier: str
    code: str
    basis: Basis
    value_e4: int
    due: Due = Due.ALWAYS
    service: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    provinces: tuple[str, ...] = (ALL_OTHERS,)
    min_weight_g: int = 0
    max_weight_g: int | None = None
    currency: str = "CNY"
    minimum_minor: int = 0
    maximum_minor: int | None = None


class RateCard(Struct, frozen=True):
    """All rows of a file. `source` is its name, for evidence."""

    freight: tuple[FreightRow, ...]
    surcharges: tuple[SurchargeRow, ...] = ()
    source: str = ""

    @property
    def couriers(self) -> tuple[str, ...]:
        """The couriers that have a price here."""
        return tuple(sorted({row.courier for row in self.freight}))


class PricingFacts(Struct):
    """What a price depends on. `volume_mm3` None: the size is not known. `service` is folded."""

    courier: str
    shipped_on: date
    province: str
    weight_g: int | None
    volume_mm3: int | None = None
    service: str = ""
    declared_value_minor: int = 0
    cod_minor: int = 0
    outcome: Outcome = Outcome.UNKNOWN


class Charge(Struct, frozen=True):
    """A surcharge in a price: code, amount, the card's line, whether it is due or only allowed."""

    code: str
    amount_minor: int
    row: int
    due: Due = Due.ALWAYS


class Priced(Struct, frozen=True):
    """What the contract asks for.

    `list_freight_minor` is the freight before a discount or minimum. `surcharges` are those to be
    expected, `allowed` those that may be billed besides; only the first are in the total.
    """

    freight_minor: int
    surcharges: tuple[Charge, ...]
    total_minor: int
    chargeable_g: int
    rounded_g: int
    row: int
    currency: str
    list_freight_minor: int
    tax_minor: int = 0
    allowed: tuple[Charge, ...] = ()


class NotPriced(Struct, frozen=True):
    """Why there is no price; never a price of zero."""

    reason: str


def volume_of(length_mm: int | None, width_mm: int | None, height_mm: int | None) -> int | None:
    """The volume in cubic millimetres, None unless all three sides are known."""
    if not length_mm or not width_mm or not height_mm:
        return None
    return length_mm * width_mm * height_mm


def facts_of(shipment: Shipment) -> PricingFacts:
    """What a price depends on, taken from a shipment."""
    return PricingFacts(
        courier=shipment.courier,
        shipped_on=shipment.shipped_on,
        province=shipment.province,
        weight_g=shipment.weight_g,
        volume_mm3=volume_of(shipment.length_mm, shipment.width_mm, shipment.height_mm),
        service=folded_service(shipment.service),
        declared_value_minor=shipment.declared_value_minor or 0,
        cod_minor=shipment.cod_minor or 0,
        outcome=shipment.outcome,
    )


def folded_service(text: str) -> str:
    """A service as cards and shipments are compared: no spaces, one width, one case; `*` is ""."""
    if not text:
        return ""
    if text.isascii():
        folded = "".join(text.split()).casefold()
    else:
        from unicodedata import normalize

        folded = "".join(normalize("NFKC", text).split()).casefold()
    return "" if folded == ALL_OTHERS else folded
