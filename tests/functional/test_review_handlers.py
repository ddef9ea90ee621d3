"""The scanner's handlers with their events, against a WooCommerce shop on loopback and a bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aftersales.tables import cases, reviews
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


def test_a_file_without_a_table_of_reviews_is_told_to_the_operators(world: World) -> None:
    world.buckets.put("aftersales-drop", "reviews/tb1/评价-20261103.csv", b"a,b\r\n1,2\r\n")
    (covered,) = world.call("review_scanner_files")["imported"]
    assert "评价内容" in covered["problem"]
    assert set(world.cases().values()) == {"rows_rejected"}
