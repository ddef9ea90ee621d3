"""How to reach a buyer, read at the instant at which he is written to, and kept nowhere.

Few platforms tell. A connector that can has a method `contact`; Taobao, Tmall and Pinduoduo show
masked or lent numbers only, and theirs have none.
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct

from aftersales.parcels import Order


class Contact(Struct, frozen=True):
    """An order as it is at this instant, with its buyer's telephone number as the shop has it.

    `consent` is what the shop's field says in which buyers agree to texts ("" where there is none).
    Number and payment address stay out of every printed form of this.
    """

    order: Order
    phone: str = ""
    country: str = ""
    consent: str = ""
    pay_url: str = ""

    def __repr__(self) -> str:
        return f"Contact({self.order.shop_id}, {self.order.order_id})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("order", f"{self.order.shop_id}, {self.order.order_id}")]


class TellsContact(Protocol):
    """A connection that can be asked for a buyer's number."""

    def contact(self, order_id: str, consent_field: str) -> Contact:
        """The order and its buyer's number. Raises as `Platform.order`."""
        ...
