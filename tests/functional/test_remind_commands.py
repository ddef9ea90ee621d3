"""`aftersales remind`: orders of the past, and what a week was worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aftersales.clock import business_now
from aftersales.tables import reminders
from aftersales.tables.reminders import Counted
from tests.command_line import aftersales
from tests.export_files import csv_of

SETTINGS = """
shops:
  - id: tb1
    platform: taobao
    name: 青禾家居
"""


def a_row(number: str, placed: str, paid: str = "", **cells: str) -> dict[str, str]:
    return {
        "订单编号": number,
        "买家会员名": f"buyer{number}",
        "买家应付货款": "129.00",
        "订单状态": "交易成功" if paid else "交易关闭",
        "订单创建时间": placed,
        "订单付款时间": paid,
        "宝贝标题": "陶瓷杯",
        "宝贝总数量": "1",
        **cells,
    }


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    rows = [
        a_row("2610030001", "2026-10-03 10:00:00", "2026-10-03 10:12:00"),
        a_row("2610030002", "2026-10-03 10:00:00", "2026-10-03 11:40:00"),
        a_row("2610030003", "2026-10-03 10:01:00"),
        a_row("2610030004", "2026-10-03 23:30:00"),
        a_row("2610030005", "2026-10-03 12:00:00", 买家会员名="buyer2610030003"),
    ]
    export = tmp_path / "october.csv"
    export.write_bytes(csv_of(*rows))
    settings = tmp_path / "desk.yaml"
    settings.write_text(SETTINGS, "utf-8")
    return str(export), str(settings)


def replayed(files: tuple[str, str]) -> dict[str, Any]:
    export, settings = files
    shown = aftersales("remind", "replay", "--orders", export, "--settings", settings, "--json")
    assert shown.code == 0, shown.err
    return dict(json.loads(shown.out))


def test_a_replay_says_what_would_have_been_sent_and_why_not(files: tuple[str, str]) -> None:
    found = replayed(files)
    assert (found["orders"], found["rejected"]) == (5, 0)
    assert found["never_due"] == {"paid_before_a_moment": 1}
    first = {
        (one["order_id"], one["moment"]): (one["outcome"], one["reason"])
        for one in found["decisions"]
    }
    assert first["2610030002", "first"] == ("nudge", "due")
    assert first["2610030003", "first"] == ("nudge", "due")
    assert first["2610030005", "first"] == ("skip", "reminded_recently")
    assert first["2610030003", "last"] == ("nudge", "due")
    at = {
        (one["order_id"], one["moment"]): one["at"]
        for one in found["decisions"]
        if one["outcome"] == "nudge"
    }
    assert at["2610030002", "first"] == "2026-10-03T02:20:00Z"
    assert at["2610030003", "first"] == "2026-10-03T02:25:00Z"
    assert at["2610030003", "last"] == "2026-10-04T01:00:00Z"
    # Placed at night: it waits for the window.
    night = [one for one in found["decisions"] if one["order_id"] == "2610030004"]
    assert [one["outcome"] for one in night][:2] == ["wait", "nudge"]
    assert night[1]["at"] == "2026-10-04T01:00:00Z"


def test_a_replay_nudges_nobody_who_had_paid(files: tuple[str, str]) -> None:
    for one in replayed(files)["decisions"]:
        assert one["paid_at"] is None or one["paid_at"] > one["at"]


def test_a_replay_is_shown_as_tables(files: tuple[str, str]) -> None:
    export, settings = files
    shown = aftersales("remind", "replay", "--orders", export, "--settings", settings)
    assert shown.code == 0
    assert (
        "nudges would have gone out, about 3 orders; 1 of these orders were paid afterwards"
        in shown.out
    )
    assert "reminded recently" in shown.out
    assert "buyer2610030003" not in shown.out


def test_a_replay_asks_whose_orders_they_are(tmp_path: Path, files: tuple[str, str]) -> None:
    settings = tmp_path / "two.yaml"
    settings.write_text("shops: [{id: a}, {id: b}]", "utf-8")
    arguments = ("remind", "replay", "--orders", files[0], "--settings", str(settings))
    assert aftersales(*arguments).code == 2
    assert "a, b" in aftersales(*arguments).err
    assert aftersales(*arguments, "--shop", "a").code == 0


def test_the_report_of_a_week_is_shown_with_its_method(tables: Any) -> None:
    now = business_now()
    for what, count, amount in (
        ("nudge", 60, 0),
        ("holdout", 40, 0),
        ("reminded_paid", 33, 425700),
        ("reminded_unpaid", 22, 0),
        ("holdout_paid", 14, 180600),
        ("holdout_unpaid", 24, 0),
        ("skip_bought_again", 5, 0),
    ):
        reminders.count("2026-W45", 3, Counted("tb1", what, "CNY", count, amount, 10 * count), now)
    shown = aftersales("remind", "report", "--week", "2026-W45", "--json")
    found = json.loads(shown.out)
    assert (found["nudges"], found["held_out"], found["minutes"]) == (60, 40, 10)
    assert found["reminded"]["rate"] == pytest.approx(0.6)
    assert found["lift"]["low"] < found["lift"]["value"] < found["lift"]["high"]
    assert found["recovered"] == {"CNY": 425700}
    assert found["skipped"] == {"bought_again": 5}
    words = aftersales("remind", "report", "--week", "2026-W45").out
    assert "Newcombe" in words
    assert "¥4,257.00" in words
    other = aftersales("remind", "report", "--week", "2026-W45", "--shop", "tb2", "--json")
    assert json.loads(other.out)["nudges"] == 0


def test_a_replay_says_first_what_the_export_lacks(tmp_path: Path) -> None:
    export = tmp_path / "poor.csv"
    export.write_text(
        "订单编号,订单状态,订单创建时间,买家会员名,买家实际支付金额\n"
        "2610030001,交易成功,2026-10-03 10:00:00,a,10.00\n"
        "2610030002,等待买家付款,,b,10.00\n"
        "2.61E+11,等待买家付款,2026-10-03 10:00:00,c,10.00\n",
        "utf-8",
    )
    settings = tmp_path / "desk.yaml"
    settings.write_text(SETTINGS, "utf-8")
    arguments = ("--orders", str(export), "--settings", str(settings))
    shown = " ".join(aftersales("remind", "replay", *arguments).out.split())
    assert "1 rows could not be read and are left out (poor.csv, row 4" in shown
    assert "1 of 2 orders have no time at which they were placed" in shown
    assert "1 of 2 orders are paid and nobody knows when" in shown
    told = json.loads(aftersales("remind", "replay", *arguments, "--json").out)
    assert len(told["warnings"]) == 3
