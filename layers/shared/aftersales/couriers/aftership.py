"""AfterShip Tracking (api.aftership.com/tracking/<yyyy-mm>): one tracking per call, pushes.

Facts: couriers reference, sections 1, 2, 6 and 12a; the vendor's list of request errors. Calls are
made to a dated API version whose bodies have no `tracking` wrapper (2024-07 and later); replies
and pushes of all versions back to v3 are read. The push address is set in its console, or per
organisation; a push is signed with HMAC-SHA256 over the raw body.
The codes and the reading of replies are in `aftership_reply`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from aftersales.couriers import calls
from aftersales.couriers.aftership_reply import (
    error_in,
    read_tracking,
    trackings_in,
)
from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.couriers.codes import from_source, to_source
from aftersales.couriers.reading import document, mapping, text, when
from aftersales.errors import BadInput, WebhookRefused
from aftersales.http import HttpReply, HttpRequest, Transport
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

BASE_URL = "https://api.aftership.com/tracking/{version}"
VERSION = "2025-07"  # option `version`

REQUESTS_PER_SECOND = 10.0  # per organisation, HTTP 429 above it [vendor's documents]
CONCURRENCY = 10  # calls under way: at one second each they use the whole rate
LIMITS = SourceLimits(
    batch_size=1,
    requests_per_second=REQUESTS_PER_SECOND,
    concurrency=CONCURRENCY,
    registers=True,
    must_register=True,
    pushes=True,
    register_batch_size=1,
)

# HTTP statuses that mean something else here than elsewhere (section 1; 402 and 403: the plan).
BY_STATUS = {
    403: ErrorClass.QUOTA,
    400: ErrorClass.BAD_NUMBER_OR_COURIER,
    404: ErrorClass.BAD_NUMBER_OR_COURIER,
    422: ErrorClass.BAD_NUMBER_OR_COURIER,
}


class AfterShip:
    """`TrackingSource` for one AfterShip organisation.

    Secrets: `key`; `webhook_secret` (unless the option `push` is "off"), and
    `webhook_secret_previous` while it is being changed. Options: `version` of the API,
    `push_max_age_seconds` (default: any age; the vendor repeats a failed push for days).
    `base_url` replaces everything before `/trackings`.
    """

    name: ClassVar[str] = "aftership"
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
        self._push_secrets = calls.push_secrets(secrets, options, self.name)
        self._transport = transport
        version = options.get("version") or VERSION
        self._base_url = (base_url or BASE_URL.format(version=version)).rstrip("/")
        self._path_secret = options.get("path_secret_value", "")
        self._push_max_age = options.get("push_max_age_seconds", "")

    def query(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.query`. A number that is not registered has no result yet."""
        return [self._query_one(parcel) for parcel in parcels]

    def register(self, parcels: Sequence[WatchRequest]) -> list[Registration]:
        """See `TrackingSource.register`. Without a slug of ours AfterShip detects the courier."""
        return [self._register_one(parcel) for parcel in parcels]

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.parse`. Reads single trackings, lists, last checkpoints, pushes."""
        read = document("aftership", kind, payload)
        error = error_in(read)
        if error is not None:
            return [error]
        trackings = trackings_in(read)
        if trackings is None:
            raise BadInput("no tracking, trackings, msg or meta.code", place=f"aftership {kind}")
        return [read_tracking(tracking) for tracking in trackings]

    def verify_push(
        self, headers: Mapping[str, str], body: bytes, path_secret: str, now: datetime
    ) -> bytes:
        """See `TrackingSource.verify_push`. The signature covers the raw body, `ts` included."""
        calls.check_push_door(body, path_secret, self._path_secret)
        given = calls.signature_header(headers, "aftership-hmac-sha256")
        expected = [push_signature(body, secret) for secret in self._push_secrets]
        if not any([calls.same(given, signature) for signature in expected]):
            raise WebhookRefused("the signature in aftership-hmac-sha256 does not fit the body")
        if self._push_max_age:
            sent = when(mapping(document(self.name, "push", body)).get("ts"))
            calls.check_age(sent[0] if sent else None, now, self._push_max_age)
        return body

    def push_answer(self, now: datetime) -> PushAnswer:  # noqa: ARG002
        """See `TrackingSource.push_answer`. Any 2xx counts."""
        return PushAnswer(200, "{}")

    def _query_one(self, parcel: WatchRequest) -> TrackingReply | ReplyError:
        asked = {"tracking_numbers": parcel.waybill_number}
        slug = to_source(parcel.courier, self.name)
        if slug:
            asked["slug"] = slug
        read = self._call("GET", f"/trackings?{urlencode(asked)}", None)
        if isinstance(read, ReplyError):
            return calls.for_one(read, parcel.waybill_number)
        number = parcel.waybill_number.upper()
        found = [
            reply
            for reply in map(read_tracking, trackings_in(read) or [])
            if reply.waybill_number.upper() == number
        ]
        if not found:
            message = "AfterShip has no tracking of this number"
            return ReplyError(ErrorClass.NO_RESULT_YET, "", message, parcel.waybill_number)
        # A number that was added twice (with two slugs): the one that knows the newer scan.
        return calls.as_asked(max(found, key=_scan_time), parcel)

    def _register_one(self, parcel: WatchRequest) -> Registration:
        body: dict[str, Any] = {"tracking_number": parcel.waybill_number}
        slug = to_source(parcel.courier, self.name)
        if slug:
            body["slug"] = slug
        if parcel.tag:
            body["custom_fields"] = {"tag": parcel.tag}
        read = self._call("POST", "/trackings", body)
        if isinstance(read, ReplyError):
            return calls.registered(parcel, read)
        raw = text((trackings_in(read) or [{}])[0].get("slug"))
        courier = from_source(self.name, raw) if raw and raw != slug else ""
        return calls.registered(parcel, None, "" if courier == parcel.courier else courier)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        """The reply as JSON, or a `ReplyError`."""
        reply = self._transport(
            HttpRequest(
                method,
                self._base_url + path,
                headers={"as-api-key": self._key, "content-type": "application/json"},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )
        try:
            read = document(self.name, "query_reply", reply.body)
        except BadInput:
            return self._http_error(reply, None)
        error = error_in(read)
        if error is None and 200 <= reply.status < 300 and trackings_in(read) is not None:
            return read
        return self._http_error(reply, error)

    def _http_error(self, reply: HttpReply, said: ReplyError | None) -> ReplyError:
        return calls.http_error(
            reply,
            said,
            source="AfterShip",
            by_status=BY_STATUS,
            secrets=[self._key, *self._push_secrets],
        )


def push_signature(body: bytes, secret: str) -> str:
    """Base64 of the HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def _scan_time(reply: TrackingReply) -> float:
    return reply.last_event_at.timestamp() if reply.last_event_at else 0.0
