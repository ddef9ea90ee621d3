"""Batches of queue and stream records: one bad record fails alone, the rest is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aftersales import aws
from aftersales.errors import OutsideFailure


class Log(Protocol):
    """The part of a logger that is used here."""

    def info(self, msg: object, **facts: Any) -> None: ...
    def exception(self, msg: object, **facts: Any) -> None: ...


def each_record(
    event: dict[str, Any], handle: Callable[[dict[str, Any]], dict[str, Any]], log: Log
) -> dict[str, Any]:
    """Handle every record; returns Lambda's partial batch response with a summary beside it.

    A record that fails comes back by itself (SQS: its message; stream: from its sequence number).
    """
    failures: list[dict[str, str]] = []
    covered: list[dict[str, Any]] = []
    for record in event.get("Records", ()):
        name = record.get("messageId") or record.get("dynamodb", {}).get("SequenceNumber", "")
        try:
            summary = handle(record)
        except Exception:
            # The batch loop: this record comes again, the others go on.
            log.exception("record failed", record=name)
            failures.append({"itemIdentifier": name})
            continue
        log.info("record done", record=name, covered=summary)
        covered.append(summary)
    return {"batchItemFailures": failures, "covered": covered}


def send_all(sqs: Any, queue_url: str, bodies: Sequence[str]) -> None:
    """Send up to ten messages. Raises `OutsideFailure` where the queue did not take all of them."""
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
    failed = answer.get("Failed") or []
    if failed:
        raise OutsideFailure(
            f"the queue took {len(entries) - len(failed)} of {len(entries)} messages",
            code=str(failed[0].get("Code", "")),
        )


def queue_sender(variable: str) -> Callable[[Sequence[str]], None]:
    """Sends up to ten messages to the queue whose address stands in that environment variable."""
    url = os.environ[variable]

    def send(bodies: Sequence[str]) -> None:
        send_all(aws.client("sqs"), url, bodies)

    return send
