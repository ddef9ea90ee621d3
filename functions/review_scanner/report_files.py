"""The weekly report's files in the drop bucket, and the way by which people open its page.

The page has an address of its own at the HTTP API. Nobody can guess it: its folder bears 128 random
bits, and whoever has the address may read the page. A link signed by S3 itself would end with the
credentials of the run that wrote it, within hours.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aftersales.errors import OutsideFailure
from aftersales.objects import Gone, not_read

FOLDER = "reports/reviews/"
_TYPES = {"svg": "image/svg+xml", "html": "text/html; charset=utf-8"}
_FOLDER_NAME = re.compile(r"\d{4}-W\d\d-[0-9a-f]{32}")
_SECRET = 32
"""So many characters at the end of a folder's name are random."""
_PAGE_NAME = re.compile(r"reviews-\d{4}-W\d\d\.html")
HEADERS = {
    "content-type": _TYPES["html"],
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "private, max-age=600",
}


class Place(NamedTuple):
    """Where people find a page: its file ("" where they cannot reach it), and its address ("" where
    nothing answers)."""

    file: str = ""
    url: str = ""


def keep(  # noqa: PLR0917 - where to, what, and how people get there
    s3: Any,
    bucket: str,
    week: str,
    files: Mapping[str, str],
    reach: Place,
    token: Callable[[], str] = lambda: secrets.token_hex(16),
) -> Place:
    """Store the files, file name -> content; returns where the page among them is found.

    `reach` says what stands before a key: a folder in which objects lie as files, and the address
    of the HTTP API. Raises `OutsideFailure`.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    page, folder = "", f"{FOLDER}{week}-{token()}/"
    for name, content in files.items():
        key, ending = f"{folder}{name}", name.rpartition(".")[2]
        page = key if ending == "html" else page
        try:
            s3.put_object(Bucket=bucket, Key=key, Body=content.encode(), ContentType=_TYPES[ending])
        except (BotoCoreError, ClientError) as exc:
            raise OutsideFailure(f"S3 did not take the report: {type(exc).__name__}") from exc
    return Place(
        file=f"{reach.file}{page}" if reach.file and page else "",
        url=f"{reach.url}/{page}" if reach.url and page else "",
    )


def page_of(s3: Any, bucket: str, folder: str, name: str) -> bytes | None:
    """The page at an address, None where there is none.

    Raises `BadInput` where S3 denies it, `Unreachable` where S3 does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if not (_FOLDER_NAME.fullmatch(folder) and _PAGE_NAME.fullmatch(name)):
        return None
    try:
        found = s3.get_object(Bucket=bucket, Key=f"{FOLDER}{folder}/{name}")
        content: bytes = found["Body"].read()
    except (BotoCoreError, ClientError) as exc:
        # Whoever has the folder's random bits may read the page: they are not for logs.
        problem = not_read(exc, f"{FOLDER}{folder[:-_SECRET]}…/{name}")
        if isinstance(problem, Gone):
            return None
        raise problem from exc
    return content
