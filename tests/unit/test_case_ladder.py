"""When open cases are followed up, and what one message about several of them holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.calendar import ShopCalendar
from aftersales.cases.ladder import due_moment, next_at
from aftersales.cases.model import Case, CaseState
from aftersales.cases.rules import decide_follow_up
from aftersales.findings import Severity, Transition
from aftersales.settings.load import check_yaml
from aftersales.settings.model import Ladder, Settings
from case_followup.rules import Due, as_one, grouped

OPENED = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
"""A Monday, 14:00 in the shop."""
REMINDED, DUE_SOON, OVERDUE = Transition.REMINDED, Transition.DUE_SOON, Transition.OVERDUE
SHOP_HOURS = ShopCalendar("Asia/Shanghai").next_service_moment


def always(at):
    return at


def a_case(**values):
    defaults = {
        "case_id": "7K3M9QW2",
        "kind": "bad_review",
        "subject": "review:tb1/1",
        "shop_id": "tb1",
        "severity": Severity.WARN,
        "opened_at": OPENED,
        "updated_at": OPENED,
    }
    return Case(**{**defaults, **values})


def days(number):
    return OPENED + timedelta(days=number)


def story(case, ladder, until, opens=always, step=timedelta(minutes=5)):
    """What is said about a case when the sweep runs without a break: (days since opening, what)."""
    said = []
    at = next_at(case, ladder, opens)
    while at is not None and at <= until:
        moment = due_moment(case, ladder, opens, at)
        if moment is not None:
            said.append((round((at - OPENED) / timedelta(days=1), 2), moment.what))
            case = replace(case, followed_until=at)
        following = next_at(case, ladder, opens)
        assert following is None or following > at or moment is None
        at = following
    return said


def test_a_case_is_followed_up_on_its_days_before_its_deadline_and_then_weekly():
    case = a_case(deadline=days(8))
    assert story(case, Ladder(), days(23)) == [
        (1, REMINDED),
        (3, REMINDED),
        (6, REMINDED),
        (7, DUE_SOON),
        (8, OVERDUE),
        (15, REMINDED),
        (22, REMINDED),
    ]


def test_a_step_that_falls_together_with_the_warning_is_one_message():
    assert story(a_case(deadline=days(7)), Ladder(), days(8)) == [
        (1, REMINDED),
        (3, REMINDED),
        (6, DUE_SOON),
        (7, OVERDUE),
    ]


def test_a_step_that_follows_the_warning_within_hours_is_left_out():
    """A review is found some time after it was written, by which its deadline counts."""
    found_later = a_case(deadline=days(7) - timedelta(hours=3))
    assert [what for _, what in story(found_later, Ladder(), days(8))] == [
        REMINDED, REMINDED, DUE_SOON, OVERDUE,
    ]  # fmt: skip
    half_a_day = a_case(deadline=days(7) - timedelta(hours=12))
    assert [what for _, what in story(half_a_day, Ladder(), days(8))] == [
        REMINDED, REMINDED, DUE_SOON, REMINDED, OVERDUE,
    ]  # fmt: skip
    before = a_case(deadline=days(7) + timedelta(hours=1))
    assert [what for _, what in story(before, Ladder(), days(8))][2:] == [
        REMINDED, DUE_SOON, OVERDUE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ladder", "deadline", "said"),
    [
        (Ladder(days=(), due_soon_hours=0, repeat_days=0), None, []),
        (Ladder(days=(), due_soon_hours=0, repeat_days=0), 2, [(2, OVERDUE)]),
        (Ladder(days=(2, 0.5), repeat_days=0), None, [(0.5, REMINDED), (2, REMINDED)]),
        (Ladder(days=(), repeat_days=3), None, [(3, REMINDED), (6, REMINDED), (9, REMINDED)]),
        # What lay before the opening was said by the opening itself.
        (Ladder(days=(), repeat_days=0), 0.5, [(0.5, OVERDUE)]),
        (Ladder(days=(), repeat_days=0), -1, []),
    ],
)
def test_a_ladder_is_as_the_settings_say(ladder, deadline, said):
    case = a_case(deadline=None if deadline is None else days(deadline))
    assert story(case, ladder, days(11)) == said


@pytest.mark.parametrize(
    ("missed_until", "what"),
    [(0.9, None), (1, REMINDED), (5, REMINDED), (6.5, DUE_SOON), (7.5, OVERDUE), (40, OVERDUE)],
)
def test_missed_runs_leave_one_thing_to_say_the_most_pressing(missed_until, what):
    moment = due_moment(a_case(deadline=days(7)), Ladder(), always, days(missed_until))
    assert (moment and moment.what) == what
    if what is not None:
        done = a_case(deadline=days(7), followed_until=days(missed_until))
        assert due_moment(done, Ladder(), always, days(missed_until)) is None


def test_follow_ups_wait_for_the_hours_of_the_shop():
    late = a_case(opened_at=datetime(2026, 11, 2, 15, 30, tzinfo=UTC))  # 23:30
    at = next_at(late, Ladder(), SHOP_HOURS)
    assert at == datetime(2026, 11, 4, 1, 0, tzinfo=UTC)  # 09:00 of the day after the next
    night = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
    assert due_moment(late, Ladder(), SHOP_HOURS, night) is None
    assert due_moment(late, Ladder(), SHOP_HOURS, at).what is REMINDED


def test_holidays_are_waited_for_where_nobody_works_then():
    calendar = ShopCalendar("Asia/Shanghai", holidays=["2026-11-03"], service_on_days_off=False)
    at = next_at(a_case(), Ladder(), calendar.next_service_moment)
    assert at == datetime(2026, 11, 4, 1, 0, tzinfo=UTC)


def test_a_warning_does_not_wait_until_it_is_too_late():
    deadline = datetime(2026, 11, 3, 23, 0, tzinfo=UTC)  # 07:00
    case = a_case(deadline=deadline)
    ladder = Ladder(days=(), due_soon_hours=6)
    at = next_at(case, ladder, SHOP_HOURS)
    assert at == deadline - timedelta(hours=6)
    assert due_moment(case, ladder, SHOP_HOURS, at).what is DUE_SOON


def test_a_deadline_that_was_moved_counts_anew():
    followed = a_case(deadline=days(12), followed_until=days(8))
    assert next_at(followed, Ladder(repeat_days=0), always) == days(11)


@given(
    steps=st.lists(st.floats(0.01, 60), max_size=5),
    soon=st.floats(0, 100),
    repeat=st.sampled_from([0, 1, 7, 30.5]),
    deadline=st.none() | st.floats(-3, 90),
    opened=st.integers(0, 24 * 60),
)
def test_every_follow_up_comes_once_and_none_is_skipped(steps, soon, repeat, deadline, opened):
    start = OPENED + timedelta(minutes=opened)
    end = None if deadline is None else start + timedelta(days=deadline)
    case = a_case(opened_at=start, deadline=end)
    ladder = Ladder(days=tuple(steps), due_soon_hours=soon, repeat_days=repeat)
    at, seen, overdue = next_at(case, ladder, SHOP_HOURS), 0, False
    while at is not None and at < start + timedelta(days=120):
        moment = due_moment(case, ladder, SHOP_HOURS, at)
        assert moment is not None
        overdue = overdue or moment.what is OVERDUE
        case = replace(case, followed_until=at)
        following = next_at(case, ladder, SHOP_HOURS)
        assert following is None or following > at
        at, seen = following, seen + 1
    assert overdue == (end is not None and end > start)
    assert seen <= len(steps) + 2 + (120 / repeat if repeat else 0)


def test_an_overdue_case_gets_worse_by_one_step_and_never_the_fault_of_the_desk():
    for before, after in [
        (Severity.NOTICE, Severity.WARN),
        (Severity.WARN, Severity.ALARM),
        (Severity.ALARM, Severity.ALARM),
        (Severity.CRITICAL, Severity.CRITICAL),
    ]:
        decision = decide_follow_up(a_case(severity=before), OVERDUE, days(7))
        assert decision.case.severity is after
        assert decision.alert.severity is after
        assert decide_follow_up(a_case(severity=before), REMINDED, days(1)).case.severity is before


def test_a_follow_up_names_who_took_the_case_else_who_answers_for_it():
    taken = decide_follow_up(a_case(owner="小林"), REMINDED, days(1), "小周")
    free = decide_follow_up(a_case(), REMINDED, days(1), "小周")
    assert taken.alert.facts["owner"] == "小林"
    assert free.alert.facts["owner"] == "小周"
    assert free.case.owner == ""
    assert free.case.history[-1].what == "followed up: reminded"


def test_a_closed_case_is_not_followed_up():
    assert decide_follow_up(a_case(state=CaseState.RESOLVED), REMINDED, days(1)).case is None
    assert decide_follow_up(None, REMINDED, days(1)).case is None


def test_cases_are_grouped_by_route_and_by_what_is_said_the_most_pressing_first():
    mild, grave = a_case(case_id="B"), a_case(case_id="A", severity=Severity.ALARM)
    soon = a_case(case_id="C", deadline=days(2))
    groups = grouped(
        [
            Due(mild, REMINDED, ("day",)),
            Due(soon, REMINDED, ("day",)),
            Due(grave, REMINDED, ("day",)),
            Due(mild, REMINDED, ("night",)),
            Due(mild, OVERDUE, ("night",)),
        ]
    )
    assert [(g.what, g.route, [c.case_id for c in g.cases]) for g in groups] == [
        (OVERDUE, ("night",), ["B"]),
        (REMINDED, ("day",), ["A", "C", "B"]),
        (REMINDED, ("night",), ["B"]),
    ]


def test_one_message_lists_the_most_pressing_and_counts_all():
    alerts = [
        decide_follow_up(
            a_case(case_id=f"CASE{n:04d}", facts={"rating": 1, "text": "破" * 500}),
            REMINDED,
            days(1),
        ).alert
        for n in range(80)
    ]
    one = as_one(alerts, 10_000, lambda shop_id: f"shop {shop_id}")
    assert one.alert_id == alerts[0].alert_id
    assert one.facts["count"] == 10_000
    entries = json.loads(one.facts["cases"])
    assert len(entries) == 10
    assert entries[0]["facts"] == {"rating": 1}
    assert entries[0]["shop_name"] == "shop tb1"
    assert as_one(alerts[:1], 1, str) is alerts[0]


def test_kinds_about_reviews_have_a_ladder_and_others_when_they_are_given_one():
    assert Settings().ladder("bad_review") == Ladder()
    assert Settings().ladder("stalled") is None
    text = """
followup:
  reviews: {days: [2]}
  kinds:
    stalled: {days: [1, 2.5], due_soon_hours: 0, repeat_days: 0}
"""
    from aftersales.settings.load import load_yaml

    settings = load_yaml(text, "a.yaml")
    assert settings.ladder("bad_review") == Ladder(days=(2,))
    assert settings.ladder("stalled") == Ladder(days=(1, 2.5), due_soon_hours=0, repeat_days=0)
    assert load_yaml("followup: {enabled: false}", "a.yaml").ladder("bad_review") is None


def test_a_shop_changes_single_fields_of_the_ladders_of_the_file():
    from aftersales.settings.load import load_yaml

    text = """
followup:
  reviews: {repeat_days: 14}
  kinds: {review_question: {days: [2]}}
shops:
  - id: tb1
    followup:
      reviews: {days: [0.5, 1], due_soon_hours: 0}
      kinds: {stalled: {days: [4]}, review_question: {repeat_days: 3}}
  - {id: tb2, followup: {enabled: false}}
  - {id: tb3, followup: {reviews: {days: []}}}
"""
    settings = load_yaml(text, "a.yaml")
    usual = Ladder(repeat_days=14)
    assert settings.ladder("bad_review") == settings.ladder("bad_review", "tb9") == usual
    assert settings.ladder("bad_review", "tb1") == Ladder((0.5, 1), 0, 14)
    assert settings.ladder("review_question", "tb1") == Ladder((2,), 24, 3)
    assert settings.ladder("stalled", "tb1") == Ladder((4,))
    assert settings.ladder("stalled", "tb9") is None
    assert settings.ladder("bill_missing", "tb1") == settings.followup.bills
    assert settings.ladder("bad_review", "tb2") is None
    assert settings.ladder("bad_review", "tb3") == Ladder((), 24, 14)
    on = load_yaml("followup: {enabled: false}\nshops: [{id: a, followup: {enabled: true}}]", "a")
    assert on.ladder("bad_review", "a") == Ladder()
    assert on.ladder("bad_review") is None


OWN = "shops: [{id: tb1, followup: %s}]"


@pytest.mark.parametrize(
    ("text", "setting", "message"),
    [
        (OWN % "{reviews: {days: [0]}}", "reviews.days[0]", "above 0"),
        (OWN % "{reviews: {days: 3}}", "reviews.days", "list"),
        (OWN % "{reviews: {repeat_days: 0.5}}", "reviews.repeat_days", "from 1"),
        (OWN % "{reviews: {due_soon_hours: -1}}", "reviews.due_soon_hours", "below 0"),
        (OWN % "{reviews: {day: [1]}}", "reviews.day", "no such setting"),
        (OWN % "{kinds: {stuck: {days: [1]}}}", "kinds.stuck", "no kind of case"),
        (OWN % "{kinds: {bill_missing: {days: [1]}}}", "kinds.bill_missing", "no kind of case"),
        (OWN % "{bills: {days: [1]}}", "bills", "no such setting"),
        (OWN % "{enabled: sometimes}", "enabled", "true or false"),
    ],
)
def test_what_a_shop_cannot_have_is_refused_with_its_place(text, setting, message):
    (problem,) = check_yaml(text, "a.yaml")
    assert problem.path == f"shops[0].followup.{setting}"
    assert message in problem.message
    assert problem.line == 1
    assert problem.column > 20


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("followup: {kinds: {stuck: {days: [1]}}}", "followup.kinds.stuck"),
        ("followup: {reviews: {days: [0]}}", "followup.reviews.days"),
        ("followup: {reviews: {days: [400]}}", "followup.reviews.days"),
        ("followup: {reviews: {due_soon_hours: -1}}", "followup.reviews.due_soon_hours"),
        ("followup: {kinds: {stalled: {repeat_days: 0.5}}}", "followup.kinds.stalled.repeat_days"),
    ],
)
def test_an_impossible_ladder_is_refused_with_its_place(text, setting):
    (problem,) = check_yaml(text, "a.yaml")
    assert problem.path.startswith(setting)
