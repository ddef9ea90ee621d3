"""The weekly report as a message to the operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aftersales.calendar import zone_named
from aftersales.cases.casebook import Casebook
from aftersales.cases.rules import Change
from aftersales.findings import Finding, Severity
from aftersales.settings.model import Settings
from aftersales.tables import cases, reviews
from review_scanner.weekly import DAYS, OTHER, Weekly, bounds_of, week_of, weekly_of

if TYPE_CHECKING:
    from review_scanner.report_files import Place

KIND = "review_report"


def last_week(settings: Settings, now: datetime) -> str:
    """The week before that of a time, in the desk's zone."""
    return week_of(now - timedelta(days=DAYS), zone_named(settings.time_zone))


def read_week(settings: Settings, week: str, shop_id: str = "") -> Weekly:
    """The figures of a week (`2026-W45`) of all shops, or of one. Raises `BadInput`."""
    zone = zone_named(settings.time_zone)
    start, end = bounds_of(week, zone)
    before = start - timedelta(days=DAYS)
    shops = [shop_id] if shop_id else [shop.id for shop in settings.shops]
    records = (each for shop in shops for each in reviews.written_between(shop, start, end))
    earlier = (each for shop in shops for each in reviews.written_between(shop, before, start))
    return weekly_of(week, zone, records, earlier)


def tell_of_week(
    settings: Settings,
    casebook: Casebook,
    week: str,
    now: datetime,
    keep: Callable[[Mapping[str, str]], Place],
) -> dict[str, Any]:
    """Announce the report of a week, once; a week in which nobody wrote has none.

    `keep` stores its files (file name -> content) and returns where people find the page.
    """
    subject = f"report:reviews/{week}"
    if cases.get(subject, KIND) is not None:
        return {"week": week, "told": Change.UNCHANGED.value}
    report = read_week(settings, week)
    if not report.reviews:
        return {"week": week, "told": "nothing_written"}
    from review_scanner.report_page import files_of

    names = {shop.id: shop.name or shop.id for shop in settings.shops}
    place = keep(files_of(report, settings.language, names))
    facts = facts_of(report) | {"file": place.file or None, "report_url": place.url or None}
    finding = Finding(KIND, subject, Severity.NOTICE, "", facts)
    told = casebook.announce(finding, now).value
    return {"week": week, "reviews": report.reviews, "bad": report.bad, "told": told}


def facts_of(report: Weekly) -> dict[str, str | int | None]:
    """The report as the facts of its message."""
    topics = [name for name in report.topics if name != OTHER]
    return {
        "week": report.week,
        "reviews": report.reviews,
        "bad": report.bad,
        "share": _percent(report.share),
        "before": _percent(report.before),
        "topics": ",".join(topics) or None,
        "product": report.products[0].product if report.products else None,
        "outcomes": ",".join(f"{name}:{number}" for name, number in report.outcomes.items())
        or None,
    }


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"
