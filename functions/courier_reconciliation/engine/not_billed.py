"""Surcharges that the card has and a courier's bill never charges: they are not expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from courier_reconciliation.engine.prices import Terms
from courier_reconciliation.filling import quoted
from courier_reconciliation.rates.card import RateCard
from courier_reconciliation.surcharge_codes import OTHER, Due

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ENOUGH = 2
"""From one parcel nothing is concluded: it is told by itself."""


def never_billed(
    connection: DuckDBPyConnection, terms: Terms, card: RateCard
) -> dict[str, tuple[str, ...]]:
    """Courier -> surcharges that are due by the card, but that its bill charges to nobody.

    Most of the parcels that they are due for must agree without them, and none with them. Needs the
    tables `lines`, `charges` and `judged`.
    """
    wanted: dict[str, set[str]] = {}
    for row in card.surcharges:
        if row.due is Due.ALWAYS and row.code in terms.codes:
            wanted.setdefault(row.courier, set()).add(row.code)
    found = {}
    for courier, codes in sorted(wanted.items()):
        billed = _billed(connection, courier)
        unseen = tuple(sorted(codes - billed))
        if unseen and OTHER not in billed and _agree_without(connection, terms, courier, unseen):
            found[courier] = unseen
    return found


def not_expected(card: RateCard, unseen: Mapping[str, tuple[str, ...]]) -> RateCard:
    """The card with these surcharges as such that may be billed, and need not be."""
    return replace(
        card,
        surcharges=tuple(
            replace(row, due=Due.ALLOWED) if row.code in unseen.get(row.courier, ()) else row
            for row in card.surcharges
        ),
    )


def _billed(connection: DuckDBPyConnection, courier: str) -> set[str]:
    """The codes of all charges in a courier's bills."""
    rows = connection.execute(
        f"SELECT DISTINCT charge FROM lines WHERE courier = {quoted(courier)}"
        " UNION SELECT DISTINCT code FROM charges AS c WHERE amount_minor <> 0 AND line IN"
        f" (SELECT line FROM lines WHERE courier = {quoted(courier)})"
    ).fetchall()
    return {code for (code,) in rows}


def _agree_without(
    connection: DuckDBPyConnection, terms: Terms, courier: str, codes: tuple[str, ...]
) -> bool:
    owed = " + ".join(f"coalesce(any_value(j.owed_{terms.codes.index(code)}), 0)" for code in codes)
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (paid = expected), count(*) FILTER"
        " (paid = expected - owed) FROM (SELECT sum(l.amount_minor) AS paid,"
        f" any_value(j.expected_total) AS expected, {owed} AS owed FROM judged AS j"
        f" JOIN lines AS l USING (line) WHERE l.courier = {quoted(courier)}"
        " AND j.shipment IS NOT NULL GROUP BY j.shipment) WHERE owed > 0"
    ).fetchone()
    count, whole, without = row or (0, 0, 0)
    return bool(count >= ENOUGH and not whole and without * 2 > count)
