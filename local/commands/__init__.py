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
}
