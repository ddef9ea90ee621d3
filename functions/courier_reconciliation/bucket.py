"""The bucket: bills and rate cards come from it, reports go into it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aftersales.errors import BadInput, OutsideFailure, Unreachable
from aftersales.objects import not_read

BILLS = "bills/"
RATES = "rates/"
REPORTS = "reports/"
PARTS = "parts/"
SIZE_LIMIT_BYTES = 2 * 1024**3
_CHUNK = 1024 * 1024


class Drop(NamedTuple):
    """A file in the bucket: `bills/<account>/<file name>`."""

    bucket: str
    key: str
    size: int | None = None

    @property
    def account(self) -> str:
        """The folder below `bills/`; "" where the file lies in none."""
        account, _, rest = self.key.removeprefix(BILLS).partition("/")
        return account if rest else ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.key.rpartition("/")[2]


def fetch(s3: Any, drop: Drop, path: Path, limit: int = SIZE_LIMIT_BYTES) -> str:
    """Store an object as a file; returns its SHA-256.

    Raises `BadInput` where it is gone, denied or too large, `Unreachable` where S3 does not
    answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    too_large = f"the file is larger than {limit // 1024**2} MB; split it"
    if drop.size is not None and drop.size > limit:
        raise BadInput(too_large)
    digest, size = hashlib.sha256(), 0
    try:
        answer = s3.get_object(Bucket=drop.bucket, Key=drop.key)
        with path.open("wb") as stream:
            while chunk := answer["Body"].read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise BadInput(too_large)
                digest.update(chunk)
                stream.write(chunk)
    except (BotoCoreError, ClientError) as exc:
        raise not_read(exc, drop.key) from exc
    return digest.hexdigest()


def names_in(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    """The keys below a prefix, in alphabetical order. Raises `Unreachable`."""
    return (key for key, _ in marks_in(s3, bucket, prefix))


def marks_in(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    """(key, mark of its content) below a prefix, in alphabetical order. Raises `Unreachable`."""
    from botocore.exceptions import BotoCoreError, ClientError

    token: dict[str, str] = {}
    while True:
        try:
            answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
        except (BotoCoreError, ClientError) as exc:
            raise Unreachable(f"S3 did not list {prefix}: {type(exc).__name__}") from exc
        yield from ((one["Key"], one.get("ETag", "")) for one in answer.get("Contents", ()))
        if not answer.get("IsTruncated"):
            return
        token = {"ContinuationToken": answer["NextContinuationToken"]}


def store(s3: Any, bucket: str, key: str, path: Path) -> None:
    """Store a file as an object. Raises `OutsideFailure`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        with path.open("rb") as stream:
            s3.put_object(Bucket=bucket, Key=key, Body=stream)
    except (BotoCoreError, ClientError) as exc:
        raise OutsideFailure(f"S3 did not take the report: {type(exc).__name__}") from exc
