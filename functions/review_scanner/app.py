"""Entry points of the review scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from aftersales import batch
from aftersales.clock import business_now

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = Logger(service="review_scanner")
Summary = dict[str, Any]


@logger.inject_lambda_context(clear_state=True)
def plan_handler(event: Summary, _context: Any) -> Summary:
    """Schedule: have each shop's reviews read, measure how far behind they are."""
    from aftersales.cases.casebook import Casebook
    from aftersales.metrics import emit
    from aftersales.tables import settings
    from review_scanner import planning

    current = settings.load()
    send = batch.queue_sender("REVIEW_QUEUE_URL")
    shops = planning.plan(current, event["scheduled_time"], send)
    lag = planning.tell_of_lags(current, Casebook.of(current), business_now()).total_seconds()
    emit("review_scanner", "ReviewLagSeconds", lag, "Seconds")
    return {"shops": shops, "review_lag_seconds": int(lag)}


@logger.inject_lambda_context(clear_state=True)
def scan_handler(event: Summary, context: Any) -> Summary:
    """Review queue: read what is new among a shop's reviews, look again at known ones."""
    import json

    from review_scanner.desk import desk_from_environment
    from review_scanner.scanning import scan_shop

    def scan(record: Summary) -> Summary:
        seconds_left = context.get_remaining_time_in_millis() / 1000
        shop_id = str(json.loads(record["body"])["shop"])
        return scan_shop(desk_from_environment(), shop_id, seconds_left)

    return batch.each_record(event, scan, logger)


@logger.inject_lambda_context(clear_state=True)
def files_handler(event: Summary, _context: Any) -> Summary:
    """S3: exports were dropped as `reviews/<shop_id>/<file name>`; take in each of them."""
    from urllib.parse import unquote_plus

    from aftersales import aws
    from review_scanner.desk import desk_from_environment
    from review_scanner.drops import import_drop

    desk, s3 = desk_from_environment(), aws.client("s3")
    imported = []
    for record in event.get("Records", ()):
        stored = record["s3"]["object"]
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(stored["key"])
        if key.endswith("/"):  # somebody made a folder
            continue
        covered = import_drop(s3, bucket, key, desk, size=stored.get("size"))
        logger.info("reviews imported", key=key, covered=covered)
        imported.append(covered)
    return {"imported": imported}


@logger.inject_lambda_context(clear_state=True)
def apply_handler(event: Summary, _context: Any) -> Summary:
    """Queue of pushed reviews: take them in."""
    from review_scanner.desk import desk_from_environment
    from review_scanner.pushes import apply_push

    desk = desk_from_environment()

    def apply(record: Summary) -> Summary:
        return dict(apply_push(desk, record["body"]))

    return batch.each_record(event, apply, logger)


@logger.inject_lambda_context(clear_state=True)
def report_handler(_event: Summary, _context: Any) -> Summary:
    """Weekly schedule: tell the operators what last week's reviews were like."""
    import os

    from aftersales import aws
    from aftersales.cases.casebook import Casebook
    from aftersales.errors import OutsideFailure
    from aftersales.tables import settings
    from review_scanner import report_files
    from review_scanner.weekly_telling import last_week, tell_of_week

    reach = report_files.Place(os.environ["REPORT_PLACE"], os.environ["REPORT_URL"])

    def keep(files: Mapping[str, str]) -> report_files.Place:
        s3, bucket = aws.client("s3"), os.environ["REPORT_BUCKET"]
        try:
            return report_files.keep(s3, bucket, week, files, reach)
        except OutsideFailure as exc:
            logger.warning("charts not stored", reason=str(exc))  # the figures are told without
            return report_files.Place()

    current, now = settings.load(), business_now()
    week = last_week(current, now)
    covered = tell_of_week(current, Casebook.of(current), week, now, keep)
    logger.info("report told", covered=covered)
    return covered


@logger.inject_lambda_context(clear_state=True)
def page_handler(event: Summary, _context: Any) -> Summary:
    """HTTP API: show the page of a weekly report to whoever has its address."""
    import os

    from aftersales import aws
    from aftersales.errors import BadInput
    from review_scanner import report_files

    asked = event.get("pathParameters") or {}
    folder, name = str(asked.get("folder", "")), str(asked.get("name", ""))
    try:
        page = report_files.page_of(aws.client("s3"), os.environ["REPORT_BUCKET"], folder, name)
    except BadInput as exc:
        logger.error("report denied", reason=exc.reason)
        page = None
    if page is None:
        return {"statusCode": 404, "body": ""}
    return {"statusCode": 200, "headers": report_files.HEADERS, "body": page.decode()}
