"""What judging does in fewer steps gives what the plain way gives."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_scanner.classifier import advertising, complaints, sentiment
from review_scanner.classifier.grams import Measured
from review_scanner.classifier.judging import _DEFAULTS, is_default, judge
from review_scanner.classifier.table import shipped
from review_scanner.classifier.text import folded, plain, read, read_folded
from review_scanner.classifier.topics import topic_words

PIECES = (
    *(
        "很好",
        "不错",
        "电池坏了",
        "客服不理人",
        "哈哈哈哈",
        "但是屏幕碎了",
        "不过包装很差",
        "可惜太小",
    ),
    *(",", "。", "!", "?", ";", "~", "…", "\n", " ", "、", ". ", ".", "but ", "however it broke"),
    *(
        "it's fine",
        "12",
        "3 个",
        "iPhone15",
        "👍",
        "_",
        "'",
        "質量很差",
        "ok",
        "a",
        "　",
        "ﷺ",
        "\u200b",
    ),
)
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.text(max_size=80),
    st.text(alphabet="好坏的,。 a0'\n但", max_size=60),
)


@given(TEXTS)
def test_a_measured_text_has_the_n_grams_of_the_text(text):
    plainly = read(text)
    measured = Measured(folded(plain(text)))
    assert set(measured.slots) == plainly.slots
    assert len(measured.slots) == len(plainly.slots)
    for bits in (4, 12, 20):
        assert measured.low_slots(bits) == {slot % 2**bits for slot in plainly.slots}


def sentences_one_by_one(form: str) -> list[tuple[float, str]]:
    """Each sentence that is long enough, read and scored by itself."""
    parts = re.split(complaints._TURN, form)
    readings = [(part, read_folded(part)) for part in parts if len(parts) > 1]
    return [
        (sentiment.score_of(reading, shipped()), part)
        for part, reading in readings
        if min(len(part), len(reading.tokens)) >= complaints._SHORTEST
    ]


@given(TEXTS)
@settings(max_examples=400)
def test_sentences_have_the_same_scores_as_if_read_one_by_one(text):
    form = folded(plain(text))
    assert complaints.sentences_of(Measured(form), shipped()) == sentences_one_by_one(form)


@given(TEXTS)
def test_a_judgement_has_the_score_of_the_text(text):
    judgement = judge(text)
    if judgement.written:
        assert judgement.score == sentiment.score(text)


def test_more_words_than_are_remembered_change_no_score(monkeypatch):
    monkeypatch.setattr("review_scanner.classifier.grams._REMEMBERED", 5)
    for text in ("质量太差了，用了两天就坏了，客服也不理人", "很好，下次还来。就是有点贵！"):
        assert judge(text).score == sentiment.score(text)


def test_what_a_platform_fills_in_passes_the_first_look():
    assert all(map(is_default, _DEFAULTS))


def test_words_of_topics_and_hints_at_contacts_are_both_known():
    from review_scanner.classifier.judging import _known

    assert _known() >= advertising.contact_hints()
    assert _known() >= topic_words().keys()


@pytest.mark.parametrize(
    ("starts", "pattern"),
    [
        (advertising._CONTACT_STARTS, advertising._CONTACT),
        (advertising._LATIN_STARTS, advertising._LATIN_OFFER),
        (advertising._CHINESE_STARTS, advertising._CHINESE_OFFER),
    ],
)
def test_contacts_and_offers_begin_only_with_their_starts(starts, pattern):
    @given(st.from_regex(pattern))
    @settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
    def begins(text):
        for found in re.finditer(pattern, text):
            assert re.match(f"[{starts}]", found[0])

    begins()


@given(st.from_regex(advertising._CHINESE_OFFER).map(str.lower))
@settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_chinese_offer_is_never_ascii_alone(text):
    for found in re.finditer(advertising._CHINESE_OFFER, text):
        assert not found[0].isascii()
