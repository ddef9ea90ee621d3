"""On one machine a text or an alert through SNS either has a way out, or the start says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from aftersales import phones
from aftersales.errors import Misconfigured
from aftersales.settings.model import Alerts, BuyerSms, Settings, Shop, Target
from local.simulators.demo_settings import BUYER_SMS, settings_for
from local.simulators.woo_rows import PHONES, agrees_to_texts, phone_of
from local.sns_reach import users_of_sns, way_out

TEXTS = Settings(shops=(Shop(id="uk", buyer_sms=BuyerSms(enabled=True)), Shop(id="de")))
TOPIC = Settings(alerts=Alerts(targets={"duty": Target(kind="sns"), "us": Target(kind="slack")}))
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}


def test_what_needs_sns_is_named_by_its_place() -> None:
    assert users_of_sns(TEXTS) == ["shops.uk.buyer_sms"]
    assert users_of_sns(TOPIC) == ["alerts.targets.duty"]
    assert way_out(Settings(), {}) == {}


@pytest.mark.parametrize("settings", [TEXTS, TOPIC])
@pytest.mark.parametrize(
    "given", [{}, {"AWS_REGION": "eu-west-1"}, KEYS, {"AWS_PROFILE": "nobody-has-this-one"}]
)
def test_without_credentials_or_region_the_start_says_what_to_do(
    settings: Settings, given: dict[str, str]
) -> None:
    with pytest.raises(Misconfigured, match="would reach anybody") as caught:
        way_out(settings, given)
    assert "AWS_REGION" in caught.value.what_to_do
    assert users_of_sns(settings)[0] in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_with_credentials_texts_leave_for_the_region_that_is_named(name: str) -> None:
    regions = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert way_out(TEXTS, {**KEYS, name: "eu-west-1"}) == {
        "AWS_ENDPOINT_URL_SNS": None, **regions,
    }  # fmt: skip


def test_the_region_of_a_profile_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text("[profile shop]\nregion = ap-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    assert way_out(TOPIC, {"AWS_PROFILE": "shop"})["AWS_REGION"] == "ap-east-1"


def test_an_endpoint_set_by_hand_is_used() -> None:
    given = {"AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:4566"}
    assert way_out(TEXTS, given) == given


def test_the_demonstrations_numbers_are_fictional_and_some_of_its_buyers_agree() -> None:
    buyers = [f"buyer{number}" for number in range(400)]
    for country in PHONES:
        numbers = {phone_of(buyer, country) for buyer in buyers} - {""}
        known = {phones.mobile_number(number, country) for number in numbers}
        reserved = ("+447700900", "+150355501", "+161355501", "+4917139200", "+3363998")
        assert all(number and number.startswith(reserved) for number in known)
    assert {agrees_to_texts(buyer) for buyer in buyers} == {True, False, None}
    shop = next(shop for shop in settings_for("http://x").shops if shop.buyer_sms.enabled)
    assert shop.platform == "woocommerce"
    assert BUYER_SMS.month_limit_usd > 0
