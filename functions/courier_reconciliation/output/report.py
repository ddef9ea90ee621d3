"""A reconciliation as files for people and machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from msgspec import Struct, field, to_builtins

from aftersales.errors import BadInput
from courier_reconciliation.output import csv_files, windows
from courier_reconciliation.output.claims import Claim, claims_of
from courier_reconciliation.output.gather import Tables
from courier_reconciliation.output.guarantees import GUARANTEED, Late, late_deliveries
from courier_reconciliation.output.view import View
from courier_reconciliation.output.windows import Countdown, FilingWindow, countdown
from courier_reconciliation.output.words import Words
from courier_reconciliation.output.workbook import Limits, write_workbook
from courier_reconciliation.result import Reconciliation
from courier_reconciliation.result_json import as_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WORKBOOK = "reconciliation.xlsx"
RESULT = "result.json"
CLAIMS = "claims"
LINES = "lines.csv"
_OUR_CLAIM = re.compile(r"[A-Za-z0-9_-]+_(all|lost|damaged|late)(_[A-Za-z0-9-]+)?\.csv")


def _weekday(day: date) -> bool:
    return day.weekday() < 5


class ReportOptions(Struct, frozen=True):
    """What a shop may set.

    `received_on` is the day the bill arrived; without it nobody knows when the bill confirms
    itself. `today` counts the days left. `windows` and `guaranteed` replace the data of the
    reference (`windows.DEFAULTS`, `guarantees.GUARANTEED`). `lines_in` names the files that list
    all lines.
    """

    received_on: date | None = None
    today: date | None = None
    is_working_day: Callable[[date], bool] = _weekday
    confirm_working_days: int = windows.CONFIRM_WORKING_DAYS
    file_by_day: int = windows.FILE_BY_DAY
    windows: tuple[FilingWindow, ...] = windows.DEFAULTS
    guaranteed: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: GUARANTEED)
    limits: Limits = field(default_factory=Limits)
    with_workbook: bool = True
    lines_in: str = LINES


class Written(Struct, frozen=True):
    """What was written, and what follow-up needs of it."""

    files: tuple[Path, ...]
    claims: tuple[Claim, ...]
    late: tuple[Late, ...]
    countdown: Countdown


def write_report(
    connection: DuckDBPyConnection,
    result: Reconciliation,
    folder: Path,
    *,
    language: str = "zh-CN",
    options: ReportOptions | None = None,
) -> Written:
    """Write the workbook, the lists, a file for each claim and the JSON into the folder.

    The connection is the one that `engine.run.reconcile` left its tables in. Every file is complete
    or not there; claims of an earlier run that are no claims any more are removed. Raises
    `BadInput` where the folder cannot be written or the language is not known.
    """
    from xlsxwriter.exceptions import XlsxWriterException

    words, options = Words(language), options or ReportOptions()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".part-", dir=folder) as made:
            return _Report(
                connection, result, folder, Path(made), words=words, options=options
            ).write()
    except (OSError, XlsxWriterException) as exc:
        raise BadInput(f"the report cannot be written: {exc}", place=str(folder)) from exc


class _Report:
    def __init__(
        self,
        connection: DuckDBPyConnection,
        result: Reconciliation,
        folder: Path,
        temp: Path,
        *,
        words: Words,
        options: ReportOptions,
    ) -> None:
        self._result = result
        self._folder = folder
        self._temp = temp
        self._words = words
        self._options = options
        self._tables = Tables(connection, result, temp)

    def write(self) -> Written:
        view = self._view()
        made = self._temp / "made"
        claims = made / CLAIMS
        claims.mkdir(parents=True)
        names = csv_files.write_lists(made, self._tables, view)
        told = csv_files.write_claims(claims, view.claims, self._words.language)
        text = json.dumps(to_builtins(as_json(self._result)), ensure_ascii=False)
        (made / RESULT).write_text(f"{text}\n", encoding="utf-8")
        names += [f"{CLAIMS}/{name}" for name in told]
        names.append(RESULT)
        if self._options.with_workbook:
            path = made / WORKBOOK
            write_workbook(
                path,
                self._temp,
                self._tables,
                view,
                words=self._words,
                limits=self._options.limits,
                lines_in=self._options.lines_in,
            )
            names.insert(0, WORKBOOK)
        files = self._move(made, names)
        return Written(files, view.claims, view.late, view.countdown)

    def _view(self) -> View:
        result, options = self._result, self._options
        self._tables.prepare()
        facts = tuple(self._tables.facts())
        dates = countdown(
            result.period,
            options.received_on,
            is_working_day=options.is_working_day,
            confirm_working_days=options.confirm_working_days,
            file_by_day=options.file_by_day,
        )
        found = zip(result.discrepancies, facts, strict=True)
        lost = self._tables.lost(*_days(result.period))
        return View(
            result=result,
            facts=facts,
            claims=claims_of(found, dates, lost=lost, windows=options.windows),
            late=late_deliveries(
                self._tables.delivered(), guaranteed=options.guaranteed, windows=options.windows
            ),
            countdown=dates,
            today=options.today,
        )

    def _move(self, made: Path, names: list[str]) -> tuple[Path, ...]:
        """Put the finished files in their place, and take away what is outdated."""
        (self._folder / CLAIMS).mkdir(exist_ok=True)
        for old in (self._folder / CLAIMS).iterdir():
            if _OUR_CLAIM.fullmatch(old.name) and f"{CLAIMS}/{old.name}" not in names:
                old.unlink()
        for name in ("late.csv", WORKBOOK):
            if name not in names:
                (self._folder / name).unlink(missing_ok=True)
        for name in names:
            (made / name).replace(self._folder / name)
        return tuple(self._folder / name for name in names)


def _days(period: str) -> tuple[date | None, date | None]:
    """The first and the last day of a month."""
    if not period:
        return None, None
    year, month = map(int, period.split("-"))
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)
