"""`aftersales shops test` against a shop that answers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aftersales.http import HttpRequest
from local.business_clock import BusinessClock
from local.loopback import LoopbackHandler, LoopbackServer
from local.state import State
from tests.command_line import Ran, aftersales
from tests.woo_server import KEY, SECRET, WooShop, order_row

ENV = {"WOO_KEY": KEY, "WOO_SECRET": SECRET, "TABLE_PREFIX": None}


@pytest.fixture
def woo() -> WooShop:
    changed = datetime.now(UTC) - timedelta(minutes=15)
    return WooShop([order_row(7, changed.strftime("%Y-%m-%dT%H:%M:%S"))])


@pytest.fixture
def settings(woo: WooShop, tmp_path: Path) -> Iterator[Path]:
    class Handler(LoopbackHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = woo(HttpRequest("GET", f"http://127.0.0.1{self.path}", headers))
            self.reply(answer.status, answer.body, answer.headers)

    server = LoopbackServer(0, Handler)
    server.start()
    file = tmp_path / "desk.yaml"
    file.write_text(
        "shops:\n"
        "  - id: us\n    platform: woocommerce\n    currency: USD\n"
        f"    base_url: {server.url}\n"
        "    secrets: {consumer_key: env:WOO_KEY, consumer_secret: env:WOO_SECRET}\n"
        "  - id: files\n"
    )
    yield file
    server.stop()


def tried(shop: str, settings: Path, *more: str, **env: str | None) -> Ran:
    return aftersales("shops", "test", shop, "--settings", settings, *more, env={**ENV, **env})


def test_a_shop_that_works_ends_with_exit_code_0(settings, woo):
    ran = tried("us", settings, "--json")
    assert (ran.code, ran.json["works"], ran.json["words"]) == (0, True, "")
    assert (ran.json["shop"], ran.json["platform"]) == ("us", "woocommerce")
    found = {each["name"]: each for each in ran.json["capabilities"]}
    assert found["order_by_id"]["works"] is True
    assert found["extend_receipt"] == {
        "name": "extend_receipt",
        "offered": False,
        "works": None,
        "words": "Not offered.",
    }
    shown = tried("us", settings)
    assert shown.code == 0
    assert "changed orders        works  1 order of the last hour" in shown.out
    assert "Everything that could be tried works." in shown.out
    assert {request.method for request in woo.requests} == {"GET"}
    for personal in ("Whitfield", "Dana", "Portland", KEY, SECRET):
        assert personal not in ran.out + shown.out


def test_a_key_that_is_not_accepted_ends_with_exit_code_1_and_tells_no_secret(settings):
    for more in ([], ["--json"]):
        ran = tried("us", settings, *more, WOO_SECRET="cs_wrong_0ddba11")
        assert ran.code == 1
        assert "Make a new key with read access" in ran.out
        assert "cs_wrong_0ddba11" not in ran.out + ran.err


def test_all_missing_secrets_are_named_at_once(settings, woo):
    ran = tried("us", settings, "--json", WOO_KEY=None, WOO_SECRET=None)
    assert (ran.code, ran.json["works"], ran.json["capabilities"]) == (1, False, [])
    assert "WOO_KEY" in ran.json["words"]
    assert "WOO_SECRET" in ran.json["words"]
    assert not woo.requests


def test_a_shop_of_files_is_said_to_be_known_by_files(settings, woo):
    ran = tried("files", settings)
    assert ran.code == 0
    assert "by its export files only" in ran.out
    assert not woo.requests


def test_an_unknown_shop_and_unreadable_settings_end_with_exit_code_2(settings, tmp_path):
    ran = tried("uss", settings)
    assert (ran.code, ran.out) == (2, "")
    assert "Known: us, files." in ran.err
    assert tried("us", tmp_path / "none.yaml").code == 2
    settings.write_text("shops: 7\n")
    assert tried("us", settings, "--json").code == 2


def test_a_shop_of_a_desk_with_its_own_clock_is_tried_by_that_clock(settings, woo, tmp_path):
    folder, then = tmp_path / "state", datetime(2026, 3, 9, 2, 17, tzinfo=UTC)
    state = State(folder)
    BusinessClock(state, 600.0, then).save(final=True)
    state.close()
    woo.orders[:] = [order_row(7, "2026-03-09T02:02:00")]
    assert aftersales("settings", "push", settings, "--state", folder, env=ENV).code == 0
    ran = aftersales("shops", "test", "us", "--state", folder, "--json", env=ENV)
    assert (ran.code, ran.json["works"]) == (0, True)
    words = {each["name"]: each["words"] for each in ran.json["capabilities"]}
    assert words["orders_by_update"].startswith("1 order of the last hour")
    assert "0 orders of the last hour" in tried("us", settings).out, "by its own clock, long ago"


def test_a_state_folder_in_use_is_known_by_its_settings_not_by_a_file_beside(settings, tmp_path):
    ran = aftersales("shops", "test", "us", "--state", tmp_path / "empty", env=ENV)
    assert ran.code == 2
    assert "Known: none yet." in ran.err
