"""TOP signatures.

Facts: platforms reference, section 1.1. The signed text is every name and value, sorted by name,
with nothing between them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

SIGN_METHODS = ("md5", "hmac", "hmac-sha256")


def signature(
    parameters: Mapping[str, str], secret: str, sign_method: str = "md5", body: bytes = b""
) -> str:
    """The value of `sign`, in upper-case hex, over parameters as they are before URL encoding.

    `sign` itself and parameters without name or value do not count. `body` is the raw body of a
    call to us that is no form.
    """
    counted = sorted(
        (name, value) for name, value in parameters.items() if name and value and name != "sign"
    )
    plain = "".join(name + value for name, value in counted).encode(errors="replace") + body
    key = secret.encode()
    if sign_method == "hmac":
        return hmac.new(key, plain, hashlib.md5).hexdigest().upper()
    if sign_method == "hmac-sha256":
        return hmac.new(key, plain, hashlib.sha256).hexdigest().upper()
    # Their scheme, not our choice.
    return hashlib.md5(key + plain + key, usedforsecurity=False).hexdigest().upper()
