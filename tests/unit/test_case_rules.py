"""What becomes of a case when findings arrive and problems end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aftersales.cases.model import CaseState, case_id_of
from aftersales.cases.routes import UNROUTED, targets_for
from aftersales.cases.rules import (
    Change,
    decide_acknowledge,
    decide_note,
    decide_open,
    decide_resolve,
)
from aftersales.findings import Finding, Severity, Transition
from aftersales.settings.model import Alerts, Route

NOW = datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=5)


def finding(kind="stalled", severity=Severity.WARN, strength=20, family="transit", **facts):
    return Finding(
        kind, "parcel:P1", severity, "tb1", facts or {"hours": 50}, None, family, strength
    )


def opened(*findings):
    """The cases after these findings arrived one after the other."""
    known = {}
    for one in findings:
        decision = decide_open(tuple(known.values()), one, NOW)
        for case in (*decision.superseded, *((decision.case,) if decision.case else ())):
            known[case.kind] = case
    return known


def test_a_finding_opens_one_case_and_the_same_again_is_silent():
    first = decide_open((), finding(), NOW)
    assert first.change is Change.OPENED
    assert first.alert.transition is Transition.OPENED
    assert first.alert.alert_id == f"{first.case.case_id}-1"
    again = decide_open((first.case,), finding(), LATER)
    assert again.change is Change.UNCHANGED
    assert again.case is again.alert is None


def test_newer_facts_are_kept_without_a_message():
    case = opened(finding())["stalled"]
    decision = decide_open((case,), finding(hours=60), LATER)
    assert decision.change is Change.UPDATED
    assert decision.case.facts == {"hours": 60}
    assert decision.alert is None


def test_worse_than_before_is_told_again():
    case = opened(finding())["stalled"]
    decision = decide_open((case,), finding(severity=Severity.ALARM), LATER)
    assert decision.change is Change.ESCALATED
    assert decision.alert.transition is Transition.ESCALATED
    assert decision.alert.alert_id.endswith("-2")
    milder = decide_open((decision.case,), finding(severity=Severity.NOTICE), LATER)
    assert milder.case is None or milder.case.severity is Severity.ALARM
    assert milder.alert is None


def test_a_weaker_finding_is_suppressed_by_a_stronger_open_case():
    strong = finding("damaged", Severity.ALARM, 80)
    decision = decide_open(tuple(opened(strong).values()), finding(), LATER)
    assert decision.change is Change.SUPPRESSED
    assert decision.case is None


def test_a_stronger_finding_supersedes_a_weaker_case_without_a_solved_message():
    known = opened(finding())
    decision = decide_open(tuple(known.values()), finding("damaged", Severity.ALARM, 80), LATER)
    assert decision.change is Change.OPENED
    (closed,) = decision.superseded
    assert closed.kind == "stalled"
    assert closed.state is CaseState.RESOLVED
    assert decision.alert.kind == "damaged"


def test_families_do_not_touch_each_other():
    known = opened(finding())
    decision = decide_open(
        tuple(known.values()),
        finding("receipt_auto_confirm", Severity.ALARM, 0, "receipt"),
        LATER,
    )
    assert decision.change is Change.OPENED
    assert decision.superseded == ()


def test_a_problem_that_ends_closes_its_case_with_one_solved_message():
    case = opened(finding())["stalled"]
    decision = decide_resolve(case, "moved_on", LATER)
    assert decision.case.state is CaseState.RESOLVED
    assert decision.alert.transition is Transition.SOLVED
    assert decision.alert.facts["resolution"] == "moved_on"
    assert decide_resolve(decision.case, "moved_on", LATER).change is Change.NOT_OPEN
    assert decide_resolve(None, "moved_on", LATER).change is Change.NOT_OPEN


def test_a_problem_that_comes_back_is_the_next_episode_of_the_same_case():
    case = decide_resolve(opened(finding())["stalled"], "moved_on", LATER).case
    decision = decide_open((case,), finding(), LATER)
    assert decision.change is Change.REOPENED
    assert decision.case.case_id == case.case_id
    assert decision.case.episode == 2
    assert decision.alert.alert_id == f"{case.case_id}-3"


def test_a_line_stands_once_per_episode_in_the_history_of_an_open_case():
    case = opened(finding())["stalled"]
    noted = decide_note(case, "asked", NOW + timedelta(hours=1))
    assert noted.change is Change.UPDATED
    assert noted.alert is None
    assert [entry.what for entry in noted.case.history] == ["opened as warn", "asked"]
    assert decide_note(noted.case, "asked", NOW + timedelta(hours=2)).change is Change.UNCHANGED
    closed = decide_resolve(noted.case, "moved_on", NOW + timedelta(hours=3)).case
    assert decide_note(closed, "asked", NOW + timedelta(hours=4)).change is Change.NOT_OPEN
    again = decide_open((closed,), finding(), NOW + timedelta(hours=5)).case
    assert decide_note(again, "asked", NOW + timedelta(hours=6)).change is Change.UPDATED
    assert decide_note(None, "asked", NOW).change is Change.NOT_OPEN


def test_the_first_agent_keeps_a_case():
    case = opened(finding())["stalled"]
    taken = decide_acknowledge(case, "lee", LATER).case
    assert (taken.state, taken.owner) == (CaseState.ACKNOWLEDGED, "lee")
    assert decide_acknowledge(taken, "wang", LATER).change is Change.NOT_OPEN


def test_an_acknowledged_case_still_escalates_and_closes():
    case = decide_acknowledge(opened(finding())["stalled"], "lee", LATER).case
    assert decide_open((case,), finding(severity=Severity.ALARM), LATER).alert is not None
    assert decide_resolve(case, "delivered", LATER).case.owner == "lee"


severities = st.sampled_from(list(Severity))
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("open"),
            st.sampled_from([("stalled", 20), ("damaged", 80), ("lost", 90)]),
            severities,
        ),
        st.tuples(
            st.just("resolve"), st.sampled_from(["stalled", "damaged", "lost"]), st.just(None)
        ),
    ),
    max_size=20,
)


@given(steps)
def test_at_most_one_case_of_a_family_is_open_and_alert_ids_never_repeat(script):
    known, alerts = {}, []
    for verb, what, severity in script:
        if verb == "open":
            kind, strength = what
            decision = decide_open(tuple(known.values()), finding(kind, severity, strength), NOW)
        else:
            decision = decide_resolve(known.get(what), "moved_on", NOW)
        for case in (*decision.superseded, *((decision.case,) if decision.case else ())):
            known[case.kind] = case
        alerts += [decision.alert.alert_id] if decision.alert else []
        assert sum(case.is_open for case in known.values()) <= 1
    assert len(alerts) == len(set(alerts))


def test_case_ids_are_short_and_differ():
    ids = {case_id_of("stalled", f"parcel:YT{n:013d}") for n in range(3000)}
    assert len(ids) == 3000
    assert {len(one) for one in ids} == {8}
    assert case_id_of("stalled", "parcel:1") == case_id_of("stalled", "parcel:1")
    assert case_id_of("stalled", "parcel:1", 1) != case_id_of("stalled", "parcel:1")


def alert(kind="stalled", severity=Severity.WARN, shop="tb1"):
    decision = decide_open((), Finding(kind, "parcel:P1", severity, shop), NOW)
    return decision.alert


def test_the_first_route_that_fits_is_taken():
    routes = Alerts(
        routes=(
            Route(targets=("boss",), min_severity="alarm"),
            Route(targets=("tmall",), shops=("tm1",)),
            Route(targets=("customs",), kinds=("customs_hold",)),
            Route(targets=("all", "log")),
        ),
        operators=("ops",),
    )
    assert targets_for(routes, alert(severity=Severity.ALARM)) == ("boss",)
    assert targets_for(routes, alert(shop="tm1")) == ("tmall",)
    assert targets_for(routes, alert("customs_hold")) == ("customs",)
    assert targets_for(routes, alert()) == ("all", "log")
    assert targets_for(routes, alert("source_down", shop="")) == ("ops",)


def test_without_a_route_the_operators_hear_and_without_operators_it_is_still_seen():
    assert targets_for(Alerts(operators=("ops",)), alert()) == ("ops",)
    assert targets_for(Alerts(), alert()) == (UNROUTED,)
