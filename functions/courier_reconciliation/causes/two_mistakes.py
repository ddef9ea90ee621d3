"""Two mistakes on one row: a wrong province and a wrong weight, or a wrong tariff besides."""

from __future__ import annotations

from courier_reconciliation.causes.freight_case import FreightCase
from courier_reconciliation.causes.hypotheses import (
    Explanation,
    Guess,
    Part,
    best_match,
    other_weights,
)
from courier_reconciliation.causes.stated import (
    Evidence,
    own_weight_fit,
    stated_elsewhere,
    weigh_own,
    weight_evidence,
    zone_evidence,
)
from courier_reconciliation.model import Kind
from courier_reconciliation.rates.card import FreightRow, NotPriced
from courier_reconciliation.rates.price import Weighed
from courier_reconciliation.rates.quotes import weigh_by

_OTHER_ROW = "card_row_of_the_price"


def explained_by_two(case: FreightCase) -> Explanation | None:
    """The province that the bill states, and a wrong weight besides, that explain it exactly."""
    province = stated_elsewhere(case)
    if not province:
        return None
    rows = case.quotes.rows(case.facts, province)
    if isinstance(rows, NotPriced):
        return None
    there = weigh_own(case, rows)
    if there is None:
        return None
    found = best_match(case, other_weights(case, rows, province))
    if found is None:
        return None
    guess, match = found
    parts = _shares(case, there, guess, match.expected_minor)
    return Explanation(guess.fit, guess.rank, parts, match.priced)


def _shares(case: FreightCase, there: Weighed, guess: Guess, expected: int) -> tuple[Part, ...]:
    """The zone takes its share first, the weight what remains; a cheaper zone takes none."""
    share = case.quotes.freight(guess.weighed) - case.quotes.freight(there)
    middle, billed = case.billed_minor - share, case.billed_minor
    zone = zone_evidence(case, guess.province)
    if guess.kind is None or share <= 0:
        return (Part(Kind.ZONE_WRONG, expected, billed, zone),)
    if middle <= expected:
        return (Part(guess.kind, expected, billed, (*zone, *guess.evidence)),)
    return (
        Part(Kind.ZONE_WRONG, expected, middle, zone),
        Part(guess.kind, middle, billed, guess.evidence),
    )


def unexplained(case: FreightCase) -> tuple[Part, ...]:
    """No price of the card is what is billed: what the bill states as wrong, the rest is the rate.

    Where the bill states another weight or province, that is named up to its price by the card.
    """
    expected, billed = case.highest(), case.billed_minor
    elsewhere = stated_elsewhere(case)
    rows = case.quotes.rows(case.facts, elsewhere) if elsewhere else case.rows
    stated = None if isinstance(rows, NotPriced) else _as_stated(case, rows)
    share = 0
    if stated is not None and stated is not case.base:
        share = case.quotes.freight(stated) - case.priced.freight_minor
    if share <= 0:
        return (Part(Kind.RATE_WRONG, expected, billed, _rate_evidence(case)),)
    kind = Kind.ZONE_WRONG if elsewhere else Kind.WEIGHT_OVER
    evidence = zone_evidence(case, elsewhere) if elsewhere else weight_evidence(case)
    if expected + share >= billed:
        return (Part(kind, expected, billed, evidence),)
    return (
        Part(kind, expected, expected + share, evidence),
        Part(Kind.RATE_WRONG, expected + share, billed, _rate_evidence(case)),
    )


def is_of_other_terms(case: FreightCase) -> bool:
    """Whether the card has the very price for another time or service (an old price list)."""
    return any(name == _OTHER_ROW for name, _ in _rate_evidence(case))


def _as_stated(case: FreightCase, rows: tuple[FreightRow, ...]) -> Weighed | None:
    if own_weight_fit(case) is not None or case.main.weight_g is None:
        return weigh_own(case, rows)
    return weigh_by(rows, case.main.weight_g, None)


def _rate_evidence(case: FreightCase) -> Evidence:
    """The line of the card for another time or service that has this price, where one does."""
    evidence = weight_evidence(case)
    others = case.quotes.other_terms(case.facts)
    if not others:
        return evidence
    freight = case.billed_minor - case.highest() + case.priced.freight_minor
    for row in others:
        weighed = weigh_own(case, (row,))
        if weighed is None or case.quotes.freight(weighed) != freight:
            continue
        evidence = (*evidence, (_OTHER_ROW, row.row))
        if row.valid_to is not None and row.valid_to < case.facts.shipped_on:
            evidence = (*evidence, ("valid_until", row.valid_to.isoformat()))
        if row.valid_from is not None and row.valid_from > case.facts.shipped_on:
            evidence = (*evidence, ("valid_from", row.valid_from.isoformat()))
        if row.service != case.base.row.service:
            evidence = (*evidence, ("service_of_the_price", row.service or "any"))
        return evidence
    return evidence
