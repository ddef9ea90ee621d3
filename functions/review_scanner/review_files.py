"""Exports of reviews: rows of a CSV or spreadsheet, under the headers that platforms use.

Facts: export files reference, sections 2 (reviews) and 7 (traps). A row without a text and a rating
says nothing and is refused, with its number and the reason; the others are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from aftersales.errors import BadInput
from aftersales.messages.masking import mask_text
from aftersales.platforms import values
from aftersales.platforms.base import RejectedRow
from aftersales.platforms.headers import folded
from aftersales.platforms.spreadsheet import HEADER_ROWS, Row, Sheet, open_sheets
from aftersales.reviews import Review

if TYPE_CHECKING:
    from aftersales.platforms.values import Cell

COLUMNS: dict[str, tuple[str, ...]] = {
    "order_id": (
        "主订单编号",
        "订单编号",
        "订单号",
        "訂單編號",
        "order id",
        "order number",
        "order",
    ),
    "line_id": ("子订单编号", "子订单号", "order item id", "line id"),
    "review_id": ("评价id", "评论id", "评价编号", "review id", "id"),
    "buyer": (
        "买家昵称",
        "买家会员名",
        "用户昵称",
        "昵称",
        "買家帳號",
        "buyer",
        "reviewer",
        "nickname",
    ),
    "product_id": ("宝贝id", "商品id", "商品编号", "商品編號", "sku id", "product id", "item id"),
    "product": (
        "宝贝标题",
        "商品标题",
        "商品名称",
        "宝贝名称",
        "商品名稱",
        "product",
        "item",
        "sku",
    ),
    "rating": (
        "评价星级",
        "评分",
        "评价类型",
        "评价等级",
        "星级",
        "評分",
        "評價",
        "rating",
        "stars",
    ),
    "text": (
        "评价内容",
        "评论内容",
        "初评内容",
        "評價內容",
        "評論內容",
        "review",
        "content",
        "text",
        "comment",
    ),
    "written_at": (
        "评价时间",
        "评论时间",
        "评价日期",
        "日期",
        "評價時間",
        "date",
        "created at",
        "time",
    ),
    "follow_up": ("追评内容", "追加评论", "追加评价", "追評內容", "follow up"),
    "follow_up_at": ("追评时间", "追加评论时间", "追評時間", "follow up date"),
    "reply": ("商家回复", "回复内容", "解释内容", "賣家回覆", "reply", "response"),
}
"""Field -> headers in folded comparison; the first that stands in the file is taken."""

_WORDS = {"好评": 5, "中评": 3, "差评": 1, "好評": 5, "中評": 3, "差評": 1, "负评": 1, "負評": 1,
          "good": 5, "neutral": 3, "bad": 1, "positive": 5, "negative": 1}  # fmt: skip
_HAN_DIGITS = {digit: number for number, digit in enumerate("零一二三四五")}
_STARS = re.compile(r"([0-5])(?:\.0+)?\s*(?:星|分|stars?|/\s*5)?", re.IGNORECASE)


class FileOfReviews(NamedTuple):
    """What a file says: the reviews, and the rows that were refused."""

    rows_read: int
    reviews: tuple[Review, ...]
    rejected: tuple[RejectedRow, ...]


def read_reviews(content: bytes, name: str, shop_id: str, zone: tzinfo) -> FileOfReviews:
    """Read an export. `zone` is that of times without an offset.

    Raises `BadInput` where no table of reviews is in it.
    """
    found: dict[str, Review] = {}
    rejected: list[RejectedRow] = []
    count, tables = 0, 0
    for sheet in open_sheets(content, _known):
        place = f"{name}, {sheet.label}" if sheet.label else name
        columns, rows = _header(sheet)
        if columns is None:
            continue
        tables += 1
        for row in rows:
            if not any(values.text(cell) for cell in row.cells) and not row.broken:
                continue
            count += 1
            try:
                review = _review(row, columns, shop_id, zone)
            except BadInput as exc:
                where = f"{place}, row {row.number}"
                where += f", column {exc.place}" if exc.place else ""
                rejected.append(RejectedRow(where, exc.reason, _raw(row)))
                continue
            found[review.review_id] = review
    if not tables:
        raise BadInput(
            "no row names a column of review texts (评价内容) or ratings (评分); is this an export"
            " of reviews?"
        )
    return FileOfReviews(count, tuple(found.values()), tuple(rejected))


def rating_of(cell: Cell) -> int | None:
    """Stars from 1 to 5, or None where the cell names none. Raises `BadInput` otherwise."""
    plain = values.text(cell)
    if not plain:
        return None
    if plain.casefold() in _WORDS:
        return _WORDS[plain.casefold()]
    if set(plain) <= {"★", "☆"}:
        return plain.count("★") or None
    if len(plain) == 2 and plain[0] in _HAN_DIGITS and plain[1] in "星分":
        return _HAN_DIGITS[plain[0]] or None
    match = _STARS.fullmatch(plain)
    if match is None:
        raise BadInput("this is no rating of 1 to 5 stars, and not 好评, 中评 or 差评")
    return int(match[1]) or None


def _known(cells: Sequence[Cell]) -> int:
    names = {folded(header) for headers in COLUMNS.values() for header in headers}
    return len({folded(cell) for cell in cells} & names)


def _header(sheet: Sheet) -> tuple[Mapping[str, tuple[int, str]] | None, list[Row]]:
    """Field -> (column, its header) of the best row among the first, and the rows behind it."""
    first = list(islice(sheet.rows, HEADER_ROWS))
    best = max(range(len(first)), key=lambda at: _known(first[at].cells), default=0)
    if not first:
        return None, []
    at = {folded(cell): (n, str(cell).strip()) for n, cell in enumerate(first[best].cells) if cell}
    columns = {}
    for name, headers in COLUMNS.items():
        hit = next((at[folded(h)] for h in headers if folded(h) in at), None)
        if hit is not None:
            columns[name] = hit
    if not columns.keys() & {"text", "rating"}:
        return None, []
    return columns, [*first[best + 1 :], *sheet.rows]


def _review(row: Row, columns: Mapping[str, tuple[int, str]], shop_id: str, zone: tzinfo) -> Review:
    def cell(name: str) -> Cell:
        at = columns.get(name)
        return row.cells[at[0]] if at is not None and at[0] < len(row.cells) else None

    def read(name: str) -> str:
        return values.text(cell(name))

    def checked(name: str) -> str:
        try:
            return values.number_text(cell(name))
        except BadInput as exc:
            raise BadInput(exc.reason, place=columns[name][1]) from exc

    if row.broken:
        raise BadInput(row.broken)
    order_id, line_id, product_id = map(checked, ("order_id", "line_id", "product_id"))
    try:
        rating = rating_of(cell("rating"))
    except BadInput as exc:
        raise BadInput(exc.reason, place=columns["rating"][1]) from exc
    times = {}
    for name in ("written_at", "follow_up_at"):
        try:
            times[name] = values.moment(cell(name), zone)
        except BadInput as exc:
            raise BadInput(exc.reason, place=columns[name][1]) from exc
    text, follow_up = _words(cell("text")), _words(cell("follow_up"))
    if not text and rating is None and not follow_up:
        raise BadInput("there is neither a text nor a rating")
    own = read("review_id")
    buyer = read("buyer")
    names = (buyer, product_id or read("product"), str(times["written_at"] or text))
    return Review(
        shop_id=shop_id,
        review_id=own or _id(order_id, line_id, product_id, names),
        text=text,
        rating=rating,
        order_id=order_id,
        line_id=line_id,
        product_id=product_id,
        product_title=read("product"),
        buyer_ref=buyer,
        created_at=times["written_at"],
        follow_up=follow_up,
        follow_up_at=times["follow_up_at"],
        reply=read("reply"),
    )


def _id(order_id: str, line_id: str, product_id: str, names: Sequence[str]) -> str:
    """The line of an order has one review, as where a platform is read directly; without its number
    the review is known by its buyer, product and time."""
    if line_id:
        return f"{line_id}:buyer"
    if order_id:
        return f"{order_id}/{product_id}" if product_id else f"{order_id}:buyer"
    return "f-" + hashlib.sha256("\x1f".join(names).encode("utf-8", "replace")).hexdigest()[:20]


def _words(cell: Cell) -> str:
    """A text as it stands, line breaks included; what a spreadsheet made a number is text again."""
    return cell.strip().removeprefix("\ufeff") if isinstance(cell, str) else values.text(cell)


def _raw(row: Row) -> str:
    return mask_text(" | ".join(values.text(cell)[:200] for cell in row.cells))[:2000]
