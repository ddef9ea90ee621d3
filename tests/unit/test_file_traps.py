"""The traps of exported files: what spreadsheets, back offices and people do to them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from aftersales.errors import BadInput
from aftersales.parcels import OrderStatus, RefundStatus
from aftersales.platforms import regions, spreadsheet, statuses, values
from tests.export_files import csv_file, csv_of, read, table, with_part, xls_file, xlsx_file

SHANGHAI = ZoneInfo("Asia/Shanghai")
PLAIN = {"订单号": "100001", "快递单号": "YT0000000000001", "快递公司": "圆通速递"}


def plain(**changes: object) -> dict[str, object]:
    return {**PLAIN, **changes}


@pytest.mark.parametrize(
    "cell",
    [
        '="1000000000000000001"',
        "'1000000000000000001",
        "\t1000000000000000001\t",
        "１０００００００００００００００００１",
        "1000000000000000001.0",
        "\ufeff1000000000000000001 ",
        "1000000000000000001\n",
    ],
)
def test_an_order_number_loses_what_spreadsheets_put_around_it(cell):
    assert values.order_numbers(cell, several=False) == ("1000000000000000001",)


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("No:YT0000000000001", ["YT0000000000001"]),
        ("No：YT0000000000001", ["YT0000000000001"]),
        ("YT0000000000001;YT0000000000002", ["YT0000000000001", "YT0000000000002"]),
        ("YT0000000000001，YT0000000000002", ["YT0000000000001", "YT0000000000002"]),
        ("YT0000000000001、YT0000000000002", ["YT0000000000001", "YT0000000000002"]),
        ("YT0000000000001/YT0000000000002", ["YT0000000000001", "YT0000000000002"]),
        ("YT0000000000001\nYT0000000000002", ["YT0000000000001", "YT0000000000002"]),
        ("YT0000000000001 YT0000000000002", ["YT0000000000001", "YT0000000000002"]),
        ("YT0000000000001;YT0000000000001", ["YT0000000000001"]),
        ("1Z A1B 2C3 01 0000 0123", ["1ZA1B2C30100000123"]),
        ("yt0000000000001", ["YT0000000000001"]),
        (751234567890123, ["751234567890123"]),
        (75123456789012.0, ["75123456789012"]),
        ("JDVA01234567890-1-2-", ["JDVA01234567890"]),
        ("-", []),
        ("无需物流", []),
        ("", []),
        (None, []),
    ],
)
def test_a_waybill_cell_holds_none_one_or_several_numbers(cell, numbers):
    assert [number for number, _ in values.parcels(cell)] == numbers


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("YT0000000000001-圆通速递", ("YT0000000000001", "圆通速递")),
        ("YT0000000000001(圆通速递)", ("YT0000000000001", "圆通速递")),
        ("圆通速递:YT0000000000001", ("YT0000000000001", "圆通速递")),
    ],
)
def test_a_courier_beside_the_number_is_kept(cell, found):
    assert values.parcels(cell) == (found,)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("1.23E+12", "1.23E+12"),
        ("7.5123456789E+14", "digits are lost"),
        ("1,23E+12", "digits are lost"),
        (1.23e18, "more than 15 digits"),
        (1234567890123456, "more than 15 digits"),
        (1230000000000.0, "scientific notation"),
        (12.5, "decimals"),
        (datetime(2026, 5, 1), "date"),
        (True, "yes/no"),
        ("#N/A", "#N/A"),
        ("########", "error"),
        ("已发货", "no waybill number"),
        ("圆通", "no waybill number"),
    ],
)
def test_a_damaged_waybill_number_is_refused_and_never_guessed(cell, told):
    with pytest.raises(BadInput) as caught:
        values.parcels(cell)
    assert told in str(caught.value)


def test_a_damaged_row_is_refused_with_its_place_and_the_others_go_on():
    rows = [plain(), plain(订单号="100002", 快递单号="1.23E+12"), plain(订单号="100003")]
    for content, name, place in (
        (csv_of(*rows), "orders.csv", "orders.csv, row 3, column 快递单号"),
        (xlsx_file(table(*rows)), "orders.xlsx", "orders.xlsx, sheet 1, row 3, column 快递单号"),
    ):
        reading = read(content, name)
        assert [order.order_id for order in reading.orders] == ["100001", "100003"]
        assert [row.place for row in reading.rejected] == [place]
        assert reading.rows_read == 3
        assert json.loads(reading.rejected[0].raw)["快递单号"] == "1.23E+12"


def test_quarantine_keeps_nothing_about_a_person():
    row = plain(快递单号="1.23E+12", 收货人姓名="王小明", 联系手机="13800000000", 买家留言="门口")
    (rejected,) = read(csv_of(row)).rejected
    told = rejected.raw + rejected.reason + rejected.place
    assert not any(text in told for text in ("王小明", "13800000000", "门口"))


def test_numbers_kept_as_numbers_are_taken_up_to_fifteen_digits():
    rows = table(
        plain(订单号=260500000001, 快递单号=75123456789012),
        plain(订单号=1000000000000000001),
        plain(快递单号=1234567890123456789),
    )
    reading = read(xlsx_file(rows), "o.xlsx")
    assert [order.order_id for order in reading.orders] == ["260500000001"]
    assert [row.place.rsplit(", ", 2)[1:] for row in reading.rejected] == [
        ["row 3", "column 订单号"],
        ["row 4", "column 快递单号"],
    ]


def test_numbers_that_were_rounded_before_they_became_text_are_found_out():
    rounded = [plain(订单号=f"10000000000{n:04d}0000") for n in (1234, 5678)]
    reading = read(csv_of(*rounded))
    assert reading.orders == ()
    assert all("rounded" in row.reason for row in reading.rejected)
    assert len(reading.rejected) == 2


def test_one_number_that_ends_in_zeros_by_chance_is_taken():
    rows = [plain(订单号="1000000000012340000"), plain(订单号="1000000000012345678")]
    assert len(read(csv_of(*rows)).orders) == 2
    assert len(read(csv_of(rows[0])).orders) == 1


def test_a_missing_order_number_refuses_the_row_only():
    reading = read(csv_of(plain(), plain(订单号="")))
    assert len(reading.orders) == 1
    assert [row.reason for row in reading.rejected] == ["there is no order number"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-05-23 22:02:10", datetime(2026, 5, 23, 14, 2, 10)),
        ("2026/5/23 22:02", datetime(2026, 5, 23, 14, 2)),
        ("2026/5/3 10:00:00", datetime(2026, 5, 3, 2)),
        ("2026.05.23", datetime(2026, 5, 22, 16)),
        ("2026年5月23日 22:02", datetime(2026, 5, 23, 14, 2)),
        ("2026年5月23日 22时02分10秒", datetime(2026, 5, 23, 14, 2, 10)),
        ("20260523220210", datetime(2026, 5, 23, 14, 2, 10)),
        ("2026-05-23T22:02:10.123Z", datetime(2026, 5, 23, 22, 2, 10)),
        ("2026-05-01 10:00:00 +0900", datetime(2026, 5, 1, 1)),
        ("2026-05-01T10:00:00-07:00", datetime(2026, 5, 1, 17)),
        ("2026－05－23　22：02：10", datetime(2026, 5, 23, 14, 2, 10)),
        ("Sep-27-26", datetime(2026, 9, 26, 16)),
        ("5/31/2026 0:37", datetime(2026, 5, 30, 16, 37)),
        (46165.5, datetime(2026, 5, 23, 4)),
        ("46165.5", datetime(2026, 5, 23, 4)),
        (datetime(2026, 5, 23, 22, 2), datetime(2026, 5, 23, 14, 2)),
        (date(2026, 5, 23), datetime(2026, 5, 22, 16)),
        ("任意时间", None),
        ("-", None),
        ("0000-00-00 00:00:00", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_in_every_form(cell, expected):
    found = values.moment(cell, SHANGHAI)
    assert found == (expected.replace(tzinfo=UTC) if expected else None)


@pytest.mark.parametrize(
    "cell", ["2026-13-01", "2026-02-30 10:00", "soon", "5/6/2026", 12.0, "1900-01-01", "25:00"]
)
def test_a_time_that_cannot_be_read_without_guessing_is_refused(cell):
    with pytest.raises(BadInput):
        values.moment(cell, SHANGHAI)


def test_month_first_is_read_where_the_export_is_known_for_it():
    zone = timezone(timedelta(0))
    assert values.moment("5/6/2026", zone, month_first=True) == datetime(2026, 5, 6, tzinfo=UTC)


def test_a_misspelt_date_leaves_its_field_unknown_and_is_noted():
    row = plain(订单状态="已发货", 发货时间="2026-13-01", 订单金额="a lot")
    reading = read(csv_of(row))
    assert reading.rejected == ()
    assert reading.orders[0].shipped_at is None
    assert reading.orders[0].shipments[0].waybill_number == "YT0000000000001"
    assert {"发货时间" in note or "订单金额" in note for note in reading.notes} == {True}
    assert "orders.csv, row 2" in reading.notes[0]


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("¥12.00", 1200),
        ("￥1,089.00", 108900),
        ("12.00元", 1200),
        ("499.00（系统计算中，该值仅供参考）", 49900),
        (12.3, 1230),
        (0.1 + 0.2, 30),
        (7, 700),
        ("0", 0),
        ("", None),
        ("-", None),
        ("无退款申请", None),
        (None, None),
    ],
)
def test_amounts_become_minor_units_and_blanks_stay_unknown(cell, minor):
    assert values.amount(cell, "CNY") == minor


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("138****0000", "0000"),
        ("1******0000", "0000"),
        ("13800001234", "1234"),
        ("'13800001234", "1234"),
        ("86-13800001234", "1234"),
        ("+86 138 0000 1234", "1234"),
        ("18400000000-1234", "0000"),
        ("0571-88881234", "1234"),
        ("138********", ""),
        ("***********", ""),
        ("", ""),
        ("王*，86-13800001234，浙江省 杭州市 西湖区", "1234"),
    ],
)
def test_the_tail_of_a_phone_is_taken_only_where_it_can_be_seen(text, tail):
    assert regions.phone_tail(text) == tail


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("广东省 深圳市 南山区 科技路1号", ("广东", "深圳市")),
        ("广东省深圳市南山区科技路1号", ("广东", "深圳市")),
        ("广东 深圳 南山区 科技路1号", ("广东", "深圳")),
        ("中国 浙江省 杭州市", ("浙江", "杭州市")),
        ("江西省景德镇市珠山区", ("江西", "景德镇市")),
        ("河南省新乡市红旗区", ("河南", "新乡市")),
        ("河南省 郑州市 金水区", ("河南", "郑州市")),
        ("山东 荷泽", ("山东", "")),
        ("北京朝阳区建国路1号", ("北京", "北京市")),
        ("上海 上海市 浦东新区", ("上海", "上海市")),
        ("内蒙古自治区呼和浩特市新城区", ("内蒙古", "呼和浩特市")),
        ("新疆维吾尔自治区伊犁哈萨克自治州伊宁市", ("新疆", "伊犁哈萨克自治州")),
        ("黑龙江省大兴安岭地区漠河市", ("黑龙江", "大兴安岭地区")),
        ("西藏自治区 阿里地区 噶尔县", ("西藏", "阿里地区")),
        ("吉林省吉林市船营区", ("吉林", "吉林市")),
        ("海南省 省直辖县级行政区划 琼海市 嘉积镇", ("海南", "琼海市")),
        ("王小明，86-13800000000，广西壮族自治区 南宁市 青秀区，", ("广西", "南宁市")),
        ("陕西省 某路 12号", ("陕西", "")),
        ("221B Baker Street, London", ("", "")),
        ("", ""),
    ],
)
def test_province_and_city_are_read_out_of_an_address(address, found):
    assert regions.of_address(address) == (found or ("", ""))


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("买家已付款，等待卖家发货", OrderStatus.PAID),
        ("买家已付款,等待卖家发货", OrderStatus.PAID),
        ("等待卖家发货", OrderStatus.PAID),
        ("卖家已发货，等待买家确认", OrderStatus.SHIPPED),
        (" 卖家已发货， 等待买家确认 ", OrderStatus.SHIPPED),
        ("卖家部分发货", OrderStatus.PARTLY_SHIPPED),
        ("等待买家付款", OrderStatus.UNPAID),
        ("交易成功", OrderStatus.FINISHED),
        ("交易关闭", OrderStatus.CLOSED),
        ("已退款", OrderStatus.CLOSED),
        ("Unshipped", OrderStatus.PAID),
        ("SHIPPED", OrderStatus.SHIPPED),
        ("待审核", OrderStatus.UNKNOWN),
        ("已发货，退款成功", OrderStatus.UNKNOWN),
        ("待发货，已发货", OrderStatus.UNKNOWN),
    ],
)
def test_states_of_orders_are_recognised_or_left_unknown(text, status):
    assert statuses.order_status(text) is status


@pytest.mark.parametrize(
    ("text", "refund"),
    [
        ("", RefundStatus.NONE),
        ("-", RefundStatus.NONE),
        ("无售后或售后取消", RefundStatus.NONE),
        ("售后关闭", RefundStatus.NONE),
        ("换货成功", RefundStatus.NONE),
        ("补寄成功", RefundStatus.NONE),
        ("待买家退货处理", RefundStatus.OPEN),
        ("平台介入中", RefundStatus.OPEN),
        ("同意退款，退款成功", RefundStatus.DONE),
        ("未发货，退款成功", RefundStatus.DONE),
        ("部分退款", RefundStatus.PARTIAL),
        ("审核中", RefundStatus.UNKNOWN),
    ],
)
def test_after_sales_states_are_recognised_or_left_unknown(text, refund):
    assert statuses.refund_status(text) is refund


def test_an_unknown_state_is_kept_raw_and_reported_once():
    rows = [plain(订单号=str(n), 订单状态="待审核") for n in range(1, 4)]
    reading = read(csv_of(*rows))
    assert {(o.status, o.raw_status) for o in reading.orders} == {(OrderStatus.UNKNOWN, "待审核")}
    assert reading.notes == ("order status 待审核 is not known (orders.csv, row 2 and 2 more)",)


def test_a_note_above_the_header_and_empty_rows_are_passed_over():
    rows = [["订单导出 2026-05-23"], [], *table(plain())[:1], [], table(plain())[1], []]
    reading = read(csv_file(rows))
    assert (len(reading.orders), reading.rows_read) == (1, 1)


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    broken = plain(订单号="2", 快递单号="1.23E+12", 买家留言="a\nb\nc")
    rows = [["导出说明\n第二行"], *table(plain(买家留言="x\ny"), broken)]
    for content in (csv_file(rows), xlsx_file(rows)):
        (rejected,) = read(content).rejected
        assert "row 4," in rejected.place


def test_totals_are_dropped_and_compared_with_the_sum():
    rows = [plain(订单号="1", 订单金额="10.00"), plain(订单号="2", 订单金额="5.00")]
    whole = read(csv_of(*rows, {"订单号": "合计", "订单金额": "15.00"}))
    assert (len(whole.orders), whole.notes) == (2, ())
    cut = read(csv_of(*rows, {"订单号": "总计：", "订单金额": "99.00"}))
    assert (len(cut.orders), len(cut.notes)) == (2, 1)
    assert "totals" in cut.notes[0]


def test_a_header_that_is_repeated_is_no_row():
    rows = table(plain())
    assert read(csv_file([*rows, *table(plain(订单号="100002"))])).rows_read == 2


def test_full_width_and_broken_headers_are_recognised():
    rows = [["\ufeff 订 单 号 ", "快递\n单号", "应付金额（元）"], ["1", "YT0000000000001", "3"]]
    reading = read(csv_file(rows))
    assert reading.orders[0].amount_minor == 300


def test_a_quotation_mark_that_is_never_closed_costs_one_row():
    text = (
        "订单号,快递单号,买家留言\n"
        "1,YT0000000000001,好\n"
        '2,YT0000000000002,"没有结束\n'
        "3,YT0000000000003,好\n"
        '4,YT0000000000004,"好的"\n'
        "5,YT0000000000005,好\n"
    )
    reading = read(text.encode())
    assert [order.order_id for order in reading.orders] == ["1", "3", "4", "5"]
    assert [(row.place, row.reason) for row in reading.rejected] == [
        ("orders.csv, row 3", "a quotation mark is never closed")
    ]


def test_many_open_quotation_marks_do_not_take_for_ever():
    lines = [f'{n},YT{n:013d},"offen {n}' for n in range(20_000)]
    text = "订单号,快递单号,买家留言\n" + "\n".join(f"{line}\n" for line in lines)
    reading = read(text.encode())
    assert reading.rows_read == len(reading.orders) + len(reading.rejected)


def test_loose_quotation_marks_are_no_harm():
    text = '订单号,快递单号,买家留言\n1,YT0000000000001,"5" 屏幕"好\n2,YT0000000000002,3" 线\n'
    assert [order.order_id for order in read(text.encode()).orders] == ["1", "2"]


def test_quoted_remarks_over_several_lines_are_one_row():
    row = plain(买家留言='第一行\n第二行，"引号"')
    assert len(read(csv_of(row, plain(订单号="2"))).orders) == 2


def test_one_bad_byte_costs_no_file():
    content = csv_of(*(plain(订单号=str(n), 买家留言="好") for n in range(50)))
    damaged = content.replace("好".encode(), b"\xff", 1)
    reading = read(damaged)
    assert len(reading.orders) == 50
    assert any("utf-8" in note for note in reading.notes)


def test_a_file_that_was_cut_off_is_still_read_as_what_it_is():
    content = csv_of(*(plain(订单号=str(n), 买家留言="好") for n in range(50)))
    cut = content[: content.rindex("好".encode()) + 1]
    assert read(cut).orders[0].shipments[0].courier == "yto"


def test_merged_cells_are_filled_down_inside_the_merge_and_nowhere_else():
    head = ["订单编号", "货品标题", "Offer ID", "实付款(元)", "运单号", "物流公司", "单品货号"]
    first = ["2000000000001", "杯", "6", "905.00", "YT0000000000001", "圆通速递", "A"]
    rows = [
        head,
        first,
        ["", "盘", "6", "", "", "", "B"],
        ["", "碗", "6", "", "", "", "C"],
        ["", "匙", "6", "", "YT0000000000002", "", "D"],
        ["2000000000002", "杯", "6", "5.00", "YT0000000000003", "圆通速递", "A"],
    ]
    merges = [f"{column}2:{column}4" for column in "ADEF"]
    reading = read(xlsx_file(rows, merges), "1688.xlsx")
    assert reading.layout == "1688"
    order = reading.orders[0]
    assert [line.sku for line in order.lines] == ["A", "B", "C"]
    assert order.amount_minor == 90500
    assert [s.waybill_number for s in order.shipments] == ["YT0000000000001"]
    assert [row.place for row in reading.rejected] == ["1688.xlsx, sheet 1, row 5, column 订单编号"]
    assert len(reading.orders) == 2


def test_a_wrong_dimension_is_not_believed():
    rows = table(*(plain(订单号=str(n)) for n in range(1, 6)))
    content = xlsx_file(rows)
    inside = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    wrong = inside.replace('<dimension ref="A1:C6"', '<dimension ref="A1"')
    assert wrong != inside
    reading = read(with_part(content, "xl/worksheets/sheet1.xml", wrong.encode()))
    assert len(reading.orders) == 5


def test_a_table_may_begin_below_and_to_the_right():
    rows = [[], ["", "", "注意"], ["", "", *table(plain())[0]], ["", "", *table(plain())[1]]]
    bad = ["", "", "2", "1.23E+12", "圆通速递"]
    reading = read(xlsx_file([*rows, bad]), "o.xlsx")
    assert len(reading.orders) == 1
    assert "row 5" in reading.rejected[0].place


def test_the_old_workbook_form_is_read():
    rows = [list(PLAIN), list(PLAIN.values()), ["2", 1.0e17, "圆通速递"]]
    reading = read(xls_file(rows), "wdt.xls")
    assert [order.order_id for order in reading.orders] == ["100001"]
    assert [row.place for row in reading.rejected] == ["wdt.xls, sheet 1, row 3, column 快递单号"]


def test_formulas_are_never_evaluated():
    rows = table(plain(), plain(订单号="2", 快递单号="=1+1"))
    reading = read(csv_file(rows))
    assert [row.reason for row in reading.rejected] == ["this is no waybill number"]
    from_workbook = read(xlsx_file(rows))
    assert [order.shipments for order in from_workbook.orders][1] == ()


def bomb(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(size // (1 << 20)):
                part.write(b" " * (1 << 20))
    return out.getvalue()


def test_a_workbook_that_unpacks_to_an_absurd_size_is_refused_before_it_is_opened():
    content = bomb(spreadsheet.UNPACKED_LIMIT_BYTES + (2 << 20))
    assert len(content) < 2 << 20
    with pytest.raises(BadInput, match="unpacks to more than"):
        read(content, "bomb.xlsx")


def test_a_workbook_that_lies_about_its_size_is_measured():
    content = bytearray(bomb(spreadsheet.UNPACKED_LIMIT_BYTES + (2 << 20)))
    name = b"xl/worksheets/sheet1.xml"
    entry = content.rindex(name) - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(BadInput, match="unpacks to more than"):
        read(bytes(content), "liar.xlsx")


def test_a_cell_far_away_does_not_fill_the_memory():
    content = xlsx_file(table(plain()))
    far = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    path = "xl/worksheets/sheet1.xml"
    with pytest.raises(BadInput, match="row 1048576 and column 16384"):
        read(with_part(content, path, (b"</sheetData>", far)))
    formatted = b'<row r="1048576" s="1"><c r="XFD1048576" s="1"/></row></sheetData>'
    assert len(read(with_part(content, path, (b"</sheetData>", formatted))).orders) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"x" * (spreadsheet.SIZE_LIMIT_BYTES + 1), "larger than 50 MB"),
        (b"PK\x03\x04 nothing else", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "web page"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_reason(content, told):
    with pytest.raises(BadInput, match=told) as caught:
        read(content, "drop.xlsx")
    assert str(caught.value).startswith("drop.xlsx: ")


def test_an_archive_of_files_is_told_from_a_workbook():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("orders.csv", csv_of(plain()))
    with pytest.raises(BadInput, match="unpack it"):
        read(out.getvalue(), "orders.zip")


def test_a_damaged_workbook_is_refused_and_no_crash():
    content = xlsx_file(table(plain()))
    for path in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        with pytest.raises(BadInput):
            read(with_part(content, path, b"<oops"), "o.xlsx")


def test_lock_files_of_spreadsheet_programs_are_refused():
    with pytest.raises(BadInput, match="lock file"):
        read(csv_of(plain()), "inbox/~$orders.xlsx")


def test_a_file_without_a_header_is_refused_without_repeating_its_cells():
    with pytest.raises(BadInput) as caught:
        read(csv_file([["100000001", "王小明", "13800001234", "YT0000000000001"]] * 3))
    assert "no row with column names" in str(caught.value)
    assert not any(text in str(caught.value) for text in ("王小明", "1380000", "YT0000"))


def test_a_phone_that_slipped_into_the_status_column_is_hidden():
    reading = read(csv_of(plain(订单状态="王小明13800001234")))
    assert not any("13800001234" in note for note in reading.notes)
