"""Texts to buyers: one for an order and moment at most, and the nudge says whether it went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from rich.pretty import pretty_repr

from aftersales.errors import TryLater
from aftersales.messages.render import render
from aftersales.parcels import Order, OrderLine, OrderStatus
from aftersales.platforms.base import Capability
from aftersales.platforms.contact import Contact
from aftersales.settings.model import (
    Alerts,
    BuyerSms,
    Reminder,
    Route,
    Settings,
    Shop,
    Target,
)
from aftersales.tables import cases, orders, outbox, reminders, texts
from aftersales.tables.connection import binding
from tests.desk_fakes import Clock, Robot
from unpaid_reminder.desk import Desk
from unpaid_reminder.report import report_of, said_texts
from unpaid_reminder.run import remind
from unpaid_reminder.text_rules import ToSend

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
ALL_SHARDS = range(orders.UNPAID_SHARDS)
NUMBER = "07700 900123"
"""Of a range that is kept for stories; so are the others here."""

SMS = BuyerSms(
    enabled=True,
    consent="Box 'Text me about my order' in the checkout, since 2026-10-01",
    consent_field="_text_consent",
    moments=("first", "last"),
    countries=("GB",),
    max_price_usd=0.05,
    month_limit_usd=10,
)
SHOP = Shop(
    id="uk",
    platform="woocommerce",
    name="Greenfield",
    language="en",
    currency="GBP",
    time_zone="UTC",
    secrets={"consumer_key": "env:X"},
    buyer_sms=SMS,
)


@dataclass
class Shopfront:
    """A shop that tells orders and contacts."""

    orders: dict[str, Order] = field(default_factory=dict)
    phone: str = NUMBER
    consent: str = "yes"
    paid_before_text: bool = False
    capabilities: frozenset[Capability] = frozenset({Capability.ORDER_BY_ID})

    def order(self, order_id: str) -> Order:
        return self.orders[order_id]

    def contact(self, order_id: str, consent_field: str) -> Contact:
        assert consent_field == "_text_consent"
        order = self.orders[order_id]
        if self.paid_before_text:
            order = msgspec.structs.replace(order, status=OrderStatus.PAID)
        return Contact(order, self.phone, "GB", self.consent)


@dataclass
class Network:
    """What SNS was asked to send, and what it answers."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    fails: BaseException | None = None
    taken: bool = True

    def publish(self, **parameters: Any) -> dict[str, str]:
        if self.fails is None or self.taken:
            self.sent.append(parameters)
        if self.fails is not None:
            raise self.fails
        return {"MessageId": f"m-{len(self.sent)}"}


@dataclass
class World:
    clock: Clock
    shop: Shopfront
    network: Network
    desk: Desk

    def placed(self, number: str = "1001", **values: Any) -> Order:
        defaults: dict[str, Any] = {
            "shop_id": "uk",
            "order_id": number,
            "status": OrderStatus.UNPAID,
            "created_at": self.clock.now,
            "amount_minor": 4900,
            "currency": "GBP",
            "buyer_ref": f"buyer-{number}",
            "lines": (OrderLine("Mug", 1, sku="mug"),),
            "pay_by": self.clock.now + timedelta(hours=5),
        }
        order = Order(**{**defaults, **values})
        self.shop.orders[number] = order
        orders.merge(order, self.clock.now, settings=self.desk.settings)
        return order

    def run(self, **passes: float) -> dict[str, int]:
        self.clock.on(**passes)
        return remind(self.desk, ALL_SHARDS, 900)

    def alerts(self) -> list[Any]:
        return sorted((d.alert for d in outbox.pending()), key=lambda alert: alert.at)

    def counts(self) -> dict[str, int]:
        found = reminders.counts("2026-W45")
        return {one.what: one.count for one in found if one.what.startswith("text_")}


def world_with(rules: Reminder | None = None, **sms: Any) -> World:
    shop = msgspec.structs.replace(SHOP, buyer_sms=msgspec.structs.replace(SMS, **sms))
    settings = Settings(
        language="en",
        time_zone="UTC",
        shops=(shop,),
        reminder=rules or Reminder(),
        alerts=Alerts(
            targets={"group": Target(kind="slack")},
            routes=(Route(targets=("group",)),),
            operators=("group",),
        ),
    )
    clock, front, network = Clock(NOON), Shopfront(), Network()
    desk = Desk(
        settings=settings,
        transport=Robot(),
        resolve=str,
        business_now=clock,
        platforms={"uk": front},  # type: ignore[dict-item]
        sns=network,
    )
    reminders.begun(["uk"], NOON - timedelta(days=1))
    return World(clock, front, network, desk)


@pytest.fixture
def world(tables: Any) -> World:
    return world_with()


def test_a_text_goes_with_the_nudge_and_both_say_so(world: World, tables: Any) -> None:
    world.placed()
    assert world.run(minutes=20) == {"nudges": 1, "messages": 1, "texts": 1}
    (text,) = world.network.sent
    assert text["PhoneNumber"] == "+447700900123"
    assert text["Message"] == (
        "Greenfield: your order 1001 (GBP 49.00) is still waiting for payment. Any question? "
        "Please write to us. Reply STOP to opt out."
    )
    assert text["MessageAttributes"]["AWS.SNS.SMS.MaxPrice"]["StringValue"] == "0.05000"
    (alert,) = world.alerts()
    assert alert.facts["text"] == "sent"
    message = render(
        alert, language="en", time_zone="UTC", shop_name="Greenfield", now=world.clock.now
    )
    assert "a text was sent to the buyer" in [field.value for field in message.fields]
    (case,) = cases.open_cases()
    assert "text to the buyer: sent (1 parts)" in [entry.what for entry in case.history]
    assert world.counts() == {"text_sent": 1, "text_parts": 1}
    for table in ("orders", "reminders", "cases", "outbox"):
        stored = str(tables.items(table))
        assert "900123" not in stored
        assert "7700" not in stored


def test_the_last_moment_has_a_text_of_its_own_within_the_daily_cap(tables: Any) -> None:
    world = world_with(daily_cap=2)
    world.placed()
    world.run(minutes=20)
    assert world.run(hours=3, minutes=40)["texts"] == 1
    assert len(world.network.sent) == 2


def test_the_daily_cap_counts_all_orders_of_a_buyer(tables: Any) -> None:
    world = world_with(Reminder(buyer_gap_hours=0))
    world.placed("1", buyer_ref="anna")
    world.placed("2", buyer_ref="anna")
    world.run(minutes=20)
    world.run(minutes=1)
    assert len(world.alerts()) == 2
    assert len(world.network.sent) == 1
    assert world.counts()["text_refused_daily_cap"] == 1


def test_the_month_ends_with_its_money(tables: Any) -> None:
    world = world_with(month_limit_usd=0.11)
    for number in range(5):
        world.placed(str(number))
    world.run(minutes=20)
    assert len(world.network.sent) == 2
    assert world.counts()["text_refused_month_limit"] == 3
    assert sum(alert.facts.get("count") or 1 for alert in world.alerts()) == 5


def test_a_text_of_two_parts_takes_the_money_of_two(tables: Any) -> None:
    world = world_with(month_limit_usd=0.16, texts={"en": "{order_id} STOP " + "x" * 160})
    for number in range(3):
        world.placed(str(number))
    world.run(minutes=20)
    assert len(world.network.sent) == 1
    assert world.counts() == {
        "text_sent": 1, "text_parts": 2, "text_refused_month_limit": 2,
    }  # fmt: skip


def test_a_month_that_cannot_pay_for_one_text_sends_none(tables: Any) -> None:
    world = world_with(month_limit_usd=0.04)
    world.placed()
    world.run(minutes=20)
    assert world.network.sent == []
    assert world.counts() == {"text_refused_month_limit": 1}


def others_write(times: int, table: str, item: str) -> Callable[..., Any]:
    """DynamoDB's answer while others write an item of a transaction: so often, then its own."""
    left = [times]

    def answer(params: dict[str, Any], **_: Any) -> Any:
        asked = str(params["body"])
        if table not in asked or item not in asked or not left[0]:
            return None
        left[0] -= 1
        reasons = [{"Code": "TransactionConflict", "Message": "Transaction is ongoing"}]
        code = "TransactionCanceledException"
        return HttpAnswer(400), {
            "Error": {"Code": code, "Message": "cancelled"},
            "CancellationReasons": reasons,
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }

    return answer


@dataclass
class HttpAnswer:
    status_code: int


@contextmanager
def contention(answer: Callable[..., Any]) -> Iterator[None]:
    events = binding().connection.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", answer)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", answer)


@pytest.mark.parametrize(("times", "counted"), [(3, 1), (texts.TRIES, 1)])
def test_a_text_is_counted_once_however_often_others_write_the_counts(
    world: World, times: int, counted: int
) -> None:
    world.placed()
    with contention(others_write(times, "reminders", "text_sent")):
        assert world.run(minutes=20)["texts"] == 1
    world.run(minutes=1)
    assert len(world.network.sent) == 1
    assert world.alerts()[0].facts["text"] == "sent"
    assert world.counts() == {"text_sent": counted, "text_parts": 1}


@pytest.mark.parametrize(("times", "sent"), [(3, 1), (texts.TRIES, 0)])
def test_a_claim_that_others_get_into_the_way_of_is_tried_again_and_then_given_up(
    world: World, times: int, sent: int
) -> None:
    world.placed()
    with contention(others_write(times, "reminders", "texts#2026-11")):
        world.run(minutes=20)
    assert len(world.network.sent) == sent
    (alert,) = world.alerts()
    assert alert.facts["text_reason"] == (None if sent else "busy")


def test_a_shop_that_stops_answering_is_left_alone_and_its_agents_are_told(
    world: World,
) -> None:
    asked = []

    def contact(order_id: str, consent_field: str) -> Contact:
        asked.append(order_id)
        raise TryLater("it does not answer")

    world.shop.contact = contact  # type: ignore[method-assign]
    for number in range(40):
        world.placed(str(number))
    world.run(minutes=20)
    assert len(asked) <= 8
    assert world.network.sent == []
    assert world.counts() == {"text_refused_cannot_reread": 40}


@pytest.mark.parametrize(
    ("phone", "consent", "reason"),
    [
        (NUMBER, "", "no_consent"),
        (NUMBER, "no", "no_consent"),
        ("", "yes", "no_number"),
        ("0770****123", "yes", "number_not_usable"),
        ("18400000001-1234", "yes", "number_not_usable"),
        ("020 7946 0958", "yes", "number_not_usable"),
        ("+33 6 39 98 00 01", "yes", "country_not_named"),
    ],
)
def test_whoever_must_not_be_texted_is_nudged_about_only(
    world: World, phone: str, consent: str, reason: str
) -> None:
    world.shop.phone, world.shop.consent = phone, consent
    world.placed()
    assert world.run(minutes=20) == {"nudges": 1, "messages": 1}
    assert world.network.sent == []
    (alert,) = world.alerts()
    assert (alert.facts["text"], alert.facts["text_reason"]) == ("refused", reason)
    assert world.counts() == {f"text_refused_{reason}": 1}


def test_a_number_in_the_do_not_contact_list_is_not_texted(tables: Any) -> None:
    world = world_with(Reminder(do_not_contact=("+44 7700 900123", "somebody")))
    world.placed()
    world.run(minutes=20)
    assert world.network.sent == []
    assert world.counts() == {"text_refused_do_not_contact": 1}


def test_who_pays_between_the_nudge_and_its_text_gets_neither(world: World) -> None:
    world.shop.paid_before_text = True
    world.placed()
    assert world.run(minutes=20) == {"left_for_next_run": 1}
    assert world.network.sent == []
    assert world.alerts() == []
    stored = orders.get("uk", "1001")
    assert stored is not None
    assert stored.status is OrderStatus.PAID


def test_a_payment_that_arrives_before_the_claim_stops_the_text(world: World) -> None:
    order = world.placed()
    told = world.shop.contact

    def contact(order_id: str, consent_field: str) -> Contact:
        found = told(order_id, consent_field)
        paid = msgspec.structs.replace(order, status=OrderStatus.PAID, paid_at=world.clock.now)
        orders.merge(paid, world.clock.now, settings=world.desk.settings)  # by webhook
        return found

    world.shop.contact = contact  # type: ignore[method-assign]
    world.run(minutes=20)
    assert world.network.sent == []
    assert world.alerts() == []


def test_the_held_out_get_no_text(tables: Any) -> None:
    world = world_with(Reminder(holdout_percent=100))
    world.placed()
    assert world.run(minutes=20) == {"held_out": 1}
    assert world.network.sent == []


def test_outside_of_its_own_window_there_is_no_text(tables: Any) -> None:
    world = world_with(send_window="13:00-20:00")
    world.placed()
    assert world.run(minutes=20) == {"nudges": 1, "messages": 1}
    assert world.counts() == {"text_refused_outside_window": 1}


def test_a_moment_that_is_not_wanted_says_nothing_about_texts(tables: Any) -> None:
    world = world_with(moments=("last",))
    world.placed()
    world.run(minutes=20)
    assert "text" not in {k for k, v in world.alerts()[0].facts.items() if v is not None}
    assert world.counts() == {}


def client_error(code: str, message: str = "", status: int = 400) -> ClientError:
    told: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(told, "Publish")


@pytest.mark.parametrize(
    ("fails", "state", "reason"),
    [
        (client_error("Throttling", status=400), "refused", "throttled"),
        (client_error("AuthorizationError", status=403), "refused", "not_allowed"),
        (client_error("InvalidParameter", "+44… is opted out"), "refused", "opted_out"),
        (client_error("InvalidParameter", "PhoneNumber"), "refused", "refused"),
        (EndpointConnectionError(endpoint_url="https://x"), "refused", "unreachable"),
        (client_error("InternalError", status=500), "unknown", None),
        (ReadTimeoutError(endpoint_url="https://x"), "unknown", None),
    ],
)
def test_what_sns_says_is_told_and_never_tried_again(
    world: World, fails: BaseException, state: str, reason: str | None
) -> None:
    world.network.fails = fails
    world.placed()
    world.run(minutes=20)
    (alert,) = world.alerts()
    assert (alert.facts["text"], alert.facts["text_reason"]) == (state, reason)
    kept = orders.kept("uk", "1001")
    assert kept is not None
    assert texts.outcome(kept, "first") == (state, reason or "")
    assert len(world.network.sent) == 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.parametrize("number", range(1, 16))
def test_killed_at_any_call_there_is_one_text_at_most_and_the_nudge_knows(
    world: World, number: int, moment: str
) -> None:
    world.placed()
    world.clock.on(minutes=20)
    calls = 0

    def kill(**_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise Killed

    events = binding().connection.client.meta.events
    events.register(f"{moment}.dynamodb", kill)
    try:
        world.run()
    except Killed:
        pass
    finally:
        events.unregister(f"{moment}.dynamodb", kill)
    world.run()
    assert len(world.network.sent) <= 1
    (alert,) = world.alerts()
    assert len(list(cases.open_cases())) == 1
    if world.network.sent:
        assert alert.facts["text"] in ("sent", "unknown")
    else:
        assert alert.facts["text"] == "unknown"  # claimed, and dead before it was sent


def test_killed_while_the_text_is_on_its_way_it_is_not_sent_again(world: World) -> None:
    world.network.fails = Killed()
    world.placed()
    with pytest.raises(Killed):
        world.run(minutes=20)
    world.network.fails = None
    assert world.run(minutes=1)["nudges"] == 1
    assert len(world.network.sent) == 1
    assert world.alerts()[0].facts["text"] == "unknown"


def test_two_runs_at_once_send_each_text_once(world: World) -> None:
    for number in range(6):
        world.placed(str(number))
    world.clock.on(minutes=20)
    cases.get("x", "y")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: remind(world.desk, ALL_SHARDS, 900), range(2)))
    world.run()
    bodies = [text["Message"] for text in world.network.sent]
    assert len(bodies) == len(set(bodies)) <= 6
    told = [o for alert in world.alerts() for o in str(alert.facts["order_ids"]).split(",")]
    assert sorted(told) == [str(number) for number in range(6)]


def test_the_week_says_what_became_of_the_texts(world: World) -> None:
    world.placed("1")
    world.run(minutes=20)
    world.shop.consent = ""
    world.placed("2")
    world.run(minutes=20)
    report = report_of("2026-W45", reminders.counts("2026-W45"))
    assert said_texts(report) == "refused_no_consent 1, sent 1 (1 parts)"


def test_nothing_shows_a_number() -> None:
    order = Order(shop_id="uk", order_id="1", status=OrderStatus.UNPAID)
    contact = Contact(order, NUMBER, "GB", "yes", "https://x/?key=secret")
    for shown in (contact, ToSend("+447700900123", "Dear Anna", 1)):
        for text in (repr(shown), str([shown]), pretty_repr(shown)):
            assert not any(word in text for word in ("900123", "secret", "Anna"))
    assert "900123" not in repr(Contact(order, NUMBER, "GB", "yes", "https://x/?key=secret"))
    assert "secret" not in str(Contact(order, NUMBER, "GB", "yes", "https://x/?key=secret"))
