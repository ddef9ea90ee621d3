"""The message of `aftersales channels test`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from aftersales.findings import Severity
from aftersales.messages.base import Message
from aftersales.messages.render import catalogue_for

WORDS = {
    "zh-CN": ("测试消息", "售后提醒可以发到这里，无需处理。发送时间：{at}。"),
    "zh-TW": ("測試訊息", "售後提醒可以送到這裡，不需處理。傳送時間：{at}。"),
    "en": ("Test message", "Alerts of the after-sales desk arrive here. Sent at {at}."),
}


def trial_message(language: str, time_zone: str, now: datetime) -> Message:
    """A message that nobody has to act on, so without mentions, in the target's language and the
    desk's zone."""
    known = catalogue_for(language).language
    title, what = WORDS[known]
    at = now.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M:%S")
    return Message(
        alert_id=f"TEST-{int(now.timestamp())}",
        title=title,
        severity=Severity.NOTICE,
        what=what.format(at=at),
        language=known,
    )
