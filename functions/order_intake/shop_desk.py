"""What live shops are read with: settings, connections, casebook, clocks. One per process."""

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
from aftersales.settings.model import Settings, Shop

# A push is accepted without the casebook: its cold start does not wait for it.
if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook
    from aftersales.platforms.base import Platform


def connected_shops(settings: Settings) -> list[Shop]:
    """The shops that the desk has credentials for; the others are known by dropped files only."""
    return [shop for shop in settings.shops if shop.platform != "file" and shop.secrets]


def polled_shops(settings: Settings) -> list[Shop]:
    """The shops whose feeds are read on schedule."""
    return [shop for shop in connected_shops(settings) if shop.poll]


@dataclass
class ShopDesk:
    """Everything with an effect that reading live shops touches; the rules never see it."""

    settings: Settings
    transport: Transport
    resolve: Callable[[str], str]
    business_now: Callable[[], datetime] = business_now
    wall_now: Callable[[], datetime] = wall_now
    owner: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    platforms: dict[str, Platform] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._built: dict[str, tuple[Sequence[str], Platform]] = {}

    @cached_property
    def casebook(self) -> Casebook:
        """The casebook, with the settings' targets and routes."""
        from aftersales.cases.casebook import Casebook

        return Casebook.of(self.settings)

    def shop(self, shop_id: str) -> Shop:
        """A connected shop. Raises `Misconfigured`."""
        for shop in connected_shops(self.settings):
            if shop.id == shop_id:
                return shop
        raise Misconfigured(
            f"The settings connect no shop {shop_id!r}.",
            what_to_do="Add it under shops, with its platform and secrets.",
        )

    def platform(self, shop_id: str) -> Platform:
        """The connection to a shop; a new one where its secrets have changed.

        Raises `Misconfigured`, or `Unreachable` where a secret cannot be read now.
        """
        if shop_id in self.platforms:
            return self.platforms[shop_id]
        from aftersales.feeds.calls import counted
        from aftersales.platforms.registry import build_platform

        shop = self.shop(shop_id)
        secrets = {name: self.resolve(reference) for name, reference in shop.secrets.items()}
        values = tuple(secrets.values())
        built = self._built.get(shop_id)
        if built is None or built[0] != values:
            transport = counted(self.settings, shop, self.transport, self.business_now)
            built = self._built[shop_id] = values, build_platform(shop, secrets, transport)
        return built[1]


_current: ShopDesk | None = None


def shop_desk_from_environment() -> ShopDesk:
    """The deployed function's desk, as new as the settings: a changed secret counts in a minute."""
    global _current  # noqa: PLW0603 - one per process is the point
    from aftersales.settings.secrets import resolve
    from aftersales.tables import settings

    current = settings.load()
    if _current is None or _current.settings is not current:
        _current = ShopDesk(
            settings=current,
            transport=PooledTransport(),
            resolve=lambda reference: resolve(reference, os.environ),
        )
    return _current
