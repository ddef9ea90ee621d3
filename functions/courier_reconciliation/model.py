"""Value types of reconciliation.

Money is in minor units, weight in grams, lengths in millimetres, all integers. None means that
nobody said it; it never means zero.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from msgspec import Struct

TOTAL = "total"
FREIGHT = "freight"


class Outcome(StrEnum):
    """How a shipment ended, as the tracker or the shipments file says; empty: nobody knows."""

    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DAMAGED = "damaged"
    CANCELLED = "cancelled"
    NEVER_MOVED = "never_moved"
    IN_TRANSIT = "in_transit"
    UNKNOWN = ""


class Kind(StrEnum):
    """What can be wrong with a bill; a public interface (`reconcile --json`, register, cases)."""

    DUPLICATE_WAYBILL = "duplicate_waybill"
    UNKNOWN_WAYBILL = "unknown_waybill"
    NOT_SHIPPED = "not_shipped"
    WEIGHT_OVER = "weight_over"
    VOLUMETRIC_WRONG = "volumetric_wrong"
    ROUNDING_WRONG = "rounding_wrong"
    ZONE_WRONG = "zone_wrong"
    RATE_WRONG = "rate_wrong"
    SURCHARGE_INVALID = "surcharge_invalid"
    ADDRESS_CORRECTION = "address_correction"
    LATE_DELIVERY = "late_delivery"
    LOST_BILLED = "lost_billed"
    DAMAGED_BILLED = "damaged_billed"
    RETURN_OVERCHARGE = "return_overcharge"
    PAYMENT_PARTY = "payment_party"
    MISSING_DISCOUNT = "missing_discount"
    MISSING_FROM_BILL = "missing_from_bill"
    UNDERBILLED = "underbilled"
    CURRENCY_MISMATCH = "currency_mismatch"
    TAX_MISMATCH = "tax_mismatch"
    TOTAL_MISMATCH = "total_mismatch"


class Shipment(Struct, array_like=True):
    """What was really handed to a courier, as the seller knows it.

    `shipped_on` is the day in the shop's zone. `weight_g` is the seller's own weight, and
    `weight_evidence` says whose it is: scale, sku, history or empty.
    """

    waybill_number: str
    courier: str
    shipped_on: date
    province: str
    order_id: str = ""
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    city: str = ""
    service: str = ""
    declared_value_minor: int | None = None
    cod_minor: int | None = None
    parcel_count: int = 1
    outcome: Outcome = Outcome.UNKNOWN
    weight_evidence: str = ""


class BilledRow(Struct, array_like=True):
    """One row of a bill, normalised: what of it may show why it is wrong.

    `charge` says what `amount_minor` pays for: `total` where the row states all of a parcel,
    `freight` or a surcharge code where a courier writes one row per service. `freight_minor` and
    `surcharges` (code, amount) are the parts of a total, where the bill has columns for them.
    `amount_minor` is the full charge: what was prepaid for labels is not taken off. Credits are
    negative. `weight_g` is what is charged, `actual_g` what the courier's scale showed, where a
    bill says both. `tax_inside_minor` is tax of a bill whose amounts are compared with their tax.
    `row` counts from 1 as a spreadsheet program shows it.
    """

    file: str
    sheet: str
    row: int
    waybill_number: str
    courier: str
    amount_minor: int
    charge: str = TOTAL
    currency: str = "CNY"
    billed_on: date | None = None
    order_id: str = ""
    freight_minor: int | None = None
    tax_minor: int | None = None
    discount_minor: int | None = None
    weight_g: int | None = None
    actual_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    province: str = ""
    is_return: bool = False
    tax_inside_minor: int | None = None
    surcharges: tuple[tuple[str, int], ...] = ()

    @property
    def place(self) -> tuple[str, str, int]:
        """Where it stands: file, sheet, row."""
        return self.file, self.sheet, self.row


class Discrepancy(Struct, frozen=True):
    """One difference between a bill and what it should say.

    `difference_minor` is billed minus expected: above zero is claimed back. `evidence` are the
    facts that show it (own weight, billed weight, province, divisor, dates), `rule` the line of the
    rate card or the setting applied, in words a courier can follow.
    """

    kind: Kind
    courier: str
    waybill_number: str
    billed_minor: int
    expected_minor: int
    currency: str
    charge: str = TOTAL
    file: str = ""
    sheet: str = ""
    row: int | None = None
    order_id: str = ""
    evidence: tuple[tuple[str, str | int], ...] = ()
    rule: str = ""
    claimable: bool = True

    @property
    def difference_minor(self) -> int:
        """Billed minus expected."""
        return self.billed_minor - self.expected_minor


class Rejected(Struct, frozen=True):
    """A row, sheet or file that cannot be used, and why, in words that say what to do."""

    file: str
    reason: str
    sheet: str = ""
    row: int | None = None


class DeclaredTotal(Struct, frozen=True):
    """A total that a bill prints: of money (`amount_minor`) or of parcels (`count`).

    `is_sum`: the money is said to be the sum of the lines, of rows `first_row` to `row` where that
    is set (a subtotal), else of the whole sheet, or of the whole file where `sheet` is `*`. Other
    amounts (what was prepaid, what is left to pay) are not compared with it.
    """

    file: str
    sheet: str
    row: int
    label: str
    amount_minor: int | None = None
    count: int | None = None
    is_sum: bool = True
    first_row: int | None = None
