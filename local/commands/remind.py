"""`aftersales remind`: what reminders would have done, and what they were worth."""

from __future__ import annotations

from collections.abc import Iterator
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
    read_text,
    say,
)

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from aftersales.platforms.file import FileReading
    from unpaid_reminder.replay import Done, Replay
    from unpaid_reminder.report import Rate, Report

SHOWN = 20
REFUSED = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def remind() -> None:
    """Reminders of unpaid orders: try them on the past, see what they were worth."""


@remind.command()
@click.option("--orders", "orders_file", metavar="FILE", required=True, help="An export of orders.")
@click.option("--settings", "settings_file", metavar="FILE", required=True, help="Settings file.")
@click.option("--shop", metavar="SHOP", help="Id of the shop; needed where the settings name many.")
@json_option
def replay(orders_file: str, settings_file: str, shop: str | None, as_json: bool) -> None:
    """What would have been sent and skipped for the orders of an export, and why.

    Nothing is sent or stored. Orders count as unpaid until the time at which the export says that
    they were paid. What was asked for back then is not in an export, and so not judged.

    \b
    Example:
      aftersales remind replay --orders october.xlsx --settings aftersales.yaml --shop tb1
    """
    from aftersales.calendar import zone_named
    from aftersales.platforms.file import read_file
    from aftersales.settings.load import load_yaml
    from unpaid_reminder.desk import Desk
    from unpaid_reminder.replay import replay as go_through

    settings = load_yaml(read_text(settings_file), settings_file)
    chosen = settings.shop(_shop(shop, [one.id for one in settings.shops]))
    name = Path(orders_file).name
    with progress("Replaying") as show:
        show(name, 0, 0)
        reading = read_file(
            read_bytes(orders_file),
            name,
            shop=chosen,
            default_zone=chosen.time_zone or settings.time_zone,
        )
        desk = Desk(settings=settings, transport=_nobody, resolve=str)
        found = go_through(reading.orders, settings, desk.window_opens)
    if as_json:
        print_json(
            {
                "file": name,
                "shop_id": chosen.id,
                "orders": found.orders,
                "rejected": len(reading.rejected),
                "warnings": list(_warnings(reading)),
                "counts": [
                    {"outcome": outcome, "reason": reason, "count": count}
                    for (outcome, reason), count in sorted(found.count().items())
                ],
                "never_due": dict(sorted(found.never_due.items())),
                "decisions": [_as_json(one) for one in found.done],
            }
        )
        return
    for warning in _warnings(reading):
        say(f"Note: {warning}")
    _show(found, zone_named(chosen.time_zone or settings.time_zone))


@remind.command()
@click.option("--week", metavar="WEEK", help="Such as 2026-W45; without it, last week.")
@click.option("--shop", metavar="SHOP", default="", help="Only this shop.")
@state_option
@json_option
def report(week: str | None, shop: str, state_dir: Path | None, as_json: bool) -> None:
    """What the reminders of a week were worth.

    \b
    Example:
      aftersales remind report --week 2026-W45
    """
    with tables_at_hand(state_dir):
        from aftersales.clock import business_now
        from aftersales.tables import reminders
        from unpaid_reminder.desk import desk_from_environment
        from unpaid_reminder.report import report_of

        wanted = week or desk_from_environment().last_week(business_now())
        found = report_of(wanted, reminders.counts(wanted), shop)
    if as_json:
        print_json(_report_json(found))
        return
    _show_report(found)


def _shop(named: str | None, known: list[str]) -> str:
    from aftersales.errors import BadInput

    if named is None and len(known) == 1:
        return known[0]
    if named is None or named not in known:
        listed = ", ".join(known) or "none"
        raise BadInput(f"say with --shop whose orders these are; the settings name: {listed}")
    return named


def _nobody(_request: Any) -> Any:
    raise AssertionError("a replay asks no platform")


def _as_json(one: Done) -> dict[str, Any]:
    from aftersales.tables.fields import iso

    return {
        "order_id": one.order.order_id,
        "at": iso(one.at),
        "moment": one.moment,
        "outcome": one.outcome,
        "reason": one.reason,
        "paid_at": iso(one.order.paid_at) if one.order.paid_at else None,
        "amount_minor": one.order.amount_minor,
        "currency": one.order.currency,
    }


def _warnings(reading: FileReading) -> Iterator[str]:
    """What the export lacks, so that nobody takes its silence for an answer."""
    from aftersales.parcels import OrderStatus

    if reading.rejected:
        examples = "; ".join(f"{row.place}: {row.reason}" for row in reading.rejected[:REFUSED])
        yield f"{len(reading.rejected)} rows could not be read and are left out ({examples})"
    orders = reading.orders
    undated = sum(order.created_at is None for order in orders)
    if undated:
        yield (
            f"{undated} of {len(orders)} orders have no time at which they were placed, and so no"
            " moment: export with that column (订单创建时间)"
        )
    went_on = (OrderStatus.UNPAID, OrderStatus.CLOSED, OrderStatus.UNKNOWN)
    untold = sum(order.paid_at is None and order.status not in went_on for order in orders)
    if untold:
        yield (
            f"{untold} of {len(orders)} orders are paid and nobody knows when, so they are not"
            " judged: export with the time of payment (订单付款时间)"
        )


def _show(found: Replay, zone: tzinfo) -> None:
    print_table(
        ("Outcome", "Reason", "Moments"),
        (
            (outcome, reason.replace("_", " "), str(count))
            for (outcome, reason), count in sorted(found.count().items())
        ),
        title=f"{found.orders} orders",
        empty="No order had a moment at which it was unpaid.",
    )
    for reason, count in sorted(found.never_due.items()):
        say(f"  {count} orders never came up: {reason.replace('_', ' ')}")
    sent = [one for one in found.done if one.outcome == "nudge"]
    about = {one.order.order_id for one in sent}
    paid = {one.order.order_id for one in sent if one.paid_later}
    say(
        f"{len(sent)} nudges would have gone out, about {len(about)} orders;"
        f" {len(paid)} of these orders were paid afterwards."
    )
    if sent:
        print_table(
            ("Order", "When", "Moment", "Paid"),
            (
                (
                    plain(one.order.order_id),
                    _local(one.at, zone),
                    one.moment,
                    _local(one.order.paid_at, zone),
                )
                for one in sent[:SHOWN]
            ),
            title=f"Nudges, in the time of {zone}",
        )
        if len(sent) > SHOWN:
            say(f"… and {len(sent) - SHOWN} more; --json shows all.")


def _local(at: datetime | None, zone: tzinfo) -> str:
    """A time on the shop's clock: by it the send window is judged."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else ""


def _rate_json(rate: Rate) -> dict[str, Any]:
    low, high = rate.limits()
    return {"paid": rate.hits, "of": rate.of, "rate": rate.value, "low": low, "high": high}


def _report_json(found: Report) -> dict[str, Any]:
    from unpaid_reminder.report import CONFIDENCE, METHOD

    gain = found.lift
    return {
        "week": found.week,
        "nudges": found.nudges,
        "held_out": found.held_out,
        "reminded": _rate_json(found.reminded),
        "alone": _rate_json(found.alone),
        "lift": gain and {"value": gain.value, "low": gain.low, "high": gain.high},
        "confidence": CONFIDENCE,
        "method": METHOD,
        "recovered": found.recovered,
        "minutes": found.minutes,
        "skipped": found.skipped,
        "waited": found.waited,
        "texts": found.texts,
        "text_parts": found.text_parts,
    }


def _show_report(found: Report) -> None:
    from unpaid_reminder.report import METHOD, facts_of

    facts = facts_of(found)
    say(f"Week {found.week}: {found.nudges} nudges, {found.held_out} buyers left alone.")
    lines = {
        "paid after a nudge": facts["reminded"],
        "paid without one": facts["alone"],
        "difference": facts["lift"] and f"{facts['lift']}, {METHOD}",
        "recovered": facts["recovered"],
        "minutes from nudge to payment": facts["minutes"],
        "not nudged": facts["skipped"],
        "texts to buyers": facts["texts"],
        "waited for the send window": str(found.waited) if found.waited else None,
    }
    for label, value in lines.items():
        if value is not None:
            say(f"  {label}: {value}")
    if facts["lift"] is None and not found.held_out:
        say("  What nudging changes is not known: set reminder.holdout_percent.")
    elif facts["lift"] is None:
        say("  What nudging changes is not known yet: not enough of these orders have ended.")
