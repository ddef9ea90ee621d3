"""Where billed rows lie: the table `billed`, and the view `lines` through which they are read.

The rows of a first sheet stay where they were read into. What all of them have in common (the file,
the courier, whatever the bill has no column for) is said by the view and stored nowhere, and their
numbers follow from their places: a third of the time that a million rows would take. As soon as
something is added, taken away or changed, the table has all columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINES = (
    'line BIGINT, file VARCHAR, sheet VARCHAR, "row" BIGINT, waybill VARCHAR, parent VARCHAR,'
    " courier VARCHAR, charge VARCHAR, amount_minor BIGINT, freight_minor BIGINT,"
    " tax_minor BIGINT, discount_minor BIGINT, currency VARCHAR, billed_on DATE,"
    " order_id VARCHAR, service VARCHAR, weight_g BIGINT, actual_g BIGINT, length_mm BIGINT,"
    " width_mm BIGINT, height_mm BIGINT, province VARCHAR, city VARCHAR, pieces INTEGER,"
    " is_return BOOLEAN, remark VARCHAR"
)
TYPES = {part.split()[0].strip('"'): part.split()[1] for part in LINES.split(", ")}
COLUMNS = tuple(TYPES)
STAGE = "stage"


def prepare(connection: DuckDBPyConnection) -> None:
    """Make both anew, without rows."""
    connection.execute(f"CREATE OR REPLACE TABLE billed ({LINES})")
    _show_all(connection)


def whole(connection: DuckDBPyConnection) -> None:
    """Store every column, so that rows of `billed` can be added, changed and taken away."""
    if "file" in _columns(connection, "billed"):
        return
    connection.execute("CREATE OR REPLACE TABLE billed_whole AS SELECT * FROM lines")
    connection.execute("DROP TABLE billed")
    connection.execute("ALTER TABLE billed_whole RENAME TO billed")
    _show_all(connection)


def take_away(connection: DuckDBPyConnection, condition: str, values: list[str]) -> None:
    """Delete the lines for which a condition holds."""
    whole(connection)
    connection.execute(f"DELETE FROM billed WHERE {condition}", values)


def change(
    connection: DuckDBPyConnection, column: str, value: object, condition: str, values: list[str]
) -> None:
    """Set a column of the lines for which a condition holds."""
    if connection.execute(f"SELECT 1 FROM lines WHERE {condition} LIMIT 1", values).fetchone():
        whole(connection)
        connection.execute(f"UPDATE billed SET {column} = ? WHERE {condition}", [value, *values])


def adopt(connection: DuckDBPyConnection, same: Mapping[str, str], first_row: int) -> None:
    """Make the rows of the table `stage` lines; it is gone afterwards.

    `stage` has `line` and `row`, NULL where they follow from the place of the row, and the columns
    of `lines` that are not in `same`: what all rows have there, as SQL. `first_row` is the sheet's
    row of the first place.
    """
    before = connection.execute("SELECT max(line) FROM lines").fetchone()
    last = before[0] if before else None
    if last is None:
        connection.execute("DROP TABLE billed")
        connection.execute(f"ALTER TABLE {STAGE} RENAME TO billed")
        shown = _shown(same, first_row, 0)
        connection.execute(f"CREATE OR REPLACE VIEW lines AS SELECT {shown} FROM billed")
        return
    whole(connection)
    shown = _shown(same, first_row, last)
    connection.execute(f"INSERT INTO billed SELECT {shown} FROM {STAGE}")
    connection.execute(f"DROP TABLE {STAGE}")


def store_plainly(connection: DuckDBPyConnection) -> None:
    """Make room in `stage` for words that the sheet's other rows do not have.

    Words are stored as numbers of enums.
    """
    for name, kind in connection.execute(
        f"SELECT column_name, column_type FROM (DESCRIBE {STAGE})"
    ).fetchall():
        if kind.startswith("ENUM"):
            connection.execute(f'ALTER TABLE {STAGE} ALTER "{name}" TYPE VARCHAR')


def line_sql(first_row: int, before: int) -> str:
    """The number of a line of `stage`: that of its row, behind those of `before` others."""
    return f"coalesce(line, rowid + {first_row + before})"


def row_sql(first_row: int) -> str:
    """The row of a line of `stage` in its sheet."""
    return f'coalesce("row", rowid + {first_row})'


def _shown(same: Mapping[str, str], first_row: int, before: int) -> str:
    own = {
        "line": line_sql(first_row, before),
        "row": row_sql(first_row),
        **{name: f"{sql}::{TYPES[name]}" for name, sql in same.items()},
    }
    return ", ".join(f'{own.get(name) or _cast(name)} AS "{name}"' for name in COLUMNS)


def _cast(name: str) -> str:
    return f'"{name}"::{TYPES[name]}'


def _show_all(connection: DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE VIEW lines AS SELECT * FROM billed")


def _columns(connection: DuckDBPyConnection, table: str) -> list[str]:
    return [name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()]
