"""The score of a review: log-odds that its buyer is not content."""

from __future__ import annotations

from operator import itemgetter

from review_scanner.classifier.table import ZERO, Table, shipped
from review_scanner.classifier.text import EDGE, Reading, read, read_folded, slot_of

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
_BESIDE = " ,、"
TURNED_ABOVE = 0.5
"""After a word with which buyers turn, a sentence above this score is a complaint."""
PLAIN_ABOVE = 1.0
"""Up to this score such a sentence has to name what is lacking."""
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
    # A text has at least three n-grams: a token, and it with each edge.
    total: int = sum(itemgetter(*slots)(table.sentiment)) - ZERO * count
    length: float = count**0.5
    return head.scale * total / length + biases[count.bit_length()]


def sentiment_of(score: float, table: Table) -> str:
    """In words: negative, neutral (inside the band around 0) or positive."""
    if score > table.head.band:
        return NEGATIVE
    return POSITIVE if score < -table.head.band else NEUTRAL


def sentences_of(reading: Reading, table: Table) -> list[tuple[float, str]]:
    """(score, sentence) of each sentence that is long enough, in folded letters.

    A text of one sentence has none: its score is the text's.
    """
    import re

    parts = re.split(_TURN, reading.text)
    if len(parts) < 2:
        return []
    found = []
    for part in parts:
        if len(part) >= _SHORTEST:
            sentence = read_folded(part)
            if len(sentence.tokens) >= _SHORTEST:
                found.append((score_of(sentence, table), part))
    return found


def complaint_in(reading: Reading, table: Table) -> str:
    """The sentence of a text, folded, that is a complaint by itself; "" where none is."""
    found = sentences_of(reading, table)
    if not found or max(found)[0] <= TURNED_ABOVE:
        return ""
    from review_scanner.classifier.denials import denies, names_a_lack

    strong = [each for each in found if each[0] > table.head.clause and not denies(each[1])]
    if strong:
        return max(strong)[1].strip(_BESIDE)
    for score, part in found:
        turned = score > TURNED_ABOVE and part.lstrip(_BESIDE).startswith(_TURNS)
        if turned and (score > PLAIN_ABOVE or names_a_lack(part)) and not denies(part):
            return part.strip(_BESIDE)
    return ""


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
