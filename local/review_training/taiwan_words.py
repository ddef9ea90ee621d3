"""Writes the classifier's list of words that Taiwan and the mainland say differently.

`python -m local.review_training.taiwan_words CSV...` prints the module that ships, made from the
dictionaries of the development dependency opencc-python-reimplemented (Apache-2.0) and the counts
of words in labelled reviews: of the dictionaries' words, most of them about computers, those stay
that buyers use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from review_scanner.classifier.text import simplified

FEWEST = 2
"""So often at least a mainland word stands in the reviews."""
LINE = 96

HEAD = '''"""Words of Taiwan and what the mainland says for them, both in Simplified characters.

Made by `python -m local.review_training.taiwan_words` from the dictionaries TWPhrasesRev and
TSPhrases of OpenCC (Apache-2.0, Copyright Carbo Kuo and contributors), by way of
opencc-python-reimplemented (Apache-2.0): those words that reviews hold, where more reviews hold the
mainland's word than Taiwan's. Not edited by hand.
"""

'''


def dictionary_words() -> dict[str, str]:
    """Taiwan's word -> the mainland's, of all that OpenCC knows, in the classifier's form."""
    return {**dict(_entries("TSPhrases.txt")), **dict(_entries("TWPhrasesRev.txt"))}


def words_of(reviews: Iterable[str]) -> dict[str, str]:
    """The words that reviews in Simplified characters speak for, short ones first."""
    text = "\n".join(map(simplified, reviews))
    kept: dict[str, str] = {}
    for taiwan, mainland in sorted(
        dictionary_words().items(), key=lambda pair: (len(pair[0]), pair)
    ):
        in_use = text.count(mainland)
        if in_use < FEWEST or in_use <= text.count(taiwan):
            continue
        if _replaced(taiwan, kept) != mainland:
            kept[taiwan] = mainland
    return kept


def module(words: dict[str, str]) -> str:
    """The source of the module that ships."""
    lines = [""]
    for taiwan, mainland in words.items():
        pair = f"{taiwan}:{mainland}"
        if len(lines[-1]) + len(pair) > LINE // 2:
            lines.append("")
        lines[-1] += f"{pair} "
    shown = "\n".join(f"    {line.rstrip()}" for line in lines)
    return f'{HEAD}WORDS = """\n{shown}\n"""\n'


def _replaced(text: str, words: dict[str, str]) -> str:
    for word in sorted(words, key=lambda word: (-len(word), word)):
        text = text.replace(word, words[word])
    return text


def _entries(name: str) -> Iterable[tuple[str, str]]:
    lines = (resources.files("opencc") / "dictionary" / name).read_text("utf-8").splitlines()
    for line in lines:
        old, _, new = line.partition("\t")
        taiwan, mainland = simplified(old), simplified(new.split(" ")[0].strip())
        both = taiwan + mainland
        if taiwan != mainland and len(taiwan) > 1 and max(both) < "￿" and "0" not in both:
            yield taiwan, mainland


def main(files: list[str]) -> None:
    """Print the module, from labelled reviews; converted copies do not count."""
    from local.review_training.rows import choose
    from local.review_training.sources import read_labelled

    rows, _ = read_labelled([(file, Path(file).read_bytes()) for file in files])
    print(module(words_of(example.text for example in choose(rows).examples)), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
