"""Amazon SNS: one text to one number. A publish that may have gone out is never repeated.

Facts: alert channels reference, section 4.9. A `MessageId` means that SNS has taken the text; what
the network then does with it SNS tells in its own delivery log. `MaxPrice` is a promise of SNS not
to send what would cost more.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

from aftersales import aws
from aftersales.settings.model import BuyerSms
from unpaid_reminder.text_rules import REFUSED, SENT, UNKNOWN, Texted, TextReason, ToSend

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 5

_THROTTLED = ("Throttl", "TooManyRequests", "RequestLimitExceeded")
_NOT_ALLOWED = ("Authorization", "AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch")

_lock = threading.Lock()
_clients: dict[int, Any] = {}


class PhoneTexts(Protocol):
    """The one call of an SNS client that is used."""

    def publish(self, **parameters: Any) -> Any:
        """Publish; answers a dict with `MessageId`."""
        ...


def sns_client() -> PhoneTexts:
    """An SNS client that asks once: botocore's own second try could be a second text."""
    with _lock:
        session = aws.session()
        if id(session) not in _clients:
            from botocore.config import Config

            config = Config(  # type: ignore[no-untyped-call]
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 1},
            )
            _clients.clear()
            _clients[id(session)] = session.create_client("sns", config=config)
        client: PhoneTexts = _clients[id(session)]
        return client


def send_text(client: PhoneTexts, text: ToSend, wanted: BuyerSms) -> Texted:
    """Send it. Number and words stand in no error, log or record."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client.publish(
            PhoneNumber=text.number, Message=text.body, MessageAttributes=attributes(wanted)
        )
    except ClientError as exc:
        return _answered(exc, text.parts)
    except BotoCoreError as exc:
        return _broken(exc, text.parts)
    taken = isinstance(answer, dict) and bool(answer.get("MessageId"))
    return Texted(SENT if taken else UNKNOWN, parts=text.parts)


def attributes(wanted: BuyerSms) -> dict[str, dict[str, str]]:
    """What SNS is told beside number and text."""
    found = {
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
        "AWS.SNS.SMS.MaxPrice": {
            "DataType": "Number",
            "StringValue": f"{wanted.max_price_usd:.5f}",
        },
    }
    if wanted.sender_id:
        found["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": wanted.sender_id}
    if wanted.origination_number:
        found["AWS.MM.SMS.OriginationNumber"] = {
            "DataType": "String",
            "StringValue": wanted.origination_number,
        }
    return found


def _answered(exc: ClientError, parts: int) -> Texted:
    error = exc.response.get("Error", {})
    code, said = str(error.get("Code", "")), str(error.get("Message", ""))
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code.startswith(_THROTTLED) or status == 429:
        return Texted(REFUSED, TextReason.THROTTLED.value)
    if status >= 500:
        return Texted(UNKNOWN, parts=parts)
    if code.startswith(_NOT_ALLOWED):
        return Texted(REFUSED, TextReason.NOT_ALLOWED.value)
    if "opted out" in said.lower() or code.startswith("OptedOut"):
        return Texted(REFUSED, TextReason.OPTED_OUT.value)
    return Texted(REFUSED, TextReason.REFUSED.value)


def _broken(exc: BotoCoreError, parts: int) -> Texted:
    """Before anything was sent, or after: only the first is known to be no text."""
    from botocore import exceptions as known

    if isinstance(exc, known.ConnectTimeoutError | known.EndpointConnectionError):
        return Texted(REFUSED, TextReason.UNREACHABLE.value)
    if isinstance(exc, known.ConnectionError | known.HTTPClientError):
        return Texted(UNKNOWN, parts=parts)
    return Texted(REFUSED, TextReason.NOT_ALLOWED.value)
