"""A reconciliation from tables to answer: match and price in bulk, explain what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from courier_reconciliation.causes.explain import Explainer
from courier_reconciliation.causes.tolerances import DEFAULT, Tolerances
from courier_reconciliation.causes.whole_waybill import as_one
from courier_reconciliation.causes.zones_by_chance import without_chance
from courier_reconciliation.engine import left_over, matching, prices, totals, unbilled, unsaid
from courier_reconciliation.engine.answer import answer, counted
from courier_reconciliation.engine.habits import habits
from courier_reconciliation.engine.missing import missing
from courier_reconciliation.engine.not_billed import never_billed, not_expected
from courier_reconciliation.model import (
    Discrepancy,
    Rejected,
)
from courier_reconciliation.rates.card import RateCard
from courier_reconciliation.reading.lines import take_away
from courier_reconciliation.result import NotAuditable, Reconciliation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from courier_reconciliation.reading.model import BillsRead


@dataclass(frozen=True, slots=True)
class Options:
    """`period` (`2026-10`): "" takes the month in which most rows lie.

    `currency` is that of bills that name none; "": that of the contract. `elsewhere` is what is
    known of lines of the bill that are not in the tables.
    """

    period: str = ""
    currency: str = ""
    elsewhere: unbilled.Elsewhere = field(default_factory=unbilled.Elsewhere)
    tolerances: Tolerances = DEFAULT
    progress: Callable[[str], None] = field(default=lambda _step: None)


def reconcile(  # noqa: PLR0917 - the parts of one question
    connection: DuckDBPyConnection,
    bills: BillsRead,
    card: RateCard,
    options: Options,
    temp: Path,
    rejected: Sequence[Rejected] = (),
) -> Reconciliation:
    """Compare the tables `lines` and `shipments` by the card.

    Leaves the tables `verdicts` and `unbilled` for reports. `rejected` is what else could not be
    read. A bill of an earlier month beside one of the period is only looked at for parcels that are
    billed a second time.
    """
    return _Run(connection, bills, card, options, temp).run(rejected)


class _Run:
    def __init__(
        self,
        connection: DuckDBPyConnection,
        bills: BillsRead,
        card: RateCard,
        options: Options,
        temp: Path,
    ) -> None:
        self._db = connection
        self._bills = bills
        self._card = card
        self._options = options
        self._temp = temp
        self._found: list[Discrepancy] = []
        self._not_auditable: list[NotAuditable] = []
        self._notes: list[str] = []
        self._far: list[Rejected] = []

    def run(self, rejected: Sequence[Rejected]) -> Reconciliation:
        period = self._options.period or self._usual_month()
        earlier = self._set_aside(period)
        if not self._options.currency:
            unsaid.take_currency_of_contract(self._db, self._bills.files, self._card)
        self._tell_of_sheets()
        self._options.progress("price")
        terms = prices.lay_out(self._db, self._card, self._temp)
        self._options.progress("match")
        matching.judge(self._db, terms)
        if unseen := never_billed(self._db, terms, self._card):
            self._card = not_expected(self._card, unseen)
            matching.judge(self._db, prices.lay_out(self._db, self._card, self._temp))
            self._notes += [
                f"{courier} charges no {', '.join(codes)} in this bill; the rate card has it, and"
                " it is not expected"
                for courier, codes in unseen.items()
            ]
        self._options.progress("explain")
        first, last = days_of(period)
        counts = counted(self._db)
        billed_by = {courier for courier, _ in counts}
        with ThreadPoolExecutor(max_workers=1) as beside:
            # Explaining is Python's work: meanwhile the database says what became of the others.
            cursor = self._db.cursor()
            others = beside.submit(self._others, cursor, billed_by, first, last)
            self._explain(earlier, first, last)
            others.result()
        self._without_bill(period)
        found, unpriced = missing(self._db, self._card)
        self._found += found
        self._not_auditable += unpriced
        self._found += totals.mismatches(
            self._db, self._bills.declared_totals, self._options.tolerances
        )
        self._outside(first, last)
        return answer(
            self._db,
            counts,
            period,
            self._found,
            self._not_auditable,
            (*self._bills.rejected, *rejected, *self._far),
            self._notes,
            self._card.freight[0].currency if self._card.freight else "",
        )

    def _one(self, sql: str) -> Any:
        row = self._db.execute(sql).fetchone()
        return row[0] if row else None

    def _usual_month(self) -> str:
        if len(self._bills.files) == 1:
            return self._bills.files[0].period
        return (
            self._one(
                "SELECT strftime(billed_on, '%Y-%m') AS month FROM (SELECT billed_on, count(*) AS"
                " lines FROM lines WHERE billed_on IS NOT NULL GROUP BY billed_on)"
                " GROUP BY month ORDER BY sum(lines) DESC, month DESC LIMIT 1"
            )
            or ""
        )

    def _set_aside(self, period: str) -> bool:
        """Bills of earlier months become evidence, where there is one of this month too."""
        before = [f.name for f in self._bills.files if f.period and f.period < period]
        if not before or len(before) == len([f for f in self._bills.files if f.lines]):
            self._notes += [
                f"{f.name} is a bill of {f.period}, not of {period}"
                for f in self._bills.files
                if f.period and period and f.period != period
            ]
            return False
        self._db.execute("CREATE OR REPLACE TEMP TABLE earlier AS SELECT * FROM lines LIMIT 0")
        for name in before:
            self._db.execute("INSERT INTO earlier SELECT * FROM lines WHERE file = ?", [name])
            take_away(self._db, "file = ?", [name])
            self._notes.append(f"{name} is of an earlier month: only parcels billed twice count")
        return True

    def _tell_of_sheets(self) -> None:
        """What was not counted, and why."""
        for file in self._bills.files:
            if file.ignored_sheets:
                names = ", ".join(file.ignored_sheets)
                self._notes.append(f"{file.name}: no parcels were found on sheet {names}")
            for sheet in file.sheets:
                where = f"{file.name}, sheet {sheet.name}" if sheet.name else file.name
                self._notes += [f"{where}: {note}" for note in sheet.notes]

    def _others(
        self,
        connection: DuckDBPyConnection,
        billed_by: Iterable[str],
        first: date | None,
        last: date | None,
    ) -> None:
        """What is on no bill, and the verdict on each line."""
        unbilled.make(connection, billed_by, first, last, self._options.elsewhere)
        connection.execute(
            "CREATE OR REPLACE VIEW verdicts AS SELECT line, shipment, expected_total AS"
            " expected_minor, CASE WHEN ok THEN 'agreed' WHEN shipment IS NULL THEN 'unmatched'"
            " WHEN expected_total IS NULL THEN 'not_auditable' ELSE 'disputed' END AS verdict"
            " FROM judged"
        )

    def _without_bill(self, period: str) -> None:
        """Nothing is missing from the bill of a month if no bill of that month was given."""
        of_lines = [file for file in self._bills.files if file.lines]
        if period and len(unsaid.files_of_other_months(of_lines, period)) == len(of_lines):
            self._db.execute(
                "UPDATE unbilled SET reason = 'outside_period' WHERE reason IN ('missing',"
                " 'carry_over')"
            )
            self._notes.append(f"no bill of {period} was given: what it lacks cannot be said")

    def _explain(self, has_earlier: bool, first: date | None, last: date | None) -> None:
        left_over.take(self._db, has_earlier=has_earlier)
        if not any(row.tax_e4 for row in self._card.freight):
            matching.keep_tax_inside(self._db)
        if first and last:
            self._not_auditable += unsaid.far_and_unknown(self._db, first, last)
        usual = habits(self._db)
        explainer = Explainer(self._card, self._options.tolerances, usual)
        for group in left_over.groups(self._db, has_earlier=has_earlier):
            explained = explainer.explain(group.rows, group.shipment, group.earlier)
            self._found += as_one(explained.discrepancies)
            if explained.not_auditable_minor:
                main = group.rows[0]
                self._not_auditable.append(
                    NotAuditable(
                        courier=main.courier,
                        waybill_number=main.waybill_number,
                        billed_minor=explained.not_auditable_minor,
                        currency=main.currency,
                        reason=explained.reason,
                        file=main.file,
                        sheet=main.sheet,
                        row=main.row,
                        order_id=group.shipment.order_id if group.shipment else main.order_id,
                    )
                )
        self._found = list(without_chance(self._found, usual))

    def _outside(self, first: date | None, last: date | None) -> None:
        if first is None or last is None:
            return
        margin = unsaid.FAR
        count = self._one(
            "SELECT count(*) FROM lines WHERE billed_on IS NOT NULL AND billed_on NOT BETWEEN"
            f" DATE '{first}' AND DATE '{last}'"
        )
        if count:
            self._notes.append(f"{count} rows are dated outside {first:%Y-%m}")
        far = self._db.execute(
            'SELECT file, sheet, "row", billed_on FROM lines JOIN judged USING (line)'
            " WHERE shipment IS NOT NULL AND billed_on IS NOT NULL AND"
            f" (billed_on < DATE '{first - margin}' OR billed_on > DATE '{last + margin}')"
            " ORDER BY line LIMIT 1000"
        ).fetchall()
        self._far = [
            Rejected(
                file, f"dated {day}, far outside {first:%Y-%m}; checked all the same", sheet, row
            )
            for file, sheet, row, day in far
        ]


def days_of(period: str) -> tuple[date | None, date | None]:
    """The first and the last day of a month such as `2026-10`."""
    if not period:
        return None, None
    year, month = map(int, period.split("-"))
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)
