"""`aftersales import`: orders and parcels from exported files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import (
    json_option,
    plain,
    print_json,
    print_table,
    progress,
    read_bytes,
    say,
)

if TYPE_CHECKING:
    from order_intake.importing import ImportResult

SHOWN_ROWS = 20


@click.command("import", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True),
)
@click.option("--shop", metavar="SHOP", required=True, help="Id of the shop whose export it is.")
@state_option
@json_option
def import_files(files: tuple[str, ...], shop: str, state_dir: Path | None, as_json: bool) -> None:
    """Take in orders and parcels from CSV or Excel files as shops and ERP systems export them.

    The same file twice changes nothing. Rows that cannot be read are put aside and said with
    place and reason. The exit code is 1 where nothing could be taken in.

    \b
    Example:
      aftersales import orders.xlsx --shop tmall-flagship
    """
    contents = [(Path(file).name, read_bytes(file)) for file in files]
    results: list[ImportResult] = []
    with tables_at_hand(state_dir), progress("Importing") as show:
        from aftersales.clock import business_now
        from order_intake.drops import intake_desk
        from order_intake.importing import import_file

        desk = intake_desk()
        for name, content in contents:
            show(name, 0, 0)
            now, report = business_now(), partial(show, name)
            results.append(import_file(content, name, shop, desk, now, report=report))
    if as_json:
        print_json([_as_json(result) for result in results])
    else:
        for result in results:
            _show(result)
    if not any(_took_in(result) for result in results):
        click.get_current_context().exit(1)


def _took_in(result: ImportResult) -> bool:
    """Was anything of the file taken in, or was there nothing to take in?"""
    good = sum(count for outcome, count in result.orders.items() if outcome != "failed")
    return good > 0 or not (result.rejected or result.failed or result.problem)


def _as_json(result: ImportResult) -> dict[str, Any]:
    return {
        "file": result.file,
        "shop_id": result.shop_id,
        "layout": result.layout,
        "rows_read": result.rows_read,
        "orders": result.orders,
        "parcels": result.parcels,
        "rejected": [{"place": row.place, "reason": row.reason} for row in result.rejected],
        "notes": list(result.notes),
        "problem": result.problem,
    }


def _show(result: ImportResult) -> None:
    if result.problem:
        say(plain(result.problem))
        return
    say(f"{plain(result.file)}: {result.rows_read} rows, read as {result.layout}")
    for what, counts in (("orders", result.orders), ("parcels", result.parcels)):
        counted = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n)
        say(f"  {what}: {counted or 'none'}")
    if result.failed:
        say(f"  {result.failed} orders were being changed by others: import the file again.")
    for note in result.notes:
        say(f"  note: {plain(note)}")
    if result.rejected:
        print_table(
            ("Refused", "Why"),
            ((row.place, row.reason) for row in result.rejected[:SHOWN_ROWS]),
            title=f"Rows put aside: {len(result.rejected)}",
        )
        if len(result.rejected) > SHOWN_ROWS:
            say(f"… and {len(result.rejected) - SHOWN_ROWS} more; --json shows all.")
