"""Which known reviews are looked at again, told by when they were written. Pure.

A few ages are those of all reviews. Of reviews with an open case a hand goes over the last thirty
days of writing, from the newest to the oldest, once in `look_again_hours`: an hour of looking is
one piece of it, so that it is one query, and each review is met once in a round.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from aftersales.settings.model import Reviews

OPEN_CASES_FOR = timedelta(days=30)
"""Of reviews with an open case; it is the longest edit window that is known."""
AT_LEAST = timedelta(hours=1)
_FIRST_ROUND = datetime(2020, 1, 1, tzinfo=UTC)


class Written(NamedTuple):
    """Reviews written in [start, end); `only_open`: those with an open case."""

    start: datetime
    end: datetime
    only_open: bool


def turns(rules: Reviews, since: datetime, until: datetime) -> Iterator[Written]:
    """The reviews that have a turn in [since, until). Pieces may overlap."""
    for age in sorted({timedelta(days=days) for days in rules.look_again_days if days > 0}):
        yield Written(since - age, until - age, only_open=False)
    if rules.look_again_hours > 0:
        every = max(timedelta(hours=rules.look_again_hours), AT_LEAST)
        yield from _hand(every, max(since, until - every), until)


def _hand(every: timedelta, since: datetime, until: datetime) -> Iterator[Written]:
    """What the hand goes over in [since, until), in one piece for each round."""
    while since < until:
        begun = _FIRST_ROUND + (since - _FIRST_ROUND) // every * every
        end = min(until, begun + every)
        newest, oldest = ((at - begun) / every * OPEN_CASES_FOR for at in (since, end))
        yield Written(begun - oldest, begun - newest, only_open=True)
        since = end
