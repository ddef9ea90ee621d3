"""EasyPost (api.easypost.com/v2/trackers): one tracker per call, events pushed.

Facts: couriers reference, sections 1, 2, 7 and 12a. Basic authentication with the key as user and
no password. A tracker is made once: the same carrier and code within three months give the same
tracker. A push is signed with HMAC-SHA256 over the raw body; the secret is NFKD-normalised first.
The statuses and the reading of replies are in `easypost_reply`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from aftersales.couriers import calls
from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.couriers.codes import from_source, to_source
from aftersales.couriers.easypost_reply import error_in, read_tracker, trackers_in
from aftersales.couriers.reading import document, mapping, text, when
from aftersales.errors import BadInput, WebhookRefused
from aftersales.http import HttpReply, HttpRequest, Transport
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

BASE_URL = "https://api.easypost.com/v2"

REQUESTS_PER_SECOND = 5.0  # list endpoints, per account [public clients]
CONCURRENCY = 5  # calls under way: at one second each they use the whole rate
LIMITS = SourceLimits(
    batch_size=1,
    requests_per_second=REQUESTS_PER_SECOND,
    concurrency=CONCURRENCY,
    registers=True,
    must_register=True,
    pushes=True,
    register_batch_size=1,
)

SIGNATURE_HEADER = "x-hmac-signature"
SIGNATURE_PREFIX = "hmac-sha256-hex="

# HTTP statuses beyond the usual ones (section 7)
BY_STATUS = {
    400: ErrorClass.BAD_NUMBER_OR_COURIER,
    404: ErrorClass.BAD_NUMBER_OR_COURIER,
    422: ErrorClass.BAD_NUMBER_OR_COURIER,
}


class EasyPost:
    """`TrackingSource` for one EasyPost account.

    Secrets: `key`; `webhook_secret` (unless the option `push` is "off"), and
    `webhook_secret_previous` while it is being changed. Option: `push_max_age_seconds` (default:
    any age; a failed push is repeated). `base_url` replaces everything before `/trackers`.
    """

    name: ClassVar[str] = "easypost"
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
        self._authorization = base64.b64encode(f"{self._key}:".encode()).decode()
        self._transport = transport
        self._base_url = (base_url or BASE_URL).rstrip("/")
        self._path_secret = options.get("path_secret_value", "")
        self._push_max_age = options.get("push_max_age_seconds", "")

    def query(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.query`. A number without a tracker has no result yet."""
        return [self._query_one(parcel) for parcel in parcels]

    def register(self, parcels: Sequence[WatchRequest]) -> list[Registration]:
        """See `TrackingSource.register`. Each new tracker costs a fee; without a carrier name of
        ours EasyPost detects it."""
        return [self._register_one(parcel) for parcel in parcels]

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.parse`. An event about something else than a tracker gives []."""
        read = document("easypost", kind, payload)
        error = error_in(read)
        if error is not None:
            return [error]
        trackers = trackers_in(read)
        if trackers is None:
            raise BadInput("no tracker, trackers, result or error", place=f"easypost {kind}")
        return [read_tracker(tracker) for tracker in trackers]

    def verify_push(
        self, headers: Mapping[str, str], body: bytes, path_secret: str, now: datetime
    ) -> bytes:
        """See `TrackingSource.verify_push`. The age is that of the event's `created_at`."""
        calls.check_push_door(body, path_secret, self._path_secret)
        given = calls.signature_header(headers, SIGNATURE_HEADER)
        expected = [push_signature(body, secret) for secret in self._push_secrets]
        if not any([calls.same(given, signature) for signature in expected]):
            raise WebhookRefused("the signature in X-Hmac-Signature does not fit the body")
        if self._push_max_age:
            event = mapping(document(self.name, "push", body))
            sent = when(event.get("updated_at")) or when(event.get("created_at"))
            calls.check_age(sent[0] if sent else None, now, self._push_max_age)
        return body

    def push_answer(self, now: datetime) -> PushAnswer:  # noqa: ARG002
        """See `TrackingSource.push_answer`. Any 2xx within seven seconds counts."""
        return PushAnswer(200, "{}")

    def _query_one(self, parcel: WatchRequest) -> TrackingReply | ReplyError:
        asked = {"tracking_code": parcel.waybill_number}
        carrier = to_source(parcel.courier, self.name)
        if carrier:
            asked["carrier"] = carrier
        read = self._call("GET", f"/trackers?{urlencode(asked)}", None)
        if isinstance(read, ReplyError):
            return calls.for_one(read, parcel.waybill_number)
        number = parcel.waybill_number.upper()
        found = [
            reply
            for reply in map(read_tracker, trackers_in(read) or [])
            if reply.waybill_number.upper() == number
        ]
        if not found:
            message = "EasyPost has no tracker of this number"
            return ReplyError(ErrorClass.NO_RESULT_YET, "", message, parcel.waybill_number)
        # Trackers of one number made months apart: the one that was told last.
        return calls.as_asked(max(found, key=_reported), parcel)

    def _register_one(self, parcel: WatchRequest) -> Registration:
        tracker: dict[str, Any] = {"tracking_code": parcel.waybill_number}
        carrier = to_source(parcel.courier, self.name)
        if carrier:
            tracker["carrier"] = carrier
        read = self._call("POST", "/trackers", {"tracker": tracker})
        if isinstance(read, ReplyError):
            return calls.registered(parcel, read)
        raw = text((trackers_in(read) or [{}])[0].get("carrier"))
        courier = from_source(self.name, raw) if raw and raw != carrier else ""
        return calls.registered(parcel, None, "" if courier == parcel.courier else courier)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        """The reply as JSON, or a `ReplyError`."""
        reply = self._transport(
            HttpRequest(
                method,
                self._base_url + path,
                headers={
                    "authorization": f"Basic {self._authorization}",
                    "content-type": "application/json",
                },
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )
        try:
            read = document(self.name, "query_reply", reply.body)
        except BadInput:
            return self._http_error(reply, None)
        error = error_in(read)
        if error is None and 200 <= reply.status < 300 and trackers_in(read) is not None:
            return read
        return self._http_error(reply, error)

    def _http_error(self, reply: HttpReply, said: ReplyError | None) -> ReplyError:
        return calls.http_error(
            reply,
            said,
            source="EasyPost",
            by_status=BY_STATUS,
            secrets=[self._key, self._authorization, *self._push_secrets],
        )


def push_signature(body: bytes, secret: str) -> str:
    """The header's value: prefix and hex HMAC-SHA256, keyed with the NFKD form of the secret."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return SIGNATURE_PREFIX + hmac.digest(key, body, hashlib.sha256).hex()


def _reported(reply: TrackingReply) -> float:
    told = reply.reported_at or reply.last_event_at
    return told.timestamp() if told else 0.0
