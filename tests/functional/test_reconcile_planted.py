"""Bills with known mistakes, through the very command: each is found, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from local.cli import aftersales
from tests.bill_files import LAYOUTS, write_rates, write_shipments
from tests.planted_bills import CONTRACTS, Month, plant


def reconciled(months: list[Month], folder: Path, *more: str) -> dict:
    """What `aftersales reconcile --json` prints about the bills of these months."""
    bills = [LAYOUTS[m.courier](m, folder / f"bill_{n}") for n, m in enumerate(months)]
    write_shipments(months, folder / "shipments.csv")
    write_rates(sorted({m.courier for m in months}), folder / "rates.csv")
    command = ["reconcile", *map(str, bills), "--shipments", str(folder / "shipments.csv")]
    command += ["--rates", str(folder / "rates.csv"), "--json", *more]
    done = CliRunner().invoke(aftersales, command)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def found(answer: dict) -> Counter[tuple[str, str, int]]:
    return Counter(
        (one["waybill_number"], one["kind"], one["difference_minor"])
        for one in answer["discrepancies"]
    )


def planted(*months: Month) -> Counter[tuple[str, str, int]]:
    return Counter((m.number, m.kind, m.difference) for month in months for m in month.mistakes)


@pytest.mark.parametrize("courier", LAYOUTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_planted_mistake_is_found_and_no_other(courier, seed, tmp_path):
    month = plant(courier, seed)
    answer = reconciled([month], tmp_path, "--period", "2026-10")
    assert found(answer) == planted(month)
    assert answer["rejected"] == []
    assert answer["not_auditable"] == []
    assert answer["total_billed_minor"] == sum(row.total for row in month.rows)


def test_the_parts_of_a_bill_add_up_to_what_was_billed(tmp_path):
    answer = reconciled([plant("sto", 7), plant("sf", 7)], tmp_path, "--period", "2026-10")
    assert {total["courier"] for total in answer["couriers"]} == {"sto", "sf"}
    for total in answer["couriers"]:
        assert total["billed_minor"] == (
            total["agreed_minor"]
            + total["disputed_expected_minor"]
            + total["over_minor"]
            - total["under_minor"]
            + total["unmatched_minor"]
            + total["duplicate_minor"]
            + total["not_auditable_minor"]
        )
    assert answer["total_billed_minor"] == sum(one["billed_minor"] for one in answer["couriers"])


def test_bills_of_several_couriers_do_not_disturb_each_other(tmp_path):
    months = [plant(courier, 3, each=1) for courier in CONTRACTS]
    answer = reconciled(months, tmp_path, "--period", "2026-10")
    assert found(answer) == planted(*months)


def test_the_month_is_that_of_most_rows_where_nobody_says_it(tmp_path):
    month = plant("yto", 4, each=1)
    answer = reconciled([month], tmp_path)
    assert answer["period"] == "2026-10"
    assert found(answer) == planted(month)


def test_details_are_written_as_files(tmp_path):
    month = plant("zto", 5, each=1)
    answer = reconciled([month], tmp_path, "--period", "2026-10", "--out", str(tmp_path / "out"))
    written = {str(Path(file).relative_to(tmp_path / "out")) for file in answer["files"]}
    assert {"reconciliation.xlsx", "discrepancies.csv", "lines.csv", "result.json"} <= written
    assert any(name.startswith("claims/zto") for name in written)
    for name in written:
        assert (tmp_path / "out" / name).stat().st_size > 0
    kept = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    assert kept["claimable_minor"] == answer["claimable_minor"]


def test_a_file_that_is_no_bill_is_refused_with_what_was_seen(tmp_path):
    (tmp_path / "list.csv").write_text("name,colour\nmug,blue\n", "utf-8")
    write_shipments([plant("zto", 5, each=1)], tmp_path / "shipments.csv")
    write_rates(["zto"], tmp_path / "rates.csv")
    command = ["reconcile", str(tmp_path / "list.csv")]
    command += ["--shipments", str(tmp_path / "shipments.csv")]
    command += ["--rates", str(tmp_path / "rates.csv")]
    done = CliRunner().invoke(aftersales, command)
    assert done.exit_code != 0
    assert "name, colour" in str(done.exception)


def test_a_layout_of_ones_own_is_read_as_the_settings_describe_it(tmp_path):
    (tmp_path / "own.yaml").write_text(
        "reconciliation:\n  layouts:\n    - name: outlet\n      columns: {waybill: 小票号,"
        " billed_on: 几号, weight: 斤两, province: 哪里, amount: 多少钱}\n",
        "utf-8",
    )
    month = plant("sto", 6, each=1)
    month.mistakes = [m for m in month.mistakes if m.kind != "total_mismatch"]
    rows = ["小票号,几号,斤两,哪里,多少钱"]
    for r in month.rows:
        rows.append(f"{r.number},{r.day},{r.billed_g / 1000},{r.province},{r.total / 100:.2f}")
    (tmp_path / "bill.csv").write_text("\n".join(rows), "utf-8")
    write_shipments([month], tmp_path / "shipments.csv")
    write_rates(["sto"], tmp_path / "rates.csv")
    command = ["reconcile", str(tmp_path / "bill.csv"), "--json", "--period", "2026-10"]
    command += ["--shipments", str(tmp_path / "shipments.csv")]
    command += ["--rates", str(tmp_path / "rates.csv"), "--courier", "sto"]
    assert CliRunner().invoke(aftersales, command).exit_code != 0
    done = CliRunner().invoke(aftersales, [*command, "--settings", str(tmp_path / "own.yaml")])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["lines"] == len(month.rows)
    assert "unknown_waybill" in answer["by_kind"]
    assert "weight_over" in answer["by_kind"]


@pytest.mark.parametrize("is_of_that_month", [True, False])
def test_a_list_of_shipments_that_does_not_fit_the_bill_is_pointed_out(is_of_that_month, tmp_path):
    month = plant("sto", 3)
    bill = LAYOUTS["sto"](month, tmp_path / "bill")
    write_shipments([month if is_of_that_month else plant("sto", 4)], tmp_path / "shipments.csv")
    write_rates(["sto"], tmp_path / "rates.csv")
    command = ["reconcile", str(bill), "--shipments", str(tmp_path / "shipments.csv")]
    done = CliRunner().invoke(aftersales, [*command, "--rates", str(tmp_path / "rates.csv")])
    assert done.exit_code == 0, done.output
    assert ("is it the right one" in done.output) != is_of_that_month
