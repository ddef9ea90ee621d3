"""What a discrepancy says of itself: the rule applied, in words that a courier can follow."""

from __future__ import annotations

from functools import lru_cache

from aftersales.money import to_text
from courier_reconciliation.model import Kind
from courier_reconciliation.rates.card import FreightRow, StepMode

RULES: dict[Kind, str] = {
    Kind.DUPLICATE_WAYBILL: "one charge of a kind for each waybill",
    Kind.UNKNOWN_WAYBILL: "the waybill is in no shipment",
    Kind.LOST_BILLED: "no freight for a lost parcel",
    Kind.DAMAGED_BILLED: "no freight for a damaged parcel",
    Kind.PAYMENT_PARTY: "charged to whom the contract does not charge",
}


@lru_cache(maxsize=4096)
def of_row(row: FreightRow) -> str:
    """A line of the card as a sentence."""
    price = to_text(row.base_price_minor, row.currency)
    words = [f"card row {row.row}: {price}"]
    if row.step_price_minor:
        step = to_text(row.step_price_minor, row.currency)
        each = "each started" if row.step_mode is StepMode.CEIL else "each (in proportion)"
        words[0] += f" up to {row.base_weight_g} g, {step} for {each} {row.step_weight_g} g above"
    words.append(f"rounding {row.rounding.value}")
    if row.volumetric_divisor:
        words.append(f"volume / {row.volumetric_divisor}")
    if row.discount_e4:
        words.append(f"discount {row.discount_e4 / 10_000:g} %")
    if row.tax_e4:
        words.append(f"tax {row.tax_e4 / 10_000:g} % on top")
    return ", ".join(words)


def of_surcharge(code: str, row: int | None) -> str:
    """Which line of the card allows a surcharge, or that none does."""
    if row is None:
        return f"the card allows no {code} for this parcel"
    return f"card row {row}: {code}"
