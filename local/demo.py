"""What a demonstration adds to the runner: the place where simulators plug in.

`local.simulators.demo()` returns a `Demo`. It is imported only when a demonstration is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from aftersales.errors import Misconfigured
from local.runner import Part
from local.web import Page

if TYPE_CHECKING:
    from pathlib import Path

    from aftersales.settings.model import Settings

MODULE = "local.simulators"


@dataclass(frozen=True)
class Demo:
    """Parts run beside the functions; `speed` and `start` are used unless the user names others."""

    parts: Sequence[Part] = ()
    pages: Mapping[str, Page] = field(default_factory=dict)
    settings: Settings | None = None
    speed: float = 600.0
    start: datetime | None = None


def load_demo(state_dir: Path) -> Demo:
    """The simulated shop, couriers and chat robot. Raises `Misconfigured` where there are none."""
    try:
        module = importlib.import_module(MODULE)
    except ModuleNotFoundError as exc:
        if exc.name != MODULE:
            raise
        raise Misconfigured(
            "This installation has no simulators.",
            what_to_do="Name a settings file with --settings, or use --no-demo.",
        ) from exc
    demo: Demo = module.demo(state_dir)
    return demo
