"""Every failure that the project names.

    AftersalesError
    ├── Misconfigured            a person must change a setting, a secret or a deployment
    ├── BadInput                 a row, payload or number is wrong: quarantine it, go on
    │   └── WebhookRefused       a push whose signature, age, size or form is not acceptable
    ├── Conflict                 somebody else changed the item first: read again, decide again
    └── OutsideFailure           a vendor or AWS did not do what was asked
        ├── TryLater             the request is right; `retry_after_seconds` where it is known
        │   ├── Throttled        asked too fast or too often
        │   └── Unreachable      no connection, no answer in time, or a 5xx without a reason
        └── Refused              the same request will never work: quota, permission, bad number

`retry` answers the one question a caller has. Subject ids travel as attributes, never inside a
message that could carry personal data.
"""

from __future__ import annotations


class AftersalesError(Exception):
    """Base of all errors raised on purpose. `retry`: may the very same call succeed later?"""

    retry: bool = False


class Misconfigured(AftersalesError):
    """A setting, secret or deployment is wrong; `what_to_do` is addressed to the operator."""

    def __init__(self, message: str, *, what_to_do: str = "") -> None:
        super().__init__(f"{message} {what_to_do}".strip())
        self.what_to_do = what_to_do


class BadInput(AftersalesError):
    """Input that cannot be used. `place` says where (file, row, field), `reason` why."""

    def __init__(self, reason: str, *, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


class WebhookRefused(BadInput):
    """A push that is not accepted; `status` is the HTTP answer (401 or 413), without detail."""

    def __init__(self, reason: str, *, status: int = 401) -> None:
        super().__init__(reason)
        self.status = status


class Conflict(AftersalesError):
    """A conditional write lost. Read again and decide again."""

    retry = True


class OutsideFailure(AftersalesError):
    """A vendor or AWS service did not do what was asked. `code` is the vendor's own code."""

    def __init__(self, message: str, *, code: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class TryLater(OutsideFailure):
    """The call may succeed later, unchanged."""

    retry = True

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status)
        self.retry_after_seconds = retry_after_seconds


class Throttled(TryLater):
    """Asked too fast or too often."""


class Unreachable(TryLater):
    """No connection, no answer in time, or a server error without a reason."""


class Refused(OutsideFailure):
    """The same request will never work (quota, permission, unknown number)."""
