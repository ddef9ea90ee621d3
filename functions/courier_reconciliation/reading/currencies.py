"""What bills call a currency, in letters, in Chinese, by its sign."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

WORDS: dict[str, tuple[str, ...]] = {
    "CNY": (
        "CNY", "RMB", "CNH", "人民币", "人民幣", "元", "圆", "¥", "CN¥", "RMB¥", "YUAN",
        "RENMINBI", "CHINESEYUAN",
    ),
    "USD": (
        "USD", "美元", "美金", "$", "US$", "$US", "DOLLAR", "USDOLLAR", "UNITEDSTATESDOLLAR",
    ),
    "EUR": ("EUR", "欧元", "歐元", "€", "EURO"),
    "GBP": ("GBP", "英镑", "英鎊", "£", "POUND", "POUNDSTERLING", "BRITISHPOUND", "STERLING"),
    "HKD": ("HKD", "港币", "港元", "港幣", "港纸", "HK$", "HONGKONGDOLLAR"),
    "JPY": ("JPY", "日元", "日圆", "日圓", "日币", "日幣", "円", "JP¥", "YEN", "JAPANESEYEN"),
    "TWD": ("TWD", "NTD", "新台币", "台币", "新臺幣", "新台幣", "台幣", "臺幣", "NT$",
            "NEWTAIWANDOLLAR"),
    "MOP": ("MOP", "澳门元", "澳門元", "澳门币", "MOP$"),
    "KRW": ("KRW", "韩元", "韩币", "韓元", "₩", "WON"),
    "SGD": ("SGD", "新加坡元", "新币", "新加坡币", "S$", "SG$", "SINGAPOREDOLLAR"),
    "AUD": ("AUD", "澳元", "澳币", "澳大利亚元", "A$", "AU$", "AUSTRALIANDOLLAR"),
    "NZD": ("NZD", "新西兰元", "纽币", "NZ$", "NEWZEALANDDOLLAR"),
    "CAD": ("CAD", "加元", "加币", "加拿大元", "C$", "CA$", "CANADIANDOLLAR"),
    "MYR": ("MYR", "马币", "林吉特", "RM"),
    "THB": ("THB", "泰铢", "泰銖", "฿"),
    "VND": ("VND", "越南盾", "₫"),
    "IDR": ("IDR", "印尼盾", "RP"),
    "PHP": ("PHP", "菲律宾比索", "₱"),
    "INR": ("INR", "印度卢比", "₹"),
    "RUB": ("RUB", "卢布", "俄罗斯卢布", "₽"),
    "CHF": ("CHF", "瑞士法郎"),
    "MXN": ("MXN", "墨西哥比索", "MX$"),
    "BRL": ("BRL", "巴西雷亚尔", "雷亚尔", "R$"),
}  # fmt: skip
"""ISO code -> what it is called: capitals without blanks and points. `$` alone is of the United
States, `¥` alone of China."""
_CODE_OF = {word: code for code, words in WORDS.items() for word in words}
_IN_TEXTS = {word: code for word, code in _CODE_OF.items() if re.fullmatch("[一-鿿]{2,}", word)}
"""Chinese words that are plain inside a longer text, too (`人民币(元)`)."""


def usual() -> Iterable[str]:
    """The words that a column of currencies may be expected to have."""
    return _CODE_OF


@lru_cache(maxsize=4096)
def currency_named(text: str) -> str:
    """The ISO code of a currency that a cell names (`US$`, `美元`, `EUR €`), or "".

    Any three capital letters count as a code: there are more currencies than are listed here.
    """
    capitals = unicodedata.normalize("NFKC", text).upper()
    plain = re.sub(r"[\s.'\u200b\ufeff]", "", capitals)
    if code := _CODE_OF.get(plain) or _CODE_OF.get(plain.removesuffix("S")):
        return code
    if re.fullmatch("[A-Z]{3}", plain):
        return plain
    # What stands in letters or in Chinese counts; a sign beside it says no more (`EUR €`, `AUD$`).
    named = {_CODE_OF[part] for part in re.findall("[A-Z]{3,}", capitals) if part in _CODE_OF}
    named |= {code for word, code in _IN_TEXTS.items() if word in plain}
    return named.pop() if len(named) == 1 else ""
