"""What the nudges were worth: those who were nudged against those who were left alone. Pure.

The difference of the two rates of payment comes with a 95 % interval by Newcombe's method 10
(1998): Wilson's score interval for each rate, combined. It needs no simulation and holds for small
numbers and for rates near 0 or 1, where the usual formula gives impossible limits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import sqrt
from statistics import NormalDist

from msgspec import Struct, field

from aftersales.errors import BadInput
from aftersales.money import to_text
from aftersales.tables.reminders import Counted

METHOD = "Newcombe 1998, method 10"
CONFIDENCE = 0.95


class Rate(Struct, frozen=True):
    """So many of so many, and the limits between which the true rate lies."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, None of nothing."""
        return self.hits / self.of if self.of else None

    def limits(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Wilson's score interval. (0, 1) where nothing was counted."""
        if not self.of:
            return 0.0, 1.0
        z = NormalDist().inv_cdf(0.5 + confidence / 2)
        share, n = self.hits / self.of, self.of
        middle = share + z * z / (2 * n)
        spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        scale = 1 + z * z / n
        return max((middle - spread) / scale, 0.0), min((middle + spread) / scale, 1.0)


class Lift(Struct, frozen=True):
    """By how much the first rate is higher than the second, in shares, and the limits of that."""

    value: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Do both limits lie on the same side of nothing?"""
        return self.low > 0 or self.high < 0


def lift(reminded: Rate, alone: Rate) -> Lift | None:
    """The difference with its interval, None where one of the two was not counted at all."""
    first, second = reminded.value, alone.value
    if first is None or second is None:
        return None
    low1, high1 = reminded.limits()
    low2, high2 = alone.limits()
    difference = first - second
    return Lift(
        difference,
        difference - sqrt((first - low1) ** 2 + (high2 - second) ** 2),
        difference + sqrt((high1 - first) ** 2 + (second - low2) ** 2),
    )


class Report(Struct, frozen=True):
    """One week: nudges sent, how the orders ended whose end became known, reasons of the others.

    `recovered` is the money of orders that were paid after a nudge, by currency, in minor units;
    `minutes` the mean time from nudge to payment. `skipped` counts named reasons; `waited` are
    moments that were put off until messages might be sent. `texts` counts what became of texts to
    buyers (`sent`, `unknown`, `refused_<reason>`), `text_parts` what is paid for.
    """

    week: str
    nudges: int = 0
    held_out: int = 0
    reminded: Rate = Rate(0, 0)
    alone: Rate = Rate(0, 0)
    recovered: dict[str, int] = field(default_factory=dict)
    minutes: int | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    waited: int = 0
    texts: dict[str, int] = {}
    text_parts: int = 0

    @property
    def lift(self) -> Lift | None:
        """What nudging changed, where it can be told."""
        return lift(self.reminded, self.alone)


def report_of(week: str, counts: Iterable[Counted], shop_id: str = "") -> Report:
    """The report of a week from its counts, of one shop or of all."""
    totals: dict[str, int] = defaultdict(int)
    skipped: dict[str, int] = defaultdict(int)
    recovered: dict[str, int] = defaultdict(int)
    minutes = 0
    for one in counts:
        if shop_id and one.shop_id != shop_id:
            continue
        totals[one.what] += one.count
        if one.what.startswith(("skip_", "expire_")):
            skipped[one.what.partition("_")[2]] += one.count
        if one.what == "reminded_paid":
            recovered[one.currency] += one.amount_minor
            minutes += one.minutes
    paid, alone_paid = totals["reminded_paid"], totals["holdout_paid"]
    return Report(
        week=week,
        nudges=totals["nudge"],
        held_out=totals["holdout"],
        reminded=Rate(paid, paid + totals["reminded_unpaid"]),
        alone=Rate(alone_paid, alone_paid + totals["holdout_unpaid"]),
        recovered={currency: amount for currency, amount in recovered.items() if amount},
        minutes=minutes // paid if paid else None,
        skipped=dict(sorted(skipped.items())),
        waited=totals["wait_outside_window"],
        texts={
            what.removeprefix("text_"): number
            for what, number in sorted(totals.items())
            if what.startswith("text_") and what != "text_parts"
        },
        text_parts=totals["text_parts"],
    )


def facts_of(report: Report) -> dict[str, str | int | None]:
    """The report as facts of an announcement; figures that read alike in every language."""
    gain = report.lift
    return {
        "week": report.week,
        "nudges": report.nudges,
        "reminded": said(report.reminded),
        "alone": said(report.alone) if gain is not None else None,
        "lift": said_lift(gain) if gain is not None else None,
        "recovered": ", ".join(_money(*each) for each in sorted(report.recovered.items())) or None,
        "minutes": report.minutes,
        "skipped": _listed(report.skipped),
        "waited": report.waited or None,
        "texts": said_texts(report),
    }


def said_texts(report: Report) -> str | None:
    """`refused_no_consent 4, sent 31 (40 parts)`, None where there was none."""
    said = _listed(report.texts)
    if said is None or not report.text_parts:
        return said
    return f"{said} ({report.text_parts} parts)"


def _listed(counts: Mapping[str, int]) -> str | None:
    return ", ".join(f"{name} {number}" for name, number in counts.items()) or None


def said(rate: Rate) -> str | None:
    """`31/50 (62 %)`, None of nothing."""
    return None if rate.value is None else f"{rate.hits}/{rate.of} ({rate.value:.0%})"


def said_lift(gain: Lift) -> str:
    """`+24.0 pp (95 %: +4.1 … +41.2)`: percentage points."""
    value, low, high = (100 * each for each in (gain.value, gain.low, gain.high))
    return f"{value:+.1f} pp (95 %: {low:+.1f} … {high:+.1f})"


def _money(currency: str, minor: int) -> str:
    try:
        return to_text(minor, currency)
    except BadInput:
        return f"{minor} {currency}".strip()
