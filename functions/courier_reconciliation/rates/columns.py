"""The columns of a rate card, and how a line becomes a row of it. Shared by all file forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypedDict, TypeVar

from msgspec import Struct, field

from aftersales.couriers import codes
from aftersales.errors import BadInput
from aftersales.money import decimals_of
from courier_reconciliation.model import FREIGHT, TOTAL
from courier_reconciliation.rates.card import (
    ALL_OTHERS,
    E4,
    Basis,
    FreightRow,
    RateCard,
    Rounding,
    StepMode,
    SurchargeRow,
    folded_service,
)
from courier_reconciliation.reading.places import place
from courier_reconciliation.surcharge_codes import Due, code_of, due_of

COLUMNS = (
    *("courier", "service", "valid_from", "valid_to", "provinces"),
    *("min_weight_g", "max_weight_g", "base_price_minor", "base_weight_g"),
    *("step_weight_g", "step_price_minor", "step_mode", "rounding", "volumetric_divisor"),
    *("surcharge_code", "surcharge_basis", "surcharge_value", "currency"),
)
"""The public form, in its order."""

OPTIONAL = (
    *("origin", "minimum_minor", "discount_percent", "tax_percent"),
    *("surcharge_minimum_minor", "surcharge_maximum_minor", "surcharge_due"),
)
"""Columns that a card may have besides."""

REQUIRED = ("courier", "base_price_minor")
PROBLEMS_SHOWN = 12
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_SEPARATORS = re.compile(r"[|、，,;；/\n]")
Value = str | int | float | bool | date | datetime | timedelta | None
Word = TypeVar("Word", bound=StrEnum)


class Problem(Struct, frozen=True):
    """What is wrong with a card. `row` is the line in the file, None for the card as a whole.

    A card with an error cannot be used; a warning is for a person to think about.
    """

    message: str
    row: int | None = None
    column: str = ""
    is_error: bool = True

    def __str__(self) -> str:
        where = f"row {self.row}" if self.row is not None else ""
        where = f"{where}, {self.column}" if where and self.column else where or self.column
        return f"{where}: {self.message}" if where else self.message


class _Cells(Struct):
    """One line of a card: reads cells by column and collects what is wrong with them."""

    row: int
    cells: Mapping[str, Value]
    problems: list[Problem] = field(default_factory=list)

    def fail(self, column: str, message: str) -> None:
        self.problems.append(Problem(message, self.row, column))

    def text(self, column: str) -> str:
        value = self.cells.get(column)
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return unicodedata.normalize("NFKC", str(value)).strip()

    def whole(self, column: str, default: int = 0) -> int:
        found = self.whole_or_none(column)
        return default if found is None else found

    def whole_or_none(self, column: str) -> int | None:
        """A number without a fraction; spreadsheets write 1000 as 1000.0."""
        number = self._number(column)
        if number is None:
            return None
        if number != number.to_integral_value():
            unit = "fen, cent" if column.endswith("_minor") else "grams"
            hint = f" ({unit})" if column.endswith(("_minor", "_g")) else ""
            if column.endswith("_minor") and number * 100 == (number * 100).to_integral_value():
                hint += f": {number} is written as {int(number * 100)}"
            self.fail(column, f"{self.text(column)!r} must be a whole number{hint}")
            return None
        return int(number)

    def ten_thousandths(self, column: str) -> int:
        number = self._number(column)
        if number is None:
            return 0
        scaled = number * E4
        if scaled != scaled.to_integral_value():
            self.fail(column, f"{self.text(column)!r} has more than four decimals")
            return 0
        return int(scaled)

    def _number(self, column: str) -> Decimal | None:
        text = self.text(column).replace(" ", "").removesuffix("%")
        if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
            text = text.replace(",", "")
        if not text:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) > 10**12:
            self.fail(column, f"{self.text(column)!r} is not a number")
            return None
        if number < 0:
            self.fail(column, f"{self.text(column)!r} is below zero")
            return None
        return number

    def day(self, column: str) -> date | None:
        value = self.cells.get(column)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = self.text(column)
        if not text:
            return None
        found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T][\d:.]+)?", text)
        try:
            if found:
                return date(int(found[1]), int(found[2]), int(found[3]))
            if re.fullmatch(r"[34567]\d{4}", text):  # 36526 to 79999: a day as Excel stores it
                return _EXCEL_DAY_ZERO + timedelta(days=int(text))
        except ValueError:
            pass
        self.fail(column, f"{text!r} is not a date; write 2026-10-01")
        return None

    def word(self, column: str, words: type[Word], default: Word) -> Word:
        text = self.text(column).casefold()
        if not text:
            return default
        try:
            return words(text)
        except ValueError:
            self.fail(column, f"{text!r} is none of {', '.join(words)}")
            return default


def courier_code(text: str) -> str:
    """Our code for a courier as a card, a shipment list or a bill names it; unknown ones folded."""
    folded = text.strip().casefold()
    return folded if folded in codes.NAMES else codes.from_text(text) or folded


def provinces_of(text: str) -> tuple[str, ...]:
    """A cell of provinces, `|` between them; nothing and `*` are all others."""
    parts = (part.strip() for part in _SEPARATORS.split(text))
    found = tuple(dict.fromkeys(place(part)[0] for part in parts if part))
    return found or (ALL_OTHERS,)


def is_blank(cells: Iterable[Value]) -> bool:
    """Whether a line says nothing."""
    return not any(str(cell).strip() for cell in cells if cell is not None)


def header_problems(header: Iterable[str]) -> list[Problem]:
    """What is wrong with a header line: columns missing, twice, or not of the card."""
    names = [name for name in header if name]
    problems = [
        Problem(f"the column {name} is missing; there are {', '.join(names) or 'none'}")
        for name in REQUIRED
        if name not in names
    ]
    problems += [
        Problem(f"the column {name} stands twice")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    problems += [
        Problem(f"the column {name} is not one of a rate card and is not read", is_error=False)
        for name in dict.fromkeys(names)
        if name not in COLUMNS and name not in OPTIONAL
    ]
    return problems


def column_name(text: Value) -> str:
    """A heading as the columns are called: `Base Price Minor` is base_price_minor."""
    folded = unicodedata.normalize("NFKC", "" if text is None else str(text)).strip("\ufeff \t\r\n")
    return re.sub(r"[\s\-]+", "_", folded.casefold())


def read_rows(
    lines: Iterable[tuple[int, Mapping[str, Value]]], *, source: str = "", origin: str = ""
) -> tuple[RateCard, list[Problem]]:
    """The card of numbered lines, and what is wrong with it; wrong lines are left out.

    With `origin`, lines of another origin are left out too.
    """
    freight: list[FreightRow] = []
    surcharges: list[SurchargeRow] = []
    problems: list[Problem] = []
    origins: set[str] = set()
    for number, line in lines:
        cells = _Cells(number, line)
        if own := place(cells.text("origin"))[0]:
            origins.add(own)
            if origin and place(origin)[0] != own:
                continue
        if cells.text("surcharge_code"):
            surcharge = _surcharge(cells)
            if not cells.problems:
                surcharges.append(surcharge)
        else:
            row = _freight(cells)
            if not cells.problems:
                freight.append(row)
        problems += cells.problems
    if len(origins) > 1 and not origin:
        problems.append(
            Problem(f"the card has prices from {', '.join(sorted(origins))}; say which origin")
        )
    if not freight and not problems:
        problems.append(Problem("the card has no price"))
    return RateCard(tuple(freight), tuple(surcharges), source), problems


def _freight(cells: _Cells) -> FreightRow:
    if not cells.text("base_price_minor"):
        cells.fail("base_price_minor", "a price is missing; a free parcel is written as 0")
    step_weight = cells.whole_or_none("step_weight_g")
    step_price = cells.whole("step_price_minor")
    if step_weight == 0 and step_price:
        cells.fail("step_weight_g", "0 g is no step")
    if step_weight is None and step_price and cells.text("step_weight_g") == "":
        cells.fail("step_weight_g", "a step price needs the weight of its step")
    divisor = cells.whole_or_none("volumetric_divisor")
    return FreightRow(
        row=cells.row,
        courier=_courier(cells),
        base_price_minor=cells.whole("base_price_minor"),
        base_weight_g=cells.whole("base_weight_g"),
        step_weight_g=step_weight or 1000,
        step_price_minor=step_price,
        step_mode=cells.word("step_mode", StepMode, StepMode.CEIL),
        rounding=cells.word("rounding", Rounding, Rounding.EXACT),
        volumetric_divisor=divisor or None,  # 0 is what programs write for nothing
        minimum_minor=cells.whole("minimum_minor"),
        discount_e4=_percent(cells, "discount_percent"),
        tax_e4=_percent(cells, "tax_percent"),
        **_place(cells),
    )


def _surcharge(cells: _Cells) -> SurchargeRow:
    code = code_of(cells.text("surcharge_code"))
    if code in (FREIGHT, TOTAL):
        cells.fail("surcharge_code", f"{cells.text('surcharge_code')!r} is no surcharge")
    if not cells.text("surcharge_value"):
        cells.fail("surcharge_value", "the amount or percentage is missing")
    basis = cells.word("surcharge_basis", Basis, Basis.PER_PARCEL)
    if not cells.text("surcharge_basis"):
        cells.fail("surcharge_basis", f"must be one of {', '.join(Basis)}")
    due = due_of(code)
    if basis is Basis.PERCENT_OF_DECLARED and due in (Due.ALWAYS, Due.ALLOWED):
        due = Due.DECLARED
    return SurchargeRow(
        row=cells.row,
        courier=_courier(cells),
        code=code,
        basis=basis,
        value_e4=cells.ten_thousandths("surcharge_value"),
        due=cells.word("surcharge_due", Due, due),
        minimum_minor=cells.whole("surcharge_minimum_minor"),
        maximum_minor=cells.whole_or_none("surcharge_maximum_minor"),
        **_place(cells),
    )


def _courier(cells: _Cells) -> str:
    courier = courier_code(cells.text("courier"))
    if not courier:
        cells.fail("courier", "the courier is missing")
    return courier


def _percent(cells: _Cells, column: str) -> int:
    found = cells.ten_thousandths(column)
    if found > 100 * E4:
        cells.fail(column, "more than 100 %")
    return found


class _Place(TypedDict):
    """What both kinds of rows share."""

    service: str
    valid_from: date | None
    valid_to: date | None
    provinces: tuple[str, ...]
    min_weight_g: int
    max_weight_g: int | None
    currency: str


def _place(cells: _Cells) -> _Place:
    minimum, maximum = cells.whole("min_weight_g"), cells.whole_or_none("max_weight_g")
    if maximum is not None and maximum < minimum:
        cells.fail("max_weight_g", f"{maximum} g is below min_weight_g, {minimum} g")
    start, end = cells.day("valid_from"), cells.day("valid_to")
    if start and end and end < start:
        cells.fail("valid_to", f"{end} is before valid_from, {start}")
    currency = cells.text("currency").upper() or "CNY"
    try:
        decimals_of(currency)
    except BadInput as exc:
        cells.fail("currency", exc.reason)
    return {
        "service": folded_service(cells.text("service")),
        "valid_from": start,
        "valid_to": end,
        "provinces": provinces_of(cells.text("provinces")),
        "min_weight_g": minimum,
        "max_weight_g": maximum,
        "currency": currency,
    }
