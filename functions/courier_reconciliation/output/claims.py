"""Which claims are filed: discrepancies by courier, currency and filing window. Pure.

What was billed too much is one claim. A lost or damaged parcel is another: it asks for the declared
value and the freight that was billed, and has a window of its own. No money is in two claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from courier_reconciliation.model import Discrepancy, Kind
from courier_reconciliation.output.windows import (
    DEFAULTS,
    ClaimType,
    Countdown,
    CountedFrom,
    FilingWindow,
    window_for,
)

COMPENSATED = {Kind.LOST_BILLED: ClaimType.LOST, Kind.DAMAGED_BILLED: ClaimType.DAMAGED}


class LineFacts(Struct, frozen=True):
    """What the bill's line and the shipment say beside a discrepancy. None and "": not known."""

    billed_on: date | None = None
    billed_weight_g: int | None = None
    billed_province: str = ""
    service: str = ""
    shipped_on: date | None = None
    own_weight_g: int | None = None
    province: str = ""
    delivered_on: date | None = None
    declared_minor: int | None = None


class LostParcel(Struct, frozen=True):
    """A lost or damaged parcel that was not billed: its value is asked for all the same."""

    claim: ClaimType
    courier: str
    waybill_number: str
    currency: str
    order_id: str
    facts: LineFacts


class ClaimItem(Struct, frozen=True):
    """One line of a claim. `asked_minor` is the difference, with the value of a lost parcel."""

    waybill_number: str
    order_id: str
    asked_minor: int
    facts: LineFacts
    discrepancy: Discrepancy | None = None
    declared_minor: int | None = None
    file_by: date | None = None

    @property
    def billed_minor(self) -> int:
        return 0 if self.discrepancy is None else self.discrepancy.billed_minor

    @property
    def expected_minor(self) -> int:
        return 0 if self.discrepancy is None else self.discrepancy.expected_minor


class Claim(Struct, frozen=True):
    """What is filed with one courier at once. `file_by` is the earliest day of its items."""

    courier: str
    currency: str
    type: ClaimType
    window: FilingWindow
    items: tuple[ClaimItem, ...]

    @property
    def asked_minor(self) -> int:
        return sum(item.asked_minor for item in self.items)

    @property
    def file_by(self) -> date | None:
        return min((item.file_by for item in self.items if item.file_by), default=None)

    @property
    def what(self) -> str:
        """For file names: `all` for what was billed too much, else the kind."""
        return "all" if self.type is ClaimType.BILLING else self.type.value


def claims_of(
    found: Iterable[tuple[Discrepancy, LineFacts]],
    countdown: Countdown,
    *,
    lost: Iterable[LostParcel] = (),
    windows: Sequence[FilingWindow] = DEFAULTS,
) -> tuple[Claim, ...]:
    """Claims, largest first. A parcel's value is asked for once, however many lines it has."""
    items: dict[tuple[str, str, ClaimType], list[ClaimItem]] = {}
    valued: set[tuple[str, str]] = set()
    for discrepancy, facts in found:
        if not discrepancy.claimable or discrepancy.difference_minor <= 0:
            continue
        kind = COMPENSATED.get(discrepancy.kind, ClaimType.BILLING)
        parcel = (discrepancy.courier, discrepancy.waybill_number)
        declared = None
        if kind is not ClaimType.BILLING and parcel not in valued:
            valued.add(parcel)
            declared = facts.declared_minor
        item = ClaimItem(
            waybill_number=discrepancy.waybill_number,
            order_id=discrepancy.order_id,
            asked_minor=discrepancy.difference_minor + (declared or 0),
            facts=facts,
            discrepancy=discrepancy,
            declared_minor=declared,
            file_by=_file_by(window_for(discrepancy.courier, kind, windows), facts, countdown),
        )
        items.setdefault((discrepancy.courier, discrepancy.currency, kind), []).append(item)
    for gone in lost:
        if (gone.courier, gone.waybill_number) in valued:
            continue
        window = window_for(gone.courier, gone.claim, windows)
        item = ClaimItem(
            waybill_number=gone.waybill_number,
            order_id=gone.order_id,
            asked_minor=gone.facts.declared_minor or 0,
            facts=gone.facts,
            declared_minor=gone.facts.declared_minor,
            file_by=_file_by(window, gone.facts, countdown),
        )
        items.setdefault((gone.courier, gone.currency, gone.claim), []).append(item)
    claims = [
        Claim(courier, currency, kind, window_for(courier, kind, windows), tuple(each))
        for (courier, currency, kind), each in items.items()
    ]
    return tuple(sorted(claims, key=lambda one: (-one.asked_minor, one.courier, one.type)))


def _file_by(window: FilingWindow, facts: LineFacts, countdown: Countdown) -> date | None:
    if window.counted_from is CountedFrom.BILL:
        return countdown.file_by
    start = {
        CountedFrom.LINE: facts.billed_on or facts.shipped_on,
        CountedFrom.SHIPPED: facts.shipped_on or facts.billed_on,
        CountedFrom.DELIVERED: facts.delivered_on or facts.shipped_on or facts.billed_on,
    }[window.counted_from]
    return window.ends(start)
