"""A sweep from the open parcels to cases and alerts, on a real DynamoDB engine."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from msgspec.structs import replace

from aftersales.couriers.base import SourceLimits
from aftersales.errors import Misconfigured, Unreachable
from aftersales.tables import cases, feeds, outbox, parcels
from aftersales.tracking import ErrorClass, Reason, ReplyError, Status, Watch
from parcel_tracker.sweep import sweep_shard
from parcel_tracker.unwatched import close_watched
from tests.desk_fakes import (
    START,
    Clock,
    ScriptedSource,
    a_parcel,
    a_scan,
    desk_for,
    settings_for,
    told,
)

N = "YT0000000000001"


@pytest.fixture
def clock(tables):
    return Clock()


@pytest.fixture
def source(clock):
    return ScriptedSource(clock)


def add(*numbers, **values):
    for number in numbers:
        parcels.add(a_parcel(number, **values), shards=1)


def run(desk):
    return dict(sweep_shard(desk, 0, 300))


def alerts():
    """(kind, transition) of everything in the outbox, oldest first."""
    found = sorted(outbox.pending(), key=lambda d: (d.created_at, d.delivery_id))
    return [(d.alert.kind, d.alert.transition.value) for d in found]


def capacity(desk_call):
    """The write units that a call consumed, by the engine's own count."""
    from aftersales.tables.connection import binding

    units = []
    events = binding().connection.client.meta.events

    def note(parsed, model, **_):
        used = parsed.get("ConsumedCapacity")
        if model.name in ("UpdateItem", "PutItem") and isinstance(used, dict):
            units.append(used["CapacityUnits"])

    events.register("after-call.dynamodb", note)
    try:
        desk_call()
    finally:
        events.unregister("after-call.dynamodb", note)
    return sum(units)


def test_a_stalled_parcel_becomes_one_case_and_one_that_moves_again_closes_it(clock, source):
    add(N)
    desk = desk_for(source, clock)
    source.says[N] = told(N, a_scan(1, Status.PICKED_UP), a_scan(5, Status.IN_TRANSIT))
    clock.on(hours=6)
    assert run(desk)["changed"] == 1
    assert parcels.get(N).status is Status.IN_TRANSIT
    assert alerts() == []

    for _ in range(20):
        clock.on(hours=3)
        run(desk)
    assert alerts() == [("stalled", "opened")]
    case = cases.get(f"parcel:{N}", "stalled")
    assert case.is_open
    assert case.facts["hours"] >= 48
    assert case.facts["order_ids"] == "2605170000001"

    source.says[N] = told(N, *source.says[N].events, a_scan(66, Status.IN_TRANSIT))
    for _ in range(4):
        clock.on(hours=1)
        run(desk)
    assert alerts() == [("stalled", "opened"), ("stalled", "solved")]
    assert not cases.get(f"parcel:{N}", "stalled").is_open
    assert parcels.get(N).marks == ()


def test_a_delivered_parcel_leaves_the_watch_with_its_case_closed(clock, source):
    add(N)
    desk = desk_for(source, clock)
    clock.on(hours=25)
    run(desk)
    assert alerts() == [("no_pickup_scan", "opened")]
    source.says[N] = told(N, a_scan(26, Status.PICKED_UP), a_scan(27, Status.DELIVERED))
    clock.on(hours=4)
    run(desk)
    assert alerts()[-1] == ("no_pickup_scan", "solved")
    assert cases.get(f"parcel:{N}", "no_pickup_scan").resolution == "delivered"
    assert list(parcels.open_in_shard(0)) == []
    asked = len(source.asked)
    clock.on(hours=30)
    assert run(desk).get("open") is None
    assert len(source.asked) == asked


def test_a_stronger_problem_takes_the_place_of_a_weaker_one_without_a_solved_message(clock, source):
    add(N)
    desk = desk_for(source, clock)
    source.says[N] = told(N, a_scan(1, Status.PICKED_UP))
    clock.on(hours=50)
    run(desk)
    assert alerts() == [("stalled", "opened")]
    source.says[N] = told(
        N,
        a_scan(1, Status.PICKED_UP),
        a_scan(50, Status.EXCEPTION, "外包装破损", reason=Reason.DAMAGED),
    )
    clock.on(hours=4)
    run(desk)
    assert alerts() == [("stalled", "opened"), ("damaged", "opened")]
    assert parcels.get(N).marks == ("damaged:alarm",)


def test_an_unchanged_check_costs_less_than_a_twentieth_of_a_write(clock, source):
    numbers = [f"YT{n:013d}" for n in range(300)]
    add(*numbers)
    desk = desk_for(source, clock)
    for number in numbers:
        source.says[number] = told(number, a_scan(1, Status.PICKED_UP))
    clock.on(hours=2)
    run(desk)
    source.asked.clear()
    clock.on(hours=5)
    units = capacity(lambda: run(desk))
    assert len(source.asked) == 300
    assert units / 300 <= 0.05


def test_a_changed_check_costs_two_units_and_its_history_item(clock, source):
    add(N)
    desk = desk_for(source, clock)
    source.says[N] = told(N, a_scan(1, Status.PICKED_UP))
    clock.on(hours=2)
    run(desk)
    before = parcels.get(N)
    answer = told(N, a_scan(1, Status.PICKED_UP), a_scan(3, Status.IN_TRANSIT))

    from parcel_tracker.answers import take_answer

    assert capacity(lambda: take_answer(desk, before, answer, clock.now)) <= 3


def test_no_number_is_asked_twice_within_the_lock_even_when_runs_die(clock, source):
    numbers = [f"YT{n:013d}" for n in range(40)]
    add(*numbers, status=Status.OUT_FOR_DELIVERY, last_event_at=START)
    desk = desk_for(source, clock)

    class Killed(BaseException):
        pass

    for number_of_run in range(60):
        clock.on(minutes=7)
        if number_of_run % 3 == 0:
            taken = 0

            def die_later(requests, real=source.query):
                nonlocal taken
                taken += 1
                answers = ScriptedSource.query(source, requests)
                if taken == 2:
                    raise Killed
                return answers

            source.query = die_later
            with suppress(Killed):  # or nothing was due this time
                run(desk)
            del source.query
            desk = desk_for(source, clock)  # another process, another lease holder
        else:
            run(desk)
    last: dict[str, object] = {}
    for moment, number in source.asked:
        if number in last:
            assert moment - last[number] >= timedelta(minutes=30), number
        last[number] = moment
    assert len(last) == 40


def test_an_outage_of_hours_ends_in_catching_up_and_not_in_false_alarms(clock, source):
    numbers = [f"YT{n:013d}" for n in range(60)]
    add(*numbers)
    desk = desk_for(source, clock)
    for number in numbers:
        source.says[number] = told(number, a_scan(1, Status.PICKED_UP))
    clock.on(hours=6)
    run(desk)

    # The courier's interface is down for three days; the parcels go on travelling.
    source.fails = Unreachable("no answer")
    for _ in range(72):
        clock.on(hours=1)
        run(desk)
    kinds = {kind for kind, _ in alerts()}
    assert kinds == {"source_down"}
    asked_in_vain = len(source.asked) - 60
    assert asked_in_vain <= 72 * 2 * source.limits.batch_size * source.limits.concurrency

    source.fails = None
    for number in numbers:
        source.says[number] = told(
            number, a_scan(1, Status.PICKED_UP), a_scan(70, Status.OUT_FOR_DELIVERY)
        )
    for _ in range(6):
        clock.on(minutes=45)
        run(desk)
    assert {p.status for p in parcels.open_in_shard(0)} == {Status.OUT_FOR_DELIVERY}
    told_of = alerts()
    assert ("source_down", "solved") in told_of
    assert {kind for kind, _ in told_of} == {"source_down"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ErrorClass.AUTH, "source_misconfigured"), (ErrorClass.QUOTA, "source_quota")],
)
def test_a_source_that_refuses_us_is_one_case_for_the_operators(clock, source, error, kind):
    add(N)
    desk = desk_for(source, clock)
    source.fails = ReplyError(error, "503", "the vendor's words")
    for _ in range(5):
        clock.on(hours=2)
        run(desk)
    assert alerts() == [(kind, "opened")]
    source.fails = None
    clock.on(hours=5)
    run(desk)
    assert (kind, "solved") in alerts()


def test_a_number_that_the_source_refuses_is_a_case_and_is_not_asked_about_again(clock, source):
    add(N)
    desk = desk_for(source, clock)
    source.says[N] = ReplyError(ErrorClass.BAD_NUMBER_OR_COURIER, "702", "unknown courier", N)
    clock.on(hours=1)
    assert run(desk)["rejected"] == 1
    assert alerts() == [("number_rejected", "opened")]
    for _ in range(10):
        clock.on(hours=5)
        run(desk)
    assert len(source.asked) == 1


def test_one_refused_number_in_a_batch_does_not_stop_the_others(clock, source):
    numbers = [f"YT{n:013d}" for n in range(5)]
    add(*numbers)
    bad = numbers[2]
    real = source.query

    def query(requests):
        if any(r.waybill_number == bad for r in requests):
            return [ReplyError(ErrorClass.BAD_NUMBER_OR_COURIER, "8247", "bad waybill")] * len(
                requests
            )
        return real(requests)

    source.query = query
    clock.on(hours=1)
    tally = run(desk_for(source, clock))
    assert tally["rejected"] == 1
    assert tally["no_result_yet"] == 4
    assert parcels.get(bad).watch is Watch.REFUSED


def test_a_second_run_of_the_same_shard_keeps_away_while_the_first_is_at_work(clock, source):
    add(N)
    clock.on(hours=1)
    inner = {}

    def query(requests, real=source.query):
        other = desk_for(source, clock)
        inner.update(sweep_shard(other, 0, 300))
        return ScriptedSource.query(source, requests)

    source.query = query
    run(desk_for(source, clock))
    assert inner["leased_by_another"] == 1
    assert len(source.asked) == 1


def test_a_missed_day_is_caught_up_with_one_question_per_parcel(clock, source):
    numbers = [f"YT{n:013d}" for n in range(25)]
    add(*numbers, status=Status.OUT_FOR_DELIVERY, last_event_at=START)
    desk = desk_for(source, clock)
    run(desk)
    source.asked.clear()
    clock.on(hours=24)
    run(desk)
    assert sorted(number for _, number in source.asked) == numbers


def test_a_run_out_of_time_leaves_the_rest_and_the_next_run_goes_on_there(clock, source):
    source.limits = replace(source.limits, batch_size=1, concurrency=1)
    numbers = [f"YT{n:013d}" for n in range(600)]
    add(*numbers)
    desk = desk_for(source, clock)
    real = source.query

    def slow(requests):
        clock.wait(0.2)
        return real(requests)

    source.query = slow
    clock.on(hours=1)
    tally = dict(sweep_shard(desk, 0, 60))
    assert tally["left_for_next_run"] > 0
    done = {number for _, number in source.asked}
    assert feeds.progress("tracking#scripted#0").window_end is not None
    for _ in range(20):
        sweep_shard(desk, 0, 60)
    assert {number for _, number in source.asked} == set(numbers)
    assert len(source.asked) == 600
    assert done < set(numbers)


PUSHING = SourceLimits(
    batch_size=10,
    requests_per_second=100,
    concurrency=2,
    lock_seconds=1800,
    registers=True,
    pushes=True,
    register_batch_size=10,
)
ADDRESS = "https://desk.example.com/push/scripted"


def test_parcels_are_registered_where_the_source_pushes_and_then_only_netted(clock, source):
    source.limits = PUSHING
    numbers = [f"YT{n:013d}" for n in range(12)]
    add(*numbers)
    desk = desk_for(source, clock, settings=settings_for(callback_url=ADDRESS))
    clock.on(minutes=10)
    assert run(desk)["registered"] == 12
    assert sorted(source.registered) == numbers
    assert {p.watch for p in parcels.open_in_shard(0)} == {Watch.PUSH}
    for _ in range(16):
        clock.on(hours=1)
        run(desk)
    assert sorted(source.registered) == numbers
    counts = [sum(1 for _, asked in source.asked if asked == n) for n in numbers]
    assert max(counts) <= 2


def test_without_an_address_to_push_to_parcels_are_asked_about(clock, source):
    source.limits = PUSHING
    add(N)
    clock.on(minutes=10)
    assert run(desk_for(source, clock))["no_result_yet"] == 1
    assert source.registered == []


def test_where_only_registered_numbers_are_known_they_are_registered_and_asked_about(clock, source):
    source.limits = replace(PUSHING, must_register=True)
    add(N)
    desk = desk_for(source, clock)
    clock.on(minutes=10)
    assert run(desk)["registered"] == 1
    assert parcels.get(N).watch is Watch.POLL
    for _ in range(8):
        clock.on(hours=1)
        run(desk)
    assert 2 <= len(source.asked) <= 3
    assert source.registered == [N]


def test_a_big_promotion_is_registered_over_several_runs(clock, source):
    source.limits = replace(
        PUSHING, must_register=True, requests_per_second=1, register_batch_size=1
    )
    numbers = [f"YT{n:013d}" for n in range(130)]
    add(*numbers)
    desk = desk_for(source, clock)
    runs = []
    for _ in range(4):
        clock.on(minutes=10)
        before = clock.now
        runs.append(run(desk).get("registered", 0))
        assert clock.now - before < timedelta(minutes=4)
    assert runs[0] > 50
    assert sorted(source.registered) == numbers


def without_sources(settings):
    tracking = replace(settings.tracking, sources={}, default_source="")
    return replace(settings, tracking=tracking)


def test_a_courier_without_a_source_is_one_case_until_it_has_one(clock, source):
    add(N)
    desk = desk_for(source, clock)
    with_source, without = desk.settings, without_sources(desk.settings)
    desk.settings = without
    for _ in range(3):
        assert run(desk)["without_source"] == 1
        close_watched(desk, clock.now)
        clock.on(minutes=10)
    assert alerts() == [("source_missing", "opened")]
    assert cases.get("courier:yto", "source_missing").facts == {"courier": "yto"}
    desk.settings = with_source
    close_watched(desk, clock.now)
    assert alerts() == [("source_missing", "opened"), ("source_missing", "solved")]
    desk.settings = without
    run(desk)
    assert cases.get("courier:yto", "source_missing").is_open


def test_who_closed_the_case_of_a_courier_without_a_source_is_not_told_again(clock, source):
    add(N)
    desk = desk_for(source, clock)
    desk.settings = without_sources(desk.settings)
    run(desk)
    desk.casebook.resolve("courier:yto", "source_missing", "tracked elsewhere", clock.now, by="Li")
    told = alerts()
    add("YT9000000000001")
    run(desk)
    close_watched(desk, clock.now)
    assert alerts() == told


def test_a_number_replaced_by_another_closes_its_case(clock, source):
    from aftersales import watching

    add(N)
    desk = desk_for(source, clock)
    clock.on(hours=25)
    run(desk)
    watching.abandon(N, "2605170000001", shards=1, now=clock.now)
    clock.on(hours=1)
    run(desk)
    assert cases.get(f"parcel:{N}", "no_pickup_scan").resolution == "number_replaced"
    assert list(parcels.open_in_shard(0)) == []


def test_a_setting_that_only_shows_when_asking_is_a_case_and_not_a_crash(clock, source):
    add(N)
    source.fails = Misconfigured("The tracking source has no key.")
    clock.on(hours=1)
    run(desk_for(source, clock))
    assert alerts() == [("source_misconfigured", "opened")]
