"""The `parcels` table: one state item per watched parcel, and its scans in items of their own.

    parcel_id            item                        holds
    YT0000000000001      state                       the parcel, its version, its open shard
    YT0000000000001      scans#<first time>#<hash>   the scans that one answer brought, unchanging
    YT0000000000001      shipped                     under which courier and month it is found
    YT0000000000001~20261103  state                  the same number, used again by the courier

The sparse index `open` holds state items of watched parcels only. An unchanged parcel is never
written; a changed one costs its scans (one item), the state (one unit) and the index (one unit).

The sparse index `shipped` finds what a courier was handed in a month (of UTC), for checking its
bills. It holds items of their own, written when a watch begins: tracking costs nothing there, and
the polled item is no byte longer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from aftersales.errors import Conflict
from aftersales.parcels import Parcel
from aftersales.tables.connection import Table
from aftersales.tables.fields import PackedAttribute, iso
from aftersales.tracking import TrackingEvent

STATE = "state"
SCANS = "scans#"
SHIPPED = "shipped"
KEEP = timedelta(days=180)
KEEP_SHIPPED = timedelta(days=400)
"""Longer than any parcel that it finds."""


class _Open(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "open"
        projection = AllProjection()

    open_shard = NumberAttribute(hash_key=True)
    parcel_id = UnicodeAttribute(range_key=True)


class _Shipped(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "shipped"
        projection = KeysOnlyProjection()

    ship_month = UnicodeAttribute(hash_key=True)
    parcel_id = UnicodeAttribute(range_key=True)


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "parcels"
    parcel_id = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    state = PackedAttribute(Parcel, null=True)
    scans = PackedAttribute(tuple[TrackingEvent, ...], null=True)
    version = NumberAttribute(null=True)
    successor = UnicodeAttribute(null=True)
    open_shard = NumberAttribute(null=True)
    ship_month = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    open = _Open()
    shipped = _Shipped()


def shard_of(parcel_id: str, shards: int) -> int:
    """The shard of a parcel: a stable hash, equal on every machine and in every run."""
    return int.from_bytes(hashlib.sha256(parcel_id.encode()).digest()[:4]) % shards


def get(parcel_id: str) -> Parcel | None:
    """One watch by its id, or None. Strongly consistent."""
    row = _find(parcel_id)
    return None if row is None else _parcel(row)


def current(waybill_number: str) -> Parcel | None:
    """The newest watch of a waybill number, or None."""
    row = _find(waybill_number)
    while row is not None and row.successor:
        row = _find(row.successor)
    return None if row is None else _parcel(row)


def open_in_shard(shard: int) -> Iterator[Parcel]:
    """All watched parcels of a shard, in the order of their ids. Eventually consistent."""
    # Nothing else is needed, and every attribute that is left out is one less to be parsed.
    for row in _Row.open.query(shard, attributes_to_get=["state", "version"]):
        if row.state is not None:
            yield _parcel(row)


def ship_month(parcel: Parcel) -> str:
    """The key of a parcel in the index `shipped`: `sto#2026-10`, "" while nobody knows it."""
    if not parcel.courier or parcel.shipped_at is None:
        return ""
    return f"{parcel.courier}#{parcel.shipped_at.astimezone(UTC):%Y-%m}"


def mark_shipped(parcel: Parcel) -> None:
    """Have a parcel found by its courier and month, where both are known. Safe to repeat."""
    month = ship_month(parcel)
    if month and parcel.shipped_at is not None:
        expires = int((parcel.shipped_at + KEEP_SHIPPED).timestamp())
        _Row(parcel.parcel_id, SHIPPED, ship_month=month, expires_at=expires).save()


def shipped_in(courier: str, month: str, limit: int | None = None) -> Iterator[str]:
    """The ids of parcels handed to a courier in a month of UTC (`2026-10`). Eventually consistent.

    Parcels that have been watched since before this index existed are not in it until their order
    is read again.
    """
    keys = ["parcel_id"]
    for row in _Row.shipped.query(f"{courier}#{month}", limit=limit, attributes_to_get=keys):
        yield row.parcel_id


def get_all(parcel_ids: Iterable[str]) -> Iterator[Parcel]:
    """The watches that there are of several ids, in no particular order. Eventually consistent."""
    wanted = [(parcel_id, STATE) for parcel_id in dict.fromkeys(parcel_ids)]
    for row in _Row.batch_get(wanted) if wanted else ():
        yield _parcel(row)


def add(parcel: Parcel, *, shards: int) -> bool:
    """Start a watch. False where one with this id exists already."""
    row = _Row(parcel.parcel_id, STATE, state=parcel, version=1)
    if parcel.watched:
        row.open_shard = shard_of(parcel.parcel_id, shards)
    # Before the state: a run that dies in between leaves an entry that finds nothing, and the next
    # one begins the watch.
    mark_shipped(parcel)
    try:
        row.save(condition=_Row.parcel_id.does_not_exist())
    except PutError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def change(old: Parcel, new: Parcel, *, shards: int, now: datetime) -> Parcel:
    """Write `new` over `old`, which must still be what is stored; else raises `Conflict`.

    Keeps the parcel in the open index while it is watched; then takes it out and sets its expiry.
    """
    row = _Row(old.parcel_id, STATE)
    version = old.version + 1
    actions: list[Action] = [_Row.state.set(replace(new, version=0)), _Row.version.set(version)]
    if new.watched:
        if not old.watched:
            actions += [
                _Row.open_shard.set(shard_of(new.parcel_id, shards)),
                _Row.expires_at.remove(),
            ]
    else:
        actions += [
            _Row.open_shard.remove(),
            _Row.expires_at.set(int((now + KEEP).timestamp())),
        ]
    try:
        row.update(actions=actions, condition=_Row.version == old.version)
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            raise Conflict(f"parcel {old.parcel_id} was changed by another run") from exc
        raise
    return replace(new, version=version)


def succeed(old: Parcel, new: Parcel, *, shards: int, now: datetime) -> bool:
    """Start `new` as the next watch of `old`'s number and point the old one to it.

    Safe to repeat: the new watch is added first, under an id made from the ship date.
    """
    added = add(new, shards=shards)
    _Row(old.parcel_id, STATE).update(
        actions=[
            _Row.successor.set(new.parcel_id),
            _Row.open_shard.remove(),
            _Row.expires_at.set(int((now + KEEP).timestamp())),
        ],
        condition=_Row.parcel_id.exists(),
    )
    return added


def record_scans(
    parcel_id: str, waybill_number: str, scans: Iterable[TrackingEvent], now: datetime
) -> None:
    """Keep new scans. The key comes from their identities: a repeat writes the same item."""
    kept = tuple(scans)
    if not kept:
        return
    names = "".join(scan.identity(waybill_number) for scan in kept)
    digest = hashlib.sha256(names.encode()).hexdigest()[:12]
    _Row(
        parcel_id,
        f"{SCANS}{iso(kept[0].at)}#{digest}",
        scans=kept,
        expires_at=int((now + KEEP).timestamp()),
    ).save()


def history(parcel_id: str) -> tuple[TrackingEvent, ...]:
    """All scans ever told about a parcel, in no particular order, repeats not removed."""
    rows = _Row.query(parcel_id, _Row.item.startswith(SCANS), consistent_read=True)
    return tuple(scan for row in rows if row.scans for scan in row.scans)


def _find(parcel_id: str) -> _Row | None:
    try:
        return _Row.get(parcel_id, STATE, consistent_read=True)
    except _Row.DoesNotExist:
        return None


def _parcel(row: _Row) -> Parcel:
    return replace(row.state, version=int(row.version or 0))
