"""Telephone numbers of buyers: as SNS wants them (E.164), or not at all.

A number that is masked, or that a platform has lent to an order, leads to nobody or to somebody
else tomorrow: such a number is none here. What remains is the form, not whether it is in use.
"""

from __future__ import annotations

import re
import unicodedata

_COUNTRIES: dict[str, tuple[str, str, str]] = {
    "CN": ("86", "", r"1[3-9]\d{9}"),
    "HK": ("852", "", r"[4-9]\d{7}"),
    "MO": ("853", "", r"6\d{7}"),
    "TW": ("886", "0", r"9\d{8}"),
    "JP": ("81", "0", r"[789]0\d{8}"),
    "KR": ("82", "0", r"1\d{8,9}"),
    "SG": ("65", "", r"[89]\d{7}"),
    "MY": ("60", "0", r"1\d{8,9}"),
    "TH": ("66", "0", r"[689]\d{8}"),
    "AU": ("61", "0", r"4\d{8}"),
    "NZ": ("64", "0", r"2\d{7,9}"),
    "US": ("1", "1", r"[2-9]\d{2}[2-9]\d{6}"),
    "CA": ("1", "1", r"[2-9]\d{2}[2-9]\d{6}"),
    "GB": ("44", "0", r"7\d{9}"),
    "IE": ("353", "0", r"8\d{8}"),
    "DE": ("49", "0", r"1[567]\d{8,9}"),
    "AT": ("43", "0", r"6\d{8,11}"),
    "CH": ("41", "0", r"7[4-9]\d{7}"),
    "FR": ("33", "0", r"[67]\d{8}"),
    "BE": ("32", "0", r"4\d{8}"),
    "NL": ("31", "0", r"6\d{8}"),
    "ES": ("34", "", r"[67]\d{8}"),
    "PT": ("351", "", r"9\d{8}"),
    "IT": ("39", "", r"3\d{8,9}"),
    "PL": ("48", "", r"[4-8]\d{8}"),
    "SE": ("46", "0", r"7\d{8}"),
    "DK": ("45", "", r"[2-9]\d{7}"),
    "NO": ("47", "", r"[49]\d{7}"),
    "FI": ("358", "0", r"(4\d|50)\d{6,8}"),
}
"""Country: calling code, the digit before numbers inside the country, what a mobile looks like."""

COUNTRIES = tuple(_COUNTRIES)

_LENT = re.compile(r"[,;#*x_~/]|转|轉|分机|分機|ext", re.IGNORECASE)
"""Stars hide digits; the others lead to the extension of a number that a platform has lent."""
_EXTENSION = re.compile(r"\d{10,}\s*-\s*\d{1,6}$")
_GAPS = re.compile(r"[\s().\-‐-―\u200b-\u200d\u2060\ufeff]")


def mobile_number(text: str, country: str) -> str | None:
    """`text` as +8613900000000, or None where it is no mobile number that can be relied on.

    `country` (two letters) is where the buyer lives; it is used for numbers without a calling code,
    and says which form a mobile has. A number of a country that is not known here is None.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if _LENT.search(plain) or _EXTENSION.search(plain):
        return None
    digits = _GAPS.sub("", plain)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not re.fullmatch(r"\+?[0-9]{6,15}", digits):
        return None
    if digits.startswith("+"):
        found = [_national(digits[1:], one) for one in _by_code(digits[1:], country)]
        return next((number for number in found if number), None)
    if country not in _COUNTRIES:
        return None
    code, trunk, form = _COUNTRIES[country]
    for national in (digits, digits.removeprefix(trunk), digits.removeprefix(code)):
        if re.fullmatch(form, national):
            return f"+{code}{national}"
    return None


def country_of(number: str) -> tuple[str, ...]:
    """The countries that a number in E.164 may belong to (several share a calling code)."""
    return tuple(one for one in _by_code(number[1:], "") if _national(number[1:], one) == number)


def masked(number: str) -> str:
    """A number of which the calling code's beginning and two digits are left."""
    return f"{number[:3]}***{number[-2:]}" if len(number) > 7 else "***"


def _by_code(digits: str, first: str) -> list[str]:
    fitting = [name for name, (code, _, _) in _COUNTRIES.items() if digits.startswith(code)]
    return sorted(fitting, key=lambda name: name != first)


def _national(digits: str, country: str) -> str | None:
    code, trunk, form = _COUNTRIES[country]
    national = digits.removeprefix(code)
    # Written as +44 (0)7…: the digit in brackets is for calls inside the country.
    for one in (national, national.removeprefix(trunk) if trunk == "0" else national):
        if re.fullmatch(form, one):
            return f"+{code}{one}"
    return None
