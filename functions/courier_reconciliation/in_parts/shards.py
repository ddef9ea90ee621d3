"""How a bill is shared out: what belongs together stays together. The only SQL of it.

Numbers that a bill names as piece and parent are a *family*; a number without relatives is its own.
All lines of a family, and the parcels it names, belong to one part. So each part finds doubles,
pieces and credits by itself, and nobody has to look into two.

    links      (waybill, parent)   what the bill says of pieces
    families   (number, family)    for numbers with relatives
    line_parts (line, part)        for the lines of the bill, and earlier ones of the same waybills
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROUNDS = 40
"""Each round doubles how far relatives know of each other."""
NUMBER = "coalesce(nullif(waybill, ''), parent)"
"""What a line is known by."""


def part_sql(number: str, parts: int) -> str:
    """The part, from 0, that a number belongs to: the same on every machine and in every run.

    A number that lost its leading zeros belongs where the whole one does.
    """
    return f"(('0x' || left(md5(ltrim({number}, '0')), 8))::UBIGINT % {parts})::INTEGER"


def gather_families(connection: DuckDBPyConnection, file: str) -> None:
    """Make `families` from the lines of a file."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE links AS SELECT DISTINCT waybill, parent FROM lines"
        " WHERE file = ? AND parent <> '' AND waybill <> '' AND parent <> waybill",
        [file],
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE families AS SELECT number, min(family) AS family FROM"
        " (SELECT waybill AS number, least(waybill, parent) AS family FROM links"
        " UNION ALL SELECT parent, least(waybill, parent) FROM links) GROUP BY number"
    )
    for _ in range(ROUNDS):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE nearer AS SELECT number, min(family) AS family FROM"
            " (SELECT waybill AS number, family FROM links JOIN families ON number = parent"
            " UNION ALL SELECT parent, family FROM links JOIN families ON number = waybill"
            " UNION ALL SELECT f.number, g.family FROM families AS f JOIN families AS g"
            " ON g.number = f.family UNION ALL SELECT number, family FROM families) GROUP BY number"
        )
        changed = connection.execute(
            "SELECT count(*) FROM nearer JOIN families USING (number)"
            " WHERE nearer.family <> families.family"
        ).fetchone()
        connection.execute("CREATE OR REPLACE TEMP TABLE families AS SELECT * FROM nearer")
        if changed is None or not changed[0]:
            return


def share_lines(connection: DuckDBPyConnection, file: str, parts: int) -> None:
    """Make `line_parts`: every line of the file, and lines of other files with its waybills."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE line_parts AS SELECT line,"
        f" {part_sql('coalesce(family, number)', parts)} AS part FROM"
        f" (SELECT line, {NUMBER} AS number FROM lines WHERE file = ?)"
        " LEFT JOIN families USING (number)",
        [file],
    )
    connection.execute(
        "INSERT INTO line_parts SELECT e.line, w.part FROM lines AS e JOIN"
        " (SELECT DISTINCT waybill, part FROM lines JOIN line_parts USING (line)"
        " WHERE waybill <> '') AS w USING (waybill)"
        " WHERE e.file <> ?",
        [file],
    )


def numbers_of_part_sql(table: str, number: str, part: int, parts: int) -> str:
    """All of a table's rows whose number belongs to a part; needs `families`."""
    family = "coalesce(family, number)"
    return (
        f"SELECT * EXCLUDE (number, family) FROM (SELECT *, {number} AS number FROM {table})"
        f" LEFT JOIN families USING (number) WHERE {part_sql(family, parts)} = {part}"
    )


def families_of_part_sql(part: int, parts: int) -> str:
    """What a part has to know of families: its own, and its numbers that others look after."""
    return (
        "SELECT number, family FROM families"
        f" WHERE {part_sql('number', parts)} = {part} OR {part_sql('family', parts)} = {part}"
    )


def set_leaving(connection: DuckDBPyConnection) -> None:
    """Make `leaving` (line): families one of whose lines has no shipment. Needs `judged`.

    They are looked at together with those of other parts: what they are about may be there.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE family_of AS SELECT line, shipment,"
        " coalesce(family, number) AS family FROM"
        f" (SELECT l.line, j.shipment, {NUMBER} AS number FROM lines AS l JOIN judged AS j"
        " USING (line)) LEFT JOIN families USING (number)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE leaving AS SELECT line FROM family_of WHERE family IN"
        " (SELECT family FROM family_of WHERE shipment IS NULL)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE staying AS SELECT DISTINCT shipment FROM family_of"
        " WHERE line NOT IN (SELECT line FROM leaving)"
    )
