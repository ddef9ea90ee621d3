"""17TRACK (api.17track.net), API v2.2 and v2.4: register, gettrackinfo, push.

Facts: couriers reference, sections 1, 5 and 12a. It follows registered numbers by itself and
pushes; `gettrackinfo` reads its cache and is free. The push address is set in its console, not
here. A push is signed with a plain SHA-256 over body, slash and key. The codes and the reading of
replies are in `seventeentrack_reply`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from aftersales.couriers import calls
from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.couriers.codes import from_source, to_source
from aftersales.couriers.reading import document, mapping, objects, text, whole
from aftersales.couriers.seventeentrack_reply import (
    data_with_code,
    enveloped,
    has_lists,
    read_entries,
    read_parcel,
)
from aftersales.errors import BadInput, WebhookRefused
from aftersales.http import HttpReply, HttpRequest, Transport
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

BASE_URL = "https://api.17track.net/track/v2.2"

BATCH_SIZE = 40  # numbers per call, register and gettrackinfo [vendor's documents]
REQUESTS_PER_SECOND = 3.0  # per key, HTTP 429 above it [vendor's documents]
CONCURRENCY = 3  # calls under way; more than the rate allows would only wait
LIMITS = SourceLimits(
    batch_size=BATCH_SIZE,
    requests_per_second=REQUESTS_PER_SECOND,
    concurrency=CONCURRENCY,
    registers=True,
    must_register=True,
    pushes=True,
    register_batch_size=BATCH_SIZE,
)

# Couriers that tell nothing without the last four digits of a phone (v2.2: field `param`).
_NEED_PHONE = frozenset({"sf", "sf_freight", "zto"})


class SeventeenTrack:
    """`TrackingSource` for one 17TRACK key.

    Secrets: `key`, and `key_previous` while a key is being changed (pushes signed with either are
    accepted; calls use `key`). `base_url` replaces everything before `/register`, `/gettrackinfo`.
    """

    name: ClassVar[str] = "seventeentrack"
    limits: SourceLimits = LIMITS

    def __init__(
        self,
        secrets: Mapping[str, str],
        transport: Transport,
        *,
        base_url: str = "",
        callback_url: str = "",  # noqa: ARG002 - theirs is set in their console
        options: Mapping[str, str] = {},
    ) -> None:
        self._key = calls.required(secrets, "key", self.name)
        self._push_keys = [self._key, *filter(None, [secrets.get("key_previous")])]
        self._transport = transport
        self._base_url = (base_url or BASE_URL).rstrip("/")
        self._path_secret = options.get("path_secret_value", "")

    def query(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.query`. A number missing in the reply has no result yet."""
        data = self._call("gettrackinfo", [_item(parcel) for parcel in parcels])
        if isinstance(data, ReplyError):
            return [*calls.for_each(data, parcels)]
        found: dict[str, list[TrackingReply | ReplyError]] = {}
        for entry in read_entries(data):
            safe = self._safe(entry) if isinstance(entry, ReplyError) else entry
            found.setdefault(safe.waybill_number.upper(), []).append(safe)
        return [_answer(parcel, found) for parcel in parcels]

    def register(self, parcels: Sequence[WatchRequest]) -> list[Registration]:
        """See `TrackingSource.register`. One quota is used per number that is accepted anew."""
        data = self._call("register", [self._registration(parcel) for parcel in parcels])
        if isinstance(data, ReplyError):
            return [calls.registered(parcel, data) for parcel in parcels]
        accepted = {
            text(item.get("number")).upper(): text(item.get("carrier"))
            for item in objects(data.get("accepted"))
        }
        errors = {
            entry.waybill_number.upper(): self._safe(entry)
            for entry in read_entries({**data, "accepted": None})
            if isinstance(entry, ReplyError)
        }
        return [self._outcome(parcel, accepted, errors) for parcel in parcels]

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.parse`. Reads gettrackinfo, register, gettracklist and pushes."""
        place = f"seventeentrack {kind}"
        read = enveloped(document("seventeentrack", kind, payload))
        event = text(read.get("event")).upper()
        if event:
            items = objects(read.get("data"))
            if not any(item.get("number") for item in items):
                raise BadInput("no number in data", place=place)
            stopped = event == "TRACKING_STOPPED"
            return [read_parcel(item, stopped=stopped) for item in items if item.get("number")]
        entries = read_entries(data_with_code(read))
        if not entries and not has_lists(read):
            raise BadInput("neither data.accepted nor data.rejected nor data.errors", place=place)
        return entries

    def verify_push(
        self,
        headers: Mapping[str, str],
        body: bytes,
        path_secret: str,
        now: datetime,  # noqa: ARG002 - a push of theirs states no time, so it has no age
    ) -> bytes:
        """See `TrackingSource.verify_push`. The signature covers the raw body."""
        calls.check_push_door(body, path_secret, self._path_secret)
        given = calls.signature_header(headers, "sign").lower()
        expected = [push_signature(body, key) for key in self._push_keys]
        if not any([calls.same(given, signature) for signature in expected]):
            raise WebhookRefused("the signature in the header sign does not fit the body")
        return body

    def push_answer(self, now: datetime) -> PushAnswer:  # noqa: ARG002
        """See `TrackingSource.push_answer`. Only the status 200 counts."""
        return PushAnswer(200, '{"code":0}')

    def _registration(self, parcel: WatchRequest) -> dict[str, Any]:
        item = _item(parcel)
        if "carrier" not in item:
            item["auto_detection"] = True
        if parcel.tag:
            item["tag"] = parcel.tag
        if parcel.phone_tail and parcel.courier in _NEED_PHONE:
            item["param"] = parcel.phone_tail
        return item

    def _outcome(
        self, parcel: WatchRequest, accepted: Mapping[str, str], errors: Mapping[str, ReplyError]
    ) -> Registration:
        number = parcel.waybill_number.upper()
        if number in accepted:
            carrier = accepted[number]
            courier = "" if carrier in ("", "0") else from_source(self.name, carrier)
            same = carrier == to_source(parcel.courier, self.name) or courier == parcel.courier
            return calls.registered(parcel, None, "" if same else courier)
        unsaid = ReplyError(ErrorClass.THEIR_FAULT_RETRY, "", "17TRACK left this number out")
        return calls.registered(parcel, errors.get(number) or errors.get("") or unsaid)

    def _call(self, method: str, items: list[dict[str, Any]]) -> dict[str, Any] | ReplyError:
        """The `data` of the reply, or the error of the whole call."""
        reply = self._transport(
            HttpRequest(
                "POST",
                f"{self._base_url}/{method}",
                headers={"17token": self._key, "content-type": "application/json"},
                body=json.dumps(items, ensure_ascii=False).encode(),
            )
        )
        try:
            read = mapping(document(self.name, "query_reply", reply.body))
        except BadInput:
            return self._http_error(reply, None)
        data = data_with_code(read)
        if 200 <= reply.status < 300 and has_lists(read):
            return data
        refusals = (entry for entry in read_entries(data) if isinstance(entry, ReplyError))
        return self._http_error(reply, next((e for e in refusals if not e.waybill_number), None))

    def _http_error(self, reply: HttpReply, said: ReplyError | None) -> ReplyError:
        return calls.http_error(
            reply, said, source="17TRACK", by_status={}, secrets=self._push_keys
        )

    def _safe(self, error: ReplyError) -> ReplyError:
        message = calls.safe_message(error.message, self._push_keys)
        return ReplyError(error.error_class, error.code, message, error.waybill_number)


def push_signature(body: bytes, key: str) -> str:
    """Lower-case hex SHA-256 over the raw body, a slash and the key (not an HMAC)."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def _item(parcel: WatchRequest) -> dict[str, Any]:
    carrier = whole(to_source(parcel.courier, SeventeenTrack.name))
    item: dict[str, Any] = {"number": parcel.waybill_number}
    if carrier is not None:
        item["carrier"] = carrier
    return item


def _answer(
    parcel: WatchRequest, found: Mapping[str, Sequence[TrackingReply | ReplyError]]
) -> TrackingReply | ReplyError:
    """What is said of one number; of one that is registered with several couriers, ours."""
    said = found.get(parcel.waybill_number.upper(), ())
    replies = [entry for entry in said if isinstance(entry, TrackingReply)]
    for reply in replies:
        if reply.courier == parcel.courier:
            return calls.as_asked(reply, parcel)
    if replies:
        return calls.as_asked(replies[0], parcel)
    for entry in (*said, *found.get("", ())):
        if isinstance(entry, ReplyError):
            return calls.for_one(entry, parcel.waybill_number)
    message = "17TRACK says nothing about this number"
    return ReplyError(ErrorClass.NO_RESULT_YET, "", message, parcel.waybill_number)
