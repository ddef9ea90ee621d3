"""Entry point of the follow-up of cases."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from aftersales.clock import business_now

logger = Logger(service="case_followup")
Summary = dict[str, Any]

RESERVE_SECONDS = 20.0
"""Left for the message under way when a run stops taking new ones."""


@logger.inject_lambda_context(clear_state=True)
def sweep_handler(_event: Summary, context: Any) -> Summary:
    """Schedule: tell people again of the open cases whose time has come."""
    from case_followup.sweep import Sweep

    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    covered = Sweep.of_settings().run(business_now(), seconds)
    if covered["due"]:
        logger.info("cases followed up", covered=covered)
    return covered
