"""The `orders` table: what the platforms say about each order, newest known value of each field."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from aftersales.errors import Conflict
from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.tables.connection import Table
from aftersales.tables.fields import PackedAttribute

KEEP = timedelta(days=400)
TRIES = 4


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "orders"
    order_key = UnicodeAttribute(hash_key=True)
    document = PackedAttribute(Order)
    version = NumberAttribute()
    expires_at = NumberAttribute(null=True)


def get(shop_id: str, order_id: str) -> Order | None:
    """One order, or None. Strongly consistent."""
    row = _find(shop_id, order_id)
    return None if row is None else row.document


def merge(order: Order, now: datetime) -> tuple[Order | None, Order]:
    """Store what `order` knows over what is stored; returns (before, after).

    A field that `order` does not know never overwrites one that is known. Where nothing changes
    nothing is written, and `before == after`. Raises `Conflict` after several lost races.
    """
    for _ in range(TRIES):
        row = _find(order.shop_id, order.order_id)
        before = None if row is None else row.document
        after = order if before is None else united(before, order)
        if before == after:
            return before, after
        version = 0 if row is None else int(row.version)
        target = _Row(_key(order.shop_id, order.order_id))
        condition = (
            _Row.order_key.does_not_exist() if row is None else (_Row.version == int(row.version))
        )
        try:
            target.update(
                actions=[
                    _Row.document.set(after),
                    _Row.version.set(version + 1),
                    _Row.expires_at.set(int((now + KEEP).timestamp())),
                ],
                condition=condition,
            )
        except UpdateError as exc:
            if exc.cause_response_code == "ConditionalCheckFailedException":
                continue
            raise
        return before, after
    raise Conflict(f"order {order.order_id} of shop {order.shop_id} changes too fast")


def united(old: Order, new: Order) -> Order:
    """`new` over `old`, field by field; unknown fields of `new` (None, "", no lines) keep the old.

    Shipments are replaced when `new` names any: a corrected waybill number replaces a wrong one. A
    status only goes back where the platform itself says that it changed later.
    """
    if old.updated_at and new.updated_at and new.updated_at < old.updated_at:
        # An older picture of the order only fills in what the newer one did not know.
        old, new = new, old
    known = {}
    keeps_status = new.updated_at is None and _is_behind(old, new)
    for field in fields(Order):
        value = getattr(new, field.name)
        if value in (None, "", ()) or value in (OrderStatus.UNKNOWN, RefundStatus.UNKNOWN):
            continue
        if field.name in ("status", "raw_status") and keeps_status:
            continue
        known[field.name] = value
    return replace(old, **known)


PROGRESS = {
    OrderStatus.UNPAID: 0,
    OrderStatus.PAID: 1,
    OrderStatus.PARTLY_SHIPPED: 2,
    OrderStatus.SHIPPED: 3,
    OrderStatus.FINISHED: 4,
    OrderStatus.CLOSED: 4,
}


def _is_behind(old: Order, new: Order) -> bool:
    """Files tell no time of change: by progress, an export dropped late must not take it back."""
    return PROGRESS.get(new.status, 0) < PROGRESS.get(old.status, 0)


def _find(shop_id: str, order_id: str) -> _Row | None:
    try:
        return _Row.get(_key(shop_id, order_id), consistent_read=True)
    except _Row.DoesNotExist:
        return None


def _key(shop_id: str, order_id: str) -> str:
    return f"{shop_id}#{order_id}"
