"""`aftersales settings`: check a settings file, and make it the current one."""

from __future__ import annotations

from pathlib import Path

import click

from local.tables_at_hand import state_option, tables_at_hand
from local.terminal import json_option, print_json, read_text, say


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def settings() -> None:
    """Check a settings file, and make it the current one."""


@settings.command()
@click.argument("file")
@json_option
def check(file: str, as_json: bool) -> None:
    """Say everything that is wrong with a settings file: where, what, and what to do.

    The exit code is 1 where something is wrong.

    \b
    Example:
      aftersales settings check aftersales.yaml
    """
    from aftersales.settings.load import check_yaml

    problems = check_yaml(read_text(file), file)
    if as_json:
        print_json(
            {
                "file": file,
                "valid": not problems,
                "problems": [
                    {
                        "line": problem.line,
                        "column": problem.column,
                        "setting": problem.path,
                        "message": problem.message,
                        "what_to_do": problem.what_to_do,
                    }
                    for problem in problems
                ],
            }
        )
    elif problems:
        say(*(f"{file}: {problem}" for problem in problems))
    else:
        say(f"{file}: nothing is wrong.")
    if problems:
        click.get_current_context().exit(1)


@settings.command()
@click.argument("file")
@state_option
@json_option
def push(file: str, state_dir: Path | None, as_json: bool) -> None:
    """Make a settings file the current one. Functions follow it within a minute.

    A file with mistakes is refused and changes nothing. On one machine `aftersales run` pushes its
    own file at every start.

    \b
    Example:
      TABLE_PREFIX=aftersales-prod aftersales settings push aftersales.yaml
    """
    from aftersales.settings.load import load_yaml

    wanted = load_yaml(read_text(file), file)
    with tables_at_hand(state_dir) as place:
        from aftersales.tables import settings as table

        table.push(wanted)
    if as_json:
        print_json({"file": file, "pushed": True, "where": place.words})
        return
    say(f"{file} is now in force in {place.words}.")
