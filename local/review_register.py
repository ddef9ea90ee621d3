"""The register: every bad review of a month, one row each, in a workbook for people.

Buyers are masked, and so are telephone numbers and the like in what they wrote. No cell is a
formula: what begins like one gets an apostrophe in front, which also holds where somebody saves the
sheet as CSV and opens it again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from aftersales.calendar import zone_named
from aftersales.cases.kinds import REVIEW_KINDS
from aftersales.cases.model import Case
from aftersales.errors import BadInput
from aftersales.messages.base import LANGUAGES
from aftersales.settings.model import Settings
from aftersales.tables import cases, reviews
from aftersales.tables.reviews import Kept

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
MOST_ROWS = 1_000_000
"""A worksheet ends a little later."""
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Column(NamedTuple):
    """A column: what it holds, its width in characters, and its heading in each language."""

    name: str
    width: int
    headings: Mapping[str, str]


def _column(name: str, width: int, chinese: str, taiwan: str, english: str) -> Column:
    return Column(name, width, {"zh-CN": chinese, "zh-TW": taiwan, "en": english})


COLUMNS = (
    _column("written_at", 17, "评价时间", "評價時間", "Written"),
    _column("shop", 18, "店铺", "賣場", "Shop"),
    _column("rating", 7, "评分", "評分", "Stars"),
    _column("product", 28, "商品", "商品", "Product"),
    _column("order_id", 22, "订单", "訂單", "Order"),
    _column("text", 60, "评价内容", "評價內容", "Review"),
    _column("follow_up", 40, "追评", "追加評價", "Added later"),
    _column("topics", 18, "问题", "問題", "Topics"),
    _column("score", 8, "不满程度", "不滿程度", "Score"),
    _column("buyer", 12, "买家", "買家", "Buyer"),
    _column("changed_at", 17, "最近改动", "最近修改", "Last change"),
    _column("reply", 40, "我方回复", "賣家回覆", "Our reply"),
    _column("replied_by", 12, "回复人", "回覆人", "Replied by"),
    _column("case_id", 11, "工单", "案件", "Case"),
    _column("owner", 12, "负责人", "負責人", "Responsible"),
    _column("outcome", 12, "结果", "結果", "Outcome"),
    _column("closed_at", 17, "结束时间", "結束時間", "Closed"),
    _column("link", 30, "链接", "連結", "Link"),
)
Cell = str | int | float | datetime | None
Row = tuple[Cell, ...]


def rows_of_month(
    month: str, settings: Settings, shown: Callable[[str], str], shop_id: str = ""
) -> Iterable[Row]:
    """The rows of a month (`2026-10`), oldest review first; of one shop where it is named.

    `shown` gives a text as people may see it. Raises `BadInput`.
    """
    if MONTH.fullmatch(month) is None:
        raise BadInput(f"{month!r} is not a month such as 2026-10")
    for kept in reviews.bad_in_month(month):
        if shop_id in ("", kept.record.shop_id):
            yield row_of(kept, _case_of(kept), settings, shown)


def row_of(kept: Kept, case: Case | None, settings: Settings, shown: Callable[[str], str]) -> Row:
    """One review as a row, in the order of `COLUMNS`."""
    record, said, language = kept.record, kept.said, settings.language
    shop = settings.shop(record.shop_id)
    zone = zone_named(shop.time_zone or settings.time_zone)
    words = import_module(f"aftersales.messages.{LANGUAGES[language]}_reviews")
    outcome = record.outcome or (case.resolution if case and not case.is_open else "")
    if case is not None and case.is_open:
        outcome = "open"
    ours = kept.reply if kept.reply.state == "sent" else None
    return (
        _local(record.written_at, zone),
        shop.name or shop.id,
        record.rating,
        record.product_title or record.product_id,
        record.order_id,
        shown(said.text),
        shown(said.follow_up),
        ", ".join(words.TOPICS.get(topic, topic) for topic in record.topics),
        round(record.score, 2),
        record.buyer,
        _local(record.changed_at, zone),
        ours.text if ours else said.reply,
        ours.by if ours else "",
        case.case_id if case else "",
        case.owner if case else "",
        words.OUTCOMES.get(outcome, outcome),
        _local(case.resolved_at if case and not case.is_open else None, zone),
        record.permalink,
    )


def write_workbook(path: Path, month: str, language: str, rows: Iterable[Row]) -> int:
    """Write the register; returns the number of reviews in it. Raises `BadInput`.

    The file is complete or not there: it is written beside its name, and moved.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import XlsxWriterException

    beside = path.with_name(f".{path.name}.part")
    count = 0
    plain_text = {f"strings_to_{kind}": False for kind in ("formulas", "urls", "numbers")}
    try:
        book = Workbook(str(beside), {"in_memory": True, **plain_text})
        sheet = book.add_worksheet(month)
        head = book.add_format({"bold": True, "bg_color": "#DDE6F0", "bottom": 1})
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for number, column in enumerate(COLUMNS):
            sheet.set_column(number, number, column.width)
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(COLUMNS):
            sheet.write_string(0, number, column.headings[language], head)
        for row in rows:
            count += 1
            if count > MOST_ROWS:
                raise BadInput(f"the month has more than {MOST_ROWS} bad reviews; name a shop")
            _write_row(sheet, count, row, when, wrapped)
        sheet.autofilter(0, 0, max(count, 1), len(COLUMNS) - 1)
        book.close()
        beside.replace(path)
    except (OSError, XlsxWriterException) as exc:
        raise BadInput(f"cannot be written: {exc}", place=str(path)) from exc
    finally:
        beside.unlink(missing_ok=True)
    return count


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that holds no control characters."""
    clean = "".join(c for c in text if c in "\n\t" or ord(c) >= 32)
    return f"'{clean}" if clean.lstrip(" ").startswith(_LIKE_A_FORMULA) else clean


def _write_row(sheet, number: int, row: Sequence[Cell], when, wrapped) -> None:  # type: ignore[no-untyped-def]
    for at, cell in enumerate(row):
        if isinstance(cell, datetime):
            sheet.write_datetime(number, at, cell, when)
        elif isinstance(cell, int | float):
            sheet.write_number(number, at, cell, wrapped)
        elif cell:
            sheet.write_string(number, at, neutral(cell), wrapped)


def _case_of(kept: Kept) -> Case | None:
    """The case about a review: the open one, else the one that was closed last."""
    found = [case for case in cases.of_subject(kept.record.subject) if case.kind in REVIEW_KINDS]
    return max(found, key=lambda case: (case.is_open, case.updated_at), default=None)


def _local(at: datetime | None, zone: tzinfo) -> datetime | None:
    """A time on the shop's clock, without its zone: a cell holds none."""
    return None if at is None else at.astimezone(zone).replace(tzinfo=None, microsecond=0)
