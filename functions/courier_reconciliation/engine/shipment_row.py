"""One row of a shipments file that is written in no usual way, read slowly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aftersales.couriers.waybills import normalise
from aftersales.errors import BadInput
from courier_reconciliation.engine.shipment_words import outcome_named
from courier_reconciliation.model import Outcome
from courier_reconciliation.rates.card import folded_service
from courier_reconciliation.rates.columns import courier_code
from courier_reconciliation.reading.cells import waybills
from courier_reconciliation.reading.places import place

REQUIRED = ("waybill_number", "courier", "shipped_at", "province")
NUMBERS = (
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "declared_value_minor",
    "cod_minor",
    "parcel_count",
)
TIMES = ("promised_at", "delivered_at")
"""For services with a guarantee; kept as they are written, where a file has both."""


def shipment_row(
    cells: Sequence[str], at: Mapping[str, int], zone: str, times: Sequence[str]
) -> tuple[Any, ...]:
    """A row as it stands in the table of shipments, and its `times`. `at`: column -> its place.

    Raises `BadInput` with the reason where the row cannot be used.
    """

    def cell(name: str) -> str:
        return cells[at[name]].strip() if name in at else ""

    for name in REQUIRED:
        if not cell(name):
            raise BadInput(f"{name} is empty")
    waybill = _number_in(cell("waybill_number"))
    courier = courier_code(cell("courier"))
    day = day_of(cell("shipped_at"), zone)
    province = place(cell("province"))[0]
    whole = {name: whole_number(name, cell(name)) for name in NUMBERS}
    outcome = outcome_named(cell("outcome")) if cell("outcome") else ""
    if outcome is None:
        known = ", ".join(one.value for one in Outcome if one.value)
        raise BadInput(f"outcome {cell('outcome')[:40]!r} is not known; known are {known}")
    return (
        *(waybill, courier, day, cell("order_id")),
        *(whole[name] or None for name in ("weight_g", "length_mm", "width_mm", "height_mm")),
        *(province, cell("city"), folded_service(cell("service"))),
        *(whole["declared_value_minor"], whole["cod_minor"]),
        *(max(whole["parcel_count"] or 1, 1), outcome, None),
        *(cell(name) for name in times),
    )


def waybill_of(cells: Sequence[str], at: Mapping[str, int]) -> str:
    """The waybill number of a row that cannot be used, "" where it has none."""
    try:
        return _number_in(cells[at["waybill_number"]].strip())
    except BadInput:
        return ""


def _number_in(said: str) -> str:
    waybill = normalise(said)
    if not waybill.isalnum() or not waybill.isascii():
        waybill, *others = waybills(said) or ("",)
        if others or not waybill:
            raise BadInput(f"waybill_number {said[:40]!r} is no waybill number")
    return waybill


def whole_number(name: str, said: str) -> int | None:
    """A count of grams, millimetres or minor units; raises `BadInput` for anything else."""
    if not said:
        return None
    try:
        value = float(said.replace(",", ""))
    except ValueError:
        raise BadInput(f"{name} {said[:40]!r} is no number") from None
    if value < 0 or value != int(value):
        raise BadInput(f"{name} {said[:40]!r} is not a whole number of zero or more")
    return int(value)


def day_of(said: str, zone: str) -> date:
    """The day in the zone; raises `BadInput`."""
    plain = said.strip().replace("/", "-")
    try:
        if len(plain) <= 10:
            year, month, day = plain.split("-")
            return date(int(year), int(month), int(day))
        moment = datetime.fromisoformat(plain)
    except ValueError:
        raise BadInput(
            f"shipped_at {said[:40]!r} is no day or time; write 2026-10-31 or an ISO time"
        ) from None
    return moment.date() if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone)).date()
