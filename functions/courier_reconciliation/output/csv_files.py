"""The lists of a reconciliation as CSV: UTF-8 with a byte order mark, safe for spreadsheets.

Lists have the names of the JSON and money in minor units; claims are written for a courier.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from courier_reconciliation.output import claim_rows
from courier_reconciliation.output.cells import neutral
from courier_reconciliation.output.claims import Claim
from courier_reconciliation.output.courier_layouts import language_for
from courier_reconciliation.output.gather import REFUSED_COLUMNS, Tables
from courier_reconciliation.output.view import View
from courier_reconciliation.output.words import Words

DISCREPANCY_COLUMNS = (
    *("waybill_number", "kind", "courier", "charge", "billed_minor", "expected_minor"),
    *("difference_minor", "currency", "claimable", "order_id", "file", "sheet", "row"),
    *("billed_on", "shipped_on", "evidence", "rule"),
)
NOT_AUDITABLE_COLUMNS = (
    *("waybill_number", "courier", "billed_minor", "currency", "reason", "order_id", "file"),
    *("sheet", "row"),
)
LATE_COLUMNS = (
    *("waybill_number", "courier", "service", "promised_at", "delivered_at", "late_minutes"),
    *("refund_minor", "currency", "file_by", "order_id"),
)


def write_lists(folder: Path, tables: Tables, view: View) -> list[str]:
    """All lists but the claims; returns their names."""
    tables.copy_lines(folder / "lines.csv")
    tables.copy_unbilled(folder / "unbilled.csv")
    _write(folder / "discrepancies.csv", DISCREPANCY_COLUMNS, _discrepancies(view))
    _write(folder / "not_auditable.csv", NOT_AUDITABLE_COLUMNS, _not_auditable(view))
    _write(folder / "refused.csv", REFUSED_COLUMNS, tables.refused())
    names = ["lines.csv", "unbilled.csv", "discrepancies.csv", "not_auditable.csv", "refused.csv"]
    if view.late:
        _write(folder / "late.csv", LATE_COLUMNS, _late(view))
        names.append("late.csv")
    return names


def write_claims(folder: Path, claims: Sequence[Claim], language: str) -> list[str]:
    """A file for each claim, in the courier's own layout; returns their names."""
    names = []
    several = {
        (one.courier, one.type)
        for one in claims
        if len({each.currency for each in claims if _same(each, one)}) > 1
    }
    for claim in claims:
        words = Words(language_for(claim.courier, language))
        columns = [each.column.heading for each in claim_rows.columns_of(claim.courier, words)]
        parts = [_plain(claim.courier) or "unknown", claim.what]
        if (claim.courier, claim.type) in several:
            parts.append(_plain(claim.currency) or "unknown")
        name = f"{'_'.join(parts)}.csv"
        _write(folder / name, columns, claim_rows.texts_of(claim, words))
        names.append(name)
    return names


def _same(one: Claim, other: Claim) -> bool:
    return (one.courier, one.type) == (other.courier, other.type)


def _plain(text: str) -> str:
    """What a file name may hold of a code."""
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c in "_-"))


def _discrepancies(view: View) -> Iterable[Sequence[Any]]:
    for one, facts in zip(view.result.discrepancies, view.facts, strict=True):
        yield (
            one.waybill_number,
            one.kind.value,
            one.courier,
            one.charge,
            one.billed_minor,
            one.expected_minor,
            one.difference_minor,
            one.currency,
            "yes" if one.claimable else "no",
            one.order_id,
            one.file,
            one.sheet,
            one.row,
            facts.billed_on,
            facts.shipped_on,
            "; ".join(f"{key}={value}" for key, value in one.evidence if value is not None),
            one.rule,
        )


def _not_auditable(view: View) -> Iterable[Sequence[Any]]:
    for one in view.result.not_auditable:
        yield (
            one.waybill_number,
            one.courier,
            one.billed_minor,
            one.currency,
            one.reason,
            one.order_id,
            one.file,
            one.sheet,
            one.row,
        )


def _late(view: View) -> Iterable[Sequence[Any]]:
    for late in view.late:
        one = late.shipment
        yield (
            one.waybill_number,
            one.courier,
            one.service,
            one.promised_at,
            one.delivered_at,
            late.late_minutes,
            one.left_minor,
            one.currency,
            late.file_by,
            one.order_id,
        )


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow([neutral(name) for name in columns])
        out.writerows(
            [
                neutral(cell) if cell.__class__ is str and not cell[:1].isalnum() else cell
                for cell in row
            ]
            for row in rows
        )
