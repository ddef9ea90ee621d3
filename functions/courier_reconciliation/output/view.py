"""All that a report shows, gathered once: the answer, its facts, claims and dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from datetime import date
from typing import TypeVar

from msgspec import Struct

from courier_reconciliation.model import Discrepancy, Kind
from courier_reconciliation.output.claims import Claim, LineFacts
from courier_reconciliation.output.guarantees import Late
from courier_reconciliation.output.windows import Countdown
from courier_reconciliation.result import Reconciliation

TOP_CAUSES = 5
K = TypeVar("K", bound=Hashable)


class KindTotal(Struct, frozen=True):
    """What a kind comes to for one courier and currency."""

    kind: Kind
    courier: str
    currency: str
    count: int
    difference_minor: int
    claimable_minor: int


class View(Struct, frozen=True):
    """`facts` has one entry for each discrepancy of `result`, in their order."""

    result: Reconciliation
    facts: tuple[LineFacts, ...]
    claims: tuple[Claim, ...]
    late: tuple[Late, ...]
    countdown: Countdown
    today: date | None

    def by_kind(self) -> list[KindTotal]:
        """By kind, courier and currency; what can be claimed most comes first."""
        sums: dict[tuple[Kind, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for one in self.result.discrepancies:
            total = sums[one.kind, one.courier, one.currency]
            total[0] += 1
            total[1] += one.difference_minor
            total[2] += claimable_of(one)
        totals = [KindTotal(*key, *values) for key, values in sums.items()]
        return sorted(
            totals, key=lambda t: (-t.claimable_minor, t.difference_minor, t.kind, t.courier)
        )

    def top_causes(self) -> list[KindTotal]:
        """The largest that can be claimed."""
        return [total for total in self.by_kind() if total.claimable_minor][:TOP_CAUSES]

    def claimable_by_kind(self) -> list[tuple[Kind, int]]:
        """In the main currency, largest first."""
        return self._summed(lambda one, _: one.kind)

    def claimable_by_courier(self) -> list[tuple[str, int]]:
        """In the main currency, largest first."""
        return self._summed(lambda one, _: one.courier)

    def claimable_by_day(self) -> list[tuple[date, int]]:
        """In the main currency, by the bill's date or that of shipping."""
        found = self._summed(lambda _, facts: facts.billed_on or facts.shipped_on)
        return sorted((day, money) for day, money in found if day is not None)

    def _summed(self, key: Callable[[Discrepancy, LineFacts], K]) -> list[tuple[K, int]]:
        sums: dict[K, int] = defaultdict(int)
        for one, facts in zip(self.result.discrepancies, self.facts, strict=True):
            if one.currency == self.result.currency and (money := claimable_of(one)):
                sums[key(one, facts)] += money
        return sorted(sums.items(), key=lambda item: (-item[1], str(item[0])))


def claimable_of(one: Discrepancy) -> int:
    """What is claimed back of a discrepancy."""
    return one.difference_minor if one.claimable and one.difference_minor > 0 else 0
