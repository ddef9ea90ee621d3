"""Entry points of the alert dispatcher."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger

from aftersales import batch
from aftersales.clock import business_now, wall_now
from aftersales.http import PooledTransport
from aftersales.tables import outbox, settings
from alert_dispatcher.dispatch import Dispatcher, oldest_age

logger = Logger(service="alert_dispatcher")
Summary = dict[str, Any]

STOP_BEFORE_SECONDS = 15.0
"""A run claims nothing more when it has less time left than one send may take."""

_current: Dispatcher | None = None


@logger.inject_lambda_context(clear_state=True)
def stream_handler(event: Summary, _context: Any) -> Summary:
    """Outbox stream: deliver what has just been written."""
    dispatcher = _dispatcher()

    def deliver(record: Summary) -> Summary:
        if record.get("eventName") != "INSERT":
            return {"ignored": 1}
        return {dispatcher.deliver(outbox.from_image(record["dynamodb"]["NewImage"])): 1}

    return batch.each_record(event, deliver, logger)


@logger.inject_lambda_context(clear_state=True)
def sweep_handler(_event: Summary, context: Any) -> Summary:
    """Schedule: deliver whatever the stream did not, and measure the oldest one."""
    from aftersales.metrics import emit

    now = wall_now()
    pending = list(outbox.pending())
    age = oldest_age(pending, now).total_seconds()
    emit("alert_dispatcher", "OldestPendingAlertSeconds", age, "Seconds")
    seconds = context.get_remaining_time_in_millis() / 1000 - STOP_BEFORE_SECONDS
    tally = _dispatcher().deliver_all(pending, now + timedelta(seconds=seconds))
    summary = {"pending": len(pending), "oldest_seconds": int(age), **tally}
    logger.info("sweep done", covered=summary)
    return summary


def _dispatcher() -> Dispatcher:
    """As new as the settings, which are read once a minute: so a changed secret takes effect."""
    global _current  # noqa: PLW0603 - one per process is the point
    from aftersales.settings.secrets import resolve

    current = settings.load()
    if _current is None or _current.settings is not current:
        _current = Dispatcher(
            settings=current,
            transport=PooledTransport(),
            resolve=lambda reference: resolve(reference, os.environ),
            wall_now=wall_now,
            business_now=business_now,
        )
    return _current
