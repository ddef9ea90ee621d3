"""Exports of reviews: encodings, headers, ratings in words and stars, rows that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from review_scanner.review_files import rating_of, read_reviews

CHINA = ZoneInfo("Asia/Shanghai")
HEADER = "订单编号,子订单编号,买家昵称,商品ID,商品名称,评价类型,评价内容,评价时间,追评内容,商家回复"
ROW = "2605170000001,2605170000011,t***7,p1,保温杯,差评,漏水,2026-11-02 20:00:00,,"


def read(*lines: str, encoding: str = "utf-8-sig"):  # type: ignore[no-untyped-def]
    return read_reviews("\r\n".join(lines).encode(encoding), "评价.csv", "tb1", CHINA)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_an_export_is_read_in_every_usual_encoding(encoding: str) -> None:
    (review,) = read(HEADER, ROW, encoding=encoding).reviews
    assert (review.review_id, review.rating, review.text) == ("2605170000011:buyer", 1, "漏水")
    assert review.created_at == datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
    assert (review.order_id, review.product_id) == ("2605170000001", "p1")


@pytest.mark.parametrize(
    ("written", "rating"),
    [
        *(("好评", 5), ("中评", 3), ("差评", 1), ("負評", 1), ("Bad", 1)),
        *(("5", 5), (4, 4), (3.0, 3), ("2.0", 2), ("1星", 1), ("五星", 5), ("4 stars", 4)),
        *(("★★★☆☆", 3), ("5/5", 5), ("0", None), ("", None), ("-", None), (None, None)),
    ],
)
def test_ratings_are_read_in_words_and_stars(written: object, rating: int | None) -> None:
    assert rating_of(written) == rating  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["很好", "6", "五颗星", "-1", "3.5"])
def test_what_is_no_rating_is_refused(written: str) -> None:
    with pytest.raises(BadInput):
        rating_of(written)


@pytest.mark.parametrize(
    ("row", "place", "reason"),
    [
        (ROW.replace("差评", "很差"), "row 2, column 评价类型", "no rating"),
        (ROW.replace("2026-11-02 20:00:00", "昨天"), "row 2, column 评价时间", "no time"),
        (ROW.replace("差评,漏水", ","), "row 2", "neither"),
        (ROW.replace("2605170000001,", "2.61E+12,"), "row 2, column 订单编号", "digits"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_taken(
    row: str, place: str, reason: str
) -> None:
    found = read(HEADER, row, ROW)
    (rejected,) = found.rejected
    assert rejected.place.endswith(place)
    assert reason in rejected.reason
    assert len(found.reviews) == 1


def test_a_browser_addons_export_without_orders_is_read() -> None:
    header = "评论内容,追加评论,评分,日期,SKU,用户昵称,商家回复,平台"
    row = "一般,后来坏了,3,2026-11-01,白色 500ml,小***,抱歉,淘宝"
    one, other = (
        read(header, row).reviews[0],
        read(header, row.replace("一般", "很差")).reviews[0],
    )
    assert (one.follow_up, one.reply, one.rating) == ("后来坏了", "抱歉", 3)
    assert one.review_id == other.review_id  # edited, it is still the same review


def test_a_note_above_the_header_and_empty_rows_do_no_harm() -> None:
    found = read("评价导出,,,,,,,,,", HEADER, ",,,,,,,,,", ROW)
    assert (found.rows_read, len(found.reviews)) == (1, 1)


def test_a_file_of_orders_is_refused() -> None:
    with pytest.raises(BadInput, match="评价内容"):
        read("订单编号,快递单号", "1,YT1")


@given(st.text(max_size=300), st.text(max_size=20))
def test_no_text_breaks_the_reading(text: str, rating: str) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows([["评价内容", "评分", "订单号"], [text, rating, "2605170000001"]])
    content = out.getvalue().encode("utf-8-sig", "replace")
    found = read_reviews(content, "r.csv", "tb1", CHINA)
    assert len(found.reviews) + len(found.rejected) == found.rows_read
