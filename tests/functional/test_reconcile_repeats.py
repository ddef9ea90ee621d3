"""What a bill says twice, and what it says of parcels without a number of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from courier_reconciliation.engine.run import Options, reconcile
from courier_reconciliation.engine.shipment_file import read_shipments
from courier_reconciliation.output.words_reasons import translate
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import ReadingOptions
from courier_reconciliation.result import Reconciliation
from tests.export_files import xlsx_sheets
from tests.functional.test_reconcile_engine import (
    BILL,
    CARD,
    HEAD,
    A,
    B,
    C,
    Workshop,
    compare,
    desk,
    kinds,
    write,
)

__all__ = ["desk"]
D = "7740000000004"
SHIPPED = [(number, "sto", "2026-10-10", 900, "浙江", "delivered") for number in (A, B, C, D)]
ROWS = [(number, "2026-10-10", 0.9, "浙江", "3.20") for number in (A, B, C, D)]


def of_files(desk: Workshop, folder: Path, *bills: Path) -> Reconciliation:
    shipments = write(folder / "shipments.csv", [HEAD, *SHIPPED])
    options = ReadingOptions(period="2026-10", courier="sto")
    read = read_bills(desk.connection, bills, options)
    shipped = read_shipments(desk.connection, shipments, "Asia/Shanghai", desk.folder)
    wanted = Options(period="2026-10")
    return reconcile(desk.connection, read, CARD, wanted, desk.folder, shipped.rejected)


def workbook(folder: Path, name: str, sheets: dict[str, list[tuple[object, ...]]]) -> Path:
    path = folder / name
    path.write_bytes(xlsx_sheets({title: [BILL, *rows] for title, rows in sheets.items()}))
    return path


def test_a_sheet_that_repeats_another_is_counted_once_and_named(desk, tmp_path):
    path = workbook(tmp_path, "bill.xlsx", {"重点件": ROWS[1:3], "明细": ROWS})
    result = of_files(desk, tmp_path, path)
    assert kinds(result) == []
    assert (result.lines, result.total_billed_minor) == (4, 1280)
    assert result.notes == (
        "bill.xlsx, sheet 重点件: not counted: its rows stand on sheet 明细 already",
    )


def test_a_row_that_two_sheets_of_a_bill_have_is_counted_once_and_told(desk, tmp_path):
    path = workbook(tmp_path, "bill.xlsx", {"上半月": ROWS[:2], "下半月": ROWS[1:]})
    result = of_files(desk, tmp_path, path)
    assert kinds(result) == []
    assert (result.lines, result.total_billed_minor) == (4, 1280)
    (note,) = result.notes
    assert note == (
        "bill.xlsx, sheet 下半月: 1 of its rows are not counted: they stand on sheet 上半月 already"
    )
    assert translate(note, "zh-CN") == (
        "bill.xlsx, sheet 下半月：其中 1 行未计入，这些行已在表 上半月 上"
    )


def test_a_row_that_stands_again_within_another_sheet_is_billed_twice(desk, tmp_path):
    sheets = {"上半月": ROWS[:2], "下半月": [*ROWS[2:], ROWS[1]]}
    result = of_files(desk, tmp_path, workbook(tmp_path, "bill.xlsx", sheets))
    assert kinds(result) == [(B, "duplicate_waybill", 320)]


def test_sheets_may_overlap_by_many_rows(desk, tmp_path):
    sheets = {"上半月": ROWS[:3], "下半月": ROWS[1:]}
    result = of_files(desk, tmp_path, workbook(tmp_path, "bill.xlsx", sheets))
    assert (kinds(result), result.lines) == ([], len(ROWS))


@pytest.mark.parametrize(
    "again",
    [(B, "2026-10-11", 0.9, "浙江", "3.20"), (B, "2026-10-10", 0.8, "浙江", "3.20")],
    ids=["another day", "another weight"],
)
def test_a_parcel_that_two_sheets_bill_by_rows_of_their_own_is_billed_twice(desk, tmp_path, again):
    path = workbook(tmp_path, "bill.xlsx", {"上半月": ROWS[:2], "下半月": [again, *ROWS[2:]]})
    assert kinds(of_files(desk, tmp_path, path)) == [(B, "duplicate_waybill", 320)]


def test_a_row_that_one_sheet_has_twice_is_billed_twice_whatever_another_sheet_has(desk, tmp_path):
    sheets = {"上半月": ROWS[:2], "下半月": [ROWS[1], ROWS[1], *ROWS[2:]]}
    result = of_files(desk, tmp_path, workbook(tmp_path, "bill.xlsx", sheets))
    assert kinds(result) == [(B, "duplicate_waybill", 320)]
    assert result.total_billed_minor == 5 * 320


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        (9.6, [(B, "duplicate_waybill", 320)]),
        (6.4, []),
        (16.0, [(B, "duplicate_waybill", 320)]),
        (12.8, []),
    ],
)
def test_a_row_that_the_printed_sum_counts_once_more_is_billed_twice(
    desk, tmp_path, printed, found
):
    sheets = {"上半月": ROWS[:2], "下半月": [*ROWS[1:], ("合计", "", "", "", printed)]}
    assert kinds(of_files(desk, tmp_path, workbook(tmp_path, "bill.xlsx", sheets))) == found


def test_a_row_that_two_files_have_is_billed_twice(desk, tmp_path):
    first = workbook(tmp_path, "1.xlsx", {"明细": ROWS[:2]})
    second = workbook(tmp_path, "2.xlsx", {"明细": ROWS[1:]})
    result = of_files(desk, tmp_path, first, second)
    assert kinds(result) == [(B, "duplicate_waybill", 320)]


def test_a_bill_that_was_saved_again_is_counted_once(desk, tmp_path):
    first = workbook(tmp_path, "bill.xlsx", {"明细": ROWS})
    again = write(tmp_path / "bill (1).csv", [BILL, *reversed(ROWS)], "gb18030")
    result = of_files(desk, tmp_path, first, again)
    assert kinds(result) == []
    assert result.total_billed_minor == 1280
    assert [(one.file, one.reason) for one in result.rejected] == [
        ("bill (1).csv", "it has the same rows as bill.xlsx; each is counted once")
    ]


@pytest.mark.parametrize(("printed", "over"), [(12.8, []), (6.4, []), (13.8, [100]), (5.4, [-100])])
def test_the_last_sheet_may_print_its_own_sum_or_that_of_all(desk, tmp_path, printed, over):
    total = ("合计", "", "", "", printed)
    sheets = {"上半月": ROWS[:2], "下半月": [*ROWS[2:], total]}
    result = of_files(desk, tmp_path, workbook(tmp_path, "bill.xlsx", sheets))
    assert kinds(result) == [("", "total_mismatch", each) for each in over]


def test_sheets_without_parcels_are_named(desk, tmp_path):
    path = tmp_path / "bill.xlsx"
    path.write_bytes(xlsx_sheets({"汇总": [["项目", "金额"]], "明细": [BILL, *ROWS]}))
    assert of_files(desk, tmp_path, path).notes == (
        "bill.xlsx: no parcels were found on sheet 汇总",
    )


def test_parcels_of_a_row_that_is_refused_are_not_called_missing(desk, tmp_path):
    bill = [(f"{A}/{B}", "2026-10-10", "", "浙江", "6.40"), *ROWS[2:]]
    result = compare(desk, tmp_path, SHIPPED, bill)
    assert kinds(result) == []
    assert "2 waybills" in result.rejected[0].reason


def test_a_row_that_lost_its_number_is_known_by_its_price_though_its_weight_is_by_size(
    desk, tmp_path
):
    heavy = (D, "sto", "2026-10-10", 900, "浙江", "delivered")
    bill = [*ROWS[:3], ("7.74E+12", "2026-10-10", 9, "浙江", "3.20")]
    assert kinds(compare(desk, tmp_path, [*SHIPPED[:3], heavy], bill)) == []


def test_a_missing_parcel_without_a_weight_is_named_at_the_least_price(desk, tmp_path):
    shipped = [*SHIPPED[:3], (D, "sto", "2026-10-10", "", "浙江", "")]
    result = compare(desk, tmp_path, shipped, ROWS[:3])
    assert kinds(result) == [(D, "missing_from_bill", -320)]
    assert ("own_weight_g", "unknown: the least price") in result.discrepancies[0].evidence


def test_a_missing_parcel_that_the_card_does_not_price_is_listed(desk, tmp_path):
    heavy = (D, "sto", "2026-10-10", 40_000, "浙江", "")
    card = replace(CARD, freight=(replace(CARD.freight[0], max_weight_g=30_000),))
    result = compare(desk, tmp_path, [*SHIPPED[:3], heavy], ROWS[:3], card=card)
    assert kinds(result) == []
    assert [(one.waybill_number, one.reason) for one in result.not_auditable] == [
        (D, "shipped in the period and on no bill; the card has no price for 40000 g to 浙江")
    ]


def test_a_bill_of_another_month_says_nothing_of_what_this_month_lacks(desk, tmp_path):
    august = [("7740000000099", "2026-08-10", 0.9, "浙江", "3.20")]
    result = compare(desk, tmp_path, SHIPPED, august)
    assert kinds(result) == []
    assert [one.reason.partition(",")[0] for one in result.not_auditable] == ["dated 2026-08-10"]
    assert "no bill of 2026-10 was given: what it lacks cannot be said" in result.notes
    assert result.total_expected_minor == result.total_billed_minor == 320


def test_a_bill_dated_by_its_own_day_is_a_bill_of_the_month_before(desk, tmp_path):
    november = [(number, "2026-11-03", 0.9, "浙江", "3.20") for number in (A, B, C)]
    result = compare(desk, tmp_path, SHIPPED, november)
    assert kinds(result) == [(D, "missing_from_bill", -320)]


def test_a_row_long_before_the_shipping_is_of_another_parcel_with_that_number(desk, tmp_path):
    bill = [*ROWS[:3], (D, "2026-07-10", 0.9, "浙江", "3.20")]
    result = compare(desk, tmp_path, SHIPPED, bill)
    assert kinds(result) == [(D, "missing_from_bill", -320)]
    assert [one.waybill_number for one in result.not_auditable] == [D]


def test_a_bill_that_names_no_currency_is_in_that_of_the_contract(desk, tmp_path):
    dollars = replace(CARD, freight=(replace(CARD.freight[0], currency="USD"),))
    result = compare(desk, tmp_path, SHIPPED, ROWS, card=dollars)
    assert (kinds(result), result.currency) == ([], "USD")


def test_a_bill_that_names_another_currency_is_not_compared(desk, tmp_path):
    head = [*BILL, "币种"]
    bill = [(*ROWS[0], "USD"), *((*row, "CNY") for row in ROWS[1:])]
    result = compare(desk, tmp_path, SHIPPED, bill, bill_head=head)
    assert kinds(result) == [(A, "currency_mismatch", 320)]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_text_that_was_not_copied_whole_is_told_with_the_row_at_which_it_ends(
    encoding, desk, tmp_path
):
    """The very last character is half there."""
    whole = write(tmp_path / "whole.csv", [BILL, *ROWS], encoding).read_bytes().rstrip()
    torn = tmp_path / "bill.csv"
    torn.write_bytes(whole[: whole.rindex(b",") - 1])
    result = of_files(desk, tmp_path, torn)
    assert [(one.row, one.reason.partition(",")[0]) for one in result.rejected] == [
        (5, "the file ends in the middle of row 5"),
        (5, "the row has no amount"),
    ]
    assert kinds(result) == []


def test_a_text_in_two_encodings_is_refused_with_the_reason(desk, tmp_path):
    many = [(f"774000{n:07d}", "2026-10-10", 0.9, "浙江", "3.20") for n in range(9000)]
    path = write(tmp_path / "bill.csv", [BILL, *many])
    path.write_bytes(path.read_bytes() + "7740000099999,2026-10-10,1,广东,3.20\r\n".encode("gbk"))
    result = of_files(desk, tmp_path, path, write(tmp_path / "other.csv", [BILL, *ROWS]))
    assert [(one.file, "something else further on" in one.reason) for one in result.rejected] == [
        ("bill.csv", True)
    ]
    assert result.lines == 4


def test_a_last_row_without_a_line_end_is_whole(desk, tmp_path):
    path = write(tmp_path / "bill.csv", [BILL, *ROWS, ("件量", 4)])
    path.write_bytes(path.read_bytes().rstrip())
    assert of_files(desk, tmp_path, path).rejected == ()
