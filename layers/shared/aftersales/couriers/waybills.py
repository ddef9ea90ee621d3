"""Which courier a waybill number may belong to (couriers reference, sections 12 and 12a).

Several couriers share forms, so the answer is a ranked list, never one name. The order says how
much a form narrows things down:

1. letters or at least two fixed digits in front, and the postal S10 form;
2. one fixed digit in front;
3. any digits, but a check digit that fits (one in ten does by chance);
4. any digits of that length.

Inside a rank the order of `_FORMS` holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from msgspec import Struct

from aftersales.couriers import check_digits
from aftersales.couriers.countries import COUNTRY_CODES

MIN_LENGTH = 5
MAX_LENGTH = 50


class Identification(Struct, frozen=True):
    """What a number looks like.

    `valid` is False where the text cannot be a waybill number, or where every form that it has asks
    for a check digit (for S10 also an assigned country) and none fits. A number of no known form is
    valid, with no couriers.
    """

    number: str
    normalised: str
    valid: bool
    couriers: tuple[str, ...]


class _Form(Struct, frozen=True):
    courier: str
    pattern: str
    rank: int
    check: Callable[[str], bool] | None = None
    check_from: int = 0
    """Digits in front that the check does not cover (USPS: 420 and a ZIP code)."""

    def matches(self, number: str) -> bool:
        return re.fullmatch(self.pattern, number) is not None

    def fits(self, number: str) -> bool:
        return self.check is None or self.check(number[self.check_from :])


def _s10(number: str) -> bool:
    return number[-2:] in COUNTRY_CODES and check_digits.s10(number)


_USPS = r"9[1-5]\d{20}(?:\d{4})?"
# 9261290 is DHL eCommerce's, the rest of 9261 FedEx SmartPost's; USPS delivers both.
_SMARTPOST = r"9261(?!290)\d{18}"
_DHL_BY_USPS = r"9261290\d{15}"

_FORMS: tuple[_Form, ...] = (
    # Letters in front.
    _Form("sf", r"SF(?:\d{13}|[A-Z]\d{12,13})", 1),
    _Form("yto", r"YT\d{13,14}|D\d{11}", 1),
    _Form("yunexpress", r"YT\d{16}", 1),
    _Form("jt", r"JT\d{13}", 1),
    _Form("jd", r"JD[A-Z0-9]{2}\d{11}", 1),
    _Form("deppon", r"DPK\d{12}", 1),
    # E is the service indicator of EMS; S10 numbers of other services are China Post's.
    _Form("ems", r"E[A-Z]\d{9}CN", 1, _s10),
    _Form("s10", r"[A-Z]{2}\d{9}[A-Z]{2}", 1, _s10),
    _Form("china_post", r"[A-DF-Z][A-Z]\d{9}CN", 1, _s10),
    _Form("ems", r"P[A-Z]\d{11}", 1),
    _Form("china_post", r"P[A-Z]\d{11}", 1),
    _Form("ups", r"1Z[A-Z0-9]{15}\d", 1, check_digits.ups),
    _Form("ups", r"[AHJKTV]\d{10}", 1, check_digits.ups_waybill),
    _Form("dhl", r"J[A-Z]{2,3}\d{9,10}|JJD\d{14,20}|JD\d{18}", 1),
    _Form("dhl", r"(?:GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)\d{10,39}", 1),
    # Fixed digits in front.
    _Form("danniao", r"621\d{12}", 1),
    _Form("zto", r"7[3-68]\d{12}", 1),
    _Form("sto", r"(?:77|43)\d{12,15}", 1),
    _Form("ems", r"5[01]\d{11}", 1),
    _Form("fedex", r"96\d{20}", 1, check_digits.fedex_ground),
    _Form("fedex", _SMARTPOST, 1, check_digits.usps),
    _Form("fedex", r"420\d{5}" + _SMARTPOST, 1, check_digits.usps, 8),
    _Form("usps", _USPS, 1, check_digits.usps),
    _Form("usps", r"420\d{5}(?:" + _USPS + r")", 1, check_digits.usps, 8),
    _Form("usps", r"420\d{9}(?:" + _USPS + r")", 1, check_digits.usps, 12),
    _Form("dhl", _DHL_BY_USPS, 1, check_digits.usps),
    _Form("dhl", r"420\d{5}" + _DHL_BY_USPS, 1, check_digits.usps, 8),
    # One fixed digit in front.
    _Form("yunda", r"[34]\d{14}|[345]\d{12}", 2),
    _Form("ems", r"[1589]\d{12}", 2),
    _Form("china_post", r"[189]\d{12}", 2),
    _Form("sto", r"1\d{11}", 2),
    _Form("yto", r"[6-9]\d{17}", 2),
    # A check digit only.
    _Form("dhl", r"\d{10,11}", 3, check_digits.dhl_express),
    _Form("fedex", r"\d{12}", 3, check_digits.fedex_express),
    _Form("fedex", r"\d{15}", 3, check_digits.fedex_ground),
    _Form("fedex", r"\d{18}", 3, check_digits.sscc18),
    _Form("usps", r"\d{20}", 3, check_digits.usps),
    _Form("usps", r"\d{20}", 3, check_digits.usps_implied_91),
    _Form("usps", r"420\d{25}", 3, check_digits.usps, 8),
    _Form("usps", r"420\d{29}", 3, check_digits.usps, 12),
    _Form("fedex", r"\d{20}", 3, check_digits.fedex_implied_92),
    _Form("fedex", r"\d{34}", 3, check_digits.fedex_34),
    # Nothing but the length.
    _Form("sf", r"\d{12}", 4),
    _Form("zto", r"\d{12}", 4),
    _Form("yto", r"\d{12}|\d{18}", 4),
    _Form("fedex", r"\d{32}", 4),
    _Form("dhl", r"\d{14}", 4),
)

_SPREADSHEET_DAMAGE = re.compile(r"\d[.,]\d+E[+-]?\d{1,3}|\dE[+-]\d{1,3}")
_JD_PIECE = re.compile(r"(JD[A-Z0-9]{2}\d{11})-\d{1,3}-\d{1,3}-?\d{0,3}")
_SPREADSHEET_TEXT = re.compile(r'="(.*)"')


def normalise(text: str) -> str:
    """The number as it is stored and compared.

    Full-width characters become plain, letters upper case; spaces, hyphens of all kinds, invisible
    characters and a spreadsheet's leading apostrophe or `="..."` go. A JD piece number
    (`JDVA01234567890-1-2-`, the first of two) becomes the number of its parcel. A number that a
    spreadsheet turned into `1.23E+12` is left as it is: its digits are lost.
    """
    folded = unicodedata.normalize("NFKC", text)
    folded = "".join(c for c in folded if unicodedata.category(c) not in {"Cf", "Cc"})
    folded = "".join(folded.split()).upper()
    if quoted := _SPREADSHEET_TEXT.fullmatch(folded):
        folded = quoted[1]
    folded = folded.lstrip("'’‘`")
    if _SPREADSHEET_DAMAGE.fullmatch(folded):
        return folded
    folded = "".join("-" if unicodedata.category(c) == "Pd" or c == "−" else c for c in folded)
    if piece := _JD_PIECE.fullmatch(folded):
        return piece[1]
    return folded.replace("-", "")


def identify(number: str) -> Identification:
    """Whose waybill number this may be, the most specific first; see `Identification`."""
    normalised = normalise(number)
    if not _can_be_a_number(normalised):
        return Identification(number, normalised, valid=False, couriers=())
    alike = [form for form in _ranked_forms() if form.matches(normalised)]
    fitting = dict.fromkeys(form.courier for form in alike if form.fits(normalised))
    return Identification(
        number, normalised, valid=bool(fitting) or not alike, couriers=tuple(fitting)
    )


@cache
def lengths_from_zero() -> dict[str, tuple[int, ...]]:
    """Courier -> the lengths of its numbers that are digits only and may begin with a zero.

    Spreadsheets take such zeros away. A courier all of whose numbers begin with letters or other
    digits is not in it.
    """
    found: dict[str, tuple[int, ...]] = {}
    for form in _FORMS:
        lengths = (n for n in range(MIN_LENGTH, MAX_LENGTH + 1) if form.matches("0" * n))
        if fitting := {*found.get(form.courier, ()), *lengths}:
            found[form.courier] = tuple(sorted(fitting))
    return found


def _can_be_a_number(normalised: str) -> bool:
    return (
        MIN_LENGTH <= len(normalised) <= MAX_LENGTH
        and re.fullmatch(r"[A-Z0-9]+", normalised) is not None
        and re.search(r"[0-9]", normalised) is not None
        and _SPREADSHEET_DAMAGE.fullmatch(normalised) is None
    )


@cache
def _ranked_forms() -> tuple[_Form, ...]:
    return tuple(sorted(_FORMS, key=lambda form: form.rank))
