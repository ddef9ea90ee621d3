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
_OF_SHEET = "file = ? AND sheet = ?"


def take_currency_of_contract(
    connection: DuckDBPyConnection, files: Iterable[BillFile], card: RateCard
) -> None:
    """Amounts of bills and of rows that name no currency are in that of the contract.

    Where the contract with the courier has several, they are in that of the sheet.
    """
    found: dict[str, set[str]] = {}
    for row in card.freight:
        found.setdefault(row.courier, set()).add(row.currency)
        found.setdefault("", set()).add(row.currency)
    agreed = {courier: min(names) for courier, names in found.items() if len(names) == 1}
    for file in files:
        for sheet in file.sheets:
            here = [file.name, sheet.name]
            if not sheet.states_currency:
                for courier, currency in agreed.items():
                    other = f"currency <> ? AND courier = ? AND {_OF_SHEET}"
                    _set(connection, currency, other, [currency, courier, *here])
            elif _has_unsaid(connection, here):
                for courier, currency in agreed.items():
                    unsaid = f"currency = '' AND courier = ? AND {_OF_SHEET}"
                    _set(connection, currency, unsaid, [courier, *here])
                _set(connection, sheet.currency, f"currency = '' AND {_OF_SHEET}", here)


def _has_unsaid(connection: DuckDBPyConnection, sheet: list[str]) -> bool:
    """Whether some row of a sheet names no currency, though there is a column for it."""
    found = connection.execute(
        f"SELECT 1 FROM lines WHERE currency = '' AND {_OF_SHEET} UNION ALL"
        f" SELECT 1 FROM refused WHERE currency = '' AND {_OF_SHEET} LIMIT 1",
        [*sheet, *sheet],
    ).fetchone()
    return found is not None


def _set(connection: DuckDBPyConnection, currency: str, condition: str, values: list[str]) -> None:
    """Say what the currency of lines and refused rows is for which a condition holds."""
    lines.change(connection, "currency", currency, condition, values)
    connection.execute(f"UPDATE refused SET currency = ? WHERE {condition}", [currency, *values])


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
