"""From a YAML tree to the settings structs: names and types, all problems at once.

Nothing written means the default. A number may stand for a text (a shop id of digits only), a
single value never for a list. What may be either is a text where it stands in quotes.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from aftersales.settings.document import Node, Path, Problem, shown

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

_NOTHING = object()
"""A value that could not be read; the problem is noted and the default stands in."""


class Reader:
    """Reads one tree. `problems` grows; `at` tells where a path stands, for later checks."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self._places: dict[Path, Node] = {}
        self._names: dict[Path, Node] = {}
        self._kept: dict[Path, list[int]] = {}

    def struct(self, node: Node, kind: type[S], path: Path = ()) -> S:
        """The struct, with defaults where something could not be read."""
        value = self._value(node, kind, path)
        return value if isinstance(value, kind) else kind()

    def note(self, path: Path, message: str, what_to_do: str = "", *, name: bool = False) -> None:
        """Add a problem at the value of `path`, or at its name."""
        node = self._find(path, self._names if name else self._places)
        line, column = (node.line, node.column) if node else (1, 1)
        self.problems.append(Problem(line, column, shown(path), message, what_to_do))

    def numbered(self, path: Path, items: Iterable[T]) -> list[tuple[int, T]]:
        """The items of a list with their numbers in the file (some could not be read)."""
        kept = self._kept.get(path, [])
        return list(zip(kept, items, strict=False))

    def names(self, path: Path) -> frozenset[str]:
        """The names that the file writes under `path`, readable or not."""
        depth = len(path)
        inside = (name for name in self._names if name[:depth] == path and len(name) == depth + 1)
        return frozenset(str(name[-1]) for name in inside)

    def written(self, path: Path) -> bool:
        """Does the file say anything there?"""
        return path in self._places

    def _find(self, path: Path, places: dict[Path, Node]) -> Node | None:
        """The nearest place that was written: the value's own, or that of what it stands in."""
        if path in places:
            return places[path]
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path)

    def _value(self, node: Node, kind: Any, path: Path) -> Any:
        self._places[path] = node
        origin, arguments = get_origin(kind), get_args(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._struct(node, kind, path)
        if origin is dict:
            return self._mapping(node, arguments[1], path)
        if origin is tuple:
            return self._list(node, arguments[0], path)
        if origin in (Union, types.UnionType):
            kinds = [each for each in arguments if each is not type(None)]
            # What may be a text or a number is a number where it is written as one, without quotes.
            is_number = int in kinds and isinstance(_converted(node, str(node.content), int), int)
            return self._value(node, int if is_number else kinds[0], path)
        return self._scalar(node, kind, path)

    def _pairs(self, node: Node, path: Path) -> Iterable[tuple[str, Node]] | None:
        if not isinstance(node.content, dict):
            todo = "Write `name: value` lines, indented below it."
            if isinstance(node.content, str) and "：" in node.content:
                todo = "Write a plain colon and a space (: ) instead of ：."
            self.note(path, "here must be names with values.", todo)
            return None
        for name, (key, _) in node.content.items():
            self._names[(*path, name)] = key
        return [(name, value) for name, (_, value) in node.content.items()]

    def _struct(self, node: Node, kind: type[msgspec.Struct], path: Path) -> Any:
        if node.empty:
            pairs: Iterable[tuple[str, Node]] | None = []
        else:
            pairs = self._pairs(node, path)
        if pairs is None:
            return _NOTHING
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        found: dict[str, Any] = {}
        for name, value_node in pairs:
            inner = (*path, name)
            if name not in fields:
                self._places[inner] = value_node
                self.note(inner, "there is no such setting.", nearest(name, fields), name=True)
            elif not value_node.empty:
                value = self._value(value_node, fields[name].type, inner)
                if value is not _NOTHING:
                    found[name] = value
        missing = [
            name for name, field in fields.items()
            if field.required and name not in found and (*path, name) not in self._places
        ]  # fmt: skip
        for name in missing:
            self.note(path, f"`{name}` is missing.", f"Add `{name}:` with a value.")
        unread = any(field.required and name not in found for name, field in fields.items())
        return _NOTHING if unread else kind(**found)

    def _mapping(self, node: Node, kind: Any, path: Path) -> Any:
        if node.empty:
            return {}
        pairs = self._pairs(node, path)
        if pairs is None:
            return _NOTHING
        values = {name: self._value(value, kind, (*path, name)) for name, value in pairs}
        return {name: value for name, value in values.items() if value is not _NOTHING}

    def _list(self, node: Node, kind: Any, path: Path) -> Any:
        if not isinstance(node.content, list):
            self.note(
                path, "here must be a list.", "Write [one, two], or lines that begin with `- `."
            )
            return _NOTHING
        values = [self._value(item, kind, (*path, at)) for at, item in enumerate(node.content)]
        self._kept[path] = [at for at, value in enumerate(values) if value is not _NOTHING]
        return tuple(value for value in values if value is not _NOTHING)

    def _scalar(self, node: Node, kind: Any, path: Path) -> Any:
        text = node.content
        if kind is Any and isinstance(text, list):
            return self._list(node, Any, path)
        if kind is Any and isinstance(text, dict):
            return self._mapping(node, Any, path)
        if not isinstance(text, str):
            self.note(path, f"here must be {_NAMES[kind]}, not a list or names with values.")
            return _NOTHING
        value = _converted(node, text, kind)
        if value is _NOTHING:
            self.note(path, f"here must be {_NAMES[kind]}.", _TODO.get(kind, ""))
        return value


def nearest(name: str, known: Iterable[str], *, what: str = "Known here") -> str:
    """What to do about an unknown name: the nearest known one, else all of them."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    if not known:
        return f"{what}: nothing yet."
    listed = ", ".join(known[:40])
    return f"{what}: {listed}."


_NAMES: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}
_TODO: dict[Any, str] = {
    int: "Write it without quotes or unit, such as 24.",
    float: "Write it without quotes or unit, such as 24 or 1.5.",
    str: "Write it in quotes.",
}


def _converted(node: Node, text: str, kind: Any) -> Any:
    if kind is str:
        return _NOTHING if node.empty else text
    if not node.plain:
        return text if kind is Any else _NOTHING
    number: Any = _NOTHING
    if re.fullmatch(r"[+-]?\d{1,15}", text):
        number = int(text)
    elif re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][+-]?\d+)", text):
        number = float(text) if math.isfinite(float(text)) else _NOTHING
    if kind is int:
        return number if isinstance(number, int) else _NOTHING
    if kind is float:
        return float(number) if number is not _NOTHING else _NOTHING
    flag = {"true": True, "false": False}.get(text.lower(), _NOTHING)
    if kind is bool:
        return flag
    return next((value for value in (number, flag) if value is not _NOTHING), text)
