"""The life of the simulated live shops: the same for a seed, and with all that may happen in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from aftersales.couriers import waybills
from local.simulators.review_texts import Kind
from local.simulators.sales import Stage
from local.simulators.shop_life import ShopLife, tmall_life, woo_life

ORIGIN = datetime(2026, 3, 9, 2, 17, tzinfo=UTC)
WEEK = ORIGIN + timedelta(days=7)

Make = Callable[[str, datetime], ShopLife]


@pytest.fixture(params=[tmall_life, woo_life])
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def test_the_same_seed_and_origin_make_the_same_life(make: Make) -> None:
    assert make("a", ORIGIN).sales(WEEK) == make("a", ORIGIN).sales(WEEK)
    assert make("a", ORIGIN).sales(WEEK) != make("b", ORIGIN).sales(WEEK)


def test_a_life_looked_at_often_is_the_one_looked_at_once(make: Make) -> None:
    often = make("a", ORIGIN)
    for hours in range(0, 24 * 7, 5):
        often.sales(ORIGIN + timedelta(hours=hours))
    assert often.sales(WEEK) == make("a", ORIGIN).sales(WEEK)


def test_orders_are_paid_at_once_later_or_never_and_some_are_shipped_or_refunded(
    make: Make,
) -> None:
    sales = make("a", ORIGIN).sales(WEEK)
    assert {sale.stage(WEEK + timedelta(days=12)) for sale in sales} == {
        Stage.PAID,
        Stage.FINISHED,
        Stage.ABANDONED,
        Stage.REFUNDED,
    }
    nudged_after = timedelta(minutes=20)
    at_once = [s for s in sales if s.paid_at and s.paid_at - s.placed_at < nudged_after]
    late = [s for s in sales if s.paid_at and s.paid_at - s.placed_at >= nudged_after]
    assert len(sales) * 0.2 < len(at_once) < len(sales) * 0.5
    assert len(sales) * 0.2 < len(late) < len(sales) * 0.5
    assert len({sale.order_id for sale in sales}) == len(sales)


def test_what_happens_to_an_order_happens_in_its_order(make: Make) -> None:
    for sale in make("a", ORIGIN).sales(WEEK):
        left = [parcel.shipped_at for parcel in sale.parcels]
        times = [sale.placed_at, sale.paid_at, sale.refund_asked_at, sale.refunded_at, *left]
        told = [at for at in (*times, sale.finished_at) if at is not None]
        assert told == sorted(told)
        for at in told:
            assert sale.changed_at(at) == at


def test_a_parcel_is_known_once_it_has_left_and_its_number_is_valid(make: Make) -> None:
    life = make("a", ORIGIN)
    parcels = [parcel for sale in life.sales(WEEK) for parcel in sale.parcels]
    for parcel in parcels:
        number, left = parcel.waybill_number, parcel.shipped_at
        assert waybills.identify(number).valid is True
        assert life.parcel(number, left) == parcel
        assert life.parcel(number, left - timedelta(seconds=1)) is None
    assert len(parcels) > 10


def test_some_orders_are_split_into_two_parcels_and_some_travel_in_one(make: Make) -> None:
    sales = make("a", ORIGIN).sales(WEEK)
    split = [sale for sale in sales if len(sale.parcels) == 2]
    assert split
    for sale in split:
        first, last = sale.parcels
        assert sale.stage(first.shipped_at) is Stage.PARTLY_SHIPPED
        assert sale.stage(last.shipped_at) is Stage.SHIPPED
        assert sale.parcels_left(first.shipped_at) == (first,)
    merged = {p.waybill_number: p for s in sales for p in s.parcels if len(p.order_ids) == 2}
    assert merged
    for parcel in merged.values():
        together = [sale for sale in sales if parcel in sale.parcels]
        assert {sale.order_id for sale in together} == set(parcel.order_ids)
        assert len({sale.buyer for sale in together}) == 1


def test_reviews_trickle_and_each_kind_comes_within_a_day_or_two(make: Make) -> None:
    life = make("a", ORIGIN)
    written = life.reviews.written(WEEK)
    assert written == make("a", ORIGIN).reviews.written(WEEK)
    assert written != make("b", ORIGIN).reviews.written(WEEK)
    later = [review for review in written if review.written_at >= ORIGIN]
    times = [review.written_at for review in later]
    assert all(b - a <= timedelta(hours=4) for a, b in itertools.pairwise(times))
    assert {r.kind for r in later if r.written_at < ORIGIN + timedelta(hours=48)} == set(Kind)
    for review in later:
        assert "{" not in "".join(said.text for said in review.said)
        assert (len(review.said) > 1) is (review.kind is Kind.EDITED)
        assert (review.added is not None) is (review.kind is Kind.TURNED_BAD)
        assert (review.deleted_at is not None) is (review.kind is Kind.DELETED)
        assert life.sale(review.sale.order_id, review.written_at) == review.sale
        assert review.sale.stage(review.written_at) is Stage.FINISHED
