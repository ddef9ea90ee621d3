"""What platforms say to a question for an order that is no more: deleted, or closed and put away.

TOP names it in the sub-code of its error, WooCommerce by the HTTP status.
"""

from __future__ import annotations

from msgspec.structs import replace

from aftersales.errors import Refused
from aftersales.parcels import Order, OrderStatus

STATUSES = (404, 410)
SUB_CODE = "isv.trade-not-exist"
RAW_STATUS = "deleted"


def says_gone(refused: Refused) -> bool:
    """Was an order refused because there is none of that number?"""
    return refused.status in STATUSES or SUB_CODE in refused.code.split()


def closed(order: Order) -> Order:
    """An order that is no more: nobody waits for its payment."""
    return replace(order, status=OrderStatus.CLOSED, raw_status=RAW_STATUS)
