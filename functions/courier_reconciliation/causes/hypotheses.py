"""Which mistake explains a freight that is too high: each is tried, the most specific is named.

A mistake explains a freight when the card's price with that one thing changed is exactly what is
billed, and when the weight and the province that the bill states do not speak against it. Among
several, what the bill itself states decides first (`Fit`), then the order of `Rank`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from courier_reconciliation.causes.freight_case import FreightCase, Match
from courier_reconciliation.causes.stated import (
    STEP_G,
    Evidence,
    Fit,
    is_rounded,
    near,
    own_g,
    own_weight_fit,
    stated_elsewhere,
    volume,
    weigh_own,
    weight_evidence,
    zone_evidence,
)
from courier_reconciliation.model import Kind
from courier_reconciliation.rates.card import FreightRow, NotPriced, Priced, Rounding
from courier_reconciliation.rates.price import Weighed, rounded, volumetric_g
from courier_reconciliation.rates.quotes import as_billed, weigh_as_rounded, weigh_by

USUAL_DIVISORS = (6000, 5000, 8000, 3000, 12000)
OTHER_DIVISORS = (4000, 4800, 7000, 9000, 10000)
"""Divisors that contracts use (courier bills reference); the first are the common ones."""
STEPS_TRIED = 60
ZONE_APART = frozenset(("ups", "fedex", "dhl"))
"""Couriers whose bills state the address of the receiver, and bill by a zone of their own."""
_MODES = tuple(Rounding)


class Rank(IntEnum):
    """The order of mistakes that fit equally well.

    Where a common divisor gives the very weight, the size decides it: parcels that are charged by
    their size are few, so that it seldom fits by chance. A rounding mode leaves one or two
    outcomes. Rare divisors come after a plain wrong weight, which explains as much with less.
    """

    ZONE_STATED = 0
    BILL_SIZES = 1
    VOLUMETRIC = 2
    ROUNDING = 3
    WITHIN_TOLERANCE = 4
    ZONE_UNSTATED = 5
    WEIGHT = 6
    VOLUMETRIC_RARE = 7
    WEIGHT_UNSTATED = 8


_TRIED = (
    *((divisor, Rank.VOLUMETRIC) for divisor in USUAL_DIVISORS),
    *((divisor, Rank.VOLUMETRIC_RARE) for divisor in OTHER_DIVISORS),
)
_LEAST_DIVISOR = min(divisor for divisor, _ in _TRIED)
"""It gives a parcel its heaviest volumetric weight."""


class Guess(Struct, frozen=True):
    """A mistake and the price it would give. `kind` None: a weight within tolerance."""

    kind: Kind | None
    fit: Fit
    rank: Rank
    weighed: Weighed
    province: str
    evidence: Evidence


_FIT_AND_RANK = attrgetter("fit", "rank")


class Part(Struct, frozen=True):
    """One cause and its share of the difference."""

    kind: Kind | None
    expected_minor: int
    billed_minor: int
    evidence: Evidence


class Explanation(Struct, frozen=True):
    """What explains the freight: its parts, and the price that is billed in truth."""

    fit: Fit
    rank: Rank
    parts: tuple[Part, ...]
    priced: Priced


def explained_by_one(case: FreightCase) -> Explanation | None:
    """The best single mistake that explains the row."""
    found = best_match(case, _guesses(case))
    if found is None and _names_the_right_one(case):
        # Nothing else explains the price: another zone's does, whatever the bill names.
        zones = [replace(zone, fit=Fit.AGAINST) for zone in _other_zones(case)]
        found = best_match(case, zones)
    if found is None:
        return None
    guess, match = found
    part = Part(guess.kind, match.expected_minor, case.billed_minor, guess.evidence)
    return Explanation(guess.fit, guess.rank, (part,), match.priced)


def best_match(case: FreightCase, guesses: list[Guess]) -> tuple[Guess, Match] | None:
    """The guess that fits best of those whose price is exactly what is billed."""
    if len(guesses) > 1:
        guesses.sort(key=_FIT_AND_RANK)
    for guess in guesses:
        match = case.match(guess.weighed, guess.province)
        if match is not None and not (match.off_minor and _states_the_agreed(case, guess.weighed)):
            return guess, match
    return None


def _states_the_agreed(case: FreightCase, weighed: Weighed) -> bool:
    """Whether the bill states the rounded weight of the contract, and not that of another price.

    Then such a price is no rounding of the courier's, and next to it is chance.
    """
    billed = case.main.weight_g
    if billed is None or near(billed, weighed.rounded_g):
        return False
    return near(billed, case.base.rounded_g)


def _guesses(case: FreightCase) -> list[Guess]:
    own, stated = case.facts.province, stated_elsewhere(case)
    found = other_weights(case, case.rows, own)
    if stated:
        found += _zones(case, (stated,), Rank.ZONE_STATED)
    if not _names_the_right_one(case):
        found += _other_zones(case)
    if case.main.weight_g is None:
        found += _more_steps(case)
    return found


def _names_the_right_one(case: FreightCase) -> bool:
    """Whether the bill names the parcel's province, and charges by what it names."""
    if not case.main.province or case.facts.courier in ZONE_APART:
        return False
    return not stated_elsewhere(case)


def _other_zones(case: FreightCase) -> list[Guess]:
    """The price of each other zone, where the bill names none besides one's own."""
    if stated_elsewhere(case) or own_weight_fit(case) is None:
        return []
    return _zones(case, case.quotes.zones(case.facts), Rank.ZONE_UNSTATED)


def other_weights(case: FreightCase, rows: tuple[FreightRow, ...], province: str) -> list[Guess]:
    """Each weight that may have been charged to a province instead of the true one."""
    low, high = case.reach(rows)
    if low > high:
        return []  # no weight at all has such a price
    found = [] if _is_of_the_scale(case) else _roundings(case, rows, province, low, high)
    found += _weights(case, rows, province, low, high)
    found += _volumes(case, rows, province, low, high)
    return found


def _zones(case: FreightCase, provinces: tuple[str, ...], rank: Rank) -> list[Guess]:
    found = []
    for province in provinces:
        rows = case.quotes.rows(case.facts, province)
        if province == case.facts.province or isinstance(rows, NotPriced):
            continue
        weighed = weigh_own(case, rows)
        if weighed is None or not case.may_be(weighed):
            continue
        fit = own_weight_fit(case, weighed.rounded_g)
        if fit is not None:
            evidence = zone_evidence(case, province)
            found.append(Guess(Kind.ZONE_WRONG, fit, rank, weighed, province, evidence))
    return found


def _roundings(
    case: FreightCase, rows: tuple[FreightRow, ...], province: str, low: int, high: int
) -> list[Guess]:
    """Each outcome of another rounding mode, named by the first mode that gives it."""
    found: list[Guess] = []
    agreed = case.base.row.rounding
    own, size = own_g(case), volume(case)
    if own > high or (own < low and _by_volume(rows, size) < low):
        return found
    # What the contract's own rounding gives is no other outcome.
    seen = {(case.base.row.row, case.base.rounded_g)}
    # One row serves every weight: there is nothing to choose by the rounded one.
    ways = (False,) if len(rows) == 1 else (False, True)
    for mode in _MODES:
        if mode is agreed:
            continue
        for by_rounded in ways:
            weighed = weigh_by(rows, own, size, mode=mode, by_rounded=by_rounded)
            if weighed is None or (weighed.row.row, weighed.rounded_g) in seen:
                continue
            seen.add((weighed.row.row, weighed.rounded_g))
            fit = _rounding_fit(case, weighed) if case.may_be(weighed) else None
            if fit is not None:
                evidence = (
                    ("chargeable_weight_g", case.base.chargeable_g),
                    ("rounding_used", mode.value),
                    ("rounding_agreed", agreed.value),
                )
                kind = Kind.ROUNDING_WRONG
                found.append(Guess(kind, fit, Rank.ROUNDING, weighed, province, evidence))
    return found


def _by_volume(rows: tuple[FreightRow, ...], size: int | None) -> int:
    """The most that the volume weighs by any of the rows."""
    return max([volumetric_g(size, row.volumetric_divisor) for row in rows])


def _rounding_fit(case: FreightCase, weighed: Weighed) -> Fit | None:
    billed = case.main.weight_g
    if billed is None:
        return Fit.UNSAID
    limit = case.tolerances.weight_g(case.base.chargeable_g)
    is_own = abs(billed - case.base.chargeable_g) <= limit
    if is_own and (case.usual.scale_differs or _prints_hectograms(case)):
        return Fit.UNSAID  # the scale explains as much
    if near(billed, case.base.chargeable_g):
        return Fit.EXACT
    if is_rounded(billed, weighed):
        return Fit.ROUNDED
    if is_rounded(billed, case.base) or near(billed, case.facts.weight_g):
        return Fit.AGAINST
    return Fit.UNSAID if is_own else None


def _prints_hectograms(case: FreightCase) -> bool:
    """Whether the bill states weights to 100 g throughout, though the contract rounds further: then
    such a weight is no rounding that was left out."""
    step = case.usual.weight_step_g
    return step is not None and 0 < step < STEP_G[case.base.row.rounding]


def _volumes(
    case: FreightCase, rows: tuple[FreightRow, ...], province: str, low: int, high: int
) -> list[Guess]:
    """Another divisor, a divisor where the contract has none, or other sizes of the parcel."""
    found: list[Guess] = []
    if not case.own_known:
        return found
    agreed = case.base.row.volumetric_divisor
    said, own_volume = case.main.volume_mm3, case.facts.volume_mm3
    own = own_g(case)
    low = max(low, own + 1)
    tries: list[tuple[int, int, Rank]] = []
    if said and said != own_volume:
        by = (agreed, *USUAL_DIVISORS) if agreed else USUAL_DIVISORS
        tries = _within(said, [(divisor, Rank.BILL_SIZES) for divisor in by], low, high)
    if own_volume and low <= volumetric_g(own_volume, _LEAST_DIVISOR):
        tries += _within(own_volume, _TRIED, low, high)
    for size, divisor, rank in tries:
        if divisor == agreed and size == own_volume:
            continue
        by_volume = volumetric_g(size, divisor)
        weighed = weigh_by(rows, own, size, divisor=divisor)
        if weighed is None or not case.may_be(weighed):
            continue
        fit = _volume_fit(case, by_volume, weighed)
        if fit is not None:
            evidence: Evidence = (
                ("volume_mm3", size),
                ("volumetric_weight_g", by_volume),
                ("divisor_used", divisor),
                ("divisor_agreed", agreed or "none"),
            )
            if size != own_volume:
                evidence = (*evidence, ("own_volume_mm3", own_volume or "unknown"))
            found.append(Guess(Kind.VOLUMETRIC_WRONG, fit, rank, weighed, province, evidence))
    return found


def _within(
    size: int, divisors: Iterable[tuple[int, Rank]], low: int, high: int
) -> list[tuple[int, int, Rank]]:
    """The divisors that give a volumetric weight from `low` to `high`, beside the volume."""
    return [
        (size, divisor, rank)
        for divisor, rank in divisors
        if (low - 1) * divisor < size <= high * divisor
    ]


def _volume_fit(case: FreightCase, by_volume: int, weighed: Weighed) -> Fit | None:
    billed = case.main.weight_g
    if billed is None:
        return Fit.UNSAID
    if near(billed, by_volume):
        return Fit.EXACT if billed % 100 else Fit.ROUNDED
    if is_rounded(billed, weighed):
        return Fit.ROUNDED
    if not near(billed, own_g(case)):
        return None
    # The bill states the contract's weight: another divisor would fit the price by chance only.
    return None if near(billed, case.base.chargeable_g) else Fit.UNSAID


def _weights(
    case: FreightCase, rows: tuple[FreightRow, ...], province: str, low: int, high: int
) -> list[Guess]:
    """The billed weight, as it is or as already rounded."""
    found: list[Guess] = []
    chargeable, billed = case.base.chargeable_g, case.main.weight_g
    if billed is None or not case.own_known or billed <= chargeable:
        return found
    if not low <= billed <= high:
        return found
    within = billed - chargeable <= case.tolerances.weight_g(chargeable)
    kind = None if within else Kind.WEIGHT_OVER
    rank = Rank.WITHIN_TOLERANCE if within else Rank.WEIGHT
    for weighed in as_billed(rows, billed):
        if within and weighed.rounded_g != rounded(weighed.row.rounding, billed):
            continue  # the weight is right, its rounding was left out
        if case.may_be(weighed):
            # What no rounding gives is what a scale showed: another divisor fits it by chance.
            fit = Fit.EXACT if within and billed % 100 else Fit.ROUNDED
            found.append(Guess(kind, fit, rank, weighed, province, weight_evidence(case)))
    return found


def _is_of_the_scale(case: FreightCase) -> bool:
    """Whether the courier's scale showed another weight, and the contract rounds that to what is
    billed: then nothing is rounded wrongly."""
    own, shown = case.facts.weight_g, case.main.actual_g
    if own is None or not shown or abs(shown - own) <= case.tolerances.weight_g(own):
        return False
    weighed = weigh_by(case.rows, shown, volume(case))
    return weighed is not None and weighed.rounded_g == case.main.weight_g


def _more_steps(case: FreightCase) -> list[Guess]:
    """No weight is stated: the price of how many started steps more is it?"""
    found: list[Guess] = []
    step = STEP_G[case.base.row.rounding]
    if not step or not case.own_known:
        return found
    for count in range(1, STEPS_TRIED + 1):
        grams = case.base.rounded_g + count * step
        weighed = weigh_as_rounded(case.rows, grams)
        if weighed is None or case.quotes.freight(weighed) > case.billed_minor:
            break
        evidence = (*weight_evidence(case), ("weight_of_the_price_g", grams))
        rank = Rank.WEIGHT_UNSTATED
        province = case.facts.province
        found.append(Guess(Kind.WEIGHT_OVER, Fit.UNSAID, rank, weighed, province, evidence))
    return found
