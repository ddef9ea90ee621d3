"""What a command prints: JSON for machines, tables for people. Standard output holds nothing else.

JSON is UTF-8 whatever the terminal is set to. Text of others (couriers, platforms) is shown without
control characters and never read as markup.
"""

from __future__ import annotations

import contextlib
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 200
"""Columns where no terminal says how many there are; wide enough that nothing is cut."""
Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """The option `--json` of every command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def print_json(value: Any) -> None:
    """One JSON document, UTF-8, text as it is."""
    import msgspec

    try:
        # Ten times as fast as the standard library's where it indents.
        document = msgspec.json.format(msgspec.json.encode(value), indent=2)
    except (UnicodeEncodeError, TypeError, ValueError):
        # A lone surrogate, which no UTF-8 can hold, comes out as the JSON escape that it is.
        import json

        text = json.dumps(value, ensure_ascii=False, indent=2, default=msgspec.to_builtins)
        document = text.encode("utf-8", "backslashreplace")
    stream = sys.stdout.buffer
    stream.write(document)
    stream.write(b"\n")
    stream.flush()


def plain(value: object) -> str:
    """Text of others as one harmless line; None is nothing."""
    if value is None:
        return ""
    text = " ".join(str(value).split())
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def say(*lines: str) -> None:
    """Lines for a person."""
    for line in lines:
        console().print(line, markup=False, highlight=False, soft_wrap=True)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", empty: str = ""
) -> None:
    """A table, or the sentence `empty` where there is no row."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        *columns, title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    if not table.row_count and empty:
        say(empty)
        return
    console().print(table)


def console() -> Console:
    """Standard output as it is now. What it cannot show becomes a question mark."""
    from rich.console import Console

    stream: Any = sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    return Console(file=stream, width=None if stream.isatty() else PIPE_WIDTH)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error, only where that is a terminal.

    Yields `show(name, done, total)`; a total of 0 means that it is not known yet.
    """
    if not sys.stderr.isatty():
        yield lambda _name, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(name: str, done: int, total: int) -> None:
            description = f"{what} {plain(name)}"
            bar.update(task, description=description, completed=done, total=total or None)

        yield show


def read_bytes(path: str) -> bytes:
    """The content of a file, "-" being standard input. Raises `BadInput` where there is none."""
    from aftersales.errors import BadInput

    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise BadInput(f"cannot be read: {exc.strerror}", place=path) from exc


def read_text(path: str) -> str:
    """The content of a UTF-8 file, with or without a byte order mark. Raises `BadInput`."""
    from aftersales.errors import BadInput

    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise BadInput(f"not UTF-8 text at byte {exc.start}; save it as UTF-8", place=path) from exc


def shown_time(at: datetime | None) -> str:
    """A time for a person: on this machine's clock, with its offset."""
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M %z")


def json_time(at: datetime | None) -> str | None:
    """A time for a machine: UTC, ISO 8601, whole seconds."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
