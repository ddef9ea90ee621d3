"""One question to a WooCommerce shop: address, key, and what its refusals mean.

Facts: platforms reference, section 8. A refusal is `{code, message, data: {status}}`; the seller's
host answers in its own way, mostly with a page, when the shop is down, slow or under attack.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from aftersales.couriers.calls import retry_after_seconds, safe_message
from aftersales.couriers.reading import mapping, text
from aftersales.errors import Misconfigured, Refused, Throttled, Unreachable
from aftersales.http import HttpReply, HttpRequest
from aftersales.platforms.html_text import plain

if TYPE_CHECKING:
    from aftersales.http import Transport
    from aftersales.settings.model import Shop

READ_TIMEOUT_SECONDS = 25.0  # small hosts take long for a hundred orders
CODE_LIMIT = 80  # characters of an error code


class WooCommerceCall:
    """Asks one shop. Raises `Misconfigured` without a usable address or a key."""

    def __init__(self, shop: Shop, secrets: Mapping[str, str], transport: Transport) -> None:
        self._shop = shop
        self._api = f"{_checked_address(shop)}/wp-json/wc/v3"
        pair = [_required(shop, secrets, name) for name in ("consumer_key", "consumer_secret")]
        credentials = base64.b64encode(":".join(pair).encode()).decode()
        self._headers = {"authorization": f"Basic {credentials}", "accept": "application/json"}
        self._unsaid = (credentials, *pair)
        self._transport = transport

    def __call__(self, path: str, parameters: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        """The document and the headers (names in lower case) of one question.

        Raises `Misconfigured` (the key, the address), `Refused` (with the shop's own code),
        `Throttled` or `Unreachable`. Redirects are not followed: they would carry the key away.
        """
        query = f"?{urlencode(parameters)}" if parameters else ""
        request = HttpRequest(
            "GET",
            f"{self._api}/{path}{query}",
            headers=self._headers,
            read_timeout_seconds=READ_TIMEOUT_SECONDS,
        )
        reply = self._transport(request)
        try:
            document = json.loads(reply.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            document = None
        if not 200 <= reply.status < 300:
            raise self._failure(reply, mapping(document))
        if document is None:  # a maintenance page, or a message of PHP in front of the answer
            raise Unreachable(
                f"shop {self._shop.id} answered with something that is not JSON",
                status=reply.status,
            )
        return document, reply.headers

    def _failure(self, reply: HttpReply, said: dict[str, Any]) -> Exception:
        """The error of a reply that is not 2xx: `{code, message, data}`, or a page of the host."""
        code = safe_message(text(said.get("code")), self._unsaid)[:CODE_LIMIT]
        words = safe_message(plain(text(said.get("message"))), self._unsaid)
        what = f"shop {self._shop.id} (HTTP {reply.status}{', ' + code if code else ''})"
        what = f"{what}: {words.rstrip('.')}" if words else what
        code = code or str(reply.status)
        if reply.status == 401:
            return Misconfigured(
                f"{what}. The shop does not accept the key.",
                what_to_do="Make a new key with read access under WooCommerce, Settings, Advanced, "
                "REST API, and store both parts; the host must pass on the Authorization header.",
            )
        if 300 <= reply.status < 400:
            return Misconfigured(
                f"{what}. The address leads on to another one.",
                what_to_do="Set base_url to the address at which the shop itself answers.",
            )
        if reply.status == 404 and (code == "rest_no_route" or not said):
            return Misconfigured(
                f"{what}. There is no WooCommerce interface at this address.",
                what_to_do="Check base_url, and that permalinks are not set to Plain.",
            )
        wait = retry_after_seconds(reply.headers)
        if reply.status == 429:
            return Throttled(what, code=code, status=reply.status, retry_after_seconds=wait)
        if reply.status >= 500 or reply.status in (408, 425):
            return Unreachable(what, code=code, status=reply.status, retry_after_seconds=wait)
        return Refused(what, code=code, status=reply.status)


def _required(shop: Shop, secrets: Mapping[str, str], name: str) -> str:
    value = secrets.get(name, "")
    if not value:
        raise Misconfigured(
            f"The shop {shop.id} has no secret `{name}`.",
            what_to_do=f"Add `{name}: env:NAME` to its `secrets` in the settings file.",
        )
    return value


def _checked_address(shop: Shop) -> str:
    parts = urlsplit(shop.base_url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise Misconfigured(
            f"The shop {shop.id} has no address that can be used.",
            what_to_do="Set its base_url, such as https://shop.example.com; it must be https.",
        )
    return shop.base_url.rstrip("/")
