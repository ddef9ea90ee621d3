"""What exports call the states of orders and of after-sales requests (section 7 of the reference).

A text that is not known stays unknown: callers keep it raw and report it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from aftersales.parcels import OrderStatus, RefundStatus

ORDER_WORDS: dict[OrderStatus, tuple[str, ...]] = {
    OrderStatus.UNPAID: (
        "等待买家付款", "等待付款", "待支付", "待付款", "未付款", "pending", "on-hold",
    ),
    OrderStatus.PAID: (
        "买家已付款，等待卖家发货", "等待出库", "待发货", "已付款", "未发货", "unshipped",
        "processing", "unfulfilled", "paid", "authorized",
    ),
    OrderStatus.PARTLY_SHIPPED: (
        "卖家部分发货", "部分发货", "partial", "partiallyshipped",
    ),
    OrderStatus.SHIPPED: (
        "卖家已发货，等待买家确认", "等待买家确认收货", "等待确认收货", "已发货，待收货", "待签收",
        "shipped", "fulfilled",
    ),
    OrderStatus.FINISHED: ("交易成功", "完成", "已收货", "已完成", "completed"),
    OrderStatus.CLOSED: (
        "交易关闭", "已取消", "已退款", "已关闭", "cancelled", "canceled", "voided", "refunded",
    ),
}  # fmt: skip

REFUND_WORDS: dict[RefundStatus, tuple[str, ...]] = {
    RefundStatus.NONE: (
        "无", "无售后", "无售后或售后取消", "售后关闭", "售后取消", "没有申请退款", "无退款申请",
        "换货成功", "换货待收货", "补寄成功", "退款关闭", "paid", "pending", "authorized", "voided",
    ),
    RefundStatus.OPEN: (
        "待商家处理", "待买家退货", "待买家退货处理", "待商家收货", "退款中", "售后处理中",
        "平台介入中", "待处理",
    ),
    RefundStatus.DONE: ("退款成功", "同意退款，退款成功", "售后完成", "全部退款", "refunded"),
    RefundStatus.PARTIAL: ("部分退款", "partially_refunded"),
}  # fmt: skip


@lru_cache(maxsize=4096)
def order_status(text: str) -> OrderStatus:
    """The state of an order. Parts of a known text count (`等待卖家发货`) where all agree."""
    whole = _folded(text)
    if whole in _order_texts():
        return _order_texts()[whole]
    found = {_order_texts().get(part, OrderStatus.UNKNOWN) for part in whole.split(",") if part}
    return found.pop() if len(found) == 1 else OrderStatus.UNKNOWN


@lru_cache(maxsize=4096)
def refund_status(text: str) -> RefundStatus:
    """The state of an after-sales request; an empty cell or `-` is none."""
    whole = _folded(text)
    if whole in ("", "-"):
        return RefundStatus.NONE
    if whole in _refund_texts():
        return _refund_texts()[whole]
    parts = {_refund_texts().get(part, RefundStatus.UNKNOWN) for part in whole.split(",") if part}
    known = parts - {RefundStatus.UNKNOWN}
    # `未发货，退款成功`: the other part speaks of the order
    return known.pop() if len(known) == 1 else RefundStatus.UNKNOWN


def _folded(text: str) -> str:
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()
    return re.sub(r"[,、;]+", ",", plain).strip(",")


@cache
def _order_texts() -> dict[str, OrderStatus]:
    texts: dict[str, OrderStatus] = {}
    for status, words in ORDER_WORDS.items():
        for word in map(_folded, words):
            texts[word] = status
            for part in word.split(","):
                texts.setdefault(part, status)
    return texts


@cache
def _refund_texts() -> dict[str, RefundStatus]:
    return {_folded(word): status for status, words in REFUND_WORDS.items() for word in words}
