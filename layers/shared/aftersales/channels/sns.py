"""Amazon SNS topic: one publish per message, to e-mail, SMS and whatever else is subscribed.

Facts: alert channels reference, section 4.9. A subject with a line break or 100 characters fails.
Size is counted in bytes by us, before the call. A `MessageId` means that SNS has stored the
message; what it then does with an unconfirmed e-mail address or a spent SMS budget it does not say.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from aftersales.channels.answers import rich_then_plain
from aftersales.channels.base import Outcome, OutcomeKind
from aftersales.channels.layout import (
    SHORT_FIELDS,
    SHORT_TEXT_BYTES,
    Markup,
    fit,
    footer,
    heading,
    links,
    paragraphs,
    prefix,
    prepare,
    short,
)
from aftersales.channels.text import cut_characters, one_line, utf8_bytes
from aftersales.messages.base import Message
from aftersales.settings.model import Target

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

MESSAGE_LIMIT_BYTES = 262_144
RESERVED_BYTES = 2_048  # subject and attributes count as well
SUBJECT_LIMIT = 99  # fewer than 100 characters
SMS_LIMIT = 134  # two parts of 67 UCS-2 characters

TRANSIENT_CODES = (
    "InternalError",
    "InternalErrorException",
    "InternalFailure",
    "KMSThrottling",
    "KMSThrottlingException",
    "RequestTimeout",
    "ServiceUnavailable",
)
THROTTLED_CODES = (
    "RequestLimitExceeded",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)
CONTENT_CODES = (
    "InvalidParameter",
    "InvalidParameterException",
    "InvalidParameterValue",
    "ParameterValueInvalid",
    "ValidationError",
    "ValidationException",
)
THROTTLED_WAIT_SECONDS = 10.0

PLAIN = Markup(escape=str, fact="- {}", quote="  {}")


class Publisher(Protocol):
    """The one call of a boto3 SNS client that is used."""

    def publish(self, **parameters: Any) -> Any:
        """Publish; answers a dict with `MessageId`."""
        ...


class Sns:
    """One topic."""

    kind: ClassVar[str] = "sns"

    def __init__(self, target: Target, client: Publisher) -> None:
        self._target = target
        self._client = client

    def send(self, message: Message, now: datetime) -> Outcome:
        """The whole text, an SMS text beside it; if refused, once more as one short text."""
        del now  # botocore signs by its own clock
        message = prepare(message)
        return rich_then_plain(
            lambda: self._publish(
                Message=self.structured(message),
                MessageStructure="json",
                Subject=self.subject(message),
            ),
            lambda: self._publish(
                Message=self.text(message),
                Subject=self.subject(message),
            ),
        )

    def subject(self, message: Message) -> str:
        """The subject of e-mails: one line, fewer than 100 characters, ASCII where asked for."""
        keyword = self._target.keyword
        if not self._target.ascii_subject:
            text = f"{prefix(message.language, keyword)} {message.title}"
            return cut_characters(one_line(text), SUBJECT_LIMIT)
        state = "solved" if message.solved else message.severity.value
        ascii_keyword = keyword if keyword.isascii() else ""
        # What ASCII leaves of a Chinese title is seldom more than its numbers.
        words = message.title if message.title.isascii() else ""
        text = f"{prefix('en', ascii_keyword)} {state} {message.alert_id} {words}"
        return cut_characters(_ascii(one_line(text)), SUBJECT_LIMIT, "...")

    def structured(self, message: Message) -> str:
        """The JSON of `MessageStructure: json`, within the limit."""

        def render(message: Message) -> str:
            text = self._render(message)
            sms = self.sms(message)
            return json.dumps({"default": text, "email": text, "sms": sms}, ensure_ascii=False)

        limit = MESSAGE_LIMIT_BYTES - RESERVED_BYTES
        return render(fit(message, lambda m: utf8_bytes(render(m)) - limit))

    def text(self, message: Message) -> str:
        """The short plain form of a prepared message."""
        return self._render(
            fit(
                short(message),
                lambda m: utf8_bytes(self._render(m)) - SHORT_TEXT_BYTES,
                SHORT_FIELDS,
            )
        )

    def sms(self, message: Message) -> str:
        """Two SMS parts at most: title, time, alert id, and the first link where it fits."""
        start, end = prefix(message.language, self._target.keyword), f" {message.alert_id}"
        text = f"{start}{message.title} {message.until}".strip()
        if message.buttons:
            with_link = f"{text} {message.buttons[0].url}{end}"
            if cut_characters(with_link, SMS_LIMIT) == with_link:
                return with_link
        return cut_characters(text, SMS_LIMIT - len(end)) + end

    def _render(self, message: Message) -> str:
        parts = [heading(message, self._target.keyword, str), *paragraphs(message, PLAIN)]
        parts += ["\n".join(links(message, PLAIN)), footer(message)]
        return "\n\n".join(part for part in parts if part)

    def _publish(self, **parameters: str) -> Outcome:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.publish(TopicArn=self._target.topic_arn, **parameters)
        except ClientError as exc:
            return _refused(exc)
        except BotoCoreError as exc:
            return _unsent(exc)
        message_id = answer.get("MessageId") if isinstance(answer, dict) else None
        if not message_id:
            return Outcome(OutcomeKind.AMBIGUOUS, "", "SNS answered without a MessageId")
        return Outcome(OutcomeKind.DELIVERED, str(message_id))


def _ascii(text: str) -> str:
    return text.encode("ascii", errors="ignore").decode()


def _refused(exc: ClientError) -> Outcome:
    """What SNS said. Its sentences name the topic and the account, so only the code is kept."""
    code = str(exc.response.get("Error", {}).get("Code", ""))
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLED_CODES or status == 429:
        return Outcome(OutcomeKind.RATE_LIMITED, code, "SNS throttles", THROTTLED_WAIT_SECONDS)
    if code in TRANSIENT_CODES or status >= 500:
        return Outcome(OutcomeKind.TRANSIENT, code, "SNS failed")
    if code in CONTENT_CODES:
        return Outcome(OutcomeKind.BAD_CONTENT, code, "SNS does not accept the message")
    return Outcome(
        OutcomeKind.BAD_CONFIG, code, "SNS refused; check topic_arn and the right sns:Publish"
    )


def _unsent(exc: BotoCoreError) -> Outcome:
    from botocore import exceptions

    code = type(exc).__name__
    if isinstance(exc, exceptions.ConnectTimeoutError | exceptions.EndpointConnectionError):
        return Outcome(OutcomeKind.TRANSIENT, code, "SNS could not be reached")
    if isinstance(exc, exceptions.ConnectionError | exceptions.HTTPClientError):
        return Outcome(OutcomeKind.AMBIGUOUS, code, "the connection to SNS broke")
    if isinstance(exc, exceptions.ParamValidationError):
        return Outcome(OutcomeKind.BAD_CONTENT, code, "SNS does not accept the message")
    return Outcome(OutcomeKind.BAD_CONFIG, code, "the SNS client is not set up; check credentials")
