"""Files in the drop bucket: `inbox/<shop_id>/<file name>`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aftersales.errors import BadInput
from aftersales.objects import not_read
from aftersales.platforms.spreadsheet import SIZE_LIMIT_BYTES
from order_intake.importing import ImportResult, IntakeDesk, import_file, refuse_file

INBOX = "inbox/"


def intake_desk() -> IntakeDesk:
    """The desk of a deployed function, with the settings as they are now."""
    from aftersales.cases.casebook import Casebook
    from aftersales.tables import settings

    current = settings.load()
    return IntakeDesk(current, Casebook.of(current))


def import_drop(
    s3: Any, bucket: str, key: str, desk: IntakeDesk, now: datetime, *, size: int | None = None
) -> ImportResult:
    """Fetch one dropped file and import it. `size` in bytes is what the event says.

    What is wrong with the file ends up as its case. Raises `Unreachable` where S3 does not answer.
    """
    shop_id, name = shop_and_name(key)
    try:
        if not shop_id:
            raise BadInput(f"the file lies in no shop's folder; drop it as {INBOX}<shop>/<file>")
        return import_file(_fetch(s3, bucket, key, size), name, shop_id, desk, now)
    except BadInput as exc:
        return refuse_file(name, shop_id, exc, desk, now)


def shop_and_name(key: str) -> tuple[str, str]:
    """(shop id, file name) of a key; folders below the shop's are only for the people who drop."""
    shop_id, _, rest = key.removeprefix(INBOX).partition("/")
    return (shop_id, rest.rsplit("/", 1)[-1]) if rest else ("", shop_id)


def _fetch(s3: Any, bucket: str, key: str, size: int | None) -> bytes:
    from botocore.exceptions import BotoCoreError, ClientError

    if size is not None and size > SIZE_LIMIT_BYTES:
        raise BadInput(_too_large())
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > SIZE_LIMIT_BYTES:
            raise BadInput(_too_large())
        content: bytes = answer["Body"].read(SIZE_LIMIT_BYTES + 1)
    except (BotoCoreError, ClientError) as exc:
        raise not_read(exc, key) from exc
    return content


def _too_large() -> str:
    return f"the file is larger than {SIZE_LIMIT_BYTES // 1024**2} MB; split it"
