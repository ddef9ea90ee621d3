"""The casebook on the engine: each transition in one transaction with the alerts it causes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from pynamodb.exceptions import TransactWriteError

from aftersales.cases.casebook import Casebook
from aftersales.cases.model import CaseState, case_id_of
from aftersales.cases.rules import Change
from aftersales.errors import Conflict
from aftersales.findings import Finding, Severity
from aftersales.settings.model import Alerts, Route, Target
from aftersales.tables import cases, outbox
from aftersales.tables.connection import binding, connection
from tests.desk_fakes import START

ALERTS = Alerts(
    targets={name: Target(kind="wecom") for name in ("day", "night", "ops")},
    routes=(Route(targets=("day", "night", "day")),),
    operators=("ops",),
)
PARCEL = "parcel:YT8812600410055"
LATER = START + timedelta(hours=3)


def finding(kind: str = "stalled", subject: str = PARCEL, **values: Any) -> Finding:
    defaults: dict[str, Any] = {
        "severity": Severity.WARN,
        "shop_id": "tb1",
        "facts": {"hours": 50},
        "family": "transit",
        "strength": {"stalled": 20, "refused": 70, "lost": 90}.get(kind, 0),
    }
    return Finding(kind, subject, **{**defaults, **values})


@pytest.fixture
def book(tables: Any) -> Casebook:
    return Casebook(ALERTS)


def alerts() -> list[tuple[str, str, str]]:
    """(kind, transition, target) of everything that is to be sent."""
    return sorted((d.alert.kind, d.alert.transition.value, d.target) for d in outbox.pending())


def calls_during(action: Any) -> list[str]:
    """The names of the database's operations that `action` uses."""
    seen: list[str] = []

    def note(model: Any, **_: Any) -> None:
        seen.append(model.name)

    events = binding().connection.client.meta.events
    events.register("before-call.dynamodb", note)
    try:
        action()
    finally:
        events.unregister("before-call.dynamodb", note)
    return seen


def test_a_case_and_its_alerts_are_written_in_one_transaction(book: Casebook) -> None:
    calls = calls_during(lambda: book.open(finding(), START))
    assert [call for call in calls if call not in ("Query", "GetItem")] == ["TransactWriteItems"]


def test_each_target_of_the_route_gets_its_own_delivery(book: Casebook) -> None:
    assert book.open(finding(), START) is Change.OPENED
    assert alerts() == [("stalled", "opened", "day"), ("stalled", "opened", "night")]
    book.open(finding("source_down", "source:kd100", shop_id="", family=""), START)
    assert ("source_down", "opened", "ops") in alerts()


def test_the_same_finding_again_is_silent_and_newer_facts_are_kept(book: Casebook) -> None:
    book.open(finding(), START)
    before = alerts()
    assert calls_during(lambda: book.open(finding(), LATER)) == ["Query"]
    assert book.open(finding(facts={"hours": 53}), LATER) is Change.UPDATED
    assert alerts() == before
    case = cases.get(PARCEL, "stalled")
    assert case is not None
    assert case.facts == {"hours": 53}


def test_a_worse_finding_is_told_again(book: Casebook) -> None:
    book.open(finding(), START)
    assert book.open(finding(severity=Severity.ALARM), LATER) is Change.ESCALATED
    assert ("stalled", "escalated", "day") in alerts()
    assert book.open(finding(), LATER) is not Change.ESCALATED


def test_a_stronger_finding_closes_the_weaker_without_a_message_of_its_own(book: Casebook) -> None:
    book.open(finding("stalled"), START)
    book.open(finding("refused"), LATER)
    weaker = cases.get(PARCEL, "stalled")
    assert weaker is not None
    assert (weaker.state, weaker.resolution) == (CaseState.RESOLVED, "superseded by refused")
    assert [case.kind for case in cases.open_cases()] == ["refused"]
    assert not [alert for alert in alerts() if alert[1] == "solved"]
    assert book.open(finding("stalled"), LATER) is Change.SUPPRESSED


def test_a_solved_case_is_told_once(book: Casebook) -> None:
    book.open(finding(), START)
    assert book.resolve(PARCEL, "stalled", "moved_on", LATER) is Change.RESOLVED
    assert book.resolve(PARCEL, "stalled", "moved_on", LATER) is Change.NOT_OPEN
    assert [alert for alert in alerts() if alert[1] == "solved"] == [
        ("stalled", "solved", "day"),
        ("stalled", "solved", "night"),
    ]
    assert list(cases.open_cases()) == []


def test_a_problem_that_comes_back_is_the_same_case_again(book: Casebook) -> None:
    book.open(finding(), START)
    first = cases.get(PARCEL, "stalled")
    book.resolve(PARCEL, "stalled", "moved_on", LATER)
    assert book.open(finding(), LATER) is Change.REOPENED
    again = cases.get(PARCEL, "stalled")
    assert first is not None
    assert again is not None
    assert (again.case_id, again.episode, again.state) == (first.case_id, 2, CaseState.OPEN)
    ids = [d.alert.alert_id for d in outbox.pending()]
    assert set(ids) == {f"{first.case_id}-{number}" for number in (1, 2, 3)}


def test_the_first_agent_keeps_the_case(book: Casebook) -> None:
    book.open(finding(), START)
    assert book.acknowledge(PARCEL, "stalled", "小林", LATER) is Change.ACKNOWLEDGED
    assert book.acknowledge(PARCEL, "stalled", "小周", LATER) is Change.NOT_OPEN
    case = cases.get(PARCEL, "stalled")
    assert case is not None
    assert case.owner == "小林"
    assert case.is_open


def at_once(action: Callable[[int], Change]) -> list[Change | None]:
    """`action` in six threads at the same moment; None for one that lost every race."""
    gate = threading.Barrier(6)

    def act(number: int) -> Change | None:
        gate.wait(timeout=20)
        try:
            return action(number)
        except Conflict:
            return None

    # The first call makes the connection; all threads then share it.
    cases.get(PARCEL, "stalled")
    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(act, range(6)))


def test_openers_at_the_same_moment_make_one_case_and_one_alert(tables: Any) -> None:
    changes = at_once(lambda _: Casebook(ALERTS).open(finding(), START))
    assert changes.count(Change.OPENED) == 1
    assert set(changes) <= {Change.OPENED, Change.UNCHANGED, None}
    assert len(alerts()) == 2
    (case,) = cases.of_subject(PARCEL)
    assert case.version == 1


def test_of_agents_who_take_a_case_at_the_same_moment_one_has_it(book: Casebook) -> None:
    book.open(finding(), START)
    changes = at_once(
        lambda number: Casebook(ALERTS).acknowledge(PARCEL, "stalled", f"agent {number}", LATER)
    )
    assert changes.count(Change.ACKNOWLEDGED) == 1
    case = cases.get(PARCEL, "stalled")
    assert case is not None
    assert case.owner == f"agent {changes.index(Change.ACKNOWLEDGED)}"


def test_a_case_whose_letters_are_taken_gets_others(book: Casebook) -> None:
    letters = case_id_of("stalled", PARCEL)
    book.open(finding(subject="parcel:OTHER"), START)
    other = cases.get("parcel:OTHER", "stalled")
    assert other is not None
    from pynamodb.transactions import TransactWrite

    with TransactWrite(connection=connection()) as transaction:
        cases.write(transaction, replace(other, case_id=letters))

    book.open(finding(), START)
    case = cases.get(PARCEL, "stalled")
    assert case is not None
    assert case.case_id == case_id_of("stalled", PARCEL, 1) != letters
    own = [d for d in outbox.pending() if d.alert.subject == PARCEL]
    assert {d.alert.alert_id for d in own} == {f"{case.case_id}-1"}
    holder = cases.by_id(letters)
    assert holder is not None
    assert holder.subject == "parcel:OTHER"


def test_a_transaction_that_fails_writes_nothing(book: Casebook, tables: Any) -> None:
    """A second target's record exists already: neither the case nor the first record is written."""
    book.open(finding(subject="parcel:OTHER"), START)
    before = {name: tables.items(name) for name in ("cases", "outbox")}
    taken = f"{case_id_of('stalled', PARCEL)}-1:night"
    tables.client.put_item(
        TableName=f"{tables.prefix}-outbox",
        Item={"delivery_id": {"S": taken}, "state": {"S": "sent"}},
    )
    with pytest.raises(Conflict):
        book.open(finding(), START)
    assert cases.get(PARCEL, "stalled") is None
    assert outbox.get(taken.replace("night", "day")) is None
    assert tables.items("cases") == before["cases"]
    assert len(tables.items("outbox")) == len(before["outbox"]) + 1


def test_a_database_that_refuses_the_transaction_is_an_error_and_no_conflict(
    book: Casebook, tables: Any
) -> None:
    # More than an item may hold: the engine refuses, and trying again would not help.
    with pytest.raises(TransactWriteError):
        book.open(finding(facts={"text": "x" * 500_000}), START)
    assert tables.items("cases") == []
    assert tables.items("outbox") == []
