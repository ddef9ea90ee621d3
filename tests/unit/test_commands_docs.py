"""docs/commands.md names every command and option that there is, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from local.cli import aftersales
from tests.command_line import aftersales as run

TEXT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")


def _commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(aftersales)
    for name in aftersales.list_commands(context):
        command = aftersales.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                yield f"{name} {sub}", command.commands[sub]
        else:
            yield name, command


COMMANDS = dict(_commands())


def _section(command: str) -> str:
    """The part whose heading names the command."""
    for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        if command in heading.split(", "):
            return body
    raise AssertionError(f"docs/commands.md has no section for {command}")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name):
    section = _section(name)
    assert f"`aftersales {name}" in section
    for parameter in COMMANDS[name].params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("--") and option not in {"--json", "--help"}:
                assert re.search(rf"{option}\b", section), option


def test_no_section_describes_a_command_that_does_not_exist():
    headings = re.findall(r"^## (.*)$", TEXT, flags=re.MULTILINE)
    assert {name for heading in headings for name in heading.split(", ")} == set(COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "run"])
def test_every_command_has_json_and_a_help_with_an_example(name):
    assert any("--json" in parameter.opts for parameter in COMMANDS[name].params)
    shown = run(*name.split(), "--help")
    assert shown.code == 0
    assert "Example:" in shown.out
    assert f"aftersales {name}" in shown.out.partition("Example:")[2]
    assert run(*name.split(), "-h").out == shown.out


def test_the_json_examples_are_json():
    for example in re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL):
        json.loads(example)


def test_the_words_of_the_interface_are_the_ones_in_use():
    from aftersales.channels.base import OutcomeKind
    from aftersales.tracking import DeliveredHow, ErrorClass, Status
    from aftersales.watching import WatchOutcome
    from local.webhook_check import NAMES

    named = set(re.findall(r"`([a-z_0-9]+)`", TEXT))
    for words in (OutcomeKind, DeliveredHow, ErrorClass, Status, WatchOutcome, NAMES):
        assert {str(word) for word in words} <= named
