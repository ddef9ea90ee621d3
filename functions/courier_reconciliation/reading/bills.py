"""Reading bills: files in, tables out. The one entry point of this package."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftersales.errors import BadInput
from courier_reconciliation.model import DeclaredTotal, Rejected
from courier_reconciliation.reading import kinds, layouts, load, repeats, tables_below, texts
from courier_reconciliation.reading.model import BillFile, BillsRead, ReadingOptions, SheetRead
from courier_reconciliation.reading.tables import Loaded, Table, UnevenError, prepare

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from courier_reconciliation.reading.archives import Unpacked


def read_bills(
    connection: DuckDBPyConnection, paths: Sequence[Path | str], options: ReadingOptions
) -> BillsRead:
    """Read bills into the tables `lines`, `charges` and `refused` of the connection.

    `lines` has a row per charge or parcel (`lines.LINES`; names as in `model.BilledRow`; NULL and
    "" are what nobody said). `charges` (line, code, amount_minor) has what surcharge columns say,
    without zeros. `refused` has the rows that cannot be trusted, as far as they could be read, with
    the reason; their `line` is below zero. The tables are made anew.

    A file that cannot be read is named in `rejected` with what to do about it; the others are read.
    """
    prepare(connection)
    with tempfile.TemporaryDirectory(prefix="bills-", dir=options.temp_directory or None) as temp:
        reader = _Reader(connection, options, Path(temp))
        for path in map(Path, paths):
            reader.read(path)
    totals = load.with_sections(connection, reader.totals)
    return BillsRead(tuple(reader.files), tuple(reader.rejected), tuple(totals))


class _Reader:
    """Reads one file after the other, and gathers what they give."""

    def __init__(self, connection: DuckDBPyConnection, options: ReadingOptions, temp: Path) -> None:
        self._db = connection
        self._options = options
        self._temp = temp
        self.files: list[BillFile] = []
        self.rejected: list[Rejected] = []
        self.totals: list[DeclaredTotal] = []

    def read(self, path: Path) -> None:
        """Read a file, or say why not."""
        name = self._unused(path.name)
        try:
            kind = kinds.kind_of(path)
            ignored: tuple[str, ...] = ()
            if kind == kinds.WORKBOOK:
                sheets, ignored = self._workbook(path, name)
            elif kind == kinds.HTML:
                sheets, ignored = self._page(path, name)
            else:
                sheets = [self._text(path, name)]
        except BadInput as exc:
            self.rejected.append(Rejected(name, exc.reason))
        except OSError as exc:
            reason = exc.strerror or type(exc).__name__
            self.rejected.append(Rejected(name, f"the file cannot be read: {reason}"))
        else:
            sheets = repeats.once_on_sheets(self._db, name, sheets, self.totals)
            file = self._described(path, name, sheets, ignored)
            if not file.lines and not file.refused:
                self.rejected += (_without_rows(name, sheet) for sheet in sheets)
            self._keep(file)

    def _keep(self, file: BillFile) -> None:
        """A file that was given twice, perhaps saved anew under another name, counts once."""
        if (first := repeats.same_as(self._db, file, self.files)) is not None:
            repeats.take_away(self._db, file.name)
            self.totals = [one for one in self.totals if one.file != file.name]
            self.rejected = [one for one in self.rejected if one.file != file.name]
            reason = f"it has the same rows as {first.name}; each is counted once"
            self.rejected.append(Rejected(file.name, reason))
            file = replace(file, lines=0, refused=0, amount_minor=0, period="")
        self.files.append(file)

    def _unused(self, name: str) -> str:
        """The file's name, with a number where two files have the same."""
        taken = {file.name for file in self.files} | {one.file for one in self.rejected}
        found, number = name, 2
        while found in taken:
            found, number = f"{name} ({number})", number + 1
        return found

    def _text(self, path: Path, name: str) -> SheetRead:
        text = texts.open_text(path, self._temp)
        layout = layouts.recognise(text.rows, self._options, names=(name,), comma=text.comma)
        if isinstance(layout, layouts.Unknown):
            raise BadInput(layout.reason)
        table = Table(
            file=name,
            sheet="",
            path=text.path,
            plan=layout.plan,
            width=max(map(len, text.rows), default=1),
            first_row=layout.data_at + 1,
            skip=layout.data_at,
            delimiter=text.delimiter,
            may_have_blank_lines=True,
            above=tuple((n + 1, row) for n, row in enumerate(text.rows[: layout.header.index])),
        )
        even = text.even
        if even:
            try:
                loaded = load.load(self._db, table, self._temp)
            except UnevenError:
                even = False
        if not even:
            copy, width = texts.rewritten(text, self._temp)
            table = replace(
                table,
                path=copy,
                width=width,
                delimiter=",",
                # Rows of even width may have line breaks in their cells; padded ones may not.
                even_width=True,
                may_have_blank_lines=False,
            )
            try:
                loaded = load.load(self._db, table, self._temp)
            except UnevenError as exc:
                raise BadInput(f"the text cannot be read as a table: {exc}") from exc
        self._tell_of_torn_end(name, text, layout)
        return self._sheet(loaded, table, layout)

    def _tell_of_torn_end(self, name: str, text: texts.Text, layout: layouts.Layout) -> None:
        """A file that was not copied whole mostly ends in the middle of a row."""
        widths = {len(row) for row in text.rows[layout.data_at - 1 : -1]}
        if len(widths) != 1:
            return  # rows are shorter than others here for other reasons
        at = layout.plan.columns["waybill"]
        if torn := texts.torn_end(text, widths.pop(), at):
            reason = (
                f"the file ends in the middle of row {torn}, and what follows is not known; export"
                " it or send it again"
            )
            self.rejected.append(Rejected(name, reason, "", torn))

    def _unpacked(self, path: Path, name: str, halve_from: int = 0) -> Unpacked:
        """The workbook as it is safe to read."""
        from courier_reconciliation.reading import archives

        if not archives.is_archive(path):
            return archives.Unpacked(path)
        options = self._options
        limits = options.unpacked_limit_bytes, options.grid_limit_cells
        return archives.unpacked(path, self._temp / name, *limits, halve_from)

    def _workbook(self, path: Path, name: str) -> tuple[list[SheetRead], tuple[str, ...]]:
        from courier_reconciliation.reading import workbooks

        book = self._unpacked(path, "unpacked.zip", self._options.halve_from_bytes)
        days_later = workbooks.days_later(book.path)
        found: list[SheetRead] = []
        unknown: list[tuple[str, layouts.Unknown]] = []
        for sheet in workbooks.open_sheets(book, lambda: self._unpacked(path, "whole.zip").path):
            layout = layouts.recognise(
                sheet.head, self._options, names=(sheet.name, name), days_later=days_later
            )
            if isinstance(layout, layouts.Unknown):
                unknown.append((sheet.name, layout))
                continue
            if found and not sheet.visible:
                unknown.append((sheet.name, layouts.Unknown("the sheet is hidden")))
                continue
            copy = self._temp / "sheet.csv"
            sheet.write(copy, layout.data_at, layout.plan.filled_down)
            table = Table(
                file=name,
                sheet=sheet.name,
                path=copy,
                plan=layout.plan,
                width=max(sheet.width, 2),
                first_row=layout.data_at + 1,
                escape="\\",
                even_width=True,
                above=tuple(
                    (n + 1, row) for n, row in enumerate(sheet.head[: layout.header.index])
                ),
            )
            loaded = load.load(self._db, table, self._temp)
            _explain_formulas(book, table, loaded)
            found.append(self._sheet(loaded, table, layout))
        return found, _ignored(found, unknown)

    def _page(self, path: Path, name: str) -> tuple[list[SheetRead], tuple[str, ...]]:
        from courier_reconciliation.reading.html_tables import tables

        found: list[SheetRead] = []
        unknown: list[tuple[str, layouts.Unknown]] = []
        for number, page in enumerate(tables(path), 1):
            layout = layouts.recognise(
                page.rows[: layouts.PEEKED_ROWS], self._options, names=(name,)
            )
            label = f"table {number}"
            if isinstance(layout, layouts.Unknown):
                unknown.append((label, layout))
                continue
            copy = self._temp / "page.csv"
            width = max(2, *map(len, page.rows))
            with copy.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                for index, row in enumerate(page.rows[layout.data_at :], layout.data_at):
                    cells = [
                        None
                        if (index, c) in page.reached and c not in layout.plan.filled_down
                        else v
                        for c, v in enumerate(row)
                    ]
                    writer.writerow([*cells, *[None] * (width - len(row))])
            table = Table(
                file=name,
                sheet=label,
                path=copy,
                plan=layout.plan,
                width=width,
                first_row=layout.data_at + 1,
                even_width=True,
                above=tuple((n + 1, row) for n, row in enumerate(page.rows[: layout.header.index])),
            )
            found.append(self._sheet(load.load(self._db, table, self._temp), table, layout))
        return found, _ignored(found, unknown)

    def _sheet(self, loaded: Loaded, table: Table, layout: layouts.Layout) -> SheetRead:
        self.rejected += loaded.rejected
        self.totals += loaded.totals
        plan = table.plan
        sheet = SheetRead(
            name=table.sheet,
            layout=plan.layout,
            courier=plan.courier,
            header_row=layout.header.index + layout.header.rows,
            columns={
                field_name: plan.names[index]
                for field_name, index in plan.columns.items()
                if index < len(plan.names)
            },
            lines=loaded.lines,
            refused=loaded.refused,
            notes=(*layout.notes, *loaded.notes),
            currency=plan.currency,
            states_currency="currency" in plan.columns,
        )
        return self._with_table_below(sheet, table, loaded.next_header)

    def _with_table_below(self, sheet: SheetRead, table: Table, header_row: int) -> SheetRead:
        """A sheet together with another table, the header of which stands in that row (0: none)."""
        if not header_row:
            return sheet
        below = tables_below.table_from(table, header_row, self._options, self._temp)
        if below is None:
            self.rejected.append(Rejected(table.file, BELOW, table.sheet, header_row))
            return sheet
        loaded = load.load(self._db, below[0], self._temp)
        other = self._sheet(loaded, *below)
        note = f"another table, with columns of its own, begins in row {header_row}"
        return replace(
            sheet,
            courier=sheet.courier if sheet.courier == other.courier else "",
            lines=sheet.lines + other.lines,
            refused=sheet.refused + other.refused,
            notes=(*sheet.notes, note, *other.notes),
            states_currency=sheet.states_currency or other.states_currency,
        )

    def _described(
        self,
        path: Path,
        name: str,
        sheets: Sequence[SheetRead],
        ignored: tuple[str, ...],
    ) -> BillFile:
        months = self._db.execute(
            "SELECT strftime(billed_on, '%Y-%m') AS month, sum(amount)::BIGINT FROM (SELECT"
            " billed_on, count(*) AS lines, sum(amount_minor) AS amount FROM lines WHERE file = ?"
            " GROUP BY billed_on) GROUP BY month ORDER BY sum(lines) DESC, month",
            [name],
        ).fetchall()
        return BillFile(
            name=name,
            path=str(path),
            sheets=tuple(sheets),
            ignored_sheets=ignored,
            period=next((month for month, _ in months if month), ""),
            lines=sum(sheet.lines for sheet in sheets),
            refused=sum(sheet.refused for sheet in sheets),
            amount_minor=sum(amount for _, amount in months),
        )


def _ignored(
    found: Sequence[SheetRead], unknown: Sequence[tuple[str, layouts.Unknown]]
) -> tuple[str, ...]:
    """The sheets without parcels. Raises `BadInput` where there is no other."""
    if not found:
        if not unknown:
            raise BadInput("the workbook is empty")
        sheet, best = max(unknown, key=lambda one: one[1].known)
        raise BadInput(f"sheet {sheet}: {best.reason}")
    return tuple(sheet for sheet, _ in unknown)


def _without_rows(file: str, sheet: SheetRead) -> Rejected:
    """What there is to say of a table that is a header, and perhaps a total."""
    seen = ", ".join(sheet.columns.values())
    reason = f"no parcels stand under the header; columns seen: {seen}"
    return Rejected(file, reason, sheet.name, sheet.header_row)


def _explain_formulas(book: Unpacked, table: Table, loaded: Loaded) -> None:
    """Tell a missing cell from a formula whose result nobody computed."""
    from courier_reconciliation.reading.workbooks import formulas_without_value

    suspects = [one for one in loaded.rejected if one.reason.startswith("the row has no ")]
    if not suspects:
        return
    cells = formulas_without_value(book, table.sheet)
    rows = {row for row, _ in cells}
    loaded.rejected = [
        replace(one, reason=FORMULA) if one in suspects and one.row in rows else one
        for one in loaded.rejected
    ]


BELOW = (
    "another table begins here, whose columns cannot be read, and it is not counted; give it as a"
    " sheet of its own"
)
FORMULA = (
    "a cell of the row is a formula without a stored result; open the file in a spreadsheet program"
    " and save it again"
)
