"""The reminder on the engine: what goes out, what does not, and what a crash or a race leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from aftersales.cases.casebook import Casebook
from aftersales.errors import AftersalesError, Refused, Unreachable
from aftersales.findings import Transition
from aftersales.messages.render import render
from aftersales.parcels import Order, OrderLine, OrderStatus, RefundStatus
from aftersales.platforms.base import Capability
from aftersales.settings.model import (
    Alerts,
    Promotion,
    Reminder,
    Route,
    Settings,
    Shop,
    Target,
)
from aftersales.tables import cases, orders, outbox, reminders
from aftersales.tables.connection import binding
from order_intake.importing import store_order
from tests.desk_fakes import Clock, Robot
from unpaid_reminder.desk import Desk
from unpaid_reminder.run import plan, remind
from unpaid_reminder.telling import tell_of_week

MORNING = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
"""Ten o'clock in Shanghai."""
FIRST_RUN = MORNING - timedelta(days=1)
ALL_SHARDS = range(orders.UNPAID_SHARDS)

SETTINGS = Settings(
    shops=(
        Shop(id="tb1", platform="taobao", name="青禾家居", secrets={"session": "env:X"}),
        Shop(id="tm1", platform="tmall", name="青禾旗舰店", secrets={"session": "env:X"}),
        Shop(id="files", platform="taobao", name="只有文件"),
    ),
    alerts=Alerts(
        targets={name: Target(kind="wecom") for name in ("group", "ops")},
        routes=(Route(targets=("group",)),),
        operators=("ops",),
    ),
)


@dataclass
class Shopfront:
    """A platform that tells what `orders` holds, and what it was asked."""

    orders: dict[str, Order] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: AftersalesError | None = None
    on_ask: Callable[[str], None] = lambda order_id: None
    capabilities: frozenset[Capability] = frozenset({Capability.ORDER_BY_ID})

    def order(self, order_id: str) -> Order:
        self.asked.append(order_id)
        self.on_ask(order_id)
        if self.fails is not None:
            raise self.fails
        return self.orders[order_id]


@dataclass
class World:
    clock: Clock
    shop: Shopfront
    desk: Desk

    def placed(self, number: str = "2611030001", **values: Any) -> Order:
        """An order that is stored and that the platform knows as it is stored."""
        defaults: dict[str, Any] = {
            "shop_id": "tb1",
            "order_id": number,
            "status": OrderStatus.UNPAID,
            "created_at": self.clock.now,
            "amount_minor": 12900,
            "currency": "CNY",
            "buyer_ref": f"buyer-{number}",
            "lines": (OrderLine("陶瓷杯", 2, sku="cup"),),
        }
        order = Order(**{**defaults, **values})
        self.shop.orders[number] = order
        orders.merge(order, self.clock.now, settings=self.desk.settings)
        return order

    def paid(self, order: Order, *, told: bool = True) -> Order:
        """The buyer pays; `told`: and the desk hears of it."""
        after = replace(order, status=OrderStatus.PAID, paid_at=self.clock.now)
        self.shop.orders[order.order_id] = after
        if told:
            orders.merge(after, self.clock.now, settings=self.desk.settings)
        return after

    def run(self, **passes: float) -> dict[str, int]:
        """Time passes, and then all shards are looked at."""
        self.clock.on(**passes)
        return remind(self.desk, ALL_SHARDS, 900)

    def alerts(self) -> list[Any]:
        return sorted((d.alert for d in outbox.pending()), key=lambda alert: alert.at)

    def steps(self, number: str = "2611030001", shop_id: str = "tb1") -> list[tuple[str, str]]:
        kept = orders.kept(shop_id, number)
        assert kept is not None
        return [(step.what, step.reason) for step in kept.reminding.steps]


def world_with(settings: Settings = SETTINGS) -> World:
    clock, shop = Clock(MORNING), Shopfront()
    desk = Desk(
        settings=settings,
        transport=Robot(),
        resolve=lambda reference: reference,
        business_now=clock,
        platforms={"tb1": shop, "tm1": shop},  # type: ignore[dict-item]
    )
    reminders.begun([one.id for one in settings.shops], FIRST_RUN)
    return World(clock, shop, desk)


@pytest.fixture
def world(tables: Any) -> World:
    return world_with()


def with_rules(**rules: Any) -> Settings:
    return msgspec.structs.replace(SETTINGS, reminder=Reminder(**rules))


def test_an_unpaid_order_is_nudged_at_its_moment_and_closed_by_payment(world: World) -> None:
    order = world.placed()
    assert world.run(minutes=19) == {}
    assert world.run(minutes=1) == {"nudges": 1, "messages": 1}
    (alert,) = world.alerts()
    assert (alert.kind, alert.subject) == ("unpaid_order", "order:tb1/2611030001")
    assert alert.facts["buyer"] == "b***1"
    assert alert.deadline == MORNING + timedelta(hours=24)

    world.clock.on(minutes=12)
    world.paid(order)
    assert world.run() == {"settled": 1}
    good = world.alerts()[-1]
    assert (good.transition, good.facts["resolution"]) == (Transition.SOLVED, "paid")
    assert list(cases.open_cases()) == []
    counted = {one.what: one for one in reminders.counts("2026-W45")}
    assert counted["reminded_paid"].count == 1
    assert counted["reminded_paid"].amount_minor == 12900
    assert counted["reminded_paid"].minutes == 12
    assert world.run(hours=30) == {}


def test_who_has_paid_and_was_not_heard_of_is_not_nudged(world: World) -> None:
    world.paid(world.placed(), told=False)
    assert world.run(minutes=20) == {"skip_paid": 1}
    assert world.alerts() == []
    stored = orders.get("tb1", "2611030001")
    assert stored is not None
    assert stored.status is OrderStatus.PAID
    assert world.run(hours=25) == {}


def test_a_payment_between_the_look_and_the_nudge_stops_it(world: World) -> None:
    order = world.placed()
    # The platform's answer is on its way when the payment arrives by webhook.
    unpaid = world.shop.orders[order.order_id]

    def pay(_: str) -> None:
        world.paid(order)
        world.shop.orders[order.order_id] = unpaid

    world.shop.on_ask = pay
    assert "nudges" not in world.run(minutes=20)
    assert world.alerts() == []


def test_a_payment_while_the_nudge_is_written_stops_it(world: World) -> None:
    order = world.placed()
    during("TransactWriteItems", lambda: world.paid(order), lambda: world.run(minutes=20))
    assert world.alerts() == []
    assert list(cases.open_cases()) == []


def test_nudges_of_one_route_arrive_as_one_message(world: World) -> None:
    for number in ("1", "2", "3"):
        world.placed(number, created_at=MORNING + timedelta(minutes=int(number)))
    world.placed("4", shop_id="tm1", created_at=MORNING + timedelta(minutes=2))
    assert world.run(minutes=25) == {"nudges": 4, "messages": 1}
    (alert,) = world.alerts()
    assert alert.facts["count"] == 4
    assert len(list(cases.open_cases())) == 4
    for language in ("zh-CN", "zh-TW", "en"):
        message = render(
            alert,
            language=language,
            time_zone="Asia/Shanghai",
            shop_name="青禾家居",
            now=world.clock.now,
        )
        assert "4" in message.title
        assert "¥516.00" in message.what
        labels = [field.label for field in message.fields]
        assert [label for label in labels if label in "1234"]
        assert "陶瓷杯" in "".join(field.value for field in message.fields)
        assert message.buyer_text
        assert "buyer-" not in str(message)


def test_more_nudges_than_a_message_holds_are_several_messages(world: World) -> None:
    for number in range(23):
        world.placed(str(number))
    assert world.run(minutes=20) == {"nudges": 23, "messages": 3}
    assert sum(alert.facts["count"] for alert in world.alerts()) == 23


def test_the_last_moment_is_told_as_getting_worse(tables: Any) -> None:
    world = world_with()
    world.placed(pay_by=MORNING + timedelta(hours=5))
    world.run(minutes=20)
    assert world.run(hours=3, minutes=40) == {"nudges": 1, "messages": 1}
    first, last = world.alerts()
    assert (first.transition, last.transition) == (Transition.OPENED, Transition.ESCALATED)
    assert len(list(cases.open_cases())) == 1


def test_a_second_order_of_the_buyer_waits_for_the_gap_after_either_moment_of_the_first(
    world: World,
) -> None:
    world.placed("1", buyer_ref="linlin_88", pay_by=MORNING + timedelta(hours=5))
    world.run(minutes=20)
    world.placed("2", buyer_ref="linlin_88", pay_by=MORNING + timedelta(hours=28))
    assert world.run(minutes=20) == {"skip_reminded_recently": 1}
    assert world.run(hours=3, minutes=20)["nudges"] == 1  # the last moment of the first order
    assert world.run(hours=9) == {"settled": 1}
    # Its last moment: 26 h 40 min after the first nudge, 23 h after the second one.
    assert world.run(hours=14) == {"skip_reminded_recently": 1}
    assert len(world.alerts()) == 2


def test_a_shop_may_keep_to_one_nudge_within_the_gap(tables: Any) -> None:
    world = world_with(with_rules(both_moments=False))
    world.placed(pay_by=MORNING + timedelta(hours=5))
    world.run(minutes=20)
    assert world.run(hours=3, minutes=40) == {"skip_reminded_recently": 1}


def test_two_runs_at_once_use_the_last_moment_once(world: World) -> None:
    world.placed(pay_by=MORNING + timedelta(hours=5))
    world.run(minutes=20)
    world.clock.on(hours=3, minutes=40)
    cases.get("x", "y")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: remind(world.desk, ALL_SHARDS, 900), range(2)))
    world.run()
    assert len(world.alerts()) == 2


def test_an_order_of_a_promotion_has_its_moments_before_the_promotion_closes_it(
    tables: Any,
) -> None:
    evening = Promotion(
        start="2026-11-03T10:00+08:00",
        end="2026-11-03T12:00+08:00",
        pay_within_minutes=30,
        shops=("tb1",),
    )
    world = world_with(with_rules(promotions=(evening,)))
    day = MORNING + timedelta(hours=24)
    world.placed("1", pay_by=day)
    world.placed("2", pay_by=day, shop_id="tm1")  # not in this promotion
    assert world.run(minutes=5)["nudges"] == 1
    (alert,) = world.alerts()
    assert alert.deadline == MORNING + timedelta(minutes=30)
    assert world.run(minutes=15)["nudges"] == 1
    assert world.run(minutes=2)["nudges"] == 1
    assert [a.facts["order_ids"] for a in world.alerts()] == ["1", "2", "1"]


def test_a_buyer_is_nudged_once_a_day_in_all_shops_of_a_platform(world: World) -> None:
    world.placed("1", buyer_ref="linlin_88")
    world.placed("2", buyer_ref="linlin_88", shop_id="tm1")
    assert world.run(minutes=20) == {"nudges": 1, "messages": 1, "left_for_next_run": 1}
    assert world.run(minutes=1) == {"skip_reminded_recently": 1}
    world.placed("3", buyer_ref="linlin_88")
    assert world.run(minutes=25) == {"skip_reminded_recently": 1}
    assert len(world.alerts()) == 1


def test_a_buyer_who_bought_the_same_again_or_disputes_is_left_alone(world: World) -> None:
    world.placed("1", buyer_ref="linlin_88")
    world.placed("3", buyer_ref="wang_77")
    world.clock.on(minutes=5)
    world.paid(world.placed("2", buyer_ref="linlin_88"))
    world.placed("4", buyer_ref="wang_77", status=OrderStatus.SHIPPED, refund=RefundStatus.OPEN)
    assert world.run(minutes=15) == {"skip_bought_again": 1, "skip_refund_or_dispute_open": 1}


def test_the_backlog_of_the_first_start_is_never_nudged(tables: Any) -> None:
    world = world_with()
    late = Shop(id="new", platform="taobao")
    world.desk.settings = msgspec.structs.replace(SETTINGS, shops=(*SETTINGS.shops, late))
    world.placed("1", shop_id="new")
    world.clock.on(minutes=10)
    plan(world.desk, lambda bodies: None, world.clock.now)
    world.placed("2", shop_id="new")
    assert world.run(minutes=10) == {"skip_backlog": 1}
    assert world.run(minutes=10)["nudges"] == 1


def test_at_night_a_nudge_waits_and_goes_out_in_the_morning(world: World) -> None:
    world.clock.on(hours=14)  # midnight
    world.placed()
    assert world.run(minutes=20) == {"wait_outside_window": 1}
    assert {one.what: one.count for one in reminders.counts("2026-W45")} == {
        "wait_outside_window": 1
    }
    assert world.run(hours=8) == {}
    assert world.run(minutes=40) == {"nudges": 1, "messages": 1}
    assert world.clock.now.hour == 1  # nine o'clock in Shanghai


def test_a_nudge_that_would_come_too_late_expires(world: World) -> None:
    world.clock.on(hours=14)
    world.placed(pay_by=world.clock.now + timedelta(hours=5))
    assert world.run(minutes=20) == {"expire_outside_window": 1}
    assert world.alerts() == []


@pytest.mark.parametrize(
    ("outage", "expected"),
    [
        (timedelta(minutes=30), {"nudges": 1, "messages": 1}),
        (timedelta(hours=4), {"skip_too_late": 1}),
    ],
)
def test_missed_runs_are_caught_up_and_what_is_too_late_is_dropped(
    world: World, outage: timedelta, expected: dict[str, int]
) -> None:
    world.placed()
    world.clock.on(minutes=20)
    world.clock.now += outage
    assert world.run() == expected


def test_a_platform_that_does_not_answer_is_tried_again(world: World) -> None:
    world.placed("1")
    world.placed("2")
    world.shop.fails = Unreachable("no answer")
    assert world.run(minutes=20)["wait_cannot_reread"] == 2
    assert len(world.shop.asked) <= 2
    world.shop.fails = None
    world.desk._silent_until.clear()
    assert world.run(minutes=5)["nudges"] == 2


def test_a_platform_that_will_not_tell_is_a_named_reason(world: World) -> None:
    world.placed()
    world.shop.fails = Refused("no such order")
    assert world.run(minutes=20) == {"skip_cannot_reread": 1}
    assert world.steps() == [("skip", "cannot_reread")]


@pytest.mark.parametrize(
    "said",
    [Refused("no such trade", code="15 isv.trade-not-exist"), Refused("not found", status=404)],
)
def test_an_order_that_the_platform_has_no_more_counts_as_closed(
    world: World, said: Refused
) -> None:
    world.placed(pay_by=MORNING + timedelta(hours=5))
    world.run(minutes=20)
    world.shop.fails = said
    assert world.run(hours=3, minutes=40) == {"skip_closed": 1}
    assert world.run(minutes=1) == {"settled": 1}
    assert list(cases.open_cases()) == []
    assert len(world.alerts()) == 1
    stored = orders.get("tb1", "2611030001")
    assert stored is not None
    assert (stored.status, stored.raw_status) == (OrderStatus.CLOSED, "deleted")


def test_an_unchanged_order_in_a_newer_file_is_known_as_of_that_file(world: World) -> None:
    order = world.placed("7", shop_id="files")
    connected = world.placed("8", created_at=MORNING + timedelta(minutes=12))
    world.clock.on(minutes=12)
    for again in (order, connected):
        assert store_order(again, world.desk.settings, world.clock.now)[0] == "unchanged"
    kept = orders.kept("tb1", "8")
    assert kept is not None
    assert kept.known_at == MORNING  # it will be asked about: nothing is written
    newer = world.clock.now
    world.run(minutes=8)
    (alert,) = world.alerts()
    assert datetime.fromisoformat(alert.facts["as_of"]) == newer
    paid = replace(order, status=OrderStatus.PAID)
    store_order(paid, world.desk.settings, world.clock.now)
    world.run(minutes=1)
    assert not orders.confirm("files", "7", world.clock.now)  # the reminder is done with it


def test_a_shop_known_by_files_is_nudged_as_of_the_file(world: World) -> None:
    world.placed("7", shop_id="files")
    known = world.clock.now
    assert world.run(minutes=20)["nudges"] == 1
    assert world.shop.asked == []
    (alert,) = world.alerts()
    assert datetime.fromisoformat(alert.facts["as_of"]) == known
    message = render(
        alert, language="en", time_zone="Asia/Shanghai", shop_name="", now=world.clock.now
    )
    assert "as of 3 Nov, 10:00" in message.what


def test_an_order_whose_end_nobody_told_is_settled_as_closed(world: World) -> None:
    world.placed()
    world.run(minutes=20)
    assert world.run(hours=22, minutes=40) == {"nudges": 1, "messages": 1}
    assert world.run(hours=1) == {}
    assert world.run(minutes=30) == {"settled": 1}
    assert list(cases.open_cases()) == []
    assert len(world.alerts()) == 2  # closing is silent
    assert {one.what for one in reminders.counts("2026-W45")} >= {"nudge", "reminded_unpaid"}


def test_two_runs_at_once_send_one_message(world: World) -> None:
    for number in range(6):
        world.placed(str(number))
    world.clock.on(minutes=20)
    cases.get("x", "y")
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: remind(world.desk, ALL_SHARDS, 900), range(2)))
    world.run()
    told = [order for alert in world.alerts() for order in str(alert.facts["order_ids"]).split(",")]
    assert sorted(told) == [str(number) for number in range(6)]
    assert sum(one.get("nudges", 0) for one in found) <= 6


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("number", range(14))
def test_killed_at_any_call_the_next_run_sends_every_nudge_once(world: World, number: int) -> None:
    for order in ("1", "2"):
        world.placed(order)
    world.clock.on(minutes=20)
    calls = 0

    def kill(**_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise Killed

    for moment in ("before-call", "after-call"):
        calls = 0
        events = binding().connection.client.meta.events
        events.register(f"{moment}.dynamodb", kill)
        try:
            world.run()
        except Killed:
            pass
        finally:
            events.unregister(f"{moment}.dynamodb", kill)
    world.run()
    told = [o for alert in world.alerts() for o in str(alert.facts["order_ids"]).split(",")]
    assert sorted(told) == ["1", "2"]


def test_the_held_out_are_counted_and_not_told(tables: Any) -> None:
    world = world_with(with_rules(holdout_percent=100))
    order = world.placed()
    assert world.run(minutes=20) == {"held_out": 1}
    assert world.alerts() == []
    world.paid(order)
    assert world.run(minutes=1) == {"settled": 1}
    assert world.alerts() == []
    counted = {one.what: one.count for one in reminders.counts("2026-W45")}
    assert counted == {"holdout": 1, "holdout_paid": 1}


def test_a_buyer_is_counted_as_held_out_once_whatever_the_number_of_moments(tables: Any) -> None:
    world = world_with(with_rules(holdout_percent=100))
    world.placed(pay_by=MORNING + timedelta(hours=5))
    assert world.run(minutes=20) == {"held_out": 1}
    assert world.run(hours=3, minutes=40) == {"held_out": 1}
    assert world.run(hours=2) == {"settled": 1}
    counted = {one.what: one.count for one in reminders.counts("2026-W45")}
    assert counted == {"holdout": 1, "holdout_unpaid": 1}


def test_the_week_is_told_to_the_operators_once(tables: Any) -> None:
    world = world_with(with_rules(holdout_percent=40))
    placed = [world.placed(str(number)) for number in range(30)]
    world.run(minutes=20)
    for order in placed[:18]:
        world.paid(order)
    world.run(minutes=1)
    world.run(hours=25)
    world.run(minutes=1)
    before = len(world.alerts())
    now = world.clock.now
    assert tell_of_week(world.desk, "2026-W45", now)["told"] == "opened"
    assert tell_of_week(world.desk, "2026-W45", now)["told"] == "unchanged"
    assert tell_of_week(world.desk, "2026-W44", now)["told"] == "nothing_counted"
    (told,) = world.alerts()[before:]
    assert "pp (95 %:" in told.facts["lift"]
    assert list(cases.open_cases()) == []
    assert [d.target for d in outbox.pending() if d.alert.kind == "reminder_report"] == ["ops"]
    message = render(told, language="en", time_zone="UTC", shop_name="", now=now)
    assert "2026-W45" in message.title
    assert message.why.startswith("Of buyers who were not reminded")


def test_few_due_orders_are_one_message_of_work_and_many_are_one_for_each_shard(
    world: World,
) -> None:
    sent: list[str] = []
    assert plan(world.desk, sent.extend, world.clock.now) == {"due": 0, "messages": 0}
    for number in range(40):
        world.placed(str(number))
    world.clock.on(minutes=20)
    assert plan(world.desk, sent.extend, world.clock.now) == {"due": 40, "messages": 1}
    shards = json.loads(sent[0])["shards"]
    assert remind(world.desk, shards, 900)["nudges"] == 40


def test_a_run_without_time_leaves_the_work_to_the_next(world: World) -> None:
    world.placed()
    world.clock.on(minutes=20)
    assert remind(world.desk, ALL_SHARDS, 10) == {"left_for_next_run": 1}
    assert world.run()["nudges"] == 1


def test_a_case_that_an_agent_closed_is_no_obstacle(world: World) -> None:
    order = world.placed()
    world.run(minutes=20)
    Casebook(SETTINGS.alerts).resolve(
        "order:tb1/2611030001", "unpaid_order", "done", world.clock.now, by="小林"
    )
    world.paid(order)
    assert world.run(minutes=1) == {"settled": 1}
    assert {one.what for one in reminders.counts("2026-W45")} >= {"reminded_paid"}


def test_no_table_of_the_reminder_names_a_buyer(world: World, tables: Any) -> None:
    world.placed(buyer_ref="linlin_8877")
    world.run(minutes=20)
    for table in ("reminders", "cases", "outbox"):
        assert "linlin" not in str(tables.items(table))


def during(operation: str, meanwhile: Callable[[], Any], action: Callable[[], Any]) -> None:
    """Something else happens just before the first call of `operation`."""
    events = binding().connection.client.meta.events
    waiting = [meanwhile]

    def hook(model: Any, **_: Any) -> None:
        if model.name == operation and waiting:
            waiting.pop()()

    events.register("before-call.dynamodb", hook)
    try:
        action()
    finally:
        events.unregister("before-call.dynamodb", hook)
