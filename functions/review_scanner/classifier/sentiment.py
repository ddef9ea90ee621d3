"""The score of a review: log-odds that its buyer is not content."""

from __future__ import annotations

from operator import itemgetter

from review_scanner.classifier.table import ZERO, Table, shipped
from review_scanner.classifier.text import EDGE, Reading, read, slot_of

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
_GAP_OF_WORDS = r"(?<=[a-z0])\n(?=[a-z0])"


class Reason:
    """An n-gram, and what it added to the score."""

    __slots__ = ("gram", "weight")

    def __init__(self, gram: str, weight: float) -> None:
        self.gram = gram
        self.weight = weight


def score(text: str, table: Table | None = None) -> float:
    """Log-odds of negative; above 0 is negative. Of a text without a word or mark it is 0."""
    return score_of(read(text), table or shipped())


def score_of(reading: Reading, table: Table) -> float:
    """The score of a text that has been read."""
    slots = reading.slots
    if not slots:
        return 0.0
    head = table.head
    biases = head.latin_biases if reading.latin else head.han_biases
    count = len(slots)
    # A text has at least three n-grams: a token, and it with each edge.
    total: int = sum(itemgetter(*slots)(table.sentiment)) - ZERO * count
    length: float = count**0.5
    return head.scale * total / length + biases[count.bit_length()]


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
    if not reading.slots:
        return 0.0, []
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
    return score_of(reading, table) - sum(reason.weight for reason in found), found
