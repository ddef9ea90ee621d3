"""Which shipment a billed row is about: the one join for all rows, against row by row in Python."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from courier_reconciliation.engine import matching, prices
from courier_reconciliation.engine.database import workshop
from courier_reconciliation.engine.shipments import put_shipments
from courier_reconciliation.reading import lines, tables
from tests.functional.test_reconcile_engine import CARD

FIRST = date(2026, 9, 1)
NUMBERS = [f"77400000000{n}" for n in range(6)]
ORDERS = ["", "", "O1", "O2"]


class Sent(NamedTuple):
    row: int
    waybill: str
    courier: str
    day: date
    order: str


class Billed(NamedTuple):
    line: int
    waybill: str
    parent: str
    courier: str
    day: date | None
    order: str


@st.composite
def worlds(draw: Any) -> tuple[list[Sent], list[Billed]]:
    days = st.integers(0, 80).map(lambda n: FIRST + timedelta(days=n))
    couriers = st.sampled_from(["sto", "zto"])
    sent = draw(
        st.lists(
            st.tuples(st.sampled_from(NUMBERS), couriers, days, st.sampled_from(ORDERS)),
            max_size=7,
        )
    )
    billed = draw(
        st.lists(
            st.tuples(
                st.sampled_from([*NUMBERS, "779999999991", "779999999992"]),
                st.sampled_from(["", "", *NUMBERS]), couriers, st.none() | days,
                st.sampled_from(ORDERS),
            ),
            max_size=7,
        )
    )  # fmt: skip
    return (
        [Sent(n, *each) for n, each in enumerate(sent, 2)],
        [Billed(n, *each) for n, each in enumerate(billed, 2)],
    )


def one_by_one(sent: list[Sent], billed: list[Billed]) -> dict[int, int | None]:
    """line -> row of its shipment, slowly."""
    found: dict[int, int | None] = {}
    for line in billed:
        fitting = [
            one
            for one in sent
            if one.waybill == line.waybill
            and (line.day is None or line.day >= one.day - timedelta(days=31))
        ]
        fitting.sort(key=lambda one: (apart(line, one), -one.day.toordinal(), one.row))
        found[line.line] = fitting[0].row if fitting else None
    for line in billed:
        if found[line.line] is None and line.parent:
            rows = [one.row for one in sent if one.waybill == line.parent]
            found[line.line] = min(rows, default=None)
    free = {one.row for one in sent}.difference(found.values())
    for order in ("O1", "O2"):
        pairs = [
            (line.line, one.row)
            for line in billed
            for one in sent
            if found[line.line] is None
            and (line.order, line.courier) == (one.order, one.courier)
            and one.order == order
        ]
        if len(pairs) == 1 and pairs[0][1] in free:
            found[pairs[0][0]] = pairs[0][1]
    return found


def apart(line: Billed, one: Sent) -> int:
    return 0 if line.day is None else abs((line.day - one.day).days)


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_rows_find_their_shipments_as_they_do_one_by_one(world):
    sent, billed = world
    with workshop() as desk:
        tables.prepare(desk.connection)
        named = ("line", "waybill", "parent", "courier", "billed_on", "order_id")
        for line in billed:
            values = {**dict.fromkeys(lines.COLUMNS), **dict(zip(named, line, strict=True))}
            values |= {"file": "b", "sheet": "", "row": line.line, "charge": "total"}
            values |= {"amount_minor": 320, "currency": "CNY", "is_return": False}
            marks = ", ".join("?" for _ in lines.COLUMNS)
            desk.connection.execute(
                f"INSERT INTO billed VALUES ({marks})", [values[name] for name in lines.COLUMNS]
            )
        rows = [
            (one.waybill, one.courier, one.day, one.order, 900, None, None, None, "浙江", "", "",
             None, None, 1, "delivered", None)
            for one in sent
        ]  # fmt: skip
        put_shipments(desk.connection, rows, desk.folder)
        matching.judge(desk.connection, prices.lay_out(desk.connection, CARD, desk.folder))
        judged = desk.connection.execute("SELECT line, shipment, ok FROM judged").fetchall()
        loose = desk.connection.execute('SELECT "row" FROM loose_shipments').fetchall()
    expected = one_by_one(sent, billed)
    assert {line: shipment for line, shipment, _ in judged} == expected
    assert len(judged) == len(billed)
    assert {row for (row,) in loose} == {one.row for one in sent}.difference(expected.values())
    agreeing = {line for line, _, ok in judged if ok}
    assert agreeing == one_alone(sent, billed, expected)


def one_alone(sent: list[Sent], billed: list[Billed], found: dict[int, int | None]) -> set[int]:
    """Lines that agree: their own number, a courier of the card, and no other line beside them."""
    taken = list(found.values())
    of_row = {one.row: one for one in sent}
    return {
        line.line
        for line in billed
        if (row := found[line.line]) is not None
        and taken.count(row) == 1
        and of_row[row].waybill == line.waybill
        and of_row[row].courier == "sto"
        and (line.day is None or line.day >= of_row[row].day - timedelta(days=31))
    }
