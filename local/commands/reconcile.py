"""`aftersales reconcile`: couriers' bills against shipments and a rate card, on this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.terminal import json_option, plain, print_json, print_table, progress, read_text, say

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from aftersales.settings.model import Reconciliation as Terms
    from courier_reconciliation.model import Rejected
    from courier_reconciliation.output.report import ReportOptions
    from courier_reconciliation.rates.card import RateCard
    from courier_reconciliation.result import Reconciliation

STEPS = ("read", "price", "match", "explain", "write")
SHOWN = 15
FILE = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("bills", nargs=-1, required=True, metavar="BILL...", type=FILE)
@click.option(
    "--shipments",
    metavar="FILE",
    required=True,
    type=FILE,
    help="What was shipped: CSV or a workbook.",
)
@click.option(
    "--rates", metavar="FILE", required=True, type=FILE, help="Rate card: CSV, XLSX or YAML."
)
@click.option("--period", metavar="MONTH", default="", help="Such as 2026-10; else by most rows.")
@click.option("--out", metavar="DIR", type=FILE, help="Folder for workbook, lists and claims.")
@click.option(
    "--time-zone", metavar="ZONE", default="Asia/Shanghai", show_default=True, help="Of the shop."
)
@click.option("--courier", metavar="CODE", default="", help="Whose bills, where none says it.")
@click.option(
    "--currency", metavar="CODE", default="", help="Of bills that name none; else the contract's."
)
@click.option(
    "--language", default="zh-CN", show_default=True, type=click.Choice(["zh-CN", "zh-TW", "en"])
)
@click.option(
    "--received", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]), help="When the bill came."
)
@click.option(
    "--settings", "settings_file", metavar="FILE", help="For layouts of your own and tolerances."
)
@json_option
def reconcile(  # noqa: PLR0917 - click hands over each option
    bills: tuple[Path, ...],
    shipments: Path,
    rates: Path,
    period: str,
    out: Path | None,
    time_zone: str,
    courier: str,
    currency: str,
    language: str,
    received: datetime | None,
    settings_file: str | None,
    as_json: bool,
) -> None:
    """Compare couriers' bills with what was shipped and with the contract.

    Each difference is named, with what was billed, what is due, and the evidence. Exit code 0 also
    where differences are found or all rows of a bill are refused, 2 where no bill, the shipments or
    the rate card cannot be used.

    \b
    Example:
      aftersales reconcile sto-10.xlsx sf-10.xlsx --shipments october.csv --rates rates.csv \\
          --period 2026-10 --out october
    """
    from concurrent.futures import ThreadPoolExecutor

    from msgspec.structs import replace

    from aftersales.calendar import zone_named
    from aftersales.errors import BadInput
    from courier_reconciliation.engine.database import workshop
    from courier_reconciliation.engine.lost_zeros import restore
    from courier_reconciliation.engine.shipment_file import read_shipments

    _check_period(period)
    _check_files(*bills, shipments, rates)
    zone_named(time_zone)
    with (
        progress("Reconciling") as show,
        workshop() as desk,
        ThreadPoolExecutor(max_workers=1) as beside,
    ):

        def step(name: str) -> None:
            show(name, STEPS.index(name), len(STEPS))

        step("read")
        cursor = desk.connection.cursor()
        sent = beside.submit(read_shipments, cursor, shipments, time_zone, desk.folder)
        # Whatever comes later is imported while the first file is read.
        from courier_reconciliation.engine.run import Options
        from courier_reconciliation.engine.run import reconcile as compare
        from courier_reconciliation.engine.unknown_couriers import unknown_couriers
        from courier_reconciliation.own_terms import layouts_of, tolerances_of
        from courier_reconciliation.rates.load import load_card
        from courier_reconciliation.reading.bills import read_bills
        from courier_reconciliation.reading.model import ReadingOptions

        card = load_card(rates)
        own = _own(settings_file)
        options = ReadingOptions(
            period=period,
            courier=courier,
            currency=currency or "CNY",
            leaves_unsaid=not currency,
            layouts=layouts_of(own),
            temp_directory=str(desk.folder),
        )
        read = read_bills(desk.connection, bills, options)
        shipped = sent.result()
        if not any(file.lines or file.refused for file in read.files):
            raise BadInput("; ".join(map(_told, read.rejected[:SHOWN])))
        wanted = Options(
            period=period, currency=currency, tolerances=tolerances_of(own), progress=step
        )
        unusable = (
            *shipped.rejected,
            *unknown_couriers(desk.connection, shipments.name, card),
        )
        zeros = restore(desk.connection)
        result = compare(desk.connection, read, card, wanted, desk.folder, unusable)
        said = (*zeros, *_of_lists(desk.connection, card))
        result = replace(result, notes=(*result.notes, *said))
        files: tuple[Path, ...] = ()
        if out is not None:
            from courier_reconciliation.output.report import write_report

            step("write")
            dates = _dates(time_zone, received)
            files = write_report(
                desk.connection, result, out, language=language, options=dates
            ).files
    if as_json:
        from courier_reconciliation.result_json import as_json as whole

        print_json({**whole(result), "files": [str(file) for file in files]})
        return
    _show(result)
    for file in files[:SHOWN]:
        say(f"Written: {file}")
    if len(files) > SHOWN:
        say(f"and {len(files) - SHOWN} more files in {out}")


def _of_lists(connection: DuckDBPyConnection, card: RateCard) -> tuple[str, ...]:
    """What the list of shipments and the card say twice."""
    from courier_reconciliation.engine import copied_shipments
    from courier_reconciliation.rates import overlaps

    return (*copied_shipments.notes(connection), *overlaps.notes(card))


def _own(settings_file: str | None) -> Terms:
    """The part of a settings file that is about bills; without a file, its defaults."""
    if settings_file is None:
        from aftersales.settings.model import Reconciliation

        return Reconciliation()
    from aftersales.settings.load import load_yaml

    return load_yaml(read_text(settings_file), settings_file).reconciliation


def _dates(time_zone: str, received: datetime | None) -> ReportOptions:
    """What the countdown is counted with: the published days off, and the shop's today."""
    from aftersales.calendar import ShopCalendar
    from courier_reconciliation.output.report import ReportOptions

    calendar = ShopCalendar(time_zone)
    return ReportOptions(
        received_on=received.date() if received else None,
        today=datetime.now(calendar.zone).date(),
        is_working_day=calendar.is_working_day,
    )


def _check_files(*files: Path) -> None:
    from aftersales.errors import BadInput

    for file in files:
        if not file.is_file():
            raise BadInput(f"there is no file {file}")


def _check_period(period: str) -> None:
    import re

    from aftersales.errors import BadInput

    if period and not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", period):
        raise BadInput(f"--period {plain(period)} is no month; write it as 2026-10")


def _show(result: Reconciliation) -> None:
    money = _money(result.currency)
    say(
        f"{result.lines} bill rows of {result.period or 'an unknown month'}: {result.matched} of"
        f" known shipments, {result.unmatched_bill} of none. {result.unmatched_shipments} shipments"
        f" are on no bill, {result.carry_over} of them handed over on the last day."
    )
    print_table(
        ("What is wrong", "How many", "Difference"),
        (
            (kind.value.replace("_", " "), str(count), money(difference))
            for kind, (count, difference) in result.by_kind.items()
        ),
        empty="Nothing is wrong.",
    )
    say(
        f"Billed {money(result.total_billed_minor)}, due {money(result.total_expected_minor)};"
        f" {money(result.claimable_minor)} can be claimed back."
    )
    if result.unmatched_bill * 2 > result.lines:
        say("Most bill rows are of no shipment in the list: is it the right one, of that month?")
    if result.not_auditable:
        print_table(
            ("Waybill", "Billed", "Why nobody can say whether it is right"),
            (
                (one.waybill_number, money(one.billed_minor), one.reason)
                for one in result.not_auditable[:SHOWN]
            ),
            title=f"Not auditable: {len(result.not_auditable)}",
        )
    if result.rejected:
        print_table(
            ("Where", "Why"),
            (
                (", ".join(_place(one.file, one.sheet, one.row)), one.reason)
                for one in result.rejected[:SHOWN]
            ),
            title=f"Not usable: {len(result.rejected)}",
        )
    for note in result.notes:
        say(f"Note: {plain(note)}")


def _told(one: Rejected) -> str:
    return f"{', '.join(_place(one.file, one.sheet, one.row))}: {one.reason}"


def _place(file: str, sheet: str, row: int | None) -> list[str]:
    parts = [file, sheet and f"sheet {sheet}", "" if row is None else f"row {row}"]
    return [part for part in parts if part]


def _money(currency: str) -> Callable[[int], str]:
    from aftersales.money import to_text

    return lambda minor: to_text(minor, currency)
