"""`aftersales parcels`: watch a parcel, look at one, list those under way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import json_option, plain, print_json, print_table, say, shown_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftersales.cases.model import Case
    from aftersales.parcels import Parcel
    from aftersales.tracking import TrackingEvent

STATUSES = (
    *("unknown", "info_received", "picked_up", "in_transit", "customs", "exception"),
    *("out_for_delivery", "delivery_failed", "available_for_pickup", "returning"),
    *("delivered", "returned", "cancelled", "expired"),
)
OUTCOMES = {
    "added": "is watched now",
    "renewed": "is watched anew: the courier uses the number again",
    "joined": "was watched already; the order was added",
    "updated": "was watched already; what you said was added",
    "unchanged": "was watched already",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def parcels() -> None:
    """Parcels: watch one, look at one, list those under way."""


@parcels.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@click.option("--courier", metavar="COURIER", default="", help="Code or name, such as sf or 圆通.")
@click.option("--shop", metavar="SHOP", default="", help="Id of the shop that sent it.")
@click.option("--order", metavar="ORDER", default="", help="Number of the order in it.")
@click.option(
    "--shipped-at",
    metavar="TIME",
    help="When it was shipped, such as '2026-11-03 10:20'.  [default: now]",
)
@click.option(
    "--phone-tail",
    metavar="DIGITS",
    default="",
    help="Last four digits of a phone; SF and ZTO tell nothing without.",
)
@click.option("--province", default="", help="Where it goes: province.")
@click.option("--city", default="", help="Where it goes: city.")
@state_option
@json_option
def add(  # noqa: PLR0917 - click passes options by name
    numbers: tuple[str, ...],
    courier: str,
    shop: str,
    order: str,
    shipped_at: str | None,
    phone_tail: str,
    province: str,
    city: str,
    state_dir: Path | None,
    as_json: bool,
) -> None:
    """Watch parcels, or tell the desk more about parcels that it watches.

    Without --courier a number that only one courier uses gets that one.

    \b
    Example:
      aftersales parcels add YT0000000000001 --shop tb1 --order 2605170000001
    """
    from local.watching_by_hand import Wish, check_wish, watch_by_hand

    wish = Wish(courier, shop, order, shipped_at, phone_tail, province, city)
    wanted = check_wish(numbers, wish)
    with tables_at_hand(state_dir) as place:
        added = watch_by_hand(wanted, wish)
    if as_json:
        print_json(
            [
                {
                    "waybill_number": parcel.waybill_number,
                    "courier": parcel.courier,
                    "source": parcel.source,
                    "outcome": outcome,
                }
                for parcel, outcome in added
            ]
        )
        return
    for parcel, outcome in added:
        carried = f" ({parcel.courier})" if parcel.courier else " (courier not known)"
        say(f"{parcel.waybill_number}{carried} {OUTCOMES[outcome]}.")
        if not parcel.source:
            say("  No tracking source is set for it; see tracking.default_source in the settings.")
    if not place.running:
        say("The desk is not running; it asks about them when it is (`aftersales run`).")


@parcels.command()
@click.argument("number")
@state_option
@json_option
def show(number: str, state_dir: Path | None, as_json: bool) -> None:
    """Show one parcel: its state, its scans, its cases. The buyer's data are masked.

    \b
    Example:
      aftersales parcels show YT0000000000001
    """
    from aftersales.couriers.waybills import normalise
    from aftersales.errors import BadInput

    with tables_at_hand(state_dir):
        from aftersales.tables import cases
        from aftersales.tables import parcels as table

        parcel = table.current(normalise(number))
        if parcel is None:
            raise BadInput(f"{number} is not watched; `aftersales parcels add` would begin it")
        scans = sorted(table.history(parcel.parcel_id), key=lambda scan: scan.at)
        found = cases.of_subject(f"parcel:{parcel.parcel_id}")
    if as_json:
        from local.public_json import case_json, event_json, parcel_json

        print_json(
            {
                "parcel": parcel_json(parcel),
                "events": [event_json(scan, _masked(scan, parcel)) for scan in scans],
                "cases": [case_json(case) for case in found],
            }
        )
        return
    _show_state(parcel)
    print_table(
        ("Time", "State", "Place", "Text"),
        (
            (shown_time(s.at), _state_words(s.status, s.reason), s.place, _masked(s, parcel))
            for s in scans
        ),
        title="Scans",
        empty="No scans yet.",
    )
    _show_cases(found)


@parcels.command("list")
@click.option("--shop", metavar="SHOP", help="Only parcels of this shop.")
@click.option("--status", type=click.Choice(STATUSES), help="Only parcels in this state.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@state_option
@json_option
def list_(
    shop: str | None, status: str | None, limit: int | None, state_dir: Path | None, as_json: bool
) -> None:
    """List the parcels that are followed now.

    \b
    Example:
      aftersales parcels list --status exception
    """
    from itertools import islice

    with tables_at_hand(state_dir) as place:
        wanted = (
            parcel
            for parcel in _open_parcels()
            if shop in (None, parcel.shop_id) and status in (None, parcel.status.value)
        )
        found = list(islice(wanted, limit))
    if as_json:
        from local.public_json import parcel_json

        print_json([parcel_json(parcel) for parcel in found])
        return
    print_table(
        ("Waybill number", "Courier", "Shop", "Orders", "State", "Last scan", "Problems"),
        (
            (
                parcel.waybill_number,
                parcel.courier,
                parcel.shop_id,
                ", ".join(parcel.order_ids),
                _state_words(parcel.status, parcel.reason),
                shown_time(parcel.last_event_at),
                ", ".join(mark.partition(":")[0] for mark in parcel.marks),
            )
            for parcel in found
        ),
        title=f"Parcels under way in {place.words}",
        empty=f"No such parcels are under way in {place.words}.",
    )


def _open_parcels() -> Iterator[Parcel]:
    """Through the index of open parcels, shard by shard."""
    from aftersales.tables import parcels as table
    from aftersales.tables import settings

    for shard in range(settings.load().tracking.shards):
        yield from table.open_in_shard(shard)


def _masked(scan: TrackingEvent, parcel: Parcel) -> str:
    from aftersales.messages.masking import mask_text

    return mask_text(scan.text, keep=(parcel.waybill_number, *parcel.order_ids))


def _state_words(status: object, reason: object) -> str:
    from aftersales.messages.render import catalogue_for

    words = catalogue_for("en")
    if status is None:
        return "?"
    state = words.status_words.get(str(status), str(status))
    why = words.reason_words.get(str(reason), str(reason)) if reason else ""
    return f"{state}: {why}" if why and why != state else state


def _show_state(parcel: Parcel) -> None:
    from aftersales.couriers.codes import display_name

    courier = display_name(parcel.courier, "en") if parcel.courier else "courier not known"
    say(f"{parcel.waybill_number}  {courier}  {_state_words(parcel.status, parcel.reason)}")
    lines = {
        "shop": parcel.shop_id,
        "orders": ", ".join(parcel.order_ids),
        "shipped": shown_time(parcel.shipped_at),
        "last scan": shown_time(parcel.last_event_at),
        "delivered": shown_time(parcel.delivered_at),
        "received automatically": shown_time(parcel.auto_confirm_at),
        "asked at": parcel.source,
        "last change found": shown_time(parcel.checked_at),
        "watch": "ended" if not parcel.watched else f"{parcel.watch} {parcel.watch_reason}".strip(),
    }
    for label, value in lines.items():
        if value:
            say(f"  {label}: {plain(value)}")


def _show_cases(found: tuple[Case, ...]) -> None:
    print_table(
        ("Case", "Kind", "Severity", "State", "Opened", "How it ended"),
        (
            (c.case_id, c.kind, c.severity, c.state, shown_time(c.opened_at), c.resolution)
            for c in found
        ),
        title="Cases",
        empty="No cases.",
    )
