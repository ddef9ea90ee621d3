"""Web pages saved as .xls: the tables in them, as rows."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from msgspec import Struct, field

from aftersales.errors import BadInput
from courier_reconciliation.reading.texts import encoding_of

SIZE_LIMIT_BYTES = 100 * 1024 * 1024
_SPAN_LIMIT = 200


class HtmlTable(Struct):
    """One table. `reached` are the cells (row, column) into which a cell above reaches down."""

    rows: list[list[str | None]] = field(default_factory=list)
    reached: set[tuple[int, int]] = field(default_factory=set)


def tables(path: Path) -> list[HtmlTable]:
    """The tables of a page, outermost first in reading order. Raises `BadInput`."""
    if path.stat().st_size > SIZE_LIMIT_BYTES:
        raise BadInput(
            f"this is a web page of more than {SIZE_LIMIT_BYTES // 1024**2} MB saved as a workbook;"
            " open it in a spreadsheet program and save it as .xlsx"
        )
    content = path.read_bytes()
    encoding = encoding_of(content[:262144])
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as exc:
        raise BadInput("the page is neither UTF-8 nor GB18030 (GBK) nor UTF-16") from exc
    reader = _Tables()
    reader.feed(text)
    reader.close()
    found = [table for table in reader.tables if table.rows]
    if not found:
        raise BadInput("this is a web page without a table; ask for the Excel or CSV file")
    return found


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[HtmlTable] = []
        self._row: list[str | None] | None = None
        self._cell: list[str] | None = None
        self._spans = (1, 1)
        self._down: dict[int, tuple[int, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_row()
            self.tables.append(HtmlTable())
            self._down = {}
        elif tag == "tr":
            self._end_row()
            if not self.tables:
                self.tables.append(HtmlTable())
            self._row = []
        elif tag in ("td", "th"):
            self._end_cell()
            if self._row is None:
                self._row = []
            self._cell = []
            said = dict(attrs)
            self._spans = (_span(said.get("colspan")), _span(said.get("rowspan")))
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None or self._row is None:
            return
        self._take_down()
        text = "".join(self._cell).strip() or None
        wide, high = self._spans
        for _ in range(wide):
            if high > 1:
                self._down[len(self._row)] = (high - 1, text)
            self._row.append(text)
            text = None
        self._cell = None

    def _take_down(self) -> None:
        """Cells that reach down from the rows above stand before the next one."""
        while self._row is not None and (above := self._down.get(len(self._row))):
            left, text = above
            if left == 1:
                del self._down[len(self._row)]
            else:
                self._down[len(self._row)] = (left - 1, text)
            if self.tables:
                self.tables[-1].reached.add((len(self.tables[-1].rows), len(self._row)))
            self._row.append(text)

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None and self.tables:
            self._take_down()
            self.tables[-1].rows.append(self._row)
        self._row = None


def _span(text: str | None) -> int:
    return min(int(text), _SPAN_LIMIT) if text and text.isdecimal() and int(text) else 1
