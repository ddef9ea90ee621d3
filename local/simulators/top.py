"""TOP, the open platform of Taobao and Tmall, simulated. Formats as in the platforms reference.

A signed form in, JSON out, HTTP 200 whatever happened: failures are an `error_response`. Lists are
live: newest change first, and a row that changes while somebody pages through moves.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aftersales.platforms.taobao_sign import SIGN_METHODS, signature
from local.simulators.pace import Pace
from local.simulators.sales import Sale, Stage
from local.simulators.shop_life import ShopLife
from local.simulators.top_rows import (
    CHINA,
    TIMESTAMP,
    china,
    line_id,
    nick,
    rating_row,
    refund_changed,
    refund_row,
    trade_row,
)

CLOCK_SKEW = timedelta(minutes=10)
ROWS_LIMIT = 100
RATING_ROWS_LIMIT, RATINGS_SHOWN = 150, 1500
LONGEST_WINDOW = timedelta(days=1)
REPLY_LIMIT_CHARACTERS, REPLY_WITHIN = 500, timedelta(days=30)
EXTENSION_DAYS = ("3", "5", "7", "10")
CALLS_PER_SECOND, BURST = 60.0, 60.0

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
            "taobao.time.get": lambda _: {"time": china(self._wall_now())},
            "taobao.trades.sold.increment.get": self._trades,
            "taobao.trade.fullinfo.get": self._trade,
            "taobao.refunds.receive.get": self._refunds,
            "taobao.refund.get": self._refund,
            "taobao.trade.receivetime.delay": self._delay,
            "taobao.traderates.get": self._ratings,
            "tmall.traderate.feeds.get": self._added,
            "taobao.traderate.explain.add": self._reply,
        }
        self._delayed: dict[str, int] = {}
        self._replies: dict[str, str] = {}

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
        name = method.removeprefix("taobao.").replace(".", "_")  # tmall's keep their first part
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
        return self._listed(found, form, "trades", "trade", self._row_of(now))

    def _trade(self, form: Form) -> Row:
        now = self._now()
        sale = self._life.sale(form["tid"], now)
        if sale is None:
            return _error(15, "Remote service error", "isv.trade-not-exist", "交易不存在")
        return {"trade": _only(self._row_of(now)(sale), form)}

    def _row_of(self, now: datetime) -> Callable[[Sale], Row]:
        return lambda sale: trade_row(sale, now, self._delayed.get(sale.order_id, 0))

    def _refunds(self, form: Form) -> Row:
        now = self._now()
        found = [(at, sale) for sale in self._life.sales(now) if (at := refund_changed(sale, now))]
        return self._listed(found, form, "refunds", "refund", lambda sale: refund_row(sale, now))

    def _refund(self, form: Form) -> Row:
        now = self._now()
        for sale in self._life.sales(now):
            if sale.refund_id == form["refund_id"] and refund_changed(sale, now):
                return {"refund": _only(refund_row(sale, now), form)}
        return _error(15, "Remote service error", "isv.refund-not-exist", "退款不存在")

    def _delay(self, form: Form) -> Row:
        """Move the receipt time of a shipped order; each call adds days."""
        now, tid = self._now(), form["tid"]
        sale = self._life.sale(tid, now)
        if sale is None:
            return _error(15, "Remote service error", "isv.trade-not-exist", "交易不存在")
        if form["days"] not in EXTENSION_DAYS:
            return _error(41, "Invalid Arguments", "isv.invalid-parameter:days")
        if sale.stage(now) is not Stage.SHIPPED or sale.extended_by_buyer:
            told = (
                "买家已延长过收货时间，不能再次延长" if sale.extended_by_buyer else "交易状态不允许"
            )
            return _error(15, "Remote service error", "isv.trade-status-error", told)
        self._delayed[tid] = self._delayed.get(tid, 0) + int(form["days"])
        return {"trade": {"tid": int(tid), "modified": china(now)}}

    def _ratings(self, form: Form) -> Row:
        """Ratings of buyers, of a window or of one order; what was deleted is not among them."""
        now = self._now()
        if (form["rate_type"], form["role"]) != ("get", "buyer"):
            return _error(41, "Invalid Arguments")
        shown = [r for r in self._life.reviews.written(now) if not r.is_deleted(now)]
        if "tid" in form:
            shown = [review for review in shown if review.sale.order_id == form["tid"]]
        if "start_date" in form:
            start, end = _time(form["start_date"]), _time(form["end_date"])
            shown = [review for review in shown if start <= review.written_at <= end]
        shown = shown[::-1][:RATINGS_SHOWN]  # newest first
        page, size = int(form.get("page_no", "1")), int(form.get("page_size", "40"))
        if page < 1 or not 1 <= size <= RATING_ROWS_LIMIT:
            return _error(41, "Invalid Arguments")
        rows = [
            _only(rating_row(review, now, self._replies.get(line_id(review.sale, 0), "")), form)
            for review in shown[(page - 1) * size : page * size]
        ]
        return {
            "total_results": len(shown),
            **({"trade_rates": {"trade_rate": rows}} if rows else {}),
        }

    def _added(self, form: Form) -> Row:
        now = self._now()
        review = self._life.reviews.about(form["child_trade_id"], now)
        if review is None or review.is_deleted(now):
            return _error(15, "Remote service error", "isv.rate-not-found", "评价不存在")
        said, added = review.now_said(now), review.added_by(now)
        info: Row = {
            "content": said.text,
            "comment_time": china(review.written_at),
            "has_negtv": said.stars < 3,
            "tags": {"tmall_rate_tag": []},
            "user_nick": nick(review.sale),
        }
        if added is not None:
            info |= {
                "append_content": added.text,
                "append_time": china(added.at),
                "append_has_negtv": True,
            }
        return {"tmall_rate_info": info}

    def _reply(self, form: Form) -> Row:
        """A seller's answer: in time, short, and before the buyer has added anything."""
        now, oid = self._now(), form["oid"]
        review = self._life.reviews.about(oid, now)
        if review is None or review.is_deleted(now):
            return _error(15, "Remote service error", "isv.rate-not-found", "评价不存在")
        if not 0 < len(form["reply"]) <= REPLY_LIMIT_CHARACTERS:
            return _error(41, "Invalid Arguments", "isv.invalid-parameter:reply")
        late = now - review.written_at > REPLY_WITHIN
        if late or review.added_by(now) is not None or oid in self._replies:
            return _error(15, "Remote service error", "isv.explain-not-allowed", "不能再解释该评价")
        self._replies[oid] = form["reply"]
        return {"is_success": True}

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


def _only(row: Row, form: Form) -> Row:
    """The fields that were asked for; what has no value is left out, as there."""
    wanted = form["fields"].split(",")
    return {name: row[name] for name in wanted if row.get(name) not in (None, "")}


def _time(text: str) -> datetime:
    return datetime.strptime(text, TIMESTAMP).replace(tzinfo=CHINA).astimezone(UTC)


def _error(code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> Row:
    told: Row = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}
    told = {name: value for name, value in told.items() if value != ""}
    return {"error_response": {**told, "request_id": "15r0demo7k2q"}}
