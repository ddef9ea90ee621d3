"""The end of a month: its bills are checked once more, missing ones are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from aftersales.calendar import zone_named
from aftersales.cases.casebook import Casebook
from aftersales.courier_bills import Bill, expired
from aftersales.couriers.codes import NAMES
from aftersales.settings.model import Settings
from aftersales.tables import bills, parcels
from courier_reconciliation.months import month_before, months_before
from courier_reconciliation.telling import tell_if_settled, tell_missing

AT_ONCE = 10
"""Messages of one call: the most that a queue takes."""
OPEN_MONTHS = 8
"""Claims of so many last bills are looked through for those that are too old."""


def close_month(
    settings: Settings,
    scheduled_time: str,
    send: Callable[[Sequence[str]], None],
    now: datetime,
) -> dict[str, Any]:
    """Close the month before the scheduled time, in the desk's zone. Safe to repeat.

    A late tick closes the month that it was meant for.
    """
    if not settings.reconciliation.enabled:
        return {"enabled": False}
    at = datetime.fromisoformat(scheduled_time)
    zone = zone_named(settings.time_zone)
    period = month_before(at.astimezone(zone).date())
    casebook = Casebook.of(settings)
    known = [bill for account in bills.accounts() for bill in bills.of_account(account)]
    there = [bill for bill in known if bill.period == period]
    since = months_before(period, OPEN_MONTHS)
    too_old = sum(_expire(settings, bill, casebook, now) for bill in known if bill.period >= since)
    missing = _missing(settings, period, there, casebook, now)
    bodies = [json.dumps({"bucket": bill.bucket, "key": bill.key}) for bill in there]
    for start in range(0, len(bodies), AT_ONCE):
        send(bodies[start : start + AT_ONCE])
    return {"period": period, "again": len(bodies), "missing": missing, "expired": too_old}


def _missing(
    settings: Settings, period: str, there: Iterable[Bill], casebook: Casebook, now: datetime
) -> list[str]:
    """The couriers that were handed parcels and have sent no bill."""
    billed = {courier for bill in there for courier in bill.couriers}
    billed |= {
        account.courier
        for bill in there
        if (account := settings.reconciliation.accounts.get(bill.account)) is not None
    }
    least = settings.reconciliation.missing_parcels
    found = [
        courier
        for courier in sorted(NAMES)
        if courier not in billed and _was_handed(courier, period, least)
    ]
    for courier in found:
        tell_missing(casebook, courier, period, now)
    return found


def _was_handed(courier: str, month: str, least: int) -> bool:
    """Was a courier handed so many parcels in a month?"""
    return len(list(parcels.shipped_in(courier, month, limit=least))) >= least


def _expire(settings: Settings, bill: Bill, casebook: Casebook, now: datetime) -> int:
    """Close the claims of a bill for which it is too late; a person may open them again."""
    today = now.astimezone(zone_named(settings.time_zone)).date()
    count = 0
    for claim in bills.claims_of(bill.account, bill.name):
        after = expired(claim, now, today, settings.reconciliation.answer_days)
        if after != claim and bills.keep_claim(after, now):
            count += 1
    if count:
        tell_if_settled(casebook, bill.account, bill.name, now)
    return count
