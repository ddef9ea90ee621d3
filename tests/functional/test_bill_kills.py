"""A run that dies anywhere is made good by the next one: nothing twice, nothing missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aftersales.tables import bills, cases
from aftersales.tables.connection import connection
from local.invoke import invoke
from tests.bills_in_parts import forget
from tests.functional.test_bill_handlers import (
    SUBJECT,
    drop,
    found,
    planted,
    small_month,
)
from tests.handler_world import World, event_named, function_for, world_of

WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")


class KilledError(Exception):
    """The process is gone."""


@pytest.fixture
def world(tables: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


@contextmanager
def dying_at(number: int) -> Iterator[list[int]]:
    """The process dies instead of its nth write; counts the writes."""
    count = [0]

    def write(model: Any, **_: Any) -> None:
        if model.name in WRITES:
            count[0] += 1
            if count[0] == number:
                raise KilledError(model.name)

    events = connection().client.meta.events
    events.register("before-call.dynamodb", write)
    try:
        yield count
    finally:
        events.unregister("before-call.dynamodb", write)


def run(world: World) -> bool:
    """Call the function with its event; False where it died."""
    event = event_named("courier_reconciliation_files")
    name = function_for("courier_reconciliation_files")
    return invoke(name, event, cause="test").ok


def ended(world: World) -> tuple[Any, ...]:
    """What is left when all is over, without times and versions."""
    (bill,) = bills.of_account("sto")
    case = cases.get(SUBJECT, "bill_discrepancies")
    assert case is not None
    return (
        found(),
        (bill.name, bill.sha256, bill.claims, bill.claimable_minor, bill.report),
        (case.is_open, case.alerts, case.episode),
        len(world.tables.items("outbox")),
        world.buckets.keys("aftersales-drop", "reports/"),
    )


def test_a_run_that_dies_at_any_write_is_made_good_by_the_next(
    world: World, tmp_path: Path
) -> None:
    month = small_month(world, tmp_path, 5)
    drop(world, month, tmp_path)
    clean = world.tables.items("parcels")
    with dying_at(10_000) as count:
        assert run(world)
    whole, writes = ended(world), count[0]
    assert whole[0] == planted(month)
    assert writes >= 8
    assert world.tables.items("parcels") == clean
    for number in range(1, writes + 1):
        forget(world)
        with dying_at(number):
            assert not run(world)
        assert run(world), number
        assert ended(world) == whole, number
