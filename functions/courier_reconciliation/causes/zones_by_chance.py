"""Prices that are another zone's by chance, though the bill names the right province. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from courier_reconciliation.causes.stated import ZONE_OF_THE_PRICE
from courier_reconciliation.causes.usual import UNKNOWN, Usual
from courier_reconciliation.model import Discrepancy, Kind

CHANCE = 5
"""Fewer than one in so many of the wrong prices of a bill may be another zone's by chance."""


def without_chance(
    found: Sequence[Discrepancy], usual: Mapping[str, Usual]
) -> Sequence[Discrepancy]:
    """The findings, in which such a zone is a wrong price where wrong prices abound.

    A courier that bills by wrong zones does so more than once; of many free prices some few are
    another zone's. Bills that name no province are left as they are.
    """
    zones: Counter[str] = Counter()
    rates: Counter[str] = Counter()
    for one in found:
        zones[one.file] += _is_by_price(one, usual)
        rates[one.file] += one.kind is Kind.RATE_WRONG
    chance = {file for file, n in zones.items() if 0 < n * CHANCE < n + rates[file]}
    if not chance:
        return found
    return [
        replace(one, kind=Kind.RATE_WRONG)
        if one.file in chance and _is_by_price(one, usual)
        else one
        for one in found
    ]


def _is_by_price(one: Discrepancy, usual: Mapping[str, Usual]) -> bool:
    """Whether only its price says that a zone is wrong."""
    if one.kind is not Kind.ZONE_WRONG or not usual.get(one.file, UNKNOWN).names_provinces:
        return False
    return any(name == ZONE_OF_THE_PRICE for name, _ in one.evidence)
