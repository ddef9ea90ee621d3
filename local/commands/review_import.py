"""`aftersales reviews import`: reviews from exported files, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import json_option, plain, print_json, progress, read_bytes, say


@click.command("import")
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
def import_reviews(
    files: tuple[str, ...], shop: str, state_dir: Path | None, as_json: bool
) -> None:
    """Take in reviews from CSV or Excel files as seller back offices export them.

    Bad reviews become cases, as with a dropped file. The same file twice changes nothing. Rows that
    cannot be read are put aside, and told with row and reason. The exit code is 1 where nothing
    could be taken in.

    \b
    Example:
      aftersales reviews import reviews.xlsx --shop jd-store
    """
    contents = [(Path(file).name, read_bytes(file)) for file in files]
    results: list[dict[str, Any]] = []
    with tables_at_hand(state_dir), progress("Importing") as show:
        from review_scanner.desk import desk_from_environment
        from review_scanner.drops import import_or_refuse

        desk = desk_from_environment()
        _check_shop(shop, [each.id for each in desk.settings.shops])
        for name, content in contents:
            show(name, 0, 0)
            results.append(import_or_refuse(content, name, shop, desk))
    if as_json:
        print_json(results)
    else:
        for result in results:
            _show(result)
    if not any(result.get("became") or not result.get("rejected", 1) for result in results):
        click.get_current_context().exit(1)


def _check_shop(shop: str, known: list[str]) -> None:
    from aftersales.errors import Misconfigured

    if shop not in known:
        listed = ", ".join(known) or "none yet"
        raise Misconfigured(f"The settings name no shop {shop}.", what_to_do=f"Known: {listed}.")


def _show(result: dict[str, Any]) -> None:
    name = plain(str(result["file"]))
    if result.get("problem"):
        say(f"{name}: {plain(str(result['problem']))}")
        return
    became = ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in result["became"].items())
    say(f"{name}: {result['rows_read']} rows; {became or 'no review'}")
    for row in result["refused"]:
        say(f"  refused: {plain(row['place'])}: {plain(row['reason'])}")
    if result["rejected"] > len(result["refused"]):
        say(f"  … and {result['rejected'] - len(result['refused'])} more")
