"""Stories of parcels that leave China, as 17TRACK tells them. All names are made up."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from local.simulators.lives import Life, Scan

PLACES = (
    ("US", "Portland", "Los Angeles"),
    ("US", "Austin", "Chicago"),
    ("GB", "Leeds", "London Langley"),
    ("DE", "Leipzig", "Frankfurt"),
    ("CA", "Ottawa", "Toronto"),
    ("AU", "Hobart", "Sydney"),
    ("FR", "Nantes", "Paris Roissy"),
)

MOVING = "|InTransit_Other"
CUSTOMS = "|InTransit_CustomsProcessing"


@dataclass(frozen=True, slots=True)
class Way:
    """Country, town and the airport or exchange office on the way."""

    country: str
    town: str
    gateway: str


Teller = Callable[[Way, random.Random], Life]


def _exported(way: Way, until: float = 200.0) -> list[Scan]:
    scans = [
        Scan(0.5, "InfoReceived|InfoReceived", "Shipment information received", "Shenzhen, CN"),
        Scan(18, "PickedUp|InTransit_PickedUp", "Accepted by carrier", "Shenzhen, CN"),
        Scan(40, "Departure|InTransit_Departure", "Departed sorting center", "Guangzhou, CN"),
        Scan(66, MOVING, "Handed over to airline", "Guangzhou, CN"),
        Scan(110, "Arrival|InTransit_Arrival", "Arrived at destination country", way.gateway),
    ]
    return [scan for scan in scans if scan.after <= until]


def _cleared(way: Way, after: float) -> list[Scan]:
    return [
        Scan(after, "|InTransit_CustomsReleased", "Released by customs", way.gateway),
        Scan(after + 20, MOVING, "Arrived at delivery facility", way.town),
    ]


def _delivered(way: Way, after: float) -> list[Scan]:
    return [
        Scan(after, "OutForDelivery|OutForDelivery_Other", "Out for delivery", way.town),
        Scan(after + 5, "Delivered|Delivered_Other", "Delivered, left with resident", way.town),
    ]


def normal(way: Way, rng: random.Random) -> Life:
    """A week from door to door."""
    customs = 114 + rng.random() * 6
    scans = [
        *_exported(way),
        Scan(customs, CUSTOMS, "Customs clearance in progress", way.gateway),
        *_cleared(way, customs + 14),
        *_delivered(way, customs + 44),
    ]
    return Life("normal", tuple(scans))


def documents_wanted(way: Way, rng: random.Random) -> Life:
    """Customs wants an invoice, and gets it."""
    code = "|InTransit_CustomsRequiringInformation"
    text = "Held by customs, invoice required: +1 555 010 0000"
    released = 118 + 18 + rng.random() * 20
    scans = [
        *_exported(way),
        Scan(114, CUSTOMS, "Customs clearance in progress", way.gateway),
        Scan(118, code, text, way.gateway),
        *_cleared(way, released),
        *_delivered(way, released + 30),
    ]
    return Life("documents_wanted", tuple(scans), alert_after=118)


def slow_customs(way: Way, rng: random.Random) -> Life:
    """Three days in customs without a word."""
    released = 114 + 72 + 12 + rng.random() * 20
    scans = [
        *_exported(way),
        Scan(114, CUSTOMS, "Presented to customs", way.gateway),
        *_cleared(way, released),
        *_delivered(way, released + 30),
    ]
    return Life("slow_customs", tuple(scans), alert_after=114 + 72)


def wrong_address(way: Way, rng: random.Random) -> Life:
    """The house number is missing; delivered after a call."""
    scans = [
        *_exported(way),
        *_cleared(way, 130),
        Scan(160, "OutForDelivery|OutForDelivery_Other", "Out for delivery", way.town),
        Scan(
            165, "|DeliveryFailure_InvalidAddress", "Address incomplete: no house number", way.town
        ),
        *_delivered(way, 165 + 20 + rng.random() * 14),
    ]
    return Life("wrong_address", tuple(scans), alert_after=165)


def nobody_home(way: Way, rng: random.Random) -> Life:
    """A card is left, the next attempt works."""
    scans = [
        *_exported(way),
        *_cleared(way, 130),
        Scan(160, "OutForDelivery|OutForDelivery_Other", "Out for delivery", way.town),
        Scan(164, "|DeliveryFailure_NoBody", "Nobody home, call 555-0100 to reschedule", way.town),
        *_delivered(way, 164 + 18 + rng.random() * 8),
    ]
    return Life("nobody_home", tuple(scans), alert_after=164)


def lost(way: Way, rng: random.Random) -> Life:
    """The carrier says so itself."""
    del rng
    text = "Shipment lost in transit, sender may file a claim"
    return Life("lost", (*_exported(way), Scan(140, "|Exception_Lost", text, way.gateway)), 140)


def damaged(way: Way, rng: random.Random) -> Life:
    """Broken on the way, returned."""
    back = 136 + 24 + rng.random() * 20
    scans = [
        *_exported(way),
        Scan(136, "|Exception_Damage", "Package damaged during handling", way.gateway),
        Scan(back, "Returning|Exception_Returning", "Returning to sender", way.gateway),
        Scan(back + 120, "Returned|Exception_Returned", "Returned to sender", "Shenzhen, CN"),
    ]
    return Life("damaged", tuple(scans), alert_after=136)


def at_the_post_office(way: Way, rng: random.Random) -> Life:
    """Waits at the counter."""
    text = "Available for pickup at post office"
    scans = [
        *_exported(way),
        *_cleared(way, 130),
        Scan(160, "AvailableForPickup|AvailableForPickup_Other", text, way.town),
        Scan(160 + 18 + 10 + rng.random() * 20, "Delivered|Delivered_Other", "Collected", way.town),
    ]
    return Life("at_the_post_office", tuple(scans), alert_after=160 + 18)


def stalled(way: Way, rng: random.Random) -> Life:
    """Handed to the airline, and then nothing for more than a working week."""
    arrived = 66 + 8 * 24 + rng.random() * 20
    scans = [
        *_exported(way, 66),
        Scan(arrived, "Arrival|InTransit_Arrival", "Arrived at destination country", way.gateway),
        *_cleared(way, arrived + 20),
        *_delivered(way, arrived + 50),
    ]
    return Life("stalled", tuple(scans), alert_after=66 + 7 * 24)


def mistyped(way: Way, rng: random.Random) -> Life:
    """The seller typed one digit wrong: no carrier knows the number."""
    del way, rng
    return Life("mistyped", (), alert_after=0, known=False)
