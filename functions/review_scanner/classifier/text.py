"""A review's text as the classifier sees it: one form, tokens, n-grams of tokens.

The form: NFKC, small letters, Simplified characters and the mainland's words, every digit a 0, runs
cut to three. Tokens are Han characters and marks, one each, and Latin words. The same text gives
the same n-grams on every machine; training and prediction both come through here.
"""

from __future__ import annotations

import unicodedata
from operator import add, eq, xor
from zlib import crc32

from review_scanner.classifier.characters import SIMPLIFIED, TRADITIONAL
from review_scanner.classifier.taiwan_words import WORDS

LIMIT_CHARACTERS = 20_000
"""Of a longer text the rest is not read; platforms cut at 500 to 10,000."""
_TAGS = r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);"
"""Patterns are compiled, and `re` loaded, when the first text needs one: a process whose first text
is plain Chinese has its score in half the time."""
_RUN = r"(?s)(.)\1{3,}"
_FOUR_ALIKE = b"\1\1\1"
"""As bytes that say of each character whether it is like the one after it."""
_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0")
_TOKEN = r"[^\W0a-z_]|[a-z]+(?:'[a-z]+)?|0+|[^\s\w]"  # noqa: S105 - of text, not of access
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_ASCII = 0xFEE0
"""From a full-width mark, digit or letter to the ASCII one."""

BITS = 20
"""2 to the power of this are the slots of n-grams."""
EDGE = "\n"
"""Stands before the first and after the last token: how a text begins and ends says something."""
_FACTORS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
"""Of a token as first, second and third of an n-gram: large odd numbers without a pattern."""


class Reading:
    """`text` in its one form, its tokens in order, and the slots of their 1-, 2- and 3-grams."""

    # A plain class: a fresh process has its first score before `typing` would be loaded.
    __slots__ = ("slots", "text", "tokens")

    def __init__(self, text: str, tokens: list[str], slots: set[int]) -> None:
        self.text = text
        self.tokens = tokens
        self.slots = slots

    @property
    def latin(self) -> bool:
        """Are most letters in words, not in characters? Of "" it is False."""
        return len(self.text) > 2 * len(self.tokens)


def plain(text: str) -> str:
    """The text that a person would see: HTML taken off, cut to what is read."""
    text = text[:LIMIT_CHARACTERS]
    if "<" in text or "&" in text:
        import re

        if re.search(_TAGS, text):
            from aftersales.platforms.html_text import plain as without_html

            return without_html(text)
    return text


def folded(text: str) -> str:
    """Plain text in its one form."""
    form = simplified(text)
    if not _traditional().isdisjoint(text):
        form = _in_mainland_words(form)
    if _FOUR_ALIKE in bytes(map(eq, form, form[1:])):
        import re

        return re.sub(_RUN, r"\1\1\1", form)
    return form


def simplified(text: str) -> str:
    """Text in NFKC, small letters, Simplified characters, digits as 0; its words as they are."""
    form = text.translate(_fold()).lower()
    if form.isascii() or unicodedata.is_normalized("NFKC", form):
        return form
    return unicodedata.normalize("NFKC", form).lower().translate(_fold())


def read(text: str) -> Reading:
    """The n-grams of a text, HTML or not."""
    return read_folded(folded(plain(text)))


def read_folded(form: str) -> Reading:
    """The n-grams of a text in its one form."""
    tokens = tokens_of(form)
    return Reading(form, tokens, slots_of(tokens))


def tokens_of(form: str) -> list[str]:
    """Han characters and marks one by one, words and numbers whole."""
    if _WORD.isdisjoint(form):
        return list("".join(form.split()))
    import re

    return re.findall(_TOKEN, form)


def slots_of(tokens: list[str]) -> set[int]:
    """The slots of all 1-, 2- and 3-grams of tokens: each token has three numbers, by its place.

    The edges of a text take part in its longer n-grams.
    """
    if not tokens:
        return set()
    first, second, third = _PLACES
    slots = list(map(first.__getitem__, tokens))
    found = set(slots)
    slots.insert(0, first[EDGE])
    following = [*tokens, EDGE]
    pairs = list(map(xor, slots, map(second.__getitem__, following)))
    found.update(pairs, map(xor, pairs, map(third.__getitem__, following[1:])))
    return found


def slot_of(*gram: str) -> int:
    """The slot of one n-gram of one to three tokens."""
    slot = 0
    for place, token in zip(_PLACES, gram, strict=False):
        slot ^= place[token]
    return slot


class _Place(dict[str, int]):
    """Token -> its number at one place of an n-gram, made when it is first met."""

    REMEMBERED = 50_000
    """There are some ten thousand characters and words; more come from noise, and are forgotten."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self._factor = factor

    def __missing__(self, token: str) -> int:
        if len(self) >= self.REMEMBERED:
            self.clear()
        mixed = (crc32(token.encode("utf-8", "replace")) + 1) * self._factor
        number = self[token] = (mixed & 0xFFFFFFFF) >> (32 - BITS)
        return number


_PLACES = tuple(map(_Place, _FACTORS))


_TRADITIONAL: list[frozenset[str]] = []
_MAINLAND: dict[str, list[tuple[str, str]]] = {}


def _traditional() -> frozenset[str]:
    """The characters that show a text to be in Traditional ones; made when first needed."""
    if not _TRADITIONAL:
        _TRADITIONAL.append(frozenset(TRADITIONAL))
    return _TRADITIONAL[0]


def _in_mainland_words(form: str) -> str:
    """A text in Simplified characters with the words of Taiwan replaced, the long ones first."""
    if not _MAINLAND:
        for pair in WORDS.split():
            taiwan, _, mainland = pair.partition(":")
            _MAINLAND.setdefault(taiwan[:2], []).append((taiwan, mainland))
    starts = _MAINLAND.keys() & set(map(add, form, form[1:]))
    words = [word for start in starts for word in _MAINLAND[start]]
    for taiwan, mainland in sorted(words, key=lambda word: (-len(word[0]), word)):
        form = form.replace(taiwan, mainland)
    return form


_FOLD: dict[int, str | None] = {}


def _fold() -> dict[int, str | None]:
    """Character -> what stands for it, made when first needed."""
    if _FOLD:
        return _FOLD
    fold: dict[int, str | None] = dict(zip(map(ord, TRADITIONAL), SIMPLIFIED, strict=True))
    fold.update((code, chr(code - _TO_ASCII)) for code in _FULL_WIDTH)
    fold.update((ord(digit), "0") for digit in "123456789１２３４５６７８９０")
    fold.update((ord(mark), None) for mark in _INVISIBLE)
    fold[ord("’")] = "'"
    fold[ord("_")] = fold[ord("＿")] = " "
    fold[0x3000] = " "
    _FOLD.update(fold)
    return _FOLD
