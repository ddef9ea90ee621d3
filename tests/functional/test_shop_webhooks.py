"""Pushes of shops: what is let in, what is queued, and that nothing happens twice or is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales.errors import BadInput, Misconfigured, Throttled, WebhookRefused
from aftersales.parcels import OrderStatus
from aftersales.platforms.base import Capability, RejectedRow, Webhook
from aftersales.tables import orders, parcels
from order_intake.webhooks import Pushed, accept_webhook, apply_webhook, unpacked
from tests.conftest import Tables
from tests.desk_fakes import Clock
from tests.live_shop import START, LiveShop, a_desk, an_order, hours, minutes, shipped


class Door:
    """The way in: a shop that pushes, and the queue behind it."""

    def __init__(self) -> None:
        self.shop = LiveShop()
        self.clock = Clock(START)
        self.desk = a_desk(self.shop, self.clock)
        self.queue: list[str] = []
        self.reviews: list[str] = []

    def push(self, news: Webhook | Exception | None = None, **changed: Any) -> str:
        if news is not None:
            self.shop.push = news
        given = {"shop_id": "live", "headers": {"signature": "fits"}, "query": {}, "body": b"{}"}
        return accept_webhook(
            self.desk,
            Pushed(**{**given, **changed}),
            self.queue.append,
            self.clock.now,
            enqueue_reviews=self.reviews.append,
        )

    def apply(self) -> list[dict[str, int]]:
        """Apply what is queued; what fails stays queued."""
        done = []
        while self.queue:
            done.append(dict(apply_webhook(self.desk, self.queue[0], self.clock.now)))
            self.queue.pop(0)
        return done


@pytest.fixture
def door(tables: Tables) -> Door:
    return Door()


def test_a_pushed_order_is_stored_and_its_parcel_watched(door: Door) -> None:
    order = shipped(an_order(1, START), START, "YT8812600410055")
    assert door.push(Webhook("d1", ("1",), (order,))) == "queued"
    assert orders.get("live", "1") is None, "the sender does not wait for it"
    assert door.apply() == [{"new": 1}]
    assert orders.get("live", "1") == order
    assert parcels.get("YT8812600410055") is not None
    assert door.shop.read_again == []


def test_an_order_that_is_only_named_is_read_again(door: Door) -> None:
    door.shop.put(an_order(1, START))
    door.push(Webhook("d1", ("1", "1")))
    assert door.apply() == [{"new": 1}]
    assert door.shop.read_again == ["1"]


def test_a_deleted_order_is_closed_and_its_parcel_no_longer_watched(door: Door) -> None:
    door.push(Webhook("d1", (), (shipped(an_order(1, START), START, "YT8812600410055"),)))
    door.push(Webhook("d2", ("1", "2")))
    assert door.apply() == [{"new": 1}, {"deleted": 1, "deleted_unknown": 1}]
    order, parcel = orders.get("live", "1"), parcels.get("YT8812600410055")
    assert order is not None
    assert (order.status, order.raw_status) == (OrderStatus.CLOSED, "deleted")
    assert parcel is not None
    assert not parcel.watched


@pytest.mark.parametrize("times", [2, 3])
def test_a_delivery_that_comes_again_is_queued_once(door: Door, times: int) -> None:
    outcomes = [door.push(Webhook("d1", ("1",))) for _ in range(times)]
    assert outcomes == ["queued"] + ["known_already"] * (times - 1)
    assert len(door.queue) == 1
    door.clock.on(days=4)
    assert door.push() == "queued"


def test_the_same_content_under_another_delivery_id_is_known(door: Door) -> None:
    order = an_order(1, START)
    assert door.push(Webhook("d1", ("1",), (order,)), body=b"one") == "queued"
    assert door.push(Webhook("d2", ("1",), (order,)), body=b"one") == "known_already"
    assert door.push(Webhook("d3", ("1",), (order,)), body=b"two") == "queued"


def test_a_notice_without_content_may_be_sent_twice_and_mean_two_changes(door: Door) -> None:
    assert door.push(Webhook("d1", ("1",))) == "queued"
    assert door.push(Webhook("d2", ("1",))) == "queued"
    undated = replace(an_order(2, START), updated_at=None)
    assert door.push(Webhook("", ("2",), (undated,))) == "queued"
    assert door.push(Webhook("", ("2",), (undated,))) == "queued"


def test_a_push_that_could_not_be_queued_is_taken_when_it_comes_again(door: Door) -> None:
    def full(_: str) -> None:
        raise OSError("the queue is out of reach")

    door.shop.push = Webhook("d1", ("1",))
    pushed = Pushed("live", {"signature": "fits"}, {}, b"{}")
    with pytest.raises(OSError, match="out of reach"):
        accept_webhook(door.desk, pushed, full, START, enqueue_reviews=full)
    assert door.push() == "queued"


def test_pushes_in_the_wrong_order_end_in_the_newest_picture(door: Door) -> None:
    early = an_order(1, START)
    late = replace(early, status=OrderStatus.PAID, updated_at=START + minutes(1))
    door.push(Webhook("d1", ("1",), (late,)), body=b"late")
    door.push(Webhook("d2", ("1",), (early,)), body=b"early")
    door.apply()
    order = orders.get("live", "1")
    assert order is not None
    assert order.status is OrderStatus.PAID


def test_a_message_that_is_applied_twice_changes_nothing_more(door: Door, tables: Tables) -> None:
    door.push(Webhook("d1", ("1",), (shipped(an_order(1, START), START, "YT8812600410055"),)))
    message = door.queue[0]
    door.apply()
    before = {name: tables.items(name) for name in ("orders", "parcels", "cases", "outbox")}
    assert dict(apply_webhook(door.desk, message, START + hours(1))) == {"unchanged": 1}
    assert {name: tables.items(name) for name in before} == before


def test_a_pushed_review_goes_to_the_queue_of_reviews_alone_and_once(door: Door) -> None:
    from aftersales.review_pushes import PushedReviews
    from aftersales.review_pushes import unpacked as unpacked_reviews
    from aftersales.reviews import Review

    review = Review("live", "r1", "杯盖漏水", 1, updated_at=START)
    assert door.push(Webhook("d1", reviews=(review,)), body=b"one") == "queued"
    assert door.push(Webhook("d1", reviews=(review,)), body=b"one") == "known_already"
    assert door.push(Webhook("d2", reviews=(review,)), body=b"one") == "known_already"
    assert door.push(Webhook("d3", reviews=(review,)), body=b"two") == "queued"
    assert door.queue == []
    assert [unpacked_reviews(message) for message in door.reviews] == [
        PushedReviews("live", (review,), START)
    ] * 2


def test_a_ping_is_answered_and_goes_no_further(door: Door) -> None:
    assert door.push(Webhook()) == "nothing_of_ours"
    assert door.queue == []


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"headers": {}}, 401),
    ({"headers": {"signature": "forged"}}, 401),
    ({"shop_id": "nobody"}, 401),
    ({"shop_id": ""}, 401),
    ({"body": b"x" * (1024 * 1024 + 1)}, 413),
]


@pytest.mark.parametrize(("changed", "status"), REFUSED)
def test_what_is_forged_unknown_or_oversized_is_refused(
    door: Door, tables: Tables, changed: dict[str, Any], status: int
) -> None:
    with pytest.raises(WebhookRefused) as refused:
        door.push(Webhook("d1", ("1",)), **changed)
    assert refused.value.status == status
    assert door.queue == []
    assert tables.items("feeds") == []


def test_a_push_that_is_genuine_and_has_no_form_is_refused_not_an_error(door: Door) -> None:
    with pytest.raises(WebhookRefused):
        door.push(BadInput("no time in it"))


def test_a_shop_without_a_secret_for_pushes_takes_none(door: Door) -> None:
    door.shop.capabilities = frozenset({Capability.ORDERS_BY_UPDATE})
    with pytest.raises(WebhookRefused):
        door.push(Webhook("d1", ("1",)))


def test_rows_of_a_push_that_cannot_be_read_are_kept_and_told(door: Door, tables: Tables) -> None:
    row = RejectedRow("webhook", "no amount", "x" * 500_000)
    assert door.push(Webhook("d1", (), (), (row,))) == "queued"
    assert door.apply() == [{"rejected": 1}]
    (kept,) = tables.items("quarantine")
    assert (kept["source"], kept["reason"]) == ("shop#live#pushes", "no amount")
    assert [item["kind"] for item in tables.items("cases")] == ["rows_rejected"]


def test_a_push_of_many_orders_travels_in_pieces_without_personal_data(door: Door) -> None:
    many = tuple(an_order(number, START) for number in range(45))
    door.push(Webhook("d1", (), many), body=b"{'name':'Dana Whitfield'}")
    assert [len(unpacked(message).news.orders) for message in door.queue] == [20, 20, 5]
    assert not any(b"Whitfield" in message.encode() for message in door.queue)
    assert sum(tally["new"] for tally in door.apply()) == 45


def test_an_order_that_cannot_be_read_now_comes_again(door: Door) -> None:
    def busy(_: int) -> None:
        raise Throttled("slowly")

    door.shop.put(an_order(1, START))
    door.push(Webhook("d1", ("1",)))
    door.shop.temper = busy
    with pytest.raises(Throttled):
        door.apply()
    door.shop.temper = lambda _: None
    assert door.apply() == [{"new": 1}]


def test_a_shop_that_refuses_to_show_an_order_is_a_case(door: Door, tables: Tables) -> None:
    def refuse(_: int) -> None:
        raise Misconfigured("the key is wrong")

    door.push(Webhook("d1", ("1",)))
    door.shop.temper = refuse
    with pytest.raises(Misconfigured):
        door.apply()
    assert [item["kind"] for item in tables.items("cases")] == ["shop_misconfigured"]


def test_a_shop_that_was_taken_out_of_the_settings_is_left_alone(door: Door) -> None:
    door.push(Webhook("d1", ("1",)))
    door.desk.settings = type(door.desk.settings)()
    assert door.apply() == [{"not_connected": 1}]


def test_what_is_remembered_of_a_push_expires(door: Door, tables: Tables) -> None:
    door.push(Webhook("d1", ("1",), (an_order(1, START),)))
    marks = [item for item in tables.items("feeds") if item["feed"].startswith("news#live#")]
    expected = int((START + timedelta(days=3)).timestamp())
    assert [int(mark["expires_at"]) for mark in marks] == [expected, expected]
