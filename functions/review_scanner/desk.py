"""What the scanner works with: settings, casebook, shops, classifier, clocks. Built once per
process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from aftersales.clock import business_now, wall_now
from aftersales.errors import Misconfigured
from aftersales.http import PooledTransport, Transport
from aftersales.review_records import Verdict
from aftersales.settings.model import Settings, Shop

# Planning needs the list of shops alone: its cold start does not wait for the casebook.
if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook
    from aftersales.platforms.base import Platform

Judge = Callable[[str, int | None], Verdict]
"""Says what a text means, written under a rating (None: without one)."""


FEED = "reviews"
"""The name of a shop's feed of reviews."""


def scanned_shops(settings: Settings) -> list[Shop]:
    """The shops whose reviews are read on schedule."""
    return [
        shop
        for shop in settings.shops
        if shop.platform not in ("file", "generic")
        and shop.secrets
        and shop.poll
        and settings.review_rules(shop.id).enabled
    ]


@dataclass
class Desk:
    """Everything with an effect that the scanner touches; the rules never see it."""

    settings: Settings
    transport: Transport
    resolve: Callable[[str], str]
    judge: Judge
    business_now: Callable[[], datetime] = business_now
    wall_now: Callable[[], datetime] = wall_now
    owner: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    platforms: dict[str, Platform] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._built: dict[str, tuple[Sequence[str], Platform]] = {}

    @cached_property
    def casebook(self) -> Casebook:
        """The casebook, by the settings."""
        from aftersales.cases.casebook import Casebook

        return Casebook.of(self.settings)

    def platform(self, shop: Shop) -> Platform:
        """The connection to a shop; a new one where its secrets have changed.

        Raises `Misconfigured`, or `Unreachable` where a secret cannot be read now.
        """
        if shop.id in self.platforms:
            return self.platforms[shop.id]
        from aftersales.feeds.calls import counted
        from aftersales.platforms.registry import build_platform

        secrets = {name: self.resolve(reference) for name, reference in shop.secrets.items()}
        values = tuple(secrets.values())
        built = self._built.get(shop.id)
        if built is None or built[0] != values:
            transport = counted(self.settings, shop, self.transport, self.business_now)
            built = self._built[shop.id] = values, build_platform(shop, secrets, transport)
        return built[1]

    def shop(self, shop_id: str) -> Shop:
        """A shop whose reviews are read on schedule. Raises `Misconfigured`."""
        for shop in scanned_shops(self.settings):
            if shop.id == shop_id:
                return shop
        raise Misconfigured(
            f"The reviews of no shop {shop_id!r} are read.",
            what_to_do="Connect it under shops, and leave `poll` and `reviews.enabled` on.",
        )


_current: Desk | None = None


def desk_from_environment() -> Desk:
    """The deployed function's desk, as new as the settings: a changed secret counts in a minute."""
    global _current  # noqa: PLW0603 - one per process is the point
    from aftersales.settings.secrets import resolve
    from aftersales.tables import settings
    from review_scanner.judging import judge

    current = settings.load()
    if _current is None or _current.settings is not current:
        _current = Desk(
            settings=current,
            transport=PooledTransport(),
            resolve=lambda reference: resolve(reference, os.environ),
            judge=judge,
        )
    return _current
