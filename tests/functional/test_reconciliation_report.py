"""The files of a reconciliation, read back as people and machines read them."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec.json import encode
from msgspec.structs import replace
from openpyxl.worksheet.worksheet import Worksheet

from aftersales.errors import BadInput
from courier_reconciliation.model import Kind
from courier_reconciliation.output.report import ReportOptions, Written, write_report
from courier_reconciliation.output.sheets import Book, Column, Look
from courier_reconciliation.output.workbook import Limits
from courier_reconciliation.result_json import as_json
from tests.report_world import World, usual_month

OPTIONS = ReportOptions(received_on=date(2026, 11, 2), today=date(2026, 11, 3))


def written(
    world: World,
    folder: Path,
    language: str = "zh-CN",
    options: ReportOptions = OPTIONS,
) -> Written:
    with world.connection() as connection:
        return write_report(connection, world.result(), folder, language=language, options=options)


def listed(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "spreadsheet programs need the mark"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def texts(sheet: Worksheet) -> list[str]:
    return [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month")
    written(usual_month(), folder)
    return folder


@pytest.fixture(scope="module")
def book(month: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(month / "reconciliation.xlsx")


def test_a_report_is_a_workbook_lists_claims_and_the_answer(tmp_path: Path) -> None:
    told = written(usual_month(), tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in told.files}
    assert names == {
        "reconciliation.xlsx",
        "lines.csv",
        "unbilled.csv",
        "discrepancies.csv",
        "not_auditable.csv",
        "refused.csv",
        "claims/sto_all.csv",
        "claims/sto_lost.csv",
        "claims/sf_all.csv",
        "result.json",
    }
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert there == names


def test_the_workbook_has_a_sheet_for_each_question(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [
        *("汇总", "差异明细", "索赔 申通快递", "索赔 顺丰速运", "账单有发货无", "发货有账单无"),
        *("结转下期", "无法核对", "未读取的行", "逐行明细", "图表数据"),
    ]


@pytest.mark.parametrize("name", ["差异明细", "索赔 申通快递", "逐行明细", "无法核对"])
def test_tables_have_frozen_headings_widths_and_a_filter(
    book: openpyxl.Workbook, name: str
) -> None:
    sheet = book[name]
    assert sheet.freeze_panes is not None
    assert sheet.auto_filter.ref == sheet.dimensions
    assert all(sheet.column_dimensions[letter].width > 5 for letter in "ABC")


def test_the_summary_says_what_is_at_stake_and_until_when(book: openpyxl.Workbook) -> None:
    sheet = book["汇总"]
    rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
    money = {row[0]: row[1] for row in rows if row[0]}
    assert money["账单总额"] == 85.07
    assert money["可索赔总额"] == 21.70
    dates = {row[6]: row[7] for row in rows[:8] if len(row) > 7 and row[6]}
    assert dates["账单自动确认日"] == datetime(2026, 11, 16)
    assert dates["应提出异议日"] == datetime(2026, 11, 7)
    assert dates["剩余天数"] == 4
    told = "\n".join(map(str, texts(sheet)))
    assert "多计重量 (申通快递)：2 项，¥6.00。计费重量高于我方称重，超出约定误差。" in told


def test_the_parts_of_the_money_add_up_to_what_was_billed(book: openpyxl.Workbook) -> None:
    rows = [row for row in book["汇总"].iter_rows(values_only=True) if row[0]]
    at = next(n for n, row in enumerate(rows) if str(row[0]).startswith("金额构成"))
    heads, values = rows[at + 1], rows[at + 2]
    parts = dict(zip(heads, values, strict=True))
    assert parts["校验（应为 0）"] == 0
    billed = parts["相符"] + parts["其余行的应付"] + parts["多收"] - parts["少收"]
    billed += parts["非我方运单"] + parts["重复计费"] + parts["无法核对"]
    assert round(billed, 2) == parts["账单金额"] == 85.07


def test_the_summary_has_three_charts_over_data_that_are_there(book: openpyxl.Workbook) -> None:
    assert len(book["汇总"]._charts) == 3
    data = [row for row in book["图表数据"].iter_rows(min_row=2, values_only=True)]
    kinds = {row[0]: row[1] for row in data if row[0]}
    assert kinds == {"丢件仍计费": 6.2, "多计重量": 6, "附加费不应收取": 5, "非我方运单": 4.5}
    assert {row[3]: row[4] for row in data if row[3]} == {"申通快递": 16.7, "顺丰速运": 5}
    assert {row[6]: row[7] for row in data if row[6]} == {"10-12": 21.7}


def test_a_discrepancy_shows_kind_money_evidence_and_rule(book: openpyxl.Workbook) -> None:
    rows = table(book["差异明细"])
    row = next(row for row in rows if row["运单号"] == "7700000002001")
    assert row["差异类型"] == "多计重量"
    assert (row["账单金额"], row["合同应付"], row["差额"]) == (8.20, 6.20, 2.00)
    assert row["依据"] == "我方称重：1.2 kg；应计重量：1.2 kg；账单重量：2 kg"
    assert row["规则"] == "计费重量高于我方称重，超出约定误差。"
    assert row["合同条款"].startswith("价目表第 2 行：1000 g 以内 ¥3.20")
    assert row["账单日期"] == datetime(2026, 10, 12)
    assert row["可索赔"] == "是"
    kinds = [row["差异类型"] for row in rows]
    assert kinds == sorted(kinds, key=kinds.index), "kinds stand together"


def test_waybills_are_text_and_amounts_are_numbers(book: openpyxl.Workbook) -> None:
    sheet = book["逐行明细"]
    heads = [cell.value for cell in sheet[1]]
    waybill, money = heads.index("运单号"), heads.index("账单金额")
    for row in sheet.iter_rows(min_row=2):
        assert row[waybill].data_type in "s"
        assert isinstance(row[waybill].value, str)
        assert row[money].data_type == "n"
        assert row[money].number_format.startswith("#,##0.00")


def test_every_line_has_a_verdict_and_an_expected_amount(month: Path) -> None:
    rows = {row["waybill_number"]: row for row in listed(month / "lines.csv")}
    assert len(rows) == 13
    assert rows["7700000001000"]["verdict"] == "agreed"
    heavy = rows["7700000002001"]
    assert (heavy["billed_minor"], heavy["expected_minor"], heavy["difference_minor"]) == (
        ("820", "620", "200")
    )
    assert (heavy["verdict"], heavy["kinds"]) == ("disputed", "weight_over")
    assert rows["7700000002003"]["verdict"] == "unmatched"
    unclear = rows["7700000004001"]
    assert (unclear["verdict"], unclear["expected_minor"]) == ("not_auditable", "")


def test_a_line_that_was_explained_away_agrees_on_a_closer_look(tmp_path: Path) -> None:
    world = World()
    world.line("7700000000001", 621, "disputed")
    written(world, tmp_path)
    (row,) = listed(tmp_path / "lines.csv")
    assert (row["verdict"], row["difference_minor"]) == ("explained", "0")


def test_rows_taken_together_in_one_finding_each_show_their_share(tmp_path: Path) -> None:
    world = World()
    one = world.wrong("SF1400000000011", Kind.LOST_BILLED, 1500, 100, courier="sf")
    shipment = world.lines[0]["shipment"]
    row = world.line("SF1400000000011", 200, "disputed", courier="sf", shipment=shipment)
    world.found[0] = replace(
        one,
        billed_minor=1700,
        evidence=(("rows", f"{one.row}, {row}"), ("charges", "freight, cod")),
    )
    written(world, tmp_path)
    shares = [(row["billed_minor"], row["expected_minor"], row["verdict"])
              for row in listed(tmp_path / "lines.csv")]  # fmt: skip
    assert shares == [("1500", "100", "disputed"), ("200", "0", "disputed")]
    (claim,) = listed(tmp_path / "claims" / "sf_lost.csv")
    assert claim["依据"].endswith("涉及费用：运费, 代收货款手续费")


def test_a_claim_has_the_columns_of_the_couriers_own_bill(month: Path) -> None:
    (sf,) = listed(month / "claims" / "sf_all.csv")
    assert list(sf)[:6] == ["运单号码", "日期", "服务", "到件地区", "计费重量", "应付金额"]
    assert (sf["运单号码"], sf["应付金额"], sf["合同应付"], sf["差额"]) == (
        *("SF1400000000011", "5.00", "0.00"), "5.00",
    )  # fmt: skip
    assert (sf["服务"], sf["原因"]) == ("偏远附加费", "附加费不应收取")
    sto = listed(month / "claims" / "sto_all.csv")
    assert list(sto[0])[:6] == [
        "运单号",
        "业务时间",
        "费用类型",
        "目的省份",
        "结算重量",
        "应收金额",
    ]
    assert [row["差额"] for row in sto] == ["2.00", "4.00", "4.50"]
    assert {row["最迟提出日"] for row in sto} == {"2026-11-07"}


def test_a_lost_parcel_is_a_claim_for_its_value_and_freight(month: Path) -> None:
    billed, unbilled = listed(month / "claims" / "sto_lost.csv")
    assert (billed["声明价值"], billed["索赔金额"]) == ("300.00", "306.20")
    assert billed["最迟提出日"] == "2027-10-12"
    assert (unbilled["运单号"], unbilled["索赔金额"]) == ("7700000003003", "120.00")


def test_the_claim_sheet_has_all_claims_to_the_courier(book: openpyxl.Workbook) -> None:
    rows = table(book["索赔 申通快递"])
    assert {row["索赔类别"] for row in rows} == {"账单差异", "丢失赔偿"}
    assert round(sum(row["索赔金额"] for row in rows), 2) == 10.50 + 306.20 + 120


def test_ups_is_claimed_in_english_and_within_its_own_window(tmp_path: Path) -> None:
    world = World()
    world.wrong("1Z0000000000000001", Kind.ADDRESS_CORRECTION, 2300, 0, courier="ups",
                currency="USD", charge="address_correction")  # fmt: skip
    written(world, tmp_path)
    (row,) = listed(tmp_path / "claims" / "ups_all.csv")
    assert (row["Tracking Number"], row["Net Amount"]) == ("1Z0000000000000001", "23.00")
    assert row["Reason"] == "Address correction not due"
    assert row["File by"] == "2027-01-10"


def test_claims_in_two_currencies_are_two_files(tmp_path: Path) -> None:
    world = World()
    world.wrong("SF1", Kind.WEIGHT_OVER, 900, 800, courier="sf")
    world.wrong("SF2", Kind.WEIGHT_OVER, 900, 800, courier="sf", currency="HKD")
    written(world, tmp_path)
    names = {path.name for path in (tmp_path / "claims").iterdir()}
    assert names == {"sf_all_CNY.csv", "sf_all_HKD.csv"}


def test_shipments_without_a_bill_are_listed_with_the_reason(
    month: Path, book: openpyxl.Workbook
) -> None:
    reasons = {row["waybill_number"]: row["reason"] for row in listed(month / "unbilled.csv")}
    assert reasons == {
        "7700000003001": "carry_over",
        "7700000003002": "in_transit",
        "7700000003003": "not_due",
    }
    assert [row["运单号"] for row in table(book["结转下期"])] == ["7700000003001"]
    assert len(table(book["发货有账单无"])) == 2
    assert [row["运单号"] for row in table(book["账单有发货无"])] == ["7700000002003"]


def test_what_a_bill_lacks_stands_before_the_parcels_of_other_months(tmp_path: Path) -> None:
    world = World()
    for number, reason in enumerate(("outside_period", "other_courier", "missing", "not_due")):
        world.missing(f"SF{number}", reason)
    written(world, tmp_path)
    told = [row["reason"] for row in listed(tmp_path / "unbilled.csv")]
    assert told == ["missing", "not_due", "other_courier", "outside_period"]


def test_refused_rows_and_files_are_told_once_with_place_and_reason(
    month: Path, book: openpyxl.Workbook
) -> None:
    rows = listed(month / "refused.csv")
    assert [(row["file"], row["row"], row["reason"]) for row in rows] == [
        ("sto-10.xlsx", "90", "digits are lost"),
        ("price list.xlsx", "", "no table of parcels"),
    ]
    assert len(table(book["未读取的行"])) == 2


def test_what_cannot_be_audited_has_a_list_of_its_own(month: Path, book: openpyxl.Workbook) -> None:
    (row,) = listed(month / "not_auditable.csv")
    assert (row["billed_minor"], row["reason"]) == ("777", "the card has no price for 西藏")
    (shown,) = table(book["无法核对"])
    assert shown["账单金额"] == 7.77


def test_the_json_is_the_one_that_is_printed(month: Path) -> None:
    told = json.loads((month / "result.json").read_text("utf-8"))
    assert told == json.loads(encode(as_json(usual_month().result())))
    assert told["claimable_minor"] == 2170


@pytest.mark.parametrize(("language", "summary"), [("zh-TW", "彙總"), ("en", "Summary")])
def test_a_report_speaks_the_language_of_the_desk(
    tmp_path: Path, language: str, summary: str
) -> None:
    written(usual_month(), tmp_path, language)
    book = openpyxl.load_workbook(tmp_path / "reconciliation.xlsx")
    assert book.sheetnames[0] == summary
    if language == "en":
        (first, *_) = table(book["Discrepancies"])
        assert first["Rule"] == "The waybill is in none of our shipments."
        assert book.sheetnames[2] == "Claim STO Express"


NASTY = ["=HYPERLINK(\"http://x.example\",1)", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "　=1",
         "<r><t>x</t></r>", "a&b<c>", "_x0041_", "\x01\x1fdamaged"]  # fmt: skip


def test_nothing_that_a_file_says_becomes_a_formula_or_breaks_the_workbook(tmp_path: Path) -> None:
    world = World()
    for number, text in enumerate(NASTY):
        world.wrong(
            f"770000000{number:04d}", Kind.RATE_WRONG, 900, 620, remark=text, service=text,
            sheet=text, file=f"{text}.csv", rule=text, evidence=(("label", text),),
            shipped={"order_id": text, "city": text},
        )  # fmt: skip
        world.refused.append({"line": -number, "file": text, "sheet": text, "row": number,
                              "waybill": text, "currency": text, "amount_minor": 1,
                              "courier": text, "reason": text})  # fmt: skip
        world.missing(f"88000000{number:05d}", "missing", order_id=text, city=text, courier=text)
    told = written(world, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "reconciliation.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    values = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [text for text in values if text.strip().startswith(("=", "+", "-", "@"))]
    remarks = {row["备注"] for row in table(book["逐行明细"])}
    assert {"<r><t>x</t></r>", "a&b<c>", "damaged", "'+1"} <= remarks
    for path in told.files:
        if path.suffix == ".csv":
            found = [text for row in listed(path) for text in row.values() if text]
            assert not [t for t in found if t.strip().startswith(("=", "+", "@", "-1"))], path.name


def test_the_name_of_a_sheet_is_one_that_spreadsheets_take(tmp_path: Path) -> None:
    world = World()
    world.wrong("1", Kind.RATE_WRONG, 900, 620, courier="a[b]:c*?/\\ and many more characters")
    world.wrong("2", Kind.RATE_WRONG, 900, 620, courier="A(b) c     and many more characters")
    written(world, tmp_path)
    names = openpyxl.load_workbook(tmp_path / "reconciliation.xlsx").sheetnames
    assert len(names) == len({name.casefold() for name in names})
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    assert all("/" not in path.name for path in (tmp_path / "claims").iterdir())


def test_a_table_that_is_too_long_for_a_sheet_is_in_its_file(tmp_path: Path) -> None:
    options = replace(OPTIONS, limits=Limits(sheet_rows=5, line_rows=3))
    written(usual_month(), tmp_path, options=options)
    book = openpyxl.load_workbook(tmp_path / "reconciliation.xlsx")
    assert "共 13 行，超出本表容量，全部见 lines.csv" in texts(book["逐行明细"])
    assert "共 6 行，超出本表容量，全部见 discrepancies.csv" in texts(book["差异明细"])
    assert len(table(book["结转下期"])) == 1
    assert len(listed(tmp_path / "lines.csv")) == 13


def test_a_table_as_long_as_its_sheet_takes_is_whole(tmp_path: Path) -> None:
    book = Book(tmp_path / "x.xlsx", tmp_path)
    for rows in (3, 4):
        book.add_table(f"{rows}", [Column("n", 9, Look.NUMBER)], ([n] for n in range(rows)),
                       most_rows=3, otherwise="more")  # fmt: skip
    book.close()
    read = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert texts(read["3"]) == ["n", 0, 1, 2]
    assert texts(read["4"])[-1] == "more"


def test_a_second_run_replaces_the_first_and_takes_outdated_claims_away(tmp_path: Path) -> None:
    written(usual_month(), tmp_path)
    note = tmp_path / "claims" / "notes of the phone call.txt"
    note.write_text("they will pay", "utf-8")
    world = World()
    world.wrong("7700000002001", Kind.WEIGHT_OVER, 820, 620)
    written(world, tmp_path)
    assert {path.name for path in (tmp_path / "claims").iterdir()} == {"sto_all.csv", note.name}
    assert len(listed(tmp_path / "claims" / "sto_all.csv")) == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_month_without_anything_wrong_is_a_report_too(tmp_path: Path) -> None:
    world = World()
    world.line("7700000000001", 620)
    told = written(world, tmp_path)
    assert told.claims == ()
    assert openpyxl.load_workbook(tmp_path / "reconciliation.xlsx").sheetnames[0] == "汇总"


def test_late_guaranteed_parcels_are_listed_where_the_times_are_known(tmp_path: Path) -> None:
    world = World(with_times=True)
    times = {"service": "prioritynight", "promised_at": "2026-10-13T10:30:00+00:00"}
    for number, minutes in enumerate((30, 45, 59)):
        shipped = times | {
            "service": "fedexpriorityovernight",
            "delivered_at": f"2026-10-13T10:{minutes}:00+00:00",
        }
        world.line(f"79000000000{number}", 4200, courier="fedex", currency="USD", shipped=shipped)
    world.line("790000000009", 4200, courier="fedex", currency="USD", shipped=times)
    told = written(world, tmp_path)
    assert [late.late_minutes for late in told.late] == [15, 29]
    rows = listed(tmp_path / "late.csv")
    assert [(row["refund_minor"], row["file_by"]) for row in rows] == [("4200", "2026-10-28")] * 2
    assert len(table(openpyxl.load_workbook(tmp_path / "reconciliation.xlsx")["时效退款"])) == 2


def test_money_that_is_claimed_is_not_asked_for_as_a_late_refund(tmp_path: Path) -> None:
    world = World(with_times=True)
    world.wrong("790000000001", Kind.WEIGHT_OVER, 5000, 4200, courier="fedex", currency="USD",
                shipped={"service": "fedexpriorityovernight",
                         "promised_at": "2026-10-13T10:30:00",
                         "delivered_at": "2026-10-14T10:30:00"})  # fmt: skip
    (late,) = written(world, tmp_path).late
    assert late.shipment.left_minor == 4200


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", "utf-8")
    with pytest.raises(BadInput, match="cannot be written"):
        written(usual_month(), tmp_path / "taken")


def test_a_report_without_a_workbook_is_lists_only(tmp_path: Path) -> None:
    told = written(usual_month(), tmp_path, options=replace(OPTIONS, with_workbook=False))
    assert not (tmp_path / "reconciliation.xlsx").exists()
    assert tmp_path / "lines.csv" in told.files
