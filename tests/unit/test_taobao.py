"""The Taobao and Tmall connector against a small TOP server."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aftersales.errors import (
    AftersalesError,
    Misconfigured,
    OutsideFailure,
    Refused,
    Throttled,
    TryLater,
    Unreachable,
)
from aftersales.http import AmbiguousDelivery, HttpReply, HttpRequest
from aftersales.platforms.base import FEEDS, QUOTA_USED_UP, Capability, Page
from aftersales.platforms.registry import build_platform
from aftersales.platforms.taobao import Taobao
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from tests.top_server import NOW, SECRETS, TopServer, china, error, trade

START, END = NOW - timedelta(minutes=30), NOW - timedelta(minutes=3)


def connect(
    server: Callable[[HttpRequest], HttpReply],
    platform: str = "taobao",
    *,
    now: datetime = NOW,
    **options: str,
) -> Taobao:
    shop = Shop(id="s1", platform=platform)
    return Taobao(shop, SECRETS, server, options=options, wall_now=lambda: now)


def read_all(shop: Taobao, what: str = "orders") -> list[Any]:
    """Every item of the window, as the poller reads it."""
    read = getattr(shop, what)
    found: list[Any] = []
    page: Page[Any] = read(START, END)
    for _ in range(100):
        assert not page.window_full
        found += page.items
        if not page.cursor:
            return found
        page = read(START, END, page.cursor)
    raise AssertionError("the window never ends")


def trades(count: int) -> list[dict[str, Any]]:
    return [trade(number, START + timedelta(seconds=number)) for number in range(count)]


def test_a_small_window_is_read_in_one_call() -> None:
    server = TopServer(trades=trades(50))
    page = connect(server).orders(START, END)
    assert (len(page.items), page.cursor, page.rejected) == (50, "", ())
    [call] = server.calls
    assert call["start_modified"] == "2026-07-02 11:30:00"
    assert call["end_modified"] == "2026-07-02 11:57:00"
    assert (call["page_size"], call["page_no"]) == ("50", "1")
    assert {"tid", "timeout_action_time", "orders"} <= set(call["fields"].split(","))


def test_a_window_without_orders_is_empty() -> None:
    assert connect(TopServer()).orders(START, END) == Page()


def test_a_large_window_is_read_from_the_last_page_to_the_first() -> None:
    server = TopServer(trades=trades(120))
    found = read_all(connect(server))
    assert {order.order_id for order in found} == {row["tid_str"] for row in server.trades}
    assert [call["page_no"] for call in server.calls] == ["1", "3", "2", "1"]


def changed_now(numbers: list[int]) -> Callable[[TopServer], None]:
    def move(server: TopServer) -> None:
        for number in numbers:
            server.trades[number]["modified"] = china(NOW)

    return move


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 119), max_size=30), max_size=6))
def test_an_order_that_stays_in_the_window_is_never_passed_over(moves: list[list[int]]) -> None:
    """Others change while it is read, leave the window and pull those behind them forward."""
    server = TopServer(trades=trades(120), moves=[changed_now(numbers) for numbers in moves])
    found = {order.order_id for order in read_all(connect(server))}
    gone = {number for numbers in moves for number in numbers}
    stayed = {row["tid_str"] for number, row in enumerate(server.trades) if number not in gone}
    assert stayed <= found


def put_in_front(server: TopServer) -> None:
    server.trades.append(trade(1000 + len(server.trades), END))


def test_a_window_that_grows_while_it_is_read_is_read_again() -> None:
    server = TopServer(trades=trades(120), moves=[lambda _: None, put_in_front])
    found = read_all(connect(server))
    assert {order.order_id for order in found} == {row["tid_str"] for row in server.trades}
    assert [call["page_no"] for call in server.calls] == ["1", "3", "2", "3", "2", "1"]


def test_a_window_that_never_stops_growing_is_to_be_halved() -> None:
    server = TopServer(trades=trades(120), moves=[put_in_front] * 50)
    shop = connect(server)
    page = shop.orders(START, END)
    while page.cursor:
        page = shop.orders(START, END, page.cursor)
    assert page == Page(window_full=True)
    assert len(server.calls) < 10


def test_a_full_page_without_a_count_is_to_be_halved() -> None:
    rows = {"trades_sold_increment_get_response": {"trades": {"trade": trades(50)}}}
    page = connect(lambda _: HttpReply(200, json.dumps(rows).encode())).orders(START, END)
    assert page == Page(window_full=True)


def test_a_row_that_cannot_be_read_is_put_aside_and_the_rest_goes_on() -> None:
    server = TopServer(trades=trades(3))
    server.trades[1]["payment"] = "viel"
    page = connect(server).orders(START, END)
    assert len(page.items) == 2
    [row] = page.rejected
    assert row.place == "taobao.trades.sold.increment.get page 1 row 2"
    assert "viel" in row.reason
    assert json.loads(row.raw)["payment"] == "viel"


def test_the_order_feed_of_an_app_with_fewer_rights_can_be_set() -> None:
    asked: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpReply:
        asked.append(request)
        return HttpReply(200, b'{"trades": [], "total_results": 0}')

    shop = connect(answer, order_method="taobao.trades.simple.sold.increment.get")
    assert shop.orders(START, END) == Page()
    assert b"method=taobao.trades.simple.sold.increment.get&" in asked[0].body
    connect(answer, order_method="taobao.trades.sold.incrementv.get").orders(START, END)
    assert b"start_create=" in asked[1].body
    assert b"start_modified=" not in asked[1].body


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
def test_the_server_accepts_every_way_of_signing(sign_method: str) -> None:
    server = TopServer(trades=trades(1))
    assert len(connect(server, sign_method=sign_method).orders(START, END).items) == 1


def test_one_order_is_read_as_it_is_now() -> None:
    server = TopServer(trades=trades(2))
    order_id = server.trades[1]["tid_str"]
    assert connect(server).order(order_id).order_id == order_id
    assert server.calls[0]["tid"] == order_id


def test_an_order_that_does_not_exist_is_refused_with_the_reason() -> None:
    with pytest.raises(Refused, match="交易不存在") as caught:
        connect(TopServer()).order("1")
    assert caught.value.code == "15 isv.trade-not-exist"


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        ({"trade_fullinfo_get_response": {"request_id": "x"}}, Unreachable),
        ({"trade_fullinfo_get_response": {"trade": {"tid": 2}}}, Unreachable),
        ({"trade_fullinfo_get_response": {"trade": {"tid": 1, "payment": "?"}}}, Refused),
    ],
)
def test_an_answer_that_holds_no_such_order_is_none(
    body: dict[str, Any], failure: type[OutsideFailure]
) -> None:
    with pytest.raises(failure):
        connect(lambda _: HttpReply(200, json.dumps(body).encode())).order("1")


def test_an_answer_without_wrappers_is_read_too() -> None:
    body = json.dumps({"trade": trade(1, START), "request_id": "x"}).encode()
    tid = trade(1, START)["tid_str"]
    assert connect(lambda _: HttpReply(200, body)).order(tid).order_id == tid


def refund(number: int, status: str) -> dict[str, Any]:
    at = china(START + timedelta(seconds=number))
    return {
        "refund_id": f"77{number}",
        "tid": 4200000000000000001,
        "oid": 4200000000000000002,
        "status": status,
        "created": at,
        "modified": at,
        "refund_fee": "88.00",
        "reason": "不想要了",
    }


def test_open_refunds_get_their_deadline_and_final_ones_cost_no_call() -> None:
    open_one, final = refund(1, "WAIT_SELLER_AGREE"), refund(2, "SUCCESS")
    detail = {
        **open_one,
        "dispute_type": "REFUND_AND_RETURN",
        "cs_status": 2,
        "refund_remind_timeout": {"exist_timeout": True, "timeout": "2026-07-04 12:00:00"},
    }
    server = TopServer(refunds=[open_one, final], details={"771": detail})
    done, waiting = connect(server).refunds(START, END).items
    assert server.methods == ["taobao.refunds.receive.get", "taobao.refund.get"]
    assert (waiting.deadline, waiting.disputed) == (datetime(2026, 7, 4, 4, tzinfo=UTC), True)
    assert (done.deadline, done.disputed, done.amount_minor) == (None, False, 8800)


def test_without_details_refunds_are_read_but_disputes_are_not_promised() -> None:
    server = TopServer(refunds=[refund(1, "WAIT_SELLER_AGREE")])
    shop = connect(server, refund_details="off")
    assert len(shop.refunds(START, END).items) == 1
    assert server.methods == ["taobao.refunds.receive.get"]
    assert Capability.DISPUTES not in shop.capabilities
    assert Capability.DISPUTES in connect(server).capabilities


def rating(number: int) -> dict[str, Any]:
    return {
        "tid": 41,
        "oid": 4200000000000000000 + number,
        "role": "buyer",
        "result": "bad",
        "created": china(START + timedelta(seconds=number % 1000)),
        "content": "不好",
    }


def test_reviews_are_read_over_pages() -> None:
    server = TopServer(ratings=[rating(number) for number in range(250)])
    found = read_all(connect(server), "reviews")
    assert len({review.review_id for review in found}) == 250
    assert {review.rating for review in found} == {1}


def test_a_window_with_more_reviews_than_are_shown_is_to_be_halved() -> None:
    server = TopServer(ratings=[rating(number) for number in range(1600)])
    assert connect(server).reviews(START, END) == Page(window_full=True)


ADDED = {"append_content": "用了三天又坏了", "append_time": china(NOW)}


def test_tmall_tells_what_buyers_add_to_their_reviews_later() -> None:
    rows = [rating(number) for number in range(3)]
    server = TopServer(ratings=rows, added={str(rows[1]["oid"]): ADDED})
    found = {review.line_id: review for review in read_all(connect(server, "tmall"), "reviews")}
    followed = found.pop(str(rows[1]["oid"]))
    assert (followed.follow_up, followed.follow_up_at) == ("用了三天又坏了", NOW)
    assert {(review.follow_up, review.follow_up_at) for review in found.values()} == {("", None)}
    assert server.methods.count("tmall.traderate.feeds.get") == 3


@pytest.mark.parametrize(("platform", "option"), [("tmall", "off"), ("taobao", "on")])
def test_nobody_is_asked_for_additions_where_none_are_told(platform: str, option: str) -> None:
    server = TopServer(ratings=[rating(1)])
    shop = connect(server, platform, review_follow_ups=option)
    assert len(shop.reviews(START, END).items) == 1
    assert server.methods == ["taobao.traderates.get"]
    assert Capability.REVIEW_FOLLOW_UPS not in shop.capabilities
    assert Capability.REVIEW_FOLLOW_UPS in connect(server, "tmall").capabilities


def test_a_review_whose_additions_are_refused_is_kept_and_a_lacking_permission_is_told() -> None:
    server = TopServer(ratings=[rating(1)])
    shop = connect(server, "tmall")
    (known,) = shop.reviews(START, END).items
    gone = error(15, "Remote service error", "isv.rate-not-found")
    server.errors = [{}, gone]
    (kept,) = shop.reviews(START, END).items
    assert kept == known
    server.errors = [{}, error(11, "Insufficient isv permissions", "isv.permission-api-package")]
    with pytest.raises(Refused, match=r"feeds\.get"):
        shop.reviews(START, END)


def test_a_review_is_read_again_as_it_is_edited_added_to_or_gone() -> None:
    rows = [rating(1), rating(2)]
    server = TopServer(ratings=rows)
    shop = connect(server, "tmall")
    known = next(r for r in shop.reviews(START, END).items if r.line_id == str(rows[0]["oid"]))
    assert shop.review(known) == known
    rows[0] |= {"content": "客服很好，已解决", "result": "good"}
    edited = shop.review(known)
    assert (edited.text, edited.rating) == ("客服很好，已解决", 5)
    server.added[known.line_id] = ADDED
    followed = shop.review(known)
    assert followed.follow_up == "用了三天又坏了"
    server.ratings = rows[1:]
    gone = shop.review(known)
    assert (gone.deleted, gone.text) == (True, "不好")
    assert len({each.content_hash for each in (known, edited, followed, gone)}) == 4


def test_a_review_that_is_too_old_to_be_shown_is_not_taken_for_deleted() -> None:
    old = Review("s1", "1:buyer", "", order_id="41", line_id="1", created_at=NOW - timedelta(180))
    with pytest.raises(Refused) as refused:
        connect(TopServer(), "tmall").review(old)
    assert refused.value.code == "too_old"
    with pytest.raises(Refused, match="names no order"):
        connect(TopServer(), "tmall").review(replace(old, order_id=""))


REVIEW = Review("s1", "1:buyer", "不好", line_id="1", created_at=NOW - timedelta(days=30))


def test_a_tmall_seller_answers_a_review() -> None:
    server = TopServer()
    shop = connect(server, "tmall")
    assert Capability.REPLY_TO_REVIEW in shop.capabilities
    assert Capability.REPLY_TO_REVIEW not in connect(server).capabilities
    answer = shop.reply_to_review(REVIEW, "  抱歉给您带来不便。 ")
    assert answer.accepted
    assert server.calls[0]["reply"] == "抱歉给您带来不便。"
    assert shop.reply_to_review(REVIEW, "好" * 500).accepted


@pytest.mark.parametrize(
    ("review", "text", "code"),
    [
        (REVIEW, " \n", "reply_empty"),
        (REVIEW, "好" * 501, "reply_too_long"),
        (replace(REVIEW, line_id=""), "好", "no_order_line"),
        (replace(REVIEW, deleted=True), "好", "review_deleted"),
        (replace(REVIEW, reply="已补发"), "好", "already_replied"),
        (replace(REVIEW, follow_up="还是不好"), "好", "buyer_followed_up"),
        (replace(REVIEW, follow_up_at=NOW), "好", "buyer_followed_up"),
        (replace(REVIEW, created_at=NOW - timedelta(days=30, seconds=1)), "好", "reply_too_late"),
    ],
)
def test_a_reply_that_would_be_refused_is_not_sent(review: Review, text: str, code: str) -> None:
    server = TopServer()
    answer = connect(server, "tmall").reply_to_review(review, text)
    assert (answer.accepted, answer.code) == (False, code)
    assert answer.message
    assert server.calls == []


@pytest.mark.parametrize("days", [3, 5, 7, 10])
def test_the_receipt_time_is_extended(days: int) -> None:
    server = TopServer()
    assert connect(server).extend_receipt("41", days).accepted
    assert (server.calls[0]["tid"], server.calls[0]["days"]) == ("41", str(days))


@pytest.mark.parametrize("days", [0, 1, 4, 15, -3])
def test_days_that_are_not_offered_are_not_asked_for(days: int) -> None:
    server = TopServer()
    answer = connect(server).extend_receipt("41", days)
    assert (answer.accepted, answer.code) == (False, "days_not_offered")
    assert server.calls == []


def test_what_the_platform_says_against_an_extension_is_the_answer() -> None:
    answer = connect(TopServer()).extend_receipt("49", 3)
    assert (answer.accepted, answer.code) == (False, "15 isv.trade-status-error")
    assert "状态不允许" in answer.message


def test_an_extension_that_may_have_been_carried_out_is_not_sent_again() -> None:
    sent: list[HttpRequest] = []

    def silent(request: HttpRequest) -> HttpReply:
        sent.append(request)
        raise AmbiguousDelivery("no answer in time")

    with pytest.raises(AmbiguousDelivery):
        connect(silent).extend_receipt("41", 3)
    assert len(sent) == 1


TABLE = [
    *((code, "", Throttled) for code in (4, 5, 6, 7, 8)),
    (10, "", TryLater),
    (15, "", TryLater),
    (15, "isp.top-remote-connection-timeout", TryLater),
    (15, "isv.invalid-parameter", Refused),
    (530, "isp.remote-service-error", TryLater),
    (530, "isv.trade-not-exist", Refused),
    (530, "", Refused),
    *((code, "", Refused) for code in (3, 9, 11, 12, 13, 42)),
    *((code, "", Refused) for code in (21, 22, 23, 24)),
    *((code, "", Misconfigured) for code in (25, 26, 27, 29)),
    *((code, "", Refused) for code in (28, 30, 32, 33, 34, 40, 41, 43)),
    (11, "isp.no-permission", Refused),
]


@pytest.mark.parametrize(("code", "sub_code", "failure"), TABLE)
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("as_text", [True, False])
def test_each_error_code_is_one_kind_of_failure(
    code: int, sub_code: str, failure: type[AftersalesError], status: int, as_text: bool
) -> None:
    told = error(code, "told", sub_code)
    told["error_response"]["code"] = str(code) if as_text else code
    for body in (told, told["error_response"]):
        answer = HttpReply(status, json.dumps(body).encode())
        with pytest.raises(AftersalesError) as caught:
            connect(lambda _, answer=answer: answer).orders(START, END)
        assert type(caught.value) is failure
        assert str(code) in str(caught.value)


@pytest.mark.parametrize(
    ("code", "said", "seconds"),
    [
        (7, "This ban will last for 12 more seconds", 12.0),
        (7, "请在30秒后重试", 30.0),
        (7, "ban of 1 second", 1.0),
        (7, "this ban will last for 999999 more seconds", 86400.0),
        (8, "too frequent", None),
        (4, "too many calls today", 3600.0),
        (5, "This ban will last for 7200 more seconds", 7200.0),
        (6, "This ban will last for 2 more seconds", 3600.0),
    ],
)
def test_a_throttled_call_says_how_long_to_wait(
    code: int, said: str, seconds: float | None
) -> None:
    server = TopServer(errors=[error(code, "App Call Limited", "accesscontrol.limited", said)])
    with pytest.raises(Throttled) as caught:
        connect(server).orders(START, END)
    assert caught.value.retry_after_seconds == seconds
    assert (caught.value.code == QUOTA_USED_UP) == (code in (4, 5, 6))


def test_after_being_throttled_the_same_page_can_be_asked_again() -> None:
    server = TopServer(trades=trades(120))
    shop = connect(server)
    cursor = shop.orders(START, END).cursor
    server.errors.append(error(7))
    with pytest.raises(Throttled):
        shop.orders(START, END, cursor)
    page = shop.orders(START, END, cursor)
    assert len(page.items) == 20
    assert page.cursor


def test_an_ended_session_tells_the_operator_to_authorise_again() -> None:
    shop = Shop(id="s1", platform="taobao")
    ended = {**SECRETS, "session": "ended-session"}
    with pytest.raises(Misconfigured, match="Authorise the shop again"):
        Taobao(shop, ended, TopServer(), wall_now=lambda: NOW).orders(START, END)


def test_a_wrong_app_secret_is_the_operators_matter() -> None:
    shop = Shop(id="s1", platform="taobao")
    wrong = {**SECRETS, "app_secret": "another"}
    with pytest.raises(Misconfigured, match="app_secret"):
        Taobao(shop, wrong, TopServer(), wall_now=lambda: NOW).orders(START, END)


@pytest.mark.parametrize("minutes", [-30, 30])
def test_with_a_wrong_clock_the_servers_is_asked_once_and_used_from_then_on(minutes: int) -> None:
    server = TopServer(trades=trades(1))
    shop = connect(server, now=NOW + timedelta(minutes=minutes))
    assert len(shop.orders(START, END).items) == 1
    assert len(shop.orders(START, END).items) == 1
    feed = "taobao.trades.sold.increment.get"
    assert server.methods == [feed, "taobao.time.get", feed, feed]
    assert "session" not in server.calls[1]


def test_a_time_that_is_never_right_is_refused_after_one_retry() -> None:
    server = TopServer(errors=[error(31), error(31), error(31)])
    with pytest.raises(Refused) as caught:
        connect(server).orders(START, END)
    assert caught.value.code == "31"
    assert len(server.methods) == 3


@pytest.mark.parametrize("said", [SECRETS["session"], SECRETS["app_secret"]])
def test_a_secret_or_a_phone_that_the_vendor_repeats_is_not_told_on(said: str) -> None:
    told = error(15, f"bad {said}", "isv.x", f"session={said} 手机13812345678")
    with pytest.raises(Refused) as caught:
        connect(TopServer(errors=[told])).orders(START, END)
    assert said not in str(caught.value)
    assert "13812345678" not in str(caught.value)


def test_the_end_of_the_session_is_known_where_it_was_stored() -> None:
    shop = connect(TopServer())
    assert shop.token_expires_at() == datetime(2026, 11, 30, tzinfo=UTC)
    assert Capability.TOKEN_EXPIRES in shop.capabilities
    without = {**SECRETS, "session_expires_at": ""}
    silent = Taobao(Shop(id="s1", platform="taobao"), without, TopServer())
    assert silent.token_expires_at() is None
    assert Capability.TOKEN_EXPIRES not in silent.capabilities


@pytest.mark.parametrize(
    ("secrets", "options", "named"),
    [
        ({"app_key": ""}, {}, "app_key"),
        ({"app_secret": ""}, {}, "app_secret"),
        ({"session": ""}, {}, "session"),
        ({"session_expires_at": "soon"}, {}, "session_expires_at"),
        ({}, {"sign_method": "sha1"}, "sign_method"),
        ({}, {"order_method": "taobao.trade.close"}, "order_method"),
        ({}, {"unpaid_close_hours": "a day"}, "unpaid_close_hours"),
        ({}, {"unpaid_close_hours": "-1"}, "unpaid_close_hours"),
        ({}, {"unpaid_close_hours": "nan"}, "unpaid_close_hours"),
        ({}, {"refund_details": "maybe"}, "refund_details"),
    ],
)
def test_a_wrong_secret_or_option_is_named_without_its_value(
    secrets: dict[str, str], options: dict[str, str], named: str
) -> None:
    shop = Shop(id="s1", platform="taobao")
    with pytest.raises(Misconfigured, match=named) as caught:
        Taobao(shop, {**SECRETS, **secrets}, TopServer(), options=options)
    assert "s1" in str(caught.value)
    assert not any(value in str(caught.value) for value in SECRETS.values())


def test_unpaid_orders_close_when_the_shop_says() -> None:
    server = TopServer(trades=trades(1))
    [order] = connect(server, unpaid_close_hours="0.5").orders(START, END).items
    assert order.pay_by == START + timedelta(minutes=30)


@pytest.mark.parametrize("platform", ["taobao", "tmall"])
def test_the_registry_builds_one_connector_for_both(platform: str) -> None:
    shop = Shop(id="s1", platform=platform, base_url="http://127.0.0.1:9/router/rest")
    sent: list[HttpRequest] = []

    def keep(request: HttpRequest) -> HttpReply:
        sent.append(request)
        return HttpReply(503)

    connection = build_platform(shop, SECRETS, keep)
    assert isinstance(connection, Taobao)
    with pytest.raises(Unreachable):
        connection.order("1")
    assert sent[0].url == "http://127.0.0.1:9/router/rest"
    assert all(connection.feed_limits(feed).window_seconds <= 24 * 3600 for feed in FEEDS)
