"""One call to TOP, the open platform of Taobao and Tmall: signed, sent, its answer judged.

Facts: platforms reference, sections 1.1 and 1.7. TOP answers HTTP 200 on failure, too; what went
wrong stands in `error_response`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus

from aftersales.couriers.calls import MESSAGE_LIMIT, retry_after_seconds
from aftersales.couriers.china import CHINA, china_time, post_form
from aftersales.couriers.reading import document, mapping, text
from aftersales.errors import (
    AftersalesError,
    BadInput,
    Misconfigured,
    OutsideFailure,
    Refused,
    Throttled,
    TryLater,
    Unreachable,
)
from aftersales.http import HttpReply, Transport
from aftersales.messages.masking import mask_text
from aftersales.platforms.base import QUOTA_USED_UP
from aftersales.platforms.taobao_sign import signature

BASE_URL = "https://eco.taobao.com/router/rest"
TIMESTAMP_FORMAT = "%Y-%m-%d %H:%M:%S"  # in +08:00; TOP tolerates ten minutes
QUOTA_WAIT_SECONDS = 3600.0  # quotas are counted by the day; nothing says when it is renewed
WAIT_LIMIT_SECONDS = 24 * 3600.0

QUOTA_CODES = frozenset({"4", "5", "6"})
FREQUENCY_CODES = frozenset({"7", "8"})
CLOCK_CODE = "31"
BUSY_CODE = "10"

_AUTHORISE = "Authorise the shop again and store the new session (and its session_expires_at)."
_COMPARE_KEYS = "Compare app_key and app_secret with those of the app at TOP."
_WHAT_TO_DO = {"26": _AUTHORISE, "27": _AUTHORISE, "25": _COMPARE_KEYS, "29": _COMPARE_KEYS}
"""No or an invalid session; the signature does not fit, the app key is unknown."""

_SECONDS = re.compile(r"(\d{1,6})\s*(?:more\s+)?(?:seconds?\b|秒)", re.IGNORECASE)


class WrongTime(Refused):
    """TOP does not accept the timestamp of a call."""


class TopCaller:
    """Calls TOP for one shop. Safe to share between threads.

    Where TOP does not accept our clock, its own is asked once and the call repeated; the difference
    is kept. Raises `Throttled`, `TryLater`, `Unreachable`, `Refused` (with TOP's code, and its
    sub-code where there is one) or `Misconfigured`; never with a secret in the text.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        app_key: str,
        app_secret: str,
        session: str,
        base_url: str,
        sign_method: str,
        wall_now: Callable[[], datetime],
    ) -> None:
        self._transport = transport
        self._app_key = app_key
        self._app_secret = app_secret
        self._session = session
        self._base_url = base_url or BASE_URL
        self._sign_method = sign_method
        self._wall_now = wall_now
        self._clock_behind = timedelta(0)

    def call(self, method: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """What stands in the `<method>_response` of the answer, or in the answer itself."""
        try:
            return self._call_once(method, parameters)
        except WrongTime:
            self._clock_behind = self._server_time() - self._wall_now()
            return self._call_once(method, parameters)

    def _server_time(self) -> datetime:
        told = self._call_once("taobao.time.get", {}, with_session=False)
        server_time = china_time(told.get("time"))
        if server_time is None:
            raise Unreachable("taobao.time.get: no usable answer")
        return server_time

    def _call_once(
        self, method: str, parameters: Mapping[str, str], *, with_session: bool = True
    ) -> dict[str, Any]:
        now = self._wall_now() + self._clock_behind
        sent = {
            **parameters,
            "method": method,
            "app_key": self._app_key,
            "session": self._session if with_session else "",
            "timestamp": now.astimezone(CHINA).strftime(TIMESTAMP_FORMAT),
            "format": "json",
            "v": "2.0",
            "sign_method": self._sign_method,
        }
        # TOP leaves empty values out of the signature, its JavaScript SDK does not: send none.
        sent = {name: value for name, value in sent.items() if value}
        sent["sign"] = signature(sent, self._app_secret, self._sign_method)
        reply = post_form(self._transport, self._base_url, sent)
        return read_answer(reply, method, (self._app_secret, self._session, self._app_key))


def read_answer(reply: HttpReply, method: str, secrets: Iterable[str] = ()) -> dict[str, Any]:
    """The content of an answer, with its outer wrapper taken off. Raises as `TopCaller` says."""
    try:
        read = mapping(document("taobao", "query_reply", reply.body))
    except BadInput:
        read = {}
    told = mapping(read.get("error_response"))
    if not told and "msg" in read and "code" in read:
        told = read  # the form without wrappers
    if told:
        raise judged_error(told, method, secrets)
    _check_status(reply, method)
    for name, content in read.items():
        if name.endswith("_response") and isinstance(content, dict):
            return content
    if not read:
        raise Unreachable(f"{method}: no usable answer (HTTP {reply.status})", status=reply.status)
    return read


def judged_error(
    told: Mapping[str, Any], method: str, secrets: Iterable[str] = ()
) -> AftersalesError:
    """The error that an `error_response` means: the table of section 1.7 of the reference."""
    code, sub_code = text(told.get("code")), text(told.get("sub_code"))
    words = [text(told.get("msg")), sub_code, text(told.get("sub_msg"))]
    said = " ".join(filter(None, words)) or "no reason given"
    message = safe_text(f"{method}: error {code or '?'}: {said}", secrets)
    wait = _wait_seconds(said)
    if code in QUOTA_CODES:
        return Throttled(
            message, code=QUOTA_USED_UP, retry_after_seconds=max(wait or 0.0, QUOTA_WAIT_SECONDS)
        )
    if code in FREQUENCY_CODES:
        return Throttled(message, code=code, retry_after_seconds=wait)
    if code in _WHAT_TO_DO:
        return Misconfigured(f"{message.rstrip('.')}.", what_to_do=_WHAT_TO_DO[code])
    if code == CLOCK_CODE:
        return WrongTime(message, code=code)
    is_theirs = sub_code.startswith("isp.") and code not in _CALL_CODES
    full_code = f"{code} {sub_code}".strip()
    if code == BUSY_CODE or is_theirs or (code == "15" and not sub_code):
        return TryLater(message, code=full_code, retry_after_seconds=wait)
    return Refused(message, code=full_code)


_CALL_CODES = frozenset(
    map(str, [3, 9, *range(11, 14), *range(21, 25), 28, 30, *range(32, 35), *range(40, 44)])
)
"""Errors of the call itself (permission, form, arguments), for ever wrong whoever reports them."""


def safe_text(message: str, secrets: Iterable[str]) -> str:
    """A vendor's words fit for a log: without our secrets, phones masked, of bounded length."""
    for secret in secrets:
        for written in {secret, quote(secret), quote_plus(secret)} - {""}:
            message = message.replace(written, "***")
    return mask_text(message)[:MESSAGE_LIMIT]


def _check_status(reply: HttpReply, method: str) -> None:
    """TOP itself always says 200: other statuses come from what stands before it."""
    status = reply.status
    if 200 <= status < 300:
        return
    what = f"{method}: HTTP {status}"
    wait = retry_after_seconds(reply.headers)
    failure: OutsideFailure
    if status == 429:
        failure = Throttled(what, code="429", status=status, retry_after_seconds=wait)
    elif status >= 500 or status in (408, 425):
        failure = Unreachable(what, code=str(status), status=status, retry_after_seconds=wait)
    else:
        failure = Refused(what, code=str(status), status=status)
    raise failure


def _wait_seconds(said: str) -> float | None:
    """`This ban will last for 12 more seconds`: the hint, at most a day."""
    found = _SECONDS.search(said)
    return min(float(found[1]), WAIT_LIMIT_SECONDS) if found else None
