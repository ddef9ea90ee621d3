"""What lies in the queue of pushed reviews: who verifies a push writes it, the scanner reads it."""

from __future__ import annotations

import base64
import zlib
from datetime import datetime

import msgspec

from aftersales.reviews import Review


class PushedReviews(msgspec.Struct, frozen=True):
    """Reviews that a shop has pushed, and when the push came (real time, aware UTC)."""

    shop: str
    reviews: tuple[Review, ...]
    received_at: datetime


def packed(pushed: PushedReviews) -> str:
    """Pushed reviews as a queue message."""
    return base64.b64encode(zlib.compress(msgspec.json.encode(pushed))).decode()


def unpacked(message: str) -> PushedReviews:
    """The pushed reviews in a queue message."""
    return msgspec.json.decode(zlib.decompress(base64.b64decode(message)), type=PushedReviews)
