"""The `orders` table: what the platforms say about each order, newest known value of each field.

Beside the order's document stand the attributes of two sparse indexes: `unpaid` holds the orders at
which the reminder has to look, by the time of the look; `buyers` finds the orders of one buyer by
a hash. `buyers` holds keys only, which never change, so an order is written to it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct, field
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from aftersales import unpaid
from aftersales.errors import Conflict
from aftersales.parcels import Order, OrderStatus, RefundStatus
from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute, PackedAttribute
from aftersales.unpaid import Reminding

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

    from aftersales.settings.model import Settings

KEEP = timedelta(days=400)
TRIES = 4
UNPAID_SHARDS = 16
BUYERS_ORDERS = 20
"""Of one buyer, the newest so many orders are looked at."""


class _Unpaid(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "unpaid"
        projection = AllProjection()

    unpaid_shard = NumberAttribute(hash_key=True)
    next_moment = InstantAttribute(range_key=True)


class _Buyers(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "buyers"
        projection = KeysOnlyProjection()

    buyer_key = UnicodeAttribute(hash_key=True)
    placed_at = InstantAttribute(range_key=True)


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "orders"
    order_key = UnicodeAttribute(hash_key=True)
    document = PackedAttribute(Order)
    version = NumberAttribute()
    expires_at = NumberAttribute(null=True)
    known_at = InstantAttribute(null=True)
    reminding = PackedAttribute(Reminding, null=True)
    unpaid_shard = NumberAttribute(null=True)
    next_moment = InstantAttribute(null=True)
    buyer_key = UnicodeAttribute(null=True)
    placed_at = InstantAttribute(null=True)
    unpaid = _Unpaid()
    buyers = _Buyers()


class Kept(Struct, frozen=True):
    """An order with what stands beside it: the version that a write must meet, as of when it is
    known (where nobody can be asked: the last file or push that holds it), what the reminder has
    done, and its place in the index `unpaid`."""

    order: Order
    version: int
    known_at: datetime | None = None
    reminding: Reminding = field(default_factory=Reminding)
    next_moment: datetime | None = None
    buyer_key: str = ""


class Seen:
    """An order as it was read, or that there was none: `merge` can begin with it."""

    __slots__ = ("_row",)

    def __init__(self, row: _Row | None) -> None:
        self._row = row

    @property
    def order(self) -> Order | None:
        """The order, None where there was none."""
        return None if self._row is None else self._row.document


def get(shop_id: str, order_id: str) -> Order | None:
    """One order, or None. Strongly consistent."""
    return see(shop_id, order_id).order


def see(shop_id: str, order_id: str) -> Seen:
    """One order, to be judged first and then merged over. Strongly consistent."""
    return Seen(_find(shop_id, order_id))


def merge(
    order: Order, now: datetime, *, settings: Settings | None = None, seen: Seen | None = None
) -> tuple[Order | None, Order]:
    """Store what `order` knows over what is stored; returns (before, after).

    A field that `order` does not know never overwrites one that is known. Where nothing changes
    nothing is written, and `before == after`. With `settings`, the order takes its place in the
    indexes. `seen` saves a read: where others have written since, the write fails and the order is
    read again. Raises `Conflict` after several lost races.
    """
    for _ in range(TRIES):
        row = _find(order.shop_id, order.order_id) if seen is None else seen._row
        seen = None
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
                    _Row.known_at.set(now),
                    *_places(row, after, now, settings),
                ],
                condition=condition,
            )
        except UpdateError as exc:
            if exc.cause_response_code == "ConditionalCheckFailedException":
                continue
            raise
        return before, after
    raise Conflict(f"order {order.order_id} of shop {order.shop_id} changes too fast")


def confirm(shop_id: str, order_id: str, now: datetime) -> bool:
    """An order at which the reminder has to look was told again as it is stored: known as of now.

    False for every other order: nothing is written.
    """
    target = _Row(_key(shop_id, order_id))
    try:
        target.update(actions=[_Row.known_at.set(now)], condition=_Row.next_moment.exists())
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def kept(shop_id: str, order_id: str) -> Kept | None:
    """One order with what stands beside it, or None. Strongly consistent."""
    row = _find(shop_id, order_id)
    return None if row is None else _kept(row)


def due(shard: int, now: datetime, limit: int | None = None) -> Iterator[Kept]:
    """Orders at which the reminder has to look by now, longest due first. Eventually consistent."""
    for row in _Row.unpaid.query(shard, _Row.next_moment <= now, limit=limit):
        yield _kept(row)


def due_count(shard: int, now: datetime, limit: int) -> int:
    """How many orders of a shard are due, counted up to `limit`."""
    keys = ["order_key"]
    rows = _Row.unpaid.query(shard, _Row.next_moment <= now, limit=limit, attributes_to_get=keys)
    return sum(1 for _ in rows)


def of_buyer(buyer_key: str) -> tuple[Order, ...]:
    """The newest orders of a buyer. The orders are as they are now; one of this second may miss."""
    rows = _Row.buyers.query(buyer_key, scan_index_forward=False, limit=BUYERS_ORDERS)
    keys = [row.order_key for row in rows]
    return tuple(row.document for row in _Row.batch_get(keys, consistent_read=True))


def keep_reminding(old: Kept, done: Reminding, next_moment: datetime | None) -> bool:
    """Write what the reminder did over the version it looked at. False where that has changed."""
    target = _Row(_key(old.order.shop_id, old.order.order_id))
    try:
        target.update(
            actions=_reminding(old, done, next_moment), condition=_Row.version == old.version
        )
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def add_reminding(
    transaction: TransactWrite, old: Kept, done: Reminding, next_moment: datetime | None
) -> None:
    """The same as a part of a transaction, which fails where the order has changed: a payment that
    arrived in between is a change, and so is another run's nudge."""
    target = _Row(_key(old.order.shop_id, old.order.order_id))
    transaction.update(
        target, actions=_reminding(old, done, next_moment), condition=_Row.version == old.version
    )


def require_unchanged(transaction: TransactWrite, kept: Kept) -> None:
    """Let a transaction fail where the order is no longer as it was looked at."""
    transaction.condition_check(
        _Row,
        _key(kept.order.shop_id, kept.order.order_id),
        condition=_Row.version == kept.version,
    )


def _reminding(old: Kept, done: Reminding, next_moment: datetime | None) -> list[Action]:
    actions: list[Action] = [_Row.reminding.set(done), _Row.version.set(old.version + 1)]
    if next_moment is None:
        return [*actions, _Row.unpaid_shard.remove(), _Row.next_moment.remove()]
    shard = unpaid_shard(old.order.shop_id, old.order.order_id)
    return [*actions, _Row.unpaid_shard.set(shard), _Row.next_moment.set(next_moment)]


def _places(
    row: _Row | None, after: Order, now: datetime, settings: Settings | None
) -> list[Action]:
    """What to change in the indexes for an order that is now `after`."""
    if settings is None:
        return []
    shop = settings.shop(after.shop_id)
    rules = settings.reminder_rules(after.shop_id)
    done = (row.reminding if row is not None else None) or Reminding()
    at = unpaid.attention_at(after, done, rules, shop.platform, now, connected=bool(shop.secrets))
    actions: list[Action] = []
    if at is not None:
        shard = unpaid_shard(after.shop_id, after.order_id)
        actions += [_Row.unpaid_shard.set(shard), _Row.next_moment.set(at)]
    elif row is not None and row.unpaid_shard is not None:
        actions += [_Row.unpaid_shard.remove(), _Row.next_moment.remove()]
    buyer = unpaid.buyer_key(after, shop) if rules.enabled else ""
    if buyer and (row is None or row.buyer_key != buyer):
        actions += [_Row.buyer_key.set(buyer), _Row.placed_at.set(after.created_at or now)]
    return actions


def unpaid_shard(shop_id: str, order_id: str) -> int:
    """The shard of an order in the index `unpaid`: a stable hash."""
    return hashlib.sha256(_key(shop_id, order_id).encode()).digest()[0] % UNPAID_SHARDS


def _kept(row: _Row) -> Kept:
    return Kept(
        order=row.document,
        version=int(row.version),
        known_at=row.known_at,
        reminding=row.reminding or Reminding(),
        next_moment=row.next_moment,
        buyer_key=row.buyer_key or "",
    )


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
    for name in Order.__struct_fields__:
        value = getattr(new, name)
        if value in (None, "", ()) or value in (OrderStatus.UNKNOWN, RefundStatus.UNKNOWN):
            continue
        if name in ("status", "raw_status") and keeps_status:
            continue
        known[name] = value
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
