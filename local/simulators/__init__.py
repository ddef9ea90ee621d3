"""Simulators: four shops, two tracking sources, three chat robots, for whoever has no settings.

They stand outside the desk: files lie in the inbox, shops, couriers and robots answer over HTTP on
loopback in their own formats, and the desk's real adapters talk to them.
"""

from __future__ import annotations

from pathlib import Path

from local.demo import Demo

SPEED = 900.0
"""A second shows a quarter of an hour, a minute more than half a day. Twice as fast, a loaded small
machine falls behind with its sweeps."""


def demo(state_dir: Path) -> Demo:
    """The demonstration. What it remembers lies in the runner's own state folder."""
    from local.simulators.simulation import Simulation

    del state_dir
    return Demo(parts=(Simulation(),), speed=SPEED)
