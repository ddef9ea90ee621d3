"""What was found, added up: by courier and currency, by kind, and altogether."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from courier_reconciliation.engine.refused_shipments import set_apart
from courier_reconciliation.model import Discrepancy, Kind, Rejected
from courier_reconciliation.result import CourierTotal, NotAuditable, Reconciliation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHIPPED = 'LEFT JOIN shipments AS s ON s."row" = j.shipment'
_PARTS = {
    Kind.UNKNOWN_WAYBILL: "unmatched",
    Kind.DUPLICATE_WAYBILL: "twice",
    Kind.MISSING_FROM_BILL: "missing",
    Kind.TOTAL_MISMATCH: "printed",
}
"""What a kind's money is counted as; others by their sign. The last two are not of lines."""


class Count(NamedTuple):
    """Lines of one courier and currency, and what they bill."""

    lines: int
    billed_minor: int


Counts = Mapping[tuple[str, str], Count]
"""(courier, currency) -> its lines."""


def counted(connection: DuckDBPyConnection) -> Counts:
    """All lines; those of nobody in particular are of the courier that shipped the parcel."""
    counts = _counts(connection, "l.courier", "lines AS l")
    unnamed = [key for key in counts if not key[0]]
    if unnamed:
        for key in unnamed:
            del counts[key]
        nobodys = f"judged AS j JOIN lines AS l USING (line) {_SHIPPED} WHERE l.courier = ''"
        for key, count in _counts(connection, "coalesce(s.courier, '')", nobodys).items():
            named = counts.get(key, Count(0, 0))
            counts[key] = Count(named.lines + count.lines, named.billed_minor + count.billed_minor)
    return counts


def _counts(
    connection: DuckDBPyConnection, courier: str, source: str
) -> dict[tuple[str, str], Count]:
    rows = connection.execute(
        f"SELECT {courier}, l.currency, count(*), sum(l.amount_minor)::BIGINT FROM {source}"
        " GROUP BY ALL"
    ).fetchall()
    return {(named, currency): Count(lines, billed) for named, currency, lines, billed in rows}


def answer(  # noqa: PLR0917 - the parts of one answer
    connection: DuckDBPyConnection,
    counts: Counts,
    period: str,
    found: Sequence[Discrepancy],
    not_auditable: Sequence[NotAuditable],
    rejected: Sequence[Rejected],
    notes: Sequence[str],
    usual_currency: str,
) -> Reconciliation:
    """The whole answer, from the tables `judged`, `lines_left` and `unbilled`.

    `usual_currency` is that of a bill without lines.
    """
    found, apart = set_apart(connection, found)
    not_auditable = (*not_auditable, *apart)
    lines, matched = _row(connection, "SELECT count(*), count(shipment) FROM judged")
    loose, carried = _row(
        connection, "SELECT count(*), count(*) FILTER (reason = 'carry_over') FROM unbilled"
    )
    by_kind: dict[Kind, tuple[int, int]] = {}
    parts: dict[tuple[str, str, str], int] = defaultdict(int)
    of_lines = claimable = 0
    for (kind, courier, currency, is_over, is_claimable), (count, money) in _summed(found).items():
        others, sum_of_kind = by_kind.get(kind, (0, 0))
        by_kind[kind] = (others + count, sum_of_kind + money)
        part = _PARTS.get(kind) or ("over" if is_over else "under")
        parts[courier, currency, part] += money
        if part not in ("missing", "printed"):
            of_lines += money
        if is_over and is_claimable:
            claimable += money
    for each in not_auditable:
        parts[each.courier, each.currency, "unknown"] += each.billed_minor
    billed = sum(count.billed_minor for count in counts.values())
    return Reconciliation(
        period=period,
        lines=lines,
        matched=matched,
        unmatched_bill=lines - matched,
        unmatched_shipments=loose,
        discrepancies=tuple(sorted(found, key=in_order)),
        not_auditable=tuple(not_auditable),
        rejected=tuple(rejected),
        totals=tuple(_totals(counts, _wrong(connection), parts)),
        total_billed_minor=billed,
        total_expected_minor=billed - of_lines,
        claimable_minor=claimable,
        currency=_main_currency(counts) or usual_currency,
        carry_over=carried,
        notes=tuple(notes),
        by_kind=dict(sorted(by_kind.items(), key=lambda item: -abs(item[1][1]))),
    )


def _summed(
    found: Sequence[Discrepancy],
) -> dict[tuple[Kind, str, str, bool, bool], list[int]]:
    """(kind, courier, currency, above zero, claimable) -> how many, and their differences."""
    sums: dict[tuple[Kind, str, str, bool, bool], list[int]] = defaultdict(lambda: [0, 0])
    for one in found:
        money = one.billed_minor - one.expected_minor
        alike = sums[one.kind, one.courier, one.currency, money > 0, one.claimable]
        alike[0] += 1
        alike[1] += money
    return sums


def _wrong(connection: DuckDBPyConnection) -> dict[tuple[str, str], int]:
    """What the lines that do not agree bill, by courier and currency."""
    all_named = not connection.execute(
        "SELECT 1 FROM lines_left WHERE courier = '' LIMIT 1"
    ).fetchone()
    shipped = "" if all_named else 'LEFT JOIN shipments AS s ON s."row" = l.shipment'
    courier = "l.courier" if all_named else "coalesce(nullif(l.courier, ''), s.courier, '')"
    rows = connection.execute(
        f"SELECT {courier}, l.currency, sum(l.amount_minor)::BIGINT FROM lines_left AS l"
        f" {shipped} WHERE NOT l.ok GROUP BY ALL"
    ).fetchall()
    return {(courier, currency): billed for courier, currency, billed in rows}


def _totals(
    counts: Counts,
    wrong: Mapping[tuple[str, str], int],
    parts: Mapping[tuple[str, str, str], int],
) -> Iterator[CourierTotal]:
    """What became of the money of each courier and currency."""
    for courier, currency in sorted(counts):
        lines, billed = counts[courier, currency]
        of = {
            part: parts.get((courier, currency, part), 0)
            for part in ("over", "under", "unmatched", "twice", "unknown", "missing")
        }
        disputed = sum(money for part, money in of.items() if part != "missing")
        not_agreed = wrong.get((courier, currency), 0)
        yield CourierTotal(
            courier=courier,
            currency=currency,
            lines=lines,
            billed_minor=billed,
            agreed_minor=billed - not_agreed,
            disputed_expected_minor=not_agreed - disputed,
            over_minor=of["over"],
            under_minor=-of["under"],
            unmatched_minor=of["unmatched"],
            duplicate_minor=of["twice"],
            not_auditable_minor=of["unknown"],
            missing_minor=-of["missing"],
        )


def _main_currency(counts: Counts) -> str:
    """The currency of most lines."""
    lines: Counter[str] = Counter()
    for (_, currency), count in counts.items():
        lines[currency] += count.lines
    return max(lines, key=lambda currency: lines[currency], default="")


def _row(connection: DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    return connection.execute(sql).fetchone() or (0, 0)


def in_order(one: Discrepancy) -> tuple[object, ...]:
    """As the rows stand in the bills."""
    return (one.file, one.sheet, one.row or 0, one.waybill_number, one.kind, one.charge)
