"""Reviews that a shop pushed, verified and queued by the intake."""

from __future__ import annotations

from collections import Counter

from aftersales.review_pushes import unpacked
from aftersales.tables import feeds
from review_scanner.desk import Desk
from review_scanner.scanning import begin, cases_since
from review_scanner.taking import Taking

PUSHES = "review_pushes"


def apply_push(desk: Desk, message: str) -> Counter[str]:
    """Take in the reviews of a queued push; returns counts of what became of them. Safe to repeat.

    Raises `TryLater` where others keep changing the same review: the message comes again.
    """
    pushed = unpacked(message)
    shop = next((shop for shop in desk.settings.shops if shop.id == pushed.shop), None)
    if shop is None:
        return Counter(not_connected=1)  # taken out of the settings meanwhile
    feed, now = feeds.shop_feed(shop.id, PUSHES), desk.business_now()
    began = begin(feed, now)
    taking = Taking(desk, shop, cases_since(desk.settings, shop.id, began))
    return taking.take(pushed.reviews)
