"""A small reconciled month as the engine leaves it: tables in a connection, and the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from courier_reconciliation.engine.shipments import TABLE as SHIPMENTS
from courier_reconciliation.model import TOTAL, Discrepancy, Kind, Rejected
from courier_reconciliation.reading.lines import COLUMNS as LINE_COLUMNS
from courier_reconciliation.reading.lines import LINES
from courier_reconciliation.result import CourierTotal, NotAuditable, Reconciliation

DAY = date(2026, 10, 12)


@dataclass
class World:
    """Add lines, shipments and findings, then ask for `result()` and `connection()`."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    shipments: list[dict[str, Any]] = field(default_factory=list)
    found: list[Discrepancy] = field(default_factory=list)
    left: list[NotAuditable] = field(default_factory=list)
    unbilled: list[tuple[int, str]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    with_times: bool = False
    period: str = "2026-10"

    def shipment(self, waybill: str, **more: Any) -> int:
        """A parcel that was shipped; returns its row."""
        number = len(self.shipments) + 2
        usual = {
            "row": number, "waybill": waybill, "courier": "sto", "shipped_on": DAY,
            "order_id": f"T{number:06d}", "weight_g": 1200, "province": "广东", "city": "广州",
            "service": "", "parcel_count": 1, "outcome": "delivered",
        }  # fmt: skip
        self.shipments.append(usual | more)
        return number

    def missing(self, waybill: str, reason: str, **more: Any) -> None:
        """A parcel that is on no bill."""
        self.unbilled.append((self.shipment(waybill, **more), reason))

    def line(self, waybill: str, amount: int, verdict: str = "agreed", **more: Any) -> int:
        """A billed row, with a shipment unless nobody shipped it; returns its row."""
        shipment = more.pop("shipment", None)
        facts = more.pop("shipped", {})
        if shipment is None and verdict != "unmatched":
            shipment = self.shipment(waybill, courier=more.get("courier", "sto"), **facts)
        row = len(self.lines) + 2
        usual = {
            "line": len(self.lines) + 1, "file": "sto-10.xlsx", "sheet": "Sheet1", "row": row,
            "waybill": waybill, "parent": "", "courier": "sto", "charge": TOTAL,
            "amount_minor": amount, "currency": "CNY", "billed_on": DAY, "order_id": "",
            "service": "", "weight_g": 2000, "province": "广东", "city": "", "is_return": False,
            "remark": "", "verdict": verdict, "shipment": shipment,
        }  # fmt: skip
        self.lines.append(usual | more)
        return row

    def wrong(
        self, waybill: str, kind: Kind, billed: int, expected: int, **more: Any
    ) -> Discrepancy:
        """A billed row with a difference."""
        evidence = more.pop("evidence", ())
        rule = more.pop("rule", "")
        claimable = more.pop("claimable", billed > expected)
        row = self.line(waybill, billed, more.pop("verdict", "disputed"), **more)
        line = self.lines[-1]
        self.found.append(
            Discrepancy(
                kind=kind, courier=line["courier"], waybill_number=waybill, billed_minor=billed,
                expected_minor=expected, currency=line["currency"], charge=line["charge"],
                file=line["file"], sheet=line["sheet"], row=row, order_id="T1",
                evidence=evidence, rule=rule, claimable=claimable,
            )
        )  # fmt: skip
        return self.found[-1]

    def result(self) -> Reconciliation:
        """The answer, with totals that add up."""
        billed = sum(line["amount_minor"] for line in self.lines)
        over = sum(d.difference_minor for d in self.found if d.difference_minor > 0)
        under = -sum(min(d.difference_minor, 0) for d in self.found)
        agreed = sum(line["amount_minor"] for line in self.lines if line["verdict"] == "agreed")
        unclear = sum(one.billed_minor for one in self.left)
        total = CourierTotal(
            "sto", "CNY", len(self.lines), billed, agreed,
            billed - agreed - over + under - unclear, over, under, 0, 0, unclear,
        )  # fmt: skip
        unmatched = sum(line["verdict"] == "unmatched" for line in self.lines)
        by_kind: dict[Kind, tuple[int, int]] = {}
        for one in self.found:
            count, money = by_kind.get(one.kind, (0, 0))
            by_kind[one.kind] = (count + 1, money + one.difference_minor)
        return Reconciliation(
            period=self.period, lines=len(self.lines), matched=len(self.lines) - unmatched,
            unmatched_bill=unmatched, unmatched_shipments=len(self.unbilled),
            discrepancies=tuple(self.found), not_auditable=tuple(self.left),
            rejected=tuple(self.rejected), totals=(total,), total_billed_minor=billed,
            total_expected_minor=billed - over + under,
            claimable_minor=sum(
                d.difference_minor for d in self.found if d.claimable and d.difference_minor > 0
            ),
            carry_over=sum(reason == "carry_over" for _, reason in self.unbilled),
            by_kind=by_kind,
        )  # fmt: skip

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with the tables that the engine leaves."""
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute(f"CREATE TABLE lines ({LINES})")
            connection.execute(f"CREATE TABLE refused ({LINES}, reason VARCHAR)")
            times = ", delivered_at VARCHAR, promised_at VARCHAR" if self.with_times else ""
            own = SHIPMENTS.removeprefix('"row" BIGINT, ')
            connection.execute(f'CREATE TABLE shipments ("row" BIGINT, {own}{times})')
            connection.execute(
                "CREATE TABLE verdicts (line BIGINT, shipment BIGINT, expected_minor BIGINT,"
                " verdict VARCHAR)"
            )
            connection.execute("CREATE TABLE unbilled (shipment BIGINT, reason VARCHAR)")
            _insert(connection, "lines", LINE_COLUMNS, self.lines)
            _insert(connection, "refused", (*LINE_COLUMNS, "reason"), self.refused)
            columns = [row[0] for row in connection.execute("DESCRIBE shipments").fetchall()]
            _insert(connection, "shipments", columns, self.shipments)
            verdicts = ("line", "shipment", "verdict")
            _insert(connection, "verdicts", verdicts, self.lines)
            missing = [{"shipment": row, "reason": reason} for row, reason in self.unbilled]
            _insert(connection, "unbilled", ("shipment", "reason"), missing)
            yield connection


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[dict[str, Any]],
) -> None:
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" for _ in columns)
    connection.executemany(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",
        [[row.get(name) for name in columns] for row in rows],
    )


def usual_month() -> World:
    """One of everything."""
    world = World()
    for n in range(6):
        world.line(f"7700000001{n:03d}", 620)
    weights = (("own_weight_g", 1200), ("chargeable_weight_g", 1200), ("billed_weight_g", 2000))
    card = "card row 2: ¥3.20 up to 1000 g, ¥1.00 for each started 1000 g above, rounding ceil_1000"
    world.wrong("7700000002001", Kind.WEIGHT_OVER, 820, 620, evidence=weights, rule=card)
    world.wrong("7700000002002", Kind.WEIGHT_OVER, 1020, 620, evidence=weights, rule=card)
    world.wrong("7700000002003", Kind.UNKNOWN_WAYBILL, 450, 0, verdict="unmatched",
                rule="the waybill is in no shipment")  # fmt: skip
    world.wrong("SF1400000000011", Kind.SURCHARGE_INVALID, 500, 0, courier="sf",
                charge="remote", rule="the card allows no remote for this parcel",
                evidence=(("province", "广东"), ("declared_value_minor", None)))  # fmt: skip
    world.wrong("7700000002005", Kind.LOST_BILLED, 620, 0, rule="no freight for a lost parcel",
                evidence=(("outcome", "lost"),),
                shipped={"outcome": "lost", "declared_minor": 30_000})  # fmt: skip
    world.wrong("7700000002006", Kind.UNDERBILLED, 600, 620, rule=card)
    world.missing("7700000003001", "carry_over", shipped_on=date(2026, 10, 31))
    world.missing("7700000003002", "in_transit", outcome="in_transit")
    world.missing("7700000003003", "not_due", outcome="lost", declared_minor=12_000)
    row = world.line("7700000004001", 777, "not_auditable")
    world.left.append(
        NotAuditable(
            "sto",
            "7700000004001",
            777,
            "CNY",
            "the card has no price for 西藏",
            "sto-10.xlsx",
            "Sheet1",
            row,
        )
    )
    world.refused.append(
        {"line": -1, "file": "sto-10.xlsx", "sheet": "Sheet1", "row": 90, "waybill": "7.7E+12",
         "courier": "sto", "amount_minor": 320, "currency": "CNY", "reason": "digits are lost"}
    )  # fmt: skip
    world.rejected += [
        Rejected("sto-10.xlsx", "digits are lost", "Sheet1", 90),
        Rejected("price list.xlsx", "no table of parcels"),
    ]
    return world
