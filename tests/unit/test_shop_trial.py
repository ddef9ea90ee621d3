"""Trying a shop's credentials: what is said, and that nothing is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aftersales.errors import Unreachable
from aftersales.http import HttpReply, HttpRequest
from aftersales.platforms.base import Capability
from aftersales.settings.model import Shop
from local.shop_trial import NAMES, ShopTrial, TriedCapability, try_shop
from tests import top_server, woo_server
from tests.top_server import TopServer, error, trade
from tests.woo_server import WooShop, order_row, refusal

TB = Shop(id="tb1", platform="taobao", secrets={"app_key": "env:APP_KEY"})
TM = Shop(id="tm1", platform="tmall", secrets={"app_key": "env:APP_KEY"})
US = Shop(
    id="us",
    platform="woocommerce",
    base_url="https://shop.example.com",
    secrets={"consumer_key": "env:WOO_KEY"},
)
WOO_SECRETS = {
    "consumer_key": woo_server.KEY,
    "consumer_secret": woo_server.SECRET,
    "webhook_secret": "a-webhook-secret",
}
NOW = top_server.NOW
RECENT = NOW - timedelta(minutes=20)
WRITES = {"taobao.traderate.explain.add", "taobao.trade.receivetime.delay"}


def by_name(trial: ShopTrial) -> dict[Capability, TriedCapability]:
    return {each.name: each for each in trial.capabilities}


def tried_top(server: TopServer, shop: Shop = TB, **secrets: str) -> ShopTrial:
    return try_shop(shop, {**top_server.SECRETS, **secrets}, server, NOW)


def tried_woo(woo: WooShop, **secrets: str) -> ShopTrial:
    return try_shop(US, {**WOO_SECRETS, **secrets}, woo, NOW)


def woo_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def webhook(status: str, shop_id: str = "us", number: int = 142) -> dict[str, object]:
    address = f"https://desk.example.com/webhooks/shops/{shop_id}"
    return {"id": number, "topic": "order.updated", "status": status, "delivery_url": address}


def test_a_shop_whose_credentials_work_is_said_to_work():
    server = TopServer(trades=[trade(1, RECENT), trade(2, RECENT)])
    trial = tried_top(server, TM)
    found = by_name(trial)
    assert trial.works
    assert list(found) == list(Capability)
    assert found[Capability.ORDERS_BY_UPDATE].words.startswith("2 orders of the last hour")
    assert found[Capability.REFUNDS].words.startswith("0 refunds")
    working = {name for name, each in found.items() if each.works}
    assert working == set(Capability) - {
        Capability.REVIEW_BY_ID,  # there is none
        Capability.REVIEW_FOLLOW_UPS,
        Capability.REPLY_TO_REVIEW,
        Capability.EXTEND_RECEIPT,
        Capability.WEBHOOKS,
    }
    assert "2026-11-30 00:00 UTC; 150 days left" in found[Capability.TOKEN_EXPIRES].words


def test_a_review_of_the_last_hour_is_read_again_and_what_was_added_asked_for():
    row = {
        "tid": 41,
        "oid": 42,
        "role": "buyer",
        "created": top_server.china(RECENT),
        "content": "袜子掉色，联系不上客服",
    }
    server = TopServer(ratings=[row])
    trial = tried_top(server, TM)
    found = by_name(trial)
    for name in (Capability.REVIEWS, Capability.REVIEW_BY_ID, Capability.REVIEW_FOLLOW_UPS):
        assert found[name].works is True
    assert "tmall.traderate.feeds.get" in server.methods
    assert "掉色" not in str(trial)


def test_nothing_is_written_and_nobody_is_named():
    server = TopServer(trades=[trade(1, RECENT, buyer_nick="summer_rain", receiver_city="杭州市")])
    trial = tried_top(server, TM)
    found = by_name(trial)
    assert not WRITES & set(server.methods)
    for name in (Capability.REPLY_TO_REVIEW, Capability.EXTEND_RECEIPT):
        assert (found[name].offered, found[name].works) == (True, None)
    woo = WooShop([order_row(7, woo_time(RECENT))], webhooks=[webhook("active")])
    shown = str(trial) + str(tried_woo(woo))
    for personal in ("summer_rain", "杭州", "4200000000000000001", "Whitfield", "555", "Salem"):
        assert personal not in shown
    assert {request.method for request in woo.requests} == {"GET"}


def test_an_order_from_the_older_half_of_the_hour_is_found_although_windows_are_shorter():
    server = TopServer(trades=[trade(1, NOW - timedelta(minutes=55))])
    found = by_name(tried_top(server))
    assert found[Capability.ORDERS_BY_UPDATE].words.startswith("1 order of the last hour")
    assert found[Capability.ORDER_BY_ID].works is True
    assert server.methods.count("taobao.trades.sold.increment.get") >= 2


def test_more_orders_than_a_page_holds_are_said_to_be_more():
    server = TopServer(trades=[trade(n, RECENT) for n in range(120)])
    words = by_name(tried_top(server))[Capability.ORDERS_BY_UPDATE].words
    assert words == "20 orders of the last hour on the first page. There are more."


def test_without_an_order_none_can_be_asked_for_by_id_and_that_is_no_failure():
    trial = tried_top(TopServer())
    assert trial.works
    assert by_name(trial)[Capability.ORDER_BY_ID].works is None


def test_what_is_not_offered_says_how_to_get_it():
    found = by_name(tried_top(TopServer(), session_expires_at=""))
    for name, how in {
        Capability.TOKEN_EXPIRES: "session_expires_at",
        Capability.REPLY_TO_REVIEW: "Tmall",
    }.items():
        assert (found[name].offered, found[name].works) == (False, None)
        assert how in found[name].words
    off = by_name(tried_woo(WooShop(), webhook_secret=""))[Capability.WEBHOOKS]
    assert not off.offered
    assert "webhook_secret" in off.words


def test_wrong_credentials_fail_whatever_needs_them_and_say_what_to_do():
    trial = tried_top(TopServer(), session="old-session-5e5510")
    found = by_name(trial)
    assert not trial.works
    for name in (*NAMES.keys() - {Capability.TOKEN_EXPIRES, Capability.WEBHOOKS},):
        assert not found[name].works
    assert "Authorise the shop again" in found[Capability.ORDERS_BY_UPDATE].words
    assert found[Capability.UNPAID_ORDERS].works is False
    assert "changed orders" in found[Capability.UNPAID_ORDERS].words
    assert "old-session" not in str(trial)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            error(11, "Insufficient isv permissions", "isv.permission-api-package-limit"),
            ["Refused (code 11 isv.permission-api-package-limit)", "permission"],
        ),
        (error(7, "App Call Limited", "", "ban for 12 more seconds"), ["Try again in 12 s."]),
        (error(5, "quota"), ["quota is used up", "Try again"]),
        (error(15, "Remote service error", "isp.top-remote-error"), ["Try again later."]),
        (error(15, "Remote", "isv.x", "call 13812345678"), ["138", "Refused"]),
    ],
)
def test_one_feed_that_fails_is_told_apart_from_those_that_work(told, words):
    trial = tried_top(TopServer(trades=[trade(1, RECENT)], errors=[told]))
    found = by_name(trial)
    orders = found[Capability.ORDERS_BY_UPDATE]
    assert (trial.works, orders.works) == (False, False)
    for word in words:
        assert word in orders.words
    assert "13812345678" not in orders.words
    assert found[Capability.REFUNDS].works is True


def test_rows_that_cannot_be_read_are_counted():
    bad = trade(1, RECENT, tid=None, tid_str="")
    trial = tried_top(TopServer(trades=[bad]))
    orders = by_name(trial)[Capability.ORDERS_BY_UPDATE]
    assert orders.works is False
    assert "1 row could not be read" in orders.words


@pytest.mark.parametrize(
    ("ends", "works", "words"),
    [
        ("2026-07-02T11:00:00+08:00", False, "ended 2026-07-02 03:00 UTC"),
        ("2026-07-05T12:30:00+08:00", True, "3 days left. Authorise the shop again soon."),
        ("2026-07-20T12:00:00+08:00", True, "18 days left."),
    ],
)
def test_the_days_that_a_token_has_left_are_counted(ends, works, words):
    trial = tried_top(TopServer(), session_expires_at=ends)
    token = by_name(trial)[Capability.TOKEN_EXPIRES]
    assert (token.works, trial.works) == (works, works)
    assert words in token.words


def test_a_webhook_that_the_shop_switched_off_is_named():
    trial = tried_woo(WooShop(webhooks=[webhook("disabled"), webhook("active", number=143)]))
    pushes = by_name(trial)[Capability.WEBHOOKS]
    assert (trial.works, pushes.works) == (False, False)
    assert "order.updated (webhook 142)" in pushes.words
    assert "143" not in pushes.words


@pytest.mark.parametrize(
    ("webhooks", "works", "words"),
    [
        ([webhook("active")], True, "none of its webhooks"),
        ([webhook("disabled", shop_id="another")], None, "No webhook of the shop leads"),
        ([], None, "No webhook of the shop leads"),
    ],
)
def test_webhooks_that_are_there_or_not_are_told_apart(webhooks, works, words):
    trial = tried_woo(WooShop(webhooks=webhooks))
    pushes = by_name(trial)[Capability.WEBHOOKS]
    assert (trial.works, pushes.works) == (True, works)
    assert words in pushes.words


def test_a_key_that_may_not_see_webhooks_does_not_fail_the_shop():
    woo = WooShop()

    def limited(request: HttpRequest) -> HttpReply:
        if "/webhooks" in request.url:
            return refusal(403, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        return woo(request)

    trial = try_shop(US, WOO_SECRETS, limited, NOW)
    pushes = by_name(trial)[Capability.WEBHOOKS]
    assert (trial.works, pushes.works) == (True, None)
    assert "woocommerce_rest_cannot_view" in pushes.words


def test_a_shop_that_does_not_answer_is_to_be_tried_again():
    def down(request: HttpRequest) -> HttpReply:
        raise Unreachable("shop.example.com did not accept a connection")

    trial = try_shop(US, WOO_SECRETS, down, NOW)
    assert not trial.works
    orders = by_name(trial)[Capability.ORDERS_BY_UPDATE]
    assert orders.words == "shop.example.com did not accept a connection. Try again later."


def test_a_shop_that_only_pushes_can_only_show_itself():
    shop = Shop(id="own", platform="generic", secrets={"webhook_secret": "env:OWN"})
    trial = try_shop(shop, {"webhook_secret": "whsec_bWFkZSB1cCBmb3IgdGVzdHM="}, WooShop(), NOW)
    assert trial.works
    assert [each.name for each in trial.capabilities if each.offered] == [Capability.WEBHOOKS]
    assert "aftersales webhooks verify" in by_name(trial)[Capability.WEBHOOKS].words


@pytest.mark.parametrize(
    "shop",
    [Shop(id="f1"), Shop(id="f1", secrets={"a": "env:A"}), Shop(id="f1", platform="taobao")],
    ids=["files", "files with a secret", "no secrets"],
)
def test_a_shop_without_a_connection_is_known_by_its_files_and_asks_nobody(shop):
    server = TopServer()
    trial = try_shop(shop, {}, server, NOW)
    assert (trial.works, trial.capabilities) == (True, ())
    assert "by its export files only" in trial.words
    assert not server.calls


@pytest.mark.parametrize(
    ("shop", "secrets", "words"),
    [
        (TB, {"app_key": "1"}, "no secret `app_secret`"),
        (Shop(id="j", platform="jd", secrets={"a": "env:A"}), {"a": "b"}, "export files"),
        (Shop(id="w", platform="woocommerce", secrets={"a": "env:A"}), WOO_SECRETS, "base_url"),
    ],
)
def test_a_connection_that_cannot_be_made_says_what_is_missing(shop, secrets, words):
    trial = try_shop(shop, secrets, TopServer(), NOW)
    assert (trial.works, trial.capabilities) == (False, ())
    assert words in trial.words


def test_every_capability_has_a_name_and_is_in_the_documentation():
    text = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")
    section = text.partition("## shops test")[2]
    assert set(NAMES) == set(Capability)
    assert not [name for name in Capability if f"`{name}`" not in section]
    example = json.loads(section.partition("```json")[2].partition("```")[0])
    assert set(example) == {"shop", "platform", "capabilities", "works", "words"}


def test_a_wrong_secret_is_explained_once_and_in_whole_sentences():
    top = try_shop(TM, {**top_server.SECRETS, "app_secret": "another-secret"}, TopServer(), NOW)
    woo = tried_woo(WooShop(), consumer_secret="another-secret")
    for trial, advice in ((top, "Compare app_key and app_secret"), (woo, "Make a new key")):
        words = [each.words for each in trial.capabilities if each.works is False]
        assert advice in words[0]
        assert not any(advice in later for later in words[1:])
        assert "The same trouble as with the changed orders." in words
        assert ".." not in "".join(words)
        assert f". {advice}" in words[0] or f"key. {advice}" in words[0]
