"""Checking one bill, from the dropped file to its case.

A file is taken (`tables.bills.begin`) before it is worked on, and marked as done at the very end.
Whatever happens in between happens again when the call is repeated, and ends the same: the report
has the same key, each claim the same id, the bill the same name, the case the same subject.

A bill with more lines than `part_lines` is shared out: its parts and the sum of them are messages
of the queue (`in_parts`). The file stays taken until the last is done.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from aftersales.errors import BadInput
from aftersales.tables import bills
from courier_reconciliation import claiming, telling
from courier_reconciliation.bill_in import read_in
from courier_reconciliation.bill_out import claim, conclude, drafted, written_up
from courier_reconciliation.bucket import Drop, fetch
from courier_reconciliation.cards import mark_of_cards
from courier_reconciliation.engine.database import workshop
from courier_reconciliation.judging import card_told_of, compare, given_back_in, said, wanted_for
from courier_reconciliation.look import Look, account_of
from courier_reconciliation.parcels_of_bill import lay_out

if TYPE_CHECKING:
    from aftersales.courier_bills import Bill
    from courier_reconciliation.desk import Desk

Summary = dict[str, Any]


def check_drop(
    desk: Desk, drop: Drop, seconds_left: float, *, again: bool = False, instead_of: str = ""
) -> Summary:
    """Check a bill in the bucket; returns a summary. Safe to repeat.

    `again`: also where this very file was checked before, because tracking knows more by now;
    `instead_of` names the run that gave it up. What is wrong with the file ends up as its case.
    Raises `Unreachable` where S3 does not answer, `Conflict` where other runs keep changing the
    same bill.
    """
    with workshop(desk.folder or None) as shop:
        path = shop.folder / "bill" / drop.name
        path.parent.mkdir()
        try:
            account = account_of(desk, drop)
            sha256 = fetch(desk.s3, drop, path)
            work = _take(desk, drop, sha256, seconds_left, again=again, stead=instead_of)
            if work.outcome or work.owner != desk.owner:
                busy = "known" if work.outcome else "being_checked"
                return {"account": drop.account, "file": drop.name, "outcome": busy}
            if work.parts:
                from courier_reconciliation.in_parts.splitting import hand_out

                return hand_out(desk, drop, sha256, work)
            try:
                covered = _check(Look(desk, drop, account, shop, sha256), path)
            except BadInput:
                # It may be dropped again, when the settings know its layout.
                bills.forget_work(drop.account, sha256, work)
                raise
        except BadInput as exc:
            telling.tell_unreadable(desk, drop, exc.reason, desk.business_now())
            return {"account": drop.account, "file": drop.name, "problem": exc.reason}
    return covered


def _take(
    desk: Desk, drop: Drop, sha256: str, seconds_left: float, *, again: bool, stead: str
) -> bills.Work:
    """Take the file, where nobody has it; returns what is known of it then."""
    now, account = desk.wall_now(), drop.account
    known = bills.work_on(account, sha256)
    over = known.outcome and (again or _may_end_otherwise(desk, drop, sha256, known.bill))
    if over or (again and stead and known.owner == stead):
        bills.forget_work(account, sha256, known)
    return bills.begin(account, sha256, desk.owner, now, now + timedelta(seconds=seconds_left))


def _may_end_otherwise(desk: Desk, drop: Drop, sha256: str, name: str) -> bool:
    """Dropped once more: has that what the bill is checked by changed since?

    Rate cards say so; parcels do not, but that most of them were unknown is known.
    """
    bill = bills.get(drop.account, name) if name else None
    if bill is None or bill.sha256 != sha256:
        return False
    return bill.not_known > 0 or (
        bill.rates != "" and bill.rates != mark_of_cards(desk.s3, drop.bucket)
    )


def _check(look: Look, path: Path) -> Summary:
    """Check the bill, or share it out. Raises `BadInput` where it cannot be read."""
    now = look.desk.business_now()
    known = bills.of_account(look.drop.account)
    read = read_in(look, path, known, now)
    name, before = claiming.place_of(known, read.period, read.days, read.rows)
    telling.tell_readable(look.desk, look.drop, read.couriers, read.period)
    # Which cards there are is noted before they are read: one that comes in between is a change.
    draft = drafted(look, read, name, before, now)
    card = card_told_of(look, read.couriers, now)
    if read.own.lines > look.own.part_lines:
        from courier_reconciliation.in_parts.splitting import split

        return split(look, read, draft, card)
    from courier_reconciliation.reports import send_report

    parcels = lay_out(look.db, wanted_for(look, read), look.folder)
    given_back = given_back_in(look, read)
    result = compare(look, read, read.all, card, given_back)
    result = replace(result, notes=(*result.notes, *parcels.notes))
    never = [due for due, count in said(look).items() if not count]
    result = claiming.without_strangers(claiming.without_guesses(result, never))
    bill = written_up(look, draft, result, before)
    report = send_report(look.desk, bill, result, parcels.trouble, look.db, look.folder)
    bill = replace(bill, report=report)
    claim(look, read, draft, result, given_back, now)
    return finish(look, *conclude(look, bill, before, now))


def finish(look: Look, bill: Bill, outcome: str) -> Summary:
    """Let go of the file; returns the summary of a checked bill."""
    bills.finish(look.drop.account, look.sha256, outcome, bill.name, look.desk.wall_now())
    return {
        "account": bill.account,
        "file": look.drop.name,
        "outcome": outcome,
        "bill": bill.name,
        "lines": bill.lines,
        "claims": bill.claims,
        "claimable_minor": bill.claimable_minor,
    }


def check_message(desk: Desk, asked: Summary, seconds_left: float) -> Summary:
    """What a message of the queue asks for: a bill again, a part of one, or the rest of one.

    Raises what `check_drop` raises, and `BadInput` where the files of a part are gone.
    """
    drop = Drop(str(asked["bucket"]), str(asked["key"]))
    if "part" not in asked:
        stead = str(asked.get("instead_of", ""))
        return check_drop(desk, drop, seconds_left, again=True, instead_of=stead)
    from courier_reconciliation.in_parts import one_part, the_rest
    from courier_reconciliation.in_parts.part_files import REST, Place, run_of
    from courier_reconciliation.in_parts.splitting import HOLD, hand_out

    place = Place(drop.account, str(asked["sha256"]), str(asked["run"]))
    part = int(asked["part"])
    covered = {"account": drop.account, "file": drop.name, "part": part}
    work = bills.work_on(place.account, place.sha256)
    too_early = part == REST and len(work.done) < work.parts
    if work.outcome or too_early or run_of(work.owner) != place.run:
        return {**covered, "outcome": "outdated"}
    owner = work.owner
    if part == REST or part not in work.done:
        with workshop(desk.folder or None) as shop:
            look = Look(desk, drop, account_of(desk, drop), shop, place.sha256)
            now = desk.business_now()
            if part == REST:
                summed = the_rest.check_rest(look, place, now)
                if summed is not None:
                    return finish(look, *summed)
                desk.send([json.dumps({**_of_file(asked), "instead_of": owner})])
                return {**covered, "outcome": "changed meanwhile, checked again"}
            one_part.check_part(look, place, part, now)
        wall = desk.wall_now()
        work = bills.part_done(place.account, place.sha256, owner, part, wall, wall + HOLD)
    if work.owner == owner and not work.outcome and len(work.done) == work.parts:
        hand_out(desk, drop, place.sha256, work)
    return {**covered, "outcome": "part done"}


def _of_file(asked: Summary) -> Summary:
    return {"bucket": asked["bucket"], "key": asked["key"]}
