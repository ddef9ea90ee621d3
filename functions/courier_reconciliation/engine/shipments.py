"""The shipments file -> the table `shipments`.

Columns as documented in docs/reconciliation.md: `waybill_number, courier, shipped_at` and
`province` are required. A row that cannot be used is named with its reason, the rest goes on.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aftersales.couriers.waybills import normalise
from aftersales.errors import BadInput
from courier_reconciliation.engine.zones import local_day_sql, offset_minutes
from courier_reconciliation.filling import fill, quoted
from courier_reconciliation.model import Outcome, Rejected
from courier_reconciliation.rates.card import folded_service
from courier_reconciliation.rates.columns import courier_code
from courier_reconciliation.reading.places import place
from courier_reconciliation.reading.texts import (
    encoding_of,
    has_blank_lines,
    line_count,
    transcoded,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REQUIRED = ("waybill_number", "courier", "shipped_at", "province")
NUMBERS = (
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "declared_value_minor",
    "cod_minor",
    "parcel_count",
)
TIMES = ("promised_at", "delivered_at")
"""For services with a guarantee; kept as they are written, where a file has both."""
COLUMNS = (*REQUIRED, *NUMBERS, "order_id", "city", "service", "outcome", *TIMES)
YEARS = (2000, 2060)
REJECTED_LIMIT = 1000
SAMPLE = 20_000
"""So many rows teach what is written how; a row with other words is read by itself."""
TABLE = (
    "waybill VARCHAR, courier VARCHAR, shipped_on DATE, order_id VARCHAR,"
    " weight_g BIGINT, length_mm BIGINT, width_mm BIGINT, height_mm BIGINT, volume_mm3 BIGINT,"
    " province VARCHAR, city VARCHAR, service VARCHAR, declared_minor BIGINT, cod_minor BIGINT,"
    " parcel_count BIGINT, outcome VARCHAR, raw VARCHAR[]"
)


@dataclass(frozen=True, slots=True)
class ShipmentsRead:
    """What reading gave, beside the table."""

    count: int
    rejected: tuple[Rejected, ...] = ()


def read_shipments(
    connection: DuckDBPyConnection, path: Path, zone: str, temp: Path
) -> ShipmentsRead:
    """Read a CSV file of shipments; raises `BadInput` where it has not the documented columns."""
    text, delimiter, header = _open(path, temp)
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise BadInput(
            f"{path.name} has no column {', '.join(missing)}. A shipments file has at least"
            f" {', '.join(REQUIRED)}; seen: {', '.join(header[:20]) or 'nothing'}"
        )
    return _Reading(connection, path.name, text, delimiter, header, zone, temp).run()


def put_shipments(connection: DuckDBPyConnection, rows: Iterable[Sequence[Any]], temp: Path) -> int:
    """Fill the table with rows that are ready, in the order of `TABLE`."""
    connection.execute(f"CREATE OR REPLACE TABLE shipped ({TABLE})")
    _show_rows(connection)
    return fill(connection, "shipped", rows, temp)


def _show_rows(connection: DuckDBPyConnection) -> None:
    """`shipments` is `shipped` with the row in the file, counted from 1 with the header.

    The database knows which row is which; to number them while reading would take one core only.
    """
    connection.execute(
        'CREATE OR REPLACE VIEW shipments AS SELECT rowid + 2 AS "row", * FROM shipped'
    )


def pick(connection: DuckDBPyConnection, table: str, rows: str) -> None:
    """Make a table of those shipments whose `row` a query gives.

    Asked for by their places, the others are passed over without being looked at.
    """
    connection.execute(
        f'CREATE OR REPLACE TEMP TABLE {table} AS SELECT rowid + 2 AS "row", * FROM shipped WHERE'
        f" rowid IN (SELECT picked.number - 2 FROM ({rows}) AS picked (number))"
    )


def _open(path: Path, temp: Path) -> tuple[Path, str, list[str]]:
    """(the file in UTF-8, its delimiter, its column names)."""
    text = as_utf8(path, temp)
    with text.open(encoding="utf-8-sig", newline="") as stream:
        first = stream.readline()
    if not first.strip():
        raise BadInput(f"{path.name} is empty")
    delimiter = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    names = [name.strip().casefold() for name in header]
    twice = {name for name in names if name and names.count(name) > 1}
    if twice & set(COLUMNS):
        raise BadInput(f"{path.name} has the column {', '.join(sorted(twice))} twice")
    return text, delimiter, names


def _with_rows_for_blank_lines(path: Path, filling: str, temp: Path) -> Path:
    """A copy in which blank lines are empty rows, which the database counts."""
    copy = temp / "shipments.even.csv"
    with (
        path.open("r", encoding="utf-8", newline="\n") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        target.writelines(line if line.strip() else f"{filling}\n" for line in source)
    return copy


def as_utf8(path: Path, temp: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is; raises `BadInput` for neither."""
    with path.open("rb") as stream:
        encoding = encoding_of(stream.read(256 * 1024))
    return path if encoding == "utf-8" else transcoded(path, temp, encoding)


def outcome_named(said: str) -> str | None:
    """An outcome, None where the word is none."""
    plain = said.strip().casefold().replace(" ", "_").replace("-", "_")
    return plain if plain in {one.value for one in Outcome} else None


def _offset(said: str) -> str | None:
    try:
        minutes = offset_minutes(said)
    except ValueError:
        return None
    return "" if minutes is None else str(minutes)


MEANINGS: dict[str, Callable[[str], str | None]] = {
    "shipped_at": lambda _said: None,
    "courier": courier_code,
    "province": lambda said: place(said)[0] or None,
    "service": folded_service,
    "outcome": outcome_named,
}


class _Reading:
    def __init__(  # noqa: PLR0917
        self,
        connection: DuckDBPyConnection,
        name: str,
        text: Path,
        delimiter: str,
        header: list[str],
        zone: str,
        temp: Path,
    ) -> None:
        self._db = connection
        self._name = name
        self._text = text
        self._delimiter = delimiter
        self._header = header
        self._zone = zone
        self._temp = temp
        self._at = {name: header.index(name) for name in COLUMNS if name in header}
        self._times = TIMES if all(name in self._at for name in TIMES) else ()

    def run(self) -> ShipmentsRead:
        self._learn(self._source(typed=False), f"LIMIT {SAMPLE}")
        if self._fill() < line_count(self._text) - 1 and has_blank_lines(self._text):
            self._text = _with_rows_for_blank_lines(
                self._text, self._delimiter * (len(self._header) - 1), self._temp
            )
            self._fill()
        _show_rows(self._db)
        rejected = self._closer_look()
        return ShipmentsRead(self._count(), tuple(rejected))

    def _fill(self) -> int:
        """Read the file into the table; returns how many rows it has."""
        import duckdb

        try:
            # Numbers are read as such while all of them are whole: that is twice as fast.
            self._db.execute(f"CREATE OR REPLACE TABLE shipped AS {self._select(typed=True)}")
        except duckdb.ConversionException:
            self._db.execute(f"CREATE OR REPLACE TABLE shipped AS {self._select(typed=False)}")
        return self._count()

    def _count(self) -> int:
        found = self._db.execute("SELECT count(*) FROM shipped").fetchone()
        return found[0] if found else 0

    def _closer_look(self) -> list[Rejected]:
        """Rows in which something is unusual, one by one."""
        odd = self._db.execute(
            'SELECT "row", raw FROM shipments WHERE raw IS NOT NULL ORDER BY "row"'
        ).fetchall()
        if not odd:
            return []
        rejected: list[Rejected] = []
        good = []
        for number, cells in odd:
            if not any(cells):
                continue  # a blank line
            try:
                good.append(self._one(cells))
            except BadInput as exc:
                if len(rejected) < REJECTED_LIMIT:
                    rejected.append(Rejected(self._name, str(exc), "", number))
        self._db.execute("DELETE FROM shipped WHERE raw IS NOT NULL")
        fill(self._db, "shipped", good, self._temp)
        return rejected

    def _source(self, *, typed: bool) -> str:
        kinds = {self._at[name]: "UINTEGER" for name in NUMBERS if typed and name in self._at}
        columns = ", ".join(
            f"'c{n}': '{kinds.get(n, 'VARCHAR')}'" for n in range(len(self._header))
        )
        return (
            f"read_csv({quoted(self._text)}, columns = {{{columns}}}, auto_detect = false,"
            f" header = false, skip = 1, delim = '{self._delimiter}', quote = '\"', escape = '\"',"
            " null_padding = true, max_line_size = 4194304)"
        )

    def _learn(self, source: str, limit: str) -> None:
        """What couriers, provinces, services, outcomes and offsets are written as."""
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE ship_words (field VARCHAR, said VARCHAR, means VARCHAR)"
        )
        fields = [name for name in MEANINGS if name in self._at]
        picked = ", ".join(f"c{self._at[name]} AS {name}" for name in fields)
        rows = self._db.execute(f"SELECT {picked} FROM {source} {limit}").fetchall()
        words = [
            (name, said, means)
            for n, name in enumerate(fields)
            for said in sorted({row[n] for row in rows if row[n]})
            if (means := MEANINGS[name](said)) is not None
        ]
        offsets = {row[fields.index("shipped_at")] or "" for row in rows}
        words += [
            ("offset", said, minutes)
            for said in sorted({shipped[19:] for shipped in offsets})
            if (minutes := _offset(said)) is not None
        ]
        fill(self._db, "ship_words", words, self._temp)

    def _select(self, *, typed: bool) -> str:
        odd: list[str] = []

        def col(name: str) -> str:
            return f"c{self._at[name]}" if name in self._at else "NULL"

        def number(name: str) -> str:
            if typed or name not in self._at:
                return f"{col(name)}::BIGINT"
            return f"try_cast({col(name)} AS UINTEGER)::BIGINT"

        if not typed:
            odd += [
                f"({col(name)} IS NOT NULL AND {number(name)} IS NULL)"
                for name in NUMBERS
                if name in self._at
            ]
        joins = [
            f"LEFT JOIN ship_words AS w_{name} ON w_{name}.field = '{name}'"
            f" AND w_{name}.said = {col(name)}"
            for name in ("courier", "province", "service", "outcome")
            if name in self._at
        ]
        meant = {"service": "''", "outcome": "''"}
        for name in ("courier", "province", "service", "outcome"):
            if name in self._at:
                meant[name] = f"coalesce(w_{name}.means, '')"
                said = "" if name in REQUIRED else f" AND {col(name)} IS NOT NULL"
                odd.append(f"(w_{name}.means IS NULL{said})")
        waybill, shipped = col("waybill_number"), col("shipped_at")
        odd.append(f"({waybill} IS NULL OR NOT regexp_full_match({waybill}, '[A-Z0-9]{{5,50}}'))")
        joins.append(
            "LEFT JOIN ship_words AS w_offset ON w_offset.field = 'offset'"
            f" AND w_offset.said = substr({shipped}, 20)"
        )
        in_zone = local_day_sql("time", "nullif(w_offset.means, '')::INTEGER", self._zone, *YEARS)
        odd.append("(day IS NULL)")
        sides = [f"nullif({number(name)}, 0)" for name in ("length_mm", "width_mm", "height_mm")]
        cells = ", ".join(f"c{n}::VARCHAR" for n in range(len(self._header)))
        times = "".join(f", {col(name)} AS {name}" for name in self._times)
        time = f"try_cast(left({shipped}, 19) AS TIMESTAMP)"
        dated = (
            f"SELECT *, CASE WHEN length({shipped}) = 10 THEN time::DATE"
            f" WHEN w_offset.means IS NOT NULL THEN {in_zone} END AS day"
            f" FROM (SELECT *, {time} AS time"
            f" FROM {self._source(typed=typed)}) {joins.pop()}"
        )
        return (
            f"SELECT {waybill} AS waybill, {meant['courier']} AS courier,"
            f" day AS shipped_on, coalesce({col('order_id')}, '') AS order_id,"
            f" nullif({number('weight_g')}, 0) AS weight_g, {sides[0]} AS length_mm,"
            f" {sides[1]} AS width_mm, {sides[2]} AS height_mm,"
            f" {' * '.join(sides)} AS volume_mm3,"
            f" {meant['province']} AS province, coalesce({col('city')}, '') AS city,"
            f" {meant['service']} AS service, {number('declared_value_minor')} AS declared_minor,"
            f" {number('cod_minor')} AS cod_minor,"
            f" greatest(coalesce({number('parcel_count')}, 1), 1) AS parcel_count,"
            f" {meant['outcome']} AS outcome,"
            f" CASE WHEN {' OR '.join(odd)} THEN [{cells}] END AS raw{times}"
            f" FROM ({dated}) {' '.join(joins)}"
        )

    def _one(self, cells: Sequence[str | None]) -> tuple[Any, ...]:
        """A row that the fast way could not read, slowly; raises `BadInput` with the reason."""

        def cell(name: str) -> str:
            return (cells[self._at[name]] or "").strip() if name in self._at else ""

        for name in REQUIRED:
            if not cell(name):
                raise BadInput(f"{name} is empty")
        waybill = normalise(cell("waybill_number"))
        if "E+" in waybill.upper() or not waybill.isalnum() or not waybill.isascii():
            raise BadInput(f"waybill_number {cell('waybill_number')[:40]!r} is no waybill number")
        courier = courier_code(cell("courier"))
        day = day_of(cell("shipped_at"), self._zone)
        province = place(cell("province"))[0]
        whole = {name: whole_number(name, cell(name)) for name in NUMBERS}
        outcome = outcome_named(cell("outcome")) if cell("outcome") else ""
        if outcome is None:
            known = ", ".join(one.value for one in Outcome if one.value)
            raise BadInput(f"outcome {cell('outcome')[:40]!r} is not known; known are {known}")
        sides = [whole[name] or None for name in ("length_mm", "width_mm", "height_mm")]
        volume = sides[0] * sides[1] * sides[2] if all(sides) else None  # type: ignore[operator]
        return (
            *(waybill, courier, day, cell("order_id"), whole["weight_g"] or None, *sides),
            *(volume, province, cell("city"), folded_service(cell("service"))),
            *(whole["declared_value_minor"], whole["cod_minor"]),
            *(max(whole["parcel_count"] or 1, 1), outcome, None),
            *(cell(name) for name in self._times),
        )


def whole_number(name: str, said: str) -> int | None:
    """A count of grams, millimetres or minor units; raises `BadInput` for anything else."""
    if not said:
        return None
    try:
        value = float(said.replace(",", ""))
    except ValueError:
        raise BadInput(f"{name} {said[:40]!r} is no number") from None
    if value < 0 or value != int(value):
        raise BadInput(f"{name} {said[:40]!r} is not a whole number of zero or more")
    return int(value)


def day_of(said: str, zone: str) -> date:
    """The day in the zone; raises `BadInput`."""
    plain = said.strip().replace("/", "-")
    try:
        if len(plain) <= 10:
            year, month, day = plain.split("-")
            return date(int(year), int(month), int(day))
        moment = datetime.fromisoformat(plain)
    except ValueError:
        raise BadInput(
            f"shipped_at {said[:40]!r} is no day or time; write 2026-10-31 or an ISO time"
        ) from None
    return moment.date() if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone)).date()
