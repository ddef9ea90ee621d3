"""What a case and a delivery are. Standard library and msgspec only."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from aftersales.findings import Alert, Severity

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CASE_ID_LENGTH = 8


class CaseState(StrEnum):
    """open -> acknowledged -> resolved; a resolved case opens again as its next episode."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Entry(Struct, frozen=True, omit_defaults=True):
    """One line of a case's history: when, what, by whom ("desk" for the machine)."""

    at: datetime
    what: str
    by: str = "desk"


class Case(Struct, frozen=True, omit_defaults=True):
    """One problem somebody must handle, keyed by kind and subject.

    `next_at` is when it is followed up next, None: never. `step` counts the follow-ups of this
    episode, and everything up to `followed_until` was followed up.
    """

    case_id: str
    kind: str
    subject: str
    shop_id: str
    severity: Severity
    opened_at: datetime
    updated_at: datetime
    state: CaseState = CaseState.OPEN
    episode: int = 1
    alerts: int = 0
    family: str = ""
    strength: int = 0
    owner: str = ""
    deadline: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str = ""
    facts: dict[str, str | int | None] = field(default_factory=dict)
    history: tuple[Entry, ...] = ()
    version: int = 0
    next_at: datetime | None = None
    step: int = 0
    followed_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Does somebody still have to do something?"""
        return self.state is not CaseState.RESOLVED


class DeliveryState(StrEnum):
    """pending -> sent, or -> failed after the time allowed for trying."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class Delivery(Struct, frozen=True, omit_defaults=True):
    """An alert on its way to one target. All times but `created_at` are real time."""

    delivery_id: str
    target: str
    alert: Alert
    created_at: datetime
    wall_created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    not_before: datetime | None = None
    claimed_by: str = ""
    claimed_until: datetime | None = None
    sent_at: datetime | None = None
    outcome: str = ""


def case_id_of(kind: str, subject: str, attempt: int = 0) -> str:
    """Eight letters and digits that people can read to each other; `attempt` escapes a clash."""
    digest = hashlib.sha256(f"{kind}\x1f{subject}\x1f{attempt}".encode()).digest()
    number = int.from_bytes(digest[:5])
    letters = []
    for _ in range(CASE_ID_LENGTH):
        number, index = divmod(number, 32)
        letters.append(CROCKFORD[index])
    return "".join(letters)
