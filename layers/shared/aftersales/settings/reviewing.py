"""What may stand in the section `reviews`, and in a shop's own."""

from __future__ import annotations

from typing import Any

import msgspec

from aftersales.messages.review_replies import REPLIES
from aftersales.settings.checks import check_language, check_name
from aftersales.settings.document import Path
from aftersales.settings.model import Reviews
from aftersales.settings.shape import Reader

REPLY_LIMIT_CHARACTERS = 500
"""Of a reply in public; Tmall takes no longer one (platforms reference, section 1.3)."""
_TOPICS = tuple(REPLIES["en"])
_STARS = 5
_FULL_PERCENT = 100
_AT_LEAST_ONE = ("keep_days", "resolve_days", "product_days")


def check_reviews(reviews: Reviews, reader: Reader) -> None:
    """Note impossible values in the file's section."""
    for name, value in msgspec.structs.asdict(reviews).items():
        _check_value(name, value, ("reviews", name), reader)


def check_shop_reviews(overrides: dict[str, Any], path: Path, reader: Reader) -> None:
    """Note unknown names, wrong types and impossible values among a shop's own."""
    fields = {f.name: f for f in msgspec.structs.fields(Reviews)}
    for name, value in overrides.items():
        inner = (*path, name)
        if not check_name(name, fields, inner, reader, "setting of reviews", at_name=True):
            continue
        try:
            msgspec.convert(value, fields[name].type, strict=True)
        except msgspec.ValidationError:
            reader.note(inner, "this value does not fit.", "See `reviews` in docs/settings.md.")
            continue
        _check_value(name, value, inner, reader)


def _check_value(name: str, value: Any, path: Path, reader: Reader) -> None:
    if name == "templates":
        _check_templates(value, path, reader)
    elif name == "look_again_days":
        if any(days <= 0 for days in value):
            reader.note(path, "each must be above 0.")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return
    elif value < 0:
        reader.note(path, "it must not be below 0.")
    elif name == "bad_rating" and value > _STARS:
        reader.note(path, "there are no more than 5 stars.")
    elif name == "hint_percent" and value > _FULL_PERCENT:
        reader.note(path, "it must not be above 100.")
    elif name in _AT_LEAST_ONE and value < 1:
        reader.note(path, "it must be at least 1.")


def _check_templates(templates: dict[str, dict[str, str]], path: Path, reader: Reader) -> None:
    for topic, texts in templates.items():
        inner = (*path, topic)
        check_name(topic, _TOPICS, inner, reader, "topic of a review", at_name=True)
        for language, text in texts.items():
            check_language(language, (*inner, language), reader)
            if not 0 < len(text.strip()) <= REPLY_LIMIT_CHARACTERS:
                told = f"a reply has 1 to {REPLY_LIMIT_CHARACTERS} characters, not {len(text)}."
                reader.note((*inner, language), told)
