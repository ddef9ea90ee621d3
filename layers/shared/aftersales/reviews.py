"""Value types of reviews. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Review:
    """What a buyer wrote about an order or a product.

    `review_id` is the platform's, or made from what is stable where it has none. `rating` is 1 to 5
    (good/neutral/bad become 5/3/1), None where the platform gives none. `follow_up` is a later
    addition by the buyer, `reply` the seller's answer. Times are aware UTC.
    """

    shop_id: str
    review_id: str
    text: str
    rating: int | None = None
    order_id: str = ""
    line_id: str = ""
    product_id: str = ""
    product_title: str = ""
    buyer_ref: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    follow_up: str = ""
    follow_up_at: datetime | None = None
    reply: str = ""
    deleted: bool = False
