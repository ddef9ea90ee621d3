"""SF Express, Fengqiao (顺丰丰桥): route query and unsigned route pushes.

Facts: couriers reference, sections 1, 8 and 12a. A call is signed with msgDigest, whose encoder
must behave as Java's URLEncoder. Pushes are switched on by contract and signed with nothing: the
secret in the path is the only proof. Codes and reading of the data are in `sf_reply`.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote_plus

from aftersales.clock import wall_now
from aftersales.couriers import calls
from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.couriers.china import answer_for, compact, judged, post_form
from aftersales.couriers.sf_reply import read_payload
from aftersales.errors import Misconfigured, WebhookRefused
from aftersales.http import Transport
from aftersales.tracking import ErrorClass, ReplyError, TrackingReply

BASE_URL = "https://bspgw.sf-express.com/std/service"

BATCH_SIZE = 10  # numbers per query, else 8003 [vendor's documents]
REQUESTS_PER_SECOND = 30.0  # per interface [second-hand]
CONCURRENCY = 10
LIMITS = SourceLimits(
    batch_size=BATCH_SIZE,
    requests_per_second=REQUESTS_PER_SECOND,
    concurrency=CONCURRENCY,
    pushes=True,
)

ROUTE_QUERY = "EXP_RECE_SEARCH_ROUTES"
ENCODERS = ("url", "none")
COURIERS = frozenset({"sf", "sf_freight"})


class SF:
    """`TrackingSource` for one Fengqiao partner.

    Secrets: `partner_id`, `checkword`. Options: `encoder` url (default, as documented) or none (one
    client in the field signs without it); `language` of the texts (default zh-CN). Raises
    `Misconfigured`.
    """

    name: ClassVar[str] = "sf"
    limits: SourceLimits = LIMITS

    def __init__(
        self,
        secrets: Mapping[str, str],
        transport: Transport,
        *,
        base_url: str = "",
        callback_url: str = "",
        options: Mapping[str, str] = {},
    ) -> None:
        self._partner_id = calls.required(secrets, "partner_id", self.name)
        self._checkword = calls.required(secrets, "checkword", self.name)
        self._transport = transport
        self._url = base_url or BASE_URL
        self._callback_url = callback_url  # theirs is set by contract; kept for symmetry
        self._encoder = options.get("encoder", "url")
        if self._encoder not in ENCODERS:
            raise Misconfigured(
                f"The tracking source sf has the unknown encoder '{self._encoder}'.",
                what_to_do=f"Set its option encoder to one of {', '.join(ENCODERS)}.",
            )
        self._language = options.get("language", "zh-CN")
        self._path_secret = options.get("path_secret_value", "")

    def query(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.query`. Parcels of other couriers are answered without a call."""
        ours = [parcel for parcel in parcels if parcel.courier in COURIERS]
        entries = self._ask(ours) if ours else []
        return [
            answer_for(parcel, entries, "SF") if parcel.courier in COURIERS else _not_theirs(parcel)
            for parcel in parcels
        ]

    def register(self, parcels: Sequence[WatchRequest]) -> list[Registration]:
        """See `TrackingSource.register`: SF has none (`limits.registers` is False).

        Raises `Misconfigured`.
        """
        raise Misconfigured(
            f"SF does not register numbers ({len(parcels)} asked for).",
            what_to_do="Its pushes are switched on by contract; set push: false for this source.",
        )

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.parse`. A push is the raw body."""
        return read_payload(kind, payload)

    def verify_push(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes,
        path_secret: str,
        now: datetime,  # noqa: ARG002 - their pushes are unsigned, so no time in them proves anything
    ) -> bytes:
        """See `TrackingSource.verify_push`. Only the secret in the path can be checked."""
        if not self._path_secret:
            raise WebhookRefused("SF signs nothing and no path secret is set: it cannot be checked")
        calls.check_push_door(body, path_secret, self._path_secret)
        return body

    def push_answer(self, now: datetime) -> PushAnswer:  # noqa: ARG002
        """See `TrackingSource.push_answer`. The field names are unverified."""
        return PushAnswer(200, '{"return_code":"0000","return_msg":"成功"}')

    def _ask(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        message: dict[str, Any] = {
            "language": self._language,
            "trackingType": "1",
            "trackingNumber": [parcel.waybill_number for parcel in parcels],
            "methodType": "1",
        }
        # Several numbers: their phone tails in the same order, joined by commas [second-hand].
        if any(parcel.phone_tail for parcel in parcels):
            message["checkPhoneNo"] = ",".join(parcel.phone_tail for parcel in parcels)
        msg_data = compact(message)
        timestamp = str(int(wall_now().timestamp() * 1000))
        reply = post_form(
            self._transport,
            self._url,
            {
                "partnerID": self._partner_id,
                "requestID": str(uuid.uuid4()),
                "serviceCode": ROUTE_QUERY,
                "timestamp": timestamp,
                "msgDigest": msg_digest(msg_data, timestamp, self._checkword, self._encoder),
                "msgData": msg_data,
            },
        )
        return judged(reply, self.parse, source="SF", secrets=[self._checkword])


def msg_digest(msg_data: str, timestamp: str, checkword: str, encoder: str = "url") -> str:
    """Base64 of the raw MD5 over the encoded text of data, timestamp and checkword."""
    signed = msg_data + timestamp + checkword
    if encoder == "url":
        signed = java_url_encoded(signed)
    # Their scheme, not our choice.
    return base64.b64encode(hashlib.md5(signed.encode(), usedforsecurity=False).digest()).decode()


def java_url_encoded(plain: str) -> str:
    """As java.net.URLEncoder: blank to +, and only letters, digits and `* - . _` stay."""
    return quote_plus(plain, safe="*").replace("~", "%7E")


def _not_theirs(parcel: WatchRequest) -> ReplyError:
    return ReplyError(
        ErrorClass.BAD_NUMBER_OR_COURIER,
        "",
        f"SF tells only about its own parcels, not those of '{parcel.courier}'",
        parcel.waybill_number,
    )
