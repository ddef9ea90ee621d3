"""The layouts of each courier: which column is which, and which rows are parcels."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aftersales.errors import BadInput
from courier_reconciliation.reading.fixed import own_layout
from tests.export_files import csv_file
from tests.read_bills import Bill, bill_reader


@pytest.fixture
def bill(tmp_path: Path) -> Any:
    return bill_reader(tmp_path)


def test_sf_has_a_row_per_service_and_a_section_that_does_not_count(bill: Any) -> None:
    header = [
        "日期",
        "运单号码",
        "应付金额",
        "费用(元)",
        "折扣/促销",
        "服务",
        "计费重量",
        "到件地区",
        "产品类型",
        "付款方式",
    ]
    found = bill(
        ["顺丰速运 2026年10月 账单明细"],
        header,
        [
            "2026-10-03",
            "SF1234567890123",
            "10.80",
            "12.00",
            "-1.20",
            "运费",
            "1.5",
            "成都/资阳/眉山",
            "顺丰标快",
            "寄付月结",
        ],
        [
            "2026-10-03",
            "SF1234567890123",
            "1.00",
            "1.00",
            "0",
            "保费",
            "1.5",
            "成都/资阳/眉山",
            "顺丰标快",
            "寄付月结",
        ],
        ["合计", "", "11.80", "13.00"],
        ["月结权益优惠"],
        ["2026-10-31", "SF1234567890999", "-5.00", "-5.00", "", "运费", "", "", "", ""],
    )
    assert found.lines(
        "waybill, charge, amount_minor, discount_minor, weight_g, province, service"
    ) == [
        ("SF1234567890123", "freight", 1080, 120, 1500, "四川", "顺丰标快"),
        ("SF1234567890123", "insurance", 100, 0, 1500, "四川", "顺丰标快"),
    ]
    assert [(t.label, t.amount_minor) for t in found.read.declared_totals] == [("合计", 1180)]
    assert found.read.files[0].couriers == ("sf",)


def test_yunda_is_audited_at_the_full_charge_and_not_at_what_is_left_to_pay(bill: Any) -> None:
    found = bill(
        ["单号", "账单日期", "应收金额", "结算重量", "商家名称", "韵达运费", "目的地省"],
        ["463123456789012", "2026/10/3", "2.10", "0.5", "示例旗舰店", "2.80", "浙江"],
        ["463123456789013", "2026/10/4", "3.20", "1.5", "示例旗舰店", "3.20", "浙江"],
    )
    assert found.lines("courier, amount_minor, billed_on") == [
        ("yunda", 280, date(2026, 10, 3)),
        ("yunda", 320, date(2026, 10, 4)),
    ]


def test_yunda_gives_back_the_full_charge_too(bill: Any) -> None:
    found = bill(
        ["单号", "账单日期", "应收金额", "结算重量", "韵达运费", "目的地省"],
        ["463123456789012", "2026/10/3", "7.10", "2.5", "8.10", "浙江"],
        ["463123456789012", "2026/10/6", "-7.10", "2.5", "-8.10", "浙江"],
        ["463123456789013", "2026/10/6", "-5.00", "2.5", "0.00", "浙江"],
        ["合计", "", "-5.00", "", "0.00", ""],
    )
    assert found.lines("amount_minor") == [(810,), (-810,), (-500,)]


def test_a_label_paid_for_in_advance_is_taken_off_a_credit_too(bill: Any) -> None:
    found = bill(
        ["运单号", "业务时间", "应收金额", "结算重量", "运费", "预付面单费", "附加费", "目的省份"],
        ["773000000000011", "2026/10/3", "7.10", "2.5", "8.10", "1.00", "0", "浙江"],
        ["773000000000011", "2026/10/6", "-7.10", "2.5", "-8.10", "-1.00", "0", "浙江"],
        ["773000000000012", "2026/10/6", "-0.10", "0.1", "0.90", "1.00", "0", "浙江"],
    )
    assert found.lines("amount_minor") == [(810,), (-810,), (90,)]


@pytest.mark.parametrize(("charged", "to_pay", "restated"), [("", "5.30", 600), ("", "7.30", 800),
                                                             ("6.00", "", 600)])  # fmt: skip
def test_a_printed_total_of_what_is_left_to_pay_is_one_of_the_full_charge(
    bill: Any, charged: str, to_pay: str, restated: int
) -> None:
    found = bill(
        ["单号", "账单日期", "应收金额", "结算重量", "韵达运费", "目的地省"],
        ["463123456789012", "2026/10/3", "2.10", "0.5", "2.80", "浙江"],
        ["463123456789013", "2026/10/4", "3.20", "1.5", "3.20", "浙江"],
        ["合计", "", to_pay, "", charged, ""],
    )
    assert [total.amount_minor for total in found.read.declared_totals] == [restated]


def test_jt_states_income_and_tax_and_marks_returns_in_the_customer(bill: Any) -> None:
    found = bill(
        [
            "运单编号",
            "寄件时间",
            "合计金额",
            "收入",
            "税费",
            "预充金额",
            "客户名称",
            "收件省份",
            "收件城市",
            "内部计费重量",
        ],
        [
            "JT1234567890123",
            "2026-10-03 08:00:00",
            "3.18",
            "3.00",
            "0.18",
            "0",
            "示例店",
            "广东省",
            "东莞市",
            "1.0",
        ],
        [
            "JT1234567890124",
            "2026-10-03 08:00:00",
            "3.18",
            "3.00",
            "0.18",
            "0",
            "示例店退转件",
            "广东省",
            "东莞市",
            "1.0",
        ],
    )
    assert found.lines("courier, amount_minor, tax_minor, is_return, province, city") == [
        ("jt", 318, 18, False, "广东", "东莞市"),
        ("jt", 318, 18, True, "广东", "东莞市"),
    ]


def test_yto_has_surcharges_as_columns(bill: Any) -> None:
    found = bill(
        [
            "运单号码",
            "账单结算对象编码",
            "账单结算对象名称",
            "物料结算名称",
            "运费",
            "计费重量（kg）",
            "体积参数",
            "计费省份",
            "计费目的地名称",
            "扫描时间",
            "新西费用",
            "3KG以上费用",
            "上海加收费用",
            "合计",
        ],
        [
            "YT1234567890123",
            "K1",
            "示例店",
            "快递",
            "3.00",
            "3.2",
            "8000",
            "新疆维吾尔自治区",
            "喀什地区",
            "2026-10-03",
            "10",
            "0.5",
            "0",
            "13.50",
        ],
    )
    assert found.lines("courier, amount_minor, freight_minor, weight_g, province, city") == [
        ("yto", 1350, 300, 3200, "新疆", "喀什地区")
    ]
    assert found.charges == [
        ("YT1234567890123", "over_3kg", 50),
        ("YT1234567890123", "xinjiang_tibet", 1000),
    ]


def test_zto_may_have_a_pivot_table_beside_and_below(bill: Any) -> None:
    found = bill(
        ["扫描时间", "运单号", "目的地", "目的地市", "结算重量", "金额", "", "目的地", "金额"],
        ["2026-10-03", "73123456789012", "广东", "深圳市", "1", "3.00", "", "广东", "3.00"],
        ["2026-10-04", "73123456789013", "浙江", "宁波市", "1", "3.10", "", "总计", "6.10"],
        [],
        ["行标签", "求和项:金额"],
        ["广东", "3.00"],
        ["总计", "6.10"],
    )
    assert found.lines("courier, waybill, province, amount_minor") == [
        ("zto", "73123456789012", "广东", 300),
        ("zto", "73123456789013", "浙江", 310),
    ]
    assert found.read.declared_totals == ()


def test_ems_states_grams_and_a_price_before_discount(bill: Any) -> None:
    found = bill(
        ["邮件号", "收寄日期", "寄达地", "重量", "标准资费", "优惠后资费"],
        ["1234567890123", "2026-10-03", "西安市", "520", "12.00", "7.00"],
        ["1234567890124", "2026-10-03", "西安市", "1480", "15.00", "9.00"],
    )
    assert found.lines("courier, weight_g, amount_minor, freight_minor, province, city") == [
        ("ems", 520, 700, None, "陕西", "西安市"),
        ("ems", 1480, 900, None, "陕西", "西安市"),
    ]


def test_jd_and_deppon_are_known_by_their_headers_and_numbers(bill: Any) -> None:
    jd = bill(
        [
            "运单号",
            "商家订单号",
            "揽收时间",
            "目的省",
            "目的市",
            "实际重量",
            "体积",
            "计费重量",
            "快递运费",
            "保价费",
            "代收货款手续费",
            "结算金额",
        ],
        [
            "JDVA01234567890",
            "2611030001",
            "2026-10-03",
            "北京",
            "北京市",
            "0.8",
            "3000",
            "1",
            "9.00",
            "1.00",
            "0",
            "10.00",
        ],
        name="jd.csv",
    )
    assert jd.lines("courier, order_id, amount_minor, freight_minor, actual_g, weight_g") == [
        ("jd", "2611030001", 1000, 900, 800, 1000)
    ]
    assert jd.charges == [("JDVA01234567890", "insurance", 100)]
    deppon = bill(
        [
            "运单号",
            "开单时间",
            "目的站",
            "件数",
            "重量",
            "计费重量",
            "运费",
            "送货费",
            "上楼费",
            "保价费",
            "燃油费",
            "合计",
        ],
        [
            "DPK123456789012",
            "2026-10-03",
            "长沙",
            "2",
            "60",
            "80",
            "88",
            "20",
            "0",
            "2",
            "4",
            "114",
        ],
        ["小计", "", "", "2", "", "", "", "", "", "", "", "114"],
        ["DPK123456789013", "2026-10-04", "长沙", "1", "60", "80", "88", "0", "0", "0", "0", "88"],
        ["小计", "", "", "1", "", "", "", "", "", "", "", "88"],
        ["合计", "", "", "3", "", "", "", "", "", "", "", "202"],
        name="德邦.csv",
    )
    assert deppon.lines("courier, pieces, weight_g, amount_minor") == [
        ("deppon", 2, 80_000, 11400),
        ("deppon", 1, 80_000, 8800),
    ]
    assert [(t.label, t.amount_minor, t.first_row) for t in deppon.read.declared_totals] == [
        ("小计", 11400, 1),
        ("小计", 8800, 4),
        ("合计", 20200, None),
    ]


def test_headers_of_two_lines_and_title_rows_are_understood(bill: Any) -> None:
    found = bill(
        ["客户：示例商贸", "", "", "", "", ""],
        ["运单号", "日期", "目的地", "", "重量", "", "费用(元)", ""],
        ["", "", "省份", "城市", "实际", "计费", "运费", "附加费"],
        ["73123456789012", "2026-10-03", "广东", "深圳", "0.9", "1", "3.00", "0.50"],
    )
    assert found.lines("province, city, actual_g, weight_g, amount_minor, freight_minor") == [
        ("广东", "深圳", 900, 1000, 350, 300)
    ]


def test_groups_that_are_called_like_columns_are_no_header(bill: Any) -> None:
    found = bill(
        ["运单信息", "", "目的地信息", "", "费用信息", ""],
        ["运单号", "业务时间", "目的省份", "结算重量", "中转费", "应收金额"],
        ["773000000000011", "2026-10-03", "广东", "1.5", "3.00", "3.50"],
    )
    assert found.lines("waybill, billed_on, province, weight_g, amount_minor, freight_minor") == [
        ("773000000000011", date(2026, 10, 3), "广东", 1500, 350, 300)
    ]


def test_first_and_continued_weight_are_the_freight(bill: Any) -> None:
    found = bill(
        ["运单号", "首重费", "续重费", "保价费"],
        ["73123456789012", "3.00", "2.00", "1.00"],
    )
    assert found.lines("amount_minor, freight_minor") == [(600, 500)]


def test_pieces_have_their_parent_and_returns_their_outward_parcel(bill: Any) -> None:
    found = bill(
        ["母单号", "子单号", "应付金额", "退回件关联运单号"],
        ["SF1234567890123", "SF1234567890124", "10", ""],
        ["SF1234567890123", "SF1234567890125", "10", ""],
        ["SF1234567890130", "", "6", "SF1234567890140"],
    )
    assert found.lines("waybill, parent, is_return") == [
        ("SF1234567890124", "SF1234567890123", False),
        ("SF1234567890125", "SF1234567890123", False),
        ("SF1234567890130", "SF1234567890140", True),
    ]


def test_charges_under_their_waybill_belong_to_it(bill: Any) -> None:
    found = bill(
        ["运单号码", "日期", "服务", "计费重量", "应付金额"],
        ["SF1234567890123", "2026-10-03", "运费", "1", "12.00"],
        ["", "", "保费", "", "1.00"],
        ["", "", "签回单", "", "3.00"],
        ["SF1234567890124", "2026-10-03", "运费", "1", "10.00"],
        ["", "", "合计", "", "26.00"],
    )
    assert found.lines("waybill, charge, amount_minor") == [
        ("SF1234567890123", "freight", 1200),
        ("SF1234567890123", "insurance", 100),
        ("SF1234567890123", "signed_receipt", 300),
        ("SF1234567890124", "freight", 1000),
    ]
    assert [t.amount_minor for t in found.read.declared_totals] == [2600]


def test_two_couriers_in_one_file_are_told_apart(bill: Any) -> None:
    by_column = bill(
        ["快递公司", "运单号", "金额"],
        ["中通快递", "73123456789012", "3.00"],
        ["申通", "773000000000011", "3.10"],
        name="one.csv",
    )
    assert by_column.lines("courier") == [("zto",), ("sto",)]
    by_number = bill(
        ["运单号", "金额"],
        *([f"YT{1234567890123 + n}", "3.00"] for n in range(5)),
        *([f"JT{1234567890123 + n}", "3.00"] for n in range(5)),
        name="two.csv",
    )
    assert by_number.lines("courier, count(*) OVER (PARTITION BY courier)") == [
        *[("yto", 5)] * 5,
        *[("jt", 5)] * 5,
    ]


def test_an_own_layout_is_described_by_its_headers(bill: Any) -> None:
    layout = own_layout(
        "warehouse",
        {
            "columns": {
                "waybill": "包裹",
                "amount": "我方应结",
                "weight": "称量",
                "province": "去向",
            },
            "surcharges": {"山区": "偏远费"},
            "courier": "sto",
            "weight_unit": "g",
        },
    )
    found = bill(
        ["包裹", "称量", "去向", "山区", "我方应结"],
        ["773000000000011", "1250", "西藏自治区", "5", "9.00"],
        layouts=(layout,),
    )
    assert found.lines("courier, weight_g, province, amount_minor") == [("sto", 1250, "西藏", 900)]
    assert found.charges == [("773000000000011", "remote", 500)]


def test_an_own_layout_without_a_header_is_described_by_numbers(bill: Any) -> None:
    said = {"columns": {"waybill": 2, "amount": 4}, "file_contains": "depot"}
    found = bill(
        ["x", "773000000000011", "广东", "9.00"],
        name="depot-october.csv",
        layouts=(own_layout("depot", said),),
    )
    assert found.lines("waybill, amount_minor") == [("773000000000011", 900)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "columns is missing"),
        ({"columns": {"waybill": "单"}}, "amount or freight"),
        ({"columns": {"waybil": "单", "amount": "钱"}}, "no such field: waybil"),
        ({"columns": {"waybill": 1, "amount": "钱"}}, "not by both"),
        ({"columns": {"waybill": 1, "amount": 2}}, "file_contains"),
        ({"columns": {"waybill": "单", "amount": "钱"}, "weight_unit": "stone"}, "weight_unit"),
        ({"columns": {"waybill": "单", "amount": "钱"}, "colour": "red"}, "unknown: colour"),
    ],
)
def test_a_wrong_own_layout_is_told(said: Any, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        own_layout("x", said)


def test_the_postage_of_ems_is_the_freight_where_a_sum_stands_beside_it(bill: Any) -> None:
    found = bill(
        ["邮件号", "收寄日期", "寄达省", "重量(g)", "标准资费", "优惠后资费", "保价费", "合计"],
        ["1040000000011", "20261003", "四川", "800", "12.00", "9.00", "2.50", "11.50"],
        ["1040000000028", "20261004", "四川", "800", "12.00", "9.00", "", "9.00"],
        ["合计", "", "", "", "", "", "", "20.50"],
    )
    assert found.lines("courier, amount_minor, freight_minor") == [
        ("ems", 1150, 900),
        ("ems", 900, 900),
    ]
    assert found.charges == [("1040000000011", "insurance", 250)]


def test_a_freight_that_is_all_that_is_asked_for_holds_the_surcharges_too(bill: Any) -> None:
    found = bill(
        ["单号", "账单日期", "目的地省", "结算重量", "韵达运费", "应收金额"],
        ["4640000000011", "2026/10/3", "西藏", "0.5", "20.00", "19.50"],
        ["4640000000028", "2026/10/4", "浙江", "1.5", "3.20", "2.70"],
    )
    assert found.lines("amount_minor, freight_minor") == [(2000, None), (320, None)]


@pytest.mark.parametrize(
    ("column", "said", "amount"),
    [
        ("金额(分)", "1250", 1250),
        ("应付金额（单位：分）", "1250", 1250),
        ("amount_minor", "1250", 1250),
        ("Amount (cents)", "1250", 1250),
        ("金额(元)", "12.50", 1250),
        ("Charge", "12.50", 1250),
        ("Charges", "12.50", 1250),
        ("Charge Amount", "12.50", 1250),
    ],
)
def test_the_unit_of_money_stands_in_the_header(
    bill: Any, column: str, said: str, amount: int
) -> None:
    found = bill(["运单号", column], ["773000000000011", said])
    assert found.lines("waybill, amount_minor") == [("773000000000011", amount)]


def test_surcharges_and_totals_in_minor_units_are_read_as_such(bill: Any) -> None:
    header = ["waybill_number", "freight_minor", "fuel_minor", "amount_minor"]
    found = bill(header, ["773000000000011", 1000, 50, 1050], ["合计", 1000, 50, 1050])
    assert found.lines("freight_minor, amount_minor") == [(1000, 1050)]
    assert found.charges == [("773000000000011", "fuel", 50)]
    assert [total.amount_minor for total in found.read.declared_totals] == [1050]


def test_money_in_two_units_is_told_and_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "bill.csv"
    path.write_bytes(csv_file([["运单号", "运费(分)", "金额(元)"], ["773000000000011", 900, 9]]))
    (reason,) = Bill(path).reasons
    assert "运费(分) counts money in another unit" in reason


@pytest.mark.parametrize("name", ["Charge Code", "Charge Category"])
def test_what_a_charge_is_called_is_no_amount(bill: Any, name: str) -> None:
    found = bill(["waybill", name, "amount"], ["773000000000011", "77", "9.00"])
    assert found.lines("amount_minor") == [(900,)]
