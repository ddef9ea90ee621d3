"""What the tracker works with: settings, sources, casebook, clocks. Built once per process."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from aftersales.clock import business_now, wall_now
from aftersales.errors import Misconfigured
from aftersales.http import PooledTransport, Transport
from aftersales.settings.model import Settings

# A push is accepted without casebook, calendar and rules: its cold start does not wait for them.
if TYPE_CHECKING:
    from aftersales.calendar import ShopCalendar
    from aftersales.cases.casebook import Casebook
    from aftersales.couriers.base import TrackingSource
    from aftersales.parcels import Parcel
    from aftersales.platforms.base import Platform
    from parcel_tracker.rules import Surroundings


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


@dataclass
class Desk:
    """Everything with an effect that the tracker touches; the rules never see it."""

    settings: Settings
    transport: Transport
    resolve: Callable[[str], str]
    business_now: Callable[[], datetime] = business_now
    wall_now: Callable[[], datetime] = wall_now
    wait: Callable[[float], None] = _wait
    owner: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    sources: dict[str, TrackingSource] = field(default_factory=dict)
    left_alone: dict[str, datetime] = field(default_factory=dict)
    """Shops whose platform failed, and until when (real time) it is asked nothing."""

    def __post_init__(self) -> None:
        self._calendars: dict[str, ShopCalendar] = {}

    @cached_property
    def casebook(self) -> Casebook:
        """The casebook, with the settings' targets and routes."""
        from aftersales.cases.casebook import Casebook

        return Casebook.of(self.settings)

    def source(self, name: str) -> TrackingSource:
        """The tracking source that the settings call `name`. Raises `Misconfigured`."""
        if name not in self.sources:
            from aftersales.couriers import codes
            from aftersales.couriers.registry import build_source

            codes.use(self.settings.tracking.courier_codes)
            account = self.settings.tracking.sources.get(name)
            if account is None:
                raise Misconfigured(
                    f"The settings name no tracking source {name!r}.",
                    what_to_do="Add it under tracking.sources, or change default_source.",
                )
            secrets = {key: self.resolve(ref) for key, ref in account.secrets.items()}
            path_secret = self.resolve(account.path_secret) if account.path_secret else ""
            self.sources[name] = build_source(account, secrets, self.transport, path_secret)
        return self.sources[name]

    def source_of(self, parcel: Parcel) -> str:
        """The name of the source that watches a parcel, "" where none is set."""
        return parcel.source or self.settings.source_for(parcel.courier)

    def platform(self, shop_id: str) -> Platform | None:
        """The connection to a shop, or None where the settings connect none.

        Made anew each time, for its secrets may have changed. Raises `Misconfigured`, or
        `Unreachable` where a secret cannot be read now.
        """
        shop = self.settings.shop(shop_id)
        if not shop.secrets:
            return None
        from aftersales.feeds.calls import counted
        from aftersales.platforms.registry import build_platform

        secrets = {name: self.resolve(reference) for name, reference in shop.secrets.items()}
        transport = counted(self.settings, shop, self.transport, self.business_now)
        return build_platform(shop, secrets, transport)

    def pushes(self, name: str) -> bool:
        """Does this source push to us? Only where the settings give it an address to push to."""
        account = self.settings.tracking.sources.get(name)
        addressed = account is not None and account.push and bool(account.callback_url)
        return addressed and self.source(name).limits.pushes

    def registers(self, name: str) -> bool:
        """Are parcels to be registered at this source before anything else?"""
        limits = self.source(name).limits
        return limits.registers and (limits.must_register or self.pushes(name))

    def years_without_calendar(self, now: datetime) -> tuple[int, ...]:
        """The years a month around `now` whose public holidays nobody has published."""
        calendar = self._calendar("")
        for day in (now - timedelta(days=1), now + timedelta(days=31)):
            calendar.is_working_day(day.date())
        return calendar.years_without_calendar

    def _calendar(self, shop_id: str) -> ShopCalendar:
        if shop_id not in self._calendars:
            from aftersales.calendar import ShopCalendar

            self._calendars[shop_id] = ShopCalendar.of(self.settings, shop_id)
        return self._calendars[shop_id]

    def surroundings(self, parcel: Parcel) -> Surroundings:
        """What the rules need to judge this parcel."""
        from parcel_tracker.rules import Surroundings

        return Surroundings(
            rules=self.settings.tracking_rules(parcel.shop_id, parcel.courier),
            remote_regions=self.settings.tracking.remote_regions,
            working_days=self._calendar(parcel.shop_id).working_days_between,
        )


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
