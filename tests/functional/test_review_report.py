"""The weekly report of reviews: told once by its schedule, shown and drawn by its command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from aftersales.messages.render import render
from aftersales.review_records import ReviewRecord, Said, Verdict
from aftersales.tables import outbox, reviews
from aftersales.tables.reviews import Places
from tests.command_line import aftersales
from tests.handler_world import NOW, World, world_of

LAST_WEEK = NOW - timedelta(days=7)


@pytest.fixture
def world(tables: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(tables, tmp_path, monkeypatch) as made:
        yield made


def stored(number: int, written: datetime = LAST_WEEK, **values: Any) -> None:
    defaults: dict[str, Any] = {"shop_id": "tb1", "rating": 5, "product_title": "帆布包"}
    record = ReviewRecord(
        **{
            **defaults,
            "review_id": f"r{number}",
            "written_at": written,
            "first_seen_at": written,
            **values,
        }
    )
    assert reviews.write(None, record, Said(text="坏了"), Places(), NOW + timedelta(days=400))


def a_week() -> None:
    quality = Verdict(score=3, sentiment="negative", topics=("quality",))
    for number in range(8):
        stored(number)
    stored(8, rating=1, verdict=quality, outcome="replied")
    stored(9, rating=1, verdict=quality, marks=("bad_review:warn",))
    stored(20, LAST_WEEK - timedelta(days=7), rating=1)
    stored(21, NOW, rating=1)


def test_the_weekly_tick_tells_of_the_week_before_once(world: World) -> None:
    a_week()
    told = world.call("review_scanner_report")
    assert told == {"week": "2026-W44", "reviews": 10, "bad": 2, "told": "opened"}
    assert world.call("review_scanner_report")["told"] == "unchanged"
    (delivery,) = outbox.pending()
    for language, words in (
        (
            "zh-CN",
            ("共 10 条评价，差评 2 条，占 20.0%，上周占 100.0%", "质量", "已回复 1、处理中 1"),
        ),
        ("zh-TW", ("共 10 則評價，負評 2 則，占 20.0%", "品質", "已回覆 1、處理中 1")),
        ("en", ("10 reviews, 2 of them bad (20.0%)", "quality", "replied 1, open 1")),
    ):
        message = render(
            delivery.alert, language=language, time_zone="Asia/Shanghai", shop_name="", now=NOW
        )
        said = f"{message.title} {message.what} {message.why} {message.todo}"
        assert "2026-W44" in message.title
        assert all(word in said for word in words), said
        assert "reports/reviews/reviews-2026-W44.html" in said
    page = world.buckets.content("aftersales-drop", "reports/reviews/reviews-2026-W44.html")
    assert "<svg" in page.decode()


def test_the_report_is_told_without_its_charts_where_no_bucket_takes_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week()
    monkeypatch.setenv("REPORT_BUCKET", "no-such-bucket")
    assert world.call("review_scanner_report")["told"] == "opened"
    (delivery,) = outbox.pending()
    assert delivery.alert.facts["file"] is None


def test_a_week_in_which_nobody_wrote_is_not_told_of(world: World) -> None:
    assert world.call("review_scanner_report") == {"week": "2026-W44", "told": "nothing_written"}
    assert not list(outbox.pending())


def test_the_command_shows_a_week_and_draws_it(world: World, tmp_path: Path) -> None:
    a_week()
    out = tmp_path / "reports"
    ran = aftersales("reviews", "report", "--week", "2026-W44", "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["reviews"], ran.json["bad"], ran.json["share"]) == (10, 2, 0.2)
    assert ran.json["outcomes"] == {"replied": 1, "open": 1}
    assert ran.json["products"] == [{"product": "帆布包", "bad": 2, "topics": {"quality": 2}}]
    share, topics, page = map(Path, ran.json["files"])
    ElementTree.fromstring(share.read_text("utf-8"))
    assert "帆布包" in topics.read_text("utf-8")
    assert "已回复" in page.read_text("utf-8")
    shown = aftersales("reviews", "report", "--shop", "tb1")
    assert shown.code == 0
    assert "2026-W44: 10 reviews this week, 2 of them bad (20.0%)" in shown.out


def test_a_week_that_is_none_is_refused(world: World) -> None:
    ran = aftersales("reviews", "report", "--week", "45")
    assert (ran.code, "2026-W45" in ran.err) == (2, True)
