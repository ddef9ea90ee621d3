"""The weekly report as a message to the operators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aftersales.findings import Finding, Severity
from aftersales.tables import reminders
from unpaid_reminder.desk import Desk
from unpaid_reminder.report import facts_of, report_of


def tell_of_week(desk: Desk, week: str, now: datetime) -> dict[str, Any]:
    """Announce the report of a week, once; a week in which nothing was counted has none."""
    counts = reminders.counts(week)
    if not counts:
        return {"week": week, "told": "nothing_counted"}
    facts = facts_of(report_of(week, counts))
    finding = Finding("reminder_report", f"report:reminder/{week}", Severity.NOTICE, "", facts)
    return {"week": week, "told": desk.casebook.announce(finding, now).value}
