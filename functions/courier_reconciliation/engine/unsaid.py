"""What a bill does not say: its currency; and rows of months that nobody gave shipments of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from courier_reconciliation.rates.card import RateCard
from courier_reconciliation.reading import lines
from courier_reconciliation.reading.model import BillFile
from courier_reconciliation.result import NotAuditable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FAR = timedelta(days=31)
_OTHER_CURRENCY = "currency <> ? AND file = ? AND sheet = ? AND courier = ?"
_STATES_IT = ("ups",)
"""Layouts that have a currency in each row, in a column without a name."""


def take_currency_of_contract(
    connection: DuckDBPyConnection, files: Iterable[BillFile], card: RateCard
) -> None:
    """Amounts of bills that name no currency are in that of the contract with the courier."""
    found: dict[str, set[str]] = {}
    for row in card.freight:
        found.setdefault(row.courier, set()).add(row.currency)
        found.setdefault("", set()).add(row.currency)
    agreed = {courier: min(names) for courier, names in found.items() if len(names) == 1}
    for file in files:
        for sheet in file.sheets:
            if "currency" in sheet.columns or sheet.layout in _STATES_IT:
                continue
            for courier, currency in agreed.items():
                values = [currency, file.name, sheet.name, courier]
                lines.change(connection, "currency", currency, _OTHER_CURRENCY, values)
                connection.execute(
                    f"UPDATE refused SET currency = ? WHERE {_OTHER_CURRENCY}", [currency, *values]
                )


def files_of_other_months(files: Iterable[BillFile], period: str) -> list[BillFile]:
    """Bills of which most rows are dated before the period, or later than the month after it.

    The month after is no other: some couriers date all rows by the day of the bill.
    """
    year, month = int(period[:4]), int(period[5:])
    following = f"{year + month // 12}-{month % 12 + 1:02d}"
    return [
        file
        for file in files
        if file.lines and file.period and (file.period < period or file.period > following)
    ]


def far_and_unknown(connection: DuckDBPyConnection, first: date, last: date) -> list[NotAuditable]:
    """Take rows of nobody's parcels, dated far outside the period, out of `lines_left`.

    The shipments of such a month were not given: that nobody shipped them cannot be said.
    """
    far = f"l.billed_on < DATE '{first - FAR}' OR l.billed_on > DATE '{last + FAR}'"
    rows = connection.execute(
        "SELECT l.line, l.courier, l.waybill, l.amount_minor, l.currency, l.billed_on, l.file,"
        ' l.sheet, l."row", l.order_id FROM lines_left AS l'
        f" WHERE l.shipment IS NULL AND ({far}) ORDER BY l.line"
    ).fetchall()
    if rows:
        connection.execute(f"DELETE FROM lines_left AS l WHERE l.shipment IS NULL AND ({far})")
    return [
        NotAuditable(
            courier=courier,
            waybill_number=waybill,
            billed_minor=amount,
            currency=currency,
            reason=f"dated {day}, far outside {first:%Y-%m}, and in none of the shipments that"
            " were given; give those of its month",
            file=file,
            sheet=sheet,
            row=number,
            order_id=order,
        )
        for _, courier, waybill, amount, currency, day, file, sheet, number, order in rows
    ]
