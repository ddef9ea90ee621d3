"""A made-up month for measurements: a bill, its shipments and a rate card, as CSV files."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import NamedTuple

PROVINCES = {
    "浙江": (320, 100), "江苏": (320, 100), "上海": (320, 100), "安徽": (340, 110),
    "广东": (450, 210), "北京": (450, 210), "湖北": (450, 210), "四川": (520, 260),
    "河南": (450, 210), "山东": (450, 210), "陕西": (520, 260), "新疆": (1500, 1200),
}  # fmt: skip
"""Province: price of the first kilogram and of each further one, in minor units."""
DIVISOR = 8000
SIZES = ((200, 150, 80), (300, 220, 150), (450, 350, 200))
WRONG_OF_A_HUNDRED = 2
LONG_NAMES = {"上海": "上海市", "北京": "北京市", "新疆": "新疆维吾尔自治区"}


class Month(NamedTuple):
    """Paths of the three files, and how many rows were made wrong."""

    bill: Path
    shipments: Path
    rates: Path
    wrong: int


def write_month(folder: Path, lines: int) -> Month:
    """Files with so many bill rows and shipments; two of a hundred rows are wrong."""
    pick = random.Random(lines)
    folder.mkdir(parents=True, exist_ok=True)
    month = Month(folder / "bill.csv", folder / "shipments.csv", folder / "rates.csv", 0)
    names = list(PROVINCES)
    wrong = 0
    with (
        month.bill.open("w", encoding="utf-8", newline="") as bill,
        month.shipments.open("w", encoding="utf-8", newline="") as shipped,
    ):
        out, sent = csv.writer(bill), csv.writer(shipped)
        out.writerow(["运单号", "业务时间", "结算重量", "目的省份", "中转费", "应收金额"])
        sent.writerow(
            (
                *("waybill_number", "courier", "shipped_at", "order_id", "weight_g", "length_mm"),
                *("width_mm", "height_mm", "province", "city", "service", "declared_value_minor"),
                *("cod_minor", "parcel_count", "outcome"),
            )
        )
        for n in range(lines):
            number = f"77{4_000_000_000_000 + n * 7}"
            day = f"2026-10-{1 + n % 28:02d}"
            grams = pick.randrange(80, 5200)
            province = names[n % len(names)]
            size = SIZES[n % 3]
            volume = -(-size[0] * size[1] * size[2] // DIVISOR)
            kilograms = -(-max(grams, volume) // 1000)
            first, step = PROVINCES[province]
            amount = first + (kilograms - 1) * step
            outcome = "delivered"
            if pick.randrange(100) < WRONG_OF_A_HUNDRED:
                wrong += 1
                way = wrong % 4
                if way == 0:
                    kilograms, amount = kilograms + 2, amount + 2 * step
                elif way == 1:
                    amount += 37
                elif way == 2:
                    outcome = "lost"
                else:
                    number = f"77{3_000_000_000_000 + n}"
            yuan = f"{amount // 100}.{amount % 100:02d}"
            place = LONG_NAMES.get(province, province + "省")
            out.writerow([number, day, f"{kilograms}.00", place, yuan, yuan])
            sent.writerow(
                (
                    *(f"77{4_000_000_000_000 + n * 7}", "sto", f"{day}T03:00:00Z", f"O{n}", grams),
                    *(*size, province, "", "", "", "", 1, outcome),
                )
            )
    _write_rates(month.rates)
    return month._replace(wrong=wrong)


def _write_rates(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(
            (
                *("courier", "service", "valid_from", "valid_to", "provinces", "min_weight_g"),
                *("max_weight_g", "base_price_minor", "base_weight_g", "step_weight_g"),
                *("step_price_minor", "step_mode", "rounding", "volumetric_divisor"),
                *("surcharge_code", "surcharge_basis", "surcharge_value", "currency"),
            )
        )
        for name, (first, step) in PROVINCES.items():
            out.writerow(
                (
                    *("sto", "", "2026-01-01", "", name, 0, "", first, 1000, 1000, step, "ceil"),
                    *("ceil_1000", DIVISOR, "", "", "", "CNY"),
                )
            )
