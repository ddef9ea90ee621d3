"""Reading bills: files in, tables out. The one entry point of this package."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aftersales.errors import BadInput
from courier_reconciliation.model import DeclaredTotal, Rejected
from courier_reconciliation.reading import layouts, load, texts
from courier_reconciliation.reading.model import BillFile, BillsRead, ReadingOptions, SheetRead

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CHUNK = 1024 * 1024


def read_bills(
    connection: DuckDBPyConnection, paths: Sequence[Path | str], options: ReadingOptions
) -> BillsRead:
    """Read bills into the tables `lines`, `charges` and `refused` of the connection.

    `lines` has a row per charge or parcel (`load.LINES`; names as in `model.BilledRow`; NULL and ""
    are what nobody said). `charges` (line, code, amount_minor) has what its surcharge columns say,
    without zeros. `refused` has the rows that cannot be trusted, as far as they could be read, with
    the reason; their `line` is below zero. The tables are made anew.

    A file that cannot be read is named in `rejected` with what to do about it; the others are read.
    """
    load.prepare(connection)
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
            sha256, has_blank_lines = _look_through(path)
            sheets = [self._text(path, name, has_blank_lines=has_blank_lines)]
        except BadInput as exc:
            self.rejected.append(Rejected(name, exc.reason))
        except OSError as exc:
            reason = exc.strerror or type(exc).__name__
            self.rejected.append(Rejected(name, f"the file cannot be read: {reason}"))
        else:
            self.files.append(self._described(path, name, sha256, sheets))

    def _unused(self, name: str) -> str:
        """The file's name, with a number where two files have the same."""
        taken = {file.name for file in self.files} | {one.file for one in self.rejected}
        found, number = name, 2
        while found in taken:
            found, number = f"{name} ({number})", number + 1
        return found

    def _text(self, path: Path, name: str, *, has_blank_lines: bool) -> SheetRead:
        import duckdb

        text = texts.open_text(path, self._temp, has_blank_lines=has_blank_lines)
        layout = layouts.recognise(text.rows, self._options, names=(name,))
        if isinstance(layout, layouts.Unknown):
            raise BadInput(layout.reason)
        table = load.Table(
            file=name,
            sheet="",
            path=text.path,
            plan=layout.plan,
            width=max(map(len, text.rows), default=1),
            first_row=layout.data_at + 1,
            skip=layout.data_at,
            delimiter=text.delimiter,
            above=tuple((n + 1, row) for n, row in enumerate(text.rows[: layout.header.index])),
        )
        even = text.even
        if even:
            try:
                loaded = load.load(self._db, table, self._temp)
            except duckdb.Error:
                even = False
        if not even:
            copy, width = texts.rewritten(text, self._temp)
            table = replace(table, path=copy, width=width, delimiter=",")
            try:
                loaded = load.load(self._db, table, self._temp)
            except duckdb.Error as exc:
                raise BadInput(f"the text cannot be read as a table: {str(exc)[:200]}") from exc
        return self._sheet(loaded, table, layout)

    def _sheet(self, loaded: load.Loaded, table: load.Table, layout: layouts.Layout) -> SheetRead:
        self.rejected += loaded.rejected
        self.totals += loaded.totals
        plan = table.plan
        return SheetRead(
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
        )

    def _described(
        self, path: Path, name: str, sha256: str, sheets: Sequence[SheetRead]
    ) -> BillFile:
        amount, content = self._db.execute(
            "SELECT coalesce(sum(amount_minor), 0), printf('%032x', coalesce(sum(hash(waybill,"
            " charge, amount_minor, billed_on, weight_g, province, currency)), 0)) FROM lines"
            " WHERE file = ?",
            [name],
        ).fetchone() or (0, "")
        month = self._db.execute(
            "SELECT strftime(billed_on, '%Y-%m') AS month FROM lines WHERE file = ? AND billed_on"
            " IS NOT NULL GROUP BY month ORDER BY count(*) DESC, month LIMIT 1",
            [name],
        ).fetchone()
        return BillFile(
            name=name,
            path=str(path),
            sha256=sha256,
            content_hash=content,
            sheets=tuple(sheets),
            period=month[0] if month else "",
            lines=sum(sheet.lines for sheet in sheets),
            refused=sum(sheet.refused for sheet in sheets),
            amount_minor=amount,
        )


def _look_through(path: Path) -> tuple[str, bool]:
    """(SHA-256, whether it has blank lines) of a file, in one go."""
    digest = hashlib.sha256()
    blank = False
    before = b""
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if not blank:
                seam = before[-3:] + chunk[:4]
                blank = any(
                    pattern in chunk or pattern in seam for pattern in (b"\n\n", b"\n\r\n", b"\r\r")
                )
            before = chunk
    return digest.hexdigest(), blank
