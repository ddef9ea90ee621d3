"""TOP, the open platform of Taobao and Tmall, simulated. Formats as in the platforms reference.

A signed form in, JSON out, HTTP 200 whatever happened: failures are an `error_response`. Lists are
live: newest change first, and a row that changes while somebody pages through moves.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from aftersales.platforms.taobao_sign import SIGN_METHODS, signature
from local.simulators.pace import Pace
from local.simulators.shop_life import FINISHED_AFTER, Sale, ShopLife, Stage

CHINA = timezone(timedelta(hours=8))
TIMESTAMP = "%Y-%m-%d %H:%M:%S"
CLOCK_SKEW = timedelta(minutes=10)
ROWS_LIMIT = 100
LONGEST_WINDOW = timedelta(days=1)
CALLS_PER_SECOND, BURST = 60.0, 60.0

STATES = {
    Stage.UNPAID: "WAIT_BUYER_PAY",
    Stage.PAID: "WAIT_SELLER_SEND_GOODS",
    Stage.SHIPPED: "WAIT_BUYER_CONFIRM_GOODS",
    Stage.FINISHED: "TRADE_FINISHED",
    Stage.ABANDONED: "TRADE_CLOSED_BY_TAOBAO",
    Stage.REFUNDED: "TRADE_CLOSED",
}

Row = dict[str, Any]
Form = Mapping[str, str]


class Top:
    """The gateway for one shop. `answer` takes the body of a POST to /router/rest.

    `now` is business time, by which orders change; `wall_now` is the clock that timestamps of
    calls are compared with.
    """

    def __init__(
        self,
        life: ShopLife,
        secrets: Mapping[str, str],
        now: Callable[[], datetime],
        wall_now: Callable[[], datetime],
        pace: Pace | None = None,
    ) -> None:
        self._life, self._secrets, self._now, self._wall_now = life, secrets, now, wall_now
        self.pace = pace or Pace(CALLS_PER_SECOND, BURST)
        self._methods: dict[str, Callable[[Form], Row]] = {
            "taobao.time.get": lambda _: {"time": _china(self._wall_now())},
            "taobao.trades.sold.increment.get": self._trades,
            "taobao.trade.fullinfo.get": self._trade,
            "taobao.refunds.receive.get": self._refunds,
            "taobao.refund.get": self._refund,
            "taobao.traderates.get": lambda _: {"total_results": 0},
        }

    def answer(self, body: bytes) -> bytes:
        """The document that TOP would answer with."""
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        return json.dumps(self._answered(form), ensure_ascii=False).encode()

    def _answered(self, form: Form) -> Row:
        refusal = self._refusal(form)
        if refusal is not None:
            return refusal
        method = form["method"]
        try:
            content = self._methods[method](form)
        except (KeyError, ValueError):
            return _error(41, "Invalid Arguments")
        if "error_response" in content:
            return content
        name = method.removeprefix("taobao.").replace(".", "_")
        return {f"{name}_response": {**content, "request_id": "15r0demo7k2q"}}

    def _refusal(self, form: Form) -> Row | None:
        """What is asked of every call, in the order in which TOP asks it."""
        asks_time = form.get("method") == "taobao.time.get"
        limit = "This ban will last for 1 more seconds"
        throttled = "accesscontrol.limited-by-app-access-count"
        asked: tuple[tuple[Callable[[], bool], Row], ...] = (
            (lambda: form.get("method") in self._methods, _error(22, "Invalid Method")),
            (
                lambda: form.get("app_key") == self._secrets["app_key"],
                _error(29, "Invalid app Key"),
            ),
            (lambda: asks_time or self._is_in_time(form), _error(31, "Invalid timestamp")),
            (lambda: self._is_signed(form), _error(25, "Invalid signature")),
            (
                lambda: asks_time or form.get("session") == self._secrets["session"],
                _error(27, "Invalid session", "invalid-sessionkey", "SessionKey非法"),
            ),
            (self.pace.allows, _error(7, "App Call Limited", throttled, limit)),
        )
        return next((refusal for is_fine, refusal in asked if not is_fine()), None)

    def _is_in_time(self, form: Form) -> bool:
        try:
            sent_at = _time(form.get("timestamp", ""))
        except ValueError:
            return False
        return abs(sent_at - self._wall_now()) <= CLOCK_SKEW

    def _is_signed(self, form: Form) -> bool:
        sign_method = form.get("sign_method", "md5")
        if sign_method not in SIGN_METHODS:
            return False
        wanted = signature(form, self._secrets["app_secret"], sign_method)
        return hmac.compare_digest(wanted.encode(), form.get("sign", "").encode())

    def _trades(self, form: Form) -> Row:
        now = self._now()
        found = [(sale.changed_at(now), sale) for sale in self._life.sales(now)]
        return self._listed(found, form, "trades", "trade", lambda sale: _trade(sale, now))

    def _trade(self, form: Form) -> Row:
        now = self._now()
        sale = self._life.sale(form["tid"], now)
        if sale is None:
            return _error(15, "Remote service error", "isv.trade-not-exist", "交易不存在")
        return {"trade": _only(_trade(sale, now), form)}

    def _refunds(self, form: Form) -> Row:
        now = self._now()
        found = [(at, sale) for sale in self._life.sales(now) if (at := _refund_changed(sale, now))]
        return self._listed(found, form, "refunds", "refund", lambda sale: _refund(sale, now))

    def _refund(self, form: Form) -> Row:
        now = self._now()
        for sale in self._life.sales(now):
            if sale.refund_id == form["refund_id"] and _refund_changed(sale, now):
                return {"refund": _only(_refund(sale, now), form)}
        return _error(15, "Remote service error", "isv.refund-not-exist", "退款不存在")

    def _listed(
        self,
        found: list[tuple[datetime, Sale]],
        form: Form,
        plural: str,
        singular: str,
        row_of: Callable[[Sale], Row],
    ) -> Row:
        start, end = _time(form["start_modified"]), _time(form["end_modified"])
        page, size = int(form.get("page_no", "1")), int(form.get("page_size", "40"))
        if page < 1 or not 1 <= size <= ROWS_LIMIT or not timedelta(0) <= end - start:
            return _error(41, "Invalid Arguments")
        if end - start > LONGEST_WINDOW:
            return _error(41, "Invalid Arguments", "isv.invalid-parameter:start_modified")
        inside = [(at, sale) for at, sale in found if start <= at <= end]
        inside.sort(key=lambda each: (each[0], each[1].order_id), reverse=True)
        shown = [_only(row_of(sale), form) for _, sale in inside[(page - 1) * size : page * size]]
        listed: Row = {plural: {singular: shown}} if shown else {}
        if form.get("use_has_next") == "true":
            return {**listed, "has_next": page * size < len(inside)}
        return {**listed, "total_results": len(inside)}


def _trade(sale: Sale, now: datetime) -> Row:
    stage, parcel = sale.stage(now), sale.parcel
    title, sku, price = sale.goods
    line: Row = {
        "oid": int(sale.order_id),
        "title": title,
        "num": sale.quantity,
        "num_iid": 680000000000 + sum(map(ord, sku)),
        "sku_id": sku,
        "price": price,
        "payment": f"{sale.amount:.2f}",
        "refund_status": _refund_state(sale, now) or "NO_REFUND",
        "refund_id": sale.refund_id if _refund_changed(sale, now) else None,
        "status": STATES[stage],
    }
    row: Row = {
        "tid": int(sale.order_id),
        "tid_str": sale.order_id,
        "status": STATES[stage],
        "type": "fixed",
        "created": _china(sale.placed_at),
        "modified": _china(sale.changed_at(now)),
        "payment": f"{sale.amount:.2f}",
        "buyer_nick": f"{sale.buyer[0]}**{sale.buyer[-1]}",
        "buyer_open_uid": f"AAH{sale.buyer}",
        "receiver_state": sale.province,
        "receiver_city": sale.city,
        "orders": {"order": [line]},
    }
    if sale.paid_at is not None and sale.paid_at <= now:
        row["pay_time"] = _china(sale.paid_at)
    if parcel is not None and parcel.shipped_at <= now:
        row |= {
            "consign_time": _china(parcel.shipped_at),
            "timeout_action_time": _china(parcel.shipped_at + FINISHED_AFTER + timedelta(days=2)),
            "receiver_mobile": f"139****{parcel.phone_tail}",
        }
        line |= {"invoice_no": parcel.waybill_number, "logistics_company": parcel.courier_text}
    ends = (sale.finished_at, sale.abandoned_at, sale.refunded_at)
    ended_at = next((at for at in ends if at is not None and at <= now), None)
    if ended_at is not None:
        row["end_time"] = _china(ended_at)
    return row


def _refund(sale: Sale, now: datetime) -> Row:
    return {
        "refund_id": sale.refund_id,
        "tid": int(sale.order_id),
        "oid": int(sale.order_id),
        "status": _refund_state(sale, now),
        "created": _china(sale.refund_asked_at or now),
        "modified": _china(_refund_changed(sale, now) or now),
        "refund_fee": f"{sale.amount:.2f}",
        "reason": "不想要了",
        "has_good_return": False,
        "dispute_type": "REFUND",
        "cs_status": 1,
        "refund_phase": "onsale",
        "refund_remind_timeout": {
            "exist_timeout": True,
            "timeout": _china((sale.refund_asked_at or now) + timedelta(days=2)),
        },
    }


def _refund_state(sale: Sale, now: datetime) -> str:
    if sale.refund_asked_at is None or sale.refund_asked_at > now:
        return ""
    done = sale.refunded_at is not None and sale.refunded_at <= now
    return "SUCCESS" if done else "WAIT_SELLER_AGREE"


def _refund_changed(sale: Sale, now: datetime) -> datetime | None:
    times = [at for at in (sale.refund_asked_at, sale.refunded_at) if at is not None and at <= now]
    return max(times, default=None)


def _only(row: Row, form: Form) -> Row:
    """The fields that were asked for; what has no value is left out, as there."""
    wanted = form["fields"].split(",")
    return {name: row[name] for name in wanted if row.get(name) not in (None, "")}


def _china(at: datetime) -> str:
    return at.astimezone(CHINA).strftime(TIMESTAMP)


def _time(text: str) -> datetime:
    return datetime.strptime(text, TIMESTAMP).replace(tzinfo=CHINA).astimezone(UTC)


def _error(code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> Row:
    told: Row = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}
    told = {name: value for name, value in told.items() if value != ""}
    return {"error_response": {**told, "request_id": "15r0demo7k2q"}}
