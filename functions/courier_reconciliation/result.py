"""What a reconciliation found."""

from __future__ import annotations

from msgspec import Struct, field

from courier_reconciliation.model import Discrepancy, Kind, Rejected


class NotAuditable(Struct, frozen=True):
    """A billed waybill that nobody can judge, and why; never priced at zero."""

    courier: str
    waybill_number: str
    billed_minor: int
    currency: str
    reason: str
    file: str = ""
    sheet: str = ""
    row: int | None = None
    order_id: str = ""


class CourierTotal(Struct, frozen=True):
    """Money of one courier and currency. All lines are in one of the parts.

    billed = agreed + expected of what is in dispute + over - under + unmatched + duplicate
    + not auditable, where over, unmatched and duplicate are what is claimed back.
    """

    courier: str
    currency: str
    lines: int
    billed_minor: int
    agreed_minor: int
    disputed_expected_minor: int
    over_minor: int
    under_minor: int
    unmatched_minor: int
    duplicate_minor: int
    not_auditable_minor: int
    missing_minor: int = 0
    """Shipped and not billed yet: not part of what was billed."""


class Reconciliation(Struct, frozen=True):
    """The whole answer. Line detail stays in the tables of the connection (`engine.run`).

    `lines`, `matched` and `unmatched_bill` count rows of the bills, `unmatched_shipments` shipments
    of the file. `carry_over` are shipments of the period's last day, which the next bill may have.
    """

    period: str
    lines: int
    matched: int
    unmatched_bill: int
    unmatched_shipments: int
    discrepancies: tuple[Discrepancy, ...]
    not_auditable: tuple[NotAuditable, ...]
    rejected: tuple[Rejected, ...]
    totals: tuple[CourierTotal, ...]
    total_billed_minor: int
    total_expected_minor: int
    claimable_minor: int
    currency: str = "CNY"
    carry_over: int = 0
    notes: tuple[str, ...] = ()
    by_kind: dict[Kind, tuple[int, int]] = field(default_factory=dict)
    """(how many, sum of differences in minor units) for each kind found."""
