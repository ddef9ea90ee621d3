"""The two clocks.

`business_now()` is the time the rules reason with. It is real time, except where the one-machine
runner runs a demonstration on a fast clock: then `AFTERSALES_CLOCK` holds
`<real epoch seconds>,<business epoch seconds>,<speed>` and business time runs from that point at
that speed.

`wall_now()` is always real time: signatures, leases, claims and rate limits live by it.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

VARIABLE = "AFTERSALES_CLOCK"


def wall_now() -> datetime:
    """The real time, aware, in UTC."""
    return datetime.now(UTC)


def business_now() -> datetime:
    """The time the rules reason with, aware, in UTC. Real time unless `AFTERSALES_CLOCK` is set."""
    setting = os.environ.get(VARIABLE)
    if not setting:
        return wall_now()
    real_start, business_start, speed = (float(part) for part in setting.split(","))
    return datetime.fromtimestamp(business_start + (time.time() - real_start) * speed, UTC)
