"""The platform `file`: orders and parcels from exports of seller back offices and ERP systems.

Facts: export files reference. `spreadsheet.py` opens the file, `headers.py` finds out whose export
it is, `file_rows.py` reads a row, `file_orders.py` makes orders of rows. Names, addresses, remarks
and full phone numbers are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from aftersales.errors import BadInput
from aftersales.parcels import Order
from aftersales.platforms import headers, spreadsheet, values
from aftersales.platforms.base import RejectedRow
from aftersales.platforms.file_orders import Fact, gathered
from aftersales.platforms.file_rows import RowReader
from aftersales.platforms.headers import Header, NotRecognised
from aftersales.platforms.spreadsheet import Row, Sheet

if TYPE_CHECKING:
    from aftersales.settings.model import Shop

BEIJING = "Asia/Shanghai"
TOTALS = frozenset({"合计", "总计", "小计", "汇总", "共计", "total", "totals"})
NOTES_LIMIT = 20


class FileReading(Struct, frozen=True):
    """What a file says.

    `layout` is the kind of export, `plain` for a table that is none of the known ones; `sheet`
    where it stood ("" in a text file). `rows_read` counts data rows, rejected ones included.
    `notes` are for the person who dropped the file: what was not understood, but did not keep the
    orders from being read.
    """

    layout: str
    orders: tuple[Order, ...]
    rejected: tuple[RejectedRow, ...] = ()
    sheet: str = ""
    rows_read: int = 0
    notes: tuple[str, ...] = ()


def read_file(content: bytes, name: str, *, shop: Shop, default_zone: str) -> FileReading:
    """Read one dropped file.

    `name` is used in places only (`orders.xlsx, sheet 1, row 17, column 运单号`). Times without an
    offset are Chinese in exports of Chinese platforms, else in the shop's zone or `default_zone`.
    Raises `BadInput` where nothing in the file can be read, naming the columns seen and missing.
    """
    short = name.rsplit("/", 1)[-1]
    try:
        if short.startswith("~$"):
            raise BadInput("this is a lock file of a spreadsheet program, not the export")
        return _read(content, short, shop, default_zone)
    except BadInput as exc:
        raise BadInput(exc.reason, place=exc.place or short) from exc


def _read(content: bytes, name: str, shop: Shop, default_zone: str) -> FileReading:
    tables: list[_Table] = []
    refused: list[NotRecognised] = []
    for sheet in spreadsheet.open_sheets(content, headers.known_count):
        first = list(islice(sheet.rows, spreadsheet.HEADER_ROWS))
        found = _header(first)
        if isinstance(found, NotRecognised):
            refused.append(found)
            continue
        index, header = found
        zone = ZoneInfo(BEIJING if header.layout.beijing else shop.time_zone or default_zone)
        place = f"{name}, {sheet.label}" if sheet.label else name
        table = _Table(sheet, RowReader(header, place, zone, shop.currency))
        table.read(chain(first[index + 1 :], sheet.rows))
        tables.append(table)
    if not tables:
        best = max(refused, key=lambda one: one.known, default=NotRecognised(0, "no table found"))
        raise BadInput(best.reason)
    gathering = gathered(
        chain.from_iterable(table.facts for table in tables), shop.id, shop.currency
    )
    notes = [note for table in tables for note in table.notes(gathering.orders)]
    return FileReading(
        layout=tables[0].reader.layout.name,
        orders=gathering.orders,
        rejected=tuple(row for table in tables for row in table.rejected),
        sheet=", ".join(table.sheet.label for table in tables if table.sheet.label),
        rows_read=sum(table.rows_read for table in tables),
        notes=tuple([*notes, *gathering.notes][:NOTES_LIMIT]),
    )


def _header(rows: Sequence[Row]) -> tuple[int, Header] | NotRecognised:
    """The header row among the first ones, with its index, or why the best candidate is none."""
    best = NotRecognised(0, "the table has no rows")
    for index, row in enumerate(rows):
        found = headers.recognise(row.cells)
        if isinstance(found, Header):
            return index, found
        if found.known > best.known or index == 0:
            best = found
    return best


class _Table(Struct):
    """The data rows of one sheet: what they say, and what is wrong with them."""

    sheet: Sheet
    reader: RowReader
    facts: list[Fact] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    rows_read: int = 0
    total: int | None = None
    sum_of_rows: int = 0

    def read(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if self._is_furniture(row):
                continue
            self.rows_read += 1
            try:
                facts = self.reader.facts(row)
            except BadInput as exc:
                self._reject(row.number, exc.place, exc.reason, self.reader.raw(row))
                continue
            self.facts.extend(facts)
            self.sum_of_rows += facts[0].amount or 0
        self._take_out_rounded()

    def notes(self, orders: Sequence[Order]) -> Iterator[str]:
        """What the person who dropped the file should know."""
        header = self.reader.header
        yield from header.notes
        if self.sheet.note:
            yield self.sheet.note
        for what, unread in self.reader.unread.items():
            more = f" and {unread.count - 1} more" if unread.count > 1 else ""
            yield f"{what} ({self.reader.place}, row {unread.first_row}{more})"
        if not header.parcels and not header.layout.after_sales:
            yield (
                f"this export ({header.layout.name}) has no waybill column: drop a shipment file"
                " with order number and waybill number, too"
            )
        if self.total is not None and not self.rejected:
            sum_of_orders = sum(order.amount_minor or 0 for order in orders)
            if self.total not in (self.sum_of_rows, sum_of_orders):
                yield (
                    f"the totals row of {self.reader.place} differs from the sum of the rows:"
                    " is the file whole?"
                )

    def _reject(self, number: int, column: str, reason: str, raw: str) -> None:
        place = f"{self.reader.place}, row {number}"
        self.rejected.append(
            RejectedRow(f"{place}, column {column}" if column else place, reason, raw)
        )

    def _take_out_rounded(self) -> None:
        damaged = self.reader.rounded.damaged_rows()
        for number, (column, raw) in sorted(damaged.items()):
            self._reject(
                number,
                column,
                "all long numbers of this column end in zeros: a spreadsheet has rounded them;"
                " export again with the column as text",
                raw,
            )
        if damaged:
            self.facts = [fact for fact in self.facts if fact.row not in damaged]

    def _is_furniture(self, row: Row) -> bool:
        """Empty rows, totals, a repeated header and the lines around eBay's table are no data."""
        header = self.reader.header
        first = next((word for cell in row.cells if (word := values.text(cell))), "")
        if not first:
            return not row.broken
        order_column = header.columns["order_id"][0]
        own = values.text(row.cells[order_column]) if order_column < len(row.cells) else ""
        if {first.rstrip(": ").casefold(), own.rstrip(": ").casefold()} & TOTALS:
            self.total = self.reader.total(row)
            return True
        if own and headers.folded(own) == headers.folded(header.names[order_column]):
            return True
        return any("record(s) downloaded" in str(cell) for cell in row.cells[:2]) or (
            not own and first.casefold().startswith("seller id")
        )
