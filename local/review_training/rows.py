"""Labelled reviews as training reads them, from any CSV or workbook: text, label, source."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from review_scanner.classifier.text import folded

SENTIMENTS = {
    "negative": 1,
    "neg": 1,
    "bad": 1,
    "差评": 1,
    "差": 1,
    "负面": 1,
    "positive": 0,
    "pos": 0,
    "good": 0,
    "好评": 0,
    "好": 0,
    "正面": 0,
}
"""Labels of a sentiment; others ("neutral", "mixed", topics) teach the score nothing."""
NOISY = "sentiment-noisy"
NOISY_WEIGHT = 0.3
"""Stars that often contradict the text count for less."""
TOPIC = "topic"
NO_SENTIMENT = {TOPIC: "labelled with topics", "spam": "labelled as spam or not"}
"""Rows of these tasks have other labels."""
COPIES = "-hant"
"""Ends the task of texts that are conversions of others: they are not counted twice."""


class Labelled(NamedTuple):
    """A row of a training file. `source` is "task:corpus/category", or ""."""

    text: str
    label: str
    source: str = ""

    @property
    def task(self) -> str:
        return self.source.partition(":")[0]


class Example(NamedTuple):
    """A text that the score learns from: `negative` is 1 or 0."""

    text: str
    negative: int
    weight: float
    source: str = ""


class Chosen(NamedTuple):
    """Examples in the order of their texts, and why other rows are none: reason -> count."""

    examples: list[Example]
    left_out: Counter[str]


def key_of(text: str) -> str:
    """What two rows with the same words share: folded letters and digits."""
    whole = unicodedata.normalize("NFKC", text)
    return "".join(filter(str.isalnum, folded(whole)))


def choose(rows: Iterable[Labelled]) -> Chosen:
    """The examples of labelled rows, each text once, sorted.

    A text that comes with both labels the same number of times is left out.
    """
    votes: dict[str, list[float]] = {}
    texts: dict[str, tuple[str, float, str]] = {}
    left_out: Counter[str] = Counter()
    for row in sorted(rows):
        negative = SENTIMENTS.get(row.label.strip().lower())
        if row.task in NO_SENTIMENT:
            left_out[NO_SENTIMENT[row.task]] += 1
        elif row.task.endswith(COPIES):
            left_out["a converted copy of another row"] += 1
        elif negative is None:
            left_out["neither negative nor positive"] += 1
        elif not (key := key_of(row.text)):
            left_out["without a word"] += 1
        else:
            left_out["a text that was there already"] += key in votes
            weight = NOISY_WEIGHT if row.task == NOISY else 1.0
            votes.setdefault(key, [0.0, 0.0])[negative] += weight
            if key not in texts or weight > texts[key][1]:
                texts[key] = (row.text, weight, row.source)
    examples = []
    for key in sorted(votes):
        positive, negative_votes = votes[key]
        if positive == negative_votes:
            left_out["as often positive as negative"] += 1
            continue
        text, weight, source = texts[key]
        examples.append(Example(text, int(negative_votes > positive), weight, source))
    return Chosen(examples, left_out)


def quality_examples(rows: Iterable[Labelled]) -> list[tuple[str, int]]:
    """(text, speaks of quality) of the rows with topics, sorted."""
    found = {
        row.text: int(any(part.startswith("quality=") for part in row.label.split(";")))
        for row in rows
        if row.task == TOPIC
    }
    return sorted(found.items())
