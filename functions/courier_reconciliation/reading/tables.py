"""The tables that bills are read into, and the text files on the way there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from courier_reconciliation.filling import quoted
from courier_reconciliation.model import FREIGHT, DeclaredTotal, Rejected
from courier_reconciliation.reading import lines
from courier_reconciliation.reading.cells_sql import NULLS, column
from courier_reconciliation.reading.places import usual
from courier_reconciliation.reading.plain_columns import NO_KINDS, Kinds
from courier_reconciliation.reading.plan import Plan
from courier_reconciliation.surcharge_codes import code_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OF_STAGE = lines.COLUMNS[3:]
ROW = '"row"'


class Table(Struct, frozen=True):
    """One sheet as CSV text in UTF-8, and how it is read.

    `skip` lines stand before the data; the first data row is row `first_row` of the sheet. `escape`
    is the character before a quotation mark inside quotes. `even_width`: every row has all columns.
    `above` are the rows over the header.
    """

    file: str
    sheet: str
    path: Path
    plan: Plan
    width: int
    first_row: int
    skip: int = 0
    delimiter: str = ","
    escape: str = '"'
    even_width: bool = False
    may_have_blank_lines: bool = False
    above: tuple[tuple[int, Sequence[str | None]], ...] = ()


class Loaded(Struct):
    """What became of a sheet. `next_header` is the row where another table begins, or 0."""

    lines: int = 0
    next_header: int = 0
    refused: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    totals: list[DeclaredTotal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class UnevenError(Exception):
    """The text is not CSV of even rows. Its text is what the CSV reader said."""


def prepare(connection: DuckDBPyConnection) -> None:
    """Make the empty tables, and the dictionaries of places, charges, couriers and currencies."""
    # Nothing is kept beyond this run: writing tables anew after an update is time for nothing.
    connection.execute("SET checkpoint_threshold = '1TB'")
    lines.prepare(connection)
    connection.execute(
        "CREATE OR REPLACE TABLE charges (line BIGINT, code VARCHAR, amount_minor BIGINT)"
    )
    connection.execute(f"CREATE OR REPLACE TABLE refused ({lines.LINES}, reason VARCHAR)")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE said_places (said VARCHAR, answer VARCHAR, city VARCHAR)"
    )
    for name in ("said_codes", "said_couriers", "said_currencies"):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} (said VARCHAR, answer VARCHAR, city VARCHAR)"
        )
    say(connection, "said_places", usual())


def say(connection: DuckDBPyConnection, table: str, rows: Iterable[tuple[str, ...]]) -> None:
    """Add rows (said, answer, ...) to a dictionary."""
    known = [row for row in rows if row[1] or table != "said_couriers"]
    if known:
        columns = [list(column) for column in zip(*known, strict=True)]
        values = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"INSERT INTO {table} SELECT {values}", columns)


def read_csv(table: Table, kinds: Kinds = NO_KINDS, *, numbered: bool = True) -> str:
    """What reads a sheet: its columns `c0` ... as texts or as what `kinds` says, and `number`.

    A cell that is not of its column's kind makes the statement fail.
    """
    columns = ", ".join(
        f"'{column(index)}': '{kinds.get(index, 'VARCHAR')}'" for index in range(table.width)
    )
    nulls = ", ".join(map(quoted, NULLS))
    number = f"row_number() OVER () + {table.first_row - 1}" if numbered else "0"
    rows = (
        f"(SELECT *, ({number})::BIGINT AS number FROM read_csv("
        f"{quoted(str(table.path))}, columns = {{{columns}}}, auto_detect = false, header = false,"
        f" skip = {table.skip}, delim = {quoted(table.delimiter)}, quote = '\"',"
        f" escape = {quoted(table.escape)}, null_padding = {str(not table.even_width).lower()},"
        " buffer_size = 8388608, max_line_size = 4194304,"
        f" nullstr = [{nulls}]))"
    )
    if not table.plan.fills_down:
        return rows
    return _filled_down(table.plan, rows)


def _filled_down(plan: Plan, rows: str) -> str:
    """The rows with the waybill of the row above, where a charge stands there without one.

    A parcel has one freight: a second one without a waybill is of another parcel, whose number is
    missing, as are the charges below it.
    """
    waybill, charge = (f"c{plan.columns[name]}" for name in ("waybill", "charge"))
    said = dict.fromkeys(("运费", "快递费", *plan.spoken.get("charge", ())))
    freight = ", ".join(quoted(word) for word in said if code_of(word) == FREIGHT)
    return (
        f"(SELECT * EXCLUDE (parcel, freights) REPLACE (CASE WHEN {waybill} IS NULL AND {charge}"
        f" IS NOT NULL AND freights < 2 AND NOT regexp_matches({charge}, '[合总小]计|(?i)total')"
        f" THEN first_value({waybill}) OVER (PARTITION BY parcel ORDER BY number)"
        f" ELSE {waybill} END AS {waybill}) FROM (SELECT *, count(*) FILTER ({charge} IN"
        f" ({freight})) OVER (PARTITION BY parcel ORDER BY number) AS freights FROM (SELECT *,"
        f" count({waybill}) OVER (ORDER BY number) AS parcel FROM {rows})))"
    )
