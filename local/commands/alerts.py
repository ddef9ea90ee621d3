"""`aftersales alerts`: what was sent, and what still waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import json_option, print_json, print_table, say, shown_time

if TYPE_CHECKING:
    from aftersales.cases.model import Delivery, DeliveryState


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def alerts() -> None:
    """Alerts: what was sent, and what still waits."""


@alerts.command("list")
@click.option("--pending", is_flag=True, help="Those that their target does not have yet.")
@click.option("--sent", is_flag=True, help="Those that their target has.")
@click.option("--failed", is_flag=True, help="Those given up after the time allowed.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many, the newest first.",
)
@state_option
@json_option
def list_(  # noqa: PLR0917 - click passes options by name
    pending: bool, sent: bool, failed: bool, limit: int, state_dir: Path | None, as_json: bool
) -> None:
    """List alerts, one line per alert and target; without a choice all of them.

    Those that wait come from an index; finding the others reads the whole outbox table.

    \b
    Example:
      aftersales alerts list --pending
    """
    with tables_at_hand(state_dir) as place:
        found = list(_read(pending, sent, failed))
    found.sort(key=lambda delivery: delivery.wall_created_at, reverse=True)
    shown = found[:limit]
    if as_json:
        from local.public_json import delivery_json

        print_json([delivery_json(delivery) for delivery in shown])
        return
    print_table(
        ("Made", "State", "Target", "Severity", "Kind", "Case", "About", "Tries", "Answer"),
        (
            (
                shown_time(d.wall_created_at),
                d.state,
                d.target,
                d.alert.severity,
                f"{d.alert.kind} ({d.alert.transition})",
                d.alert.case_id,
                d.alert.subject,
                d.attempts,
                d.outcome,
            )
            for d in shown
        ),
        title=f"Alerts in {place.words}",
        empty=f"No such alerts in {place.words}.",
    )
    if len(found) > limit:
        say(f"{len(found) - limit} older ones are not shown; see --limit.")


def _read(pending: bool, sent: bool, failed: bool) -> Iterator[Delivery]:
    from aftersales.cases.model import DeliveryState
    from aftersales.tables import outbox
    from local.outbox_reading import every_delivery

    everything = not (pending or sent or failed)
    if pending or everything:
        yield from outbox.pending()
    finished: list[DeliveryState] = []
    if sent or everything:
        finished.append(DeliveryState.SENT)
    if failed or everything:
        finished.append(DeliveryState.FAILED)
    if finished:
        yield from every_delivery(finished)
