"""The three languages say the same things, each in its own script and words."""

import re

import pytest
from msgspec import Struct

from aftersales.cases.kinds import BILL_KINDS, REVIEW_KINDS
from aftersales.findings import Severity
from aftersales.messages.catalogue import (
    OPERATOR_KINDS,
    ORDER_KINDS,
    PARCEL_KINDS,
    PLACES,
    REPORT_KINDS,
    Wording,
)
from aftersales.messages.phrasing import needed_places, places
from aftersales.messages.render import LANGUAGES as MODULES
from aftersales.messages.render import catalogue_for
from aftersales.tracking import DeliveredHow, Reason, Status

CATALOGUES = {language: catalogue_for(language) for language in MODULES}
LANGUAGES = sorted(CATALOGUES)
ALL_KINDS = [
    *(*PARCEL_KINDS, *ORDER_KINDS, *REVIEW_KINDS, *BILL_KINDS),
    *(*OPERATOR_KINDS, *REPORT_KINDS),
]
WITHOUT_REPLY = ("review_question", "product_alarm", "review_advertising")
"""Kinds about reviews in which an agent has to find the words, or has nothing to say."""
SENTENCES = Wording.__struct_fields__


def wordings(language):
    catalogue = CATALOGUES[language]
    return {**catalogue.kinds, "other": catalogue.other}


def texts(value):
    """All strings in a catalogue, wherever they stand."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from texts(part)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_the_desk_is_worded(language):
    assert set(CATALOGUES[language].kinds) == set(ALL_KINDS)


@pytest.mark.parametrize("kind", [*ALL_KINDS, "other"])
def test_all_languages_word_the_same_sentences_of_a_kind(kind):
    said = {
        language: [name for name in SENTENCES if getattr(wordings(language)[kind], name)]
        for language in LANGUAGES
    }
    assert said["en"] == said["zh-CN"] == said["zh-TW"]


@pytest.mark.parametrize("kind", [*ALL_KINDS, "other"])
def test_all_languages_use_the_same_facts_in_a_sentence(kind):
    used = {
        language: {name: places(getattr(wordings(language)[kind], name)) for name in SENTENCES}
        for language in LANGUAGES
    }
    assert used["en"] == used["zh-CN"] == used["zh-TW"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_use_known_places_and_need_none(language):
    for wording in wordings(language).values():
        for name in SENTENCES:
            assert places(getattr(wording, name)) <= PLACES
            assert not needed_places(getattr(wording, name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_operator_cases_have_nothing_for_the_buyer_and_parcel_cases_do(language):
    for kind, wording in CATALOGUES[language].kinds.items():
        answered = kind in PARCEL_KINDS + ORDER_KINDS + REVIEW_KINDS and kind not in WITHOUT_REPLY
        assert bool(wording.buyer_text) == answered


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_reason_and_severity_has_words(language):
    catalogue = CATALOGUES[language]
    assert set(catalogue.status_words) == set(Status)
    assert set(catalogue.reason_words) == set(Reason)
    assert set(catalogue.delivered_how_words) == set(DeliveredHow) - {DeliveredHow.UNKNOWN}
    for words in (
        catalogue.severity_words,
        catalogue.severity_prefixes,
        catalogue.escalated_prefixes,
    ):
        assert set(words) == set(Severity)


@pytest.mark.parametrize(
    "vocabulary",
    ["labels", "field_labels", "solved_by_resolution", "source_words", "counted"],
)
def test_all_languages_have_the_same_vocabularies(vocabulary):
    sets = [set(getattr(CATALOGUES[language], vocabulary)) for language in LANGUAGES]
    assert sets[0] == sets[1] == sets[2]


def test_simplified_texts_hold_no_traditional_characters():
    for text in texts(CATALOGUES["zh-CN"]):
        text.encode("gb2312")  # a character set of simplified Chinese only


def test_traditional_texts_hold_no_simplified_characters():
    for text in texts(CATALOGUES["zh-TW"]):
        text.encode("big5")  # a character set of traditional Chinese only


def test_the_wording_for_taiwan_is_not_a_conversion():
    mainland = {
        *("快遞", "攬收", "揽", "派送", "派件", "發貨", "運單", "設置", "店鋪", "信息", "默認"),
        *("驛站", "短信", "視頻", "賬號", "網點", "數據", "登陸", "質量", "收貨地址", "郵箱"),
    }
    taiwan = ("包裹", "物流", "取貨", "簽收", "賣家", "門市", "出貨", "配送", "賣場")
    said = "".join(texts(CATALOGUES["zh-TW"]))
    assert [term for term in mainland if term in said] == []
    assert [term for term in taiwan if term not in said] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_shouts_or_promises(language):
    promises = (
        r"[!！]|保证|保證|一定会|一定會|guarantee|promise|今天(内)?送达|今天送達|24小时内|全额|全額"
    )
    for text in texts(CATALOGUES[language]):
        assert not re.search(promises, text), text
