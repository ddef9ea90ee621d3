"""The weekly report's files in the drop bucket, below `reports/reviews/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aftersales.errors import OutsideFailure

FOLDER = "reports/reviews/"
_TYPES = {"svg": "image/svg+xml", "html": "text/html; charset=utf-8"}


def keep(s3: Any, bucket: str, files: Mapping[str, str]) -> str:
    """Store the files, file name -> content; returns the key of the page among them.

    The same report again takes the place of the first. Raises `OutsideFailure`.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    page = ""
    for name, content in files.items():
        key, ending = f"{FOLDER}{name}", name.rpartition(".")[2]
        page = key if ending == "html" else page
        try:
            s3.put_object(Bucket=bucket, Key=key, Body=content.encode(), ContentType=_TYPES[ending])
        except (BotoCoreError, ClientError) as exc:
            raise OutsideFailure(f"S3 did not take the report: {type(exc).__name__}") from exc
    return page
