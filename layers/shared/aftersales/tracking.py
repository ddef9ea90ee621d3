"""Value types of tracking: what a courier says about a parcel, in canonical words.

Standard library and msgspec only. The canonical model and its order are those of the couriers
reference: `status` is what the parcel is doing, `reason` why that is a problem, `delivered_how` who
has it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Status(StrEnum):
    """What a parcel is doing."""

    UNKNOWN = "unknown"
    INFO_RECEIVED = "info_received"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    EXCEPTION = "exception"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_FAILED = "delivery_failed"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    RETURNING = "returning"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the source stopped tracking; what became of the parcel is unknown


RANK = {
    Status.UNKNOWN: 0,
    Status.EXPIRED: 0,
    Status.INFO_RECEIVED: 10,
    Status.PICKED_UP: 20,
    Status.IN_TRANSIT: 30,
    Status.CUSTOMS: 35,
    Status.EXCEPTION: 40,
    Status.OUT_FOR_DELIVERY: 50,
    Status.DELIVERY_FAILED: 55,
    Status.AVAILABLE_FOR_PICKUP: 60,
    Status.RETURNING: 70,
    Status.DELIVERED: 90,
    Status.RETURNED: 95,
    Status.CANCELLED: 95,
}
"""Forward progress. It breaks ties between events of one second; it never forbids going back."""

TERMINAL = frozenset({Status.DELIVERED, Status.RETURNED, Status.CANCELLED})


class Reason(StrEnum):
    """Why a status is a problem."""

    NO_PICKUP_SCAN = "no_pickup_scan"
    STALLED = "stalled"
    DELIVERY_OVERDUE = "delivery_overdue"
    PICKUP_OVERDUE = "pickup_overdue"
    REFUSED = "refused"
    CONTACT_FAILED = "contact_failed"
    ADDRESS = "address"
    OUT_OF_AREA = "out_of_area"
    HELD = "held"
    RESCHEDULED = "rescheduled"
    DAMAGED = "damaged"
    LOST = "lost"
    DESTROYED = "destroyed"
    DELAYED = "delayed"
    WEATHER = "weather"
    MISSORTED = "missorted"
    INTERCEPTED = "intercepted"
    CANCEL_REQUESTED = "cancel_requested"
    FORWARDED = "forwarded"
    CUSTOMS_HOLD = "customs_hold"
    CUSTOMS_DOCUMENTS = "customs_documents"
    DUTY_UNPAID = "duty_unpaid"
    PROHIBITED = "prohibited"
    PAYMENT_HOLD = "payment_hold"
    SECURITY = "security"
    BAD_NUMBER = "bad_number"
    OTHER = "other"


class DeliveredHow(StrEnum):
    """Who took a delivered parcel."""

    PERSON = "person"
    AGENT = "agent"
    LOCKER = "locker"
    NEIGHBOUR = "neighbour"
    UNKNOWN = "unknown"


class ErrorClass(StrEnum):
    """What a tracking source's error means for the caller (the names are a public interface)."""

    NO_RESULT_YET = "no_result_yet"
    BAD_NUMBER_OR_COURIER = "bad_number_or_courier"
    THROTTLED = "throttled"
    QUOTA = "quota"
    AUTH = "auth"
    ALREADY_REGISTERED = "already_registered"
    THEIR_FAULT_RETRY = "their_fault_retry"


class Mapped(Struct, frozen=True):
    """What one vendor code means."""

    status: Status
    reason: Reason | None = None
    delivered_how: DeliveredHow | None = None


class TrackingEvent(Struct, frozen=True, omit_defaults=True):
    """One scan.

    `at` is aware UTC. `zone_known` is False where the vendor gave no offset and none is documented:
    the time was then taken as UTC and is only good for ordering. `status` is None where the
    vendor's code is unknown: such an event is history and moves nothing. `raw_code` is the vendor's
    own code, `text` its own words, which may hold personal data.
    """

    at: datetime
    text: str
    status: Status | None
    reason: Reason | None = None
    delivered_how: DeliveredHow | None = None
    place: str = ""
    raw_code: str = ""
    zone_known: bool = True

    def identity(self, waybill_number: str) -> str:
        """16 hex digits that are equal for the same scan told twice, in whatever order."""
        parts = (waybill_number, self.at.isoformat(), self.raw_code, self.text.strip())
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


class TrackingReply(Struct, frozen=True):
    """What a source says about one parcel, from a query or a push.

    `courier` is our courier code (see `couriers/codes.py`), or the vendor's own where it is not
    known there. `events` are in time order, oldest first; equal seconds keep the vendor's order of
    happening. `status`, `reason`, `delivered_how` are the parcel's state by this source's own rules
    of precedence. `stopped` is True when the source will send nothing more. `corrected_courier` is
    set when the source says that the courier given was wrong. `tag` is our reference, where the
    source hands it back.
    """

    waybill_number: str
    courier: str
    status: Status
    reason: Reason | None = None
    delivered_how: DeliveredHow | None = None
    events: tuple[TrackingEvent, ...] = ()
    stopped: bool = False
    corrected_courier: str = ""
    tag: str = ""
    reported_at: datetime | None = None

    @property
    def last_event_at(self) -> datetime | None:
        """Time of the newest event, or None where there is none."""
        return max((event.at for event in self.events), default=None)


class ReplyError(Struct, frozen=True):
    """A source's refusal, for one parcel (`waybill_number`) or for the whole call ("")."""

    error_class: ErrorClass
    code: str
    message: str
    waybill_number: str = ""
    retry_after_seconds: float | None = None


class Watch(StrEnum):
    """How a parcel is watched at its source."""

    NEW = "new"  # to be registered where the source offers push
    PUSH = "push"  # registered: pushes come, polling is the net under them
    POLL = "poll"  # asked by us only
    REFUSED = "refused"  # the source does not accept this number; a person must look
    STOPPED = "stopped"  # the source ended its watching while the parcel is under way
