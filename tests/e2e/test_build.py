"""What `make build` made is what Lambda needs: bytecode of Python 3.13, machine code of arm64."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from local.template import Function, load

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".aws-sam" / "build"
LAYERS = ("SharedLayer", "SpreadsheetsLayer")
FUNCTIONS = load().functions

PYTHON_313 = 3571
"""The number with which bytecode of every released Python 3.13 begins."""

NEVER_CHECKED = 0b01
"""Flags of bytecode that is used without a look at its source: hashed, not checked."""

AARCH64 = 183
"""The machine number of arm64 in an ELF header."""

UNPACKED_LIMIT_BYTES = 250 * 1024 * 1024
OURS_BYTES = 40 * 1024 * 1024
"""Far below Lambda's limit, because what is unpacked is paid for at every cold start."""


def files(name: str) -> list[Path]:
    """All files of one built artefact."""
    folder = BUILD / name
    assert folder.is_dir(), f"{folder.relative_to(ROOT)} is missing: run `make build` first"
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", [*LAYERS, *(function.logical_id for function in FUNCTIONS)])
def test_every_source_has_bytecode_that_lambda_uses_as_it_is(name: str) -> None:
    sources = [path for path in files(name) if path.suffix == ".py"]
    assert sources
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        assert compiled.is_file(), f"{source.relative_to(BUILD)} has no bytecode"
        magic, _, flags = struct.unpack("<H2sI", compiled.read_bytes()[:8])
        assert (magic, flags) == (PYTHON_313, NEVER_CHECKED), compiled.relative_to(BUILD)


@pytest.mark.parametrize("name", LAYERS)
def test_machine_code_is_for_arm64(name: str) -> None:
    libraries = [path for path in files(name) if ".so" in path.suffixes]
    assert libraries
    for library in libraries:
        header = library.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert struct.unpack("<H", header[18:20])[0] == AARCH64, library.relative_to(BUILD)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.logical_id)
def test_a_function_ships_its_own_package_and_nothing_else(function: Function) -> None:
    assert {path.name for path in (BUILD / function.logical_id).iterdir()} == {function.package}


def test_the_layer_is_light_and_leaves_boto3_to_the_runtime() -> None:
    packages = {path.name for path in (BUILD / "SharedLayer" / "python").iterdir()}
    assert "aftersales" in packages
    assert not packages & {"boto3", "botocore", "s3transfer", "dateutil", "bin"}
    size = sum(path.stat().st_size for name in LAYERS for path in files(name))
    assert size < OURS_BYTES < UNPACKED_LIMIT_BYTES


def test_no_built_file_names_the_machine_that_built_it() -> None:
    names = [*LAYERS, *(function.logical_id for function in FUNCTIONS)]
    place = str(ROOT).encode()
    found = [path for name in names for path in files(name) if place in path.read_bytes()]
    assert not found
