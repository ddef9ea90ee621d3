"""`aftersales bills`: seeing checked bills, saying what became of claims."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aftersales.courier_bills import ClaimState
from aftersales.tables import bills, cases
from tests.command_line import aftersales
from tests.functional.test_bill_handlers import SUBJECT, a_month, drop, planted, put_rates, ship
from tests.handler_world import World, world_of
from tests.planted_bills import Month

BILL = "sto/2026-10"


@pytest.fixture
def world(tables: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def month(world: World, tmp_path: Path) -> Month:
    made = a_month(fair=5)
    ship(made)
    put_rates(world, tmp_path, "sto")
    drop(world, made, tmp_path)
    world.call("courier_reconciliation_files")
    return made


def test_bills_are_listed_and_shown_with_their_claims(month: Month) -> None:
    (listed,) = json.loads(aftersales("bills", "list", "--json").out)
    assert (listed["bill"], listed["period"]) == (BILL, "2026-10")
    shown = json.loads(aftersales("bills", "show", BILL, "--json").out)
    told = sorted((c["waybill_number"], c["kind"], c["amount_minor"]) for c in shown["claim_list"])
    assert told == planted(month)
    assert "weight over" in aftersales("bills", "show", BILL).out
    assert BILL in aftersales("bills", "list", "--account", "sto").out


def test_a_claim_is_filed_by_name_and_all_that_wait_without(month: Month) -> None:
    one = next(iter(bills.claims_of("sto")))
    asked = ("bills", "claim", BILL, "--as", "wang", "--json")
    done = json.loads(aftersales(*asked, "--set", "filed", "--waybill", one.waybill_number).out)
    assert done["changed"] >= 1
    filed = [c for c in bills.claims_of("sto") if c.state is ClaimState.FILED]
    assert {c.waybill_number for c in filed} == {one.waybill_number}
    assert {c.decided_by for c in filed} == {"wang"}
    json.loads(aftersales(*asked, "--set", "filed").out)
    assert {c.state for c in bills.claims_of("sto")} == {ClaimState.FILED}


def test_a_parcel_without_a_claim_is_named(month: Month) -> None:
    said = (
        "bills",
        "claim",
        BILL,
        "--as",
        "wang",
        "--set",
        "filed",
        "--waybill",
        "776000000000001",
    )
    answer = aftersales(*said)
    assert answer.code == 2
    assert f"{BILL} has no claim for 776000000000001" in answer.err
    assert {c.state for c in bills.claims_of("sto")} == {ClaimState.OPEN}


def test_the_case_closes_when_a_person_has_settled_the_last_claim(month: Month) -> None:
    aftersales("bills", "claim", BILL, "--set", "credited", "--as", "wang")
    case = cases.get(SUBJECT, "bill_discrepancies")
    assert case is not None
    assert not case.is_open
    again = aftersales(
        "bills", "claim", BILL, "--set", "refused", "--as", "w", "--kind", "zone_wrong"
    )
    assert "cannot become refused" in again.out


def test_a_bill_that_is_not_there_is_said_to_be_missing(tables: Any) -> None:
    answer = aftersales("bills", "show", "sto/2020-01")
    assert answer.code == 2
    assert "no bill" in answer.err
