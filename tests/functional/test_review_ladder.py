"""A bad review from its scan to its last reminder: every step by the real functions, each told once
to the robot, with who answers for it and what is to be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from aftersales.clock import wall_now
from aftersales.findings import Alert
from aftersales.messages.render import render
from aftersales.settings.model import Alerts, OwnFollowup, OwnLadder, Route, Settings, Target
from aftersales.tables import cases, outbox
from alert_dispatcher.dispatch import Dispatcher
from case_followup.sweep import Sweep
from review_scanner.desk import Desk
from review_scanner.scanning import scan_shop
from tests.conftest import Tables
from tests.desk_fakes import ROBOT_URL, Clock, Robot
from tests.review_shop import SHOP, START, ReviewShop, a_desk, a_review, days, hours

LEAKS = "杯盖漏水，装进包里全湿了"
TO_DO = {
    "zh-CN": "今天联系买家",
    "zh-TW": "今天聯絡買家",
    "en": "Write to the buyer today",
}
SAID = {
    "zh-CN": {"reminded": "待跟进", "due_soon": "快到期", "overdue": "已超期"},
    "zh-TW": {"reminded": "待追蹤", "due_soon": "快到期", "overdue": "已逾期"},
    "en": {"reminded": "Still open", "due_soon": "Due soon", "overdue": "Overdue"},
}
STEPS = [(1, "reminded"), (3, "reminded"), (6, "due_soon"), (7, "overdue"), (14, "reminded")]


def settings_with(**shop: object) -> Settings:
    return Settings(
        shops=(replace(SHOP, **shop),),
        alerts=Alerts(
            targets={name: Target(kind="dingtalk", url=ROBOT_URL) for name in ("day", "leader")},
            routes=(
                Route(targets=("leader",), min_severity="alarm", owner="主管老陈"),
                Route(targets=("day",), owner="小周"),
            ),
            operators=("leader",),
        ),
    )


@dataclass
class Story:
    """A shop, its scanner, its follow-up and its robot; `told` grows with each message."""

    settings: Settings
    clock: Clock = field(default_factory=lambda: Clock(START + hours(0.5)))
    shop: ReviewShop = field(default_factory=ReviewShop)
    robot: Robot = field(default_factory=Robot)
    told: list[tuple[datetime, str]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk: Desk = a_desk(self.shop, self.clock, self.settings)

    def scan(self) -> None:
        scan_shop(self.desk, SHOP.id, seconds_left=600)
        self.deliver()

    def sweep(self) -> None:
        Sweep(self.settings).run(self.clock.now, 10_000)
        self.deliver()

    def deliver(self) -> None:
        before, waiting = len(self.robot.texts), list(outbox.pending())
        if not waiting:
            return
        self.alerts += [delivery.alert for delivery in waiting]
        real = wall_now()
        Dispatcher(
            settings=self.settings,
            transport=self.robot,
            resolve=lambda reference: reference,
            wall_now=lambda: real,
            business_now=self.clock,
            jitter=lambda: 1.0,
        ).deliver_all(waiting, real + timedelta(minutes=1))
        self.told += [(self.clock.now, text) for text in self.robot.texts[before:]]

    def go_on(self, until: datetime) -> None:
        """Everything comes twice: ticks, scans and deliveries."""
        # Between the moments of the deadline and those of the ladder there is a tick.
        self.clock.now = self.clock.now.replace(minute=10)
        while self.clock.now < until:
            self.clock.now += hours(1)
            if self.clock.now.hour > 14:
                continue  # nobody is there; see the tests of the follow-up itself
            self.sweep()
            self.sweep()
            if self.clock.now.hour == 3:
                self.scan()
                self.scan()

    def steps(self) -> list[tuple[int, str]]:
        """After how many days which step was told of, the opening left out."""
        alerts = zip(self.told, self.alerts, strict=True)
        return [(round((at - START) / days(1)), a.transition.value) for (at, _), a in alerts][1:]


def test_each_step_is_told_once_with_its_owner_and_what_is_to_be_done(tables: Tables) -> None:
    story = Story(settings_with())
    story.shop.put(a_review(1, LEAKS, rating=1))
    story.scan()
    story.scan()
    assert len(story.told) == 1
    story.go_on(START + days(15))
    assert story.steps() == STEPS
    for number, ((at, text), alert) in enumerate(zip(story.told, story.alerts, strict=True)):
        owner = "主管老陈" if number >= 4 else "小周"
        assert owner in text
        assert TO_DO["zh-CN"] in text
        for language, to_do in TO_DO.items():
            message = render(
                alert, language=language, time_zone="Asia/Shanghai", shop_name="青禾", now=at
            )
            assert to_do in message.todo
            assert owner in {each.value for each in message.fields}
            assert SAID[language].get(alert.transition.value, "") in message.title
            assert not set("{}[]|") & set(message.title + message.what + message.todo)
    case = cases.get(f"review:{SHOP.id}/1:buyer", "bad_review")
    assert case is not None
    assert [entry.what for entry in case.history][1:] == [
        "followed up: reminded",
        "followed up: reminded",
        "followed up: due_soon",
        "followed up: overdue, raised to alarm",
        "followed up: reminded",
    ]


def test_who_took_the_case_is_named_and_the_opening_names_who_answers_for_it(
    tables: Tables,
) -> None:
    story = Story(settings_with())
    story.shop.put(a_review(1, LEAKS, rating=1))
    story.scan()
    assert "小周" in story.told[0][1]
    story.desk.casebook.acknowledge(
        f"review:{SHOP.id}/1:buyer", "bad_review", "小林", story.clock.now
    )
    story.go_on(START + days(8))
    assert [("小林" in text, "小周" in text) for _, text in story.told[1:]] == [(True, False)] * 4


def test_the_ladder_ends_when_the_buyer_changes_the_review_and_begins_anew_when_it_gets_worse(
    tables: Tables,
) -> None:
    story = Story(settings_with())
    bad = a_review(1, LEAKS, rating=1)
    story.shop.put(bad)
    story.scan()
    story.go_on(START + days(2))
    story.shop.put(a_review(1, "换了新的，很满意", rating=5))
    story.go_on(START + days(4))
    solved = len(story.told)
    assert story.steps()[:1] == [(1, "reminded")]
    story.go_on(START + days(20))
    assert len(story.told) == solved == 3
    story.shop.put(replace(bad, follow_up="用了两周又坏了，太差", follow_up_at=story.clock.now))
    story.go_on(START + days(30) + hours(12))
    again = len(story.told)
    assert again == solved + 1
    story.go_on(START + days(39))
    reopened = story.told[solved][0]
    later = [round((at - reopened) / days(1)) for at, _ in story.told[again:]]
    assert later == [1, 3, 6, 7]


def test_a_shop_with_a_ladder_of_its_own_is_told_by_it(tables: Tables) -> None:
    own = OwnFollowup(reviews=OwnLadder(days=(2,), due_soon_hours=0, repeat_days=3))
    story = Story(settings_with(followup=own))
    story.shop.put(a_review(1, LEAKS, rating=1))
    story.scan()
    story.go_on(START + days(11))
    assert story.steps() == [(2, "reminded"), (7, "overdue"), (10, "reminded")]
