"""What in a reviewer's own history is worth knowing before answering. Pure.

A hint is never a verdict: each is a fact with its numbers, and an agent decides. Whoever has
reason to be unhappy with every parcel looks the same from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aftersales.review_records import ReviewRecord
from aftersales.settings.model import Reviews

MOSTLY_BAD = "mostly_bad"  # n of `of` reviews are bad
SEVERAL_SHOPS = "several_shops"  # bad ones in n shops
ASKS_FOR_MONEY = "asks_for_money"
COPIED = "copied"  # the same words about n other products


def hints_about(
    record: ReviewRecord,
    history: Iterable[ReviewRecord],
    copies: Sequence[ReviewRecord],
    rules: Reviews,
    *,
    presses: bool,
) -> tuple[str, ...]:
    """Hints about the writer of a review, as `name` or `name:number` or `name:number/number`.

    `history` are the buyer's reviews in all shops, `copies` bad reviews with the same text, both
    with or without this one. `presses`: its words ask for money.
    """
    written = {(each.shop_id, each.review_id): each for each in (*history, record)}
    bad = [each for each in written.values() if each.bad]
    found = []
    if len(written) >= rules.hint_reviews and len(bad) * 100 >= rules.hint_percent * len(written):
        found.append(f"{MOSTLY_BAD}:{len(bad)}/{len(written)}")
    shops = {each.shop_id for each in bad}
    if len(shops) > 1:
        found.append(f"{SEVERAL_SHOPS}:{len(shops)}")
    if presses:
        found.append(ASKS_FOR_MONEY)
    products = {(c.shop_id, c.product_id) for c in copies if c.product_id}
    others = products - {(record.shop_id, record.product_id)}
    if others:
        found.append(f"{COPIED}:{len(others)}")
    return tuple(found)
