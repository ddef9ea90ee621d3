"""Entry points of the order intake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger

from aftersales import aws, batch
from aftersales.clock import business_now, wall_now
from aftersales.errors import TryLater, WebhookRefused

if TYPE_CHECKING:
    from order_intake.webhooks import Pushed

logger = Logger(service="order_intake")
Summary = dict[str, Any]


@logger.inject_lambda_context(clear_state=True)
def files_handler(event: Summary, _context: Any) -> Summary:
    """S3: files were dropped as `inbox/<shop_id>/<file name>`; import each of them."""
    from order_intake.drops import import_drop, intake_desk

    desk, s3, now = intake_desk(), aws.client("s3"), business_now()
    imported, again = [], 0
    for record in event.get("Records", ()):
        stored = record["s3"]["object"]
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(stored["key"])
        if key.endswith("/"):  # somebody made a folder
            continue
        result = import_drop(s3, bucket, key, desk, now, size=stored.get("size"))
        logger.info("file imported", key=key, covered=result.summary())
        imported.append(result.summary())
        again += result.failed
    if again:
        raise TryLater(f"{again} orders were being changed by others; the file is imported again")
    return {"imported": imported}


@logger.inject_lambda_context(clear_state=True)
def poll_plan_handler(event: Summary, _context: Any) -> Summary:
    """Schedule: have each live shop read, measure how far behind their feeds are."""
    from aftersales.cases.casebook import Casebook
    from aftersales.feeds.calls import tell_of_quotas
    from aftersales.metrics import emit
    from aftersales.tables import settings
    from order_intake import polling

    current = settings.load()
    send = batch.queue_sender("POLL_QUEUE_URL")
    shops = polling.plan_polls(current, event["scheduled_time"], send)
    casebook, now = Casebook.of(current), business_now()
    lag = polling.tell_of_lags(current, casebook, now).total_seconds()
    tell_of_quotas(current, casebook, now)
    emit("order_intake", "CoverageLagSeconds", lag, "Seconds")
    return {"shops": shops, "coverage_lag_seconds": int(lag)}


@logger.inject_lambda_context(clear_state=True)
def poll_handler(event: Summary, context: Any) -> Summary:
    """Poll queue: read what is new in one shop."""
    import json

    from order_intake.polling import poll_shop
    from order_intake.shop_desk import shop_desk_from_environment

    def poll(record: Summary) -> Summary:
        seconds_left = context.get_remaining_time_in_millis() / 1000
        shop_id = str(json.loads(record["body"])["shop"])
        return poll_shop(shop_desk_from_environment(), shop_id, seconds_left)

    return batch.each_record(event, poll, logger)


@logger.inject_lambda_context(clear_state=True)
def webhook_handler(event: Summary, _context: Any) -> Summary:
    """HTTP API: verify a shop's push, queue it, answer at once."""
    from order_intake.shop_desk import shop_desk_from_environment
    from order_intake.webhooks import accept_webhook

    pushed = _pushed_in(event)
    send = batch.queue_sender("WEBHOOK_QUEUE_URL")
    send_reviews = batch.queue_sender("REVIEW_PUSH_QUEUE_URL")
    try:
        outcome = accept_webhook(
            shop_desk_from_environment(),
            pushed,
            lambda body: send([body]),
            wall_now(),
            enqueue_reviews=lambda body: send_reviews([body]),
        )
    except WebhookRefused as refused:
        logger.warning("push refused", shop=pushed.shop_id, reason=refused.reason)
        return {"statusCode": refused.status, "body": ""}
    logger.info("push taken", shop=pushed.shop_id, outcome=outcome)
    headers = {"content-type": "application/json"}
    return {"statusCode": 200, "headers": headers, "body": '{"success":true}'}


@logger.inject_lambda_context(clear_state=True)
def webhook_apply_handler(event: Summary, _context: Any) -> Summary:
    """Webhook queue: apply verified pushes to their orders."""
    from order_intake.shop_desk import shop_desk_from_environment
    from order_intake.webhooks import apply_webhook

    desk = shop_desk_from_environment()

    def apply(record: Summary) -> Summary:
        return dict(apply_webhook(desk, record["body"], business_now()))

    return batch.each_record(event, apply, logger)


def _pushed_in(event: Summary) -> Pushed:
    import base64

    from order_intake.webhooks import Pushed

    text = event.get("body") or ""
    return Pushed(
        shop_id=(event.get("pathParameters") or {}).get("shop", ""),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query=event.get("queryStringParameters") or {},
        body=base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(),
    )
