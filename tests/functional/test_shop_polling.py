"""Live shops on schedule: every change is stored once, whatever the shop and our runs do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from aftersales.cases.casebook import Casebook
from aftersales.errors import AftersalesError, Misconfigured, Refused, Throttled, Unreachable
from aftersales.parcels import OrderStatus, RefundStatus
from aftersales.platforms.base import QUOTA_USED_UP, Capability, RejectedRow
from aftersales.refunds import Refund, RefundState
from aftersales.settings.model import Shop
from aftersales.tables import feeds, orders, parcels
from order_intake.polling import plan_polls, poll_shop, tell_of_lags
from tests.conftest import Tables
from tests.desk_fakes import Clock
from tests.live_shop import (
    LIVE,
    START,
    LiveShop,
    a_desk,
    an_order,
    hours,
    minutes,
    settings_of,
    shipped,
)

FEED = "shop#live#orders"


@pytest.fixture
def clock(tables: Tables) -> Clock:
    return Clock(START)


@pytest.fixture
def shop(tables: Tables) -> LiveShop:
    return LiveShop()


def poll(shop: LiveShop, clock: Clock, owner: str = "run-1", seconds: float = 300) -> Any:
    return poll_shop(a_desk(shop, clock, owner), "live", seconds)


def stored(shop: LiveShop) -> set[str]:
    """The orders that are stored as the shop has them."""
    return {
        number for number, row in shop.rows.items() if orders.get("live", number) == row
    }  # fmt: skip


def open_cases(tables: Tables) -> dict[str, str]:
    return {
        item["subject"]: item["kind"] for item in tables.items("cases") if "open_bucket" in item
    }


def alerts(tables: Tables) -> int:
    return len(tables.items("outbox"))


def raising(error: AftersalesError) -> Callable[[int], None]:
    def temper(_: int) -> None:
        raise error

    return temper


def test_the_first_reading_takes_a_day_and_the_next_only_what_is_new(
    shop: LiveShop, clock: Clock
) -> None:
    shop.put(
        *(an_order(n, START - hours(n)) for n in range(1, 24)), an_order(99, START - hours(30))
    )
    first = poll(shop, clock)["orders"]
    assert (first["outcome"], first["items"]) == ("caught_up", 23)
    assert stored(shop) == set(shop.rows) - {"99"}

    clock.on(minutes=5)
    shop.put(an_order(50, START - minutes(2)))
    shop.asked.clear()
    again = poll(shop, clock)["orders"]
    assert (again["windows"], again["items"]) == (1, 1)
    assert shop.asked == [(START - minutes(13), START + minutes(2))]
    assert "50" in stored(shop)


def test_the_setting_says_how_far_back_the_first_reading_goes(shop: LiveShop, clock: Clock) -> None:
    shop.put(an_order(1, START - hours(1)), an_order(2, START - hours(3)))
    desk = a_desk(shop, clock)
    desk.settings = settings_of(msgspec.structs.replace(LIVE, first_look_back_hours=2))
    assert poll_shop(desk, "live", 300)["orders"]["items"] == 1


def test_rows_that_change_while_their_pages_are_read_are_not_passed_over(
    shop: LiveShop, clock: Clock
) -> None:
    shop.put(*(an_order(n, START - minutes(20) + timedelta(seconds=n)) for n in range(12)))

    def pay(page: int) -> None:
        clock.on(seconds=1)
        number = str(page % 12)
        row = shop.rows[number]
        shop.put(replace(row, status=OrderStatus.PAID, updated_at=clock.now))

    shop.temper = pay
    for _ in range(3):
        poll(shop, clock)
        clock.on(minutes=5)
    shop.temper = lambda _: None
    clock.on(minutes=20)
    poll(shop, clock)
    assert stored(shop) == set(shop.rows)


def test_a_row_that_shows_up_late_is_read_with_the_next_round(shop: LiveShop, clock: Clock) -> None:
    poll(shop, clock)
    shop.put(an_order(1, START - minutes(6)))  # it changed before the end of the last window
    clock.on(minutes=5)
    poll(shop, clock)
    assert stored(shop) == {"1"}


def test_a_window_that_holds_too_much_is_halved_until_it_is_shown_whole(
    shop: LiveShop, clock: Clock
) -> None:
    shop.put(*(an_order(n, START - minutes(20) + timedelta(seconds=7 * n)) for n in range(40)))
    shop.most = 4
    summary = poll(shop, clock)["orders"]
    assert summary["outcome"] == "caught_up"
    assert stored(shop) == set(shop.rows)
    assert summary["rejected"] == 0


def test_a_second_that_holds_too_much_is_told(shop: LiveShop, clock: Clock, tables: Tables) -> None:
    shop.put(*(an_order(n, START - minutes(20)) for n in range(5)))
    shop.most = 4
    assert poll(shop, clock)["orders"]["outcome"] == "caught_up"
    assert open_cases(tables) == {"feed:shop#live#orders": "rows_rejected"}
    (kept,) = tables.items("quarantine")
    assert kept["reason"] == "more rows in one second than the platform shows"


def test_throttling_keeps_the_watermark_and_leaves_the_shop_alone(
    shop: LiveShop, clock: Clock, tables: Tables
) -> None:
    shop.put(an_order(1, START - minutes(10)))
    poll(shop, clock)
    until = feeds.reading(FEED).position.read_until
    shop.put(an_order(2, START + minutes(3)))
    shop.temper = raising(Throttled("slowly", code="7", retry_after_seconds=400))
    clock.on(minutes=10)
    summary = poll(shop, clock)
    assert summary["orders"]["outcome"] == "try_later"
    assert "refunds" not in summary
    assert feeds.reading(FEED).position.read_until == until
    pages = shop.pages
    clock.on(minutes=5)
    assert poll(shop, clock)["orders"]["outcome"] == "paused"
    assert shop.pages == pages

    shop.temper = lambda _: None
    clock.on(minutes=5)
    assert poll(shop, clock)["orders"]["outcome"] == "caught_up"
    assert stored(shop) == {"1", "2"}
    assert open_cases(tables) == {}


def test_a_shop_that_throttles_every_few_pages_is_read_in_smaller_windows(
    shop: LiveShop, clock: Clock
) -> None:
    shop.put(*(an_order(n, START - minutes(25) + timedelta(seconds=25 * n)) for n in range(50)))
    allowed = {"left": 0}

    def few(_: int) -> None:
        if not allowed["left"]:
            raise Throttled("enough for now", retry_after_seconds=60)
        allowed["left"] -= 1

    shop.temper = few
    outcomes = set()
    for _ in range(60):
        allowed["left"] = 4
        outcomes.add(poll(shop, clock)["orders"]["outcome"])
        if "caught_up" in outcomes:
            break
        clock.on(minutes=5)
    assert outcomes == {"try_later", "caught_up"}
    assert stored(shop) == set(shop.rows)


def test_a_run_that_is_too_short_for_a_window_gets_there_in_smaller_ones(
    shop: LiveShop, clock: Clock
) -> None:
    shop.put(*(an_order(n, START - minutes(25) + timedelta(seconds=20 * n)) for n in range(60)))
    shop.temper = lambda _: clock.on(seconds=20)
    outcomes = set()
    for _ in range(60):
        outcome = poll(shop, clock, seconds=120)["orders"]["outcome"]
        outcomes.add(outcome)
        if outcome == "caught_up":
            break
        clock.on(minutes=2)
    assert outcomes == {"out_of_time", "caught_up"}
    assert stored(shop) == set(shop.rows)


@pytest.mark.parametrize("dies_at", range(1, 12))
def test_a_run_that_dies_is_gone_on_with(shop: LiveShop, clock: Clock, dies_at: int) -> None:
    shop.put(*(an_order(n, START - hours(6) + minutes(9 * n)) for n in range(36)))
    desk = a_desk(shop, clock)

    class Killed(BaseException):
        pass

    def die(page: int) -> None:
        if page == dies_at:
            raise Killed

    shop.temper = die
    with pytest.raises(Killed):
        poll_shop(desk, "live", 300)
    # Its lease holds for a while.
    assert poll(shop, clock, "run-2")["orders"]["outcome"] == "leased_by_another"
    clock.on(minutes=5)
    assert poll(shop, clock, "run-3")["orders"]["outcome"] == "caught_up"
    assert stored(shop) == set(shop.rows)


def test_of_two_runs_at_once_one_reads_and_the_other_goes(shop: LiveShop, clock: Clock) -> None:
    shop.put(an_order(1, START - hours(2)))
    other: list[Any] = []
    shop.temper = lambda page: other.append(poll(shop, clock, "run-2")) if page == 1 else None
    assert poll(shop, clock)["orders"]["outcome"] == "caught_up"
    assert other[0]["orders"]["outcome"] == "leased_by_another"


def test_a_run_that_slept_longer_than_its_lease_leaves_the_feed_to_the_next(
    shop: LiveShop, clock: Clock
) -> None:
    shop.put(*(an_order(n, START - hours(3) + minutes(n)) for n in range(90)))
    other: list[Any] = []

    def sleep(page: int) -> None:
        if page == 4:
            clock.on(minutes=4)
            other.append(poll(shop, clock, "run-2"))

    shop.temper = sleep
    slept = poll(shop, clock, seconds=3600)["orders"]
    assert other[0]["orders"]["outcome"] == "caught_up"
    assert slept["outcome"] == "lease_lost"
    assert stored(shop) == set(shop.rows)
    position = feeds.reading(FEED).position
    assert position.read_until == START + minutes(1)


def test_an_outage_of_hours_is_caught_up(shop: LiveShop, clock: Clock, tables: Tables) -> None:
    poll(shop, clock)
    shop.temper = raising(Unreachable("no answer"))
    for number in range(60):
        clock.on(minutes=5)
        shop.put(an_order(number, clock.now))
        poll(shop, clock)
    shop.temper = lambda _: None
    clock.on(minutes=5)
    poll(shop, clock)
    clock.on(minutes=5)
    assert poll(shop, clock)["orders"]["outcome"] == "caught_up"
    assert stored(shop) == set(shop.rows)


def test_a_silent_feed_is_told_once_and_solved_when_it_is_read_again(
    shop: LiveShop, clock: Clock, tables: Tables
) -> None:
    def look() -> timedelta:
        desk = a_desk(shop, clock)
        return tell_of_lags(desk.settings, Casebook(desk.settings.alerts), clock.now)

    assert look() == timedelta(0)
    poll(shop, clock)
    assert look() == timedelta(0)
    clock.on(hours=2)
    assert look() == hours(2)
    assert open_cases(tables) == {}
    clock.on(hours=2)
    look()
    look()
    assert open_cases(tables) == {
        "feed:shop#live#orders": "feed_behind",
        "feed:shop#live#refunds": "feed_behind",
    }
    assert alerts(tables) == 2
    poll(shop, clock)
    assert look() < minutes(5)
    assert open_cases(tables) == {}
    assert alerts(tables) == 4


TROUBLES = [
    (Misconfigured("the key is wrong", what_to_do="Change it."), "shop_misconfigured"),
    (Refused("no permission", code="11"), "shop_misconfigured"),
    (Throttled("used up", code=QUOTA_USED_UP, retry_after_seconds=600), "shop_quota"),
    (Refused("used up", code=QUOTA_USED_UP), "shop_quota"),
]


@pytest.mark.parametrize(("error", "kind"), TROUBLES, ids=lambda value: str(value)[:20])
def test_a_shop_that_refuses_us_is_told_once_paused_and_solved(
    shop: LiveShop, clock: Clock, tables: Tables, error: AftersalesError, kind: str
) -> None:
    shop.temper = raising(error)
    for _ in range(8):
        poll(shop, clock)
        clock.on(minutes=5)
    assert open_cases(tables) == {"shop:live": kind}
    assert alerts(tables) == 1
    assert 2 <= shop.pages <= 4, "a shop in trouble is asked now and then, not each time"
    clock.on(hours=5)
    desk = a_desk(shop, clock)
    tell_of_lags(desk.settings, desk.casebook, clock.now)
    assert open_cases(tables) == {"shop:live": kind}, "the case says already why it is late"

    shop.temper = lambda _: None
    poll(shop, clock)
    clock.on(minutes=5)
    poll(shop, clock)
    assert open_cases(tables) == {}
    assert alerts(tables) == 2


def test_a_feed_that_works_does_not_solve_the_trouble_of_another(
    shop: LiveShop, clock: Clock, tables: Tables
) -> None:
    def refuse() -> None:
        raise Refused("no permission for refunds", code="11")

    shop.refund_temper = refuse
    shop.put(an_order(1, START - hours(1)))
    for _ in range(6):
        poll(shop, clock)
        clock.on(minutes=5)
    assert stored(shop) == {"1"}
    assert open_cases(tables) == {"shop:live": "shop_misconfigured"}
    assert alerts(tables) == 1


def test_a_shop_whose_secret_is_missing_is_a_case(clock: Clock, tables: Tables) -> None:
    def missing(reference: str) -> str:
        raise Misconfigured(f"The secret {reference} is missing.")

    desk = dataclasses.replace(a_desk(LiveShop(), clock), resolve=missing, platforms={})
    assert poll_shop(desk, "live", 300)["outcome"] == "no_connection"
    assert open_cases(tables) == {"shop:live": "shop_misconfigured"}
    assert poll_shop(desk, "gone", 300) == {"shop": "gone", "outcome": "not_connected"}


def test_refused_rows_are_kept_and_told_and_the_others_are_stored(
    shop: LiveShop, clock: Clock, tables: Tables
) -> None:
    at = START - minutes(10)
    shop.put(an_order(1, at))
    shop.bad_rows = [(at, RejectedRow("orders, 77", "no amount", '{"tid":77}'))]
    poll(shop, clock)
    clock.on(minutes=5)
    poll(shop, clock)  # the row is read again with the overlap
    assert stored(shop) == {"1"}
    assert [item["raw"] for item in tables.items("quarantine")] == ['{"tid":77}']
    assert open_cases(tables) == {"feed:shop#live#orders": "rows_rejected"}
    assert alerts(tables) == 1
    clock.on(hours=25)
    poll(shop, clock)
    assert open_cases(tables) == {}


def a_refund(state: RefundState, **values: Any) -> Refund:
    at = values.pop("at", START - minutes(30))
    given = {"refund_id": "R1", "order_id": "1", "amount_minor": 8800, "updated_at": at, **values}
    return Refund(shop_id="live", state=state, **given)


def test_a_dispute_reaches_the_parcel_and_leaves_it_again(shop: LiveShop, clock: Clock) -> None:
    shop.put(shipped(an_order(1, START - hours(20)), START - hours(10), "YT8812600410055"))
    shop.requests["R1"] = a_refund(RefundState.WAITS_FOR_SELLER)
    poll(shop, clock)
    order, parcel = orders.get("live", "1"), parcels.get("YT8812600410055")
    assert order is not None
    assert parcel is not None
    assert (order.refund, order.refund_id, order.refund_amount_minor) == (
        RefundStatus.OPEN, "R1", 8800
    )  # fmt: skip
    assert parcel.disputes == ("1",)
    assert order.status is OrderStatus.SHIPPED
    assert order.updated_at == START - hours(10)

    clock.on(minutes=5)
    shop.requests["R1"] = a_refund(RefundState.CLOSED, at=clock.now - minutes(4))
    poll(shop, clock)
    order, parcel = orders.get("live", "1"), parcels.get("YT8812600410055")
    assert order is not None
    assert parcel is not None
    assert order.refund is RefundStatus.NONE
    assert parcel.disputes == ()


def test_a_refund_of_an_order_that_is_not_known_yet_waits_for_it(
    shop: LiveShop, clock: Clock
) -> None:
    shop.requests["R1"] = a_refund(RefundState.DONE)
    poll(shop, clock)
    shop.put(an_order(1, clock.now, status=OrderStatus.PAID))
    clock.on(minutes=5)
    poll(shop, clock)
    order = orders.get("live", "1")
    assert order is not None
    assert (order.status, order.refund) == (OrderStatus.PAID, RefundStatus.DONE)


@pytest.mark.parametrize(
    ("left", "severity"),
    [(timedelta(days=8), None), (timedelta(days=6), "warn"), (hours(20), "critical"),
     (hours(-1), "critical")],
    ids=str,
)  # fmt: skip
def test_a_token_that_ends_is_told_in_time(
    shop: LiveShop, clock: Clock, tables: Tables, left: timedelta, severity: str | None
) -> None:
    shop.token_ends = START + left
    poll(shop, clock)
    found = {json.loads(item["document"])["severity"] for item in tables.items("cases")}
    assert found == ({severity} if severity else set())


def test_a_token_gets_worse_and_is_solved_by_a_new_one(
    shop: LiveShop, clock: Clock, tables: Tables
) -> None:
    shop.token_ends = START + timedelta(days=3)
    for _ in range(49):
        poll(shop, clock)
        clock.on(hours=1)
    assert alerts(tables) == 2, "once a week ahead, once a day ahead"
    shop.token_ends += timedelta(days=90)
    poll(shop, clock)
    assert open_cases(tables) == {}
    assert alerts(tables) == 3


def test_webhooks_that_the_shop_switched_off_are_told_until_they_are_on_again(
    shop: LiveShop, clock: Clock, tables: Tables
) -> None:
    shop.webhooks_off = ("order.updated (webhook 14)",)
    for _ in range(3):
        poll(shop, clock)
        clock.on(minutes=45)
    assert open_cases(tables) == {"shop:live": "webhook_off"}
    assert alerts(tables) == 1
    shop.webhooks_off = ()
    clock.on(hours=1)
    poll(shop, clock)
    assert open_cases(tables) == {}


def test_a_shop_that_only_pushes_has_no_feeds_and_no_trouble(clock: Clock, tables: Tables) -> None:
    shop = LiveShop(capabilities=frozenset({Capability.WEBHOOKS}))
    assert poll(shop, clock) == {"shop": "live", "looked": True}
    assert open_cases(tables) == {}


def test_an_unchanged_shop_costs_little(shop: LiveShop, clock: Clock, tables: Tables) -> None:
    shop.put(an_order(1, START - minutes(30)))
    poll(shop, clock)
    before = {name: tables.items(name) for name in ("orders", "parcels", "cases", "outbox")}
    version = feeds.reading(FEED).version
    clock.on(minutes=5)
    poll(shop, clock)
    assert feeds.reading(FEED).version == version + 2, "the lease, and the watermark with its end"
    assert {name: tables.items(name) for name in before} == before


def test_only_connected_shops_are_planned_in_batches_of_ten() -> None:
    shops = [Shop(id=f"s{n}", platform="taobao", secrets={"app_key": "env:X"}) for n in range(12)]
    others = [
        Shop(id="files", platform="taobao"),
        Shop(id="file", secrets={"key": "env:X"}),
        Shop(id="still", platform="taobao", secrets={"app_key": "env:X"}, poll=False),
    ]
    sent: list[list[str]] = []
    count = plan_polls(
        settings_of(*shops, *others), "2026-11-03T02:05:00Z", lambda some: sent.append(list(some))
    )
    assert count == 12
    assert [len(some) for some in sent] == [10, 2]
    assert {json.loads(body)["shop"] for some in sent for body in some} == {s.id for s in shops}
