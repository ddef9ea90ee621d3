"""Writes the classifier's map from Traditional to Simplified characters.

`python -m local.review_training.character_map` prints the module that ships, made from the
dictionaries of the development dependency opencc-python-reimplemented (Apache-2.0).
"""

from __future__ import annotations

from importlib import resources

TAIWAN_ALONE = {"著": "着"}
"""Taiwan writes 著 for both; one character for both is what matters here."""
LINE = 40

HEAD = '''"""Traditional characters and the Simplified ones that stand for them, one to one.

Made by `python -m local.review_training.character_map` from the dictionaries TSCharacters and
TWVariants of OpenCC (Apache-2.0, Copyright Carbo Kuo and contributors), by way of
opencc-python-reimplemented (Apache-2.0). Where a character has several, the first is taken.
Characters outside the basic plane are left out. Not edited by hand.
"""

'''


def character_map() -> dict[str, str]:
    """Traditional -> Simplified, sorted; nothing maps to what is itself mapped."""
    pairs = {
        old: new for old, new in _entries("TSCharacters.txt") if old != new and max(old, new) < "￿"
    }
    simplified = {old for old, _ in _entries("STCharacters.txt")} | set(pairs.values())
    for standard, taiwan in _entries("TWVariants.txt"):
        meant = pairs.get(standard, standard)
        if taiwan != meant and taiwan not in pairs and taiwan not in simplified:
            pairs[taiwan] = meant
    pairs |= TAIWAN_ALONE
    return {old: _end_of(pairs, old) for old in sorted(pairs) if _end_of(pairs, old) != old}


def module(pairs: dict[str, str]) -> str:
    """The source of the module that ships."""
    return "\n".join(
        [
            HEAD + _constant("TRADITIONAL", "".join(pairs)),
            _constant("SIMPLIFIED", "".join(pairs.values())),
        ]
    )


def _entries(name: str) -> list[tuple[str, str]]:
    text = (resources.files("opencc") / "dictionary" / name).read_text("utf-8")
    found = []
    for line in text.splitlines():
        old, _, new = line.partition("\t")
        first = new.split(" ")[0].strip()
        if len(old) == 1 == len(first):
            found.append((old, first))
    return found


def _end_of(pairs: dict[str, str], character: str) -> str:
    seen = {character}
    while (following := pairs.get(character, character)) not in seen:
        seen.add(following)
        character = following
    return character


def _constant(name: str, text: str) -> str:
    lines = [f'    "{text[at : at + LINE]}"' for at in range(0, len(text), LINE)]
    return "\n".join([f"{name} = (", *lines, ")", ""])


if __name__ == "__main__":
    print(module(character_map()), end="")
