"""What the tables of a reconciliation say beside its answer. The only SQL of the reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from courier_reconciliation.filling import fill
from courier_reconciliation.model import Discrepancy
from courier_reconciliation.output.cells import may_need_it_sql, neutral_sql
from courier_reconciliation.output.claims import LineFacts, LostParcel
from courier_reconciliation.output.guarantees import Delivered
from courier_reconciliation.output.windows import ClaimType
from courier_reconciliation.result import Reconciliation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH = 10_000
NO_FACTS = LineFacts()
_SAME_ROW = 'l.file = f.file AND l.sheet = f.sheet AND l."row" = f."row"'
_LINE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("file", "l.file"),
    ("sheet", "l.sheet"),
    ("row", 'l."row"'),
    ("courier", "coalesce(nullif(l.courier, ''), s.courier, '')"),
    ("waybill_number", "l.waybill"),
    ("billed_on", "l.billed_on"),
    ("order_id", "coalesce(nullif(s.order_id, ''), l.order_id)"),
    ("service", "l.service"),
    ("charge", "l.charge"),
    ("province", "l.province"),
    ("own_province", "s.province"),
    ("weight_g", "l.weight_g"),
    ("own_weight_g", "s.weight_g"),
    ("shipped_on", "s.shipped_on"),
    ("currency", "l.currency"),
    ("billed_minor", "l.amount_minor"),
    (
        "expected_minor",
        "CASE WHEN j.verdict <> 'not_auditable' THEN l.amount_minor - coalesce(d.over, 0) END",
    ),
    ("difference_minor", "CASE WHEN j.verdict <> 'not_auditable' THEN coalesce(d.over, 0) END"),
    ("verdict", "j.verdict"),
    ("kinds", "coalesce(d.kinds, '')"),
    ("remark", "l.remark"),
)
"""Where several rows pay for one parcel, each shows its own share of what is wrong."""
LINE_COLUMNS = tuple(name for name, _ in _LINE_COLUMNS)
_FREE_TEXTS = ("file", "sheet", "courier", "order_id", "service", "charge", "province", "remark")
_FIRST = ["missing", "refused_row", "carry_over", "in_transit", "not_due", "other_courier"]
"""In which order shipments without a line are told: those of other months, of which there may be
many, come last."""
_UNBILLED_COLUMNS: tuple[tuple[str, str], ...] = (
    ("waybill_number", "s.waybill"),
    ("courier", "s.courier"),
    ("shipped_on", "s.shipped_on"),
    ("order_id", "s.order_id"),
    ("service", "s.service"),
    ("province", "s.province"),
    ("city", "s.city"),
    ("weight_g", "s.weight_g"),
    ("outcome", "s.outcome"),
    ("reason", "u.reason"),
)
UNBILLED_COLUMNS = tuple(name for name, _ in _UNBILLED_COLUMNS)
REFUSED_COLUMNS = (
    *("file", "sheet", "row", "waybill_number", "courier", "amount_minor", "currency", "reason"),
)
BOM = "\ufeff"


class Tables(Struct, frozen=True):
    """Reads the tables of one connection for one answer. `temp` is a folder for passing files."""

    connection: DuckDBPyConnection
    result: Reconciliation
    temp: Path

    def prepare(self) -> None:
        """Put the discrepancies beside the lines. To be called before anything else."""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE report_found (n BIGINT, file VARCHAR, sheet VARCHAR,"
            ' "row" BIGINT, waybill VARCHAR, kind VARCHAR, over BIGINT)'
        )
        fill(self.connection, "report_found", self._found(), self.temp)
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE report_left (file VARCHAR, sheet VARCHAR,"
            ' "row" BIGINT, waybill VARCHAR)'
        )
        left = (
            (one.file, one.sheet, one.row, one.waybill_number) for one in self.result.not_auditable
        )
        fill(self.connection, "report_left", left, self.temp)
        self._judge()

    def _found(self) -> Iterator[tuple[Any, ...]]:
        """A discrepancy of several rows is on each of them; all but the first are wrong whole."""
        for n, one in enumerate(self.result.discrepancies):
            over: int | None = one.difference_minor
            for row in _rows_of(one):
                yield (n, one.file, one.sheet, row, one.waybill_number, one.kind, over)
                over = None

    def _judge(self) -> None:
        """The verdict of a line as a reader understands it; nobody judges a parcel by halves."""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE report_over AS WITH here AS (SELECT f.n, f.kind, l.line,"
            " f.over, CASE WHEN f.over IS NULL THEN l.amount_minor ELSE 0 END AS whole"
            f" FROM report_found AS f JOIN lines AS l ON {_SAME_ROW} AND l.waybill = f.waybill),"
            " shares AS (SELECT line, kind, coalesce(over - sum(whole) OVER (PARTITION BY n),"
            " whole) AS over FROM here) SELECT line, sum(over)::BIGINT AS over,"
            " string_agg(DISTINCT kind, ' ' ORDER BY kind) AS kinds FROM shares GROUP BY line"
        )
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE report_unclear AS WITH here AS (SELECT l.line, v.shipment"
            f" FROM report_left AS f JOIN lines AS l ON {_SAME_ROW} AND l.waybill = f.waybill"
            " LEFT JOIN verdicts AS v USING (line)) SELECT line FROM here UNION"
            " SELECT v.line FROM verdicts AS v JOIN here USING (shipment)"
        )
        self.connection.execute(
            "CREATE OR REPLACE TEMP VIEW report_verdicts AS SELECT v.line, v.shipment, CASE"
            " WHEN v.verdict = 'agreed' OR (v.verdict = 'unmatched' AND u.line IS NULL) THEN"
            " v.verdict"
            " WHEN d.line IS NOT NULL THEN 'disputed'"
            " WHEN u.line IS NOT NULL OR v.verdict = 'not_auditable' THEN 'not_auditable'"
            " ELSE 'explained' END AS verdict FROM verdicts AS v"
            " LEFT JOIN report_over AS d USING (line) LEFT JOIN report_unclear AS u USING (line)"
        )

    def facts(self) -> list[LineFacts]:
        """The facts of each discrepancy, in their order."""
        found = [NO_FACTS] * len(self.result.discrepancies)
        delivered = self._day("delivered_at")
        columns = (
            "l.billed_on, l.weight_g, coalesce(l.province, ''), coalesce(l.service, ''),"
            " s.shipped_on, s.weight_g, coalesce(s.province, ''), "
            f"{delivered}, s.declared_minor"
        )
        self._take(
            found,
            f"SELECT f.n, {columns} FROM report_found AS f JOIN lines AS l ON {_SAME_ROW}"
            " LEFT JOIN verdicts AS v USING (line)"
            ' LEFT JOIN shipments AS s ON s."row" = v.shipment'
            " QUALIFY row_number() OVER (PARTITION BY f.n ORDER BY l.waybill <> f.waybill,"
            " f.over IS NULL, l.line)"
            " = 1",
        )
        self._take(
            found,
            f"SELECT f.n, NULL, NULL, '', '', s.shipped_on, s.weight_g, s.province, {delivered},"
            " s.declared_minor FROM report_found AS f JOIN shipments AS s ON s.waybill = f.waybill"
            ' JOIN unbilled AS u ON u.shipment = s."row"'
            " WHERE f.\"row\" IS NULL AND f.waybill <> ''",
        )
        return found

    def _take(self, found: list[LineFacts], sql: str) -> None:
        for batch in self._batches(sql):
            for n, *values in batch:
                found[n] = LineFacts(*values)

    def lost(self, first: date | None, last: date | None) -> Iterator[LostParcel]:
        """Lost and damaged parcels of the period for which nothing was billed."""
        inside = f" AND s.shipped_on BETWEEN DATE '{first}' AND DATE '{last}'" if first else ""
        sql = (
            "SELECT s.outcome, s.courier, s.waybill, s.order_id, s.shipped_on, s.weight_g,"
            f" s.province, {self._day('delivered_at')}, s.declared_minor FROM unbilled AS u"
            " JOIN shipments AS s ON s.\"row\" = u.shipment WHERE u.reason = 'not_due'"
            f" AND s.outcome IN ('lost', 'damaged'){inside} ORDER BY s.\"row\""
        )
        for outcome, courier, waybill, order, shipped, weight, province, day, value in self._rows(
            sql
        ):
            facts = LineFacts(
                shipped_on=shipped,
                own_weight_g=weight,
                province=province,
                delivered_on=day,
                declared_minor=value,
            )
            yield LostParcel(
                ClaimType(outcome), courier, waybill, self.result.currency, order, facts
            )

    def delivered(self) -> Iterator[Delivered]:
        """Billed shipments with both times, where the shipments carry them."""
        if not {"delivered_at", "promised_at"} <= self._shipment_columns():
            return
        sql = (
            "SELECT s.courier, s.waybill, s.order_id, s.service, s.promised_at::VARCHAR,"
            " s.delivered_at::VARCHAR, sum(l.amount_minor - greatest(coalesce(d.over, 0), 0)),"
            ' min(l.currency) FROM shipments AS s JOIN verdicts AS v ON v.shipment = s."row"'
            " JOIN lines AS l USING (line) LEFT JOIN report_over AS d USING (line)"
            " WHERE s.promised_at IS NOT NULL AND s.delivered_at IS NOT NULL"
            ' GROUP BY s."row", 1, 2, 3, 4, 5, 6 ORDER BY s."row"'
        )
        for *texts, left, currency in self._rows(sql):
            courier, waybill, order, service, promised, delivered = texts
            yield Delivered(
                courier, waybill, order, service, promised, delivered, int(left), currency
            )

    def lines(self, *, unmatched: bool = False) -> Iterator[tuple[Any, ...]]:
        """The lines in the order of the bills, in the order of `LINE_COLUMNS`."""
        return self._rows(self._lines_sql(unmatched=unmatched))

    def count_unmatched(self) -> int:
        return self._count("SELECT count(*) FROM report_verdicts WHERE verdict = 'unmatched'")

    def unbilled(self, *, carry_over: bool) -> Iterator[tuple[Any, ...]]:
        """Shipments without a line, in the order of `UNBILLED_COLUMNS`."""
        return self._rows(self._unbilled_sql(carry_over=carry_over))

    def count_unbilled(self, *, carry_over: bool) -> int:
        return self._count(f"SELECT count(*) FROM ({self._unbilled_sql(carry_over=carry_over)})")

    def refused(self) -> Iterator[tuple[Any, ...]]:
        """Rows, sheets and files that could not be used, in the order of `REFUSED_COLUMNS`."""
        told = set()
        for row in self._rows(
            'SELECT file, sheet, "row", waybill, courier, amount_minor, currency, reason'
            ' FROM refused ORDER BY file, sheet, "row", line DESC'
        ):
            told.add(row[:3])
            yield row
        for one in self.result.rejected:
            if (one.file, one.sheet, one.row) not in told:
                yield (one.file, one.sheet, one.row, "", "", None, "", one.reason)

    def copy_lines(self, path: Path) -> None:
        """All lines as CSV."""
        texts = self._risky("lines", _FREE_TEXTS) | self._risky(
            "shipments", ("courier", "order_id")
        )
        self._copy(self._lines_sql(free_texts=texts), LINE_COLUMNS, path)

    def copy_unbilled(self, path: Path) -> None:
        """All shipments without a line as CSV."""
        texts = self._risky("shipments", ("courier", "order_id", "service", "province", "city"))
        self._copy(self._unbilled_sql(free_texts=texts), UNBILLED_COLUMNS, path)

    def _risky(self, table: str, columns: Sequence[str]) -> frozenset[str]:
        """The columns in which a text may look like a formula: to defuse all takes seconds."""
        asked = ", ".join(f"bool_or({may_need_it_sql(name)})" for name in columns)
        row = self.connection.execute(f"SELECT {asked} FROM {table}").fetchone() or ()
        return frozenset(name for name, found in zip(columns, row, strict=True) if found)

    def _copy(self, sql: str, columns: Sequence[str], path: Path) -> None:
        # The byte order mark is what makes spreadsheet programs take the file for UTF-8. It goes in
        # as the first character of the first heading, because COPY cannot write one.
        first, *others = columns
        names = ", ".join([f'"{first}" AS "{BOM}{first}"', *(f'"{name}"' for name in others)])
        target = str(path).replace("'", "''")
        self.connection.execute(
            f"COPY (SELECT {names} FROM ({sql})) TO '{target}' (FORMAT csv, HEADER, QUOTE '\"')"
        )

    def _lines_sql(self, *, unmatched: bool = False, free_texts: Collection[str] = ()) -> str:
        where = " WHERE j.verdict = 'unmatched'" if unmatched else ""
        return (
            f"SELECT {_select(_LINE_COLUMNS, free_texts)} FROM lines AS l"
            " LEFT JOIN report_verdicts AS j USING (line)"
            ' LEFT JOIN shipments AS s ON s."row" = j.shipment'
            f" LEFT JOIN report_over AS d ON d.line = l.line{where} ORDER BY l.line"
        )

    def _unbilled_sql(
        self, *, carry_over: bool | None = None, free_texts: Collection[str] = ()
    ) -> str:
        where = ""
        if carry_over is not None:
            where = f" WHERE u.reason {'=' if carry_over else '<>'} 'carry_over'"
        return (
            f"SELECT {_select(_UNBILLED_COLUMNS, free_texts)} FROM unbilled AS u JOIN shipments"
            f' AS s ON s."row" = u.shipment{where}'
            f' ORDER BY list_position({_FIRST}, u.reason) NULLS LAST, s."row"'
        )

    def _day(self, column: str) -> str:
        """A day from an optional column of the shipments."""
        if column not in self._shipment_columns():
            return "NULL::DATE"
        return f"try_cast(left(s.{column}::VARCHAR, 10) AS DATE)"

    def _shipment_columns(self) -> set[str]:
        return {name for name, *_ in self.connection.execute("DESCRIBE shipments").fetchall()}

    def _count(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        for batch in self._batches(sql):
            yield from batch

    def _batches(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        found = self.connection.execute(sql)
        while batch := found.fetchmany(BATCH):
            yield batch


def _rows_of(one: Discrepancy) -> list[int | None]:
    """The rows of the bill that a discrepancy is about; the first is its own."""
    for key, value in one.evidence:
        if key == "rows" and isinstance(value, str) and one.row is not None:
            more = [int(text) for text in value.split(", ") if text.isdigit()]
            return [one.row, *(row for row in more if row != one.row)]
    return [one.row]


def _select(columns: Sequence[tuple[str, str]], free_texts: Collection[str]) -> str:
    return ", ".join(
        f'{neutral_sql(value) if name in free_texts else value} AS "{name}"'
        for name, value in columns
    )
