"""The review classifier on made-up reviews: score, band, sentences, defaults, reasons, table."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import BadInput
from local.review_training.character_map import character_map, module
from local.review_training.taiwan_words import dictionary_words, words_of
from local.review_training.taiwan_words import module as module_of_words
from review_scanner.classifier import characters, taiwan_words
from review_scanner.classifier.judging import judge
from review_scanner.classifier.sentiment import reasons, score, sentiment_of
from review_scanner.classifier.table import ZERO, Head, pack, shipped, shipped_bytes, unpack
from review_scanner.classifier.text import _TOKEN, EDGE, folded, read, slot_of, tokens_of

ROOT = Path(__file__).resolve().parents[2]
TEXTS = st.text(max_size=300) | st.text(
    "好差 退不了,。!但<b>&amp;goodad012①加微信😀\n", max_size=300
)

BAD = [
    "质量太差了，用了两天就坏，客服也不理人",
    "等了半个月才收到，箱子都压烂了，差评",
    "跟圖片完全不一樣，布料很薄，很失望",
    "難吃死了，送來都涼了，再也不會買",
    "垃圾，千万别买",
    "Terrible quality, it broke after two days and nobody answers. Waste of money.",
    "Does not work at all. I want a refund.",
]
GOOD = [
    "很好，物流很快，包装也仔细，会回购",
    "衣服很合身，面料舒服，推荐购买",
    "水果很新鮮，味道很甜，下次還會再買",
    "好吃，送得很快，还是热的",
    "Great product, works perfectly and arrived early. I love it!",
    "Excellent sound, very happy with this purchase.",
]


@pytest.mark.parametrize("text", BAD)
def test_a_complaint_is_negative(text):
    assert score(text) > 0
    assert judge(text).sentiment == "negative"


@pytest.mark.parametrize("text", GOOD)
def test_praise_is_positive(text):
    assert score(text) < 0
    assert judge(text).sentiment == "positive"


@given(TEXTS, st.none() | st.floats(1, 5))
def test_no_text_is_too_strange_and_the_answer_is_the_same_each_time(text, rating):
    first, second = judge(text, rating), judge(text, rating)
    assert first == second
    assert first.score == first.score  # not NaN
    assert first.sentiment in {"negative", "neutral", "positive"}


@given(TEXTS)
def test_the_short_way_to_tokens_gives_the_same_ones(text):
    form = folded(text)
    assert tokens_of(form) == re.findall(_TOKEN, form)


@given(TEXTS)
def test_the_explanation_adds_up_to_the_score(text):
    bias, found = reasons(text)
    assert bias + sum(reason.weight for reason in found) == pytest.approx(score(text), abs=1e-6)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\ufeff"])
def test_a_text_without_a_mark_is_neutral(text):
    judgement = judge(text)
    assert (judgement.sentiment, judgement.score) == ("neutral", 0.0)


@pytest.mark.parametrize("text", ["😀😀😀", "👍", "。。。", "1", "é", "ok"])
def test_very_short_texts_have_a_score(text):
    assert isinstance(judge(text).score, float)


def test_ten_thousand_characters_are_read():
    assert judge("质量太差了，" * 1700).sentiment == "negative"
    assert judge("a" * 10_000).topics == []
    assert judge("<" * 10_000 + "差").written
    assert judge("1 3 8 " * 2000).score == judge("1 3 8 " * 2000).score


def test_traditional_characters_score_like_simplified_ones():
    assert score("質量太差，騙人的東西，讓我很失望") == score("质量太差，骗人的东西，让我很失望")


@pytest.mark.parametrize(
    ("taiwan", "mainland"),
    [
        ("螢幕很暗，滑鼠也壞了", "屏幕很暗，鼠标也坏了"),
        ("軟體和印表機都不支援，資訊太少", "软件和打印机都不支持，信息太少"),
        ("膝上型電腦的記憶體太小", "笔记本电脑的内存太小"),
        ("價效比很高，網路也快", "性价比很高，网络也快"),
    ],
)
def test_words_of_taiwan_score_like_those_of_the_mainland(taiwan, mainland):
    assert folded(taiwan) == folded(mainland)
    assert score(taiwan) == score(mainland)


def test_words_in_simplified_characters_stay_as_they_are():
    assert folded("资料和影片都有") == "资料和影片都有"


@given(st.text(alphabet=sorted(set(taiwan_words.WORDS) | set("這個很好")), max_size=60))
def test_any_order_of_characters_of_taiwan_words_is_read_the_same_each_time(text):
    assert folded("這" + text) == folded("這" + text)


def test_the_words_of_taiwan_are_those_of_their_source():
    shipped_words = dict(pair.split(":") for pair in taiwan_words.WORDS.split())
    assert len(shipped_words) > 100
    assert shipped_words.items() <= dictionary_words().items()


def test_words_are_chosen_by_what_reviews_say():
    reviews = ["屏幕很大，文字清楚", "屏幕坏了，文字太小", "文本", "打印机坏了", "打印机好"]
    words = words_of(reviews)
    assert words["萤幕"] == "屏幕"
    assert words["印表机"] == "打印机"
    assert "文字" not in words  # said by more reviews than 文本
    assert "网路" not in words  # said by none
    assert all(f"{taiwan}:{words[taiwan]}" in module_of_words(words) for taiwan in words)


def test_how_a_text_begins_and_ends_counts():
    assert slot_of("好", EDGE) in read("很好").slots
    assert slot_of(EDGE, "好") not in read("很好").slots
    assert not read("").slots


def test_html_does_not_count():
    assert score("<p>质量太差<br/>退货&amp;退款</p>") == score("质量太差\n退货&退款")


def test_digits_and_long_runs_are_folded():
    assert folded("１２３好好好好好！！！！！") == "000好好好!!!"
    assert read("等了35天").tokens == read("等了48天").tokens


def test_the_band_is_narrow_and_centred():
    table = shipped()
    band = table.head.band
    assert 0 < band <= 0.3
    assert sentiment_of(band * 1.01, table) == "negative"
    assert sentiment_of(band * 0.99, table) == sentiment_of(-band * 0.99, table) == "neutral"
    assert sentiment_of(-band * 1.01, table) == "positive"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "此用户没有填写评价。",
            "该用户没有填写评价",
            "系统默认好评",
            "系統默認好評！",
            "默认好评",
        ),
        *("评价方未及时做出评价,系统默认好评!", "Default positive review."),
    ],
)
def test_what_a_platform_fills_in_is_no_complaint(text):
    judgement = judge(text, 5)
    assert not judgement.written
    assert judgement.sentiment == "positive"
    assert not judgement.hidden_complaint


def test_bad_words_under_a_good_rating_are_a_hidden_complaint():
    assert judge(BAD[0], 5).hidden_complaint
    assert not judge(BAD[0], 1).hidden_complaint
    assert not judge(GOOD[0], 5).hidden_complaint


def test_one_bad_sentence_in_praise_is_a_hidden_complaint():
    text = (
        "衣服很漂亮，颜色也好看，穿着很舒服，很喜欢，推荐大家购买。"
        "客服态度太差了，一直不理人，垃圾服务，非常失望！"
        "面料摸起来很柔软，家里人都说好看，很满意，以后还会再来。"
    )
    judgement = judge(text, 5)
    assert judgement.hidden_complaint


def test_the_shipped_table_is_the_one_that_its_provenance_names():
    page = (ROOT / "docs" / "classifier.md").read_text("utf-8")
    stored = shipped_bytes()
    assert f"{len(stored)} bytes, SHA-256 `{hashlib.sha256(stored).hexdigest()}`" in page
    assert len(stored) <= 200_000


def test_a_table_comes_back_as_it_was_packed():
    biases = tuple(float(n) for n in range(17))
    head = Head(
        bits=20,
        quality_bits=4,
        scale=0.5,
        band=0.25,
        clause=2.0,
        quality_scale=1.5,
        quality_bias=-0.5,
        han_biases=biases,
        latin_biases=biases,
    )
    slots = bytes([ZERO]) * (1 << 20)
    table = unpack(pack(head, slots, bytes(range(16))))
    assert vars(table.head) == vars(head)
    assert table.sentiment[: 1 << 20] == slots
    assert table.quality == bytes(range(16))


@pytest.mark.parametrize("damage", [b"", b"no table", b"x" * 1000])
def test_what_is_no_table_is_refused(damage):
    with pytest.raises(BadInput, match="no table"):
        unpack(damage)


def test_a_table_that_was_cut_off_is_refused():
    with pytest.raises(BadInput):
        unpack(shipped_bytes()[:-100])


def test_the_map_of_characters_is_what_its_source_gives():
    pairs = character_map()
    shipped_pairs = dict(zip(characters.TRADITIONAL, characters.SIMPLIFIED, strict=True))
    assert shipped_pairs == pairs
    assert not set(pairs) & set(pairs.values())
    assert re.sub(r"\s", "", module(pairs)) == re.sub(
        r"\s", "", Path(characters.__file__ or "").read_text("utf-8")
    )


@pytest.mark.parametrize(
    "text",
    [
        "东西很好用，颜色也漂亮，就是客服态度太差了，不理人",
        "Nice colour and good sound, love it, but the battery died in two days, it is useless",
    ],
)
def test_a_turn_to_what_is_bad_is_a_hidden_complaint(text):
    judgement = judge(text, 5)
    assert judgement.hidden_complaint
    assert judgement.worst or judgement.sentiment == "negative"


def test_a_turn_to_something_harmless_is_none():
    assert not judge("很好，就是我想要的颜色，很喜欢，推荐", 5).hidden_complaint
