"""Tables: one connection, conditional writes, sparse indexes, honest costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from aftersales import watching
from aftersales.errors import Conflict
from aftersales.parcels import Order, OrderLine, OrderStatus, Parcel, RefundStatus, Shipment
from aftersales.tables import feeds, orders, parcels, quarantine, settings, targets
from aftersales.tables.connection import binding
from aftersales.tables.fields import iso
from aftersales.tracking import Status, TrackingEvent
from aftersales.watching import WatchOutcome

NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
SHARDS = 4


def parcel(number: str = "YT0000000000001", **values: object) -> Parcel:
    defaults: dict[str, object] = {
        "parcel_id": number,
        "waybill_number": number,
        "courier": "yto",
        "shop_id": "tb1",
        "order_ids": ("O1",),
        "added_at": NOW,
        "shipped_at": NOW,
    }
    return Parcel(**{**defaults, **values})  # type: ignore[arg-type]


def scan(hours: float, text: str = "已揽收", status: Status = Status.PICKED_UP) -> TrackingEvent:
    return TrackingEvent(at=NOW + timedelta(hours=hours), text=text, status=status)


def test_all_models_share_one_client(tables):
    parcels.get("X")
    orders.get("s", "o")
    feeds.progress("f")
    settings.load()
    tables_known = binding().connection._tables
    assert len(tables_known) == 4
    clients = {
        id(model._get_connection().connection.client)
        for model in (parcels._Row, orders._Row, feeds._Row, settings._Row)
    }
    assert clients == {id(binding().connection.client)}


def test_an_open_parcel_is_in_its_shard_and_an_ended_one_is_not(tables):
    kept = parcel()
    assert parcels.add(kept, shards=SHARDS)
    assert not parcels.add(kept, shards=SHARDS)
    shard = parcels.shard_of(kept.parcel_id, SHARDS)
    assert [p.parcel_id for p in parcels.open_in_shard(shard)] == [kept.parcel_id]

    stored = parcels.get(kept.parcel_id)
    assert stored == replace(kept, version=1)
    delivered = parcels.change(
        stored, replace(stored, status=Status.DELIVERED), shards=SHARDS, now=NOW
    )
    assert list(parcels.open_in_shard(shard)) == []

    # The buyer disputes the delivery: it is followed again.
    parcels.change(delivered, replace(delivered, disputes=("O1",)), shards=SHARDS, now=NOW)
    assert [p.disputed for p in parcels.open_in_shard(shard)] == [True]


def test_a_write_over_a_changed_parcel_is_a_conflict(tables):
    parcels.add(parcel(), shards=SHARDS)
    mine = theirs = parcels.get("YT0000000000001")
    parcels.change(theirs, replace(theirs, status=Status.IN_TRANSIT), shards=SHARDS, now=NOW)
    with pytest.raises(Conflict):
        parcels.change(mine, replace(mine, status=Status.DELIVERED), shards=SHARDS, now=NOW)


def test_scans_kept_twice_are_one_item(tables):
    for _ in range(2):
        parcels.record_scans("P", "P", [scan(1), scan(2, "运输中", Status.IN_TRANSIT)], NOW)
    parcels.record_scans("P", "P", [scan(3, "到达", Status.IN_TRANSIT)], NOW)
    assert len(parcels.history("P")) == 3
    assert len(tables.items("parcels")) == 2


def test_a_polled_item_stays_under_one_kilobyte_when_full(tables):
    full = parcel(
        "YT0000000000009",
        order_ids=tuple(f"26051700000000000000{n}" for n in range(4)),
        source="seventeentrack",
        phone_tail="0000",
        province="广西壮族自治区",
        city="百色市",
        auto_confirm_at=NOW,
        status=Status.AVAILABLE_FOR_PICKUP,
        status_at=NOW,
        picked_up_at=NOW,
        last_event_at=NOW,
        last_event_text="【百色市】您的快件已暂存至菜鸟驿站，请凭取件码及时取件，如有疑问请联系"
        * 2,
        last_event_place="百色市右江区",
        event_count=31,
        failed_attempts=2,
        digest="0123456789ab",
        checked_at=NOW,
        marks=("pickup_overdue:warn", "receipt_auto_confirm:alarm"),
        watch_reason="",
    )
    full = replace(full, last_event_text=full.last_event_text[:60])
    parcels.add(full, shards=SHARDS)
    got = tables.client.get_item(
        TableName=f"{tables.prefix}-parcels",
        Key={"parcel_id": {"S": full.parcel_id}, "item": {"S": "state"}},
    )["Item"]
    size = sum(
        len(name.encode()) + len(str(next(iter(value.values()))).encode())
        for name, value in got.items()
    )
    # A key of the index entry comes on top of the table's own item; both must stay below a unit.
    assert size < 1024


def test_unknown_fields_never_overwrite_known_ones(tables):
    first = Order(
        shop_id="tb1",
        order_id="O1",
        status=OrderStatus.SHIPPED,
        paid_at=NOW,
        amount_minor=12900,
        currency="CNY",
        lines=(OrderLine("杯子", 2),),
        shipments=(Shipment("YT0000000000001", "yto"),),
    )
    before, after = orders.merge(first, NOW)
    assert before is None
    assert after == first
    second = Order(
        shop_id="tb1", order_id="O1", status=OrderStatus.UNKNOWN, refund=RefundStatus.OPEN
    )
    _, after = orders.merge(second, NOW)
    assert after == replace(first, refund=RefundStatus.OPEN)
    assert orders.merge(second, NOW) == (after, after)
    assert orders.get("tb1", "O1") == after


def test_the_same_wish_to_watch_changes_nothing_and_another_order_joins(tables):
    wanted = parcel()
    assert watching.watch(wanted, shards=SHARDS, now=NOW) is WatchOutcome.ADDED
    assert watching.watch(wanted, shards=SHARDS, now=NOW) is WatchOutcome.UNCHANGED
    other = parcel(order_ids=("O2",))
    assert watching.watch(other, shards=SHARDS, now=NOW) is WatchOutcome.JOINED
    assert parcels.current("YT0000000000001").order_ids == ("O1", "O2")


def test_the_dispute_of_one_order_is_not_ended_by_news_of_another(tables):
    watching.watch(parcel(), shards=SHARDS, now=NOW)
    watching.watch(parcel(order_ids=("O2",), disputes=("O2",)), shards=SHARDS, now=NOW)
    assert parcels.current("YT0000000000001").disputes == ("O2",)
    watching.watch(parcel(), shards=SHARDS, now=NOW)
    assert parcels.current("YT0000000000001").disputed
    watching.watch(parcel(order_ids=("O2",)), shards=SHARDS, now=NOW)
    assert not parcels.current("YT0000000000001").disputed


def test_an_order_that_travels_with_an_abandoned_number_again_takes_it_up_again(tables):
    watching.watch(parcel(), shards=SHARDS, now=NOW)
    watching.abandon("YT0000000000001", "O1", shards=SHARDS, now=NOW)
    watching.watch(parcel(order_ids=("O2",)), shards=SHARDS, now=NOW)
    assert parcels.current("YT0000000000001").watched


def test_an_older_export_does_not_take_an_order_back(tables):
    finished = Order(shop_id="tb1", order_id="O1", status=OrderStatus.FINISHED)
    orders.merge(finished, NOW)
    shipped = replace(finished, status=OrderStatus.SHIPPED)
    assert orders.merge(shipped, NOW)[1].status is OrderStatus.FINISHED
    # A platform that says when it changed its mind is believed.
    newer = replace(shipped, updated_at=NOW)
    assert orders.merge(newer, NOW)[1].status is OrderStatus.SHIPPED
    older = replace(finished, updated_at=NOW - timedelta(hours=1))
    assert orders.merge(older, NOW)[1].status is OrderStatus.SHIPPED


def test_a_number_used_again_by_the_courier_is_a_new_watch(tables):
    watching.watch(parcel(), shards=SHARDS, now=NOW)
    stored = parcels.current("YT0000000000001")
    parcels.change(stored, replace(stored, status=Status.DELIVERED), shards=SHARDS, now=NOW)

    later = NOW + timedelta(days=120)
    again = parcel(order_ids=("O9",), shipped_at=later)
    assert watching.watch(again, shards=SHARDS, now=later) is WatchOutcome.RENEWED
    current = parcels.current("YT0000000000001")
    assert current.parcel_id == "YT0000000000001~20270303"
    assert current.order_ids == ("O9",)
    assert current.status is Status.UNKNOWN
    # The second delivery of the same file finds the new watch and leaves it alone.
    assert watching.watch(again, shards=SHARDS, now=later) is WatchOutcome.UNCHANGED


def test_a_mistyped_number_is_abandoned_and_a_scanned_one_is_not(tables):
    watching.watch(parcel(), shards=SHARDS, now=NOW)
    assert watching.abandon("YT0000000000001", "O1", shards=SHARDS, now=NOW)
    assert not parcels.current("YT0000000000001").watched

    watching.watch(parcel("YT0000000000002"), shards=SHARDS, now=NOW)
    stored = parcels.current("YT0000000000002")
    parcels.change(stored, replace(stored, picked_up_at=NOW), shards=SHARDS, now=NOW)
    assert not watching.abandon("YT0000000000002", "O1", shards=SHARDS, now=NOW)
    assert parcels.current("YT0000000000002").watched


def test_request_slots_of_all_workers_follow_one_another(tables):
    first = feeds.reserve_slots("k", 10, 2.0, NOW)
    second = feeds.reserve_slots("k", 4, 2.0, NOW)
    third = feeds.reserve_slots("k", 1, 2.0, NOW + timedelta(seconds=60))
    assert first == NOW
    assert (second - NOW).total_seconds() == pytest.approx(5.0, abs=0.01)
    assert third == NOW + timedelta(seconds=60)


def test_progress_made_from_an_old_version_is_not_written(tables):
    one = feeds.progress("tracking#k#0")
    saved = feeds.save_progress("tracking#k#0", replace(one, swept_until=NOW))
    assert saved is not None
    assert feeds.save_progress("tracking#k#0", replace(one, swept_until=NOW)) is None
    assert feeds.progress("tracking#k#0").swept_until == NOW


def test_a_block_is_never_shortened(tables):
    targets.block("robot", NOW + timedelta(minutes=10))
    targets.block("robot", NOW + timedelta(minutes=1))
    assert targets.blocked_until("robot") == NOW + timedelta(minutes=10)
    targets.block("robot", NOW + timedelta(minutes=20))
    assert targets.blocked_until("robot") == NOW + timedelta(minutes=20)


def test_the_same_bad_input_is_kept_once(tables):
    for _ in range(2):
        quarantine.put("file orders.csv", "row 7", "no order number", "a,b,c", NOW)
    assert [item["reason"] for item in tables.items("quarantine")] == ["no order number"]


def test_a_time_without_a_zone_cannot_be_stored():
    with pytest.raises(ValueError, match="without a zone"):
        iso(datetime(2026, 1, 1))
