"""The rate cards of the bucket: every file below `rates/`, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from aftersales.errors import BadInput
from courier_reconciliation.bucket import RATES, Drop, fetch, marks_in, names_in
from courier_reconciliation.rates.card import RateCard
from courier_reconciliation.rates.load import SIZE_LIMIT_BYTES, load_card

CARDS_LIMIT = 200


class Cards(NamedTuple):
    """The cards that could be read, and (file, what is wrong) of the others."""

    cards: tuple[RateCard, ...]
    wrong: tuple[tuple[str, str], ...] = ()


def read_cards(s3: Any, bucket: str, folder: Path) -> Cards:
    """Read every card of the bucket. Raises `Unreachable` where S3 does not answer."""
    found, wrong = [], []
    keys = [key for key in names_in(s3, bucket, RATES) if not key.endswith("/")]
    for number, key in enumerate(keys[:CARDS_LIMIT]):
        name = key.removeprefix(RATES)
        path = folder / f"{number}-{Path(name).name}"
        try:
            fetch(s3, Drop(bucket, key), path, SIZE_LIMIT_BYTES)
            found.append(replace(load_card(path), source=name))
        except BadInput as exc:
            wrong.append((name, exc.reason))
        finally:
            path.unlink(missing_ok=True)
    if len(keys) > CARDS_LIMIT:
        wrong.append((RATES, f"holds {len(keys)} files; the first {CARDS_LIMIT} are read"))
    return Cards(tuple(found), tuple(wrong))


def mark_of_cards(s3: Any, bucket: str) -> str:
    """Another text whenever a card is added, taken away or changed. Raises `Unreachable`."""
    marks = "\n".join(f"{key} {mark}" for key, mark in marks_in(s3, bucket, RATES))
    return hashlib.sha256(marks.encode()).hexdigest()[:16]


def together(cards: Sequence[RateCard], couriers: Collection[str]) -> RateCard:
    """One card with the rows for some couriers.

    Where they stand in several files, the rows of the second are numbered on behind those of the
    first, and so on: a row has one number.
    """
    parts = [part for card in cards if (part := _only(card, couriers)).freight or part.surcharges]
    if len(parts) == 1:
        return parts[0]
    freight, surcharges, sources, behind = [], [], [], 0
    for part in parts:
        freight += [replace(row, row=row.row + behind) for row in part.freight]
        surcharges += [replace(row, row=row.row + behind) for row in part.surcharges]
        sources.append(f"{part.source} (rows from {behind + 1})" if behind else part.source)
        behind += max(_numbers(part))
    return RateCard(tuple(freight), tuple(surcharges), ", ".join(sources))


def _only(card: RateCard, couriers: Collection[str]) -> RateCard:
    return RateCard(
        tuple(row for row in card.freight if row.courier in couriers),
        tuple(row for row in card.surcharges if row.courier in couriers),
        card.source,
    )


def _numbers(card: RateCard) -> Iterable[int]:
    yield from (row.row for row in card.freight)
    yield from (row.row for row in card.surcharges)
