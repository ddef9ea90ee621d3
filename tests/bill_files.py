"""The months of `planted_bills.py` as files: each bill as its courier's portal exports it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from tests.export_files import xlsx_sheets
from tests.planted_bills import (
    ADDED_FOR_FAR,
    CONTRACTS,
    INSURED_PERCENT,
    RETURN_PERCENT,
    ZONES,
    Month,
)

LONG_NAMES = {"新疆": "新疆维吾尔自治区", "西藏": "西藏自治区", "上海": "上海市", "北京": "北京市"}


def write_shipments(months: Sequence[Month], path: Path) -> None:
    """The shipments file, as documented."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            [
                "waybill_number",
                "courier",
                "shipped_at",
                "order_id",
                "weight_g",
                "length_mm",
                "width_mm",
                "height_mm",
                "province",
                "city",
                "service",
                "declared_value_minor",
                "cod_minor",
                "parcel_count",
                "outcome",
            ]
        )
        for month in months:
            for p in month.parcels:
                out.writerow(
                    [
                        p.number,
                        p.courier,
                        f"{p.day}T08:30:00+08:00",
                        f"O{p.number[-8:]}",
                        p.weight_g,
                        *p.size_mm,
                        p.province,
                        "",
                        "",
                        p.declared or "",
                        "",
                        1,
                        p.outcome,
                    ]
                )


def write_rates(couriers: Sequence[str], path: Path) -> None:
    """The rate card, in its plain CSV form."""
    heads = [
        "courier",
        "service",
        "valid_from",
        "valid_to",
        "provinces",
        "min_weight_g",
        "max_weight_g",
        "base_price_minor",
        "base_weight_g",
        "step_weight_g",
        "step_price_minor",
        "step_mode",
        "rounding",
        "volumetric_divisor",
        "surcharge_code",
        "surcharge_basis",
        "surcharge_value",
        "currency",
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, heads)
        out.writeheader()
        for courier in couriers:
            contract = CONTRACTS[courier]
            plain = {"courier": courier, "valid_from": "2026-01-01", "currency": "CNY"}
            for zone, names in ZONES.items():
                out.writerow(
                    {
                        **plain,
                        "provinces": "|".join(names),
                        "min_weight_g": 0,
                        "base_price_minor": contract.first[zone],
                        "base_weight_g": contract.first_g,
                        "step_weight_g": contract.step_g,
                        "step_price_minor": contract.step[zone],
                        "step_mode": contract.step_mode,
                        "rounding": contract.rounding,
                        "volumetric_divisor": contract.divisor or "",
                    }
                )
            for code, basis, value, names in (
                ("remote", "per_parcel", ADDED_FOR_FAR, ZONES["far"]),
                ("insurance", "percent_of_declared", INSURED_PERCENT, ("*",)),
                ("return", "percent_of_freight", RETURN_PERCENT, ("*",)),
            ):
                out.writerow(
                    {
                        **plain,
                        "provinces": "|".join(names),
                        "surcharge_code": code,
                        "surcharge_basis": basis,
                        "surcharge_value": value,
                    }
                )


def yuan(minor: int) -> str:
    """1234 -> 12.34."""
    return f"{Decimal(minor) / 100:.2f}"


def kg(grams: int) -> str:
    """1500 -> 1.5."""
    return f"{Decimal(grams) / 1000:f}"


def long_name(province: str) -> str:
    """A province as an address has it."""
    return LONG_NAMES.get(province, province + "省")


def sto(month: Month, path: Path) -> Path:
    """A CSV in GB18030; the labels of the footer stand in the column of dates."""
    heads = ["运单号", "业务时间", "结算重量", "目的省份", "目的城市", "中转费"]
    heads += ["偏远附加费", "保价费", "退回费", "应收金额", "订单客户"]
    rows = [
        [
            r.number,
            f"{r.day} 21:14:05",
            kg(r.billed_g),
            long_name(r.province),
            "",
            yuan(r.freight),
            yuan(r.far),
            yuan(r.insurance),
            yuan(r.back),
            yuan(r.total),
            "观居家居",
        ]
        for r in month.rows
    ]
    total = sum(r.total for r in month.rows) + month.declared_extra
    foot = [["", "件量", len(rows)], ["", "账单合计", "", "", "", "", "", "", "", yuan(total)]]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([heads, *rows, *foot])
    return path


def zto(month: Month, path: Path) -> Path:
    """A workbook with titles above, numbers as numbers, and a total below."""
    rows: list[list[object]] = [["某某电子商务有限公司 2026年10月 对账单"], []]
    rows.append(["扫描时间", "运单号", "目的地", "目的地市", "结算重量(KG)", "运费（元）"])
    rows[-1] += ["偏远费", "保价费", "退件费", "金额合计"]
    for r in month.rows:
        rows.append(
            [
                str(r.day),
                int(r.number),
                r.province,
                "某市",
                r.billed_g / 1000,
                r.freight / 100,
                r.far / 100,
                r.insurance / 100,
                r.back / 100,
                r.total / 100,
            ]
        )
    total = sum(r.total for r in month.rows) + month.declared_extra
    rows.append(["总计", "", "", "", "", "", "", "", "", total / 100])
    path = path.with_suffix(".xlsx")
    path.write_bytes(
        xlsx_sheets({"10月": rows, "价格表": [["省份", "首重", "续重"], ["浙江", 3, 1]]})
    )
    return path


def sf(month: Month, path: Path) -> Path:
    """One row per service, and a section of discounts below that is not money of parcels."""
    rows: list[list[object]] = [["顺丰速运 月结账单明细"]]
    rows.append(
        ["序号", "日期", "运单号码", "对方地区", "到件地区", "计费重量", "产品类型", "付款方式"]
    )
    rows[-1] += ["服务", "费用(元)", "折扣/促销", "应付金额", "经手人"]
    serial = 0
    for r in month.rows:
        parts = (
            ("运费", r.freight),
            ("保费", r.insurance),
            ("偏远附加费", r.far),
            ("退回费", r.back),
        )
        for name, amount in parts:
            if amount or name == "运费":
                serial += 1
                rows.append(
                    [
                        serial,
                        f"{r.day:%m-%d}",
                        r.number,
                        "浙江",
                        r.province,
                        kg(r.billed_g),
                        "标快",
                        "寄付月结",
                        name,
                        yuan(amount),
                        "0.00",
                        yuan(amount),
                        "王",
                    ]
                )
    total = sum(r.total for r in month.rows) + month.declared_extra
    rows.append(["合计", "", "", "", "", "", "", "", "", yuan(total), "0.00", yuan(total)])
    path = path.with_suffix(".xlsx")
    path.write_bytes(xlsx_sheets({"账单明细": rows}))
    return path


def yto(month: Month, path: Path) -> Path:
    """UTF-8 with a mark at its start, waybills protected by a tab."""
    heads = [
        "运单号码",
        "账单结算对象名称",
        "计费重量（kg）",
        "计费省份",
        "计费目的地名称",
        "扫描时间",
    ]
    heads += ["快递费", "偏远费", "保价费", "退回费", "总费用"]
    rows = [
        [
            r.number + "\t",
            "观居家居",
            kg(r.billed_g),
            long_name(r.province),
            "",
            f"{r.day:%Y/%m/%d}",
            yuan(r.freight),
            yuan(r.far),
            yuan(r.insurance),
            yuan(r.back),
            "¥" + yuan(r.total),
        ]
        for r in month.rows
    ]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


def jt(month: Month, path: Path) -> Path:
    """The sheet 寄件明细 of a workbook; one amount for all, no parts."""
    rows: list[list[object]] = [["运单编号", "寄件时间", "客户名称", "收件省份", "收件城市"]]
    rows[-1] += ["内部计费重量", "合计金额"]
    for r in month.rows:
        rows.append(
            [
                r.number,
                f"{r.day} 10:00:00",
                "观居家居",
                long_name(r.province),
                "某市",
                r.billed_g / 1000,
                r.total / 100,
            ]
        )
    rows.append(["合计", "", "", "", "", "", (sum(r.total for r in month.rows)) / 100])
    path = path.with_suffix(".xlsx")
    path.write_bytes(xlsx_sheets({"汇总": [["项目", "金额"]], "寄件明细": rows}))
    return path


def ems(month: Month, path: Path) -> Path:
    """Weights in grams."""
    heads = [
        "邮件号",
        "收寄日期",
        "寄达省",
        "重量(g)",
        "标准资费",
        "偏远附加费",
        "保价费",
        "退回费",
        "实收资费",
    ]
    rows = [
        [
            f"'{r.number}",
            f"{r.day:%Y%m%d}",
            r.province,
            r.billed_g,
            yuan(r.freight),
            yuan(r.far),
            yuan(r.insurance),
            yuan(r.back),
            yuan(r.total),
        ]
        for r in month.rows
    ]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


LAYOUTS: dict[str, Callable[[Month, Path], Path]] = {
    "sto": sto,
    "zto": zto,
    "sf": sf,
    "yto": yto,
    "jt": jt,
    "ems": ems,
}
