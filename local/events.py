"""The events that AWS would hand to a handler, in their exact shapes."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from local.cloudformation import ACCOUNT, REGION
from local.queue_protocol import system_attributes
from local.queues import Message
from local.template import SCHEDULED_TIME, ScheduleTrigger

TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")
"""Content types that an HTTP API hands over as text; all others travel as base64, forms too."""


def scheduled(trigger: ScheduleTrigger, at: datetime) -> Any:
    """The schedule's Input with its context attributes filled in."""
    text = trigger.input
    for name, value in {
        SCHEDULED_TIME: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "<aws.scheduler.execution-id>": str(uuid.uuid4()),
        "<aws.scheduler.attempt-number>": "1",
        "<aws.scheduler.schedule-arn>": (
            f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{trigger.name}"
        ),
    }.items():
        text = text.replace(name, value)
    return json.loads(text)


def queue_batch(queue: str, messages: Iterable[Message]) -> dict[str, Any]:
    """An SQS batch."""
    return {
        "Records": [
            {
                "messageId": message.message_id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "attributes": system_attributes(message),
                "messageAttributes": {
                    name: {
                        "stringValue": value.get("StringValue"),
                        "binaryValue": value.get("BinaryValue"),
                        "dataType": value.get("DataType"),
                    }
                    for name, value in message.attributes.items()
                },
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
                "awsRegion": REGION,
            }
            for message in messages
        ]
    }


def stream_record(record: Mapping[str, Any], table: str) -> dict[str, Any]:
    """A record of the streams API as a handler gets it: bytes as base64, times as epoch seconds."""
    body = {name: _plain(value) for name, value in record["dynamodb"].items()}
    return {
        **{name: record[name] for name in ("eventID", "eventName", "eventVersion")},
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": body,
        "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/local",
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(part) for part in value]
    return value


def object_created(bucket: str, key: str, size: int, etag: str, at: datetime) -> dict[str, Any]:
    """An S3 notification for one new object. The key is encoded as S3 does: a space is a plus."""
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": REGION,
                "eventTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "local"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "local",
                    "bucket": {
                        "name": bucket,
                        "ownerIdentity": {"principalId": "local"},
                        "arn": f"arn:aws:s3:::{bucket}",
                    },
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        "size": size,
                        "eTag": etag,
                        "sequencer": f"{int(at.timestamp() * 1e6):016X}",
                    },
                },
            }
        ]
    }


def http_request(
    *,
    method: str,
    path: str,
    query: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    route: str,
    path_parameters: Mapping[str, str],
    source_ip: str,
    at: datetime,
) -> dict[str, Any]:
    """An HTTP API request, payload format 2.0. `route` is the route key that matched."""
    joined: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        joined[lower] = f"{joined[lower]},{value}" if lower in joined else value
    cookies = [part.strip() for part in joined.pop("cookie", "").split(";") if part.strip()]
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": joined.get("host", "127.0.0.1"),
            "domainPrefix": "local",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": joined.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route,
            "stage": "$default",
            "time": at.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(at.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if parameters:
        event["queryStringParameters"] = parameters
    if path_parameters:
        event["pathParameters"] = dict(path_parameters)
    if body:
        event["body"], event["isBase64Encoded"] = _body(body, joined.get("content-type", ""))
    return event


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    if content_type.lower().startswith(TEXT_TYPES):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass  # not the text it claims to be: the handler must see the very bytes
    return base64.b64encode(body).decode(), True
