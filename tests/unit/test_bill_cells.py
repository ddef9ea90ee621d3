"""Cells of bills: the slow reading of each, and the SQL that must say the same."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from courier_reconciliation.filling import quoted
from courier_reconciliation.reading import cells, cells_sql
from courier_reconciliation.reading.headers import meaning, surcharge
from courier_reconciliation.reading.places import place, usual
from courier_reconciliation.reading.plan import Plan


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("12.50", 1250), ("¥1,234.50", 123450), ("￥１２．５０（元）", 1250), ("12.50元", 1250),
        ("￥15.00（元）", 1500), ("12.50(元)", 1250), ("RMB5.20", 520), ("5.20RMB", 520),
        ("-12.50（元）", -1250), ("(12.50元)", -1250), ("（12.50）（元）", -1250),
        ("12.50 (CNY)", 1250),
        ("(12.50)", -1250), ("（12.50）", -1250), ("12.50-", -1250), ("−3", -300), ("-0.5", -50),
        ("1.005", 101), ("2.675", 268), ("12.300000000000001", 1230), ("'12.5", 1250),
        ('="12.5"', 1250), ("1,234,567.8", 123456780), ("RMB 12", 1200), ("7.5E+2", 75000),
        (" 8 ", 800), (".5", 50), ("5.", 500),
    ],
)  # fmt: skip
def test_an_amount_is_read_however_it_is_written(cell: str, minor: int) -> None:
    assert cells.amount(cell) == minor


@pytest.mark.parametrize("cell", ["￥15.00（元）", "15.00(元)", "￥１５．００（元）", "RMB15.00"])
def test_an_amount_with_its_currency_is_read_in_bulk(cell: str) -> None:
    assert asked(cells_sql.amount("c0", 2, comma=False, strong=True), [cell]) == [1500]


@pytest.mark.parametrize("cell", ["", "-", "—", "/", "无", " ", "N/A"])
def test_a_cell_that_says_nothing_is_no_amount_and_no_weight(cell: str) -> None:
    assert (cells.amount(cell), cells.weight_g(cell), cells.day(cell)) == (None, None, None)
    assert cells.waybills(cell) == ()


@pytest.mark.parametrize(
    "cell",
    ["12,50", "abc", "1.2.3", "12 50 x", "#REF!", "--5", "1,23,4", "(元)", "RMBX5", "12(kg)"],
)
def test_what_is_no_amount_is_not_guessed(cell: str) -> None:
    with pytest.raises(BadInput):
        cells.amount(cell)


def test_a_decimal_comma_is_read_where_the_file_has_them() -> None:
    assert cells.amount("1.234,56", comma=True) == 123456
    assert cells.weight_g("2,5", comma=True) == 2500


@pytest.mark.parametrize(
    ("cell", "unit", "grams"),
    [
        ("1.25", "kg", 1250), ("500g", "kg", 500), ("1.2KG", "g", 1200), ("0.05吨", "kg", 50_000),
        ("850", "g", 850), ("1.5公斤", "kg", 1500), ("3斤", "kg", 1500), ("3", "lb", 1361),
        ("0", "kg", None), ("-1", "kg", None), ("0.0005", "kg", 1), ("１．２", "kg", 1200),
    ],
)  # fmt: skip
def test_a_weight_is_read_in_the_unit_that_is_stated(
    cell: str, unit: str, grams: int | None
) -> None:
    assert cells.weight_g(cell, unit) == grams


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("SF1234567890123", ("SF1234567890123",)),
        ("ＳＦ１２３４－５６７８　９０１２３", ("SF1234567890123",)),
        ("'773000000000011", ("773000000000011",)),
        ('="773000000000011"', ("773000000000011",)),
        ("773000000000011\t", ("773000000000011",)),
        ("\u200b773000000000011", ("773000000000011",)),
        ("73123456789012.0", ("73123456789012",)),
        ("7.3123456789012E+13", ("73123456789012",)),
        ("773000000000011+773000000000012", ("773000000000011", "773000000000012")),
        ("773000000000011/773000000000012", ("773000000000011", "773000000000012")),
        ("773000000000011\n773000000000012", ("773000000000011", "773000000000012")),
        ("JDVA01234567890-1-2-", ("JDVA01234567890",)),
        ("73,474,126,092,874", ("73474126092874",)),
        ("73，474，126，092，874", ("73474126092874",)),
        ("773,000,000,000,011.00", ("773000000000011",)),
    ],
)
def test_a_waybill_number_loses_what_is_none_of_it(cell: str, found: tuple[str, ...]) -> None:
    assert cells.waybills(cell) == found


@pytest.mark.parametrize(
    "cell",
    [
        "1.23E+12",
        "7.31235E+13",
        "773123456789012300.0",
        "773,123,456,789,012,300",
        "7.731234567890123e+17",
        "合计",
        "12",
    ],
)
def test_a_damaged_waybill_number_is_refused(cell: str) -> None:
    with pytest.raises(BadInput):
        cells.waybills(cell)


@pytest.mark.parametrize(
    ("cell", "period", "found"),
    [
        ("2026-10-03 10:00:00", "", date(2026, 10, 3)), ("2026/10/3", "", date(2026, 10, 3)),
        ("2026年10月3日", "", date(2026, 10, 3)), ("20261003", "", date(2026, 10, 3)),
        ("2026.10.03", "", date(2026, 10, 3)), ("46298", "", date(2026, 10, 3)),
        ("46298.75", "", date(2026, 10, 3)), ("2026-10-03T10:00:00", "", date(2026, 10, 3)),
        ("10-03", "2026-10", date(2026, 10, 3)), ("12-31", "2027-01", date(2026, 12, 31)),
        ("01-02", "2026-12", date(2027, 1, 2)), ("10月3日", "2026-10", date(2026, 10, 3)),
        ("03 Oct 2026", "", date(2026, 10, 3)), ("03/10/2026", "", date(2026, 10, 3)),
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(cell: str, period: str, found: date) -> None:
    assert cells.day(cell, period) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("内蒙古自治区", "内蒙古"), ("广西壮族自治区", "广西"), ("新疆维吾尔自治区", "新疆"),
        ("重庆市/重庆", "重庆"), ("广东省深圳市", "广东"), ("成都/资阳/眉山", "四川"),
        ("吉林市", "吉林"), ("吉林省", "吉林"), ("海南藏族自治州", "青海"), ("海南省", "海南"),
        ("香港特别行政区", "香港"), ("Guangdong", "广东"), ("TX", "TX"), ("宁波市", "浙江"),
        ("内蒙", "内蒙古"), ("  上海 ", "上海"), ("湖 北 省", "湖北"), ("西 安市", "陕西"),
        ("广东 深圳", "广东"), ("某 地 Town", "某地 Town"), ("", ""),
    ],
)  # fmt: skip
def test_a_province_has_its_short_form(text: str, found: str) -> None:
    assert place(text)[0] == found


def test_the_usual_writings_of_provinces_are_what_the_slow_reading_says() -> None:
    assert all(place(said)[0] == province for said, province, _ in usual())


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("运单号", "waybill"), ("运单号码（必填）", "waybill"), ("﻿运单号", "waybill"),
        ("计费重量（kg）", "weight"), ("结算重量KG", "weight"), ("体积重量", "volumetric"),
        ("应收金额（元）", "amount"), ("目的地(省名)", "province"), ("回单单号", "_value"),
        ("Express or Ground Tracking ID", "waybill"), ("Net Charge Amount", "amount"),
    ],
)  # fmt: skip
def test_a_header_is_known_with_its_ornaments(header: str, field: str) -> None:
    found = meaning(header)
    assert found is not None
    assert found[0] == field


@pytest.mark.parametrize("header", ["单号类型", "件数单位", "金额说明"])
def test_a_header_that_goes_on_is_another_thing(header: str) -> None:
    assert meaning(header) is None


@pytest.mark.parametrize(
    ("header", "code"),
    [("保价费", "insurance"), ("燃油附加费(元)", "fuel"),
     ("偏远费", "remote"), ("Fuel Amt", "fuel"),
     ("运单号", ""), ("声明价值", ""), ("运费", "")],
)  # fmt: skip
def test_a_column_of_surcharges_has_its_code(header: str, code: str) -> None:
    assert surcharge(header) == code


DATABASE = duckdb.connect()
"""Nothing is kept in it: each test asks for the value of an expression."""


def asked(expression: str, texts: list[str]) -> list[Any]:
    """The expression on each text, as a bill's column `c0`; blank cells are NULL there."""
    values = ", ".join(f"({n}, {quoted(t)})" for n, t in enumerate(texts))
    nulls = ", ".join(map(quoted, cells_sql.NULLS))
    source = (
        f"SELECT n, CASE WHEN t IN ({nulls}) THEN NULL ELSE t END AS c0"
        f" FROM (VALUES {values}) AS v(n, t)"
    )
    found = DATABASE.execute(f"SELECT {expression} FROM ({source}) ORDER BY n")
    return [row[0] for row in found.fetchall()]


def slow(read: Any, text: str) -> Any:
    try:
        return read(text)
    except BadInput:
        return BadInput


NUMBERS = st.one_of(
    st.decimals(-99999, 99999, places=2).map(str),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
    st.integers(-(10**6), 10**6).map(str),
    st.text("0123456789.,-+()¥元 E１２．", max_size=9),
    st.builds("{}{}".format, st.decimals(0, 99999, places=2), st.sampled_from(["元", " 元", "克"])),
    st.builds("{}{}".format, st.decimals(0, 99, places=3), st.sampled_from(["kg", " KG", "g"])),
    st.builds("{:,.2f}".format, st.decimals(0, 9999999, places=2)),
    st.lists(
        st.sampled_from([*"12,.()（）-￥ ", "元", "RMB", "CNY", "20.50"]), max_size=6
    ).map("".join),
)  # fmt: skip


@pytest.mark.parametrize("strong", [False, True])
@given(texts=st.lists(NUMBERS, min_size=1, max_size=30))
def test_sql_reads_amounts_as_the_slow_reading_does(strong: bool, texts: list[str]) -> None:
    found = asked(cells_sql.amount("c0", 2, comma=False, strong=strong), texts)
    for text, minor in zip(texts, found, strict=True):
        if minor is not None:
            assert minor == slow(cells.amount, text), text


@pytest.mark.parametrize("strong", [False, True])
@pytest.mark.parametrize("unit", ["kg", "g", "lb"])
@example(texts=["0E0000", "0E0.", "1E-0002"])
@given(texts=st.lists(NUMBERS, min_size=1, max_size=30))
def test_sql_reads_weights_as_the_slow_reading_does(
    unit: str, strong: bool, texts: list[str]
) -> None:
    found = asked(cells_sql.weight("c0", unit, comma=False, strong=strong), texts)
    for text, grams in zip(texts, found, strict=True):
        if grams is not None:
            expected = slow(lambda cell: cells.weight_g(cell, unit), text)
            assert (grams if grams > 0 else None) == expected, text


@given(st.decimals(0, 99999, places=4))
def test_money_is_rounded_half_up_in_sql_too(value: Decimal) -> None:
    minor = int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))
    expression = cells_sql.amount("c0", 2, comma=False, strong=False)
    assert asked(expression, [str(value)]) == [minor]
    assert cells.amount(str(value)) == minor


WAYBILLS = st.one_of(
    st.from_regex(r"(SF|JT|YT|JDVA|1Z)?[0-9]{8,18}", fullmatch=True),
    st.from_regex(r"['‘]?[0-9]{10,15}(\.0)?[ \t]?", fullmatch=True),
    st.from_regex(r'="[0-9A-Za-z]{8,16}"', fullmatch=True),
    st.integers(10**5, 10**17).map("{:,}".format),
    st.text("SFsf0123456789 -+/.E\t'\"=１２Ｓ", max_size=24),
)


@pytest.mark.parametrize("strong", [False, True])
@given(texts=st.lists(WAYBILLS, min_size=1, max_size=30))
def test_sql_reads_waybill_numbers_as_the_slow_reading_does(strong: bool, texts: list[str]) -> None:
    found = asked(cells_sql.waybill("c0", strong=strong), texts)
    for text, number in zip(texts, found, strict=True):
        if number is not None:
            assert (number,) == slow(cells.waybills, text), text


def test_numbers_with_separators_of_thousands_are_read_in_bulk() -> None:
    cell = "73,474,126,092,874"
    assert asked(cells_sql.waybill("c0", strong=True), [cell]) == ["73474126092874"]


DAYS = st.one_of(
    st.dates(date(2001, 1, 1), date(2090, 1, 1)).flatmap(
        lambda day: st.sampled_from(
            [
                f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d} 10:11:12", f"{day:%Y-%m-%dT10:11:12}",
                f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", f"{day:%d/%m/%Y}",
                f"{day.year}/{day.month}/{day.day} 9:05", f"{day:%Y.%m.%d}",
                f"{day.year}年{day.month}月{day.day}日",
            ]
        )
    ),
    st.integers(36600, 70000).map(str),
    st.floats(36600, 70000).map(repr),
)  # fmt: skip


@pytest.mark.parametrize("strong", [False, True])
@given(texts=st.lists(DAYS, min_size=1, max_size=30))
def test_sql_reads_days_as_the_slow_reading_does(strong: bool, texts: list[str]) -> None:
    found = asked(cells_sql.day("c0", Plan({}), strong=strong), texts)
    for text, day in zip(texts, found, strict=True):
        if day is not None:
            assert day == slow(cells.day, text), text
    if strong:
        assert all(day is not None for day in found)
