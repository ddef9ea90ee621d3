"""Bills as couriers and their outlets send them, made up here, read from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import BillsRead, ReadingOptions
from courier_reconciliation.reading.plan import Plan
from courier_reconciliation.reading.rows import COLUMNS, read_row
from courier_reconciliation.reading.samples import here_and_there
from tests.export_files import csv_file


class Reading:
    """What reading one file gave, and the tables."""

    def __init__(self, path: Path, options: ReadingOptions) -> None:
        self.connection = duckdb.connect()
        self.read: BillsRead = read_bills(self.connection, [path], options)

    def rows(self, columns: str, table: str = "lines") -> list[tuple[Any, ...]]:
        """Some columns of a table, by line."""
        return self.connection.execute(f"SELECT {columns} FROM {table} ORDER BY line").fetchall()

    def dicts(self) -> list[dict[str, Any]]:
        """The lines, whole."""
        found = self.connection.execute("SELECT * FROM lines ORDER BY line")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @property
    def reasons(self) -> list[tuple[int | None, str]]:
        """Row and reason of what was refused."""
        return [(one.row, one.reason) for one in self.read.rejected]


@pytest.fixture
def reading(tmp_path: Path) -> Any:
    def read(content: bytes, name: str = "bill.csv", **options: Any) -> Reading:
        path = tmp_path / name
        path.write_bytes(content)
        return Reading(path, ReadingOptions(**options))

    return read


STO = ["运单号", "业务时间", "目的省份", "目的城市", "结算重量", "中转费", "附加费", "应收金额"]


def sto(*rows: Sequence[object], encoding: str = "utf-8") -> bytes:
    """A bill as STO's outlets make it, with these rows under the header."""
    return csv_file([STO, *rows], encoding)


ROW = ["773000000000011", "2026-10-03 10:12:13", "广东省", "深圳市", "1.25", "3.50", "0", "3.50"]


def test_a_plain_bill_becomes_lines(reading: Any) -> None:
    with_surcharge = [*ROW[:6], "2.00", "5.50"]
    bill = reading(sto(ROW, ["773000000000012", *with_surcharge[1:]]))
    assert bill.read.rejected == ()
    first, second = bill.dicts()
    assert {k: str(v) for k, v in first.items() if v not in (None, "", False)} == {
        "line": "2", "file": "bill.csv", "row": "2", "waybill": "773000000000011",
        "courier": "sto", "charge": "total", "amount_minor": "350", "freight_minor": "350",
        "currency": "CNY", "billed_on": "2026-10-03", "weight_g": "1250", "province": "广东",
        "city": "深圳市",
    }  # fmt: skip
    assert (second["amount_minor"], second["freight_minor"]) == (550, 350)
    assert bill.rows("line, code, amount_minor", "charges") == [(3, "other", 200)]
    (file,) = bill.read.files
    assert (file.layout, file.period, file.lines, file.amount_minor) == ("sto", "2026-10", 2, 900)


def test_footers_of_a_bill_are_declared_totals_and_no_lines(reading: Any) -> None:
    bill = reading(
        sto(
            ROW,
            [],
            ["", "件量", "1"],
            ["", "账单合计", "", "", "", "", "", "3.50"],
            ["", "预收面单费", "", "", "", "", "", "-0.70"],
            ["", "剩余应收", "", "", "", "", "", "2.80"],
        )
    )
    assert bill.reasons == []
    assert bill.rows("waybill") == [("773000000000011",)]
    told = [(t.row, t.label, t.amount_minor, t.count, t.is_sum) for t in bill.read.declared_totals]
    assert told == [
        (4, "件量", None, 1, False),
        (5, "账单合计", 350, None, True),
        (6, "预收面单费", -70, None, False),
        (7, "剩余应收", 280, None, False),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_bill_is_read_in_any_encoding(reading: Any, encoding: str) -> None:
    bill = reading(sto(ROW, encoding=encoding))
    assert bill.rows("waybill, province, amount_minor") == [("773000000000011", "广东", 350)]


CELLS = {
    "运单号": st.one_of(
        st.from_regex(r"77[0-9]{11,13}", fullmatch=True),
        st.from_regex(r"'77[0-9]{13}|[0-9]{14}\.0|SF[0-9]{13}", fullmatch=True),
        st.sampled_from(["7.7E+14", "", "合计"]),
    ),
    "业务时间": st.sampled_from(["2026-10-03", "2026/10/4 08:00", "10-05", "46298", "", "?"]),
    "目的省份": st.sampled_from(["广东省", "内蒙古自治区", "成都", "TX", "", "广东省/深圳"]),
    "目的城市": st.sampled_from(["深圳市", "", " 成都 "]),
    "结算重量": st.sampled_from(["1.25", "500g", "1.2kg", "", "-", "0", "x", "１.5"]),
    "中转费": st.sampled_from(["3.5", "3.50元", "¥1,203.00", "", "(2)", "x"]),
    "附加费": st.sampled_from(["0", "", "2.005", "1元"]),
    "应收金额": st.sampled_from(["3.5", "5.50元", "1,234.50", "", "-3", "3.50-", "abc"]),
}


PLAIN = {
    "运单号": st.from_regex(r"77[0-9]{11,13}", fullmatch=True),
    "业务时间": st.sampled_from(["2026-10-03", "2026-02-30", "2099-12-31", ""]),
    "目的省份": st.sampled_from(["广东省", ""]),
    "目的城市": st.sampled_from(["深圳市", ""]),
    "结算重量": st.from_regex(r"[+-]?[0-9]{1,5}(\.[0-9]{0,5})?", fullmatch=True),
    "中转费": st.from_regex(r"[+-]?[0-9]{1,9}(\.[0-9]{0,4})?", fullmatch=True),
    "附加费": st.sampled_from(["0", "", "-", "2.005", "-0.004"]),
    "应收金额": st.from_regex(r"[+-]?[0-9]{1,9}(\.[0-9]{0,4})?", fullmatch=True),
}
"""Cells that are read as numbers and days at once, as long as all rows have such."""


@pytest.mark.parametrize("cells", [CELLS, PLAIN], ids=["any", "plain"])
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_bulk_reads_every_row_as_the_slow_reading_does(
    tmp_path_factory: Any, cells: dict[str, Any], data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.tuples(*cells.values()), min_size=1, max_size=25))
    first = [ROW[0], "2026-10-03", *ROW[2:]]
    path = tmp_path_factory.mktemp("bills") / "bill.csv"
    path.write_bytes(sto(first, *rows))
    bill = Reading(path, ReadingOptions(period="2026-10"))
    assert_as_slowly_read(bill, [first, *rows])


def assert_as_slowly_read(bill: Reading, rows: Sequence[Sequence[str]]) -> None:
    """The lines are those that reading row by row gives."""
    columns = {"waybill": 0, "billed_on": 1, "province": 2, "city": 3, "weight": 4, "freight": 5}
    plan = Plan(
        columns={**columns, "amount": 7},
        courier="sto",
        surcharges=((6, "other"),),
        period="2026-10",
    )
    expected = []
    for number, cells in enumerate(rows, 2):
        read = read_row(number, cells, plan)
        if not read.reason:
            expected += read.lines
    named = ", ".join(f'"{name}"' for name in COLUMNS[:-1])
    assert bill.rows(named) == [line[: len(COLUMNS) - 1] for line in expected]
    charges = bill.rows("line, amount_minor", "charges")
    assert charges == [(line[0], line[-1]) for line in expected if line[-1]]


@pytest.mark.parametrize(
    ("column", "cell"),
    [(1, "2026年10月3日"), (4, "1.2kg"), (5, "¥3.50"), (6, "2元"), (7, "1,003.50"), (7, "abc")],
)
def test_one_odd_cell_where_nobody_looked_costs_no_other_row(
    reading: Any, tmp_path: Path, column: int, cell: str
) -> None:
    rows = [[f"77300{n:010d}", "2026-10-03", *ROW[2:]] for n in range(6_000)]
    rows[2_600][column] = cell
    bill = reading(sto(*rows))
    looked_at = here_and_there(tmp_path / "bill.csv", ",", skip=1)
    assert rows[2_600] not in [*looked_at]
    assert_as_slowly_read(bill, rows)


def test_a_row_that_is_too_long_or_never_closed_does_not_stop_the_file(reading: Any) -> None:
    text = sto(ROW).decode() + '773000000000012,2026-10-03,广东省,"深圳,1,3.5,0,3.5\n'
    text += "773000000000013,2026-10-03,广东省,,1,3.5,0,3.5,,,too,many\n\n"
    text += "773000000000014,2026-10-03,广东省,,1,3.5,0,3.5\n"
    bill = reading(text.encode())
    assert bill.rows('"row", waybill, amount_minor') == [
        (2, "773000000000011", 350),
        (3, "773000000000012", 350),
        (4, "773000000000013", 350),
        (6, "773000000000014", 350),
    ]


def test_a_line_break_in_a_cell_of_a_text_costs_no_row(reading: Any) -> None:
    rows = [[f"7730000000000{n}", "2026-10-03", "广东省", "深圳\n南山", 1, 3.5, 0, 3.5, "a\nb"]
            for n in range(10, 40)]  # fmt: skip
    two = ["773000000000091\n773000000000092", "2026-10-03", "广东省", "深圳", 1, 3.5, 0, 7, ""]
    found = reading(csv_file([["申通\n对账单"], [*STO, "备注\n(一)"], *rows, two]))
    assert found.rows("waybill, amount_minor") == [(row[0], 350) for row in rows]
    assert [row for row, _ in found.reasons] == [33]
    assert "773000000000091, 773000000000092" in found.reasons[0][1]


def test_an_amount_beyond_all_reason_is_refused_in_its_row(reading: Any) -> None:
    bill = reading(sto(ROW, ["773000000000012", *ROW[1:7], "99999999999999999"]))
    assert bill.rows("waybill") == [("773000000000011",)]
    assert [row for row, _ in bill.reasons] == [3]


def test_a_place_that_only_an_odd_row_names_moves_no_other_row(reading):
    """Plain rows store places as numbers of those that are known; an odd one may name another."""
    rows = [[f"77400000{n:05d}", "2026-10-01", "浙江省", "", 1.0, 3.2, "", 3.2] for n in range(9)]
    rows[1][0] = "not a number"
    rows[3][:3] = ["'7740000099999", "2026-10-01", "浙江省杭州市西湖区"]
    rows[6][:3] = ["'7740000088888", "2026-10-01", "Nova Zembla"]
    found = reading(sto(*rows), courier="sto")
    places = found.rows('"row", waybill, province, city')
    assert [row for row, *_ in places] == [2, 4, 5, 6, 7, 8, 9, 10]
    assert places[2] == (5, "7740000099999", "浙江", "杭州市西湖区")
    assert places[5] == (8, "7740000088888", "Nova Zembla", "")
    assert {province for _, _, province, _ in places} == {"浙江", "Nova Zembla"}
