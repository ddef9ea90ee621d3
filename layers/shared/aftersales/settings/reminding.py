"""What may stand in the section `reminder`, and in a shop's own."""

from __future__ import annotations

from typing import Any

import msgspec

from aftersales.calendar import parse_service_hours
from aftersales.errors import BadInput
from aftersales.settings.checks import check_name
from aftersales.settings.document import Path
from aftersales.settings.model import Reminder
from aftersales.settings.shape import Reader

_FULL_PERCENT = 100
_LONGEST_INTERVAL_MINUTES = 60
_FOR_ALL_SHOPS = ("do_not_contact",)
"""A list, and about people, not shops: it stands in the file's section alone."""


def check_reminder(reminder: Reminder, reader: Reader) -> None:
    """Note impossible values in the file's section."""
    for name, value in msgspec.structs.asdict(reminder).items():
        _check_value(name, value, ("reminder", name), reader)


def check_shop_reminder(overrides: dict[str, Any], path: Path, reader: Reader) -> None:
    """Note unknown names, wrong types and impossible values among a shop's own."""
    fields = {f.name: f for f in msgspec.structs.fields(Reminder) if f.name not in _FOR_ALL_SHOPS}
    for name, value in overrides.items():
        inner = (*path, name)
        if not check_name(name, fields, inner, reader, "setting of the reminder", at_name=True):
            continue
        try:
            msgspec.convert(value, fields[name].type, strict=True)
        except msgspec.ValidationError:
            reader.note(inner, "this value does not fit.", "See `reminder` in docs/settings.md.")
            continue
        _check_value(name, value, inner, reader)


def _check_value(name: str, value: Any, path: Path, reader: Reader) -> None:
    if name == "send_window":
        try:
            parse_service_hours(value)
        except BadInput as exc:
            reader.note(path, f"{exc.reason}.", "Put it in quotes.")
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if value < 0:
        reader.note(path, "it must not be below 0.")
    elif name == "holdout_percent" and value > _FULL_PERCENT:
        reader.note(path, "it must not be above 100.")
    elif name == "gather_minutes" and not 1 <= value <= _LONGEST_INTERVAL_MINUTES:
        reader.note(path, "it must be from 1 to 60.")
