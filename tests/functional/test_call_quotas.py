"""Calls to a platform are counted, and operators hear of it before none is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales.cases.casebook import Casebook
from aftersales.errors import Throttled
from aftersales.feeds.calls import counted, tell_of_quotas
from aftersales.feeds.coverage import FeedResult, Outcome
from aftersales.http import HttpReply, HttpRequest
from aftersales.messages.render import render
from aftersales.platforms.base import QUOTA_USED_UP
from aftersales.settings.model import Settings, Shop
from aftersales.tables import feeds, outbox
from order_intake.shop_health import feeds_read
from tests.conftest import Tables
from tests.desk_fakes import Clock
from tests.handler_world import World, world_of
from tests.live_shop import LiveShop, a_desk, settings_of
from tests.woo_server import order_row

MORNING = datetime(2026, 11, 11, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai."""
LIVE = Shop(
    id="live",
    platform="tmall",
    name="青禾家居",
    secrets={"app_key": "env:LIVE_KEY"},
    calls_per_day=1000,
)
ACCOUNT = "app_key:env:LIVE_KEY"
ASK = HttpRequest("GET", "https://shop.example.com/orders")


def answers(_: HttpRequest) -> HttpReply:
    return HttpReply(200)


def make(calls: int, settings: Settings, now: datetime) -> None:
    """So many calls to the first shop of the settings."""
    transport = counted(settings, settings.shops[0], answers, lambda: now)
    for _ in range(calls):
        transport(ASK)


def open_kinds(tables: Tables) -> list[str]:
    return sorted(item["kind"] for item in tables.items("cases") if "open_bucket" in item)


def look(settings: Settings, now: datetime) -> None:
    tell_of_quotas(settings, Casebook.of(settings), now)


def test_a_call_that_gets_no_answer_is_counted_too(tables: Tables) -> None:
    def breaks(_: HttpRequest) -> HttpReply:
        raise Throttled("not now")

    settings = settings_of(LIVE)
    transport = counted(settings, LIVE, breaks, lambda: MORNING)
    with pytest.raises(Throttled):
        transport(ASK)
    assert feeds.calls_of({ACCOUNT: "2026-11-11"})[ACCOUNT].made == 1


def test_a_shop_without_a_quota_costs_no_write(tables: Tables) -> None:
    woo = Shop(id="woo", platform="woocommerce", secrets={"consumer_key": "env:K"})
    make(3, settings_of(woo), MORNING)
    assert tables.items("feeds") == []


def test_operators_hear_of_it_once_and_the_case_closes_on_the_next_day(tables: Tables) -> None:
    settings = settings_of(LIVE)
    make(499, settings, MORNING)
    look(settings, MORNING)
    assert open_kinds(tables) == []
    make(1, settings, MORNING)
    for minutes in (0, 5, 10):
        look(settings, MORNING + timedelta(minutes=minutes))
    assert open_kinds(tables) == ["shop_quota_low"]
    assert len(tables.items("outbox")) == 1
    # Slower now, 500 would do until midnight: none of the used calls comes back, though.
    look(settings, MORNING + timedelta(hours=13))
    assert open_kinds(tables) == ["shop_quota_low"]
    look(settings, MORNING + timedelta(hours=15, minutes=1))
    assert open_kinds(tables) == []
    assert len(tables.items("outbox")) == 2


def test_once_used_up_the_stronger_case_takes_over(tables: Tables) -> None:
    clock = Clock(MORNING)
    settings = settings_of(LIVE)
    make(600, settings, MORNING)
    look(settings, MORNING)
    desk = a_desk(LiveShop(), clock)
    desk.settings = settings
    error = Throttled("used up", code=QUOTA_USED_UP)
    feeds_read(desk, LIVE, [FeedResult(feed="", outcome=Outcome.QUOTA, error=error)], MORNING)
    assert open_kinds(tables) == ["shop_quota"]
    look(settings, MORNING + timedelta(minutes=5))
    assert open_kinds(tables) == ["shop_quota"]


def test_where_the_settings_say_nothing_the_last_refusal_does(tables: Tables) -> None:
    clock = Clock(MORNING)
    unsaid = replace(LIVE, calls_per_day=0)
    settings = settings_of(unsaid)
    desk = a_desk(LiveShop(), clock)
    desk.settings = settings
    make(400, settings, MORNING)
    look(settings, MORNING)
    assert open_kinds(tables) == [], "nobody knows how many there are"
    refusal = FeedResult(
        feed="", outcome=Outcome.QUOTA, error=Throttled("used up", code=QUOTA_USED_UP)
    )
    feeds_read(desk, unsaid, [refusal], MORNING)
    tomorrow = MORNING + timedelta(days=1)
    works = FeedResult(feed="", outcome=Outcome.CAUGHT_UP)
    feeds_read(desk, unsaid, [works], tomorrow)
    make(250, settings, tomorrow)
    look(settings, tomorrow)
    assert open_kinds(tables) == ["shop_quota_low"]
    (warning,) = [item.alert for item in _deliveries() if item.alert.kind == "shop_quota_low"]
    assert warning.facts["quota_calls"] == 400
    assert warning.facts["quota_guessed_on"] == "2026-11-11"
    # The platform grants more by now: what was learned is forgotten, and the case with it.
    make(151, settings, tomorrow)
    look(settings, tomorrow)
    assert open_kinds(tables) == []


def test_a_refusal_after_a_few_calls_says_nothing_about_the_day(tables: Tables) -> None:
    clock = Clock(MORNING)
    unsaid = replace(LIVE, calls_per_day=0)
    desk = a_desk(LiveShop(), clock)
    desk.settings = settings_of(unsaid)
    make(20, desk.settings, MORNING)
    refusal = FeedResult(
        feed="", outcome=Outcome.QUOTA, error=Throttled("used up", code=QUOTA_USED_UP)
    )
    feeds_read(desk, unsaid, [refusal], MORNING)
    assert feeds.calls_of({ACCOUNT: "2026-11-11"})[ACCOUNT].granted == 0


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_the_message_says_how_many_calls_there_are_and_until_when_they_do(
    tables: Tables, language: str
) -> None:
    settings = settings_of(LIVE)
    make(600, settings, MORNING)
    look(settings, MORNING)
    (delivery,) = _deliveries()
    message = render(
        delivery.alert,
        language=language,
        time_zone="Asia/Shanghai",
        shop_name="",
        now=MORNING,
    )
    assert "青禾家居" in message.title
    assert "60%" in message.what
    assert "1,000" in message.what
    assert "15:00" in message.what
    assert "15:00" in message.until


@pytest.fixture
def world(tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


def test_the_deployed_functions_count_their_calls_and_warn(world: World) -> None:
    """A shop of six calls a day, polled by the real connector over loopback."""
    from aftersales.tables import settings as table

    current = table.load()
    shops = tuple(replace(shop, calls_per_day=6) for shop in current.shops)
    table.push(replace(current, shops=shops))
    world.outside.woo.orders = [order_row(1, "2026-11-03T01:10:00")]
    world.call("order_intake_poll")
    (shop,) = [shop for shop in shops if shop.id == "us-store"]
    made = feeds.calls_of({f"shop:{shop.id}": "2026-11-03"})[f"shop:{shop.id}"].made
    assert made == len(world.outside.woo.requests)
    while made < 6:
        world.call("order_intake_webhook_apply")
        made = feeds.calls_of({f"shop:{shop.id}": "2026-11-03"})[f"shop:{shop.id}"].made
    world.call("order_intake_poll_plan")
    assert world.cases()["shop:us-store"] == "shop_quota_low"


def _deliveries() -> list[Any]:
    return list(outbox.pending())
