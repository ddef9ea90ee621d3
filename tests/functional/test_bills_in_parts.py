"""A bill that is too large for one function ends like one that is not, whatever happens to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aftersales.parcels import Parcel
from aftersales.tables import parcels
from aftersales.tracking import Status
from local.queues import Message
from tests.bills_in_parts import (
    bill_csv,
    dropped,
    forget,
    in_parts_of,
    left,
    line,
    listed,
    told,
    work_off,
)
from tests.functional.test_bill_handlers import a_month, drop, planted, put_rates, ship
from tests.functional.test_bill_handlers import found as claimed
from tests.handler_world import World, world_of
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
    [(40, list, 1), (25, reversed_order, 1), (9, odd_first, 1), (30, list, 2)],
    ids=["in order", "backwards", "mixed", "each twice"],
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
