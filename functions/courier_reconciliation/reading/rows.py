"""One row, read slowly: what the bulk reading could not be sure of ends here, with a verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from msgspec import Struct

from aftersales.errors import BadInput
from courier_reconciliation import surcharge_codes
from courier_reconciliation.model import TOTAL
from courier_reconciliation.reading import cells as reading
from courier_reconciliation.reading.couriers import courier_in_cell
from courier_reconciliation.reading.currencies import currency_named
from courier_reconciliation.reading.places import place
from courier_reconciliation.reading.plan import Plan
from courier_reconciliation.reading.sheet_sql import COLLECT_WORDS, RETURN_WORDS, UNIT_LETTERS

T = TypeVar("T")
Value = str | int | bool | date | None

COLUMNS = (
    "row", "waybill", "parent", "courier", "charge", "amount_minor", "freight_minor", "tax_minor",
    "discount_minor", "currency", "billed_on", "order_id", "service", "weight_g", "actual_g",
    "length_mm", "width_mm", "height_mm", "province", "city", "pieces", "is_return", "remark",
    "prepaid_minor",
)  # fmt: skip
"""The columns of the stage, in its order; surcharges follow as `extra_0` ..."""


class RowRead(Struct, frozen=True):
    """The lines of one row (several where a cell holds several waybills), or why there are none.

    Where `reason` is set, `lines` holds the one line as far as it could be read.
    """

    lines: tuple[tuple[Value, ...], ...]
    reason: str = ""


def read_row(number: int, cells: Sequence[str | None], plan: Plan) -> RowRead:
    """Read a row. A cell that says nothing plain about weight, date or size leaves it unknown; a
    waybill number or an amount that cannot be trusted refuses the row."""
    reader = _Reader(cells, plan)
    reasons: list[str] = []
    try:
        numbers = reading.waybills(reader.cell("waybill"))
        if not numbers and plan.waybill_else is not None:
            numbers = reading.waybills(reader.at(plan.waybill_else))
        if not numbers:
            reasons.append("the row has no waybill number")
    except BadInput as exc:
        numbers = ()
        reasons.append(exc.reason)
    if len(numbers) > 1:
        return _shared(number, cells, plan, numbers)
    values, money_reason = reader.values()
    if money_reason:
        reasons.append(money_reason)
    line = reader.line(number, numbers[0] if numbers else "", values)
    return RowRead((line,), "; ".join(reasons))


def _shared(
    number: int, cells: Sequence[str | None], plan: Plan, numbers: tuple[str, ...]
) -> RowRead:
    """A row of several parcels: taken apart only where its amounts and weights are so too."""
    at = plan.columns["waybill"]
    wanted = [
        index
        for name in ("amount", "freight", "weight")
        if (index := plan.columns.get(name)) is not None
    ]
    split: dict[int, list[str]] = {}
    for index in wanted:
        parts = re.split(
            r"[+/,;、|\n\r\t]+", reading.text(cells[index] if index < len(cells) else "")
        )
        if len(parts) == len(numbers) and all(parts):
            split[index] = parts
    money = [i for name in ("amount", "freight") if (i := plan.columns.get(name)) is not None]
    if money and all(index in split for index in money):
        lines: list[tuple[Value, ...]] = []
        for position, waybill in enumerate(numbers):
            own = list(cells)
            own[at] = waybill
            for index, parts in split.items():
                own[index] = parts[position]
            read = read_row(number, own, plan)
            if read.reason:
                return read
            # What is not taken apart (surcharges) stays with the first.
            lines += read.lines
        return RowRead(tuple(lines))
    reader = _Reader(cells, plan)
    values, _ = reader.values()
    # The money is told once, the other parcels are named: nobody can say that they are not billed.
    others = {**values, "amount_minor": 0, "freight_minor": None}
    return RowRead(
        (
            reader.line(number, numbers[0], values),
            *(reader.line(number, one, others) for one in numbers[1:]),
        ),
        f"the row is for {len(numbers)} waybills ({', '.join(numbers)}) and does not say what each"
        " of them costs; ask for one row each",
    )


class _Reader:
    def __init__(self, cells: Sequence[str | None], plan: Plan) -> None:
        self._cells = cells
        self._plan = plan

    def cell(self, name: str) -> str | None:
        index = self._plan.columns.get(name)
        return self.at(index) if index is not None else None

    def at(self, index: int) -> str | None:
        return self._cells[index] if index < len(self._cells) else None

    def text(self, name: str) -> str:
        return reading.plain_text(self.cell(name))

    def money(self, cell: str | None) -> int | None:
        return reading.amount(cell, self._plan.decimals, comma=self._plan.comma)

    def lenient(self, name: str, read: Callable[[str | None], T | None]) -> T | None:
        try:
            return read(self.cell(name))
        except BadInput:
            return None

    def values(self) -> tuple[dict[str, Value], str]:
        """All but the waybill number; and why the amount is not to be trusted, "" where it is."""
        plan = self._plan
        found: dict[str, Value] = {}
        reason = ""
        for name in ("tax", "discount", "prepaid"):
            found[name] = self.lenient(name, self.money)
        extras: list[int | None] = []
        paid: int | None = None
        freight: int | None = None
        try:
            extras = [self.money(self.at(index)) for index, _ in plan.extras]
            freight = self._freight()
            if "amount" in plan.columns:
                paid = self.money(self.cell("amount"))
            elif any(one is not None for one in (freight, *extras)):
                paid = sum(one or 0 for one in (freight, *extras))
            if paid is None:
                reason = "the row has no amount"
        except BadInput as exc:
            reason = exc.reason
            extras = extras or [None] * len(plan.extras)
        for n, one in enumerate(extras):
            found[f"extra_{n}"] = one
        found["amount_minor"] = paid
        keeps = "amount" in plan.columns or plan.has_parts
        found["freight_minor"] = freight if keeps else None
        return found | self._facts(), reason

    def _freight(self) -> int | None:
        if "freight" in self._plan.columns or "first_weight_price" not in self._plan.columns:
            return self.money(self.cell("freight"))
        first = self.money(self.cell("first_weight_price"))
        step = self.money(self.cell("step_weight_price"))
        return None if first is None else first + (step or 0)

    def _facts(self) -> dict[str, Value]:
        plan = self._plan
        province, city = place(self.text("province"))
        sides = reading.sides_mm(self.cell("dimensions"), plan.unit("dimensions"))
        found: dict[str, Value] = {
            "province": province,
            "city": self.text("city") or city,
            "billed_on": self.lenient("billed_on", self._day),
            "pieces": reading.pieces(self.cell("pieces")),
        }
        for position, name in enumerate(("length", "width", "height")):
            found[f"{name}_mm"] = (
                self.lenient(name, self._length(name))
                if name in plan.columns
                else (sides[position] if sides else None)
            )
        for name, key in (("weight", "weight_g"), ("actual", "actual_g")):
            found[key] = self.lenient(name, self._weight(name))
        said = self.text("charge")
        code = surcharge_codes.code_of(said) if said else ""
        found["charge"] = (code or TOTAL) if "charge" in plan.columns else plan.charge
        if plan.classes is not None:
            found["charge"] = plan.classes[1].get(self.at(plan.classes[0]) or "", found["charge"])
        if re.search(COLLECT_WORDS, self.text("payment")):
            found["charge"] = "collect"
        named = self.text("courier")
        found["courier"] = courier_in_cell(named) if "courier" in plan.columns else plan.courier
        found["is_return"] = (
            code == "return"
            or any(
                re.search(RETURN_WORDS, self.text(name))
                for name in ("remark", "customer", "service")
            )
            or bool(self.text("return_of"))
            or (plan.returns is not None and (self.at(plan.returns[0]) or "") in plan.returns[1])
        )
        return found

    def _day(self, cell: str | None) -> date | None:
        plan = self._plan
        return reading.day(cell, plan.period, day_first=plan.day_first, days_later=plan.days_later)

    def _weight(self, name: str) -> Callable[[str | None], int | None]:
        unit = self._plan.unit(name)
        if (stated := self._plan.unit_columns.get(name)) is not None:
            unit = UNIT_LETTERS.get((self.at(stated) or "")[:1].upper(), unit)
        return lambda cell: reading.weight_g(cell, unit, comma=self._plan.comma)

    def _length(self, name: str) -> Callable[[str | None], int | None]:
        unit = self._plan.unit(name)
        return lambda cell: reading.length_mm(cell, unit, comma=self._plan.comma)

    def _currency(self) -> str:
        if "currency" not in self._plan.columns:
            return self._plan.currency
        return currency_named(self.text("currency")) or self._plan.unsaid_currency

    def _numbers(self, waybill: str) -> tuple[str, str]:
        """(waybill, parent) where a bill has columns for pieces, parents and outward parcels."""
        above = self._waybill("parent") or self._waybill("return_of")
        if "child" in self._plan.columns and (child := self._waybill("child")):
            return child, waybill
        return waybill, above

    def _waybill(self, name: str) -> str:
        try:
            found = reading.waybills(self.cell(name))
        except BadInput:
            return ""
        return found[0] if found else ""

    def line(self, number: int, waybill: str, values: dict[str, Value]) -> tuple[Value, ...]:
        own, parent = self._numbers(waybill)
        discount = values["discount"]
        whole: dict[str, Value] = {
            **values,
            "row": number,
            "waybill": own,
            "parent": parent,
            "tax_minor": values["tax"],
            "discount_minor": abs(discount) if isinstance(discount, int) else None,
            "prepaid_minor": values["prepaid"],
            "currency": self._currency(),
            "order_id": self.text("order_id"),
            "service": self.text("service"),
            "remark": self.text("remark"),
        }
        extras = [whole.get(f"extra_{n}") for n in range(len(self._plan.extras))]
        return (*(whole[name] for name in COLUMNS), *extras)
