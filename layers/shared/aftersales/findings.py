"""What a rule says is wrong. Standard library and msgspec only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field


class Severity(StrEnum):
    """`notice` can wait, `warn` is for today, `alarm` for now; `critical`: the desk fails."""

    NOTICE = "notice"
    WARN = "warn"
    ALARM = "alarm"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the mildest, growing."""
        return list(Severity).index(self)


class Finding(Struct, frozen=True, omit_defaults=True):
    """A problem, ready to become a case.

    `kind` and `subject` together name the case (`stalled`, `parcel:YT0000000000001`). `family` and
    `strength` order kinds of one subject: an open case is superseded by a stronger finding of the
    same family. `facts` is what the wording needs: short strings, numbers and ISO times, no phone
    numbers, no addresses. `deadline` is when the harm is done.
    """

    kind: str
    subject: str
    severity: Severity
    shop_id: str
    facts: dict[str, str | int | None] = field(default_factory=dict)
    deadline: datetime | None = None
    family: str = ""
    strength: int = 0


class Transition(StrEnum):
    """What happened to a case that people are told about."""

    OPENED = "opened"
    ESCALATED = "escalated"
    REMINDED = "reminded"  # still open after so many days
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    SOLVED = "solved"


class Alert(Struct, frozen=True, omit_defaults=True):
    """A message to be worded about one transition of one case.

    `alert_id` is unique per transition and short (`7K3M9QW2-1`); `case_id` stays for life.
    """

    alert_id: str
    case_id: str
    transition: Transition
    kind: str
    subject: str
    severity: Severity
    shop_id: str
    facts: dict[str, str | int | None]
    opened_at: datetime
    at: datetime
    deadline: datetime | None = None
