"""The SQL that reads one cell: `cells.py` for a million rows at once.

Two strengths. The quick one reads what well-kept bills have and nothing else: plain numbers, ISO
dates, waybill numbers without ornaments. The strong one reads units, apostrophes, full-width
characters and other dates as well. Both give NULL for what they cannot read.
"""

from __future__ import annotations

from courier_reconciliation.filling import quoted
from courier_reconciliation.reading.cells import GRAMS, MILLIMETRES
from courier_reconciliation.reading.plan import Plan

_LATIN = "".join(map(chr, (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)))) + ".-/:"
WIDE = "".join(chr(ord(c) + 0xFEE0) for c in _LATIN) + "\u3000"
PLAIN = _LATIN + " "
"""Full-width characters, and what they are."""
WEIGHT_TYPES = {"kg": "DECIMAL(13,3)", "g": "DECIMAL(13,0)"}
"""Unit -> the type of such a weight as it is written, where no rounding is lost in it."""
DAY_TYPE = "DATE"
NULLS = ("", "-", "--", "—", "/", "N/A", "NULL", "null")


def column(index: int) -> str:
    """The name under which a column of a sheet is read."""
    return f"c{index}"


def waybill(col: str, *, strong: bool) -> str:
    """A waybill number, or NULL where it takes a closer look."""
    if strong:
        narrow = f"translate({col}, {quoted(WIDE)}, {quoted(PLAIN)})"
        plain = f"trim({narrow}, ' \t\n\r\u00a0\u200b\ufeff')"
        plain = f"regexp_replace({plain}, '^(=\")?[''’‘`]?([A-Za-z0-9]+)\"?$', '\\2')"
        plain = f"upper(regexp_replace({plain}, '^([0-9]{{5,15}})\\.0+$', '\\1'))"
        # Up to 15 digits, with separators of thousands.
        grouped = "'[0-9]{1,3}(,[0-9]{3}){2,4}'"
        narrow = f"replace({plain}, ',', '')"
        plain = f"CASE WHEN regexp_full_match({plain}, {grouped}) THEN {narrow} ELSE {plain} END"
    else:
        plain = col
    # Short runs of digits are counts and totals more often than waybill numbers.
    return (
        f"CASE WHEN regexp_full_match({plain}, '[A-Z0-9]*[0-9]{{4}}[A-Z0-9]*')"
        f" AND length({plain}) BETWEEN 8 AND 50 THEN {plain} END"
    )


def amount(col: str, decimals: int, *, comma: bool, strong: bool) -> str:
    """An amount in minor units, or NULL."""
    text = f"replace(replace({col}, '.', ''), ',', '.')" if comma else col
    if strong:
        plain = f"translate({col}, {quoted(WIDE + '，￥（）')}, {quoted(PLAIN + ',¥()')})"
        form = (
            "([¥$]|RMB|CNY)? *[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\\.[0-9]*)? *"
            "(元|CNY|RMB|\\((元|CNY|RMB)\\))?"
        )
        if comma:
            form = "€? *[+-]?([0-9]+|[0-9]{1,3}(\\.[0-9]{3})+)(,[0-9]*)? *(€|EUR)?"
        digits = f"regexp_replace({plain}, '[^0-9.,+-]', '', 'g')"
        digits = (
            f"replace(replace({digits}, '.', ''), ',', '.')"
            if comma
            else f"replace({digits}, ',', '')"
        )
        text = f"CASE WHEN regexp_full_match(trim({plain}), '{form}') THEN {digits} END"
    return f"(try_cast({text} AS {money_type(decimals)}) * {10**decimals})::BIGINT"


def money_type(decimals: int) -> str:
    """The type of an amount as it is written; more decimals are rounded."""
    return f"DECIMAL(15,{decimals})"


def weight(col: str, unit: str, *, comma: bool, strong: bool) -> str:
    """A weight in grams, or NULL."""
    text = f"replace(replace({col}, '.', ''), ',', '.')" if comma else col
    if not strong:
        return grams(text, unit)
    plain = f"lower(replace(translate({col}, {quoted(WIDE)}, {quoted(PLAIN)}), ' ', ''))"
    number = f"regexp_extract({plain}, '^([0-9]*\\.?[0-9]*)(kg|kgs|公斤|千克|g|克)$', 1)"
    if comma:
        return grams(text, unit)
    is_kg = f"regexp_matches({plain}, '(kg|kgs|公斤|千克)$')"
    is_g = f"regexp_matches({plain}, '(g|克)$')"
    return (
        f"CASE WHEN {is_kg} THEN {grams(number, 'kg')} WHEN {is_g} THEN {grams(number, 'g')}"
        f" ELSE {grams(plain, unit)} END"
    )


def grams(text: str, unit: str) -> str:
    """A plain number of `unit` in grams, or NULL."""
    factor = GRAMS[unit]
    if kind := WEIGHT_TYPES.get(unit):
        return f"(try_cast({text} AS {kind}) * {factor})::BIGINT"
    return f"round(try_cast({text} AS DECIMAL(15,6))::DECIMAL(30,6) * {factor})::BIGINT"


def length(col: str, unit: str, *, comma: bool) -> str:
    """A length in millimetres, or NULL."""
    text = f"replace({col}, ',', '.')" if comma else col
    factor = MILLIMETRES[unit]
    return f"round(try_cast({text} AS DECIMAL(13,4))::DECIMAL(30,4) * {factor})::BIGINT"


def day(col: str, plan: Plan, *, strong: bool, is_day: bool = False) -> str:
    """A day, or NULL; `is_day`: the column has been read as one."""
    found = f"try_cast(CASE WHEN strlen({col}) = 10 THEN {col} ELSE left({col}, 10) END AS DATE)"
    if is_day:
        found = col
    elif strong:
        token = f"split_part(replace(trim({col}), 'T', ' '), ' ', 1)"
        first, second = ("%d/%m/%Y", "%m/%d/%Y") if plan.day_first else ("%m/%d/%Y", "%d/%m/%Y")
        slashed = f"replace(replace({token}, '.', '/'), '-', '/')"
        ways = (
            f"try_cast({token} AS DATE)",
            f"try_strptime(replace({token}, '.', '-'), '%Y-%m-%d')::DATE",
            f"CASE WHEN regexp_full_match({col}, '20[0-9]{{6}}([0-9]{{4}}|[0-9]{{6}})?(\\.0+)?')"
            f" THEN try_strptime(left({col}, 8), '%Y%m%d')::DATE END",
            f"CASE WHEN regexp_full_match({col}, '[0-9]{{5}}(\\.[0-9]+)?') THEN"
            f" DATE '1899-12-30' + floor({col}::DOUBLE)::INTEGER + {plan.days_later} END",
            f"try_strptime(regexp_extract({col}, '^[0-9]{{4}}年[0-9]{{1,2}}月[0-9]{{1,2}}日'),"
            " '%Y年%m月%d日')::DATE",
            f"try_strptime({slashed}, '{first}')::DATE",
            f"try_strptime({slashed}, '{second}')::DATE",
        )
        found = f"coalesce({', '.join(ways)})"
    return f"CASE WHEN {found} BETWEEN DATE '2000-01-01' AND DATE '2099-12-31' THEN {found} END"


def plain_text(col: str) -> str:
    """A text without the ornaments of spreadsheets."""
    ends = " OR ".join(f"suffix({col}, '{end}')" for end in (" ", ".0", "\t", "\n", "\r"))
    bare = (
        f"CASE WHEN suffix({col}, '.0') THEN left({col}, length({col}) - 2)"
        f" ELSE ltrim(trim({col}, ' \t\n\r'), '''') END"
    )
    # To take off what is not there costs more than to see that it is not: quotation marks and
    # blanks stand before all other characters.
    return (
        f"coalesce(CASE WHEN unicode({col}) > 39 AND NOT ({ends}) THEN {col} ELSE {bare} END, '')"
    )


def side(col: str, which: int, unit: str) -> str:
    """One side of `45*35*20`, NULL where the cell says something else (a volume)."""
    number = "([0-9]+(?:\\.[0-9]+)?) *(?:cm|CM)?"
    form = f"^ *{number} *[*xX×] *{number} *[*xX×] *{number}"
    found = length(f"nullif(regexp_extract({col}, '{form}', {which}), '')", unit, comma=False)
    return f"CASE WHEN {found} > 0 THEN {found} END"
