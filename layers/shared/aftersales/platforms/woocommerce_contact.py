"""How to reach the buyer of a WooCommerce order: his number, his consent, where he can pay.

Facts: the vendor's REST documents (wc/v3): `billing.phone` and `country`, `meta_data` as a list
of key and value, `payment_url` where the shop is new enough to tell it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aftersales.couriers.reading import mapping, text
from aftersales.platforms.contact import Contact
from aftersales.platforms.woocommerce_reply import read_order, rows_of

if TYPE_CHECKING:
    from aftersales.settings.model import Shop


def read_contact(row: Any, shop: Shop, hold: timedelta | None, consent_field: str) -> Contact:
    """The contact of one order. Raises `BadInput` where this is no order."""
    order, _ = read_order(row, shop, hold)
    billing = mapping(row.get("billing"))
    consent = ""
    for meta in rows_of(row.get("meta_data")) or []:
        if isinstance(meta, dict) and consent_field and text(meta.get("key")) == consent_field:
            consent = _word(meta.get("value"))  # the newest stands last
    return Contact(
        order=order,
        phone=text(billing.get("phone")),
        country=text(billing.get("country")).upper(),
        consent=consent,
        pay_url=text(row.get("payment_url")),
    )


def _word(value: object) -> str:
    """What a plugin wrote: a text, a number, or true and false."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return text(value)
