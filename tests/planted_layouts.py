"""More ways in which the same month is written down: as outlets make bills by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from tests.bill_files import kg, long_name, yuan
from tests.export_files import xlsx_sheets
from tests.planted_bills import Month, Row


def extras(row: Row) -> int:
    """All but the freight."""
    return row.total - row.freight


def lump(month: Month, path: Path) -> Path:
    """All extras in one column, and labels that were paid for before (STO)."""
    heads = ["运单号", "业务时间", "应收金额", "中转费", "附加费", "结算重量", "目的省份"]
    heads += ["目的城市", "订单客户", "预收面单费"]
    rows = [
        [
            r.number,
            f"{r.day} 20:11:09",
            yuan(r.total),
            yuan(r.freight),
            yuan(extras(r)) if extras(r) else "",
            kg(r.billed_g),
            long_name(r.province),
            "",
            "观居家居",
            "0.60",
        ]
        for r in month.rows
    ]
    total = sum(r.total for r in month.rows)
    labels = 60 * len(rows)
    foot = [
        ["", "件量", len(rows)],
        ["", "账单合计", yuan(total + month.declared_extra)],
        ["", "预收面单费", yuan(labels)],
        ["", "五省超出加收", "0.00"],
        ["", "剩余应收", yuan(total - labels)],
    ]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([heads, *rows, *foot])
    return path


def branches(month: Month, path: Path) -> Path:
    """A sum under the rows of each branch, and one under all (freight bills, Deppon)."""
    rows: list[list[object]] = [["客户对账单"]]
    rows.append(["运单号", "开单时间", "件数", "计费重量(kg)", "到达省份", "运费"])
    rows[-1] += ["偏远费", "保价费", "退回费", "合计"]
    half = len(month.rows) // 2
    for name, part in (("一部", month.rows[:half]), ("二部", month.rows[half:])):
        for r in part:
            rows.append([r.number, str(r.day), 1, r.billed_g / 1000, long_name(r.province)])
            rows[-1] += [one / 100 for one in (r.freight, r.far, r.insurance, r.back, r.total)]
        money = sum(r.total for r in part) / 100
        rows.append([f"{name}小计", "", len(part), "", "", "", "", "", "", money])
    total = sum(r.total for r in month.rows) + month.declared_extra
    rows.append(["总计", "", len(month.rows), "", "", "", "", "", "", total / 100])
    extract: list[list[object]] = [rows[1], *rows[2:12]]
    path = path.with_suffix(".xlsx")
    path.write_bytes(xlsx_sheets({"重点件": extract, "对账单": rows, "汇总": [["项目", "金额"]]}))
    return path


def postage(month: Month, path: Path) -> Path:
    """A postage before and after discount, and what it sums up to with the rest (EMS)."""
    heads = ["邮件号", "收寄日期", "寄达地", "重量", "标准资费", "优惠后资费"]
    heads += ["偏远附加费", "保价费", "退回费", "合计"]
    rows = [
        [
            f"\t{r.number}",
            f"{r.day:%Y%m%d}",
            long_name(r.province),
            r.billed_g,
            yuan(r.freight + 300),
            yuan(r.freight),
            yuan(r.far),
            yuan(r.insurance),
            yuan(r.back),
            yuan(r.total),
        ]
        for r in month.rows
    ]
    path = path.with_suffix(".csv")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


VARIANTS: tuple[tuple[str, Callable[[Month, Path], Path]], ...] = (
    ("sto", lump),
    ("zto", branches),
    ("ems", postage),
    ("yto", branches),
)
