"""What may stand in the section `followup`, and in a shop's own."""

from __future__ import annotations

from collections.abc import Sequence

from aftersales.cases.kinds import BILL_KINDS, REVIEW_KINDS
from aftersales.messages.catalogue import ORDER_KINDS, PARCEL_KINDS
from aftersales.settings.checks import check_name
from aftersales.settings.document import Path
from aftersales.settings.model import Followup, Ladder, OwnFollowup, OwnLadder
from aftersales.settings.shape import Reader

_OF_SHOPS = (*REVIEW_KINDS, *ORDER_KINDS, *PARCEL_KINDS)
_KINDS = (*_OF_SHOPS, *BILL_KINDS)
_LONGEST_DAYS = 365
_HOURS_PER_DAY = 24


def check_followup(followup: Followup, reader: Reader) -> None:
    """Note unknown kinds and impossible times in the file's section."""
    _check_ladder(followup.reviews, ("followup", "reviews"), reader)
    _check_ladder(followup.bills, ("followup", "bills"), reader)
    for kind, ladder in followup.kinds.items():
        _check_kind(kind, ladder, _KINDS, ("followup", "kinds", kind), reader)


def check_shop_followup(own: OwnFollowup, path: Path, reader: Reader) -> None:
    """Note unknown kinds and impossible times among a shop's own."""
    _check_ladder(own.reviews, (*path, "reviews"), reader)
    for kind, ladder in own.kinds.items():
        _check_kind(kind, ladder, _OF_SHOPS, (*path, "kinds", kind), reader)


def _check_kind(
    kind: str, ladder: Ladder | OwnLadder, known: Sequence[str], path: Path, reader: Reader
) -> None:
    check_name(kind, known, path, reader, "kind of case", at_name=True)
    _check_ladder(ladder, path, reader)


def _check_ladder(ladder: Ladder | OwnLadder, path: Path, reader: Reader) -> None:
    """Where a shop's ladder says nothing, there is nothing to check."""
    for at, days in reader.numbered((*path, "days"), ladder.days or ()):
        if not 0 < days <= _LONGEST_DAYS:
            reader.note((*path, "days", at), f"it must be above 0 and at most {_LONGEST_DAYS}.")
    if not 0 <= (ladder.due_soon_hours or 0) <= _LONGEST_DAYS * _HOURS_PER_DAY:
        reader.note((*path, "due_soon_hours"), "it must not be below 0, or longer than a year.")
    if ladder.repeat_days and not 1 <= ladder.repeat_days <= _LONGEST_DAYS:
        reader.note((*path, "repeat_days"), f"it must be 0, or from 1 to {_LONGEST_DAYS}.")
