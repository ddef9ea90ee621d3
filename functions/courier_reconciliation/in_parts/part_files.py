"""What the parts of a large bill hand to each other, as files in the bucket.

    parts/<account>/<content>-<run>/manifest.json   the bill, as it was read
    .../<part>/*.parquet                            what a part is made from, what it leaves over
    .../<part>/result.json                          what a part has found

They expire by themselves. A run has a folder of its own: one that was given up does not disturb.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from aftersales.courier_bills import Bill
from courier_reconciliation.bill_in import Read
from courier_reconciliation.bucket import PARTS, Drop, fetch, store
from courier_reconciliation.engine.shipments import TABLE as SHIPMENTS
from courier_reconciliation.engine.shipments import put_shipments
from courier_reconciliation.engine.unbilled import Elsewhere
from courier_reconciliation.filling import quoted
from courier_reconciliation.look import Look
from courier_reconciliation.model import Discrepancy
from courier_reconciliation.reading import lines
from courier_reconciliation.reading.tables import prepare
from courier_reconciliation.result import Reconciliation
from courier_reconciliation.surcharge_codes import Due

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REST = -1
"""The part that is left when all others are done."""
LINE_COLUMNS = ", ".join(f'"{name}"' for name in lines.COLUMNS)
SHIPMENT_COLUMNS = ", ".join(part.split()[0] for part in SHIPMENTS.split(", "))


class Manifest(Struct, frozen=True):
    """A bill that was shared out.

    `draft` is its record so far, with the version that the run began from. `mismatches` are printed
    totals that are not the sum of all lines.
    """

    parts: int
    draft: Bill
    read: Read
    mismatches: tuple[Discrepancy, ...]


class Found(Struct, frozen=True):
    """What a part has found, beside what it leaves over.

    `said`: of how many of its parcels something is said; `lines` is what others need to know of its
    lines; `trouble` as in `parcels_of_bill.Known`.
    """

    result: Reconciliation
    said: dict[Due, int]
    lines: Elsewhere
    trouble: dict[str, str]


class Place(NamedTuple):
    """Where the files of one run over one bill lie."""

    account: str
    sha256: str
    run: str

    @property
    def folder(self) -> str:
        return f"{PARTS}{self.account}/{self.sha256[:8]}-{self.run}/"

    def of(self, part: int) -> str:
        """The folder of a part."""
        return f"{self.folder}{part}/"


T = TypeVar("T")


def run_of(owner: str) -> str:
    """The run of an owner of a file: a name that may stand in a key."""
    return hashlib.sha256(owner.encode()).hexdigest()[:8]


def put_value(look: Look, key: str, value: Struct) -> None:
    """Store a value as JSON. Raises `OutsideFailure`."""
    path = look.folder / "value.json"
    path.write_bytes(msgspec.json.encode(value))
    store(look.desk.s3, look.drop.bucket, key, path)
    path.unlink()


def get_value(look: Look, key: str, kind: type[T]) -> T:
    """Read a value back. Raises `BadInput` where it is gone, `Unreachable`."""
    path = look.folder / "value.json"
    fetch(look.desk.s3, Drop(look.drop.bucket, key), path)
    value = msgspec.json.decode(path.read_bytes(), type=kind)
    path.unlink()
    return value


def put_rows(look: Look, key: str, sql: str) -> None:
    """Store what a query gives. Raises `OutsideFailure`."""
    path = look.folder / "rows.parquet"
    look.db.execute(f"COPY ({sql}) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)")
    store(look.desk.s3, look.drop.bucket, key, path)
    path.unlink()


def get_rows(look: Look, keys: Sequence[str], name: str) -> str:
    """The rows of one or several files, as SQL; the copies stay until the folder goes.

    Raises `BadInput` where one is gone, `Unreachable`.
    """
    folder = look.folder / name
    folder.mkdir()
    for number, key in enumerate(keys):
        fetch(look.desk.s3, Drop(look.drop.bucket, key), folder / f"{number}.parquet")
    return f"read_parquet({_files(folder, len(keys))})"


def _files(folder: Path, count: int) -> str:
    return f"[{', '.join(quoted(folder / f'{number}.parquet') for number in range(count))}]"


def refill(
    connection: DuckDBPyConnection, *, lines_sql: str, charges_sql: str, refused_sql: str
) -> None:
    """Make the tables of a bill anew; the queries may read the old ones."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE new_lines AS {lines_sql}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE new_charges AS {charges_sql}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE new_refused AS {refused_sql}")
    prepare(connection)
    connection.execute(
        f"INSERT INTO billed ({LINE_COLUMNS}) SELECT {LINE_COLUMNS} FROM new_lines ORDER BY line"
    )
    connection.execute("INSERT INTO charges SELECT line, code, amount_minor FROM new_charges")
    connection.execute(
        f"INSERT INTO refused ({LINE_COLUMNS}, reason) SELECT {LINE_COLUMNS}, reason"
        " FROM new_refused ORDER BY line DESC"
    )
    for name in ("lines", "charges", "refused"):
        connection.execute(f"DROP TABLE new_{name}")


def refill_shipments(connection: DuckDBPyConnection, sql: str, temp: Path) -> None:
    """Make the shipments anew, numbered in the order of the query, which may read the old ones."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE new_shipments AS {sql}")
    put_shipments(connection, (), temp)
    connection.execute(
        f"INSERT INTO shipped ({SHIPMENT_COLUMNS}) SELECT {SHIPMENT_COLUMNS} FROM new_shipments"
    )
    connection.execute("DROP TABLE new_shipments")
