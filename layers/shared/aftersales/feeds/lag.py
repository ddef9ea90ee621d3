"""A feed that falls behind is a finding of its own, whoever reads it and whatever it brings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aftersales.findings import Finding, Severity

if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook

BEHIND = timedelta(hours=3)
"""A feed this far behind is a case of its own, unless a case says already why."""


def tell_of_lag(
    casebook: Casebook, feed: str, name: str, behind: timedelta, now: datetime, *, explained: bool
) -> None:
    """Open a case for a feed that fell behind, close it when it has caught up.

    `feed` is its key, `name` what people call it; `explained` says that another case about its
    source is open.
    """
    subject = f"feed:{feed}"
    if behind < BEHIND:
        casebook.resolve(subject, "feed_behind", "caught_up", now)
    elif not explained:
        minutes = int(behind / timedelta(minutes=1))
        facts: dict[str, str | int | None] = {
            "feed": name,
            "behind_minutes": minutes - minutes % 60,
        }
        casebook.open(Finding("feed_behind", subject, Severity.CRITICAL, "", facts), now)
