"""Kuaidi100, simulated: the signed query. Formats as in the couriers reference.

A number may be asked about once in 30 minutes; one that is asked sooner again and again is locked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

from local.simulators.lives import Scan
from local.simulators.world import Consignment, World

CHINA = timezone(timedelta(hours=8))
ASK_AGAIN_AFTER = timedelta(minutes=30)
LOCKED_AFTER = 3
"""So many questions in a row that came too soon lock a number."""
NEED_PHONE = frozenset({"sf", "zto"})

NAMES = {
    "101": "已下单", "103": "已揽收", "0": "在途", "1001": "到达派件城市", "1002": "干线",
    "5": "派件", "501": "投柜或驿站", "301": "本人签收", "303": "代签", "304": "投柜或站签收",
    "203": "拒收", "206": "无法联系", "207": "超区", "208": "滞留", "209": "破损",
    "6": "退回", "4": "退签",
}  # fmt: skip


class Kuaidi100:
    """The interface. `answer` takes the form of a query and returns the body."""

    def __init__(self, world: World, key: str, customer: str, now: Callable[[], datetime]) -> None:
        self._world, self._key, self._customer, self._now = world, key, customer, now
        self._lock = threading.Lock()
        self._asked_at: dict[str, datetime] = {}
        self._too_soon: Counter[str] = Counter()
        self.asked = 0
        self.asked_too_soon = 0
        """Questions within 30 minutes of the one before, over all numbers."""

    def answer(self, body: bytes) -> bytes:
        """One query."""
        form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8")).items()}
        text = form.get("param", "")
        signed = hashlib.md5(  # the vendor's scheme
            (text + self._key + self._customer).encode(), usedforsecurity=False
        ).hexdigest()
        if not hmac.compare_digest(signed.upper(), form.get("sign", "")):
            return _failure("503", "验证签名失败")
        try:
            param = json.loads(text)
            number = str(param["num"]).upper()
        except (ValueError, TypeError, KeyError):
            return _failure("400", "提交的数据不完整，或者贵公司没授权")
        if self._is_locked(number):
            return _failure("502", "查询过于频繁，单号已被锁定，请稍后再查")
        return self._told(number, param)

    def _told(self, number: str, param: dict[str, Any]) -> bytes:
        found = self._world.find(number, self._now())
        if found is None:
            return _failure("500", "查询无结果，请隔段时间再查")
        if found.courier in NEED_PHONE and param.get("phone", "")[-4:] != found.phone_tail:
            return _failure("408", "验证码错误，请提供收寄件人手机号后四位")
        scans = found.life.scans_until(found.shipped_at, self._now())
        if not scans:
            return _failure("500", "查询无结果，请隔段时间再查")
        return json.dumps(_result(found, param.get("com", ""), scans), ensure_ascii=False).encode()

    def _is_locked(self, number: str) -> bool:
        with self._lock:
            now = self._now()
            before = self._asked_at.get(number)
            self._asked_at[number] = now
            self.asked += 1
            if before is None or now - before >= ASK_AGAIN_AFTER:
                self._too_soon[number] = 0
                return False
            self.asked_too_soon += 1
            self._too_soon[number] += 1
            return self._too_soon[number] >= LOCKED_AFTER


def _result(found: Consignment, company: str, scans: list[tuple[datetime, Scan]]) -> dict[str, Any]:
    state = scans[-1][1].code
    return {
        "message": "ok",
        "nu": found.waybill_number,
        "ischeck": "1" if state.startswith("3") else "0",
        "com": company,
        "status": "200",
        "state": state,
        "condition": "00",
        "isLoop": False,
        "data": [_scan(at, scan) for at, scan in reversed(scans)],
    }


def _scan(at: datetime, scan: Scan) -> dict[str, str]:
    clock = f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    return {
        "time": clock,
        "ftime": clock,
        "context": scan.text,
        "status": NAMES[scan.code],
        "statusCode": scan.code,
        "areaName": scan.place,
        "location": scan.place,
    }


def _failure(code: str, message: str) -> bytes:
    failure = {"result": False, "returnCode": code, "message": message}
    return json.dumps(failure, ensure_ascii=False).encode()
