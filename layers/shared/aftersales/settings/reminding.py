"""What may stand in the section `reminder`, and in a shop's own."""

from __future__ import annotations

from typing import Any

import msgspec

from aftersales.calendar import parse_service_hours
from aftersales.errors import BadInput
from aftersales.settings.checks import check_name, check_positive
from aftersales.settings.document import Path
from aftersales.settings.model import Promotion, Reminder, Settings
from aftersales.settings.shape import Reader
from aftersales.unpaid import instant

_FULL_PERCENT = 100
_LONGEST_INTERVAL_MINUTES = 60
_FOR_ALL_SHOPS = ("do_not_contact", "promotions")
"""Lists that are not about one shop, or name their shops: in the file's section alone."""


def check_reminder(settings: Settings, reader: Reader) -> None:
    """Note impossible values in the file's section."""
    reminder, shops = settings.reminder, {shop.id for shop in settings.shops}
    for name, value in msgspec.structs.asdict(reminder).items():
        _check_value(name, value, ("reminder", name), reader)
    for at, promotion in reader.numbered(("reminder", "promotions"), reminder.promotions):
        path: Path = ("reminder", "promotions", at)
        _check_promotion(promotion, path, reader)
        for number, shop_id in reader.numbered((*path, "shops"), promotion.shops):
            check_name(shop_id, shops, (*path, "shops", number), reader, "shop")


def _check_promotion(promotion: Promotion, path: Path, reader: Reader) -> None:
    times = {}
    for name in ("start", "end"):
        try:
            times[name] = instant(getattr(promotion, name))
        except ValueError:
            reader.note(
                (*path, name),
                "this is not a time with its offset.",
                'Write it as "2026-11-11T00:00+08:00", in quotes.',
            )
    if len(times) > 1 and times["end"] <= times["start"]:
        reader.note((*path, "end"), "it must be later than `start`.")
    check_positive(promotion.pay_within_minutes, (*path, "pay_within_minutes"), reader)


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
