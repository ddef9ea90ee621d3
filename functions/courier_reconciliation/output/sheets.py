"""Sheets of a workbook: many rows fast, and safe whatever the cells say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from html import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from courier_reconciliation.output.cells import neutral

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_000
"""A sheet ends at row 1,048,576."""
_DAY_ZERO = date(1899, 12, 30).toordinal()
_NEEDS_ESCAPE = re.compile(r"[&<>]|_x[0-9A-Fa-f]{4}_")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_HEAD, _BORDER, _WRONG, _BAND = "#1F3864", "#BFBFBF", "#C00000", "#F2F2F2"
CHUNK = 2000
REMEMBERED = 20_000


class Look(StrEnum):
    """How a cell is shown."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    """Decimals where the value has a fraction by its currency: a float; none for an int."""
    WEIGHT = "weight"
    DATE = "date"


class Column(Struct, frozen=True):
    """A column of a table: its heading, width in characters and look."""

    heading: str
    width: int
    look: Look = Look.TEXT


class Book:
    """A workbook being written, sheet after sheet. Texts are never taken for formulas or links."""

    def __init__(self, path: Path, temp: Path) -> None:
        from xlsxwriter import Workbook

        options = {
            "constant_memory": True,
            "tmpdir": str(temp),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd",
        }
        self.workbook: Workbook = Workbook(str(path), options)
        self._names: set[str] = set()
        self.formats = {
            name: self.workbook.add_format({"font_size": 10, "valign": "top", **properties})
            for name, properties in _FORMATS.items()
        }

    def add_sheet(self, name: str, *, color: str = "") -> Worksheet:
        """A sheet; its name is cut, cleaned and made unique as spreadsheet programs demand."""
        clean = _NOT_IN_NAMES.sub(" ", name).strip()[:31] or "-"
        unique, number = clean, 1
        while unique.casefold() in self._names:
            number += 1
            unique = f"{clean[:27]} ({number})"
        self._names.add(unique.casefold())
        sheet = self.workbook.add_worksheet(unique)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_footer("&C&A  &P / &N")
        if color:
            sheet.set_tab_color(color)
        return sheet

    def add_table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Any]],
        *,
        frozen: int = 1,
        color: str = "",
        most_rows: int = MOST_ROWS,
        otherwise: str = "",
    ) -> int:
        """A sheet with a header, a filter and rows; returns how many were written.

        `frozen` columns stay in view. A table of more than `most_rows` shows `otherwise` instead of
        the rest.
        """
        sheet = self.add_sheet(name, color=color)
        for number, column in enumerate(columns):
            sheet.set_column(number, number, column.width)
        sheet.freeze_panes(1, frozen)
        sheet.repeat_rows(0)
        writer = _Rows(sheet, self.formats, [column.look for column in columns])
        writer.put([column.heading for column in columns])
        remaining = iter(rows)
        while batch := list(islice(remaining, min(CHUNK, most_rows + 1 - writer.count))):
            for row in batch:
                writer.put(row)
            writer.flush()
            if writer.count > most_rows:
                break
        written = writer.count - 1
        if otherwise and next(remaining, None) is not None:
            writer.put([otherwise])
        writer.finish(len(columns))
        sheet.autofilter(0, 0, max(written, 1), len(columns) - 1)
        return written

    def close(self) -> None:
        """Write the file. Raises `OSError` and `XlsxWriterException`."""
        self.workbook.close()


class _Cell:
    """The unchanging pieces of the cells of a column."""

    __slots__ = ("number", "start", "text")

    def __init__(self, letter: str, style: int | None) -> None:
        self.start = f'<c r="{letter}'
        self.number = f'" s="{style}"><v>'
        self.text = f'" s="{style}" t="inlineStr"><is><t>'


class _Rows:
    """Rows straight into the sheet's own store of finished rows.

    XlsxWriter takes 6 microseconds for a cell, which is half a minute for 200,000 discrepancies;
    this takes a tenth. It also takes a text that begins with <r> for markup of its own, and this
    does not. The version is pinned, and tests read back what is written.
    """

    def __init__(self, sheet: Worksheet, formats: dict[str, Any], looks: Sequence[str]) -> None:
        self._sheet: Any = sheet
        styles = {name: each._get_xf_index() for name, each in formats.items()}
        letters = [_letter(number) for number in range(len(looks))]
        self._heads = [_Cell(letter, styles["head"]) for letter in letters]
        self._cells = [_Cell(*each) for each in zip(letters, map(styles.get, looks), strict=True)]
        self._whole = [
            _Cell(letter, styles["whole_money" if look == "money" else look])
            for letter, look in zip(letters, looks, strict=True)
        ]
        self._parts: list[str] = []
        self._known: dict[str, str] = {}
        self.count = 0

    def put(self, row: Sequence[Any]) -> None:
        """One row; Cells are str, int, float, date or None."""
        self.count += 1
        count, parts, add = self.count, self._parts, self._parts.append
        add(f'<row r="{count}">')
        cells = self._heads if count == 1 else self._cells
        for number, value in enumerate(row):
            kind = type(value)
            if kind is str:
                if value:
                    cell = cells[number]
                    text = value if value.isalnum() else self._known.get(value) or self._safe(value)
                    add(f"{cell.start}{count}{cell.text}{text}</t></is></c>")
            elif kind is float:
                cell = cells[number]
                add(f"{cell.start}{count}{cell.number}{value!r}</v></c>")
            elif kind is int:
                cell = self._whole[number]
                add(f"{cell.start}{count}{cell.number}{value}</v></c>")
            elif value is not None:
                cell, days = cells[number], value.toordinal() - _DAY_ZERO
                add(f"{cell.start}{count}{cell.number}{days}</v></c>")
        parts.append("</row>")

    def _safe(self, value: str) -> str:
        """A text as XML; many are met again and again."""
        text = neutral(value)
        if _NEEDS_ESCAPE.search(text):
            text = escape(_LOOKS_ESCAPED.sub("_x005F_", text), quote=False)
        if len(self._known) < REMEMBERED:
            self._known[value] = text
        return text

    def flush(self) -> None:
        self._sheet.row_data_fh.write("".join(self._parts))
        self._parts.clear()

    def finish(self, width: int) -> None:
        """Tell the sheet what it has."""
        self.flush()
        self._sheet.dim_rowmin, self._sheet.dim_rowmax = 0, self.count - 1
        self._sheet.dim_colmin, self._sheet.dim_colmax = 0, width - 1


def _letter(number: int) -> str:
    """0 -> A, 26 -> AA."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


_MONEY = {"num_format": "#,##0.00;[Red]-#,##0.00"}
_WHOLE_MONEY = {"num_format": "#,##0;[Red]-#,##0"}
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {"num_format": "@", "indent": 1},
    "number": {"num_format": "#,##0"},
    "money": _MONEY,
    "whole_money": _WHOLE_MONEY,
    "weight": {"num_format": "#,##0.000"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left", "indent": 1},
    "head": {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": _HEAD,
        "text_wrap": True,
        "valign": "vcenter",
        "border": 1,
        "border_color": _BORDER,
    },
    "title": {"bold": True, "font_size": 16, "font_color": _HEAD},
    "block": {
        "bold": True,
        "font_size": 12,
        "font_color": _HEAD,
        "bottom": 2,
        "bottom_color": _HEAD,
    },
    "label": {"bg_color": _BAND, "border": 1, "border_color": _BORDER},
    "cell": {"border": 1, "border_color": _BORDER, "num_format": "@", "indent": 1},
    "cell_number": {"border": 1, "border_color": _BORDER, "num_format": "#,##0"},
    "cell_money": {"border": 1, "border_color": _BORDER, **_MONEY},
    "cell_whole_money": {"border": 1, "border_color": _BORDER, **_WHOLE_MONEY},
    "cell_date": {
        "border": 1,
        "border_color": _BORDER,
        "num_format": "yyyy-mm-dd",
        "align": "left",
        "indent": 1,
    },
    "strong_money": {
        "bold": True,
        "font_color": _WRONG,
        "border": 1,
        "border_color": _BORDER,
        **_MONEY,
    },
    "wrong": {"bold": True, "font_color": _WRONG},
}
