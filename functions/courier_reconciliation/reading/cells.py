"""One cell of a bill, read slowly and surely. `cells_sql.py` says the same in SQL, for the bulk.

Facts: courier bills reference, sections 1.3 and 1.4 (traps). A cell is text; numbers come as a
spreadsheet stores them (`12.5`, `73123456789012.0`), dates as ISO text.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from aftersales.couriers.waybills import normalise
from aftersales.errors import BadInput

BLANKS = frozenset(
    {"", "-", "--", "—", "——", "–", "/", "\\", "无", "暂无", "空", "null", "none", "nan", "n/a"}
)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
SAFE_DIGITS = 15
"""A spreadsheet keeps this many digits of a number; the rest become zeros."""
SERIAL_DAY_ZERO = date(1899, 12, 30)
DAYS_1904 = 1462
"""The 1904 system of old Mac workbooks counts from 1904-01-01."""

_NUMBER = re.compile(
    r"([+-]?)(\d+(?:_\d+)*|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.(\d*))?(?:E([+-]?0*\d{1,3}))?"
)
_MONEY_WORD = (
    r"(?:US\$|HK\$|NT\$|[¥$€£元块]|(?<![A-Z])(?:CNY|RMB|USD|EUR|GBP|HKD|JPY|AUD|CAD)(?![A-Z]))"
)
_CURRENCY = rf"\(\s*{_MONEY_WORD}\s*\)|{_MONEY_WORD}"
"""What a currency is called in a cell, also in brackets of its own: `15.00(元)` is not negative."""
_GROUPED = re.compile(r"(\d{1,3}(?:,\d{3}){2,})(?:\.0+)?")
"""A number shown with separators of thousands: one waybill number, not several."""
_WAYBILL = re.compile(r"[A-Z0-9]*[0-9]{4}[A-Z0-9]*")
_STORED = re.compile(r"(\d+)\.0+")
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?E\+?(\d{1,2})")
_SEPARATORS = re.compile(r"[+/,;、&|\n\r\t]+|\s+(?=\S{8})")
_WEIGHT = re.compile(r"(.*?\d)\.?(KG|KGS|G|T|LB|LBS|公斤|千克|克|吨|磅|斤|KILOS?|GRAMS?)?\.?")
GRAMS: dict[str, Decimal] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "t": Decimal(1_000_000),
    "jin": Decimal(500),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
_WEIGHT_WORDS = {
    "KG": "kg", "KGS": "kg", "KILO": "kg", "KILOS": "kg", "公斤": "kg", "千克": "kg",
    "G": "g", "GRAM": "g", "GRAMS": "g", "克": "g", "T": "t", "吨": "t",
    "LB": "lb", "LBS": "lb", "磅": "lb", "斤": "jin",
}  # fmt: skip
MILLIMETRES: dict[str, Decimal] = {
    "mm": Decimal(1), "cm": Decimal(10), "m": Decimal(1000), "in": Decimal("25.4"),
}  # fmt: skip
_SIDES = (
    r"([\d.]+)\s*(?:CM|MM|M|IN)?\s*[*X×]\s*([\d.]+)\s*(?:CM|MM|M|IN)?\s*[*X×]"
    r"\s*([\d.]+)\s*(CM|MM|M|IN)?"
)


def text(cell: str | None) -> str:
    """A cell as plain text; "" where it is blank or says that there is nothing."""
    if not cell:
        return ""
    plain = cell.strip()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf").strip()
    if plain.startswith('="') and plain.endswith('"'):
        plain = plain[2:-1]
    plain = plain.lstrip("'’‘`").strip()
    return "" if plain.casefold() in BLANKS else plain


def waybills(cell: str | None) -> tuple[str, ...]:
    """The waybill numbers in a cell, normalised: none, one, or several (`A+B`, a line break).

    Raises `BadInput` where digits are lost (a spreadsheet rounded the number) or where the text is
    no waybill number.
    """
    plain = text(cell)
    if not plain:
        return ()
    upper = plain.upper()
    if stored := _STORED.fullmatch(upper) or _GROUPED.fullmatch(upper):
        return (_safe(stored[1].replace(",", "")),)
    compact = re.sub(r"\s+", "", upper)
    if scientific := _SCIENTIFIC.fullmatch(compact):
        return (_unfolded(scientific),)
    parts = [part for part in _SEPARATORS.split(upper.strip()) if part.strip()]
    found = tuple(dict.fromkeys(normalise(part) for part in parts))
    if len(found) > 1 and all(_is_waybill(one) and len(one) >= 8 for one in found):
        return found
    whole = normalise(plain)
    if not _is_waybill(whole):
        raise BadInput(f"{_shown(plain)} is no waybill number")
    return (whole,)


def _is_waybill(number: str) -> bool:
    return 5 <= len(number) <= 50 and _WAYBILL.fullmatch(number) is not None


def _safe(digits: str) -> str:
    if len(digits) > SAFE_DIGITS:
        raise BadInput(
            f"the waybill number was stored as a number of {len(digits)} digits, of which a"
            f" spreadsheet keeps {SAFE_DIGITS}: the last digits are lost; ask for it as text"
        )
    if len(digits) < 5:
        raise BadInput(f"{_shown(digits)} is no waybill number")
    return digits


def _unfolded(scientific: re.Match[str]) -> str:
    """`7.3123456789012E+13` has all of its digits; `1.23E+12` has lost them."""
    fraction, exponent = (scientific[2] or "").rstrip("0"), int(scientific[3])
    if exponent + 1 > SAFE_DIGITS or len(fraction) < exponent - 1 or exponent < 4:
        raise BadInput(
            f"the waybill number was turned into {_shown(scientific[0])}: its digits are lost;"
            " format the column as text before saving"
        )
    return (scientific[1] + fraction).ljust(exponent + 1, "0")


@lru_cache(maxsize=65536)
def amount(cell: str | None, decimals: int = 2, *, comma: bool = False) -> int | None:
    """An amount in minor units, rounded half up; None where the cell says nothing.

    Takes `¥1,234.50`, `12.50元`, `RMB12.50`, `￥12.50（元）`, `(12.50)` and `12.50-` for minus
    12.50, full-width digits. With `comma` the decimal sign is a comma, and the point groups
    thousands. Raises `BadInput`.
    """
    plain = text(cell)
    if not plain:
        return None
    value = _decimal(re.sub(_CURRENCY, "", plain.upper()), comma=comma)
    if value is None or abs(value) > Decimal(10) ** 12:
        raise BadInput(f"{_shown(plain)} is no amount of money")
    return int(value.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))


def _decimal(plain: str, *, comma: bool) -> Decimal | None:
    plain = "".join("-" if unicodedata.category(c) == "Pd" or c == "−" else c for c in plain)
    plain = "".join(plain.split())
    negative = False
    if plain.startswith("(") and plain.endswith(")"):
        negative, plain = True, plain[1:-1]
    elif plain.endswith("-"):
        negative, plain = True, plain[:-1]
    if comma:
        plain = plain.replace(".", "").replace(",", ".")
    match = _NUMBER.fullmatch(plain)
    if match is None or (match[2] is None and not match[3]):
        return None
    sign, whole = match[1], (match[2] or "0").replace(",", "").replace("_", "")
    try:
        value = Decimal(f"{sign}{whole}.{match[3] or '0'}E{match[4] or 0}")
    except InvalidOperation:
        return None
    return -value if negative else value


@lru_cache(maxsize=65536)
def weight_g(cell: str | None, unit: str = "kg", *, comma: bool = False) -> int | None:
    """A weight in grams, rounded half up; None where nothing, zero or less than zero is said.

    `unit` is that of the column; a unit in the cell (`500g`) goes before it. Raises `BadInput`.
    """
    plain = text(cell).upper().replace(" ", "")
    if not plain:
        return None
    match = _WEIGHT.fullmatch(plain)
    value = _decimal(match[1], comma=comma) if match else None
    if match is None or value is None or abs(value) > Decimal(10) ** 9:
        raise BadInput(f"{_shown(plain)} is no weight")
    grams = value * GRAMS[_WEIGHT_WORDS[match[2]] if match[2] else unit]
    whole = int(grams.quantize(Decimal(1), ROUND_HALF_UP))
    return whole if whole > 0 else None


@lru_cache(maxsize=65536)
def length_mm(cell: str | None, unit: str = "cm", *, comma: bool = False) -> int | None:
    """A length in millimetres, rounded half up, or None."""
    plain = re.sub(r"(?:CM|MM|厘米|毫米|IN)$", "", text(cell).upper().replace(" ", ""))
    if not plain:
        return None
    value = _decimal(plain, comma=comma)
    if value is None or value > Decimal(10) ** 6:
        raise BadInput(f"{_shown(plain)} is no length")
    whole = int((value * MILLIMETRES[unit]).quantize(Decimal(1), ROUND_HALF_UP))
    return whole if whole > 0 else None


def sides_mm(cell: str | None, unit: str = "cm") -> tuple[int, int, int] | None:
    """Length, width and height of `45*35*20`; None where it says something else (a volume)."""
    match = re.search(_SIDES, text(cell).upper())
    if match is None:
        return None
    unit = (match[4] or unit).lower()
    try:
        sides = [length_mm(side, unit) for side in match.groups()[:3]]
    except BadInput:
        return None
    length, width, height = sides
    return None if length is None or width is None or height is None else (length, width, height)


_YMD = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)"
_COMPACT = r"(20\d{2})(\d{2})(\d{2})(?:\d{4}|\d{6})?(?:\.0+)?"
_DMY = r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)"
_MD = r"(\d{1,2})[-/.月](\d{1,2})日?(?:\s.*)?"
_NAMED = r"(\d{1,2})[- ]([A-Z]{3})[A-Z]*[- ,]+(\d{4})|([A-Z]{3})[A-Z]* (\d{1,2}),? (\d{4})"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@lru_cache(maxsize=65536)
def day(
    cell: str | None, period: str = "", *, day_first: bool = True, days_later: int = 0
) -> date | None:
    """The day that a cell names, or None where it is blank.

    `period` (`2026-10`) gives the year where there is none: a December day in a January bill is of
    the year before. `day_first` decides 05/10/2026. `days_later` is `DAYS_1904` for serial numbers
    of such a workbook. Raises `BadInput`.
    """
    plain = text(cell)
    if not plain:
        return None
    found = _day(plain.upper(), period, day_first, days_later)
    if found is None or not FIRST_DAY <= found <= LAST_DAY:
        raise BadInput(f"{_shown(plain)} is no date")
    return found


def _day(  # noqa: PLR0911 - one return per way of writing a date
    plain: str, period: str, day_first: bool, days_later: int
) -> date | None:
    if match := re.match(_YMD, plain) or re.fullmatch(_COMPACT, plain):
        return _date(match[1], match[2], match[3])
    if match := re.match(_DMY, plain):
        ahead, behind = (match[1], match[2]) if day_first else (match[2], match[1])
        return _date(match[3], behind, ahead) or _date(match[3], ahead, behind)
    if match := re.match(_NAMED, plain):
        name = match[2] or match[4]
        if name in _MONTHS:
            return _date(match[3] or match[6], str(_MONTHS.index(name) + 1), match[1] or match[5])
        return None
    if re.fullmatch(r"\d{5}(?:\.\d+)?", plain):
        return SERIAL_DAY_ZERO + timedelta(days=int(float(plain)) + days_later)
    if (match := re.fullmatch(_MD, plain)) and period:
        year, month = int(period[:4]), int(period[5:7])
        # A bill is of the past: a month far behind its own is one of the year before.
        year -= 1 if int(match[1]) - month > 6 else 0
        year += 1 if month - int(match[1]) > 6 else 0
        return _date(str(year), match[1], match[2])
    return None


def _date(year: str, month: str, day_of_month: str) -> date | None:
    try:
        return date(int(year), int(month), int(day_of_month))
    except ValueError:
        return None


def pieces(cell: str | None) -> int | None:
    """A count of pieces, or None where the cell says none."""
    plain = re.sub(r"(?:\.0+)?(?:件|PCS?|PKGS?)?$", "", text(cell).upper())
    return int(plain) if re.fullmatch(r"\d{1,5}", plain) else None


def plain_text(cell: str | None) -> str:
    """An order number, service, city or remark."""
    found = text(cell)
    stored = _STORED.fullmatch(found)
    return stored[1] if stored else found


def _shown(plain: str) -> str:
    return repr(plain if len(plain) <= 40 else plain[:40] + "…")
