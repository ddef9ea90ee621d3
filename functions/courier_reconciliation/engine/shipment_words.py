"""What the columns of a shipments file say, found by looking: words and their meanings, times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from courier_reconciliation.engine.zones import offset_minutes
from courier_reconciliation.model import Outcome
from courier_reconciliation.rates.card import folded_service
from courier_reconciliation.rates.columns import courier_code
from courier_reconciliation.reading.places import place, usual
from courier_reconciliation.reading.samples import here_and_there

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_COMBINATIONS = 200_000
"""So many different rows of words are looked at; a file with more is read row by row."""


def outcome_named(said: str) -> str | None:
    """An outcome, None where the word is none."""
    plain = said.strip().casefold().replace(" ", "_").replace("-", "_")
    return plain if plain in {one.value for one in Outcome} else None


MEANINGS: dict[str, Callable[[str], str | None]] = {
    "courier": courier_code,
    "province": lambda said: place(said)[0] or None,
    "service": folded_service,
    "outcome": outcome_named,
}
"""The columns of words, and what gives the meaning of one; None: it has none."""


class TimeForm(NamedTuple):
    """How all of a column's times are written: the database's type and format, and how many minutes
    east of UTC they are (None: days, or times of the zone's own)."""

    kind: str
    form: str
    offset: int | None


class Spoken(NamedTuple):
    """`words`: field -> text -> its meaning. `offsets`: what stands behind the seconds -> minutes
    east of UTC, None for nothing. `time` where all times are written in one way."""

    words: Mapping[str, Mapping[str, str | None]]
    offsets: Mapping[str, int | None]
    time: TimeForm | None


def listen(connection: DuckDBPyConnection, source: str, at: Mapping[str, int]) -> Spoken:
    """Look at all rows of a file; `source` is SQL that reads it as text, `at`: column -> place."""
    fields = [name for name in MEANINGS if name in at]
    time = f"c{at['shipped_at']}"
    picked = ", ".join(
        [*(f"c{at[name]}" for name in fields), f"substr({time}, 11, 1)", f"substr({time}, 20)",
         f"length({time}) = 10"]
    )  # fmt: skip
    found = connection.execute(
        f"SELECT DISTINCT {picked} FROM {source} WHERE {time} IS NOT NULL LIMIT {MOST_COMBINATIONS}"
    ).fetchall()
    return _understood(fields, set(found))


def overhear(path: Path, delimiter: str, width: int, at: Mapping[str, int]) -> Spoken:
    """Look at some rows here and there in a file of `width` columns, which costs next to nothing.

    A file is often sorted by courier or by day: its first rows alone would say little.
    """
    fields = [name for name in MEANINGS if name in at]
    places = [at[name] for name in fields]
    time = at["shipped_at"]
    found = set()
    for row in here_and_there(path, delimiter, skip=1):
        if len(row) == width and (said := row[time]):
            words = (row[place] for place in places)
            found.add((*words, said[10:11], said[19:], len(said) == 10))
    return _understood(fields, found)


def _understood(fields: Sequence[str], found: set[tuple[Any, ...]]) -> Spoken:
    """From rows of (the words of each field, what a time has for `T`, behind the seconds, is it a
    day)."""
    words = {
        name: {said: MEANINGS[name](said) for said in sorted({row[n] for row in found if row[n]})}
        for n, name in enumerate(fields)
    }
    if "province" in words:
        words["province"] = {**{said: name for said, name, _ in usual()}, **words["province"]}
    if "outcome" in words:
        words["outcome"] = {**{one.value: one.value for one in Outcome if one}, **words["outcome"]}
    forms = {row[len(fields) :] for row in found}
    return Spoken(words, _offsets(forms), _time_form(forms))


def _offsets(forms: set[tuple[str, str, bool]]) -> dict[str, int | None]:
    found = {}
    for _, suffix, _ in forms:
        try:
            found[suffix] = offset_minutes(suffix)
        except ValueError:
            continue  # no time: its row is looked at by itself
    return found


def _time_form(forms: set[tuple[str, str, bool]]) -> TimeForm | None:
    if len(forms) != 1:
        return None
    ((gap, suffix, is_day),) = forms
    if is_day:
        return TimeForm("DATE", "%Y-%m-%d", None)
    # A fraction of a second is another one in the next row.
    if gap not in ("T", " ") or re.search(r"[%.,]", suffix) or suffix not in _offsets(forms):
        return None
    return TimeForm("TIMESTAMP", f"%Y-%m-%d{gap}%H:%M:%S{suffix}", _offsets(forms)[suffix])
