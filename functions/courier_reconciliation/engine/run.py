"""A reconciliation from tables to answer: match and price in bulk, explain what is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from courier_reconciliation.causes.explain import Explainer
from courier_reconciliation.causes.tolerances import DEFAULT, Tolerances
from courier_reconciliation.causes.whole_waybill import as_one
from courier_reconciliation.engine import matching, prices, shipments, totals, unsaid
from courier_reconciliation.engine.missing import SHIPMENT, missing, shipped
from courier_reconciliation.model import (
    BilledRow,
    Discrepancy,
    Kind,
    Rejected,
    Shipment,
)
from courier_reconciliation.rates.card import RateCard
from courier_reconciliation.reading.lines import take_away
from courier_reconciliation.result import CourierTotal, NotAuditable, Reconciliation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from courier_reconciliation.reading.model import BillsRead

BATCH = 5_000
_LINE = (
    'l.line, l.file, l.sheet, l."row", l.waybill, l.courier, l.amount_minor, l.charge, l.currency,'
    " l.billed_on, l.parent, l.order_id, l.service, l.freight_minor, l.tax_minor,"
    " l.discount_minor, l.weight_g, l.actual_g, l.length_mm, l.width_mm, l.height_mm, l.province,"
    " l.city, l.pieces, l.is_return, l.remark"
)
_OF_LINE = _LINE.count(",") + 1


@dataclass(frozen=True, slots=True)
class Options:
    """`period` (`2026-10`): "" takes the month in which most rows lie.

    `currency` is that of bills that name none; "": that of the contract. `couriers_elsewhere` are
    those of lines of the bill that are not in the tables.
    """

    period: str = ""
    currency: str = ""
    couriers_elsewhere: tuple[str, ...] = ()
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
        prices.lay_out(self._db, self._card, self._temp)
        self._options.progress("match")
        matching.judge(self._db, prices.expected_codes(self._card))
        self._options.progress("explain")
        first, last = _days(period)
        with ThreadPoolExecutor(max_workers=1) as beside:
            # Explaining is Python's work: meanwhile the database says what became of the others.
            others = beside.submit(self._others, self._db.cursor(), first, last)
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
        return self._answer(period, rejected)

    def _one(self, sql: str) -> Any:
        row = self._db.execute(sql).fetchone()
        return row[0] if row else None

    def _usual_month(self) -> str:
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
        self, connection: DuckDBPyConnection, first: date | None, last: date | None
    ) -> None:
        """What is on no bill, and the verdict on each line."""
        matching.unbilled(connection, self._couriers(connection), first, last)
        connection.execute(
            "CREATE OR REPLACE TABLE verdicts AS SELECT line, shipment, expected_total AS"
            " expected_minor, CASE WHEN ok THEN 'agreed' WHEN shipment IS NULL THEN 'unmatched'"
            " WHEN expected_total IS NULL THEN 'not_auditable' ELSE 'disputed' END AS verdict"
            " FROM judged"
        )

    def _couriers(self, connection: DuckDBPyConnection) -> list[str]:
        found = connection.execute(
            "SELECT DISTINCT courier FROM judged UNION SELECT DISTINCT shipped_by FROM judged"
        ).fetchall()
        known = {courier for (courier,) in found if courier}
        return sorted(known.union(self._options.couriers_elsewhere))

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
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE left_over AS SELECT line, shipment FROM judged"
            " WHERE NOT ok"
        )
        if has_earlier:
            # What agrees by itself may still have been billed before.
            self._db.execute(
                "INSERT INTO left_over SELECT j.line, j.shipment FROM judged AS j JOIN lines AS l"
                " USING (line) WHERE j.ok AND l.waybill IN (SELECT waybill FROM earlier)"
            )
        if first and last:
            self._not_auditable += unsaid.far_and_unknown(self._db, first, last)
        extras = self._extras()
        before = self._earlier() if has_earlier else {}
        explainer = Explainer(self._card, self._options.tolerances)
        for rows, shipment in self._groups(extras):
            seen = [one for n in {row.waybill_number for row in rows} for one in before.get(n, ())]
            explained = explainer.explain(rows, shipment, seen)
            self._found += as_one(explained.discrepancies)
            if explained.not_auditable_minor:
                main = rows[0]
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
                        order_id=shipment.order_id if shipment else main.order_id,
                    )
                )

    def _extras(self) -> dict[int, list[tuple[str, int]]]:
        found: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for line, code, amount in self._db.execute(
            "SELECT line, code, amount_minor FROM charges"
            " WHERE line IN (SELECT line FROM left_over) ORDER BY line, code"
        ).fetchall():
            found[line].append((code, amount))
        return found

    def _earlier(self) -> dict[str, list[BilledRow]]:
        found: dict[str, list[BilledRow]] = defaultdict(list)
        for row in self._db.execute(
            f"SELECT {_LINE} FROM earlier AS l WHERE l.waybill IN (SELECT waybill FROM lines)"
        ).fetchall():
            found[row[4]].append(_billed(row, ()))
        return found

    def _groups(
        self, extras: dict[int, list[tuple[str, int]]]
    ) -> Iterator[tuple[list[BilledRow], Shipment | None]]:
        """The rows that do not agree, by shipment, or by number where nobody shipped it."""
        # The few that matter first: else the database would carry all columns of all rows along.
        shipments.pick(self._db, "of_left_over", "SELECT shipment FROM left_over")
        self._db.execute(
            "CREATE OR REPLACE TEMP TABLE lines_left AS SELECT * FROM lines"
            " WHERE line IN (SELECT line FROM left_over)"
        )
        found = self._db.execute(
            f"SELECT {_LINE}, {SHIPMENT} FROM left_over AS j JOIN lines_left AS l USING (line)"
            ' LEFT JOIN of_left_over AS s ON s."row" = j.shipment'
            " ORDER BY j.shipment, l.waybill, l.line"
        )
        key: object = None
        rows: list[BilledRow] = []
        shipment: Shipment | None = None
        while batch := found.fetchmany(BATCH):
            for row in batch:
                number = row[_OF_LINE]
                own = ("unknown", row[4]) if number is None else number
                if own != key and rows:
                    yield rows, shipment
                    rows = []
                if own != key:
                    key, shipment = own, None if number is None else shipped(row[_OF_LINE:])
                billed = _billed(row, tuple(extras.get(row[0], ())))
                if not billed.courier and shipment is not None:
                    billed = replace(billed, courier=shipment.courier)
                rows.append(billed)
        if rows:
            yield rows, shipment

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

    def _answer(self, period: str, rejected: Sequence[Rejected]) -> Reconciliation:
        counts = self._db.execute(
            "SELECT count(*), count(shipment), coalesce(sum(amount_minor), 0) FROM judged"
        ).fetchone() or (0, 0, 0)
        lines, matched, billed = counts
        on_bill = [d for d in self._found if d.kind not in _NOT_OF_LINES]
        by_kind: dict[Kind, tuple[int, int]] = {}
        for one in self._found:
            count, money = by_kind.get(one.kind, (0, 0))
            by_kind[one.kind] = (count + 1, money + one.difference_minor)
        currencies = self._db.execute(
            "SELECT currency FROM lines GROUP BY currency ORDER BY count(*) DESC"
        ).fetchall()
        return Reconciliation(
            period=period,
            lines=lines,
            matched=matched,
            unmatched_bill=lines - matched,
            unmatched_shipments=self._one("SELECT count(*) FROM unbilled"),
            discrepancies=tuple(sorted(self._found, key=in_order)),
            not_auditable=tuple(self._not_auditable),
            rejected=(*self._bills.rejected, *rejected, *self._far),
            totals=self._totals(),
            total_billed_minor=int(billed),
            total_expected_minor=int(billed) - sum(d.difference_minor for d in on_bill),
            claimable_minor=sum(
                d.difference_minor for d in self._found if d.claimable and d.difference_minor > 0
            ),
            currency=currencies[0][0] if currencies else self._contract_currency(),
            carry_over=self._one("SELECT count(*) FROM unbilled WHERE reason = 'carry_over'"),
            notes=tuple(self._notes),
            by_kind=dict(sorted(by_kind.items(), key=lambda item: -abs(item[1][1]))),
        )

    def _contract_currency(self) -> str:
        return self._card.freight[0].currency if self._card.freight else ""

    def _totals(self) -> tuple[CourierTotal, ...]:
        rows = self._db.execute(
            "SELECT coalesce(nullif(courier, ''), shipped_by, '') AS courier, currency, count(*),"
            " sum(amount_minor), coalesce(sum(amount_minor) FILTER (ok), 0) FROM judged"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        found = []
        for courier, currency, lines, billed, agreed in rows:
            own = [d for d in self._found if (d.courier, d.currency) == (courier, currency)]
            of_lines = [d for d in own if d.kind not in _NOT_OF_LINES]
            unmatched = _sum(d for d in of_lines if d.kind is Kind.UNKNOWN_WAYBILL)
            twice = _sum(d for d in of_lines if d.kind is Kind.DUPLICATE_WAYBILL)
            rest = [
                d for d in of_lines if d.kind not in (Kind.UNKNOWN_WAYBILL, Kind.DUPLICATE_WAYBILL)
            ]
            over = _sum(d for d in rest if d.difference_minor > 0)
            under = -_sum(d for d in rest if d.difference_minor < 0)
            unknown = sum(
                one.billed_minor
                for one in self._not_auditable
                if (one.courier, one.currency) == (courier, currency)
            )
            found.append(
                CourierTotal(
                    courier=courier,
                    currency=currency,
                    lines=lines,
                    billed_minor=int(billed),
                    agreed_minor=int(agreed),
                    disputed_expected_minor=int(billed)
                    - int(agreed)
                    - (over - under + unmatched + twice + unknown),
                    over_minor=over,
                    under_minor=under,
                    unmatched_minor=unmatched,
                    duplicate_minor=twice,
                    not_auditable_minor=unknown,
                    missing_minor=-_sum(d for d in own if d.kind is Kind.MISSING_FROM_BILL),
                )
            )
        return tuple(found)


_NOT_OF_LINES = (Kind.MISSING_FROM_BILL, Kind.TOTAL_MISMATCH)


def _sum(found: Iterator[Discrepancy]) -> int:
    return sum(one.difference_minor for one in found)


def in_order(one: Discrepancy) -> tuple[object, ...]:
    """As the rows stand in the bills."""
    return (one.file, one.sheet, one.row or 0, one.waybill_number, one.kind, one.charge)


def _days(period: str) -> tuple[date | None, date | None]:
    if not period:
        return None, None
    year, month = map(int, period.split("-"))
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)


def _billed(row: Sequence[Any], extras: tuple[tuple[str, int], ...]) -> BilledRow:
    """A row of `_LINE`, whose columns stand in the order of the fields."""
    values = (*row[1:14], extras, *row[14:_OF_LINE])
    return BilledRow(*values)
