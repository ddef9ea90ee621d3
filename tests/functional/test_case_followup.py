"""The follow-up of cases on the engine: each step told once, whoever else is at work, and killed at
any call without a loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.cases.casebook import Casebook
from aftersales.cases.model import CaseState
from aftersales.findings import Alert, Finding, Severity, Transition
from aftersales.messages.render import render
from aftersales.settings.model import Alerts, Followup, Ladder, Route, Settings, Shop, Target
from aftersales.tables import cases, outbox
from aftersales.tables.connection import binding
from case_followup.sweep import Sweep
from tests.desk_fakes import START
from tests.functional.test_casebook import calls_during
from tests.functional.test_no_alert_is_lost import Killed, Reaper, fresh, watched_database
from tests.handler_world import NOW, World, world_of

LONG = 10_000.0
"""More seconds than any run takes."""
OPEN = START + timedelta(hours=2)
"""Noon in the shop."""


def settings_with(**values: Any) -> Settings:
    """Two shops; alarms go to the leader."""
    defaults: dict[str, Any] = {
        "shops": (Shop(id="tb1", name="青禾家居"), Shop(id="tb2", name="青禾女装")),
        "alerts": Alerts(
            targets={name: Target(kind="wecom") for name in ("day", "leader", "ops")},
            routes=(
                Route(targets=("leader",), min_severity="alarm", owner="主管"),
                Route(targets=("day",), owner="小周"),
            ),
            operators=("ops",),
        ),
    }
    return Settings(**{**defaults, **values})


SETTINGS = settings_with()


def a_finding(number: int = 1, kind: str = "bad_review", **values: Any) -> Finding:
    defaults: dict[str, Any] = {
        "severity": Severity.WARN,
        "shop_id": "tb1",
        "facts": {"rating": 1},
        "deadline": OPEN + timedelta(days=7),
    }
    return Finding(kind, f"review:tb1/{number:05d}", **{**defaults, **values})


def opened(*findings: Finding, settings: Settings = SETTINGS, at: datetime = OPEN) -> None:
    for finding in findings:
        Casebook.of(settings).open(finding, at)


def sweep(at: datetime, settings: Settings = SETTINGS, seconds: float = LONG) -> dict[str, Any]:
    return Sweep(settings).run(at, seconds)


def follow_ups() -> list[Alert]:
    news = (Transition.OPENED, Transition.SOLVED)
    found = [d.alert for d in outbox.pending() if d.alert.transition not in news]
    return sorted(found, key=lambda alert: (alert.at, alert.alert_id))


def case_of(number: int = 1) -> Any:
    return cases.get(a_finding(number).subject, "bad_review")


def test_a_sweep_that_finds_nothing_due_is_one_query(tables: Any) -> None:
    opened(a_finding())
    runner = Sweep(SETTINGS)
    assert calls_during(lambda: runner.run(OPEN + timedelta(hours=23), LONG)) == ["Query"]


def test_a_case_is_told_of_on_its_days_and_its_owner_is_named(tables: Any) -> None:
    opened(a_finding())
    at, told = OPEN, []
    while at < OPEN + timedelta(days=16):
        at += timedelta(hours=1)
        told += [(at, name) for name in sweep(at) if name in tuple(Transition)]
    assert [((at - OPEN).days, what) for at, what in told] == [
        (1, "reminded"),
        (3, "reminded"),
        (6, "due_soon"),
        (7, "overdue"),
        (14, "reminded"),
    ]
    alerts = follow_ups()
    assert [alert.facts["owner"] for alert in alerts] == ["小周"] * 3 + ["主管"] * 2
    case = case_of()
    assert case.step == 5
    assert case.severity is Severity.ALARM
    assert [e.what for e in case.history][1:5] == [
        "followed up: reminded",
        "followed up: reminded",
        "followed up: due_soon",
        "followed up: overdue, raised to alarm",
    ]


def test_an_overdue_case_goes_to_the_route_of_alarms(tables: Any) -> None:
    opened(a_finding())
    sweep(OPEN + timedelta(days=7, hours=1))
    (delivery,) = [d for d in outbox.pending() if d.alert.transition is Transition.OVERDUE]
    assert delivery.target == "leader"


def test_a_closed_case_leaves_the_index_and_a_reopened_one_begins_anew(tables: Any) -> None:
    opened(a_finding())
    sweep(OPEN + timedelta(days=1))
    Casebook.of(SETTINGS).resolve("review:tb1/00001", "bad_review", "given_up", OPEN)
    assert sweep(OPEN + timedelta(days=9)) == {"due": 0}
    (item,) = tables.items("cases")
    assert not {"due_at", "due_shard"} & set(item)
    again = OPEN + timedelta(days=10)
    opened(a_finding(deadline=again + timedelta(days=7)), at=again)
    case = case_of()
    assert (case.step, case.followed_until) == (0, None)
    assert case.next_at == again + timedelta(days=1)


def test_a_case_that_somebody_took_is_still_followed_up(tables: Any) -> None:
    opened(a_finding())
    Casebook.of(SETTINGS).acknowledge("review:tb1/00001", "bad_review", "小林", OPEN)
    assert sweep(OPEN + timedelta(days=1))["reminded"] == 1
    assert follow_ups()[0].facts["owner"] == "小林"
    assert case_of().state is CaseState.ACKNOWLEDGED


def test_kinds_without_a_ladder_are_told_of_once(tables: Any) -> None:
    opened(a_finding(kind="stalled"))
    assert sweep(OPEN + timedelta(days=30)) == {"due": 0}


def test_runs_that_were_missed_bring_one_message_for_each_case(tables: Any) -> None:
    opened(a_finding(1), a_finding(2, deadline=OPEN + timedelta(days=30)))
    late = OPEN + timedelta(days=7, hours=1)
    assert sweep(late) == {"due": 2, "overdue": 1, "reminded": 1, "messages": 2}
    assert sweep(late) == {"due": 0}


def test_after_a_night_without_runs_the_morning_brings_the_message(tables: Any) -> None:
    opened(a_finding(), at=OPEN)
    night = START.replace(hour=18) + timedelta(days=1)  # 02:00 in the shop
    assert sweep(night) == {"due": 1, "put_off": 1}
    assert sweep(night + timedelta(hours=1)) == {"due": 0}
    assert case_of().next_at == night.replace(hour=1) + timedelta(days=1)
    assert sweep(night + timedelta(hours=7))["reminded"] == 1


def test_a_ladder_that_was_taken_away_puts_the_case_off_for_ever(tables: Any) -> None:
    opened(a_finding())
    off = settings_with(followup=Followup(enabled=False))
    assert sweep(OPEN + timedelta(days=2), off) == {"due": 1, "put_off": 1}
    assert sweep(OPEN + timedelta(days=2), off) == {"due": 0}
    assert case_of().is_open
    assert follow_ups() == []


def test_a_hundred_cases_are_one_message_for_each_route_and_all_are_recorded(tables: Any) -> None:
    few = settings_with(followup=Followup(reviews=Ladder(days=(1,), repeat_days=0)))
    opened(*(a_finding(n) for n in range(100)), settings=few)
    opened(*(a_finding(200 + n, severity=Severity.ALARM) for n in range(3)), settings=few)
    at = OPEN + timedelta(days=1)
    assert sweep(at, few) == {"due": 103, "reminded": 103, "messages": 2}
    alarms, rest = sorted(follow_ups(), key=lambda alert: alert.facts["count"])
    assert (alarms.facts["count"], rest.facts["count"]) == (3, 100)
    assert {case.step for case in cases.open_cases()} == {1}
    assert sweep(at, few) == {"due": 0}


def test_the_message_about_many_names_the_most_pressing_in_each_language(tables: Any) -> None:
    opened(*(a_finding(n, deadline=OPEN + timedelta(days=7 + n)) for n in range(12)))
    at = OPEN + timedelta(days=1)
    sweep(at)
    (alert,) = follow_ups()
    for language, title in (
        ("zh-CN", "12 个问题待跟进"),
        ("zh-TW", "12 個問題待追蹤"),
        ("en", "12 cases still open"),
    ):
        message = render(
            alert, language=language, time_zone="Asia/Shanghai", shop_name="青禾家居", now=at
        )
        assert message.title == title
        assert "10" in message.what
        assert len(message.fields) == 10
        first = message.fields[0]
        assert first.label == case_of(0).case_id
        assert "青禾家居" in first.value
        assert "小周" in first.value
        assert "6" in first.value
        assert not message.buyer_text


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
@pytest.mark.parametrize("what", [Transition.REMINDED, Transition.DUE_SOON, Transition.OVERDUE])
def test_a_message_about_one_case_says_that_it_is_the_same_case(tables, language, what) -> None:
    at = (
        OPEN
        + {
            Transition.REMINDED: timedelta(days=1),
            Transition.DUE_SOON: timedelta(days=6, hours=2),
            Transition.OVERDUE: timedelta(days=7, hours=3),
        }[what]
    )
    opened(a_finding())
    sweep(at)
    (alert,) = follow_ups()
    assert alert.transition is what
    message = render(
        alert, language=language, time_zone="Asia/Shanghai", shop_name="青禾家居", now=at
    )
    news = render(
        Alert(**{name: getattr(alert, name) for name in alert.__struct_fields__}
              | {"transition": Transition.OPENED, "severity": Severity.WARN}),
        language=language, time_zone="Asia/Shanghai", shop_name="青禾家居", now=at,
    )  # fmt: skip
    assert message.title.endswith(news.title)
    assert message.title != news.title
    assert message.what.endswith(news.what)
    assert message.what != news.what
    assert message.until == news.until
    assert any(field.value in ("小周", "主管") for field in message.fields)
    assert "{" not in message.title + message.what + message.todo
    assert "  " not in message.what


def test_what_does_not_fit_into_the_time_is_left_to_the_next_run(tables: Any) -> None:
    opened(a_finding(1), a_finding(2, severity=Severity.ALARM))
    at = OPEN + timedelta(days=1)
    assert sweep(at, seconds=-1) == {"due": 2, "left_for_next_run": 2}
    assert sweep(at)["reminded"] == 2


def test_a_case_that_is_closed_during_the_run_is_not_told_of(tables: Any) -> None:
    opened(a_finding(1), a_finding(2))
    at = OPEN + timedelta(days=1)
    events = binding().connection.client.meta.events
    closed: list[Any] = []

    def close_one(**_: Any) -> None:
        if not closed:
            closed.append(True)
            Casebook.of(SETTINGS).resolve("review:tb1/00001", "bad_review", "changed", at)

    events.register("after-call.dynamodb.BatchGetItem", close_one)
    try:
        assert sweep(at) == {"due": 2, "reminded": 1, "messages": 1, "left_for_next_run": 1}
    finally:
        events.unregister("after-call.dynamodb.BatchGetItem", close_one)
    (alert,) = follow_ups()
    assert alert.subject == "review:tb1/00002"
    assert "count" not in alert.facts
    assert sweep(at) == {"due": 0}


def test_two_runs_at_once_tell_of_each_case_once(tables: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    opened(*(a_finding(n) for n in range(30)))
    at = OPEN + timedelta(days=1)
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: sweep(at), range(2)))
    assert sum(run.get("reminded", 0) for run in runs) == 30
    assert {case.step for case in cases.open_cases()} == {1}


def outcome() -> tuple[dict[str, int], int]:
    """How often each case was told of, in whatever message, and the messages."""
    told: dict[str, int] = {}
    alerts = follow_ups()
    for alert in alerts:
        listed = json.loads(str(alert.facts.get("cases") or "[]"))
        for case_id in {entry["case_id"] for entry in listed} or {alert.case_id}:
            told[case_id] = told.get(case_id, 0) + 1
    return told, len(alerts)


@pytest.mark.parametrize("after", [False, True], ids=["before-the-call", "after-the-call"])
def test_killed_at_any_call_every_case_is_told_of_and_none_twice(tables: Any, after: bool) -> None:
    """The cases of one message fit into one transaction here: so not one may come twice."""
    at = OPEN + timedelta(days=1)

    def story(reaper: Reaper) -> bool:
        opened(*(a_finding(n) for n in range(4)))
        opened(a_finding(9, severity=Severity.ALARM))
        struck = False
        try:
            with watched_database(reaper):
                sweep(at)
        except Killed:
            struck = True
        sweep(at + timedelta(minutes=5))
        return struck

    counting = Reaper()
    assert not story(counting)
    assert "TransactWriteItems" in counting.log
    wanted, messages = outcome()
    assert (set(wanted.values()), messages) == ({1}, 2)
    for number in range(len(counting.log)):
        fresh(tables)
        assert story(Reaper(at=number, after=after))
        assert outcome() == (wanted, messages), (number, counting.log[number])


def test_killed_within_a_long_list_the_rest_is_told_of_again(tables: Any) -> None:
    """The message went with the first cases; the others are still due after the kill."""
    opened(*(a_finding(n) for n in range(100)))
    at = OPEN + timedelta(days=1)
    counting = Reaper()
    with watched_database(counting):
        Sweep(SETTINGS)
        found = cases.due(at, 1000)
    before = counting.calls
    assert len(found) == 100
    with pytest.raises(Killed), watched_database(Reaper(at=before + 1)):
        sweep(at)
    assert len(cases.due(at, 1000)) == 20
    assert sweep(at + timedelta(minutes=5))["reminded"] == 20
    assert {case.step for case in cases.open_cases()} == {1}
    assert [alert.facts["count"] for alert in follow_ups()] == [100, 20]


@pytest.fixture
def world(tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


def test_the_tick_of_the_schedule_follows_up_and_the_next_one_has_nothing_to_do(
    world: World,
) -> None:
    before = NOW - timedelta(days=1, hours=1)
    finding = a_finding(deadline=before + timedelta(days=7))
    Casebook.of(world.settings).open(finding, before)
    assert world.call("case_followup_sweep") == {"due": 1, "reminded": 1, "messages": 1}
    assert world.call("case_followup_sweep") == {"due": 0}
    world.call("alert_dispatcher_sweep")
    assert any("待跟进" in text for text in world.outside.messages)
