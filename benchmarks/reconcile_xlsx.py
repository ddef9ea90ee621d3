"""Reading a bill of 200,000 rows from a workbook, beside the workbook reader alone.

    python -m benchmarks.reconcile_xlsx [--rows 200000] [--rounds 5] [--seed 20261101]

The bill is made up: twelve columns as an outlet exports them, with a title row, dates, numbers and
a total. Ours is `read_bills`: the checks of the file before it is opened, header and columns found,
every cell read, lines and surcharges in tables. The other is `python-calamine` alone: open, load
the sheet, take every row. Both read the same file in turn, in this process.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.measuring import median, report, result

HEADER = (
    "运单号", "业务时间", "订单客户", "目的省份", "目的城市", "结算重量", "中转费", "附加费",
    "异形件", "加收费", "应收金额", "备注",
)  # fmt: skip
PLACES = (
    ("广东省", "深圳市"), ("浙江省", "杭州市"), ("江苏省", "南京市"), ("北京市", "北京市"),
    ("新疆维吾尔自治区", "喀什地区"),
)  # fmt: skip


def make_bill(path: Path, rows: int, seed: int) -> int:
    """Write the bill; returns the sum of its amounts in fen."""
    import xlsxwriter

    chance = random.Random(seed)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet("2026年10月")
    sheet.write_row(0, 0, ["申通快递 2026年10月账单"])
    sheet.write_row(1, 0, HEADER)
    total = 0
    start = datetime(2026, 10, 1)  # noqa: DTZ001 - a cell of a workbook has no zone
    for number in range(rows):
        province, city = chance.choice(PLACES)
        grams = chance.randrange(100, 5000, 10)
        freight = 300 + -(-grams // 1000) * 100
        extra = 50 * (number % 3)
        total += freight + extra
        at = number + 2
        sheet.write_string(at, 0, str(773_000_000_000_000 + number))
        sheet.write_datetime(at, 1, start + timedelta(seconds=number * 13), day)
        sheet.write_string(at, 2, "示例商贸有限公司")
        sheet.write_string(at, 3, province)
        sheet.write_string(at, 4, city)
        for column, value in enumerate((grams / 1000, freight / 100, extra / 100, 0, 0), 5):
            sheet.write_number(at, column, value)
        sheet.write_number(at, 10, (freight + extra) / 100)
    sheet.write_row(rows + 2, 0, ["", "账单合计"])
    sheet.write_number(rows + 2, 10, total / 100)
    book.close()
    return total


def calamine_alone(path: Path) -> int:
    """Open, load, take every row: how many there are."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    return sum(1 for name in book.sheet_names for _ in book.get_sheet_by_name(name).iter_rows())


def ours(path: Path) -> tuple[int, int]:
    """(lines, sum of their amounts)."""
    import duckdb

    from courier_reconciliation.reading.bills import read_bills
    from courier_reconciliation.reading.model import ReadingOptions

    connection = duckdb.connect(config={"threads": 2})
    read = read_bills(connection, [path], ReadingOptions())
    (file,) = read.files
    return file.lines, file.amount_minor


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=20261101)
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {"ours": [], "calamine": []}
    with tempfile.TemporaryDirectory(prefix="bills-") as directory:
        path = Path(directory) / "sto.xlsx"
        total = make_bill(path, arguments.rows, arguments.seed)
        for _ in range(arguments.rounds):
            started = time.perf_counter()
            calamine_alone(path)
            middle = time.perf_counter()
            found = ours(path)
            seconds["calamine"].append(middle - started)
            seconds["ours"].append(time.perf_counter() - middle)
            if found != (arguments.rows, total):
                raise SystemExit(f"read {found}, and not {(arguments.rows, total)}")
        size = path.stat().st_size
    pairs = zip(seconds["ours"], seconds["calamine"], strict=True)
    ratio = median([mine / other for mine, other in pairs])
    mine, other = median(seconds["ours"]), median(seconds["calamine"])
    entry = result(
        "xlsx_reading",
        f"a workbook of {arguments.rows} rows into the tables; the peer is python-calamine alone",
        "seconds, the median of all rounds; the ratio is the median of the rounds' ratios",
        ours=round(mine, 3),
        peer=round(other, 3),
        ratio=round(ratio, 3),
        goal="at most 1.3 times python-calamine alone",
        met=ratio <= 1.3,
    )
    report("reconcile_xlsx", [entry], rows=arguments.rows, file_bytes=size)


if __name__ == "__main__":
    main()
