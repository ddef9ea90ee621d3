"""Value types of orders and parcels. Standard library and msgspec only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from aftersales.tracking import TERMINAL, DeliveredHow, Reason, Status, Watch


class OrderStatus(StrEnum):
    """What an order is doing, in one vocabulary for all platforms."""

    UNPAID = "unpaid"
    PAID = "paid"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    FINISHED = "finished"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class RefundStatus(StrEnum):
    """The state of the after-sales request of an order."""

    NONE = "none"
    OPEN = "open"
    DONE = "done"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class OrderLine(Struct, frozen=True, omit_defaults=True):
    """One line of an order. Amounts in minor units of the order's currency."""

    title: str
    quantity: int = 1
    sku: str = ""
    amount_minor: int | None = None
    line_id: str = ""


class Shipment(Struct, frozen=True, omit_defaults=True):
    """What an order says about one of its parcels, before a parcel is watched.

    `courier` is our courier code, or "" where `courier_text` was not recognised. From `weight_g` on
    it is what the seller measured and ordered, for checking the courier's bill: own weight, sides,
    the courier's service, insured value, money to collect, pieces of one waybill.
    """

    waybill_number: str
    courier: str = ""
    courier_text: str = ""
    shipped_at: datetime | None = None
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    service: str = ""
    declared_value_minor: int | None = None
    cod_minor: int | None = None
    parcel_count: int = 1


class Order(Struct, frozen=True, omit_defaults=True):
    """An order of a shop. Times are aware UTC; what is unknown is None, never zero.

    Personal data is kept to what the desk needs: `buyer_ref` (the platform's id or nickname),
    `phone_tail` (last four digits, which some couriers ask for), province and city.

    `pay_by` is when the platform closes the order for want of payment. `needs_payment` is False for
    kinds that are never paid before shipping (cash on delivery, gifts, exchanges). `updated_at` is
    the platform's own time of the last change; files have none.
    """

    shop_id: str
    order_id: str
    status: OrderStatus
    raw_status: str = ""
    created_at: datetime | None = None
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    finished_at: datetime | None = None
    ship_by: datetime | None = None
    auto_confirm_at: datetime | None = None
    amount_minor: int | None = None
    currency: str = ""
    buyer_ref: str = ""
    phone_tail: str = ""
    province: str = ""
    city: str = ""
    country: str = ""
    refund: RefundStatus = RefundStatus.UNKNOWN
    refund_id: str = ""
    refund_amount_minor: int | None = None
    lines: tuple[OrderLine, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    updated_at: datetime | None = None
    pay_by: datetime | None = None
    needs_payment: bool = True


class Parcel(Struct, frozen=True, omit_defaults=True):
    """A watched parcel, as the rules see it.

    `parcel_id` names one watch: the waybill number, with `~yyyymmdd` behind it where a courier
    used the number again. `marks` are the problem kinds whose case this parcel has opened, each
    with the severity it was opened at (`stalled:alarm`), so that an unchanged parcel needs no look
    into the casebook. `abandoned` means that no order travels with this number any more;
    `disputes` are those of its orders whose buyers ask for their money. `extended_until` is the
    receipt time that the platform granted us: what an order says later is not earlier than that.

    Weight, size, service, declared value and cash on delivery are what the seller handed over and
    ordered, for checking the courier's bill; None where nobody said it.
    """

    parcel_id: str
    waybill_number: str
    courier: str
    shop_id: str
    order_ids: tuple[str, ...] = ()
    source: str = ""
    shipped_at: datetime | None = None
    added_at: datetime | None = None
    phone_tail: str = ""
    province: str = ""
    city: str = ""
    cross_border: bool = False
    auto_confirm_at: datetime | None = None
    extended_until: datetime | None = None
    disputes: tuple[str, ...] = ()
    abandoned: bool = False
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    service: str = ""
    declared_value_minor: int | None = None
    cod_minor: int | None = None
    parcel_count: int = 1

    status: Status = Status.UNKNOWN
    reason: Reason | None = None
    delivered_how: DeliveredHow | None = None
    status_at: datetime | None = None
    picked_up_at: datetime | None = None
    delivered_at: datetime | None = None
    last_event_at: datetime | None = None
    last_event_text: str = ""
    last_event_place: str = ""
    event_count: int = 0
    failed_attempts: int = 0
    reopened: bool = False
    digest: str = ""

    watch: Watch = Watch.NEW
    watch_reason: str = ""
    checked_at: datetime | None = None
    marks: tuple[str, ...] = field(default=())
    version: int = 0

    @property
    def disputed(self) -> bool:
        """Does a buyer ask for the money of one of its orders?"""
        return bool(self.disputes)

    @property
    def watched(self) -> bool:
        """Is this parcel still to be followed?

        Until it is delivered, returned or cancelled, and longer while the buyer disputes it; an
        abandoned one only until its cases are closed.
        """
        if self.disputed:
            return True
        return self.status not in TERMINAL and (not self.abandoned or bool(self.marks))
