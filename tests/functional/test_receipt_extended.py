"""The receipt time of a parcel that is late: asked of the platform once, its answer in the case."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales.clock import wall_now
from aftersales.http import AmbiguousDelivery, HttpReply, HttpRequest
from aftersales.messages.base import Message
from aftersales.messages.render import render
from aftersales.parcels import Parcel
from aftersales.settings.model import Settings, Shop
from aftersales.tables import cases, extensions, outbox, parcels
from aftersales.tracking import Status
from aftersales.watching import WatchOutcome, watch
from parcel_tracker.answers import take_answer
from parcel_tracker.desk import Desk
from parcel_tracker.sweep import sweep_shard
from tests.desk_fakes import START, Clock, ScriptedSource, a_parcel, a_scan, settings_for, told
from tests.top_server import SECRETS, TopServer, error

N = "YT0000000000007"
ORDER = "4200000000000000041"
REFUSED_ORDER = "4200000000000000049"
ENDS = START + timedelta(days=10)
EXTENDED = ENDS + timedelta(days=3)
DELAY = "taobao.trade.receivetime.delay"
KIND = "receipt_auto_confirm"


class Crash(BaseException):
    """The process ends here."""


class World:
    """A late parcel, a courier that says so, and a platform that answers as told."""

    def __init__(self, **shop: Any) -> None:
        self.clock = Clock()
        self.source = ScriptedSource(self.clock)
        self.top = TopServer(now=wall_now())
        self.sent = 0
        self.fails: BaseException | None = None
        self.lost: BaseException | None = None
        self.shop = Shop(
            **{
                "id": "tb1",
                "platform": "taobao",
                "secrets": dict(SECRETS),
                "extend_receipt_days": 3,
                **shop,
            }
        )
        self.desk = self.new_process()
        self.clock.now = ENDS - timedelta(hours=40)

    def settings(self) -> Settings:
        from msgspec.structs import replace as with_

        return with_(settings_for(), shops=(self.shop,))

    def new_process(self) -> Desk:
        self.desk = Desk(
            settings=self.settings(),
            transport=self,
            resolve=lambda reference: reference,
            business_now=self.clock,
            wall_now=self.clock,
            wait=self.clock.wait,
            sources={"scripted": self.source},
        )
        return self.desk

    def __call__(self, request: HttpRequest) -> HttpReply:
        self.sent += 1
        if self.fails is not None:
            raise self.fails
        reply = self.top(request)
        if self.lost is not None:
            raise self.lost
        return reply

    def add(self, number: str = N, orders: tuple[str, ...] = (ORDER,)) -> Parcel:
        parcel = a_parcel(number, order_ids=orders, auto_confirm_at=ENDS)
        parcels.add(parcel, shards=1)
        moving = a_scan(100, Status.PICKED_UP), a_scan(199, Status.IN_TRANSIT)
        self.source.says[number] = told(number, *moving)
        return parcel

    def sweep(self) -> dict[str, int]:
        return dict(sweep_shard(self.desk, 0, 300))

    @property
    def asked(self) -> list[str]:
        """The orders whose extension the platform carried out or refused."""
        return [call["tid"] for call in self.top.calls if call["method"] == DELAY]


@pytest.fixture
def world(tables: Any) -> World:
    return World()


def case_of(number: str = N) -> Any:
    return cases.get(f"parcel:{number}", KIND)


def story(number: str = N) -> list[str]:
    return [entry.what for entry in case_of(number).history]


def told_about_receipt() -> list[str]:
    found = sorted(outbox.pending(), key=lambda d: (d.created_at, d.alert.alert_id))
    return [d.alert.transition.value for d in found if d.alert.kind == KIND]


def test_a_receipt_time_is_extended_by_the_platform_and_its_case_closes_as_extended(world):
    world.add()
    world.sweep()
    assert world.asked == [ORDER]
    assert world.top.calls[-1]["days"] == "3"
    assert parcels.get(N).auto_confirm_at == EXTENDED
    assert parcels.get(N).marks == ()
    assert (case_of().is_open, case_of().resolution) == (False, "extended")
    assert story() == [
        "opened as warn",
        f"order {ORDER}: asking the platform for 3 more days",
        f"order {ORDER}: the platform extended it by 3 days",
        "resolved: extended",
    ]
    assert told_about_receipt() == ["opened", "solved"]


def messages(language: str) -> list[Message]:
    """What agents read about the parcel's receipt time, first to last."""
    alerts = [delivery.alert for delivery in outbox.pending()]
    about = [alert for alert in alerts if (alert.kind, alert.subject) == (KIND, f"parcel:{N}")]
    return [
        render(alert, language=language, time_zone="Asia/Shanghai", shop_name="", now=alert.at)
        for alert in sorted(about, key=lambda alert: alert.alert_id)
    ]


BY_HAND = {
    "zh-CN": "在后台为买家延长",
    "zh-TW": "到後台幫買家延長",
    "en": "Extend the receipt time",
}
BY_ITSELF = {"zh-CN": "已在自动向平台申请", "zh-TW": "已自動向平台申請", "en": "The desk is asking"}
EXTENDED_WORDS = {
    "zh-CN": "收货时间已延长",
    "zh-TW": "收貨時間已延長",
    "en": "receipt time extended",
}
LOOK_FIRST = {
    "zh-CN": "没有延长就手动延长",
    "zh-TW": "沒有延長就手動延長",
    "en": "if it is as before",
}


def test_agents_are_told_that_the_desk_extends_and_then_that_it_was_extended(world):
    world.add()
    world.sweep()
    for language, by_hand in BY_HAND.items():
        first, second = messages(language)
        assert BY_ITSELF[language] in first.todo
        assert by_hand not in first.todo
        assert EXTENDED_WORDS[language] in second.title


def test_agents_are_told_that_the_desk_extends_and_then_that_the_platform_refused(world):
    world.add(orders=(REFUSED_ORDER,))
    world.sweep()
    for language in BY_HAND:
        first, worse = messages(language)
        assert BY_ITSELF[language] in first.todo
        assert LOOK_FIRST[language] in worse.todo
        assert any("状态不允许" in field.value for field in worse.fields)


def test_where_the_desk_does_not_extend_agents_are_told_to_do_it(tables):
    world = World(extend_receipt_days=0)
    world.add()
    world.sweep()
    for language, by_hand in BY_HAND.items():
        (only,) = messages(language)
        assert by_hand in only.todo


def test_later_sweeps_and_answers_do_not_ask_again(world):
    world.add()
    world.sweep()
    for _ in range(6):
        world.clock.on(hours=2)
        world.sweep()
        take_answer(world.desk, parcels.get(N), world.source.says[N], world.clock.now)
    assert world.asked == [ORDER]
    assert case_of().episode == 1


def test_a_receipt_time_that_runs_out_again_is_the_next_episode_and_asked_about_again(world):
    world.add()
    world.sweep()
    world.clock.now = EXTENDED - timedelta(hours=30)
    world.sweep()
    assert world.asked == [ORDER, ORDER]
    assert case_of().episode == 2
    assert parcels.get(N).auto_confirm_at == EXTENDED + timedelta(days=3)


def test_an_order_read_with_its_old_receipt_time_does_not_undo_the_extension(world):
    added = world.add()
    world.sweep()
    assert watch(added, shards=1, now=world.clock.now) is WatchOutcome.UNCHANGED
    world.clock.on(hours=3)
    world.sweep()
    assert parcels.get(N).auto_confirm_at == EXTENDED
    assert world.asked == [ORDER]
    later = replace(added, auto_confirm_at=EXTENDED + timedelta(days=5))
    watch(later, shards=1, now=world.clock.now)
    assert parcels.get(N).auto_confirm_at == EXTENDED + timedelta(days=5)


def test_a_refusal_stays_with_an_agent_who_reads_the_platforms_words(world):
    world.add(orders=(REFUSED_ORDER,))
    for _ in range(4):
        world.sweep()
        world.clock.on(hours=2)
    assert world.asked == [REFUSED_ORDER]
    assert case_of().is_open
    assert parcels.get(N).auto_confirm_at == ENDS
    assert "refused" in story()[-2]
    assert "状态不允许" in story()[-2]
    assert story()[-1] == "escalated to alarm"
    assert told_about_receipt() == ["opened", "escalated"]


def test_one_refused_order_of_a_parcel_keeps_its_case_open(world):
    world.add(orders=(ORDER, REFUSED_ORDER))
    world.sweep()
    assert world.asked == [ORDER, REFUSED_ORDER]
    assert case_of().is_open
    assert parcels.get(N).auto_confirm_at == ENDS


def test_an_answer_that_was_lost_is_never_asked_for_again(world):
    world.add()
    world.lost = AmbiguousDelivery("no answer in time")
    for _ in range(4):
        world.sweep()
        world.clock.on(hours=1)
        world.new_process()
        world.lost = None
    assert world.asked == [ORDER]
    assert case_of().is_open
    assert "may have been extended" in story()[-2]
    assert told_about_receipt() == ["opened", "escalated"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error(27, "Invalid session", "invalid-sessionkey"), "not extended"),
        (error(7, "App Call Limited", "accesscontrol.limited-by-api-access-count"), "not extended"),
        (error(15, "Remote service error", "isp.top-remote-connection-timeout"), "may have been"),
    ],
)
def test_a_failure_leaves_the_case_to_an_agent_without_secrets_in_it(world, answer, words):
    world.add()
    world.top.errors.append(answer)
    world.sweep()
    world.clock.on(hours=2)
    world.sweep()
    assert len(world.asked) == 1
    assert case_of().is_open
    assert words in story()[-2]
    assert not any(secret in json.dumps(story()) for secret in SECRETS.values())


def test_a_platform_that_fails_is_not_waited_for_with_every_order_of_a_sweep(world):
    for number in range(5):
        world.add(f"YT000000000010{number}", (f"420000000000000010{number}",))
    world.fails = AmbiguousDelivery("no answer in time")
    world.sweep()
    assert world.sent == 1
    found = [story(f"YT000000000010{number}")[-2] for number in range(5)]
    assert sum("failed just before" in line for line in found) == 4


def test_a_run_that_dies_before_the_question_leaves_it_unasked_and_says_so(world):
    world.add()
    world.fails = Crash()
    with pytest.raises(Crash):
        world.sweep()
    world.fails = None
    world.new_process()
    assert parcels.get(N).marks == ()
    for _ in range(3):
        world.clock.on(hours=1)
        world.sweep()
    assert world.asked == []
    assert case_of().is_open
    assert "its answer is unknown" in story()[-2]
    assert story().count(story()[-2]) == 1
    assert told_about_receipt() == ["opened", "escalated"]


def test_a_run_that_dies_before_it_writes_the_answer_down_does_not_ask_again(world):
    world.add()
    world.lost = Crash()
    with pytest.raises(Crash):
        world.sweep()
    world.lost = None
    world.new_process()
    for _ in range(3):
        world.clock.on(hours=1)
        world.sweep()
    assert world.asked == [ORDER]
    assert case_of().is_open
    assert "its answer is unknown" in story()[-2]


def test_a_run_that_dies_with_the_answer_written_down_is_finished_by_the_next(world, tables):
    parcel = world.add()
    assert extensions.claim("tb1", ORDER, ENDS, world.clock.now)
    answer = extensions.Asked(world.clock.now, True, f"order {ORDER}: extended")
    extensions.record("tb1", ORDER, answer)
    world.sweep()
    assert world.asked == []
    assert parcels.get(parcel.parcel_id).auto_confirm_at == EXTENDED
    assert case_of().resolution == "extended"


def test_two_runs_at_once_ask_once(world):
    world.add()
    assert extensions.claim("tb1", ORDER, ENDS, world.clock.now)
    assert world.sweep()["conflict"] == 1
    assert world.asked == []
    assert parcels.get(N).marks == ()


def test_an_order_in_two_parcels_is_extended_once_and_closes_both_cases(world):
    world.add()
    world.add("YT0000000000008")
    world.sweep()
    assert world.asked == [ORDER]
    for number in (N, "YT0000000000008"):
        assert parcels.get(number).auto_confirm_at == EXTENDED
        assert case_of(number).resolution == "extended"


@pytest.mark.parametrize(
    "shop",
    [
        {"extend_receipt_days": 0},
        {"id": "another"},
        {"secrets": {}},
        {"platform": "generic", "secrets": {"webhook_secret": "made-up"}},
    ],
    ids=["setting off", "another shop", "not connected", "platform cannot"],
)
def test_nobody_is_asked_for_a_shop_that_does_not_want_it_or_cannot(tables, shop):
    world = World(**shop)
    world.add()
    world.sweep()
    assert world.sent == 0
    assert story() == ["opened as alarm"]
    assert case_of().is_open


def test_a_missing_secret_is_told_in_the_case(tables):
    world = World(secrets={name: SECRETS[name] for name in ("app_key", "app_secret")})
    world.add()
    world.sweep()
    assert world.sent == 0
    assert "has no secret `session`" in story()[-1]
