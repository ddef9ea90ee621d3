"""What the checking of bills works with: settings, casebook, bucket, clocks. Built once per
process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aftersales.calendar import ShopCalendar, zone_named
from aftersales.clock import business_now, wall_now
from aftersales.couriers.codes import NAMES
from aftersales.settings.model import BillAccount, Settings

if TYPE_CHECKING:
    from aftersales.cases.casebook import Casebook


def _to_bill_queue(bodies: Sequence[str]) -> None:
    from aftersales import batch

    batch.queue_sender("BILL_QUEUE_URL")(bodies)


@dataclass
class Desk:
    """Everything with an effect that the checking of bills touches; the rules never see it.

    `send` puts up to ten messages into the queue of bills. `folder` is where copies of files may
    lie, "" for the system's own; `owner` names the event that is worked on, and is the same where
    it is tried again.
    """

    settings: Settings
    s3: Any
    business_now: Callable[[], datetime] = business_now
    wall_now: Callable[[], datetime] = wall_now
    folder: str = ""
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    send: Callable[[Sequence[str]], None] = _to_bill_queue

    @cached_property
    def casebook(self) -> Casebook:
        """The casebook, by the settings."""
        from aftersales.cases.casebook import Casebook

        return Casebook.of(self.settings)

    @cached_property
    def calendar(self) -> ShopCalendar:
        """Working days, in the zone of the desk."""
        return ShopCalendar.of(self.settings)

    def day(self, at: datetime) -> date:
        """The day of an instant, in the zone of the desk."""
        return at.astimezone(zone_named(self.settings.time_zone)).date()

    def account(self, name: str) -> BillAccount | None:
        """An account of the settings, or that of a courier's code; None for any other name."""
        named = self.settings.reconciliation.accounts.get(name)
        if named is not None:
            return named
        return BillAccount(courier=name) if name in NAMES else None

    def shares_its_courier(self, name: str) -> bool:
        """Has its courier another account too, and nobody said whose parcels are whose?"""
        account = self.account(name)
        if account is None or account.shops:
            return False
        others = self.settings.reconciliation.accounts
        return any(
            other != name and one.courier == account.courier and one.courier
            for other, one in others.items()
        )

    def currency(self, account: BillAccount) -> str:
        """Of bills that name none."""
        if account.currency:
            return account.currency
        shops = [self.settings.shop(shop_id) for shop_id in account.shops] or self.settings.shops
        return shops[0].currency if shops else "CNY"


def desk_from_environment(owner: str) -> Desk:
    """The deployed function's desk for one event, as new as the settings."""
    from aftersales import aws
    from aftersales.tables import settings

    return Desk(settings=settings.load(), s3=aws.client("s3"), owner=owner)
