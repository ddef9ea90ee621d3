"""Bills of a shape of one's own, as a settings file describes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from local.cli import aftersales
from tests.export_files import xlsx_sheets
from tests.functional.test_reconcile_engine import write

NUMBERS = ["78319666374766", "78319666374767"]
ROWS = [(number, "2026-10-05", "广东", "1.8", "6.00", "1.00") for number in NUMBERS]
BY_NUMBER = "{waybill: 1, billed_on: 2, province: 3, weight: 4, amount: 5}"


def layout(columns: str, more: str = "") -> str:
    return f"""\
        reconciliation:
          layouts:
            - name: my outlet
              file_contains: outlet
              columns: {columns}
              {more}
        """


def reconciled(folder: Path, bill: Path, settings: str) -> Any:
    (folder / "own.yaml").write_text(settings, "utf-8")
    head = ("waybill_number", "courier", "shipped_at", "province", "weight_g", "outcome")
    sent = [(number, "zto", "2026-10-05", "广东", 1800, "delivered") for number in NUMBERS]
    card = [
        ("courier", "base_price_minor", "base_weight_g", "step_price_minor", "step_weight_g",
         "surcharge_code", "surcharge_basis", "surcharge_value"),
        ("zto", 400, 1000, 100, 1000, "", "", ""),
        ("zto", "", "", "", "", "燃油附加费", "per_parcel", 100),
    ]  # fmt: skip
    command = ["reconcile", str(bill), "--json", "--period", "2026-10", "--courier", "zto"]
    command += ["--shipments", str(write(folder / "shipments.csv", [head, *sent]))]
    command += ["--rates", str(write(folder / "rates.csv", card))]
    done = CliRunner().invoke(aftersales, [*command, "--settings", str(folder / "own.yaml")])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "above",
    [
        [],
        [("a", "b", "c", "d", "e", "f")],
        [("2026-10",), ("小票", "几号", "哪里", "斤两(kg)", "多少钱", "油")],
    ],
)
def test_columns_may_be_counted_with_a_header_and_without_one(tmp_path, above, kind):
    rows = [*above, *ROWS]
    bill = tmp_path / f"outlet-10.{kind}"
    if kind == "csv":
        write(bill, rows)
    else:
        bill.write_bytes(xlsx_sheets({"Sheet1": rows}))
    answer = reconciled(tmp_path, bill, layout(BY_NUMBER, "surcharges: {6: 燃油附加费}"))
    assert (answer["lines"], answer["matched"]) == (2, 2)
    assert answer["total_billed_minor"] == 1200
    assert (answer["discrepancies"], answer["not_auditable"], answer["rejected"]) == ([], [], [])


def test_a_damaged_first_row_is_refused_and_no_title(tmp_path):
    damaged = ("1.23E+12", "2026-10-05", "广东", "1.8", "6.00", "1.00")
    bill = write(tmp_path / "outlet.csv", [damaged, *ROWS])
    answer = reconciled(tmp_path, bill, layout(BY_NUMBER))
    assert answer["lines"] == 2
    assert [one["row"] for one in answer["rejected"]] == [1]


def test_some_columns_may_be_named_and_others_counted(tmp_path):
    bill = write(tmp_path / "outlet.csv", [("小票", "几号", "", "克重(g)", "多少(分)", "油(分)")])
    rows = [(*row[:3], "1800", "600", "100") for row in ROWS]
    write(bill, [("小票", "几号", "", "克重(g)", "多少(分)", "油(分)"), *rows])
    columns = "{waybill: 小票, billed_on: 2, province: 3, weight: 克重(g), amount: 5}"
    answer = reconciled(tmp_path, bill, layout(columns, "surcharges: {油(分): fuel}"))
    assert (answer["lines"], answer["total_billed_minor"]) == (2, 1200)
    assert answer["discrepancies"] == []


def test_a_number_in_quotes_is_a_header(tmp_path):
    rows = [("5", "4", "3", "2", "1"), *((*reversed(row[:5]),) for row in ROWS)]
    columns = '{waybill: "1", billed_on: "2", province: "3", weight: "4", amount: "5"}'
    answer = reconciled(tmp_path, write(tmp_path / "outlet.csv", rows), layout(columns))
    assert (answer["lines"], answer["total_billed_minor"]) == (2, 1200)
