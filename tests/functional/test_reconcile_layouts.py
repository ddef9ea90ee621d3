"""The same planted mistakes, in bills that outlets make by hand."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from local.cli import aftersales
from tests.bill_files import write_rates, write_shipments
from tests.functional.test_reconcile_planted import found, planted
from tests.planted_bills import plant
from tests.planted_layouts import VARIANTS


@pytest.mark.parametrize("seed", [5, 6])
@pytest.mark.parametrize(("courier", "layout"), VARIANTS)
def test_every_planted_mistake_is_found_and_no_other_in_bills_made_by_hand(
    courier, layout, seed, tmp_path
):
    month = plant(courier, seed)
    bill = layout(month, tmp_path / "bill")
    write_shipments([month], tmp_path / "shipments.csv")
    write_rates([courier], tmp_path / "rates.csv")
    command = ["reconcile", str(bill), "--shipments", str(tmp_path / "shipments.csv")]
    command += ["--rates", str(tmp_path / "rates.csv"), "--period", "2026-10", "--json"]
    done = CliRunner().invoke(aftersales, command)
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert found(answer) == planted(month)
    assert answer["rejected"] == []
    assert answer["total_billed_minor"] == sum(row.total for row in month.rows)
