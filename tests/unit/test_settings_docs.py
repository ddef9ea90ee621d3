"""docs/settings.md names every setting with its real default."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from aftersales.couriers import codes
from aftersales.couriers.codes import NAMES
from aftersales.messages.catalogue import OPERATOR_KINDS, PARCEL_KINDS
from aftersales.settings import model
from aftersales.settings.load import check_yaml, load_yaml
from aftersales.settings.meaning import OPTIONS, SECRETS

DOCS = Path(__file__).parents[2] / "docs"
SECTIONS = {
    "The file": model.Settings,
    "`calendar`": model.Calendar,
    "`shops[]`": model.Shop,
    "`shops[].buyer_sms`": model.BuyerSms,
    "`shops[].followup`": model.OwnFollowup,
    "`shops[].followup.reviews`": model.OwnLadder,
    "`tracking`": model.Tracking,
    "`tracking.sources.<name>`": model.Source,
    "`tracking.rules`": model.TrackingRules,
    "`reminder`": model.Reminder,
    "`reminder.promotions[]`": model.Promotion,
    "`reviews`": model.Reviews,
    "`reconciliation`": model.Reconciliation,
    "`reconciliation.accounts.<name>`": model.BillAccount,
    "`reconciliation.layouts[]`": model.BillLayout,
    "`followup`": model.Followup,
    "`followup.reviews`": model.Ladder,
    "`alerts`": model.Alerts,
    "`alerts.targets.<name>`": model.Target,
    "`alerts.routes[]`": model.Route,
}


def _rows(heading: str) -> dict[str, str]:
    """Name and default of each row of the first table below a heading."""
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    section = text.split(f"\n### {heading}\n")[1].split("\n### ")[0]
    table = section.split("| setting | value | default | meaning |\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")] for row in table.splitlines()[1:]]
    return {row[1].strip("`"): row[3] for row in rows}


def _written(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory()
    if isinstance(default, msgspec.Struct):
        return ""
    if default is None:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`"
    if isinstance(default, float):
        return f"`{default:g}`"
    return f"`{default}`" if default != "" else '`""`'


@pytest.mark.parametrize(("heading", "kind"), SECTIONS.items())
def test_every_setting_is_documented_with_its_default(heading, kind):
    expected = {field.name: _written(field) for field in msgspec.structs.fields(kind)}
    assert _rows(heading) == expected


def test_every_struct_of_the_settings_has_a_section():
    structs = {
        each for each in vars(model).values()
        if isinstance(each, type) and issubclass(each, msgspec.Struct)
        and each.__module__ == model.__name__ and not each.__name__.startswith("_")
    }  # fmt: skip
    assert structs == set(SECTIONS.values())


def test_all_couriers_and_kinds_of_cases_are_named():
    named = set(re.findall(r"`([a-z0-9_]+)`", (DOCS / "settings.md").read_text(encoding="utf-8")))
    assert set(NAMES) | set(PARCEL_KINDS) | set(OPERATOR_KINDS) <= named


def test_the_example_file_is_correct_and_uses_every_section():
    text = (DOCS / "settings.example.yaml").read_text(encoding="utf-8")
    assert check_yaml(text, "settings.example.yaml") == []
    settings = load_yaml(text, "settings.example.yaml")
    assert len(settings.shops) == 3
    assert settings.tracking_rules("tmall-flagship", "zto").stalled_hours == 36
    assert settings.tracking_rules("us-store", "deppon_freight").stalled_hours == 96
    assert settings.source_for("usps") == "world"
    assert settings.source_for("yto") == "kd100"
    assert settings.alerts.routes[1].kinds == ("lost", "damaged")


@pytest.mark.parametrize("kind", OPTIONS)
def test_the_options_and_secrets_that_are_allowed_are_those_the_adapter_reads(kind):
    couriers = Path(codes.__file__).parent
    shared = (couriers / "calls.py").read_text(encoding="utf-8")
    text = (couriers / f"{kind}.py").read_text(encoding="utf-8")
    read = set(re.findall(r'options\.get\("(\w+)"', text)) - {"path_secret_value"}
    assert set(OPTIONS[kind]) == read
    if "push_secrets(" in text:
        text += shared[shared.index("def push_secrets(") :]
    named = set(re.findall(r'(?:required\(secrets, |secrets\.get\()"(\w+)"', text))
    required, optional = SECRETS[kind]
    assert {*required, *optional} == named
    documented = (DOCS / "settings.md").read_text(encoding="utf-8")
    for name in (*required, *optional, *OPTIONS[kind]):
        assert f"`{name}`" in documented
