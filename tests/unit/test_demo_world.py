"""The simulated parcels: each story gets into its trouble at its hour, as the real rules see it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aftersales.calendar import ShopCalendar
from aftersales.couriers import waybills
from aftersales.couriers.base import WatchRequest
from aftersales.couriers.kuaidi100 import Kuaidi100 as Kuaidi100Adapter
from aftersales.couriers.seventeentrack import SeventeenTrack as SeventeenTrackAdapter
from aftersales.errors import WebhookRefused
from aftersales.http import HttpReply, HttpRequest
from aftersales.parcels import Parcel
from aftersales.platforms.file import read_file
from aftersales.settings.model import Settings, Shop, TrackingRules
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply
from local.simulators.back_office import BackOffice, files_of
from local.simulators.kuaidi100 import ASK_AGAIN_AFTER, LOCKED_AFTER, Kuaidi100
from local.simulators.memory import Registered, open_world
from local.simulators.seventeentrack import Pusher, SeventeenTrack
from local.simulators.world import ABROAD, AT_HOME, HOME_SHOP, Consignment, World
from local.state import State
from parcel_tracker.rules import Surroundings, find_problems
from parcel_tracker.story import absorb

ORIGIN = datetime(2026, 3, 9, 2, tzinfo=UTC)
HOME_KEY, CUSTOMER, ABROAD_KEY = "home-key", "CUSTOMER1", "abroad-key"

TROUBLE = {
    "stalled": "stalled",
    "stalled_far_away": "stalled",
    "not_collected": "pickup_overdue",
    "failed_twice": "contact_failed",
    "no_pickup": "no_pickup_scan",
    "refused": "refused",
    "overdue": "delivery_overdue",
    "damaged": "damaged",
    "held": "held",
    "out_of_area": "out_of_area",
    "slow": "receipt_auto_confirm",
    "never_seen_again": "lost_suspected",
    "documents_wanted": "customs_hold",
    "wrong_address": "address_problem",
    "lost": "lost",
    "slow_customs": "customs_hold",
    "nobody_home": "contact_failed",
    "at_the_post_office": "pickup_overdue",
}
ALWAYS_IN_TROUBLE = {"never_seen_again", "slow"}
"""They have had other problems before the one they are there for."""


class Clock:
    """Business time of a test."""

    def __init__(self) -> None:
        self.now = ORIGIN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world() -> World:
    return World("stories", ORIGIN)


@pytest.fixture
def registered(tmp_path: Path) -> Any:
    state = State(tmp_path)
    open_world(state, ORIGIN)
    yield Registered(state)
    state.close()


def home_adapter(simulated: Kuaidi100, key: str = HOME_KEY) -> Kuaidi100Adapter:
    def carry(request: HttpRequest) -> HttpReply:
        return HttpReply(200, simulated.answer(request.body))

    return Kuaidi100Adapter({"key": key, "customer": CUSTOMER}, carry)


def abroad_adapter(simulated: SeventeenTrack, key: str = ABROAD_KEY) -> SeventeenTrackAdapter:
    def carry(request: HttpRequest) -> HttpReply:
        method = request.url.rpartition("/")[2]
        return HttpReply(*simulated.answer(method, request.headers, request.body))

    return SeventeenTrackAdapter({"key": key}, carry)


def request_for(c: Consignment) -> WatchRequest:
    return WatchRequest(c.waybill_number, c.courier, phone_tail=c.phone_tail)


def problems(c: Consignment, reply: TrackingReply | ReplyError, now: datetime) -> set[str]:
    settings = Settings()
    parcel = Parcel(
        parcel_id=c.waybill_number,
        waybill_number=c.waybill_number,
        courier=c.courier,
        shop_id=c.shop_id,
        shipped_at=c.shipped_at,
        province=c.province,
        cross_border=c.country != "CN",
        auto_confirm_at=c.shipped_at + timedelta(days=10) if c.shop_id == HOME_SHOP else None,
    )
    if isinstance(reply, TrackingReply):
        parcel, _ = absorb(parcel, reply, (), reused_number_days=5)
    around = Surroundings(
        TrackingRules(),
        settings.tracking.remote_regions,
        ShopCalendar.of(settings).working_days_between,
    )
    return {finding.kind for finding in find_problems(parcel, around, now)}


@pytest.mark.parametrize("number", range(len(AT_HOME)))
def test_a_parcel_at_home_is_quiet_until_its_hour_and_then_in_its_trouble(
    number: int, world: World, clock: Clock
) -> None:
    hours, tell = AT_HOME[number]
    c = world.drops_until(ORIGIN)[0].consignments[number]
    adapter = home_adapter(Kuaidi100(world, HOME_KEY, CUSTOMER, clock))
    clock.now = ORIGIN + timedelta(hours=hours - 0.75)
    (before,) = adapter.query([request_for(c)])
    if tell.__name__ not in ALWAYS_IN_TROUBLE:
        assert problems(c, before, clock.now) == set()
    clock.now = ORIGIN + timedelta(hours=hours + 0.75)
    (after,) = adapter.query([request_for(c)])
    assert TROUBLE[tell.__name__] in problems(c, after, clock.now)


@pytest.mark.parametrize("number", range(1, len(ABROAD)))
def test_a_parcel_abroad_is_quiet_until_its_hour_and_then_in_its_trouble(
    number: int, world: World, clock: Clock, registered: Registered
) -> None:
    hours, tell = ABROAD[number]
    c = world.drops_until(ORIGIN)[1].consignments[number]
    adapter = abroad_adapter(SeventeenTrack(world, registered, ABROAD_KEY, clock))
    (accepted,) = adapter.register([request_for(c)])
    assert accepted.error is None
    if tell.__name__ != "stalled":  # counted in working days: its hour depends on the calendar
        clock.now = ORIGIN + timedelta(hours=hours - 0.75)
        (before,) = adapter.query([request_for(c)])
        assert problems(c, before, clock.now) == set()
    clock.now = ORIGIN + timedelta(hours=hours + 0.75)
    (after,) = adapter.query([request_for(c)])
    assert TROUBLE[tell.__name__] in problems(c, after, clock.now)


def test_the_same_seed_and_origin_make_the_same_world() -> None:
    later = ORIGIN + timedelta(days=9)
    assert World("a", ORIGIN).drops_until(later) == World("a", ORIGIN).drops_until(later)
    assert World("a", ORIGIN).drops_until(later) != World("b", ORIGIN).drops_until(later)


def test_a_world_looked_at_often_is_the_one_looked_at_once() -> None:
    often, once = World("a", ORIGIN), World("a", ORIGIN)
    for hours in range(0, 200, 3):
        often.drops_until(ORIGIN + timedelta(hours=hours))
    end = ORIGIN + timedelta(hours=200)
    key = [(d.at, d.name) for d in once.drops_until(end)]
    assert sorted(key) == sorted((d.at, d.name) for d in often.drops_until(end))


def test_waybill_numbers_are_valid_and_fit_their_courier(world: World) -> None:
    for drop in world.drops_until(ORIGIN + timedelta(days=5)):
        for c in drop.consignments:
            found = waybills.identify(c.waybill_number)
            assert found.valid is c.life.known
            fits = {*found.couriers, "yanwen"} if "s10" in found.couriers else {*found.couriers}
            assert not c.life.known or c.courier in fits


def test_exports_are_read_whole_but_for_the_row_that_a_spreadsheet_damaged(world: World) -> None:
    kinds = set()
    for drop in world.drops_until(ORIGIN + timedelta(days=4)):
        orders = sum(len(c.order_ids) for c in drop.consignments)
        for name, content in files_of(drop).items():
            reading = read_file(content, name, shop=Shop(id=drop.shop_id), default_zone="UTC")
            assert len(reading.orders) == orders - drop.damaged
            assert len(reading.rejected) == int(drop.damaged)
            kinds.add((reading.layout, name.rpartition(".")[2], drop.damaged))
    assert {kind for kind, _, _ in kinds} == {"taobao_orders", "shopify", "plain"}
    assert {("taobao_orders", "xlsx", False), ("taobao_orders", "csv", True)} <= kinds


def test_the_back_office_writes_each_file_once_and_mends_the_damaged_one(
    tmp_path: Path, world: World, clock: Clock
) -> None:
    office = BackOffice(world, tmp_path, clock)
    clock.now = ORIGIN + timedelta(hours=9)
    office.export_due()
    damaged = next(d for d in world.drops_until(clock.now) if d.damaged)
    path = tmp_path / HOME_SHOP / f"{damaged.name}.csv"
    assert b"4.31987E+14" in path.read_bytes()
    clock.now = ORIGIN + timedelta(hours=19)
    office.export_due()
    assert b"4.31987E+14" not in path.read_bytes()
    assert not list(tmp_path.rglob("*.part"))


def test_kuaidi100_refuses_a_wrong_signature_a_wrong_phone_and_unknown_numbers(
    world: World, clock: Clock
) -> None:
    simulated = Kuaidi100(world, HOME_KEY, CUSTOMER, clock)
    c = next(c for c in world.drops_until(ORIGIN)[0].consignments if c.courier == "sf")
    wanted = {
        ErrorClass.AUTH: home_adapter(simulated, "another-key").query([request_for(c)]),
        ErrorClass.BAD_NUMBER_OR_COURIER: home_adapter(simulated).query(
            [WatchRequest(c.waybill_number, "sf", phone_tail="none")]
        ),
        ErrorClass.NO_RESULT_YET: home_adapter(simulated).query(
            [WatchRequest("YT0000000000001", "yto")]
        ),
    }
    for error_class, (reply,) in wanted.items():
        assert isinstance(reply, ReplyError)
        assert reply.error_class is error_class


def test_kuaidi100_counts_hasty_questions_and_locks_a_number_that_gets_several(
    world: World, clock: Clock
) -> None:
    simulated = Kuaidi100(world, HOME_KEY, CUSTOMER, clock)
    adapter = home_adapter(simulated)
    c = next(c for c in world.drops_until(ORIGIN)[0].consignments if c.life.name == "stalled")
    replies = [adapter.query([request_for(c)])[0] for _ in range(LOCKED_AFTER + 1)]
    assert isinstance(replies[-2], TrackingReply)
    assert isinstance(replies[-1], ReplyError)
    assert replies[-1].error_class is ErrorClass.THROTTLED
    assert simulated.asked_too_soon == LOCKED_AFTER
    clock.now += ASK_AGAIN_AFTER
    assert isinstance(adapter.query([request_for(c)])[0], TrackingReply)


def test_17track_tells_numbers_that_are_wrong_known_unregistered_or_new_apart(
    world: World, clock: Clock, registered: Registered
) -> None:
    adapter = abroad_adapter(SeventeenTrack(world, registered, ABROAD_KEY, clock))
    wrong, right = world.drops_until(ORIGIN)[1].consignments[:2]
    fresh = WatchRequest("LV000000005CN", "china_post")
    (unknown,) = adapter.query([request_for(right)])
    assert isinstance(unknown, ReplyError)
    assert unknown.code == "-18019902"
    first, second, refused = adapter.register([request_for(right), fresh, request_for(wrong)])
    assert (first.error, second.error) == (None, None)
    assert refused.error is not None
    assert refused.error.error_class is ErrorClass.BAD_NUMBER_OR_COURIER
    told, silent = adapter.query([request_for(right), fresh])
    assert isinstance(told, TrackingReply)
    assert isinstance(silent, ReplyError)
    assert silent.error_class is ErrorClass.NO_RESULT_YET


def test_17track_throttles_more_than_three_calls_a_second_and_refuses_another_key(
    world: World, clock: Clock, registered: Registered
) -> None:
    simulated = SeventeenTrack(world, registered, ABROAD_KEY, clock)
    parcel = [WatchRequest("LV000000005CN", "china_post")]
    (reply,) = abroad_adapter(simulated, "another-key").query(parcel)
    assert isinstance(reply, ReplyError)
    assert reply.error_class is ErrorClass.AUTH
    classes = {abroad_adapter(simulated).query(parcel)[0].error_class for _ in range(10)}
    assert ErrorClass.THROTTLED in classes
    assert simulated.throttled > 0


def test_17track_pushes_news_once_signed_as_the_real_adapter_checks(
    world: World, clock: Clock, registered: Registered
) -> None:
    from local.loopback import LoopbackHandler, LoopbackServer

    simulated = SeventeenTrack(world, registered, ABROAD_KEY, clock)
    adapter = abroad_adapter(simulated)
    pushed: list[bytes] = []
    status = [500, 200]

    class Receiver(LoopbackHandler):
        def do_POST(self) -> None:
            body = self.read_body(1_000_000)
            assert body is not None
            headers = {name.lower(): value for name, value in self.headers.items()}
            pushed.append(adapter.verify_push(headers, body, "", ORIGIN))
            with pytest.raises(WebhookRefused):
                adapter.verify_push(headers, body + b" ", "", ORIGIN)
            self.reply(status.pop(0) if len(status) > 1 else status[0], b"")

    c = world.drops_until(ORIGIN)[1].consignments[1]
    adapter.register([request_for(c)])
    server = LoopbackServer(0, Receiver)
    server.start()
    try:
        pusher = Pusher(
            simulated, world, registered, key=ABROAD_KEY, now=clock, url=lambda: server.url
        )
        assert pusher.push_news() is False  # refused with 500: it comes again
        assert pusher.push_news() is True
        assert pusher.push_news() is True  # nothing new, nothing sent
    finally:
        server.stop()
    assert len(pushed) == 2
    assert pushed[0] == pushed[1]
    (reply,) = adapter.parse("push", pushed[0])
    assert isinstance(reply, TrackingReply)
    assert reply.waybill_number == c.waybill_number
    assert json.loads(pushed[0])["event"] == "TRACKING_UPDATED"
