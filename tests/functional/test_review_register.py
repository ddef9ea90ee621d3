"""The register of bad reviews: a spreadsheet that people open, read back with another program."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from aftersales.cases.casebook import Casebook
from aftersales.findings import Finding, Severity
from aftersales.review_records import ReviewRecord, Said, Verdict
from aftersales.settings.model import Settings, Shop
from aftersales.tables import reviews
from aftersales.tables import settings as settings_table
from aftersales.tables.reviews import Places
from local.review_register import COLUMNS, neutral, write_workbook
from tests.command_line import aftersales

WRITTEN = datetime(2026, 10, 31, 15, 30, tzinfo=UTC)  # 23:30 in the shop
LATER = datetime(2027, 12, 31, tzinfo=UTC)
SETTINGS = Settings(shops=(Shop(id="tb1", name="青禾家居"), Shop(id="tb2", name="青禾女装")))
NAMES = [column.name for column in COLUMNS]


def stored(
    review_id: str, text: str = "质量太差", shop: str = "tb1", **values: Any
) -> ReviewRecord:
    defaults: dict[str, Any] = {
        "shop_id": shop,
        "review_id": review_id,
        "written_at": WRITTEN,
        "first_seen_at": WRITTEN,
        "rating": 1,
        "verdict": Verdict(score=3.456, sentiment="negative", topics=("quality", "size")),
        "order_id": "2610310001",
        "product_title": "帆布包",
        "buyer": "l***8",
    }
    record = ReviewRecord(**{**defaults, **values})
    assert reviews.write(None, record, Said(text=text), Places(month="2026-10"), LATER)
    return record


@pytest.fixture
def desk(tables: Any) -> Settings:
    settings_table.push(SETTINGS)
    return SETTINGS


def written(tmp_path: Path, *more: str) -> tuple[list[dict[str, Any]], Any]:
    out = tmp_path / "october.xlsx"
    ran = aftersales("reviews", "register", "--month", "2026-10", "--out", out, *more)
    assert ran.code == 0, ran.err
    sheet = load_workbook(out).active
    head, *rows = list(sheet.values)
    return [dict(zip(NAMES, row, strict=True)) for row in rows], head


def test_a_month_is_one_row_for_each_bad_review_with_what_became_of_it(desk, tmp_path) -> None:
    record = stored("r1")
    book = Casebook.of(desk)
    book.open(Finding("bad_review", record.subject, Severity.WARN, "tb1"), WRITTEN)
    book.acknowledge(record.subject, "bad_review", "小林", WRITTEN)
    book.resolve(record.subject, "bad_review", "given_up", WRITTEN)
    stored("r2", rating=3, shop="tb2")
    rows, head = written(tmp_path)
    assert head[:3] == ("评价时间", "店铺", "评分")
    one = next(row for row in rows if row["shop"] == "青禾家居")
    assert one["written_at"] == datetime(2026, 10, 31, 23, 30)
    assert (one["rating"], one["score"]) == (1, 3.46)
    assert (one["topics"], one["buyer"], one["order_id"]) == ("质量, 尺码", "l***8", "2610310001")
    assert (one["owner"], one["outcome"]) == ("小林", "不再跟进")
    assert one["closed_at"] == datetime(2026, 10, 31, 23, 30)
    assert len(rows) == 2
    only, _ = written(tmp_path, "--shop", "tb2")
    assert [row["rating"] for row in only] == [3]


def test_telephone_numbers_in_reviews_are_masked(desk, tmp_path) -> None:
    stored("r1", "太差了，打我电话 13900139417 说清楚")
    (row,), _ = written(tmp_path)
    assert "太差了" in row["text"]
    assert "13900139417" not in row["text"]


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("https://example.com","看看")',
        "+1+1 太差",
        "-2 分",
        "@SUM(A1:A9)",
        "  =1+1",
        "＝1+1",
        "{=SUM(1)}",
        "https://example.com/x",
    ],
)
def test_no_cell_is_a_formula_or_a_link(desk, tmp_path, text) -> None:
    stored("r1", text, product_title=text, buyer=text)
    (row,), _ = written(tmp_path)
    assert row["product"].lstrip("'") == text
    sheet = load_workbook(tmp_path / "october.xlsx").active
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert b"<f>" not in zipfile.ZipFile(tmp_path / "october.xlsx").read("xl/worksheets/sheet1.xml")


@given(st.text(max_size=60))
def test_a_neutral_text_begins_like_no_formula(text: str) -> None:
    made = neutral(text)
    assert not made.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert neutral(made) == made


def test_whatever_a_buyer_writes_the_file_can_be_opened(desk, tmp_path) -> None:
    for number, text in enumerate(
        ["", "😡" * 50, "坏\x00\x0b了\ud83d", "差" * 10_000, "<b>坏</b>&amp;"]
    ):
        try:
            stored(f"r{number}", text)
        except UnicodeEncodeError:
            continue
    rows, _ = written(tmp_path)
    assert len(rows) >= 4


def test_a_month_without_bad_reviews_is_an_empty_sheet(desk, tmp_path) -> None:
    rows, head = written(tmp_path)
    assert rows == []
    assert len(head) == len(COLUMNS)


def test_what_is_no_month_is_refused_and_a_file_that_cannot_be_written_is_named(
    desk, tmp_path
) -> None:
    wrong = aftersales("reviews", "register", "--month", "October", "--out", tmp_path / "a.xlsx")
    assert (wrong.code, "2026-10" in wrong.err) == (2, True)
    assert not list(tmp_path.iterdir())
    lost = aftersales(
        "reviews", "register", "--month", "2026-10", "--out", tmp_path / "no" / "a.xlsx"
    )
    assert lost.code == 2
    assert "a.xlsx" in lost.err


def test_each_language_has_its_headings(tmp_path) -> None:
    for language, first in (("zh-CN", "评价时间"), ("zh-TW", "評價時間"), ("en", "Written")):
        path = tmp_path / f"{language}.xlsx"
        assert write_workbook(path, "2026-10", language, []) == 0
        assert load_workbook(path).active["A1"].value == first


def test_an_export_is_taken_in_by_hand_and_twice_changes_nothing(desk, tmp_path) -> None:
    file = tmp_path / "评价.csv"
    file.write_text(
        "订单编号,商品编号,评价类型,评价内容,评价时间\n"
        "1,p9,差评,杯盖漏水，太差了,2026-10-20 20:00:00\n"
        "2,p9,五颗星,很好,2026-10-20 21:00:00\n",
        "utf-8",
    )
    ran = aftersales("reviews", "import", file, "--shop", "tb1", "--json")
    assert ran.code == 0, ran.err
    (result,) = ran.json
    assert (result["rows_read"], result["rejected"], sum(result["became"].values())) == (2, 1, 1)
    assert "row 3" in result["refused"][0]["place"]
    again = aftersales("reviews", "import", file, "--shop", "tb1")
    assert (again.code, "1 unchanged" in again.out, "row 3" in again.out) == (0, True, True)
    assert aftersales("reviews", "import", file, "--shop", "nobody").code == 2
    file.write_text("a,b\n1,2\n", "utf-8")
    assert aftersales("reviews", "import", file, "--shop", "tb1").code == 1


def test_a_script_learns_what_was_written(desk, tmp_path) -> None:
    stored("r1")
    out = tmp_path / "a.xlsx"
    ran = aftersales("reviews", "register", "--month", "2026-10", "--out", out, "--json")
    assert ran.json == {"month": "2026-10", "shop": "", "file": str(out), "reviews": 1}
