"""What is settled once all rows of a sheet are staged: sums, prepayments, couriers, invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from courier_reconciliation import surcharge_codes
from courier_reconciliation.filling import quoted
from courier_reconciliation.model import DeclaredTotal
from courier_reconciliation.reading.cells_sql import amount
from courier_reconciliation.reading.couriers import by_numbers
from courier_reconciliation.reading.tables import ROW, Loaded, Table, read_csv, say

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def settle(connection: DuckDBPyConnection, table: Table, found: Loaded) -> tuple[str, ...]:
    """Put the table `stage` right, and add the totals of invoices and further charges.

    Returns the columns that turned out to say nothing.
    """
    settling = _Settling(connection, table, found)
    settling.decide_unsure()
    settling.full_charge()
    settling.several_couriers()
    settling.pairs()
    settling.invoices()
    return ("freight_minor",) if settling.is_one_amount_for_all() else ()


class _Settling:
    def __init__(self, connection: DuckDBPyConnection, table: Table, found: Loaded) -> None:
        self._db = connection
        self._table = table
        self._plan = table.plan
        self._found = found

    def _execute(self, sql: str) -> Any:
        return self._db.execute(sql)

    def _one(self, sql: str) -> Any:
        row = self._execute(sql).fetchone()
        return row[0] if row else None

    def decide_unsure(self) -> None:
        """Columns that look like fees count where the amounts add up only with them."""
        plan = self._plan
        if not plan.unsure:
            return
        sure = range(len(plan.surcharges))
        if "amount" in plan.columns and plan.has_parts:
            known = " + ".join(
                ["coalesce(freight_minor, 0)", *(f"coalesce(extra_{n}, 0)" for n in sure)]
            )
            guessed = [f"extra_{n}" for n in range(len(plan.surcharges), len(plan.extras))]
            more = " + ".join(f"coalesce({name}, 0)" for name in guessed)
            agrees, all_ = self._execute(
                f"SELECT count(*) FILTER (abs({known} + {more} - amount_minor) <= 1), count(*)"
                f" FROM stage WHERE ({more}) <> 0"
            ).fetchone()
            if all_ and agrees >= 0.9 * all_:
                return
        elif "amount" not in plan.columns:
            return
        for n in range(len(plan.surcharges), len(plan.extras)):
            self._execute(f"UPDATE stage SET extra_{n} = NULL")
        names = [plan.names[index] for index, _ in plan.unsure if index < len(plan.names)]
        self._found.notes.append(
            "not counted as surcharges, because the amounts do not add up with them: "
            + ", ".join(names)
        )

    def full_charge(self) -> None:
        """Labels paid for in advance are a payment: what is audited is the full charge.

        Yunda states what is left to pay beside the real charge (courier bills reference, 1.1). A
        credit is below zero in both, and gives back less than the charge.
        """
        plan = self._plan
        if "amount" not in plan.columns or not plan.has_parts:
            return
        extras = "".join(f" + coalesce(extra_{n}, 0)" for n in range(len(plan.extras)))
        whole = f"(freight_minor{extras})"
        if "prepaid" in plan.columns:
            paid_before = (
                f"prepaid_minor <> 0 AND (abs(amount_minor + abs(prepaid_minor) - {whole}) <= 1 OR"
                f" {whole} < 0 AND abs(amount_minor - abs(prepaid_minor) - {whole}) <= 1)"
            )
        elif plan.courier == "yunda":
            same_side = f"sign(amount_minor) * sign({whole}) >= 0"
            paid_before = f"abs(amount_minor) < abs({whole}) AND {same_side}"
        else:
            return
        to_pay = self._billed()
        self._execute(f"UPDATE stage SET amount_minor = {whole} WHERE {paid_before}")
        self._restate_total(to_pay, self._billed())

    def _billed(self) -> int:
        return int(self._one("SELECT coalesce(sum(amount_minor), 0)::BIGINT FROM stage"))

    def _restate_total(self, to_pay: int, full: int) -> None:
        """A printed total of what is left to pay, as one of the full charge, unless it is that."""
        sums = [n for n, total in enumerate(self._found.totals) if total.is_sum]
        if full == to_pay or len(sums) != 1:
            return
        total = self._found.totals[sums[0]]
        printed = total.amount_minor
        if printed is not None and abs(printed - full) > 1:
            restated = replace(total, amount_minor=printed + full - to_pay)
            self._found.totals[sums[0]] = restated

    def is_one_amount_for_all(self) -> bool:
        """Whether what is called freight is all that any row asks for: it holds surcharges, too."""
        plan = self._plan
        if "amount" not in plan.columns or plan.extras or plan.pairs or not plan.has_parts:
            return False
        return not self._one("SELECT count(*) FROM stage WHERE freight_minor <> amount_minor")

    def several_couriers(self) -> None:
        """Rows of nobody in particular: a courier for each shape of number that is plain."""
        if self._plan.courier or "courier" in self._plan.columns:
            return
        shape = "regexp_extract(waybill, '^([A-Z]+|[0-9]{2})')"
        groups = self._execute(
            f"SELECT {shape} AS shape, length(waybill) AS digits, min(waybill, 20) FROM stage"
            " GROUP BY ALL ORDER BY count(*) DESC LIMIT 50"
        ).fetchall()
        for start, digits, sample in groups:
            if courier := by_numbers(sample):
                self._execute(
                    f"UPDATE stage SET courier = {quoted(courier)} WHERE {shape} ="
                    f" {quoted(start)} AND length(waybill) = {digits}"
                )

    def pairs(self) -> None:
        """Further charges of a row, as pairs of columns (FedEx, DHL): name and amount."""
        if not self._plan.pairs:
            return
        plan = self._plan
        names = ", ".join(f"c{index}" for index, _ in plan.pairs)
        money = ", ".join(
            amount(f"c{index}", plan.decimals, comma=plan.comma, strong=True)
            for _, index in plan.pairs
        )
        self._execute(
            "CREATE OR REPLACE TEMP TABLE further AS SELECT number, said, paid FROM (SELECT number,"
            f" unnest([{names}]) AS said, unnest([{money}]) AS paid FROM"
            f" {read_csv(self._table)}) WHERE said IS NOT NULL AND paid <> 0"
        )
        said = self._execute("SELECT DISTINCT said FROM further").fetchall()
        self._execute("CREATE OR REPLACE TEMP TABLE said_pairs (said VARCHAR, answer VARCHAR)")
        say(self._db, "said_pairs", [(text, surcharge_codes.code_of(text)) for (text,) in said])
        joined = f"further JOIN said_pairs USING (said) JOIN stage ON further.number = stage.{ROW}"
        self._execute(
            f"INSERT INTO charges SELECT line, answer, sum(paid) FROM {joined}"
            " WHERE answer NOT IN ('discount', 'freight') GROUP BY ALL"
        )
        self._execute(
            "UPDATE stage SET discount_minor = coalesce(discount_minor, 0) + less FROM (SELECT"
            f" line AS at_line, abs(sum(paid))::BIGINT AS less FROM {joined}"
            " WHERE answer = 'discount' GROUP BY line) WHERE line = at_line"
        )

    def invoices(self) -> None:
        """Totals of invoices that stand in columns or rows of their own."""
        plan = self._plan
        scale = {"comma": plan.comma, "strong": True}
        if plan.invoice is not None:
            number, column = plan.invoice
            found = self._one(
                f"SELECT sum(paid)::BIGINT FROM (SELECT DISTINCT c{number},"
                f" {amount(f'c{column}', plan.decimals, **scale)} AS paid FROM"
                f" {read_csv(self._table)})"
            )
        elif plan.invoice_rows is not None:
            index, value = plan.invoice_rows
            column = plan.columns["amount"]
            found = self._one(
                f"SELECT sum({amount(f'c{column}', plan.decimals, **scale)})::BIGINT FROM"
                f" {read_csv(self._table)} WHERE c{index} = {quoted(value)}"
            )
        else:
            return
        if found is not None:
            self._found.totals.append(
                DeclaredTotal(
                    self._table.file,
                    self._table.sheet,
                    self._table.first_row,
                    "invoice total",
                    found,
                )
            )
