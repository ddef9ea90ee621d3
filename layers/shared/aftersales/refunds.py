"""Value types of refunds, returns and disputes. Standard library and msgspec only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class RefundKind(StrEnum):
    """What the buyer wants."""

    REFUND = "refund"
    RETURN = "return"
    EXCHANGE = "exchange"
    OTHER = "other"


class RefundState(StrEnum):
    """Whose turn it is, in one vocabulary for all platforms."""

    WAITS_FOR_SELLER = "waits_for_seller"
    WAITS_FOR_BUYER = "waits_for_buyer"
    REFUSED = "refused"
    DONE = "done"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Refund(Struct, frozen=True):
    """One after-sales request. Amounts in minor units, times aware UTC, unknown is None.

    `deadline` is the platform's own, `disputed` says that the platform has been called in.
    """

    shop_id: str
    refund_id: str
    order_id: str
    state: RefundState
    raw_status: str = ""
    kind: RefundKind = RefundKind.OTHER
    line_id: str = ""
    amount_minor: int | None = None
    currency: str = ""
    reason: str = ""
    disputed: bool = False
    deadline: datetime | None = None
    return_waybill: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
