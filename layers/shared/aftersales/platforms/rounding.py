"""Order and waybill numbers that a spreadsheet rounded without leaving a trace in the cell.

A spreadsheet keeps fifteen digits of a number and writes zeros for the rest. In a file saved as
text such a number looks like any other; but where all long numbers of a column end in zeros, chance
is no explanation.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

SAFE_DIGITS = 15
PROOF_ZEROS = 6
"""So many digits must be zero, over all different numbers of a column: one chance in a million."""


class _Column(Struct):
    sound: bool = False
    numbers: set[str] = field(default_factory=set)
    rows: dict[int, str] = field(default_factory=dict)


class RoundedNumbers(Struct):
    """Watches the long numbers of each column."""

    columns: dict[str, _Column] = field(default_factory=dict)

    def look_at(self, column: str, number: str, row: int, raw: Callable[[], str]) -> None:
        """Take note of one number; `raw` is asked for only while the column is under suspicion."""
        if len(number) <= SAFE_DIGITS or not number.isdecimal():
            return
        known = self.columns.setdefault(column, _Column())
        if known.sound:
            return
        if number[SAFE_DIGITS:].strip("0"):
            known.sound = True
            known.numbers.clear()
            known.rows.clear()
        else:
            known.numbers.add(number)
            known.rows[row] = raw()

    def damaged_rows(self) -> dict[int, tuple[str, str]]:
        """Row number -> (column, raw text) of all rows with a rounded number."""
        damaged: dict[int, tuple[str, str]] = {}
        for name, column in self.columns.items():
            if sum(len(number) - SAFE_DIGITS for number in column.numbers) >= PROOF_ZEROS:
                damaged.update({row: (name, raw) for row, raw in column.rows.items()})
        return damaged
