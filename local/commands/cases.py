"""`aftersales cases`: problems somebody must handle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.tables_at_hand import Place, state_option, tables_at_hand
from local.terminal import json_option, plain, print_json, print_table, say, shown_time

if TYPE_CHECKING:
    from aftersales.cases.model import Case
    from aftersales.cases.rules import Change


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cases() -> None:
    """Cases: problems somebody must handle."""


@cases.command("list")
@click.option("--shop", metavar="SHOP", help="Only cases of this shop.")
@click.option("--kind", metavar="KIND", help="Only cases of this kind, such as stalled.")
@state_option
@json_option
def list_(shop: str | None, kind: str | None, state_dir: Path | None, as_json: bool) -> None:
    """List open and acknowledged cases, oldest first.

    \b
    Example:
      aftersales cases list --shop tmall-flagship
    """
    with tables_at_hand(state_dir) as place:
        from aftersales.tables import cases as table

        found = [
            case
            for case in table.open_cases()
            if shop in (None, case.shop_id) and kind in (None, case.kind)
        ]
    if as_json:
        from local.public_json import case_json

        print_json([case_json(case) for case in found])
        return
    print_table(
        ("Case", "Severity", "Kind", "About", "Shop", "Opened", "Deadline", "Owner"),
        (
            (
                case.case_id,
                case.severity,
                case.kind,
                case.subject,
                case.shop_id,
                shown_time(case.opened_at),
                shown_time(case.deadline),
                case.owner,
            )
            for case in found
        ),
        title=f"Open cases in {place.words}",
        empty=f"No open cases in {place.words}.",
    )


@cases.command()
@click.argument("case_id", metavar="ID")
@state_option
@json_option
def show(case_id: str, state_dir: Path | None, as_json: bool) -> None:
    """Show one case: its facts, its history, and who was told.

    \b
    Example:
      aftersales cases show 7K3M9QW2
    """
    with tables_at_hand(state_dir):
        from aftersales.tables import settings
        from local.outbox_reading import deliveries_of

        case = _find(case_id)
        deliveries = list(deliveries_of(case, settings.load().alerts.targets))
    if as_json:
        from local.public_json import case_json, delivery_json, history_json

        print_json(
            {
                **case_json(case),
                "history": history_json(case),
                "alerts": [delivery_json(delivery) for delivery in deliveries],
            }
        )
        return
    say(f"Case {case.case_id}: {case.kind}, {case.severity}, {case.state}", f"  {case.subject}")
    for name, value in case.facts.items():
        if value not in (None, ""):
            say(f"  {name.replace('_', ' ')}: {plain(value)}")
    if case.deadline:
        say(f"  deadline: {shown_time(case.deadline)}")
    print_table(
        ("When", "What", "By"),
        ((shown_time(e.at), e.what, e.by) for e in case.history),
        title="History",
    )
    print_table(
        ("Made", "Target", "Alert", "State", "Answer"),
        (
            (
                shown_time(d.wall_created_at),
                d.target,
                d.alert.transition,
                d.state,
                d.outcome,
            )
            for d in deliveries
        ),
        title="Alerts",
        empty="Nobody has been told yet.",
    )


@cases.command()
@click.argument("case_id", metavar="ID")
@click.option("--as", "who", metavar="NAME", required=True, help="Who takes the case.")
@state_option
@json_option
def acknowledge(case_id: str, who: str, state_dir: Path | None, as_json: bool) -> None:
    """Take a case: whoever does so first keeps it.

    \b
    Example:
      aftersales cases acknowledge 7K3M9QW2 --as lin
    """
    with tables_at_hand(state_dir) as place:
        from aftersales.cases.casebook import Casebook
        from aftersales.clock import business_now
        from aftersales.tables import settings

        case = _find(case_id)
        book = Casebook.of(settings.load())
        change = book.acknowledge(case.subject, case.kind, who, business_now())
        _tell(_find(case_id), change, place, as_json)


@cases.command()
@click.argument("case_id", metavar="ID")
@click.option("--how", metavar="TEXT", required=True, help="How it ended, in a few words.")
@click.option(
    "--as", "who", metavar="NAME", default="operator", show_default=True, help="Who says so."
)
@state_option
@json_option
def resolve(case_id: str, how: str, who: str, state_dir: Path | None, as_json: bool) -> None:
    """Close a case. Everybody who was told of it hears that it is solved.

    \b
    Example:
      aftersales cases resolve 7K3M9QW2 --how "new parcel sent" --as lin
    """
    with tables_at_hand(state_dir) as place:
        from aftersales.cases.casebook import Casebook
        from aftersales.clock import business_now
        from aftersales.tables import settings

        case = _find(case_id)
        book = Casebook.of(settings.load())
        change = book.resolve(case.subject, case.kind, how, business_now(), by=who)
        _tell(_find(case_id), change, place, as_json)


def _find(case_id: str) -> Case:
    from aftersales.errors import BadInput
    from aftersales.tables import cases as table

    case = table.by_id(_as_written(case_id))
    if case is None:
        raise BadInput(
            f"there is no case {case_id}; `aftersales cases list` shows the open ones, and an "
            "alert carries its case's id"
        )
    return case


def _as_written(case_id: str) -> str:
    """The alphabet of ids has no I, L and O: people may type them. An alert's id names its case."""
    letters = case_id.strip().upper().partition("-")[0]
    return letters.replace("I", "1").replace("L", "1").replace("O", "0")


def _tell(case: Case, change: Change, place: Place, as_json: bool) -> None:
    """What became of the case; exit code 1 where nothing did."""
    from aftersales.cases.rules import Change

    done = change is not Change.NOT_OPEN
    if as_json:
        from local.public_json import case_json

        print_json({"change": change.value, "case": case_json(case)})
    elif done:
        later = change is Change.RESOLVED and not place.running
        say(
            f"Case {case.case_id} is {case.state}."
            + (" Its message goes out when the desk runs again." if later else "")
        )
    else:
        owner = f" by {case.owner}" if case.owner else ""
        say(f"Nothing was changed: case {case.case_id} is already {case.state}{owner}.")
    if not done:
        click.get_current_context().exit(1)
