"""One sheet as CSV -> the tables `lines`, `charges` and `refused`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from courier_reconciliation import surcharge_codes
from courier_reconciliation.filling import fill, quoted
from courier_reconciliation.model import DeclaredTotal, Rejected
from courier_reconciliation.reading import footers, lines, tables_below
from courier_reconciliation.reading.couriers import courier_in_cell
from courier_reconciliation.reading.currencies import currency_named
from courier_reconciliation.reading.currencies import usual as usual_currencies
from courier_reconciliation.reading.places import place, usual
from courier_reconciliation.reading.plain_columns import NO_KINDS, Kinds, kinds_of
from courier_reconciliation.reading.rows import COLUMNS, Value, read_row
from courier_reconciliation.reading.samples import here_and_there
from courier_reconciliation.reading.settling import settle
from courier_reconciliation.reading.sheet_sql import (
    CELL_END,
    ENUMS,
    Known,
    same_in_all,
    select,
)
from courier_reconciliation.reading.tables import (
    OF_STAGE,
    Loaded,
    Table,
    UnevenError,
    read_csv,
    say,
)
from courier_reconciliation.reading.texts import has_blank_lines, line_count

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FEW = 200
"""So many odd rows are read one by one sooner than a statement for all of them is planned."""
REJECTED_LIMIT = 1000
"""So many refused rows of a sheet are told one by one; the table `refused` has all of them."""


def load(connection: DuckDBPyConnection, table: Table, temp: Path) -> Loaded:
    """Read a sheet into the tables.

    Raises `UnevenError` where the text is no even CSV (too many cells in a row, an open quotation
    mark, blank lines, bytes that are no UTF-8): the caller has it rewritten and comes again.
    """
    return _Load(connection, table, temp).run()


class _Load:
    def __init__(self, connection: DuckDBPyConnection, table: Table, temp: Path) -> None:
        self._db = connection
        self._table = table
        self._plan = table.plan
        self._temp = temp
        self._found = Loaded()
        self._refused: list[tuple[Value, ...]] = []
        self._further: list[tuple[Value, ...]] = []
        self._before: int = self._one("SELECT coalesce(max(line), 0) FROM lines")
        self._rows = self._odd = 0
        self._extras = [f"extra_{n}" for n in range(len(self._plan.extras))]
        self._same = same_in_all(self._plan)
        self._own = [name for name in COLUMNS if name not in ("row", *self._same)]
        # The number of a row and of its line, where they do not follow from its place.
        self._row = lines.row_sql(table.first_row)
        self._line = lines.line_sql(table.first_row, self._before)

    def run(self) -> Loaded:
        self._learn_codes()
        self._stage()
        self._closer_look()
        self._one_by_one()
        self._keep(settle(self._db, self._table, self._found))
        return self._found

    def _execute(self, sql: str) -> Any:
        return self._db.execute(sql)

    def _one(self, sql: str) -> Any:
        row = self._execute(sql).fetchone()
        return row[0] if row else None

    def _learn_codes(self) -> None:
        if "charge" in self._plan.columns and not self._one("SELECT count(*) FROM said_codes"):
            say(self._db, "said_codes", [("运费", "freight", "")])

    def _select(
        self,
        source: str,
        known: Known = None,
        kinds: Kinds = NO_KINDS,
        *,
        numbered: bool = True,
    ) -> str:
        """The stage: lines are numbered by their rows, behind those of the sheets before."""
        inner = select(self._plan, source, self._table.width, known, kinds)
        line, row = f'"row" + {self._before}', '"row"'
        if not numbered:
            line = row = "NULL::BIGINT"
        own = [*self._own, *self._extras, "raw"]
        if known is not None:
            own.append("kept")
        return f'SELECT {line} AS line, {row} AS "row", {", ".join(own)} FROM ({inner})'

    def _stage(self) -> None:
        """Everything that is plain, in one pass over the file."""
        known = self._known()
        for name, texts in known.items():
            self._execute(f"DROP TYPE IF EXISTS {ENUMS[name]}")
            if texts:
                said = ", ".join(map(quoted, texts))
                self._execute(f"CREATE TYPE {ENUMS[name]} AS ENUM ({said})")
        with ThreadPoolExecutor(1) as beside:
            lines_of_text = beside.submit(self._lines_of_text)
            self._read_plain(known)
        self._rows, kept, self._odd = self._execute(
            "SELECT count(*), count(*) FILTER (kept), count(raw) FILTER (kept) FROM stage"
        ).fetchone()
        # The database leaves out blank lines: rows would be misnamed.
        if self._rows < lines_of_text.result() and has_blank_lines(self._table.path):
            raise UnevenError("there are blank lines")
        if kept < self._rows:
            self._execute("DELETE FROM stage WHERE NOT kept")
        self._execute("ALTER TABLE stage DROP COLUMN kept")

    def _read_plain(self, known: Known) -> None:
        """Make the stage from the file, columns of numbers and days as such where it has them."""
        from courier_reconciliation.native import ConversionException, Error

        rows = here_and_there(self._table.path, self._table.delimiter, skip=self._table.skip)
        try:
            try:
                self._create_stage(known, kinds_of(self._plan, rows))
            except ConversionException:
                self._create_stage(known, NO_KINDS)
        except Error as exc:
            raise UnevenError(str(exc).partition("\n")[0][:200]) from exc

    def _create_stage(self, known: Known, kinds: Kinds) -> None:
        # Counting rows takes a window, which keeps the second processor idle: rows are stored in
        # their order, so the number follows from the place.
        numbered = self._plan.fills_down or bool(self._plan.pairs)
        source = f"{read_csv(self._table, kinds, numbered=numbered)} AS source"
        sql = self._select(source, known, kinds, numbered=numbered)
        self._execute(f"CREATE OR REPLACE TABLE stage AS {sql}")

    def _lines_of_text(self) -> int:
        """The lines below the header of a text; 0 where none can be blank."""
        if not self._table.may_have_blank_lines:
            return 0
        return line_count(self._table.path) - self._table.skip

    def _known(self) -> dict[str, dict[str, tuple[str, str]]]:
        """What the columns of places, charges, couriers and currencies are known to say."""
        spoken = self._plan.spoken
        places = {said: (province, city) for said, province, city in usual()}
        places |= {said: place(said) for said in spoken.get("province", ())}
        charges = {said: (surcharge_codes.code_of(said), "") for said in spoken.get("charge", ())}
        couriers = {said: (courier_in_cell(said), "") for said in spoken.get("courier", ())}
        words = (*usual_currencies(), *spoken.get("currency", ()))
        currencies = {said: (currency_named(said), "") for said in words}
        found = {
            "province": places, "charge": charges, "courier": couriers, "currency": currencies,
        }  # fmt: skip
        return {
            name: {said: answer for said, answer in answers.items() if answer[0]}
            for name, answers in found.items()
            if name in self._plan.columns
        }

    def _closer_look(self) -> None:
        """Rows with something unusual, still in bulk: units, apostrophes, other dates."""
        if self._odd <= FEW:
            return
        cells = ", ".join(
            f"nullif(split_part(raw, chr({CELL_END}), {index + 1}), '') AS c{index}"
            for index in range(self._table.width)
        )
        self._execute(
            f"CREATE OR REPLACE TEMP TABLE odd AS SELECT {self._row} AS number, {cells} FROM stage"
            " WHERE raw IS NOT NULL"
        )
        self._execute("DELETE FROM stage WHERE raw IS NOT NULL")
        for name, table in (
            ("province", "said_places"), ("charge", "said_codes"), ("courier", "said_couriers"),
            ("currency", "said_currencies"),
        ):  # fmt: skip
            if (index := self._plan.columns.get(name)) is not None:
                self._learn(f"c{index}", table)
        sql = self._select("odd AS source")
        self._add(lambda: self._execute(f"INSERT INTO stage {sql}"))
        self._execute("DROP TABLE odd")

    def _learn(self, column: str, table: str) -> None:
        said = self._execute(
            f"SELECT DISTINCT {column} FROM odd WHERE {column} IS NOT NULL"
            f" AND {column} NOT IN (SELECT said FROM {table}) LIMIT 200000"
        ).fetchall()
        answers: list[tuple[str, ...]]
        if table == "said_places":
            answers = [(text, *place(text)) for (text,) in said]
        elif table == "said_codes":
            answers = [(text, surcharge_codes.code_of(text), "") for (text,) in said]
        elif table == "said_currencies":
            answers = [(text, currency_named(text), "") for (text,) in said]
        else:
            answers = [(text, courier_in_cell(text), "") for (text,) in said]
        say(self._db, table, answers)

    def _one_by_one(self) -> None:
        """What is left: footers, damaged numbers, several waybills in a cell."""
        left = self._execute(
            f"SELECT {self._row} AS number, raw FROM stage WHERE raw IS NOT NULL ORDER BY number"
        ).fetchall()
        for number, cells in self._table.above:
            footer = footers.look_at(cells, self._plan, above=True)
            if footer is not None:
                self._note_total(number, footer)
        if not left:
            return
        self._execute("DELETE FROM stage WHERE raw IS NOT NULL")
        good: list[tuple[Value, ...]] = []
        end = None
        for number, raw in left:
            verdict = self._verdict(number, raw.split(chr(CELL_END)), good)
            if verdict == "end":
                end = number
                break
        if end is not None:
            self._execute(f"DELETE FROM stage WHERE {self._row} > {end}")
        placed = [(int(str(row[0])) + self._before, *self._of_stage(row), None) for row in good]
        self._add(lambda: fill(self._db, "stage", placed, self._temp))

    def _add(self, insert: Callable[[], object]) -> None:
        """Add rows to the stage, whatever words they have."""
        from courier_reconciliation.native import ConversionException

        try:
            insert()
        except ConversionException:
            lines.store_plainly(self._db)
            insert()

    def _of_stage(self, row: Sequence[Value]) -> list[Value]:
        """What the stage has of a row that was read by itself: its number, columns, surcharges."""
        values = dict(zip((*COLUMNS, *self._extras), row, strict=True))
        return [values[name] for name in ("row", *self._own, *self._extras)]

    def _verdict(
        self, number: int, cells: Sequence[str | None], good: list[tuple[Value, ...]]
    ) -> str:
        """Place one row: among the good ones, the totals, or the refused. "end" ends the sheet."""
        read = read_row(number, cells, self._plan)
        if not read.reason:
            good.append(read.lines[0])
            self._further += read.lines[1:]
            return ""
        if tables_below.begins(cells, self._plan):
            self._found.next_header = number
            return "end"
        footer = footers.look_at(cells, self._plan)
        if footer is None and self._is_filling(cells):
            return ""
        if footer is None:
            self._refused += [(*line, read.reason) for line in read.lines]
            self._found.refused += 1
            if len(self._found.rejected) < REJECTED_LIMIT:
                place_ = (self._table.file, read.reason, self._table.sheet, number)
                self._found.rejected.append(Rejected(*place_))
        elif footer.kind == "end":
            return "end"
        else:
            self._note_total(number, footer)
        return ""

    def _is_filling(self, cells: Sequence[str | None]) -> bool:
        """A row with nothing in any column of the table: a note, or what stands beside it."""
        wanted = [*self._plan.columns.values(), *(index for index, _ in self._plan.extras)]
        filled = [i for i in wanted if i < len(cells) and cells[i]]
        waybill = self._plan.columns.get("waybill")
        return (
            not filled
            or (len(filled) == 1 and filled[0] != waybill and len(wanted) > 2)
            or (filled == [waybill] and sum(1 for cell in cells if cell) == 1)
        )

    def _note_total(self, number: int, footer: footers.Footer) -> None:
        if footer.kind in ("sum", "subtotal", "count", "else"):
            self._found.totals.append(
                DeclaredTotal(
                    self._table.file,
                    self._table.sheet,
                    number,
                    footer.label,
                    footer.amount_minor,
                    footer.count,
                    footer.kind in ("sum", "subtotal"),
                )
            )

    def _keep(self, silent: Sequence[str]) -> None:
        """The stage becomes lines, or joins them; its surcharges become charges.

        `silent` are columns that say nothing.
        """
        for n, (_, code) in enumerate(self._plan.extras):
            self._execute(
                f"INSERT INTO charges SELECT {self._line}, {quoted(code)}, extra_{n} FROM stage"
                f" WHERE extra_{n} <> 0"
            )
        last = self._before + self._table.first_row + self._rows
        none = [None] * len(self._extras)
        further = [
            (last + n, *self._of_stage([*row[: len(COLUMNS)], *none]), None)
            for n, row in enumerate(self._further, 1)
        ]
        self._add(lambda: fill(self._db, "stage", further, self._temp))
        self._found.lines = self._one("SELECT count(*) FROM stage")
        for name in ("prepaid_minor", *self._extras, "raw", *silent):
            if name not in self._same:
                self._execute(f"ALTER TABLE stage DROP COLUMN {name}")
        self._same |= {name: f"NULL::{lines.TYPES[name]}" for name in silent}
        here = {"file": quoted(self._table.file), "sheet": quoted(self._table.sheet)}
        same = {name: sql for name, sql in self._same.items() if name in lines.TYPES}
        lines.adopt(self._db, here | same, self._table.first_row)
        self._keep_refused()

    def _keep_refused(self) -> None:
        here = (self._table.file, self._table.sheet)
        before = self._one("SELECT coalesce(min(line), 0) FROM refused")
        refused = [
            (before - n, *here, *row[: len(OF_STAGE)], row[-1])
            for n, row in enumerate(self._refused, 1)
        ]
        fill(self._db, "refused", refused, self._temp)


def with_sections(
    connection: DuckDBPyConnection, totals: Sequence[DeclaredTotal]
) -> list[DeclaredTotal]:
    """Say of each declared sum from which row on it sums.

    A sum covers its whole sheet, or the rows since the sum before it: whichever comes closer.
    """
    found = []
    last: dict[tuple[str, str], int] = {}
    for total in totals:
        if not total.is_sum or total.amount_minor is None:
            found.append(total)
            continue
        key = (total.file, total.sheet)
        after = last.get(key, 0)
        whole, part, rows = connection.execute(
            "SELECT coalesce(sum(amount_minor), 0), coalesce(sum(amount_minor) FILTER"
            ' ("row" > $after AND "row" < $at), 0), count(*) FILTER ("row" > $after AND'
            ' "row" < $at) FROM (SELECT file, sheet, "row", amount_minor FROM lines UNION ALL'
            ' SELECT file, sheet, "row", amount_minor FROM refused)'
            " WHERE file = $file AND sheet = $sheet",
            {"after": after, "at": total.row, "file": key[0], "sheet": key[1]},
        ).fetchone() or (0, 0, 0)
        closer = abs(part - total.amount_minor) < abs(whole - total.amount_minor)
        found.append(replace(total, first_row=after + 1) if rows and closer else total)
        last[key] = total.row
    return found
