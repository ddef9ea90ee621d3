"""The past gone through again: what missed runs change, and what they must not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aftersales.parcels import Order, OrderStatus
from aftersales.settings.model import Settings, Shop
from unpaid_reminder.replay import replay, run_after

SETTINGS = Settings(shops=(Shop(id="tb1", platform="taobao"),))
PLACED = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
MOMENT = PLACED + timedelta(minutes=20)
BACK = MOMENT + timedelta(minutes=25)


def an_order(paid_at: datetime | None = None) -> Order:
    return Order(
        shop_id="tb1",
        order_id="2611030001",
        status=OrderStatus.CLOSED if paid_at is None else OrderStatus.PAID,
        created_at=PLACED,
        paid_at=paid_at,
        buyer_ref="buyer1",
    )


def standing_still(at: datetime) -> datetime:
    """No runs from five minutes before the moment until `BACK`."""
    run = run_after(at)
    return BACK if MOMENT - timedelta(minutes=5) <= run < BACK else run


def first_nudge(order: Order, runs=run_after) -> datetime | None:
    done = replay([order], SETTINGS, lambda _, at: at, runs).done
    return next((one.at for one in done if one.outcome == "nudge"), None)


def test_a_moment_that_fell_into_an_outage_is_made_up_by_the_next_run():
    assert first_nudge(an_order()) == MOMENT
    assert first_nudge(an_order(), standing_still) == BACK


@pytest.mark.parametrize("paid_at", [MOMENT + timedelta(minutes=1), BACK])
def test_who_paid_in_the_outage_is_not_nudged_after_it(paid_at):
    assert first_nudge(an_order(paid_at)) == MOMENT
    assert first_nudge(an_order(paid_at), standing_still) is None


@pytest.mark.parametrize(("seconds", "later"), [(0, 0), (1, 59), (59, 1), (60, 0)])
def test_runs_are_on_full_minutes(seconds, later):
    at = PLACED + timedelta(seconds=seconds)
    assert run_after(at) == at + timedelta(seconds=later)
