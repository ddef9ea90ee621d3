"""Waybill numbers that a spreadsheet took the leading zeros from, in a bill or in shipments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from aftersales.calendar import zone_named
from aftersales.parcels import Parcel
from aftersales.tables import parcels
from courier_reconciliation.engine import lost_zeros
from courier_reconciliation.engine.database import Workshop, workshop
from courier_reconciliation.parcels_of_bill import Wanted, lay_out
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import ReadingOptions
from tests.functional.test_reconcile_couriers import reconciled
from tests.functional.test_reconcile_engine import write

HEAD = ("日期", "运单号码", "服务", "到件地区", "计费重量", "应付金额")
CARD = [("sf", 320, 1000)]
WHOLE, OTHER = "089328792175", "067929081004"


@pytest.fixture
def desk() -> Iterator[Workshop]:
    with workshop() as made:
        yield made


def billed(number: str, amount: str = "3.20", service: str = "运费") -> tuple[str, ...]:
    return ("2026-10-18", number, service, "武汉市", "1.00", amount)


def sent(number: str) -> tuple[object, ...]:
    return (number, "sf", "2026-10-18", "湖北", 900, "delivered")


def found(answer: Any) -> list[tuple[str, str, int]]:
    return [
        (one["waybill_number"], one["kind"], one["difference_minor"])
        for one in answer["discrepancies"]
    ]


@pytest.mark.parametrize(
    ("on_bill", "in_shipments"),
    [
        ((WHOLE[1:], OTHER[1:]), (WHOLE, OTHER)),
        ((WHOLE[1:], OTHER), (WHOLE, OTHER)),
        ((WHOLE, OTHER), (WHOLE[1:], OTHER[1:])),
        ((WHOLE[1:], OTHER), (WHOLE, OTHER[1:])),
    ],
    ids=["the whole bill", "one row", "the shipments", "one of each"],
)
def test_a_number_without_its_leading_zeros_is_that_of_its_shipment(
    on_bill, in_shipments, tmp_path
):
    bill = [HEAD, billed(on_bill[0], "4.20"), billed(on_bill[1])]
    answer = reconciled(tmp_path, bill, [sent(number) for number in in_shipments], CARD)
    assert (answer["matched"], answer["unmatched_shipments"]) == (2, 0)
    assert found(answer) == [(WHOLE, "rate_wrong", 100)]
    assert any("leading zeros" in note for note in answer["notes"])


def test_rows_of_one_parcel_with_and_without_the_zero_are_of_one_parcel(tmp_path):
    bill = [HEAD, billed(WHOLE), billed(WHOLE[1:])]
    answer = reconciled(tmp_path, bill, [sent(WHOLE)], CARD)
    assert found(answer) == [(WHOLE, "duplicate_waybill", 320)]


def test_two_shipments_stay_two(tmp_path):
    bill = [HEAD, billed(WHOLE), billed(WHOLE[1:], "4.20")]
    answer = reconciled(tmp_path, bill, [sent(WHOLE), sent(WHOLE[1:])], CARD)
    assert found(answer) == [(WHOLE[1:], "rate_wrong", 100)]


def test_a_bill_that_names_no_courier_is_compared_in_the_same_way(tmp_path):
    numbers = [f"0{one}" for one in range(89328792175, 89328792205)]
    head = ("运单号", "目的省份", "结算重量", "应收金额")
    bill = [head, *((number[1:], "湖北", "1.00", "3.20") for number in numbers)]
    answer = reconciled(tmp_path, bill, [sent(number) for number in numbers], CARD)
    assert (answer["matched"], found(answer)) == (len(numbers), [])


def test_a_number_that_nobody_shipped_stays_as_the_bill_has_it(tmp_path):
    bill = [HEAD, billed(WHOLE[1:]), billed(WHOLE)]
    answer = reconciled(tmp_path, bill, [sent(OTHER)], CARD)
    assert {number for number, kind, _ in found(answer) if kind == "unknown_waybill"} == {
        WHOLE, WHOLE[1:],
    }  # fmt: skip


def test_a_refused_row_is_of_the_shipment_whose_zero_it_lost(tmp_path):
    bill = [HEAD, billed(WHOLE[1:], "about three"), billed(OTHER)]
    answer = reconciled(tmp_path, bill, [sent(WHOLE), sent(OTHER)], CARD)
    assert found(answer) == []
    assert len(answer["rejected"]) == 1


def test_undamaged_tables_are_not_written_anew(desk, tmp_path):
    read_bills(desk.connection, [write(tmp_path / "b.csv", [HEAD, billed("189328792175")])],
               ReadingOptions(courier="sf"))  # fmt: skip
    desk.connection.execute("CREATE VIEW shipments AS SELECT courier, waybill FROM lines")
    assert lost_zeros.restore(desk.connection) == ()
    columns = desk.connection.execute("DESCRIBE billed").fetchall()
    assert "file" not in [name for name, *_ in columns]


def test_the_desk_asks_for_a_parcel_of_long_ago_by_its_whole_number(
    tables: Any, desk: Workshop, tmp_path: Path
) -> None:
    long_ago = datetime(2026, 5, 1, tzinfo=UTC)
    parcels.add(
        Parcel(
            parcel_id=WHOLE, waybill_number=WHOLE, courier="sf", shop_id="tb1", province="湖北",
            shipped_at=long_ago, added_at=long_ago,
        ),
        shards=1,
    )  # fmt: skip
    bill = write(tmp_path / "bill.csv", [HEAD, billed(WHOLE[1:])])
    read_bills(desk.connection, [bill], ReadingOptions(courier="sf"))
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    wanted = Wanted(("sf",), first, last, (), zone_named("Asia/Shanghai"), 7)
    known = lay_out(desk.connection, wanted, desk.folder)
    assert known.parcels == 1
    assert desk.connection.execute("SELECT waybill FROM lines").fetchall() == [(WHOLE,)]
    assert len(known.notes) == 1
