"""The n-grams of a text for judging it: the slots of `text.slots_of`, in order and in fewer steps.

Each token has a number for each of three places in an n-gram; a slot is their exclusive or. Here
the numbers of all tokens stand side by side in one large integer, three lanes to a token: one shift
and one exclusive or make all pairs, another all triples.
"""

from __future__ import annotations

from array import array
from functools import cache, lru_cache
from typing import cast

from review_scanner.classifier.text import EDGE, Reading, slot_of, tokens_of

_LANE_BYTES = 4
_LANE = 8 * _LANE_BYTES
_TOKEN_BYTES = 3 * _LANE_BYTES
"""Of a token: the slot of itself, of it and the next, of it and the next two."""
_NEXT = 8 * _TOKEN_BYTES + _LANE
"""From a token's number at one place to the next token's at the next place."""
_FIRST_LANE = b"\xff" * _LANE_BYTES + bytes(2 * _LANE_BYTES)
_REMEMBERED = 50_000
"""Tokens, as in `text`."""


class Measured(Reading):
    """A reading of a folded text that keeps its n-grams in order, as often as they occur."""

    __slots__ = ("_lanes", "_ordered")

    def __init__(self, form: str) -> None:
        tokens = tokens_of(form)
        self._lanes = _lanes_of(tokens)
        self._ordered = _slots_in(self._lanes, len(tokens)) if tokens else []
        # The keys of a dictionary do for a set, and are read in their order: in half the time.
        super().__init__(form, tokens, cast("set[int]", dict.fromkeys(self._ordered).keys()))

    def slots_between(self, start: int, end: int) -> set[int]:
        """The slots of the tokens from `start` on and before `end`, at least two, as of a text."""
        ordered = self._ordered
        opening, _ = _at_edge(self.tokens[start])
        _, third = _at_edge(self.tokens[start + 1])
        last_pair, last = ordered[3 * end - 3], ordered[3 * end - 1]
        inner = ordered[3 * start + 2 : 3 * end - 2]
        closing, third_edge = _CLOSING
        return {
            *inner,
            last,
            opening,
            opening ^ third,
            last ^ closing,
            last_pair ^ third_edge,
        }

    def low_slots(self, bits: int) -> set[int]:
        """So many of the lowest bits of the slots; of a text without a token none."""
        count = len(self.tokens)
        lane = ((1 << bits) - 1).to_bytes(_LANE_BYTES, "little")
        lanes = self._lanes & _repeated(lane, (3 * count + 6).bit_length())
        return set(_slots_in(lanes, count)) if count else set()


def _lanes_of(tokens: list[str]) -> int:
    """All n-grams of tokens and of an edge before and after them."""
    numbers = b"".join(map(_NUMBERS.__getitem__, [EDGE, *tokens, EDGE]))
    firsts = _repeated(_FIRST_LANE, (len(tokens) + 2).bit_length())
    beside = int.from_bytes(numbers, "little")
    ones = beside & firsts
    pairs = ones ^ (beside >> _NEXT & firsts)
    triples = pairs ^ (beside >> 2 * _NEXT & firsts)
    return ones | pairs << _LANE | triples << 2 * _LANE


def _slots_in(lanes: int, tokens: int) -> list[int]:
    """The slots of so many tokens, without what is none.

    These are: the first edge alone, the last token and "the next two", the last edge.
    """
    stored = lanes.to_bytes(_TOKEN_BYTES * (tokens + 2), "little")
    return array("I", stored[_LANE_BYTES : -_TOKEN_BYTES - _LANE_BYTES]).tolist()


@cache
def _repeated(lane: bytes, bits: int) -> int:
    """This lane, 2 to the power of `bits` times."""
    return int.from_bytes(lane * (1 << bits), "little")


class _Numbers(dict[str, bytes]):
    """Token -> its three numbers as bytes, made when it is first met."""

    def __missing__(self, token: str) -> bytes:
        if len(self) >= _REMEMBERED:
            self.clear()
        opening, third = _at_edge(token)
        second = opening ^ slot_of(EDGE)
        numbers = self[token] = array("I", (slot_of(token), second, third)).tobytes()
        return numbers


_NUMBERS = _Numbers()


@lru_cache(_REMEMBERED)
def _at_edge(token: str) -> tuple[int, int]:
    """The slot of an edge and this token; the token's number at the third place."""
    return slot_of(EDGE, token), slot_of(EDGE, EDGE, token) ^ slot_of(EDGE, EDGE)


_CLOSING = (slot_of(EDGE, EDGE) ^ slot_of(EDGE), _at_edge(EDGE)[1])
"""An edge's number at the second place, and at the third."""
