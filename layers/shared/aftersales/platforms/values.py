"""Cells of exports: numbers of orders and parcels, amounts, times.

Facts: export files reference, section 7 (values and traps). A cell is what a spreadsheet reader
gives (text, number, date) or, from CSV, always text. What a cell does not say is None or "".
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from aftersales import money
from aftersales.couriers import codes, waybills
from aftersales.errors import BadInput

Cell = str | int | float | bool | datetime | date | timedelta | None

SAFE_DIGITS = 15
"""A spreadsheet keeps this many digits of a number; the rest become zeros."""
SHOWN_DIGITS = 6
"""So many digits survive where a spreadsheet showed 1.23457E+12 and that text was saved."""
ID_LIMIT_CHARACTERS = 64
HEAVIEST_PARCEL_G = 200_000
LONGEST_SIDE_MM = 10_000
_UNITS_MM = {"mm": 1, "毫米": 1, "cm": 10, "厘米": 10, "m": 1000, "米": 1000}
_UNIT_MM = "mm|毫米|cm|厘米|m|米"
_SIDE = rf"(\d{{1,5}}(?:\.\d{{1,6}})?)(?:{_UNIT_MM})?"
SERIAL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's clock has no zone
PIECE_MIN_CHARACTERS = 8

_BLANKS = frozenset(
    {
        "", "-", "--", "—", "——", "/", "\\", "无", "暂无", "空", "null", "none", "nan", "n/a",
        "任意时间", "无退款申请", "未发货",
    }
)  # fmt: skip
_INVISIBLE = re.compile(r"[\ufeff\u200b-\u200d\u2060\x00]")
_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+\d{1,3}|[+-]?\d[.,]\d+E-?\d{1,3}", re.IGNORECASE)
_SHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)")
_LABEL = re.compile(r"^(?:No|运单号|单号|快递单号|物流单号)\s*[.:]\s*", re.IGNORECASE)
_PARCEL_SEPARATOR = re.compile(r"[;,、/|\n\r\t]+")


def text(cell: Cell) -> str:
    """A cell as plain text on one line; "" where it is blank or says that there is nothing."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", str(cell))).strip()
    plain = _unquoted(plain)
    return "" if plain.lower() in _BLANKS else plain


def number_text(cell: Cell) -> str:
    """An order, line or waybill number as text, or "".

    Raises `BadInput` where a spreadsheet has destroyed digits: scientific notation, more than 15
    digits kept as a number, a date, an error value.
    """
    if isinstance(cell, bool | date | timedelta):
        raise BadInput("a spreadsheet turned the number into a date or a yes/no; format it as text")
    if isinstance(cell, int | float):
        return _stored_number(cell)
    plain = text(cell)
    if not plain or (plain.isascii() and plain.isalnum()):
        return _whole(plain)
    plain = _LABEL.sub("", plain).strip().strip("'\"`")
    return _whole("" if plain.lower() in _BLANKS else plain)


def order_numbers(cell: Cell, *, several: bool) -> tuple[str, ...]:
    """The order numbers in a cell: one, or those that an ERP merged into one parcel."""
    plain = number_text(cell)
    parts = re.split(r"[,;、\s]+", plain) if several else [plain]
    found = tuple(dict.fromkeys(_whole(part) for part in parts if part))
    for one in found:
        # No pattern: compiling one of this range takes 1 to 3 ms of a cold start.
        if len(one) > ID_LIMIT_CHARACTERS or any("一" <= c <= "鿿" for c in one):
            raise BadInput("this is no order number")
    return found


def parcels(cell: Cell, *, douyin: bool = False) -> tuple[tuple[str, str], ...]:
    """The parcels in a waybill cell: (normalised waybill number, courier text or "") each.

    Takes `No:` prefixes, several numbers with any separator and `number-courier`. With `douyin`,
    parcels stand as `number-courier,goods...-<goods id>,<quantity>;`. Raises `BadInput` where a
    part is no waybill number.
    """
    plain = number_text(cell)
    if not plain or _means_no_parcel(plain):
        return ()
    if douyin:
        parts = [part.strip().split(",", 1)[0] for part in re.split(r"[;\n\r]+", plain)]
    else:
        parts = [piece for part in _PARCEL_SEPARATOR.split(plain) for piece in _pieces(part)]
    found = [_parcel(part) for part in parts if part.strip() not in ("", "-")]
    return tuple(dict.fromkeys(found))


def amount(cell: Cell, currency: str) -> int | None:
    """An amount in minor units of `currency`, or None where the cell names none.

    Raises `BadInput` where it is no amount.
    """
    if isinstance(cell, bool | date | timedelta):
        raise BadInput("this is no amount")
    if isinstance(cell, int | float):
        # Four decimals: a spreadsheet keeps 12.30 as 12.300000000000001.
        return _amount_text(f"{cell:.4f}" if math.isfinite(cell) else "", currency)
    return _amount_text(text(cell), currency)


def quantity(cell: Cell) -> int | None:
    """A count of pieces, or None. Raises `BadInput` where the text is none."""
    plain = re.sub(r"(?:\.0+|件|个)$", "", text(cell).replace(",", ""))
    if not plain:
        return None
    if not re.fullmatch(r"\d{1,6}", plain):
        raise BadInput("this is no quantity")
    return int(plain)


def grams(cell: Cell, header: str) -> int | None:
    """A weight in grams, or None. The unit stands in the cell or in the header, else it is kg.

    Raises `BadInput` where the text is no weight, or no parcel's.
    """
    plain = text(cell).replace(",", "").casefold()
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(kg|公斤|千克|g|克)?", plain)
    if match is None:
        if not plain:
            return None
        raise BadInput("this is no weight")
    named = re.search(r"\((kg|公斤|千克|g|克)\)", unicodedata.normalize("NFKC", header).casefold())
    unit = match[2] or (named[1] if named else "kg")
    weight = Decimal(match[1]) * (1 if unit in ("g", "克") else 1000)
    if weight > HEAVIEST_PARCEL_G:
        raise BadInput("no parcel is that heavy; is the unit of the column in its header?")
    return int(weight.to_integral_value(ROUND_HALF_UP)) or None


def millimetres(cell: Cell, header: str) -> int | None:
    """One side of a parcel in millimetres, or None. The unit stands in the cell or in the header,
    else it is cm.

    Raises `BadInput` where the text is no length, or no parcel's.
    """
    found = _lengths(cell, header, _SIDE)
    return found[0] or None if found else None


def sides(cell: Cell, header: str) -> tuple[int, int, int] | None:
    """Length, width and height of a parcel (`30*20*10`, `30x20x10cm`) in millimetres, or None.

    Raises `BadInput` where the text is not that.
    """
    found = _lengths(cell, header, rf"{_SIDE}[*x×]{_SIDE}[*x×]{_SIDE}")
    return (found[0], found[1], found[2]) if found and all(found) else None


def _lengths(cell: Cell, header: str, shape: str) -> list[int]:
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text(cell)).casefold())
    if not plain:
        return []
    match = re.fullmatch(shape, plain)
    if match is None:
        raise BadInput("this is no size")
    named = re.search(rf"\(({_UNIT_MM})\)", unicodedata.normalize("NFKC", header).casefold())
    said = re.search(rf"({_UNIT_MM})$", plain)
    unit = _UNITS_MM[said[1] if said else named[1] if named else "cm"]
    found = [
        int((Decimal(each) * unit).to_integral_value(ROUND_HALF_UP)) for each in match.groups()
    ]
    if max(found) > LONGEST_SIDE_MM:
        raise BadInput("no parcel is that long; is the unit of the column in its header?")
    return found


def moment(cell: Cell, zone: tzinfo, *, month_first: bool = False) -> datetime | None:
    """A time as UTC, or None where the cell names none.

    `zone` holds where the text has no offset. `month_first` reads 5/31/2026 as the end of May;
    without it such a date is read only where the day cannot be a month. Raises `BadInput`
    otherwise.
    """
    if isinstance(cell, datetime):
        return _utc(cell, zone)
    if isinstance(cell, date):
        return _utc(datetime(cell.year, cell.month, cell.day), zone)  # noqa: DTZ001 - zone follows
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _utc(_serial(float(cell)), zone)
    plain = text(cell)
    return _moment_text(plain, zone, month_first) if plain else None


@lru_cache(maxsize=4096)
def _amount_text(plain: str, currency: str) -> int | None:
    return money.to_minor(plain, currency)


@lru_cache(maxsize=4096)
def courier(name: str) -> str:
    """Our courier code for a courier's name in a file, or ""."""
    return codes.from_text(name)


def _unquoted(plain: str) -> str:
    """Without `="..."`, apostrophes and tabs that keep a spreadsheet from counting."""
    if plain[:1] in "='\"`\t" or plain[-1:] in "'\"":
        if match := re.fullmatch(r'="?([^"]*)"?', plain):
            plain = match[1]
        plain = plain.strip().lstrip("'`").strip('"').strip()
    return plain


def _stored_number(cell: float) -> str:
    if isinstance(cell, float) and not cell.is_integer():
        raise BadInput("the number has decimals; format the column as text")
    whole = str(int(cell))
    if len(whole.lstrip("-")) > SAFE_DIGITS:
        raise BadInput(
            f"a spreadsheet kept it as a number of more than {SAFE_DIGITS} digits, the last ones"
            " are lost; export again with the column as text"
        )
    if len(whole) >= 2 * SHOWN_DIGITS and not whole[SHOWN_DIGITS:].strip("0"):
        raise BadInput(
            "a spreadsheet shortened it to scientific notation, its digits are lost;"
            " export again with the column as text"
        )
    return whole


def _whole(plain: str) -> str:
    if _SCIENTIFIC.fullmatch(plain):
        raise BadInput(
            f"a spreadsheet turned it into {plain[:16]}, its digits are lost;"
            " export again with the column as text"
        )
    if plain.startswith("#") and _SHEET_ERROR.match(plain):
        raise BadInput(f"the cell holds the spreadsheet error {plain[:8]}")
    return re.sub(r"(?<=\d)\.0+$", "", plain)


def _means_no_parcel(plain: str) -> bool:
    return bool(re.search(r"无需|自送|自提|虚拟|不需要物流", plain)) or plain == "0"


def _pieces(part: str) -> list[str]:
    """Blanks part two numbers, but also stand inside one (`1Z A1B 2C3 ...`)."""
    pieces = part.split()
    whole_numbers = all(len(piece) >= PIECE_MIN_CHARACTERS for piece in pieces)
    return pieces if whole_numbers else ["".join(pieces)]


def _parcel(part: str) -> tuple[str, str]:
    name = ""
    part = _LABEL.sub("", part.strip()).strip()
    if match := re.fullmatch(r"([0-9A-Za-z]{5,50})[-:(](\D.*?)\)?", part):
        # `number-courier`, not the pieces of a JD parcel (`JDVA00000000001-1-2-`)
        part, name = match[1], match[2]
    elif match := re.fullmatch(r"(\D{2,20}?)[-:]([0-9A-Za-z]{8,50})", part):
        name, part = match[1], match[2]
    normalised = waybills.normalise(_whole(part.strip()))
    if not re.fullmatch(r"(?=.*\d)[0-9A-Z]{5,50}", normalised):
        raise BadInput("this is no waybill number")
    return normalised, name.strip("- ")


def _serial(days: float) -> datetime:
    """Days since the end of 1899, as spreadsheets count."""
    if not 20_000 < days < 80_000:
        raise BadInput("this is no time")
    return SERIAL_DAY_ZERO + timedelta(seconds=round(days * 86_400))


_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ]*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})秒?(?:[.,]\d+)?)?分?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(20\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_YEAR_LAST = re.compile(
    r"(\d{1,2}|[A-Za-z]{3})[-/](\d{1,2})[-/](\d{2}|\d{4})"
    r"(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@lru_cache(maxsize=65_536)
def _moment_text(plain: str, zone: tzinfo, month_first: bool) -> datetime | None:
    if plain.startswith("0000"):
        return None
    if match := _YEAR_FIRST.fullmatch(plain) or _COMPACT.fullmatch(plain):
        *numbers, offset = (*match.groups(), None)[:7]
        year, month, day, hour, minute, second = (int(n or 0) for n in numbers)
        return _built(year, month, day, (hour, minute, second), _offset(offset) or zone)
    if match := _YEAR_LAST.fullmatch(plain):
        first, second_part, last, *clock = match.groups()
        year = int(last) + (2000 if len(last) == 2 else 0)
        hour, minute, second = (int(n or 0) for n in clock)
        month, day = _month_and_day(first, int(second_part), month_first)
        return _built(year, month, day, (hour, minute, second), zone)
    if re.fullmatch(r"\d{5}(?:\.\d+)?", plain):
        return _utc(_serial(float(plain)), zone)
    raise BadInput("this is no time")


def _month_and_day(first: str, second: int, month_first: bool) -> tuple[int, int]:
    if first.isalpha():
        if first.lower() not in _MONTHS:
            raise BadInput("this is no time")
        return _MONTHS.index(first.lower()) + 1, second
    if month_first or second > 12:
        return int(first), second
    raise BadInput("day and month cannot be told apart; write the year first")


def _offset(sign: str | None) -> tzinfo | None:
    if not sign:
        return None
    if sign in ("Z", "UTC", "GMT"):
        return UTC
    minutes = int(sign[1:3]) * 60 + int(sign[-2:])
    return timezone(timedelta(minutes=-minutes if sign[0] == "-" else minutes))


def _built(year: int, month: int, day: int, clock: tuple[int, int, int], zone: tzinfo) -> datetime:
    try:
        local = datetime(year, month, day, *clock, tzinfo=zone)
    except ValueError as exc:
        raise BadInput("no calendar has this time") from exc
    return _utc(local, zone)


def _utc(local: datetime, zone: tzinfo) -> datetime:
    aware = local if local.tzinfo else local.replace(tzinfo=zone)
    if not 2000 <= aware.year < 2100:
        raise BadInput("the year cannot be right")
    return aware.astimezone(UTC)
