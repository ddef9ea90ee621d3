"""A small TOP server behind a transport: signatures, clock, paging over live rows, errors."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from aftersales.http import HttpReply, HttpRequest

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 7, 2, 4, 0, tzinfo=UTC)  # noon in China
APP_KEY = "30110022"
SECRETS = {
    "app_key": APP_KEY,
    "app_secret": "top-secret-51c0ffee",
    "session": "6100b2c4-0ddba11-session",
    "session_expires_at": "2026-11-30T08:00:00+08:00",
}

Row = dict[str, Any]


def china(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def error(code: int, msg: str = "told", sub_code: str = "", sub_msg: str = "") -> Row:
    told = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}
    return {"error_response": {name: value for name, value in told.items() if value != ""}}


def trade(number: int, modified: datetime, **changed: Any) -> Row:
    """An unpaid trade; `changed` overrides its fields."""
    return {
        "tid": 4200000000000000000 + number,
        "tid_str": str(4200000000000000000 + number),
        "status": "WAIT_BUYER_PAY",
        "type": "fixed",
        "created": china(modified),
        "modified": china(modified),
        "payment": "88.00",
        "buyer_nick": "t**7",
        "orders": {
            "order": [
                {
                    "oid": 4200000000000000000 + number,
                    "title": "帆布包 米色",
                    "num": 1,
                    "num_iid": 650000000001,
                    "payment": "88.00",
                    "refund_status": "NO_REFUND",
                    "status": "WAIT_BUYER_PAY",
                }
            ]
        },
        **changed,
    }


@dataclass
class TopServer:
    """Answers as TOP does. `moves` are applied before each further list call, one at a time."""

    now: datetime = NOW
    trades: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)
    details: dict[str, Row] = field(default_factory=dict)
    ratings: list[Row] = field(default_factory=list)
    added: dict[str, Row] = field(default_factory=dict)
    """What buyers added to their ratings, by order line."""
    errors: list[Row] = field(default_factory=list)
    moves: list[Callable[[TopServer], None]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: HttpRequest) -> HttpReply:
        assert request.method == "POST"
        assert "?" not in request.url
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))
        self.calls.append(form)
        return HttpReply(200, json.dumps(self.answer(form), ensure_ascii=False).encode())

    @property
    def methods(self) -> list[str]:
        return [call["method"] for call in self.calls]

    def answer(self, form: dict[str, str]) -> Row:
        method = form["method"]
        refusal = self._refusal(form)
        if refusal:
            return refusal
        answers = {
            "taobao.time.get": self._time,
            "taobao.trades.sold.increment.get": self._trades,
            "taobao.trade.fullinfo.get": self._trade,
            "taobao.refunds.receive.get": self._refunds,
            "taobao.refund.get": self._refund,
            "taobao.traderates.get": self._ratings,
            "tmall.traderate.feeds.get": self._added,
            "taobao.traderate.explain.add": self._reply,
            "taobao.trade.receivetime.delay": self._delay,
        }
        if method not in answers:
            return error(22, "Invalid Method")
        content = answers[method](form)
        if "error_response" in content:
            return content
        name = method.removeprefix("taobao.").replace(".", "_") + "_response"
        return {name: {**content, "request_id": "15rk0wx8ao2kq"}}

    def _refusal(self, form: dict[str, str]) -> Row:
        if form.get("app_key") != APP_KEY:
            return error(29, "Invalid app Key")
        if form.get("sign") != expected_sign(form):
            return error(25, "Invalid signature")
        assert "" not in form.values(), "an empty value is signed by some and not by others"
        asks_time = form["method"] == "taobao.time.get"
        sent_at = datetime.strptime(form["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        if not asks_time and abs(sent_at - self.now) > timedelta(minutes=10):
            return error(31, "Invalid timestamp")
        if asks_time:
            return {}
        if form.get("session") != SECRETS["session"]:
            return error(27, "Invalid session", "invalid-sessionkey")
        return self.errors.pop(0) if self.errors else {}

    def _time(self, form: dict[str, str]) -> Row:
        return {"time": china(self.now)}

    def _trades(self, form: dict[str, str]) -> Row:
        found = self._window(self.trades, form, "modified", "start_modified", "end_modified")
        return self._listed(found, form, "trades", "trade")

    def _trade(self, form: dict[str, str]) -> Row:
        found = [row for row in self.trades if row["tid_str"] == form["tid"]]
        if not found:
            return error(15, "Remote service error", "isv.trade-not-exist", "交易不存在")
        return {"trade": found[0]}

    def _refunds(self, form: dict[str, str]) -> Row:
        found = self._window(self.refunds, form, "modified", "start_modified", "end_modified")
        return self._listed(found, form, "refunds", "refund")

    def _refund(self, form: dict[str, str]) -> Row:
        return {"refund": self.details[form["refund_id"]]}

    def _ratings(self, form: dict[str, str]) -> Row:
        assert (form["rate_type"], form["role"]) == ("get", "buyer")
        if "tid" in form:
            found = [row for row in self.ratings if str(row["tid"]) == form["tid"]]
            content: Row = {"trade_rates": {"trade_rate": found}} if found else {}
            return {"total_results": len(found), **content}
        found = self._window(self.ratings, form, "created", "start_date", "end_date")
        return self._listed(found[:1500], form, "trade_rates", "trade_rate")

    def _added(self, form: dict[str, str]) -> Row:
        line = form["child_trade_id"]
        rated = next((row for row in self.ratings if str(row["oid"]) == line), None)
        if rated is None:
            return error(15, "Remote service error", "isv.rate-not-found", "评价不存在")
        told = {"content": rated["content"], "comment_time": rated["created"], "has_negtv": False}
        return {"tmall_rate_info": {**told, **self.added.get(line, {})}}

    def _reply(self, form: dict[str, str]) -> Row:
        return {"is_success": True} if form["oid"] and form["reply"] else error(40)

    def _delay(self, form: dict[str, str]) -> Row:
        if form["tid"].endswith("9"):
            return error(15, "Remote service error", "isv.trade-status-error", "状态不允许")
        return {"trade": {"tid": int(form["tid"]), "modified": china(self.now)}}

    def _window(
        self, held: list[Row], form: dict[str, str], by: str, start: str, end: str
    ) -> list[Row]:
        if (self.moves and form["page_no"] != "1") or (self.moves and len(self.calls) > 1):
            self.moves.pop(0)(self)
        inside = [row for row in held if form[start] <= row[by] <= form[end]]
        return sorted(inside, key=lambda row: row[by], reverse=True)  # newest first

    def _listed(self, found: list[Row], form: dict[str, str], plural: str, singular: str) -> Row:
        size = int(form["page_size"])
        if size > 150 or form.get("use_has_next") != "false":
            return error(41, "Invalid Arguments")
        first = (int(form["page_no"]) - 1) * size
        shown = found[first : first + size]
        content: Row = {"total_results": len(found)}
        return {**content, plural: {singular: shown}} if shown else content


def expected_sign(form: dict[str, str]) -> str:
    """As the protocol page words it, apart from the code under test."""
    secret = SECRETS["app_secret"]
    plain = "".join(key + form[key] for key in sorted(form) if key != "sign" and form[key])
    if form["sign_method"] == "md5":
        return hashlib.md5(f"{secret}{plain}{secret}".encode()).hexdigest().upper()
    digest = {"hmac": "md5", "hmac-sha256": "sha256"}[form["sign_method"]]
    return hmac.new(secret.encode(), plain.encode(), digest).hexdigest().upper()
