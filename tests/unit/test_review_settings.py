"""What may stand in the section `reviews`, for all shops and for one."""

from __future__ import annotations

import pytest

from aftersales.errors import Misconfigured
from aftersales.settings.load import load_yaml
from aftersales.settings.model import Reviews, Settings

SHOP = """
shops:
  - id: tb1
    platform: file
    name: 青禾家居
"""


def loaded(section: str, of_shop: str = "") -> Settings:
    own = f"    reviews: {of_shop}\n" if of_shop else ""
    return load_yaml(f"{SHOP}{own}reviews: {section or '{}'}\n", "aftersales.yaml")


@pytest.mark.parametrize(
    "section",
    [
        "{bad_rating: 6}",
        "{bad_rating: -1}",
        "{bad_rating: bad}",
        "{hint_percent: 101}",
        "{keep_days: 0}",
        "{resolve_days: 0}",
        "{product_days: 0.5}",
        "{product_complaints: -1}",
        "{look_again_days: [3, 0]}",
        "{look_again_days: 3}",
        "{reply_closes: maybe}",
        "{bad_ratng: 2}",
        "{templates: {colour: {en: Hello}}}",
        "{templates: {size: {klingon: nuqneH}}}",
        "{templates: {size: {en: ''}}}",
        "{templates: {size: {en: '" + "x" * 501 + "'}}}",
    ],
)
def test_an_impossible_value_is_refused_for_all_and_for_one_shop(section: str) -> None:
    for given in ((section, ""), ("", section)):
        with pytest.raises(Misconfigured) as caught:
            loaded(*given)
        name = section[1:].partition(":")[0]
        told = f"{caught.value} {caught.value.what_to_do}"
        assert name in told


def test_a_name_that_was_mistyped_is_recognised() -> None:
    with pytest.raises(Misconfigured, match="bad_rating"):
        loaded("", "{bad_ratng: 2}")


def test_the_edges_are_allowed() -> None:
    read = loaded(
        "{bad_rating: 0, hint_percent: 100, product_complaints: 0, look_again_hours: 0,"
        " look_again_days: [], edit_window_days: 0, templates: {size: {en: '" + "x" * 500 + "'}}}"
    ).reviews
    assert (read.bad_rating, read.look_again_days, read.edit_window_days) == (0, (), 0)


def test_a_shops_own_settings_win_one_by_one() -> None:
    settings = loaded(
        "{bad_rating: 2, resolve_days: 5}",
        "{bad_rating: 1, look_again_days: [2, 10], reply_closes: false}",
    )
    own, others = settings.review_rules("tb1"), settings.review_rules("another")
    assert (own.bad_rating, own.resolve_days, own.reply_closes) == (1, 5, False)
    assert own.look_again_days == (2, 10)
    assert (others.bad_rating, others.reply_closes) == (2, True)
    assert others.look_again_days == Reviews().look_again_days


def test_a_shops_own_template_takes_the_place_of_that_one_alone() -> None:
    settings = loaded(
        "{templates: {size: {en: Ours, zh-CN: 您好}, price: {en: Price}}}",
        "{templates: {size: {en: This shop}, other: {en: Anything}}}",
    )
    assert settings.review_rules("tb1").templates == {
        "size": {"en": "This shop", "zh-CN": "您好"},
        "price": {"en": "Price"},
        "other": {"en": "Anything"},
    }
    assert settings.review_rules("another").templates == settings.reviews.templates
