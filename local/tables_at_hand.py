"""Where a command finds the tables: in the cloud, at a running runner, or in the state folder.

In this order:

1. `TABLE_PREFIX` is set (and no state folder is named): the tables of that prefix, with the region
   and credentials of the environment, as the functions themselves find them;
2. a runner is using the state folder: its engine;
3. else an engine of our own on the state folder, for as long as the command takes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from aftersales.errors import Misconfigured, OutsideFailure

WAIT_SECONDS = 30.0
"""How long a command waits for another one that has the engine of a stopped desk."""
LOCK = "command.lock"
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tables are, in words. `running`: do the functions run there now?"""

    words: str
    running: bool


def state_option(command: Command) -> Command:
    """The option `--state` of every command that needs the tables."""
    return click.option(
        "--state",
        "state_dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="State folder of the desk on this machine.  [default: the one `aftersales run` uses; "
        "with TABLE_PREFIX set, the tables in the cloud]",
    )(command)


@contextlib.contextmanager
def tables_at_hand(
    state_dir: Path | None = None, *, wait_seconds: float = WAIT_SECONDS
) -> Iterator[Place]:
    """Set the environment so that `aftersales.tables` works, and put it back afterwards.

    Raises `Misconfigured` where the tables cannot be reached for want of a setting,
    `OutsideFailure` where DynamoDB does not do what it is asked.
    """
    with contextlib.ExitStack() as stack:
        place = _open(state_dir, stack, wait_seconds)
        with _named_failures():
            yield place


def _open(state_dir: Path | None, stack: contextlib.ExitStack, wait_seconds: float) -> Place:
    if os.environ.get("TABLE_PREFIX") and state_dir is None:
        return Place(f"the tables {os.environ['TABLE_PREFIX']}-…", running=True)
    folder = state_dir or usual_folder()
    turn = stack.enter_context(contextlib.ExitStack())
    turn.enter_context(_turn(folder, wait_seconds))
    if not _is_taken(folder):
        _host(folder, stack)
        return Place(f"the state folder {folder}", running=False)
    # A runner has it: other commands may use its engine at the same time.
    turn.close()
    _join(folder, stack)
    return Place(f"the running desk of {folder}", running=True)


def usual_folder() -> Path:
    """The state folder that is meant where none is named: the one in use, else the one there is."""
    from local.commands.run import DEMO_STATE, SETTINGS_FILE, STATE
    from local.engine import DATABASE

    for folder in (STATE, DEMO_STATE):
        if _is_taken(folder):
            return folder
    if not SETTINGS_FILE.exists() and not (STATE / DATABASE).exists():
        return DEMO_STATE if (DEMO_STATE / DATABASE).exists() else STATE
    return STATE


def _is_taken(folder: Path) -> bool:
    from local import state

    if not (folder / state.LOCK).exists():
        return False
    try:
        with state.alone(folder):
            return False
    except Misconfigured:
        return True


@contextlib.contextmanager
def _turn(folder: Path, wait_seconds: float) -> Iterator[None]:
    """One command at a time where no runner runs: the engine of one must not end under another."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a")
    except OSError as exc:
        raise Misconfigured(
            f"The state folder {folder} cannot be used: {exc.strerror}.",
            what_to_do="Name another one with --state.",
        ) from exc
    until = time.monotonic() + wait_seconds
    with lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as exc:
                if time.monotonic() > until:
                    raise Misconfigured(
                        f"Another command is using the state folder {folder}.",
                        what_to_do="Wait until it has ended.",
                    ) from exc
                threading.Event().wait(0.05)
        yield


def _host(folder: Path, stack: contextlib.ExitStack) -> None:
    from local.business_clock import BusinessClock
    from local.machine import Machine

    machine = Machine(folder)
    stack.callback(machine.close)
    clock = BusinessClock(machine.open_state())
    stack.callback(clock.save, final=True)
    machine.open(clock)
    _take_settings_of_this_folder()


def _take_settings_of_this_folder() -> None:
    """Before the first run nothing is stored: what `run` would store counts for commands, too."""
    from aftersales.settings.load import load_yaml
    from aftersales.settings.model import Settings
    from aftersales.tables import settings
    from local.commands.run import SETTINGS_FILE
    from local.terminal import read_text

    if SETTINGS_FILE.exists() and settings.load() == Settings():
        path = str(SETTINGS_FILE)
        settings.push(load_yaml(read_text(path), path))


def _join(folder: Path, stack: contextlib.ExitStack) -> None:
    from aftersales.tables import connection
    from local import environment
    from local.engine import ENDPOINT_FILE
    from local.template import DEFAULT_PREFIX, Template

    try:
        endpoint = environment.engine_endpoint() or (folder / ENDPOINT_FILE).read_text("ascii")
    except OSError as exc:
        raise Misconfigured(
            f"The desk of the state folder {folder} is just starting or stopping.",
            what_to_do="Try again in a few seconds.",
        ) from exc
    variables = environment.compose(
        Template(), engine_url=endpoint, cloud_url="", clock=_clock_of(folder)
    )
    # Only the tables are used here; an empty address would be taken for one.
    for service in ("SQS", "S3", "SNS"):
        variables.pop(f"AWS_ENDPOINT_URL_{service}", None)
    stack.enter_context(environment.applied(variables | {"TABLE_PREFIX": DEFAULT_PREFIX}))
    connection.forget()
    stack.callback(connection.forget)


def _clock_of(folder: Path) -> str:
    """Business time of a runner on a fast clock, as far as it has saved it; "" for real time."""
    from local import state

    with contextlib.closing(sqlite3.connect(folder / state.FILE, timeout=5.0)) as db:
        try:
            row = db.execute("select business from clock where fast = 1").fetchone()
        except sqlite3.OperationalError:
            return ""
    return "" if row is None else f"{time.time()!r},{float(row[0])!r},1.0"


@contextlib.contextmanager
def _named_failures() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError
    from pynamodb.exceptions import PynamoDBException

    try:
        yield
    except PynamoDBException as exc:
        code = getattr(exc, "cause_response_code", None) or type(exc.__cause__ or exc).__name__
        raise OutsideFailure(_in_words(code), code=code) from exc
    except ClientError as exc:
        code = str(exc.response.get("Error", {}).get("Code", ""))
        raise OutsideFailure(_in_words(code), code=code) from exc
    except BotoCoreError as exc:
        raise OutsideFailure(_in_words(type(exc).__name__), code=type(exc).__name__) from exc


def _in_words(code: str) -> str:
    prefix, region = os.environ.get("TABLE_PREFIX", ""), os.environ.get("AWS_REGION", "")
    match code:
        case "ResourceNotFoundException" | "TableDoesNotExist":
            what = f"There are no tables {prefix}-… here. Check TABLE_PREFIX and AWS_REGION"
            return f"{what} ({region})." if region else f"{what}."
        case "NoCredentialsError" | "PartialCredentialsError" | "UnrecognizedClientException":
            return "DynamoDB needs AWS credentials. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and more."
        case "AccessDeniedException" | "ExpiredTokenException":
            return f"AWS does not allow it ({code}). Check the credentials and their rights."
        case _:
            return f"DynamoDB did not answer as it should: {code}. Try again."
