"""Matching, bulk pricing and judging of bills, on the embedded database."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.errors import BadInput
from courier_reconciliation.engine import prices
from courier_reconciliation.engine.database import Workshop, workshop
from courier_reconciliation.engine.run import Options, reconcile
from courier_reconciliation.engine.shipment_file import read_shipments
from courier_reconciliation.engine.shipments import put_shipments
from courier_reconciliation.engine.zones import offset_minutes
from courier_reconciliation.model import Outcome, Shipment
from courier_reconciliation.rates.card import (
    E4,
    Basis,
    FreightRow,
    NotPriced,
    RateCard,
    Rounding,
    StepMode,
    SurchargeRow,
    facts_of,
)
from courier_reconciliation.rates.price import price
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.model import ReadingOptions
from courier_reconciliation.result import Reconciliation
from courier_reconciliation.surcharge_codes import due_of
from tests.export_files import with_part

HEAD = ("waybill_number", "courier", "shipped_at", "weight_g", "province", "outcome")
BILL = ("运单号", "业务时间", "结算重量", "目的省份", "应收金额")
MANY = 20_000
"""A file of so many rows is looked at here and there, not at its end."""
CARD = RateCard(
    (FreightRow(2, "sto", 320, base_weight_g=1000, step_price_minor=100,
                rounding=Rounding.CEIL_1000, provinces=("*",)),)
)  # fmt: skip


@pytest.fixture
def desk() -> Iterator[Workshop]:
    with workshop() as made:
        yield made


def write(path: Path, rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def compare(
    desk: Workshop,
    folder: Path,
    shipments: Sequence[Sequence[object]],
    *bills: Sequence[Sequence[object]],
    period: str = "2026-10",
    head: Sequence[str] = HEAD,
    bill_head: Sequence[str] = BILL,
    card: RateCard = CARD,
) -> Reconciliation:
    files = [write(folder / f"bill-{n}.csv", [bill_head, *rows]) for n, rows in enumerate(bills, 1)]
    read = read_bills(desk.connection, files, ReadingOptions(period=period, courier="sto"))
    path = write(folder / "shipments.csv", [head, *shipments])
    shipped = read_shipments(desk.connection, path, "Asia/Shanghai", desk.folder)
    options = Options(period=period)
    return reconcile(desk.connection, read, card, options, desk.folder, shipped.rejected)


def kinds(result: Reconciliation) -> list[tuple[str, str, int]]:
    return [(d.waybill_number, d.kind.value, d.difference_minor) for d in result.discrepancies]


A, B, C = "7740000000001", "7740000000002", "7740000000003"


def sent(number: str, day: str = "2026-10-05", grams: int = 900, outcome: str = "delivered"):
    return (number, "sto", day, grams, "浙江", outcome)


def billed(number: str, amount: str = "3.20", day: str = "2026-10-05", kg: str = "1"):
    return (number, day, kg, "浙江省", amount)


def test_a_right_bill_has_no_discrepancies(desk, tmp_path):
    result = compare(desk, tmp_path, [sent(A), sent(B)], [billed(A), billed(B)])
    assert kinds(result) == []
    assert (result.lines, result.matched, result.unmatched_bill) == (2, 2, 0)
    assert result.total_billed_minor == result.total_expected_minor == 640


def test_a_parcel_of_the_last_day_is_expected_on_the_next_bill(desk, tmp_path):
    shipments = [sent(A), sent(B, "2026-10-31"), sent(C, "2026-10-30")]
    result = compare(desk, tmp_path, shipments, [billed(A)])
    assert kinds(result) == [(C, "missing_from_bill", -320)]
    assert result.carry_over == 1


@pytest.mark.parametrize(("on_the_bill", "is_missing"), [(0, False), (1, False), (2, True)])
def test_a_bill_that_has_most_of_the_last_day_lacks_what_it_has_not(
    desk, tmp_path, on_the_bill, is_missing
):
    others = ["7740000000004", "7740000000005"][:on_the_bill]
    late = [sent(number, "2026-10-31") for number in (B, *others)]
    late += [sent(f"774000000001{n}", "2026-10-31", outcome="cancelled") for n in range(3)]
    bill = [billed(A), *(billed(number, day="2026-10-31") for number in others)]
    result = compare(desk, tmp_path, [sent(A), *late], bill)
    assert [number for number, *_ in kinds(result)] == [B] * is_missing
    assert result.carry_over == (not is_missing)


@pytest.mark.parametrize(
    ("outcome", "is_missing"),
    [("delivered", True), ("returned", True), ("", True), ("in_transit", False),
     ("cancelled", False), ("never_moved", False), ("lost", False)],
)  # fmt: skip
def test_only_what_was_carried_can_be_missing_from_a_bill(desk, tmp_path, outcome, is_missing):
    result = compare(desk, tmp_path, [sent(A), sent(B, outcome=outcome)], [billed(A)])
    assert kinds(result) == ([(B, "missing_from_bill", -320)] if is_missing else [])


def test_a_parcel_shipped_before_the_month_is_not_missing_but_may_be_billed(desk, tmp_path):
    shipments = [sent(A, "2026-09-30"), sent(B, "2026-09-28")]
    result = compare(desk, tmp_path, shipments, [billed(A, day="2026-10-01")])
    assert kinds(result) == []
    assert result.unmatched_shipments == 1


def test_a_number_used_twice_within_the_year_means_the_nearer_shipment(desk, tmp_path):
    shipments = [sent(A, "2026-02-03", 2900), sent(A, "2026-10-05", 900)]
    result = compare(desk, tmp_path, shipments, [billed(A)])
    assert kinds(result) == []
    assert result.matched == 1


def test_a_bill_of_an_earlier_month_shows_what_is_billed_again(desk, tmp_path):
    before = [billed(A, day="2026-09-30"), billed("7740000000009", day="2026-09-12")]
    shipments = [sent(A, "2026-09-30"), sent(B)]
    result = compare(desk, tmp_path, shipments, before, [billed(A), billed(B)])
    assert kinds(result) == [(A, "duplicate_waybill", 320)]
    assert result.lines == 2


def test_an_only_bill_of_another_month_is_checked_and_named(desk, tmp_path):
    result = compare(desk, tmp_path, [sent(A, "2026-09-05")], [billed(A, day="2026-09-05")])
    assert result.lines == 1
    assert any("2026-09" in note for note in result.notes)


def test_a_row_whose_number_was_lost_does_not_make_its_parcel_missing(desk, tmp_path):
    rows = [billed(A), billed("7.74E+12", day="2026-10-06")]
    result = compare(desk, tmp_path, [sent(A), sent(B, "2026-10-06")], rows)
    assert kinds(result) == []
    (refused,) = result.rejected
    assert refused.row == 3
    assert "7.74E+12" in refused.reason


def test_a_row_whose_number_was_lost_is_of_a_parcel_whose_number_begins_so(desk, tmp_path):
    other = "7810000000002"
    rows = [billed(A), billed("7.74E+12", day="2026-10-06")]
    shipments = [sent(A), sent(B, "2026-10-06"), sent(other, "2026-10-06")]
    result = compare(desk, tmp_path, shipments, rows)
    assert kinds(result) == [(other, "missing_from_bill", -320)]


@pytest.mark.parametrize("tax_is_inside", [True, False])
def test_a_bill_agrees_with_its_tax_or_without_it_but_not_row_by_row(desk, tmp_path, tax_is_inside):
    head = ("运单号", "寄件时间", "内部计费重量", "收件省份", "收入", "税费", "合计金额")
    agreed, dearer = ("3.02", "0.18", "3.20"), ("3.20", "0.19", "3.39")
    if not tax_is_inside:
        agreed, dearer = dearer, ("3.39", "0.20", "3.59")
    rows = [(n, "2026-10-05", "1", "浙江", *agreed) for n in (A, B)]
    rows.append((C, "2026-10-05", "1", "浙江", *dearer))
    result = compare(desk, tmp_path, [sent(A), sent(B), sent(C)], rows, bill_head=head)
    assert [(number, kind) for number, kind, _ in kinds(result)] == [(C, "rate_wrong")]


def test_what_the_receiver_was_to_pay_is_not_the_shops(desk, tmp_path):
    head = (*BILL, "付款方式")
    rows = [(*billed(A), "寄付月结"), (*billed(B), "到付"), (*billed(C, "0"), "到付月结")]
    result = compare(desk, tmp_path, [sent(A), sent(B), sent(C)], rows, bill_head=head)
    assert kinds(result) == [(B, "payment_party", 320)]
    assert (result.total_expected_minor, result.claimable_minor) == (320, 320)


def test_rows_of_one_parcel_that_the_receiver_was_to_pay_are_one_difference(desk, tmp_path):
    head = ("运单号码", "日期", "计费重量", "到件地区", "应付金额", "服务", "付款方式")
    parts = (("3.20", "运费"), ("1.00", "保费"))
    rows = [(A, "2026-10-05", "1", "杭州", *part, "到付") for part in parts]
    result = compare(desk, tmp_path, [sent(A)], rows, bill_head=head)
    assert kinds(result) == [(A, "payment_party", 420)]


def test_a_mistake_in_a_bill_without_tax_is_named_without_tax(desk, tmp_path):
    head = ("运单号", "寄件时间", "内部计费重量", "收件省份", "收入", "税费", "合计金额")
    rows = [(n, "2026-10-05", "1", "浙江", "3.20", "0.19", "3.39") for n in (A, B)]
    rows.append((C, "2026-10-05", "3", "浙江", "5.20", "0.31", "5.51"))
    result = compare(desk, tmp_path, [sent(A), sent(B), sent(C)], rows, bill_head=head)
    assert kinds(result) == [(C, "weight_over", 200)]


def test_pieces_billed_under_numbers_of_their_own_belong_to_their_shipment(desk, tmp_path):
    head = ("子单号", "母单号", "业务时间", "结算重量", "目的省份", "应收金额")
    rows = [("7740000000011", A, "2026-10-05", "1", "浙江", "3.20")]
    result = compare(desk, tmp_path, [sent(A)], rows, bill_head=head)
    assert kinds(result) == []
    assert result.matched == 1


def test_a_new_number_of_an_order_that_was_shipped_once_is_its_parcel(desk, tmp_path):
    head = ("运单号", "订单号", "业务时间", "结算重量", "目的省份", "应收金额")
    rows = [("7740000000012", "O-1", "2026-10-05", "1", "浙江", "3.20")]
    shipments = [(*sent(A), "O-1")]
    result = compare(desk, tmp_path, shipments, rows, head=(*HEAD, "order_id"), bill_head=head)
    assert kinds(result) == []


@pytest.mark.parametrize(("printed", "difference"), [("6.40", None), ("7.40", 100), ("6.00", -40)])
def test_a_printed_total_is_compared_with_its_rows(desk, tmp_path, printed, difference):
    rows = [billed(A), billed(B), ("合计", "", "", "", printed)]
    result = compare(desk, tmp_path, [sent(A), sent(B)], rows)
    expected = [] if difference is None else [("", "total_mismatch", difference)]
    assert kinds(result) == expected


def test_a_parcel_without_weight_or_price_is_not_auditable_and_never_free(desk, tmp_path):
    shipments = [(A, "sto", "2026-10-05", "", "浙江", "delivered"),
                 (B, "ups", "2026-10-05", 900, "浙江", "delivered")]  # fmt: skip
    result = compare(desk, tmp_path, shipments, [billed(A, kg=""), billed(B)])
    assert kinds(result) == []
    assert {one.waybill_number for one in result.not_auditable} == {A, B}
    assert result.total_expected_minor == result.total_billed_minor


# --- shipments -----------------------------------------------------------------------------------


def shipments_of(desk: Workshop, path: Path, zone: str = "Asia/Shanghai"):
    read = read_shipments(desk.connection, path, zone, desk.folder)
    rows = desk.connection.execute(
        'SELECT "row", waybill, courier, shipped_on, weight_g, province, outcome FROM shipments'
        ' ORDER BY "row"'
    ).fetchall()
    return read, rows


def workbook_of(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    options = {"default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(path, options) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for index, row in enumerate(rows):
                sheet.write_row(index, 0, row)
    return path


def test_shipments_in_a_workbook_are_read_from_the_sheet_that_has_them(desk, tmp_path):
    number, day = int(A), datetime(2026, 10, 5, 23, 30)
    sheets = {
        "说明": [("发货清单",), ("2026-10",)],
        "明细": [("十月发货",), HEAD, (number, "申通", day, 900, "浙江省", "delivered"), (),
               sent(B), (7312345678901234567, "sto", day, 900, "浙江", ""), sent("1.23E+12"),
               sent("7.7400000000123E+13")],
    }  # fmt: skip
    read, rows = shipments_of(desk, workbook_of(tmp_path / "发货.xlsx", sheets))
    same = "sto", date(2026, 10, 5), 900, "浙江", "delivered"
    assert [row[1:] for row in rows] == [(A, *same), (B, *same), ("77400000000123", *same)]
    assert [(one.row, "digits" in one.reason) for one in read.rejected] == [(6, True), (7, True)]


def test_a_workbook_without_shipments_is_refused_with_what_is_seen(desk, tmp_path):
    path = workbook_of(tmp_path / "发货.xlsx", {"一": [("运单号", "省份", "重量")]})
    with pytest.raises(
        BadInput, match=r"no sheet with the columns waybill_number, .* 运单号, 省份"
    ):
        shipments_of(desk, path)


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_damaged_workbook_of_shipments_is_refused(desk, tmp_path, start):
    path = tmp_path / "发货.xlsx"
    path.write_bytes(start + bytes(600))
    with pytest.raises(BadInput, match="damaged"):
        shipments_of(desk, path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'<row><c r="Z9999999"><v>1</v></c></row>', "reaches to row 9999999"),
        (b" " * 70_000_000, "times its size"),
    ],
)
def test_a_workbook_of_shipments_that_would_take_all_memory_is_refused(
    desk, tmp_path, content, reason
):
    path = workbook_of(tmp_path / "发货.xlsx", {"明细": [HEAD, sent(A)]})
    sheet = b"<worksheet><sheetData>" + content + b"</sheetData></worksheet>"
    path.write_bytes(with_part(path.read_bytes(), "xl/worksheets/sheet1.xml", sheet))
    with pytest.raises(BadInput, match=reason):
        shipments_of(desk, path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_shipments_are_read_in_any_usual_encoding(desk, tmp_path, encoding):
    path = write(tmp_path / "s.csv", [HEAD, sent(A), sent(B)], encoding)
    read, rows = shipments_of(desk, path)
    assert read.count == 2
    assert rows[0] == (2, A, "sto", date(2026, 10, 5), 900, "浙江", "delivered")


def test_bad_rows_are_named_and_the_others_are_read(desk, tmp_path):
    path = write(
        tmp_path / "s.csv",
        [HEAD, sent(A), sent("1.23E+12"), sent(B, day="yesterday"), sent(B, grams=-5),
         sent(B, outcome="eaten"), (), ("", "sto", "2026-10-05", 1, "浙江", ""), sent(C)],
    )  # fmt: skip
    read, rows = shipments_of(desk, path)
    assert [row[1] for row in rows] == [A, C]
    assert [one.row for one in read.rejected] == [3, 4, 5, 6, 8]
    assert "1.23E+12" in read.rejected[0].reason
    assert "yesterday" in read.rejected[1].reason
    assert "eaten" in read.rejected[3].reason


@pytest.mark.parametrize(
    "city",
    ['"杭州\n西湖"', '"杭州,"",西湖"', "杭州,too,many", '"never closed'],
)
def test_a_city_however_it_is_written_costs_no_other_row(desk, tmp_path, city):
    head = "waybill_number,courier,shipped_at,province,weight_g,city\n"
    rows = [f"{7740000000000 + n},sto,2026-10-05,浙江,900,杭州\n" for n in range(40)]
    rows[20] = f"7740000000020,sto,2026-10-05,浙江,900,{city}\n"
    path = tmp_path / "shipments.csv"
    path.write_text(head + "".join(rows), encoding="utf-8")
    found = read_shipments(desk.connection, path, "Asia/Shanghai", desk.folder)
    there = desk.connection.execute("SELECT waybill FROM shipments ORDER BY 1").fetchall()
    assert {row[0] for row in there} >= {str(7740000000000 + n) for n in range(40) if n != 20}
    assert len(there) + len(found.rejected) == 40


def test_ornaments_of_spreadsheets_are_taken_off(desk, tmp_path):
    path = write(
        tmp_path / "s.csv", [HEAD, sent(f"'{A}"), sent(f" {B} "), sent("ＪＴ1234567890123")]
    )
    _, rows = shipments_of(desk, path)
    assert sorted(row[1] for row in rows) == sorted([A, B, "JT1234567890123"])


def test_what_comes_late_in_a_file_is_read_as_well_as_what_comes_first(desk, tmp_path):
    many = [sent(f"77{5_000_000_000 + n}") for n in range(MANY)]
    late = [
        (A, "yto", "2026-10-31T23:30:00Z", 1200, "西藏自治区", "RETURNED"),
        (B, "sto", "2026-10-05 08:00:00", 700, "浙江省", "in transit"),
    ]
    read, rows = shipments_of(desk, write(tmp_path / "s.csv", [HEAD, *many, *late]))
    assert read.rejected == ()
    assert rows[MANY:] == [
        (MANY + 2, A, "yto", date(2026, 11, 1), 1200, "西藏", "returned"),
        (MANY + 3, B, "sto", date(2026, 10, 5), 700, "浙江", "in_transit"),
    ]


def test_a_bad_row_late_in_a_file_costs_no_other(desk, tmp_path):
    many = [sent(f"77{5_000_000_000 + n}") for n in range(MANY)]
    path = write(tmp_path / "s.csv", [HEAD, *many, (*sent(A)[:3], "heavy", *sent(A)[4:]), sent(B)])
    read, rows = shipments_of(desk, path)
    assert read.count == MANY + 1
    assert [(one.row, "heavy" in one.reason) for one in read.rejected] == [(MANY + 2, True)]
    assert rows[-1] == (MANY + 3, B, "sto", date(2026, 10, 5), 900, "浙江", "delivered")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-10-05", 5), ("2026-10-05 23:30:00", 5), ("2026-10-05T20:30:00Z", 6),
        ("2026-10-05T20:30:00.125Z", 6), ("2026-10-05T20:30:00+08:00", 5),
        ("2026-10-05T20:30:00-0500", 6), ("2026/10/5", 5), ("2026-10-05T20:30+00:00", 6),
    ],
)  # fmt: skip
def test_a_day_is_the_shops_however_times_are_written(desk, tmp_path, written, day):
    path = write(tmp_path / "s.csv", [HEAD, sent(A, written), sent(B, written)])
    _, rows = shipments_of(desk, path)
    assert {row[3] for row in rows} == {date(2026, 10, day)}


def test_times_of_guaranteed_services_are_kept_where_a_file_has_them(desk, tmp_path):
    head = (*HEAD, "promised_at", "delivered_at")
    rows = [
        (*sent(A), "2026-10-06T12:00", "2026-10-07T09:00"),
        (*sent("ＪＴ1234567890123"), "", ""),
    ]
    read_shipments(desk.connection, write(tmp_path / "s.csv", [head, *rows]), "UTC", desk.folder)
    kept = desk.connection.execute('SELECT promised_at, delivered_at FROM shipments ORDER BY "row"')
    assert kept.fetchone() == ("2026-10-06T12:00", "2026-10-07T09:00")


def test_a_file_without_the_needed_columns_says_which(desk, tmp_path):
    path = write(tmp_path / "s.csv", [("waybill_number", "weight"), (A, 1)])
    with pytest.raises(BadInput, match="courier, shipped_at, province"):
        read_shipments(desk.connection, path, "Asia/Shanghai", desk.folder)


MOMENTS = st.datetimes(
    datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(ZoneInfo("UTC"))
)
ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
)


@settings(max_examples=25, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(ZONES), st.data())
def test_the_day_of_a_time_is_that_of_the_shops_zone(moments, zone, data):
    written = []
    for moment in moments:
        own = ZoneInfo(data.draw(st.sampled_from((*ZONES, "UTC"))))
        text = moment.replace(microsecond=0).astimezone(own).isoformat()
        written.append(text.replace("+00:00", "Z"))
    with workshop() as desk:
        rows = [
            (f"77400000000{n:02d}", "sto", text, 1, "浙江", "") for n, text in enumerate(written)
        ]
        path = write(desk.folder / "s.csv", [HEAD, *rows])
        _, read = shipments_of(desk, path, zone)
    assert [row[3] for row in read] == [
        moment.astimezone(ZoneInfo(zone)).date() for moment in moments
    ]


@pytest.mark.parametrize(
    ("suffix", "minutes"),
    [("", None), ("Z", 0), ("+08:00", 480), ("-0530", -330), (".250Z", 0), ("+09", 540)],
)
def test_offsets_are_read_in_all_their_forms(suffix, minutes):
    assert offset_minutes(suffix) == minutes


# --- pricing in bulk -----------------------------------------------------------------------------

WEIGHTS = st.one_of(st.integers(1, 6000), st.sampled_from([500, 999, 1000, 1001, 3000, 3001, 3300]))


@st.composite
def cards(draw) -> RateCard:
    """Cards with ranges, validity, services, surcharges; some with gaps."""
    freight, extras, row = [], [], 2
    for provinces in (("浙江",), ("*",)):
        divisor = draw(st.sampled_from([None, 5000, 6000, 8000]))
        for lo, hi in draw(st.sampled_from([
            ((0, None),), ((0, 3000), (3001, None)), ((0, 1000), (1000, 3000), (3500, None)),
        ])):  # fmt: skip
            freight.append(
                FreightRow(
                    row, "sto", draw(st.integers(0, 3000)),
                    service=draw(st.sampled_from(["", "fast"])) if lo else "",
                    valid_to=draw(st.sampled_from([None, date(2026, 10, 15)])) if lo else None,
                    provinces=provinces, min_weight_g=lo, max_weight_g=hi,
                    base_weight_g=draw(st.sampled_from([0, 500, 1000])),
                    step_weight_g=draw(st.sampled_from([100, 500, 1000])),
                    step_price_minor=draw(st.integers(0, 300)),
                    step_mode=draw(st.sampled_from(StepMode)),
                    rounding=draw(st.sampled_from(Rounding)),
                    volumetric_divisor=draw(st.sampled_from([divisor, divisor, 3000])),
                    minimum_minor=draw(st.sampled_from([0, 400])),
                    discount_e4=draw(st.sampled_from([0, 10 * E4, 33_333])),
                    tax_e4=draw(st.sampled_from([0, 6 * E4])),
                )
            )  # fmt: skip
            row += 1
    for code in draw(st.sets(st.sampled_from(["remote", "insurance", "cod", "return", "fuel"]))):
        extras.append(
            SurchargeRow(
                row, "sto", code, draw(st.sampled_from(Basis)), draw(st.integers(0, 30 * E4)),
                due=due_of(code), provinces=draw(st.sampled_from([("*",), ("浙江",)])),
                max_weight_g=draw(st.sampled_from([None, 2000])),
                minimum_minor=draw(st.sampled_from([0, 50])),
                maximum_minor=draw(st.sampled_from([None, 700])),
            )
        )  # fmt: skip
        row += 1
    return RateCard(tuple(freight), tuple(extras))


@st.composite
def parcels(draw) -> Shipment:
    sides = draw(st.one_of(st.none(), st.tuples(*[st.integers(10, 600)] * 3)))
    length, width, height = sides or (None, None, None)
    return Shipment(
        "X", "sto", draw(st.dates(date(2026, 10, 10), date(2026, 10, 20))),
        draw(st.sampled_from(["浙江", "新疆"])), weight_g=draw(WEIGHTS),
        length_mm=length, width_mm=width, height_mm=height,
        service=draw(st.sampled_from(["", "fast"])),
        declared_value_minor=draw(st.sampled_from([None, 0, 12_345])),
        cod_minor=draw(st.sampled_from([None, 0, 9_999])),
        outcome=draw(st.sampled_from([Outcome.DELIVERED, Outcome.RETURNED])),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(cards(), st.lists(parcels(), min_size=1, max_size=30))
def test_pricing_in_bulk_is_pricing_one_by_one(card, shipments):
    with workshop() as desk:
        rows = []
        for n, s in enumerate(shipments):
            sides = (s.length_mm, s.width_mm, s.height_mm)
            rows.append(
                (f"W{n}", s.courier, s.shipped_on, "", s.weight_g, *sides, s.province, "",
                 s.service, s.declared_value_minor, s.cod_minor, 1, s.outcome.value, None)
            )  # fmt: skip
        put_shipments(desk.connection, rows, desk.folder)
        terms = prices.lay_out(desk.connection, card, desk.folder)
        sql = prices.priced_sql("shipments", terms)
        bulk = desk.connection.execute(
            f'SELECT expected_freight, expected_total FROM ({sql}) ORDER BY "row"'
        ).fetchall()
    for shipment, (freight, total) in zip(shipments, bulk, strict=True):
        one = price(card, facts_of(shipment))
        if isinstance(one, NotPriced):
            assert total is None
        elif total is not None:  # None is left to the slow way
            assert (freight, total) == (one.freight_minor, one.total_minor)


def test_bulk_pricing_leaves_little_to_the_slow_way(desk):
    rows = [
        (f"W{n}", "sto", date(2026, 10, 5), "", 100 + 37 * n, None, None, None, "浙江", "",
         "", None, None, 1, "delivered", None)
        for n in range(100)
    ]  # fmt: skip
    put_shipments(desk.connection, rows, desk.folder)
    terms = prices.lay_out(desk.connection, CARD, desk.folder)
    sql = prices.priced_sql("shipments", terms)
    counted = desk.connection.execute(f"SELECT count(expected_total) FROM ({sql})").fetchone()
    assert counted == (100,)
