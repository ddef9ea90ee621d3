"""How a large bill is shared out, and how the answers about its parts are added up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from courier_reconciliation.engine.database import workshop
from courier_reconciliation.filling import quoted
from courier_reconciliation.in_parts import shards
from courier_reconciliation.in_parts.adding_up import added_up
from courier_reconciliation.model import Discrepancy, Kind, Rejected
from courier_reconciliation.reading.tables import prepare
from courier_reconciliation.result import CourierTotal, NotAuditable, Reconciliation


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBPyConnection]:
    with workshop() as shop:
        yield shop.connection


def test_the_part_of_a_number_is_the_same_for_ever(db: DuckDBPyConnection) -> None:
    for number in ("", "SF1234567890", "1Z999AA10123456784", "顺丰"):
        digest = hashlib.md5(number.encode(), usedforsecurity=False).hexdigest()
        (found,) = db.execute(f"SELECT {shards.part_sql('?', 7)}", [number]).fetchone() or ()
        assert found == int(digest[:8], 16) % 7


def test_a_number_that_lost_its_zeros_is_in_the_part_of_the_whole_one(
    db: DuckDBPyConnection,
) -> None:
    whole, damaged = (shards.part_sql(quoted(one), 997) for one in ("089328792175", "89328792175"))
    assert db.execute(f"SELECT {whole} = {damaged}").fetchone() == (True,)


NUMBERS = st.sampled_from([f"N{n}" for n in range(12)])


@given(st.lists(st.tuples(NUMBERS, NUMBERS | st.just("")), max_size=20), st.integers(1, 5))
def test_lines_that_name_the_same_number_are_in_one_part(
    pairs: list[tuple[str, str]], parts: int
) -> None:
    with workshop() as shop:
        db = shop.connection
        prepare(db)
        for line, (waybill, parent) in enumerate(pairs, 1):
            db.execute(
                "INSERT INTO billed (line, file, sheet, waybill, parent) VALUES (?, 'a', '', ?, ?)",
                [line, waybill, parent],
            )
        shards.gather_families(db, "a")
        shards.share_lines(db, "a", parts)
        found = dict(db.execute("SELECT line, part FROM line_parts").fetchall())
        at: dict[str, int] = {}
        assert len(found) == len(pairs)
        for line, (waybill, parent) in enumerate(pairs, 1):
            for number in (waybill, parent or waybill):
                assert at.setdefault(number, found[line]) == found[line]
        # What a part knows of families is enough to tell its own numbers from those of others.
        db.execute("CREATE TABLE named AS SELECT unnest(?::VARCHAR[]) AS waybill", [sorted(at)])
        db.execute("CREATE TABLE all_families AS SELECT * FROM families")
        for part in range(parts):
            db.execute("CREATE OR REPLACE TEMP TABLE families AS SELECT * FROM all_families")
            known = db.execute(shards.families_of_part_sql(part, parts)).fetchall()
            db.execute("DELETE FROM families")
            if known:
                db.executemany("INSERT INTO families VALUES (?, ?)", known)
            own = db.execute(shards.numbers_of_part_sql("named", "waybill", part, parts)).fetchall()
            assert {number for (number,) in own} == {n for n, one in at.items() if one == part}


def an_answer(**facts: object) -> Reconciliation:
    plain = Reconciliation(
        period="2026-10",
        lines=0,
        matched=0,
        unmatched_bill=0,
        unmatched_shipments=0,
        discrepancies=(),
        not_auditable=(),
        rejected=(),
        totals=(),
        total_billed_minor=0,
        total_expected_minor=0,
        claimable_minor=0,
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


def wrong(row: int, kind: Kind, billed: int, expected: int, courier: str = "sto") -> Discrepancy:
    return Discrepancy(kind, courier, f"W{row}", billed, expected, "CNY", file="a", row=row)


def a_total(courier: str, lines: int, currency: str = "CNY") -> CourierTotal:
    return CourierTotal(courier, currency, lines, 10 * lines, 1, 2, 3, 4, 5, 6, 7)


def test_answers_are_added_up_in_the_order_of_the_rows() -> None:
    one = an_answer(
        lines=3,
        matched=3,
        discrepancies=(wrong(7, Kind.WEIGHT_OVER, 9, 4),),
        not_auditable=(NotAuditable("sto", "W9", 5, "CNY", "no price", "a", "", 9),),
        totals=(a_total("sto", 3),),
        notes=("3 rows are dated outside 2026-10", "a.csv: a hint"),
        total_billed_minor=30,
        total_expected_minor=25,
        claimable_minor=5,
    )
    two = an_answer(
        lines=2,
        matched=2,
        discrepancies=(wrong(2, Kind.WEIGHT_OVER, 8, 6),),
        not_auditable=(NotAuditable("sto", "W4", 5, "CNY", "no price", "a", "", 4),),
        totals=(a_total("sto", 1), a_total("zto", 1, "USD")),
        notes=("a.csv: a hint", "4 rows are dated outside 2026-10"),
        rejected=(Rejected("a", "dated long ago", "", 8), Rejected("a", "dated long ago", "", 3)),
        total_billed_minor=20,
        total_expected_minor=18,
        claimable_minor=2,
    )
    rest = an_answer(
        lines=1,
        unmatched_bill=1,
        unmatched_shipments=2,
        discrepancies=(
            replace(wrong(0, Kind.MISSING_FROM_BILL, 0, 6), row=None, claimable=False),
            wrong(5, Kind.UNKNOWN_WAYBILL, 10, 0),
        ),
        rejected=(Rejected("a", "its digits are lost", "", 6),),
        total_billed_minor=10,
        claimable_minor=10,
        carry_over=1,
    )
    printed = replace(wrong(99, Kind.TOTAL_MISMATCH, 70, 60), waybill_number="")
    found = added_up([one, two], rest, [printed])
    assert (found.lines, found.matched, found.unmatched_bill) == (6, 5, 1)
    assert (found.unmatched_shipments, found.carry_over) == (2, 1)
    assert [d.row for d in found.discrepancies] == [None, 2, 5, 7, 99]
    assert [n.row for n in found.not_auditable] == [4, 9]
    assert [r.row for r in found.rejected] == [6, 3, 8]
    assert found.notes == ("7 rows are dated outside 2026-10", "a.csv: a hint")
    assert (found.total_billed_minor, found.total_expected_minor) == (60, 43)
    assert found.claimable_minor == 5 + 2 + 10 + 10
    assert found.by_kind == {
        Kind.TOTAL_MISMATCH: (1, 10),
        Kind.UNKNOWN_WAYBILL: (1, 10),
        Kind.WEIGHT_OVER: (2, 7),
        Kind.MISSING_FROM_BILL: (1, -6),
    }
    sto, zto = found.totals
    assert (sto.lines, sto.billed_minor, sto.over_minor, sto.missing_minor) == (4, 40, 6, 6)
    assert (zto.courier, zto.currency, zto.lines, zto.missing_minor) == ("zto", "USD", 1, 0)
    assert found.currency == "CNY"
