"""Kuaidi100 (快递100): query and subscription with callbacks.

Facts: couriers reference, sections 1 to 3 and 12a. A query is signed over exactly the text that is
sent; a subscription carries the key inside; a callback is signed with the salt given when
subscribing. States and reading of the data are in `kuaidi100_reply`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from aftersales.couriers import calls
from aftersales.couriers.base import PushAnswer, Registration, SourceLimits, WatchRequest
from aftersales.couriers.china import (
    answer_for,
    compact,
    judged,
    post_form,
    read_form,
    unknown_courier,
)
from aftersales.couriers.codes import to_source
from aftersales.couriers.kuaidi100_reply import read_payload, read_subscription
from aftersales.errors import Misconfigured, WebhookRefused
from aftersales.http import Transport
from aftersales.tracking import ReplyError, TrackingReply

BASE_URL = "https://poll.kuaidi100.com"

BATCH_SIZE = 1  # numbers per query and per subscription [vendor's documents]
REQUESTS_PER_SECOND = 1.0  # queries; subscriptions may be about 20 [second-hand]
CONCURRENCY = 1
LOCK_SECONDS = 30 * 60  # a number asked more often is locked [vendor's documents]
LIMITS = SourceLimits(
    batch_size=BATCH_SIZE,
    requests_per_second=REQUESTS_PER_SECOND,
    concurrency=CONCURRENCY,
    lock_seconds=LOCK_SECONDS,
    registers=True,
    pushes=True,
    register_batch_size=BATCH_SIZE,
)

DETAIL = "4"  # resultv2: advanced state names and statusCode on every event

# Without the last four digits of a phone these answer 408 [vendor's documents].
_NEED_PHONE = frozenset({"sf", "sf_freight", "zto"})


class Kuaidi100:
    """`TrackingSource` for one Kuaidi100 account.

    Secrets: `key`, `customer`, and `salt` for callbacks ("" is a salt too: the callback is then
    signed, but by everybody who likes; absent means that callbacks are unsigned and the secret in
    the path is the only proof). Options: `resultv2` (default 4); `auto_courier` "0" keeps the
    vendor from correcting the courier of a subscribed number. `callback_url` is our push address
    without the path secret. Raises `Misconfigured`.
    """

    name: ClassVar[str] = "kuaidi100"
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
        self._key = calls.required(secrets, "key", self.name)
        self._customer = calls.required(secrets, "customer", self.name)
        self._salt = secrets.get("salt")
        self._transport = transport
        self._base_url = (base_url or BASE_URL).rstrip("/")
        self._callback_url = callback_url.rstrip("/")
        self._detail = options.get("resultv2", DETAIL)
        self._auto_courier = options.get("auto_courier", "1")
        self._path_secret = options.get("path_secret_value", "")

    def query(self, parcels: Sequence[WatchRequest]) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.query`. A courier that Kuaidi100 does not know costs no call."""
        return [self._query_one(parcel) for parcel in parcels]

    def register(self, parcels: Sequence[WatchRequest]) -> list[Registration]:
        """See `TrackingSource.register`. Raises `Misconfigured` without a callback address."""
        return [self._register_one(parcel) for parcel in parcels]

    @staticmethod
    def parse(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
        """See `TrackingSource.parse`. A push is the decoded form field `param`."""
        return read_payload(kind, payload)

    def verify_push(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes,
        path_secret: str,
        now: datetime,  # noqa: ARG002 - a callback states no time, so it has no age
    ) -> bytes:
        """See `TrackingSource.verify_push`. Returns the form field `param`.

        Without a salt nothing is signed: then only the secret in the path lets a push in.
        """
        calls.check_push_door(body, path_secret, self._path_secret)
        if self._salt is None and not self._path_secret:
            raise WebhookRefused("neither a salt nor a path secret is set: nothing can be checked")
        form = read_form(body, "param")
        if self._salt is not None:
            expected = callback_sign(form["param"], self._salt)
            if not calls.same(form.get("sign", "").strip().upper(), expected):
                raise WebhookRefused("the field sign is missing or does not fit the field param")
        return form["param"].encode()

    def push_answer(self, now: datetime) -> PushAnswer:  # noqa: ARG002
        """See `TrackingSource.push_answer`. Any other body makes them repeat the callback."""
        return PushAnswer(200, '{"result":true,"returnCode":"200","message":"ok"}')

    def _query_one(self, parcel: WatchRequest) -> TrackingReply | ReplyError:
        company = to_source(parcel.courier, self.name)
        if company is None:
            return unknown_courier(parcel, "Kuaidi100")
        param = compact(
            {
                "com": company,
                "num": parcel.waybill_number,
                "phone": _phone(parcel),
                "resultv2": self._detail,
                "show": "0",
                "order": "desc",
            }
        )
        reply = post_form(
            self._transport,
            f"{self._base_url}/poll/query.do",
            {
                "customer": self._customer,
                "sign": query_sign(param, self._key, self._customer),
                "param": param,
            },
        )
        entries = judged(reply, self.parse, source="Kuaidi100", secrets=[self._key])
        return answer_for(parcel, entries, "Kuaidi100")

    def _register_one(self, parcel: WatchRequest) -> Registration:
        if not self._callback_url:
            raise Misconfigured(
                "The tracking source kuaidi100 has no callback_url.",
                what_to_do="Set callback_url to the push address, or push: false to only poll.",
            )
        company = to_source(parcel.courier, self.name)
        if company is None:
            return calls.registered(parcel, unknown_courier(parcel, "Kuaidi100"))
        parameters = {
            "callbackurl": "/".join(filter(None, (self._callback_url, self._path_secret))),
            "resultv2": self._detail,
            "autoCom": self._auto_courier,
            "phone": _phone(parcel),
        }
        if self._salt is not None:
            parameters["salt"] = self._salt
        param = compact(
            {
                "company": company,
                "number": parcel.waybill_number,
                "to": f"{parcel.province}{parcel.city}",
                "key": self._key,
                "parameters": parameters,
            }
        )
        reply = post_form(
            self._transport, f"{self._base_url}/poll", {"schema": "json", "param": param}
        )
        secrets = [self._key, self._salt or "", self._path_secret]
        said = judged(reply, _subscription, source="Kuaidi100", secrets=secrets)
        error = next((entry for entry in said if isinstance(entry, ReplyError)), None)
        return calls.registered(parcel, error)


def query_sign(param: str, key: str, customer: str) -> str:
    """Upper-case hex MD5 over param, key and customer, in UTF-8."""
    return _md5(param + key + customer)


def callback_sign(param: str, salt: str) -> str:
    """Upper-case hex MD5 over the decoded form field `param` and the salt, which may be empty."""
    return _md5(param + salt)


def _md5(signed: str) -> str:
    # Their scheme, not our choice: it proves that a push is theirs, nothing else hangs on it.
    return hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest().upper()


def _phone(parcel: WatchRequest) -> str:
    return parcel.phone_tail if parcel.courier in _NEED_PHONE else ""


def _subscription(kind: str, payload: bytes) -> list[TrackingReply | ReplyError]:
    error = read_subscription(kind, payload)
    return [] if error is None else [error]
