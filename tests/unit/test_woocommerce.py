"""WooCommerce: what is asked, how pages are read, what refusals mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from aftersales.errors import Misconfigured, Refused, Throttled, TryLater, Unreachable
from aftersales.http import HttpReply
from aftersales.platforms.base import FEEDS, Capability
from aftersales.platforms.woocommerce import WooCommerce, hold_stock
from aftersales.refunds import RefundState
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from tests.woo_server import KEY, SECRET, WooShop, order_row, refusal

SHOP = Shop(
    id="us-store", platform="woocommerce", currency="USD", base_url="https://shop.example.com/"
)
SECRETS = {"consumer_key": KEY, "consumer_secret": SECRET}
START = datetime(2026, 11, 3, 10, tzinfo=UTC)
END = datetime(2026, 11, 3, 12, tzinfo=UTC)
INSIDE = "2026-11-03T11:00:00"


def connected(woo: WooShop, shop: Shop = SHOP, **secrets: str) -> WooCommerce:
    return WooCommerce(shop, {**SECRETS, **secrets}, woo)


def all_orders(platform: WooCommerce) -> list[str]:
    found, cursor = [], ""
    while True:
        page = platform.orders(START, END, cursor)
        found += [order.order_id for order in page.items]
        cursor = page.cursor
        if not cursor:
            return found


def test_a_question_is_the_one_that_the_vendor_s_own_client_asks():
    # Recorded: the client library `WooCommerce` 3.0.0 for Python, same keys and parameters.
    woo = WooShop(troubles=[HttpReply(200, b"[]")])
    secrets = {
        "consumer_key": "ck_0f1e2d3c4b5a69788796a5b4c3d2e1f001234567",
        "consumer_secret": "cs_76543210f0e1d2c3b4a5968778695a4b3c2d1e0f",
    }
    WooCommerce(SHOP, secrets, woo).orders(
        datetime(2026, 11, 3, 2, tzinfo=UTC), datetime(2026, 11, 3, 4, tzinfo=UTC)
    )
    (request,) = woo.requests
    address, _, query = request.url.partition("?")
    assert request.method == "GET"
    assert address == "https://shop.example.com/wp-json/wc/v3/orders"
    assert set(query.split("&")) == set(
        [
            "status=any",
            "page=1",
            "per_page=100",
            "modified_after=2026-11-03T01%3A59%3A59",
            "modified_before=2026-11-03T04%3A00%3A00",
            "dates_are_gmt=true",
            "orderby=id",
            "order=asc",
        ]
    )
    assert request.headers["authorization"] == (
        "Basic Y2tfMGYxZTJkM2M0YjVhNjk3ODg3OTZhNWI0YzNkMmUxZjAwMTIzNDU2Nzpjc183NjU0MzIxMGYwZTFkMm"
        "MzYjRhNTk2ODc3ODY5NWE0YjNjMmQxZTBm"
    )


def test_a_shop_in_a_folder_keeps_it():
    shop = Shop(id="s", base_url="https://shop.example.com/store/")
    woo = WooShop(troubles=[HttpReply(200, b"[]")])
    connected(woo, shop).orders(START, END)
    assert woo.requests[0].url.startswith("https://shop.example.com/store/wp-json/wc/v3/orders?")


def test_a_window_is_closed_at_its_start_and_open_at_its_end():
    times = {
        1: "2026-11-03T09:59:59",
        2: "2026-11-03T10:00:00",
        3: "2026-11-03T11:59:59",
        4: "2026-11-03T12:00:00",
    }
    woo = WooShop(orders=[order_row(number, changed) for number, changed in times.items()])
    assert all_orders(connected(woo)) == ["2", "3"]


def test_one_page_costs_one_question():
    woo = WooShop(orders=[order_row(number, INSIDE) for number in range(1, 100)])
    page = connected(woo).orders(START, END)
    assert (len(page.items), page.cursor, len(woo.requests)) == (99, "", 1)


def test_the_last_page_is_read_first():
    woo = WooShop(orders=[order_row(number, INSIDE) for number in range(1, 251)])
    platform = connected(woo)
    page = platform.orders(START, END)
    assert [page.items[0].order_id, page.items[-1].order_id] == ["201", "250"]
    assert sorted(map(int, all_orders(platform))) == list(range(1, 251))


@pytest.mark.parametrize("moving", [1, 99, 100, 101, 150, 200, 201, 250])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_an_order_that_changes_while_pages_are_read_hides_no_other(moving, after):
    woo = WooShop(orders=[order_row(number, INSIDE) for number in range(1, 251)])
    pages = 0

    def change() -> None:
        nonlocal pages
        pages += 1
        if pages == after:
            woo.orders[moving - 1]["date_modified_gmt"] = "2026-11-03T12:00:30"

    woo.after_page = change
    found = set(map(int, all_orders(connected(woo))))
    assert found >= set(range(1, 251)) - {moving}


def test_pages_that_vanish_while_being_read_are_empty_and_no_error():
    woo = WooShop(orders=[order_row(number, INSIDE) for number in range(1, 202)])

    def change() -> None:
        for row in woo.orders[:150]:
            row["date_modified_gmt"] = "2026-11-03T12:00:30"

    woo.after_page = change
    assert set(all_orders(connected(woo))) == {str(number) for number in range(151, 202)}


def test_a_full_page_without_totals_asks_for_shorter_windows():
    woo = WooShop(
        orders=[order_row(number, INSIDE) for number in range(1, 120)], tells_totals=False
    )
    page = connected(woo).orders(START, END)
    assert page.window_full
    assert page.cursor == ""


def test_a_shop_that_does_not_know_the_filter_is_named():
    woo = WooShop(orders=[order_row(7, "2024-01-31T10:00:00")], ignores_filter=True)
    with pytest.raises(Misconfigured, match="us-store"):
        connected(woo).orders(START, END)


def test_a_row_that_cannot_be_read_is_put_aside_and_the_rest_goes_on():
    rows = [order_row(1, INSIDE), {"status": "pending"}, "not an order", order_row(4, INSIDE)]
    woo = WooShop(troubles=[HttpReply(200, json.dumps(rows).encode(), {"x-wp-totalpages": "1"})])
    page = connected(woo).orders(START, END)
    assert [order.order_id for order in page.items] == ["1", "4"]
    assert [row.place for row in page.rejected] == ["orders, row 2", "orders, row 3"]


def test_a_list_with_gaps_that_php_writes_as_an_object_is_a_list():
    rows = {"0": order_row(1, INSIDE), "2": order_row(3, INSIDE)}
    woo = WooShop(troubles=[HttpReply(200, b"\xef\xbb\xbf" + json.dumps(rows).encode())])
    assert [order.order_id for order in connected(woo).orders(START, END).items] == ["1", "3"]


def test_one_order_is_read_again():
    woo = WooShop(orders=[order_row(727, INSIDE)])
    assert connected(woo).order("727").order_id == "727"


def test_an_order_that_is_gone_is_refused_with_its_code():
    with pytest.raises(Refused) as caught:
        connected(WooShop()).order("727")
    assert caught.value.status == 404
    assert caught.value.code == "woocommerce_rest_shop_order_invalid_id"


@pytest.mark.parametrize("order_id", ["", "7/refunds", "../webhooks", "٣"])
def test_an_order_id_of_another_form_is_not_asked_for(order_id):
    woo = WooShop()
    with pytest.raises(Refused):
        connected(woo).order(order_id)
    assert not woo.requests


def test_refunds_of_changed_orders_are_asked_for_one_by_one():
    summary = [{"id": 90, "reason": "", "total": "-10.00"}]
    woo = WooShop(
        orders=[
            order_row(1, INSIDE, refunds=summary),
            order_row(2, INSIDE),
            order_row(3, INSIDE, refunds=summary),
        ],
        refunds={
            "1": [
                {
                    "id": 90,
                    "amount": "10.00",
                    "reason": "Arrived &amp; broken",
                    "date_created_gmt": INSIDE,
                },
                {"amount": "1.00"},
            ]
        },
    )
    page = connected(woo).refunds(START, END)
    (refund,) = page.items
    assert (refund.refund_id, refund.order_id, refund.state) == ("90", "1", RefundState.DONE)
    assert (refund.amount_minor, refund.currency) == (1000, "USD")
    assert refund.reason == "Arrived & broken"
    assert refund.created_at == datetime(2026, 11, 3, 11, tzinfo=UTC)
    assert [row.place for row in page.rejected] == ["order 1, refunds"]
    # Order 3 was deleted between the two questions.
    assert len(woo.requests) == 3


def test_reviews_are_those_of_the_window_whatever_the_shop_s_zone():
    def review(number: int, gmt: str, local: str) -> dict[str, object]:
        return {
            "id": number,
            "date_created": local,
            "date_created_gmt": gmt,
            "product_id": 22,
            "status": "approved",
            "reviewer": "Dana W",
            "reviewer_email": "dana.whitfield@example.com",
            "review": "<p>Soft &amp; thick.</p>\n<p>Would buy again<br>soon</p>",
            "rating": 5,
        }

    woo = WooShop(
        reviews=[
            review(1, "2026-11-03T09:59:59", "2026-11-03T17:59:59"),
            review(2, "2026-11-03T10:00:00", "2026-11-03T18:00:00"),
            review(3, "2026-11-03T12:00:00", "2026-11-03T20:00:00"),
        ]
    )
    page = connected(woo).reviews(START, END)
    (found,) = page.items
    assert (found.review_id, found.rating, found.product_id) == ("2", 5, "22")
    assert found.text == "Soft & thick.\nWould buy again\nsoon"
    assert "@" not in found.buyer_ref
    buyer = connected(WooShop(orders=[order_row(1, INSIDE)])).order("1").buyer_ref
    assert found.buyer_ref == buyer, "the same person, whatever the case of the address"


@pytest.mark.parametrize(("rating", "expected"), [(0, None), (1, 1), ("4", 4), (6, None)])
def test_no_stars_are_no_rating(rating, expected):
    row = {"id": 1, "date_created": INSIDE, "date_created_gmt": INSIDE, "rating": rating}
    (review,) = connected(WooShop(reviews=[row])).reviews(START, END).items
    assert review.rating == expected


def test_a_review_is_read_again_as_it_is_edited_hidden_or_gone():
    row = {"id": 7, "date_created": INSIDE, "date_created_gmt": INSIDE, "rating": 4, "review": "ok"}
    woo = WooShop(reviews=[row])
    shop = connected(woo)
    (known,) = shop.reviews(START, END).items
    assert shop.review(known) == known
    row |= {"review": "it broke", "rating": 1}
    edited = shop.review(known)
    assert (edited.text, edited.rating, edited.deleted) == ("it broke", 1, False)
    row["status"] = "trash"
    assert shop.review(known).deleted
    woo.reviews = []
    gone = shop.review(known)
    assert (gone.deleted, gone.text) == (True, "ok")
    assert len({each.content_hash for each in (known, edited, gone)}) == 3
    with pytest.raises(Refused) as refused:
        shop.review(Review("s1", "7/../9", ""))
    assert refused.value.code == "invalid_id"


@pytest.mark.parametrize(
    ("told", "link"),
    [
        ({"product_permalink": "https://s.example/p/mug/"}, "https://s.example/p/mug/#comment-7"),
        ({"product_permalink": "javascript:alert(1)", "product_id": 22}, "/?p=22#comment-7"),
        ({}, ""),
    ],
)
def test_a_review_leads_to_where_it_is_read(told, link):
    row = {"id": 7, "date_created": INSIDE, "date_created_gmt": INSIDE, **told}
    (review,) = connected(WooShop(reviews=[row])).reviews(START, END).items
    assert review.permalink.endswith(link)
    assert review.permalink.startswith("https://") or not link


MAINTENANCE = b"<!doctype html><title>Briefly unavailable for scheduled maintenance.</title>"


@pytest.mark.parametrize(
    ("reply", "error", "wait"),
    [
        (refusal(401, "woocommerce_rest_cannot_view", "Sorry."), Misconfigured, None),
        (refusal(403, "woocommerce_rest_cannot_view", "Sorry."), Refused, None),
        (refusal(400, "rest_invalid_param", "Invalid parameter(s): orderby"), Refused, None),
        (refusal(404, "rest_no_route", "No route was found."), Misconfigured, None),
        (HttpReply(404, b"<html>Not found</html>"), Misconfigured, None),
        (HttpReply(301, b"", {"location": "https://www.shop.example.com/"}), Misconfigured, None),
        (HttpReply(429, b"slow down", {"retry-after": "30"}), Throttled, 30),
        (HttpReply(429, b"slow down"), Throttled, None),
        (HttpReply(503, MAINTENANCE, {"retry-after": "600"}), Unreachable, 600),
        (refusal(500, "internal_server_error", "<p>There has been an error.</p>"), TryLater, None),
        (HttpReply(200, MAINTENANCE), Unreachable, None),
        (HttpReply(200, b""), Unreachable, None),
        (HttpReply(200, b'{"hello":1}'), Unreachable, None),
        (HttpReply(200, b"[" * 5000), Unreachable, None),
    ],
)
def test_a_refusal_says_whether_to_ask_again(reply, error, wait):
    woo = WooShop(troubles=[reply])
    with pytest.raises(error) as caught:
        connected(woo).orders(START, END)
    said = str(caught.value)
    assert getattr(caught.value, "retry_after_seconds", None) == wait
    assert "us-store" in said
    assert "<" not in said
    assert len(woo.requests) == 1, "redirects are not followed"


def test_no_error_repeats_a_secret():
    woo = WooShop(troubles=[refusal(403, "rest_forbidden", f"Key {KEY} with {SECRET} is locked")])
    with pytest.raises(Refused) as caught:
        connected(woo).orders(START, END)
    assert KEY not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_wrong_key_is_a_matter_for_the_operator():
    platform = WooCommerce(SHOP, {**SECRETS, "consumer_secret": "cs_old"}, WooShop())
    with pytest.raises(Misconfigured, match="REST API"):
        platform.orders(START, END)


@pytest.mark.parametrize(
    "address", ["", "shop.example.com", "http://shop.example.com", "ftp://127.0.0.1"]
)
def test_only_an_encrypted_address_is_used(address):
    with pytest.raises(Misconfigured, match="base_url"):
        connected(WooShop(), Shop(id="s", base_url=address))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8080", "http://localhost:1"])
def test_a_simulated_shop_on_this_machine_may_be_plain(address):
    woo = WooShop(orders=[order_row(1, INSIDE)])
    assert all_orders(connected(woo, Shop(id="s", base_url=address))) == ["1"]


@pytest.mark.parametrize("missing", ["consumer_key", "consumer_secret"])
def test_a_missing_secret_is_named(missing):
    with pytest.raises(Misconfigured, match=missing):
        connected(WooShop(), **{missing: ""})


def test_only_what_there_is_is_offered():
    platform = connected(WooShop())
    assert platform.capabilities == {
        Capability.ORDERS_BY_UPDATE,
        Capability.UNPAID_ORDERS,
        Capability.ORDER_BY_ID,
        Capability.REVIEWS,
        Capability.REVIEW_BY_ID,
        Capability.REFUNDS,
    }
    for feed in FEEDS:
        limits = platform.feed_limits(feed)
        assert limits.page_size <= 100
        assert limits.settle_seconds > 0
        assert limits.overlap_seconds > 0
    assert platform.token_expires_at() is None
    with pytest.raises(Refused) as caught:
        platform.extend_receipt("1", 3)
    assert caught.value.code == "not_offered"
    assert Capability.WEBHOOKS in connected(WooShop(), webhook_secret="woo-secret").capabilities


def test_a_webhook_that_the_shop_switched_off_is_found():
    def hook(number: int, topic: str, status: str, address: str) -> dict[str, object]:
        return {"id": number, "topic": topic, "status": status, "delivery_url": address}

    ours = "https://desk.example.com/shops/us-store"
    woo = WooShop(
        webhooks=[
            hook(1, "order.created", "active", ours),
            hook(2, "order.updated", "disabled", ours),
            hook(3, "order.deleted", "paused", ours),
            hook(4, "order.updated", "disabled", "https://erp.example.net/in"),
            hook(5, "order.restored", "disabled", "https://desk.example.com/shops/us-store-2"),
        ]
    )
    platform = connected(woo)
    assert platform.disabled_webhooks() == ("order.updated (webhook 2)",)
    assert [each.status for each in platform.webhooks_state()].count("paused") == 1


@pytest.mark.parametrize(
    ("option", "expected"),
    [("60", timedelta(hours=1)), ("1", timedelta(minutes=1)), ("off", None)],
)
def test_the_shop_s_stock_time_is_an_option(option, expected):
    assert hold_stock(option) == expected


@pytest.mark.parametrize("option", ["", "0", "-5", "soon", "1.5", "99999999"])
def test_a_stock_time_that_is_none_is_refused(option):
    with pytest.raises(Misconfigured, match="hold_stock_minutes"):
        hold_stock(option)
