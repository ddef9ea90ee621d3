"""Why no text went to a buyer, and why no nudge went to the agents, in words of each language.

A case holds the names that are counted (see the reminder's README). A name that is not known here
is shown as it is, with spaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_COUNTED = re.compile(r"([a-z_]+) (\d+)")
_PARTS = re.compile(r"\((\d+) parts\)")

TEXT_WORDS = {
    "zh-CN": {
        "sent": "已给买家发短信",
        "unknown": "短信可能已发出，不会重发",
        "refused": "没有发短信（{reason}）",
    },
    "zh-TW": {
        "sent": "已給買家發簡訊",
        "unknown": "簡訊可能已發出，不會重發",
        "refused": "沒有發簡訊（{reason}）",
    },
    "en": {
        "sent": "a text was sent to the buyer",
        "unknown": "a text may have been sent to the buyer; it is not repeated",
        "refused": "no text was sent ({reason})",
    },
}
"""What became of the text of one order."""

COUNT_WORDS = {
    "zh-CN": {
        "sent": "已发",
        "unknown": "不确定是否发出",
        "refused": "未发（{reason}）",
        "parts": "（共 {n} 段）",
    },
    "zh-TW": {
        "sent": "已發",
        "unknown": "不確定是否發出",
        "refused": "未發（{reason}）",
        "parts": "（共 {n} 段）",
    },
    "en": {
        "sent": "sent",
        "unknown": "not known whether sent",
        "refused": "not sent ({reason})",
        "parts": " ({n} parts in all)",
    },
}
"""The same, counted over a week."""

TEXT_REASONS = {
    "zh-CN": {
        "outside_window": "不在可发短信的时段",
        "buyer_unknown": "不知道买家是谁",
        "cannot_reread": "当时读不到订单",
        "no_consent": "买家没有同意",
        "no_number": "没有手机号",
        "number_not_usable": "手机号不能用：打码、虚拟号或不是手机",
        "country_not_named": "该国家或地区不发短信",
        "do_not_contact": "在免打扰名单里",
        "text_incomplete": "短信内容缺订单信息",
        "text_too_long": "短信太长",
        "daily_cap": "这位买家今天的短信已够",
        "month_limit": "本月短信费用已到上限",
        "changed": "订单刚有变化",
        "busy": "同时发送的太多",
        "not_allowed": "没有发短信的权限",
        "opted_out": "买家已退订",
        "throttled": "短信服务限流",
        "unreachable": "连不上短信服务",
        "refused": "短信服务拒绝",
    },
    "zh-TW": {
        "outside_window": "不在可發簡訊的時段",
        "buyer_unknown": "不知道買家是誰",
        "cannot_reread": "當時讀不到訂單",
        "no_consent": "買家沒有同意",
        "no_number": "沒有手機號碼",
        "number_not_usable": "手機號碼不能用：遮蔽、虛擬號碼或不是手機",
        "country_not_named": "該國家或地區不發簡訊",
        "do_not_contact": "在勿擾名單裡",
        "text_incomplete": "簡訊內容缺訂單資料",
        "text_too_long": "簡訊太長",
        "daily_cap": "這位買家今天的簡訊已夠",
        "month_limit": "本月簡訊費用已到上限",
        "changed": "訂單剛有變動",
        "busy": "同時發送的太多",
        "not_allowed": "沒有發簡訊的權限",
        "opted_out": "買家已退訂",
        "throttled": "簡訊服務限流",
        "unreachable": "連不上簡訊服務",
        "refused": "簡訊服務拒絕",
    },
    "en": {
        "outside_window": "outside the hours for texts",
        "buyer_unknown": "the buyer is not known",
        "cannot_reread": "the order could not be read at that moment",
        "no_consent": "the buyer has not agreed",
        "no_number": "no telephone number",
        "number_not_usable": "the number is masked, lent or no mobile",
        "country_not_named": "no texts to this country",
        "do_not_contact": "the number is on the do-not-contact list",
        "text_incomplete": "the text needs something the order does not have",
        "text_too_long": "the text is too long",
        "daily_cap": "this buyer has had today's texts",
        "month_limit": "this month's budget is used up",
        "changed": "the order has just changed",
        "busy": "too many at once",
        "not_allowed": "the desk has no right to send texts",
        "opted_out": "the buyer has opted out",
        "throttled": "SNS took no more",
        "unreachable": "SNS could not be reached",
        "refused": "SNS refused it",
    },
}

SKIP_REASONS = {
    "zh-CN": {
        "paid": "已付款",
        "closed": "已关闭",
        "no_payment_needed": "不用付款",
        "backlog": "开始提醒前的旧单",
        "do_not_contact": "免打扰名单",
        "amount_out_of_bounds": "金额不在范围内",
        "refund_or_dispute_open": "售后处理中",
        "bought_again": "已另外买了同样的",
        "reminded_recently": "近期提醒过这位买家",
        "outside_window": "到关闭都不在可发送时段",
        "too_late": "太晚",
        "cannot_reread": "读不到订单",
        "held_out": "对照组",
    },
    "zh-TW": {
        "paid": "已付款",
        "closed": "已關閉",
        "no_payment_needed": "不用付款",
        "backlog": "開始提醒前的舊單",
        "do_not_contact": "勿擾名單",
        "amount_out_of_bounds": "金額不在範圍內",
        "refund_or_dispute_open": "售後處理中",
        "bought_again": "已另外買了同樣的",
        "reminded_recently": "近期提醒過這位買家",
        "outside_window": "到關閉都不在可發送時段",
        "too_late": "太晚",
        "cannot_reread": "讀不到訂單",
        "held_out": "對照組",
    },
    "en": {
        "paid": "paid",
        "closed": "closed",
        "no_payment_needed": "no payment needed",
        "backlog": "placed before reminding began",
        "do_not_contact": "do-not-contact list",
        "amount_out_of_bounds": "amount out of bounds",
        "refund_or_dispute_open": "after-sales request open",
        "bought_again": "the same bought elsewhere",
        "reminded_recently": "buyer reminded recently",
        "outside_window": "closed before messages may be sent",
        "too_late": "too late",
        "cannot_reread": "order could not be read",
        "held_out": "left alone to measure",
    },
}


def texted(language: str, state: str, reason: str) -> str | None:
    """What became of a text to the buyer: nobody writes to a buyer who was just written to."""
    words = TEXT_WORDS.get(language, TEXT_WORDS["en"])
    if state not in words:
        return None
    return words[state].format(reason=_word(TEXT_REASONS, language, reason))


def skipped(language: str, counted: str, separator: str) -> str:
    """`paid 3, too_late 1` in words."""
    found = [f"{_word(SKIP_REASONS, language, name)} {n}" for name, n in _COUNTED.findall(counted)]
    return separator.join(found)


def texts(language: str, counted: str, separator: str) -> str:
    """`refused_no_consent 4, sent 31 (40 parts)` in words."""
    words = COUNT_WORDS.get(language, COUNT_WORDS["en"])
    found = []
    for name, number in _COUNTED.findall(counted):
        state, _, reason = name.partition("_")
        said = words.get(state, name).format(reason=_word(TEXT_REASONS, language, reason))
        found.append(f"{said} {number}")
    parts = _PARTS.search(counted)
    return separator.join(found) + (words["parts"].format(n=parts[1]) if parts else "")


def _word(words: Mapping[str, Mapping[str, str]], language: str, name: str) -> str:
    return words.get(language, words["en"]).get(name) or name.replace("_", " ") or "?"
