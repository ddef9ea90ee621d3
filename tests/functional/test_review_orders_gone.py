"""Reviews whose order is deleted, was never known, or is known no more: the case says so, keeps
what was known, and goes on through its ladder."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from aftersales.cases.model import Case
from aftersales.errors import Refused
from aftersales.findings import Alert
from aftersales.messages.base import Message
from aftersales.messages.render import LANGUAGES, render
from aftersales.parcels import Order, OrderStatus, Parcel, RefundStatus, Shipment
from aftersales.platforms.gone import RAW_STATUS, SUB_CODE
from aftersales.reviews import Review
from aftersales.tables import cases, orders, outbox, parcels
from aftersales.tracking import Status
from case_followup.sweep import Sweep
from review_scanner.desk import Desk
from review_scanner.scanning import scan_shop
from tests.conftest import Tables
from tests.desk_fakes import Clock
from tests.review_shop import SHOP, START, ReviewShop, a_desk, a_review, days, hours

LEAKS = "杯盖漏水，装进包里全湿了"
BAD = a_review(1, LEAKS, rating=1)
SAYS = {
    "deleted": ("平台上已删除", "平台上已刪除", "deleted at the platform"),
    "unknown": ("系统里没有这个订单", "系統裡沒有這筆訂單", "does not know this order"),
    "forgotten": ("系统里已没有这个订单", "系統裡已沒有這筆訂單", "has this order no more"),
}


@pytest.fixture
def clock() -> Clock:
    return Clock(START + hours(1))


@pytest.fixture
def shop() -> ReviewShop:
    return ReviewShop()


@pytest.fixture
def desk(tables: Tables, shop: ReviewShop, clock: Clock) -> Desk:
    return a_desk(shop, clock)


def scan(desk: Desk) -> dict[str, object]:
    return scan_shop(desk, SHOP.id, seconds_left=600)


def an_order(**changed: object) -> None:
    order = Order(
        SHOP.id,
        BAD.order_id,
        OrderStatus.SHIPPED,
        created_at=START - days(4),
        refund=RefundStatus.OPEN,
        refund_amount_minor=8900,
        currency="CNY",
        shipments=(Shipment("YT0000000000001", "yto"),),
        updated_at=START - days(1),
    )
    orders.merge(replace(order, **changed), START)
    parcel = Parcel(
        "YT0000000000001",
        "YT0000000000001",
        "yto",
        SHOP.id,
        (BAD.order_id,),
        status=Status.DELIVERED,
    )
    parcels.add(parcel, shards=1)


def delete_at_the_platform() -> None:
    gone = Order(SHOP.id, BAD.order_id, OrderStatus.CLOSED, raw_status=RAW_STATUS, updated_at=START)
    orders.merge(gone, START)


def forget(tables: Tables) -> None:
    """As the table does by itself when an item has expired."""
    for item in tables.items("orders"):
        key = {"order_key": {"S": item["order_key"]}}
        tables.client.delete_item(TableName=f"{tables.prefix}-orders", Key=key)


def case_of(kind: str = "bad_review") -> Case:
    case = cases.get(f"review:{SHOP.id}/1:buyer", kind)
    assert case is not None
    return case


def messages(alert: Alert) -> list[Message]:
    return [
        render(alert, language=name, time_zone="Asia/Shanghai", shop_name="青禾", now=alert.at)
        for name in LANGUAGES
    ]


def newest() -> Alert:
    return max((d.alert for d in outbox.pending()), key=lambda alert: (alert.at, alert.alert_id))


def assert_reads(alert: Alert, state: str, *, parcel: bool) -> None:
    for message, words in zip(messages(alert), SAYS[state], strict=True):
        values = [field.value for field in message.fields]
        (order,) = [value for value in values if BAD.order_id in value]
        assert words in order
        assert order.count(BAD.order_id) == 1
        assert any("YT0000000000001" in value for value in values) == parcel
        assert not set("{}[]|") & set(f"{message.title}{message.what}{message.todo}{order}")


def test_an_order_that_the_platform_has_deleted(desk: Desk, shop: ReviewShop) -> None:
    an_order()
    delete_at_the_platform()
    shop.put(BAD)
    scan(desk)
    facts = case_of().facts
    assert (facts["order_state"], facts["waybill_number"], facts["refund"]) == (
        "deleted",
        "YT0000000000001",
        "open",
    )
    assert_reads(newest(), "deleted", parcel=True)


def test_an_order_that_the_desk_has_never_known(desk: Desk, shop: ReviewShop) -> None:
    shop.put(BAD)
    scan(desk)
    assert case_of().facts["order_state"] == "unknown"
    assert_reads(newest(), "unknown", parcel=False)


def test_a_review_that_names_no_order_says_nothing_about_one(desk: Desk, shop: ReviewShop) -> None:
    shop.put(replace(BAD, order_id=""))
    scan(desk)
    assert "order_state" not in case_of().facts
    for message in messages(newest()):
        told = " ".join(field.value for field in message.fields)
        assert not any(words in told for state in SAYS.values() for words in state)


@pytest.mark.parametrize(
    ("vanish", "state"),
    [(forget, "forgotten"), (lambda _: delete_at_the_platform(), "deleted")],
)
def test_an_order_that_vanishes_later_leaves_what_was_known_in_the_case(
    desk: Desk,
    shop: ReviewShop,
    clock: Clock,
    tables: Tables,
    vanish: Callable[[Tables], None],
    state: str,
) -> None:
    an_order()
    shop.put(replace(BAD, rating=3))
    scan(desk)
    known = case_of().facts
    assert known["order_state"] is None
    vanish(tables)
    shop.put(replace(BAD, text=LEAKS + "，太差"))
    clock.on(hours=13)
    scan(desk)
    case = case_of()
    assert case.severity == "alarm"
    assert case.facts["order_state"] == state
    for name in ("waybill_number", "courier", "status", "refund", "amount_minor", "currency"):
        assert case.facts[name] == known[name] is not None
    assert_reads(newest(), state, parcel=True)


def test_a_deleted_order_is_still_said_to_be_deleted_when_the_desk_has_forgotten_it(
    desk: Desk, shop: ReviewShop, clock: Clock, tables: Tables
) -> None:
    an_order()
    delete_at_the_platform()
    shop.put(a_review(1, "杯盖漏水", rating=5))
    scan(desk)
    assert case_of("hidden_complaint").facts["order_state"] == "deleted"
    forget(tables)
    shop.put(BAD)  # its case is of another kind now
    clock.on(hours=13)
    scan(desk)
    facts = case_of().facts
    assert (facts["order_state"], facts["waybill_number"]) == ("deleted", "YT0000000000001")


def test_an_order_that_comes_in_later_is_shown_as_usual(
    desk: Desk, shop: ReviewShop, clock: Clock
) -> None:
    shop.put(replace(BAD, rating=3))
    scan(desk)
    an_order()
    shop.put(replace(BAD, text=LEAKS + "，太差"))
    clock.on(hours=13)
    scan(desk)
    facts = case_of().facts
    assert (facts["order_state"], facts["waybill_number"]) == (None, "YT0000000000001")


class WithoutOne(ReviewShop):
    """The platform has no order of the first review any more, and answers for it as TOP does."""

    def review(self, known: Review) -> Review:
        if known.order_id == BAD.order_id:
            raise Refused("trade does not exist", code=f"15 {SUB_CODE}")
        return super().review(known)


def test_a_platform_that_will_not_speak_of_a_deleted_order_holds_up_no_other_review(
    tables: Tables, clock: Clock
) -> None:
    """Its case stays open, and is followed up; that of the other review is closed."""
    shop = WithoutOne()
    shop.limits = replace(shop.limits, overlap_seconds=600)
    desk, other = a_desk(shop, clock), a_review(2, LEAKS, rating=1, product_id="p2")
    shop.put(BAD, other)
    scan(desk)
    shop.put(replace(other, text="换了新的，很好", rating=5))
    clock.on(hours=13)
    became = scan(desk)["became"]
    assert isinstance(became, dict)
    assert became["cannot_be_asked"] == 1
    (still,) = [case for case in cases.open_cases() if case.subject.startswith("review")]
    assert still == case_of()
    Sweep(desk.settings).run(START + days(1) + hours(2), 600)
    assert_reads(newest(), "unknown", parcel=False)
