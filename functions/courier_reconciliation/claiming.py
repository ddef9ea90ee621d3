"""From what a bill has wrong to claims, and from two looks at a bill to what has changed. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from aftersales.courier_bills import Bill, Cause, Claim, claim_id
from aftersales.money import to_text
from courier_reconciliation.model import Discrepancy, Kind
from courier_reconciliation.months import month_before
from courier_reconciliation.result import Reconciliation
from courier_reconciliation.surcharge_codes import Due, due_of

CAUSES_KEPT = 12
SHORT_BILL_DAYS = 20
"""A bill that covers fewer days of its month is one of several (weekly invoices)."""
CORRECTED_SHARE = 4
"""A file with less than one in so many of a bill's rows is no corrected form of it."""
_MONTH_IN_NAME = re.compile(r"(20\d\d)[-_.年/]?(0[1-9]|1[0-2])(?!\d)")


class Days(Struct, frozen=True):
    """The days of a month that the rows of a bill lie in."""

    first: date
    last: date

    @property
    def are_few(self) -> bool:
        """Is this a bill for a part of the month?"""
        return (self.last - self.first).days + 1 < SHORT_BILL_DAYS

    def overlap(self, first: date | None, last: date | None) -> bool:
        """Do both cover the same days, by more than half of the shorter? Without days: yes."""
        if first is None or last is None:
            return True
        common = (min(self.last, last) - max(self.first, first)).days + 1
        shorter = min((self.last - self.first).days, (last - first).days) + 1
        return common * 2 > shorter


class Rows(Struct, frozen=True):
    """What tells a corrected bill from what comes beside a bill: `give_back` rows do nothing but
    give money back."""

    content_hash: str
    count: int
    give_back: bool = False

    def may_correct(self, bill: Bill) -> bool:
        """Is this a corrected form of that bill?"""
        if self.give_back or bill.is_credit_note:
            return False
        return self.count * CORRECTED_SHARE >= bill.lines


def days_of(period: str) -> Days:
    """All days of a month."""
    year, month = map(int, period.split("-"))
    first = date(year, month, 1)
    return Days(first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))


def expected_period(file_name: str, today: date) -> str:
    """The month that a file's name states, else the one before today."""
    found = _MONTH_IN_NAME.search(file_name)
    return f"{found[1]}-{found[2]}" if found else month_before(today)


def place_of(known: Sequence[Bill], period: str, days: Days, rows: Rows) -> tuple[str, Bill | None]:
    """(name, the bill that is replaced) of a bill among those of its account.

    The same rows are the same bill. One of the same days replaces the earlier one; one of other
    days of the month, such as the next weekly invoice, stands beside it. So does what cannot be a
    corrected bill: a credit note, or a few rows that were forgotten.
    """
    same_month = [bill for bill in known if bill.period == period]
    for bill in same_month:
        if bill.content_hash == rows.content_hash:
            return bill.name, bill
    for bill in same_month:
        if rows.may_correct(bill) and days.overlap(bill.first_day, bill.last_day):
            return bill.name, bill
    taken = {bill.name for bill in same_month}
    number, name = 1, period
    while name in taken:
        number += 1
        name = f"{period}-{number}"
    return name, None


def without_what_is_none(
    result: Reconciliation, credited: Iterable[str], days: Days, *, others_bill_too: bool
) -> Reconciliation:
    """The answer without what is no mistake of this bill.

    Rows that give money back for an earlier bill are no discrepancy. What is missing from a bill is
    told only for its own days, and not at all where another bill of the courier may have it
    (`others_bill_too`).
    """
    gone = frozenset(credited)

    def counts(one: Discrepancy) -> bool:
        if one.kind is Kind.MISSING_FROM_BILL:
            day = date.fromisoformat(str(dict(one.evidence).get("shipped_on", days.first)))
            return not others_bill_too and (not days.are_few or days.first <= day <= days.last)
        return not one.waybill_number or one.waybill_number not in gone

    found = tuple(one for one in result.discrepancies if counts(one))
    if len(found) == len(result.discrepancies):
        return result
    by_kind: dict[Kind, tuple[int, int]] = {}
    for one in found:
        count, money = by_kind.get(one.kind, (0, 0))
        by_kind[one.kind] = (count + 1, money + one.difference_minor)
    dropped = [one for one in result.discrepancies if not counts(one)]
    back = sum(d.difference_minor for d in dropped if d.kind is not Kind.MISSING_FROM_BILL)
    return replace(
        result,
        discrepancies=found,
        by_kind=dict(sorted(by_kind.items(), key=lambda item: -abs(item[1][1]))),
        total_expected_minor=result.total_expected_minor + back,
        claimable_minor=sum(d.difference_minor for d in found if is_claim(d)),
    )


def without_guesses(result: Reconciliation, unknown: Collection[Due]) -> Reconciliation:
    """The answer without claims for surcharges of which nobody can say whether they are due.

    `unknown`: what is said of no parcel at all, such as a declared value. Where it is said of some,
    nothing said means that nothing was ordered.
    """

    def seen(one: Discrepancy) -> Discrepancy:
        if one.kind is not Kind.SURCHARGE_INVALID or due_of(one.charge) not in unknown:
            return one
        rule = f"{one.rule}, whether it was ordered is not known of any parcel"
        return replace(one, claimable=False, rule=rule)

    found = tuple(map(seen, result.discrepancies))
    claimable = sum(one.difference_minor for one in found if is_claim(one))
    return replace(result, discrepancies=found, claimable_minor=claimable)


def without_strangers(result: Reconciliation) -> Reconciliation:
    """The answer without claims for unknown waybills, where those are most of the bill.

    Then its parcels have not been imported, or not in time: nobody can say whose they are.
    """
    if result.matched * 2 >= result.lines:
        return result
    rule = "most parcels of this bill are not known here"
    found = tuple(
        replace(one, claimable=False, rule=f"{one.rule}, {rule}")
        if one.kind is Kind.UNKNOWN_WAYBILL
        else one
        for one in result.discrepancies
    )
    claimable = sum(one.difference_minor for one in found if is_claim(one))
    return replace(result, discrepancies=found, claimable_minor=claimable)


def is_of_a_stranger(one: Discrepancy) -> bool:
    """Is it an unknown waybill that is not claimed (`without_strangers`)?"""
    return one.kind is Kind.UNKNOWN_WAYBILL and not one.claimable


def is_claim(one: Discrepancy) -> bool:
    """Is money to be had back for it?"""
    return one.claimable and one.difference_minor > 0


def causes_of(result: Reconciliation) -> tuple[Cause, ...]:
    """What is wrong, the most money first."""
    counts: Counter[str] = Counter()
    money: Counter[str] = Counter()
    for one in result.discrepancies:
        if is_claim(one):
            counts[one.kind.value] += 1
            money[one.kind.value] += one.difference_minor
    found = [Cause(kind, counts[kind], minor) for kind, minor in money.most_common(CAUSES_KEPT)]
    return tuple(sorted(found, key=lambda cause: (-cause.minor, cause.kind)))


def claims_in(
    found: Iterable[Discrepancy], bill: Bill, until: Mapping[str, date | None], now: datetime
) -> list[Claim]:
    """The claims for what is wrong with a bill. `until`: kind -> the last day to file."""
    seen: Counter[tuple[str, ...]] = Counter()
    claims = []
    for one in found:
        if not is_claim(one):
            continue
        named = (bill.account, bill.name, one.waybill_number, one.kind.value, one.charge)
        claims.append(
            Claim(
                claim_id=claim_id(*named, str(seen[named])),
                account=bill.account,
                bill=bill.name,
                waybill_number=one.waybill_number,
                kind=one.kind.value,
                amount_minor=one.difference_minor,
                currency=one.currency,
                opened_at=now,
                courier=one.courier,
                charge=one.charge,
                order_id=one.order_id,
                billed_minor=one.billed_minor,
                expected_minor=one.expected_minor,
                file=one.file,
                sheet=one.sheet,
                row=one.row,
                rule=one.rule[:300],
                file_until=until.get(one.kind.value, until.get("")),
            )
        )
        seen[named] += 1
    return claims


def change_between(before: Bill | None, after: Bill) -> str:
    """What a corrected bill has changed, as facts: `lines 300>302 billed ...`; "" for a first one.

    The wording is the catalogue's; here stand `name:before>after`, joined by `;`.
    """
    if before is None or before.content_hash == after.content_hash:
        return ""
    told = (
        ("lines", str(before.lines), str(after.lines)),
        (
            "billed",
            to_text(before.billed_minor, before.currency),
            to_text(after.billed_minor, after.currency),
        ),
        ("claims", str(before.claims), str(after.claims)),
        (
            "claimable",
            to_text(before.claimable_minor, before.currency),
            to_text(after.claimable_minor, after.currency),
        ),
    )
    return ";".join(f"{name}:{old}>{new}" for name, old, new in told)
