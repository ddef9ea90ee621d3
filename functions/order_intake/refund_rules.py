"""What refunds mean for their order. Pure.

An order has one refund state, while a buyer may ask for several refunds. It is open as long as one
of them is: `refund_id` then names all that are open, joined by commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.refunds import Refund, RefundKind, RefundState

NEVER = datetime.min.replace(tzinfo=UTC)
UNDER_WAY = frozenset(
    # A seller's refusal ends nothing: the buyer may still call the platform in.
    {RefundState.WAITS_FOR_SELLER, RefundState.WAITS_FOR_BUYER, RefundState.REFUSED}
)
OVER = frozenset({RefundState.DONE, RefundState.CLOSED})


def is_open(refund: Refund) -> bool | None:
    """Does the buyer still ask for something? None where nobody can tell."""
    if refund.state in OVER:
        return False
    return True if refund.disputed or refund.state in UNDER_WAY else None


def refund_news(known: Order | None, refunds: Sequence[Refund]) -> Order | None:
    """What `refunds`, all of one order, say about it: an order with nothing but its refund known.

    `known` is the order as it is stored. None where they say nothing.
    """
    told = {
        refund.refund_id: refund
        for refund in sorted(refunds, key=lambda one: one.updated_at or one.created_at or NEVER)
        if is_open(refund) is not None
    }
    if not told:
        return None
    before = known.refund_id.split(",") if known and known.refund is RefundStatus.OPEN else []
    asked = [one for one in before if one and one not in told]
    asked += [one.refund_id for one in told.values() if is_open(one)]
    if asked:
        amounts = [told[one].amount_minor for one in asked if one in told]
        return _news(known, refunds[0], RefundStatus.OPEN, ",".join(asked), amounts)
    paid_back = [one for one in told.values() if _paid_back(one)]
    if paid_back:
        amounts = [one.amount_minor for one in paid_back]
        status = _extent(known, paid_back)
        return _news(known, refunds[0], status, paid_back[-1].refund_id, amounts)
    # Only withdrawn ones: money that was paid back earlier stays paid back.
    if known and known.refund in (RefundStatus.DONE, RefundStatus.PARTIAL):
        return None
    return _news(known, refunds[0], RefundStatus.NONE, next(reversed(told)), [])


def _paid_back(refund: Refund) -> bool:
    return refund.state is RefundState.DONE and refund.kind is not RefundKind.EXCHANGE


def _extent(known: Order | None, paid_back: Sequence[Refund]) -> RefundStatus:
    """All of the money, or a part of it."""
    amounts = [refund.amount_minor for refund in paid_back]
    total = known.amount_minor if known else None
    if total is None or None in amounts:
        of_lines = any(refund.line_id for refund in paid_back)
        return RefundStatus.PARTIAL if of_lines else RefundStatus.DONE
    return RefundStatus.DONE if _sum(amounts) >= total else RefundStatus.PARTIAL


def _news(
    known: Order | None,
    about: Refund,
    status: RefundStatus,
    refund_id: str,
    amounts: Sequence[int | None],
) -> Order:
    return Order(
        shop_id=about.shop_id,
        order_id=about.order_id,
        status=OrderStatus.UNKNOWN,
        refund=status,
        refund_id=refund_id,
        refund_amount_minor=None if not amounts or None in amounts else _sum(amounts),
        needs_payment=known.needs_payment if known else True,
    )


def _sum(amounts: Sequence[int | None]) -> int:
    return sum(amount for amount in amounts if amount is not None)
