"""Files that bills come in: workbooks, old workbooks, web pages, and what is none of them."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from aftersales.errors import BadInput
from courier_reconciliation.reading import archives
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import ReadingOptions
from courier_reconciliation.reading.reach import Glance, check_reach
from tests.export_files import with_part, xls_file, xlsx_file, xlsx_sheets

HEADER = ["运单号", "业务时间", "目的省份", "结算重量", "应收金额"]
ROW = ["773000000000011", datetime(2026, 10, 3, 10, 12), "广东省", 1.25, 3.5]


def read(path: Path, content: bytes, **options: Any) -> tuple[Any, Any]:
    path.write_bytes(content)
    connection = duckdb.connect()
    return read_bills(connection, [path], ReadingOptions(**options)), connection


@pytest.fixture
def file(tmp_path: Path) -> Any:
    return lambda content, name="bill.xlsx", **options: read(tmp_path / name, content, **options)


def lines(connection: Any, columns: str = "waybill, amount_minor, weight_g, billed_on") -> Any:
    return connection.execute(f"SELECT {columns} FROM lines ORDER BY line").fetchall()


LINE = ("773000000000011", 350, 1250, date(2026, 10, 3))


def test_a_workbook_is_read(file: Any) -> None:
    found, tables = file(
        xlsx_file([["申通 2026年10月账单"], [], HEADER, ROW, ["合计", None, None, None, 3.5]])
    )
    assert found.rejected == ()
    assert lines(tables) == [LINE]
    assert lines(tables, '"row", sheet, courier') == [(4, "export", "sto")]
    assert [(t.row, t.amount_minor) for t in found.declared_totals] == [(5, 350)]


@pytest.mark.parametrize("place", ["昆明", "云南省昆明市"])
def test_a_place_that_is_first_named_far_down_the_bill_is_read(file: Any, place: str) -> None:
    header = ["运单号", "业务时间", "到件地区", "结算重量", "应收金额"]
    body = [
        [f"7730000000{n:05}", ROW[1], ["成都", "长沙", "武汉"][n % 3], 1.25, 3.5]
        for n in range(400)
    ]
    far = ["773000000099999", ROW[1], place, 1.25, 3.5]
    found, tables = file(xlsx_file([header, *body, far]))
    assert found.rejected == ()
    assert len(lines(tables)) == 401
    assert lines(tables, "waybill, province")[-1] == ("773000000099999", "云南")


def test_an_old_workbook_is_read(file: Any) -> None:
    row = ["773000000000011", "2026-10-03", "广东省", 1.25, 3.5]
    found, tables = file(xls_file([HEADER, row]), "bill.xls")
    assert found.rejected == ()
    assert lines(tables) == [LINE]


def test_price_lists_and_summaries_of_a_workbook_are_not_read(file: Any) -> None:
    found, tables = file(
        xlsx_sheets(
            {
                "汇总": [["店铺", "件数", "金额"], ["旗舰店", 1, 3.5]],
                "十月": [HEADER, ROW],
                "报价": [["省份", "首重", "续重"], ["广东", 3, 1]],
                "十月补": [HEADER, ["773000000000012", *ROW[1:]]],
            }
        )
    )
    assert lines(tables, "sheet, waybill") == [("十月", LINE[0]), ("十月补", "773000000000012")]
    assert found.files[0].ignored_sheets == ("汇总", "报价")


def test_a_merged_waybill_counts_for_its_rows_and_merged_money_once(file: Any) -> None:
    header = ["运单号码", "日期", "服务", "计费重量", "应付金额"]
    rows = [
        header,
        ["SF1234567890123", "2026-10-03", "运费", 1.5, 12],
        [None, None, "保费", None, 1],
        ["SF1234567890124", "2026-10-04", "运费", 1, 10],
    ]
    found, tables = file(xlsx_file(rows, merges=["A2:A3", "B2:B3", "D2:D3"]))
    assert found.rejected == ()
    assert lines(tables, "waybill, charge, amount_minor, weight_g") == [
        ("SF1234567890123", "freight", 1200, 1500),
        ("SF1234567890123", "insurance", 100, 1500),
        ("SF1234567890124", "freight", 1000, 1000),
    ]


def test_a_freight_without_a_number_is_not_of_the_parcel_above_it(file: Any) -> None:
    header = ["运单号码", "日期", "服务", "计费重量", "应付金额"]
    rows = [
        header,
        ["SF1234567890123", "2026-10-03", "运费", 1.5, 12],
        [None, "2026-10-03", "保费", 1.5, 1],
        [None, "2026-10-03", "运费", 2.5, 14],
        [None, "2026-10-03", "保费", 2.5, 2],
        ["SF1234567890124", "2026-10-04", "运费", 1, 10],
    ]
    found, tables = file(xlsx_file(rows))
    assert [(one.row, one.reason) for one in found.rejected] == [
        (4, "the row has no waybill number"),
        (5, "the row has no waybill number"),
    ]
    assert lines(tables, "waybill, charge, amount_minor") == [
        ("SF1234567890123", "freight", 1200),
        ("SF1234567890123", "insurance", 100),
        ("SF1234567890124", "freight", 1000),
    ]


def test_numbers_that_a_spreadsheet_rounded_are_refused_row_by_row(file: Any) -> None:
    found, tables = file(
        xlsx_file([HEADER, [73123456789012, *ROW[1:]], [773123456789012345, *ROW[1:]]])
    )
    assert lines(tables, "waybill") == [("73123456789012",)]
    (refused,) = found.rejected
    assert refused.row == 3
    assert "digits" in refused.reason
    assert tables.execute("SELECT amount_minor FROM refused").fetchall() == [(350,)]


def test_text_with_quotes_and_line_breaks_does_not_disturb_a_sheet(file: Any) -> None:
    header = [*HEADER, "备注"]
    rows = [header, [*ROW, '5" 屏\n易碎\\轻放, "急"'], ["773000000000012", *ROW[1:], ""]]
    found, tables = file(xlsx_file(rows))
    assert found.rejected == ()
    assert lines(tables, "waybill, remark") == [
        ("773000000000011", '5" 屏\n易碎\\轻放, "急"'),
        ("773000000000012", ""),
    ]


def test_a_workbook_of_the_1904_system_has_the_same_days(file: Any) -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(HEADER)
    book.active.append(ROW)
    serial = (date(2026, 10, 3) - date(1904, 1, 1)).days
    book.active.append(["773000000000012", serial, *ROW[2:]])
    out = io.BytesIO()
    book.save(out)
    _, tables = file(out.getvalue())
    assert lines(tables, "billed_on") == [(date(2026, 10, 3),), (date(2026, 10, 3),)]


def test_a_formula_without_a_result_is_told_from_a_missing_cell(file: Any) -> None:
    found, tables = file(xlsx_file([HEADER, ROW, ["773000000000012", *ROW[1:4], "=D3*3"]]))
    assert lines(tables) == [LINE]
    (refused,) = found.rejected
    assert (refused.row, "formula" in refused.reason) == (3, True)


def html(rows: Sequence[Sequence[object]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return f"<html><head><meta charset=gbk></head><body><table>{body}</table></body></html>"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_web_page_saved_as_xls_is_read(file: Any, encoding: str) -> None:
    row = ["773000000000011", "2026-10-03", "广东省", "1.25", "&yen;3.50"]
    found, tables = file(html([["账单"], HEADER, row]).encode(encoding), "bill.xls")
    assert found.rejected == ()
    assert lines(tables) == [LINE]


def encrypted() -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(2000)
        + "EncryptedPackage".encode("utf-16-le")
        + bytes(2000)
    )


def truncated() -> bytes:
    whole = xlsx_file([HEADER, *[ROW] * 50])
    return whole[: len(whole) * 2 // 3]


def bomb() -> bytes:
    sheet = b"<worksheet><sheetData>" + b" " * 60_000_000 + b"</sheetData></worksheet>"
    return with_part(xlsx_file([HEADER, ROW]), "xl/worksheets/sheet1.xml", sheet)


def lying_bomb() -> bytes:
    """An archive that says of its largest part that it is small."""
    content = bytearray(bomb())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    told = struct.pack("<I", size)
    while (at := content.find(told)) >= 0:
        content[at : at + 4] = struct.pack("<I", 900)
    return bytes(content)


def far_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(ROW)
    book.active["XFD1048576"] = "x"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n...", "picture"),
        (b"\x1f\x8b\x08...", "gzip"),
        (b'{"waybill": 1}', "no table"),
        (b"\x00\x01\x02\x03" * 100, "neither a text file nor a workbook"),
        (b"PK\x03\x04 something else", "damaged"),
        (b"<html><body>\xe8\xaf\xb7\xe7\x99\xbb\xe5\xbd\x95</body></html>", "without a table"),
        (truncated(), "damaged"),
        (encrypted(), "password"),
        (bomb(), "unpacks to more than"),
        (lying_bomb(), "unpacks to more than it says"),
        (far_cell(), "reaches to row 1048576"),
        ("店铺,件数,金额\n旗舰店,3,12\n".encode(), "Columns seen: 店铺, 件数, 金额"),
        ("运单号,省份\n773000000000011,广东\n".encode(), "an amount (应收金额"),
        (xlsx_file([["店铺", "件数"], ["旗舰店", 3]]), "Columns seen: 店铺, 件数"),
        (xlsx_file([]), "empty"),
    ],
)
def test_a_file_that_cannot_be_read_has_a_verdict(file: Any, content: bytes, reason: str) -> None:
    found, tables = file(content, unpacked_limit_bytes=50_000_000)
    assert found.files == ()
    (rejected,) = found.rejected
    assert reason in rejected.reason
    assert lines(tables) == []


@pytest.mark.parametrize("step", [5, 16, 39, 40, 41])
def test_a_cell_far_away_is_found_wherever_unpacking_stops(
    file: Any, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(archives, "_STEP", step)
    found, _ = file(far_cell())
    assert "reaches to row 1048576" in found.rejected[0].reason


def with_cells(*cells: str) -> bytes:
    content = xlsx_file([HEADER, ROW])
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    added = "".join(f"<row>{cell}</row>" for cell in cells)
    sheet = sheet.replace("</sheetData>", f"{added}</sheetData>")
    return with_part(content, "xl/worksheets/sheet1.xml", sheet.encode())


@pytest.mark.parametrize(
    ("cells", "reach"),
    [
        (['<c r="A999999"><v>1</v></c>', '<c r="ZZ3"><v>1</v></c>'], (999999, 702)),
        (['<c r="ZZ99999"><v>1</v></c>'], (99999, 702)),
        (["<c r='XFD1048576'><v>1</v></c>"], (1048576, 16384)),
        (['<c r = "xfd1048576"><v>1</v></c>'], (1048576, 16384)),
    ],
)
def test_a_sheet_that_is_both_wide_and_long_is_not_opened(
    file: Any, cells: list[str], reach: tuple[int, int]
) -> None:
    found, _ = file(with_cells(*cells))
    row, column = reach
    assert f"reaches to row {row} and column {column}" in found.rejected[0].reason


@pytest.mark.parametrize(
    "cell",
    ['<c r="A1048576"><v>1</v></c>', '<c r="IP20000"><v>1</v></c>', '<c r="XFD1048576" s="0"/>'],
)
def test_a_sheet_that_is_only_long_or_only_wide_or_far_away_empty_is_read(
    file: Any, cell: str
) -> None:
    found, tables = file(with_cells(cell))
    assert "reaches" not in "".join(one.reason for one in found.rejected)
    assert lines(tables) == [LINE]


@pytest.mark.parametrize(
    ("rows", "reach"),
    [
        (['<row><c r="Z9999999"><v>1</v></c></row>'], (9999999, 26)),
        (['<row r="99999999"><c r="A99999999"><v>1</v></c></row>'], (99999999, 1)),
        (['<row r="2000000"><c><v>1</v></c></row>'], (2000000, 1)),
        (['<row r="9000000"/>', "<row><c><v>1</v></c></row>"], (9000001, 1)),
        (["<row><c><v>1</v></c></row>"] * 1_100_000, (None, 1)),
        (["<row>" + "<c><v>1</v></c>" * 70_000 + "</row>", '<row r="1000"/>'], (1001, 70_000)),
        (["<row>" + "<c/>" * 700_000 + "</row>"] * 100, (None, 700_000)),
        (["<x:row>" + "<x:c/>" * 700_000 + "</x:row>"] * 100, (None, 700_000)),
        (["<row><c r='A1'/>" + "<c t='n'/>" * 70_000 + "</row>"] * 1000, (None, 70_000)),
    ],
)
def test_rows_and_cells_without_a_number_reach_as_far_as_the_reader_counts_them(
    rows: list[str], reach: tuple[int | None, int]
) -> None:
    sheet = "<worksheet><sheetData>" + "".join(rows) + "</sheetData></worksheet>"
    content = sheet.encode()
    pieces = [content[at : at + 1_000_003] for at in range(0, len(content), 1_000_003)]
    glance = Glance()
    for piece in pieces:
        glance.look(piece)
    assert not glance.is_near
    row, column = reach
    with pytest.raises(BadInput, match=rf"to row {row or '[0-9]+'} and column {column};"):
        check_reach(pieces, 60_000_000)


@pytest.mark.parametrize("prefix", ["", "x:"])
@pytest.mark.parametrize("name", ['r="{column}{row}"', ""])
@pytest.mark.parametrize("columns", ["ABCDEFGH", ["A", "B", "AA", "AB"]])
def test_a_sheet_of_some_columns_is_near_enough_however_its_cells_are_written(
    prefix: str, name: str, columns: Sequence[str]
) -> None:
    rows = []
    for row in range(1, 5001):
        number = f' r="{row}"' if name else ""
        named = [name.format(column=column, row=row) for column in columns]
        inside = "".join(
            f"<{prefix}c {one} t='n'><{prefix}v>1</{prefix}v></{prefix}c>" for one in named
        )
        rows.append(f"<{prefix}row{number}>{inside}</{prefix}row>")
    content = f"<{prefix}worksheet><{prefix}sheetData>{''.join(rows)}".encode()
    pieces = [content[at : at + 7919] for at in range(0, len(content), 7919)]
    glance = Glance()
    for piece in pieces:
        glance.look(piece)
    assert glance.is_near is (bool(name) and columns == "ABCDEFGH")
    check_reach(pieces, 5000 * 28)
    with pytest.raises(BadInput, match="reaches to row"):
        check_reach(pieces, 5000 * len(columns) - 1)


def of_nothing(part: str) -> bytes:
    """A workbook a part of which has 70 MB of the same."""
    return with_part(xlsx_file([HEADER, ROW]), part, b"<sst>" + b" " * 70_000_000)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_a_workbook_that_unpacks_to_far_more_than_its_size_is_refused(file: Any, part: str) -> None:
    found, _ = file(of_nothing(part))
    assert re.search(r"unpacks to \d{3,4} times its size", found.rejected[0].reason)


def test_more_texts_than_a_table_of_parcels_has_are_refused(
    file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_PARTS_CHECKED_FROM", 0)
    monkeypatch.setattr(archives, "_TEXTS_LIMIT", 100_000)
    texts = "".join(f"<si><t>{number}</t></si>" for number in range(10_000)).encode()
    content = with_part(xlsx_file([HEADER, ROW]), "xl/styles.xml", texts)
    found, _ = file(content)
    assert "of texts; split it" in found.rejected[0].reason


def test_folders_in_an_archive_are_passed_over_and_of_two_parts_the_later_counts(file: Any) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_file([HEADER, ROW]))) as packed,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as again,
        warnings.catch_warnings(action="ignore"),
    ):
        again.writestr(zipfile.ZipInfo("xl/"), b"")
        again.writestr("xl/worksheets/sheet1.xml", b"<worksheet/>")
        for name in packed.namelist():
            again.writestr(name, packed.read(name))
    found, tables = file(out.getvalue())
    assert found.rejected == ()
    assert lines(tables) == [LINE]


def test_one_unreadable_file_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "b.xlsx").write_bytes(xlsx_file([HEADER, ROW]))
    connection = duckdb.connect()
    paths = [tmp_path / "a.pdf", tmp_path / "b.xlsx", tmp_path / "missing.csv"]
    found = read_bills(connection, paths, ReadingOptions())
    assert [one.name for one in found.files] == ["b.xlsx"]
    assert [one.file for one in found.rejected] == ["a.pdf", "missing.csv"]
    assert lines(connection) == [LINE]
