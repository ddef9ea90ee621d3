"""Entry points of the parcel tracker."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from aftersales import aws, batch
from aftersales.clock import business_now, wall_now
from aftersales.errors import WebhookRefused
from parcel_tracker.desk import Desk, desk_from_environment

if TYPE_CHECKING:
    from parcel_tracker.plan import SendBatch
    from parcel_tracker.push import Push

logger = Logger(service="parcel_tracker")
Summary = dict[str, Any]


@logger.inject_lambda_context(clear_state=True)
def plan_handler(event: Summary, _context: Any) -> Summary:
    """Schedule: start the sweeps, measure how far behind they are."""
    from aftersales.metrics import emit
    from parcel_tracker import plan
    from parcel_tracker.unwatched import close_watched

    desk, now = desk_from_environment(), business_now()
    shards = plan.plan_sweeps(desk.settings, event["scheduled_time"], _sender("SWEEP_QUEUE_URL"))
    lag = plan.coverage_lag(desk.settings, now)
    plan.tell_of_lag(desk.casebook, lag, now)
    close_watched(desk, now)
    plan.tell_of_calendar(desk.casebook, desk.years_without_calendar(now), now)
    seconds = max((behind.total_seconds() for behind in lag.values()), default=0.0)
    emit("parcel_tracker", "CoverageLagSeconds", seconds, "Seconds")
    return {"shards": shards, "coverage_lag_seconds": int(seconds)}


@logger.inject_lambda_context(clear_state=True)
def sweep_handler(event: Summary, context: Any) -> Summary:
    """Sweep queue: ask about the due parcels of one shard."""
    from parcel_tracker.sweep import sweep_shard

    def sweep(record: Summary) -> Summary:
        seconds_left = context.get_remaining_time_in_millis() / 1000
        shard = int(json.loads(record["body"])["shard"])
        return {"shard": shard, **sweep_shard(desk_from_environment(), shard, seconds_left)}

    return batch.each_record(event, sweep, logger)


@logger.inject_lambda_context(clear_state=True)
def push_handler(event: Summary, _context: Any) -> Summary:
    """HTTP API: verify a source's push, queue it, answer as the source wants it."""
    from parcel_tracker import push

    received = _push_in(event)
    send = _sender("PUSH_QUEUE_URL")
    try:
        answer = push.accept_push(
            desk_from_environment(), received, lambda body: send([body]), wall_now()
        )
    except WebhookRefused as refused:
        logger.warning("push refused", source=received.source, reason=refused.reason)
        return {"statusCode": refused.status, "body": ""}
    headers = {"content-type": answer.content_type}
    return {"statusCode": answer.status, "headers": headers, "body": answer.body}


@logger.inject_lambda_context(clear_state=True)
def apply_handler(event: Summary, _context: Any) -> Summary:
    """Push queue: apply verified pushes to their parcels."""
    from parcel_tracker import push

    desk: Desk = desk_from_environment()

    def apply(record: Summary) -> Summary:
        return dict(push.apply_push(desk, record["body"], _now()))

    return batch.each_record(event, apply, logger)


def _now() -> datetime:
    return business_now()


def _push_in(event: Summary) -> Push:
    import base64

    from parcel_tracker.push import Push

    text = event.get("body") or ""
    path = event.get("pathParameters") or {}
    return Push(
        source=path.get("source", ""),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(),
        path_secret=path.get("secret", ""),
    )


def _sender(variable: str) -> SendBatch:
    url = os.environ[variable]

    def send(bodies: Any) -> None:
        batch.send_all(aws.client("sqs"), url, bodies)

    return send
