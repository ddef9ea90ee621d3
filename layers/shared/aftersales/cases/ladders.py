"""The ladders of a desk: which kinds of cases are followed up when, in each shop's hours."""

from __future__ import annotations

from datetime import datetime

from aftersales.cases import ladder
from aftersales.cases.ladder import Moment
from aftersales.cases.model import Case
from aftersales.settings.model import Ladder, Settings


class Ladders:
    """What the settings say about following up; made once, asked about each case."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opens: dict[str, ladder.Opens] = {}

    def of(self, case: Case) -> Ladder | None:
        """The ladder of a case; None where it is not followed up."""
        return self._settings.ladder(case.kind, case.shop_id)

    def next_at(self, case: Case) -> datetime | None:
        """When an open case is to be looked at next; None: never."""
        steps = self.of(case)
        if steps is None or not case.is_open:
            return None
        return ladder.next_at(case, steps, self._service(case.shop_id))

    def due(self, case: Case, now: datetime) -> Moment | None:
        """What is to be said about a case now; None: nothing."""
        steps = self.of(case)
        if steps is None or not case.is_open:
            return None
        return ladder.due_moment(case, steps, self._service(case.shop_id), now)

    def opens(self, shop_id: str, now: datetime) -> datetime:
        """`now`, or when the agents of a shop are next there."""
        return self._service(shop_id)(now)

    def _service(self, shop_id: str) -> ladder.Opens:
        if shop_id not in self._opens:
            # Most cases are of kinds that nobody follows up: their writers need no calendar.
            from aftersales.calendar import ShopCalendar

            self._opens[shop_id] = ShopCalendar.of(self._settings, shop_id).next_service_moment
        return self._opens[shop_id]
