"""What is wrong with a parcel, by the clock and by its courier's words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftersales.findings import Severity
from aftersales.settings.model import Settings, Shop, Tracking, TrackingRules
from aftersales.tracking import DeliveredHow, Reason, Status, Watch
from parcel_tracker.rules import STRENGTH, Surroundings, find_problems
from tests.desk_fakes import START, a_parcel

N = "YT0000000000001"
REMOTE = ("新疆", "西藏")


def plain_days(start, end):
    """Every day is worked on."""
    return (end - start) / timedelta(days=1)


def problems(now_hours, rules=None, working_days=plain_days, **values):
    around = Surroundings(rules or TrackingRules(), REMOTE, working_days)
    parcel = a_parcel(N, **values)
    found = find_problems(parcel, around, START + timedelta(hours=now_hours))
    return [(finding.kind, finding.severity) for finding in found]


def at(hours):
    return START + timedelta(hours=hours)


MOVING = {"status": Status.IN_TRANSIT, "picked_up_at": START, "event_count": 2}

CASES = [
    # no pickup scan: 24 h warn, 48 h alarm
    (23.9, {}, []),
    (24, {}, [("no_pickup_scan", Severity.WARN)]),
    (47.9, {"status": Status.INFO_RECEIVED}, [("no_pickup_scan", Severity.WARN)]),
    (48, {}, [("no_pickup_scan", Severity.ALARM)]),
    # stalled: 48 h domestic, twice that an alarm; 72 h to remote regions
    (47.9, {**MOVING, "last_event_at": at(0)}, []),
    (48, {**MOVING, "last_event_at": at(0)}, [("stalled", Severity.WARN)]),
    (96, {**MOVING, "last_event_at": at(0)}, [("stalled", Severity.ALARM)]),
    (71, {**MOVING, "last_event_at": at(0), "province": "新疆维吾尔自治区"}, []),
    (72, {**MOVING, "last_event_at": at(0), "province": "新疆"}, [("stalled", Severity.WARN)]),
    (240, {**MOVING, "last_event_at": at(0)}, [("lost_suspected", Severity.ALARM)]),
    # cross-border: 5 working days
    (119, {**MOVING, "last_event_at": at(0), "cross_border": True}, []),
    (120, {**MOVING, "last_event_at": at(0), "cross_border": True}, [("stalled", Severity.WARN)]),
    # out for delivery 36 h without a later scan
    (35, {"status": Status.OUT_FOR_DELIVERY, "last_event_at": at(0), "picked_up_at": START}, []),
    (
        36,
        {"status": Status.OUT_FOR_DELIVERY, "last_event_at": at(0), "picked_up_at": START},
        [("delivery_overdue", Severity.ALARM)],
    ),
    # waiting to be collected
    (17, {"status": Status.AVAILABLE_FOR_PICKUP, "status_at": at(0)}, []),
    (
        18,
        {"status": Status.AVAILABLE_FOR_PICKUP, "status_at": at(0)},
        [("pickup_overdue", Severity.NOTICE)],
    ),
    (
        48,
        {"status": Status.AVAILABLE_FOR_PICKUP, "status_at": at(0)},
        [("pickup_overdue", Severity.WARN)],
    ),
    # what the courier says counts at once
    (1, {**MOVING, "reason": Reason.DAMAGED}, [("damaged", Severity.ALARM)]),
    (1, {**MOVING, "reason": Reason.LOST}, [("lost", Severity.ALARM)]),
    (
        1,
        {"status": Status.DELIVERY_FAILED, "reason": Reason.REFUSED},
        [("refused", Severity.ALARM)],
    ),
    (
        1,
        {"status": Status.DELIVERY_FAILED, "reason": Reason.CONTACT_FAILED, "failed_attempts": 1},
        [("contact_failed", Severity.WARN)],
    ),
    (
        1,
        {"status": Status.DELIVERY_FAILED, "reason": Reason.CONTACT_FAILED, "failed_attempts": 2},
        [("contact_failed", Severity.ALARM)],
    ),
    (
        1,
        {"status": Status.DELIVERY_FAILED, "reason": Reason.ADDRESS},
        [("address_problem", Severity.ALARM)],
    ),
    (1, {"status": Status.RETURNING}, [("returning", Severity.ALARM)]),
    (1, {"status": Status.RETURNING, "reason": Reason.REFUSED}, [("refused", Severity.ALARM)]),
    (1, {"status": Status.RETURNED}, [("returned", Severity.ALARM)]),
    (71, {"status": Status.CUSTOMS, "status_at": at(0), "last_event_at": at(0)}, []),
    (
        72,
        {"status": Status.CUSTOMS, "status_at": at(0), "last_event_at": at(0)},
        [("customs_hold", Severity.WARN)],
    ),
    (
        1,
        {"status": Status.CUSTOMS, "reason": Reason.CUSTOMS_DOCUMENTS},
        [("customs_hold", Severity.ALARM)],
    ),
    # the source refuses the number, or ends its watching
    (1, {"watch": Watch.REFUSED}, [("number_rejected", Severity.ALARM)]),
    (
        30,
        {**MOVING, "watch": Watch.STOPPED, "last_event_at": at(0)},
        [("tracking_quiet", Severity.WARN)],
    ),
    (20, {**MOVING, "watch": Watch.STOPPED, "last_event_at": at(0)}, []),
    # delivered: quiet, unless disputed and not handed over in person
    (900, {"status": Status.DELIVERED}, []),
    (
        1,
        {"status": Status.DELIVERED, "disputes": ("O1",), "delivered_how": DeliveredHow.PERSON},
        [],
    ),
    (
        1,
        {"status": Status.DELIVERED, "disputes": ("O1",), "delivered_how": DeliveredHow.LOCKER},
        [("delivered_disputed", Severity.ALARM)],
    ),
    (900, {"abandoned": True}, []),
]


@pytest.mark.parametrize(("hours", "values", "expected"), CASES)
def test_problem(hours, values, expected):
    assert problems(hours, **values) == expected


def test_the_buyers_clock_is_told_beside_the_problem_of_the_way():
    values = {**MOVING, "last_event_at": at(0), "auto_confirm_at": at(95)}
    assert problems(46, **values) == []
    assert problems(47.5, **values) == [("receipt_auto_confirm", Severity.ALARM)]
    assert problems(50, **values) == [
        ("stalled", Severity.WARN),
        ("receipt_auto_confirm", Severity.ALARM),
    ]
    assert problems(50, **{**values, "status": Status.DELIVERED}) == []
    # The clock has run out: nothing can be extended any more.
    assert problems(95, **{**values, "last_event_at": at(90)}) == []


def test_the_auto_confirm_case_carries_the_platforms_deadline():
    around = Surroundings(TrackingRules(), REMOTE, plain_days)
    parcel = a_parcel(N, status=Status.OUT_FOR_DELIVERY, auto_confirm_at=at(30))
    (finding,) = find_problems(parcel, around, at(1))
    assert finding.deadline == at(30)


def test_days_off_do_not_count_for_cross_border_parcels():
    values = {**MOVING, "last_event_at": at(0), "cross_border": True}
    assert problems(200, working_days=lambda start, end: 4.9, **values) == []
    assert problems(200, working_days=lambda start, end: 5.0, **values) == [
        ("stalled", Severity.WARN)
    ]


def test_thresholds_are_the_shops_then_the_couriers_then_the_defaults():
    settings = Settings(
        shops=(Shop(id="tb1", rules={"stalled_hours": 20}),),
        tracking=Tracking(rules_by_courier={"yto": {"stalled_hours": 30, "customs_hours": 10}}),
    )
    assert settings.tracking_rules("tb1", "yto").stalled_hours == 20
    assert settings.tracking_rules("tb1", "yto").customs_hours == 10
    assert settings.tracking_rules("other", "yto").stalled_hours == 30
    assert settings.tracking_rules("other", "sf").stalled_hours == 48


def test_a_finding_tells_an_agent_everything_needed():
    around = Surroundings(TrackingRules(), REMOTE, plain_days)
    parcel = a_parcel(
        N,
        **MOVING,
        order_ids=("O1", "O2"),
        last_event_at=at(0),
        last_event_text="到达【深圳中心】",
        last_event_place="深圳市",
        source="k100",
    )
    (finding,) = find_problems(parcel, around, at(50))
    assert finding.subject == f"parcel:{N}"
    assert finding.strength == STRENGTH["stalled"]
    assert finding.facts["order_ids"] == "O1, O2"
    assert finding.facts["waybill_number"] == N
    assert finding.facts["courier"] == "yto"
    assert finding.facts["hours"] == 50
    assert finding.facts["threshold_hours"] == 48
    assert finding.facts["last_event_text"] == "到达【深圳中心】"
    assert finding.facts["since"] == "2026-11-03T02:00:00Z"


def test_only_the_strongest_problem_of_the_way_is_told():
    values = {**MOVING, "last_event_at": at(0), "reason": Reason.DAMAGED}
    assert problems(300, **values) == [("damaged", Severity.ALARM)]
