"""The weekly report of reviews: told once by its schedule, shown and drawn by its command."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from rich.console import Console

from aftersales.findings import Alert
from aftersales.messages.base import Message
from aftersales.messages.render import LANGUAGES, render
from aftersales.review_records import ReviewRecord, Said, Verdict
from aftersales.settings.model import Alerts, Settings, Shop, Target
from aftersales.tables import outbox, reviews
from aftersales.tables.reviews import Places
from local.runner import Runner
from tests.command_line import aftersales
from tests.handler_world import NOW, World, event_named, world_of

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


def message_of(alert: Alert, language: str) -> Message:
    return render(alert, language=language, time_zone="Asia/Shanghai", shop_name="", now=NOW)


def report_keys(world: World) -> list[str]:
    return world.buckets.keys("aftersales-drop", "reports/")


def page_at(world: World, folder: str, name: str) -> Any:
    event = event_named("review_scanner_page")
    return world.call(
        "review_scanner_page", event | {"pathParameters": {"folder": folder, "name": name}}
    )


def test_the_weekly_tick_tells_of_the_week_before_once(world: World) -> None:
    a_week()
    told = world.call("review_scanner_report")
    assert told == {"week": "2026-W44", "reviews": 10, "bad": 2, "told": "opened"}
    assert world.call("review_scanner_report")["told"] == "unchanged"
    assert len(report_keys(world)) == 3
    (delivery,) = outbox.pending()
    for language, words in (
        (
            "zh-CN",
            (
                "共 10 条评价，差评 2 条，占 20.0%，上周占 100.0%",
                "质量",
                "已回复 1、处理中 1",
                "图表和差评清单：见下方链接",
            ),
        ),
        (
            "zh-TW",
            ("共 10 則評價，負評 2 則，占 20.0%", "品質", "已回覆 1、處理中 1", "見下方連結"),
        ),
        (
            "en",
            ("10 reviews, 2 of them bad (20.0%)", "quality", "replied 1, open 1", "link below"),
        ),
    ):
        message = message_of(delivery.alert, language)
        said = f"{message.title} {message.what} {message.why} {message.todo}"
        assert "2026-W44" in message.title
        assert all(word in said for word in words), said
        (button,) = message.buttons
        assert button.url.startswith("https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/")


def test_whoever_has_the_address_of_a_report_may_read_it_and_nobody_can_guess_one(
    world: World,
) -> None:
    a_week()
    stored(30, rating=2, marks=("bad_review:warn",), product_title="<b>杯子</b>")
    world.call("review_scanner_report")
    (delivery,) = outbox.pending()
    path = urlsplit(str(delivery.alert.facts["report_url"])).path
    folder, name = path.split("/")[-2:]
    assert f"{path}"[1:] in report_keys(world)
    answer = page_at(world, folder, name)
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"] == "text/html; charset=utf-8"
    assert answer["headers"]["referrer-policy"] == "no-referrer"
    assert answer["body"].count("<svg") == 2
    assert "本周差评" in answer["body"]
    assert "<b>杯子" not in answer["body"]
    for other_folder, other_name in (
        (f"2026-W44-{'0' * 32}", name),
        ("2026-W44-", name),
        (folder, "reviews-2026-W44-share.svg"),
        (folder, "../../../inbox/tb1/orders.csv"),
        ("..", name),
        ("", ""),
    ):
        assert page_at(world, other_folder, other_name)["statusCode"] == 404
    assert world.call("review_scanner_page")["statusCode"] == 404  # of another desk


def test_on_one_machine_the_message_says_which_file_to_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week()
    monkeypatch.setenv("REPORT_PLACE", "/srv/shop/.state/")
    monkeypatch.setenv("REPORT_URL", "")
    world.call("review_scanner_report")
    (delivery,) = outbox.pending()
    (page,) = (key for key in report_keys(world) if key.endswith(".html"))
    for language in LANGUAGES:
        message = message_of(delivery.alert, language)
        assert f"/srv/shop/.state/{page}" in message.todo
        assert not message.buttons
        assert not message.fields


def test_the_report_is_told_without_its_charts_where_no_bucket_takes_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week()
    monkeypatch.setenv("REPORT_BUCKET", "no-such-bucket")
    assert world.call("review_scanner_report")["told"] == "opened"
    (delivery,) = outbox.pending()
    assert delivery.alert.facts["file"] is delivery.alert.facts["report_url"] is None
    for language in LANGUAGES:
        message = message_of(delivery.alert, language)
        assert "aftersales reviews report --out" in message.todo
        assert not message.buttons


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


def test_on_one_machine_the_report_is_a_file_and_a_page_of_the_running_desk(
    tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        shops=(Shop(id="tb1", name="青禾家居"),),
        alerts=Alerts(targets={"ops": Target(kind="wecom", url="env:URL")}, operators=("ops",)),
    )
    runner = Runner(tmp_path / "state", console=Console(file=io.StringIO()), settings=settings)
    with runner:
        written = datetime.now(UTC) - timedelta(days=7)
        stored(1, written, rating=1, product_title="帆布包")
        assert runner.once("ReviewScannerReport")
        (told,) = outbox.pending()
        assert told.alert.facts["report_url"] is None
        file = Path(str(told.alert.facts["file"]))
        assert file.is_relative_to((tmp_path / "state" / "reports").resolve())
        assert "帆布包" in file.read_text("utf-8")
        assert sorted(path.suffix for path in file.parent.iterdir()) == [".html", ".svg", ".svg"]
    second = Runner(tmp_path / "second", console=Console(file=io.StringIO()), settings=settings)
    with second:
        stored(1, written, rating=1, product_title="帆布包")
        second.start()
        assert second.once("ReviewScannerReport")
        facts = next(d.alert.facts for d in outbox.pending() if d.alert.kind == "review_report")
        with urllib.request.urlopen(str(facts["report_url"]), timeout=5) as answer:
            assert answer.read() == Path(str(facts["file"])).read_bytes()
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
