"""What it means that S3 does not hand over an object that a function was told about.

Only who may list a bucket (`s3:ListBucket`, without a condition on the prefix: a read bears none)
hears that a key is gone; others hear AccessDenied for it, as for what they may not read.
"""

from __future__ import annotations

from aftersales.errors import BadInput, Unreachable

_GONE = ("NoSuchKey", "404")
_DENIED = ("AccessDenied", "403", "Forbidden")


class Gone(BadInput):
    """The object was there and is no more."""


def not_read(exc: Exception, key: str) -> BadInput | Unreachable:
    """What to raise for an error of botocore: `Gone`, `BadInput` with both possible causes where
    S3 denies the object, else `Unreachable`. `key` is shown to operators: without secrets."""
    answer: dict[str, dict[str, str]] = getattr(exc, "response", {})
    code = answer.get("Error", {}).get("Code", "") or type(exc).__name__
    if code in _GONE:
        return Gone("the file was taken away before it could be read")
    if code in _DENIED:
        return BadInput(
            f"S3 denies {key}: it may not be read (see the function's role, the bucket's policy and"
            " the key of its encryption), or it is gone and the bucket may not be listed; put the"
            " rights in order, and drop again what was dropped"
        )
    return Unreachable(f"S3 did not hand over the file: {code}", code=code)
