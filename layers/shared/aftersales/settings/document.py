"""A YAML text as a tree that knows where each value stands.

Only what a settings file needs is read: mappings, lists and plain values. Anchors, aliases and tags
are refused (a few bytes of aliases can grow into gigabytes), as are texts that are too long or too
deep. `yes`, `no`, `on`, `off` and dates stay texts, so that Norway keeps its country code.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

LIMIT_BYTES = 256 * 1024
LIMIT_DEPTH = 20

Path = tuple[str | int, ...]


class Problem(Struct, frozen=True):
    """What is wrong with a settings file, for the person who wrote it. Lines and columns from 1."""

    line: int
    column: int
    path: str
    message: str
    what_to_do: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}, column {self.column}"
        said = f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"
        return f"{said} {self.what_to_do}".strip()


class Node(Struct, frozen=True):
    """One value. `content` is a str (`plain` where it stood without quotes), a list or a dict."""

    line: int
    column: int
    content: str | list[Node] | dict[str, tuple[Node, Node]]
    plain: bool = False

    @property
    def empty(self) -> bool:
        """Was nothing written here?"""
        return self.plain and self.content in ("", "~", "null", "Null", "NULL")


def shown(path: Path) -> str:
    """A path as people read it: `alerts.routes[0].targets`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


class UnreadableError(Exception):
    """The text as a whole cannot be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read(text: str, problems: list[Problem]) -> Node | None:
    """The tree of a YAML text, None where it is empty. Appends duplicate keys to `problems`.

    Raises `UnreadableError` where there is no tree to speak of.
    """
    import yaml

    text = text.removeprefix("\ufeff")
    if len(text.encode(errors="replace")) > LIMIT_BYTES:
        raise UnreadableError(
            Problem(1, 1, "", f"the file is larger than {LIMIT_BYTES // 1024} KiB.",
                    "Settings are short; is this the right file?")
        )  # fmt: skip
    try:
        _refuse_what_is_not_needed(yaml.parse(text, yaml.SafeLoader))
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as exc:
        raise UnreadableError(_syntax_problem(exc)) from None
    return None if root is None else _node(root, (), problems)


def _refuse_what_is_not_needed(events: Any) -> None:
    depth = 0
    for event in events:
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            reason, todo = (
                "anchors (&) and aliases (*) are not read.",
                "Write the value out, or quote it.",
            )
        elif getattr(event, "tag", None):
            reason, todo = "tags (!) are not read.", "Leave the tag away, or quote the text."
        else:
            depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
            if depth <= LIMIT_DEPTH:
                continue
            reason, todo = f"more than {LIMIT_DEPTH} levels inside each other.", ""
        mark = event.start_mark
        raise UnreadableError(Problem(mark.line + 1, mark.column + 1, "", reason, todo))


def _node(node: Any, path: Path, problems: list[Problem]) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if node.id == "scalar":
        return Node(line, column, node.value, plain=node.style is None)
    if node.id == "sequence":
        items = [_node(item, (*path, at), problems) for at, item in enumerate(node.value)]
        return Node(line, column, items)
    pairs: dict[str, tuple[Node, Node]] = {}
    for key_node, value_node in node.value:
        key = _node(key_node, path, problems)
        if not isinstance(key.content, str):
            problems.append(
                Problem(key.line, key.column, shown(path), "a name must be a plain text.")
            )
            continue
        inner = (*path, key.content)
        if key.content in pairs:
            first = pairs[key.content][0].line
            problems.append(
                Problem(key.line, key.column, shown(inner), f"it stands in line {first} already.",
                        "Keep one of them.")
            )  # fmt: skip
            continue
        pairs[key.content] = (key, _node(value_node, inner, problems))
    return Node(line, column, pairs)


def _syntax_problem(exc: Any) -> Problem:
    """A YAML error in plain words. The parser's own text names characters, never values."""
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    detail = getattr(exc, "problem", None) or "it is not a text that YAML allows"
    what_to_do = "Check the indentation and the colons of this line and the one before."
    if "\\t" in detail:
        what_to_do = "Use spaces instead of tabs."
    elif "but found another document" in detail:
        what_to_do = "Keep one document: remove the line ---."
    elif re.search(r"special characters", str(exc)):
        what_to_do = "Save the file as UTF-8 text."
    return Problem(line, column, "", f"this is not YAML: {detail}.", what_to_do)
