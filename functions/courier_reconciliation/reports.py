"""The report of a bill, written into the bucket."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aftersales.settings.model import BillAccount
from courier_reconciliation.bucket import REPORTS, store
from courier_reconciliation.output.cells import neutral
from courier_reconciliation.output.report import LINES, ReportOptions, write_report

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from aftersales.courier_bills import Bill
    from courier_reconciliation.desk import Desk
    from courier_reconciliation.result import Reconciliation

UNDER_WAY = "after-sales.csv"
"""Parcels in dispute with the courier for which a buyer asks for money, or a case is open."""


def folder_of(bill: Bill) -> str:
    """Where the report of a bill lies in the bucket.

    A corrected bill has a folder of its own: what was claimed by the earlier report can be read on.
    """
    return f"{REPORTS}{bill.account}/{bill.name}/{bill.sha256[:8]}/"


def send_report(  # noqa: PLR0917 - the parts of one report
    desk: Desk,
    bill: Bill,
    result: Reconciliation,
    trouble: Mapping[str, str],
    connection: DuckDBPyConnection,
    temp: Path,
    *,
    lines_in: str = LINES,
) -> str:
    """Write the report and store its files; returns the folder they have in the bucket.

    `trouble` is that of `parcels_of_bill.Known`, `lines_in` says where all lines are listed. Raises
    `OutsideFailure` where the bucket does not take the files.
    """
    folder = temp / "report"
    own, account = desk.settings.reconciliation, desk.account(bill.account) or BillAccount()
    options = ReportOptions(
        received_on=desk.day(bill.arrived_at),
        today=desk.day(desk.business_now()),
        is_working_day=desk.calendar.is_working_day,
        confirm_working_days=account.confirm_working_days or own.confirm_working_days,
        file_by_day=account.file_by_day or own.file_by_day,
        lines_in=lines_in,
    )
    write_report(connection, result, folder, language=desk.settings.language, options=options)
    _write_under_way(folder / UNDER_WAY, result, trouble)
    target = folder_of(bill)
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        name = path.relative_to(folder).as_posix()
        store(desk.s3, bill.bucket, f"{target}{name}", path)
    return target


def _write_under_way(path: Path, result: Reconciliation, trouble: Mapping[str, str]) -> None:
    """Whoever claims money back from the courier should know that the buyer is waiting for some."""
    rows = [
        (one.waybill_number, one.order_id, one.kind.value, trouble[one.waybill_number])
        for one in result.discrepancies
        if one.waybill_number in trouble
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(("waybill_number", "order_id", "kind", "under_way"))
        out.writerows([neutral(cell) for cell in row] for row in rows)
