"""Province, city and phone tail from the receiver's columns. Nothing else of an address is kept."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
PROVINCES = (
    *MUNICIPALITIES,
    "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建", "江西", "山东",
    "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海",
    "内蒙古", "广西", "西藏", "宁夏", "新疆",
)  # fmt: skip
"""The provinces of mainland China, in the short form in which settings and alerts name them."""

# As texts: `re` compiles each when it is first needed, and remembers it. A file without addresses
# needs none of them.
_PROVINCE = (
    rf"(?:中国)?\s*({'|'.join(PROVINCES)})"
    r"(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区)?[\s,]*"
)
_CITY = r"([^\s,省市区县路街号0-9]{1,10}?(?:市|自治州|地区|盟))"
_PHONE = r"(?<![0-9*])(?:\+?86-?)?([0-9*]{7,12})(?![0-9*])"
_LANDLINE = r"0\d{2,3}-([0-9*]{7,8})(?![0-9*])"
_COUNTY_OF_PROVINCE = r"(?:省|自治区)?直辖[^\s,]*[\s,]*"


def province(text: str) -> str:
    """A province in short form (`新疆维吾尔自治区` is `新疆`); other countries' as they are."""
    plain = unicodedata.normalize("NFKC", text).strip()
    match = re.fullmatch(_PROVINCE, plain) if plain else None
    return match[1] if match else plain[:40]


def city(text: str, of_province: str) -> str:
    """A city column; municipalities that write 市辖区 there are their own city."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if of_province in MUNICIPALITIES and plain in ("", "市辖区", "县", of_province):
        return f"{of_province}市"
    return plain[:40]


@lru_cache(maxsize=4096)
def of_address(address: str) -> tuple[str, str]:
    """(province, city) out of a written address, each "" where it is not plain to see.

    The address may follow a name and a phone number in the same cell (`name，86-phone，省 市 区`).
    """
    plain = unicodedata.normalize("NFKC", address).strip()
    if not plain:
        return "", ""
    for part in (plain, *plain.split(",")[1:]):
        match = re.match(_PROVINCE, part.strip())
        if match:
            return match[1], _city_behind(match[1], part.strip()[match.end() :])
    return "", ""


def phone_tail(text: str) -> str:
    """The last four digits of the first phone number, or "" where they are masked.

    A virtual number's extension (`18400000000-1234`) is not part of it.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    if not plain:
        return ""
    match = re.search(_LANDLINE, plain) or re.search(_PHONE, plain)
    tail = match[1][-4:] if match else ""
    return tail if tail.isdigit() else ""


def _city_behind(of_province: str, rest: str) -> str:
    if of_province in MUNICIPALITIES:
        return f"{of_province}市"
    rest = re.sub(_COUNTY_OF_PROVINCE, "", rest.strip(), count=1)
    if match := re.match(_CITY, rest):
        return match[1]
    first = re.split(r"[\s,]+", rest, maxsplit=1)
    # `广东 深圳 南山区 ...`: a short word of its own is the city without its suffix
    is_word = len(first) > 1 and 2 <= len(first[0]) <= 8 and not re.search(r"[区县路0-9]", first[0])
    return first[0] if is_word else ""


def country(text: str, of_province: str) -> str:
    """`CN` for mainland China, in words or by its province; codes in capitals, other names kept."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.casefold() in ("中国", "中国大陆", "china", "prc", "chn", "cn"):
        return "CN"
    if not plain:
        return "CN" if of_province in PROVINCES else ""
    return plain.upper() if len(plain) == 2 else plain[:40]
