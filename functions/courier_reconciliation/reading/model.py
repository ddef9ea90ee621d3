"""What is asked of the reader of bills, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from courier_reconciliation.model import DeclaredTotal, Rejected


class OwnLayout(Struct, frozen=True):
    """A bill of one's own shape, described in a few lines of settings.

    `columns` says which column is which: field name -> header text, or the number of the column
    counted from 1. The field names are those of `words.FIELDS`. `surcharges` does the same for
    surcharge columns: header or number -> charge code. The layout is used for files whose header
    has all the named columns; one with numbers only, for files whose name contains `file_contains`,
    whether they have a header or not.
    """

    name: str
    columns: Mapping[str, str | int]
    courier: str = ""
    surcharges: Mapping[str, str] = field(default_factory=dict)
    file_contains: str = ""
    weight_unit: str = ""
    currency: str = ""
    day_first: bool = False
    month_first: bool = False


class ReadingOptions(Struct, frozen=True):
    """How bills are read.

    `period` (`2026-10`) dates days without a year. `courier` is set where all files are known to be
    one courier's. `currency` is that of bills that name none; with `leaves_unsaid` that of a row
    whose cell names none is "", for `engine.unsaid` to ask the contract. `temp_directory` holds the
    unpacked copy of a bill while it is read (about the size of the bill as CSV). Sheets from
    `halve_from_bytes` on, unpacked, are read by two readers side by side.
    """

    period: str = ""
    courier: str = ""
    currency: str = "CNY"
    leaves_unsaid: bool = False
    layouts: tuple[OwnLayout, ...] = ()
    temp_directory: str = ""
    unpacked_limit_bytes: int = 2 * 1024**3
    grid_limit_cells: int = 60_000_000
    halve_from_bytes: int = 16 * 1024**2


class SheetRead(Struct, frozen=True):
    """One sheet with lines: how it was understood. `columns`: field -> header text.

    `currency` is that of rows that name none. `states_currency`: there is a column for it.
    """

    name: str
    layout: str
    courier: str
    header_row: int
    columns: Mapping[str, str]
    lines: int
    refused: int = 0
    notes: tuple[str, ...] = ()
    currency: str = "CNY"
    states_currency: bool = False


class BillFile(Struct, frozen=True):
    """One file that was read.

    `name` is the `file` of its lines. `period` is the month (`2026-10`) in which most of its lines
    lie, "" where no line has a date.
    """

    name: str
    path: str
    sheets: tuple[SheetRead, ...]
    ignored_sheets: tuple[str, ...] = ()
    period: str = ""
    lines: int = 0
    refused: int = 0
    amount_minor: int = 0

    @property
    def couriers(self) -> tuple[str, ...]:
        """The couriers of its sheets, in order of appearance."""
        return tuple(dict.fromkeys(s.courier for s in self.sheets if s.courier))

    @property
    def layout(self) -> str:
        """The layout of its first sheet with lines."""
        return self.sheets[0].layout if self.sheets else ""


class BillsRead(Struct, frozen=True):
    """What reading some bills gave, beside the tables `lines`, `charges` and `refused`."""

    files: tuple[BillFile, ...]
    rejected: tuple[Rejected, ...]
    declared_totals: tuple[DeclaredTotal, ...]
