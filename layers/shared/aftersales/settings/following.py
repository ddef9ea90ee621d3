"""What may stand in the section `followup`."""

from __future__ import annotations

from aftersales.cases.kinds import BILL_KINDS, REVIEW_KINDS
from aftersales.messages.catalogue import ORDER_KINDS, PARCEL_KINDS
from aftersales.settings.checks import check_name
from aftersales.settings.document import Path
from aftersales.settings.model import Followup, Ladder
from aftersales.settings.shape import Reader

_KINDS = (*REVIEW_KINDS, *ORDER_KINDS, *PARCEL_KINDS, *BILL_KINDS)
_LONGEST_DAYS = 365
_HOURS_PER_DAY = 24


def check_followup(followup: Followup, reader: Reader) -> None:
    """Note unknown kinds and impossible times."""
    _check_ladder(followup.reviews, ("followup", "reviews"), reader)
    _check_ladder(followup.bills, ("followup", "bills"), reader)
    for kind, ladder in followup.kinds.items():
        path: Path = ("followup", "kinds", kind)
        check_name(kind, _KINDS, path, reader, "kind of case", at_name=True)
        _check_ladder(ladder, path, reader)


def _check_ladder(ladder: Ladder, path: Path, reader: Reader) -> None:
    for at, days in reader.numbered((*path, "days"), ladder.days):
        if not 0 < days <= _LONGEST_DAYS:
            reader.note((*path, "days", at), f"it must be above 0 and at most {_LONGEST_DAYS}.")
    if not 0 <= ladder.due_soon_hours <= _LONGEST_DAYS * _HOURS_PER_DAY:
        reader.note((*path, "due_soon_hours"), "it must not be below 0, or longer than a year.")
    if ladder.repeat_days and not 1 <= ladder.repeat_days <= _LONGEST_DAYS:
        reader.note((*path, "repeat_days"), f"it must be 0, or from 1 to {_LONGEST_DAYS}.")
