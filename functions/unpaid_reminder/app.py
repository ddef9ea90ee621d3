"""Entry points of the unpaid-order reminder."""

from __future__ import annotations

import json
import os
from typing import Any

from aws_lambda_powertools import Logger

from aftersales import aws, batch
from unpaid_reminder.desk import desk_from_environment

logger = Logger(service="unpaid_reminder")
Summary = dict[str, Any]


@logger.inject_lambda_context(clear_state=True)
def plan_handler(_event: Summary, _context: Any) -> Summary:
    """Schedule: queue the shards in which an order is due."""
    from unpaid_reminder.run import plan

    desk, url = desk_from_environment(), os.environ["REMIND_QUEUE_URL"]
    planned = plan(
        desk, lambda bodies: batch.send_all(aws.client("sqs"), url, bodies), desk.business_now()
    )
    if planned["due"]:
        logger.info("reminders planned", covered=planned)
    return dict(planned)


@logger.inject_lambda_context(clear_state=True)
def remind_handler(event: Summary, context: Any) -> Summary:
    """Queue: judge the due orders of some shards, and send the nudges."""
    from unpaid_reminder.run import remind

    def handle(record: Summary) -> Summary:
        shards = [int(shard) for shard in json.loads(record["body"])["shards"]]
        seconds_left = context.get_remaining_time_in_millis() / 1000
        return {**remind(desk_from_environment(), shards, seconds_left)}

    return batch.each_record(event, handle, logger)


@logger.inject_lambda_context(clear_state=True)
def report_handler(_event: Summary, _context: Any) -> Summary:
    """Weekly schedule: tell the operators what last week's reminders were worth."""
    from unpaid_reminder.telling import tell_of_week

    desk = desk_from_environment()
    now = desk.business_now()
    covered = tell_of_week(desk, desk.last_week(now), now)
    logger.info("report told", covered=covered)
    return covered
