"""Couriers' bills from the bucket to their cases, claims and reports, by the deployed handlers."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from aftersales.courier_bills import ClaimState, decided
from aftersales.parcels import Parcel
from aftersales.tables import bills, cases, parcels
from aftersales.tracking import Reason, Status
from tests import bill_files, planted_bills
from tests.handler_world import NOW, World, event_named, world_of
from tests.planted_bills import Month

KEY = "bills/sto/申通-202610.csv"
SUBJECT = "bill:sto/2026-10"


@pytest.fixture
def world(tables: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


STATES: dict[str, dict[str, Any]] = {
    "delivered": {"status": Status.DELIVERED},
    "returned": {"status": Status.RETURNED},
    "cancelled": {"status": Status.CANCELLED},
    "lost": {"status": Status.EXCEPTION, "reason": Reason.LOST},
    "damaged": {"status": Status.EXCEPTION, "reason": Reason.DAMAGED},
    "never_moved": {"status": Status.INFO_RECEIVED, "checked_at": NOW, "source": "kuaidi100"},
}


def a_month(courier: str = "sto", each: int = 1, fair: int = 60) -> Month:
    """A small month with every mistake in it."""
    month = planted_bills.plant(courier, 7, each)
    touched = {mistake.number for mistake in month.mistakes}
    odd = {parcel.number for parcel in month.parcels if parcel.outcome != "delivered"}
    kept = touched | odd | {parcel.number for parcel in month.parcels[:fair]}
    month.parcels = [parcel for parcel in month.parcels if parcel.number in kept]
    month.rows = [row for row in month.rows if row.number in kept]
    return month


def small_month(world: World, folder: Path, few: int) -> Month:
    """A month of few parcels and mistakes; its parcels and the prices are known to the desk."""
    month = a_month(fair=10)
    month.mistakes = month.mistakes[:few]
    kept = {m.number for m in month.mistakes} | {p.number for p in month.parcels[:few]}
    month.parcels = [p for p in month.parcels if p.number in kept]
    month.rows = [r for r in month.rows if r.number in kept]
    month.declared_extra = 0
    ship(month)
    put_rates(world, folder, "sto")
    return month


def ship(month: Month, *, with_values: bool = True) -> None:
    """The parcels of a month, as the desk knows them after the tracker has followed them."""
    for p in month.parcels:
        shipped_at = datetime(p.day.year, p.day.month, p.day.day, 0, 30, tzinfo=UTC)
        length, width, height = p.size_mm
        parcels.add(
            Parcel(
                parcel_id=p.number,
                waybill_number=p.number,
                courier=p.courier,
                shop_id="tb1",
                order_ids=(f"O{p.number[-8:]}",),
                shipped_at=shipped_at,
                added_at=shipped_at,
                province=p.province,
                weight_g=p.weight_g,
                length_mm=length,
                width_mm=width,
                height_mm=height,
                declared_value_minor=(p.declared or None) if with_values else None,
                **STATES[p.outcome],
            ),
            shards=1,
        )


def drop(world: World, month: Month, folder: Path, key: str = KEY) -> bytes:
    """Put a month's bill into the bucket."""
    content = bill_files.LAYOUTS[month.courier](month, folder / "bill").read_bytes()
    world.buckets.put("aftersales-drop", key, content)
    return content


def dropped(key: str) -> dict[str, Any]:
    """What S3 says of a bill under another key."""
    event: dict[str, Any] = event_named("courier_reconciliation_files")
    event["Records"][0]["s3"]["object"]["key"] = key
    return event


def put_rates(world: World, folder: Path, *couriers: str) -> None:
    bill_files.write_rates(couriers, folder / "rates.csv")
    content = (folder / "rates.csv").read_bytes()
    world.buckets.put("aftersales-drop", "rates/2026.csv", content)


def found(bill: str = "2026-10", account: str = "sto") -> list[tuple[str, str, int]]:
    return sorted(
        (c.waybill_number, c.kind, c.amount_minor) for c in bills.claims_of(account, bill)
    )


def planted(month: Month) -> list[tuple[str, str, int]]:
    return sorted((m.number, m.kind, m.difference) for m in month.mistakes if m.difference > 0)


def test_a_dropped_bill_becomes_claims_a_report_and_one_case(world: World, tmp_path: Path) -> None:
    month = a_month()
    ship(month)
    put_rates(world, tmp_path, "sto")
    drop(world, month, tmp_path)
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["outcome"] == "checked, case opened"
    assert found() == planted(month)
    bill = bills.get("sto", "2026-10")
    assert bill is not None
    assert bill.claimable_minor == sum(m.difference for m in month.mistakes if m.difference > 0)
    case = cases.get(SUBJECT, "bill_discrepancies")
    assert case is not None
    assert case.is_open
    names = world.buckets.keys("aftersales-drop", bill.report)
    assert f"{bill.report}reconciliation.xlsx" in names


def test_a_card_with_two_prices_for_a_parcel_is_told_of_in_the_report(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    ship(month)
    put_rates(world, tmp_path, "sto")
    world.buckets.put("aftersales-drop", "rates/2027.csv", (tmp_path / "rates.csv").read_bytes())
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    bill = bills.get("sto", "2026-10")
    assert bill is not None
    answer = json.loads(world.buckets.content("aftersales-drop", f"{bill.report}result.json"))
    assert any("of the rate card both price" in note for note in answer["notes"])


@pytest.fixture
def checked(world: World, tmp_path: Path) -> Month:
    """A month whose bill was dropped and checked."""
    month = a_month()
    ship(month)
    put_rates(world, tmp_path, "sto")
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    return month


def everything(world: World) -> dict[str, list[dict[str, Any]]]:
    return world.stored("bills", "cases", "outbox", "parcels")


def test_the_same_file_changes_nothing(world: World, checked: Month, tmp_path: Path) -> None:
    before = everything(world)
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["outcome"] == "known"
    assert everything(world) == before


def test_the_same_rows_saved_again_change_no_claim(
    world: World, checked: Month, tmp_path: Path
) -> None:
    before = {claim.claim_id: claim.amount_minor for claim in bills.claims_of("sto")}
    checked.rows.reverse()
    drop(world, checked, tmp_path)
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["outcome"].startswith("again")
    assert {claim.claim_id: claim.amount_minor for claim in bills.claims_of("sto")} == before
    assert len(bills.of_account("sto")) == 1


def test_what_a_person_decided_survives_another_look(world: World, checked: Month) -> None:
    first, second, *_ = bills.claims_of("sto")
    assert bills.keep_claim(decided(first, ClaimState.FILED, NOW, by="wang"), NOW)
    assert bills.keep_claim(decided(second, ClaimState.REFUSED, NOW, by="wang"), NOW)
    world.call("courier_reconciliation_bill")
    states = {claim.claim_id: claim.state for claim in bills.claims_of("sto")}
    assert states[first.claim_id] is ClaimState.FILED
    assert states[second.claim_id] is ClaimState.REFUSED
    assert set(states.values()) == {ClaimState.FILED, ClaimState.REFUSED, ClaimState.OPEN}


def test_a_corrected_bill_replaces_the_earlier_one_and_says_what_changed(
    world: World, checked: Month, tmp_path: Path
) -> None:
    twice = next(m for m in checked.mistakes if m.kind == "duplicate_waybill")
    checked.rows.remove(next(row for row in checked.rows if row.number == twice.number))
    other = next(c for c in bills.claims_of("sto") if c.kind != "duplicate_waybill")
    assert bills.keep_claim(decided(other, ClaimState.FILED, NOW, by="wang"), NOW)
    drop(world, checked, tmp_path)
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["outcome"].startswith("replaced")
    (bill,) = bills.of_account("sto")
    assert len(bill.replaced) == 1
    (over,) = (c for c in bills.claims_of("sto") if c.kind == "duplicate_waybill")
    assert over.state is ClaimState.CREDITED
    case = cases.get(SUBJECT, "bill_discrepancies")
    assert case is not None
    assert case.is_open
    assert f"claims:{bill.claims + 1}>{bill.claims}" in str(case.facts["changes"])
    world.call("alert_dispatcher_sweep")
    told = world.outside.messages
    assert len(told) == 2
    assert "更正后的账单" in told[-1]
    assert "其中 1 项异议已经提交，只需处理其余的" in told[-1]
    assert "已经提交，只需" not in told[0]


def test_the_report_of_a_corrected_bill_leaves_the_earlier_one_where_it_was(
    world: World, checked: Month, tmp_path: Path
) -> None:
    before = set(world.buckets.keys("aftersales-drop", "reports/"))
    checked.rows.pop()
    drop(world, checked, tmp_path)
    world.call("courier_reconciliation_files")
    after = set(world.buckets.keys("aftersales-drop", "reports/"))
    assert before < after


def next_month(month: Month, credits: dict[str, int], days_later: int = 31) -> Month:
    """A bill of the month after with nothing but what it gives back."""
    rows = [
        replace(row, day=row.day + timedelta(days=days_later), freight=-credits[row.number],
                insurance=0, far=0, back=0)
        for row in {row.number: row for row in month.rows}.values()
        if row.number in credits
    ]  # fmt: skip
    return Month(month.courier, [], rows)


def test_a_credit_on_the_next_bill_closes_the_claim_and_a_short_one_leaves_it_open(
    world: World, checked: Month, tmp_path: Path
) -> None:
    whole = next(m for m in checked.mistakes if m.kind == "weight_over")
    short = next(m for m in checked.mistakes if m.kind == "zone_wrong")
    given = {whole.number: whole.difference, short.number: short.difference - 50}
    bill = next_month(checked, given)
    drop(world, bill, tmp_path, "bills/sto/202611.csv")
    event = dropped("bills/sto/202611.csv")
    (covered,) = world.call("courier_reconciliation_files", event)["checked"]
    assert covered["claims"] == 0
    state = {(c.waybill_number, c.kind): c for c in bills.claims_of("sto", "2026-10")}
    assert state[whole.number, "weight_over"].state is ClaimState.CREDITED
    left = state[short.number, "zone_wrong"]
    assert (left.state, left.left_minor) == (ClaimState.OPEN, 50)
    before = everything(world)
    world.call("courier_reconciliation_files", event)
    assert everything(world) == before
    world.call("alert_dispatcher_sweep")
    (told,) = [one for one in world.outside.messages if "没退足" in one]
    still = sum(claim.left_minor for claim in state.values() if claim.live)
    assert f"¥{sum(given.values()) / 100:.2f}" in told
    assert f"¥{still / 100:.2f}" in told


def test_a_credit_note_with_the_days_of_shipping_credits_the_bill_and_does_not_replace_it(
    world: World, checked: Month, tmp_path: Path
) -> None:
    over = next(m for m in checked.mistakes if m.kind == "weight_over")
    short = next(m for m in checked.mistakes if m.kind == "zone_wrong")
    given = {over.number: over.difference, short.number: short.difference - 50}
    waiting = {claim.claim_id for claim in bills.claims_of("sto") if claim.live}
    drop(world, next_month(checked, given, days_later=0), tmp_path, "bills/sto/退款.csv")
    event = dropped("bills/sto/退款.csv")
    (covered,) = world.call("courier_reconciliation_files", event)["checked"]
    assert (covered["bill"], covered["claims"]) == ("2026-10-2", 0)
    claims = {claim.claim_id: claim for claim in bills.claims_of("sto")}
    settled = {one for one in waiting if not claims[one].live}
    assert {(claims[one].waybill_number, claims[one].kind) for one in settled} == {
        (over.number, "weight_over")
    }
    (left,) = (c for c in claims.values() if c.waybill_number == short.number)
    assert (left.state, left.left_minor) == (ClaimState.OPEN, 50)
    case = cases.get(SUBJECT, "bill_discrepancies")
    assert case is not None
    assert case.is_open
    before = everything(world)
    world.call("courier_reconciliation_files", event)
    assert everything(world) == before


def test_the_case_closes_when_all_its_claims_are_settled(
    world: World, checked: Month, tmp_path: Path
) -> None:
    money: dict[str, int] = {}
    for claim in bills.claims_of("sto"):
        if claim.waybill_number:
            money[claim.waybill_number] = money.get(claim.waybill_number, 0) + claim.amount_minor
        else:  # a total that does not add up is no parcel's
            bills.keep_claim(decided(claim, ClaimState.REFUSED, NOW, by="wang"), NOW)
    bill = next_month(checked, money)
    drop(world, bill, tmp_path, "bills/sto/202611.csv")
    event = dropped("bills/sto/202611.csv")
    world.call("courier_reconciliation_files", event)
    assert not [claim for claim in bills.claims_of("sto") if claim.live]
    case = cases.get(SUBJECT, "bill_discrepancies")
    assert case is not None
    assert (case.is_open, case.resolution) == (False, "claims_settled")


def test_a_file_that_is_no_bill_is_told_with_the_columns_that_were_seen(world: World) -> None:
    world.buckets.put("aftersales-drop", KEY, "姓名,电话\n某人,1\n".encode())
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert "姓名" in covered["problem"]
    assert world.cases() == {f"file:{KEY}": "bill_unreadable"}
    (kept,) = world.tables.items("quarantine")
    assert kept["place"] == "申通-202610.csv"


def test_a_bill_all_of_whose_rows_are_refused_is_told_with_rows(
    world: World, tmp_path: Path
) -> None:
    rows = "".join(f"2026-10-0{n},7.7300{n}E+14,浙江,1,3.20\n" for n in range(1, 6))
    text = "业务时间,运单号,目的省份,结算重量,应收金额\n" + rows
    world.buckets.put("aftersales-drop", KEY, text.encode())
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["problem"].startswith(
        "none of its 5 rows can be used; row 2: the waybill number"
    )
    assert "row 4: " in covered["problem"]
    assert "row 5: " not in covered["problem"]
    assert world.cases() == {f"file:{KEY}": "bill_unreadable"}


def test_a_bill_that_can_be_read_in_the_end_closes_the_case_about_its_file(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    ship(month)
    put_rates(world, tmp_path, "sto")
    world.buckets.put("aftersales-drop", KEY, b"a,b\n1,2\n")
    world.call("courier_reconciliation_files")
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    assert set(world.cases()) == {SUBJECT}


def test_a_folder_that_is_no_account_is_told(world: World) -> None:
    event = dropped("bills/nobody/a.csv")
    world.buckets.put("aftersales-drop", "bills/nobody/a.csv", b"a,b\n1,2\n")
    (covered,) = world.call("courier_reconciliation_files", event)["checked"]
    assert "reconciliation.accounts" in covered["problem"]


def test_without_a_rate_card_nothing_is_judged_and_the_operators_hear_of_it(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    ship(month)
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    bill = bills.get("sto", "2026-10")
    assert bill is not None
    assert bill.not_auditable > 50
    assert world.cases()["rates:sto"] == "rates_wrong"
    put_rates(world, tmp_path, "sto")
    world.call("courier_reconciliation_bill")
    assert "rates:sto" not in world.cases()
    assert found() == planted(month)


def test_a_bill_dropped_again_is_checked_by_the_rate_card_that_came_meanwhile(
    world: World, tmp_path: Path
) -> None:
    month = small_month(world, tmp_path, few=3)
    world.buckets.put("aftersales-drop", "rates/2026.csv", b"courier,base_price_minor\nzto,300\n")
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    (bill,) = bills.of_account("sto")
    assert bill.not_auditable
    put_rates(world, tmp_path, "sto")
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["outcome"].startswith("again")
    assert found() == planted(month)
    before = everything(world)
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["outcome"] == "known"
    assert everything(world) == before


def test_a_bill_whose_parcels_are_mostly_unknown_claims_none_of_them_until_they_are_known(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    put_rates(world, tmp_path, "sto")
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    assert not [claim for claim in bills.claims_of("sto") if claim.kind == "unknown_waybill"]
    (bill,) = bills.of_account("sto")
    assert bill.not_known * 2 > bill.lines
    world.call("alert_dispatcher_sweep")
    assert f"{bill.not_known} 行" in world.outside.messages[-1]
    ship(month)
    world.call("courier_reconciliation_files")
    assert found() == planted(month)
    world.call("alert_dispatcher_sweep")
    assert len(world.outside.messages) == 2
    assert "没有记录" not in world.outside.messages[-1]


def test_a_bill_of_unknown_parcels_delivered_twice_ends_as_it_did(
    world: World, tmp_path: Path
) -> None:
    put_rates(world, tmp_path, "sto")
    drop(world, a_month(), tmp_path)
    world.call("courier_reconciliation_files")
    world.call("alert_dispatcher_sweep")
    claims, told = list(bills.claims_of("sto")), len(world.outside.messages)
    (covered,) = world.call("courier_reconciliation_files")["checked"]
    assert covered["outcome"].startswith("again")
    world.call("alert_dispatcher_sweep")
    assert list(bills.claims_of("sto")) == claims
    assert len(world.outside.messages) == told


def test_a_late_second_delivery_does_not_take_a_file_from_the_run_that_checks_it_again(
    tables: Any,
) -> None:
    now = datetime(2026, 11, 5, 1, 30, tzinfo=UTC)
    until = now + timedelta(minutes=15)
    bills.begin("sto", "abc", "first", now, until)
    bills.finish("sto", "abc", "checked", "2026-10", now)
    seen_by_both = bills.work_on("sto", "abc")
    bills.forget_work("sto", "abc", seen_by_both)
    bills.begin("sto", "abc", "second", now, until)
    bills.forget_work("sto", "abc", seen_by_both)
    assert bills.begin("sto", "abc", "third", now, until).owner == "second"


def test_a_broken_rate_card_is_told_and_the_others_are_used(world: World, tmp_path: Path) -> None:
    month = a_month()
    ship(month)
    put_rates(world, tmp_path, "sto")
    world.buckets.put("aftersales-drop", "rates/broken.csv", b"what,is,this\n1,2,3\n")
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    assert world.cases()["rates"] == "rates_wrong"
    assert found() == planted(month)


def test_the_month_end_has_bills_checked_again_and_asks_for_those_that_are_missing(
    world: World, checked: Month, tmp_path: Path
) -> None:
    ship(a_month("zto"))
    covered = world.call("courier_reconciliation_month_end")
    assert covered == {"period": "2026-10", "again": 1, "missing": ["zto"], "expired": 0}
    (message,) = world.queued("bill")
    assert json.loads(message.body) == {"bucket": "aftersales-drop", "key": KEY}
    assert world.cases()["bill:zto/2026-10"] == "bill_missing"
    before = everything(world)
    world.call("courier_reconciliation_month_end")
    assert everything(world) == before
    put_rates(world, tmp_path, "sto", "zto")
    drop(world, a_month("zto"), tmp_path, "bills/zto/10.xlsx")
    event = dropped("bills/zto/10.xlsx")
    world.call("courier_reconciliation_files", event)
    missing = cases.get("bill:zto/2026-10", "bill_missing")
    assert missing is not None
    assert not missing.is_open
    assert found("2026-10", "zto") == planted(a_month("zto"))


def test_the_month_is_that_before_the_scheduled_time_where_the_shop_is(world: World) -> None:
    late = {"scheduled_time": "2026-10-31T16:30:00Z"}  # the first of November in Shanghai
    assert world.call("courier_reconciliation_month_end", late)["period"] == "2026-10"
    early = {"scheduled_time": "2026-10-31T15:30:00Z"}
    assert world.call("courier_reconciliation_month_end", early)["period"] == "2026-09"


def test_claims_nobody_answered_for_half_a_year_expire(world: World, checked: Month) -> None:
    claim = next(iter(bills.claims_of("sto")))
    old = replace_struct(claim, opened_at=NOW - timedelta(days=200), file_until=None)
    assert bills.keep_claim(old, NOW)
    assert world.call("courier_reconciliation_month_end")["expired"] == 1


def test_a_parcel_whose_buyer_asks_for_money_is_marked_in_the_report(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    ship(month)
    lost = next(m for m in month.mistakes if m.kind == "lost_billed")
    known = parcels.get(lost.number)
    assert known is not None
    disputed = replace_struct(known, disputes=known.order_ids, marks=("lost:alarm",))
    parcels.change(known, disputed, shards=1, now=NOW)
    put_rates(world, tmp_path, "sto")
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    bill = bills.get("sto", "2026-10")
    assert bill is not None
    text = world.buckets.content("aftersales-drop", f"{bill.report}after-sales.csv")
    (row,) = list(csv.DictReader(text.decode("utf-8-sig").splitlines()))
    assert row["waybill_number"] == lost.number
    assert "lost" in row["under_way"]
    assert known.order_ids[0] in row["under_way"]


def test_a_parcel_without_a_scan_is_not_called_never_moved_where_nobody_could_be_asked() -> None:
    from courier_reconciliation.model import Outcome
    from courier_reconciliation.shipped import outcome_of

    shipped = NOW - timedelta(days=30)
    unknown = Parcel("P", "P", "sto", "tb1", shipped_at=shipped, checked_at=NOW)
    assert outcome_of(unknown, 10) is Outcome.UNKNOWN
    asked = replace_struct(unknown, source="kuaidi100")
    assert outcome_of(asked, 10) is Outcome.NEVER_MOVED
    assert outcome_of(replace_struct(asked, shipped_at=NOW - timedelta(days=9)), 10) is (
        Outcome.UNKNOWN
    )


def test_insurance_is_not_claimed_back_where_nobody_knows_what_was_insured(
    world: World, tmp_path: Path
) -> None:
    month = a_month()
    ship(month, with_values=False)
    put_rates(world, tmp_path, "sto")
    drop(world, month, tmp_path)
    world.call("courier_reconciliation_files")
    insured = {row.number for row in month.rows if row.insurance}
    assert insured
    surcharges = {c.waybill_number for c in bills.claims_of("sto") if c.charge == "insurance"}
    assert not surcharges
    others = [one for one in planted(month) if one[0] not in insured]
    assert [one for one in found() if one[0] not in insured] == others
