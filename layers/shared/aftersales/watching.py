"""Starting to watch a parcel, or telling an existing watch what an order says now.

Used by everything that learns of parcels: dropped files, shop feeds, the `parcels add` command.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec.structs import replace

from aftersales.errors import Conflict
from aftersales.parcels import Parcel
from aftersales.tables import parcels
from aftersales.tracking import TERMINAL, Watch

REUSE_AFTER = timedelta(days=30)
"""A number shipped again this long after its first shipping belongs to another parcel."""
TRIES = 4


class WatchOutcome(StrEnum):
    """What became of a wish to watch a parcel."""

    ADDED = "added"
    RENEWED = "renewed"  # the courier uses the number again: a new watch
    JOINED = "joined"  # one more order on a parcel that is watched already
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def watch(wanted: Parcel, *, shards: int, now: datetime) -> WatchOutcome:
    """Make sure that `wanted` is watched. Safe to repeat. Raises `Conflict` after lost races.

    `wanted.parcel_id` is the waybill number; where the courier uses the number again, the ship date
    is put behind it here.
    """
    for _ in range(TRIES):
        known = parcels.current(wanted.waybill_number)
        if known is None:
            if parcels.add(replace(wanted, added_at=now), shards=shards):
                return WatchOutcome.ADDED
            continue
        if is_another_parcel(known, wanted):
            day = (wanted.shipped_at or now).strftime("%Y%m%d")
            renewed = replace(wanted, parcel_id=f"{wanted.waybill_number}~{day}", added_at=now)
            parcels.succeed(known, renewed, shards=shards, now=now)
            return WatchOutcome.RENEWED
        updated = informed(known, wanted)
        if updated == known:
            return WatchOutcome.UNCHANGED
        try:
            if parcels.ship_month(updated) != parcels.ship_month(known):
                parcels.mark_shipped(updated)
            parcels.change(known, updated, shards=shards, now=now)
        except Conflict:
            continue
        joined = len(updated.order_ids) > len(known.order_ids)
        return WatchOutcome.JOINED if joined else WatchOutcome.UPDATED
    raise Conflict(f"parcel {wanted.waybill_number} changes too fast")


def is_another_parcel(known: Parcel, wanted: Parcel) -> bool:
    """Does `wanted` re-use the number of a parcel whose story has ended?"""
    if known.status not in TERMINAL or wanted.shipped_at is None:
        return False
    started = known.shipped_at or known.added_at
    if started is None or set(wanted.order_ids) <= set(known.order_ids):
        return False
    return wanted.shipped_at - started >= REUSE_AFTER


def informed(known: Parcel, wanted: Parcel) -> Parcel:
    """`known` with what the order side says newly; what tracking has found out stays as it is."""
    orders = known.order_ids + tuple(o for o in wanted.order_ids if o not in known.order_ids)
    others = tuple(o for o in known.disputes if o not in wanted.order_ids)
    disputes = tuple(sorted({*others, *wanted.disputes}))
    courier, watch_state = known.courier, known.watch
    if wanted.courier and wanted.courier != known.courier and not known.event_count:
        courier, watch_state = wanted.courier, Watch.NEW
    return replace(
        known,
        order_ids=orders,
        courier=courier,
        watch=watch_state,
        source=wanted.source or known.source,
        shop_id=known.shop_id or wanted.shop_id,
        shipped_at=known.shipped_at or wanted.shipped_at,
        phone_tail=wanted.phone_tail or known.phone_tail,
        province=wanted.province or known.province,
        city=wanted.city or known.city,
        cross_border=known.cross_border or wanted.cross_border,
        auto_confirm_at=_receipt_time(known, wanted),
        disputes=disputes,
        weight_g=wanted.weight_g or known.weight_g,
        length_mm=wanted.length_mm or known.length_mm,
        width_mm=wanted.width_mm or known.width_mm,
        height_mm=wanted.height_mm or known.height_mm,
        service=wanted.service or known.service,
        declared_value_minor=_said(wanted.declared_value_minor, known.declared_value_minor),
        cod_minor=_said(wanted.cod_minor, known.cod_minor),
        parcel_count=max(wanted.parcel_count, known.parcel_count),
        # An order that travels with an abandoned number again takes it up again.
        abandoned=known.abandoned and not orders,
    )


def _said(new: int | None, old: int | None) -> int | None:
    return old if new is None else new


def _receipt_time(known: Parcel, wanted: Parcel) -> datetime | None:
    """What the order says; where that is an estimate, it knows nothing of an extension."""
    told = wanted.auto_confirm_at or known.auto_confirm_at
    granted = known.extended_until
    return told if told is None or granted is None else max(told, granted)


def abandon(waybill_number: str, order_id: str, *, shards: int, now: datetime) -> bool:
    """An order no longer travels with this number: take it off; without orders the watch ends.

    True where something was changed. A parcel that has been scanned is left alone: two parcels of
    one order are more likely than a courier scanning a number that was only mistyped.
    """
    for _ in range(TRIES):
        known = parcels.current(waybill_number)
        if known is None or order_id not in known.order_ids or known.picked_up_at:
            return False
        left = tuple(o for o in known.order_ids if o != order_id)
        changed = replace(known, order_ids=left, abandoned=not left)
        try:
            parcels.change(known, changed, shards=shards, now=now)
        except Conflict:
            continue
        return True
    raise Conflict(f"parcel {waybill_number} changes too fast")
