"""The `bills` table: couriers' bills by account, the claims of each, and which files are known.

    topic                      item                      holds
    accounts                   sto-hangzhou              that there are bills of this account
    bills#sto-hangzhou         2026-10                   the bill as it was checked last
    claims#sto-hangzhou        2026-10#776012#<id>       a claim of that bill
    files#sto-hangzhou         <sha256>                  who works on a file, and what came of it

Every write states the version that it was made from: what a person decides about a claim while its
bill is looked at again is not lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from aftersales.courier_bills import Bill, Claim
from aftersales.errors import Conflict
from aftersales.tables.connection import Table
from aftersales.tables.fields import PackedAttribute

ACCOUNTS = "accounts"
TRIES = 20
"""Parts of one file are done by several functions at a time."""
KEEP = timedelta(days=800)
"""Two years: claims are followed for half a year, and months are compared with the year before."""


class Work(Struct, frozen=True, omit_defaults=True):
    """Who works on a file until when (real time); `outcome` and `bill` once that is over.

    A large bill is shared out into so many `parts`; those that are `done` are counted from 0.
    """

    owner: str = ""
    until: datetime | None = None
    outcome: str = ""
    bill: str = ""
    parts: int = 0
    done: tuple[int, ...] = ()


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "bills"
    topic = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    bill = PackedAttribute(Bill, null=True)
    claim = PackedAttribute(Claim, null=True)
    work = PackedAttribute(Work, null=True)
    version = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)


def accounts() -> tuple[str, ...]:
    """The accounts of which there are bills."""
    return tuple(row.item for row in _Row.query(ACCOUNTS, consistent_read=True))


def get(account: str, name: str) -> Bill | None:
    """One bill, or None. Strongly consistent."""
    row = _find(f"bills#{account}", name)
    return None if row is None else _bill(row)


def of_account(account: str, period: str = "") -> tuple[Bill, ...]:
    """The bills of an account, of one period or of all, the oldest period first. Consistent."""
    condition = _Row.item.startswith(period) if period else None
    rows = _Row.query(f"bills#{account}", condition, consistent_read=True)
    return tuple(_bill(row) for row in rows)


def put(bill: Bill, now: datetime) -> Bill | None:
    """Write a bill over the version that it was made from. None where another run was faster."""
    _Row(ACCOUNTS, bill.account, expires_at=_expiry(now)).save()
    row = _Row(f"bills#{bill.account}", bill.name)
    version = bill.version + 1
    actions: list[Action] = [
        _Row.bill.set(replace(bill, version=0)),
        _Row.version.set(version),
        _Row.expires_at.set(_expiry(now)),
    ]
    return replace(bill, version=version) if _update(row, actions, bill.version) else None


def claims_of(account: str, bill: str = "") -> Iterator[Claim]:
    """The claims of a bill, or of all bills of an account. Strongly consistent."""
    condition = _Row.item.startswith(f"{bill}#") if bill else None
    for row in _Row.query(f"claims#{account}", condition, consistent_read=True):
        if row.claim is not None:
            yield replace(row.claim, version=int(row.version or 0))


def keep_claim(claim: Claim, now: datetime) -> bool:
    """Write a claim over the version that it was made from. False where others have changed it."""
    item = f"{claim.bill}#{claim.waybill_number}#{claim.claim_id}"
    row = _Row(f"claims#{claim.account}", item)
    actions: list[Action] = [
        _Row.claim.set(replace(claim, version=0)),
        _Row.version.set(claim.version + 1),
        _Row.expires_at.set(_expiry(now)),
    ]
    return _update(row, actions, claim.version)


def work_on(account: str, sha256: str) -> Work:
    """What is known of a file's content; an empty work where nothing is."""
    return _work(account, sha256)[0]


def begin(account: str, sha256: str, owner: str, now: datetime, until: datetime) -> Work:
    """Take a file before it is worked on; times are real. Returns what is known of it then.

    It is this run's where it has no outcome and `owner` has it; else it is done, or somebody else
    is at it. The same owner takes it again: that is the same call, tried once more. What it has
    shared out stays shared out.
    """
    known, version = _work(account, sha256)
    held = known.until is not None and known.until > now
    if known.outcome or (held and known.owner != owner):
        return known
    mine = Work(owner=owner, until=until)
    if known.owner == owner and known.parts:
        mine = replace(known, until=max(until, known.until or until))
    return mine if _keep_work(account, sha256, mine, version, now) else work_on(account, sha256)


def share_out(  # noqa: PLR0917 - which file, whose, and until when
    account: str, sha256: str, owner: str, parts: int, now: datetime, until: datetime
) -> bool:
    """Say that a file is shared out. False where it is not the owner's any more."""
    known, version = _work(account, sha256)
    if known.outcome or known.owner != owner:
        return False
    work = Work(owner=owner, until=until, parts=parts)
    return _keep_work(account, sha256, work, version, now)


def part_done(  # noqa: PLR0917 - which part of which file, whose, and until when
    account: str, sha256: str, owner: str, part: int, now: datetime, until: datetime
) -> Work:
    """Say that a part is done, while the file is still the owner's; returns what is known then.

    Raises `Conflict` where others keep changing it.
    """
    for _ in range(TRIES):
        known, version = _work(account, sha256)
        if known.outcome or known.owner != owner or part in known.done:
            return known
        work = replace(known, until=until, done=tuple(sorted((*known.done, part))))
        if _keep_work(account, sha256, work, version, now):
            return work
    raise Conflict(f"the work on {account}/{sha256[:8]} changes too fast")


def finish(account: str, sha256: str, outcome: str, bill: str, now: datetime) -> None:
    """Remember what came of a file, so that the same one changes nothing again."""
    row = _Row(f"files#{account}", sha256)
    row.update(
        actions=[
            _Row.work.set(Work(outcome=outcome, bill=bill)),
            _Row.version.set(_Row.version + 1),
            _Row.expires_at.set(_expiry(now)),
        ],
        condition=_Row.version.exists(),
    )


def forget_work(account: str, sha256: str, seen: Work) -> None:
    """Let go of a file, so that it may be worked on again; nothing where it is not as `seen` any
    more, because another run has taken it since."""
    known, version = _work(account, sha256)
    if version and known == seen:
        actions: list[Action] = [_Row.work.set(Work()), _Row.version.set(version + 1)]
        _update(_Row(f"files#{account}", sha256), actions, version)


def _work(account: str, sha256: str) -> tuple[Work, int]:
    """(what is known of a file, the version it has)."""
    row = _find(f"files#{account}", sha256)
    if row is None:
        return Work(), 0
    return row.work or Work(), int(row.version or 0)


def _keep_work(account: str, sha256: str, work: Work, version: int, now: datetime) -> bool:
    actions: list[Action] = [
        _Row.work.set(work),
        _Row.version.set(version + 1),
        _Row.expires_at.set(_expiry(now)),
    ]
    return _update(_Row(f"files#{account}", sha256), actions, version)


def _find(topic: str, item: str) -> _Row | None:
    try:
        return _Row.get(topic, item, consistent_read=True)
    except _Row.DoesNotExist:
        return None


def _update(row: _Row, actions: list[Action], version: int) -> bool:
    condition = _Row.version == version if version else _Row.topic.does_not_exist()
    try:
        row.update(actions=actions, condition=condition)
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _bill(row: _Row) -> Bill:
    return replace(row.bill, version=int(row.version or 0))


def _expiry(now: datetime) -> int:
    return int((now + KEEP).timestamp())
