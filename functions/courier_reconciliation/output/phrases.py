"""Sentences that are made from few phrases in English, in Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

LANGUAGES = ("zh-CN", "zh-TW")
Phrase = tuple[str, str, str]
"""A pattern in English; the same for the mainland and for Taiwan, with `{0}` for each group."""
REMEMBERED = 8192


class Phrasebook:
    """Translates sentences, each phrase by itself. What is not known stays as it is."""

    def __init__(
        self,
        phrases: Sequence[Phrase],
        *,
        between: str,
        joined_by: str,
        word: Callable[[str, int], str] = lambda text, _index: text,
    ) -> None:
        """`between` parts the phrases of a sentence, `joined_by` joins them again. `word` gives a
        single word in one of `LANGUAGES`."""
        self._phrases = [
            (re.compile(pattern), (mainland, taiwan)) for pattern, mainland, taiwan in phrases
        ]
        self._between = between
        self._joined_by = joined_by
        self._word = word
        self.translate = lru_cache(maxsize=REMEMBERED)(self._translate)

    def _translate(self, sentence: str, language: str) -> str:
        """The sentence in one of `LANGUAGES`; in any other language as it is."""
        if language not in LANGUAGES or not sentence:
            return sentence
        index = LANGUAGES.index(language)
        parts = sentence.split(self._between)
        return self._joined_by.join(self._phrase(part, index) for part in parts)

    def _phrase(self, part: str, index: int) -> str:
        for pattern, templates in self._phrases:
            if match := pattern.fullmatch(part):
                return templates[index].format(*(self._group(g, index) for g in match.groups()))
        return self._word(part, index)

    def _group(self, text: str, index: int) -> str:
        word = self._word(text, index)
        if word == text and any(pattern.fullmatch(text) for pattern, _ in self._phrases):
            return self._phrase(text, index)
        return word
