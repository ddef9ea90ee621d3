"""Reviews at TOP: the list of a window, one of them again, what buyers add, whether to reply.

Facts: platforms reference, section 1.3. A rating has no id of its own; a later addition is told by
Tmall alone, in a call per review; an edit changes no time, and what was deleted is not listed any
more: both are seen by asking again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from aftersales.couriers.china import CHINA, china_time
from aftersales.couriers.reading import mapping, text, whole
from aftersales.errors import BadInput, Refused, Unreachable
from aftersales.platforms.base import Page, WriteAnswer
from aftersales.platforms.taobao_call import TIMESTAMP_FORMAT, TopCaller
from aftersales.platforms.taobao_paging import ListMethod, read_page
from aftersales.platforms.taobao_reply import row_id, rows
from aftersales.reviews import Review
from aftersales.settings.model import Shop

REVIEW_PAGE_SIZE = 100  # 150 at most
FOLLOW_UP_PAGE_SIZE = 20  # each review costs a further call
ORDER_PAGE_SIZE = 150  # ratings of one order: one per line
REVIEW_ROWS_LIMIT = 1500  # of one window, whatever it holds
REVIEW_LOOK_BACK_DAYS = 179  # 180
REPLY_LIMIT_CHARACTERS = 500
REPLY_WITHIN = timedelta(days=30)

LIST_METHOD = "taobao.traderates.get"
FOLLOW_UP_METHOD = "tmall.traderate.feeds.get"
REVIEW_FIELDS = "tid,oid,role,nick,ouid,result,created,item_title,content,reply,num_iid,valid_score"
FROM_BUYERS = {"fields": REVIEW_FIELDS, "rate_type": "get", "role": "buyer"}
RATINGS = {"good": 5, "neutral": 3, "bad": 1}
ABOUT_THIS_ONE = "15 "
"""So begins the code of a refusal that is about one review: TOP itself works."""
ITEM_PAGES = {
    "tmall": "https://detail.tmall.com/item.htm?id={item}",
    "taobao": "https://item.taobao.com/item.htm?id={item}",
}
"""Where the reviews of a product are read. A review has no address of its own."""


class TopReviews:
    """The reviews of one shop. `follow_ups`: ask Tmall for what buyers have added to each."""

    def __init__(
        self, caller: TopCaller, shop: Shop, wall_now: Callable[[], datetime], *, follow_ups: bool
    ) -> None:
        self._caller, self._shop, self._wall_now = caller, shop, wall_now
        self.follow_ups = follow_ups

    def page(self, start: datetime, end: datetime, cursor: str) -> Page[Review]:
        """See `Platform.reviews`."""
        asked = {**FROM_BUYERS, "start_date": _time(start), "end_date": _time(end)}
        size = FOLLOW_UP_PAGE_SIZE if self.follow_ups else REVIEW_PAGE_SIZE
        feed = ListMethod(LIST_METHOD, "trade_rates", "trade_rate", size, REVIEW_ROWS_LIMIT)
        return read_page(self._caller, feed, asked, cursor, self._review)

    def again(self, known: Review) -> Review:
        """See `Platform.review`. Asked for is the order: TOP knows no review by a name."""
        if not known.order_id:
            raise Refused(f"{LIST_METHOD}: the review names no order", code="no_order")
        asked = {**FROM_BUYERS, "tid": known.order_id, "page_size": str(ORDER_PAGE_SIZE)}
        told = self._caller.call(LIST_METHOD, asked)
        found = rows(told, "trade_rates", "trade_rate")
        if not found and whole(told.get("total_results")) is None and "request_id" not in told:
            raise Unreachable(f"{LIST_METHOD}: no usable answer")
        for row in found:
            if _is_about(row, known):
                return self._review(row)
        age = self._wall_now() - known.created_at if known.created_at else timedelta(0)
        if age > timedelta(days=REVIEW_LOOK_BACK_DAYS):
            # Not listed does not mean deleted: TOP shows no older ones.
            raise Refused(f"{LIST_METHOD}: reviews this old are not shown", code="too_old")
        return replace(known, deleted=True)

    def refusal_of_reply(self, review: Review, reply: str) -> WriteAnswer | None:
        """Why TOP would refuse this reply, None where it would not."""
        length, days = len(reply), REPLY_WITHIN.days
        age = self._wall_now() - review.created_at if review.created_at else timedelta(0)
        asked = (
            (not reply, "reply_empty", "the reply has no text"),
            (
                length > REPLY_LIMIT_CHARACTERS,
                "reply_too_long",
                f"{length} characters; {REPLY_LIMIT_CHARACTERS} are allowed",
            ),
            (not review.line_id, "no_order_line", "the review names no order line"),
            (review.deleted, "review_deleted", "the review is not shown any more"),
            (review.has_reply, "already_replied", "the review has a reply already"),
            (
                bool(review.follow_up or review.follow_up_at),
                "buyer_followed_up",
                "the buyer has added to the review",
            ),
            (age > REPLY_WITHIN, "reply_too_late", f"the review is older than {days} days"),
        )
        found = ((code, told) for refused, code, told in asked if refused)
        first = next(found, None)
        return WriteAnswer(False, *first) if first else None

    def _review(self, row: Mapping[str, Any]) -> Review:
        review = read_review(row, self._shop)
        if not self.follow_ups:
            return review
        try:
            told = self._caller.call(FOLLOW_UP_METHOD, {"child_trade_id": review.line_id})
        except Refused as exc:
            if exc.code.startswith(ABOUT_THIS_ONE):
                return review  # the review itself is worth more than what may have been added
            raise
        return with_follow_up(review, told)


def read_review(row: Mapping[str, Any], shop: Shop) -> Review:
    """A rating received from a buyer. TOP gives it no id: it is the line and who wrote it."""
    line_id, product_id = row_id(row, "oid", "tid"), text(row.get("num_iid"))
    pages = ITEM_PAGES.get(shop.platform, "")
    has_page = product_id.isascii() and product_id.isdigit()
    return Review(
        shop_id=shop.id,
        review_id=f"{line_id}:{text(row.get('role')) or 'buyer'}",
        text=text(row.get("content")),
        rating=RATINGS.get(text(row.get("result")).lower()),
        order_id=text(row.get("tid")),
        line_id=line_id,
        product_id=product_id,
        product_title=text(row.get("item_title")),
        buyer_ref=text(row.get("ouid")) or text(row.get("nick")),
        created_at=china_time(row.get("created")),
        reply=text(row.get("reply")),
        permalink=pages.format(item=product_id) if has_page else "",
    )


def with_follow_up(review: Review, told: Mapping[str, Any]) -> Review:
    """A review with what its buyer added. Raises `Unreachable` where the answer says nothing."""
    info = mapping(told.get("tmall_rate_info")) or told
    if not info or not ({"content", "append_content", "comment_time", "request_id"} & info.keys()):
        raise Unreachable(f"{FOLLOW_UP_METHOD}: no usable answer")
    added = text(info.get("append_content"))
    return replace(
        review,
        text=review.text or text(info.get("content")),
        follow_up=added,
        follow_up_at=china_time(info.get("append_time")) if added else None,
    )


def _is_about(row: Mapping[str, Any], known: Review) -> bool:
    try:
        return row_id(row, "oid", "tid") == known.line_id
    except BadInput:
        return False


def _time(at: datetime) -> str:
    return at.astimezone(CHINA).strftime(TIMESTAMP_FORMAT)
