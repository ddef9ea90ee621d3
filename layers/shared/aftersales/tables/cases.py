"""The `cases` table: all cases of one subject lie together; the open ones are in a sparse index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from aftersales.cases.model import Case
from aftersales.tables.connection import Table
from aftersales.tables.fields import InstantAttribute, PackedAttribute

OPEN = "open"
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
    expires_at = NumberAttribute(null=True)
    open_cases = _OpenCases()
    case_ids = _CaseIds()


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


def write(transaction: TransactWrite, case: Case) -> None:
    """Add the write of `case` over its own earlier version to a transaction."""
    row = _Row(case.subject, case.kind)
    actions: list[Action] = [
        _Row.document.set(replace(case, version=0)),
        _Row.version.set(case.version + 1),
        _Row.case_id.set(case.case_id),
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


def _case(row: _Row) -> Case:
    return replace(row.document, version=int(row.version))
