"""A shipments file -> the table of shipments.

Columns as documented in docs/reconciliation.md: `waybill_number, courier, shipped_at` and
`province` are required. A row that cannot be used is named with its reason, the rest goes on.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aftersales.errors import BadInput
from courier_reconciliation.engine import shipments
from courier_reconciliation.engine.shipment_row import NUMBERS, REQUIRED, TIMES, shipment_row
from courier_reconciliation.engine.shipment_words import Spoken, listen, overhear
from courier_reconciliation.engine.zones import local_day_sql
from courier_reconciliation.filling import enum, fill, quoted
from courier_reconciliation.model import Rejected
from courier_reconciliation.reading.sheet_sql import CELL_END
from courier_reconciliation.reading.texts import (
    Text,
    encoding_of,
    has_blank_lines,
    line_count,
    rewritten,
    transcoded,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLUMNS = (*REQUIRED, *NUMBERS, "order_id", "city", "service", "outcome", *TIMES)
YEARS = (2000, 2060)
REJECTED_LIMIT = 1000
MOST_WORDS = 5_000
"""A column with more different words than that is read as text."""
_UNEVEN = "CSV Error"
"""What the database says of line breaks in cells, too many cells, quotation marks left open."""
BLANK = "''"
_TIME = "try_cast(left({}, 19) AS TIMESTAMP)"


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
        self._even = False
        self._at = {name: header.index(name) for name in COLUMNS if name in header}
        self._times = TIMES if all(name in self._at for name in TIMES) else ()

    def run(self) -> ShipmentsRead:
        from courier_reconciliation.native import Error

        try:
            self._read()
        except Error as exc:
            if _UNEVEN not in str(exc):
                raise
            self._even_out()
            self._read()
        shipments.show(self._db, self._times)
        rejected = self._closer_look()
        return ShipmentsRead(self._count(), tuple(rejected))

    def _even_out(self) -> None:
        """Rows get the same number of cells, so that they may have line breaks in them."""
        text = Text(self._text, self._delimiter, (), even=False)
        self._text, width = rewritten(text, self._temp)
        self._header += [""] * (width - len(self._header))
        self._delimiter, self._even = ",", True

    def _read(self) -> None:
        if self._fill() < line_count(self._text) - 1 and has_blank_lines(self._text):
            self._text = _with_rows_for_blank_lines(
                self._text, self._delimiter * (len(self._header) - 1), self._temp
            )
            self._fill()

    def _fill(self) -> int:
        """Read the file into the table; returns how many rows it has.

        Columns are read as what some rows show them to be: numbers, words, times. That is twice as
        fast, while all rows are so. Where they are not, all words are learnt, and at last
        everything is read as text.
        """
        spoken = overhear(self._text, self._delimiter, len(self._header), self._at)
        if not self._filled_by_kinds(spoken):
            known, spoken = spoken, listen(self._db, self._source({}), self._at)
            if spoken == known or not self._filled_by_kinds(spoken):
                self._create(self._as_text(spoken))
        return self._count()

    def _filled_by_kinds(self, spoken: Spoken) -> bool:
        from courier_reconciliation.native import ConversionException

        if max(map(len, spoken.words.values())) > MOST_WORDS:
            return False
        try:
            self._create(self._by_kinds(spoken))
        except ConversionException:
            return False
        return True

    def _create(self, sql: str) -> None:
        self._db.execute(f"CREATE OR REPLACE TABLE shipped AS {sql}")

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
        for number, raw in odd:
            cells = raw.split(chr(CELL_END))
            if not any(cells):
                continue  # a blank line
            try:
                good.append(shipment_row(cells, self._at, self._zone, self._times))
            except BadInput as exc:
                if len(rejected) < REJECTED_LIMIT:
                    rejected.append(Rejected(self._name, str(exc), "", number))
        self._db.execute("DELETE FROM shipped WHERE raw IS NOT NULL")
        shipments.add(self._db, good, self._times, self._temp)
        return rejected

    def _source(self, kinds: Mapping[str, str], forms: str = "") -> str:
        of_column = {self._at[name]: kind for name, kind in kinds.items()}
        columns = ", ".join(
            f"'c{n}': {quoted(of_column.get(n, 'VARCHAR'))}" for n in range(len(self._header))
        )
        return (
            f"read_csv({quoted(self._text)}, columns = {{{columns}}}, auto_detect = false,"
            f" header = false, skip = 1, delim = '{self._delimiter}', quote = '\"', escape = '\"',"
            f" null_padding = {str(not self._even).lower()}, buffer_size = 8388608,"
            f" max_line_size = 4194304{forms})"
        )

    def _col(self, name: str) -> str:
        return f"c{self._at[name]}" if name in self._at else "NULL"

    def _by_kinds(self, spoken: Spoken) -> str:
        """A SELECT that fails where a number is none, a word is new, a time is written otherwise.

        A word is a number of an enum: its meaning is looked up in a list.
        """
        kinds = {name: "UINTEGER" for name in NUMBERS if name in self._at}
        meant, odd = {}, []
        for name, words in spoken.words.items():
            kinds[name] = enum(words or ("-",))
            meanings = ", ".join("NULL" if one is None else quoted(one) for one in words.values())
            named = enum(sorted({"", *filter(None, words.values())}))
            at = f"enum_code({self._col(name)})::INTEGER + 1"
            found = f"list_extract([{meanings or 'NULL'}]::{named}[], {at})"
            # A blank of the same type, or all of them would become texts.
            meant[name] = f"coalesce({found}, ''::{named})"
            needed = "" if name in REQUIRED else f" AND {self._col(name)} IS NOT NULL"
            odd.append(f"({found} IS NULL{needed})")
        cells = {n: f"c{n}" for n in range(len(self._header))}
        forms, shipped = "", self._col("shipped_at")
        if (time := spoken.time) is None:
            day = self._day_of_text("time", spoken)
            source = f"SELECT *, {_TIME.format(shipped)} AS time FROM "
        else:
            kinds["shipped_at"] = time.kind
            which = "dateformat" if time.kind == "DATE" else "timestampformat"
            forms = f", {which} = {quoted(time.form)}"
            cells[self._at["shipped_at"]] = f"strftime({shipped}, {quoted(time.form)})"
            day = local_day_sql(shipped, time.offset, self._zone, *YEARS)
            source = "SELECT * FROM "
        numbers = {name: f"{self._col(name)}::UINTEGER" for name in NUMBERS}
        return self._select(
            f"SELECT *, {day} AS day FROM ({source}{self._source(kinds, forms)})",
            numbers, meant, odd, cells,
        )  # fmt: skip

    def _as_text(self, spoken: Spoken) -> str:
        """A SELECT that reads anything: what it cannot make out, it leaves for a closer look."""
        words = [
            (name, said, means)
            for name, known in spoken.words.items()
            for said, means in known.items()
            if means is not None
        ]
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE ship_words (field VARCHAR, said VARCHAR, means VARCHAR)"
        )
        fill(self._db, "ship_words", words, self._temp)
        meant, odd, joins = {}, [], []
        for name in spoken.words:
            joins.append(
                f"LEFT JOIN ship_words AS w_{name} ON w_{name}.field = '{name}'"
                f" AND w_{name}.said = {self._col(name)}"
            )
            meant[name] = f"coalesce(w_{name}.means, '')"
            needed = "" if name in REQUIRED else f" AND {self._col(name)} IS NOT NULL"
            odd.append(f"(w_{name}.means IS NULL{needed})")
        numbers = {name: f"try_cast({self._col(name)} AS UINTEGER)" for name in NUMBERS}
        for name in NUMBERS:
            if name in self._at:
                odd.append(f"({self._col(name)} IS NOT NULL AND {numbers[name]} IS NULL)")
        time = _TIME.format(self._col("shipped_at"))
        dated = (
            f"SELECT *, {self._day_of_text('time', spoken)} AS day FROM"
            f" (SELECT *, {time} AS time FROM {self._source({})})"
        )
        cells = {n: f"c{n}" for n in range(len(self._header))}
        return f"{self._select(dated, numbers, meant, odd, cells)} {' '.join(joins)}"

    def _day_of_text(self, time: str, spoken: Spoken) -> str:
        """The day where times are written in several ways; `time` is their first part."""
        shipped = self._col("shipped_at")
        by_offset: dict[int | None, list[str]] = {}
        for suffix, minutes in spoken.offsets.items():
            by_offset.setdefault(minutes, []).append(quoted(suffix))
        whens = "".join(
            f" WHEN substr({shipped}, 20) IN ({', '.join(suffixes)}) THEN"
            f" {local_day_sql(time, minutes, self._zone, *YEARS)}"
            for minutes, suffixes in by_offset.items()
        )
        return f"CASE WHEN length({shipped}) = 10 THEN {time}::DATE{whens} END"

    def _select(
        self,
        dated: str,
        numbers: Mapping[str, str],
        meant: Mapping[str, str],
        odd: Sequence[str],
        cells: Mapping[int, str],
    ) -> str:
        """The columns of the table; `raw` has the cells of a row in which something is `odd`."""
        waybill = self._col("waybill_number")
        all_odd = [
            *odd,
            f"({waybill} IS NULL OR NOT regexp_full_match({waybill}, '[A-Z0-9]{{5,50}}'))",
            "(day IS NULL)",
        ]
        sides = [f"nullif({numbers[name]}, 0)" for name in ("length_mm", "width_mm", "height_mm")]
        raw = f", chr({CELL_END}), ".join(cells.values())
        times = "".join(f", {self._col(name)} AS {name}" for name in self._times)

        def text(sql: str) -> str:
            return f"coalesce({sql}, '')"

        return (
            f"SELECT {waybill} AS waybill, {meant['courier']} AS courier,"
            f" day AS shipped_on, {text(self._col('order_id'))} AS order_id,"
            f" nullif({numbers['weight_g']}, 0) AS weight_g, {sides[0]} AS length_mm,"
            f" {sides[1]} AS width_mm, {sides[2]} AS height_mm,"
            f" {meant['province']} AS province, {text(self._col('city'))} AS city,"
            f" {meant.get('service', BLANK)} AS service,"
            f" {numbers['declared_value_minor']} AS declared_minor,"
            f" {numbers['cod_minor']} AS cod_minor,"
            f" greatest(coalesce({numbers['parcel_count']}, 1), 1) AS parcel_count,"
            f" {meant.get('outcome', BLANK)} AS outcome,"
            f" CASE WHEN {' OR '.join(all_odd)} THEN concat({raw}, '') END AS raw{times}"
            f" FROM ({dated})"
        )
