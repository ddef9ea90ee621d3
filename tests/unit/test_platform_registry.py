"""The connectors by name, and what the settings check knows of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aftersales.errors import Misconfigured
from aftersales.http import HttpReply, HttpRequest
from aftersales.platforms import registry
from aftersales.platforms.base import Capability
from aftersales.platforms.registry import PLATFORMS, build_platform, platform_class
from aftersales.platforms.taobao import EXTENSION_DAYS as OFFERED_BY_TOP
from aftersales.settings.connections import EXTENSION_DAYS, SHOP_OPTIONS, SHOP_SECRETS
from aftersales.settings.load import check_yaml
from aftersales.settings.meaning import PLATFORMS as NAMED
from aftersales.settings.model import Shop

ROOT = Path(__file__).parents[2]
ADDRESS = {"woocommerce": "https://shop.example.com"}


def _nobody(request: HttpRequest) -> HttpReply:
    raise AssertionError(f"building a connector asks nobody ({request.method})")


def _secret(name: str) -> str:
    return {"session_expires_at": "2026-12-31T23:59:59+08:00"}.get(name, "d2ViaG9vaw==")


def _shop(platform: str) -> Shop:
    return Shop(id="s", platform=platform, base_url=ADDRESS.get(platform, ""))


def _secrets(platform: str) -> dict[str, str]:
    required, optional = SHOP_SECRETS[platform]
    return {name: _secret(name) for name in (*required, *optional)}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_connector_is_built_from_what_the_settings_allow(platform):
    connector = build_platform(_shop(platform), _secrets(platform), _nobody)
    assert isinstance(connector, platform_class(platform))
    assert connector.capabilities
    for feed in connector.capabilities & {
        Capability.ORDERS_BY_UPDATE,
        Capability.REFUNDS,
        Capability.REVIEWS,
    }:
        assert connector.feed_limits(feed).window_seconds > 0


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_missing_secret_is_named_when_a_connector_is_built(platform):
    for name in SHOP_SECRETS[platform][0]:
        secrets = _secrets(platform)
        del secrets[name]
        with pytest.raises(Misconfigured, match=name):
            build_platform(_shop(platform), secrets, _nobody)


@pytest.mark.parametrize("name", ["file", "jd", "ebay", ""])
def test_a_platform_without_a_connector_says_what_there_is(name):
    with pytest.raises(Misconfigured, match="woocommerce"):
        platform_class(name)


def test_the_settings_allow_the_extensions_that_the_connector_sends():
    assert EXTENSION_DAYS == {"taobao": OFFERED_BY_TOP, "tmall": OFFERED_BY_TOP}


def test_the_settings_know_the_connectors():
    assert set(PLATFORMS) == set(SHOP_SECRETS) == set(SHOP_OPTIONS)
    assert set(PLATFORMS) < set(NAMED)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_connector_reads_the_options_and_secrets_that_are_allowed(platform):
    module, _ = registry._CLASSES[platform]
    folder = Path(registry.__file__).parent
    text = "\n".join(
        path.read_text("utf-8")
        for path in [folder / f"{module}.py", *sorted(folder.glob(f"{module}_*.py"))]
    )
    named = set(re.findall(r'"([a-z_]+)"', text))
    required, optional = SHOP_SECRETS[platform]
    assert {*required, *optional, *SHOP_OPTIONS[platform]} <= named
    documented = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for name in (*required, *optional, *SHOP_OPTIONS[platform]):
        assert f"`{name}`" in documented


WOO = "shops: [{id: a, platform: woocommerce, base_url: 'https://x.example.com', secrets: "
BOTH = "consumer_key: env:K, consumer_secret: env:S"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (WOO + "{consumer_key: env:K}}]", "shops[0].secrets", "`consumer_secret`"),
        (WOO + "{consumer_kez: env:K, " + BOTH + "}}]", "shops[0].secrets.consumer_kez", "mean"),
        (WOO + "{consumer_key: ck_123, consumer_secret: env:S}}]",
         "shops[0].secrets.consumer_key", "by name only"),
        (WOO + "{" + BOTH + "}, options: {hold: '60'}}]", "shops[0].options.hold", "hold_stock"),
        (WOO + "{" + BOTH + "}, options: {hold_stock_minutes: soon}}]",
         "shops[0].options.hold_stock_minutes", "minutes"),
        ("shops: [{id: a, platform: woocommerce, secrets: {" + BOTH + "}}]", "shops[0]",
         "`base_url`"),
        ("shops: [{id: a, platform: woocommerce, base_url: 'http://x.example.com', secrets: {"
         + BOTH + "}}]", "shops[0].base_url", "https"),
        ("shops: [{id: a, platform: woocommerce, base_url: 'https://x.example.com/?p=1', secrets: {"
         + BOTH + "}}]", "shops[0].base_url", "without"),
        ("shops: [{id: a, platform: generic}]", "shops[0].secrets", "`webhook_secret`"),
        ("shops: [{id: a, platform: jd, secrets: {app_key: env:K}}]", "shops[0].secrets", "yet"),
        ("shops: [{id: a, options: {x: y}}]", "shops[0].options", "file"),
        ("shops: [{id: a, poll: maybe}]", "shops[0].poll", "true or false"),
    ],
)  # fmt: skip
def test_a_connection_that_cannot_work_is_a_problem_of_the_file(text, path, words):
    (problem,) = check_yaml(text, "settings.yaml")
    assert problem.path == path
    assert words in f"{problem.message} {problem.what_to_do}"


@pytest.mark.parametrize(
    "text",
    [
        WOO + "{" + BOTH + "}}]",
        WOO + "{" + BOTH + ", webhook_secret: env:W}, options: {hold_stock_minutes: 'off'}}]",
        WOO + "{" + BOTH + "}, options: {hold_stock_minutes: 90}, poll: false}]",
        "shops: [{id: a, platform: tmall}]",
        "shops: [{id: a, platform: woocommerce}]",
        "shops: [{id: a, platform: generic, secrets: {webhook_secret: env:W}}]",
    ],
)
def test_a_connection_that_can_work_is_none(text):
    assert check_yaml(text, "settings.yaml") == []
