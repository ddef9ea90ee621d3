"""The `cases` table: all cases of one subject lie together; the open ones are in a sparse index.

The sparse index `due` holds those that are to be followed up, by the time of their next follow-up.
It holds keys only: what changes about a case between two follow-ups costs nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec.structs import replace
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from aftersales.cases.model import Case
from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute, PackedAttribute

OPEN = "open"
DUE_SHARD = 0
"""One for all: a partition takes a thousand writes a second, and a sweep that finds nothing is one
query."""
KEEP = timedelta(days=400)


class _OpenCases(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "open_cases"
        projection = AllProjection()

    open_bucket = UnicodeAttribute(hash_key=True)
    opened_at = InstantAttribute(range_key=True)


class _CaseIds(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "case_ids"
        projection = KeysOnlyProjection()

    case_id = UnicodeAttribute(hash_key=True)


class _Due(GlobalSecondaryIndex["_Row"]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = NumberAttribute(hash_key=True)
    due_at = InstantAttribute(range_key=True)


class _Row(Table):
    class Meta:
        table_name = ""

    name: ClassVar[str] = "cases"
    subject = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)
    case_id = UnicodeAttribute()
    document = PackedAttribute(Case)
    version = NumberAttribute()
    open_bucket = UnicodeAttribute(null=True)
    opened_at = InstantAttribute(null=True)
    due_shard = NumberAttribute(null=True)
    due_at = InstantAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    open_cases = _OpenCases()
    case_ids = _CaseIds()
    due = _Due()


def of_subject(subject: str) -> tuple[Case, ...]:
    """All cases of a subject, open or not. Strongly consistent."""
    return tuple(_case(row) for row in _Row.query(subject, consistent_read=True))


def get(subject: str, kind: str) -> Case | None:
    """One case, or None. Strongly consistent."""
    try:
        return _case(_Row.get(subject, kind, consistent_read=True))
    except _Row.DoesNotExist:
        return None


def by_id(case_id: str) -> Case | None:
    """The case that people call `case_id`, or None."""
    for row in _Row.case_ids.query(case_id, limit=1):
        return get(row.subject, row.kind)
    return None


def open_cases(limit: int | None = None) -> Iterator[Case]:
    """Open cases, oldest first. Eventually consistent."""
    for row in _Row.open_cases.query(OPEN, limit=limit):
        yield _case(row)


def due(now: datetime, limit: int) -> list[Case]:
    """Open cases whose next follow-up has come by business time `now`, the longest due first.

    At most `limit`. The index may lag behind; the cases themselves are read consistently.
    """
    keys = [
        (row.subject, row.kind)
        for row in _Row.due.query(DUE_SHARD, _Row.due_at <= now, limit=limit)
    ]
    if not keys:
        return []
    found = (_case(row) for row in _Row.batch_get(keys, consistent_read=True))
    return sorted(
        (case for case in found if case.is_open and case.next_at and case.next_at <= now),
        key=lambda case: (case.next_at, case.case_id),
    )


def put_off(case: Case, until: datetime | None) -> bool:
    """Look at a case again at `until` (None: never) and change nothing else about it.

    False where somebody has changed the case since it was read.
    """
    actions: list[Action] = _due_actions(until)
    try:
        _Row(case.subject, case.kind).update(
            actions=actions, condition=_Row.version == case.version
        )
    except UpdateError as exc:
        if exc.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def write(transaction: TransactWrite, case: Case) -> None:
    """Add the write of `case` over its own earlier version to a transaction."""
    row = _Row(case.subject, case.kind)
    actions: list[Action] = [
        _Row.document.set(replace(case, version=0, next_at=None)),
        _Row.version.set(case.version + 1),
        _Row.case_id.set(case.case_id),
        *_due_actions(case.next_at),
    ]
    if case.is_open:
        actions += [
            _Row.open_bucket.set(OPEN),
            _Row.opened_at.set(case.opened_at),
            _Row.expires_at.remove(),
        ]
    else:
        expires = int((case.updated_at + KEEP).timestamp())
        actions += [_Row.open_bucket.remove(), _Row.expires_at.set(expires)]
    condition: Condition = (
        _Row.version == case.version if case.version else _Row.subject.does_not_exist()
    )
    transaction.update(row, actions=actions, condition=condition)


def _due_actions(at: datetime | None) -> list[Action]:
    if at is None:
        return [_Row.due_shard.remove(), _Row.due_at.remove()]
    return [_Row.due_shard.set(DUE_SHARD), _Row.due_at.set(at)]


def _case(row: _Row) -> Case:
    return replace(row.document, version=int(row.version), next_at=row.due_at)
