"""Local topics: what is published is kept, so that it can be shown. It reaches nobody."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from aftersales.phones import masked
from local.state import State

PHONES = "sms:"
"""Stands before a number, masked, where a text was sent: what was published to no topic."""
NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"


@dataclass(frozen=True, slots=True)
class Published:
    """One message of a topic, or a text (`topic_arn` is then `sms:+86***01`; no number is kept).

    `at` is in epoch seconds.
    """

    message_id: str
    topic_arn: str
    subject: str
    message: str
    attributes: Mapping[str, str]
    at: float


class Topics:
    """Everything published on this machine.

    Where `accepts` is false, publishing is refused: who publishes must not believe that it arrived.
    `listeners` are told of what is accepted.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.accepts = True
        self.listeners: list[Callable[[Published], None]] = []

    def publish(
        self, topic_arn: str, message: str, subject: str, attributes: Mapping[str, str]
    ) -> str:
        """Keep a message and return its id."""
        new = Published(str(uuid.uuid4()), topic_arn, subject, message, attributes, time.time())
        with self._state.transaction() as db:
            db.execute(
                "insert into published values (?, ?, ?, ?, ?, ?)",
                (new.message_id, topic_arn, subject, message, json.dumps(attributes), new.at),
            )
        for tell in self.listeners:
            tell(new)
        return new.message_id

    def latest(self, limit: int = 50) -> list[Published]:
        """The newest messages, newest first."""
        with self._state.transaction() as db:
            rows = db.execute(
                "select * from published order by at desc, rowid desc limit ?", (limit,)
            ).fetchall()
        return [
            Published(
                message_id=row["id"],
                topic_arn=row["topic"],
                subject=row["subject"],
                message=row["message"],
                attributes=json.loads(row["attributes"]),
                at=row["at"],
            )
            for row in rows
        ]

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """The reply of the query protocol to one form: `Publish`, nothing else."""
        form = {name: values[0] for name, values in parse_qs(body.decode(), True).items()}
        action = form.get("Action", "")
        if action != "Publish":
            return 400, _error("InvalidAction", f"The local topics do not know {action}.")
        if not self.accepts:
            said = (
                "Nothing on this machine leads to Amazon SNS: start the desk with AWS credentials"
            )
            return 403, _error("AuthorizationError", f"{said}.")
        topic, message = form.get("TopicArn", ""), form.get("Message", "")
        number = form.get("PhoneNumber", "")
        if number and not topic:
            if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
                return 400, _error("InvalidParameter", "Invalid parameter: PhoneNumber")
            topic = PHONES + masked(number)
        if (":sns:" not in topic and not number) or not message:
            return 400, _error("InvalidParameter", "Publish needs a TopicArn and a Message.")
        attributes = {
            form[f"{place}.Name"]: form.get(f"{place}.Value.StringValue", "")
            for place in (name.removesuffix(".Name") for name in form if name.endswith(".Name"))
        }
        message_id = self.publish(topic, message, form.get("Subject", ""), attributes)
        return 200, (
            f'<PublishResponse xmlns="{NAMESPACE}"><PublishResult><MessageId>{message_id}'
            "</MessageId></PublishResult></PublishResponse>"
        ).encode()


def _error(code: str, message: str) -> bytes:
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error></ErrorResponse>"
    ).encode()
