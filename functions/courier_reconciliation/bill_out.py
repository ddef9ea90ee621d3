"""What is made of an answer: the bill's record, its claims, its report and its case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from msgspec.structs import replace

from aftersales.calendar import zone_named
from aftersales.courier_bills import Bill
from courier_reconciliation import claiming, telling
from courier_reconciliation.bill_in import Read
from courier_reconciliation.cards import mark_of_cards
from courier_reconciliation.keeping import Share, credit_earlier, everything, keep_bill, keep_claims
from courier_reconciliation.look import Look
from courier_reconciliation.model import Kind
from courier_reconciliation.output.windows import (
    ClaimType,
    Countdown,
    CountedFrom,
    countdown,
    window_for,
)
from courier_reconciliation.result import Reconciliation

FILE_BY = time(18, 0)
_CLAIM_TYPES = {
    Kind.LOST_BILLED: ClaimType.LOST,
    Kind.DAMAGED_BILLED: ClaimType.DAMAGED,
    Kind.LATE_DELIVERY: ClaimType.LATE,
}


def drafted(look: Look, read: Read, name: str, before: Bill | None, now: datetime) -> Bill:
    """A bill's record as far as it is known before anything is compared.

    The same rows saved again arrived when they arrived first.
    """
    same = before is not None and before.content_hash == read.rows.content_hash
    return Bill(
        account=look.drop.account,
        name=name,
        period=read.period,
        sha256=look.sha256,
        content_hash=read.rows.content_hash,
        is_credit_note=read.rows.give_back,
        rates=mark_of_cards(look.desk.s3, look.drop.bucket),
        arrived_at=before.arrived_at if before is not None and same else now,
        checked_at=now,
        bucket=look.drop.bucket,
        key=look.drop.key,
        couriers=read.couriers,
        first_day=read.days.first,
        last_day=read.days.last,
        version=before.version if before else 0,
    )


def claim(  # noqa: PLR0917 - whose claims, for what, when
    look: Look,
    read: Read,
    draft: Bill,
    result: Reconciliation,
    given_back: Mapping[str, int],
    now: datetime,
    share: Share = everything,
) -> None:
    """Store the claims, or one's share of them, and credit those of earlier bills.

    Raises `Conflict` where others keep changing them.
    """
    until = _until(look, read, _dates(look, draft))
    found = claiming.claims_in(share(result.discrepancies), draft, until, now)
    keep_claims(draft, found, now, share)
    for settled in credit_earlier(draft, given_back, now):
        telling.tell_if_settled(look.desk.casebook, draft.account, settled, now)


def written_up(look: Look, draft: Bill, result: Reconciliation, before: Bill | None) -> Bill:
    """The bill's record with the answer in it; `before` is what is stored of it so far."""
    zone = zone_named(look.desk.settings.time_zone)
    dates = _dates(look, draft)

    def at(day: date | None) -> datetime | None:
        return datetime.combine(day, FILE_BY, zone) if day else None

    claims = [one for one in result.discrepancies if claiming.is_claim(one)]
    bill = replace(
        draft,
        checked_at=look.desk.business_now(),
        lines=result.lines,
        matched=result.matched,
        rejected=sum(one.row is not None for one in result.rejected),
        not_auditable=len(result.not_auditable),
        not_auditable_minor=sum(one.billed_minor for one in result.not_auditable),
        discrepancies=len(result.discrepancies),
        claims=len(claims),
        not_known=sum(map(claiming.is_of_a_stranger, result.discrepancies)),
        billed_minor=result.total_billed_minor,
        expected_minor=result.total_expected_minor,
        claimable_minor=sum(one.difference_minor for one in claims),
        underbilled_minor=-sum(
            one.difference_minor
            for one in result.discrepancies
            if one.difference_minor < 0 and one.kind is not Kind.MISSING_FROM_BILL
        ),
        currency=result.currency,
        causes=claiming.causes_of(result),
        file_by=at(dates.file_by),
        confirms_at=at(dates.confirms_on),
        version=before.version if before else 0,
    )
    if before is None:
        return bill
    changed = claiming.change_between(before, bill)
    replaced = (*before.replaced, before.sha256) if changed else before.replaced
    return replace(bill, replaced=replaced, change=changed or before.change)


def conclude(look: Look, bill: Bill, before: Bill | None, now: datetime) -> tuple[Bill, str]:
    """(the bill, what came of it): its record is kept, and whoever is to know hears of it.

    Raises `Conflict` where another run has changed the bill.
    """
    same = before is not None and before.content_hash == bill.content_hash
    bill = keep_bill(bill, now)
    told = telling.tell_of_bill(look.desk, bill, now)
    telling.tell_of_credits(look.desk.casebook, bill, now)
    outcome = "checked" if before is None else "again" if same else "replaced"
    return bill, f"{outcome}, case {told}"


def _dates(look: Look, draft: Bill) -> Countdown:
    own, account = look.own, look.account
    return countdown(
        draft.period,
        look.desk.day(draft.arrived_at),
        is_working_day=look.desk.calendar.is_working_day,
        confirm_working_days=account.confirm_working_days or own.confirm_working_days,
        file_by_day=account.file_by_day or own.file_by_day,
    )


def _until(look: Look, read: Read, dates: Countdown) -> dict[str, date | None]:
    """The last day on which a claim of each kind can be filed; "": of any other kind.

    Where the time runs from an event of each parcel, the bill's first day is taken: too early
    rather than too late.
    """
    courier = read.couriers[0] if len(read.couriers) == 1 else "*"
    found: dict[str, date | None] = {}
    for kind in ("", *_CLAIM_TYPES):
        claim_type = _CLAIM_TYPES[Kind(kind)] if kind else ClaimType.BILLING
        window = window_for(courier, claim_type)
        if window.counted_from is CountedFrom.BILL:
            found[kind] = dates.confirms_on
        else:
            found[kind] = window.ends(read.days.first)
    if look.account.claim_days:
        last = read.days.last + timedelta(days=look.account.claim_days)
        found = dict.fromkeys(found, last)
    return found
