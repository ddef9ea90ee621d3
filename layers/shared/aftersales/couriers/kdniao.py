"""KDNiao (快递鸟): query and subscription with pushes.

Facts: couriers reference, sections 1, 4 and 12a. Everything is signed with DataSign, the base64 of
the hex MD5 over the JSON and the AppKey. The push address is set in its console, not here. Codes
and reading of the data are in `kdniao_reply`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from aftersales.couriers import calls
from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.couriers.china import (
    CHINA,
    answer_for,
    china_time,
    compact,
    judged,
    post_form,
    read_form,
    unknown_courier,
)
from aftersales.couriers.codes import to_source
from aftersales.couriers.kdniao_reply import pushed_at, read_acknowledgement, read_payload
from aftersales.errors import Misconfigured, WebhookRefused
from aftersales.http import Transport
from aftersales.tracking import ReplyError, TrackingReply

# The vendor documents http and answers on https too [second-hand], which keeps numbers private.
BASE_URL = "https://api.kdniao.com"

BATCH_SIZE = 1  # numbers per call [vendor's documents]
# The vendor limits the day (30,000, the free tier 500; above it 405 [second-hand]), no rate per
# second is known. Parcels' own moments spread the day's questions; this keeps bursts polite.
REQUESTS_PER_SECOND = 1.0
CONCURRENCY = 2
LIMITS = SourceLimits(
    batch_size=BATCH_SIZE,
    requests_per_second=REQUESTS_PER_SECOND,
    concurrency=CONCURRENCY,
    registers=True,
    pushes=True,
    register_batch_size=BATCH_SIZE,
)

# RequestType of query and subscription. The monitoring tier covers all couriers.
TIERS = {"basic": ("1002", "1008"), "monitoring": ("8001", "8008")}

_NEED_PHONE = frozenset({"sf"})


class KDNiao:
    """`TrackingSource` for one KDNiao account.

    Secrets: `business_id`, `app_key`. Options: `tier` basic (default) or monitoring;
    `jd_merchant_code`, which JD needs to tell anything; `push_max_age_seconds` refuses older
    pushes (default: any age, because PushTime is their local time and not documented).
    Raises `Misconfigured`.
    """

    name: ClassVar[str] = "kdniao"
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
        self._business_id = calls.required(secrets, "business_id", self.name)
        self._app_key = calls.required(secrets, "app_key", self.name)
        self._transport = transport
        self._base_url = (base_url or BASE_URL).rstrip("/")
        self._callback_url = callback_url  # theirs is set in their console; kept for symmetry
        tier = options.get("tier", "basic")
        if tier not in TIERS:
            raise Misconfigured(
                f"The tracking source kdniao has the unknown tier '{tier}'.",
                what_to_do=f"Set its option tier to one of {', '.join(TIERS)}.",
            )
        self._query_type, self._subscribe_type = TIERS[tier]
        self._jd_merchant_code = options.get("jd_merchant_code", "")
        self._push_max_age_seconds = options.get("push_max_age_seconds", "")
        self._path_secret = options.get("path_secret_value", "")

    def query(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.query`. A courier that KDNiao does not know costs no call."""
        return [self._query_one(parcel) for parcel in parcels]

    def register(self, parcels: Sequence[WatchRequest]) -> list[Registration]:
        """See `TrackingSource.register`."""
        return [self._register_one(parcel) for parcel in parcels]

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.parse`. A push is the decoded form field `RequestData`."""
        return read_payload(kind, payload)

    def verify_push(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes,
        path_secret: str,
        now: datetime,
    ) -> bytes:
        """See `TrackingSource.verify_push`. Returns the form field `RequestData`."""
        calls.check_push_door(body, path_secret, self._path_secret)
        form = read_form(body, "RequestData", "DataSign")
        data = form["RequestData"]
        if not calls.same(form["DataSign"].strip(), data_sign(data, self._app_key)):
            raise WebhookRefused("the field DataSign does not fit the field RequestData")
        payload = data.encode()
        if self._push_max_age_seconds:
            calls.check_age(china_time(pushed_at(payload)), now, self._push_max_age_seconds)
        return payload

    def push_answer(self, now: datetime) -> PushAnswer:
        """See `TrackingSource.push_answer`. UpdateTime is Chinese time, as in their examples."""
        return PushAnswer(
            200,
            compact(
                {
                    "EBusinessID": self._business_id,
                    "UpdateTime": now.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"),
                    "Success": True,
                    "Reason": "",
                }
            ),
        )

    def _query_one(self, parcel: WatchRequest) -> TrackingReply | ReplyError:
        shipper = to_source(parcel.courier, self.name)
        if shipper is None:
            return unknown_courier(parcel, "KDNiao")
        data = self._request_data(parcel, shipper) | {"Sort": "0"}
        url = f"{self._base_url}/Ebusiness/EbusinessOrderHandle.aspx"
        reply = post_form(self._transport, url, self._signed(data, self._query_type))
        entries = judged(reply, self.parse, source="KDNiao", secrets=[self._app_key])
        return answer_for(parcel, entries, "KDNiao")

    def _register_one(self, parcel: WatchRequest) -> Registration:
        shipper = to_source(parcel.courier, self.name)
        if shipper is None:
            return calls.registered(parcel, unknown_courier(parcel, "KDNiao"))
        data = self._request_data(parcel, shipper)
        if parcel.tag:
            data["Callback"] = parcel.tag
        url = f"{self._base_url}/api/dist"
        reply = post_form(self._transport, url, self._signed(data, self._subscribe_type))
        said = judged(reply, read_acknowledgement, source="KDNiao", secrets=[self._app_key])
        error = next((entry for entry in said if isinstance(entry, ReplyError)), None)
        return calls.registered(parcel, error)

    def _request_data(self, parcel: WatchRequest, shipper: str) -> dict[str, str]:
        data = {
            "OrderCode": "",
            "ShipperCode": shipper,
            "LogisticCode": parcel.waybill_number,
        }
        customer = parcel.phone_tail if parcel.courier in _NEED_PHONE else ""
        if parcel.courier == "jd":
            customer = self._jd_merchant_code
        if customer:
            data["CustomerName"] = customer
        return data

    def _signed(self, data: Mapping[str, str], request_type: str) -> dict[str, str]:
        request_data = compact(data)
        return {
            "EBusinessID": self._business_id,
            "RequestType": request_type,
            "RequestData": request_data,
            "DataSign": data_sign(request_data, self._app_key),
            "DataType": "2",
        }


def data_sign(request_data: str, app_key: str) -> str:
    """Base64 of the lower-case hex MD5 over the JSON, before any URL encoding, and the AppKey."""
    # Their scheme, not our choice.
    signed = hashlib.md5((request_data + app_key).encode(), usedforsecurity=False)
    return base64.b64encode(signed.hexdigest().encode()).decode()
