"""The score of a review: log-odds that its buyer is not content."""

from __future__ import annotations

from operator import itemgetter

from review_scanner.classifier.table import ZERO, Table, shipped
from review_scanner.classifier.text import EDGE, Reading, read, slot_of

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
KNOWN_SHARE = 0.26
"""So much of a text's n-grams have a weight, or it is in another language than the table's.

Of unseen reviews 999 of 1,000 in Chinese have more than 0.33, and 99 of 100 in English more than
0.31; twenty good reviews in as many other languages had 0.26 at most.
"""
FACES_SAY = 1.5
_GLAD = "👍👌👏💪🙏💯🌹🎉✨❤💕💖😍🥰😘😊😀😃😄😁😆🤗😋🙂"
_SAD = "👎😡😠🤬💩😤😢😭😞😔😒🙄🤮🤢😱☹🙁"
_GAP_OF_WORDS = r"(?<=[a-z0])\n(?=[a-z0])"


class Reason:
    """An n-gram, and what it added to the score."""

    __slots__ = ("gram", "weight")

    def __init__(self, gram: str, weight: float) -> None:
        self.gram = gram
        self.weight = weight


def score(text: str, table: Table | None = None) -> float:
    """Log-odds of negative; above 0 is negative.

    It is 0 for a text that says nothing the table knows: marks alone, or another language.
    """
    return score_of(read(text), table or shipped())


def score_of(reading: Reading, table: Table) -> float:
    """The score of a text that has been read."""
    slots = reading.slots
    if not slots:
        return 0.0
    if not has_letters(reading.text):
        return _score_of_faces(reading.text)
    head = table.head
    biases = head.latin_biases if reading.latin else head.han_biases
    count = len(slots)
    # A text has at least three n-grams: a token, and it with each edge.
    weights = itemgetter(*slots)(table.sentiment)
    if count - weights.count(ZERO) < KNOWN_SHARE * count:
        return 0.0
    total: int = sum(weights) - ZERO * count
    length: float = count**0.5
    return head.scale * total / length + biases[count.bit_length()]


def has_letters(text: str) -> bool:
    """Is there a letter or character of any script in it? Else it is faces, marks, numbers."""
    return any(map(str.isalpha, text))


def _score_of_faces(text: str) -> float:
    """The score of a text without letters: of 👍👍, of ！！！"""
    sad = sum(map(text.count, _SAD))
    glad = sum(map(text.count, _GLAD))
    return FACES_SAY * ((sad > glad) - (glad > sad))


def sentiment_of(score: float, table: Table) -> str:
    """In words: negative, neutral (inside the band around 0) or positive."""
    if score > table.head.band:
        return NEGATIVE
    return POSITIVE if score < -table.head.band else NEUTRAL


def reasons(text: str, table: Table | None = None) -> tuple[float, list[Reason]]:
    """(bias, what each n-gram added): together the score. The heaviest first."""
    import re

    table = table or shipped()
    reading = read(text)
    whole = score_of(reading, table)
    if not whole or not has_letters(reading.text):
        return whole, []
    step = table.head.scale / len(reading.slots) ** 0.5
    tokens = [EDGE, *reading.tokens, EDGE]
    names: dict[int, list[str]] = {}
    for size in (1, 2, 3):
        for gram in zip(*(tokens[start:] for start in range(size)), strict=False):
            if gram == (EDGE,):
                continue
            shown = names.setdefault(slot_of(*gram), [])
            named = ["|" if token == EDGE else token for token in gram]
            written = re.sub(_GAP_OF_WORDS, " ", "\n".join(named)).replace("\n", "")
            if written not in shown:
                shown.append(written)
    found = [
        Reason(" / ".join(shown), step * (table.sentiment[slot] - ZERO))
        for slot, shown in names.items()
        if table.sentiment[slot] != ZERO
    ]
    found.sort(key=lambda reason: (-abs(reason.weight), reason.gram))
    return whole - sum(reason.weight for reason in found), found
