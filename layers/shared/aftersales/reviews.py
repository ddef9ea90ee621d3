"""Value types of reviews. Standard library and msgspec only."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Review(Struct, frozen=True):
    """What a buyer wrote about an order or a product.

    `review_id` is the platform's, or made from what is stable where it has none. `rating` is 1 to 5
    (good/neutral/bad become 5/3/1), None where the platform gives none. `follow_up` is a later
    addition by the buyer, `reply` the seller's answer; which of them a platform shows is said by
    its capabilities. `buyer_ref` is the platform's name for the buyer, to be masked before anybody
    sees it. `permalink` is where people read the review, or the product it is about. `deleted`: it
    is no longer shown. Times are aware UTC.
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
    permalink: str = ""

    @property
    def has_reply(self) -> bool:
        """Has the seller answered, as far as the platform shows it?"""
        return bool(self.reply)

    @property
    def content_hash(self) -> str:
        """A digest of what the buyer has said so far: another one means that it was changed.

        The seller's own reply and the product's name are not part of it.
        """
        import hashlib

        said = (str(self.rating or ""), self.text, self.follow_up, "gone" if self.deleted else "")
        return hashlib.sha256("\x1f".join(said).encode("utf-8", "replace")).hexdigest()[:16]
