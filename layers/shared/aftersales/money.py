"""Money as integer minor units (fen, cent) of an ISO 4217 currency.

What a file leaves blank is unknown (None), never zero. What cannot be read without guessing, such
as `12,50` or three decimals of a yuan, is refused.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from aftersales.errors import BadInput

_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = {
    **dict.fromkeys(_NO_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
    "CLF": 4,
    "UYW": 4,
}
"""ISO 4217 minor units that are not 2. The Taiwan dollar has 2 there, though prices show none."""

_LIMIT_MINOR = 10**15
# As texts: `re` compiles each when it is first needed, and remembers it.
_SYMBOLS = r"US\$|HK\$|NT\$|S\$|A\$|C\$|R\$|[¥$€£₩₫฿₱₹₽円元]"
_NOTE = r"\([^()]*\)"
_AMOUNT = r"([+-]?)(\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.(\d*))?"


def decimals_of(currency: str) -> int:
    """How many decimals the currency has. Raises `BadInput` where it is no ISO code."""
    if re.fullmatch(r"[A-Z]{3}", currency) is None:
        raise BadInput(f"{currency!r} is not a currency code of three capital letters, such as CNY")
    return _DECIMALS.get(currency, 2)


def to_minor(text: str, currency: str) -> int | None:
    """An amount as exports write it (`¥1,234.50`, `12元`, `499.00（估算）`), in minor units.

    None where it is blank or a dash. Raises `BadInput`: not a number, another currency's code, more
    decimals than the currency has (zeros are forgiven), or beyond all reason.
    """
    decimals = decimals_of(currency)
    folded = unicodedata.normalize("NFKC", text).replace("−", "-")
    folded = "".join("-" if unicodedata.category(c) == "Pd" else c for c in folded)
    notes = re.findall(_NOTE, folded)
    folded = re.sub(_NOTE, "", folded).strip().strip("\"'=").strip()
    folded = re.sub(_SYMBOLS, "", folded)
    for code in {currency, "RMB" if currency == "CNY" else currency}:
        folded = re.sub(rf"(?<![A-Za-z]){code}(?![A-Za-z])", "", folded, flags=re.IGNORECASE)
    folded = "".join(folded.split())
    if not folded.strip("-"):
        if any(re.search(r"\d", note) for note in notes):  # (12.00) may be minus twelve
            raise _unreadable(text, currency)
        return None
    match = re.fullmatch(_AMOUNT, folded)
    if match is None or (match[2] is None and not match[3]):
        raise _unreadable(text, currency)
    sign, whole, fraction = match[1], (match[2] or "0").replace(",", ""), match[3] or ""
    if fraction[decimals:].strip("0"):
        raise BadInput(f"the amount {_shown(text)} has more than {decimals} decimals of {currency}")
    if len(whole) > len(str(_LIMIT_MINOR)):
        raise _unreadable(text, currency)
    minor = int(whole + fraction[:decimals].ljust(decimals, "0"))
    if minor > _LIMIT_MINOR:
        raise _unreadable(text, currency)
    return -minor if sign == "-" else minor


def to_text(minor: int, currency: str) -> str:
    """The amount for people: `¥1,234.50` for yuan, `USD 1,234.50` for others."""
    decimals = decimals_of(currency)
    amount = Decimal(abs(minor)).scaleb(-decimals)
    sign = "-" if minor < 0 else ""
    front = "¥" if currency == "CNY" else f"{currency} "
    return f"{sign}{front}{amount:,.{decimals}f}"


def _unreadable(text: str, currency: str) -> BadInput:
    return BadInput(f"{_shown(text)} is not an amount of {currency}")


def _shown(text: str) -> str:
    """The text for an error, short enough for a line."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
