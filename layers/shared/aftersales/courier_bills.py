"""Couriers' bills and what is claimed back from them: value types, and the rules of a claim's life.

    open ──> filed ──> credited
      │        ├─────> refused
      │        └─────> expired
      └── all three follow upon open, too: a courier may credit what nobody filed

What a person decided stands: looking at a bill again changes what a claim is about, not its state.
A credit that is smaller than the claim is noted, and the claim goes on. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from aftersales.errors import BadInput


class ClaimState(StrEnum):
    """Where a claim stands with the courier."""

    OPEN = "open"
    FILED = "filed"
    CREDITED = "credited"
    REFUSED = "refused"
    EXPIRED = "expired"


LIVE = frozenset({ClaimState.OPEN, ClaimState.FILED})
"""A claim in one of these waits for its money."""

_MAY_BECOME: Mapping[ClaimState, frozenset[ClaimState]] = {
    ClaimState.OPEN: frozenset(ClaimState) - {ClaimState.OPEN},
    ClaimState.FILED: frozenset(ClaimState) - {ClaimState.FILED},
    # A courier may come back to what it refused; a credit may turn out to be for another parcel.
    ClaimState.REFUSED: frozenset({ClaimState.OPEN, ClaimState.FILED, ClaimState.CREDITED}),
    ClaimState.EXPIRED: frozenset({ClaimState.OPEN, ClaimState.FILED, ClaimState.CREDITED}),
    ClaimState.CREDITED: frozenset({ClaimState.OPEN, ClaimState.FILED}),
}


class Claim(Struct, frozen=True, omit_defaults=True):
    """Money to be had back for one discrepancy. Amounts in minor units.

    `credits` says which bill gave back how much. `file_until` is the last day on which the courier
    takes the claim, where that is known. `decided_by` is "" where the desk did it.
    """

    claim_id: str
    account: str
    bill: str
    waybill_number: str
    kind: str
    amount_minor: int
    currency: str
    opened_at: datetime
    courier: str = ""
    charge: str = ""
    order_id: str = ""
    billed_minor: int = 0
    expected_minor: int = 0
    file: str = ""
    sheet: str = ""
    row: int | None = None
    rule: str = ""
    state: ClaimState = ClaimState.OPEN
    credits: dict[str, int] = {}
    file_until: date | None = None
    changed_at: datetime | None = None
    decided_by: str = ""
    note: str = ""
    version: int = 0

    @property
    def live(self) -> bool:
        """Is there still money to come?"""
        return self.state in LIVE

    @property
    def credited_minor(self) -> int:
        """What was given back so far."""
        return sum(self.credits.values())

    @property
    def left_minor(self) -> int:
        """What is still to come, never below zero."""
        return max(self.amount_minor - self.credited_minor, 0)


class Cause(Struct, frozen=True, omit_defaults=True):
    """How often a bill has one kind of mistake, and what the mistakes come to."""

    kind: str
    count: int
    minor: int


class Bill(Struct, frozen=True, omit_defaults=True):
    """A courier's bill as it was checked last. Amounts in minor units.

    `name` is its period (`2026-10`), with a number behind it where the account got several bills
    for parts of a month (`2026-10-2`). `content_hash` is that of its lines in any order. `change`
    says what a corrected bill has changed. `report` is the key of its report in the bucket. A
    credit note (`is_credit_note`) does nothing but give money back. `not_known` are rows of parcels
    that the desk does not know, where they are most of the bill and thus not claimed. `rates` is a
    mark of the rate cards that it was checked by.
    """

    account: str
    name: str
    period: str
    sha256: str
    content_hash: str
    arrived_at: datetime
    checked_at: datetime
    bucket: str = ""
    key: str = ""
    couriers: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    lines: int = 0
    matched: int = 0
    rejected: int = 0
    not_auditable: int = 0
    not_auditable_minor: int = 0
    discrepancies: int = 0
    claims: int = 0
    billed_minor: int = 0
    expected_minor: int = 0
    claimable_minor: int = 0
    underbilled_minor: int = 0
    currency: str = "CNY"
    causes: tuple[Cause, ...] = ()
    file_by: datetime | None = None
    confirms_at: datetime | None = None
    report: str = ""
    replaced: tuple[str, ...] = ()
    change: str = ""
    version: int = 0
    is_credit_note: bool = False
    not_known: int = 0
    rates: str = ""

    @property
    def subject(self) -> str:
        """What its case is about."""
        return f"bill:{self.account}/{self.name}"


def claim_id(*named_by: str) -> str:
    """The id of a claim: the same finding in the same bill has the same one, however often it is
    looked at. What names it: account, bill, waybill, kind, charge, and which of several equal."""
    named = "\x1f".join(named_by)
    return hashlib.sha256(named.encode()).hexdigest()[:12]


def renewed(old: Claim | None, found: Claim) -> Claim:
    """A claim as a new look at its bill finds it: the facts are new, what was decided stays."""
    if old is None:
        return found
    return replace(
        found,
        opened_at=old.opened_at,
        state=old.state,
        credits=old.credits,
        changed_at=old.changed_at,
        decided_by=old.decided_by,
        note=old.note,
        version=old.version,
    )


def decided(claim: Claim, state: ClaimState, now: datetime, *, by: str, note: str = "") -> Claim:
    """A claim that somebody files, or of which somebody says how it ended. Raises `BadInput`."""
    if state is claim.state:
        return claim
    if state not in _MAY_BECOME[claim.state]:
        raise BadInput(f"a claim that is {claim.state} cannot become {state}")
    return replace(claim, state=state, changed_at=now, decided_by=by, note=note or claim.note)


def credited(claim: Claim, bill: str, minor: int, now: datetime) -> Claim:
    """A claim for which a bill gives money back: closed when nothing is left, else it goes on.

    The same bill counts once, with what it says last.
    """
    if claim.credits.get(bill) == minor:
        return claim
    paid = replace(claim, credits={**claim.credits, bill: minor}, changed_at=now)
    if paid.live and not paid.left_minor:
        return replace(paid, state=ClaimState.CREDITED, decided_by="")
    return paid


def withdrawn(claim: Claim, now: datetime) -> Claim:
    """A claim that the corrected bill has settled: what was claimed is no longer billed."""
    if not claim.live:
        return claim
    note = "the corrected bill does not charge it any more"
    return replace(
        claim, state=ClaimState.CREDITED, changed_at=now, decided_by="", note=claim.note or note
    )


def expired(claim: Claim, now: datetime, today: date, keep_days: int) -> Claim:
    """A claim for which it is too late: never filed in time, or without an answer for so long."""
    if not claim.live:
        return claim
    too_late = (
        claim.state is ClaimState.OPEN and claim.file_until is not None and today > claim.file_until
    )
    if too_late or (now - claim.opened_at).days >= keep_days:
        return replace(claim, state=ClaimState.EXPIRED, changed_at=now, decided_by="")
    return claim


def shared_out(
    claims: Iterable[Claim], given_back: Mapping[str, int], bill: str, now: datetime
) -> list[Claim]:
    """The claims that a bill's credits change. `given_back`: waybill -> minor units, above zero.

    Of several claims for a waybill the one of exactly that amount gets it, else the oldest first.
    What `bill` gave before is counted anew, so that a bill may be looked at again.
    """
    waiting: dict[str, list[Claim]] = {}
    for claim in claims:
        concerned = claim.live or bill in claim.credits
        if concerned and claim.waybill_number in given_back:
            waiting.setdefault(claim.waybill_number, []).append(claim)
    changed = []
    for waybill, several in waiting.items():
        rest = given_back[waybill]
        for claim, before in _in_turn(several, bill, rest):
            open_amount = claim.amount_minor - before
            part = min(rest, open_amount)
            if part <= 0 and bill not in claim.credits:
                continue
            rest -= max(part, 0)
            after = credited(claim, bill, max(part, 0), now)
            if after != claim:
                changed.append(after)
    return changed


def _in_turn(claims: Sequence[Claim], bill: str, amount: int) -> list[tuple[Claim, int]]:
    """Claims with what other bills gave, in the order in which they are paid."""
    known = [(one, one.credited_minor - one.credits.get(bill, 0)) for one in claims]
    return sorted(
        known,
        key=lambda pair: (
            pair[0].amount_minor - pair[1] != amount,
            pair[0].opened_at,
            pair[0].claim_id,
        ),
    )
