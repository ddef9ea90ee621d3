"""Entry points of the order intake."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger

from aftersales import aws
from aftersales.clock import business_now
from aftersales.errors import TryLater

logger = Logger(service="order_intake")


@logger.inject_lambda_context(clear_state=True)
def files_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
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
