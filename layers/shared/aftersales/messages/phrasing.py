"""How a catalogue's sentences are filled. Standard library only.

A sentence is a format string with named places. What stands in square brackets is said only when
all places in it are known; with bars in it, the first part that can be said is said:

    "The parcel[ left {place}] was last scanned[ on {at}| some time ago]."
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


def fill(sentence: str, words: Mapping[str, str | None]) -> str:
    """`sentence` in `words`; a word that is missing, None or "" is unknown.

    Raises KeyError where a place outside brackets is unknown.
    """
    known = {name: word for name, word in words.items() if word}
    return "".join(_said(part, known) for part in _parts(sentence))


def places(sentence: str) -> frozenset[str]:
    """The names of all places in `sentence`."""
    return frozenset(
        name for part in _parts(sentence) for option in part for name in _names(option)
    )


def needed_places(sentence: str) -> frozenset[str]:
    """The names of the places that must be known: those outside brackets."""
    return places(_OPTIONAL.sub("", sentence))


def _parts(sentence: str) -> Iterator[list[str]]:
    """The sentence cut at its brackets; of each part, what can be said, best first."""
    for number, text in enumerate(_OPTIONAL.split(sentence)):
        was_in_brackets = number % 2 == 1
        yield [*text.split("|"), ""] if was_in_brackets else [text]


def _said(options: list[str], known: Mapping[str, str]) -> str:
    *preferred, last = options
    for option in preferred:
        if all(name in known for name in _names(option)):
            return option.format_map(known)
    return last.format_map(known)


def _names(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]
