"""The parcels that a bill may be about, from the parcels table into the table of shipments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, tzinfo
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aftersales.parcels import Parcel
from aftersales.tables import parcels
from courier_reconciliation.engine import lost_zeros
from courier_reconciliation.engine.shipments import put_shipments
from courier_reconciliation.filling import fill
from courier_reconciliation.shipped import months_around, rows_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

AT_ONCE = 100
"""Keys of one batch: the most that the table hands over in one answer."""
READERS = 8


class Wanted(NamedTuple):
    """Whose parcels, of when: those handed to `couriers` around [first, last], for `shops` (none:
    all), and besides whatever the bill names."""

    couriers: Collection[str]
    first: date
    last: date
    shops: Collection[str]
    zone: tzinfo
    never_moved_days: float


class Known(NamedTuple):
    """How many parcels were read. `trouble` says of some, by waybill, what is under way about them:
    a refund that is asked for, open cases. `notes` are about numbers that were put right."""

    parcels: int
    trouble: dict[str, str]
    notes: tuple[str, ...] = ()


def ids_of(wanted: Wanted) -> Iterator[str]:
    """The ids of the parcels that were handed to the couriers around these days."""
    for courier in sorted(wanted.couriers):
        for month in months_around(wanted.first, wanted.last):
            yield from parcels.shipped_in(courier, month)


def lay_out(
    connection: DuckDBPyConnection, wanted: Wanted, temp: Path, ids: Iterable[str] | None = None
) -> Known:
    """Fill the table `shipments` for the bill in the table `lines`.

    Numbers of either that lost their leading zeros get them back. `ids` are of the parcels handed
    over: where only some of them are wanted.
    """
    trouble: dict[str, str] = {}
    handed_over = (
        parcel
        for parcel in _read(ids_of(wanted) if ids is None else ids)
        # A courier that was named wrongly at first may stand in the index.
        if parcel.courier in wanted.couriers
        and (not wanted.shops or parcel.shop_id in wanted.shops)
    )
    noted = _noting(handed_over, trouble)
    count = put_shipments(connection, rows_of(noted, wanted.zone, wanted.never_moved_days), temp)
    notes = lost_zeros.restore(connection)
    # Whatever else the bill names: parcels of other shops or months, watched since long ago.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE named AS SELECT DISTINCT courier, number FROM (SELECT"
        " courier, waybill AS number FROM lines UNION SELECT courier, parent FROM lines UNION"
        " SELECT courier, waybill FROM refused) WHERE number <> '' AND number NOT IN (SELECT"
        " waybill FROM shipments)"
    )
    whole = lost_zeros.with_zeros_sql("SELECT courier, number FROM named")
    others = connection.execute(
        f"SELECT number FROM (SELECT number FROM named UNION {whole})"
        " WHERE number NOT IN (SELECT waybill FROM shipments)"
    ).fetchall()
    named = _noting(_read(number for (number,) in others), trouble)
    rows = rows_of(named, wanted.zone, wanted.never_moved_days)
    count += fill(connection, "shipped", rows, temp)
    return Known(count, trouble, notes + lost_zeros.restore(connection))


def _read(ids: Iterable[str]) -> Iterator[Parcel]:
    """Parcels by id, several batches at a time, without holding all of them."""
    remaining = iter(ids)
    with ThreadPoolExecutor(READERS) as pool:
        while batches := [
            chunk for _ in range(READERS) if (chunk := tuple(islice(remaining, AT_ONCE)))
        ]:
            for found in pool.map(lambda chunk: tuple(parcels.get_all(chunk)), batches):
                yield from found


def _noting(found: Iterable[Parcel], trouble: dict[str, str]) -> Iterator[Parcel]:
    for parcel in found:
        said = [f"refund asked for: {', '.join(parcel.disputes)}"] if parcel.disputes else []
        said += [mark.partition(":")[0] for mark in parcel.marks]
        if said:
            trouble[parcel.waybill_number] = "; ".join(said)
        yield parcel
