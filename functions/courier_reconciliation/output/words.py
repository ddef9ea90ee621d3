"""The words of a report in one language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from aftersales.couriers.codes import NAMES as COURIERS
from aftersales.errors import BadInput
from aftersales.money import to_text
from courier_reconciliation.model import Discrepancy, Kind
from courier_reconciliation.output import (
    words_facts,
    words_headings,
    words_kinds,
    words_reasons,
)
from courier_reconciliation.output.words_rules import translate

REMEMBERED = 200_000
LANGUAGES = ("zh-CN", "zh-TW", "en")


class Words:
    """Looks words up. A code without a word is shown as it is: nothing is ever left out."""

    def __init__(self, language: str) -> None:
        """Raises `BadInput` for a language that is none of `LANGUAGES`."""
        if language not in LANGUAGES:
            raise BadInput(f"{language!r} is no language of reports; {', '.join(LANGUAGES)} are")
        self.language = language
        self._at = LANGUAGES.index(language)
        self._told: dict[object, str] = {}  # the same evidence is shown in several places

    def _of(self, table: Mapping[str, words_kinds.Text], code: str) -> str:
        return table[code][self._at] if code in table else code

    def kind(self, kind: Kind) -> str:
        return words_kinds.NAMES[kind][self._at]

    def rule(self, kind: Kind) -> str:
        return words_kinds.RULES[kind][self._at]

    def contract(self, discrepancy: Discrepancy) -> str:
        """The line of the contract applied."""
        return translate(discrepancy.rule, self.language)

    def reason(self, said: str) -> str:
        """Why something could not be used or judged, or what was noted."""
        return words_reasons.translate(said, self.language)

    def sheet(self, name: str) -> str:
        return self._of(words_headings.SHEETS, name)

    def column(self, name: str) -> str:
        return self._of(words_headings.COLUMNS, name)

    def block(self, name: str) -> str:
        return self._of(words_headings.BLOCKS, name)

    def window(self, name: str) -> str:
        return self._of(words_headings.WINDOWS, name)

    def charge(self, code: str) -> str:
        return self._of(words_facts.CHARGES, code)

    def verdict(self, code: str) -> str:
        return self._of(words_facts.VERDICTS, code)

    def unbilled(self, reason: str) -> str:
        return self._of(words_facts.UNBILLED, reason)

    def outcome(self, code: str) -> str:
        return self._of(words_facts.VALUES, code)

    def courier(self, code: str) -> str:
        """The courier's name."""
        return COURIERS[code][self._at] if code in COURIERS else code or self.block("unknown")

    def outcome_told(self, code: str) -> str:
        """The outcome as evidence: `Outcome: lost`."""
        gap = ": " if self.language == "en" else "："
        return f"{self._of(words_facts.EVIDENCE, 'outcome')}{gap}{self.outcome(code)}"

    def yes(self, value: bool) -> str:
        return self.block("yes" if value else "no")

    def evidence(self, discrepancy: Discrepancy) -> str:
        """What shows it: `Own weight 1.2 kg; Billed weight 3 kg`."""
        key = (discrepancy.evidence, discrepancy.currency)
        told = self._told.get(key)
        if told is None:
            told = self._evidence(discrepancy)
            if len(self._told) < REMEMBERED:
                self._told[key] = told
        return told

    def _evidence(self, discrepancy: Discrepancy) -> str:
        between, gap = ("; ", ": ") if self.language == "en" else ("；", "：")
        return between.join(
            f"{self._of(words_facts.EVIDENCE, key)}{gap}{self._value(key, value, discrepancy)}"
            for key, value in discrepancy.evidence
            if value is not None and value != ""
        )

    def _value(self, key: str, value: str | int, discrepancy: Discrepancy) -> str:
        if isinstance(value, int):
            if key.endswith("_minor"):
                return to_text(value, discrepancy.currency or "CNY")
            if key.endswith("_g"):
                return f"{kilograms(value)} kg"
            return f"{value / 1000:,.0f} cm³" if key.endswith("_mm3") else str(value)
        if key in ("surcharge", "charges"):
            return ", ".join(self.charge(code) for code in value.split(", "))
        return self._of(words_facts.VALUES, value)


@lru_cache(maxsize=65536)
def kilograms(grams: int) -> str:
    """Grams as kilograms, exactly: 1200 -> `1.2`."""
    whole, part = divmod(abs(grams), 1000)
    text = f"{whole}.{part:03d}".rstrip("0").rstrip(".")
    return f"-{text}" if grams < 0 else text
