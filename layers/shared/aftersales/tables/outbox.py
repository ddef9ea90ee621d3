"""The `outbox` table: one item per alert and target, pending until the target has it.

The sparse index `pending` holds what is still to be sent, in the order of severity, then age, over
a few shards. A delivery is claimed by a conditional write before it is sent and recorded after; an
item leaves the index only when the target's own answer says that it has the message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.transactions import TransactWrite

from aftersales.cases.model import Delivery, DeliveryState
from aftersales.findings import Severity
from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute, PackedAttribute, iso

SHARDS = 1
"""One partition takes a thousand writes a second, a desk sends a few; a query costs per shard."""
KEEP = timedelta(days=90)


class _Pending(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "pending"
        projection = AllProjection()

    pending_shard = NumberAttribute(hash_key=True)
    pending_order = UnicodeAttribute(range_key=True)


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "outbox"
    delivery_id = UnicodeAttribute(hash_key=True)
    document = PackedAttribute(Delivery)
    attempts = NumberAttribute(default=0)
    claimed_by = UnicodeAttribute(null=True)
    claimed_until = InstantAttribute(null=True)
    not_before = InstantAttribute(null=True)
    sent_at = InstantAttribute(null=True)
    state = UnicodeAttribute()
    outcome = UnicodeAttribute(null=True)
    pending_shard = NumberAttribute(null=True)
    pending_order = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    pending = _Pending()


def put(transaction: TransactWrite, delivery: Delivery) -> None:
    """Add a new delivery to a transaction, which fails where it exists already."""
    worst_first = Severity.CRITICAL.rank - delivery.alert.severity.rank
    transaction.save(
        _Row(
            delivery.delivery_id,
            document=delivery,
            state=DeliveryState.PENDING.value,
            pending_shard=_shard_of(delivery.delivery_id),
            pending_order=f"{worst_first}#{iso(delivery.wall_created_at)}#{delivery.delivery_id}",
        ),
        condition=_Row.delivery_id.does_not_exist(),
    )


def get(delivery_id: str) -> Delivery | None:
    """One delivery, or None. Strongly consistent."""
    try:
        return _delivery(_Row.get(delivery_id, consistent_read=True))
    except _Row.DoesNotExist:
        return None


def from_image(image: dict[str, dict[str, Any]]) -> Delivery:
    """A delivery from the image in a stream record."""
    row = _Row()
    row.from_dynamodb_dict(image)
    return _delivery(row)


def pending(limit_per_shard: int | None = None) -> Iterator[Delivery]:
    """Everything that is not sent yet, worst and oldest first within each shard."""
    for shard in range(SHARDS):
        for row in _Row.pending.query(shard, limit=limit_per_shard):
            yield _delivery(row)


def claim(delivery: Delivery, owner: str, wall_now: datetime, seconds: float) -> Delivery | None:
    """Take a delivery for `seconds`. None where it is sent, claimed by another or not due yet.

    Condition, clause by clause: still pending; nobody's claim is running; its waiting time is over.
    """
    pending_still = _Row.state == DeliveryState.PENDING.value
    nobody_has_it = _Row.claimed_until.does_not_exist() | (_Row.claimed_until < wall_now)
    is_due = _Row.not_before.does_not_exist() | (_Row.not_before <= wall_now)
    row = _Row(delivery.delivery_id)
    try:
        row.update(
            actions=[
                _Row.claimed_by.set(owner),
                _Row.claimed_until.set(wall_now + timedelta(seconds=seconds)),
                _Row.attempts.add(1),
            ],
            condition=pending_still & nobody_has_it & is_due,
        )
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return None
        raise
    return _delivery(row)


def record_sent(delivery: Delivery, wall_now: datetime, outcome: str) -> None:
    """The target has it. Unconditional on the claim: what was delivered was delivered."""
    _finish(delivery, DeliveryState.SENT, wall_now, outcome)


def record_failed(delivery: Delivery, wall_now: datetime, outcome: str) -> None:
    """Trying has ended without success."""
    _finish(delivery, DeliveryState.FAILED, wall_now, outcome)


def release(delivery: Delivery, owner: str, not_before: datetime, outcome: str) -> None:
    """Give a claimed delivery back, to be tried again from `not_before` on."""
    try:
        _Row(delivery.delivery_id).update(
            actions=[
                _Row.claimed_until.remove(),
                _Row.not_before.set(not_before),
                _Row.outcome.set(outcome),
            ],
            condition=(_Row.claimed_by == owner) & (_Row.state == DeliveryState.PENDING.value),
        )
    except UpdateError as exc:
        # Somebody else has it by now: our claim had run out.
        if exc.cause_response_code != "ConditionalCheckFailedException":
            raise


def _finish(delivery: Delivery, state: DeliveryState, wall_now: datetime, outcome: str) -> None:
    actions: list[Action] = [
        _Row.state.set(state.value),
        _Row.outcome.set(outcome),
        _Row.sent_at.set(wall_now),
        _Row.claimed_until.remove(),
        _Row.pending_shard.remove(),
        _Row.pending_order.remove(),
        _Row.expires_at.set(int((wall_now + KEEP).timestamp())),
    ]
    _Row(delivery.delivery_id).update(actions=actions, condition=_Row.delivery_id.exists())


def _shard_of(delivery_id: str) -> int:
    return hashlib.sha256(delivery_id.encode()).digest()[0] % SHARDS


def _delivery(row: _Row) -> Delivery:
    return replace(
        row.document,
        state=DeliveryState(row.state),
        attempts=int(row.attempts or 0),
        claimed_by=row.claimed_by or "",
        claimed_until=row.claimed_until,
        not_before=row.not_before,
        sent_at=row.sent_at,
        outcome=row.outcome or "",
    )
