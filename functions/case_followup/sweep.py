"""One run over the cases that are due: read, judge, tell, record.

What is said about cases and the record of it are one transaction, on condition that each case is as
it was read. A message about many cases is written together with the first of them; the others are
then recorded as told. A run that dies in between leaves these due: the next one tells of them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from aftersales.cases.casebook import Casebook
from aftersales.cases.ladders import Ladders
from aftersales.cases.model import Case
from aftersales.cases.routes import targets_for
from aftersales.cases.rules import decide_follow_up
from aftersales.errors import Conflict
from aftersales.findings import Alert, Transition
from aftersales.settings.model import Settings
from aftersales.tables import cases
from case_followup.rules import Due, Group, as_one, grouped

MOST = 10_000
"""Cases of one run; what is more stays due for the next one."""
WITH_MESSAGE, WITHOUT = 80, 95
"""Cases in one transaction, which holds 100 writes: a message needs one for each of its targets."""
TRIES = 3


class Sweep:
    """Follows up what is due, by the settings."""

    def __init__(self, settings: Settings, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._ladders = Ladders(settings)
        self._casebook = Casebook(settings.alerts, self._ladders)
        self._elapsed = elapsed

    @classmethod
    def of_settings(cls) -> Sweep:
        """By the settings that are in force."""
        from aftersales.tables import settings

        return cls(settings.load())

    def run(self, now: datetime, seconds_left: float) -> dict[str, Any]:
        """Follow up all cases that are due at business time `now`; returns counts.

        A case that is missed, by a run that dies or has no time left, is due in the next one.
        """
        start, tally = self._elapsed(), Counter[str]()
        found = cases.due(now, MOST)
        tally["due"] = len(found)
        for group in grouped(self._judged(found, now, tally)):
            if self._elapsed() - start > seconds_left:
                tally["left_for_next_run"] += len(group.cases)
                continue
            told, messages = self._tell(group, now, start + seconds_left)
            tally[group.what.value] += told
            tally["messages"] += messages
            tally["left_for_next_run"] += len(group.cases) - told
        return {"due": tally["due"], **+tally}

    def _judged(self, found: Sequence[Case], now: datetime, tally: Counter[str]) -> list[Due]:
        due = []
        for case in found:
            moment = self._ladders.due(case, now)
            if moment is None:
                # Its time was moved by a setting, or nobody is there now: it comes up again then.
                self._put_off(case, now)
                tally["put_off"] += 1
                continue
            alert = decide_follow_up(case, moment.what, now).alert
            if alert is not None:
                due.append(Due(case, moment.what, targets_for(self._settings.alerts, alert)))
        return due

    def _put_off(self, case: Case, now: datetime) -> None:
        coming = self._ladders.next_at(case)
        if coming is not None and coming <= now:
            coming = self._ladders.opens(case.shop_id, now)
        cases.put_off(case, coming)

    def _tell(self, group: Group, now: datetime, until: float) -> tuple[int, int]:
        """Send one message about a group; returns how many cases were recorded with it, and
        whether it went out."""
        head, rest = group.cases[:WITH_MESSAGE], group.cases[WITH_MESSAGE:]

        def one_message(alerts: Sequence[Alert]) -> Alert:
            return as_one(alerts, len(alerts) + len(rest), self._shop_name)

        told = self._record(head, group.what, now, one_message)
        if not told:
            return 0, 0
        for start in range(0, len(rest), WITHOUT):
            if self._elapsed() > until:
                break
            told += self._record(rest[start : start + WITHOUT], group.what, now, None)
        return told, 1

    def _record(
        self,
        some: Sequence[Case],
        what: Transition,
        now: datetime,
        told: Callable[[Sequence[Alert]], Alert] | None,
    ) -> int:
        """Record cases as told of, in one transaction; without those that others have changed."""
        left = list(some)
        for _ in range(TRIES):
            if not left:
                return 0
            try:
                self._casebook.follow_up_together(left, what, now, told=told)
            except Conflict:
                left = [case for case in left if self._is_untouched(case)]
            else:
                return len(left)
        return 0

    def _shop_name(self, shop_id: str) -> str:
        return self._settings.shop(shop_id).name or shop_id

    @staticmethod
    def _is_untouched(case: Case) -> bool:
        stored = cases.get(case.subject, case.kind)
        return stored is not None and stored.version == case.version
