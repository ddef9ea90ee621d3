"""Two tables below each other in one sheet of a bill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from courier_reconciliation.engine.database import Workshop, workshop
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import BillsRead, ReadingOptions
from tests.functional.test_reconcile_engine import write

FIRST = [
    ("扫描时间", "运单号", "目的地", "结算重量", "运费", "金额"),
    ("2026-10-18", "73893287921743", "湖北", "1.00", "3.20", "3.20"),
    ("2026-10-19", "73679290810034", "浙江", "2.00", "4.20", "4.20"),
    ("合计", "", "", "", "7.40", "7.40"),
]
SECOND = [
    ("寄件时间", "运单编号", "收件省份", "合计金额", "内部计费重量", "备注"),
    ("2026-10-20", "JT8670227905454", "福建", "10.00", "5.00", ""),
    ("2026-10-21", "JT3849825263738", "北京", "8.50", "4.00", "单号 运费"),
    ("合计", "", "", "18.50", "", ""),
]
GAP = ("", "", "", "", "", "")


@pytest.fixture
def desk() -> Iterator[Workshop]:
    with workshop() as made:
        yield made


def workbook(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("10月")
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    return path


def read(desk: Workshop, path: Path) -> tuple[BillsRead, list[Any]]:
    found = read_bills(desk.connection, [path], ReadingOptions(period="2026-10"))
    lines = desk.connection.execute(
        'SELECT "row", waybill, courier, amount_minor, weight_g FROM lines ORDER BY line'
    ).fetchall()
    return found, lines


BOTH = [
    (2, "73893287921743", "zto", 320, 1000),
    (3, "73679290810034", "zto", 420, 2000),
    (7, "JT8670227905454", "jt", 1000, 5000),
    (8, "JT3849825263738", "jt", 850, 4000),
]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_table_is_read_by_its_own_columns(kind, desk, tmp_path):
    rows = [*FIRST, GAP, *SECOND]
    path = tmp_path / f"bill.{kind}"
    found, lines = read(desk, write(path, rows) if kind == "csv" else workbook(path, rows))
    assert lines == BOTH
    assert found.rejected == ()
    assert [(one.amount_minor, one.row) for one in found.declared_totals] == [(740, 4), (1850, 9)]
    (sheet,) = found.files[0].sheets
    assert (sheet.lines, found.files[0].lines, found.files[0].couriers) == (4, 4, ())
    assert sheet.notes == ("another table, with columns of its own, begins in row 6",)


def test_a_long_second_table_is_read_in_bulk_and_a_third_one_follows(desk, tmp_path):
    many = [("2026-10-20", f"JT86702279{n:05d}", "福建", "10.00", "5.00", "") for n in range(500)]
    third = [("运单号", "应收金额", "结算重量"), ("73893287921799", "9.90", "3")]
    _, lines = read(desk, write(tmp_path / "bill.csv", [*FIRST, SECOND[0], *many, *third]))
    assert len(lines) == 503
    assert {line[3:] for line in lines[2:502]} == {(1000, 5000)}
    assert lines[-1] == (507, "73893287921799", "zto", 990, 3000)


def test_the_same_header_again_begins_no_other_table(desk, tmp_path):
    found, lines = read(desk, write(tmp_path / "bill.csv", [*FIRST, *FIRST]))
    assert len(lines) == 4
    assert found.files[0].sheets[0].notes == ()


def test_a_row_with_remarks_like_headers_begins_no_table(desk, tmp_path):
    odd = ("2026-10-20", "", "湖北省", "运单号有误", "运费", "金额")
    found, lines = read(desk, write(tmp_path / "bill.csv", [*FIRST[:2], odd, FIRST[2]]))
    assert [line[0] for line in lines] == [2, 4]
    assert [one.row for one in found.rejected] == [3]


def test_a_second_table_that_cannot_be_read_is_refused_with_what_to_do(desk, tmp_path):
    mixed = [
        ("运单号", "结算重量", "运费(分)", "应收金额(元)"),
        ("JT8670227905454", "5", "1000", "10"),
    ]
    found, lines = read(desk, write(tmp_path / "bill.csv", [*FIRST, *mixed]))
    assert lines == BOTH[:2]
    (refused,) = found.rejected
    assert (refused.row, "a sheet of its own" in refused.reason) == (5, True)
