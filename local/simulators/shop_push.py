"""How simulated live shops tell of changed orders: WooCommerce by webhook, TOP by HTTP callback.

Neither repeats what was not accepted, and WooCommerce gives a webhook up after too many failures in
a row, as in life: what is lost so is found by whoever reads the shop on schedule.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aftersales.platforms.taobao_sign import signature
from aftersales.platforms.woocommerce_webhook import webhook_signature
from local.simulators.sales import Sale, Stage
from local.simulators.shop_life import ShopLife
from local.simulators.top_rows import china
from local.simulators.woo_rows import order_row

LOOK_SECONDS = 0.5
WEBHOOK_ID = 12
MOST_FAILURES = 5
"""In a row. After one more, WooCommerce switches a webhook off and says so to nobody."""
FORM = "application/x-www-form-urlencoded"
TOPICS = {
    Stage.UNPAID: "taobao_trade_TradeCreate",
    Stage.PAID: "taobao_trade_TradeBuyerPay",
    Stage.PARTLY_SHIPPED: "taobao_trade_TradePartlySellerShip",
    Stage.SHIPPED: "taobao_trade_TradeSellerShip",
    Stage.FINISHED: "taobao_trade_TradeSuccess",
    Stage.ABANDONED: "taobao_trade_TradeClose",
    Stage.REFUNDED: "taobao_refund_RefundSuccess",
}


@dataclass(frozen=True, slots=True)
class Outage:
    """While it lasts, nothing that the shop sends arrives. Some time later somebody in the shop
    notices that its webhook is off, and sets it to active again."""

    begins: datetime
    ends: datetime
    mended: datetime

    @classmethod
    def of(cls, origin: datetime) -> Outage:
        """The one of the demonstration: on its first day, over two waves of orders."""
        return cls(*(origin + timedelta(hours=hours) for hours in (6.5, 12, 20)))


class Webhook:
    """A shop's webhook: `active`, until too many pushes in a row have failed."""

    def __init__(self, url: Callable[[], str], outage: Outage | None = None) -> None:
        self.url, self._outage = url, outage
        self._failures, self._status = 0, "active"
        self._lock = threading.Lock()

    def status(self, now: datetime) -> str:
        """`active` or `disabled`."""
        with self._lock:
            mended = self._outage is not None and now >= self._outage.mended
            if mended and self._status == "disabled":
                self._status, self._failures, self._outage = "active", 0, None
            return self._status

    def reaches(self, now: datetime) -> bool:
        """Does anything that is sent arrive?"""
        outage = self._outage
        return outage is None or not outage.begins <= now < outage.ends

    def count(self, *, accepted: bool) -> None:
        """One push was accepted, or failed."""
        with self._lock:
            self._failures = 0 if accepted else self._failures + 1
            if self._failures > MOST_FAILURES:
                self._status = "disabled"


class Pusher(ABC):
    """Pushes each order that changes from its start on, once, in a thread."""

    name = "shop-pushes"

    def __init__(self, life: ShopLife, now: Callable[[], datetime], url: Callable[[], str]) -> None:
        self._life, self._now, self._url = life, now, url
        self._seen_until = now()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def start(self) -> None:
        """Begin to push."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def push_news(self) -> int:
        """Push what has changed since the last look; returns how many were accepted."""
        now, accepted = self._now(), 0
        for sale in self._life.sales(now):
            if self._seen_until < sale.changed_at(now) <= now and not self._stopping.is_set():
                accepted += self.push(sale, now)
        self._seen_until = now
        return accepted

    @abstractmethod
    def push(self, sale: Sale, now: datetime) -> bool:
        """Tell of one order. False where it was not accepted."""

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            if self._url():
                self.push_news()

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bool:
        request = urllib.request.Request(url, body, dict(headers))  # noqa: S310 - ours, on loopback
        try:
            with self._open(request, timeout=10.0) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class WooPusher(Pusher):
    """WooCommerce: a ping when the webhook is made, then whole orders, signed in a header."""

    name = "woo-pushes"

    def __init__(
        self, life: ShopLife, secret: str, now: Callable[[], datetime], webhook: Webhook
    ) -> None:
        super().__init__(life, now, webhook.url)
        self._secret, self._webhook = secret, webhook
        self._pinged = False

    def ping(self) -> bool:
        """What a shop sends unsigned when a webhook is made. False where nobody accepts it."""
        body = f"webhook_id={WEBHOOK_ID}".encode()
        return self._post(self._url(), body, {"content-type": FORM})

    def push_news(self) -> int:
        """See `Pusher.push_news`."""
        self._pinged = self._pinged or self.ping()
        return super().push_news()

    def push(self, sale: Sale, now: datetime) -> bool:
        """See `Pusher.push`. Nothing is sent while the webhook is off."""
        if self._webhook.status(now) != "active":
            return False
        body = json.dumps(order_row(sale, now), ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "x-wc-webhook-topic": "order.updated",
            "x-wc-webhook-resource": "order",
            "x-wc-webhook-event": "updated",
            "x-wc-webhook-id": str(WEBHOOK_ID),
            "x-wc-webhook-delivery-id": f"{WEBHOOK_ID}-{now:%Y%m%d%H%M%S}",
            "x-wc-webhook-signature": webhook_signature(self._secret, body),
        }
        accepted = self._webhook.reaches(now) and self._post(self._url(), body, headers)
        self._webhook.count(accepted=accepted)
        return accepted


class TopPusher(Pusher):
    """TOP: calls that name an order, signed in the query; as a form or as JSON, in turn.

    Signed are the query, the headers that `top-sign-list` names, and the form or the raw body.
    """

    name = "top-callbacks"

    def __init__(
        self,
        life: ShopLife,
        secrets: Mapping[str, str],
        now: Callable[[], datetime],
        wall_now: Callable[[], datetime],
        url: Callable[[], str],
    ) -> None:
        super().__init__(life, now, url)
        self._secrets, self._wall_now = secrets, wall_now
        self._sent = 0

    def push(self, sale: Sale, now: datetime) -> bool:
        """See `Pusher.push`."""
        self._sent += 1
        tid = int(sale.order_id)
        message = {
            "topic": TOPICS[sale.stage(now)],
            "id": f"{sale.changed_at(now):%m%d%H%M%S}{tid % 1_000_000:06}",
            "pub_time": china(now),
            "content": json.dumps({"tid": tid, "oid": tid, "payment": f"{sale.amount:.2f}"}),
        }
        headers = {"top-sign-list": "x-top-source", "x-top-source": "message"}
        query = {
            "app_key": self._secrets["app_key"],
            "sign_method": "md5",
            "timestamp": china(self._wall_now()),
        }
        is_form = self._sent % 2 == 1
        signed = {**query, "x-top-source": "message", **(message if is_form else {})}
        body = (urlencode(message) if is_form else json.dumps(message, ensure_ascii=False)).encode()
        raw = b"" if is_form else body
        query["sign"] = signature(signed, self._secrets["app_secret"], body=raw)
        headers["content-type"] = FORM if is_form else "application/json"
        return self._post(f"{self._url()}?{urlencode(query)}", body, headers)
