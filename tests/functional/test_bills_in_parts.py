"""A bill that is too large for one function ends like one that is not, whatever happens to it."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales import aws
from aftersales.courier_bills import ClaimState, decided
from aftersales.parcels import Parcel
from aftersales.tables import bills, parcels
from aftersales.tables.connection import connection
from aftersales.tracking import Reason, Status
from local.invoke import invoke
from local.queues import Message
from tests.bills_in_parts import (
    bill_csv,
    bring,
    dropped,
    forget,
    in_parts_of,
    left,
    line,
    listed,
    s3_event,
    told,
    work_off,
)
from tests.functional.test_bill_handlers import (
    a_month,
    drop,
    planted,
    put_rates,
    ship,
    small_month,
)
from tests.functional.test_bill_handlers import found as claimed
from tests.handler_world import NOW, World, function_for, world_of
from tests.planted_bills import Month

KEY = "bills/sto/申通-202610.csv"


@pytest.fixture
def world(tables: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


def shipped(number: str, day: int, *, order: str, grams: int = 700, **facts: Any) -> None:
    at = datetime(2026, 10, day, 2, 0, tzinfo=UTC)
    known: dict[str, Any] = {
        "parcel_id": number,
        "waybill_number": number.partition("~")[0],
        "courier": "sto",
        "shop_id": "tb1",
        "order_ids": (order,),
        "shipped_at": at,
        "added_at": at,
        "province": "浙江",
        "weight_g": grams,
        "status": Status.DELIVERED,
    }
    parcels.add(Parcel(**(known | facts)), shards=1)


def relatives_and_orders() -> tuple[list[str], ...]:
    """Rows that have something to do with others that may lie in other parts; ships what they are
    about."""
    rows = []
    for n in range(8):  # pieces by their own numbers, one of them twice, and once without parent
        parent = f"7790000000{n}00"
        shipped(parent, 5 + n, order=f"P{n}", parcel_count=2)
        rows.append(line(parent, f"2026-10-{5 + n:02d}", 700, "浙江", 320, parent=parent))
        rows.append(line(f"7790000000{n}01", f"2026-10-{5 + n:02d}", 700, "浙江", 320,
                         parent=parent))  # fmt: skip
        if n % 2:
            rows.append(line(f"7790000000{n}01", f"2026-10-{5 + n:02d}", 700, "浙江", 320))
    for n in range(8):  # known by order number only: once; twice; billed otherwise; of two parcels
        shipped(f"7780000000{n}00", 3, order=f"S{n}", grams=900)
        rows.append(line(f"7770000000{n}00", "2026-10-03", 900, "浙江", 320 + n % 2 * 100,
                         order=f"S{n}"))  # fmt: skip
        if n % 4 == 1:
            rows.append(line(f"7760000000{n}00", "2026-10-03", 900, "浙江", 320, order=f"S{n}"))
        if n % 4 == 2:
            rows.append(line(f"7780000000{n}00", "2026-10-03", 900, "浙江", 320, order=f"S{n}"))
        if n % 4 == 3:
            shipped(f"7750000000{n}00", 4, order=f"S{n}", grams=900)
            if n == 7:
                rows.append(line(f"7750000000{n}00", "2026-10-04", 900, "浙江", 320))
    shipped("77400000000001", 20, order="R1")
    shipped("77400000000001~20261020", 28, order="R2", grams=2500)
    rows += [
        line("77400000000001", "2026-10-20", 700, "浙江", 320),
        line("77400000000001", "2026-10-28", 2500, "浙江", 520),
        line("77300000000001", "2026-08-02", 700, "浙江", 320),  # far outside, and nobody's
        line("77300000000002", "2026-10-30", 700, "浙江", -320),  # gives back what nobody claimed
        line("7.74E+13", "2026-10-20", 700, "浙江", 320),  # its digits are lost
        line("77200000000001", "", 700, "浙江", 320),
    ]
    for n in range(6):  # dated far outside, of known parcels; and dated long before the shipping
        shipped(f"7710000000{n}00", 2, order=f"F{n}")
        day = "2026-12-15" if n % 2 else "2026-08-15"
        rows.append(line(f"7710000000{n}00", day, 700, "浙江", 320))
    for n in range(7):  # of the last day, and most of that day are billed
        shipped(f"7690000000{n}00", 31, order=f"L{n}")
        if n > 1:
            rows.append(line(f"7690000000{n}00", "2026-10-31", 700, "浙江", 320))
    return tuple(rows)


def everything_wrong(world: World, folder: Path) -> tuple[Month, bytes]:
    month = a_month()
    ship(month)
    put_rates(world, folder, "sto")
    return month, bill_csv(month, relatives_and_orders())


def reversed_order(messages: list[Message]) -> list[Message]:
    return messages[::-1]


def odd_first(messages: list[Message]) -> list[Message]:
    return messages[1::2] + messages[::2]


@pytest.mark.parametrize(
    ("lines", "order", "times"),
    [(40, reversed_order, 1), (20, odd_first, 2)],
    ids=["few parts, backwards", "many parts, mixed, each twice"],
)
def test_a_bill_in_parts_ends_like_one_that_was_checked_at_once(
    world: World,
    tmp_path: Path,
    lines: int,
    order: Callable[[list[Message]], list[Message]],
    times: int,
) -> None:
    _, content = everything_wrong(world, tmp_path)
    in_parts_of(world, lines)
    covered = dropped(world, KEY, content)
    assert covered["outcome"] == "in parts"
    assert covered["parts"] > 2
    asked = work_off(world, order, times)
    assert {one["part"] for one in asked} == {-1, *range(covered["parts"])}
    in_parts, lists = left(world), listed(world)
    in_parts_of(world, 2_000_000)
    forget(world)
    assert dropped(world, KEY, content)["outcome"] == "checked, case opened"
    at_once = left(world)
    for name, value in at_once.items():
        assert in_parts[name] == value, name
    assert lists == listed(world, parts=False)
    assert at_once["result"]["unmatched_bill"] > 5
    assert at_once["result"]["notes"]
    assert len(at_once["result"]["by_kind"]) > 10
    missing = {one["waybill_number"] for one in at_once["result"]["discrepancies"]
               if one["kind"] == "missing_from_bill"}  # fmt: skip
    assert {"7690000000000", "7690000000100"} <= missing


def test_every_planted_mistake_is_claimed_from_a_bill_in_parts(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    ship(month)
    put_rates(world, tmp_path, "sto")
    in_parts_of(world, 40)
    drop(world, month, tmp_path)
    assert told(world, KEY)["parts"] > 1
    work_off(world)
    assert claimed() == planted(month)


@pytest.mark.parametrize("said_of", [0, 1], ids=["no parcel", "one parcel"])
def test_whether_insurance_is_claimed_depends_on_what_is_said_of_all_parcels(
    world: World, tmp_path: Path, said_of: int
) -> None:
    month = a_month(fair=20)
    ship(month, with_values=False)
    put_rates(world, tmp_path, "sto")
    declared = [p for p in month.parcels if p.declared and p.outcome == "delivered"]
    for parcel in declared[:said_of]:
        known = parcels.get(parcel.number)
        assert known is not None
        more = replace(known, declared_value_minor=parcel.declared)
        parcels.change(known, more, shards=1, now=NOW)
    ends = []
    for lines in (10, 2_000_000):
        in_parts_of(world, lines)
        forget(world)
        dropped(world, KEY, bill_csv(month))
        work_off(world)
        ends.append(left(world))
    in_parts, at_once = ends
    for name, value in at_once.items():
        assert in_parts[name] == value, name
    assert any(c.charge == "insurance" for c in bills.claims_of("sto")) == bool(said_of)


def test_what_is_missing_is_found_where_every_line_has_its_parcel(
    world: World, tmp_path: Path
) -> None:
    month = small_month(world, tmp_path, 6)
    unknown = {m.number for m in month.mistakes if m.kind == "unknown_waybill"}
    rows = [row for row in month.rows if row.number not in unknown]
    absent = rows.pop(0)
    in_parts_of(world, 4)
    dropped(world, KEY, bill_csv(Month("sto", month.parcels, rows)))
    work_off(world)
    result = left(world)["result"]
    assert (result["unmatched_bill"], result["lines"]) == (0, len(rows))
    missing = [d for d in result["discrepancies"] if d["kind"] == "missing_from_bill"]
    assert absent.number in {d["waybill_number"] for d in missing}
    (courier,) = result["couriers"]
    assert courier["missing_minor"] == -sum(d["difference_minor"] for d in missing) > 0


def test_what_a_person_decided_survives_and_the_month_end_checks_the_parts_again(
    world: World, tmp_path: Path
) -> None:
    month, content = everything_wrong(world, tmp_path)
    in_parts_of(world, 40)
    dropped(world, KEY, content)
    work_off(world)
    first, second, *_ = bills.claims_of("sto")
    assert bills.keep_claim(decided(first, ClaimState.FILED, NOW, by="wang"), NOW)
    assert bills.keep_claim(decided(second, ClaimState.REFUSED, NOW, by="wang"), NOW)
    before = left(world)
    lost = next(m.number for m in month.mistakes if m.kind == "rate_wrong")
    known = parcels.get(lost)
    assert known is not None
    found_lost = replace(known, status=Status.EXCEPTION, reason=Reason.LOST)
    parcels.change(known, found_lost, shards=1, now=NOW)
    assert world.call("courier_reconciliation_month_end")["again"] == 1
    asked = work_off(world)
    assert [one["part"] for one in asked if "part" in one][-1] == -1
    after = left(world)
    states = {claim.claim_id: claim.state for claim in bills.claims_of("sto")}
    assert states[first.claim_id] is ClaimState.FILED
    assert states[second.claim_id] is ClaimState.REFUSED
    changed = [one for one in after["claims"] if one not in before["claims"]]
    assert {(one["waybill_number"], one["kind"]) for one in changed} == {
        (lost, "rate_wrong"),  # what is not found any more is over
        (lost, "lost_billed"),
    }
    (over,) = (one for one in changed if one["kind"] == "rate_wrong")
    assert over["state"] is ClaimState.CREDITED


def test_a_corrected_bill_in_parts_replaces_the_earlier_one_and_says_what_changed(
    world: World, tmp_path: Path
) -> None:
    month, content = everything_wrong(world, tmp_path)
    twice = next(m for m in month.mistakes if m.kind == "duplicate_waybill")
    month.rows.remove(next(row for row in month.rows if row.number == twice.number))
    corrected = bill_csv(month, relatives_again(content))
    ends = []
    for lines in (40, 2_000_000):
        in_parts_of(world, lines)
        forget(world)
        for content_now in (content, corrected):
            dropped(world, KEY, content_now)
            work_off(world)
        ends.append(left(world))
        (bill,) = bills.of_account("sto")
        assert len(bill.replaced) == 1
        assert f"claims:{bill.claims + 1}>{bill.claims}" in bill.change
        (over,) = (c for c in bills.claims_of("sto") if c.kind == "duplicate_waybill")
        assert over.state is ClaimState.CREDITED
    in_parts, at_once = ends
    for name, value in at_once.items():
        assert in_parts[name] == value, name


def relatives_again(content: bytes) -> list[list[str]]:
    """The further rows of a bill, as they were."""
    rows = list(csv.reader(content.decode().splitlines()))[1:-1]
    return [row for row in rows if not row[0].startswith("774000") or row[0] == "77400000000001"]


def test_a_bill_in_parts_credits_earlier_claims_and_sees_what_is_billed_again(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    ship(month)
    put_rates(world, tmp_path, "sto")
    first = bill_csv(month)
    more = {m.number: m.difference for m in month.mistakes if m.difference > 0 and m.number}
    back = [line(number, "2026-11-08", 700, "浙江", -minor) for number, minor in more.items()]
    clean = [row for row in month.rows if row.number not in {m.number for m in month.mistakes}]
    again = [line(r.number, f"{r.day}", r.billed_g, r.province, r.freight, r.far, r.insurance,
                  r.back) for r in clean[:7]]  # fmt: skip
    new = [line(f"7700000000{n:03d}", "2026-11-09", 900, "浙江", 320) for n in range(40)]
    for n in range(30):
        at = datetime(2026, 11, 9, 2, 0, tzinfo=UTC)
        shipped(f"7700000000{n:03d}", 9, order=f"N{n}", grams=900, shipped_at=at, added_at=at)
    second = bill_csv(Month("sto", [], []), [*back, *again, *new])
    ends = []
    for lines in (15, 2_000_000):
        in_parts_of(world, lines)
        forget(world)
        for key, content in ((KEY, first), ("bills/sto/202611.csv", second)):
            dropped(world, key, content)
            work_off(world)
        ends.append((left(world), left(world, "2026-11")))
        credited = [c for c in bills.claims_of("sto", "2026-10") if c.credits]
        assert len(credited) > 8
        assert {c.state for c in credited} == {ClaimState.CREDITED}
        kinds = [c.kind for c in bills.claims_of("sto", "2026-11")]
        assert kinds.count("duplicate_waybill") == 7
        assert kinds.count("unknown_waybill") == 10
    for in_parts, at_once in zip(*ends, strict=True):
        for name, value in at_once.items():
            assert in_parts[name] == value, name


def test_the_same_event_delivered_twice_hands_out_the_parts_that_are_not_done(
    world: World, tmp_path: Path
) -> None:
    month = small_month(world, tmp_path, 6)
    in_parts_of(world, 5)
    content = bill_csv(month)
    parts = dropped(world, KEY, content)["parts"]
    assert parts >= 3
    message, *others = world.queues.receive("bill", 100)
    assert bring(world, message)
    for one in (message, *others):
        world.queues.delete("bill", one.receipt)
    assert told(world, KEY)["waiting"] == parts - 1
    assert told(world, KEY, cause="0055AED6DCD90281E6")["outcome"] == "being_checked"
    asked = work_off(world)
    assert [one["part"] for one in asked].count(-1) == 1
    assert claimed() == planted(month)
    before = world.stored("bills", "cases", "outbox")
    assert told(world, KEY)["outcome"] == "known"
    for one in (message, *others):
        assert bring(world, one)
    assert world.stored("bills", "cases", "outbox") == before
    assert not world.queued("bill")


def test_a_bill_whose_part_failed_for_good_can_be_dropped_again(
    world: World, tmp_path: Path
) -> None:
    month = small_month(world, tmp_path, 6)
    in_parts_of(world, 5)
    content = bill_csv(month)
    dropped(world, KEY, content, cause="first")
    stale = world.queues.receive("bill", 100)
    for one in stale:
        world.queues.delete("bill", one.receipt)
    sha256 = hashlib.sha256(content).hexdigest()
    long_ago = datetime(2026, 11, 1, tzinfo=UTC)
    bills.part_done("sto", sha256, "first", 0, long_ago, long_ago)  # and then nothing more
    assert told(world, KEY, cause="second")["outcome"] == "in parts"
    for one in stale:  # somebody sends them back all the same
        assert bring(world, one)
    asked = work_off(world)
    assert sorted(one["part"] for one in asked) == [-1, *range(len(asked) - 1)]
    assert claimed() == planted(month)


def test_a_bill_that_another_one_has_replaced_meanwhile_is_checked_once_more(
    world: World, tmp_path: Path
) -> None:
    month = small_month(world, tmp_path, 6)
    in_parts_of(world, 8)
    dropped(world, KEY, bill_csv(month), cause="large")
    little = Month("sto", month.parcels, month.rows[:7])
    assert dropped(world, "bills/sto/10.csv", bill_csv(little), cause="small")["bill"] == "2026-10"
    asked = work_off(world)
    assert [one["part"] for one in asked if "part" in one].count(-1) == 2
    (bill,) = bills.of_account("sto")
    assert (bill.key, bill.lines) == (KEY, len(month.rows))
    assert {c for c in claimed() if c in planted(month)} == set(planted(month))
    live = sorted((c.waybill_number, c.kind) for c in bills.claims_of("sto") if c.live)
    assert live == sorted((number, kind) for number, kind, _ in planted(month))


WRITES = ("PutItem", "UpdateItem", "TransactWriteItems", "PutObject", "SendMessageBatch")


class KilledError(Exception):
    """The process is gone."""


@contextmanager
def dying_at(number: int) -> Iterator[list[str]]:
    """The process dies instead of its nth write; what was written by."""
    called: list[str] = []

    def call(model: Any, **_: Any) -> None:
        if model.name in WRITES:
            called.append(model.name)
            if len(called) == number:
                raise KilledError(model.name)

    clients = (connection().client, aws.client("s3"), aws.client("sqs"))
    for client in clients:
        client.meta.events.register("before-call", call)
    try:
        yield called
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", call)


def killed_at_every_write(act: Callable[[], bool]) -> set[str]:
    """Try something again and again, which gets one write further each time; what it wrote by."""
    called: set[str] = set()
    for number in range(1, 500):
        with dying_at(number) as now_called:
            done = act()
        called |= set(now_called)
        if done:
            return called
    raise AssertionError("it never ends")


def test_a_bill_whose_runs_die_at_every_write_in_turn_ends_as_if_nothing_had_happened(
    world: World, tmp_path: Path
) -> None:
    month = small_month(world, tmp_path, 6)
    content = bill_csv(month)
    in_parts_of(world, 2_000_000)
    dropped(world, KEY, content)
    whole = left(world)
    assert len(whole["claims"]) >= 3
    forget(world)
    in_parts_of(world, 6)
    files = function_for("courier_reconciliation_files")
    called = killed_at_every_write(lambda: invoke(files, s3_event(KEY), cause="test").ok)
    assert called == {"PutObject", "UpdateItem", "SendMessageBatch"}
    while messages := world.queues.receive("bill", 100):
        for message in messages:
            called |= killed_at_every_write(lambda message=message: bring(world, message))
            world.queues.delete("bill", message.receipt)
    assert called >= {"PutItem"}
    after = left(world)
    for name, value in whole.items():
        assert after[name] == value, name
    assert len(world.tables.items("outbox")) == 1


def test_parts_that_are_done_at_the_same_time_are_all_counted(world: World) -> None:
    later = datetime(2100, 1, 1, tzinfo=UTC)
    bills.begin("sto", "abc", "me", NOW, later)
    assert bills.share_out("sto", "abc", "me", 12, NOW, later)
    with ThreadPoolExecutor(4) as pool:
        known = list(
            pool.map(lambda n: bills.part_done("sto", "abc", "me", n, NOW, later), range(12))
        )
    assert bills.work_on("sto", "abc").done == tuple(range(12))
    assert sum(len(one.done) == 12 for one in known) == 1
    assert bills.part_done("sto", "abc", "me", 3, NOW, later).done == tuple(range(12))
    assert bills.part_done("sto", "abc", "you", 3, NOW, later).owner == "me"
    assert not bills.share_out("sto", "abc", "you", 2, NOW, later)
