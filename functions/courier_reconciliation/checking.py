"""Checking one bill, from the dropped file to its case.

A file is taken (`tables.bills.begin`) before it is worked on, and marked as done at the very end.
Whatever happens in between happens again when the call is repeated, and ends the same: the report
has the same key, each claim the same id, the bill the same name, the case the same subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from aftersales.calendar import zone_named
from aftersales.courier_bills import Bill
from aftersales.errors import BadInput
from aftersales.settings.model import BillAccount
from aftersales.tables import bills
from courier_reconciliation import claiming, telling
from courier_reconciliation.bucket import Drop, fetch
from courier_reconciliation.cards import Cards, read_cards, together
from courier_reconciliation.engine.database import Workshop, workshop
from courier_reconciliation.engine.run import Options, reconcile
from courier_reconciliation.keeping import credit_earlier, keep_bill, keep_claims
from courier_reconciliation.model import Kind
from courier_reconciliation.output.windows import (
    ClaimType,
    Countdown,
    CountedFrom,
    countdown,
    window_for,
)
from courier_reconciliation.own_terms import layouts_of, tolerances_of
from courier_reconciliation.parcels_of_bill import Known, Wanted, lay_out
from courier_reconciliation.reading.bills import read_bills
from courier_reconciliation.reading.lines import take_away
from courier_reconciliation.reading.model import BillFile, BillsRead, ReadingOptions
from courier_reconciliation.result import Reconciliation
from courier_reconciliation.surcharge_codes import Due

if TYPE_CHECKING:
    from courier_reconciliation.desk import Desk

EARLIER_BILLS = 2
"""So many bills of months before are looked into for parcels that are billed a second time."""
FILE_BY = time(18, 0)
_CLAIM_TYPES = {
    Kind.LOST_BILLED: ClaimType.LOST,
    Kind.DAMAGED_BILLED: ClaimType.DAMAGED,
    Kind.LATE_DELIVERY: ClaimType.LATE,
}


class Read(NamedTuple):
    """A bill in the tables, beside bills of months before."""

    all: BillsRead
    own: BillFile
    period: str
    days: claiming.Days
    couriers: tuple[str, ...]


def check_drop(
    desk: Desk, drop: Drop, seconds_left: float, *, again: bool = False
) -> dict[str, Any]:
    """Check a bill in the bucket; returns a summary. Safe to repeat.

    `again`: also where this very file was checked before, because tracking knows more by now. What
    is wrong with the file ends up as its case. Raises `Unreachable` where S3 does not answer,
    `Conflict` where other runs keep changing the same bill.
    """
    with workshop(desk.folder or None) as shop:
        path = shop.folder / "bill" / drop.name
        path.parent.mkdir()
        try:
            account = _account(desk, drop)
            sha256 = fetch(desk.s3, drop, path)
            busy = _taken(desk, drop.account, sha256, seconds_left, again=again)
            if busy:
                return {"account": drop.account, "file": drop.name, "outcome": busy}
            try:
                bill, outcome = _Check(desk, drop, account, shop, path, sha256).run()
            except BadInput:
                # It may be dropped again, when the settings know its layout.
                bills.forget_work(drop.account, sha256)
                raise
        except BadInput as exc:
            telling.tell_unreadable(desk, drop, exc.reason, desk.business_now())
            return {"account": drop.account, "file": drop.name, "problem": exc.reason}
    bills.finish(drop.account, sha256, outcome, bill.name, desk.wall_now())
    return {
        "account": bill.account,
        "file": drop.name,
        "outcome": outcome,
        "bill": bill.name,
        "lines": bill.lines,
        "claims": bill.claims,
        "claimable_minor": bill.claimable_minor,
    }


def _account(desk: Desk, drop: Drop) -> BillAccount:
    account = desk.account(drop.account)
    if account is None:
        where = f"{drop.account!r} is no account" if drop.account else "it lies in no folder"
        raise BadInput(
            f"{where}: drop it as bills/<account>/<file>, where the account stands in the settings"
            " under reconciliation.accounts or is a courier's code such as sto"
        )
    return account


def _taken(desk: Desk, account: str, sha256: str, seconds_left: float, *, again: bool) -> str:
    """Take the file; else why not: `known` or `being_checked`."""
    now = desk.wall_now()
    if again and bills.work_on(account, sha256).outcome:
        bills.forget_work(account, sha256)
    until = now + timedelta(seconds=seconds_left)
    held = bills.begin(account, sha256, desk.owner, now, until)
    if held is None:
        return ""
    return "known" if held.outcome else "being_checked"


class _Check:
    """One look at one bill."""

    def __init__(  # noqa: PLR0917 - the parts of one look
        self,
        desk: Desk,
        drop: Drop,
        account: BillAccount,
        shop: Workshop,
        path: Path,
        sha256: str,
    ) -> None:
        self._desk = desk
        self._drop = drop
        self._account = account
        self._db, self._folder = shop
        self._path = path
        self._sha256 = sha256
        self._own = desk.settings.reconciliation

    def run(self) -> tuple[Bill, str]:
        """(the bill, what came of it). Raises `BadInput` where it cannot be read."""
        now = self._desk.business_now()
        known = bills.of_account(self._drop.account)
        read = self._read(known, now)
        name, before = claiming.place_of(known, read.period, read.days)
        telling.tell_readable(self._desk, self._drop, read.couriers, read.period)
        cards = read_cards(self._desk.s3, self._drop.bucket, self._folder)
        without = [one for one in read.couriers if not _has_card(cards, one)]
        telling.tell_of_cards(self._desk, cards.wrong, without, now)
        for courier in set(read.couriers) - set(without):
            telling.tell_of_card(self._desk, courier, now)
        parcels = self._shipments(read)
        result = self._compare(read, cards)
        given_back = self._given_back()
        result = claiming.without_what_is_none(
            result,
            given_back,
            read.days,
            others_bill_too=self._desk.shares_its_courier(self._drop.account),
        )
        result = claiming.without_guesses(result, self._never_said())
        same = before is not None and before.content_hash == read.own.content_hash
        arrived = before.arrived_at if before is not None and same else now
        dates = self._dates(read.period, arrived)
        bill = self._bill(read, result, name, before, arrived, dates)
        bill = replace(bill, report=self._report(bill, result, parcels))
        found = claiming.claims_in(result.discrepancies, bill, self._until(read, dates), now)
        keep_claims(bill, found, now)
        bill = keep_bill(bill, now)
        for settled in credit_earlier(bill, given_back, now):
            telling.tell_if_settled(self._desk.casebook, bill.account, settled, now)
        told = telling.tell_of_bill(self._desk, bill, now)
        outcome = "checked" if before is None else "again" if same else "replaced"
        return bill, f"{outcome}, case {told}"

    def _read(self, known: Sequence[Bill], now: datetime) -> Read:
        expected = claiming.expected_period(self._drop.name, self._desk.day(now))
        earlier = self._earlier(known, expected)
        options = ReadingOptions(
            period=expected,
            courier=self._account.courier,
            currency=self._desk.currency(self._account),
            layouts=layouts_of(self._desk.settings.reconciliation),
            temp_directory=str(self._folder),
        )
        read = read_bills(self._db, [self._path, *earlier], options)
        own = next((file for file in read.files if file.path == str(self._path)), None)
        if own is None or not own.lines:
            reasons = [one.reason for one in read.rejected if one.file == self._path.name]
            raise BadInput("; ".join(reasons[:3]) or "the file has no line with a waybill number")
        period = own.period or expected
        read = self._only_before(read, own, period)
        first, last = self._db.execute(
            "SELECT min(billed_on), max(billed_on) FROM lines WHERE file = ?"
            " AND strftime(billed_on, '%Y-%m') = ?",
            [own.name, period],
        ).fetchone() or (None, None)
        whole = claiming.days_of(period)
        days = claiming.Days(first, last) if first and last else whole
        couriers = self._db.execute(
            "SELECT DISTINCT courier FROM lines WHERE file = ? AND courier <> '' ORDER BY courier",
            [own.name],
        ).fetchall()
        named = tuple(courier for (courier,) in couriers)
        if not named and self._account.courier:
            named = (self._account.courier,)
        return Read(read, own, period, days, named)

    def _earlier(self, known: Sequence[Bill], expected: str) -> list[Path]:
        """Copies of the account's bills of months before, where they are still in the bucket."""
        found = []
        for bill in [one for one in known if one.period < expected][-EARLIER_BILLS:]:
            path = self._folder / "earlier" / bill.name / bill.key.rpartition("/")[2]
            path.parent.mkdir(parents=True)
            try:
                if fetch(self._desk.s3, Drop(bill.bucket, bill.key), path) == bill.sha256:
                    found.append(path)
            except BadInput:
                continue  # taken away in the meantime: it cannot be looked into
        return found

    def _only_before(self, read: BillsRead, own: BillFile, period: str) -> BillsRead:
        """Without bills that turn out not to be of earlier months."""
        kept = [one for one in read.files if one is own or (one.period and one.period < period)]
        for file in read.files:
            if file not in kept:
                take_away(self._db, "file = ?", [file.name])
                self._db.execute("DELETE FROM refused WHERE file = ?", [file.name])
        return BillsRead(
            tuple(kept),
            tuple(one for one in read.rejected if one.file == own.name),
            tuple(one for one in read.declared_totals if one.file == own.name),
        )

    def _shipments(self, read: Read) -> Known:
        wanted = Wanted(
            couriers=read.couriers,
            first=claiming.days_of(read.period).first,
            last=claiming.days_of(read.period).last,
            shops=self._account.shops,
            zone=zone_named(self._desk.settings.time_zone),
            never_moved_days=self._own.never_moved_days,
        )
        return lay_out(self._db, wanted, self._folder)

    def _compare(self, read: Read, cards: Cards) -> Reconciliation:
        card = together(cards.cards, read.couriers)
        options = Options(
            period=read.period, tolerances=tolerances_of(self._desk.settings.reconciliation)
        )
        return reconcile(self._db, read.all, card, options, self._folder)

    def _never_said(self) -> list[Due]:
        """What is said of no parcel: declared values, cash on delivery."""
        values, cash = self._db.execute(
            "SELECT count(declared_minor), count(cod_minor) FROM shipments"
        ).fetchone() or (0, 0)
        return [due for due, count in ((Due.DECLARED, values), (Due.COD, cash)) if not count]

    def _given_back(self) -> dict[str, int]:
        """Waybill -> what this bill gives back for an earlier one: it has negative rows only."""
        rows = self._db.execute(
            "SELECT waybill, -sum(amount_minor) FROM lines WHERE waybill <> '' GROUP BY waybill"
            " HAVING max(amount_minor) < 0"
        ).fetchall()
        return {waybill: int(minor) for waybill, minor in rows}

    def _dates(self, period: str, arrived: datetime) -> Countdown:
        own, account = self._own, self._account
        return countdown(
            period,
            self._desk.day(arrived),
            is_working_day=self._desk.calendar.is_working_day,
            confirm_working_days=account.confirm_working_days or own.confirm_working_days,
            file_by_day=account.file_by_day or own.file_by_day,
        )

    def _until(self, read: Read, dates: Countdown) -> dict[str, date | None]:
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
        if self._account.claim_days:
            last = read.days.last + timedelta(days=self._account.claim_days)
            found = dict.fromkeys(found, last)
        return found

    def _bill(  # noqa: PLR0917 - what a bill is made from
        self,
        read: Read,
        result: Reconciliation,
        name: str,
        before: Bill | None,
        arrived: datetime,
        dates: Countdown,
    ) -> Bill:
        zone = zone_named(self._desk.settings.time_zone)

        def at(day: date | None) -> datetime | None:
            return datetime.combine(day, FILE_BY, zone) if day else None

        claims = [one for one in result.discrepancies if claiming.is_claim(one)]
        bill = Bill(
            account=self._drop.account,
            name=name,
            period=read.period,
            sha256=self._sha256,
            content_hash=read.own.content_hash,
            arrived_at=arrived,
            checked_at=self._desk.business_now(),
            bucket=self._drop.bucket,
            key=self._drop.key,
            couriers=read.couriers,
            first_day=read.days.first,
            last_day=read.days.last,
            lines=result.lines,
            matched=result.matched,
            rejected=sum(one.row is not None for one in result.rejected),
            not_auditable=len(result.not_auditable),
            not_auditable_minor=sum(one.billed_minor for one in result.not_auditable),
            discrepancies=len(result.discrepancies),
            claims=len(claims),
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

    def _report(self, bill: Bill, result: Reconciliation, parcels: Known) -> str:
        from courier_reconciliation.reports import send_report

        return send_report(self._desk, bill, result, parcels, self._db, self._folder)


def _has_card(cards: Cards, courier: str) -> bool:
    return any(courier in card.couriers for card in cards.cards)
