"""Entry points of the checking of couriers' bills."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from aftersales import batch

logger = Logger(service="courier_reconciliation")
Summary = dict[str, Any]


@logger.inject_lambda_context(clear_state=True)
def files_handler(event: Summary, context: Any) -> Summary:
    """S3: bills were dropped as `bills/<account>/<file name>`; check each of them."""
    from urllib.parse import unquote_plus

    from courier_reconciliation.bucket import Drop
    from courier_reconciliation.checking import check_drop
    from courier_reconciliation.desk import desk_from_environment

    checked = []
    for record in event.get("Records", ()):
        stored = record["s3"]["object"]
        key = unquote_plus(stored["key"])
        # The event is the same where the call is tried again: it goes on with its own file.
        desk = desk_from_environment(stored.get("sequencer") or stored.get("eTag") or key)
        if key.endswith("/") or not desk.settings.reconciliation.enabled:
            continue  # somebody made a folder, or wants no bills checked
        drop = Drop(record["s3"]["bucket"]["name"], key, stored.get("size"))
        covered = check_drop(desk, drop, context.get_remaining_time_in_millis() / 1000)
        logger.info("bill checked", key=key, covered=covered)
        checked.append(covered)
    return {"checked": checked}


@logger.inject_lambda_context(clear_state=True)
def month_end_handler(event: Summary, _context: Any) -> Summary:
    """Monthly schedule: have the bills of the month before checked again, miss those not there."""
    from aftersales.clock import business_now
    from aftersales.tables import settings
    from courier_reconciliation.month_end import close_month

    current, send = settings.load(), batch.queue_sender("BILL_QUEUE_URL")
    covered = close_month(current, event["scheduled_time"], send, business_now())
    logger.info("month closed", covered=covered)
    return covered


@logger.inject_lambda_context(clear_state=True)
def bill_handler(event: Summary, context: Any) -> Summary:
    """Bill queue: check a bill again, with what tracking knows by now, or a part of a large one."""
    import json

    from courier_reconciliation.checking import check_message
    from courier_reconciliation.desk import desk_from_environment

    def check(record: Summary) -> Summary:
        desk = desk_from_environment(record["messageId"])
        seconds_left = context.get_remaining_time_in_millis() / 1000
        return check_message(desk, json.loads(record["body"]), seconds_left)

    return batch.each_record(event, check, logger)
