"""Months of bills as texts such as `2026-10`. Light, so that closing a month loads no engine."""

from __future__ import annotations

from datetime import date, timedelta


def month_before(day: date) -> str:
    """`2026-10` for any day of November."""
    return f"{day.replace(day=1) - timedelta(days=1):%Y-%m}"


def months_before(period: str, count: int) -> str:
    """The month that lies so many months before another."""
    months = int(period[:4]) * 12 + int(period[5:7]) - 1 - count
    return f"{months // 12}-{months % 12 + 1:02d}"
