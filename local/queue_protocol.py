"""The AWS JSON protocol of SQS, as far as botocore clients of this project speak it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from aftersales.errors import BadInput
from local.queues import Message, Queues, UnknownQueue

TARGET = "AmazonSQS."
BATCH_LIMIT = 10
LONGEST_DELAY_SECONDS = 900


class QueueProtocol:
    """Answers one request: `answer(action, body) -> (status, JSON bytes, extra headers)`."""

    def __init__(self, queues: Queues, base_url: Callable[[], str]) -> None:
        self._queues = queues
        self._base_url = base_url
        self._actions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "GetQueueUrl": self._get_queue_url,
            "GetQueueAttributes": self._get_queue_attributes,
            "SendMessage": self._send_message,
            "SendMessageBatch": self._send_message_batch,
            "ReceiveMessage": self._receive_message,
            "DeleteMessage": self._delete_message,
            "DeleteMessageBatch": self._delete_message_batch,
            "ChangeMessageVisibility": self._change_visibility,
        }

    def answer(self, action: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """The reply to an action. Unknown actions and queues get the errors that SQS gives."""
        handler = self._actions.get(action)
        if handler is None:
            return _error("InvalidAction", f"The local queues do not know {action}.")
        try:
            request = json.loads(body or b"{}")
            return 200, json.dumps(handler(request)).encode(), {}
        except UnknownQueue:
            status, text, headers = _error(
                "QueueDoesNotExist", "The specified queue does not exist."
            )
            headers["x-amzn-query-error"] = "AWS.SimpleQueueService.NonExistentQueue;Sender"
            return status, text, headers
        except KeyError as exc:
            return _error("MissingParameter", f"The request lacks {exc}.")
        except (BadInput, ValueError, TypeError) as exc:
            return _error("InvalidParameterValue", str(exc))

    def _name(self, request: dict[str, Any]) -> str:
        return self._queues.queue(str(request["QueueUrl"]).rpartition("/")[2]).name

    def _get_queue_url(self, request: dict[str, Any]) -> dict[str, Any]:
        name = self._queues.queue(request["QueueName"]).name
        return {"QueueUrl": f"{self._base_url()}/000000000000/{name}"}

    def _get_queue_attributes(self, request: dict[str, Any]) -> dict[str, Any]:
        queue = self._queues.queue(self._name(request))
        visible, in_work, late = self._queues.counts(queue.name)
        attributes = {
            "ApproximateNumberOfMessages": visible,
            "ApproximateNumberOfMessagesNotVisible": in_work,
            "ApproximateNumberOfMessagesDelayed": late,
            "VisibilityTimeout": queue.visibility_seconds,
            "DelaySeconds": queue.delay_seconds,
            "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{queue.name}",
        }
        wanted = request.get("AttributeNames") or []
        return {
            "Attributes": {
                name: str(value)
                for name, value in attributes.items()
                if "All" in wanted or name in wanted
            }
        }

    def _send_message(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._send(self._name(request), request)

    def _send(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        delay = request.get("DelaySeconds")
        if delay is not None and not 0 <= delay <= LONGEST_DELAY_SECONDS:
            raise BadInput(f"DelaySeconds is 0 to {LONGEST_DELAY_SECONDS}")
        message_id = self._queues.send(
            name,
            request["MessageBody"],
            delay_seconds=delay,
            attributes=request.get("MessageAttributes"),
        )
        return {"MessageId": message_id, "MD5OfMessageBody": _md5(request["MessageBody"])}

    def _send_message_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        name, entries = self._name(request), request["Entries"]
        if not 1 <= len(entries) <= BATCH_LIMIT:
            raise BadInput(f"a batch has 1 to {BATCH_LIMIT} entries, not {len(entries)}")
        if len({entry["Id"] for entry in entries}) < len(entries):
            raise BadInput("two entries of the batch have the same Id")
        sent: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for entry in entries:
            try:
                sent.append({"Id": entry["Id"], **self._send(name, entry)})
            except BadInput as exc:
                failed.append(
                    {
                        "Id": entry["Id"],
                        "SenderFault": True,
                        "Code": "InvalidParameterValue",
                        "Message": str(exc),
                    }
                )
        return {"Successful": sent, **({"Failed": failed} if failed else {})}

    def _receive_message(self, request: dict[str, Any]) -> dict[str, Any]:
        found = self._queues.receive(
            self._name(request),
            int(request.get("MaxNumberOfMessages", 1)),
            visibility_seconds=request.get("VisibilityTimeout"),
        )
        return {"Messages": [_as_received(message) for message in found]} if found else {}

    def _delete_message(self, request: dict[str, Any]) -> dict[str, Any]:
        self._queues.delete(self._name(request), request["ReceiptHandle"])
        return {}

    def _delete_message_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        for entry in request["Entries"]:
            self._queues.delete(self._name(request), entry["ReceiptHandle"])
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def _change_visibility(self, request: dict[str, Any]) -> dict[str, Any]:
        self._queues.hide(
            self._name(request), request["ReceiptHandle"], int(request["VisibilityTimeout"])
        )
        return {}


def _as_received(message: Message) -> dict[str, Any]:
    received: dict[str, Any] = {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": system_attributes(message),
    }
    if message.attributes:
        received["MessageAttributes"] = message.attributes
    return received


def system_attributes(message: Message) -> dict[str, str]:
    """The attributes that the service itself gives to a received message."""
    return {
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "SenderId": "000000000000",
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
    }


def _md5(body: str) -> str:
    """What clients compare with what they sent; not a matter of security."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def _error(code: str, message: str) -> tuple[int, bytes, dict[str, str]]:
    text = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": message})
    return 400, text.encode(), {}
