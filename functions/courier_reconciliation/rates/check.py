"""Proving a rate card: no gaps, no overlaps, no price that falls as the weight grows.

What leaves parcels without a price or with a doubtful one is an error, what may be meant so (an
open top end, provinces where a courier does not go) a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from aftersales.platforms.regions import PROVINCES
from courier_reconciliation.rates.card import (
    ALL_OTHERS,
    E4,
    Basis,
    FreightRow,
    NotPriced,
    PricingFacts,
    RateCard,
)
from courier_reconciliation.rates.columns import Problem
from courier_reconciliation.rates.overlaps import names_of, overlaps
from courier_reconciliation.rates.price import (
    freight_rows,
    list_freight,
    names,
    net_freight,
    price,
    serving,
)
from courier_reconciliation.surcharge_codes import is_known

SAMPLE_WEIGHTS_G = (500, 1000, 2000, 3000, 5000, 10_000, 30_000)
PROBE_STEP_G = 100
PROBE_UP_TO_G = 50_000
_BEYOND_THE_MAINLAND = ("香港", "澳门", "台湾")
_ANY_DAY = date(2000, 1, 1)


class SamplePrices(Struct, frozen=True):
    """Prices of one courier, service, period and zone by weight; None: there is no price.

    `zone` are the provinces that share these rows, `*` for all that no row names.
    """

    courier: str
    service: str
    day: date
    zone: tuple[str, ...]
    currency: str
    prices: tuple[tuple[int, int | None], ...]


class _Zone(Struct, frozen=True):
    """Provinces that are priced by the same rows on the same days."""

    courier: str
    service: str
    day: date
    provinces: tuple[str, ...]
    rows: tuple[FreightRow, ...]

    def __str__(self) -> str:
        service = f" {self.service}" if self.service else ""
        since = "" if self.day == _ANY_DAY else f" from {self.day.isoformat()}"
        return f"{self.courier}{service} to {names_of(self.provinces)}{since}"


def check_card(card: RateCard) -> list[Problem]:
    """What is wrong or doubtful about a card that could be read."""
    problems: list[Problem] = []
    for courier in card.couriers:
        problems += _of_courier(card, courier)
        problems += _gaps_in_time(card, courier)
    problems += _overlaps(card)
    for zone in _zones(card):
        problems += _gaps(zone)
        problems += _falls(zone)
    problems += _surcharges(card)
    return list(dict.fromkeys(problems))


def sample_prices(card: RateCard) -> list[SamplePrices]:
    """Prices to look at, of every courier, service, period and zone."""
    found = []
    for zone in _zones(card):
        prices = tuple((grams, _price(card, zone, grams)) for grams in SAMPLE_WEIGHTS_G)
        found.append(
            SamplePrices(
                zone.courier, zone.service, zone.day, zone.provinces, zone.rows[0].currency, prices
            )
        )
    return found


def _price(card: RateCard, zone: _Zone, grams: int) -> int | None:
    facts = PricingFacts(zone.courier, zone.day, zone.provinces[0], grams, None, zone.service)
    found = price(card, facts)
    return None if isinstance(found, NotPriced) else found.freight_minor


def _zones(card: RateCard) -> Iterator[_Zone]:
    for courier in card.couriers:
        rows = [row for row in card.freight if row.courier == courier]
        provinces = dict.fromkeys((*(name for row in rows for name in row.provinces), ALL_OTHERS))
        for service in sorted({row.service for row in rows}):
            for day in _first_days(rows):
                same: dict[tuple[FreightRow, ...], list[str]] = {}
                for name in provinces:
                    found = freight_rows(card, courier, service, day, name)
                    if not isinstance(found, NotPriced):
                        same.setdefault(found, []).append(name)
                for served, alike in same.items():
                    yield _Zone(courier, service, day, tuple(alike), served)


def _first_days(rows: list[FreightRow]) -> list[date]:
    """The first day of each period in which the same rows are valid."""
    starts = {row.valid_from or _ANY_DAY for row in rows}
    starts |= {row.valid_to + timedelta(days=1) for row in rows if row.valid_to is not None}
    return sorted(day for day in starts if any(_is_valid(row, day) for row in rows))


def _is_valid(row: FreightRow, day: date) -> bool:
    return (row.valid_from is None or row.valid_from <= day) and (
        row.valid_to is None or day <= row.valid_to
    )


def _of_courier(card: RateCard, courier: str) -> Iterator[Problem]:
    rows = [row for row in card.freight if row.courier == courier]
    currencies = sorted({row.currency for row in rows})
    if len(currencies) > 1:
        yield Problem(f"{courier} has prices in {', '.join(currencies)}; keep one currency a card")
    named = {name for row in rows for name in row.provinces}
    if ALL_OTHERS not in named and named & set(PROVINCES):
        missing = [name for name in PROVINCES if name not in named]
        if missing:
            yield Problem(f"{courier} has no price for {', '.join(missing)}", is_error=False)
    if currencies == ["CNY"]:
        for name in sorted(named - {*PROVINCES, *_BEYOND_THE_MAINLAND, ALL_OTHERS}):
            row = next(row for row in rows if name in row.provinces)
            yield Problem(f"{name} is no province", row.row, "provinces", is_error=False)


def _gaps_in_time(card: RateCard, courier: str) -> Iterator[Problem]:
    """Days without a price between two periods of the same service and province."""
    rows = [row for row in card.freight if row.courier == courier]
    provinces = dict.fromkeys(name for row in rows for name in row.provinces)
    for service in sorted({row.service for row in rows}):
        found: dict[tuple[date, date, int], list[str]] = {}
        for province in provinces:
            for gap in _pauses(rows, service, province):
                if isinstance(freight_rows(card, courier, service, gap[0], province), NotPriced):
                    found.setdefault(gap, []).append(province)
        for (first, last, row), alike in found.items():
            where = f"{courier}{' ' if service else ''}{service} to {names_of(tuple(alike))}"
            yield Problem(f"no price from {first} to {last}, {where}", row, "valid_from")


def _pauses(
    rows: list[FreightRow], service: str, province: str
) -> Iterator[tuple[date, date, int]]:
    """First and last day on which no row is in force, and the row that is the next one."""
    serving_rows = [
        row for row in rows if row.service in ("", service) and names(row.provinces, province)
    ]
    covered: date | None = None
    for row in sorted(serving_rows, key=lambda row: row.valid_from or date.min):
        if covered and row.valid_from and row.valid_from > covered + timedelta(days=1):
            yield covered + timedelta(days=1), row.valid_from - timedelta(days=1), row.row
        if row.valid_to is None:
            return
        covered = max(covered or row.valid_to, row.valid_to)


def _overlaps(card: RateCard) -> Iterator[Problem]:
    """Two rows of the same standing for one weight."""
    for one in overlaps(card):
        message = f"rows {one.taken.row} and {one.other.row} both price {one.weight_g} g, {one}"
        yield Problem(message, one.other.row, "min_weight_g")


def _gaps(zone: _Zone) -> Iterator[Problem]:
    """Weights without a price. Below the first range and above the last one others may carry."""
    covered = 0
    for row in sorted(zone.rows, key=lambda row: row.min_weight_g):
        if row.min_weight_g > covered + 1:
            found = _without_price(zone, covered + 1, row.min_weight_g - 1)
            if found is not None:
                message = f"no price from {found[0]} to {found[1]} g, {zone}"
                yield Problem(message, row.row, "min_weight_g", is_error=covered > 0)
        if row.max_weight_g is None:
            return
        covered = max(covered, row.max_weight_g)
    yield Problem(f"no price above {covered} g, {zone}", is_error=False)


def _without_price(zone: _Zone, first: int, last: int) -> tuple[int, int] | None:
    """What of a gap has no price: some weights are rounded into a range."""
    steps = range(first - first % PROBE_STEP_G, last, PROBE_STEP_G)
    weights = {first, last, *steps, *(grams + 1 for grams in steps)}
    without = [
        grams
        for grams in sorted(weights)
        if first <= grams <= last and serving(zone.rows, grams, None) is None
    ]
    return (without[0], without[-1]) if without else None


def _falls(zone: _Zone) -> Iterator[Problem]:
    """The first weight whose price is below that of a lighter parcel. Where another service takes
    over, such as freight above 30 kg, that may be meant so."""
    weights = set(range(PROBE_STEP_G, PROBE_UP_TO_G + 1, PROBE_STEP_G))
    for row in zone.rows:
        weights |= {row.min_weight_g, row.min_weight_g + 1, row.max_weight_g or 1}
    lighter: tuple[int, int, FreightRow] | None = None
    said = set()
    for grams in sorted(weight for weight in weights if weight > 0):
        found = serving(zone.rows, grams, None)
        if found is None:
            continue
        row = found.row
        minor = net_freight(row, list_freight(row, found.rounded_g))
        if lighter is not None and minor < lighter[1]:
            is_error = row.service == lighter[2].service
            if is_error not in said:
                message = f"{grams} g costs {minor}, less than {lighter[0]} g ({lighter[1]})"
                yield Problem(f"{message}, {zone}", row.row, "base_price_minor", is_error=is_error)
            said.add(is_error)
        lighter = (grams, minor, row)


def _surcharges(card: RateCard) -> Iterator[Problem]:
    for row in card.surcharges:
        if row.courier not in card.couriers:
            yield Problem(f"{row.courier} has a surcharge and no price", row.row, "courier")
        if not is_known(row.code):
            message = f"{row.code} is no usual surcharge; bills must call it so too"
            yield Problem(message, row.row, "surcharge_code", is_error=False)
        is_money = row.basis in (Basis.PER_PARCEL, Basis.PER_KG)
        if is_money and (row.value_e4 % E4 or 0 < row.value_e4 < 10 * E4):
            message = f"{row.value_e4 / E4:g} is an amount in fen or cent; is it meant so?"
            yield Problem(message, row.row, "surcharge_value", is_error=False)
        if not is_money and row.value_e4 > 100 * E4:
            message = f"{row.value_e4 / E4:g} % is more than all"
            yield Problem(message, row.row, "surcharge_value", is_error=False)
