"""What was found, added up: by courier and currency, by kind, and altogether."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from courier_reconciliation.model import Discrepancy, Kind, Rejected
from courier_reconciliation.result import CourierTotal, NotAuditable, Reconciliation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NOT_OF_LINES = (Kind.MISSING_FROM_BILL, Kind.TOTAL_MISMATCH)


def answer(  # noqa: PLR0917 - the parts of one answer
    connection: DuckDBPyConnection,
    period: str,
    found: Sequence[Discrepancy],
    not_auditable: Sequence[NotAuditable],
    rejected: Sequence[Rejected],
    notes: Sequence[str],
    usual_currency: str,
) -> Reconciliation:
    """The whole answer, from the tables `judged`, `lines`, `lines_left` and `unbilled`.

    `usual_currency` is that of a bill without lines.
    """
    lines, matched = _row(connection, "SELECT count(*), count(shipment) FROM judged")
    loose, carried = _row(
        connection,
        "SELECT count(*), count(*) FILTER (reason = 'carry_over') FROM unbilled",
    )
    groups = _groups(connection)
    billed = sum(group.billed_minor for group in groups)
    by_kind: dict[Kind, tuple[int, int]] = {}
    for one in found:
        count, money = by_kind.get(one.kind, (0, 0))
        by_kind[one.kind] = (count + 1, money + one.difference_minor)
    return Reconciliation(
        period=period,
        lines=lines,
        matched=matched,
        unmatched_bill=lines - matched,
        unmatched_shipments=loose,
        discrepancies=tuple(sorted(found, key=in_order)),
        not_auditable=tuple(not_auditable),
        rejected=tuple(rejected),
        totals=tuple(_totals(groups, found, not_auditable)),
        total_billed_minor=billed,
        total_expected_minor=billed
        - sum(d.difference_minor for d in found if d.kind not in _NOT_OF_LINES),
        claimable_minor=sum(
            d.difference_minor for d in found if d.claimable and d.difference_minor > 0
        ),
        currency=_main_currency(groups) or usual_currency,
        carry_over=carried,
        notes=tuple(notes),
        by_kind=dict(sorted(by_kind.items(), key=lambda item: -abs(item[1][1]))),
    )


class _Group(NamedTuple):
    """Lines of one courier and currency. `wrong_minor` is billed by those that do not agree."""

    courier: str
    currency: str
    lines: int
    billed_minor: int
    wrong_minor: int


def _groups(connection: DuckDBPyConnection) -> list[_Group]:
    counts: dict[tuple[str, str], list[int]] = {}
    for courier, currency, lines, billed in connection.execute(
        "SELECT courier, currency, count(*), sum(amount_minor)::BIGINT FROM lines GROUP BY ALL"
    ).fetchall():
        counts[courier, currency] = [lines, billed, 0]
    # Lines of nobody in particular are of the courier that shipped the parcel.
    unnamed = [currency for courier, currency in counts if not courier]
    for currency in unnamed:
        del counts["", currency]
    if unnamed:
        for courier, currency, lines, billed in connection.execute(
            "SELECT coalesce(s.courier, ''), l.currency, count(*), sum(l.amount_minor)::BIGINT"
            f" FROM judged AS j JOIN lines AS l USING (line) {_SHIPPED} WHERE l.courier = ''"
            " GROUP BY ALL"
        ).fetchall():
            group = counts.setdefault((courier, currency), [0, 0, 0])
            group[0] += lines
            group[1] += billed
    courier = f"coalesce(nullif(l.courier, ''), {'s.courier' if unnamed else 'NULL'}, '')"
    for named, currency, wrong in connection.execute(
        f"SELECT {courier}, l.currency, sum(l.amount_minor)::BIGINT FROM judged AS j"
        f" JOIN lines_left AS l USING (line) {_SHIPPED if unnamed else ''}"
        " WHERE NOT j.ok GROUP BY ALL"
    ).fetchall():
        counts[named, currency][2] = wrong
    return [_Group(*key, *counts[key]) for key in sorted(counts)]


_SHIPPED = 'LEFT JOIN shipments AS s ON s."row" = j.shipment'


def _totals(
    groups: Iterable[_Group], found: Iterable[Discrepancy], unknown: Iterable[NotAuditable]
) -> Iterator[CourierTotal]:
    """What became of each group's money."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in found:
        part = _PARTS.get(one.kind) or ("over" if one.difference_minor > 0 else "under")
        sums[one.courier, one.currency, part] += one.difference_minor
    for each in unknown:
        sums[each.courier, each.currency, "unknown"] += each.billed_minor
    for group in groups:
        of = {part: sums[group.courier, group.currency, part] for part in _NAMES}
        disputed = sum(of[part] for part in ("over", "under", "unmatched", "twice", "unknown"))
        yield CourierTotal(
            courier=group.courier,
            currency=group.currency,
            lines=group.lines,
            billed_minor=group.billed_minor,
            agreed_minor=group.billed_minor - group.wrong_minor,
            disputed_expected_minor=group.wrong_minor - disputed,
            over_minor=of["over"],
            under_minor=-of["under"],
            unmatched_minor=of["unmatched"],
            duplicate_minor=of["twice"],
            not_auditable_minor=of["unknown"],
            missing_minor=-of["missing"],
        )


_PARTS = {
    Kind.UNKNOWN_WAYBILL: "unmatched",
    Kind.DUPLICATE_WAYBILL: "twice",
    Kind.MISSING_FROM_BILL: "missing",
    Kind.TOTAL_MISMATCH: "printed",
}
_NAMES = ("over", "under", "unmatched", "twice", "unknown", "missing")


def _main_currency(groups: Sequence[_Group]) -> str:
    """The currency of most lines."""
    lines: Counter[str] = Counter()
    for group in groups:
        lines[group.currency] += group.lines
    return max(lines, key=lambda currency: lines[currency], default="")


def _row(connection: DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    return connection.execute(sql).fetchone() or (0, 0)


def in_order(one: Discrepancy) -> tuple[object, ...]:
    """As the rows stand in the bills."""
    return (one.file, one.sheet, one.row or 0, one.waybill_number, one.kind, one.charge)
