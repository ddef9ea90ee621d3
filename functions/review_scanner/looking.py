"""At what ages a known review is looked at again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from aftersales.settings.model import Reviews

OPEN_CASES_FOR = timedelta(days=30)
"""Of reviews with an open case; it is the longest edit window that is known."""
AT_LEAST = timedelta(hours=1)


def moments(rules: Reviews) -> Iterator[tuple[timedelta, bool]]:
    """(age, is it for reviews with an open case only). Every age comes once."""
    for_all = {timedelta(days=days) for days in rules.look_again_days if days > 0}
    for age in sorted(for_all):
        yield age, False
    if rules.look_again_hours <= 0:
        return
    step = max(timedelta(hours=rules.look_again_hours), AT_LEAST)
    for number in range(1, OPEN_CASES_FOR // step + 1):
        if number * step not in for_all:
            yield number * step, True
