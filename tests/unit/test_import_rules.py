"""Who may import whom: rules stay pure, the shared layer stays below, functions stay apart."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/__init__.py"))
SOURCES = {
    "functions": ROOT / "functions",
    "layers/shared": ROOT / "layers" / "shared",
    "local": ROOT,
}

VALUE_TYPES_MAY_USE = {"msgspec"}
"""Third-party packages that only describe data. A shared value type may be made with them."""

REACHES_OUT = {
    *("asyncio", "ctypes", "fcntl", "ftplib", "http", "io", "logging", "multiprocessing", "os"),
    *("pathlib", "random", "secrets", "select", "shutil", "signal", "smtplib", "socket"),
    *("sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
}
"""Standard modules with effects, or with an answer that changes from call to call."""

HARMLESS_PARTS = {"urllib.parse"}

HEAVY = {"boto3", "requests", "yaml", "python_calamine", "openpyxl", "duckdb"}
"""Imported inside the function that needs them: every cold start pays for the rest."""


@cache
def imports_of(path: Path, *, typing_too: bool = True) -> frozenset[str]:
    """Dotted names that a file imports, anywhere in it; `from a import b` counts as a and a.b."""
    found: set[str] = set()
    for node in _nodes(ast.parse(path.read_text("utf-8")), typing_too):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.relative_to(ROOT)} imports relatively"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def _nodes(tree: ast.AST, typing_too: bool) -> Iterator[ast.AST]:
    yield tree
    for child in ast.iter_child_nodes(tree):
        is_typing = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        if typing_too or not is_typing:
            yield from _nodes(child, typing_too)


def files(room: str) -> list[Path]:
    """Python files of a room."""
    base = ROOT / room
    return sorted(path for path in base.rglob("*.py") if "__pycache__" not in path.parts)


def module_file(dotted: str) -> Path | None:
    """The file of one of our modules, None where the name is not a module of ours."""
    for source in SOURCES.values():
        path = source.joinpath(*dotted.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def top(dotted: str) -> str:
    """The outermost package of a dotted name."""
    return dotted.partition(".")[0]


def name_of(path: Path) -> str:
    """A file as it is called in messages."""
    return str(path.relative_to(ROOT))


DEPLOYED = files("functions") + files("layers/shared")


def test_the_shared_layer_imports_neither_functions_nor_local() -> None:
    above = {*FUNCTIONS, "functions", "local", "tests"}
    wrong = [
        (name_of(path), found)
        for path in files("layers/shared")
        for found in imports_of(path)
        if top(found) in above
    ]
    assert not wrong


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_no_other_function(function: str) -> None:
    others = {*FUNCTIONS, "functions"} - {function}
    wrong = [
        (name_of(path), found)
        for path in files(f"functions/{function}")
        for found in imports_of(path)
        if top(found) in others
    ]
    assert not wrong


def test_nothing_deployed_imports_what_stays_on_one_machine() -> None:
    stays = {"local", "tests", "benchmarks", "click", "rich", "croniter", "moto"}
    wrong = [
        (name_of(path), found)
        for path in DEPLOYED
        for found in imports_of(path)
        if top(found) in stays
    ]
    assert not wrong


RULES = [path for path in DEPLOYED if path.name == "rules.py"]


def test_every_function_that_decides_has_rules() -> None:
    with_rules = {path.parent.name for path in RULES}
    assert {"parcel_tracker", "alert_dispatcher"} <= with_rules


def effects_of(path: Path) -> list[str]:
    """What has an effect, or is no value type, among all that a file imports, however far away.

    Imports for type checkers only are not followed: they do not happen.
    """
    wrong = []
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for found in imports_of(file, typing_too=False):
            ours = module_file(found)
            if ours is not None:
                waiting.append(ours)
            elif not _is_harmless(found):
                wrong.append(f"{name_of(file)} imports {found}")
    return sorted(wrong)


def _is_harmless(dotted: str) -> bool:
    if module_file(top(dotted)) is not None or top(dotted) in VALUE_TYPES_MAY_USE:
        return True
    if any(dotted == part or dotted.startswith(f"{part}.") for part in HARMLESS_PARTS):
        return True
    return top(dotted) in sys.stdlib_module_names and top(dotted) not in REACHES_OUT


@pytest.mark.parametrize("path", RULES, ids=name_of)
def test_rules_import_only_value_types_and_nothing_with_an_effect(path: Path) -> None:
    assert not effects_of(path)


@pytest.mark.parametrize(
    ("module", "reason"),
    [("clock", "imports os"), ("http", "imports urllib3"), ("tables/orders", "imports pynamodb")],
)
def test_an_effect_is_found_where_there_is_one(module: str, reason: str) -> None:
    path = ROOT / "layers" / "shared" / "aftersales" / f"{module}.py"
    assert any(reason in effect for effect in effects_of(path))


@pytest.mark.parametrize("path", RULES, ids=name_of)
def test_rules_ask_no_clock(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    asked = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".now", ".today"))
    ]
    assert not asked


PROBE = """
import importlib, json, sys

told = []

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        told.append(f"{event} {arguments[1:2]}")

sys.addaudithook(watch)
importlib.import_module(sys.argv[1])
print(json.dumps({"effects": told, "modules": sorted(sys.modules)}))
"""


@pytest.mark.parametrize("path", [p for p in DEPLOYED if p.name == "app.py"], ids=name_of)
def test_importing_an_entry_point_does_nothing_and_loads_nothing_heavy(path: Path) -> None:
    """In a process with an empty environment: no region, no credentials, no table prefix."""
    dotted = ".".join(path.relative_to(ROOT / "functions").with_suffix("").parts)
    roots = os.pathsep.join(str(SOURCES[room]) for room in ("functions", "layers/shared"))
    run = subprocess.run(
        [sys.executable, "-c", PROBE, dotted],
        env={"PYTHONPATH": roots, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert not told["effects"]
    assert not HEAVY & set(told["modules"])


MADE_OF_AWS_OR_TIME = (
    "boto3.",
    "botocore.",
    "requests.",
    "os.environ",
    "os.getenv",
    "datetime.now",
)
MAKES = {"client", "resource", "Session", "Connection", "session", "get_session", "open", "now"}


def done_at_import(source: str) -> list[str]:
    """Clients, files, environment and clocks that are touched when a module is imported."""
    wrong = []
    for node in _run_at_import(ast.parse(source)):
        text = ast.unparse(node)
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        makes = called.rpartition(".")[2] in MAKES
        if makes or called.startswith(MADE_OF_AWS_OR_TIME) or text == "os.environ":
            wrong.append(f"line {getattr(node, 'lineno', '?')}: {text[:80]}")
    return wrong


@pytest.mark.parametrize("path", DEPLOYED, ids=name_of)
def test_a_module_only_defines_things_when_imported(path: Path) -> None:
    """At the top level, in class bodies, decorators and default arguments."""
    assert not done_at_import(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "TABLE = boto3.client('dynamodb')",
        "PREFIX = os.environ['TABLE_PREFIX']",
        "PREFIX = os.getenv('TABLE_PREFIX')",
        "class Row:\n    made_at = datetime.now(UTC)",
        "def read(path=open('a.txt')): ...",
        "if True:\n    CONNECTION = Connection(region='x')",
    ],
)
def test_work_at_import_is_found_where_there_is_some(source: str) -> None:
    assert done_at_import(source)


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: all but the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in [*child.decorator_list, child.args]:
                yield part
                yield from _run_at_import(part)
        elif isinstance(child, ast.Lambda):
            continue
        else:
            yield child
            yield from _run_at_import(child)
