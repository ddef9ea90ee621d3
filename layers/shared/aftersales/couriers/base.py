"""What a tracking source is to the rest of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from aftersales.tracking import ReplyError, TrackingReply


class SourceLimits(Struct, frozen=True):
    """What the vendor allows. Each adapter states its numbers with their source.

    `lock_seconds` is the shortest time between two questions about one number (0: no such rule).
    `requests_per_second` may be below 1. `concurrency` is how many requests may be under way.
    `must_register`: the vendor tells only about numbers it was given before, pushes or not.
    """

    batch_size: int
    requests_per_second: float
    concurrency: int
    lock_seconds: int = 0
    registers: bool = False
    pushes: bool = False
    register_batch_size: int = 1
    must_register: bool = False


class WatchRequest(Struct, frozen=True):
    """One parcel to ask about or to register; `courier` is our code, `tag` our reference."""

    waybill_number: str
    courier: str
    phone_tail: str = ""
    province: str = ""
    city: str = ""
    tag: str = ""


class Registration(Struct, frozen=True):
    """The outcome of registering one parcel for pushes.

    `error` is None where the source accepted it, or already watches it (a success).
    `courier` is set where the source corrected ours.
    """

    waybill_number: str
    error: ReplyError | None = None
    courier: str = ""


class PushAnswer(Struct, frozen=True):
    """What the vendor must be answered to be content."""

    status: int
    body: str
    content_type: str = "application/json"


class TrackingSource(Protocol):
    """A vendor that knows where parcels are.

    Calls take one vendor request each (at most the batch size of the limits) and are made by
    several threads at once. They raise `Unreachable` where no usable reply came; whatever the
    vendor said is in the result, sorted into an `ErrorClass`.
    """

    name: ClassVar[str]
    limits: SourceLimits

    def query(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        """Ask about `parcels`: one result each, in order. A whole-call error stands for all."""
        ...

    def register(self, parcels: Sequence[WatchRequest]) -> list[Registration]:
        """Ask the source to push; only where `limits.registers`. One result each, in order."""
        ...

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        """Read a raw reply (`kind` "query_reply") or push ("push"), one entry per parcel.

        For a push that travels as a form, `payload` is the decoded form field. A whole-call error
        is one `ReplyError` without a waybill number. Raises `BadInput` where the payload is not
        what the vendor documents, saying where.
        """
        ...

    def verify_push(
        self, headers: Mapping[str, str], body: bytes, path_secret: str, now: datetime
    ) -> bytes:
        """Check a raw push (header names in lower case) and return the payload for `parse`.

        Raises `WebhookRefused` with the reason (for our log; the sender is told nothing).
        """
        ...

    def push_answer(self, now: datetime) -> PushAnswer:
        """What to answer an accepted push."""
        ...
