"""Layouts of which the columns are known before: UPS, FedEx, DHL, and one's own.

Facts: courier bills reference, section 3. Positions count from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aftersales.errors import BadInput
from courier_reconciliation import surcharge_codes
from courier_reconciliation.reading import cells as reading
from courier_reconciliation.reading.headers import SEARCHED_ROWS, Header, folded, unit_of
from courier_reconciliation.reading.model import OwnLayout
from courier_reconciliation.reading.plan import Plan
from courier_reconciliation.reading.words import FIELDS

Rows = Sequence[Sequence[str | None]]

UPS_LEAST_COLUMNS = 53
"""The net amount is the 53rd of 250; empty columns at the end may be cut off."""
_UPS = {
    "waybill": 20, "parent": 13, "billed_on": 11, "order_id": 15, "pieces": 18, "actual": 26,
    "weight": 28, "dimensions": 32, "charge": 45, "discount": 51, "amount": 52, "city": 78,
    "province": 79, "currency": 50,
}  # fmt: skip
UPS_CLASSES = {"FRT": "freight", "FSC": "fuel", "TAX": "tax", "BRK": "customs", "GOV": "customs"}
"""Charge classifications that say more than the description beside them."""
_INVOICES = (("invoicenumber", "originalamountdue"), ("invnumber", "invcharge"))
"""FedEx: an invoice's number and its total, which stand on each of its rows; the second is the
shorter EDI style."""
_PAIRS = (
    (r"trackingidchargedescription", r"trackingidchargeamount"),
    (r"xc\d+name", r"xc\d+charge"),
)


class Placed(Struct, frozen=True):
    """A plan, and the row at which the data start. `rows` are those that were seen, `names`
    the headers, if there are any.
    """

    plan: Plan
    data_at: int
    rows: Rows
    names: tuple[str, ...] = ()


def ups(rows: Rows, *, comma: bool, period: str) -> Placed | None:
    """The UPS billing file: 250 columns without a header, one row per charge."""
    data = [row for row in rows if len(row) >= UPS_LEAST_COLUMNS]
    if not data or len(data) < len(rows) - 1:
        return None
    first = data[0]
    if not re.fullmatch(r"2[.,]\d", (first[0] or "").strip()) or (first[6] or "") not in "EIei":
        return None
    width = max(map(len, data))
    kilograms = sum((row[29] or "").upper().startswith("K") for row in data)
    metric = kilograms * 2 > len(data)
    plan = Plan(
        columns={name: index for name, index in _UPS.items() if index < width},
        layout="ups",
        courier="ups",
        currency="EUR" if comma else "USD",
        units={"weight": "kg" if metric else "lb", "actual": "kg" if metric else "lb",
               "dimensions": "cm" if metric else "in"},
        unit_columns={"weight": 29, "actual": 27},
        comma=comma,
        day_first=True,
        period=period,
        classes=(43, UPS_CLASSES),
        left_out=(43, ("INF",)),
        returns=(34, ("RTN",)),
        invoice=(5, 10),
        waybill_else=13,
    )  # fmt: skip
    return Placed(plan, 0 if len(rows[0]) >= UPS_LEAST_COLUMNS else 1, data)


def with_pairs(plan: Plan, header: Header, data: Rows) -> Plan:
    """A plan with what FedEx and DHL bills have in pairs of columns: a charge and its amount."""
    names = [folded(name) for name in header.names]
    pairs = []
    for name, amount in _PAIRS:
        named = [i for i, text in enumerate(names) if re.fullmatch(name, text)]
        for at in named:
            number = re.sub(r"\D", "", names[at])
            behind = [
                i
                for i in range(at + 1, min(at + 4, len(names)))
                if re.fullmatch(amount, names[i]) and re.sub(r"\D", "", names[i]) == number
            ]
            pairs += [(at, behind[0])] if behind else []
    at_of = {name: index for index, name in reversed(list(enumerate(names)))}
    changes: dict[str, Any] = {}
    if pairs:
        taken = {index for pair in pairs for index in pair}
        changes["pairs"] = tuple(pairs)
        changes["surcharges"] = tuple(one for one in plan.surcharges if one[0] not in taken)
        changes["unsure"] = tuple(one for one in plan.unsure if one[0] not in taken)
    if plan.courier == "fedex":
        rated = at_of.get("ratedweightunits", at_of.get("wgtunit"))
        units = {"weight": rated, "actual": at_of.get("actualweightunits")}
        changes["unit_columns"] = {name: at for name, at in units.items() if at is not None}
        stated = _stated(data, units["weight"])
        metric = stated.startswith("K")
        changes["units"] = {
            **plan.units,
            **dict.fromkeys(("weight", "actual"), "kg" if metric else "lb"),
            **dict.fromkeys(("length", "width", "height"), "cm" if metric else "in"),
        }
        for number, total in _INVOICES:
            if number in at_of and total in at_of:
                changes["invoice"] = (at_of[number], at_of[total])
        if "currency" not in plan.columns and plan.currency == "CNY" and not metric:
            changes["currency"] = "USD"
        changes["day_first"] = False
    if plan.courier == "dhl" and "linetype" in at_of:
        changes["left_out"] = (at_of["linetype"], ("I",))
        changes["invoice_rows"] = (at_of["linetype"], "I")
    return replace(plan, **changes) if changes else plan


def _stated(data: Rows, index: int | None) -> str:
    if index is None:
        return ""
    found = [row[index] for row in data if index < len(row) and row[index]]
    return (found[0] or "").upper() if found else ""


def own(
    layout: OwnLayout, rows: Rows, *, names: Sequence[str], currency: str, comma: bool, period: str
) -> Placed | None:
    """A layout from the settings, where it fits the first rows; None where it does not."""
    if layout.file_contains and not any(layout.file_contains in name for name in names):
        return None
    numbers = {name: at - 1 for name, at in layout.columns.items() if isinstance(at, int)}
    texts = {name: folded(at) for name, at in layout.columns.items() if isinstance(at, str)}
    if texts:
        header_at = _header_of(texts.values(), rows)
        data_at = None if header_at is None else header_at + 1
    elif layout.file_contains:
        data_at = next((n for n, row in enumerate(rows) if _is_parcel(row, numbers)), None)
        header_at = None if data_at is None else _header_above(rows, data_at, numbers["waybill"])
    else:
        return None
    width = max(map(len, rows), default=0)
    if data_at is None or max(numbers.values(), default=0) >= width:
        return None
    header = () if header_at is None else tuple(cell or "" for cell in rows[header_at])
    header += ("",) * (width - len(header) if header else 0)
    at = {folded(cell): n for n, cell in reversed(list(enumerate(header))) if cell}
    columns = numbers | {name: at[text] for name, text in texts.items()}
    surcharges = [(_place_of(where, at, width), code) for where, code in layout.surcharges.items()]
    stated = {name: unit_of(header[index]) for name, index in columns.items() if header}
    own_unit = dict.fromkeys(("weight", "actual"), layout.weight_unit) if layout.weight_unit else {}
    plan = Plan(
        columns=columns,
        layout=layout.name,
        courier=layout.courier,
        currency=layout.currency or currency,
        surcharges=tuple((index, code) for index, code in surcharges if index is not None),
        units={name: unit for name, unit in stated.items() if unit} | own_unit,
        comma=comma,
        day_first=layout.day_first or not layout.month_first,
        period=period,
        names=header,
    )
    return Placed(plan, data_at, rows[data_at:], header)


def _header_of(texts: Iterable[str], rows: Rows) -> int | None:
    """The row that has all of these headers."""
    wanted = set(texts)
    for index, row in enumerate(rows[:SEARCHED_ROWS]):
        if wanted <= {folded(cell) for cell in row if cell}:
            return index
    return None


def _header_above(rows: Rows, data_at: int, waybill: int) -> int | None:
    """The row right above the data, where it names the column of the waybill numbers."""
    above = rows[data_at - 1] if data_at else ()
    named = waybill < len(above) and above[waybill] and sum(map(bool, above)) > 1
    return data_at - 1 if named else None


def _is_parcel(row: Sequence[str | None], columns: Mapping[str, int]) -> bool:
    """Whether a row is about a parcel: a waybill number among other cells (a title, `2026-10`, has
    none beside it), or a damaged number beside an amount."""
    cells = {name: row[index] for name, index in columns.items() if index < len(row)}
    number = cells.get("waybill") or ""
    try:
        return bool(reading.waybills(number)) and 2 * sum(map(bool, cells.values())) > len(columns)
    except BadInput:
        pass
    try:
        money = [reading.amount(cells.get(name)) for name in ("amount", "freight")]
    except BadInput:
        return False
    return any(one is not None for one in money) and bool(re.search(r"\d", number))


def _place_of(where: str, at: Mapping[str, int], width: int) -> int | None:
    """The column of a surcharge, by its header or counted from 1; None where there is none."""
    if (found := at.get(folded(where))) is not None:
        return found
    number = int(where) if re.fullmatch(r"\d{1,5}", where) else 0
    return number - 1 if 1 <= number <= width else None


def own_layout(name: str, said: Mapping[str, Any]) -> OwnLayout:
    """A layout from a few lines of settings.

    Raises `BadInput` that names what is wrong: an unknown field or unit, no waybill, no money.
    """
    allowed = {
        "columns", "courier", "surcharges", "file_contains", "weight_unit", "currency",
        "day_first", "month_first",
    }  # fmt: skip
    if unknown := sorted(said.keys() - allowed):
        raise BadInput(f"unknown: {', '.join(unknown)}; known are {', '.join(sorted(allowed))}")
    columns = said.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        raise BadInput("columns is missing: field name: header text or column number")
    fields = [field for field in FIELDS if not field.startswith("_")]
    if unknown := sorted(columns.keys() - set(fields)):
        raise BadInput(f"no such field: {', '.join(unknown)}; there are {', '.join(fields)}")
    if "waybill" not in columns or not {"amount", "freight"} & columns.keys():
        raise BadInput("columns must name waybill, and amount or freight")
    kinds = {isinstance(where, int) for where in columns.values()}
    if len(kinds) > 1:
        raise BadInput("columns are named by header texts or by numbers, not by both")
    if kinds == {True} and not said.get("file_contains"):
        raise BadInput("file_contains is missing: a layout of column numbers must say which files")
    if (unit := said.get("weight_unit", "")) and unit not in reading.GRAMS:
        raise BadInput(f"weight_unit must be one of {', '.join(reading.GRAMS)}")
    surcharges = {
        str(where): surcharge_codes.code_of(str(code))
        for where, code in (said.get("surcharges") or {}).items()
    }
    return OwnLayout(name=name, **{**said, "surcharges": surcharges})
