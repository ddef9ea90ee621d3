"""The day of an instant in a shop's zone, as SQL, against the standard library's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from courier_reconciliation.engine.zones import local_day_sql, transitions

YEARS = (2010, 2035)
START = datetime(2010, 1, 3, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone",
    ["Asia/Shanghai", "America/New_York", "Europe/London", "Asia/Kolkata", "Africa/Casablanca",
     "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Tehran", "Pacific/Apia", "UTC"],
)  # fmt: skip
@pytest.mark.parametrize("offset", [0, 480, -300])
def test_a_day_is_that_of_the_zone_also_around_a_change_of_clocks(zone, offset):
    place = ZoneInfo(zone)
    moments = [START + timedelta(hours=19 * n) for n in range(11_000)]
    for change, _ in transitions(zone, *YEARS)[1:]:
        at = change.replace(tzinfo=UTC)
        moments += [at + timedelta(minutes=minutes) for minutes in (-61, -1, 0, 1, 59, 1380)]
    moments = [moment for moment in moments if moment.year <= YEARS[1]]
    written = [(moment + timedelta(minutes=offset)).replace(tzinfo=None) for moment in moments]
    sql = local_day_sql("t", offset, zone, *YEARS)
    found = (
        duckdb.connect().execute(f"SELECT {sql} FROM (SELECT unnest(?) AS t)", [written]).fetchall()
    )
    assert [day for (day,) in found] == [moment.astimezone(place).date() for moment in moments]


def test_a_time_without_an_offset_is_the_zones_own():
    sql = local_day_sql("TIMESTAMP '2026-10-31 23:59:59'", None, "America/New_York", *YEARS)
    day = duckdb.connect().execute(f"SELECT {sql}").fetchone()
    assert day is not None
    assert day[0].isoformat() == "2026-10-31"
