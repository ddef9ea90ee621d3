"""The workbook of a reconciliation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct

from courier_reconciliation.model import Kind
from courier_reconciliation.output import claim_rows
from courier_reconciliation.output.cells import amount
from courier_reconciliation.output.courier_layouts import language_for
from courier_reconciliation.output.gather import Tables
from courier_reconciliation.output.sheets import MOST_ROWS, Book, Column, Look
from courier_reconciliation.output.summary import Summary, add_charts
from courier_reconciliation.output.view import View
from courier_reconciliation.output.words import Words

_DISCREPANCIES = (
    *(("kind", 16, Look.TEXT), ("courier", 14, Look.TEXT), ("waybill", 22, Look.TEXT)),
    *(("charge", 14, Look.TEXT), ("billed", 12, Look.MONEY), ("expected", 12, Look.MONEY)),
    *(("difference", 12, Look.MONEY), ("currency", 7, Look.TEXT), ("claimable", 9, Look.TEXT)),
    *(("evidence", 60, Look.TEXT), ("rule", 44, Look.TEXT)),
    *(("contract", 72, Look.TEXT), ("billed_on", 12, Look.DATE)),
    *(("shipped_on", 12, Look.DATE), ("order_id", 22, Look.TEXT), ("file", 26, Look.TEXT)),
    *(("sheet", 14, Look.TEXT), ("row", 8, Look.NUMBER)),
)
_LINES = (
    *(("file", 24, Look.TEXT), ("sheet", 12, Look.TEXT), ("row", 8, Look.NUMBER)),
    *(("courier", 14, Look.TEXT), ("waybill", 22, Look.TEXT), ("billed_on", 12, Look.DATE)),
    *(("order_id", 22, Look.TEXT), ("service", 14, Look.TEXT), ("charge", 12, Look.TEXT)),
    *(("province", 12, Look.TEXT), ("own_province", 12, Look.TEXT)),
    *(("weight", 11, Look.WEIGHT), ("own_weight", 11, Look.WEIGHT)),
    *(("shipped_on", 12, Look.DATE), ("currency", 7, Look.TEXT), ("billed", 12, Look.MONEY)),
    *(("expected", 12, Look.MONEY), ("difference", 12, Look.MONEY), ("verdict", 14, Look.TEXT)),
    *(("kinds", 20, Look.TEXT), ("remark", 24, Look.TEXT)),
)
_UNBILLED = (
    *(("waybill", 22, Look.TEXT), ("courier", 14, Look.TEXT), ("shipped_on", 12, Look.DATE)),
    *(("order_id", 22, Look.TEXT), ("service", 14, Look.TEXT), ("own_province", 12, Look.TEXT)),
    *(("city", 12, Look.TEXT), ("own_weight", 11, Look.WEIGHT), ("outcome", 12, Look.TEXT)),
    ("reason", 26, Look.TEXT),
)
_NOT_AUDITABLE = (
    *(("courier", 14, Look.TEXT), ("waybill", 22, Look.TEXT), ("billed", 12, Look.MONEY)),
    *(("currency", 7, Look.TEXT), ("reason", 60, Look.TEXT), ("order_id", 22, Look.TEXT)),
    *(("file", 26, Look.TEXT), ("sheet", 14, Look.TEXT), ("row", 8, Look.NUMBER)),
)
_REFUSED = (
    *(("file", 26, Look.TEXT), ("sheet", 14, Look.TEXT), ("row", 8, Look.NUMBER)),
    *(("waybill", 22, Look.TEXT), ("courier", 14, Look.TEXT), ("amount", 12, Look.MONEY)),
    *(("currency", 7, Look.TEXT), ("reason", 80, Look.TEXT)),
)
_LATE = (
    *(("courier", 14, Look.TEXT), ("waybill", 22, Look.TEXT), ("service", 26, Look.TEXT)),
    *(("promised_at", 20, Look.TEXT), ("delivered_at", 20, Look.TEXT)),
    *(("late_minutes", 12, Look.NUMBER), ("amount", 12, Look.MONEY), ("currency", 7, Look.TEXT)),
    *(("file_by", 12, Look.DATE), ("order_id", 22, Look.TEXT)),
)
_ORDER = {kind: number for number, kind in enumerate(Kind)}


class Limits(Struct, frozen=True):
    """`sheet_rows`: a longer table is only in its CSV file. `line_rows` the same for all lines."""

    sheet_rows: int = MOST_ROWS
    line_rows: int = 100_000


def write_workbook(
    path: Path,
    temp: Path,
    tables: Tables,
    view: View,
    *,
    words: Words,
    limits: Limits,
    lines_in: str = "lines.csv",
) -> None:
    """Write it all; `lines_in` lists all lines. Raises `OSError` and `XlsxWriterException`."""
    _Writing(Book(path, temp), tables, view, words, limits, lines_in).run()


class _Writing:
    def __init__(  # noqa: PLR0917 - what a workbook is made from
        self,
        book: Book,
        tables: Tables,
        view: View,
        words: Words,
        limits: Limits,
        lines_in: str,
    ) -> None:
        self._book = book
        self._tables = tables
        self._view = view
        self._words = words
        self._limits = limits
        self._lines_in = lines_in

    def run(self) -> None:
        words, result, tables = self._words, self._view.result, self._tables
        summary = Summary(self._book, self._view, words)
        refused = list(tables.refused())
        summary.write(len(refused))
        self._add("discrepancies", _DISCREPANCIES, self._discrepancies(),
                  len(result.discrepancies), "discrepancies.csv", frozen=3)  # fmt: skip
        self._claims()
        self._add("unmatched_lines", _LINES, self._lines(unmatched=True),
                  tables.count_unmatched(), "lines.csv", frozen=5)  # fmt: skip
        for name in ("unbilled", "carry_over"):
            is_carried = name == "carry_over"
            self._add(name, _UNBILLED, self._unbilled(carry_over=is_carried),
                      tables.count_unbilled(carry_over=is_carried), "unbilled.csv")  # fmt: skip
        self._add("not_auditable", _NOT_AUDITABLE, self._not_auditable(),
                  len(result.not_auditable), "not_auditable.csv", frozen=2)  # fmt: skip
        self._add("refused", _REFUSED, self._refused(refused), len(refused), "refused.csv")
        if self._view.late:
            self._add("late", _LATE, self._late(), len(self._view.late), "late.csv", frozen=2)
        limit = self._limits.line_rows
        self._add("lines", _LINES, self._lines(), result.lines, self._lines_in, frozen=5,
                  limit=limit)  # fmt: skip
        add_charts(self._book, self._view, words, summary.sheet, summary.chart_row)
        self._book.close()

    def _add(
        self,
        name: str,
        columns: Sequence[tuple[str, int, Look]],
        rows: Iterator[tuple[Any, ...]],
        count: int,
        file: str,
        *,
        frozen: int = 1,
        limit: int | None = None,
    ) -> None:
        """A table, or where it is too long a note that says which file has it."""
        most = min(self._limits.sheet_rows, MOST_ROWS if limit is None else limit)
        note = self._words.block("more").format(count=f"{count:,}", file=file)
        self._book.add_table(
            self._words.sheet(name),
            [Column(self._words.column(key), width, look) for key, width, look in columns],
            rows if count <= most else chain([()], rows),
            frozen=frozen,
            most_rows=most if count <= most else 0,
            otherwise=note,
        )

    def _discrepancies(self) -> Iterator[tuple[Any, ...]]:
        words, found = self._words, self._view.result.discrepancies
        order = sorted(
            range(len(found)),
            key=lambda n: (_ORDER[found[n].kind], found[n].courier, -found[n].difference_minor, n),
        )
        for n in order:
            one, facts = found[n], self._view.facts[n]
            currency = one.currency
            yield (
                words.kind(one.kind),
                words.courier(one.courier),
                one.waybill_number,
                words.charge(one.charge),
                amount(one.billed_minor, currency),
                amount(one.expected_minor, currency),
                amount(one.difference_minor, currency),
                currency,
                words.yes(one.claimable and one.difference_minor > 0),
                words.evidence(one),
                words.rule(one.kind),
                words.contract(one),
                facts.billed_on,
                facts.shipped_on,
                one.order_id,
                one.file,
                one.sheet,
                one.row,
            )

    def _claims(self) -> None:
        """One sheet for each courier, in its own layout and language."""
        couriers = dict.fromkeys(claim.courier for claim in self._view.claims)
        for courier in couriers:
            words = Words(language_for(courier, self._words.language))
            claims = [claim for claim in self._view.claims if claim.courier == courier]
            rows = chain.from_iterable(claim_rows.rows_of(claim, words) for claim in claims)
            count = sum(len(claim.items) for claim in claims)
            self._book.add_table(
                f"{self._words.sheet('claim')} {self._words.courier(courier)}",
                [each.column for each in claim_rows.columns_of(courier, words)],
                rows,
                color="#C00000",
                most_rows=self._limits.sheet_rows,
                otherwise=self._words.block("more").format(count=f"{count:,}", file="claims"),
            )

    def _lines(self, *, unmatched: bool = False) -> Iterator[tuple[Any, ...]]:
        words = self._words
        names = {kind.value: words.kind(kind) for kind in Kind}
        for row in self._tables.lines(unmatched=unmatched):
            (*place, courier, waybill, billed_on, order, service, charge, province, own) = row[:11]
            weight, own_weight, shipped_on, currency, *money, verdict, kinds, remark = row[11:]
            yield (
                *place,
                words.courier(courier),
                waybill,
                billed_on,
                order,
                service,
                words.charge(charge),
                province,
                own,
                _kilograms(weight),
                _kilograms(own_weight),
                shipped_on,
                currency,
                *(None if minor is None else amount(int(minor), currency) for minor in money),
                words.verdict(verdict or ""),
                " ".join(names.get(kind, kind) for kind in kinds.split()),
                remark,
            )

    def _unbilled(self, *, carry_over: bool) -> Iterator[tuple[Any, ...]]:
        words = self._words
        for waybill, courier, *rest, weight, outcome, reason in self._tables.unbilled(
            carry_over=carry_over
        ):
            yield (
                waybill,
                words.courier(courier),
                *rest,
                _kilograms(weight),
                words.outcome(outcome),
                words.unbilled(reason),
            )

    def _not_auditable(self) -> Iterator[tuple[Any, ...]]:
        for one in self._view.result.not_auditable:
            yield (
                self._words.courier(one.courier),
                one.waybill_number,
                amount(one.billed_minor, one.currency),
                one.currency,
                self._words.reason(one.reason),
                one.order_id,
                one.file,
                one.sheet,
                one.row,
            )

    def _refused(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for *place, waybill, courier, minor, currency, reason in rows:
            money = None if minor is None else amount(minor, currency)
            name = self._words.courier(courier) if courier else ""
            yield (*place, waybill, name, money, currency, self._words.reason(reason))

    def _late(self) -> Iterator[tuple[Any, ...]]:
        for late in self._view.late:
            one = late.shipment
            yield (
                self._words.courier(one.courier),
                one.waybill_number,
                one.service,
                one.promised_at,
                one.delivered_at,
                late.late_minutes,
                amount(one.left_minor, one.currency),
                one.currency,
                late.file_by,
                one.order_id,
            )


def _kilograms(grams: int | None) -> float | None:
    return None if grams is None else grams / 1000
