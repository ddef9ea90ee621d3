"""A complaint inside of a text that as a whole is none: 都很好,就是电池坏了."""

from __future__ import annotations

import re
from functools import cache

from review_scanner.classifier.grams import Measured
from review_scanner.classifier.sentiment import score_of
from review_scanner.classifier.table import Table
from review_scanner.classifier.text import Reading, tokens_of

_TURN = (
    r"[。!?;~\n…]+|\. |[,、 ]"
    r"(?=但|就是|不过|只是|可惜|唯一|美中不足|除了|but |however|only |except )"
)
"""Between two sentences, or before a word with which buyers turn to what they did not like."""
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


def complaint_in(measured: Measured, table: Table) -> str:
    """The sentence of a text, folded, that is a complaint by itself; "" where none is."""
    found = sentences_of(measured, table)
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


def sentences_of(measured: Measured, table: Table) -> list[tuple[float, str]]:
    """(score, sentence) of each sentence that is long enough, in folded letters.

    A text of one sentence has none: its score is the text's. Sentences have the text's n-grams
    where these do not reach over their ends.
    """
    form = measured.text
    breaks = [found.span() for found in _turn().finditer(form)]
    if not breaks:
        return []
    tokens = measured.tokens
    single = len(tokens) == len(form)
    found = []
    at = start = 0
    for stop, following in [*breaks, (len(form), len(form))]:
        part = form[at:stop]
        count = stop - at if single else len(tokens_of(part))
        end = start + count
        if count >= _SHORTEST:
            sentence = Reading(part, tokens[start:end], measured.slots_between(start, end))
            found.append((score_of(sentence, table), part))
        # Marks between sentences are tokens, gaps are not.
        start = end + (following - stop if single else len(tokens_of(form[stop:following])))
        at = following
    return found


@cache
def _turn() -> re.Pattern[str]:
    return re.compile(_TURN)
