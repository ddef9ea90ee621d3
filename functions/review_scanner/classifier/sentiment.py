"""The score of a review: log-odds that its buyer is not content."""

from __future__ import annotations

from math import sqrt

from review_scanner.classifier.table import ZERO, Table, shipped
from review_scanner.classifier.text import Reading, read, read_folded, slot_of

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
_TURN = (
    r"[。!?;~\n…]+|\. |[,、 ]"
    r"(?=但|就是|不过|只是|可惜|唯一|美中不足|除了|but |however|only |except )"
)
"""Between two sentences, or before a word with which buyers turn to what they did not like."""
_GAP_OF_WORDS = r"(?<=[a-z0])\n(?=[a-z0])"
_TURNS = (
    *("但", "就是", "不过", "只是", "可惜", "唯一", "美中不足", "除了"),
    *("but ", "however", "only ", "except "),
)
TURNED_ABOVE = 1.0
"""After a word with which buyers turn, a sentence above this score is a complaint."""
_SHORTEST = 4
"""A sentence of fewer tokens says too little to be judged by itself."""


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
    total = sum(map(table.sentiment.__getitem__, slots)) - ZERO * count
    return head.scale * total / sqrt(count) + biases[count.bit_length()]


def sentiment_of(score: float, table: Table) -> str:
    """In words: negative, neutral (inside the band around 0) or positive."""
    if score > table.head.band:
        return NEGATIVE
    return POSITIVE if score < -table.head.band else NEUTRAL


def worst_sentence(reading: Reading, table: Table) -> tuple[float, str]:
    """(score, sentence) of the sentence with the highest score, in folded letters.

    A text of one sentence, or whose sentences are too short, has none: minus infinity and "".
    """
    parts = _parts(reading.text)
    worst = (float("-inf"), "")
    if len(parts) < 2:
        return worst
    for part in parts:
        sentence = read_folded(part)
        if len(sentence.tokens) >= _SHORTEST:
            worst = max(worst, (score_of(sentence, table), part.strip()))
    return worst


def complaint_in(reading: Reading, table: Table) -> str:
    """The sentence of a text, folded, that is a complaint by itself; "" where none is."""
    score, sentence = worst_sentence(reading, table)
    if score > table.head.clause:
        return sentence
    for part in _parts(reading.text):
        if part.lstrip(" ,、").startswith(_TURNS):
            turned = read_folded(part)
            enough = len(turned.tokens) >= _SHORTEST
            if enough and score_of(turned, table) > TURNED_ABOVE:
                return part.strip(" ,、")
    return ""


def reasons(text: str, table: Table | None = None) -> tuple[float, list[Reason]]:
    """(bias, what each n-gram added): together the score. The heaviest first."""
    import re

    table = table or shipped()
    reading = read(text)
    if not reading.slots:
        return 0.0, []
    step = table.head.scale / sqrt(len(reading.slots))
    names: dict[int, list[str]] = {}
    for size in (1, 2, 3):
        for gram in zip(*(reading.tokens[start:] for start in range(size)), strict=False):
            shown = names.setdefault(slot_of(*gram), [])
            written = re.sub(_GAP_OF_WORDS, " ", "\n".join(gram)).replace("\n", "")
            if written not in shown:
                shown.append(written)
    found = [
        Reason(" / ".join(shown), step * (table.sentiment[slot] - ZERO))
        for slot, shown in names.items()
        if table.sentiment[slot] != ZERO
    ]
    found.sort(key=lambda reason: (-abs(reason.weight), reason.gram))
    return score_of(reading, table) - sum(reason.weight for reason in found), found


def _parts(text: str) -> list[str]:
    import re

    return re.split(_TURN, text)
