"""Bills and shipments of which rows are refused: what can still be said of the others."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Ran, aftersales
from tests.functional.test_reconcile_engine import write

BILL = ("扫描时间", "运单号", "目的地", "结算重量", "金额")
HEAD = ("waybill_number", "courier", "shipped_at", "province", "weight_g", "outcome")
CARD = [("courier", "base_price_minor", "base_weight_g"), ("zto", 320, 1000)]
A, B, C = "73893287921743", "73679290810034", "73793834701747"


def billed(number: str, amount: str = "3.20") -> tuple[str, ...]:
    return ("2026-10-18", number, "湖北", "1.00", amount)


def sent(number: str, day: str = "2026-10-18", province: str = "湖北") -> tuple[object, ...]:
    return (number, "zto", day, province, 900, "delivered")


def run(folder: Path, bill: Sequence[Any], shipments: Sequence[Any], *more: object) -> Ran:
    return aftersales(
        *("reconcile", write(folder / "bill.csv", bill), "--json", "--period", "2026-10"),
        *("--shipments", write(folder / "shipments.csv", [HEAD, *shipments])),
        *("--rates", write(folder / "rates.csv", CARD), *more),
    )


def test_a_bill_all_of_whose_rows_are_refused_is_answered_with_each_of_them(tmp_path):
    out = tmp_path / "out"
    bill = [BILL, billed("7.38932E+13"), billed("7.36792E+13"), ("合计", "", "", "", "6.40")]
    done = run(tmp_path, bill, [sent(A)], "--out", out)
    assert done.code == 0
    assert done.json["lines"] == 0
    assert [one["row"] for one in done.json["rejected"]] == [2, 3]
    assert all("its digits are lost" in one["reason"] for one in done.json["rejected"])
    assert done.json["discrepancies"] == []
    with (out / "refused.csv").open(encoding="utf-8-sig") as stream:
        assert [row["row"] for row in csv.DictReader(stream)] == ["2", "3"]
    assert json.loads((out / "result.json").read_bytes())["lines"] == 0


@pytest.mark.parametrize("total", [[], [("合计", "", "", "", "0.00")]], ids=["header", "and total"])
def test_a_bill_without_rows_is_named_with_its_columns(total, tmp_path):
    done = run(tmp_path, [BILL, *total], [sent(A)])
    assert done.code == 2
    assert "bill.csv, row 1: no parcels stand under the header" in done.err
    assert "运单号" in done.err


def test_a_bill_without_rows_beside_another_is_told(tmp_path):
    empty = write(tmp_path / "empty.csv", [BILL])
    done = run(tmp_path, [BILL, billed(A)], [sent(A)], empty)
    assert done.code == 0
    assert [one["file"] for one in done.json["rejected"]] == ["empty.csv"]


def test_a_file_that_is_no_bill_stays_an_error(tmp_path):
    done = run(tmp_path, [("姓名", "电话"), ("某人", "1")], [sent(A)])
    assert done.code == 2
    assert "姓名" in done.err


def test_a_parcel_whose_row_in_the_shipments_is_refused_is_not_unknown(tmp_path):
    out = tmp_path / "out"
    shipments = [sent(A), sent(B, province=""), sent(C, day="some day")]
    done = run(tmp_path, [BILL, billed(A), billed(B), billed(C)], shipments, "--out", out)
    assert done.json["discrepancies"] == []
    assert done.json["claimable_minor"] == 0
    told = {one["waybill_number"]: one["reason"] for one in done.json["not_auditable"]}
    assert told[B] == (
        "row 3 of the shipments, which has this waybill, is refused: province is empty"
    )
    assert "'some day' is no day" in told[C]
    (zto,) = done.json["couriers"]
    assert (zto["agreed_minor"], zto["not_auditable_minor"]) == (320, 640)
    assert zto["disputed_expected_minor"] == zto["unmatched_minor"] == 0
    assert verdicts(out) == {A: "agreed", B: "not_auditable", C: "not_auditable"}


def test_each_row_of_such_a_parcel_is_named(tmp_path):
    done = run(tmp_path, [BILL, billed(A), billed(B), billed(B)], [sent(A), sent(B, province="")])
    assert done.json["discrepancies"] == []
    assert [one["row"] for one in done.json["not_auditable"]] == [3, 4]


def verdicts(out: Path) -> dict[str, str]:
    with (out / "lines.csv").open(encoding="utf-8-sig") as stream:
        return {row["waybill_number"]: row["verdict"] for row in csv.DictReader(stream)}


@pytest.mark.parametrize("day", ["2026-10-18", "2026-10-20"])
def test_a_parcel_that_stands_twice_in_the_shipments_is_counted_once(day, tmp_path):
    shipments = [sent(A), sent(B), sent(A, day), sent(B, day)]
    done = run(tmp_path, [BILL, billed(A)], shipments)
    found = [(one["waybill_number"], one["kind"]) for one in done.json["discrepancies"]]
    assert found == [(B, "missing_from_bill")]
    assert done.json["unmatched_shipments"] == 1
    assert done.json["notes"] == [
        "2 rows of the shipments repeat another one (4, 5); each parcel counts once"
    ]


def test_a_number_that_is_used_again_later_stays_two_parcels(tmp_path):
    done = run(tmp_path, [BILL, billed(A)], [sent(A), sent(A, "2026-10-25")])
    found = [(one["waybill_number"], one["kind"]) for one in done.json["discrepancies"]]
    assert found == [(A, "missing_from_bill")]
    assert done.json["notes"] == []
