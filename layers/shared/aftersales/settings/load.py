"""From a settings file, or its copy in the `settings` table, to `Settings`."""

from __future__ import annotations

import msgspec

from aftersales.errors import Misconfigured
from aftersales.settings.document import Problem, UnreadableError, read
from aftersales.settings.model import Settings

SHOWN_PROBLEMS = 20

__all__ = ["Problem", "check_yaml", "from_json", "load_yaml", "to_json"]


def load_yaml(text: str, place: str) -> Settings:
    """The settings in a YAML text; `place` names it in errors (a file name).

    An empty text means all defaults. Raises `Misconfigured` that lists what is wrong, with lines.
    """
    settings, problems = _read(text)
    if problems:
        lines = [f"{place}: {problem}" for problem in problems[:SHOWN_PROBLEMS]]
        if len(problems) > SHOWN_PROBLEMS:
            lines.append(f"… and {len(problems) - SHOWN_PROBLEMS} more.")
        raise Misconfigured("The settings cannot be used:\n" + "\n".join(lines))
    return settings


def check_yaml(text: str, place: str) -> list[Problem]:  # noqa: ARG001 - told apart by the caller
    """Everything that is wrong with a settings text, in the order of its lines."""
    return _read(text)[1]


def from_json(document: bytes) -> Settings:
    """The settings as they stand in the table. Raises `Misconfigured`."""
    try:
        return msgspec.json.decode(document, type=Settings)
    except msgspec.MsgspecError as exc:
        raise Misconfigured(
            f"The stored settings cannot be read: {exc}.",
            what_to_do="Push the settings file again.",
        ) from exc


def to_json(settings: Settings) -> bytes:
    """The settings for the table; defaults are left out."""
    return msgspec.json.encode(settings)


def _read(text: str) -> tuple[Settings, list[Problem]]:
    # Reading files is for people's machines; functions that only decode JSON do not pay for it.
    from aftersales.settings.meaning import check
    from aftersales.settings.shape import Reader

    problems: list[Problem] = []
    try:
        root = read(text, problems)
    except UnreadableError as exc:
        return Settings(), [exc.problem]
    if root is None or root.empty:
        return Settings(), problems
    reader = Reader(problems)
    settings = reader.struct(root, Settings)
    check(settings, reader)
    return settings, sorted(problems, key=lambda problem: (problem.line, problem.column))
