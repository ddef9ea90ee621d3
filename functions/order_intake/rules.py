"""Which parcels of an order are to be watched. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from aftersales.couriers import waybills
from aftersales.parcels import Order, OrderStatus, Parcel, RefundStatus, Shipment
from aftersales.settings.model import Settings

CROSS_BORDER_COURIERS = frozenset(
    {
        *("dhl", "fedex", "ups", "usps", "royal_mail", "canada_post", "auspost", "s10"),
        *("yanwen", "fourpx", "yunexpress", "sunyou", "winit", "cainiao"),
    }
)
"""Couriers that carry from China to other countries (asked where the country is unknown)."""

AUTO_CONFIRM_DAYS = {"taobao": 10.0, "tmall": 10.0, "pdd": 15.0, "douyin": 10.0}
"""Days from shipping to the platform's own receipt (platform rules reference, `auto_confirm`); the
shop's setting `auto_confirm_days` wins."""

OPEN_RECEIPT = frozenset({OrderStatus.PARTLY_SHIPPED, OrderStatus.SHIPPED, OrderStatus.UNKNOWN})
"""States in which the platform's clock of automatic receipt may be running."""


class Interest(StrEnum):
    """What an order's state means for the watching of its parcels."""

    WATCH = "watch"
    TELL = "tell"  # a parcel that is watched learns the news, no new watch begins
    END = "end"  # nothing travels, or nobody waits for it


def interest_in(order: Order, settings: Settings, now: datetime) -> tuple[Interest, str]:
    """How much the desk cares for an order's parcels, and the named reason."""
    shipped = order.shipped_at is not None or order.status in (
        OrderStatus.PARTLY_SHIPPED,
        OrderStatus.SHIPPED,
        OrderStatus.FINISHED,
    )
    # The buyer has been refunded before anything was shipped: the waybill was printed in vain.
    if (
        order.refund is RefundStatus.DONE
        and not shipped
        and order.status is not OrderStatus.UNKNOWN
    ):
        return Interest.END, "refunded_unshipped"
    if order.status is OrderStatus.CLOSED:
        return Interest.END, "closed"
    # Received, but the buyer complains: who signed for it decides the dispute.
    if order.refund is RefundStatus.OPEN:
        return Interest.WATCH, "disputed"
    if order.status is OrderStatus.FINISHED:
        return Interest.TELL, "finished"
    # Couriers use numbers again: an old one would bring the scans of somebody else's parcel.
    started = order.shipped_at or order.paid_at or order.created_at
    if started is not None and now - started > timedelta(days=settings.tracking.keep_days):
        return Interest.TELL, "too_old"
    return Interest.WATCH, "under_way"


def parcels_of(order: Order, settings: Settings, now: datetime) -> tuple[Parcel, ...]:
    """The parcels of an order as watches to begin, one per waybill number; () where it ends them.

    The courier is the one that the file names, else the only one that the number fits.
    """
    interest, _ = interest_in(order, settings, now)
    if interest is Interest.END:
        return ()
    return tuple(_parcel(order, shipment, settings) for shipment in order.shipments)


def waybills_given_up(before: Order | None, after: Order) -> tuple[str, ...]:
    """Waybill numbers under which an order no longer travels: corrected ones, or all that remain
    of an order that is closed."""
    kept = {shipment.waybill_number for shipment in after.shipments}
    earlier = before.shipments if before else ()
    return tuple(s.waybill_number for s in earlier if s.waybill_number not in kept)


def _parcel(order: Order, shipment: Shipment, settings: Settings) -> Parcel:
    likely = waybills.identify(shipment.waybill_number).couriers
    courier = shipment.courier or (likely[0] if len(likely) == 1 else "")
    return Parcel(
        parcel_id=shipment.waybill_number,
        waybill_number=shipment.waybill_number,
        courier=courier,
        shop_id=order.shop_id,
        order_ids=(order.order_id,),
        source=settings.source_for(courier),
        shipped_at=shipment.shipped_at or order.shipped_at,
        phone_tail=order.phone_tail,
        province=order.province,
        city=order.city,
        cross_border=_crosses_border(order, courier, likely, settings),
        auto_confirm_at=_auto_confirm_at(order, shipment, settings),
        disputes=(order.order_id,) if order.refund is RefundStatus.OPEN else (),
        weight_g=shipment.weight_g,
        length_mm=shipment.length_mm,
        width_mm=shipment.width_mm,
        height_mm=shipment.height_mm,
        service=shipment.service,
        declared_value_minor=shipment.declared_value_minor,
        cod_minor=shipment.cod_minor,
        parcel_count=shipment.parcel_count,
    )


def _crosses_border(
    order: Order, courier: str, likely: tuple[str, ...], settings: Settings
) -> bool:
    if order.country:
        return order.country != settings.calendar.country
    at_home = settings.calendar.country == "CN"
    return at_home and (courier or next(iter(likely), "")) in CROSS_BORDER_COURIERS


def _auto_confirm_at(order: Order, shipment: Shipment, settings: Settings) -> datetime | None:
    if order.auto_confirm_at is not None or order.status not in OPEN_RECEIPT:
        return order.auto_confirm_at
    shop = settings.shop(order.shop_id)
    days = shop.auto_confirm_days
    if days is None:
        days = AUTO_CONFIRM_DAYS.get(shop.platform)
    shipped_at = order.shipped_at or shipment.shipped_at
    return None if days is None or shipped_at is None else shipped_at + timedelta(days=days)
