"""The scanner's handlers with their events, against a WooCommerce shop on loopback and a bucket."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aftersales.review_pushes import PushedReviews, packed
from aftersales.reviews import Review
from aftersales.settings.model import Shop
from aftersales.tables import cases, reviews
from aftersales.tables import settings as settings_table
from tests.handler_world import NEVER_LOGGED, NOW, World, event_named, world_of

SHOP = "us-store"
NAMED = ("Whitfield", "Dana.Whitfield@example.com")
WORDS = "The mug broke on the first day, awful quality. I want a refund."


@pytest.fixture
def world(
    tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made
        written = made.log.getvalue() + "".join(capsys.readouterr())
    assert not [text for text in (*NEVER_LOGGED, WORDS, "杯盖漏水") if text in written]


def a_row(number: int, text: str, rating: int, hours_ago: float = 2) -> dict[str, Any]:
    at = NOW - timedelta(hours=hours_ago)
    return {
        "id": number,
        "date_created": at.strftime("%Y-%m-%dT%H:%M:%S"),
        "date_created_gmt": at.strftime("%Y-%m-%dT%H:%M:%S"),
        "product_id": 77,
        "product_name": "Stoneware Mug",
        "product_permalink": "https://shop.example.com/product/stoneware-mug/",
        "status": "approved",
        "reviewer": "Dana Whitfield",
        "reviewer_email": "Dana.Whitfield@example.com",
        "review": f"<p>{text}</p>\n",
        "rating": rating,
        "verified": True,
    }


def test_planning_queues_one_message_for_each_shop_with_reviews(world: World) -> None:
    assert world.call("review_scanner_plan") == {"shops": 1, "review_lag_seconds": 0}
    (message,) = world.queued("review")
    assert json.loads(message.body) == {"shop": SHOP, "scheduled_time": "2026-11-03T02:00:00Z"}


def test_a_bad_review_of_a_live_shop_reaches_the_agents(world: World) -> None:
    world.outside.woo.reviews = [a_row(1, WORDS, 1), a_row(2, "Lovely, fits our kitchen", 5)]
    (covered,) = world.call("review_scanner_scan")["covered"]
    assert (covered["outcome"], covered["items"]) == ("caught_up", 2)
    assert world.cases() == {f"review:{SHOP}/1": "bad_review"}
    case = cases.get(f"review:{SHOP}/1", "bad_review")
    assert case is not None
    assert case.facts["topics"]
    assert not [name for name in NAMED if name in json.dumps(dict(case.facts))]
    world.call("alert_dispatcher_sweep")
    (message,) = world.outside.messages
    assert "1 of 5 stars" in message or "1 星" in message
    assert "联系方式" not in message  # nobody left one
    assert "left a contact" not in message
    before = world.stored("reviews", "cases", "outbox")
    world.call("review_scanner_scan")
    assert world.stored("reviews", "cases", "outbox") == before


def test_a_dropped_export_becomes_cases(world: World) -> None:
    event = event_named("review_scanner_files")
    content = "\ufeff订单编号,买家昵称,商品编号,商品名称,评价类型,评价内容,评价时间\r\n".encode()
    content += "2605170000001,青**,p9,保温杯,差评,杯盖漏水，太差了,2026-11-02 20:00:00\r\n".encode()
    content += "2605170000002,李**,p9,保温杯,五颗星,很好,2026-11-02 21:00:00\r\n".encode()
    world.buckets.put("aftersales-drop", "reviews/tb1/评价-20261103.csv", content)
    (covered,) = world.call("review_scanner_files", event)["imported"]
    assert (covered["rows_read"], covered["rejected"], covered["became"]) == (2, 1, {"new": 1})
    assert set(world.cases().values()) == {"bad_review", "rows_rejected"}
    kept = reviews.get("tb1", "2605170000001/p9")
    assert kept is not None
    assert (kept.record.rating, kept.record.buyer) == (1, "青***")
    before = world.stored("reviews", "cases", "outbox")
    world.call("review_scanner_files", event)
    assert world.stored("reviews", "cases", "outbox") == before


def test_pushed_reviews_become_cases_and_the_same_message_again_nothing(world: World) -> None:
    covered = world.call("review_scanner_apply")["covered"]
    assert covered == [{"new": 1}, {"nothing_to_do": 1}]
    assert world.cases() == {f"review:{SHOP}/r-501": "bad_review"}
    before = world.stored("reviews", "cases", "outbox")
    assert world.call("review_scanner_apply")["covered"] == [{"unchanged": 1}] * 2
    assert world.stored("reviews", "cases", "outbox") == before


def a_push(text: str, at_minute: int, **changed: Any) -> dict[str, Any]:
    """A queued push of one review, as it was at that minute of the hour before."""
    at = NOW.replace(hour=1, minute=at_minute)
    review = Review(SHOP, "r-1", text, 1, product_id="77", created_at=NOW - timedelta(hours=2))
    review = replace(review, updated_at=at, **changed)
    body = packed(PushedReviews(SHOP, (review,), at))
    return {"Records": [{"messageId": "1", "body": body}]}


def test_pushes_in_the_wrong_order_end_in_the_newest_picture(world: World) -> None:
    world.call("review_scanner_apply", a_push("换了新的，很满意，谢谢", 50, rating=5))
    (covered,) = world.call("review_scanner_apply", a_push("杯盖漏水，太差了", 10))["covered"]
    assert covered == {"unchanged": 1}
    assert world.cases() == {}


def test_a_review_that_is_told_to_be_gone_closes_its_case_and_keeps_its_words(world: World) -> None:
    world.call("review_scanner_apply", a_push("杯盖漏水，太差了", 10))
    assert set(world.cases().values()) == {"bad_review"}
    world.call("review_scanner_apply", a_push("", 20, rating=None, deleted=True))
    assert world.cases() == {}
    kept = reviews.get(SHOP, "r-1")
    assert kept is not None
    assert (kept.record.outcome, kept.record.rating) == ("deleted", 1)
    assert kept.said.text == "杯盖漏水，太差了"


def test_a_push_of_a_shop_that_was_taken_out_of_the_settings_is_let_go(world: World) -> None:
    body = packed(PushedReviews("gone", (Review("gone", "r-1", "坏了", 1),), NOW))
    event = {"Records": [{"messageId": "1", "body": body}]}
    assert world.call("review_scanner_apply", event)["covered"] == [{"not_connected": 1}]
    assert world.cases() == {}


def test_a_signed_push_of_a_review_goes_all_the_way_to_the_agents(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    monkeypatch.setenv("OWN_SHOP_WEBHOOK", f"whsec_{key}")
    secrets = {"webhook_secret": "env:OWN_SHOP_WEBHOOK"}
    own = Shop(id="own", platform="generic", currency="CNY", secrets=secrets)
    settings_table.push(replace(world.settings, shops=(*world.settings.shops, own)))
    told = {"id": "R-1", "rating": 1, "text": "杯盖漏水，太差了", "product_id": "p1"}
    body = json.dumps({"type": "review.created", "review": told}, ensure_ascii=False)
    stamp = str(int(time.time()))
    signed = f"push-1.{stamp}.{body}".encode()
    mac = base64.b64encode(hmac.digest(base64.b64decode(key), signed, "sha256")).decode()
    event = event_named("order_intake_webhook") | {"pathParameters": {"shop": "own"}, "body": body}
    event["headers"] = {
        "webhook-id": "push-1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{mac}",
    }
    for _ in range(2):  # the sender heard nothing and sends it again
        assert world.call("order_intake_webhook", event)["statusCode"] == 200
    assert world.queued("webhook") == []
    (message,) = world.queued("review_push")
    queued = {"Records": [{"messageId": "1", "body": message.body}]}
    assert world.call("review_scanner_apply", queued)["covered"] == [{"new": 1}]
    assert world.cases() == {"review:own/R-1": "bad_review"}


def test_a_file_without_a_table_of_reviews_is_told_to_the_operators(world: World) -> None:
    world.buckets.put("aftersales-drop", "reviews/tb1/评价-20261103.csv", b"a,b\r\n1,2\r\n")
    (covered,) = world.call("review_scanner_files")["imported"]
    assert "评价内容" in covered["problem"]
    assert set(world.cases().values()) == {"rows_rejected"}
