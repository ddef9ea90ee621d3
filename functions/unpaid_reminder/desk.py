"""What the reminder works with: settings, casebook, shops, clocks. Built once per process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from aftersales.calendar import ShopCalendar, zone_named
from aftersales.cases.casebook import Casebook
from aftersales.clock import business_now
from aftersales.errors import AftersalesError, Refused, TryLater
from aftersales.http import PooledTransport, Transport
from aftersales.parcels import Order
from aftersales.platforms.base import Capability, Platform
from aftersales.platforms.gone import closed, says_gone
from aftersales.platforms.registry import PLATFORMS, build_platform
from aftersales.settings.model import Settings
from unpaid_reminder.rules import Reread

if TYPE_CHECKING:
    from aftersales.platforms.contact import Contact
    from unpaid_reminder.phone_texts import PhoneTexts

PAUSE_SECONDS = 50.0
"""How long a platform that does not answer is left alone, where it does not say: less than the time
between two runs."""


class Seen(Struct, frozen=True):
    """What the platform said when it was asked about an order."""

    reread: Reread
    order: Order | None = None


@dataclass
class Desk:
    """Everything with an effect that the reminder touches; the rules never see it."""

    settings: Settings
    transport: Transport
    resolve: Callable[[str], str]
    business_now: Callable[[], datetime] = business_now
    elapsed: Callable[[], float] = time.monotonic
    platforms: dict[str, Platform | None] = field(default_factory=dict)
    sns: PhoneTexts | None = None
    """Sends texts to buyers; None: made when it is first needed."""

    def __post_init__(self) -> None:
        self._windows: dict[str, ShopCalendar] = {}
        self._silent_until: dict[str, float] = {}

    @cached_property
    def casebook(self) -> Casebook:
        """The casebook, with the settings' targets and routes."""
        return Casebook.of(self.settings)

    def window_opens(self, shop_id: str, at: datetime) -> datetime:
        """`at`, or when messages may next be sent after it."""
        if shop_id not in self._windows:
            zone = self.settings.shop(shop_id).time_zone or self.settings.time_zone
            hours = self.settings.reminder_rules(shop_id).send_window
            self._windows[shop_id] = ShopCalendar(zone, service_hours=hours)
        return self._windows[shop_id].next_service_moment(at)

    def week_of(self, at: datetime) -> str:
        """The week of a time in the desk's zone: `2026-W45`."""
        year, week, _ = at.astimezone(zone_named(self.settings.time_zone)).isocalendar()
        return f"{year}-W{week:02d}"

    def last_week(self, at: datetime) -> str:
        """The week before that of a time."""
        return self.week_of(at - timedelta(days=7))

    def reread(self, order: Order) -> Seen:
        """Ask the platform about an order as it is at this instant.

        A platform that does not answer is left alone for a while, by this process.
        """
        if self._silent_until.get(order.shop_id, 0.0) > self.elapsed():
            return Seen(Reread.LATER)
        try:
            platform = self.platform(order.shop_id)
            if platform is None:
                return Seen(Reread.ONLY_FILES)
            return Seen(Reread.FRESH, platform.order(order.order_id))
        except TryLater as exc:
            self._leave_alone(order.shop_id, exc)
            return Seen(Reread.LATER)
        except Refused as exc:
            # Who deletes an order, or lets it close until it is put away, does not pay it.
            return Seen(Reread.FRESH, closed(order)) if says_gone(exc) else Seen(Reread.REFUSED)
        except AftersalesError:
            return Seen(Reread.REFUSED)

    def contact(self, order: Order, consent_field: str) -> Contact | None:
        """The order and its buyer's number at this instant; None where nobody tells them now.

        A platform that is being left alone is not asked for these either.
        """
        if self._silent_until.get(order.shop_id, 0.0) > self.elapsed():
            return None
        try:
            platform = self.platform(order.shop_id)
            # Of connectors that can tell a number, few do: see `TellsContact`.
            ask: Callable[[str, str], Contact] | None = getattr(platform, "contact", None)
            return ask(order.order_id, consent_field) if ask else None
        except TryLater as exc:
            self._leave_alone(order.shop_id, exc)
        except AftersalesError:
            pass
        return None

    def _leave_alone(self, shop_id: str, why: TryLater) -> None:
        pause = why.retry_after_seconds or PAUSE_SECONDS
        self._silent_until[shop_id] = self.elapsed() + pause

    def platform(self, shop_id: str) -> Platform | None:
        """The connection that can be asked about single orders, or None where there is none."""
        if shop_id not in self.platforms:
            shop = self.settings.shop(shop_id)
            found: Platform | None = None
            if shop.secrets and shop.platform in PLATFORMS:
                # Planning asks no platform: its cold start does not wait for this.
                from aftersales.feeds.calls import counted

                secrets = {name: self.resolve(ref) for name, ref in shop.secrets.items()}
                transport = counted(self.settings, shop, self.transport, self.business_now)
                found = build_platform(shop, secrets, transport)
                if Capability.ORDER_BY_ID not in found.capabilities:
                    found = None
            self.platforms[shop_id] = found
        return self.platforms[shop_id]


_current: Desk | None = None


def desk_from_environment() -> Desk:
    """The deployed function's desk, as new as the settings: a changed secret counts in a minute."""
    global _current  # noqa: PLW0603 - one per process is the point
    from aftersales.settings.secrets import resolve
    from aftersales.tables import settings

    current = settings.load()
    if _current is None or _current.settings is not current:
        _current = Desk(
            settings=current,
            transport=PooledTransport(),
            resolve=lambda reference: resolve(reference, os.environ),
        )
    return _current
