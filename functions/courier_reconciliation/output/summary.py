"""The first sheet: what is at stake, why, until when, and whether the money adds up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from aftersales.money import to_text
from courier_reconciliation.output.cells import amount, neutral
from courier_reconciliation.output.sheets import Book
from courier_reconciliation.output.view import View
from courier_reconciliation.output.windows import FilingWindow
from courier_reconciliation.output.words import Words
from courier_reconciliation.result import CourierTotal

CHART_ROWS = 16
MOST_BARS = 12
_WIDTHS = (24, 17, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15)


class Summary:
    """Collects cells row after row, then writes them in order, as a sheet kept on disk demands."""

    def __init__(self, book: Book, view: View, words: Words) -> None:
        self._book = book
        self._view = view
        self._words = words
        self._at = 0
        self.sheet = book.add_sheet(words.sheet("summary"), color="#1F3864")
        self.sheet.fit_to_pages(1, 0)
        for number, width in enumerate(_WIDTHS):
            self.sheet.set_column(number, number, width)

    def write(self, refused: int) -> None:
        """Everything but the charts, whose place is kept free."""
        view, words, result = self._view, self._words, self._view.result
        currency = result.currency
        period = result.period or words.block("unknown")
        self._row([f"{words.block('title')}  {period}"], ["title"])
        self._at += 1
        self._headline(refused)
        self.chart_row = self._at + 1
        self._at += CHART_ROWS + 2
        causes = [
            words.block("cause").format(
                kind=f"{words.kind(t.kind)} ({words.courier(t.courier)})",
                count=t.count,
                money=to_text(t.claimable_minor, t.currency or currency),
                rule=words.rule(t.kind),
            )
            for t in view.top_causes()
        ]
        self._lines("top", causes)
        self._table("identity", _IDENTITY, [self._identity(total) for total in result.totals])
        self._table(
            "claims",
            ("courier", "claim", "currency", "count", "asked", "file_by", "window"),
            [
                (
                    words.courier(claim.courier),
                    words.block(claim.type.value),
                    claim.currency,
                    len(claim.items),
                    _money(claim.asked_minor, claim.currency),
                    claim.file_by or words.window("open"),
                    window_text(claim.window, words),
                )
                for claim in view.claims
            ],
        )
        self._table(
            "by_kind",
            ("kind", "courier", "currency", "count", "difference", "claimable"),
            [
                (
                    words.kind(t.kind),
                    words.courier(t.courier),
                    t.currency,
                    t.count,
                    _money(t.difference_minor, t.currency),
                    _money(t.claimable_minor, t.currency),
                )
                for t in view.by_kind()
            ],
        )
        self._lines("notes", [self._words.reason(note) for note in result.notes])

    def _headline(self, refused: int) -> None:
        words, result, view = self._words, self._view.result, self._view
        currency = result.currency
        left = view.countdown.days_left(view.today)
        dates: list[tuple[str, Any]] = [
            (words.block("confirms"), view.countdown.confirms_on or words.block("unknown")),
            (words.block("file_by"), view.countdown.file_by or words.block("unknown")),
            (words.column("left"), "" if left is None else left),
            (words.block("refused"), refused),
        ]
        counts = [
            (words.block("lines"), result.lines),
            (words.block("matched"), result.matched),
            (words.block("unmatched_bill"), result.unmatched_bill),
            (words.block("unmatched_shipments"), result.unmatched_shipments),
            (words.block("carry_over"), result.carry_over),
        ]
        money = [
            (words.block("billed"), _money(result.total_billed_minor, currency)),
            (words.block("expected"), _money(result.total_expected_minor, currency)),
            (words.block("claimable"), _money(result.claimable_minor, currency)),
            (words.column("currency"), currency),
        ]
        for index in range(max(len(dates), len(counts), len(money))):
            cells: list[Any] = []
            styles: list[str] = []
            for column in (money, counts, dates):
                label, value = column[index] if index < len(column) else ("", "")
                strong = column is money and index == 2
                cells += [label or None, value, None]
                styles += ["label" if label else "", "strong_money" if strong else "", ""]
            self._row(cells[:-1], styles[:-1])

    def _identity(self, total: CourierTotal) -> tuple[Any, ...]:
        parts = (
            total.agreed_minor,
            total.disputed_expected_minor,
            total.over_minor,
            total.under_minor,
            total.unmatched_minor,
            total.duplicate_minor,
            total.not_auditable_minor,
        )
        check = total.billed_minor - sum(parts) + 2 * total.under_minor
        return (
            self._words.courier(total.courier),
            total.currency,
            total.lines,
            *(_money(minor, total.currency) for minor in (total.billed_minor, *parts, check)),
            _money(total.missing_minor, total.currency),
        )

    def _table(self, block: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self._at += 1
        self._row([self._words.block(block), *[None] * (len(columns) - 1)],
                  ["block"] * len(columns))  # fmt: skip
        headings = [self._words.column(name) for name in columns]
        self._row(headings, ["head"] * len(columns))
        for row in rows:
            self._row(row, [""] * len(row))
        if not rows:
            self._row(["-"], [""])

    def _lines(self, block: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        self._at += 1
        self._row([self._words.block(block), *[None] * 5], ["block"] * 6)
        for line in lines:
            self._row([line], ["plain"])

    def _row(self, cells: Sequence[Any], styles: Sequence[str]) -> None:
        formats = self._book.formats
        if styles[0] in ("title", "block"):
            self.sheet.set_row(self._at, 26 if styles[0] == "title" else 20)
        for number, (value, style) in enumerate(zip(cells, styles, strict=True)):
            if value is None or (value == "" and not style):
                if style:
                    self.sheet.write_blank(self._at, number, None, formats[style])
                continue
            if isinstance(value, str):
                plain = None if style == "plain" else formats[style or "cell"]
                self.sheet.write_string(self._at, number, neutral(value), plain)
            elif isinstance(value, date):
                at_midnight = datetime.combine(value, time())
                self.sheet.write_datetime(self._at, number, at_midnight, formats["cell_date"])
            elif isinstance(value, _Money):
                self._put_money(number, value, style)
            else:
                self.sheet.write_number(self._at, number, value, formats["cell_number"])
        self._at += 1

    def _put_money(self, number: int, value: _Money, style: str) -> None:
        shown = amount(value.minor, value.currency)
        usual = "cell_whole_money" if isinstance(shown, int) else "cell_money"
        format_ = self._book.formats[style or usual]
        self.sheet.write_number(self._at, number, shown, format_)


class _Money:
    """An amount on its way into a cell."""

    def __init__(self, minor: int, currency: str) -> None:
        self.minor = minor
        self.currency = currency


def _money(minor: int, currency: str) -> _Money:
    return _Money(minor, currency)


_IDENTITY = (
    *("courier", "currency", "lines", "billed", "agreed", "disputed_expected", "over", "under"),
    *("unmatched", "duplicate", "not_auditable", "check", "missing"),
)


def window_text(window: FilingWindow, words: Words) -> str:
    """`9 months from shipping`."""
    name, count = ("months", window.months) if window.months else ("days", window.days)
    length = words.window(name).format(count=count)
    return words.window(window.counted_from.value).format(length=length)


def add_charts(book: Book, view: View, words: Words, sheet: Any, row: int) -> None:
    """Three charts on the summary; their data are on a sheet of their own."""
    currency = view.result.currency
    kinds = [(words.kind(kind), minor) for kind, minor in view.claimable_by_kind()[:MOST_BARS]]
    kinds.reverse()  # a bar chart begins at the bottom
    couriers = [
        (words.courier(code), minor) for code, minor in view.claimable_by_courier()[:MOST_BARS]
    ]
    days = [(f"{day:%m-%d}", minor) for day, minor in view.claimable_by_day()]
    data: Any = book.add_sheet(words.sheet("charts"))
    data.set_column(0, 7, 16)
    money = words.column("claimable")
    heads = (words.column("kind"), money, None, words.column("courier"), money, None,
             words.column("day"), money)  # fmt: skip
    for number, head in enumerate(heads):
        if head:
            data.write_string(0, number, head, book.formats["head"])
    blocks: tuple[Sequence[tuple[str, int]], ...] = (kinds, couriers, days)
    for at in range(max(len(block) for block in blocks)):
        for number, block in zip((0, 3, 6), blocks, strict=True):
            if at >= len(block):
                continue
            name, minor = block[at]
            data.write_string(at + 1, number, neutral(name), book.formats["text"])
            data.write_number(at + 1, number + 1, amount(minor, currency), book.formats["money"])
    places = (("bar", "by_kind_chart", 0, kinds, 0), ("column", "by_courier", 3, couriers, 4),
              ("column", "by_day", 6, days, 8))  # fmt: skip
    for kind, title, number, block, column in places:
        if not block:
            continue
        chart: Any = book.workbook.add_chart({"type": kind})
        name = data.get_name()
        chart.add_series(
            {
                "categories": [name, 1, number, len(block), number],
                "values": [name, 1, number + 1, len(block), number + 1],
                "fill": {"color": "#2E75B6"},
                "gap": 60,
            }
        )
        chart.set_title({"name": f"{words.block(title)} ({currency})", "name_font": {"size": 11}})
        chart.set_legend({"none": True})
        plain = {"num_font": {"size": 9}, "major_gridlines": {"visible": False}}
        amounts = {"num_font": {"size": 9}, "num_format": "#,##0",
                   "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}}  # fmt: skip
        if kind == "bar":
            chart.set_x_axis(amounts)
            chart.set_y_axis(plain)
        else:
            turned = {"num_font": {"size": 8, "rotation": -90}} if title == "by_day" else {}
            chart.set_x_axis({**plain, **turned})
            chart.set_y_axis(amounts)
        chart.set_size({"width": 430, "height": CHART_ROWS * 20})
        sheet.insert_chart(row, column, chart, {"object_position": 3, "x_offset": 4})
