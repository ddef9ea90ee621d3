"""The layers hold all that the functions need at run time, and nothing that is there already."""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("shared", "spreadsheets", "columnar")

IN_THE_RUNTIME = {"boto3", "botocore", "s3transfer", "python-dateutil", "six"}
"""Lambda's Python has boto3 with all it needs. A second botocore would be 25 MB, and would be
paired with a boto3 of another version."""

PACKAGES_OF_IMPORTS = {
    "_duckdb": "duckdb",
    "aws_lambda_powertools": "aws-lambda-powertools",
    "chinese_calendar": "chinesecalendar",
    "python_calamine": "python-calamine",
}

READ_WHERE_THE_OPERATOR_IS = {"layers/shared/aftersales/settings/document.py": {"yaml"}}
"""The settings file is YAML for people; a deployed function reads its JSON from the table."""


def pins(path: Path) -> dict[str, str]:
    """The pinned packages of a requirements file: name to version."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", path.read_text("utf-8"), flags=re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def layer(name: str) -> dict[str, str]:
    return pins(ROOT / "layers" / name / "requirements.txt")


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_leaves_out_what_the_runtime_has(name: str) -> None:
    assert layer(name)
    assert not IN_THE_RUNTIME & layer(name).keys()


@pytest.mark.parametrize("name", LAYERS)
def test_every_dependency_is_in_the_layer_or_in_the_runtime(name: str) -> None:
    there = layer(name).keys() | layer("shared").keys() | IN_THE_RUNTIME
    target = {"python_version": "3.13", "python_full_version": "3.13.0", "extra": ""}
    target |= {"platform_machine": "aarch64", "sys_platform": "linux"}
    missing = []
    for package in layer(name):
        for text in metadata.requires(package) or []:
            needed = Requirement(text)
            wanted = needed.marker is None or needed.marker.evaluate(target)
            if wanted and canonicalize_name(needed.name) not in there:
                missing.append(f"{package} needs {needed.name}")
    assert not missing


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_tested_in_the_versions_that_it_ships(name: str) -> None:
    tested = pins(ROOT / "requirements" / "local.txt")
    assert {package: tested.get(package) for package in layer(name)} == layer(name)


@pytest.mark.parametrize("room", ["functions", "layers/shared"])
def test_whatever_deployed_code_imports_is_deployed(room: str) -> None:
    ours = {path.name for path in (ROOT / "functions").iterdir()} | {"aftersales"}
    there = set().union(*map(layer, LAYERS)) | IN_THE_RUNTIME
    missing = []
    for path in sorted((ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {name.partition(".")[0] for name in names}:
                package = PACKAGES_OF_IMPORTS.get(name, canonicalize_name(name))
                place = str(path.relative_to(ROOT))
                if name in READ_WHERE_THE_OPERATOR_IS.get(place, ()):
                    continue
                if name not in ours | sys.stdlib_module_names and package not in there:
                    missing.append(f"{place} imports {name}")
    assert not missing
