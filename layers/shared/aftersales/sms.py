"""Texts to phones: how many parts one has, and the words of a payment reminder.

Facts: alert channels reference, section 4.9. A part holds 160 characters of the GSM 7-bit alphabet
or 70 others; of several parts each holds less, because it says which one it is. One character
outside the alphabet (every Chinese one) makes the whole text one of the second sort.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two places
ONE_PART, EACH_PART = 160, 153
ONE_PART_WIDE, EACH_PART_WIDE = 70, 67

PLACES = ("shop", "order_id", "amount", "pay_by", "pay_url")
"""What a text may name in braces."""

TEXTS = {
    "zh-CN": "【{shop}】您的订单{order_id}({amount})还未付款，如有问题请联系我们。拒收请回复R",
    "zh-TW": "【{shop}】您的訂單{order_id}({amount})尚未付款，如有問題請聯絡我們。拒收請回覆R",
    "en": "{shop}: your order {order_id} ({amount}) is still waiting for payment. Any question? "
    "Please write to us. Reply STOP to opt out.",
}
"""The text of each language where the settings have none."""

STOP_WORDS = ("stop", "opt out", "unsubscribe", "退订", "退訂", "拒收", "取消", "abmelden", "arret")
"""A text says how to get no more; one of these shows that it does."""

_PLACE = re.compile(r"{([^{}]*)}")


def parts(text: str) -> int:
    """How many parts a text is sent in, and paid for; 0 for nothing."""
    if not text:
        return 0
    if all(character in _BASIC or character in _EXTENDED for character in text):
        sizes = [2 if character in _EXTENDED else 1 for character in text]
        return _filled(sizes, ONE_PART, EACH_PART)
    sizes = [len(character.encode("utf-16-le", "surrogatepass")) // 2 for character in text]
    return _filled(sizes, ONE_PART_WIDE, EACH_PART_WIDE)


def places_of(template: str) -> frozenset[str]:
    """What a template names in braces."""
    return frozenset(_PLACE.findall(template))


def written(template: str, values: Mapping[str, str | None]) -> str | None:
    """The text with its places filled, None where something that it names is not known."""
    if any(not values.get(name) for name in places_of(template)):
        return None
    return _PLACE.sub(lambda found: _plain(values[found[1]] or ""), template)


def _plain(value: str) -> str:
    """A value on one line, without braces that would look like a place."""
    return " ".join(value.split()).replace("{", "(").replace("}", ")")


def _filled(sizes: list[int], one: int, each: int) -> int:
    """A character that takes two places is never cut."""
    if sum(sizes) <= one:
        return 1
    count, left = 1, each
    for size in sizes:
        if size > left:
            count, left = count + 1, each
        left -= size
    return count
