"""Claims, their filing windows, and refunds for late parcels."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from courier_reconciliation.model import Discrepancy, Kind
from courier_reconciliation.output.claims import Claim, LineFacts, LostParcel, claims_of
from courier_reconciliation.output.guarantees import Delivered, late_deliveries
from courier_reconciliation.output.windows import (
    ClaimType,
    Countdown,
    CountedFrom,
    FilingWindow,
    countdown,
    window_for,
)

SHIPPED = date(2026, 10, 12)
FACTS = LineFacts(billed_on=SHIPPED, shipped_on=SHIPPED)
DATES = Countdown(date(2026, 11, 16), date(2026, 11, 7))


def wrong(
    kind: Kind = Kind.WEIGHT_OVER,
    waybill: str = "7700000000001",
    billed: int = 820,
    expected: int = 620,
    *,
    courier: str = "sto",
    currency: str = "CNY",
) -> Discrepancy:
    return Discrepancy(
        kind, courier, waybill, billed, expected, currency, claimable=billed > expected
    )


def claims(*found: Discrepancy, facts: LineFacts = FACTS) -> tuple[Claim, ...]:
    return claims_of([(one, facts) for one in found], DATES)


def test_what_one_courier_billed_too_much_is_one_claim() -> None:
    (claim,) = claims(wrong(), wrong(Kind.ZONE_WRONG, "7700000000002", 900, 620))
    assert (claim.courier, claim.type, claim.asked_minor) == ("sto", ClaimType.BILLING, 480)
    assert len(claim.items) == 2


def test_couriers_and_currencies_are_claimed_apart() -> None:
    found = claims(wrong(), wrong(courier="sf"), wrong(currency="HKD"))
    assert {(one.courier, one.currency) for one in found} == {
        ("sto", "CNY"),
        ("sf", "CNY"),
        ("sto", "HKD"),
    }


def test_what_was_billed_too_low_or_not_at_all_is_no_claim() -> None:
    low = wrong(Kind.UNDERBILLED, billed=500)
    missing = wrong(Kind.MISSING_FROM_BILL, billed=0)
    assert claims(low, missing, replace(wrong(), claimable=False)) == ()


def test_a_lost_parcel_asks_for_its_value_and_its_freight() -> None:
    facts = replace(FACTS, declared_minor=30_000)
    (claim,) = claims(wrong(Kind.LOST_BILLED, billed=620, expected=0), facts=facts)
    assert (claim.type, claim.asked_minor) == (ClaimType.LOST, 30_620)
    assert claim.items[0].declared_minor == 30_000


def test_the_value_of_a_parcel_is_asked_for_once_though_it_has_several_lines() -> None:
    facts = replace(FACTS, declared_minor=30_000)
    freight, fee = (wrong(Kind.LOST_BILLED, billed=each, expected=0) for each in (620, 100))
    (claim,) = claims(freight, fee, facts=facts)
    assert claim.asked_minor == 30_720
    assert [item.declared_minor for item in claim.items] == [30_000, None]


def test_a_lost_parcel_that_was_not_billed_is_claimed_all_the_same() -> None:
    facts = LineFacts(shipped_on=SHIPPED, declared_minor=12_000)
    gone = LostParcel(ClaimType.LOST, "sto", "7700000000009", "CNY", "T9", facts)
    (claim,) = claims_of([], DATES, lost=[gone])
    assert (claim.asked_minor, claim.items[0].billed_minor) == (12_000, 0)
    billed = wrong(Kind.LOST_BILLED, "7700000000009", 620, 0)
    (claim,) = claims_of([(billed, facts)], DATES, lost=[gone])
    assert claim.asked_minor == 12_620


money = st.integers(0, 5000)


@given(
    st.lists(
        st.builds(
            wrong,
            st.sampled_from(Kind),
            st.sampled_from(["7700000000001", "7700000000002"]),
            money,
            money,
            courier=st.sampled_from(["sto", "sf"]),
        )
    )
)
def test_claims_hold_each_difference_that_can_be_claimed_once(found: list[Discrepancy]) -> None:
    made = claims(*found)
    asked = sum(claim.asked_minor for claim in made)
    assert asked == sum(one.difference_minor for one in found if one.claimable)
    items = [item.discrepancy for claim in made for item in claim.items]
    assert len(items) == sum(one.claimable for one in found)


@pytest.mark.parametrize(
    ("courier", "claim", "start", "last_day"),
    [
        ("ups", ClaimType.BILLING, date(2026, 10, 1), date(2026, 12, 30)),
        ("fedex", ClaimType.BILLING, date(2026, 10, 1), date(2026, 11, 30)),
        ("ups", ClaimType.LOST, date(2026, 5, 31), date(2027, 2, 28)),
        ("sto", ClaimType.LOST, date(2026, 10, 12), date(2027, 10, 12)),
        ("usps", ClaimType.DAMAGED, date(2026, 10, 1), date(2026, 11, 30)),
        ("fedex", ClaimType.LATE, date(2026, 10, 1), date(2026, 10, 16)),
    ],
)
def test_windows_end_on_their_day(
    courier: str, claim: ClaimType, start: date, last_day: date
) -> None:
    assert window_for(courier, claim).ends(start) == last_day


def test_a_window_that_began_on_no_known_day_has_no_end() -> None:
    assert window_for("ups", ClaimType.LOST).ends(None) is None


def test_a_shop_sets_its_own_window() -> None:
    own = (FilingWindow("sto", ClaimType.BILLING, CountedFrom.LINE, days=5),)
    (claim,) = claims_of([(wrong(), FACTS)], DATES, windows=own)
    assert claim.file_by == SHIPPED + timedelta(days=5)


def test_a_monthly_bill_is_objected_to_by_the_day_of_the_countdown() -> None:
    (claim,) = claims(wrong())
    assert claim.file_by == date(2026, 11, 7)


def test_a_claim_is_filed_before_the_first_of_its_items_is_too_old() -> None:
    early, late = (replace(FACTS, billed_on=date(2026, 10, day)) for day in (3, 20))
    found = [(wrong(courier="fedex"), late), (wrong(courier="fedex", waybill="2"), early)]
    (claim,) = claims_of(found, DATES)
    assert claim.file_by == date(2026, 12, 2)


def test_a_bill_confirms_itself_after_ten_working_days() -> None:
    dates = countdown("2026-10", date(2026, 11, 2))
    assert (dates.confirms_on, dates.file_by) == (date(2026, 11, 16), date(2026, 11, 7))
    assert dates.days_left(date(2026, 11, 3)) == 4


def test_days_off_put_the_confirmation_later() -> None:
    holidays = {date(2026, 11, 4), date(2026, 11, 5)}
    dates = countdown(
        "2026-10",
        date(2026, 11, 2),
        is_working_day=lambda day: day.weekday() < 5 and day not in holidays,
    )
    assert dates.confirms_on == date(2026, 11, 18)


@pytest.mark.parametrize(
    ("received", "file_by"),
    [
        (date(2026, 10, 20), date(2026, 11, 3)),
        (date(2026, 11, 20), date(2026, 12, 4)),
        (None, date(2026, 11, 7)),
    ],
    ids=["confirms itself before the 7th", "came after the 7th", "nobody knows when it came"],
)
def test_claims_are_filed_before_the_bill_confirms_itself(
    received: date | None, file_by: date
) -> None:
    assert countdown("2026-10", received).file_by == file_by


def test_december_is_filed_in_january() -> None:
    assert countdown("2026-12", None).file_by == date(2027, 1, 7)


def test_without_a_period_or_a_day_of_arrival_nothing_is_counted_down() -> None:
    dates = countdown("", None)
    assert (dates.confirms_on, dates.file_by, dates.days_left(SHIPPED)) == (None, None, None)


ON_TIME = Delivered(
    courier="fedex",
    waybill_number="790000000001",
    order_id="T1",
    service="FedEx Priority Overnight",
    promised_at="2026-10-13T10:30:00-05:00",
    delivered_at="2026-10-13T10:30:00-05:00",
    left_minor=4200,
    currency="USD",
)


def test_a_guaranteed_parcel_that_is_a_minute_late_is_refunded() -> None:
    late = replace(ON_TIME, delivered_at="2026-10-13T10:31:00-05:00")
    (found,) = late_deliveries([ON_TIME, late])
    assert (found.late_minutes, found.shipment) == (1, late)
    assert found.file_by == date(2026, 10, 28)


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "FedEx Ground"},
        {"courier": "sto"},
        {"delivered_at": "2026-10-13"},
        {"delivered_at": "yesterday"},
        {"delivered_at": "2026-10-14T09:00:00"},
        {"delivered_at": "2026-10-13T17:00:00+02:00"},
        {"left_minor": 0},
    ],
    ids=[
        "ground is not guaranteed",
        "no guarantee at all",
        "no zone on one side",
        "no time",
        "no zone",
        "earlier in another zone",
        "all of it is claimed already",
    ],
)
def test_what_proves_no_late_guaranteed_parcel_is_not_listed(changes: dict[str, str]) -> None:
    late = replace(ON_TIME, delivered_at="2026-10-13T12:00:00-05:00")
    assert late_deliveries([late])
    assert not late_deliveries([replace(late, **changes)])  # type: ignore[arg-type]


def test_a_shop_names_the_services_its_contract_guarantees() -> None:
    late = replace(ON_TIME, courier="sf", service="顺丰即日", delivered_at="2026-10-13T11:00-05:00")
    assert not late_deliveries([late])
    assert late_deliveries([late], guaranteed={"sf": ("顺丰即日",)})
