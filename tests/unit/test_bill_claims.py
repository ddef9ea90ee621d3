"""The life of a claim against a courier, and which bill takes whose place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.cases.routes import targets_for
from aftersales.courier_bills import (
    Bill,
    Claim,
    ClaimState,
    credited,
    decided,
    expired,
    renewed,
    shared_out,
    withdrawn,
)
from aftersales.errors import BadInput
from aftersales.findings import Finding, Severity
from aftersales.settings.model import Alerts, Route
from courier_reconciliation.claiming import Days, Rows, expected_period, place_of
from courier_reconciliation.months import month_before, months_before

NOW = datetime(2026, 12, 3, tzinfo=UTC)


def a_claim(minor: int = 500, **values: object) -> Claim:
    given_values = {"claim_id": "c1", "waybill_number": "P", "kind": "weight_over", **values}
    return Claim(
        account="sto",
        bill="2026-10",
        amount_minor=minor,
        currency="CNY",
        opened_at=NOW - timedelta(days=30),
        **given_values,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [("open", "filed"), ("open", "credited"), ("filed", "refused"), ("refused", "filed")],
)
def test_a_person_may_say_what_became_of_a_claim(before: str, after: str) -> None:
    claim = decided(a_claim(state=ClaimState(before)), ClaimState(after), NOW, by="wang")
    assert (claim.state, claim.decided_by) == (ClaimState(after), "wang")


def test_what_is_credited_is_not_refused_afterwards() -> None:
    with pytest.raises(BadInput):
        decided(a_claim(state=ClaimState.CREDITED), ClaimState.REFUSED, NOW, by="wang")


def test_a_short_credit_leaves_the_claim_where_it_was_and_the_rest_closes_it() -> None:
    short = credited(a_claim(500, state=ClaimState.FILED), "2026-11", 300, NOW)
    assert (short.state, short.left_minor) == (ClaimState.FILED, 200)
    assert credited(short, "2026-12", 200, NOW).state is ClaimState.CREDITED


def test_a_new_look_keeps_what_was_decided_and_what_was_credited() -> None:
    old = decided(credited(a_claim(), "2026-11", 100, NOW), ClaimState.FILED, NOW, by="wang")
    new = renewed(old, a_claim(450, rule="another rule"))
    assert (new.amount_minor, new.rule) == (450, "another rule")
    assert (new.state, new.credits, new.decided_by) == (ClaimState.FILED, {"2026-11": 100}, "wang")


def test_a_corrected_bill_settles_only_what_still_waits() -> None:
    assert withdrawn(a_claim(), NOW).state is ClaimState.CREDITED
    refused = a_claim(state=ClaimState.REFUSED)
    assert withdrawn(refused, NOW) == refused


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"file_until": date(2026, 12, 2)}, "expired"),
        ({"file_until": date(2026, 12, 3)}, "open"),
        ({"file_until": date(2026, 12, 2), "state": ClaimState.FILED}, "filed"),
        ({"opened_at": NOW - timedelta(days=200), "state": ClaimState.FILED}, "expired"),
        ({"opened_at": NOW - timedelta(days=200), "state": ClaimState.REFUSED}, "refused"),
    ],
)
def test_a_claim_expires_unfiled_after_its_day_and_unanswered_after_half_a_year(
    values: dict[str, object], state: str
) -> None:
    claim = replace(a_claim(), **values)
    assert expired(claim, NOW, NOW.date(), 180).state == state


def test_of_several_claims_for_a_waybill_that_of_exactly_the_amount_is_paid() -> None:
    claims = [a_claim(500, claim_id="a"), a_claim(120, claim_id="b")]
    (paid,) = shared_out(claims, {"P": 120}, "2026-11", NOW)
    assert (paid.claim_id, paid.state) == ("b", ClaimState.CREDITED)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=5), st.integers(1, 6000))
def test_credits_are_shared_out_once_and_never_beyond_what_was_claimed(
    amounts: list[int], back: int
) -> None:
    claims = {str(n): a_claim(minor, claim_id=str(n)) for n, minor in enumerate(amounts)}
    for _ in range(2):  # the same bill looked at twice
        for claim in shared_out(claims.values(), {"P": back}, "2026-11", NOW):
            claims[claim.claim_id] = claim
    assert sum(claim.credited_minor for claim in claims.values()) == min(back, sum(amounts))
    assert all(claim.credited_minor <= claim.amount_minor for claim in claims.values())


def a_bill(name: str, first: date | None = None, last: date | None = None) -> Bill:
    return Bill("ups", name, name[:7], "", name, NOW, NOW, first_day=first, last_day=last, lines=40)


OCTOBER = Days(date(2026, 10, 1), date(2026, 10, 31))
OTHER_ROWS = Rows("other", 38)


def test_a_bill_of_the_same_days_replaces_and_one_of_other_days_stands_beside() -> None:
    month = a_bill("2026-10", date(2026, 10, 1), date(2026, 10, 30))
    assert place_of([month], "2026-10", OCTOBER, OTHER_ROWS) == ("2026-10", month)
    assert place_of([month], "2026-11", OCTOBER, OTHER_ROWS) == ("2026-11", None)
    week = a_bill("2026-10", date(2026, 10, 1), date(2026, 10, 7))
    following = Days(date(2026, 10, 8), date(2026, 10, 14))
    assert place_of([week], "2026-10", following, OTHER_ROWS) == ("2026-10-2", None)
    second = a_bill("2026-10-2", date(2026, 10, 8), date(2026, 10, 14))
    assert place_of([week, second], "2026-10", following, OTHER_ROWS) == ("2026-10-2", second)


def test_what_cannot_be_a_corrected_bill_stands_beside_the_one_of_its_days() -> None:
    month = a_bill("2026-10", date(2026, 10, 1), date(2026, 10, 30))
    assert place_of([month], "2026-10", OCTOBER, Rows("x", 10)) == ("2026-10", month)
    forgotten = Rows("x", 9)
    assert place_of([month], "2026-10", OCTOBER, forgotten) == ("2026-10-2", None)
    back = Rows("x", 38, give_back=True)
    assert place_of([month], "2026-10", OCTOBER, back) == ("2026-10-2", None)
    note = replace(a_bill("2026-10-2", month.first_day, month.last_day), is_credit_note=True)
    assert place_of([note], "2026-10", OCTOBER, OTHER_ROWS) == ("2026-10", None)
    assert place_of([month, note], "2026-10", OCTOBER, back) == ("2026-10-3", None)
    same = Rows(note.content_hash, 38, give_back=True)
    assert place_of([month, note], "2026-10", OCTOBER, same) == ("2026-10-2", note)


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("申通-202609.xlsx", "2026-09"),
        ("2026年09月账单.xlsx", "2026-09"),
        ("sto 2026-9.xlsx", "2026-11"),
        ("bill.csv", "2026-11"),
    ],
)
def test_the_month_of_days_without_a_year_is_that_of_the_name_or_the_last(
    name: str, period: str
) -> None:
    assert expected_period(name, date(2026, 12, 5)) == period


def test_the_month_before_january_is_december() -> None:
    assert month_before(date(2027, 1, 31)) == "2026-12"
    assert months_before("2027-03", 8) == "2026-07"
    assert months_before("2026-12", 12) == "2025-12"


def test_cases_about_bills_go_where_a_route_names_them_else_to_the_operators() -> None:
    finding = Finding("bill_discrepancies", "bill:sto/2026-10", Severity.WARN, "")
    everything, named = Route(("group",)), Route(("finance",), kinds=("bill_discrepancies",))
    alerts = Alerts(routes=(everything,), operators=("duty",))
    assert targets_for(alerts, finding) == ("duty",)
    assert targets_for(replace(alerts, routes=(everything, named)), finding) == ("finance",)
    other = replace(finding, kind="source_down")
    assert targets_for(replace(alerts, routes=(everything, named)), other) == ("duty",)
