"""Hiding of personal data in texts that reach logs and group chats. Standard library only.

A phone number keeps its first three and last two digits. Not the last four: some couriers take
those as the password to a parcel's whole history (couriers reference, SF Express and ZTO). The
digits behind a virtual number's hyphen serve the same purpose and are hidden whole.

Rather too much than too little is hidden: numbers that must stay readable are passed as `keep`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

KEEP_MIN_LENGTH = 6
"""Shorter numbers are not kept: a piece of a phone number could be one of them."""

FEWEST_DIGITS = 7
"""No form of a phone number has fewer; most texts have neither so many nor an e-mail address."""

_GAPS = r" ._\-·‐-―\u200b-\u200d\u2060\ufeff"
_GAP = rf"[{_GAPS}]{{0,2}}"
_GAP_OR_PAREN = rf"[{_GAPS}()]{{0,3}}"


def _digits(count: str) -> str:
    return rf"(?:{_GAP}\d){{{count}}}"


_EXTENSION = (
    r"(?P<extension>"
    r"(?: ?[-‐-―_#*] ?| ?(?:转接|轉接|转|轉|分机|分機|ext\.?|x)[ .:]{0,2})\d{1,6}(?!\d)"
    r"| ?[\[(]\d{2,6}[\])]"
    r"|[,/] ?\d{3,6}(?!\d)"
    r")?"
)
_PHONE_FORMS = (
    # +1 (415) 555-0100, 0044 20 7946 0958: a country code, then the number
    rf"(?:\+{_GAP}|00)[1-9](?:{_GAP_OR_PAREN}\d){{6,14}}",
    # 13800000000, 86-138 0000 0000, 013800000000
    rf"(?:\(?(?:86|0){_GAP_OR_PAREN})?1{_GAP}[3-9]{_digits('9')}",
    # 0912-345-678, 886 912 345 678
    rf"(?:886{_GAP}0?|0)9{_digits('8')}",
    # (0571) 8888 6666, 02-2345-6789: an area code, then 6 to 8 digits
    rf"\(?0[1-9]\d{{0,2}}{_GAP_OR_PAREN}[1-9]{_digits('5,7')}",
    # (415) 555-0100, written with gaps; 400 and 800 are service lines of mainland China
    r"\(?(?!400|800)[2-9]\d{2}\)?[ .\-]{1,2}\d{3}[ .\-]\d{4}",
    # 9123 4567, a mobile of Hong Kong; beside a letter it is some other number
    r"(?<![A-Za-z])[4-9]\d{3}[ \-]?\d{4}(?![A-Za-z])",
)
_PHONE = rf"(?<!\d)(?P<number>{'|'.join(_PHONE_FORMS)})(?!\d){_EXTENSION}"
_CALLED_A_PHONE = (
    r"(?:电话|電話|座机|手机号?|手機|tel\.?|phone|mobile)[ :号是为]{0,3}"
    rf"(?P<number>(?!400|800|95\d{{3}}(?!\d))\d{_digits('6,11')})(?!\d){_EXTENSION}"
)
# The lengths are those of the mail standard; without them a long text would take quadratic time.
_EMAIL = (
    r"(?P<local>[A-Za-z0-9._%+'À-ɏ-]{1,64}) ?@ ?"
    r"(?P<host>[A-Za-z0-9À-ɏ-]{1,63}(?:\.[A-Za-z0-9À-ɏ-]{1,63}){1,8})"
)

_COMPOUND_SURNAMES = (
    " 欧阳 歐陽 太史 端木 上官 司马 司馬 东方 東方 独孤 獨孤 南宫 南宮 夏侯 诸葛 諸葛 尉迟 尉遲 "
    "皇甫 赫连 赫連 公孙 公孫 慕容 长孙 長孫 宇文 司徒 司空 令狐 申屠 钟离 鍾離 百里 东郭 東郭 "
    "西门 西門 轩辕 軒轅 澹台 澹臺 公冶 淳于 单于 單于 太叔 濮阳 濮陽 仲孙 仲孫 闾丘 閭丘 呼延 "
)


@cache
def _compiled() -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...]]:
    """(e-mail, phones). On first use: it takes 5 ms, and few cold starts have anything to mask."""
    phones = tuple(re.compile(form, re.IGNORECASE) for form in (_PHONE, _CALLED_A_PHONE))
    return re.compile(_EMAIL), phones


def mask_text(text: str, keep: Iterable[str] = ()) -> str:
    """Hide phone numbers and e-mail addresses in `text`.

    `keep` are waybill and order numbers that stay readable where they stand alone (not as part of a
    longer number). An e-mail address is hidden whatever is kept.
    """
    plain = _comparable(text)
    if "@" not in plain and sum(map(str.isdigit, plain)) < FEWEST_DIGITS:
        return text
    email, phones = _compiled()
    shown = list(text)
    for match in email.finditer(plain):
        for at in range(match.start("local") + 1, match.end("host")):
            if plain[at] not in "@. ":
                shown[at] = "*"
    plain = _without_hidden(plain, shown)
    for number in keep:
        plain = _blank_out(plain, _comparable(number))
    for pattern in phones:
        for match in pattern.finditer(plain):
            _hide_phone(plain, shown, match)
        plain = _without_hidden(plain, shown)
    return "".join(shown)


def mask_name(name: str) -> str:
    """A person's name without what identifies: `张*`, `司马**`, `J***`. "" stays ""."""
    name = name.strip()
    if not name or "*" in name:
        return name
    if not _is_han(name[0]):
        return f"{name[0]}***"
    shown = 2 if len(name) > 2 and f" {name[:2]} " in _COMPOUND_SURNAMES else 1
    hidden = min(max(len(name) - shown, 1), 2)
    return name[:shown] + "*" * hidden


def mask_buyer(ref: str) -> str:
    """A buyer's id or nickname with at most its two outer characters: `t***7`. "" stays ""."""
    ref = ref.strip()
    if not ref:
        return ""
    return f"{ref[0]}***{ref[-1]}" if len(ref) > 3 else f"{ref[0]}***"


def _comparable(text: str) -> str:
    """`text` with full-width and foreign digits and signs as ASCII, each at its old position."""
    return "".join(_ascii(character) for character in text)


def _ascii(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return " " if character.isspace() else character
    if 0xFF01 <= code <= 0xFF5E:
        return chr(code - 0xFEE0)
    if character.isspace():
        return " "
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _blank_out(plain: str, number: str) -> str:
    """`plain` with `number` made unrecognisable wherever it stands alone."""
    number = number.strip()
    if len(number) < KEEP_MIN_LENGTH:
        return plain
    alone = re.compile(rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])", re.IGNORECASE)
    return alone.sub("\x00" * len(number), plain)


def _hide_phone(plain: str, shown: list[str], match: re.Match[str]) -> None:
    number = [at for at in range(*match.span("number")) if plain[at].isdigit()]
    lead = 3 if len(number) > 9 else 2
    extension = [at for at in range(*match.span("extension")) if plain[at : at + 1].isdigit()]
    for at in number[lead:-2] + extension:
        shown[at] = "*"


def _without_hidden(plain: str, shown: list[str]) -> str:
    """`plain` with a star wherever one is shown, so that what is hidden is not found again."""
    return "".join("*" if s == "*" else p for p, s in zip(plain, shown, strict=True))


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or ord(character) >= 0x20000
