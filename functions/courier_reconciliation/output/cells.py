"""Texts and numbers as a spreadsheet program may have them."""

from __future__ import annotations

import re
from functools import lru_cache

from aftersales.errors import BadInput
from aftersales.money import decimals_of

LONGEST = 32_000
"""A cell takes 32,767 characters."""
_RISKY = re.compile(
    r"\A\s*[=+\-@＝＋－＠−]|\A[\t\r\n]|[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FORMULA = r"^\s*[=+\-@＝＋－＠−]|^[\t\r\n]"
_LIKE_A_FORMULA = re.compile(_FORMULA)


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that holds no control characters.

    What begins like a formula gets an apostrophe in front, which also holds where a sheet is saved
    as CSV and opened again.
    """
    if text.isalnum() and len(text) <= LONGEST:  # nearly all numbers and names, and much faster
        return text
    if _RISKY.search(text) is None and len(text) <= LONGEST:
        return text
    clean = _CONTROL.sub("", text)[:LONGEST]
    return f"'{clean}" if _LIKE_A_FORMULA.match(text) or _LIKE_A_FORMULA.match(clean) else clean


_SIGNS = "61, 43, 45, 64, 65309, 65291, 65293, 65312, 8722"
_CONTROLS = "9, 10, 13"
_SPACES = f"32, 160, 12288, 11, 12, {_CONTROLS}"


def may_need_it_sql(column: str) -> str:
    """Whether a text of a table begins with a sign or with space."""
    return f"unicode({column}) IN ({_SIGNS}, {_SPACES})"


def neutral_sql(column: str) -> str:
    """The same as `neutral` for a column of a table that becomes CSV."""
    spaces = f"concat({', '.join(f'chr({code})' for code in _SPACES.split(', '))})"
    return (
        f"CASE WHEN unicode({column}) IN ({_CONTROLS})"
        f" OR unicode(ltrim({column}, {spaces})) IN ({_SIGNS}) THEN '''' || {column}"
        f" ELSE {column} END"
    )


@lru_cache(maxsize=256)
def places_of(currency: str) -> int:
    """Decimals of a currency; 2 where a bill has a word that is no currency code."""
    try:
        return decimals_of(currency)
    except BadInput:
        return 2


def amount(minor: int, currency: str) -> float | int:
    """Minor units as the number that a cell shows."""
    places = places_of(currency)
    return minor / 10**places if places else minor


def amount_text(minor: int, currency: str) -> str:
    """Minor units as plain decimal text, exactly: 1250 -> `12.50`."""
    places = places_of(currency)
    if not places:
        return str(minor)
    whole, part = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{places}d}"
