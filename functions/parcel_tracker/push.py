"""Pushes of tracking sources: verified and queued at once, applied to the parcels after."""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from aftersales.couriers.base import PushAnswer
from aftersales.errors import BadInput, Conflict, Misconfigured, WebhookRefused
from aftersales.tracking import ReplyError, TrackingReply
from parcel_tracker.desk import Desk

if TYPE_CHECKING:
    from aftersales.parcels import Parcel

BODY_LIMIT_BYTES = 1024 * 1024
TRIES = 4


class Push(Struct, frozen=True):
    """A push as it arrived: header names in lower case, the body's raw bytes."""

    source: str
    headers: Mapping[str, str]
    body: bytes
    path_secret: str = ""


def accept_push(
    desk: Desk, push: Push, enqueue: Callable[[str], None], now: datetime
) -> PushAnswer:
    """Verify a push over its raw bytes, queue it and return the vendor's wanted answer.

    Raises `WebhookRefused`: the sender is told nothing but the status. Nothing is parsed before the
    signature fits, and nothing slow is done before the answer.
    """
    if len(push.body) > BODY_LIMIT_BYTES:
        raise WebhookRefused("larger than any push that a source sends", status=413)
    try:
        source = desk.source(push.source)
    except Misconfigured as exc:
        raise WebhookRefused(f"source {push.source!r}: {exc}") from exc
    try:
        payload = source.verify_push(push.headers, push.body, push.path_secret, now)
    except WebhookRefused:
        raise
    except BadInput as exc:
        # Genuine, but its age is to be checked and cannot be read.
        raise WebhookRefused(str(exc)) from exc
    enqueue(wrap(push.source, payload, now))
    return source.push_answer(now)


def wrap(source: str, payload: bytes, now: datetime) -> str:
    """A verified payload as a queue message, compressed: histories are long and repetitive."""
    packed = base64.b64encode(zlib.compress(payload)).decode()
    return json.dumps({"source": source, "payload": packed, "received_at": now.isoformat()})


def apply_push(desk: Desk, message: str, now: datetime) -> Counter[str]:
    """Apply a queued push to its parcels. Safe to repeat. Returns counts of named outcomes."""
    envelope = json.loads(message)
    source, payload = envelope["source"], zlib.decompress(base64.b64decode(envelope["payload"]))
    tally: Counter[str] = Counter()
    try:
        entries = desk.source(source).parse("push", payload)
    except BadInput as exc:
        from aftersales.tables import quarantine

        text = payload.decode(errors="replace")
        quarantine.put(f"push of {source}", exc.place, exc.reason, text, now)
        tally["quarantined"] += 1
        return tally
    for entry in entries:
        tally[_apply(desk, entry, now)] += 1
    return tally


def _apply(desk: Desk, entry: TrackingReply | ReplyError, now: datetime) -> str:
    # Accepting a push, which the sender waits for, does without these.
    from parcel_tracker.answers import take_answer

    for _ in range(TRIES):
        parcel = _parcel_of(entry)
        if parcel is None:
            return "unknown_number"
        if isinstance(entry, ReplyError):
            return "error_told"
        try:
            return take_answer(desk, parcel, entry, now)
        except Conflict:
            continue
    raise Conflict(f"parcel {entry.waybill_number} changes too fast")


def _parcel_of(entry: TrackingReply | ReplyError) -> Parcel | None:
    from aftersales.tables import parcels

    tag = entry.tag if isinstance(entry, TrackingReply) else ""
    if tag and (tagged := parcels.get(tag)) is not None:
        return tagged
    return parcels.current(entry.waybill_number) if entry.waybill_number else None
