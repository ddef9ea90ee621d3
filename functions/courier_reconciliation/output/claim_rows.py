"""A claim as rows, in the courier's own layout: its columns first, then what we say to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from courier_reconciliation.output.cells import amount, amount_text
from courier_reconciliation.output.claims import Claim, ClaimItem
from courier_reconciliation.output.courier_layouts import layout_of
from courier_reconciliation.output.sheets import Column, Look
from courier_reconciliation.output.windows import ClaimType
from courier_reconciliation.output.words import Words, kilograms

WEIGHT, BILLED, OWN_WEIGHT = 4, 5, 14
"""Where these columns stand; the other amounts follow the one that is billed."""


class ClaimColumn(NamedTuple):
    """A column and what kind of value it has."""

    name: str
    column: Column


def columns_of(courier: str, words: Words) -> list[ClaimColumn]:
    """The columns of claims to a courier."""
    layout = layout_of(courier)
    ours = (
        *(("expected", 12, Look.MONEY), ("difference", 12, Look.MONEY)),
        *(("declared", 12, Look.MONEY), ("asked", 12, Look.MONEY)),
        *(("currency", 7, Look.TEXT), ("reason", 18, Look.TEXT)),
        *(("evidence", 60, Look.TEXT), ("contract", 72, Look.TEXT)),
        *(("own_weight", 11, Look.WEIGHT), ("own_province", 12, Look.TEXT)),
        *(("shipped_on", 12, Look.DATE), ("order_id", 22, Look.TEXT)),
        *(("file", 24, Look.TEXT), ("row", 8, Look.NUMBER)),
        *(("claim", 12, Look.TEXT), ("file_by", 12, Look.DATE)),
    )
    return [
        ClaimColumn("waybill", Column(layout.waybill, 22)),
        ClaimColumn("date", Column(layout.date, 12, Look.DATE)),
        ClaimColumn("charge", Column(layout.charge, 14)),
        ClaimColumn("province", Column(layout.province, 12)),
        ClaimColumn("weight", Column(layout.weight, 11, Look.WEIGHT)),
        ClaimColumn("billed", Column(layout.amount, 12, Look.MONEY)),
        *(ClaimColumn(name, Column(words.column(name), width, look)) for name, width, look in ours),
    ]


def rows_of(claim: Claim, words: Words) -> Iterator[tuple[Any, ...]]:
    """One row for each item, for a sheet. Reasons are in the words' language."""
    in_grams = layout_of(claim.courier).weight_in_grams
    for item in claim.items:
        one, facts, currency = item.discrepancy, item.facts, claim.currency
        weight = facts.billed_weight_g
        yield (
            item.waybill_number,
            facts.billed_on or facts.shipped_on,
            words.charge(one.charge) if one else "",
            facts.billed_province or facts.province,
            weight if weight is None or in_grams else weight / 1000,
            amount(item.billed_minor, currency),
            amount(item.expected_minor, currency),
            amount(item.billed_minor - item.expected_minor, currency),
            None if item.declared_minor is None else amount(item.declared_minor, currency),
            amount(item.asked_minor, currency),
            currency,
            _reason(claim, item, words),
            words.evidence(one) if one else words.outcome_told(claim.type.value),
            words.contract(one) if one else "",
            None if facts.own_weight_g is None else facts.own_weight_g / 1000,
            facts.province,
            facts.shipped_on,
            item.order_id,
            one.file if one else "",
            one.row if one else None,
            words.block(claim.type.value),
            item.file_by,
        )


def texts_of(claim: Claim, words: Words) -> Iterator[list[Any]]:
    """The same for a CSV file: money and weights to the last digit."""
    grams = str if layout_of(claim.courier).weight_in_grams else kilograms
    for item, row in zip(claim.items, rows_of(claim, words), strict=True):
        texts: list[Any] = list(row)
        weight, own = item.facts.billed_weight_g, item.facts.own_weight_g
        texts[WEIGHT] = None if weight is None else grams(weight)
        texts[OWN_WEIGHT] = None if own is None else kilograms(own)
        minors = (
            *(item.billed_minor, item.expected_minor, item.billed_minor - item.expected_minor),
            *(item.declared_minor, item.asked_minor),
        )
        for number, minor in enumerate(minors, BILLED):
            texts[number] = None if minor is None else amount_text(minor, claim.currency)
        yield texts


def _reason(claim: Claim, item: ClaimItem, words: Words) -> str:
    if item.discrepancy is not None:
        return words.kind(item.discrepancy.kind)
    return words.outcome("lost" if claim.type is ClaimType.LOST else "damaged")
