"""Whose bill is it? By a column, by headers, by names in titles, by the waybill numbers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aftersales.couriers import codes
from aftersales.couriers.waybills import identify
from courier_reconciliation.reading.headers import folded
from courier_reconciliation.reading.words import COURIER_TELLS, LATIN_NAMES, NAMES_IN_TITLES

VOTERS = 200
"""So many waybill numbers are looked at; the courier bills reference says fifty."""


@lru_cache(maxsize=4096)
def courier_named(text: str) -> str:
    """Our code for a courier as a cell, title or file name writes it, "" where none is named."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    if not plain:
        return ""
    for name, code in NAMES_IN_TITLES:
        if name in plain:
            return code
    words = set(re.split(r"[^a-z]+", plain.replace("j&t", "jt")))
    return next((code for name, code in LATIN_NAMES if name in words), "")


@lru_cache(maxsize=4096)
def courier_in_cell(text: str) -> str:
    """Our code for what a column of couriers says, as a list of shipments is understood, or ""."""
    return codes.from_text(text) or courier_named(text)


def by_header(names: Iterable[str]) -> str:
    """The courier whose bills alone have these headers, or ""."""
    there = {folded(name) for name in names}
    bare = {re.sub(r"\(.*?\)", "", name) for name in there} | there
    return next((code for code, tell in COURIER_TELLS if all(word in bare for word in tell)), "")


def by_numbers(numbers: Sequence[str]) -> str:
    """The courier that most of the waybill numbers look like, or "" where it is not plain."""
    votes: Counter[str] = Counter()
    asked = 0
    for number in numbers[:VOTERS]:
        found = identify(number)
        if found.couriers:
            votes[found.couriers[0]] += 1
        asked += 1
    if not votes:
        return ""
    (winner, most), *others = votes.most_common(2)
    clear = most * 2 > asked and (not others or most > 2 * others[0][1])
    return winner if clear else ""
