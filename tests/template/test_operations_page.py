"""docs/operations.md knows every alarm and every parameter that the template has."""

from __future__ import annotations

import re
from pathlib import Path

from tests.template.deployed import Template

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text("utf-8")


def _first_column() -> set[str]:
    """The names that stand in the first column of a table of the page."""
    cells = re.findall(r"^\| (`[^|]*`) \|", PAGE, flags=re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_alarm_is_explained_and_no_other() -> None:
    alarms = set(Template().written("AWS::CloudWatch::Alarm"))
    assert {name for name in _first_column() if name.endswith("Alarm")} == alarms


def test_every_parameter_is_explained_with_its_default() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("|")]
    for name, given in Template().raw["Parameters"].items():
        defaults = [row[2] for row in rows if f"`{name}`" in row[1]]
        assert defaults, f"{name} is not explained"
        assert str(given["Default"] or "none") in defaults[0]


def test_every_log_that_the_page_names_exists() -> None:
    groups = Template().written("AWS::Logs::LogGroup").values()
    known = {str(group["LogGroupName"]["Fn::Sub"]).rpartition("/")[2] for group in groups}
    named = set(
        re.findall(
            r"`((?:order-intake|parcel-tracker|unpaid-reminder|alert-dispatcher)-[a-z-]+)`", PAGE
        )
    )
    assert named
    assert named <= known
