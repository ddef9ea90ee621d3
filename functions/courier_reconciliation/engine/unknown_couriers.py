"""Shipments of couriers that nobody knows: no bill and no price would ever be about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales.couriers.codes import NAMES
from courier_reconciliation.model import Rejected
from courier_reconciliation.rates.card import RateCard

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN = 20
"""A column that holds no couriers at all has many words; so many say enough."""


def unknown_couriers(
    connection: DuckDBPyConnection, name: str, card: RateCard
) -> tuple[Rejected, ...]:
    """Name each courier of the table `shipments` that is neither one of ours nor on the card.

    `name` is that of the file. A misspelt courier would otherwise look like one that sent no bill.
    """
    known = {*NAMES, *(row.courier for row in card.freight)}
    known |= {row.courier for row in card.surcharges}
    found = connection.execute(
        'SELECT courier, count(*), min("row") FROM shipments WHERE raw IS NULL GROUP BY courier'
        ' ORDER BY min("row")'
    ).fetchall()
    strangers = [one for one in found if one[0] not in known]
    return tuple(
        Rejected(
            name,
            f"the courier {courier[:40]!r} is neither known nor on the rate card;"
            f" {count} shipment{'s' if count > 1 else ''} of it cannot be checked",
            "",
            row,
        )
        for courier, count, row in strangers[:SHOWN]
    )
