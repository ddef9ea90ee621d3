"""The house is in order: each function has its README, its events and its place in the template."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.template import Function, load

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/__init__.py"))
EVENTS = sorted((ROOT / "events").glob("*.json"))

HEADINGS = [
    "What it does",
    "Triggers",
    "Reads",
    "Writes",
    "Settings",
    "Failure and retry",
    "Commands",
    "Not covered",
]

NOT_OURS = {
    *(".git", ".venv", ".tools", ".aws-sam", ".state", ".hypothesis", ".pytest_cache"),
    *(".mypy_cache", ".ruff_cache", "__pycache__", "node_modules", "build"),
}


@cache
def deployed() -> tuple[Function, ...]:
    return load().functions


def our_files() -> Iterator[Path]:
    """Every file of the project, made ones left out."""
    for folder, below, names in os.walk(ROOT):
        below[:] = sorted(name for name in below if name not in NOT_OURS)
        yield from (Path(folder, name) for name in sorted(names))


TEXTS = [path for path in our_files() if path.suffix not in (".xlsx", ".xls", ".pyc", ".png")]
PAGES = [path for path in TEXTS if path.suffix == ".md"]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_readme_with_the_fixed_headings(function: str) -> None:
    page = ROOT / "functions" / function / "README.md"
    assert page.is_file(), f"{name_of(page)} is missing"
    parts = re.split(r"^## +(.+?) *$", page.read_text("utf-8"), flags=re.MULTILINE)
    assert parts[1::2] == HEADINGS
    empty = [
        heading for heading, text in zip(parts[1::2], parts[2::2], strict=True) if not text.strip()
    ]
    assert not empty, "say it, or say 'None at the moment.'"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_in_the_template(function: str) -> None:
    assert function in {each.package for each in deployed()}


@pytest.mark.parametrize("function", deployed(), ids=lambda function: function.logical_id)
def test_a_deployed_function_has_its_folder_and_its_build(function: Function) -> None:
    assert function.package in FUNCTIONS, f"functions/{function.package}/ is missing"
    rules = re.findall(
        r"^build-(\w+)%: package = (\w+)$",
        (ROOT / "functions" / "Makefile").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    packages = [package for start, package in rules if function.logical_id.startswith(start)]
    assert packages == [function.package]


def kind_of(event: Any) -> str:
    """What triggers a function with such an event."""
    if "scheduled_time" in event:
        return "schedule"
    if "routeKey" in event:
        return f"route {event['routeKey']}"
    return str(event["Records"][0]["eventSource"]).removeprefix("aws:")


def triggers_of(function: Function) -> list[str]:
    """The kinds of event that a function gets."""
    kinds = ["schedule"] * bool(function.schedules) + ["sqs"] * bool(function.queues)
    kinds += ["dynamodb"] * bool(function.streams) + ["s3"] * bool(function.drops)
    return kinds + [f"route {route.method} {route.path}" for route in function.routes]


def file_start(function: Function) -> str:
    """How its event files begin: ParcelTrackerPush -> parcel_tracker_push."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", function.logical_id).lower()


@pytest.mark.parametrize("function", deployed(), ids=lambda function: function.logical_id)
def test_a_function_has_an_event_for_each_trigger(function: Function) -> None:
    assert triggers_of(function), "nothing triggers it"
    own = [path for path in EVENTS if path.stem.startswith(file_start(function))]
    kinds = {kind_of(json.loads(path.read_text("utf-8"))) for path in own}
    missing = [kind for kind in triggers_of(function) if kind not in kinds]
    assert not missing, f"events/{file_start(function)}*.json: none for {missing}"


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
def test_an_event_belongs_to_a_function_and_is_fed_to_it(path: Path) -> None:
    owners = [each for each in deployed() if path.stem.startswith(file_start(each))]
    assert owners, "its name starts with no function's"
    kind = kind_of(json.loads(path.read_text("utf-8")))
    assert any(kind in triggers_of(owner) for owner in owners)
    tests = "\n".join(each.read_text("utf-8") for each in (ROOT / "tests").rglob("test_*.py"))
    assert path.stem in tests, "no test names it"


LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)|!\[[^\]\n]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    broken = []
    for found in LINK.finditer(text):
        target = found[1] or found[2]
        if re.match(r"[a-z]+:", target):
            continue
        where, _, anchor = target.partition("#")
        goal = (page.parent / where).resolve() if where else page
        if not goal.exists() or (anchor and goal.suffix == ".md" and anchor not in anchors(goal)):
            broken.append(target)
    assert not broken


READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]


def shape_of(page: Path) -> dict[str, Any]:
    """What two versions of one page share, whatever their language."""
    text = page.read_text("utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    blocks = re.findall(r"```(\w*)\n(.*?)```", text, flags=re.DOTALL)
    links = [found[1] or found[2] for found in LINK.finditer(prose)]
    return {
        "headings": [len(level) for level in re.findall(r"^(#+) ", prose, flags=re.MULTILINE)],
        "links": [link for link in links if not link.startswith("README")],
        "table rows": len(re.findall(r"^\|", prose, flags=re.MULTILINE)),
        "list entries": len(re.findall(r"^ *(?:-|\d+\.) ", prose, flags=re.MULTILINE)),
        "commands": [
            re.sub(r" +#.*", "", block, flags=re.MULTILINE) for kind, block in blocks if not kind
        ],
        "arrows": [re.findall(r"(?:<?-->)", block) for kind, block in blocks if kind == "mermaid"],
    }


def test_the_readmes_say_the_same_in_both_languages() -> None:
    english, chinese = map(shape_of, READMES)
    assert english == chinese


@pytest.mark.parametrize("page", READMES, ids=name_of)
def test_a_readme_leads_to_every_page_and_to_its_other_language(page: Path) -> None:
    links = {found[1] for found in LINK.finditer(page.read_text("utf-8"))}
    pages = {
        *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
        *(f"functions/{function}/README.md" for function in FUNCTIONS),
        *(other.name for other in READMES if other != page),
        "CHANGELOG.md",
    }
    assert not pages - {str(link).partition("#")[0] for link in links}


COMMAND = re.compile(r"aftersales ((?:[a-z]+ ?){1,2})")


@pytest.mark.parametrize("page", READMES, ids=name_of)
def test_a_readme_names_only_commands_that_are_documented(page: Path) -> None:
    text = page.read_text("utf-8")
    quoted = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ *(\S*aftersales .*)$", text, re.M)
    named = {
        found[1].strip() for each in quoted for found in COMMAND.finditer(each) if found[1].strip()
    }
    assert named
    commands = (ROOT / "docs" / "commands.md").read_text("utf-8")
    unknown = [name for name in named if f"aftersales {name.split()[0]}" not in commands]
    assert not unknown


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make."""
    headings = re.findall(r"^#+ +(.+?) *$", page.read_text("utf-8"), flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


FOREIGN = {
    "a package registry": re.compile(
        r"\b(pypi|pythonhosted|npmjs|yarnpkg|crates|nodejs)\.(org|com|io)\b"
    ),
    "where packages come from": re.compile(
        r"(?<![\w-])--?(extra-index|index|registry)-?url\b|--find-lin[k]s\b"
    ),
    "a place on somebody's machine": re.compile(r"(?<![\w.>])/(home|root|Users|work|farm)/[\w.]"),
}


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_no_file_speaks_of_a_machine_or_of_a_registry(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    for what, pattern in FOREIGN.items():
        found = pattern.search(text)
        assert not found, f"names {what}: {found[0]}"


def test_the_checks_of_a_change_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_local_page_has_words_for_each_function() -> None:
    page = (ROOT / "local" / "page" / "page.html").read_text(encoding="utf-8")
    unnamed = [each.logical_id for each in deployed() if f"{each.logical_id}: [" not in page]
    assert unnamed == []
