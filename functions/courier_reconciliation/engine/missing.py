"""Shipments that are on no bill, and what they would have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.json import Decoder
from msgspec.structs import replace

from courier_reconciliation.engine.unbilled import LEFT_OF_NUMBER, NEAR_DAYS
from courier_reconciliation.model import TOTAL, Discrepancy, Kind, Shipment
from courier_reconciliation.rates.card import NotPriced, RateCard, facts_of
from courier_reconciliation.rates.quotes import Quotes
from courier_reconciliation.result import NotAuditable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHIPMENT = (
    "json_array(s.waybill, s.courier, s.shipped_on, s.province, s.order_id, s.weight_g,"
    " s.length_mm, s.width_mm, s.height_mm, s.city, s.service, s.declared_minor, s.cod_minor,"
    " s.parcel_count, s.outcome)::VARCHAR"
)
"""A shipment, whose fields stand in this order."""


def missing(
    connection: DuckDBPyConnection, card: RateCard
) -> tuple[list[Discrepancy], list[NotAuditable]]:
    """Delivered, and on no bill; and those of which the card has no price.

    A parcel that a refused row asks the price of may be that row's: it is not called missing.
    """
    quotes = Quotes(card)
    found: list[Discrepancy] = []
    unpriced: list[NotAuditable] = []
    lost = connection.execute(
        f"SELECT courier, billed_on, province, amount_minor, {LEFT_OF_NUMBER} FROM refused AS r"
        " WHERE waybill = '' AND amount_minor > 0"
    ).fetchall()
    shipped = Decoder(Shipment).decode
    for place, text in connection.execute(
        f'SELECT s."row", {SHIPMENT} FROM unbilled AS u JOIN loose_shipments AS s ON s."row" ='
        " u.shipment WHERE u.reason = 'missing' ORDER BY s.\"row\""
    ).fetchall():
        shipment = shipped(text)
        facts = facts_of(shipment)
        evidence: tuple[tuple[str, str | int], ...]
        evidence = (("shipped_on", shipment.shipped_on.isoformat()),)
        if facts.weight_g is None:
            # what the lightest parcel costs is the least that will be billed
            facts = replace(facts, weight_g=1)
            evidence = (*evidence, ("own_weight_g", "unknown: the least price"))
        priced = quotes.price(facts)
        if isinstance(priced, NotPriced):
            reason = f"shipped in the period and on no bill; {priced.reason}"
            unpriced.append(
                NotAuditable(
                    shipment.courier,
                    shipment.waybill_number,
                    0,
                    card.freight[0].currency if card.freight else "CNY",
                    reason,
                    order_id=shipment.order_id,
                )
            )
        elif lost and _is_of_refused_row(lost, shipment, priced.total_minor):
            connection.execute(
                "UPDATE unbilled SET reason = 'refused_row' WHERE shipment = ?", [place]
            )
        else:
            found.append(
                Discrepancy(
                    kind=Kind.MISSING_FROM_BILL,
                    courier=shipment.courier,
                    waybill_number=shipment.waybill_number,
                    billed_minor=0,
                    expected_minor=priced.total_minor,
                    currency=priced.currency,
                    charge=TOTAL,
                    order_id=shipment.order_id,
                    evidence=evidence,
                    rule="shipped in the period and on no bill: expect it on a later one",
                    claimable=False,
                )
            )
    return found, unpriced


def _is_of_refused_row(lost: list[tuple[Any, ...]], shipment: Shipment, total_minor: int) -> bool:
    """Whether a row that lost its number asks for the price of this parcel; if so it is taken."""
    for one in lost:
        courier, day, province, amount, digits = one
        near = day is None or abs((day - shipment.shipped_on).days) <= NEAR_DAYS
        same = courier in ("", shipment.courier) and province in ("", shipment.province)
        same = same and shipment.waybill_number.startswith(digits)
        if near and same and abs(amount - total_minor) <= 1:
            lost.remove(one)
            return True
    return False
