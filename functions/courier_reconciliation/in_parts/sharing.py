"""Which claims of a large bill a part sees to, and which the last step.

Each claim, stored or found, is one run's: else one would take back what the other has just claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from courier_reconciliation.in_parts import shards
from courier_reconciliation.keeping import N, Named
from courier_reconciliation.model import Kind
from courier_reconciliation.surcharge_codes import Due, due_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

AT_ONCE = 5_000
SAID_OF_SOME = (Due.DECLARED, Due.COD)
"""What is judged by whether it is said of any parcel at all; a part knows its own only."""


class PartShare:
    """The share of a part: claims for its waybills, but those that it leaves over."""

    def __init__(self, connection: DuckDBPyConnection, part: int, parts: int) -> None:
        """Needs the tables `families` and `left_numbers`."""
        self._db = connection
        family = shards.part_sql("coalesce(family, number)", parts)
        self._sql = (
            "SELECT number FROM (SELECT DISTINCT unnest(?::VARCHAR[]) AS number)"
            f" LEFT JOIN families USING (number) WHERE {family} = {part}"
            " AND number NOT IN (SELECT number FROM left_numbers)"
        )

    def __call__(self, found: Iterable[N], /) -> Iterator[N]:
        for some in _batches(found):
            own = _numbers(self._db, self._sql, some)
            yield from (one for one in some if one.waybill_number in own and not _of_all(one))


class RestShare:
    """The share of the last step: what the parts left over, and what depends on all of them."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        """Needs the table `left_numbers`."""
        self._db = connection
        self._sql = (
            "SELECT number FROM (SELECT DISTINCT unnest(?::VARCHAR[]) AS number)"
            " WHERE number IN (SELECT number FROM left_numbers)"
        )

    def __call__(self, found: Iterable[N], /) -> Iterator[N]:
        for some in _batches(found):
            own = _numbers(self._db, self._sql, some)
            yield from (one for one in some if one.waybill_number in own or _of_all(one))


def note_left_numbers(connection: DuckDBPyConnection, lines: str, shipments: str) -> None:
    """Make `left_numbers` from a query of lines and one of shipments."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE left_numbers AS SELECT waybill AS number FROM"
        f" ({lines}) UNION SELECT waybill FROM ({shipments})"
    )


def _batches(found: Iterable[N]) -> Iterator[list[N]]:
    remaining = iter(found)
    while some := list(islice(remaining, AT_ONCE)):
        yield some


def _of_all(one: Named) -> bool:
    """No parcel's, or only to be judged by what is said of all parcels."""
    if not one.waybill_number:
        return True
    return one.kind == Kind.SURCHARGE_INVALID and due_of(one.charge) in SAID_OF_SOME


def _numbers(connection: DuckDBPyConnection, sql: str, some: Iterable[Named]) -> set[str]:
    numbers = [one.waybill_number for one in some]
    return {number for (number,) in connection.execute(sql, [numbers]).fetchall()}
