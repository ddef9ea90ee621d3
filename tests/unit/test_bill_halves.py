"""Large sheets that two readers read side by side: the same lines as one reader finds."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courier_reconciliation.reading import archives
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import ReadingOptions
from tests.export_files import with_part, xlsx_file, xlsx_sheets

HEADER = ["运单号", "业务时间", "目的省份", "结算重量", "应收金额"]
SHEET = "xl/worksheets/sheet1.xml"


def row(number: int) -> list[Any]:
    waybill = str(773_000_000_000_000 + number)
    return [waybill, datetime(2026, 10, 3, 10, 12), "广东省", 1.25, 3 + number / 100]


def read(path: Path, halve_from: int) -> tuple[Any, ...]:
    """Everything that reading a workbook gives."""
    connection = duckdb.connect()
    found = read_bills(connection, [path], ReadingOptions(halve_from_bytes=halve_from))
    lines, refused = (
        connection.execute(f"SELECT * EXCLUDE (line) FROM {table} ORDER BY line").fetchall()
        for table in ("lines", "refused")
    )
    return found, lines, refused


def sheet_of(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return packed.read(SHEET).decode()


def read_both_ways(directory: Path, content: bytes, *, cut: bool = True) -> tuple[Any, ...]:
    """What two readers found, which is what one finds."""
    path = directory / "bill.xlsx"
    path.write_bytes(content)
    copy = archives.unpacked(path, directory / "copy.zip", 10**9, 10**9, 1)
    assert (copy.second is not None) == cut
    one, two = read(path, 0), read(path, 1)
    assert two == one
    return two


def test_all_lines_are_read_whichever_half_they_are_in(tmp_path: Path) -> None:
    rows = [HEADER, *map(row, range(40)), ["合计", None, None, None, 127.8]]
    found, lines, _ = read_both_ways(tmp_path, xlsx_file([["申通 2026年10月账单"], *rows]))
    assert found.rejected == ()
    assert [line[3] for line in lines] == [row(number)[0] for number in range(40)]
    assert [total.amount_minor for total in found.declared_totals] == [12780]


def test_sheets_of_one_workbook_are_cut_each_by_itself(tmp_path: Path) -> None:
    sheets = {
        "汇总": [["店铺", "件数"], ["旗舰店", 41]],
        "上旬": [HEADER, *map(row, range(30))],
        "下旬": [HEADER, row(50)],
    }
    path = tmp_path / "bill.xlsx"
    path.write_bytes(xlsx_sheets(sheets))
    found, lines, _ = read(path, 2500)
    assert [sheet.lines for sheet in found.files[0].sheets] == [30, 1]
    assert len(lines) == 31
    read_both_ways(tmp_path, path.read_bytes())


def test_cells_merged_over_rows_are_filled_down_in_both_halves(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["运单号码", "日期", "服务", "计费重量", "应付金额"]]
    for number in range(20):
        rows.append([row(number)[0], "2026-10-03", "运费", 1.5, 12])
        rows.append([None, None, "保费", None, 1])
    merges = [f"{column}{at}:{column}{at + 1}" for at in range(2, 42, 2) for column in "ABD"]
    _, lines, refused = read_both_ways(tmp_path, xlsx_file(rows, merges=merges))
    assert (len(lines), refused) == (40, [])
    assert all(1500 in line for line in lines)


def in_another_order() -> bytes:
    content = xlsx_file([HEADER, *map(row, range(20))])
    sheet = sheet_of(content)
    rows = re.findall(r"<row .*?</row>", sheet)
    moved = sheet.replace(rows[-1], "").replace(rows[1], rows[-1] + rows[1])
    return with_part(content, SHEET, moved.encode())


def without_numbers() -> bytes:
    content = xlsx_file([HEADER, *map(row, range(20))])
    bare = re.sub(r'(<(?:row|c)\b[^>]*?) r="\w+"', r"\1", sheet_of(content))
    return with_part(content, SHEET, bare.encode())


def hidden_in_a_remark() -> bytes:
    content = xlsx_file([HEADER, *map(row, range(20))])
    sheet = sheet_of(content)
    rows = re.findall(r"<row .*?</row>", sheet)
    remark = "<!-- " + 'saved <row r="3"> ' * 400 + "-->"
    return with_part(content, SHEET, sheet.replace(rows[10], remark + rows[10]).encode())


@pytest.mark.parametrize(
    ("content", "cut"),
    [(in_another_order(), True), (without_numbers(), False), (hidden_in_a_remark(), True)],
    ids=["another-order", "no-numbers", "remark"],
)
def test_a_sheet_that_cannot_be_cut_is_read_by_one(
    tmp_path: Path, content: bytes, cut: bool
) -> None:
    found, lines, _ = read_both_ways(tmp_path, content, cut=cut)
    assert found.rejected == ()
    assert sorted(line[3] for line in lines) == [row(number)[0] for number in range(20)]


def test_a_formula_without_a_result_is_found_in_the_second_half(tmp_path: Path) -> None:
    content = xlsx_file([HEADER, *map(row, range(40))])
    sheet = re.sub(r'<c r="E38"[^>]*>.*?</c>', '<c r="E38"><f>D38*2</f></c>', sheet_of(content))
    found, _, refused = read_both_ways(tmp_path, with_part(content, SHEET, sheet.encode()))
    assert [(one.row, "formula" in one.reason) for one in found.rejected] == [(38, True)]
    assert len(refused) == 1


def test_two_workbooks_in_turn_do_not_see_each_others_halves(tmp_path: Path) -> None:
    paths = [tmp_path / "a.xlsx", tmp_path / "b.xlsx"]
    paths[0].write_bytes(xlsx_file([HEADER, *map(row, range(40))]))
    paths[1].write_bytes(xlsx_file([HEADER, *map(row, range(60, 100))]))
    connection = duckdb.connect()
    found = read_bills(connection, paths, ReadingOptions(halve_from_bytes=1))
    assert [file.lines for file in found.files] == [40, 40]


CELLS = st.one_of(st.none(), st.text("运单AB 12'\"\\\n", max_size=6), st.integers(0, 10**9))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.none() | st.tuples(st.sampled_from((None, "注")), st.lists(CELLS, max_size=3)),
        min_size=3,
        max_size=25,
    ),
    st.integers(1, 3),
    st.integers(0, 4),
)
def test_empty_rows_and_columns_keep_their_places(
    tmp_path_factory: pytest.TempPathFactory, further: list[Any], left: int, down: int
) -> None:
    table: list[list[Any]] = [[] for _ in range(down)]
    table += [[None] * left + HEADER, [None] * left + row(0)]
    for number, said in enumerate(further, 1):
        beside, cells = said or (None, ())
        there = row(number) if said else []
        table.append([*[None] * (left - 1), beside, *there, *cells])
    directory = tmp_path_factory.mktemp("halves")
    path = directory / "bill.xlsx"
    path.write_bytes(xlsx_file(table))
    assert read(path, 1) == read(path, 0)
