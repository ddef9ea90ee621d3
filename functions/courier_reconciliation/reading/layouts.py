"""The first rows of a sheet -> what kind of bill it is, and how its rows are read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from aftersales.errors import BadInput
from aftersales.money import decimals_of
from courier_reconciliation import surcharge_codes
from courier_reconciliation.reading import cells as reading
from courier_reconciliation.reading import couriers, fixed, headers
from courier_reconciliation.reading.currencies import currency_named
from courier_reconciliation.reading.headers import Header
from courier_reconciliation.reading.model import ReadingOptions
from courier_reconciliation.reading.plan import AMOUNTS, Plan

PEEKED_ROWS = 200
"""So many rows of a sheet are looked at to understand it."""
_FREIGHT_COURIERS = ("deppon", "deppon_freight", "kuayue", "ane", "zto_freight", "sf_freight")


class Layout(Struct, frozen=True):
    """A sheet that was understood. Its data start at `rows[data_at]`; the header is `header`."""

    plan: Plan
    header: Header
    data_at: int
    notes: tuple[str, ...] = ()


class Unknown(Struct, frozen=True):
    """A sheet that holds no table of parcels, and why it is thought so. `known` columns were."""

    reason: str
    known: int = 0


def recognise(
    rows: Sequence[Sequence[str | None]],
    options: ReadingOptions,
    *,
    names: Sequence[str] = (),
    comma: bool = False,
    days_later: int = 0,
) -> Layout | Unknown:
    """Understand the first rows of a sheet. `names` are those of the file and the sheet."""
    period = options.period or _period(names)
    for one in options.layouts:
        placed = fixed.own(
            one, rows, names=names, currency=options.currency, comma=comma, period=period
        )
        if placed is not None:
            return _of_placed(placed, options, days_later)
    if (placed := fixed.ups(rows, comma=comma, period=period)) is not None:
        return _of_placed(placed, options, days_later)
    header = headers.find(rows)
    if header is None or not header.complete:
        return Unknown(headers.refusal(header, rows), len(header.columns) if header else 0)
    data_at = header.index + header.rows
    data = rows[data_at:PEEKED_ROWS]
    if reason := _claimed_twice(header, data):
        return Unknown(reason, len(header.columns))
    titles = [cell for row in rows[: header.index] for cell in row if cell]
    courier = _courier(header, data, (*titles, *names), options)
    columns = _columns(header, data)
    unit = _minor_units(header, columns)
    if isinstance(unit, str):
        return Unknown(unit, len(header.columns))
    spoken = _spoken(columns, data)
    plan = Plan(
        columns=columns,
        layout=courier or "headers",
        courier=courier,
        currency=options.currency,
        leaves_unsaid=options.leaves_unsaid,
        decimals=0 if unit else _decimals(spoken, options.currency),
        surcharges=header.surcharges,
        unsure=header.unsure,
        units=_units(header, data, courier, comma=comma),
        comma=comma,
        period=options.period or _period((*titles, *names)),
        names=header.names,
        days_later=days_later,
        fills_down=_fills_down(columns, data),
        spoken=spoken,
    )
    return Layout(fixed.with_pairs(plan, header, data), header, data_at)


def _of_placed(placed: fixed.Placed, options: ReadingOptions, days_later: int) -> Layout | Unknown:
    courier = placed.plan.courier or options.courier
    spoken = _spoken(placed.plan.columns, placed.rows)
    rows = 1 if placed.names else 0
    header = Header(
        placed.names,
        placed.plan.columns,
        placed.plan.surcharges,
        index=placed.data_at - rows,
        rows=rows,
    )
    unit = _minor_units(header, header.columns) if placed.names else False
    if isinstance(unit, str):
        return Unknown(unit, len(header.columns))
    plan = replace(
        placed.plan,
        courier=courier,
        leaves_unsaid=options.leaves_unsaid,
        decimals=0 if unit else _decimals(spoken, placed.plan.currency),
        days_later=days_later,
        spoken=spoken,
    )
    return Layout(plan, header, placed.data_at)


def _claimed_twice(header: Header, data: Sequence[Sequence[str | None]]) -> str:
    """Two columns of the same name, of which it matters which one is read, and that differ."""
    for name, indexes in header.twice:
        if name not in ("waybill", "amount"):
            continue
        first, *others = ([_at(row, index) for row in data] for index in indexes)
        if any(other != first and any(other) for other in others):
            column = header.names[indexes[0]]
            return (
                f"two columns are named {column} and differ; rename one of them, or say in the"
                " settings which one counts"
            )
    return ""


def _minor_units(header: Header, columns: Mapping[str, int]) -> bool | str:
    """Whether the money of the sheet is in minor units; a reason where its columns disagree."""
    money = [index for name, index in columns.items() if name in AMOUNTS]
    money += [index for index, _ in (*header.surcharges, *header.unsure)]
    said = {index: headers.counts_minor_units(header.names[index]) for index in money}
    main = next((columns[n] for n in ("amount", "freight") if n in columns), None)
    unit = said.get(main) if main is not None else None
    for index, one in said.items():
        if one is not None and one is not (unit or False):
            return (
                f"the column {header.names[index]} counts money in another unit than the rest; make"
                " them the same"
            )
    return bool(unit)


def _decimals(spoken: Mapping[str, Sequence[str]], currency: str) -> int:
    """The decimals of the one currency that is named, else of the one that nobody has to name."""
    named = {currency_named(word) for word in spoken.get("currency", ())} - {""}
    try:
        return decimals_of(named.pop() if len(named) == 1 else currency)
    except BadInput:
        return 2


def _columns(header: Header, data: Sequence[Sequence[str | None]]) -> dict[str, int]:
    """Fields and columns, after a look at what the columns hold."""
    columns = dict(header.columns)
    if (at := columns.get("charge")) is not None:
        said = {reading.text(_at(row, at)) for row in data} - {""}
        if said and not any(_is_charge(text) for text in said):
            del columns["charge"]  # 服务 may be the product as well as the charge
            columns.setdefault("service", at)
    for name in ("volumetric", "_value", "list_price", "net", "remaining", "customer_id"):
        columns.pop(name, None)
    return columns


def _fills_down(columns: Mapping[str, int], data: Sequence[Sequence[str | None]]) -> bool:
    """Whether charges stand under the waybill they belong to, as merged cells leave them."""
    charge, waybill = columns.get("charge"), columns["waybill"]
    return charge is not None and any(
        not _at(row, waybill) and _is_charge(reading.text(_at(row, charge))) for row in data
    )


def _spoken(
    columns: Mapping[str, int], data: Sequence[Sequence[str | None]]
) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(dict.fromkeys(cell for row in data if (cell := _at(row, columns[name]))))
        for name in ("province", "charge", "courier", "currency")
        if name in columns
    }


def _is_charge(text: str) -> bool:
    return surcharge_codes.is_known(surcharge_codes.word_of(text))


def _courier(
    header: Header,
    data: Sequence[Sequence[str | None]],
    texts: Sequence[str],
    options: ReadingOptions,
) -> str:
    if options.courier:
        return options.courier
    for text in texts:
        if named := couriers.courier_named(text):
            return named
    at = header.columns["waybill"]
    numbers: list[str] = []
    for row in data:
        try:
            numbers += reading.waybills(_at(row, at))
        except BadInput:
            continue
    told = couriers.by_header(header.names)
    return told or couriers.by_numbers(numbers)


def _units(
    header: Header, data: Sequence[Sequence[str | None]], courier: str, *, comma: bool
) -> dict[str, str]:
    """Units that headers state; a weight column without one may be in grams (EMS)."""
    units = dict(header.units)
    for name in ("weight", "actual"):
        at = header.columns.get(name)
        if at is None or name in units or courier in _FREIGHT_COURIERS:
            continue
        found = []
        for row in data:
            try:
                grams = reading.weight_g(_at(row, at), "g", comma=comma)
            except BadInput:
                continue
            plain = reading.text(_at(row, at))
            if grams and re.fullmatch(r"\d+(?:\.0+)?", plain):
                found.append(grams)
            elif grams:
                found = []
                break
        # Whole numbers of which most would be a parcel of fifty kilograms and more: grams.
        if found and sorted(found)[len(found) // 2] >= 50:
            units[name] = "g"
    return units


def _period(texts: Sequence[str]) -> str:
    """The month that a title or a file name says (`2026年10月`, `2026-10`, `202610`), or ""."""
    for text in texts:
        found = re.search(r"(20\d{2})\s*[年\-_./]?\s*(1[0-2]|0?[1-9])(?!\d)", text)
        if found:
            return f"{found[1]}-{int(found[2]):02d}"
    return ""


def _at(row: Sequence[str | None], index: int) -> str | None:
    return row[index] if index < len(row) else None
