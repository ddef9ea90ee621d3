"""The habits of each bill, from a part of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from courier_reconciliation.causes.hypotheses import ZONE_APART
from courier_reconciliation.causes.usual import Usual
from courier_reconciliation.filling import quoted
from courier_reconciliation.rates.card import E4

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOOKED_AT = 5_000
"""Lines of all bills together, here and there; habits show in less."""
ENOUGH = 8
"""From so few lines nothing is concluded."""
MOST = 0.9
NEAR_G = 100
_STEPS = (1000, 500, 100)
_SHARE = "round({part} * 1000.0 / nullif({whole}, 0))::INTEGER"
"""In tenths of a percent: the cent that is rounded does not show."""


def habits(connection: DuckDBPyConnection) -> dict[str, Usual]:
    """File -> what its lines usually do. Needs the tables `lines`, `judged` and `shipped`."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE looked_at AS SELECT l.file, l.weight_g, l.amount_minor,"
        " l.tax_minor, l.discount_minor, l.charge, l.province, l.courier, s.weight_g AS own_g"
        " FROM (SELECT line, shipment FROM judged WHERE shipment IS NOT NULL AND line %"
        f" (SELECT count(*) // {LOOKED_AT} + 1 FROM judged) = 0) AS j JOIN lines AS l USING (line)"
        ' JOIN shipments AS s ON s."row" = j.shipment'
    )
    steps = ", ".join(f"count(*) FILTER (weight_g % {step} = 0)" for step in _STEPS)
    apart = ", ".join(map(quoted, sorted(ZONE_APART)))
    near = f"weight_g % 100 <> 0 AND abs(weight_g - own_g) <= {NEAR_G}"
    weights = connection.execute(
        f"SELECT file, count(weight_g), count(*) FILTER ({near}),"
        f" count(*) FILTER ({near} AND abs(weight_g - own_g) >= 10),"
        f" count(*) FILTER (province <> '' AND courier NOT IN ({apart})) * 2 > count(*), {steps}"
        " FROM looked_at GROUP BY file"
    ).fetchall()
    discounts = _usual(connection, "abs(discount_minor)", "amount_minor + abs(discount_minor)",
                       "charge IN ('total', 'freight')")  # fmt: skip
    taxes = _usual(connection, "tax_minor", "amount_minor - tax_minor", "tax_minor IS NOT NULL")
    found = {}
    for file, count, near_own, beside_own, names, *multiples in weights:
        step = next((s for s, n in zip(_STEPS, multiples, strict=True) if n >= MOST * count), 0)
        found[file] = Usual(
            step if count >= ENOUGH else None,
            near_own >= ENOUGH and beside_own * 2 > near_own,
            discounts.get(file),
            taxes.get(file),
            names,
        )
    return found


def _usual(
    connection: DuckDBPyConnection, part: str, whole: str, of_which: str
) -> dict[str, int | None]:
    """File -> the share that more than half of its lines have; None where that is no share."""
    share = _SHARE.format(part=part, whole=whole)
    found = connection.execute(
        f"SELECT file, mode(share), count(*), count(*) FILTER (share = usual) FROM (SELECT file,"
        f" {share} AS share, mode({share}) OVER (PARTITION BY file) AS usual FROM looked_at"
        f" WHERE {of_which}) GROUP BY file"
    ).fetchall()
    return {
        file: share * E4 // 10
        for file, share, count, same in found
        if share and count >= ENOUGH and same * 2 > count
    }
