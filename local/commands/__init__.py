"""The commands of `aftersales`, one module each, imported when called.

A new command is a module of this package with a click command or group, and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class LazyCommand(NamedTuple):
    """Where a command is, and what `aftersales --help` says of it."""

    module: str
    attribute: str
    help: str


COMMANDS: Mapping[str, LazyCommand] = {
    "run": LazyCommand(
        "local.commands.run", "run", "Run all functions on this machine, or one of them once."
    ),
    "import": LazyCommand(
        "local.commands.imports", "import_files", "Take in orders and parcels from exported files."
    ),
    "parcels": LazyCommand(
        "local.commands.parcels", "parcels", "Watch a parcel, look at one, list those under way."
    ),
    "cases": LazyCommand(
        "local.commands.cases", "cases", "Problems somebody must handle: list, take, close."
    ),
    "alerts": LazyCommand(
        "local.commands.alerts", "alerts", "What was sent, and what still waits."
    ),
    "channels": LazyCommand(
        "local.commands.channels", "channels", "Send a test message to a target."
    ),
    "shops": LazyCommand(
        "local.commands.shops", "shops", "Try a shop's credentials, reading only."
    ),
    "settings": LazyCommand(
        "local.commands.settings", "settings", "Check a settings file, and make it the current one."
    ),
    "tracking": LazyCommand(
        "local.commands.tracking", "tracking", "Read a tracking source's answer as the desk does."
    ),
    "waybill": LazyCommand(
        "local.commands.waybill", "waybill", "Which couriers a waybill number may belong to."
    ),
    "remind": LazyCommand(
        "local.commands.remind", "remind", "Reminders of unpaid orders: try them, see their worth."
    ),
    "reviews": LazyCommand(
        "local.commands.reviews", "reviews", "What reviews say; teach the classifier your own."
    ),
    "reconcile": LazyCommand(
        "local.commands.reconcile", "reconcile", "Compare couriers' bills with what was shipped."
    ),
    "rates": LazyCommand("local.commands.rates", "rates", "Prove a rate card, see its prices."),
    "bills": LazyCommand(
        "local.commands.bills", "bills", "Checked bills, and what became of their claims."
    ),
    "webhooks": LazyCommand(
        "local.commands.webhooks", "webhooks", "Why a signed webhook is accepted or refused."
    ),
}
