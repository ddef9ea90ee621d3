"""The rate card laid out for bulk pricing: which row serves which parcels, found out beforehand.

`rates.price` prices one parcel, slowly and plainly. Here the same decisions are taken once for
each courier, service, province, stretch of days and range of weight that occur, so that a million
parcels are priced by a join. What cannot be laid out so (rows of one parcel with different
volumetric divisors) is left to `rates.price`, parcel by parcel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from courier_reconciliation.filling import fill
from courier_reconciliation.model import FREIGHT
from courier_reconciliation.rates.card import (
    E4,
    Basis,
    FreightRow,
    NotPriced,
    RateCard,
    Rounding,
    StepMode,
    SurchargeRow,
)
from courier_reconciliation.rates.price import (
    fits,
    freight_rows,
    half_up,
    one_of_each,
    surcharges_for,
)
from courier_reconciliation.surcharge_codes import Due

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NO_END = 1 << 40
"""Grams beyond any parcel."""
_ROUNDINGS = {mode: n for n, mode in enumerate(Rounding)}
_BASES = {basis: n + 1 for n, basis in enumerate(Basis)}
RANGES = (
    "segment INTEGER, lo BIGINT, hi BIGINT, base_price BIGINT, base_weight BIGINT,"
    " step_weight BIGINT, step_price BIGINT, ceil_step BOOLEAN, rounding INTEGER,"
    " discount_e4 BIGINT, minimum BIGINT, tax_e4 BIGINT, contract UTINYINT"
)


class Terms(NamedTuple):
    """What the laid out rows of a card say at all; what none of them says is not worked out.

    `codes` are the surcharges that may be due, in the order of their columns; `currencies` those of
    the contract, in the order of their numbers.
    """

    codes: tuple[str, ...]
    currencies: tuple[str, ...]
    roundings: tuple[Rounding, ...]
    step_modes: tuple[StepMode, ...]
    has_volume: bool
    has_discount: bool
    has_minimum: bool
    has_tax: bool


def expected_codes(card: RateCard) -> tuple[str, ...]:
    """The surcharges that the card may ask for, in the order of their columns."""
    return tuple(sorted({row.code for row in card.surcharges if row.due is not Due.ALLOWED}))


def lay_out(connection: DuckDBPyConnection, card: RateCard, temp: Path) -> Terms:
    """Make the tables `segments` and `ranges` for what is in the table `shipped`."""
    codes = expected_codes(card)
    currencies = tuple(sorted({row.currency for row in card.freight}))
    extra = "".join(
        f", basis_{n} INTEGER, value_{n} BIGINT, least_{n} BIGINT, most_{n} BIGINT, due_{n} VARCHAR"
        for n in range(len(codes))
    )
    # Words are compared in the form in which they are stored.
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE segments AS SELECT 0 AS segment, courier, service, province,"
        " shipped_on AS from_day, shipped_on AS to_day, 0::BIGINT AS divisor FROM shipped LIMIT 0"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE ranges ({RANGES}{extra})")
    occurring = connection.execute(
        "SELECT courier, service, province, min(shipped_on), max(shipped_on) FROM shipped"
        " GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    segments: list[tuple[object, ...]] = []
    ranges: list[tuple[object, ...]] = []
    used: dict[FreightRow, None] = {}
    for courier, service, province, first, last in occurring:
        if any(row.value_e4 < 0 for row in card.surcharges if row.courier == courier):
            continue
        for start, end in _stretches(card, courier, first, last):
            rows = freight_rows(card, courier, service, start, province)
            if isinstance(rows, NotPriced) or not _can_be_laid_out(rows):
                continue
            number = len(segments)
            divisor = rows[0].volumetric_divisor or 0
            segments.append((number, courier, service, province, start, end, divisor))
            allowed = surcharges_for(
                card.surcharges, courier, service or rows[0].service, start, province
            )
            for lo, hi, row, extras in _weights(rows, allowed):
                used[row] = None
                freight = _freight(row, currencies)
                ranges.append((number, lo, hi, *freight, *_surcharges(extras, codes)))
    fill(connection, "segments", segments, temp)
    fill(connection, "ranges", ranges, temp)
    return Terms(
        codes=codes,
        currencies=currencies,
        roundings=tuple({row.rounding: None for row in used}),
        step_modes=tuple({row.step_mode: None for row in used}),
        has_volume=any(row.volumetric_divisor for row in used),
        has_discount=any(row.discount_e4 for row in used),
        has_minimum=any(row.minimum_minor for row in used),
        has_tax=any(row.tax_e4 for row in used),
    )


def _stretches(
    card: RateCard, courier: str, first: date, last: date
) -> Iterator[tuple[date, date]]:
    """The days from `first` to `last`, cut wherever a row of the courier begins or ends."""
    day = timedelta(days=1)
    cuts = {first}
    every: tuple[FreightRow | SurchargeRow, ...] = (*card.freight, *card.surcharges)
    for row in every:
        if row.courier == courier:
            if row.valid_from is not None:
                cuts.add(row.valid_from)
            if row.valid_to is not None:
                cuts.add(row.valid_to + day)
    starts = sorted(cut for cut in cuts if first <= cut <= last)
    for start, following in zip(starts, [*starts[1:], last + day], strict=True):
        yield start, following - day


def _can_be_laid_out(rows: Sequence[FreightRow]) -> bool:
    """Integer division rounds down in SQL: what is below zero is left to the slow way."""
    return (
        len({row.volumetric_divisor or 0 for row in rows}) == 1
        and len({row.currency for row in rows}) == 1
        and len({row.service for row in rows}) == 1
        and all(row.step_price_minor >= 0 and row.base_price_minor >= 0 for row in rows)
    )


def _weights(
    rows: Sequence[FreightRow], allowed: Sequence[SurchargeRow]
) -> Iterator[tuple[int, int, FreightRow, tuple[SurchargeRow, ...]]]:
    """The ranges of chargeable weight in which one row serves and the same surcharges hold."""
    cuts = {0}
    every: tuple[FreightRow | SurchargeRow, ...] = (*rows, *allowed)
    for each in every:
        cuts.add(each.min_weight_g)
        if each.max_weight_g is not None:
            cuts.add(each.max_weight_g + 1)
    starts = sorted(cut for cut in cuts if cut >= 0)
    for lo, following in zip(starts, [*starts[1:], NO_END], strict=True):
        row = next((row for row in rows if fits(row, lo)), None)
        # In a gap only the rounded weight can say whether a row serves: that is left out here.
        if row is not None:
            yield lo, following - 1, row, one_of_each(allowed, lo)


def _freight(row: FreightRow, currencies: Sequence[str]) -> tuple[object, ...]:
    return (
        row.base_price_minor,
        row.base_weight_g,
        row.step_weight_g,
        row.step_price_minor,
        row.step_mode is StepMode.CEIL,
        _ROUNDINGS[row.rounding],
        row.discount_e4,
        row.minimum_minor,
        row.tax_e4,
        currencies.index(row.currency),
    )


def _surcharges(extras: Sequence[SurchargeRow], codes: Sequence[str]) -> tuple[object, ...]:
    by_code = {row.code: row for row in extras if row.due is not Due.ALLOWED}
    found: list[object] = []
    for code in codes:
        row = by_code.get(code)
        if row is None:
            found += [0, 0, 0, 0, ""]
            continue
        value = half_up(row.value_e4, E4) if row.basis is Basis.PER_PARCEL else row.value_e4
        most = NO_END if row.maximum_minor is None else row.maximum_minor
        found += [_BASES[row.basis], value, row.minimum_minor, most, row.due.value]
    return tuple(found)


def chargeable_sql(parcel: str, segment: str, terms: Terms) -> str:
    """Grams that are charged before rounding."""
    weight = f"{parcel}.weight_g::BIGINT"
    if not terms.has_volume:
        return weight
    sides = (f"{parcel}.{name}::BIGINT" for name in ("length_mm", "width_mm", "height_mm"))
    volume = f"coalesce({' * '.join(sides)}, 0)"
    return (
        f"greatest({weight}, CASE WHEN {segment}.divisor > 0 THEN"
        f" ({volume} + {segment}.divisor - 1) // {segment}.divisor ELSE 0 END)"
    )


def rounded_sql(weight: str, rounding: str, terms: Terms) -> str:
    """Grams after rounding, by the number of the mode."""
    whole, rest = f"({weight} // 1000)", f"({weight} % 1000)"
    by_mode = {
        Rounding.CEIL_1000: f"({weight} + 999) // 1000 * 1000",
        Rounding.CEIL_500: f"({weight} + 499) // 500 * 500",
        Rounding.CEIL_100: f"({weight} + 99) // 100 * 100",
        Rounding.EXACT: weight,
        Rounding.DROP_300: f"greatest({whole} + ({rest} > 300)::INTEGER, 1) * 1000",
        Rounding.THREE_SEVEN: (
            f"greatest({whole} * 1000 + CASE WHEN {rest} < 300 THEN 0"
            f" WHEN {rest} < 700 THEN 500 ELSE 1000 END, 500)"
        ),
    }
    if len(terms.roundings) == 1:
        return by_mode[terms.roundings[0]]
    whens = " ".join(f"WHEN {_ROUNDINGS[mode]} THEN {by_mode[mode]}" for mode in terms.roundings)
    return f"CASE {rounding} {whens} END" if whens else weight


def listed_sql(rounded: str, row: str, terms: Terms) -> str:
    """Freight before discount and minimum."""
    over = f"greatest({rounded} - {row}.base_weight, 0)"
    steps = f"({over} + {row}.step_weight - 1) // {row}.step_weight * {row}.step_price"
    share = f"(2 * {over} * {row}.step_price + {row}.step_weight) // (2 * {row}.step_weight)"
    if terms.step_modes == (StepMode.CEIL,):
        return f"{row}.base_price + {steps}"
    return f"{row}.base_price + CASE WHEN {row}.ceil_step THEN {steps} ELSE {share} END"


def freight_sql(listed: str, row: str, terms: Terms) -> str:
    """Freight after discount, not below the minimum."""
    hundred = 100 * E4
    net = listed
    if terms.has_discount:
        net = f"(2 * {listed} * ({hundred} - {row}.discount_e4) + {hundred}) // {2 * hundred}"
    return f"greatest({net}, {row}.minimum)" if terms.has_minimum else net


def surcharge_sql(n: int, listed: str, rounded: str, row: str, parcel: str) -> str:
    """What the `n`th code comes to for a parcel, 0 where it is not due."""
    value, basis, due = f"{row}.value_{n}", f"{row}.basis_{n}", f"{row}.due_{n}"
    declared = (
        f"CASE WHEN {due} = '{Due.COD}' AND {parcel}.cod_minor > 0 THEN {parcel}.cod_minor"
        f" ELSE coalesce({parcel}.declared_minor, 0) END"
    )
    hundred, thousand = 100 * E4, 1000 * E4
    amount = (
        f"CASE {basis} WHEN {_BASES[Basis.PER_PARCEL]} THEN {value}"
        f" WHEN {_BASES[Basis.PER_KG]}"
        f" THEN (2 * {value} * {rounded} + {thousand}) // {2 * thousand}"
        f" WHEN {_BASES[Basis.PERCENT_OF_FREIGHT]} THEN"
        f" (2 * {value} * {listed} + {hundred}) // {2 * hundred}"
        f" ELSE (2 * {value} * ({declared}) + {hundred}) // {2 * hundred} END"
    )
    is_due = (
        f"{basis} > 0 AND CASE {due}"
        f" WHEN '{Due.DECLARED}' THEN coalesce({parcel}.declared_minor, 0) > 0"
        f" WHEN '{Due.COD}' THEN coalesce({parcel}.cod_minor, 0) > 0"
        f" WHEN '{Due.RETURNED}' THEN {parcel}.outcome = 'returned' ELSE true END"
        f" AND NOT ({basis} = {_BASES[Basis.PERCENT_OF_DECLARED]} AND ({declared}) <= 0)"
    )
    return (
        f"CASE WHEN {is_due} THEN least(greatest({amount}, {row}.least_{n}), {row}.most_{n})"
        " ELSE 0 END"
    )


def priced_sql(source: str, terms: Terms) -> str:
    """SELECT that prices the rows of `source` (which has the columns of `shipped`, and more).

    It adds `expected_freight`, `owed_<n>` for each code, `expected_total` and `contract`, the
    number of the currency; all NULL where the layout has no price.
    """
    names = [f"owed_{n}" for n in range(len(terms.codes))]
    owed = "".join(
        f", {surcharge_sql(n, 'l.listed', 'l.rounded', 'l', 'l')} AS {name}"
        for n, name in enumerate(names)
    )
    total = f"({' + '.join(['f.expected_freight', *(f'f.{name}' for name in names)])})"
    if terms.has_tax:
        total = f"{total} + (2 * {total} * f.tax_e4 + {100 * E4}) // {200 * E4}"
    columns = ", ".join(f"r.{name}" for name in _range_columns(terms.codes))
    # One step a level: an expression that is used twice is worked out once.
    chargeable = (
        f"SELECT s.*, g.segment, {chargeable_sql('s', 'g', terms)} AS chargeable"
        f" FROM {source} AS s"
        " LEFT JOIN segments AS g ON g.courier = s.courier AND g.service = s.service"
        " AND g.province = s.province AND s.shipped_on BETWEEN g.from_day AND g.to_day"
    )
    rounded = (
        f"SELECT w.* EXCLUDE (segment), {columns},"
        f" {rounded_sql('w.chargeable', 'r.rounding', terms)} AS rounded FROM ({chargeable}) AS w"
        " LEFT JOIN ranges AS r ON r.segment = w.segment AND w.weight_g IS NOT NULL"
        " AND w.chargeable BETWEEN r.lo AND r.hi"
    )
    listed = f"SELECT d.*, {listed_sql('d.rounded', 'd', terms)} AS listed FROM ({rounded}) AS d"
    freight = (
        f"SELECT l.*, {freight_sql('l.listed', 'l', terms)} AS expected_freight{owed}"
        f" FROM ({listed}) AS l"
    )
    ranged = (name for name in _range_columns(terms.codes) if name != "contract")
    dropped = ", ".join((*ranged, "rounded", "listed", "chargeable"))
    return f"SELECT f.* EXCLUDE ({dropped}), {total} AS expected_total FROM ({freight}) AS f"


def _range_columns(codes: Sequence[str]) -> tuple[str, ...]:
    extra = (
        f"{name}_{n}"
        for n in range(len(codes))
        for name in ("basis", "value", "least", "most", "due")
    )
    columns = RANGES.replace(",", "").split()[::2]
    return (*(name for name in columns if name not in ("segment", "lo", "hi")), *extra)


def code_column(code: str, codes: Sequence[str]) -> str:
    """The column of `priced_sql` with what is owed for a charge; `0` for one that is not due."""
    if code == FREIGHT:
        return "expected_freight"
    return f"owed_{codes.index(code)}" if code in codes else "0"
