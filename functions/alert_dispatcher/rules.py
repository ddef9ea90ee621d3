"""What becomes of a delivery after an attempt. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from aftersales.cases.model import Delivery
from aftersales.channels.base import Outcome, OutcomeKind

FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 900.0
CONFIG_WAIT_SECONDS = 300.0
"""A wrong key or address is mended by a person: asking more often only fills the vendor's log."""
FAILING_AFTER_ATTEMPTS = 5


class Next(StrEnum):
    """Named verdict on a delivery."""

    SENT = "sent"
    RETRY = "retry"
    GIVE_UP = "give_up"


class Verdict(Struct, frozen=True):
    """What to record: try again from `not_before`; `block_until` leaves the whole target alone;
    `tell_operators` when the target itself is at fault."""

    next: Next
    not_before: datetime | None = None
    block_until: datetime | None = None
    tell_operators: bool = False


def judge(
    delivery: Delivery, outcome: Outcome, now: datetime, give_up_hours: float, jitter: float
) -> Verdict:
    """The verdict on attempt number `delivery.attempts`; `jitter` in [0, 1) spreads the retries.

    An ambiguous attempt is tried again: a message twice is better than an alert never.
    """
    if outcome.delivered:
        return Verdict(Next.SENT)
    at_fault = outcome.kind in (OutcomeKind.BAD_CONFIG, OutcomeKind.BAD_CONTENT)
    tell = at_fault or delivery.attempts >= FAILING_AFTER_ATTEMPTS
    if now - delivery.wall_created_at >= timedelta(hours=give_up_hours):
        return Verdict(Next.GIVE_UP, tell_operators=True)
    if outcome.kind is OutcomeKind.RATE_LIMITED:
        until = now + timedelta(seconds=max(outcome.wait_seconds, 1.0))
        return Verdict(Next.RETRY, not_before=until, block_until=until)
    wait = backoff_seconds(delivery.attempts, jitter)
    if at_fault:
        wait = max(wait, CONFIG_WAIT_SECONDS)
    return Verdict(Next.RETRY, not_before=now + timedelta(seconds=wait), tell_operators=tell)


def backoff_seconds(attempts: int, jitter: float) -> float:
    """Exponential from 5 s to 15 min, between half and all of it by `jitter`."""
    full: float = min(FIRST_WAIT_SECONDS * 2 ** min(attempts, 20), LONGEST_WAIT_SECONDS)
    return full * (0.5 + jitter / 2)


def is_ready(delivery: Delivery, now: datetime) -> bool:
    """Is it worth claiming? Saves a write for those that wait or are in another run's hands."""
    waiting = delivery.not_before is not None and delivery.not_before > now
    claimed = delivery.claimed_until is not None and delivery.claimed_until > now
    return not waiting and not claimed
