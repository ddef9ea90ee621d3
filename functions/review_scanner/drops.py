"""Files in the drop bucket: `reviews/<shop_id>/<file name>`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aftersales.calendar import zone_named
from aftersales.errors import BadInput
from aftersales.findings import Finding, Severity
from aftersales.objects import not_read
from aftersales.platforms.base import RejectedRow
from aftersales.platforms.spreadsheet import SIZE_LIMIT_BYTES
from aftersales.tables import feeds, quarantine
from review_scanner.desk import Desk
from review_scanner.review_files import read_reviews
from review_scanner.scanning import begin, cases_since
from review_scanner.taking import Taking

FOLDER = "reviews/"
FILES = "review_files"
QUARANTINE_LIMIT_ROWS = 1000
EXAMPLES = 3
REFUSED_SHOWN = 20
"""Refused rows that a summary names; all of them are in quarantine."""
AT_ONCE = 100


def import_drop(
    s3: Any, bucket: str, key: str, desk: Desk, *, size: int | None = None
) -> dict[str, Any]:
    """Take in one dropped file; returns a summary. Safe to repeat.

    What is wrong with the file ends up as its case. Raises `Unreachable` where S3 does not answer.
    """
    shop_id, _, rest = key.removeprefix(FOLDER).partition("/")
    name = rest.rsplit("/", 1)[-1]
    try:
        if not rest:
            raise BadInput(f"the file lies in no shop's folder; drop it as {FOLDER}<shop>/<file>")
        content = _fetch(s3, bucket, key, size)
    except BadInput as exc:
        return _refuse(exc, name, shop_id, desk)
    return import_or_refuse(content, name, shop_id, desk)


def import_or_refuse(content: bytes, name: str, shop_id: str, desk: Desk) -> dict[str, Any]:
    """Take in the reviews of a file; one that holds none ends up as a case, too."""
    try:
        return import_file(content, name, shop_id, desk)
    except BadInput as exc:
        return _refuse(exc, name, shop_id, desk)


def import_file(content: bytes, name: str, shop_id: str, desk: Desk) -> dict[str, Any]:
    """Take in the reviews of a file. Raises `BadInput` where it holds no table of reviews."""
    shop = desk.settings.shop(shop_id)
    zone = zone_named(shop.time_zone or desk.settings.time_zone)
    read = read_reviews(content, name, shop_id, zone)
    now = desk.business_now()
    began = begin(feeds.shop_feed(shop_id, FILES), now)
    taking = Taking(desk, shop, cases_since(desk.settings, shop_id, began))
    tally: Counter[str] = Counter()
    # Oldest first: what a buyer wrote before is known when the next one is judged.
    found = sorted(read.reviews, key=lambda review: (review.created_at or now, review.review_id))
    for start in range(0, len(found), AT_ONCE):
        tally.update(taking.take(found[start : start + AT_ONCE]))
    _put_aside(read.rejected, name, shop_id, desk)
    return {
        "file": name,
        "shop": shop_id,
        "rows_read": read.rows_read,
        "became": dict(tally),
        "rejected": len(read.rejected),
        "refused": [
            {"place": row.place, "reason": row.reason} for row in read.rejected[:REFUSED_SHOWN]
        ],
    }


def _refuse(error: BadInput, name: str, shop_id: str, desk: Desk) -> dict[str, Any]:
    _put_aside([RejectedRow(error.place or name, error.reason)], name or shop_id, shop_id, desk)
    return {"file": name, "shop": shop_id, "problem": error.reason}


def _put_aside(rejected: Sequence[RejectedRow], name: str, shop_id: str, desk: Desk) -> None:
    """Quarantine for the rows, one case for the file."""
    subject, now = f"file:reviews/{shop_id}/{name}", desk.business_now()
    if not rejected:
        desk.casebook.resolve(subject, "rows_rejected", "imported_whole", now)
        return
    for row in rejected[:QUARANTINE_LIMIT_ROWS]:
        quarantine.put(subject, row.place, row.reason, row.raw, now)
    told = (f"{row.place.removeprefix(name).lstrip(', ')}: {row.reason}" for row in rejected)
    examples = [each.removeprefix(": ") for each, _ in zip(told, range(EXAMPLES), strict=False)]
    whole_file = len(rejected) == 1 and rejected[0].place == name
    facts: dict[str, str | int | None] = {
        "file": f"{FOLDER}{shop_id}/{name}",
        "count": None if whole_file else len(rejected),
        "examples": "; ".join(examples),
    }
    # Operators drop and mend files, whoever answers the shop's reviews.
    desk.casebook.open(Finding("rows_rejected", subject, Severity.WARN, "", facts), now)


def _fetch(s3: Any, bucket: str, key: str, size: int | None) -> bytes:
    from botocore.exceptions import BotoCoreError, ClientError

    too_large = f"the file is larger than {SIZE_LIMIT_BYTES // 1024**2} MB; split it"
    if size is not None and size > SIZE_LIMIT_BYTES:
        raise BadInput(too_large)
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > SIZE_LIMIT_BYTES:
            raise BadInput(too_large)
        content: bytes = answer["Body"].read(SIZE_LIMIT_BYTES + 1)
    except (BotoCoreError, ClientError) as exc:
        raise not_read(exc, key) from exc
    return content
