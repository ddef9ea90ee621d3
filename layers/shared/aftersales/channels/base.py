"""What a channel is to the dispatcher: a message goes in, an outcome comes out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from msgspec import Struct

from aftersales.messages.base import Message


class OutcomeKind(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    RATE_LIMITED = "rate_limited"  # come back after `wait_seconds`
    TRANSIENT = "transient"  # nothing was delivered, the same call may work soon
    AMBIGUOUS = "ambiguous"  # it may have been delivered; a repeat is better than a loss
    BAD_CONTENT = "bad_content"  # this text is not accepted: once more, shorter and plain
    BAD_CONFIG = "bad_config"  # key, signature, keyword, address: an operator must act


class Outcome(Struct, frozen=True):
    """The vendor's verdict. `code` is the vendor's own; `detail` never holds a secret or a URL."""

    kind: OutcomeKind
    code: str = ""
    detail: str = ""
    wait_seconds: float = 0.0

    @property
    def delivered(self) -> bool:
        """Did the vendor say that it has the message?"""
        return self.kind is OutcomeKind.DELIVERED


class Channel(Protocol):
    """One target of one kind (a robot, a topic, a URL). Never raises for what a vendor answers."""

    kind: ClassVar[str]

    def send(self, message: Message, now: datetime) -> Outcome:
        """Send at real time `now` (signatures are made anew for each attempt)."""
        ...
