"""The `reviews` table: one item per review, written only where it is new or has changed.

The item holds the record (all but the words), the words, and a version that every write must meet.
Its indexes hold the record, not the words, and all but the first two are sparse:

    index      key                           in it
    shops      shop, written_at              every review, for reports and for looking again
    buyers     digest of the buyer           reviews of buyers who can be told apart
    products   <shop>#<product>, written_at  bad ones, for alarms about a product
    copies     digest of the text            bad ones whose text is long enough to be a copy
    months     2026-10, written_at           bad ones, with their words, for the register
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection

from aftersales.review_records import Outcome, Reply, ReviewRecord, Said
from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute, PackedAttribute

CLAIM = timedelta(minutes=5)
"""A claimed reply of which nothing was heard for so long may be tried again (real time)."""
BUYERS_REVIEWS = 50
"""Of one buyer, the newest so many reviews are looked at."""


class _Shops(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "shops"
        projection = IncludeProjection(["document"])

    shop_id = UnicodeAttribute(hash_key=True)
    written_at = InstantAttribute(range_key=True)


class _Buyers(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "buyers"
        projection = IncludeProjection(["document"])

    buyer_key = UnicodeAttribute(hash_key=True)
    written_at = InstantAttribute(range_key=True)


class _Products(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "products"
        projection = IncludeProjection(["document"])

    product_key = UnicodeAttribute(hash_key=True)
    written_at = InstantAttribute(range_key=True)


class _Copies(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "copies"
        projection = IncludeProjection(["document"])

    copy_key = UnicodeAttribute(hash_key=True)
    written_at = InstantAttribute(range_key=True)


class _Months(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "months"
        projection = AllProjection()

    bad_month = UnicodeAttribute(hash_key=True)
    written_at = InstantAttribute(range_key=True)


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "reviews"
    review_key = UnicodeAttribute(hash_key=True)
    document = PackedAttribute(ReviewRecord)
    said = PackedAttribute(Said, null=True)
    reply = PackedAttribute(Reply, null=True)
    version = NumberAttribute()
    shop_id = UnicodeAttribute()
    written_at = InstantAttribute()
    buyer_key = UnicodeAttribute(null=True)
    product_key = UnicodeAttribute(null=True)
    copy_key = UnicodeAttribute(null=True)
    bad_month = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    shops = _Shops()
    buyers = _Buyers()
    products = _Products()
    copies = _Copies()
    months = _Months()


class Kept(Struct, frozen=True):
    """A review as it is stored, with the version that a write must meet (0: not stored yet)."""

    record: ReviewRecord
    said: Said
    reply: Reply
    version: int = 0


class Places(Struct, frozen=True):
    """Where a review stands in the sparse indexes: "" where it does not.

    `month` is that of its writing in the desk's zone, such as `2026-10`.
    """

    month: str = ""
    copy_key: str = ""


def get(shop_id: str, review_id: str) -> Kept | None:
    """One review, or None. Strongly consistent."""
    try:
        return _kept(_Row.get(_key(shop_id, review_id), consistent_read=True))
    except _Row.DoesNotExist:
        return None


def get_all(shop_id: str, review_ids: Iterable[str]) -> dict[str, Kept]:
    """Several reviews of a shop by their ids; those not stored are missing. Consistent."""
    keys = [_key(shop_id, review_id) for review_id in dict.fromkeys(review_ids)]
    rows = _Row.batch_get(keys, consistent_read=True) if keys else ()
    return {row.document.review_id: _kept(row) for row in rows}


def write(
    old: Kept | None, record: ReviewRecord, said: Said, places: Places, expires: datetime
) -> bool:
    """Write a review over what was read. False where others have changed it since."""
    actions: list[Action] = [
        _Row.document.set(record),
        _Row.said.set(said),
        _Row.version.set((old.version if old else 0) + 1),
        _Row.shop_id.set(record.shop_id),
        _Row.written_at.set(record.written_at),
        _Row.expires_at.set(int(expires.timestamp())),
    ]
    counts = record.bad and not record.deleted
    product = f"{record.shop_id}#{record.product_id}" if record.product_id else ""
    for attribute, value in (
        (_Row.buyer_key, record.buyer_key),
        (_Row.product_key, product if counts else ""),
        (_Row.copy_key, places.copy_key if counts else ""),
        # Deleted ones stay in the register: they were written, and somebody worked on them.
        (_Row.bad_month, places.month if record.bad else ""),
    ):
        actions.append(attribute.set(value) if value else attribute.remove())
    version = old.version if old else 0
    condition = _Row.version == version if version else _Row.review_key.does_not_exist()
    return _update(record.shop_id, record.review_id, actions, condition)


def set_outcome(old: Kept, outcome: Outcome, *, marks: tuple[str, ...] | None = None) -> bool:
    """Note how the case about a review ended. False where others have changed it since."""
    kept_marks = old.record.marks if marks is None else marks
    changed = replace(old.record, outcome=outcome.value, marks=kept_marks)
    actions: list[Action] = [_Row.document.set(changed), _Row.version.set(old.version + 1)]
    return _update(changed.shop_id, changed.review_id, actions, _Row.version == old.version)


def claim_reply(old: Kept, text: str, by: str, wall_now: datetime) -> Kept | None:
    """Take the right to answer a review, before it is answered. None where it was answered, is
    being answered by somebody else, or has changed since it was read."""
    held = old.reply
    if held.state == "sent" or old.record.replied:
        return None
    fresh = held.claimed_at is not None and wall_now - held.claimed_at < CLAIM
    if held.state == "claimed" and fresh:
        return None
    return _save_reply(old, Reply(state="claimed", text=text, by=by, claimed_at=wall_now))


def record_reply(claimed: Kept, *, accepted: bool, answer: str, wall_now: datetime) -> Kept | None:
    """Write down what the platform answered to a claimed reply. None where the review was changed
    since it was claimed: read it again, and do this again."""
    state = "sent" if accepted else "refused"
    return _save_reply(
        claimed,
        replace(claimed.reply, state=state, answered_at=wall_now, answer=answer[:200]),
    )


def written_between(shop_id: str, start: datetime, end: datetime) -> Iterator[ReviewRecord]:
    """A shop's reviews written in [start, end), oldest first. Eventually consistent."""
    for row in _Row.shops.query(shop_id, _Row.written_at.between(start, end)):
        if row.document.written_at < end:
            yield row.document


def of_buyer(buyer_key: str) -> tuple[ReviewRecord, ...]:
    """The newest reviews of a buyer, in all shops of the platform. Eventually consistent."""
    rows = _Row.buyers.query(buyer_key, scan_index_forward=False, limit=BUYERS_REVIEWS)
    return tuple(row.document for row in rows)


def bad_of_product(shop_id: str, product_id: str, since: datetime) -> tuple[ReviewRecord, ...]:
    """Bad reviews of a product written since then. Eventually consistent."""
    key = f"{shop_id}#{product_id}"
    return tuple(row.document for row in _Row.products.query(key, _Row.written_at >= since))


def copies_of(copy_key: str, limit: int = BUYERS_REVIEWS) -> tuple[ReviewRecord, ...]:
    """Bad reviews with the same text, the newest ones. Eventually consistent."""
    rows = _Row.copies.query(copy_key, scan_index_forward=False, limit=limit)
    return tuple(row.document for row in rows)


def bad_in_month(month: str) -> Iterator[Kept]:
    """Bad reviews written in a month (`2026-10`), oldest first. Eventually consistent."""
    for row in _Row.months.query(month):
        yield _kept(row)


def _save_reply(old: Kept, reply: Reply) -> Kept | None:
    version = old.version + 1
    actions: list[Action] = [_Row.reply.set(reply), _Row.version.set(version)]
    record = old.record
    if not _update(record.shop_id, record.review_id, actions, _Row.version == old.version):
        return None
    return Kept(record, old.said, reply, version)


def _update(shop_id: str, review_id: str, actions: list[Action], condition: Condition) -> bool:
    try:
        _Row(_key(shop_id, review_id)).update(actions=actions, condition=condition)
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _kept(row: _Row) -> Kept:
    return Kept(row.document, row.said or Said(), row.reply or Reply(), int(row.version))


def _key(shop_id: str, review_id: str) -> str:
    return f"{shop_id}#{review_id}"
