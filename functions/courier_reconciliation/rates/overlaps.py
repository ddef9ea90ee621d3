"""Two rows of a card that price the same parcel: one of them serves, and a person should know.

Rows are compared within one courier, service and province, in the order of their days, so that a
card of thousands of rows takes no time that is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from courier_reconciliation.rates.card import ALL_OTHERS, FreightRow, RateCard

NOTED = 5
"""A card that was pasted twice says the same of each of its rows."""
_FIRST = date.min


class Overlap(Struct, frozen=True):
    """`taken` serves from `weight_g` on, though `other` has the same standing."""

    taken: FreightRow
    other: FreightRow
    provinces: tuple[str, ...]

    @property
    def weight_g(self) -> int:
        """The least weight that both price."""
        return self.other.min_weight_g

    def __str__(self) -> str:
        row = self.taken
        service = f" {row.service}" if row.service else ""
        both_from = max(_start(row), _start(self.other))
        since = f" from {both_from.isoformat()}" if both_from > _FIRST else ""
        return f"{row.courier}{service} to {names_of(self.provinces)}{since}"


def names_of(provinces: tuple[str, ...]) -> str:
    """Provinces as a message names them."""
    return "all other provinces" if provinces == (ALL_OTHERS,) else "|".join(provinces)


def overlaps(card: RateCard) -> list[Overlap]:
    """The rows that are of no use for some weight, each with the first row that serves instead."""
    alike: dict[tuple[str, str, str], list[FreightRow]] = {}
    for row in card.freight:
        for province in row.provinces:
            alike.setdefault((row.courier, row.service, province), []).append(row)
    found: dict[tuple[int, int], tuple[FreightRow, FreightRow, list[str]]] = {}
    for (_, _, province), rows in alike.items():
        for taken, other in _of_one_place(rows):
            found.setdefault((other.row, taken.row), (taken, other, []))[2].append(province)
    return [
        Overlap(taken, other, tuple(provinces))
        for _, (taken, other, provinces) in sorted(found.items())
    ]


def notes(card: RateCard) -> tuple[str, ...]:
    """The same in words, for a bill that is judged by such a card."""
    found = overlaps(card)
    said = [
        f"rows {one.taken.row} and {one.other.row} of the rate card both price {one.weight_g} g,"
        f" {one}; row {one.taken.row} is taken"
        for one in found[:NOTED]
    ]
    if len(found) > NOTED:
        said.append(f"and {len(found) - NOTED} more rows of the rate card price what others do")
    return tuple(said)


def _of_one_place(rows: list[FreightRow]) -> Iterator[tuple[FreightRow, FreightRow]]:
    """(the row that serves, a row beside it); where ranges only touch, the lower one serves."""
    in_force: list[FreightRow] = []
    shadowed: dict[int, FreightRow] = {}
    by_row = {row.row: row for row in rows}
    for row in sorted(rows, key=_start):
        in_force = [one for one in in_force if one.valid_to is None or one.valid_to >= _start(row)]
        for one in in_force:
            taken, other = sorted((one, row), key=_rank)
            if not _both_price(taken, other):
                continue
            before = shadowed.get(other.row)
            if before is None or _rank(taken) < _rank(before):
                shadowed[other.row] = taken
        in_force.append(row)
    yield from ((taken, by_row[number]) for number, taken in shadowed.items())


def _both_price(taken: FreightRow, other: FreightRow) -> bool:
    """Whether a weight lies in both ranges, and not only where they touch."""
    ends = taken.max_weight_g
    same = (taken.min_weight_g, ends) == (other.min_weight_g, other.max_weight_g)
    return same or ends is None or other.min_weight_g < ends


def _rank(row: FreightRow) -> tuple[int, int]:
    return row.min_weight_g, row.row


def _start(row: FreightRow) -> date:
    return row.valid_from or _FIRST
