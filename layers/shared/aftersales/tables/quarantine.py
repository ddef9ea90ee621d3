"""The `quarantine` table: raw input that could not be used, with place and reason, for replay."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute

KEEP = timedelta(days=30)
RAW_LIMIT_CHARACTERS = 100_000


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "quarantine"
    quarantine_id = UnicodeAttribute(hash_key=True)
    source = UnicodeAttribute()
    place = UnicodeAttribute()
    reason = UnicodeAttribute()
    raw = UnicodeAttribute()
    received_at = InstantAttribute()
    expires_at = NumberAttribute()


def put(source: str, place: str, reason: str, raw: str, now: datetime) -> str:
    """Keep `raw` for thirty days; the same input at the same place is kept once. Returns its id."""
    name = hashlib.sha256("\x1f".join((source, place, raw)).encode()).hexdigest()[:20]
    _Row(
        name,
        source=source,
        place=place,
        reason=reason,
        raw=raw[:RAW_LIMIT_CHARACTERS],
        received_at=now,
        expires_at=int((now + KEEP).timestamp()),
    ).save()
    return name
