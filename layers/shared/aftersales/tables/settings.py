"""The `settings` table: the operator's settings as the functions read them."""

from __future__ import annotations

import time
from typing import ClassVar

import msgspec
from pynamodb.attributes import UnicodeAttribute

from aftersales.errors import Misconfigured
from aftersales.settings.model import Settings
from aftersales.tables.connection import Table, binding

CURRENT = "current"
CACHE_SECONDS = 60.0


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "settings"
    name_key = UnicodeAttribute(hash_key=True, attr_name="name")
    document = UnicodeAttribute()


_cached: tuple[float, object, Settings] | None = None


def load() -> Settings:
    """The current settings, at most a minute old; the defaults where none were ever pushed."""
    global _cached  # noqa: PLW0603 - a cache per process is the point
    now = time.monotonic()
    if _cached is not None and now - _cached[0] < CACHE_SECONDS and _cached[1] is binding():
        return _cached[2]
    try:
        document = _Row.get(CURRENT).document
        settings = msgspec.json.decode(document, type=Settings)
    except msgspec.ValidationError as exc:
        raise Misconfigured(
            f"The stored settings do not fit this version: {exc}.",
            what_to_do="Run `aftersales settings push FILE` again.",
        ) from exc
    except _Row.DoesNotExist:
        settings = Settings()
    _cached = (now, binding(), settings)
    return settings


def push(settings: Settings) -> None:
    """Make `settings` the current ones. Running functions see them within a minute."""
    global _cached  # noqa: PLW0603
    _Row(CURRENT, document=msgspec.json.encode(settings).decode()).save()
    _cached = None
